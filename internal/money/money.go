// Package money holds the few exact types everything else is counted in:
// Cents, Rate, Interest, Rounding, Date, DayCount and the banking calendar.
//
// Nothing here is a float and nothing here reads a clock. Amounts are whole
// cents in an int64; rates are fractions of one in units of 10⁻¹²; interest
// between two dates is kept as an exact fraction and rounded once, by name,
// when it is posted. A value that does not fit is an error, never cut short.
package money

import (
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// Cents is an amount of US dollars in whole cents. Negative means owed the
// other way (a credit), as the place that uses it says.
type Cents int64

// MaxAmount is the largest amount the parsers accept: one cent under ten
// billion dollars. It is what a NACHA batch total can hold.
const MaxAmount Cents = 999_999_999_999

// ErrAmount is wrapped by every error of ParseCents and ParseDollars.
var ErrAmount = errors.New("not an amount")

// ParseCents reads a plain decimal such as "421.37", "-5" or "1000.5": the
// form used in files and by programs. No signs but a leading minus, no commas,
// no exponent; more than two decimals are refused unless the rest are zeros.
func ParseCents(s string) (Cents, error) {
	body, negative := strings.CutPrefix(s, "-")
	whole, fraction, dotted := strings.Cut(body, ".")
	if !digits(whole) || (dotted && !digits(fraction)) {
		return 0, fmt.Errorf("%w: %q", ErrAmount, s)
	}
	if len(fraction) > 2 {
		if strings.Trim(fraction[2:], "0") != "" {
			return 0, fmt.Errorf("%w: %q has a fraction of a cent", ErrAmount, s)
		}
		fraction = fraction[:2]
	}
	for len(fraction) < 2 {
		fraction += "0"
	}
	n, err := strconv.ParseInt(whole+fraction, 10, 64)
	if err != nil || Cents(n) > MaxAmount {
		return 0, fmt.Errorf("%w: %q is too large", ErrAmount, s)
	}
	if negative {
		n = -n
	}
	return Cents(n), nil
}

// ParseDollars reads an amount as a person types it: "612.4", "$1,234.56",
// " 300 ". Commas must stand where thousands end; only the digits 0 to 9 are
// read. The error's words may be shown to the person.
func ParseDollars(s string) (Cents, error) {
	t := strings.TrimSpace(s)
	if t == "" {
		return 0, fmt.Errorf("%w: enter an amount, like 250.00", ErrAmount)
	}
	negative := strings.HasPrefix(t, "-")
	t = strings.TrimPrefix(t, "-")
	t = strings.TrimSpace(strings.TrimPrefix(t, "$"))
	whole, rest, dotted := strings.Cut(t, ".")
	if strings.Contains(whole, ",") {
		groups := strings.Split(whole, ",")
		for i, g := range groups {
			if (i == 0 && (len(g) == 0 || len(g) > 3)) || (i > 0 && len(g) != 3) {
				return 0, fmt.Errorf("%w: check the commas, or leave them out", ErrAmount)
			}
		}
		whole = strings.Join(groups, "")
	}
	if dotted && rest == "" && whole != "" {
		rest = "00"
	}
	if whole == "" && rest != "" && dotted {
		whole = "0"
	}
	if !digits(whole) || (dotted && !digits(rest)) {
		return 0, fmt.Errorf("%w: use only the digits 0 to 9, like 250.00", ErrAmount)
	}
	if len(rest) > 2 {
		return 0, fmt.Errorf("%w: use dollars and cents, like 250.00", ErrAmount)
	}
	sign := ""
	if negative {
		sign = "-"
	}
	if dotted {
		whole += "." + rest
	}
	c, err := ParseCents(sign + whole)
	if err != nil {
		return 0, fmt.Errorf("%w: that amount is too large", ErrAmount)
	}
	return c, nil
}

func digits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// String is the plain decimal that ParseCents reads: "-5.00", "1234.56".
func (c Cents) String() string {
	sign, u := "", uint64(c)
	if c < 0 {
		sign, u = "-", -u
	}
	return fmt.Sprintf("%s%d.%02d", sign, u/100, u%100)
}

// USD is the amount as a person reads it: "$1,234.56", "-$5.00".
func (c Cents) USD() string {
	s, sign := c.String(), ""
	if s[0] == '-' {
		s, sign = s[1:], "-"
	}
	whole, cents, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return sign + "$" + whole + "." + cents
}

// MarshalText and UnmarshalText use the plain decimal.
func (c Cents) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (c *Cents) UnmarshalText(b []byte) (err error) {
	*c, err = ParseCents(string(b))
	return err
}

// Split divides an amount into n parts that sum to it exactly and differ by at
// most one cent, the larger parts first. It panics when n is not positive.
func (c Cents) Split(n int) []Cents {
	parts := make([]Cents, n)
	each, left := c/Cents(n), c%Cents(n)
	for i := range parts {
		parts[i] = each
		switch {
		case left > 0:
			parts[i], left = parts[i]+1, left-1
		case left < 0:
			parts[i], left = parts[i]-1, left+1
		}
	}
	return parts
}

// Rate is a yearly rate as a fraction of one, in units of 10⁻¹²: 6.95 % is
// 69,500,000,000. Twelve decimals hold every rate the SEC's schemas allow.
type Rate int64

// RateScale is the Rate that means 100 %.
const RateScale Rate = 1_000_000_000_000

// ErrRate is wrapped by every error of ParseRate.
var ErrRate = errors.New("not a rate")

// ParseRate reads a fraction such as "0.0695" (6.95 %). At most twelve
// decimals and less than 1000 (100,000 %); no sign.
func ParseRate(s string) (Rate, error) {
	whole, fraction, dotted := strings.Cut(s, ".")
	if !digits(whole) || (dotted && !digits(fraction)) || len(whole) > 3 {
		return 0, fmt.Errorf("%w: %q", ErrRate, s)
	}
	if len(fraction) > 12 {
		if strings.Trim(fraction[12:], "0") != "" {
			return 0, fmt.Errorf("%w: %q has more than twelve decimals", ErrRate, s)
		}
		fraction = fraction[:12]
	}
	fraction += strings.Repeat("0", 12-len(fraction))
	n, err := strconv.ParseInt(whole+fraction, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: %q", ErrRate, s)
	}
	return Rate(n), nil
}

// String is the fraction that ParseRate reads, without trailing zeros.
func (r Rate) String() string {
	s := fmt.Sprintf("%d.%012d", r/RateScale, r%RateScale)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// Percent is the rate as a person reads it, with at least two decimals:
// "6.95%", "5.999%".
func (r Rate) Percent() string {
	s := fmt.Sprintf("%d.%010d", r/(RateScale/100), r%(RateScale/100))
	for strings.HasSuffix(s, "0") && s[len(s)-3] != '.' {
		s = s[:len(s)-1]
	}
	return s + "%"
}

// MarshalText and UnmarshalText use the plain fraction.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (r *Rate) UnmarshalText(b []byte) (err error) {
	*r, err = ParseRate(string(b))
	return err
}

// Rounding names how an exact amount becomes whole cents. It is a term of the
// contract: lenders differ, and change over time.
type Rounding string

// The ways to round. Amounts rounded here are never negative.
const (
	HalfUp   Rounding = "half_up"
	HalfEven Rounding = "half_even"
	Truncate Rounding = "truncate"
	Up       Rounding = "up"
)

// ParseRounding reads one of the four names.
func ParseRounding(s string) (Rounding, error) {
	switch r := Rounding(s); r {
	case HalfUp, HalfEven, Truncate, Up:
		return r, nil
	}
	return "", fmt.Errorf("rounding is one of half_up, half_even, truncate, up: %q", s)
}

// quotient divides and rounds a 128-bit numerator by d. The result must fit 63
// bits; Interest, its only source, is bounded so that it does.
func (r Rounding) quotient(hi, lo, d uint64) int64 {
	if hi >= d {
		hi %= d
	}
	q, rest := bits.Div64(hi, lo, d)
	up := false
	switch r {
	case HalfUp:
		up = rest >= d-rest
	case HalfEven:
		up = rest > d-rest || (rest == d-rest && q&1 == 1)
	case Up:
		up = rest > 0
	case Truncate:
	default:
		panic("money: rounding " + strconv.Quote(string(r)))
	}
	if up {
		q++
	}
	return int64(q)
}
