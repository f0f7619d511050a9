package servicing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// A caller proves who they are with a code that goes to an address on file, or in
// the portal where they are signed in. It is good for one member of staff, one
// customer and one purpose, and for nothing else: it signs nobody in, and sessions
// and recoveries are of other purposes and bindings.

// CallerMethod is a way to ask a caller.
type CallerMethod string

// The methods.
const (
	CallerText      CallerMethod = "text"
	CallerEmail     CallerMethod = "email"
	CallerOnScreen  CallerMethod = "prompt"
	CallerQuestions CallerMethod = "questions" // beside another that passed
)

// CallerPurposes are what callers are asked for, as billing names them.
var CallerPurposes = []string{billing.CallerAccount, billing.CallerPayment, billing.CallerContact, billing.CallerUnlock, billing.CallerRecovery}

// callerFor is a caller's check that is still good.
const callerFor = 30 * time.Minute

// serves are the purposes for which a caller must have been asked before a duty is
// done. The message said the purpose: a code that somebody was talked into reading
// out to chat about the account must not unlock it.
var serves = map[identity.Duty][]string{
	identity.DutyEndSessions: CallerPurposes, // it opens nothing and only makes things safer
	identity.DutyUnlock:      {billing.CallerUnlock, billing.CallerRecovery},
	identity.DutyRecover:     {billing.CallerRecovery},
	identity.DutyPhonePay:    {billing.CallerPayment},
}

// CallerChecked is one way in which a caller was asked, and what came of it.
type CallerChecked struct {
	ID            string
	Customer      identity.CustomerID
	Staff         string // the colleague's name
	Mine          bool
	Purpose       string
	Method        CallerMethod
	State         string // asked, passed, failed or expired
	Asked, Passed money.Instant
	Until         money.Instant // of a passed one that is still good
	Number        string        // of one on the screen, to be read out to the caller
	Questions     []Question    // to be read out to the caller
}

// Question is one question to be asked.
type Question struct{ ID, Text string }

// Caller is what staff may know before the caller has proven anything: whom to
// ask for, and how.
type Caller struct {
	ID                  identity.CustomerID
	FirstName, LastName string
	Email, Phone        string // masked; empty when there is none
	EmailFresh          bool   // changed so lately that it counts for no way back in
	PhoneFresh          bool
	OnScreen            bool // signed in at this moment
	Questions           bool // the lender asks them beside another check, and they are set
	Viewing             *Viewing
	Checks              []CallerChecked          // of the last half hour
	Lacks               map[identity.Duty]string // what the caller has still to show to who reads this, in words
}

// ReadCaller says how a caller who claims to be a customer can be asked.
func (s *Service) ReadCaller(ctx context.Context, actor identity.Actor, customer identity.CustomerID) (out Caller, err error) {
	if err := duty(actor, identity.DutyFind); err != nil {
		return out, err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		if out, err = s.caller(tx, actor, customer); err != nil {
			return err
		}
		reason := ""
		if out.Viewing != nil {
			reason = out.Viewing.Reason
		}
		tx.AuditRow(store.AuditRow{At: s.clock(), Actor: actor.String(), Action: "read_caller", Subject: string(customer), Reason: reason})
		return nil
	})
	return out, err
}

func (s *Service) caller(tx *store.Tx, actor identity.Actor, customer identity.CustomerID) (out Caller, err error) {
	p, err := tx.Customer(string(customer))
	if err != nil {
		return out, err
	}
	out = Caller{ID: customer, FirstName: p.FirstName, LastName: p.LastName}
	now, owner := s.clock(), "customer:"+p.ID
	if p.Email != "" {
		out.Email = identity.MaskEmail(p.Email)
	}
	if p.Phone != "" {
		out.Phone = identity.MaskPhone(p.Phone)
	}
	for _, c := range []struct {
		kind  ContactKind
		fresh *bool
	}{{ContactEmail, &out.EmailFresh}, {ContactPhone, &out.PhoneFresh}} {
		at, err := tx.ContactChanged(p.ID, string(c.kind))
		if absent(err) != nil {
			return out, err
		}
		*c.fresh = err == nil && !settled(at, now)
	}
	open, err := s.openSessions(tx, owner, "")
	if err != nil {
		return out, err
	}
	out.OnScreen = len(open) > 0
	if s.rules.Access.Questions == QuestionsAgent {
		answers, err := tx.Answers(owner)
		if err != nil {
			return out, err
		}
		out.Questions = len(answers) > 0
	}
	v, err := s.viewing(tx, actor, customer)
	if err == nil {
		out.Viewing = &v
	} else if !errors.Is(err, errNoView) {
		return out, err
	}
	out.Lacks = map[identity.Duty]string{}
	for d := range serves {
		err := s.verified(tx, actor, p.ID, d)
		if no, refused := asRefused(err); refused {
			out.Lacks[d] = no.Message
		} else if err != nil {
			return out, err
		}
	}
	out.Checks, err = s.checksOf(tx, actor, p.ID, now.Add(-callerFor-identity.CodeLife))
	return out, err
}

