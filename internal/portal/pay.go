package portal

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/web"
)

// The ways to choose an amount. Past due is another amount that is filled in.
const (
	howDue     = string(billing.AmountDue)
	howOther   = string(billing.AmountOther)
	howPayoff  = string(billing.AmountPayoff)
	howPastDue = "past_due"
	// What is left of the last statement is another amount that is filled in, too.
	howStatement = "statement"
)

// newMethod is the choice that leads to adding a bank account.
const newMethod = "new"

// payFields are carried from page to page inside the form, never in an address.
var payFields = []string{"how", "amount", "extra", "past_due", "statement", "date", "method", "key"}

type hidden struct{ Name, Value string }

func carry(form *web.Form, names []string) []hidden {
	var out []hidden
	for _, n := range names {
		out = append(out, hidden{n, form.Value(n)})
	}
	return out
}

type payPage struct {
	web.Page
	servicing.PayOptions
	How, Methods []web.Option
	Extra        []web.Option // what money beyond what is due can do; none where there is no choice
	WhyPayoff    web.Why
	Href         string
	PastDueNow   money.Cents
	NothingOwed  bool
	NothingWords string // why there is nothing to pay
	Quoted       string // the payoff quote in force
	DateAsText   bool   // what was typed is not a date that a date field can hold
	NotMade      bool   // a confirmation was refused: say that nothing was charged
	DateHint     string
	Late         string   // until when a payment counts today, or why not
	OnItsWay     []string // payments whose money is still on its way
}

func (p *portal) showPay(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	o, err := p.svc.PayOptions(r.Context(), s.Actor, servicing.ContractID(r.PathValue("id")))
	if err != nil {
		return found(err)
	}
	form := firstPayForm(o)
	if r.URL.Query().Get("how") == howPayoff {
		form.Set("how", howPayoff)
	}
	v := newPayPage(s, o, form)
	if v.Quoted, err = p.quotedWords(r, s, o.ID); err != nil {
		return err
	}
	return p.show(w, r, "pay", nil, v)
}

// firstPayForm chooses what most people want, and for extra money what the
// contract says. The key is made here, so that going back, reviewing again and
// confirming again is one payment.
func firstPayForm(o servicing.PayOptions) *web.Form {
	how, method := howDue, newMethod
	switch {
	case o.Held:
		how = howOther // nothing is suggested
	case allDue(o.Card):
		how = howPayoff
	case o.Due.PastDue > 0:
		how = howPastDue
	case o.Due.Amount() <= 0:
		how = howOther
	}
	if o.Autopay != nil {
		method = methodValue(o.Autopay.Method)
	} else {
		method = firstMethod(o.Card, onlyBanks(o.Methods))
	}
	return web.NewForm("how", how, "extra", firstExtra(o.Card, o.Extra), "date", o.First.String(), "method", method, "key", servicing.NewKey())
}

func newPayPage(s servicing.Session, o servicing.PayOptions, form *web.Form) payPage {
	if o.Held { // a bankruptcy cancels what is kept for a later day
		o.Last = o.First
	}
	b := about(page(s, "Make a payment", "payments"), o.Card)
	b.Layout, b.Back, b.Form, b.BusinessDate = "flow", accountHref(o.ID), form, o.Date
	v := payPage{Page: b, PayOptions: o, Href: accountHref(o.ID) + "/pay", PastDueNow: o.Due.PastDue + o.Due.Fees,
		NothingOwed: o.Payoff.Total <= 0, DateHint: dateHint(o), Late: cutOffWords(o), OnItsWay: onItsWay(o.Waiting), WhyPayoff: whyPayoff(o.Kind, o.Payoff, nil, 0)}
	if v.NothingWords = "This account is paid in full."; clearing(o.Card) {
		v.NothingWords = closedSentence(o.Card)
	}
	if o.Held {
		v.DateHint = "Today, " + o.First.Long() + "."
	}
	if d := form.Value("date"); d != "" {
		_, err := money.ParseDate(d)
		v.DateAsText = err != nil
	}
	v.How, v.Extra = howOptions(o, form), extraChoices(o.Card)
	for _, m := range onlyBanks(o.Methods) {
		v.Methods = append(v.Methods, methodOption(m))
	}
	v.Methods = append(v.Methods, web.Option{Value: newMethod, Label: "Another bank account", Hint: "You add it on the next page."})
	if len(v.Methods) == 1 {
		v.Methods[0].Label = "A checking or savings account"
	}
	v.Methods = append(v.Methods, cardOptions(o)...)
	return v
}

