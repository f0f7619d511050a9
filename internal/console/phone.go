package console

import (
	"fmt"
	"net/http"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/web"
)

// The ways to choose an amount, as the borrower has them. Past due and the
// statement's balance are other amounts that are filled in.
const (
	howDue       = string(billing.AmountDue)
	howOther     = string(billing.AmountOther)
	howPayoff    = string(billing.AmountPayoff)
	howPastDue   = "past_due"
	howStatement = "statement"
)

// hidden is a field that a form carries.
type hidden struct{ Name, Value string }

// phonePage is the form for a payment by telephone.
type phonePage struct {
	customerPage
	O          servicing.PhoneOptions
	Lacks      string
	Purpose    string // what to verify the caller for
	Href       string
	How, Banks []web.Option
	Extras     []web.Option
	Proofs     []web.Option
	DateHint   string
	PastDue    money.Cents // with fees
	NotMade    bool        // what was confirmed was refused
}

// phoneReviewPage is what would happen and what is to be read out.
type phoneReviewPage struct {
	customerPage
	Review           servicing.PhoneReview
	Href             string
	Parts            []part
	Typed            []hidden
	Again, Pay, Says string
	Lease, Paper     bool
}

// takenPage is one payment.
type takenPage struct {
	customerPage
	Pay       servicing.TakenPayment
	Href      string
	Parts     []part
	Heading   string
	Just      bool // it was made a moment ago
	MayCancel bool
	Purpose   string
	Lacks     string
}

// part is where some of a payment's money goes.
type part struct {
	Name   string
	Amount money.Cents
}

func account(r *http.Request) servicing.ContractID {
	return servicing.ContractID(r.PathValue("account"))
}

func accountHref(r *http.Request) string { return href(r) + "/accounts/" + r.PathValue("account") }

func takenHref(r *http.Request, p servicing.PaymentID) string {
	return accountHref(r) + "/payments/" + string(p)
}

// aboutPayment is about, where an open account is more than looked at.
func (c *console) aboutPayment(r *http.Request, s servicing.StaffSession, form *web.Form) (customerPage, error) {
	p, err := c.about(r, s, form)
	if v := p.Caller.Viewing; err == nil && v != nil && p.Can.Phone {
		p.Banner.Text = "You can take and cancel payments of " + p.Name + ". Reason: " + v.Reason
	}
	return p, err
}

func (c *console) showPhone(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	return c.phoneForm(w, r, s, nil, false)
}

// phoneForm shows the form, as it was typed or as most callers want it. The key is
// made here, so that however often it is reviewed and confirmed there is one payment.
func (c *console) phoneForm(w http.ResponseWriter, r *http.Request, s servicing.StaffSession, form *web.Form, notMade bool) error {
	o, err := c.svc.PhoneOptions(r.Context(), s.Actor, id(r), account(r))
	if err != nil {
		return err
	}
	typed := form
	if form == nil {
		typed = web.NewForm("how", firstHow(o), "date", o.First.String(), "proof", string(servicing.ProofRecording), "key", servicing.NewKey(), "extra", string(o.Extra))
		if len(o.Methods) > 0 {
			typed.Set("method", string(o.Methods[0].ID))
		}
		if o.Lacks != "" {
			typed.Set("proof", string(servicing.ProofForm))
		}
	}
	about, err := c.aboutPayment(r, s, typed)
	if err != nil {
		return err
	}
	p := phonePage{customerPage: about, O: o, Lacks: o.Lacks, Purpose: billing.CallerPayment, Href: accountHref(r) + "/pay", NotMade: notMade,
		How: howOptions(o, typed), Extras: extraOptions(o), Proofs: proofOptions(o, about.Can), PastDue: o.Due.PastDue + o.Due.Fees, DateHint: fmt.Sprintf("From %s to %s", o.First.Long(), o.Last.Long())}
	for _, m := range o.Methods {
		p.Banks = append(p.Banks, web.Option{Value: string(m.ID), Label: bankName(m)})
	}
	p.Title, p.Back, p.BusinessDate = "Take a payment", href(r), o.Date
	return c.show(w, r, "phone", form, p)
}

