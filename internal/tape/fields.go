package tape

import (
	"errors"
	"slices"
	"strconv"

	"marque/internal/money"
)

// Loan is one auto loan for one reporting period (17 CFR 229.1125 Item 3): what
// boarding and reconciliation need. Every element of the schema is checked,
// also those that are not kept. Amounts in dollars and cents, rates fractions.
type Loan struct {
	Position
	AssetType   string
	PeriodBegin money.Date
	PeriodEnd   money.Date
	Originator  string
	Servicer    string

	Originated     Month
	OriginalAmount Opt[money.Cents]
	OriginalTerm   Opt[int]
	Maturity       Month
	OriginalRate   Opt[money.Rate]
	FirstPayment   Month
	GracePeriods   Opt[int]
	PaymentType    int // 1 biweekly, 2 monthly, 3 quarterly, 4 balloon, 98 other; 0 not said
	Vehicle        Vehicle
	State          string

	RemainingTerm      Opt[int]
	BeginBalance       Opt[money.Cents]
	EndBalance         Opt[money.Cents]
	NextDue            Opt[money.Cents]
	Rate               Opt[money.Rate] // in effect in the period
	NextRate           Opt[money.Rate]
	FeesOutstanding    Opt[money.Cents]
	ScheduledInterest  Opt[money.Cents] // rounded: the lender's estimate, not money that moved
	ScheduledPrincipal Opt[money.Cents] // rounded likewise
	Adjustment         Opt[money.Cents] // other principal change, as the file signs it
	ScheduledPayment   Opt[money.Cents]
	TotalPaid          Opt[money.Cents]
	InterestPaid       Opt[money.Cents]
	PrincipalPaid      Opt[money.Cents]
	OtherPaid          Opt[money.Cents]
	ChargedOff         Opt[money.Cents]
	PaidThrough        money.Date // interest is paid to here
	PaidMonth          Month      // the same where the file gives no day
	ZeroBalance        Month
	ZeroCodes          []int
	DaysPastDue        Opt[int]
	Modified           bool
	MonthsExtended     int
}

// Lease is one auto lease for one reporting period (Item 4).
type Lease struct {
	Position
	AssetType   string
	PeriodBegin money.Date
	PeriodEnd   money.Date
	Originator  string
	Servicer    string

	Originated      Month
	CapitalizedCost Opt[money.Cents]
	OriginalTerm    Opt[int]
	Termination     Month // scheduled
	FirstPayment    Month
	PaymentType     int // as for loans, but 4 is prepaid
	Vehicle         Vehicle
	BaseResidual    Opt[money.Cents] // rounded
	Residual        Opt[money.Cents]
	State           string

	RemainingTerm    Opt[int]
	NextDue          Opt[money.Cents]
	FeesOutstanding  Opt[money.Cents]
	EndBalance       Opt[money.Cents]
	ScheduledPayment Opt[money.Cents]
	TotalPaid        Opt[money.Cents]
	OtherPaid        Opt[money.Cents]
	PaidThrough      money.Date
	ZeroBalance      Month
	ZeroCodes        []int
	Ended            []int // how the lease ended, when it did
	DaysPastDue      Opt[int]
}

// field is one element of the schema and how its text becomes a value.
type field[R any] struct {
	name    string
	repeats bool
	unused  bool // checked and let go
	set     func(*R, string, dialect) error
}

// Where a setter is nil the value is checked and let go.

func text[R any](name string, limit int, at func(*R) *string) field[R] {
	return field[R]{name: name, unused: at == nil, set: func(r *R, s string, _ dialect) error {
		if tooLong(s, limit) {
			return errors.New("is longer than " + strconv.Itoa(limit) + " characters")
		}
		if at != nil {
			*at(r) = s
		}
		return nil
	}}
}

func parsed[R, T any](name string, read func(dialect, string) (T, error), at func(*R) *T) field[R] {
	return field[R]{name: name, unused: at == nil, set: func(r *R, s string, d dialect) error {
		v, err := read(d, s)
		if err == nil && at != nil {
			*at(r) = v
		}
		return err
	}}
}

