package paper

import (
	"testing"

	"marque/internal/billing"
)

func TestLook(t *testing.T) {
	for _, language := range []string{billing.English, billing.Spanish} {
		t.Run(language+" loan", func(t *testing.T) { set(t, Statement, language, loanStatement()) })
		t.Run(language+" calm", func(t *testing.T) { set(t, Statement, language, calmStatement()) })
		t.Run(language+" lease", func(t *testing.T) { set(t, Statement, language, leaseStatement()) })
		t.Run(language+" receipt", func(t *testing.T) { set(t, Receipt, language, loanReceipt()) })
		t.Run(language+" autopay", func(t *testing.T) { set(t, Authorization, language, authorization()) })
		t.Run(language+" payoff", func(t *testing.T) { set(t, PayoffLetter, language, payoffLetter()) })
	}
}
