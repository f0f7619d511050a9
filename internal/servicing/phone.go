package servicing

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"marque/internal/ach"
	"marque/internal/billing"
	"marque/internal/card"
	"marque/internal/contract"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// A payment by telephone is one debit from a bank account that is on file and was
// validated: an entry of the class TEL (Nacha Operating Rules). The words are made
// here, read out whole and kept, with the recording of the call or with a written
// notice that must have gone out before the debit goes to the bank. A signed form
// makes an entry of the class PPD. Neither is ever recurring: autopay is turned on
// by the customer, who signs it on the website. A card, or an account that is not
// on file, is never taken by telephone.

// Proof is how a member of staff knows that a customer agreed.
type Proof string

// The proofs.
const (
	ProofRecording Proof = "recording" // of the call; the reference is the recording system's
	ProofNotice    Proof = "notice"    // a written one, which goes out before the debit does
	ProofForm      Proof = "form"      // signed on paper; the reference is the form's
)

// duty is what a member of staff must be there for to take a payment on a proof.
func (p Proof) duty() identity.Duty {
	if p == ProofForm {
		return identity.DutyPaperPay
	}
	return identity.DutyPhonePay
}

// PhoneRequest asks for a payment that a member of staff takes.
type PhoneRequest struct {
	PaymentRequest
	Customer  identity.CustomerID
	Proof     Proof
	Reference string     // of the recording or the form
	Signed    money.Date // of the form
	Read      string     // the PhoneReview's Hash: exactly what was read out
	Agreed    bool       // the caller has
	Again     bool       // the same amount for the same day once more is meant
}

// PhoneOptions is what the form for a payment by telephone needs. Of bank accounts
// only the last digits are told.
type PhoneOptions struct {
	Card
	Date        money.Date // the business date
	First, Last money.Date // that can be chosen
	Methods     []Method   // bank accounts a payment can be taken from
	Barred      []Method   // and those that none can, which their Validation says why
	Extra       contract.Extra
	// StatementBalance is what is left of the last statement's amount due.
	StatementBalance money.Cents
	Waiting          []Payment // whose money is still on its way
	Email            string    // masked: where a written notice goes; empty when there is none
	Lacks            string    // what the caller has still to show, in words
}

// PhoneReview is what a payment by telephone would do, and what is to be read out.
type PhoneReview struct {
	Request PhoneRequest // with Amount filled in
	Card    Card
	Plan    billing.Plan
	Method  Method
	Script  string    // to be read out whole; of a form, what is kept of it
	Hash    string    // of Script
	SameDay []Payment // of the same amount, made for that day already
	Waiting []Payment // all payments whose money is still on its way
	Made    *Payment  // what the request's key has paid already; then nothing else is filled in
}

// TakenPayment is a payment as staff see it.
type TakenPayment struct {
	Payment
	Vehicle   Vehicle
	Ends      string // of the contract's account number
	TakenBy   string // the colleague's name; empty when the customer made it
	Proof     Proof
	Reference string
	Signed    money.Date
	Text      string // what was agreed to; empty when the customer made it
	Lacks     string // what the caller has still to show before it can be canceled
}

// PhoneOptions is what can be chosen for a payment by telephone, by the same
// figures as the borrower sees.
func (s *Service) PhoneOptions(ctx context.Context, actor identity.Actor, who identity.CustomerID, id ContractID) (o PhoneOptions, err error) {
	if err := duty(actor, identity.DutyPhonePay); err != nil {
		return o, err
	}
	if _, err := s.lookAt(ctx, actor, who, "view_customer"); err != nil {
		return o, err
	}
	theirs, err := s.PayOptions(ctx, identity.Customer(who), id)
	if err != nil {
		return o, err
	}
	o = PhoneOptions{Card: lastFour(theirs.Card), Date: theirs.Date, First: theirs.First, Last: theirs.Last, Extra: theirs.Extra,
		StatementBalance: theirs.StatementBalance, Waiting: shortened(theirs.Waiting)}
	for _, m := range theirs.Methods {
		switch short := onlyEnds(m); {
		case m.Kind != billing.Bank:
		case m.Validation == billing.Validated:
			short.ID, short.Default = m.ID, m.Default
			o.Methods = append(o.Methods, short)
		default:
			short.Validation = m.Validation
			o.Barred = append(o.Barred, short)
		}
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		p, err := tx.Customer(string(who))
		if err == nil && p.Email != "" {
			o.Email = identity.MaskEmail(p.Email)
		}
		if err == nil {
			o.Lacks, err = s.lacks(tx, actor, who)
		}
		return err
	})
	return o, err
}

