package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"marque/internal/money"
	"marque/internal/web"
)

// The operator's pages of the card processor.

// cardRow is a charge, or an attempt at one, as it is listed.
type cardRow struct {
	Intent, Payment, What, Card string
	Amount, Refunded, Fee       money.Cents
	Date                        money.Date
	Decline, Dispute, Payout    string
	At                          money.Instant
}

// Kind and Word are the row's tag.
func (c cardRow) Kind() string {
	switch {
	case c.Decline != "" || c.Dispute != "" && c.Dispute != "won":
		return "bad"
	case c.Refunded > 0:
		return "plain"
	}
	return "good"
}

func (c cardRow) Word() string {
	switch {
	case c.Decline != "":
		return "Declined"
	case c.Dispute == "needs_response":
		return "Disputed"
	case c.Dispute == "lost":
		return "Dispute lost"
	case c.Refunded == c.Amount:
		return "Refunded"
	case c.Refunded > 0:
		return "Partly refunded"
	}
	return "Charged"
}

// Href is the row's page.
func (c cardRow) Href() string { return "/sandbox/cards/" + c.Intent }

// Open says that the money is still there to be refunded or disputed.
func (c cardRow) Open() bool { return c.Decline == "" && c.Dispute == "" && c.Refunded < c.Amount }

func (p *Processor) rows() (all []cardRow) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range slices.Backward(p.charges.order) {
		row := cardRow{Intent: c.Intent, Payment: c.Metadata["payment_id"], Card: fmt.Sprintf("%s ••%s", brandNames[c.Card.Brand], c.Card.Last4), Amount: c.Amount, Refunded: c.Refunded, Date: c.Date, Decline: c.Decline, At: money.InstantOf(time.Unix(c.Created, 0))}
		if i := p.intents.byID[c.Intent]; i != nil {
			row.What = i.What
		}
		if d := p.disputes.byID[c.Dispute]; d != nil {
			row.Dispute = d.Status
		}
		if m := p.moves.byID[c.Move]; m != nil {
			row.Fee, row.Payout = m.Fee, m.Payout
		}
		all = append(all, row)
	}
	return all
}

var brandNames = map[string]string{"visa": "Visa", "mastercard": "Mastercard"}

var apiTroubles = []web.Option{
	{Value: "", Label: "None"},
	{Value: string(Slow), Label: "Answers after 5 seconds"},
	{Value: string(Busy), Label: "Is too busy (429)"},
	{Value: string(Broken), Label: "Breaks before doing it (500)"},
	{Value: string(BrokenAfter), Label: "Breaks after doing it (500)"},
	{Value: string(Hanging), Label: "Does it and never answers"},
	{Value: string(Dropping), Label: "Does it and drops the line"},
	{Value: string(LiesAmount), Label: "Names another amount"},
}

var eventTroubles = []web.Option{
	{Value: "", Label: "None"},
	{Value: string(Never), Label: "Are not sent"},
	{Value: string(Twice), Label: "Come twice"},
	{Value: string(Hundredfold), Label: "Come a hundred times"},
	{Value: string(Backwards), Label: "Come newest first"},
	{Value: string(BeforeReply), Label: "Come before the answer"},
	{Value: string(Forged), Label: "Have a wrong signature"},
	{Value: string(Stale), Label: "Have an old signature"},
	{Value: string(Unknown), Label: "Bring an unknown one first"},
	{Value: string(LiesPaid), Label: "Tell new pages as paid"},
}

type cardsPage struct {
	web.Page
	Rows             []cardRow
	Pages            web.Pages
	Payouts          []CardPayout
	Charged, Waiting int
	Requests, Events web.Field
}