func methodOption(m servicing.Method) web.Option {
	hint := m.Holder
	if m.Validation != billing.Validated {
		hint = readinessOf(m).Word
	}
	return web.Option{Value: string(m.ID), Label: capital(methodName(m)), Hint: hint}
}

func howOptions(o servicing.PayOptions, form *web.Form) []web.Option {
	var out []web.Option
	due, isHeld := o.Due, o.Held
	if due.PastDue > 0 && !allDue(o.Card) {
		now := due.PastDue + due.Fees
		o := web.Option{Value: howPastDue, Label: "Past due now", Note: now.USD(), Hint: pastDueHint(due)}
		if isHeld {
			o.Label = "Not paid so far"
		}
		out = append(out, o)
	}
	if due.Amount() > 0 && (due.PastDue == 0 || due.UpcomingAmount > 0) {
		label, hint := "Amount due", "Due "+due.Upcoming.Long()
		if due.PastDue > 0 {
			label, hint = "Past due and next payment", "Past due now, and the payment due "+due.Upcoming.Long()
		} else if due.Fees > 0 && !due.Upcoming.IsZero() {
			hint = fmt.Sprintf("%s due %s, and %s in fees", due.UpcomingAmount.USD(), due.Upcoming.Long(), due.Fees.USD())
		} else if due.Upcoming.IsZero() {
			hint = "Unpaid fees"
		}
		if isHeld {
			if label, hint = "Next payment", "Of "+due.Upcoming.Long(); due.PastDue > 0 {
				label, hint = "Not paid so far and next payment", ""
			}
		}
		out = append(out, web.Option{Value: howDue, Label: label, Note: min(due.Amount(), o.Payoff.Total).USD(), Hint: hint})
	}
	if left := o.StatementBalance; left > 0 && left != due.Amount() && left != due.PastDue+due.Fees && left < o.Payoff.Total && !isHeld {
		out = append(out, web.Option{Value: howStatement, Label: "Statement balance", Note: left.USD(), Hint: "What your last statement asked for, less what came since."})
	}
	payoff := web.Option{Value: howPayoff, Label: "Payoff amount", Note: o.Payoff.Total.USD(),
		Hint: "Pays everything you owe. For " + o.Payoff.On.Long() + "; a later date adds interest for each day."}
	if o.Payoff.PerDiem.IsZero() {
		payoff.Hint = "Pays everything you owe."
	}
	if o.Kind == contract.Lease {
		payoff.Label, payoff.Hint = "All payments left", "Pays every lease payment and fee still owed. It does not buy the vehicle."
	}
	return append(out,
		web.Option{Value: howOther, Label: "Another amount", Reveal: &web.Field{Name: "amount", Label: "Amount in dollars",
			Value: form.Value("amount"), Error: form.ErrorFor("amount"), Hint: "Up to " + o.Payoff.Total.USD()}},
		payoff)
}

func pastDueHint(d contract.Due) string {
	if d.Fees > 0 {
		return fmt.Sprintf("With %s in fees. Brings the account up to date.", d.Fees.USD())
	}
	return "Brings the account up to date."
}

