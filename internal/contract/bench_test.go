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

// A full schedule of 72 months into rows that are used again.
func BenchmarkSchedule72(b *testing.B) {
	for name, change := range map[string]func(*contract.Plan){
		"period":                 func(p *contract.Plan) { p.Method = contract.ByPeriod },
		"daily":                  func(p *contract.Plan) {},
		"daily by calendar year": func(p *contract.Plan) { p.Accrual.DayCount = money.ActualActual },
		"daily 30/360":           func(p *contract.Plan) { p.Accrual.DayCount = money.Thirty360 },
	} {
		for _, payment := range []money.Cents{397_00, 0} {
			p := plan()
			p.Payments, p.Payment = 72, payment
			change(&p)
			if payment == 0 {
				name += ", payment found"
			}
			b.Run(name, func(b *testing.B) {
				rows := make([]contract.Row, 0, 72)
				b.ReportAllocs()
				for b.Loop() {
					if _, err := p.Schedule(rows); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "schedules/s")
			})
		}
	}
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