func firstHow(o servicing.PhoneOptions) string {
	switch {
	case o.Held || o.Due.Amount() <= 0 && o.Due.PastDue <= 0:
		return howOther
	case o.Called || o.ChargedOff || o.Ended:
		return howPayoff
	case o.Due.PastDue > 0:
		return howPastDue
	}
	return howDue
}

func howOptions(o servicing.PhoneOptions, form *web.Form) (out []web.Option) {
	due := o.Due
	if due.PastDue > 0 {
		out = append(out, web.Option{Value: howPastDue, Label: "Past due now", Note: (due.PastDue + due.Fees).USD(), Hint: "With fees. Brings the account up to date."})
	}
	if due.Amount() > 0 && (due.PastDue == 0 || due.UpcomingAmount > 0) {
		hint := "Unpaid fees"
		if !due.Upcoming.IsZero() {
			hint = "Due " + due.Upcoming.Long()
		}
		label := "Amount due"
		if due.PastDue > 0 {
			label = "Past due and next payment"
		}
		out = append(out, web.Option{Value: howDue, Label: label, Note: min(due.Amount(), o.Payoff.Total).USD(), Hint: hint})
	}
	if left := o.StatementBalance; left > 0 && left != due.Amount() && left != due.PastDue+due.Fees && left < o.Payoff.Total {
		out = append(out, web.Option{Value: howStatement, Label: "Statement balance", Note: left.USD(), Hint: "What the last statement asked for, less what came since."})
	}
	payoff := web.Option{Value: howPayoff, Label: "Payoff amount", Note: o.Payoff.Total.USD(), Hint: "For " + o.Payoff.On.Long() + "; a later date adds interest."}
	if o.Kind == contract.Lease {
		payoff.Label, payoff.Hint = "All payments left", "It does not buy the vehicle."
	}
	return append(out, web.Option{Value: howOther, Label: "Another amount", Reveal: &web.Field{Name: "amount", Label: "Amount in dollars",
		Value: form.Value("amount"), Error: form.ErrorFor("amount"), Hint: "Up to " + o.Payoff.Total.USD()}}, payoff)
}

// extraOptions are what the rest of another amount can do; none where there is no choice.
func extraOptions(o servicing.PhoneOptions) []web.Option {
	if o.Kind == contract.Lease || o.Due.Upcoming.IsZero() || o.ChargedOff {
		return nil
	}
	out := []web.Option{{Value: "", Label: "What the contract says"}, {Value: string(billing.ExtraPrepay), Label: "Pay next payments ahead"}, {Value: string(billing.ExtraPrincipal), Label: "Lower the principal now"}}
	if o.Due.Fees > 0 {
		out = append(out, web.Option{Value: string(billing.ExtraFees), Label: "Pay fees first"})
	}
	if o.Due.PastDue == 0 {
		out = append(out, web.Option{Value: string(billing.ExtraPrincipalOnly), Label: "All of it to principal"})
	}
	return out
}

func proofOptions(o servicing.PhoneOptions, may can) (out []web.Option) {
	if o.Lacks == "" {
		out = append(out, web.Option{Value: string(servicing.ProofRecording), Label: "The call is recorded", Hint: "You give the recording’s reference on the next page."})
		if o.Email != "" {
			out = append(out, web.Option{Value: string(servicing.ProofNotice), Label: "A written notice", Hint: "Goes to " + o.Email + " at once. The payment waits for it."})
		}
	}
	if may.Paper {
		out = append(out, web.Option{Value: string(servicing.ProofForm), Label: "A signed form on paper", Hint: "Nobody has to call. You give the form’s reference and the day it was signed."})
	}
	return out
}

func bankName(m servicing.Method) string { return capital(m.Type) + " ••" + m.Last4 }