// readPay makes a request of the form. What is wrong stands on the form; a date
// typed in numbers is set as a date field would send it.
func readPay(form *web.Form, id servicing.ContractID) servicing.PaymentRequest {
	req := servicing.PaymentRequest{Contract: id, Key: form.Value("key")}
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
		if form.Value("reviewed") != "" {
			req.Amount = form.Cents("amount")
		}
	}
	if req.Date = form.Date("date"); !req.Date.IsZero() {
		form.Set("date", req.Date.String())
	}
	req.Method = servicing.MethodID(form.Need("method", "Choose the bank account to pay from."))
	if req.Key == "" {
		form.Error("", "This form is not complete. Nothing was charged. Open the payment page again.")
	}
	return req
}

// payFieldNames puts a refused amount where the person chose it.
func payFieldNames(form *web.Form) map[string]string {
	if form.Value("how") == howOther {
		return nil
	}
	return map[string]string{"amount": "how"}
}

// showPayForm shows the form again as it was typed.
func (p *portal) showPayForm(w http.ResponseWriter, r *http.Request, s servicing.Session, form *web.Form, notMade bool) error {
	o, err := p.svc.PayOptions(r.Context(), s.Actor, servicing.ContractID(r.PathValue("id")))
	if err != nil {
		return found(err)
	}
	v := newPayPage(s, o, form)
	if v.Quoted, err = p.quotedWords(r, s, o.ID); err != nil {
		return err
	}
	v.NotMade = notMade
	return p.show(w, r, "pay", form, v)
}

// changePay is the way back from the review with everything kept.
func (p *portal) changePay(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	if form.Value("key") == "" {
		form.Set("key", servicing.NewKey())
	}
	return p.showPayForm(w, r, s, form, false)
}

type reviewPage struct {
	web.Page
	Review      servicing.PaymentReview
	Parts       []part
	Steps       []step
	Why         web.Why
	Extra       string // what extra money does, as chosen
	DueAfter    string // and where that leaves the due date
	IsLease     bool
	IsLater     bool   // for a day to come: the split can still change
	Quoted      string // that it closes the account as quoted
	Also        string // that autopay will draw as well
	Once        string // and how to pay only once
	Bank        string // when the bank sees it, if not on the payment date
	BalanceName string
	MethodName  string
	OnItsWay    []string // other payments whose money is still on its way
	Pay, Again  string   // the words of the button, and of the question
	Typed       []hidden // as typed: for the way back
	Reviewed    []hidden // as shown: what confirming sends
	Href        string
	AutopayHref string
}

func newReviewPage(s servicing.Session, v servicing.PaymentReview, form *web.Form) reviewPage {
	b := about(page(s, "Review your payment", "payments"), v.Card)
	b.Layout, b.Form = "flow", form
	req := v.Request
	kind := v.Card.Kind
	interest, unpaid := v.Plan.Allocation.Interest, unpaidInterest(v.Plan)
	out := reviewPage{Page: b, Review: v, MethodName: capital(methodName(v.Method)), Pay: "Pay " + req.Amount.USD(), IsLater: req.Date > v.Card.Due.AsOf,
		Again: "Yes, make another payment of " + req.Amount.USD() + " for the same day.",
		Parts: parts(kind, v.Plan.Allocation, v.Plan.Spans, v.Plan.Carried, unpaid),
		Steps: stepsOf(kind, v.Plan.Why),
		Why:   whyInterest("Why "+(interest+unpaid).USD()+" interest?", v.Plan.Spans, v.Plan.Carried, interest+unpaid),
		Bank:  bankDays(req.Date), OnItsWay: onItsWay(v.Waiting),
		IsLease: kind == contract.Lease, BalanceName: balanceName(kind), Href: accountHref(v.Card.ID) + "/pay", AutopayHref: accountHref(v.Card.ID) + "/autopay",
		Typed: carry(form, payFields),
		Reviewed: []hidden{{"how", string(req.Kind)}, {"amount", req.Amount.String()}, {"extra", string(req.Extra)}, {"reviewed", "yes"},
			{"date", req.Date.String()}, {"method", string(req.Method)}, {"key", req.Key}},
	}
	if name, ok := extraNames[req.Extra]; ok {
		out.Extra, out.DueAfter = name, dueAfter(v.Card.Due, v.Plan.DueAfter)
	}
	if out.Also = alsoDrawn(v.Card, req.Date); out.Also != "" && req.Extra != billing.ExtraPrincipalOnly {
		out.Once = payOnce(v.Card)
	}
	return out
}

