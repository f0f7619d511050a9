package ach

import (
	"errors"
	"strings"
)

// RoutingNumber is an ABA routing number: nine digits, the last a check digit.
// ParseRouting makes valid ones; an entry that was read may hold any text.
type RoutingNumber string

// The errors of ParseRouting. Their words may be shown to a borrower.
var (
	ErrRoutingDigits     = errors.New("use only the digits 0 to 9 in the routing number")
	ErrRoutingLength     = errors.New("a routing number has nine digits")
	ErrRoutingCheckDigit = errors.New("that routing number has a mistyped digit; check it against your bank's app or a check")
	ErrRoutingPrefix     = errors.New("no US bank has that routing number; check the first two digits")
)

// ParseRouting reads a routing number as a person types it; spaces around it
// are dropped. The weights of the nine digits are 3, 7, 1 and their sum must be
// a multiple of ten; the first two digits must be 00 to 12, 21 to 32, 61 to 72
// or 80 (ABA routing number policy). Whether a bank has the number is not known.
func ParseRouting(s string) (RoutingNumber, error) {
	s = strings.TrimSpace(s)
	switch r := RoutingNumber(s); {
	case s == "":
		return "", ErrRoutingLength
	case !allDigits(s):
		return "", ErrRoutingDigits
	case len(s) != 9:
		return "", ErrRoutingLength
	case !r.checks():
		return "", ErrRoutingCheckDigit
	case !r.prefixInUse():
		return "", ErrRoutingPrefix
	default:
		return r, nil
	}
}

// CheckDigit is the ninth digit that belongs to a bank's first eight; false
// unless there are eight digits.
func CheckDigit(dfi string) (byte, bool) {
	if len(dfi) != 8 || !allDigits(dfi) {
		return 0, false
	}
	digit := func(i int) int { return int(dfi[i] - '0') }
	sum := 3*(digit(0)+digit(3)+digit(6)) + 7*(digit(1)+digit(4)+digit(7)) + digit(2) + digit(5)
	return byte('0' + (10-sum%10)%10), true
}

// DFI is the first eight digits: the bank, without the check digit.
func (r RoutingNumber) DFI() string {
	if len(r) < 8 {
		return string(r)
	}
	return string(r[:8])
}

func (r RoutingNumber) checks() bool {
	if len(r) != 9 {
		return false
	}
	d, ok := CheckDigit(r.DFI())
	return ok && d == r[8]
}

// prefixInUse takes 000000000 for unused although it passes the checksum and
// 00 is the government's prefix.
func (r RoutingNumber) prefixInUse() bool {
	p := int(r[0]-'0')*10 + int(r[1]-'0')
	return r != "000000000" && (p <= 12 || (p >= 21 && p <= 32) || (p >= 61 && p <= 72) || p == 80)
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
