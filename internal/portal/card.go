package portal

import (
	"net/http"
	"strings"
	"time"

	"marque/internal/billing"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/web"
)

// byCard is the choice of a card on the pay page: alone it leads to the card
// company's page, before an id it is a card that is saved. A card number is never
// typed here.
const byCard = "card"

// chosenCard says whether a card was chosen to pay by, and which.
func chosenCard(method servicing.MethodID) (servicing.MethodID, bool) {
	if method == byCard {
		return "", true
	}
	id, is := strings.CutPrefix(string(method), byCard+":")
	return servicing.MethodID(id), is
}

// methodValue is a payment method as the pay page's form names it.
func methodValue(m servicing.Method) string {
	if m.Kind == billing.CardMethod {
		return byCard + ":" + string(m.ID)
	}
	return string(m.ID)
}

// onlyBanks are the bank accounts of a list; onlyCards its cards.
func onlyBanks(all []servicing.Method) (out []servicing.Method) {
	for _, m := range all {
		if m.Kind != billing.CardMethod {
			out = append(out, m)
		}
	}
	return out
}

func onlyCards(all []servicing.Method) (out []servicing.Method) {
	for _, m := range all {
		if m.Kind == billing.CardMethod {
			out = append(out, m)
		}
	}
	return out
}

// cardOptions are the cards to choose from on the pay page; none where cards are
// not taken.
func cardOptions(o servicing.PayOptions) (out []web.Option) {
	if !o.Cards {
		return nil
	}
	for _, m := range onlyCards(o.Methods) {
		out = append(out, web.Option{Value: methodValue(m), Label: capital(methodName(m)), Hint: cardEnds(m)})
	}
	hint := "You type it on the card company’s own page. It is charged right away."
	if o.CardFee > 0 {
		hint += " There is a fee of " + o.CardFee.USD() + "; paying from a bank account is free."
	}
	return append(out, web.Option{Value: byCard, Label: "Debit or credit card", Hint: hint})
}

// cardEnds is when a card expires.
func cardEnds(m servicing.Method) string {
	if m.ExpYear == 0 {
		return ""
	}
	return "Expires " + money.NewDate(m.ExpYear, m.ExpMonth, 1).Time().Format("01/2006")
}

type cardReviewPage struct {
	reviewPage
	Fee, Total money.Cents
	OnPage     bool // the card is typed on the card company's page
}

// reviewCard shows what a payment by card would do.
func (p *portal) reviewCard(w http.ResponseWriter, r *http.Request, s servicing.Session, form *web.Form, req servicing.PaymentRequest, asked bool) error {
	req.Method, _ = chosenCard(req.Method)
	if err := p.dateForCard(r, s, form, &req); err != nil {
		return err
	}
	v, err := p.svc.ReviewCard(r.Context(), s.Actor, req)
	if err != nil {
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
		p.keepDraft(w, req.Contract, form)
		http.Redirect(w, r, accountHref(req.Contract)+"/pay/review", http.StatusSeeOther)
		return nil
	}
	page := cardReviewPage{reviewPage: newReviewPage(s, v.PaymentReview, form), Fee: v.Fee, Total: v.Total, OnPage: req.Method == ""}
	page.Bank, page.Pay = "", "Pay "+v.Total.USD()
	if page.OnPage {
		page.MethodName, page.Pay = "Debit or credit card", "Go on to the card page"
	}
	for i := range page.Reviewed {
		if page.Reviewed[i].Name == "method" {
			page.Reviewed[i].Value = form.Value("method")
		}
	}
	page.Reviewed = append(page.Reviewed, hidden{"fee", v.Fee.String()})
	kept, err := p.keptQuote(r, s, req.Contract)
	if err != nil {
		return err
	}
	page.Quoted = closesAsQuoted(v.PaymentReview, kept)
	return p.show(w, r, "card-review", form, page)
}

// dateForCard makes a payment on the card company's page one for today, which is
// when it is charged: cards know no cut-off and no banks' holidays.
func (p *portal) dateForCard(r *http.Request, s servicing.Session, form *web.Form, req *servicing.PaymentRequest) error {
	if req.Method != "" {
		return nil
	}
	o, err := p.svc.PayOptions(r.Context(), s.Actor, req.Contract)
	if err != nil {
		return found(err)
	}
	if req.Date == o.First {
		req.Date = o.Date
		form.Set("date", o.Date.String())
	}
	return nil
}