// onItsWay says what a person has paid, or has set up, that has not arrived.
func onItsWay(waiting []servicing.Payment) (out []string) {
	for _, p := range waiting {
		what := p.Amount.USD() + " for " + p.Date.Long()
		switch p.State {
		case billing.Scheduled:
			what += ", scheduled"
		case billing.Created, billing.Unknown:
			what += ", being confirmed"
		default:
			what += ", on its way"
		}
		if p.Confirmation != "" {
			what += " (" + p.Confirmation + ")"
		}
		out = append(out, what+".")
	}
	return out
}

func dateHint(o servicing.PayOptions) string {
	if o.Days.Banking {
		return fmt.Sprintf("A banking day from %s to %s.", o.First.Long(), o.Last.Long())
	}
	return fmt.Sprintf("From %s to %s.", o.First.Long(), o.Last.Long())
}

// cutOffWords say until when a payment counts today, or from which day on one
// that is made now does.
func cutOffWords(o servicing.PayOptions) string {
	cut := o.CutOff.CutOff
	switch {
	case o.First > o.Date && o.Days.Next(o.Date) != o.Date:
		return fmt.Sprintf("Banks are closed today. A payment made now counts for %s.", o.First.Long())
	case o.First > o.Date:
		return fmt.Sprintf("It is past %s, so a payment made now counts for %s.", timeOfDay(cut, o.CutOff.Zone), o.First.Long())
	case cut > 0:
		return fmt.Sprintf("A payment made by %s counts today; after that, for %s.", timeOfDay(cut, o.CutOff.Zone), o.Days.Next(o.Date+1).Long())
	}
	return ""
}

// timeOfDay is a time of day where the lender is: "5:00 pm Eastern time".
func timeOfDay(minute int, zone *time.Location) string {
	at := time.Date(2026, 1, 5, minute/60, minute%60, 0, 0, time.UTC).Format("3:04 pm")
	if zone == nil {
		return at + " UTC"
	}
	if name, ok := zoneNames[zone.String()]; ok {
		return at + " " + name + " time"
	}
	return at + " (" + zone.String() + ")"
}

// zoneNames are what people call the zones of the country.
var zoneNames = map[string]string{
	"America/New_York": "Eastern", "America/Detroit": "Eastern", "America/Chicago": "Central", "America/Denver": "Mountain", "America/Phoenix": "Arizona",
	"America/Los_Angeles": "Pacific", "America/Anchorage": "Alaska", "Pacific/Honolulu": "Hawaii", "America/Puerto_Rico": "Atlantic",
}

// payOnce says how not to pay what autopay will take.
func payOnce(c servicing.Card) string {
	if d := nextDraw(c); d.Date > c.Due.AsOf {
		return fmt.Sprintf("To pay only once, choose a payment date before %s, and autopay takes no more than what is left of its payment. Or turn autopay off first.", d.Date.Short())
	}
	return "To pay only once, leave this payment to autopay, or turn autopay off first."
}

// unpaidInterest is the interest that a payment leaves unpaid: what would still
// close the account, less the principal and the fees in it.
func unpaidInterest(p billing.Plan) money.Cents {
	return max(0, p.PayoffAfter-p.BalanceAfter-p.DueAfter.Fees)
}

// reviewPay keeps what was typed and leads to the review, which is a page with
// an address of its own: going back to it or refreshing it sends nothing again.
func (p *portal) reviewPay(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	return p.review(w, r, s, form)
}

// showReview shows what was last sent to be reviewed. When that has been paid
// meanwhile, it leads to the payment.
func (p *portal) showReview(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form := p.draft(r)
	if form == nil {
		http.Redirect(w, r, accountHref(servicing.ContractID(r.PathValue("id")))+"/pay", http.StatusSeeOther)
		return nil
	}
	return p.review(w, r, s, form)
}

