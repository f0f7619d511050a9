package portal

import (
	"net/http"
	"strconv"

	"marque/internal/identity"
	"marque/internal/servicing"
	"marque/internal/web"
)

// ownQuestionsPage sets the security questions, where the lender has them. What is
// on file is never shown, not even which questions.
type ownQuestionsPage struct {
	web.Page
	IsSet bool
	Asked []askedQuestion
}

type askedQuestion struct {
	Question, Answer           string // the fields' names
	QuestionLabel, AnswerLabel string
	Value, Hint                string
	Options                    []web.Option
}

const questionsAsked = 3

func (p *portal) showQuestions(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	return p.questionsForm(w, r, s, nil)
}

func (p *portal) questionsForm(w http.ResponseWriter, r *http.Request, s servicing.Session, form *web.Form) error {
	all, err := p.svc.Security(r.Context(), s.Actor)
	if err != nil {
		return found(err)
	}
	if !all.Questions {
		return web.NotFound()
	}
	return p.show(w, r, "questions", form, newOwnQuestionsPage(s, form, all.Answered > 0))
}

func newOwnQuestionsPage(s servicing.Session, form *web.Form, isSet bool) ownQuestionsPage {
	v := ownQuestionsPage{Page: page(s, "Security questions", "security"), IsSet: isSet}
	v.Layout, v.Back, v.Form = "flow", "/security", form
	options := []web.Option{}
	for _, q := range identity.Questions() {
		options = append(options, web.Option{Value: q.ID, Label: q.Text})
	}
	for i := range questionsAsked {
		n := strconv.Itoa(i + 1)
		hint := "You could use “" + identity.GeneratedAnswer() + "”: two words that nobody can look up."
		if !form.OK() {
			hint += " Type each answer again: they are never sent back to a screen."
		}
		v.Asked = append(v.Asked, askedQuestion{Question: "question" + n, Answer: "answer" + n, QuestionLabel: "Question " + n, AnswerLabel: "Answer " + n,
			Value: options[i].Value, Hint: hint, Options: options})
	}
	return v
}

func (p *portal) setQuestions(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	questions, answers := []string{}, []string{}
	for i := range questionsAsked {
		n := strconv.Itoa(i + 1)
		questions = append(questions, form.Need("question"+n, "Choose a question."))
		answers = append(answers, form.Need("answer"+n, "Enter an answer."))
	}
	for i := range questionsAsked {
		form.Set("answer"+strconv.Itoa(i+1), "") // an answer is never sent back to a screen
	}
	if !form.OK() {
		return p.questionsForm(w, r, s, form)
	}
	if err := p.svc.SetQuestions(r.Context(), s.Actor, questions, answers, p.source(r)); err != nil {
		return mend(w, r, s, form, err, p.questionsForm)
	}
	http.Redirect(w, r, "/security?done=answers", http.StatusSeeOther)
	return nil
}