// confirmCard keeps the payment and goes on to the page that waits for the card
// company's. The same form again gives the same payment.
func (p *portal) confirmCard(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	if form.Has("same_day") && form.Value("again") != "yes" {
		form.Error("again", "Check the box if you mean to make another payment of the same amount for the same day.")
		return p.review(w, r, s, form)
	}
	req := servicing.CardRequest{PaymentRequest: readPay(form, servicing.ContractID(r.PathValue("id")))}
	is := false
	if req.Method, is = chosenCard(req.Method); !is {
		form.Error("method", "Choose how to pay.")
	}
	if req.Fee, err = money.ParseCents(form.Value("fee")); err != nil {
		form.Error("", "This form is not complete. Nothing was charged. Open the payment page again.")
	}
	if !form.OK() {
		return p.showPayForm(w, r, s, form, true)
	}
	req.Back = p.here(r) + accountHref(req.Contract) + "/payments/{id}/card"
	made, err := p.svc.StartCardPayment(r.Context(), s.Actor, req, p.source(r))
	if err != nil {
		if err := told(form, err, payFieldNames(form)); err != nil {
			return err
		}
		freshKeyIfUsed(form, err)
		return p.showPayForm(w, r, s, form, true)
	}
	next := paymentHref(made)
	if made.State == billing.Created || made.State == billing.Submitted || made.State == billing.Unknown {
		next += "/card?go=on"
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

// here is the portal's own address as the browser knows it.
func (p *portal) here(r *http.Request) string {
	if p.base != "" {
		return strings.TrimSuffix(p.base, "/")
	}
	return "http://" + r.Host // a machine of one's own
}

type cardPage struct {
	web.Page
	Status  servicing.CardStatus
	Heading string
	Words   []string
	GoOn    string // the card company's page
	Href    string
}

const (
	cardPatience = 1500 * time.Millisecond // how long a page waits for news before it is shown
	cardPause    = 50 * time.Millisecond
	cardWatch    = 10 * time.Minute // for so long a page looks again by itself
)

// cardPayment is the page between ours and the card company's: the way there, the
// way back, and where people wait for what nobody knows yet. It works by itself
// without a script: the browser is asked to come again.
func (p *portal) cardPayment(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	id, payment := servicing.ContractID(r.PathValue("id")), servicing.PaymentID(r.PathValue("payment"))
	from := r.URL.Query().Get("from")
	if from != "" { // back from the card company's page
		if err := p.svc.CardBack(r.Context(), s.Actor, id, payment); err != nil {
			return found(err)
		}
	}
	going := r.URL.Query().Get("go") == "on"
	st, err := p.newsOfCard(r, s, id, payment, func(st servicing.CardStatus) bool {
		return st.State == billing.Created && st.Page == "" || st.State == billing.Unknown || st.Closing || from == "page" && st.State == billing.Submitted
	})
	if err != nil {
		return found(err)
	}
	switch st.State {
	case billing.Created, billing.Submitted, billing.Unknown:
	default:
		http.Redirect(w, r, paymentHref(st.Payment), http.StatusSeeOther)
		return nil
	}
	card, err := p.svc.Card(r.Context(), s.Actor, id)
	if err != nil {
		return found(err)
	}
	v := newCardPage(s, card, st, from, going)
	switch watched := st.Created.Add(cardWatch) > s.At; {
	case going && st.Page != "":
		// Not by an answer to the form: browsers hold that to the same rule as the
		// form, which stays with us.
		w.Header().Set("Refresh", "0; url="+st.Page)
	case v.GoOn == "" && watched:
		w.Header().Set("Refresh", "2")
	case v.GoOn == "":
		w.Header().Set("Refresh", "60")
	}
	return p.show(w, r, "card-payment", nil, v)
}

// newsOfCard waits a moment for what is about to be known.
func (p *portal) newsOfCard(r *http.Request, s servicing.Session, id servicing.ContractID, payment servicing.PaymentID, more func(servicing.CardStatus) bool) (servicing.CardStatus, error) {
	for waited := time.Duration(0); ; waited += cardPause {
		st, err := p.svc.CardStatus(r.Context(), s.Actor, id, payment)
		if err != nil || !more(st) || waited >= cardPatience {
			return st, err
		}
		wait(r, cardPause)
	}
}

// wait rests a while, or until nobody waits for the answer any more.
func wait(r *http.Request, d time.Duration) {
	select {
	case <-time.After(d):
	case <-r.Context().Done():
	}
}

// newCardPage says where a payment stands whose card has not been charged, as far
// as is known.
func newCardPage(s servicing.Session, card servicing.Card, st servicing.CardStatus, from string, going bool) cardPage {
	v := cardPage{Status: st, Href: paymentHref(st.Payment)}
	once := "You do not need to pay again: this payment is made once, however long it takes."
	switch {
	case st.Closing:
		v.Heading = "We are canceling this payment"
		v.Words = []string{"We have asked the card company to close its page. If you paid on it already, the payment counts."}
	case st.State == billing.Unknown:
		v.Heading = "Your payment is being confirmed"
		v.Words = []string{"We have not heard from the card company yet, so we do not know whether your card was charged. We keep asking.", once,
			"You can leave this page. We will send you an e-mail when the payment is made."}
	case st.Page == "" && st.Method.ID != "":
		v.Heading = "Your card is being charged"
		v.Words = []string{"This takes a few seconds.", once}
	case st.Page == "":
		v.Heading = "We are getting the card page ready"
		v.Words = []string{"You will be taken to the card company’s page, where you type your card. Nothing has been charged."}
	case from == "page":
		v.Heading = "Your payment is being confirmed"
		v.Words = []string{"We are asking the card company how it went. This takes a few seconds.", once}
	case going:
		v.Heading, v.GoOn = "You are going to the card company’s page", st.Page
		v.Words = []string{"There you type your card and pay " + st.Total.USD() + ". Then you come back here."}
	default:
		v.Heading, v.GoOn = "This payment is not finished", st.Page
		v.Words = []string{"You left the card page. Nothing has been charged.", "You can go back to it and pay, or leave it: the page closes by itself and nothing is charged."}
	}
	b := about(page(s, v.Heading, "payments"), card)
	b.Layout = "flow"
	v.Page = b
	return v
}

// cardWords says where a payment by card stands and what happens next.
func cardWords(p servicing.Payment) (heading, next string) {
	from, total := methodName(p.Method), (p.Amount + p.Fee).USD()
	switch p.State {
	case billing.Scheduled:
		next = "On " + p.Date.Long() + " we will charge " + total + " to " + from + ". We will send you an e-mail when the payment is made."
		if p.Cancellable {
			next += " You can cancel until then."
		}
		return "Payment scheduled", next
	case billing.Created, billing.Submitted:
		return "Payment not finished", "Nothing has been charged yet."
	case billing.Unknown:
		return "Payment being confirmed", "We have not heard from the card company yet, so we do not know whether your card was charged. We keep asking. You do not need to pay again."
	case billing.Settled:
		return "Payment received", "Your card was charged " + total + ". It counts on your account from " + p.Date.Long() + "."
	case billing.Returned:
		return "Payment disputed", "The charge was disputed with the card’s bank, which took the money back. This payment no longer counts on your account, and the amount is owed again. If this is a surprise, call us."
	case billing.Reversed:
		return "Payment given back", "We gave " + total + " back to " + from + ". Your bank shows it within 5 to 10 days. This payment no longer counts on your account."
	case billing.Refused:
		return "Payment not made", joined(p.Reason, "Nothing was charged. You can pay with another card or from a bank account.")
	case billing.Cancelled:
		if p.Reason == "" {
			return "Payment canceled", "Nothing was charged for this payment. What was due is still due."
		}
		return "Payment not made", joined(p.Reason, "What was due is still due.")
	}
	return "Payment", ""
}

func joined(words ...string) string { return strings.TrimSpace(strings.Join(words, " ")) }

// statusOfPayment is a payment's state as a tag shows it.
func statusOfPayment(p servicing.Payment) status {
	if p.Rail == billing.Card {
		switch p.State {
		case billing.Submitted, billing.Created:
			return status{"wait", "Not finished"}
		case billing.Returned:
			return status{"bad", "Disputed"}
		}
	}
	return statusOf(p.State)
}

// cardBrand is a card as people know it: "Visa card ••4242".
func cardBrand(m servicing.Method) string {
	name := map[string]string{"visa": "Visa card", "mastercard": "Mastercard", "amex": "American Express card", "discover": "Discover card"}[m.Brand]
	if name == "" {
		name = "card"
	}
	if m.Last4 == "" {
		return name
	}
	return name + " ••" + m.Last4
}
