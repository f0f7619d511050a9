package contract

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"marque/internal/money"
)

// On is the late fee on the unpaid part of an instalment, rounded down to the
// cent: the percentage, at least Flat, at most Cap. "The lesser of 5 % and $25"
// is Percent 5 % with Cap $25; "the greater of 5 % and $15" is Percent 5 % with
// Flat $15. On nothing it is nothing.
func (f LateFee) On(unpaid money.Cents) money.Cents {
	if unpaid <= 0 {
		return 0
	}
	fee := f.Flat
	if f.Percent > 0 {
		hi, lo := bits.Mul64(uint64(min(unpaid, money.MaxAmount)), uint64(f.Percent))
		q, _ := bits.Div64(hi, lo, uint64(money.RateScale))
		fee = max(fee, money.Cents(q))
	}
	if f.Cap > 0 {
		fee = min(fee, f.Cap)
	}
	return fee
}

// FeeLaw is what one state says, from one day on, of late fees and
// returned-payment fees on retail instalment contracts for cars. The zero value
// is no state's law: the contract's own terms bind, and the rules that hold
// everywhere.
type FeeLaw struct {
	State  string     // postal code
	From   money.Date // first day in force; zero: not known, taken to reach back
	Source string     // the section, as cited
	// Confirmed: the section's text was read. A row that is not applies only
	// when the lender has confirmed it.
	Confirmed bool

	late []ceiling // most that a late fee may be; a contract keeps within one of them

	FreeDays    int  // days after the due date during which no late fee may be charged
	AgreedGrace bool // a late fee needs days of grace in the contract

	Once         bool // one late fee for an instalment, however long it stays unpaid
	NotOnAccel   bool // none on a sum due only by acceleration
	NotOnDefer   bool // none while a deferral for which a charge was taken runs
	CurrentFirst bool // money counts for the current instalment before older ones, for late fees only

	PostWithin   int // days after the due date within which the late fee must be posted
	NoticeWithin int // days after posting within which its notice must be mailed

	ReturnedMax    money.Cents // most that a returned payment's fee may be; 0: no limit known
	ReturnedSource string
}

// ceiling is the most that a late fee may be, as a fee itself. An instalment of
// at most smallUpTo bears smallMost instead.
type ceiling struct {
	fee                  LateFee
	whole                bool // the percentage is of the whole instalment, not of its unpaid part
	smallUpTo, smallMost money.Cents
}

const fivePercent = 5 * money.RateScale / 100

// feeLaws has one row for each state and first day in force, in that order: a
// later row supersedes the earlier. What a row does not know it leaves open to
// the contract; where a text can be read two ways the row holds the reading
// that costs the borrower less.
var feeLaws = []FeeLaw{
	{State: "CA", Source: "Cal. Civ. Code 2982(k)", late: []ceiling{{fee: LateFee{Percent: fivePercent}}}, FreeDays: 10, Once: true},
	{State: "FL", Source: "Fla. Stat. 520.07(3)", late: []ceiling{{fee: LateFee{Percent: fivePercent}}}, FreeDays: 10, Once: true},
	{State: "IL", Source: "815 ILCS 375/11", late: []ceiling{{fee: LateFee{Percent: fivePercent}, smallUpTo: 200_00, smallMost: 10_00}}, FreeDays: 10, Once: true},
	{State: "KS", Source: "K.S.A. 16a-2-502", Confirmed: true, late: kansas, FreeDays: 10, Once: true, CurrentFirst: true},
	{
		State: "KS", From: money.NewDate(2025, 1, 1), Source: "K.S.A. 16a-2-502, L. 2024 ch. 6", Confirmed: true,
		late: kansas, FreeDays: 10, Once: true,
		ReturnedMax: 30_00, ReturnedSource: "K.S.A. 16a-2-501(1)(e), L. 2024 ch. 6",
	},
	{
		State: "MI", From: money.NewDate(1996, 3, 28), Source: "MCL 492.120, 445.1856", Confirmed: true,
		late: []ceiling{{fee: LateFee{Percent: fivePercent, Flat: 15_00}}}, AgreedGrace: true, Once: true, NotOnAccel: true,
		ReturnedMax: 25_00, ReturnedSource: "MCL 445.1856(2)",
	},
	{
		State: "NJ", Source: "N.J.S.A. 17:16C-42", Confirmed: true,
		late: []ceiling{{fee: LateFee{Flat: 10_00}}}, FreeDays: 10, Once: true, PostWithin: 35, NoticeWithin: 5,
		ReturnedMax: 20_00, ReturnedSource: "N.J.S.A. 17:16C-42(e)",
	},
	{State: "NY", Source: "N.Y. Pers. Prop. Law 302(7)", late: []ceiling{{fee: LateFee{Percent: fivePercent}}}, FreeDays: 10, Once: true},
	{
		// The $5 is raised from time to time by the state's administrator: the
		// figure here is the statute's own, which is never too much.
		State: "OK", Source: "14A O.S. 2-203", Confirmed: true,
		late: []ceiling{{fee: LateFee{Percent: fivePercent, Flat: 5_00}}}, FreeDays: 10, Once: true, NotOnDefer: true, CurrentFirst: true,
	},
	{
		// Cars; a heavy commercial vehicle has 4 %.
		State: "PA", Source: "12 Pa.C.S. 6245", Confirmed: true,
		late: []ceiling{{fee: LateFee{Percent: 2 * money.RateScale / 100}}}, FreeDays: 10, Once: true, NotOnAccel: true,
	},
	{
		State: "TX", From: money.NewDate(2011, 9, 1), Source: "Tex. Fin. Code 348.107", Confirmed: true,
		late: []ceiling{{fee: LateFee{Percent: fivePercent}, whole: true}}, FreeDays: 15, Once: true,
	},
}

