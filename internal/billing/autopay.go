package billing

import (
	"cmp"
	"slices"
	"time"

	"marque/internal/contract"
	"marque/internal/money"
)

// Rhythm is when autopay drafts.
type Rhythm string

// The rhythms.
const (
	EachDueDate   Rhythm = "due_date"
	Monthly       Rhythm = "monthly"         // on Day
	TwiceMonthly  Rhythm = "twice_monthly"   // on Day and Second
	Weekly        Rhythm = "weekly"          // on Weekday
	EveryTwoWeeks Rhythm = "every_two_weeks" // from Anchor on
)

// LastDay as a day of the month is its last day. So are 29, 30 and 31 in a month
// that is shorter: the day comes back in the next one.
const LastDay = 31

// Tell says which drafts the borrower wants to be told of beforehand (12 CFR
// 1005.10(d)).
type Tell string

// The choices.
const (
	TellDiffers Tell = "differs" // from the draft before or from the amount agreed to: the rule when nothing is chosen
	TellOutside Tell = "outside" // the range from Least to Most
	TellEvery   Tell = "every"
)

// AutopayPlan is what one authorisation agrees to. It drafts either what the
// instalments ask for and Extra, or, in a rhythm of the borrower's own, Fixed.
type AutopayPlan struct {
	Rhythm  Rhythm       `json:"rhythm"`
	Day     int          `json:"day,omitzero"`    // of the month, 1 to LastDay
	Second  int          `json:"second,omitzero"` // the other one, twice a month
	Weekday time.Weekday `json:"weekday,omitzero"`
	Anchor  money.Date   `json:"anchor,omitzero"` // the first draft, every two weeks

	Extra money.Cents `json:"extra,omitzero"` // beyond the instalment, to principal
	Fixed money.Cents `json:"fixed,omitzero"`

	LastDate money.Date `json:"last_date,omitzero"` // no draft after it; zero: until paid off
	Count    int        `json:"count,omitzero"`     // of drafts in all; 0: until paid off

	PausedFrom  money.Date `json:"paused_from,omitzero"`
	PausedUntil money.Date `json:"paused_until,omitzero"` // the first day that drafts again; zero: until resumed
	Skip        money.Date `json:"skip,omitzero"`         // the one draft left out

	Tell  Tell        `json:"tell"`
	Least money.Cents `json:"least,omitzero"`
	Most  money.Cents `json:"most,omitzero"`
}

// Check refuses a plan that cannot be kept for a contract as it stands.
func (p AutopayPlan) Check(t *contract.Terms, s *contract.State, today money.Date) error {
	if err := p.checkRhythm(today); err != nil {
		return err
	}
	perYear := cmp.Or(t.PerYear, 12)
	switch own := p.Rhythm != EachDueDate && p.Rhythm != Monthly; {
	case p.Fixed < 0 || (own && p.Fixed < MinPayment) || (p.Fixed > 0 && p.Fixed < MinPayment):
		return refuse("amount_low", "fixed", "The smallest payment is %s.", MinPayment.USD())
	case p.Fixed > money.MaxAmount || p.Extra > money.MaxAmount:
		return refuse("amount_high", "fixed", "That is more than autopay can take.")
	case p.Fixed > 0 && p.Rhythm == EachDueDate:
		return refuse("fixed", "fixed", "On your due date autopay takes the payment that is due. Choose a day of your own for a fixed amount.")
	case p.Fixed == 0 && p.Rhythm == Monthly && perYear > 12:
		return refuse("rhythm", "rhythm", "Your payments come due more than once a month. Choose your due dates, or a fixed amount.")
	case p.Extra < 0 || (p.Extra > 0 && p.Fixed > 0):
		return refuse("extra", "extra", "Enter the extra amount as dollars and cents, like 25.00.")
	case p.Extra > 0 && t.Kind == contract.Lease:
		return refuse("extra", "extra", "A lease has no principal to pay down, so autopay takes the lease payment alone.")
	case p.Count < 0 || p.Count > 1200:
		return refuse("count", "count", "Enter how many payments autopay should make, from 1 to 1200.")
	case !p.LastDate.IsZero() && p.LastDate < today:
		return refuse("last_date", "last_date", "Choose a last day that is still to come.")
	}
	return p.checkTell(s)
}

func (p AutopayPlan) checkRhythm(today money.Date) error {
	day := func(n int) bool { return n >= 1 && n <= LastDay }
	switch p.Rhythm {
	case EachDueDate:
	case Monthly:
		if !day(p.Day) {
			return refuse("day", "day", "Choose a day of the month.")
		}
	case TwiceMonthly:
		if !day(p.Day) || !day(p.Second) {
			return refuse("day", "day", "Choose two days of the month.")
		}
		if min(p.Day, 28) == min(p.Second, 28) {
			return refuse("day", "second", "Choose two days that are different in every month: in February those two are the same.")
		}
	case Weekly:
		if p.Weekday < time.Sunday || p.Weekday > time.Saturday {
			return refuse("weekday", "weekday", "Choose a day of the week.")
		}
	case EveryTwoWeeks:
		if p.Anchor.IsZero() || p.Anchor > today+DaysAhead {
			return refuse("anchor", "anchor", "Choose the day of the first payment, no later than %s.", (today + DaysAhead).Long())
		}
	default:
		return refuse("rhythm", "rhythm", "Choose when autopay should pay.")
	}
	return nil
}