func (s *Service) lacks(tx *store.Tx, actor identity.Actor, who identity.CustomerID) (string, error) {
	err := s.verified(tx, actor, string(who), identity.DutyPhonePay)
	if no, refused := asRefused(err); refused {
		return no.Message, nil
	}
	return "", err
}

// ReviewPhonePayment shows what a payment would do and what is to be read out,
// without doing any of it. It refuses whoever has not verified the caller.
func (s *Service) ReviewPhonePayment(ctx context.Context, actor identity.Actor, req PhoneRequest) (r PhoneReview, err error) {
	if err := duty(actor, req.Proof.duty()); err != nil {
		return r, err
	}
	if _, err := s.lookAt(ctx, actor, req.Customer, "view_customer"); err != nil {
		return r, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error { return s.mayTake(tx, actor, req) })
	if err != nil {
		return r, err
	}
	theirs, err := s.ReviewPayment(ctx, identity.Customer(req.Customer), req.PaymentRequest)
	if err != nil {
		return r, phoneWords(err)
	}
	if theirs.Made != nil {
		theirs.Made.Method = onlyEnds(theirs.Made.Method)
		return PhoneReview{Made: theirs.Made}, nil
	}
	r = PhoneReview{Request: req, Card: lastFour(theirs.Card), Plan: theirs.Plan, Method: onlyEnds(theirs.Method),
		SameDay: shortened(theirs.SameDay), Waiting: shortened(theirs.Waiting)}
	r.Request.PaymentRequest = theirs.Request
	err = s.db.View(ctx, func(tx *store.Tx) error {
		c, err := tx.Contract(string(req.Contract), string(req.Customer))
		if err != nil {
			return err
		}
		b, err := s.banked(tx.Method, req)
		if err == nil {
			r.Script, err = s.script(tx, c, b, r.Request)
		}
		r.Hash = scriptHash(r.Script)
		return err
	})
	return r, err
}

// SubmitPhonePayment makes a payment that a caller has agreed to, or a signed form
// authorises. The same key with the same inputs gives the payment that it made,
// whatever has become of the caller's check since.
func (s *Service) SubmitPhonePayment(ctx context.Context, actor identity.Actor, req PhoneRequest, src Source) (out Payment, err error) {
	if err := duty(actor, req.Proof.duty()); err != nil {
		return out, err
	}
	who := string(req.Customer)
	if !goodKey(req.Key) || who == "" {
		return out, refuse("key_missing", "", "Start again from the customer’s page.")
	}
	hash := inputHash("phone", actor, who, req.Contract, req.Kind, req.Amount, req.Date, req.Method, req.Extra, req.Proof, req.Reference, req.Signed, req.Read)
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		c, err := tx.TakeContract(string(req.Contract), who)
		if err != nil {
			return err
		}
		p, err := tx.PaymentByKey(who, req.Key)
		if err == nil {
			if p.InputHash != hash {
				return errKeyReused
			}
			out, err = s.payment(tx, p, identity.Customer(req.Customer))
			return err
		}
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		p, b, err := s.takePayment(tx, c, req, actor, src)
		if err != nil {
			return err
		}
		p.Key, p.InputHash = req.Key, hash
		if err := tx.InsertPayment(p); err != nil {
			return err
		}
		out = view(p, b, identity.Customer(req.Customer))
		return nil
	})
	if isConflict(err) {
		return out, errKeyReused
	}
	out.Method = onlyEnds(out.Method)
	return out, phoneWords(err)
}

// shortened takes out of payments what staff do not see of bank accounts.
func shortened(all []Payment) []Payment {
	for i := range all {
		all[i].Method = onlyEnds(all[i].Method)
	}
	return all
}

