package identity_test

import (
	"strings"
	"testing"
	"time"

	"marque/internal/identity"
	"marque/internal/money"
)

// sessions holds a rule against what it must say and counts where it does not.
func sessions(lives func(seen, ends, ended, now money.Instant) bool) (wrong int) {
	start := money.InstantOf(time.Date(2026, 2, 1, 9, 0, 0, 0, time.UTC))
	at := func(d time.Duration) money.Instant { return start.Add(d) }
	ends := at(identity.TotalLimit)
	for _, c := range []struct {
		seen, ended, now money.Instant
		want             bool
	}{
		{at(0), 0, at(0), true},
		{at(0), 0, at(15*time.Minute - time.Second), true},
		{at(0), 0, at(15 * time.Minute), false},
		{at(11*time.Hour + 55*time.Minute), 0, at(12*time.Hour - time.Second), true},
		{at(11*time.Hour + 55*time.Minute), 0, at(12 * time.Hour), false},
		{at(0), at(time.Minute), at(2 * time.Minute), false},
	} {
		if lives(c.seen, ends, c.ended, c.now) != c.want {
			wrong++
		}
	}
	return wrong
}

func TestASessionIdlesFifteenMinutesAndEndsAfterTwelveHours(t *testing.T) {
	if n := sessions(identity.SessionLives); n > 0 {
		t.Errorf("%d cases are wrong", n)
	}
	for name, broken := range map[string]func(seen, ends, ended, now money.Instant) bool{
		"forgets that it was ended":   func(seen, ends, _, now money.Instant) bool { return now < ends && now < seen.Add(identity.IdleLimit) },
		"forgets the twelve hours":    func(seen, _, ended, now money.Instant) bool { return ended == 0 && now < seen.Add(identity.IdleLimit) },
		"forgets that nobody is here": func(_, ends, ended, now money.Instant) bool { return ended == 0 && now < ends },
		"lives a moment too long": func(seen, ends, ended, now money.Instant) bool {
			return ended == 0 && now <= ends && now <= seen.Add(identity.IdleLimit)
		},
	} {
		if sessions(broken) == 0 {
			t.Errorf("a rule that %s passes", name)
		}
	}
}

func TestAHoldDoublesToAnHour(t *testing.T) {
	for failures, want := range map[int]time.Duration{
		0: 0, 1: 0, 4: 0, 5: 30 * time.Second, 6: time.Minute, 7: 2 * time.Minute, 11: 32 * time.Minute, 12: time.Hour, 13: time.Hour, 1_000_000: time.Hour,
	} {
		if got := identity.Hold(failures); got != want {
			t.Errorf("after %d: %s, want %s", failures, got, want)
		}
	}
}

func TestCodesAndTokens(t *testing.T) {
	codes, tokens := map[string]int{}, map[string]bool{}
	for range 2000 {
		c, token := identity.NewCode(), identity.NewToken()
		if len(c) != 6 || strings.Trim(c, "0123456789") != "" || len(token) < 26 || tokens[token] {
			t.Fatalf("%q, %q", c, token)
		}
		codes[c]++
		tokens[token] = true
	}
	if len(codes) < 1950 {
		t.Errorf("only %d different codes of 2000", len(codes))
	}
}

func TestOnlyOneKindOfActorIsEach(t *testing.T) {
	if _, ok := identity.System("cycle").CustomerID(); ok {
		t.Error("the system is a customer")
	}
	if identity.Customer("7").IsSystem() || identity.System("").IsSystem() || (identity.Actor{}).IsSystem() {
		t.Error("somebody is the system who is not")
	}
	if id, ok := identity.Customer("7").CustomerID(); !ok || id != "7" || identity.Customer("7").String() != "customer:7" {
		t.Error("a customer is not who it is")
	}
}
