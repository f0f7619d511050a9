package identity

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"math/big"
	"time"

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
