package sandbox

import (
	"encoding/json"
	"fmt"

	"marque/internal/money"
)

// thing is something that the processor keeps.
type thing interface {
	kind() string
	name() string
}

// book is all things of one kind, by name and in the order they were made.
type book[T thing] struct {
	byID  map[string]T
	at    map[string]int
	order []T
}

func newBook[T thing]() book[T] { return book[T]{byID: map[string]T{}, at: map[string]int{}} }

func (b *book[T]) put(t T) {
	if i, known := b.at[t.name()]; known {
		b.order[i] = t
	} else {
		b.at[t.name()] = len(b.order)
		b.order = append(b.order, t)
	}
	b.byID[t.name()] = t
}

type books struct {
	pages    book[*payPage]
	intents  book[*intent]
	charges  book[*charge]
	refunds  book[*cardRefund]
	disputes book[*dispute]
	methods  book[*savedCard]
	payouts  book[*payout]
	moves    book[*movement]
	events   book[*sentEvent]
}

func newBooks() books {
	return books{
		pages: newBook[*payPage](), intents: newBook[*intent](), charges: newBook[*charge](), refunds: newBook[*cardRefund](), disputes: newBook[*dispute](),
		methods: newBook[*savedCard](), payouts: newBook[*payout](), moves: newBook[*movement](), events: newBook[*sentEvent](),
	}
}

// payPage is a Checkout Session.
type payPage struct {
	ID          string            `json:"id"`
	Mode        string            `json:"mode"` // payment, setup
	Amount      money.Cents       `json:"amount"`
	Reference   string            `json:"reference"`
	Metadata    map[string]string `json:"metadata"`
	OfIntent    map[string]string `json:"of_intent"` // metadata for what comes of it
	What        string            `json:"what"`
	Success     string            `json:"success"`
	Cancel      string            `json:"cancel"`
	Customer    string            `json:"customer"`
	NewCustomer bool              `json:"new_customer"`
	Save        bool              `json:"save"`
	Status      string            `json:"status"` // open, complete, expired
	Intent      string            `json:"intent"`
	Setup       string            `json:"setup"`
	Method      string            `json:"method"`  // saved, or waiting for its bank's check
	Waiting     bool              `json:"waiting"` // for the check
	Created     int64             `json:"created"`
	Expires     int64             `json:"expires"`
}

// intent is a PaymentIntent.
type intent struct {
	ID       string            `json:"id"`
	Amount   money.Cents       `json:"amount"`
	Status   string            `json:"status"`
	Customer string            `json:"customer"`
	Method   string            `json:"method"`
	What     string            `json:"what"`
	Metadata map[string]string `json:"metadata"`
	Decline  string            `json:"decline"` // of the last attempt
	Charge   string            `json:"charge"`
	Created  int64             `json:"created"`
}

// charge is one attempt on a card.
type charge struct {
	ID       string            `json:"id"`
	Intent   string            `json:"intent"`
	Amount   money.Cents       `json:"amount"`
	Refunded money.Cents       `json:"refunded"`
	Decline  string            `json:"decline"`
	Card     cardFace          `json:"card"`
	Method   string            `json:"method"`
	Customer string            `json:"customer"`
	Metadata map[string]string `json:"metadata"`
	Dispute  string            `json:"dispute"`
	Move     string            `json:"move"`
	Created  int64             `json:"created"`
	Date     money.Date        `json:"date"`
}

// cardFace is what is kept of a card.
type cardFace struct {
	Brand       string `json:"brand"`
	Last4       string `json:"last4"`
	Funding     string `json:"funding"`
	ExpMonth    int    `json:"exp_month"`
	ExpYear     int    `json:"exp_year"`
	Fingerprint string `json:"fingerprint"`
	Does        string `json:"does"` // what happens when it is charged
}

// savedCard is a PaymentMethod.
type savedCard struct {
	ID       string   `json:"id"`
	Customer string   `json:"customer"`
	Card     cardFace `json:"card"`
	Gone     bool     `json:"gone"`
	Created  int64    `json:"created"`
}

type cardRefund struct {
	ID      string      `json:"id"`
	Intent  string      `json:"intent"`
	Charge  string      `json:"charge"`
	Amount  money.Cents `json:"amount"`
	Status  string      `json:"status"`
	Created int64       `json:"created"`
}

type dispute struct {
	ID      string      `json:"id"`
	Intent  string      `json:"intent"`
	Charge  string      `json:"charge"`
	Amount  money.Cents `json:"amount"`
	Reason  string      `json:"reason"`
	Status  string      `json:"status"`
	Created int64       `json:"created"`
}

type payout struct {
	ID      string      `json:"id"`
	Amount  money.Cents `json:"amount"`
	Date    money.Date  `json:"date"`
	Created int64       `json:"created"`
}

// movement is a Balance Transaction.
type movement struct {
	ID        string      `json:"id"`
	Type      string      `json:"type"` // charge, refund, adjustment
	Source    string      `json:"source"`
	Amount    money.Cents `json:"amount"`
	Fee       money.Cents `json:"fee"`
	Created   int64       `json:"created"`
	Available money.Date  `json:"available"`
	Payout    string      `json:"payout"`
}

func (m *movement) net() money.Cents { return m.Amount - m.Fee }

// answered is the first answer to a request with a key.
type answered struct {
	Key    string `json:"key"`
	Hash   string `json:"hash"` // of the path and the inputs
	Status int    `json:"status"`
	Body   []byte `json:"body"`
}

func (*payPage) kind() string    { return "page" }
func (*intent) kind() string     { return "intent" }
func (*charge) kind() string     { return "charge" }
func (*savedCard) kind() string  { return "card" }
func (*cardRefund) kind() string { return "refund" }
func (*dispute) kind() string    { return "dispute" }
func (*payout) kind() string     { return "payout" }
func (*movement) kind() string   { return "movement" }
func (*sentEvent) kind() string  { return "event" }
func (*answered) kind() string   { return "answer" }

func (t *payPage) name() string    { return t.ID }
func (t *intent) name() string     { return t.ID }
func (t *charge) name() string     { return t.ID }
func (t *savedCard) name() string  { return t.ID }
func (t *cardRefund) name() string { return t.ID }
func (t *dispute) name() string    { return t.ID }
func (t *payout) name() string     { return t.ID }
func (t *movement) name() string   { return t.ID }
func (t *sentEvent) name() string  { return t.ID }
func (t *answered) name() string   { return t.Key }

// recall puts a line of the journal back into the books.
func (p *Processor) recall(l journalLine) error {
	switch l.Kind {
	case "page":
		return back(&p.pages, l.Value, &payPage{})
	case "intent":
		return back(&p.intents, l.Value, &intent{})
	case "charge":
		return back(&p.charges, l.Value, &charge{})
	case "card":
		return back(&p.methods, l.Value, &savedCard{})
	case "refund":
		return back(&p.refunds, l.Value, &cardRefund{})
	case "dispute":
		return back(&p.disputes, l.Value, &dispute{})
	case "payout":
		return back(&p.payouts, l.Value, &payout{})
	case "movement":
		return back(&p.moves, l.Value, &movement{})
	case "event":
		return back(&p.events, l.Value, &sentEvent{})
	case "answer":
		a := &answered{}
		err := json.Unmarshal(l.Value, a)
		p.answers[a.Key] = a
		return err
	}
	return fmt.Errorf("no kind %q", l.Kind)
}

func back[T thing](b *book[T], value json.RawMessage, t T) error {
	if err := json.Unmarshal(value, t); err != nil {
		return err
	}
	b.put(t)
	return nil
}
