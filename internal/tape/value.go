package tape

import (
	"errors"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"marque/internal/money"
)

// dialect is how values are written: strictly as the SEC's schema says, or as
// spreadsheet copies of the same records do.
type dialect struct{ flat bool }

// absent says that a value stands for nothing.
func (d dialect) absent(s string) bool {
	if s == "" {
		return true
	}
	if !d.flat {
		return false
	}
	switch s {
	case "-", "--", "NA", "N/A", "NaN", "nan", "NaT", "NULL", "null", "None", "NONE":
		return true
	}
	return false
}

var (
	errDay      = errors.New("no such day")
	errDateForm = errors.New("is not a date like 07-31-2026")
	errMonth    = errors.New("is not a month like 07/2026")
	errNumber   = errors.New("is not a number")
	errLarge    = errors.New("is too large")
	errFraction = errors.New("has a fraction of a cent")
	errNegative = errors.New("must not be negative")
	errWhole    = errors.New("is not a whole number")
	errFlag     = errors.New("is not true or false")
)

func atoi(s string) (int, bool) {
	n := 0
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, s != "" && len(s) <= 9
}

// date reads MM-DD-YYYY; in flat files also YYYY-MM-DD, M/D/YYYY and M-D-YYYY,
// each with nothing but zeros for the time of day. The day
// must exist and lie between 1950 and 2149.
func (d dialect) date(s string) (money.Date, error) {
	var ys, ms, ds string
	switch {
	case len(s) == 10 && s[2] == '-' && s[5] == '-':
		ms, ds, ys = s[:2], s[3:5], s[6:]
	case d.flat && len(s) >= 10 && s[4] == '-' && s[7] == '-' && (len(s) == 10 || strings.Trim(s[10:], " T0:.") == ""):
		ys, ms, ds = s[:4], s[5:7], s[8:10]
	case d.flat && strings.Count(s, "/")+strings.Count(s, "-") == 2:
		day, _, _ := strings.Cut(s, " ") // a time of day that is not midnight fails below
		if strings.Trim(s[len(day):], " 0:.") != "" {
			return 0, errDateForm
		}
		part := strings.FieldsFunc(day, func(r rune) bool { return r == '/' || r == '-' })
		if len(part) != 3 || len(part[2]) != 4 {
			return 0, errDateForm
		}
		ms, ds, ys = part[0], part[1], part[2]
	default:
		return 0, errDateForm
	}
	y, ok1 := atoi(ys)
	m, ok2 := atoi(ms)
	day, ok3 := atoi(ds)
	if !ok1 || !ok2 || !ok3 {
		return 0, errDateForm
	}
	if y < 1950 || y > 2149 || m < 1 || m > 12 || day < 1 || day > 31 {
		return 0, errDay
	}
	date := money.NewDate(y, m, day)
	if day > 28 && date.Day() != day {
		return 0, errDay
	}
	return date, nil
}

// month reads MM/YYYY; in flat files also M/YYYY, MM-YYYY and YYYY-MM.
func (d dialect) month(s string) (Month, error) {
	ms, ys, ok := strings.Cut(s, "/")
	if d.flat && !ok {
		ms, ys, ok = strings.Cut(s, "-")
		if len(ms) == 4 {
			ms, ys = ys, ms
		}
	}
	y, ok1 := atoi(ys)
	m, ok2 := atoi(ms)
	if !ok || !ok1 || !ok2 || len(ys) != 4 || (len(ms) != 2 && !d.flat) || m < 1 || m > 12 || y < 1950 || y > 2149 {
		return 0, errMonth
	}
	return Month(y*12 + m - 1), nil
}

// bareNumber takes off what spreadsheets put on numbers: blanks, a dollar sign,
// commas between thousands, parentheses around what is negative.
func bareNumber(s string) string {
	if !strings.ContainsAny(s, " \u00a0$,(") {
		return s
	}
	if inner, ok := strings.CutPrefix(s, "("); ok && strings.HasSuffix(inner, ")") {
		s = "-" + inner[:len(inner)-1]
	}
	s = strings.NewReplacer(" ", "", "\u00a0", "", "$", "").Replace(s)
	whole, rest, _ := strings.Cut(s, ".")
	groups := strings.Split(whole, ",")
	for i, g := range groups {
		if i > 0 && len(g) != 3 {
			return s // refused as it stands
		}
	}
	if whole = strings.Join(groups, ""); rest != "" {
		whole += "." + rest
	}
	return whole
}

