package sandbox

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"marque/internal/money"
)

//go:embed processor
var processorFiles embed.FS

var payTemplate = template.Must(template.New("").Funcs(template.FuncMap{"usd": money.Cents.USD}).ParseFS(processorFiles, "processor/*.html"))

// testCard is a card that can be typed on the page.
type testCard struct {
	Number, Brand, Funding, Words string
	does                          string
}

const declinesLater = "declines_later"

// The numbers are Stripe's own for testing; no bank has issued them.
var testCards = []testCard{
	{"4242 4242 4242 4242", "visa", "credit", "Works", ""},
	{"5555 5555 5555 4444", "mastercard", "credit", "Works", ""},
	{"4000 0566 5566 5556", "visa", "debit", "Works, a debit card", ""},
	{"4000 0027 6000 3184", "visa", "credit", "Its bank asks whether it is you", "authentication_required"},
	{"4000 0000 0000 0002", "visa", "credit", "Is declined", "generic_decline"},
	{"4000 0000 0000 9995", "visa", "credit", "Does not have enough money", "insufficient_funds"},
	{"4000 0000 0000 0069", "visa", "credit", "Has expired", "expired_card"},
	{"4000 0000 0000 0127", "visa", "credit", "The security code is wrong", "incorrect_cvc"},
	{"4000 0000 0000 9979", "visa", "credit", "Was reported stolen", "stolen_card"},
	{"4000 0000 0000 0341", "visa", "credit", "Works now, is declined when charged later", declinesLater},
}

func onlyDigits(s string) string {
	return strings.Map(func(c rune) rune {
		if c < '0' || c > '9' {
			return -1
		}
		return c
	}, s)
}

