package contract_test

import (
	"testing"

	"marque/internal/contract"
	"marque/internal/money"
)

func BenchmarkFold72Months(b *testing.B) {
	terms := loan()
	terms.Payments, terms.Payment = 72, 400_00
	events := make([]contract.Event, 72)
	for n := range events {
		events[n] = contract.Event{Seq: n + 1, Kind: contract.Payment, Date: terms.DueDate(n + 1), Amount: terms.Payment}
	}
	for b.Loop() {
		if _, _, err := contract.Fold(&terms, events, events[71].Date); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSchedule72(b *testing.B) {
	for _, method := range []contract.Method{contract.ByPeriod, contract.Daily} {
		p := plan()
		p.Payments, p.Payment, p.Method = 72, 397_00, method
		rows := make([]contract.Row, 0, 72)
		b.Run(string(method), func(b *testing.B) {
			for b.Loop() {
				if _, err := p.Schedule(rows); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	p := plan()
	p.Payments = 72
	b.Run("daily, payment found", func(b *testing.B) {
		for b.Loop() {
			if _, err := p.Schedule(nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkInterest(b *testing.B) {
	a := money.Accrual{Rate: rate("0.059"), DayCount: money.Actual365}
	from, to := date("2026-01-15"), date("2026-02-15")
	for b.Loop() {
		if i, err := a.Interest(24_000_00, from, to); err != nil || i.Round(money.HalfUp) != 120_26 {
			b.Fatal(err)
		}
	}
}
