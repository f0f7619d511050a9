package contract

import (
	"fmt"
	"slices"

	"marque/internal/money"
)

// Why explains one amount: what it is, how much, the rule that made it, the
// clause or law behind the rule, and the figures it was made from. A page shows
// it as a sentence, a program reads it as data.
type Why struct {
	What    string      `json:"what"`
	Amount  money.Cents `json:"amount"`
	Rule    Rule        `json:"rule"`
	Clause  string      `json:"clause"`
	Figures []Figure    `json:"figures,omitempty"`
	Spans   []Span      `json:"spans,omitempty"` // of interest
}

// Figure is one number or date that an amount was made from, as it is written.
type Figure struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Rule names how an amount came about.
type Rule string

// The rules of the engine.
const (
	RuleAccrued       Rule = "accrued_interest" // interest to the day, and no more
	RuleBilled        Rule = "billed"           // the instalments billed by then, less what they have had
	RuleFees          Rule = "fees"
	RuleAhead         Rule = "ahead"          // beyond what is billed: pays the next instalments ahead
	RuleReduce        Rule = "reduce"         // beyond what is billed: reduces principal, the due date stays
	RulePrincipalOnly Rule = "principal_only" // as the customer asked
	RuleHeld          Rule = "held"           // nothing more was owed
	RuleProceeds      Rule = "proceeds"
	RuleRecovered     Rule = "recovered"
	RuleTolerance     Rule = "tolerance"
	RuleQuoted        Rule = "quoted"
	RuleCharge        Rule = "charge"
	RuleChange        Rule = "change"
	RuleTaxed         Rule = "taxed"
)

var clauses = map[Rule]string{
	RuleAccrued:       "simple interest on unpaid principal from one effective date to the next; none on interest or fees",
	RuleBilled:        "application of payments: instalments whose due date has passed and the next one",
	RuleFees:          "application of payments: fees after interest and principal due (16 CFR 444.4)",
	RuleAhead:         "application of payments: extra money reduces principal and pays the next instalments ahead",
	RuleReduce:        "application of payments: extra money reduces principal now",
	RulePrincipalOnly: "principal only: allowed when nothing is past due, and never the month's payment",
	RuleHeld:          "money beyond what is owed is held, and given back",
	RuleProceeds:      "proceeds of sale: costs, then the debt (UCC 9-615)",
	RuleRecovered:     "money received after a charge-off",
	RuleTolerance:     "a balance no larger than the contract's tolerance is written off",
	RuleQuoted:        "a payoff that arrives in time for the amount quoted closes the account",
	RuleCharge:        "a fee the contract allows",
	RuleChange:        "a change agreed or required by law",
	RuleTaxed:         "tax on the rental, part of what was applied to it",
}

// changeClauses are what stands behind a change.
var changeClauses = map[EventKind]string{
	Waiver:         "given up by the lender",
	Refund:         "money beyond what is owed is given back",
	RateChange:     "a rate agreed, or set by the contract",
	Service:        "Servicemembers Civil Relief Act, 50 USC 3937: interest above the cap is forgiven from the first day of service",
	ServiceEnd:     "Servicemembers Civil Relief Act, 50 USC 3937: the contract's rate comes back when service ends",
	DueDateChange:  "an agreement on another due day",
	Deferral:       "an agreement to defer: due dates move, interest goes on, no late fee in between",
	ReAge:          "an agreement that what is past due moves on to the next due date",
	Modification:   "an agreement on new terms",
	Acceleration:   "the contract's acceleration clause",
	Repossession:   "the contract's default clause; no late fee after it",
	ChargeOff:      "taken off the books as lost; what is owed stays owed",
	PayoffQuote:    "a payoff that arrives in time for the amount quoted closes the account",
	LeaseExtension: "an agreement to extend; more than six months in all need new disclosures (12 CFR 1013.5)",
	LeaseEnd:       "the lease's early termination or purchase option (12 CFR 1013.4(g), (i))",
}

