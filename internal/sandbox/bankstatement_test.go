package sandbox

import (
	"bytes"
	"testing"

	"marque/internal/bai"
	"marque/internal/money"
)

// What the bank states is what it took and sent back, to the cent, and each day
// begins with what the day before left.
func TestStatementsSayWhatTheBankDid(t *testing.T) {
	for _, odd := range []bool{false, true} {
		dir, monday := t.TempDir(), money.NewDate(2026, 3, 2)
		b := openBank(t, dir, nil)
		s := NewStatements(b, func() []CardPayout { return []CardPayout{{ID: "po_1", Amount: 98_40, Date: monday + 3}} })
		s.SetOdd(odd)
		for i := range 4 {
			leaveFile(t, b.rail, monday+money.Date(i), 1+i*500, 500)
			if err := b.Take(); err != nil {
				t.Fatal(err)
			}
			for d := monday + money.Date(i); d < monday+money.Date(i)+1; d++ {
				if _, err := b.Morning(d); err != nil {
					t.Fatal(err)
				}
			}
		}
		for d := monday + 4; d < monday+60; d++ {
			if _, err := b.Morning(d); err != nil {
				t.Fatal(err)
			}
		}
		for d := monday; d < monday+63; d++ {
			for range 2 { // left once
				if err := s.Morning(d); err != nil {
					t.Fatal(err)
				}
			}
		}
		var sum, closing money.Cents
		days := 0
		err := eachFile(b.path("stated"), func(name string, content []byte) error {
			st, err := bai.ReadStatement(bytes.NewReader(content), "")
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if days++; days > 1 && st.Balances[0].Amount != closing {
				t.Errorf("%s opens with %s, not %s", name, st.Balances[0].Amount, closing)
			}
			closing = st.Balances[1].Amount
			for _, l := range st.Lines {
				sum += l.Amount
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		books := b.Books()
		if want := books.DrawnNet - books.GivenNet + 98_40; (sum == want) == odd || closing != statementOpening+sum || days < 40 {
			t.Errorf("odd %t: %d days state %s, the bank did %s; closing %s", odd, days, sum, want, closing)
		}
	}
}