// kansas lets the contract choose: 5 % of the unpaid part up to $25, or $10
// flat, $5 where the instalment is $25 or less.
var kansas = []ceiling{
	{fee: LateFee{Percent: fivePercent, Cap: 25_00}},
	{fee: LateFee{Flat: 10_00}, smallUpTo: 25_00, smallMost: 5_00},
}

const states = " AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY AS GU MP PR VI "

func checkState(state string) error {
	if len(state) != 2 || !strings.Contains(states, " "+state+" ") {
		return &TermsError{"fee_state", fmt.Sprintf("%q is no state's postal code", state)}
	}
	return nil
}

// ErrUnconfirmed says that the law asked for is known only second-hand and the
// lender has not confirmed it.
var ErrUnconfirmed = errors.New("unconfirmed fee law")

// LawOf is the fee law of a state for a contract made on a day. Confirmed are
// the states whose rows the lender has confirmed; a row that was not read and
// is not among them is ErrUnconfirmed. Something that is no state is a
// *TermsError on "state".
//
// False means that no law is known here: for a state or day without a row, and
// for every lease, to which the rows do not apply. Then only the contract's own
// terms bind, with the rules that hold everywhere; it is not a finding that the
// state has no law.
func LawOf(kind Kind, state string, on money.Date, confirmed []string) (FeeLaw, bool, error) {
	if err := checkState(state); err != nil {
		return FeeLaw{}, false, err
	}
	var found *FeeLaw
	for i := range feeLaws {
		if l := &feeLaws[i]; kind == Loan && l.State == state && l.From <= on {
			found = l
		}
	}
	switch {
	case found == nil:
		return FeeLaw{}, false, nil
	case !found.Confirmed && !slices.Contains(confirmed, state):
		return FeeLaw{}, false, fmt.Errorf("%w: %w", ErrUnconfirmed,
			&TermsError{"fee_state", state + " (" + found.Source + ") was not read in its source: the lender must confirm it"})
	}
	return *found, true, nil
}

// FeeLaw is the law of FeeState for the contract; the zero value, with the rules
// that hold everywhere, where FeeState is empty or no law is known here.
func (t *Terms) FeeLaw() (FeeLaw, error) {
	if t.FeeState == "" {
		return FeeLaw{}, nil
	}
	var confirmed []string
	if t.FeeStateConfirmed {
		confirmed = []string{t.FeeState}
	}
	l, _, err := LawOf(t.Kind, t.FeeState, t.Start, confirmed)
	return l, err
}

// ConvenienceFee refuses a fee for the way a payment is made, unless the lender
// has turned such fees on for the state. Off is the default: the CFPB's opinion
// of 2022 forbids collectors what neither contract nor law allows, and how far
// it holds today is not settled.
func ConvenienceFee(state string, turnedOn []string) error {
	if err := checkState(state); err != nil {
		return err
	}
	if !slices.Contains(turnedOn, state) {
		return &FeeRefused{"convenience_fee_off", "a fee for the way of paying is not turned on for " + state + " (CFPB advisory opinion on pay-to-pay fees, 2022)"}
	}
	return nil
}