// takePayment decides and applies; the payment's row is the caller's to insert.
func (s *Service) takePayment(tx *store.Tx, c *store.Contract, req PhoneRequest, actor identity.Actor, src Source) (*store.Payment, *store.Method, error) {
	v, err := s.viewing(tx, actor, req.Customer)
	if err != nil {
		return nil, nil, err
	}
	if err := s.mayTake(tx, actor, req); err != nil {
		return nil, nil, err
	}
	b, err := s.banked(tx.TakeMethod, req)
	if err != nil {
		return nil, nil, err
	}
	text, err := s.script(tx, c, b, req)
	if err != nil {
		return nil, nil, err
	}
	if err := s.mayKeep(tx, c, &req, text); err != nil {
		return nil, nil, err
	}
	kind, sec := "phone", ach.TEL
	action := "phone_pay"
	if req.Proof == ProofForm {
		kind, sec = agreedOnPaper, ach.PPD
		action = "paper_pay"
	}
	p, b, err := s.submitAs(tx, c, string(req.Customer), req.PaymentRequest, actor, consent{
		keep: func(*store.Method, money.Cents) string {
			id := s.agree(tx, c, string(req.Customer), kind, text, src)
			tx.InsertAgreementProof(&store.AgreementProof{ContractID: c.ID, AgreementID: id, TakenBy: actor.String(), Proof: string(req.Proof), Reference: req.Reference, Signed: req.Signed})
			return id
		},
		told: func(n billing.Notice) billing.Notice {
			if req.Proof != ProofForm { // of which the customer has a copy
				n.Kind, n.Text = billing.NoticePhonePayment, text
			}
			return n
		},
	})
	if err != nil {
		return nil, nil, err
	}
	p.SEC = string(sec)
	tx.AuditRow(store.AuditRow{At: s.clock(), Actor: actor.String(), Action: action, Subject: string(req.Customer), Reason: v.Reason, Detail: p.ID})
	return p, b, nil
}

// mayTake refuses what no payment can stand on: a caller who was not verified, or a
// notice that has nowhere to go.
func (s *Service) mayTake(tx *store.Tx, actor identity.Actor, req PhoneRequest) error {
	switch req.Proof {
	case ProofForm:
		return nil // nobody calls: the form came by post
	case ProofRecording, ProofNotice:
	default:
		return refuse("proof", "proof", "Choose how the agreement is kept.")
	}
	if err := s.verified(tx, actor, string(req.Customer), identity.DutyPhonePay); err != nil {
		return err
	}
	p, err := tx.Customer(string(req.Customer))
	if err == nil && req.Proof == ProofNotice && p.Email == "" {
		err = refuse("notice_nowhere", "proof", "There is no e-mail address on file for the written notice. Record the call instead.")
	}
	return err
}

// mayKeep refuses an agreement that was not given to exactly these words, that
// nothing proves, or that would pay the same once more without that being meant.
func (s *Service) mayKeep(tx *store.Tx, c *store.Contract, req *PhoneRequest, text string) error {
	day, err := today(tx)
	if err != nil {
		return err
	}
	switch {
	case req.Proof == ProofNotice && req.Reference != "":
		return refuse("reference", "reference", "A written notice has no reference. Leave this empty.")
	case req.Proof != ProofNotice && (!referenceForm.MatchString(req.Reference) || card.Number(req.Reference)):
		return refuse("reference", "reference", "Give the reference as it stands there: 4 to 64 letters, digits and . _ : / -, and no card number.")
	case req.Proof != ProofForm && !req.Signed.IsZero():
		return refuse("signed", "signed", "Only a form has a day on which it was signed.")
	case req.Proof == ProofForm && (req.Signed.IsZero() || req.Signed > day || req.Signed < day-formDays):
		return refuse("signed", "signed", "Give the day on which the form was signed: at most %d days ago.", formDays)
	case !identity.Same(req.Read, scriptHash(text)):
		return refuse("script_changed", "", "The words have changed since this page was opened. Read them again.")
	case !req.Agreed:
		return refuse("not_agreed", "agreed", "Check the box once you have read all of it and the customer has agreed.")
	case req.Again:
		return nil
	}
	all, err := tx.PaymentsOfContract(c.ID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(p *store.Payment) bool {
		return p.Date == req.Date && p.Amount == req.Amount && (p.State == billing.Scheduled || p.Rail.Posts(p.State))
	}) {
		return refuse("again", "again", "There is a payment of %s for that day already. Check the box if the caller means another one.", req.Amount.USD())
	}
	return nil
}

