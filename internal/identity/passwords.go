package identity

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nbutton23/zxcvbn-go"
	"github.com/nbutton23/zxcvbn-go/match"
	"github.com/nbutton23/zxcvbn-go/matching"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// A password that is the only factor has at least MinPassword characters, one
// that is asked for together with a second factor MinPasswordWithFactor (NIST SP
// 800-63B-4, 3.1.1.2; ASVS 6.2.1). MaxPassword is in bytes after normalization,
// and a longer one is refused, never cut (ASVS 6.2.9).
const (
	MinPassword           = 15
	MinPasswordWithFactor = 8
	MaxPassword           = 1024
)

// PasswordProblem says in a person's words why a password is refused; empty when
// it is not. least is the number of characters asked for: MinPassword or
// MinPasswordWithFactor. own are words that it must not consist of: the person's
// names and addresses, the lender's and the makers' names (ASVS 6.2.11). There
// are no rules of composition (NIST SP 800-63B-4, 3.1.1.2; ASVS 6.2.5); the whole
// password is compared with the list of common ones (ASVS 6.2.4).
func PasswordProblem(password string, least int, own ...string) string {
	p := normal(password)
	switch n := utf8.RuneCountInString(p); {
	case !utf8.ValidString(password) || strings.ContainsFunc(p, unicode.IsControl):
		return "Use letters, digits, spaces and signs that can be typed."
	case n < least:
		return fmt.Sprintf("Use at least %d characters. A short sentence works well. This one has %d.", least, n)
	case len(p) > MaxPassword:
		return "Use a shorter password: this one is longer than we can keep."
	case common(p):
		return "That password is on the lists that thieves try first. Use a few words that do not belong together."
	case guessable(p):
		return "That password is easy to guess. Use a few words that do not belong together."
	}
	if mostlyOwn(p, own) { // a context-specific word, NIST SP 800-63B-4, 3.1.1.2
		return "That password is mostly your own name, address or account, or our name. Use other words."
	}
	return ""
}

// mostlyOwn finds passwords of which the words make half or more and leave fewer
// than eight characters to guess, with or without the spaces and signs between
// them.
func mostlyOwn(p string, own []string) bool {
	n := utf8.RuneCountInString(p)
	rest := lettersAndDigits(p)
	before := utf8.RuneCountInString(rest)
	pieces := make([]string, len(own))
	for i, w := range own {
		pieces[i] = lettersAndDigits(normal(w))
	}
	slices.SortFunc(pieces, func(a, b string) int { return len(b) - len(a) })
	for _, w := range pieces {
		if utf8.RuneCountInString(w) >= 4 {
			rest = strings.ReplaceAll(rest, w, "")
		}
	}
	theirs := before - utf8.RuneCountInString(rest)
	return 2*theirs >= n && n-theirs < 8
}

func lettersAndDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, folded(s))
}

// guessable finds passwords that are long and still worth nothing: few
// different characters, one piece repeated, or a run along the alphabet.
func guessable(p string) bool {
	low := []rune(strings.ToLower(p))
	kinds := map[rune]bool{}
	runs := 0
	for i, r := range low {
		kinds[r] = true
		if i > 0 && (low[i]-low[i-1] == 1 || low[i]-low[i-1] == -1 || low[i] == low[i-1]) {
			runs++
		}
	}
	if len(kinds) < 5 || runs*10 >= len(low)*8 {
		return true
	}
	for n := 1; n <= len(low)/2; n++ {
		if slices.Equal(low[n:], low[:len(low)-n]) {
			return true
		}
	}
	for _, plain := range []string{"password", "qwertyuiop", "letmein", "iloveyou", "changeme", "administrator"} {
		rest := strings.Trim(strings.ReplaceAll(string(low), plain, ""), "0123456789!@#$%&*.-_ ")
		if rest == "" {
			return true
		}
	}
	return false
}

// normal is the one spelling in which a password is counted, compared and hashed
// (NIST SP 800-63B-4, 3.1.1.2). Case and spaces stay.
func normal(password string) string { return norm.NFKC.String(password) }

// folded is text without case, for comparing with lists.
func folded(s string) string { return cases.Fold().String(s) }

// Strength is how a password looks to one who guesses. It is shown beside the
// field and decides nothing: PasswordProblem does.
type Strength struct {
	Score int // 0, the worst, to 4
	Words string
}

var strengthWords = [...]string{"Very easy to guess", "Easy to guess", "Could be stronger", "Strong", "Very strong"}

// strengthRunes bounds what is estimated, because the time grows with the square
// of the length. What follows can only make a password stronger.
const strengthRunes = 100

// PasswordStrength estimates by zxcvbn. What the lists and PasswordProblem's rules
// call guessable is 0, however long.
func PasswordStrength(password string, own ...string) Strength {
	p := normal(password)
	if r := []rune(p); len(r) > strengthRunes {
		p = string(r[:strengthRunes])
	}
	if p == "" || common(p) || guessable(p) || mostlyOwn(p, own) {
		return Strength{0, strengthWords[0]}
	}
	var skip []func(match.Matcher) bool
	if signsForLetters(p) > 4 {
		skip = append(skip, matching.FilterL33tMatcher)
	}
	score := min(max(zxcvbn.PasswordStrength(p, own, skip...).Score, 0), len(strengthWords)-1)
	return Strength{score, strengthWords[score]}
}

// signsForLetters counts the different signs that people write for letters (p4$$).
// zxcvbn tries every reading of all of them, which takes seconds for a password
// with a dozen, and such a one is no word written oddly.
func signsForLetters(p string) (n int) {
	for _, sign := range "4@8({[<369!|170$5+%2" {
		if strings.ContainsRune(p, sign) {
			n++
		}
	}
	return n
}
