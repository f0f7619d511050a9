package card

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// Stripe's published test numbers, and those of validator.js and card-validator.
var published = strings.Fields(`
4242424242424242 4000056655665556 5555555555554444 2223003122003222 5200828282828210 5105105105105100
378282246310005 371449635398431 6011111111111117 6011000990139424 6011981111111113 3056930009020004
36227206271667 6555900000604105 3566002020360505 6200000000000005 6200000000000047 6205500000000000004
4012888888881881 30569309025904 38520000023237 3530111333300000 4000000000000002 4000000000000069
4000000000009995 4111111111111111 375556917985515 36050234196908 4716461583322103 5398228707871527
6283875070985593 2222155765072228 2225855203075256 2720428011723762 2718760626256570 6765780016990268
4716989580001715211 5000000000000611`)

// The same sources' numbers that are none: a wrong check digit, or outside the
// schemes' ranges.
var invalid = strings.Fields(`
4242424242424241 5398228707871528 2718760626256571 4716989580001715213 5555555555554446 5000000000000612
2721465526338453 2220175103860763`)

func TestPublishedNumbers(t *testing.T) {
	for _, n := range published {
		if !Number(n) || !Number("my card "+n+", thanks") {
			t.Errorf("%s was not seen", n)
		}
		if got, want := Mask("my card "+n+", thanks"), "my card card ending "+n[len(n)-4:]+", thanks"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for _, n := range invalid {
		if Number(n) || Mask(n) != n {
			t.Errorf("%s is no card number", n)
		}
	}
}

func TestSplitNumbersAreSeen(t *testing.T) {
	for _, s := range []string{
		"4111 1111 1111 1111", "4111-1111-1111-1111", "4111.1111.1111.1111", "4111\u00a01111\u00a01111\u00a01111", "4111–1111–1111–1111",
		"4111 - 1111 - 1111 - 1111", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "4-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1", "41 11 11 11 11 11 11 11", "41111111 11111111",
		"4111 1111-1111.1111", "4111\t1111\t1111\t1111", "4111\n1111\n1111\n1111", "4111  1111  1111  1111", "4111_1111_1111_1111", "4111/1111/1111/1111",
		"４１１１１１１１１１１１１１１１", "４１１１　１１１１　１１１１　１１１１", "٤١١١ ١١١١ ١١١١ ١١١١", "۴۱۱۱۱۱۱۱۱۱۱۱۱۱۱۱", "४१११११११११११११११", "𝟒𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏",
		"4111\u200b1111\u200b1111\u200b1111", "4111\u00ad111111111111", "411111 1111111111", "411 111 111 111 1111", "4111-111-1111-11111",
		"3782 822463 10005", "3782-822463-10005", "3056 930902 5904", "3622-720627-1667",
		"card:4111111111111111", "x4111111111111111y", "4111111111111111.", "(4111 1111 1111 1111)", "4111111111111111 12/28 123", "4111 1111 1111 1111 12/28 123",
		"12/28 4111 1111 1111 1111", "acct 1234 4111111111111111", "4716 9895 8000 1715 211", "4111+1111+1111+1111", "4111,1111,1111,1111",
	} {
		if !Number(s) {
			t.Errorf("%q was not seen", s)
		}
		if m := Mask(s); Number(m) || !strings.Contains(m, "card ending ") || strings.Contains(m, "1111 1111") {
			t.Errorf("%q is masked as %q", s, m)
		}
	}
	if got := Mask("from 4111-1111-1111-1111 to 5555 5555 5555 4444 and 4111 1111 1111 1112"); got != "from card ending 1111 to card ending 4444 and 4111 1111 1111 1112" {
		t.Error(got)
	}
}

func TestOtherNumbersAreNoCards(t *testing.T) {
	for name, s := range map[string]string{
		"nothing":               "",
		"trace numbers":         "121042880000001 231380100000001 372345670000001 091000019876543",
		"a routing number":      "routing 121042882 account 0001234821",
		"account numbers":       "10001234821, 00123-4567, 12345678901234567",
		"13 digits":             "4222222222222", // Visa's of old; many bank accounts are as long
		"a confirmation":        "K7Q-M2D-9X4",
		"a VIN":                 "1HGCM82633A004352 and 4T1BE46K37U123456",
		"telephones":            "480-555-0123 480-555-0124 and (347) 555-0123 11201",
		"telephone and ZIP":     "347-555-0190 10001; 347 555 0113 11201",
		"dates and times":       "2026-12-15 12:30:45.123456 30/12/2026 20261215123045",
		"moments":               "1765800000123456 1765800000",
		"money":                 "45.00 51.23 61.20 70.10, $4,111,111,111,111.11 and 450.00",
		"addresses":             "38.102.136.180:4430, 41.102.136.180/24 203.0.113.195 198.51.100.7",
		"ids":                   "0190f3a2-7b3c-7412-8123-412345678907 5501e840-029b-41d4-8716-446655440000",
		"more digits":           "41111111111111111111 and 04111111111111111",
		"letters between":       "4111x1111x1111x1111",
		"a sentence":            "I paid 4 times 1111, then 1111 once and 1111 twice, 1111 in all",
		"ZIP codes":             "44000-0001 44000-0002",
		"a broken one":          "4111 1111 1111 1112",
		"a file's entry":        "62723138010400123-4567       0000042137L-1001         JORDAN AVERY          R 0121042880000001",
		"the hash of something": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
	} {
		if Number(s) || Mask(s) != s {
			t.Errorf("%s: %q is masked as %q", name, s, Mask(s))
		}
	}
}

// However a number is spread, as long as one separator stands between its groups
// and nothing else is with it, it is found, and nothing of it but its end is left.
func TestAnyNumberSplitByOneSeparatorIsSeen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom(published).Draw(t, "number")
		by := rapid.SampledFrom([]string{" ", "-", ".", "\u00a0", "\u2009", "–", "  ", " - "}).Draw(t, "by")
		var b strings.Builder
		groups := []int{0}
		for i, c := range n {
			if i > 0 && rapid.Bool().Draw(t, "split") {
				b.WriteString(by)
				groups = append(groups, 0)
			}
			groups[len(groups)-1]++
			b.WriteRune(c)
		}
		if len(groups) == 4 && groups[0] == 3 && groups[1] == 3 && groups[2] == 4 && groups[3] == 5 {
			return // a telephone number and a ZIP code
		}
		if s := b.String(); !Number(s) || Mask(s) != "card ending "+n[len(n)-4:] {
			t.Fatalf("%q is masked as %q", s, Mask(s))
		}
	})
}

func FuzzMask(f *testing.F) {
	f.Add("4111 1111 1111 1111 and more")
	f.Add("\xff4111\u200b111111111111")
	f.Add("12 4111111111111111-3782 822463 10005")
	f.Fuzz(func(t *testing.T, s string) {
		m := Mask(s)
		if Number(s) != (m != s) {
			t.Fatalf("%q: found %t, masked %q", s, Number(s), m)
		}
		if utf8.ValidString(s) && !utf8.ValidString(m) {
			t.Fatalf("%q is cut inside a character: %q", s, m)
		}
	})
}

func BenchmarkALineWithoutOne(b *testing.B) {
	s := strings.Repeat("GET /accounts/0190f3a2-7b3c-7412-8123-412345678907/payments took 3ms ", 3)
	b.ReportAllocs()
	for b.Loop() {
		if Number(s) {
			b.Fatal(s)
		}
	}
}

func BenchmarkAFormFullOfDigits(b *testing.B) {
	s := strings.Repeat("4 ", 32<<10)
	for b.Loop() {
		Number(s)
	}
}