// recorder collects the steps of one event.
type recorder struct {
	steps []Why
	spans []Span
	carry money.Interest // unpaid before the spans
	due   money.Date     // of the one instalment that is billed; zero when there are more
}

// interest notes what accrues up to a date, unless it is known since when.
func (r *recorder) interest(s *State, t *Terms, to money.Date) (err error) {
	if r.spans != nil {
		return nil
	}
	r.carry = s.Accrued
	r.spans, err = s.Spans(t, to)
	return err
}

// billed notes the due date of the instalment that money goes to, when it is one.
func (r *recorder) billed(s *State, t *Terms, next bool) {
	last := s.DueThrough(t, s.LastEvent-1)
	if next {
		last++
	}
	if first := s.Paid() + 1; first == min(last, s.Payments) {
		r.due = s.DueDate(t, first)
	}
}

func (r *recorder) step(what Bucket, rule Rule, owed, got, left money.Cents) {
	if got == 0 && (rule == RuleAhead || rule == RuleReduce) {
		return // principal beyond what is billed is never asked for
	}
	w := Why{What: string(what), Amount: got, Rule: rule, Clause: clauses[rule], Figures: []Figure{
		{"owed", owed.String()}, {"money_left", left.String()},
	}}
	if rule == RuleBilled && !r.due.IsZero() {
		w.Figures = append(w.Figures, Figure{"due_date", r.due.String()})
	}
	if rule == RuleAccrued {
		w.Spans = r.spans
		if !r.carry.IsZero() {
			w.Figures = append(w.Figures, Figure{"unpaid_before", r.carry.Decimal(6)})
		}
	}
	r.steps = append(r.steps, w)
}

// Explain says why an event did what it did, by the same fold that did it: for
// a payment every step of its application, in order; for a charge or a change
// what it changed. An event that was taken back has nothing to explain. seq
// names the event; one that is not there is an *EventError.
func Explain(t *Terms, events []Event, seq int) ([]Why, error) {
	i := numbered(events, seq)
	if i < 0 {
		return nil, &EventError{Seq: seq, Field: "seq", Reason: "there is no such event"}
	}
	all, err := ExplainAll(t, events)
	if err != nil {
		return nil, err
	}
	return all[i], nil
}

// ExplainAll explains every event, in the order they were given.
func ExplainAll(t *Terms, events []Event) ([][]Why, error) {
	s, out := t.Open(), make([][]Why, len(events))
	var spans []Span         // since interest was last paid
	var carry money.Interest // what was left of it then
	err := s.walk(t, events, func(i int, e *Event) error {
		before, why := s, &recorder{}
		if e.Kind == Payment || e.Kind == Sale {
			last, err := s.Spans(t, e.Date)
			if err != nil {
				return err
			}
			why.spans, why.carry = append(spans, last...), carry
		}
		a, err := s.apply(t, e, why)
		if err != nil {
			return err
		}
		switch e.Kind {
		case Payment, Sale, Waiver:
			spans, carry = nil, s.Accrued
		default:
			last, err := before.Spans(t, s.Through)
			if err != nil {
				return err
			}
			spans = append(spans, last...)
		}
		err = why.ends(t, e, &before, &s, a)
		out[i] = why.steps
		return err
	})
	return out, err
}

// Preview says what an event would do, and why, by the function that will apply
// it. The state is left as it was.
func (s *State) Preview(t *Terms, e Event) (after State, a Allocation, why []Why, err error) {
	if err := s.Refuse(t, &e); err != nil {
		return State{}, Allocation{}, nil, err
	}
	after = *s
	r := &recorder{}
	if a, err = after.apply(t, &e, r); err == nil {
		err = r.ends(t, &e, s, &after, a)
	}
	return after, a, r.steps, err
}

// ends explains what has no step of its own: a charge or a change, and the tax
// in a payment.
func (r *recorder) ends(t *Terms, e *Event, before, after *State, a Allocation) error {
	if e.Kind != Payment && e.Kind != Sale {
		if err := r.changed(t, e, before, after, a); err != nil {
			return err
		}
	}
	if a.Tax != 0 {
		r.steps = append(r.steps, Why{What: "tax", Amount: a.Tax, Rule: RuleTaxed, Clause: clauses[RuleTaxed],
			Figures: []Figure{{"tax_of_each_payment", t.Tax.String()}, {"payment", t.Payment.String()}}})
	}
	return nil
}

