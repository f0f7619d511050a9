package billing

import (
	"testing"

	"pgregory.net/rapid"

	"marque/internal/money"
)

var someFacts = rapid.Custom(func(t *rapid.T) CardFacts {
	cents := func(name string, all ...money.Cents) money.Cents { return rapid.SampledFrom(all).Draw(t, name) }
	yes := func(name string) bool { return rapid.Bool().Draw(t, name) }
	f := CardFacts{
		Opened: yes("opened"), Processing: yes("processing"), Failed: yes("failed"), Expired: yes("expired"),
		Charged: cents("charged", 0, 0, 450_00), Differs: cents("differs", 0, 0, 451_00, 4_50),
		ChargedAt: money.Instant(rapid.Int64Range(0, 3).Draw(t, "at")),
		Refunded:  cents("refunded", 0, 0, 100_00, 450_00), Unrefunded: cents("unrefunded", 0, 0, 450_00),
		Decline: rapid.SampledFrom([]string{"", "expired_card", "insufficient_funds"}).Draw(t, "decline"),
		Last4:   rapid.SampledFrom([]string{"", "4242", "0341"}).Draw(t, "last4"), Brand: rapid.SampledFrom([]string{"visa", "mastercard"}).Draw(t, "brand"),
	}
	f.Dispute = rapid.SampledFrom([]DisputeState{NoDispute, DisputeInquiry, DisputeOpen, DisputeLost, DisputeWon}).Draw(t, "dispute")
	if f.Dispute != NoDispute {
		f.DisputeID = rapid.SampledFrom([]string{"d1", "d2"}).Draw(t, "dispute id")
		f.DisputeAmount = cents("disputed", 450_00, 20_00)
		f.DisputeCode = rapid.SampledFrom([]string{"fraudulent", "duplicate"}).Draw(t, "code")
	}
	return f
})

// Answers about a charge come in any order and more than once: they are merged to
// one result.
func TestCardFactsAreJoinedInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := someFacts.Draw(t, "a"), someFacts.Draw(t, "b"), someFacts.Draw(t, "c")
		if a.Join(a) != a {
			t.Fatalf("the same again makes another: %+v, %+v", a, a.Join(a))
		}
		if a.Join(b) != b.Join(a) {
			t.Fatalf("the order matters: %+v, %+v", a.Join(b), b.Join(a))
		}
		if a.Join(b).Join(c) != a.Join(b.Join(c)) {
			t.Fatalf("what is merged first matters: %+v, %+v", a.Join(b).Join(c), a.Join(b.Join(c)))
		}
		if (CardFacts{}).Join(a) != a {
			t.Fatalf("nothing changes %+v", a)
		}
	})
}

func TestWhatFactsMakeOfACardPayment(t *testing.T) {
	charged := CardFacts{Opened: true, Charged: 450_00}
	for _, c := range []struct {
		what  string
		facts CardFacts
		want  PaymentState
	}{
		{"nothing", CardFacts{}, ""},
		{"an open page", CardFacts{Opened: true}, Submitted},
		{"on its way", CardFacts{Processing: true}, Submitted},
		{"declined", CardFacts{Opened: true, Failed: true}, Refused},
		{"left", CardFacts{Opened: true, Expired: true}, Cancelled},
		{"charged", charged, Settled},
		{"charged after it ran out", charged.Join(CardFacts{Expired: true}), Settled},
		{"another amount", CardFacts{Opened: true, Differs: 451_00}, Unknown},
		{"another amount told, and the right one", charged.Join(CardFacts{Differs: 451_00}), Settled},
		{"given back", charged.Join(CardFacts{Refunded: 450_00}), Reversed},
		{"given back in part", charged.Join(CardFacts{Refunded: 50_00}), Settled},
		{"a refund that did not arrive", charged.Join(CardFacts{Refunded: 450_00, Unrefunded: 450_00}), Settled},
		{"asked about", charged.Join(CardFacts{Dispute: DisputeInquiry}), Settled},
		{"disputed", charged.Join(CardFacts{Dispute: DisputeOpen}), Returned},
		{"lost", charged.Join(CardFacts{Dispute: DisputeLost}), Returned},
		{"won", charged.Join(CardFacts{Dispute: DisputeWon}), Settled},
	} {
		if got := c.facts.State(); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}

// From every state of a card payment the steps lead to the one that the facts
// give, by moves that the machine has, or nowhere: only money that was charged
// for a payment that had ended does not find its way.
func TestCardStepsFollowTheMachine(t *testing.T) {
	ended := map[PaymentState]bool{Cancelled: true, Refused: true}
	for _, from := range []PaymentState{Created, Submitted, Unknown, Settled, Returned, Reversed, Cancelled, Refused} {
		for _, to := range []PaymentState{Submitted, Unknown, Settled, Returned, Reversed, Cancelled, Refused} {
			at, steps := from, 0
			for ; at != to && at != "" && steps < 5; steps++ {
				next := CardStep(at, to)
				if next == at {
					break
				}
				if next != "" && !Card.MayBecome(at, next) {
					t.Fatalf("%s to %s: %s may not become %s", from, to, at, next)
				}
				at = next
			}
			money := to == Settled || to == Returned || to == Reversed
			switch {
			case steps >= 5:
				t.Errorf("%s to %s goes round", from, to)
			case money && ended[from]:
				if at != "" {
					t.Errorf("%s to %s ends at %q: a person must look at it", from, to, at)
				}
			case money && at != to:
				t.Errorf("%s to %s ends at %q", from, to, at)
			}
		}
	}
}