// BarredWords say why nothing is taken from a bank account.
func (phonePage) BarredWords(m servicing.Method) string {
	switch m.Validation {
	case billing.Stopped:
		return bankName(m) + ": the bank sent back a payment, so no more are taken."
	case billing.NotValid:
		return bankName(m) + ": it could not be checked with the bank."
	}
	return bankName(m) + ": not checked with the bank yet."
}

// readPhone makes a request of the form; what is wrong stands on the form.
func readPhone(r *http.Request, form *web.Form) servicing.PhoneRequest {
	req := servicing.PhoneRequest{Customer: id(r), Proof: servicing.Proof(form.Value("proof")), Reference: form.Value("reference"), Read: form.Value("read"),
		Agreed: form.Value("agreed") == "yes", Again: form.Value("again") == "yes"}
	req.Contract, req.Key, req.Method = account(r), form.Value("key"), servicing.MethodID(form.Need("method", "Choose the bank account to pay from."))
	switch how := form.OneOf("how", "Choose how much to pay.", howDue, howPastDue, howStatement, howOther, howPayoff); how {
	case howOther:
		req.Kind, req.Amount, req.Extra = billing.AmountOther, form.Cents("amount"), billing.Extra(form.Value("extra"))
	case howPastDue, howStatement:
		amount, err := money.ParseCents(form.Value(how))
		if err != nil {
			form.Error("how", "Choose how much to pay.")
		}
		req.Kind, req.Amount = billing.AmountOther, amount
	case howDue, howPayoff:
		req.Kind = billing.AmountKind(how)
		if form.Has("reviewed") {
			req.Amount = form.Cents("amount")
		}
	}
	req.Date = form.Date("date")
	form.OneOf("proof", "Choose how the agreement is kept.", string(servicing.ProofRecording), string(servicing.ProofNotice), string(servicing.ProofForm))
	return req
}

func (c *console) reviewPhone(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	if form.Has("change") {
		return c.phoneForm(w, r, s, form, false)
	}
	req := readPhone(r, form)
	if !form.OK() {
		return c.phoneForm(w, r, s, form, false)
	}
	return c.phoneReview(w, r, s, form, req, false)
}

// phoneReview shows what would happen, or the form again with what is wrong. What
// was refused about the agreement itself is mended on the review.
func (c *console) phoneReview(w http.ResponseWriter, r *http.Request, s servicing.StaffSession, form *web.Form, req servicing.PhoneRequest, notMade bool) error {
	v, err := c.svc.ReviewPhonePayment(r.Context(), s.Actor, req)
	if no := refusal(err); no != nil && no.Code != "view_closed" {
		field := no.Field
		if field == "amount" && form.Value("how") != howOther {
			field = "how"
		}
		form.Error(field, no.Message)
		return c.phoneForm(w, r, s, form, notMade)
	}
	if err != nil {
		return err
	}
	if v.Made != nil {
		return see(w, r, takenHref(r, v.Made.ID))
	}
	about, err := c.aboutPayment(r, s, form)
	if err != nil {
		return err
	}
	one := v.Request
	p := phoneReviewPage{customerPage: about, Review: v, Href: accountHref(r) + "/pay", Parts: partsOf(v.Card.Kind, v.Plan.Allocation),
		Lease: v.Card.Kind == contract.Lease, Paper: one.Proof == servicing.ProofForm, Pay: "Take " + one.Amount.USD(),
		Again: "Yes, another payment of " + one.Amount.USD() + " for the same day.", Says: "I read all of this, and " + about.Name + " agreed."}
	if p.Paper {
		p.Says = "I have the signed form before me, and it says this."
	}
	p.Typed = []hidden{{"how", string(one.Kind)}, {"amount", one.Amount.String()}, {"extra", string(one.Extra)}, {"reviewed", "yes"}, {"date", one.Date.String()},
		{"method", string(one.Method)}, {"proof", string(one.Proof)}, {"key", one.Key}, {"read", v.Hash}}
	p.Title, p.Back = "Read and confirm", ""
	return c.show(w, r, "phone-review", form, p)
}