// checksOf are the checks of a customer's callers, the newest first.
func (s *Service) checksOf(tx *store.Tx, actor identity.Actor, customer string, since money.Instant) (out []CallerChecked, err error) {
	rows, err := tx.CallerChecks(customer, since, viewVisits)
	for _, c := range rows {
		out = append(out, s.checked(c, actor))
	}
	return out, err
}

func (s *Service) checked(c *store.CallerCheck, actor identity.Actor) CallerChecked {
	out := CallerChecked{ID: c.ID, Customer: identity.CustomerID(c.CustomerID), Staff: c.StaffName, Purpose: c.Purpose, Method: CallerMethod(c.Method),
		State: c.State, Asked: c.Asked, Passed: c.Passed, Mine: c.StaffID == actor.ID}
	now := s.clock()
	if c.State == "asked" && c.Expires <= now {
		out.State = "expired"
	}
	if until := c.Passed.Add(callerFor); c.State == "passed" && until > now {
		out.Until = until
	}
	return out
}

// StartCallerCheck asks a caller to prove who they are: a code to an address on
// file, a prompt in the portal where the customer is signed in, or the security
// questions.
func (s *Service) StartCallerCheck(ctx context.Context, actor identity.Actor, customer identity.CustomerID, purpose string, method CallerMethod) (out CallerChecked, err error) {
	if err := duty(actor, identity.DutyVerify); err != nil {
		return out, err
	}
	if !slices.Contains(CallerPurposes, purpose) {
		return out, refuse("purpose", "purpose", "Choose what the call is about.")
	}
	now := s.clock()
	row := &store.CallerCheck{ID: store.NewID(), CustomerID: string(customer), StaffID: actor.ID, Purpose: purpose, Method: string(method), State: "asked", Asked: now, Expires: now.Add(identity.CodeLife)}
	address := ""
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		c, err := s.caller(tx, actor, customer)
		if err != nil {
			return err
		}
		if err := s.mayAsk(tx, actor, c, purpose, method); err != nil {
			return err
		}
		p, err := tx.Customer(string(customer))
		if err != nil {
			return err
		}
		address = reach(p, Channel(method))
		tx.InsertCallerCheck(row)
		s.auditCaller(tx, actor, "caller_asked", row)
		m, err := tx.Staff(actor.ID)
		if err == nil {
			row.StaffName = m.Name
		}
		return err
	})
	if err != nil {
		return out, err
	}
	if method == CallerText || method == CallerEmail {
		if err := s.sendCode(ctx, callerCode(row), Channel(method), address, Source{}); err != nil {
			return out, err
		}
	}
	return s.ReadCallerCheck(ctx, actor, row.ID)
}

func callerCode(c *store.CallerCheck) asking {
	return asking{purpose: "caller", binding: c.ID + " staff:" + c.StaffID, owner: "customer:" + c.CustomerID, kind: billing.NoticeCallerCode,
		about: c.Purpose, staff: "staff:" + c.StaffID}
}

func (s *Service) auditCaller(tx *store.Tx, by identity.Actor, action string, c *store.CallerCheck) {
	tx.AuditRow(store.AuditRow{At: s.clock(), Actor: by.String(), Action: action, Subject: c.CustomerID, Detail: c.Method + " " + c.Purpose + " " + c.ID})
}