func (s *site) cards(w http.ResponseWriter, r *http.Request) error {
	base, err := s.page(r, "Cards", "payments")
	if err != nil {
		return err
	}
	all := s.Cards.rows()
	p := cardsPage{Page: base,
		Requests: web.Field{Name: "requests", Label: "The lender’s requests", Value: string(s.Cards.api.is()), Options: apiTroubles},
		Events:   web.Field{Name: "events", Label: "Events to the lender", Value: string(s.Cards.hooks.is()), Options: eventTroubles}}
	p.Payouts = s.Cards.Payouts()
	slices.Reverse(p.Payouts)
	p.Payouts = p.Payouts[:min(10, len(p.Payouts))]
	for _, c := range all {
		if c.Decline == "" {
			p.Charged++
			if c.Payout == "" {
				p.Waiting++
			}
		}
	}
	if p.Pages, err = web.Paginate(r.URL, len(all), perPage); err != nil {
		return err
	}
	p.Rows = all[p.Pages.Offset:min(len(all), p.Pages.Offset+perPage)]
	return s.pages.Render(w, r, http.StatusOK, "cards", p)
}

func isOption(options []web.Option, value string) bool {
	return slices.ContainsFunc(options, func(o web.Option) bool { return o.Value == value })
}

func (s *site) operateCards(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	switch form.Value("do") {
	case "payout":
		if _, err := s.Cards.PayOutNow(); err != nil {
			return err
		}
	case "resend":
		s.Cards.ResendAll()
	case "trouble":
		if requests := form.Value("requests"); isOption(apiTroubles, requests) {
			s.Cards.Misbehave(Trouble(requests), 0, 5*time.Second)
		}
		if events := form.Value("events"); isOption(eventTroubles, events) {
			s.Cards.MisbehaveEvents(Trouble(events))
		}
	}
	http.Redirect(w, r, "/sandbox/cards", http.StatusSeeOther)
	return nil
}

type cardChargePage struct {
	web.Page
	cardRow
}

func (s *site) charge(r *http.Request) (cardRow, bool) {
	for _, c := range s.Cards.rows() { // newest first: the attempt that counts
		if c.Intent == r.PathValue("charge") {
			return c, true
		}
	}
	return cardRow{}, false
}

func (s *site) cardCharge(w http.ResponseWriter, r *http.Request) error {
	c, ok := s.charge(r)
	if !ok {
		return web.NotFound()
	}
	base, err := s.page(r, "Charge", "payments")
	if err != nil {
		return err
	}
	base.Back = "/sandbox/cards"
	return s.pages.Render(w, r, http.StatusOK, "card-charge", cardChargePage{Page: base, cardRow: c})
}

func (s *site) operateCharge(w http.ResponseWriter, r *http.Request) error {
	c, ok := s.charge(r)
	if !ok {
		return web.NotFound()
	}
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	switch form.Value("do") {
	case "dispute":
		err = s.Cards.Dispute(c.Intent)
	case "win":
		err = s.Cards.Decide(c.Intent, true)
	case "lose":
		err = s.Cards.Decide(c.Intent, false)
	case "refund":
		err = s.Cards.GiveBack(c.Intent)
	}
	if err != nil && !errors.Is(err, errOperator) { // sent again, the same form changes nothing
		return err
	}
	http.Redirect(w, r, "/sandbox/cards/"+url.PathEscape(c.Intent), http.StatusSeeOther)
	return nil
}

type cardEventsPage struct {
	web.Page
	Rows  []eventRow
	Pages web.Pages
}

type eventRow struct {
	SentEvent
	At money.Instant
}

func (s *site) cardEvents(w http.ResponseWriter, r *http.Request) error {
	base, err := s.page(r, "Events", "payments")
	if err != nil {
		return err
	}
	base.Back = "/sandbox/cards"
	all := s.Cards.Events()
	p := cardEventsPage{Page: base}
	if p.Pages, err = web.Paginate(r.URL, len(all), perPage); err != nil {
		return err
	}
	for _, e := range all[p.Pages.Offset:min(len(all), p.Pages.Offset+perPage)] {
		p.Rows = append(p.Rows, eventRow{e, money.InstantOf(time.Unix(e.Created, 0))})
	}
	return s.pages.Render(w, r, http.StatusOK, "card-events", p)
}