// confirmPhone takes the payment. The same form again gives the same payment.
func (c *console) confirmPhone(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	req := readPhone(r, form)
	if req.Proof == servicing.ProofForm {
		req.Signed = form.Date("signed")
	}
	if !form.OK() {
		return c.phoneReview(w, r, s, form, req, true)
	}
	made, err := c.svc.SubmitPhonePayment(r.Context(), s.Actor, req, c.source(r))
	if no := refusal(err); no != nil && no.Code != "view_closed" {
		switch no.Field {
		case "reference", "signed", "agreed", "again", "":
			form.Error(no.Field, no.Message)
			return c.phoneReview(w, r, s, form, req, true)
		}
		field := no.Field
		if field == "amount" && form.Value("how") != howOther {
			field = "how"
		}
		form.Error(field, no.Message)
		return c.phoneForm(w, r, s, form, true)
	}
	if err != nil {
		return err
	}
	return see(w, r, takenHref(r, made.ID)+"?done=taken")
}

func (c *console) taken(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	return c.takenForm(w, r, s, nil)
}

func (c *console) takenForm(w http.ResponseWriter, r *http.Request, s servicing.StaffSession, form *web.Form) error {
	pay, err := c.svc.TakenPayment(r.Context(), s.Actor, id(r), account(r), servicing.PaymentID(r.PathValue("payment")))
	if err != nil {
		return err
	}
	about, err := c.aboutPayment(r, s, form)
	if err != nil {
		return err
	}
	done := r.URL.Query().Get("done")
	p := takenPage{customerPage: about, Pay: pay, Href: takenHref(r, pay.ID), Heading: "Payment " + paymentWord(pay.State), Just: done == "taken" && pay.State != billing.Cancelled,
		Parts: partsOf(contract.Loan, pay.Allocation), MayCancel: pay.Cancellable && about.Can.Phone, Purpose: billing.CallerPayment, Lacks: pay.Lacks}
	if done == "canceled" && pay.State == billing.Cancelled {
		p.Notice = "Canceled. Nothing is taken from the bank account. The customer is told."
	}
	p.Title, p.Back, p.Layout = "Payment", href(r), "flow"
	return c.show(w, r, "taken", form, p)
}

func (c *console) cancelTaken(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	p, err := c.svc.CancelByPhone(r.Context(), s.Actor, id(r), account(r), servicing.PaymentID(r.PathValue("payment")))
	if no := refusal(err); no != nil && no.Code != "view_closed" {
		form.Error(no.Field, no.Message)
		return c.takenForm(w, r, s, form)
	}
	if err != nil {
		return err
	}
	return see(w, r, takenHref(r, p.ID)+"?done=canceled")
}

// partsOf says where a payment's money goes, to the cent.
func partsOf(kind contract.Kind, a contract.Allocation) (out []part) {
	principal := "Principal"
	if kind == contract.Lease {
		principal = "Lease payments"
	}
	for _, p := range []part{{"Interest", a.Interest}, {principal, a.Principal}, {"Tax", a.Tax}, {"Late fees", a.LateFee}, {"Other fees", a.OtherFee},
		{"Toward the balance charged off", a.Recovered}, {"Held for the customer", a.Unapplied}} {
		if p.Amount != 0 {
			out = append(out, p)
		}
	}
	return out
}

// ProofName is how a colleague knew, said.
func (takenPage) ProofName(p servicing.Proof) string {
	switch p {
	case servicing.ProofRecording:
		return "Recorded call"
	case servicing.ProofNotice:
		return "Written notice"
	}
	return "Signed form"
}

// Waits are payments whose money is still on its way, each in a line.
func (customerPage) Waits(all []servicing.Payment) (lines []string) {
	for _, p := range all {
		lines = append(lines, fmt.Sprintf("%s for %s, %s (%s)", p.Amount.USD(), p.Date.Long(), paymentWord(p.State), p.Confirmation))
	}
	return lines
}