// mayAsk refuses a way of asking that proves nothing for the purpose.
func (s *Service) mayAsk(tx *store.Tx, actor identity.Actor, c Caller, purpose string, method CallerMethod) error {
	backIn := purpose == billing.CallerUnlock || purpose == billing.CallerRecovery
	switch method {
	case CallerText:
		if c.Phone == "" {
			return refuse("method", "method", "There is no phone on file.")
		}
		if backIn && c.PhoneFresh {
			return refuse("method", "method", "The phone was changed within the last seven days. It may be a thief’s, so it cannot open the way in. Use the e-mail address.")
		}
	case CallerEmail:
		if c.Email == "" {
			return refuse("method", "method", "There is no e-mail address on file.")
		}
		if backIn && c.EmailFresh {
			return refuse("method", "method", "The e-mail address was changed within the last seven days. It may be a thief’s, so it cannot open the way in. Use the phone.")
		}
	case CallerOnScreen:
		if backIn {
			return refuse("method", "method", "Somebody who is signed in has not lost the way in. Send a code.")
		}
		if !c.OnScreen {
			return refuse("method", "method", "The customer is not signed in at this moment. Send a code.")
		}
	case CallerQuestions:
		if !c.Questions {
			return ErrNotFound
		}
		if ok, err := s.passed(tx, actor, string(c.ID), false, purpose); err != nil || !ok {
			return absentOr(err, refuse("questions_alone", "method", "The questions prove nothing alone. Send a code first and have it read to you."))
		}
	default:
		return refuse("method", "method", "Choose how to ask.")
	}
	return nil
}

// passed says whether the caller has passed a check for one of the purposes, with
// this member of staff, lately enough: of the questions, or of anything else.
func (s *Service) passed(tx *store.Tx, actor identity.Actor, customer string, questions bool, purposes ...string) (bool, error) {
	now := s.clock()
	rows, err := tx.CallerChecks(customer, now.Add(-callerFor-identity.CodeLife), 200)
	return slices.ContainsFunc(rows, func(c *store.CallerCheck) bool {
		return c.StaffID == actor.ID && c.State == "passed" && slices.Contains(purposes, c.Purpose) && (CallerMethod(c.Method) == CallerQuestions) == questions &&
			c.Passed <= now && now < c.Passed.Add(callerFor)
	}), err
}

// verified refuses a duty to which the caller has not proven enough.
func (s *Service) verified(tx *store.Tx, actor identity.Actor, customer string, d identity.Duty) error {
	ok, err := s.passed(tx, actor, customer, false, serves[d]...)
	if err != nil {
		return err
	}
	if !ok {
		return refuse("caller_unknown", "", "Verify the caller first%s. A check is good for thirty minutes.", forThis(d))
	}
	if s.rules.Access.Questions != QuestionsAgent || d == identity.DutyEndSessions {
		return nil
	}
	answers, err := tx.Answers("customer:" + customer)
	if err != nil || len(answers) == 0 {
		return err
	}
	if ok, err = s.passed(tx, actor, customer, true, serves[d]...); err != nil || !ok {
		return absentOr(err, refuse("questions_first", "", "Ask the security questions too: this customer has set them."))
	}
	return nil
}

func forThis(d identity.Duty) string {
	if len(serves[d]) == len(CallerPurposes) {
		return ""
	}
	return ", for this purpose"
}

// ownCheck reads a check that the acting member of staff has asked for.
func ownCheck(tx *store.Tx, actor identity.Actor, id string) (*store.CallerCheck, error) {
	c, err := tx.CallerCheck(id)
	if err == nil && c.StaffID != actor.ID {
		return nil, ErrNotFound
	}
	return c, err
}

// ReadCallerCheck says how far a check has come.
func (s *Service) ReadCallerCheck(ctx context.Context, actor identity.Actor, id string) (out CallerChecked, err error) {
	if err := duty(actor, identity.DutyVerify); err != nil {
		return out, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		c, err := ownCheck(tx, actor, id)
		if err != nil {
			return err
		}
		out = s.checked(c, actor)
		if out.State != "asked" {
			return nil
		}
		switch out.Method {
		case CallerOnScreen:
			out.Number = callerNumber(tx, c.ID)
		case CallerQuestions:
			ids, err := s.questionsFor(tx, "customer:"+c.CustomerID, c.CustomerID)
			if err != nil {
				return err
			}
			for _, q := range ids {
				out.Questions = append(out.Questions, Question{q, identity.QuestionText(q)})
			}
		}
		return nil
	})
	return out, err
}

// callerNumber is what the member of staff reads out and the customer types, so
// that nobody says yes to a call that they are not on (NIST SP 800-63B-4, 3.1.3:
// no approval without a number carried over).
func callerNumber(tx *store.Tx, check string) string {
	n := 0
	for _, b := range []byte(tx.Keys().Hash("caller_number", check)) {
		n = (n*31 + int(b)) % 90
	}
	return fmt.Sprint(10 + n)
}

// decided notes what came of a check, once.
func (s *Service) decided(tx *store.Tx, by identity.Actor, c *store.CallerCheck, state string) error {
	first, err := tx.DecideCallerCheck(c.ID, state, s.clock())
	if err == nil && !first {
		err = errFlow
	}
	s.auditCaller(tx, by, "caller_"+state, c)
	return err
}