// MaxLateFee is the most that the law allows for an instalment of which some is
// unpaid, rounded down to the cent; money.MaxAmount where it sets no limit. The
// contract's own fee binds as well: charge the smaller.
func (l FeeLaw) MaxLateFee(instalment, unpaid money.Cents) money.Cents {
	if len(l.late) == 0 {
		return money.MaxAmount
	}
	var most money.Cents
	for _, c := range l.late {
		most = max(most, c.most(instalment, unpaid))
	}
	return most
}

func (c ceiling) most(instalment, unpaid money.Cents) money.Cents {
	switch {
	case unpaid <= 0:
		return 0
	case instalment <= c.smallUpTo:
		return c.smallMost
	case c.whole:
		return c.fee.On(instalment)
	}
	return c.fee.On(min(unpaid, instalment))
}

// allows says whether a contract's fee keeps within the ceiling whatever part
// of an instalment is unpaid. Both rise with the unpaid part, and the fee's
// share of it never does, so the whole instalment and the point where the law
// turns from flat to percentage decide. Less than a cent may pass; Refuse stops
// it when it is charged.
func (c ceiling) allows(fee LateFee, instalment money.Cents) bool {
	law := c.fee
	switch {
	case fee.On(instalment) > c.most(instalment, instalment):
		return false
	case instalment <= c.smallUpTo || c.whole || law.Percent == 0:
		return true
	case law.Flat == 0:
		return fee.Flat == 0 && fee.Percent <= law.Percent
	}
	turn := money.Cents((int64(law.Flat)*int64(money.RateScale/100) + int64(law.Percent/100) - 1) / int64(law.Percent/100))
	return turn >= instalment || fee.On(turn) <= law.On(turn)
}

// Check refuses a contract's fees that the law does not allow, as a *TermsError
// on late_fee, grace_days or returned_fee. A flat fee or minimum is refused
// where the law knows only a percentage of the unpaid part: of a small unpaid
// part it is more.
func (l FeeLaw) Check(fee LateFee, payment money.Cents, graceDays int, returnedFee money.Cents) error {
	if l.ReturnedMax > 0 && returnedFee > l.ReturnedMax {
		return &TermsError{"returned_fee", fmt.Sprintf("%s allows at most %s (%s)", l.State, l.ReturnedMax.USD(), l.ReturnedSource)}
	}
	if fee.On(payment) == 0 {
		return nil
	}
	if graceDays < l.FreeDays {
		return &TermsError{"grace_days", fmt.Sprintf("%s allows no late fee during the %d days after the due date (%s)", l.State, l.FreeDays, l.Source)}
	}
	if l.AgreedGrace && graceDays == 0 {
		return &TermsError{"grace_days", fmt.Sprintf("%s allows a late fee only after agreed days of grace (%s)", l.State, l.Source)}
	}
	within := func(c ceiling) bool { return c.allows(fee, payment) }
	if len(l.late) > 0 && !slices.ContainsFunc(l.late, within) {
		return &TermsError{"late_fee", l.State + " allows at most " + l.Limit() + " (" + l.Source + ")"}
	}
	return nil
}

// Limit is the most that a late fee may be, in words; empty where the law sets
// no limit.
func (l FeeLaw) Limit() string {
	words := make([]string, len(l.late))
	for i, c := range l.late {
		words[i] = c.words()
	}
	return strings.Join(words, ", or ")
}

func (c ceiling) words() string {
	of := " of the payment in arrears"
	if c.whole {
		of = " of the instalment"
	}
	s := c.fee.Flat.USD()
	switch f := c.fee; {
	case f.Percent > 0 && f.Flat > 0:
		s = "the greater of " + f.Percent.Percent() + of + " and " + f.Flat.USD()
	case f.Percent > 0 && f.Cap > 0:
		s = "the lesser of " + f.Percent.Percent() + of + " and " + f.Cap.USD()
	case f.Percent > 0:
		s = f.Percent.Percent() + of
	}
	if c.smallUpTo > 0 {
		s += ", " + c.smallMost.USD() + " where the instalment is " + c.smallUpTo.USD() + " or less"
	}
	return s
}

// NoticeBy is the last day to mail the notice of a late fee posted on a day;
// zero where the law asks for none.
func (l FeeLaw) NoticeBy(posted money.Date) money.Date {
	if l.NoticeWithin == 0 {
		return 0
	}
	return posted + money.Date(l.NoticeWithin)
}