// review shows what would happen, or the form again with what is wrong.
func (p *portal) review(w http.ResponseWriter, r *http.Request, s servicing.Session, form *web.Form) error {
	id := servicing.ContractID(r.PathValue("id"))
	asked := form.OK() // the review may come back with a question of its own
	req := readPay(form, id)
	if asked && !form.OK() {
		return p.showPayForm(w, r, s, form, false)
	}
	if req.Method == newMethod {
		if err := may(s, identity.ActBankAccounts); err != nil {
			return err
		}
		return p.show(w, r, "bank-account", form, newBankAccountToPay(s, id, form))
	}
	if _, card := chosenCard(req.Method); card {
		return p.reviewCard(w, r, s, form, req, asked)
	}
	v, err := p.svc.ReviewPayment(r.Context(), s.Actor, req)
	if err != nil {
		if to := toCheck(err, req.Method, id); to != "" {
			http.Redirect(w, r, to, http.StatusSeeOther)
			return nil
		}
		if err := told(form, err, payFieldNames(form)); err != nil {
			return err
		}
		return p.showPayForm(w, r, s, form, false)
	}
	if v.Made != nil {
		http.Redirect(w, r, paymentHref(*v.Made), http.StatusSeeOther)
		return nil
	}
	if r.Method == http.MethodPost && asked {
		p.keepDraft(w, id, form)
		http.Redirect(w, r, accountHref(id)+"/pay/review", http.StatusSeeOther)
		return nil
	}
	page := newReviewPage(s, v, form)
	kept, err := p.keptQuote(r, s, id)
	if err != nil {
		return err
	}
	page.Quoted = closesAsQuoted(v, kept)
	return p.show(w, r, "review", form, page)
}

const draftCookie = "marque-payment"

// keepDraft keeps what was typed with the browser, for this account's review
// only: an address would show it, and the next person at the computer with it.
func (p *portal) keepDraft(w http.ResponseWriter, id servicing.ContractID, form *web.Form) {
	v := url.Values{}
	for _, h := range carry(form, payFields) {
		v.Set(h.Name, h.Value)
	}
	p.setCookie(w, draftCookie, base64.RawURLEncoding.EncodeToString([]byte(v.Encode())), accountHref(id)+"/pay/review")
}

// draft is what keepDraft kept; nil when there is nothing that can be read.
func (p *portal) draft(r *http.Request) *web.Form {
	c, err := r.Cookie(draftCookie)
	if err != nil {
		return nil
	}
	b, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil {
		return nil
	}
	v, err := url.ParseQuery(string(b))
	if err != nil {
		return nil
	}
	form := web.NewForm()
	for _, name := range payFields {
		form.Set(name, v.Get(name))
	}
	return form
}

// confirmPay makes the payment. The same form again, by a double click, a
// refresh or a second tab, gives the same payment.
func (p *portal) confirmPay(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	if form.Has("same_day") && form.Value("again") != "yes" {
		form.Error("again", "Check the box if you mean to make another payment of the same amount for the same day.")
		return p.review(w, r, s, form)
	}
	req := readPay(form, servicing.ContractID(r.PathValue("id")))
	if !form.OK() {
		return p.showPayForm(w, r, s, form, true)
	}
	made, err := p.svc.SubmitPayment(r.Context(), s.Actor, req, p.source(r))
	if err != nil {
		if err := told(form, err, payFieldNames(form)); err != nil {
			return err
		}
		freshKeyIfUsed(form, err)
		return p.showPayForm(w, r, s, form, true)
	}
	http.Redirect(w, r, paymentHref(made), http.StatusSeeOther)
	return nil
}

// freshKeyIfUsed lets a form whose key has made another payment be sent again
// as a payment of its own, which its review will ask about.
func freshKeyIfUsed(form *web.Form, err error) {
	if no, ok := errors.AsType[*servicing.Refusal](err); ok && no.Code == "key_reused" {
		form.Set("key", servicing.NewKey())
	}
}
