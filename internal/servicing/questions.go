package servicing

import (
	"context"
	"slices"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/store"
)

// questionsAsked are the questions that everybody who sets them answers.
const questionsAsked = 3

// SetQuestions replaces the acting customer's security questions, where the
// lender's process has them. Answers are kept like passwords and never shown.
func (s *Service) SetQuestions(ctx context.Context, actor identity.Actor, questions, answers []string, src Source) error {
	who, err := customer(actor)
	if err != nil {
		return err
	}
	if s.rules.Access.Questions == QuestionsOff {
		return ErrNotFound
	}
	if err := s.mayDo(actor, identity.ActQuestions); err != nil {
		return err
	}
	if len(questions) != questionsAsked || len(answers) != questionsAsked {
		return refuse("questions", "", "Choose three questions and answer each.")
	}
	person, err := s.personOf(ctx, actor.String())
	if err != nil {
		return err
	}
	texts := make([]string, len(questions))
	for i, q := range questions {
		texts[i] = identity.QuestionText(q)
		if texts[i] == "" || slices.Contains(questions[:i], q) {
			return refuse("question", questionField(i), "Choose three different questions.")
		}
	}
	for i, problem := range identity.AnswerProblem(answers, texts, person.FirstName, person.LastName, person.Email, person.Street, person.City) {
		if problem != "" {
			return refuse("answer", answerField(i), "%s", problem)
		}
	}
	rows := make([]store.Answer, len(questions))
	for i, q := range questions {
		hash, err := identity.HashPassword(ctx, s.db.Keys().Pepper(), identity.NormalAnswer(answers[i]))
		if err != nil {
			return err
		}
		rows[i] = store.Answer{Question: q, Hash: hash}
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		tx.SetAnswers(actor.String(), rows, s.clock())
		s.auditAccess(tx, actor.String(), "questions_changed", "")
		return s.alarm(tx, "customer:"+who, store.NewID(), s.told(billing.NoticeQuestionsChanged, src))
	})
}

func questionField(i int) string { return "question" + string(rune('1'+i)) }
func answerField(i int) string   { return "answer" + string(rune('1'+i)) }

// questionsFor are the questions to ask an owner, or whoever claims to be one:
// without any on file they are made up, always the same for the same name.
func (s *Service) questionsFor(tx *store.Tx, owner, name string) ([]string, error) {
	var ids []string
	if owner != "" {
		rows, err := tx.Answers(owner)
		if err != nil {
			return nil, err
		}
		for _, a := range rows {
			ids = append(ids, a.Question)
		}
	}
	if len(ids) == 0 {
		return identity.FakeQuestions([]byte(tx.Keys().Hash("questions", "")), name, questionsAsked), nil
	}
	return ids, nil
}

// checkAnswers compares the answers to an owner's questions. It lets nobody in
// and opens nothing: it only removes a gate in front of another proof. Three tries
// a day, over all channels.
func (s *Service) checkAnswers(ctx context.Context, owner, name string, answers map[string]string) (bool, error) {
	whose := owner
	if whose == "" {
		whose = name
	}
	if err := s.attempt(ctx, "questions", whose); err != nil {
		return false, err
	}
	var rows []store.Answer
	err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		rows, err = tx.Answers(owner)
		return err
	})
	if err != nil {
		return false, err
	}
	if len(rows) == 0 { // nobody, or nobody who has answered: as long as somebody
		rows = make([]store.Answer, questionsAsked)
	}
	right := true
	for _, a := range rows {
		ok, err := identity.CheckPassword(ctx, s.db.Keys().Pepper(), identity.NormalAnswer(answers[a.Question]), a.Hash)
		if err != nil {
			return false, err
		}
		right = right && ok
	}
	if right {
		return true, s.forgive(ctx, "questions", whose)
	}
	return false, nil
}

// AnswerRecovery answers the security questions on the way back, after a code was
// shown.
func (s *Service) AnswerRecovery(ctx context.Context, id FlowID, answers map[string]string, src Source) (out Recovery, err error) {
	f, err := s.readFlow(ctx, id, "recovery")
	if err != nil {
		return out, err
	}
	if s.rules.Access.Questions != QuestionsRecovery || !issuedCode(identity.Proofs(f.Proofs)) {
		return out, ErrNotFound
	}
	right, err := s.checkAnswers(ctx, f.Owner, f.Detail, answers)
	if err != nil {
		return out, err
	}
	if !right {
		return out, errProof
	}
	return s.shown(ctx, id, identity.ProofQuestions)
}