// Charge is one fee about to be charged. For a returned payment only Kind and
// Amount count.
type Charge struct {
	Kind   EventKind // LateCharge or ReturnedFee
	Amount money.Cents

	Instalment money.Cents // the instalment that is late, whole
	Unpaid     money.Cents // the part of it not paid
	DaysLate   int         // after its due date
	// FeesTook is what earlier fees took from payments that would have paid the
	// instalment: State.FeesAhead.
	FeesTook money.Cents
	// Received is what came in during the instalment's own time: FeeLaw.Received.
	Received money.Cents

	Charged     bool // the instalment has had its late fee
	Accelerated bool // it is due only because the whole debt was called, or the car has been taken back
	Deferred    bool // it was deferred for a charge, and the deferral runs or ended no more than FreeDays ago
}

// FeeRefused is a fee that may not be charged. Code is for programs.
type FeeRefused struct{ Code, Message string }

func (r *FeeRefused) Error() string { return r.Code + ": " + r.Message }

// Refuse says by name, as a *FeeRefused, why a fee may not be charged; nil when
// the law has nothing against it. Three refusals hold in every state and with
// no known law: no late fee because of an earlier fee (16 CFR 444.4), none on an
// accelerated debt or after repossession (CFPB supervisory findings, 2023), and
// one for an instalment, which is what a contract's LateFee means.
func (l FeeLaw) Refuse(c Charge) error {
	if c.Kind == ReturnedFee {
		if l.ReturnedMax > 0 && c.Amount > l.ReturnedMax {
			return &FeeRefused{"returned_fee_limit", fmt.Sprintf("%s allows at most %s for a returned payment (%s)", l.State, l.ReturnedMax.USD(), l.ReturnedSource)}
		}
		return nil
	}
	if c.Kind != LateCharge {
		return nil
	}
	refuse := func(code, source, format string, args ...any) error {
		return &FeeRefused{code, fmt.Sprintf(format, args...) + " (" + source + ")"}
	}
	switch most := l.MaxLateFee(c.Instalment, c.Unpaid); {
	case c.Accelerated:
		return refuse("late_fee_accelerated", l.cite(l.NotOnAccel, "CFPB supervisory findings, 2023"), "no late fee on a sum due by acceleration")
	case c.Charged:
		return refuse("late_fee_twice", l.cite(l.Once, "the contract's late fee"), "the instalment has had its late fee")
	case c.Unpaid <= 0:
		return refuse("late_fee_paid", "the contract's late fee", "the instalment is paid")
	case c.Unpaid <= c.FeesTook:
		return refuse("late_fee_pyramid", "16 CFR 444.4", "the instalment lacks only what earlier fees took")
	case l.CurrentFirst && c.Received >= c.Instalment:
		return refuse("late_fee_current_paid", l.Source, "the instalment's own payment came in time, whatever is unpaid before it")
	case l.NotOnDefer && c.Deferred:
		return refuse("late_fee_deferred", l.Source, "the instalment was deferred for a charge")
	case c.DaysLate <= 0:
		return refuse("late_fee_early", "the contract's late fee", "the due date has not passed")
	case c.DaysLate <= l.FreeDays:
		return refuse("late_fee_early", l.Source, "%s allows no late fee during the %d days after the due date", l.State, l.FreeDays)
	case l.PostWithin > 0 && c.DaysLate > l.PostWithin:
		return refuse("late_fee_stale", l.Source, "%s allows no late fee to be posted more than %d days after the due date", l.State, l.PostWithin)
	case c.Amount > most:
		return refuse("late_fee_limit", l.Source, "%s allows at most %s, here %s", l.State, l.Limit(), most.USD())
	}
	return nil
}

// cite names the state's section where it has the rule itself.
func (l FeeLaw) cite(has bool, otherwise string) string {
	if has {
		return l.Source
	}
	return otherwise
}

// Received is what was paid, and stands, in an instalment's own time: from the
// end of the free days of the due date before it, zero for the first, to the end
// of its own. Under CurrentFirst such a payment counts for this instalment first
// (14A O.S. 2-203; K.S.A. 16a-2-502 before 2025). Money for principal only does
// not count.
func (l FeeLaw) Received(events []Event, previous, due money.Date) money.Cents {
	free := money.Date(l.FreeDays)
	back := make(map[int]bool)
	for _, e := range events {
		if e.Kind == Reversal {
			back[e.Reverses] = true
		}
	}
	var sum money.Cents
	for _, e := range events {
		if e.Kind == Payment && !e.PrincipalOnly && !back[e.Seq] && e.Date > previous+free && e.Date <= due+free {
			sum += e.Amount
		}
	}
	return sum
}
