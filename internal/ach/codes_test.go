package ach

import (
	"bytes"
	"errors"
	"testing"
)

// Numbers of the FedACH directory (moov-io/fed) and misspellings of them.
func TestRoutingNumbers(t *testing.T) {
	for s, want := range map[string]error{
		"011000028": nil, "021000021": nil, "121042882": nil, " 231380104 ": nil, "073000228": nil,
		"": ErrRoutingLength, "123123": ErrRoutingLength, "123123123123": ErrRoutingLength, "11100002": ErrRoutingLength,
		"0730002a": ErrRoutingDigits, "YYYYYYYYY": ErrRoutingDigits, "０２１００００２１": ErrRoutingDigits, "021-00002": ErrRoutingDigits,
		"021000022": ErrRoutingCheckDigit, "101000015": ErrRoutingCheckDigit, "232271627": ErrRoutingCheckDigit,
		"130000006": ErrRoutingPrefix, "000000000": ErrRoutingPrefix,
	} {
		r, err := ParseRouting(s)
		if !errors.Is(err, want) || (err == nil) != (r != "") {
			t.Errorf("%q: %q %v, want %v", s, r, err, want)
		}
	}
}

func TestEveryMistypedOrSwappedDigitOfARoutingNumberIsCaught(t *testing.T) {
	const number = "021000021"
	for i := range number {
		for d := byte('0'); d <= '9'; d++ {
			if s := number[:i] + string(d) + number[i+1:]; s != number {
				if _, err := ParseRouting(s); err == nil {
					t.Errorf("%s passes", s)
				}
			}
		}
	}
}

func TestReturnCodes(t *testing.T) {
	for _, c := range []struct {
		code         ReturnCode
		name         string
		category     Category
		unauthorized bool
		again        Reinitiation
	}{
		{"R01", "Insufficient Funds", Funds, false, MayReinitiate},
		{"R02", "Account Closed", AccountData, false, MayNotReinitiate},
		{"R08", "Payment Stopped", Authorization, false, WithNewAuthorization},
		{"R09", "Uncollected Funds", Funds, false, MayReinitiate},
		{"R11", "Customer Advises Entry Not in Accordance with the Terms of the Authorization", Authorization, true, MayReinitiateCorrected},
		{"R16", "Bank account frozen", DeceasedOrFrozen, false, MayNotReinitiate},
		{"R68", "Untimely Return", DishonoredContested, false, MayNotReinitiate},
		{"R97", "unknown", UnknownCategory, false, MayNotReinitiate},
		{"", "unknown", UnknownCategory, false, MayNotReinitiate},
	} {
		if c.code.Name() != c.name || c.code.Category() != c.category || c.code.Unauthorized() != c.unauthorized ||
			c.code.Reinitiation() != c.again || c.code.Known() != (c.name != "unknown") {
			t.Errorf("%s: %s, %s, %v, %s", c.code, c.code.Name(), c.code.Category(), c.code.Unauthorized(), c.code.Reinitiation())
		}
	}
}

// The codes that count toward the unauthorized return rate level of 0.5 %.
func TestUnauthorizedCodes(t *testing.T) {
	want := map[ReturnCode]bool{"R05": true, "R07": true, "R10": true, "R11": true, "R29": true, "R51": true}
	for code := range returnCodes {
		if code.Unauthorized() != want[code] {
			t.Errorf("%s: unauthorized %v", code, code.Unauthorized())
		}
		if code.Dishonored() || code.Contested() {
			if code.Category() != DishonoredContested {
				t.Errorf("%s: %s", code, code.Category())
			}
		}
	}
}

func TestChangeCodes(t *testing.T) {
	for code, name := range map[ChangeCode]string{
		"C01": "Incorrect bank account number", "C05": "Incorrect transaction code",
		"C61": "Misrouted Notification of Change", "C92": "unknown",
	} {
		if code.Name() != name || code.Known() != (name != "unknown") || code.Refused() != (code == "C61") {
			t.Errorf("%s: %s", code, code.Name())
		}
	}
}

func TestTransactionCodes(t *testing.T) {
	for code, want := range map[TransactionCode][4]bool{ // debit, credit, prenote, savings
		CheckingDebit: {true, false, false, false}, SavingsCredit: {false, true, false, true},
		CheckingPrenoteDebit: {true, false, true, false}, SavingsReturnOrChangeDebit: {true, false, false, true},
		55: {true, false, false, false}, 81: {false, true, false, false}, 82: {true, false, false, false}, 90: {}, 0: {}, 20: {},
	} {
		if got := [4]bool{code.Debit(), code.Credit(), code.Prenote(), code.Savings()}; got != want {
			t.Errorf("%s: %v", code, got)
		}
	}
}

func TestFits(t *testing.T) {
	for s, want := range map[string]bool{"": true, "SAM O'NEIL ~": true, "JOSÉ": false, "a\tb": false, "\xff": false, "\x7f": false} {
		if Fits(s) != want {
			t.Errorf("%q: %v", s, Fits(s))
		}
	}
	// Wherever it stands, and beside whatever.
	for at := range 20 {
		for c := range 256 {
			b := bytes.Repeat([]byte(" ~"), 10)
			b[at] = byte(c)
			if got, want := Fits(string(b)), c >= ' ' && c <= '~'; got != want {
				t.Errorf("%q: %v", b, got)
			}
		}
	}
}