// luhn is the check digit of a card number (ISO/IEC 7812-1).
func luhn(number string) bool {
	sum := 0
	for i := range len(number) {
		d := int(number[len(number)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return len(number) >= 12 && len(number) <= 19 && sum%10 == 0
}

func (p *Processor) payPages(mux *http.ServeMux) {
	own := http.NewServeMux()
	own.HandleFunc("GET /pay/{id}", p.showPay)
	own.HandleFunc("POST /pay/{id}", p.pay)
	own.HandleFunc("GET /pay/{id}/check", p.showCheck)
	own.HandleFunc("POST /pay/{id}/check", p.check)
	own.HandleFunc("GET /pay.css", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=300")
		http.ServeFileFS(w, r, processorFiles, "processor/pay.css")
	})
	guarded := http.NewCrossOriginProtection().Handler(own)
	mux.Handle("/pay/", guarded)
	mux.Handle("/pay.css", guarded)
}

// payField is one field of the form.
type payField struct{ Name, Label, Hint, Value, Error, Autocomplete string }

type payView struct {
	Processor, ID, What, Cancel, Back string
	Amount                            money.Cents
	Setup                             bool
	Number, Expiry, Code, ZIP         payField
	Declined                          string // what the card's bank said to the last try
	Cards                             []testCard
	Ends                              string // of the card that waits for its bank's check
	State                             string // open, complete, expired, unknown
}

func newPayView(s *payPage) payView {
	v := payView{Processor: processorName, State: "unknown", Cards: testCards,
		Number: payField{Name: "number", Label: "Card number", Hint: "One of the test cards below. Never a real card."},
		Expiry: payField{Name: "expiry", Label: "Expiration date", Hint: "Like 04 / 30"},
		Code:   payField{Name: "code", Label: "Security code", Hint: "Any 3 digits"},
		ZIP:    payField{Name: "zip", Label: "ZIP code", Hint: "Any 5 digits"}}
	if s != nil {
		v.ID, v.What, v.Amount, v.Setup, v.State = s.ID, s.What, s.Amount, s.Mode == "setup", s.Status
		v.Cancel, v.Back = s.Cancel, s.back()
	}
	return v
}

func (s *payPage) back() string { return strings.ReplaceAll(s.Success, "{CHECKOUT_SESSION_ID}", s.ID) }

// findPage is a copy of a page, for showing it.
func (p *Processor) findPage(id string) *payPage {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lapse()
	if s := p.pages.byID[id]; s != nil {
		twin := *s
		return &twin
	}
	return nil
}

func (p *Processor) showPay(w http.ResponseWriter, r *http.Request) {
	s := p.findPage(r.PathValue("id"))
	v := newPayView(s)
	status := http.StatusOK
	if s == nil {
		status = http.StatusNotFound
	}
	renderPay(w, status, "pay.html", v)
}

func renderPay(w http.ResponseWriter, status int, name string, v payView) {
	// Browsers hold the redirect after a form to the same rule as the form.
	target := ""
	if u, err := url.Parse(v.Back); err == nil && u.Host != "" {
		target = " " + u.Scheme + "://" + u.Host
	}
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'"+target+"; frame-ancestors 'none'; base-uri 'none'")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = payTemplate.ExecuteTemplate(w, name, v) // who asked has gone; the page is shown again
}

// read takes the form apart. The number is never shown again unless it is one of
// the test cards.
func (v *payView) read(r *http.Request, now time.Time) (card cardFace, ok bool) {
	number := onlyDigits(r.PostFormValue("number"))
	var is *testCard
	for i := range testCards {
		if onlyDigits(testCards[i].Number) == number {
			is = &testCards[i]
		}
	}
	switch {
	case number == "":
		v.Number.Error = "Type a card number"
	case is == nil && luhn(number):
		v.Number.Error = "That is not a test card. Type one from the list below, and never a real card"
	case is == nil:
		v.Number.Error = "Check the card number: a digit is different"
	default:
		v.Number.Value = is.Number
		sum := sha256.Sum256([]byte("sandbox card " + number))
		card = cardFace{Brand: is.Brand, Last4: number[12:], Funding: is.Funding, Fingerprint: hex.EncodeToString(sum[:8]), Does: is.does}
	}
	v.Expiry.Value, v.ZIP.Value = r.PostFormValue("expiry"), r.PostFormValue("zip")
	if when := onlyDigits(v.Expiry.Value); len(when) == 4 || len(when) == 6 {
		card.ExpMonth, _ = strconv.Atoi(when[:2]) // digits
		card.ExpYear, _ = strconv.Atoi(when[len(when)-2:])
		card.ExpYear += 2000
	}
	switch last := time.Date(card.ExpYear, time.Month(card.ExpMonth)+1, 1, 0, 0, 0, 0, time.UTC); {
	case card.ExpMonth < 1 || card.ExpMonth > 12 || len(v.Expiry.Value) > 10:
		v.Expiry.Error = "Type the month and the year, for example 04 / 30"
	case !now.Before(last):
		v.Expiry.Error = "This date has passed"
	}
	if n := r.PostFormValue("code"); len(n) != 3 || onlyDigits(n) != n {
		v.Code.Error = "Type 3 digits"
	}
	if n := v.ZIP.Value; len(n) != 5 || onlyDigits(n) != n {
		v.ZIP.Error = "Type 5 digits"
	}
	return card, v.Number.Error+v.Expiry.Error+v.Code.Error+v.ZIP.Error == ""
}

func (p *Processor) pay(w http.ResponseWriter, r *http.Request) {
	s := p.findPage(r.PathValue("id"))
	v := newPayView(s)
	r.Body = http.MaxBytesReader(w, r.Body, longestForm)
	switch {
	case s == nil:
		renderPay(w, http.StatusNotFound, "pay.html", v)
		return
	case s.Status == "complete": // a double click
		http.Redirect(w, r, s.back(), http.StatusSeeOther)
		return
	case s.Status != "open":
		renderPay(w, http.StatusConflict, "pay.html", v)
		return
	}
	card, ok := v.read(r, p.now())
	if !ok {
		renderPay(w, http.StatusUnprocessableEntity, "pay.html", v)
		return
	}
	p.settle(w, r, v, func(s *payPage) string {
		return p.take(s, card)
	})
}

// settle does something with an open page once, and goes where that leads. do
// gives a decline, or nothing.
func (p *Processor) settle(w http.ResponseWriter, r *http.Request, v payView, do func(*payPage) string) {
	p.mu.Lock()
	p.lieAbout(p.api.is())
	p.lapse()
	s := p.pages.byID[v.ID]
	decline := ""
	if s.Status == "open" {
		decline = do(s)
	}
	status, waiting, events := s.Status, s.Waiting, p.told()
	err := p.keep()
	p.mu.Unlock()
	defer p.afterwards(events)
	if p.hooks.is() == BeforeReply {
		p.arrive(r.Context(), events)
	}
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	case decline != "":
		v.Declined = saysBank[decline]
		if v.Declined == "" {
			v.Declined = "The card was declined. Try another card."
		}
		renderPay(w, http.StatusPaymentRequired, "pay.html", v)
	case status == "complete":
		http.Redirect(w, r, v.Back, http.StatusSeeOther)
	case waiting:
		http.Redirect(w, r, "/pay/"+v.ID+"/check", http.StatusSeeOther)
	default:
		http.Redirect(w, r, "/pay/"+v.ID, http.StatusSeeOther)
	}
}

var saysBank = map[string]string{
	"insufficient_funds":      "The card does not have enough money for this payment. Try another card.",
	"expired_card":            "The card has expired. Try another card.",
	"incorrect_cvc":           "The security code does not match the card.",
	"authentication_required": "The card’s bank could not check that it is you. Try again, or use another card.",
}

// take charges or saves a card from the page. The caller holds the lock.
func (p *Processor) take(s *payPage, card cardFace) (decline string) {
	if s.NewCustomer && s.Customer == "" {
		s.Customer = newID("cus")
	}
	m := &savedCard{ID: newID("pm"), Card: card, Created: p.seconds()} // its customer follows when it has worked
	p.methods.put(m)
	s.Method, s.Waiting = m.ID, card.Does == "authentication_required"
	p.changed(m, s)
	if s.Waiting {
		return ""
	}
	return p.finish(s, m)
}

func (p *Processor) finish(s *payPage, m *savedCard) (decline string) {
	card := m.Card
	if card.Does == declinesLater {
		card.Does = ""
	}
	s.Waiting = false
	if s.Mode == "setup" {
		if card.Does != "" {
			return card.Does
		}
		s.Setup, s.Status = newID("seti"), "complete"
		p.attach(s)
		p.emit("setup_intent.succeeded", object{"id": s.Setup, "object": "setup_intent", "status": "succeeded", "metadata": s.OfIntent, "customer": orNil(s.Customer), "payment_method": m.ID})
		p.emit("checkout.session.completed", p.pageObject(s, cardAsk{}))
		return ""
	}
	i := p.intents.byID[s.Intent]
	if i == nil {
		i = &intent{ID: newID("pi"), Amount: s.Amount, Status: "requires_payment_method", Customer: s.Customer, What: s.What, Metadata: s.OfIntent, Created: p.seconds()}
		p.intents.put(i)
		s.Intent = i.ID
		p.emit("payment_intent.created", p.intentObject(i, false, false))
	}
	if !p.attempt(i, card, m.ID) {
		return i.Decline
	}
	s.Status = "complete"
	p.attach(s)
	p.emit("checkout.session.completed", p.pageObject(s, cardAsk{}))
	return ""
}

// attach saves the card of a page for its customer, where that was asked for.
func (p *Processor) attach(s *payPage) {
	if m := p.methods.byID[s.Method]; s.Save {
		m.Customer = s.Customer
		p.changed(m)
	}
}

func (p *Processor) showCheck(w http.ResponseWriter, r *http.Request) {
	s := p.findPage(r.PathValue("id"))
	if s == nil || s.Status != "open" || !s.Waiting {
		http.Redirect(w, r, "/pay/"+url.PathEscape(r.PathValue("id")), http.StatusSeeOther)
		return
	}
	v := newPayView(s)
	v.Ends = "3184"
	renderPay(w, http.StatusOK, "check.html", v)
}

// check is what the card's bank has found out.
func (p *Processor) check(w http.ResponseWriter, r *http.Request) {
	s := p.findPage(r.PathValue("id"))
	if s == nil {
		renderPay(w, http.StatusNotFound, "pay.html", newPayView(nil))
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, longestForm)
	itIs := r.PostFormValue("answer") == "yes"
	p.settle(w, r, newPayView(s), func(s *payPage) string {
		m := p.methods.byID[s.Method]
		if !s.Waiting || m == nil {
			return ""
		}
		twin := *m
		if itIs {
			twin.Card.Does = ""
		}
		p.changed(s)
		return p.finish(s, &twin)
	})
}
