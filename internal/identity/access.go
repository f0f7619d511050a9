package identity

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"golang.org/x/text/unicode/norm"

	"marque/internal/money"
)

// Session limits, counted on the server (NIST SP 800-63B-4, 2.2.3).
const (
	IdleLimit  = 15 * time.Minute
	TotalLimit = 12 * time.Hour
)

// CodeLife is how long a one-time code works (NIST SP 800-63B-4, 3.1.3), and
// CodeTries how often one may be guessed at.
const (
	CodeLife  = 10 * time.Minute
	CodeTries = 5
)

// A password that is the only factor has at least 15 characters (NIST SP
// 800-63B-4, 3.1.1.2). MaxPassword is in bytes, and a longer one is refused,
// never cut.
const (
	MinPassword = 15
	MaxPassword = 256
)

// PasswordProblem says in a person's words why a password is refused; empty
// when it is not. own are words of the person's that it must not consist of.
// There are no rules of composition.
func PasswordProblem(password string, own ...string) string {
	p := normal(password)
	switch n := utf8.RuneCountInString(p); {
	case !utf8.ValidString(password):
		return "Use letters, digits, spaces and signs that can be typed."
	case n < MinPassword:
		return fmt.Sprintf("Use at least %d characters. A short sentence works well. This one has %d.", MinPassword, n)
	case len(p) > MaxPassword:
		return "Use a shorter password: this one is longer than we can keep."
	case guessable(p):
		return "That password is easy to guess. Use a few words that do not belong together."
	}
	low := strings.ToLower(p)
	for _, w := range own {
		if w = strings.ToLower(strings.TrimSpace(w)); len(w) >= 4 && strings.Contains(low, w) && utf8.RuneCountInString(low)-utf8.RuneCountInString(w) < 8 {
			return "That password is mostly your own name, address or account. Use other words."
		}
	}
	return ""
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
	for _, common := range []string{"password", "qwertyuiop", "letmein", "iloveyou", "changeme", "administrator"} {
		rest := strings.Trim(strings.ReplaceAll(string(low), common, ""), "0123456789!@#$%&*.-_ ")
		if rest == "" {
			return true
		}
	}
	return false
}

func normal(password string) string { return norm.NFKC.String(password) }

var argon = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// hashing bounds how many passwords are worked on at once: each takes 19 MiB.
var hashing = make(chan struct{}, 4)

// HashPassword makes what is kept of a password: Argon2id, 19 MiB, two passes.
func HashPassword(password string) (string, error) {
	hashing <- struct{}{}
	defer func() { <-hashing }()
	h, err := argon2id.CreateHash(normal(password), argon)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return h, nil
}

// decoy is compared with when there is no account, so that the answer takes as
// long.
var decoy = sync.OnceValues(func() (string, error) { return HashPassword(NewToken()) })

// CheckPassword compares; an empty hash, for nobody, takes as long and fails.
func CheckPassword(password, hash string) (bool, error) {
	nobody := hash == ""
	if nobody {
		var err error
		if hash, err = decoy(); err != nil {
			return false, err
		}
	}
	hashing <- struct{}{}
	defer func() { <-hashing }()
	ok, err := argon2id.ComparePasswordAndHash(normal(password), hash)
	if err != nil {
		return false, fmt.Errorf("check password: %w", err)
	}
	return ok && !nobody, nil
}

// NewCode is a one-time code of six digits.
func NewCode() string {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		panic(err) // the system's randomness is gone; nothing may go on
	}
	return fmt.Sprintf("%06d", n)
}

// NewToken is a session's secret: 128 bits and more.
func NewToken() string { return rand.Text() }

// Same compares two secrets without telling where they differ.
func Same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// SessionLives says whether a session is still good.
func SessionLives(seen, ends, ended, now money.Instant) bool {
	return ended == 0 && now < ends && now < seen.Add(IdleLimit)
}

// Hold is how long a bucket is held after so many failures: five are free, then
// thirty seconds, doubling to an hour.
func Hold(failures int) time.Duration {
	if failures < 5 {
		return 0
	}
	d := 30 * time.Second
	for i := 5; i < failures && d < time.Hour; i++ {
		d *= 2
	}
	return min(d, time.Hour)
}
