package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"marque/internal/ach"
	"marque/internal/money"
)

// leaveFile leaves a lender's file of n debits at the bank's door.
func leaveFile(t *testing.T, rail string, day money.Date, first, n int) string {
	t.Helper()
	b := ach.Batch{Header: ach.BatchHeader{ServiceClass: ach.DebitsOnly, CompanyName: "KESTRANE MOTOR", CompanyID: "9000000001", SEC: ach.WEB,
		EntryDescription: "AUTO PYMT", EffectiveDate: day.AddBankingDays(1), OriginatorStatus: "1", ODFI: "00400000", BatchNumber: 1}}
	digit, _ := ach.CheckDigit(routings[0])
	for i := range n {
		e := ach.Entry{TransactionCode: ach.CheckingDebit, RDFI: ach.RoutingNumber(routings[0] + string(digit)), Account: fmt.Sprintf("77%08d", first+i),
			Amount: money.Cents(40_000 + i), IndividualID: fmt.Sprintf("K%08d", i), Name: "AALIYAH OSEI", Discretionary: "S", Trace: ach.TraceNumber(fmt.Sprintf("00400000%07d", first+i))}
		if i%5 == 0 {
			e.TransactionCode = ach.SavingsDebit
		}
		b.Entries = append(b.Entries, e)
	}
	f := &ach.File{Header: ach.FileHeader{ImmediateDestination: "004000006", ImmediateOrigin: "9000000001", CreationDate: day, FileIDModifier: "A",
		DestinationName: "SETTLING BANK", OriginName: "KESTRANE MOTOR"}, Batches: []ach.Batch{b}}
	var out bytes.Buffer
	if err := ach.Write(&out, f); err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("%s-A.ach", day)
	if err := os.WriteFile(filepath.Join(rail, "out", name), out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func openBank(t *testing.T, dir string, sound map[string]bool) *Bank {
	t.Helper()
	b, err := OpenBank(filepath.Join(dir, "bank"), filepath.Join(dir, "rail"), 5, sound)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func returnsIn(t *testing.T, dir string) (all []ach.Return) {
	t.Helper()
	err := eachFile(filepath.Join(dir, "rail", "in"), func(name string, content []byte) error {
		f, err := ach.Read(bytes.NewReader(content))
		if err != nil {
			return err
		}
		all = append(all, ach.Returns(f)...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestAboutOneInAHundredComesBackByItself(t *testing.T) {
	dir, monday := t.TempDir(), money.NewDate(2026, 3, 2)
	b := openBank(t, dir, map[string]bool{"7700000001": true})
	leaveFile(t, filepath.Join(dir, "rail"), monday, 0, 4000)
	if err := b.Take(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(filepath.Join(dir, "rail", "out")); err != nil || len(left) != 0 {
		t.Errorf("left at the door: %v, %v", left, err)
	}
	for day := monday; day < monday+60; day++ {
		if !day.BankingDay() {
			continue
		}
		if _, err := b.Morning(day); err != nil {
			t.Fatal(err)
		}
	}
	back := returnsIn(t, dir)
	if len(back) < 25 || len(back) > 65 {
		t.Errorf("%d of 4000 came back", len(back))
	}
	codes := map[ach.ReturnCode]int{}
	for _, r := range back {
		codes[r.Code]++
		if r.Account == "7700000001" {
			t.Error("an account that always has the money came back")
		}
	}
	if codes["R01"]*2 < len(back) || codes["R02"]+codes["R03"]+codes["R09"]+codes["R10"] == 0 {
		t.Errorf("codes %v", codes)
	}
	again := openBank(t, dir, nil) // the bank knows its papers again, and sends nothing twice
	for day := monday; day < monday+60; day++ {
		if _, err := again.Morning(day); err != nil {
			t.Fatal(err)
		}
	}
	if taken, n := again.AllReturns(); taken != 4000 || n < len(back) || n > len(back)+1 {
		t.Errorf("taken %d, back %d", taken, n)
	}
}

func TestAPersonSendsAnEntryBack(t *testing.T) {
	dir, day := t.TempDir(), money.NewDate(2026, 3, 2)
	b := openBank(t, dir, nil)
	name := leaveFile(t, filepath.Join(dir, "rail"), day, 100, 3)
	if err := b.Take(); err != nil {
		t.Fatal(err)
	}
	if err := b.Return("004000000000101", "R07", day+1); err != nil {
		t.Fatal(err)
	}
	if err := b.Return("004000000000101", "R01", day+1); !errors.Is(err, ErrEntry) {
		t.Errorf("sent back twice: %v", err)
	}
	if err := b.Return("004000000009999", "R01", day+1); !errors.Is(err, ErrEntry) {
		t.Errorf("an entry that nobody sent: %v", err)
	}
	back := returnsIn(t, dir)
	if len(back) != 1 || back[0].Trace != "004000000000101" || back[0].Code != "R07" || back[0].Amount != 40_001 {
		t.Errorf("%+v", back)
	}
	file, entries, ok := b.File(name)
	if !ok || file.Back != 1 || entries[1].Code != "R07" || entries[0].Code != "" {
		t.Errorf("%+v %v", file, ok)
	}
}

// What the bank sends wrongly, late, twice or about a return reads as what it is,
// and its books count each entry once.
func TestTheBankCanMisbehave(t *testing.T) {
	dir, day := t.TempDir(), money.NewDate(2026, 3, 2)
	b := openBank(t, dir, nil)
	leaveFile(t, filepath.Join(dir, "rail"), day, 100, 5)
	if err := b.Take(); err != nil {
		t.Fatal(err)
	}
	if err := b.Misbehave(Again); !errors.Is(err, ErrEntry) {
		t.Errorf("nothing was sent yet: %v", err)
	}
	const one, two = ach.TraceNumber("004000000000101"), ach.TraceNumber("004000000000102")
	if err := b.Contest(one, "R68", day); !errors.Is(err, ErrEntry) {
		t.Errorf("dishonored before it came back: %v", err)
	}
	steps := []error{b.Return(one, "R10", day+59), b.Contest(one, "R68", day+60), b.Contest(one, "R73", day+61), b.Change(two, "C01", "7712345678", day+1)}
	for _, trouble := range FileTroubles {
		steps = append(steps, b.Misbehave(trouble))
	}
	if err := errors.Join(steps...); err != nil {
		t.Fatal(err)
	}
	refused, back, changes := 0, map[ach.ReturnCode]int{}, 0
	err := eachFile(filepath.Join(dir, "rail", "in"), func(name string, content []byte) error {
		f, err := ach.Read(bytes.NewReader(content))
		if err != nil {
			refused++
			return nil
		}
		for _, r := range ach.Returns(f) {
			back[r.Code]++
		}
		changes += len(ach.Changes(f))
		return nil
	})
	if err != nil || refused != 2 || back["R10"]+back["R68"]+back["R73"] != 3+3 || changes != 1 {
		t.Errorf("%v: %d refused, %v back, %d changes", err, refused, back, changes)
	}
	want := BankBooks{Entries: 5, Drawn: 5*40_000 + 10, DrawnBack: 40_001, DrawnNet: 4*40_000 + 9}
	if k := b.Books(); k != want {
		t.Errorf("%+v, want %+v", k, want)
	}
	if k := openBank(t, dir, nil).Books(); k != want {
		t.Errorf("opened again: %+v", k)
	}
	if e, ok := b.Entry(one); !ok || e.Code != "R10" || e.Returned != day+59 {
		t.Errorf("%+v", e)
	}
}