// FinishCallerCheck checks the code that the caller reads out.
func (s *Service) FinishCallerCheck(ctx context.Context, actor identity.Actor, id, code string) error {
	if err := duty(actor, identity.DutyVerify); err != nil {
		return err
	}
	var c *store.CallerCheck
	err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		c, err = ownCheck(tx, actor, id)
		return err
	})
	if err != nil {
		return err
	}
	if c.State != "asked" || CallerMethod(c.Method) != CallerText && CallerMethod(c.Method) != CallerEmail {
		return errFlow
	}
	_, wrong := s.checkCode(ctx, callerCode(c), code)
	state := "passed"
	if errors.Is(wrong, errFlow) { // the code's tries are used up
		state = "failed"
	} else if wrong != nil {
		return wrong
	}
	if err := s.db.Update(ctx, func(tx *store.Tx) error { return s.decided(tx, actor, c, state) }); err != nil {
		return err
	}
	return wrong
}

// AnswerCallerCheck checks what the caller answers to the security questions. The
// member of staff learns whether all were right, and nothing else.
func (s *Service) AnswerCallerCheck(ctx context.Context, actor identity.Actor, id string, answers map[string]string) error {
	if err := duty(actor, identity.DutyVerify); err != nil {
		return err
	}
	var c *store.CallerCheck
	err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		if c, err = ownCheck(tx, actor, id); err != nil {
			return err
		}
		if c.State != "asked" || CallerMethod(c.Method) != CallerQuestions || c.Expires <= s.clock() {
			return errFlow
		}
		if ok, err := s.passed(tx, actor, c.CustomerID, false, c.Purpose); err != nil || !ok {
			return absentOr(err, errFlow)
		}
		return nil
	})
	if err != nil {
		return err
	}
	owner := "customer:" + c.CustomerID
	right, err := s.checkAnswers(ctx, owner, c.CustomerID, answers)
	if _, over := asRefused(err); over {
		return refuse("questions_over", "", "The questions were tried three times today. Prove the caller in another way, or go on tomorrow.")
	}
	if err != nil {
		return err
	}
	state := "failed"
	if right {
		state = "passed"
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error { return s.decided(tx, actor, c, state) })
	if err == nil && !right {
		err = refuse("answers_wrong", "", "The answers did not pass. Which of them is not told.")
	}
	return err
}

// CallerPrompt is the question in a customer's portal whether they are on the phone
// with us.
type CallerPrompt struct {
	ID      string
	Agent   string // first name
	Purpose string // billing's
	Asked   money.Instant
}

// CallerPrompt finds the prompt that waits for the acting customer; ErrNotFound
// when there is none.
func (s *Service) CallerPrompt(ctx context.Context, actor identity.Actor) (out CallerPrompt, err error) {
	who, err := customer(actor)
	if err != nil {
		return out, err
	}
	now := s.clock()
	err = s.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.CallerChecks(who, now.Add(-identity.CodeLife), viewVisits)
		if err != nil {
			return err
		}
		for _, c := range rows {
			if CallerMethod(c.Method) == CallerOnScreen && c.State == "asked" && c.Expires > now {
				first, _, _ := strings.Cut(c.StaffName, " ")
				out = CallerPrompt{c.ID, first, c.Purpose, c.Asked}
				return nil
			}
		}
		return ErrNotFound
	})
	return out, err
}

// AnswerCallerPrompt answers a prompt: no, or yes with the number that the member
// of staff reads out.
func (s *Service) AnswerCallerPrompt(ctx context.Context, actor identity.Actor, id string, yes bool, number string) error {
	who, err := customer(actor)
	if err != nil {
		return err
	}
	if err := s.mayDo(actor, identity.ActVerifyOnScreen); err != nil {
		return err
	}
	if yes {
		if err := s.attempt(ctx, "code", "caller "+id); err != nil {
			return err
		}
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		c, err := tx.CallerCheck(id)
		if err == nil && (c.CustomerID != who || CallerMethod(c.Method) != CallerOnScreen) {
			err = ErrNotFound
		}
		switch {
		case err != nil:
			return err
		case !yes:
			return s.decided(tx, actor, c, "failed")
		case !identity.Same(digits(number), callerNumber(tx, c.ID)):
			return refuse("number_wrong", "number", "That is not the number. Ask the person on the phone to read it again.")
		}
		return s.decided(tx, actor, c, "passed")
	})
}