func optional[R, T any](name string, read func(dialect, string) (T, error), at func(*R) *Opt[T]) field[R] {
	return field[R]{name: name, unused: at == nil, set: func(r *R, s string, d dialect) error {
		v, err := read(d, s)
		if err == nil && at != nil {
			*at(r) = Opt[T]{v, true}
		}
		return err
	}}
}

// atLeastZero refuses a negative value.
func atLeastZero[T money.Cents | int](read func(dialect, string) (T, error)) func(dialect, string) (T, error) {
	return func(d dialect, s string) (T, error) {
		v, err := read(d, s)
		if err == nil && v < 0 {
			return 0, errNegative
		}
		return v, err
	}
}

var (
	exactCents   = atLeastZero(dialect.cents)
	signedCents  = dialect.cents
	nearestCents = dialect.nearest
	count        = atLeastZero(dialect.integer)
)

func date[R any](name string, at func(*R) *money.Date) field[R] {
	return parsed(name, dialect.date, at)
}

// dayOrMonth reads a date; some files give only its month, which strict ones
// may where always says so.
func dayOrMonth[R any](name string, always bool, keep func(*R, money.Date, Month)) field[R] {
	return field[R]{name: name, set: func(r *R, s string, d dialect) error {
		v, err := d.date(s)
		if err != nil && len(s) <= len("07-2026") && (d.flat || always) {
			if m, wrong := (dialect{flat: true}).month(s); wrong == nil {
				keep(r, 0, m)
				return nil
			}
		}
		if err == nil {
			keep(r, v, 0)
		}
		return err
	}}
}

func month[R any](name string, at func(*R) *Month) field[R] { return parsed(name, dialect.month, at) }

func flag[R any](name string) field[R] { return parsed[R, bool](name, dialect.flag, nil) }

func amount[R any](name string, read func(dialect, string) (money.Cents, error), at func(*R) *Opt[money.Cents]) field[R] {
	return optional(name, read, at)
}

// code takes one of the schema's codes; a repeating one collects them.
func code[R any](name string, allowed []int, keep func(*R, int)) field[R] {
	return field[R]{name: name, unused: keep == nil, set: func(r *R, s string, d dialect) error {
		n, err := d.integer(s)
		if err != nil || !slices.Contains(allowed, n) {
			return errors.New("is not one of the codes that the schema allows")
		}
		if keep != nil {
			keep(r, n)
		}
		return nil
	}}
}

func codes[R any](name string, allowed []int, keep func(*R, int)) field[R] {
	f := code(name, allowed, keep)
	f.repeats = true
	return f
}

// year takes a model year of four digits; files also carry 0 and blanks for unknown.
func year[R any](name string, at func(*R) *int) field[R] {
	return field[R]{name: name, set: func(r *R, s string, d dialect) error {
		n, err := d.integer(s)
		if err != nil || n < 0 || n > 2149 {
			return errors.New("is not a model year")
		}
		*at(r) = n
		return nil
	}}
}

// maxFields bounds the element tables.
const maxFields = 128

func index[R any](fields []field[R]) map[string]int {
	m := make(map[string]int, len(fields))
	for i, f := range fields {
		if _, twice := m[f.name]; twice || i >= maxFields {
			panic("tape: element table: " + f.name)
		}
		m[f.name] = i
	}
	return m
}

var (
	yesNoOther = []int{0, 1, 2, 98}
	upTo2      = []int{1, 2}
	upTo3      = []int{1, 2, 3}
	upTo5      = []int{1, 2, 3, 4, 5}
	payTypes   = []int{1, 2, 3, 4, 98}
	bodyTypes  = []int{1, 2, 3, 4, 98, 99}
	sources    = []int{1, 2, 3, 98}
	advances   = []int{1, 2, 3, 4, 99}
	demands    = []int{0, 1, 2, 3, 4, 98}
	reasons    = []int{1, 2, 3, 4, 5, 98, 99}
)
