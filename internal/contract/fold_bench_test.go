package contract_test

import (
	"testing"

	"marque/internal/contract"
)

// Three hundred events of all common kinds: payments, fees, waivers, a returned
// payment, changes of rate and due dates.
func BenchmarkFold300Events(b *testing.B) {
	terms := loan()
	terms.Payments, terms.Payment, terms.Principal = 300, 160_00, 24_000_00
	rate := rate("0.049")
	var events []contract.Event
	add := func(e contract.Event) {
		e.Seq = len(events) + 1
		events = append(events, e)
	}
	for n := 1; len(events) < 300; n++ {
		due := terms.DueDate(n)
		switch {
		case n%24 == 0:
			add(contract.Event{Kind: contract.LateCharge, Date: due + 11, Amount: 8_00, Instalment: n})
			add(contract.Event{Kind: contract.Payment, Date: due + 12, Amount: 168_00})
		case n%60 == 0:
			add(contract.Event{Kind: contract.RateChange, Date: due, Rate: &rate})
		case n%50 == 0:
			add(contract.Event{Kind: contract.Payment, Date: due, Amount: 160_00})
			add(contract.Event{Kind: contract.Reversal, Date: due + 3, Reverses: len(events)})
			add(contract.Event{Kind: contract.ReturnedFee, Date: due + 3, Amount: 15_00})
		default:
			add(contract.Event{Kind: contract.Payment, Date: due, Amount: 160_00})
		}
	}
	last := events[len(events)-1].Date
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := contract.Fold(&terms, events, last); err != nil {
			b.Fatal(err)
		}
	}
}
