package identity

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"strings"
)

// How many digits a one-time code has (ASVS 6.5.4).
const (
	TextCodeDigits = 6
	MailCodeDigits = 8
)

// NewMailCode is a one-time code for an e-mail: eight digits, since a mailbox is
// easier to reach than a phone.
func NewMailCode() string {
	n, err := rand.Int(rand.Reader, big.NewInt(100_000_000))
	if err != nil {
		panic(err) // the system's randomness is gone; nothing may go on
	}
	return fmt.Sprintf("%08d", n)
}

// FreeTries are the failures that cost no wait yet.
const FreeTries = 5

// NormalName is a username as it is kept and compared: one Unicode form, no case,
// no space around it.
func NormalName(username string) string { return folded(normal(strings.TrimSpace(username))) }