// checkTell holds a range to what the borrower can expect to be taken (comment
// 10(d)(2)-1): it holds the amount agreed to, and ends at twice that.
func (p AutopayPlan) checkTell(s *contract.State) error {
	switch p.Tell {
	case TellDiffers, TellEvery:
		return nil
	case TellOutside:
		agreed := p.Agreed(s)
		if p.Least < 0 || p.Least > agreed || p.Most < agreed || p.Most > 2*agreed {
			return refuse("range", "most", "Choose a range that holds %s and ends at %s or less.", agreed.USD(), (2 * agreed).USD())
		}
		return nil
	}
	return refuse("tell", "tell", "Choose when we should tell you before a payment.")
}

// Agreed is what each draft takes as a rule: the amount that the authorisation
// names.
func (p AutopayPlan) Agreed(s *contract.State) money.Cents {
	if p.Fixed > 0 {
		return p.Fixed
	}
	return s.PaymentOf(max(1, min(s.Paid()+1, s.Payments))) + p.Extra
}

// Next is the first draft date after a day, when so many drafts have been made;
// zero when none will come. It is never one that is skipped or paused. Dates are
// civil: a draft on a day on which banks are closed keeps its date, and the bank
// sees it on the next banking day.
//
// Whether there is anything to draft on it, DraftAmount says.
func (p AutopayPlan) Next(t *contract.Terms, s *contract.State, made int, after money.Date) money.Date {
	if p.Count > 0 && made >= p.Count {
		return 0
	}
	last := p.LastDate
	if p.Fixed == 0 {
		last = earlier(last, s.Maturity(t))
	}
	for {
		on := p.following(t, s, after)
		switch {
		case on.IsZero(), !last.IsZero() && on > last:
			return 0
		case p.paused(on):
			if p.PausedUntil.IsZero() {
				return 0
			}
			after = max(on, p.PausedUntil-1)
		case on == p.Skip:
			after = on
		default:
			return on
		}
	}
}

// Over says that the plan has made its last draft: its count is reached, or its
// last date has passed.
func (p AutopayPlan) Over(made int, on money.Date) bool {
	return (p.Count > 0 && made >= p.Count) || (!p.LastDate.IsZero() && on > p.LastDate)
}

func earlier(a, b money.Date) money.Date {
	if a.IsZero() {
		return b
	}
	return min(a, b)
}

func (p AutopayPlan) paused(on money.Date) bool {
	return !p.PausedFrom.IsZero() && on >= p.PausedFrom && (p.PausedUntil.IsZero() || on < p.PausedUntil)
}

// following is the rhythm's first date after a day, whatever is skipped.
func (p AutopayPlan) following(t *contract.Terms, s *contract.State, after money.Date) money.Date {
	monthly := func(day int) money.Date {
		if on := after.AddMonths(0, day); on > after {
			return on
		}
		return after.AddMonths(1, day)
	}
	switch p.Rhythm {
	case EachDueDate:
		n := s.DueThrough(t, after) + 1
		if n > s.Payments {
			return 0
		}
		return s.DueDate(t, n)
	case Monthly:
		return monthly(p.Day)
	case TwiceMonthly:
		return min(monthly(p.Day), monthly(p.Second))
	case Weekly:
		return after + 1 + money.Date((p.Weekday-(after+1).Weekday()+7)%7)
	case EveryTwoWeeks:
		if after < p.Anchor {
			return p.Anchor
		}
		return after + 14 - (after-p.Anchor)%14
	}
	return 0
}

// Resume is the plan without its pause.
func (p AutopayPlan) Resume() AutopayPlan {
	p.PausedFrom, p.PausedUntil = 0, 0
	return p
}

// Moved is the plan after a due date has moved: a draft to be left out stays left
// out on its new date.
func (p AutopayPlan) Moved(was, now money.Date) AutopayPlan {
	if p.Rhythm == EachDueDate && p.Skip == was {
		p.Skip = now
	}
	return p
}

// Deferred is the plan after a deferral on a day that leaves due as the next due
// date. Drafts of instalments follow their due dates. A rhythm of the borrower's
// own would go on through the months that were meant to be free: it rests until
// the month before the due date.
func (p AutopayPlan) Deferred(on, due money.Date) AutopayPlan {
	until := due.AddMonths(-1, due.Day()) + 1
	if p.Fixed == 0 || until <= on+1 || p.paused(on+1) && p.PausedUntil.IsZero() {
		return p
	}
	if p.paused(on + 1) {
		until = max(until, p.PausedUntil)
	}
	p.PausedFrom, p.PausedUntil = on+1, until
	return p
}

// Year is what a year of drafts brings and what a year of instalments asks for.
// Where the drafts bring less, the borrower falls behind.
func (p AutopayPlan) Year(t *contract.Terms, s *contract.State) (drafts, instalments money.Cents) {
	n := max(1, min(s.Paid()+1, s.Payments))
	instalments = s.PaymentOf(n) * money.Cents(cmp.Or(t.PerYear, 12)-len(t.SkipMonths))
	if p.Fixed == 0 {
		return instalments + p.Extra*money.Cents(cmp.Or(t.PerYear, 12)-len(t.SkipMonths)), instalments
	}
	times := map[Rhythm]money.Cents{Monthly: 12, TwiceMonthly: 24, Weekly: 52, EveryTwoWeeks: 26}
	return p.Fixed * times[p.Rhythm], instalments
}

// Coming are payments that were agreed to and do not stand on the account yet:
// scheduled ones, and those whose answer is awaited.
type Coming []Ask

// sorted gives them in order of date.
func (c Coming) sorted() Coming {
	out := slices.Clone(c)
	slices.SortStableFunc(out, func(a, b Ask) int { return cmp.Compare(a.Date, b.Date) })
	return out
}