// referenceForm is what a recording system and a filing clerk give things as names:
// nothing that could be a sentence.
var referenceForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:/-]{3,63}$`)

// formDays is how old a signed form may be when it is first used.
const formDays = 90

// banked is the bank account that a payment is taken from.
func (s *Service) banked(read func(customer, id string) (*store.Method, error), req PhoneRequest) (*store.Method, error) {
	b, err := s.usable(read, string(req.Customer), req.Method)
	if err == nil && b.Kind != billing.Bank {
		err = refuse("method_card", "method", "A card is never taken by phone. The customer pays by card on the website.")
	}
	return b, err
}

// script is what is read out, word for word: who authorises what, when and from
// which account, that it is an ACH debit, the day of the agreement, how to take it
// back and by when, and where to ask (Nacha Operating Rules, authorisation of TEL
// entries). Of a form, it is what is kept of it.
func (s *Service) script(tx *store.Tx, c *store.Contract, b *store.Method, req PhoneRequest) (string, error) {
	person, err := tx.Customer(string(req.Customer))
	if err != nil {
		return "", err
	}
	day, err := today(tx)
	if err != nil {
		return "", err
	}
	name := strings.TrimSpace(person.FirstName + " " + person.LastName)
	returned := "If the bank returns it, it will be taken off the account again" + returnedFeeWords(c.Terms.ReturnedFee) + "."
	if req.Proof == ProofForm {
		return fmt.Sprintf("On a form of paper that is kept with us, %s authorizes %s to take one payment of %s by ACH debit from the %s account ending in %s, on or after %s, for the account ending in %s. %s",
			name, s.lender.Name, req.Amount.USD(), b.Type, b.Last4, req.Date.Long(), accountEnds(c.AccountNumber), returned), nil
	}
	kept, hours := "This call is recorded.", ""
	if req.Proof == ProofNotice {
		kept = "We will send you a written notice of what we agree on by e-mail, before we send the payment to your bank."
	}
	if s.lender.Hours != "" {
		hours = ", " + s.lender.Hours
	}
	sent := req.Date
	for !sent.BankingDay() {
		sent++
	}
	return fmt.Sprintf("This is %s. Today is %s. %s %s, do you authorize us to take one payment of %s by ACH debit from your %s account ending in %s, on or after %s, for your account ending in %s with us? "+
		"It is for this one payment only. %s You can cancel it at no cost until we send it to your bank on %s: call %s%s, or sign in on our website. For any question call the same number. Do you agree?",
		s.lender.Name, day.Long(), kept, name, req.Amount.USD(), b.Type, b.Last4, req.Date.Long(), accountEnds(c.AccountNumber), returned, sent.Long(), s.lender.Phone, hours), nil
}

func scriptHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// phoneWords says to staff what borrowers are told in other words.
func phoneWords(err error) error {
	no, refused := asRefused(err)
	if !refused {
		return err
	}
	const elsewhere = "A new account is never taken by phone: the customer adds it on the website, where it is checked first."
	switch no.Code {
	case "method_gone":
		return refuse(no.Code, no.Field, "That bank account is not on file any more. %s", elsewhere)
	case "method_stopped":
		return refuse(no.Code, no.Field, "The bank sent back a payment from that account, so no more are taken from it. %s", elsewhere)
	case "method_failed", "method_unchecked":
		return refuse(no.Code, no.Field, "That bank account was not checked with the bank, so nothing is taken from it. The customer sees on the website where the check stands.")
	case "key_reused":
		return refuse(no.Code, no.Field, "This page was already used for something else. Start again from the customer’s page.")
	}
	return err
}

// CancelByPhone takes back a payment of a caller who was verified, until it has
// gone to the bank. It is the customer's own, made by whomever.
func (s *Service) CancelByPhone(ctx context.Context, actor identity.Actor, who identity.CustomerID, id ContractID, payment PaymentID) (out Payment, err error) {
	if err := duty(actor, identity.DutyPhonePay); err != nil {
		return out, err
	}
	if who == "" {
		return out, ErrNotFound
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		c, err := tx.TakeContract(string(id), string(who))
		if err != nil {
			return err
		}
		p, err := tx.Payment(c.ID, string(payment))
		if err == nil && p.CustomerID != string(who) {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		if p.State == billing.Cancelled {
			out, err = s.payment(tx, p, identity.Customer(who))
			return err
		}
		v, err := s.viewing(tx, actor, who)
		if err != nil {
			return err
		}
		if err := s.verified(tx, actor, string(who), identity.DutyPhonePay); err != nil {
			return err
		}
		if err := s.cancel(tx, c, p, actor); err != nil {
			return err
		}
		b, err := methodOf(tx, p)
		if err != nil {
			return err
		}
		tx.AuditRow(store.AuditRow{At: s.clock(), Actor: actor.String(), Action: "phone_cancel", Subject: string(who), Reason: v.Reason, Detail: p.ID})
		if out = view(p, b, identity.Customer(who)); p.State != billing.Cancelled { // a card's page is being closed
			return nil
		}
		return s.tell(tx, c, p.CustomerID, p.ID, s.paymentNotice(billing.NoticePaymentCancelled, c, p, b))
	})
	err = s.wake(err)
	out.Method = onlyEnds(out.Method)
	if no, refused := asRefused(err); refused && no.Code == "too_late" {
		err = refuse("too_late", "", "This payment has already gone to the bank and can no longer be canceled.")
	}
	return out, err
}

// TakenPayment is one payment of a customer who is open on the desk, with how it
// was agreed to where a colleague took it.
func (s *Service) TakenPayment(ctx context.Context, actor identity.Actor, who identity.CustomerID, id ContractID, payment PaymentID) (out TakenPayment, err error) {
	if _, err := s.lookAt(ctx, actor, who, "view_customer"); err != nil {
		return out, err
	}
	as := identity.Customer(who)
	err = s.own(ctx, as, id, func(tx *store.Tx, c *store.Contract) error {
		p, err := tx.Payment(c.ID, string(payment))
		if err != nil {
			return err
		}
		if out.Payment, err = s.payment(tx, p, as); err != nil {
			return err
		}
		out.Method, out.Vehicle, out.Ends = onlyEnds(out.Method), Vehicle{c.VehicleYear, c.VehicleMake, c.VehicleModel, ""}, accountEnds(c.AccountNumber)
		if out.Lacks, err = s.lacks(tx, actor, who); err != nil || p.CustomerID != string(who) {
			return err
		}
		proof, err := tx.AgreementProof(c.ID, p.AgreementID)
		if err != nil {
			return absent(err)
		}
		g, err := tx.Agreement(c.ID, p.AgreementID)
		if err != nil {
			return err
		}
		out.Proof, out.Reference, out.Signed, out.Text = Proof(proof.Proof), proof.Reference, proof.Signed, g.Text
		if by, ok := identity.OwnerStaff(proof.TakenBy); ok {
			out.TakenBy, err = names{}.of(tx, by)
		}
		return err
	})
	return out, err
}

// errNotYetTold says that a debit waits for the written notice of it.
var errNotYetTold = errors.New("the written notice has not gone out yet")

// proven says whether a debit may go to the bank by how it was agreed to: one that a
// written notice is the proof of not before that has gone out (Nacha Operating
// Rules: a recording, or a notice before settlement).
func proven(tx *store.Tx, p *store.Payment) error {
	if p.SEC == string(ach.WEB) {
		return nil
	}
	proof, err := tx.AgreementProof(p.ContractID, p.AgreementID)
	if errors.Is(err, store.ErrNotFound) || err == nil && (Proof(proof.Proof) == ProofForm) != (p.SEC == string(ach.PPD)) {
		return fmt.Errorf("nothing shows how it was agreed to, and a %s entry needs it", p.SEC)
	}
	if err != nil || Proof(proof.Proof) != ProofNotice || p.Attempt > 1 { // the notice went before the first
		return err
	}
	switch state, err := tx.NoticeState(string(billing.NoticePhonePayment) + ":" + p.ID + ":" + p.CustomerID); {
	case absent(err) != nil:
		return err
	case state == "sent":
		return nil
	case state == "queued":
		return errNotYetTold
	}
	return errors.New("the written notice of it did not reach the customer")
}