// decimal reads digits with at most so many decimals that are not zeros, as a
// whole number of 10^-places. A flat file may also write 7.5e-05.
func (d dialect) decimal(s string, places int) (n int64, rest bool, err error) {
	if d.flat {
		s = bareNumber(s)
		if strings.ContainsAny(s, "eE") {
			return exponent(s, places)
		}
	}
	i, negative := 0, false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		negative = s[0] == '-'
		i++
	}
	digits, seen, dot := 0, 0, -1
	for ; i < len(s); i++ {
		c := s[i]
		if c == '.' && dot < 0 {
			dot = 0
			continue
		}
		if c < '0' || c > '9' {
			return 0, false, errNumber
		}
		seen++
		if dot >= places {
			if dot == places && c >= '5' {
				digits = 1 // the first decimal cut off rounds up
			}
			rest = rest || c != '0'
			dot++
			continue
		}
		if n > 900_000_000_000_000_00 {
			return 0, false, errLarge
		}
		n = n*10 + int64(c-'0')
		if dot >= 0 {
			dot++
		}
	}
	if seen == 0 {
		return 0, false, errNumber
	}
	for k := max(dot, 0); k < places; k++ {
		if n > 900_000_000_000_000_00 {
			return 0, false, errLarge
		}
		n *= 10
	}
	n += int64(digits)
	if negative {
		n = -n
	}
	return n, rest, nil
}

func exponent(s string, places int) (int64, bool, error) {
	mantissa, power, _ := strings.Cut(strings.ToLower(s), "e")
	p, err := strconv.Atoi(power)
	if err != nil || p < -30 || p > 15 || len(mantissa) > 40 {
		return 0, false, errNumber
	}
	r, ok := new(big.Rat).SetString(mantissa)
	if !ok || strings.ContainsAny(mantissa, "/_xXpP") {
		return 0, false, errNumber
	}
	ten := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(p, -p))), nil)
	if p < 0 {
		r.Quo(r, new(big.Rat).SetInt(ten))
	} else {
		r.Mul(r, new(big.Rat).SetInt(ten))
	}
	return dialect{}.decimal(r.FloatString(places+8), places)
}

// cents reads an amount to the cent. Zeros may follow the cents. In flat files
// the dust that a spreadsheet's arithmetic leaves (74.04000000000001) is blown off.
func (d dialect) cents(s string) (money.Cents, error) {
	if d.flat {
		n, _, err := d.decimal(s, 8)
		if err != nil {
			return 0, err
		}
		c := (n + sign(n)*500_000) / 1_000_000
		if dust := n - c*1_000_000; dust > 1 || dust < -1 {
			return 0, errFraction
		}
		return inRange(c)
	}
	n, rest, err := d.decimal(s, 2)
	if err != nil {
		return 0, err
	}
	if rest {
		return 0, errFraction
	}
	return inRange(n)
}

// nearest reads an amount and rounds it half away from zero to the cent.
func (d dialect) nearest(s string) (money.Cents, error) {
	n, _, err := d.decimal(s, 2)
	if err != nil {
		return 0, err
	}
	return inRange(n)
}

func sign(n int64) int64 {
	if n < 0 {
		return -1
	}
	return 1
}

func inRange(n int64) (money.Cents, error) {
	if c := money.Cents(n); c >= -money.MaxAmount && c <= money.MaxAmount {
		return c, nil
	}
	return 0, errLarge
}

// rate reads a yearly rate as a fraction of one. In flat files it is rounded to
// ten decimals, which blows off dust and keeps every rate the schema allows, and
// may be written as a percentage with its sign.
func (d dialect) rate(s string) (money.Rate, error) {
	places := 12
	if d.flat {
		places = 10
		if bare, percent := strings.CutSuffix(s, "%"); percent {
			s, places = bare, 8
		}
	}
	n, rest, err := d.decimal(s, places)
	switch {
	case err != nil:
		return 0, err
	case n < 0:
		return 0, errNegative
	case rest && !d.flat:
		return 0, errors.New("has more than twelve decimals")
	}
	if d.flat {
		n *= 100
	}
	if n > int64(10*money.RateScale) {
		return 0, errors.New("is more than 1,000 %: a rate is a fraction of one")
	}
	return money.Rate(n), nil
}

// integer reads a whole number; flat files may write 60.0.
func (d dialect) integer(s string) (int, error) {
	if d.flat {
		s = bareNumber(s)
	}
	body, negative := strings.CutPrefix(s, "-")
	if d.flat {
		if whole, zeros, ok := strings.Cut(body, "."); ok && strings.Trim(zeros, "0") == "" {
			body = whole
		}
	}
	n, ok := atoi(body)
	if !ok || (len(body) > 8) {
		return 0, errWhole
	}
	if negative {
		n = -n
	}
	return n, nil
}

func (d dialect) flag(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "true", "1", "1.0":
		return true, nil
	case "false", "0", "0.0":
		return false, nil
	}
	return false, errFlag
}

func tooLong(s string, limit int) bool {
	return len(s) > limit && utf8.RuneCountInString(s) > limit
}