// changed explains a charge or a change by the figures before and after it.
func (r *recorder) changed(t *Terms, e *Event, before, after *State, a Allocation) error {
	w := Why{What: string(e.Kind), Amount: e.Amount, Rule: RuleChange, Clause: clauses[RuleChange]}
	if clause := changeClauses[e.Kind]; clause != "" {
		w.Clause = clause
	}
	add := func(name string, value any) { w.Figures = append(w.Figures, Figure{name, fmt.Sprint(value)}) }
	differ := func(name string, was, is fmt.Stringer) {
		if was.String() != is.String() {
			add(name+"_before", was)
			add(name, is)
		}
	}
	switch e.Kind {
	case LateCharge:
		w.Rule, w.Clause = RuleCharge, clauses[RuleCharge]
		if law, err := t.FeeLaw(); err == nil && law.Source != "" {
			w.Clause = law.Source
		}
		n := e.Instalment
		if n > 0 && n <= before.Payments {
			add("instalment", n)
			add("due_date", before.DueDate(t, n))
			add("unpaid", max(0, min(before.PaymentOf(n), before.Asked(n)-before.Credited)))
			add("grace_days", t.GraceDays)
		}
	case ReturnedFee, OtherCharge:
		w.Rule, w.Clause = RuleCharge, clauses[RuleCharge]
	case ChargeOff:
		w.Amount = a.ChargedOff
	}
	if a.Unapplied < 0 && e.Kind != Refund {
		add("paid_from_money_held", -a.Unapplied)
	}
	differ("annual_rate", before.Rate, after.Rate)
	n := before.nextDue(t, e.Date)
	if first := min(before.Paid()+1, before.Payments); first > 0 && after.Payments > 0 && (before.Payments != after.Payments || !slices.Equal(before.Plan, after.Plan)) {
		for k := first; k <= min(before.Payments, after.Payments); k++ {
			if was, is := before.DueDate(t, k), after.DueDate(t, k); was != is {
				add("instalment", k)
				differ("due_date", was, is)
				if err := r.extraDays(t, after, was, is, add); err != nil {
					return err
				}
				break
			}
		}
		last := min(n, after.Payments)
		differ("payment", before.PaymentOf(n), after.PaymentOf(last))
		differ("maturity", before.Maturity(t), after.Maturity(t))
	}
	if before.Payments != after.Payments {
		add("n_payments_before", before.Payments)
		add("n_payments", after.Payments)
	}
	for _, f := range []struct {
		name   string
		amount money.Cents
	}{{"principal", a.Principal}, {"late_fees", a.LateFee}, {"other_fees", a.OtherFee}, {"interest_forgiven", a.InterestForgiven}, {"forgiven", a.Forgiven}, {"charged_off", a.ChargedOff}} {
		if f.amount > 0 {
			add(f.name, f.amount)
		}
	}
	if q := after.Quote; e.Kind == PayoffQuote && q != nil {
		w.Amount = q.Total
		add("good_through", q.GoodThrough)
		add("principal", q.Principal)
		add("fees", q.Fees)
		add("interest", q.Total-q.Principal-q.Fees)
	}
	r.steps = append(r.steps, w)
	return nil
}

// extraDays is the interest of the days by which a due date moves, on the
// principal of that day: shown before the change is agreed to.
func (r *recorder) extraDays(t *Terms, s *State, was, is money.Date, add func(string, any)) error {
	if is < was {
		return nil
	}
	i, err := t.accrualAt(s.Rate).Interest(s.Principal, was, is)
	if err != nil {
		return err
	}
	add("extra_days", t.DayCount.Days(was, is))
	if t.Kind == Loan {
		add("extra_interest", i.Round(t.Rounding))
	}
	return nil
}
