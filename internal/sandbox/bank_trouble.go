package sandbox

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"marque/internal/ach"
	"marque/internal/money"
)

// BankBooks are what the bank says it has done with the lender's entries, to be
// set beside the lender's own books.
type BankBooks struct {
	Entries            int
	Drawn, DrawnBack   money.Cents // debits taken, and those of them that went back
	Given, GivenBack   money.Cents // credits: micro-entries and reversals
	DrawnNet, GivenNet money.Cents // what stands
}

// Books sums what the bank has taken and sent back.
func (b *Bank) Books() (k BankBooks) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.byTrace {
		k.Entries++
		sum, back := &k.Drawn, &k.DrawnBack
		if e.TransactionCode.Credit() {
			sum, back = &k.Given, &k.GivenBack
		}
		*sum += e.Amount
		if e.Code != "" {
			*back += e.Amount
		}
	}
	k.DrawnNet, k.GivenNet = k.Drawn-k.DrawnBack, k.Given-k.GivenBack
	return k
}

// Entry is what the bank knows of one entry; false when it never took it.
func (b *Bank) Entry(trace ach.TraceNumber) (BankEntry, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.byTrace[trace]
	if e == nil {
		return BankEntry{}, false
	}
	return *e, true
}

// Change sends a notification of change about an entry: data as the code asks for
// it, in its columns.
func (b *Bank) Change(trace ach.TraceNumber, code ach.ChangeCode, data string, day money.Date) error {
	return b.about(trace, fmt.Sprintf("changes-%s-%s-%s.ach", day, code, trace), "C", day, func(e *BankEntry, own ach.TraceNumber, answer *ach.Entry, h *ach.BatchHeader) error {
		if !code.Known() {
			return ErrEntry
		}
		h.SEC, answer.Amount = ach.COR, 0
		answer.Change = &ach.ChangeAddenda{Code: code, OriginalTrace: trace, OriginalRDFI: e.RDFI.DFI(), CorrectedData: data, Trace: own}
		return nil
	})
}

// Contest sends word about an entry that went back: a dishonored return (R61 to
// R70) or a contested one (R71 to R77).
func (b *Bank) Contest(trace ach.TraceNumber, code ach.ReturnCode, day money.Date) error {
	return b.about(trace, fmt.Sprintf("returns-%s-%s-%s.ach", day, code, trace), "D", day, func(e *BankEntry, own ach.TraceNumber, answer *ach.Entry, _ *ach.BatchHeader) error {
		if !code.Dishonored() && !code.Contested() || e.Code == "" {
			return ErrEntry
		}
		r := &ach.ReturnAddenda{Code: code, OriginalTrace: trace, OriginalRDFI: e.RDFI.DFI(), Trace: own,
			ReturnTrace: own, ReturnSettlementDay: dayOfYear(e.Returned), ReturnReason: string(e.Code[1:])}
		if code.Contested() {
			r.OriginalReturned, r.OriginalSettlementDay = e.Returned, dayOfYear(e.File.Settles)
			r.DishonoredTrace, r.DishonoredSettlementDay, r.DishonoredReason = own, dayOfYear(e.Returned), "68"
		}
		answer.Return = r
		return nil
	})
}

func dayOfYear(d money.Date) int { return int(d-money.NewDate(d.Year(), 1, 1)) + 1 }

// about sends a file with one record about an entry that the bank has.
func (b *Bank) about(trace ach.TraceNumber, name, modifier string, day money.Date, fill func(e *BankEntry, own ach.TraceNumber, answer *ach.Entry, h *ach.BatchHeader) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.byTrace[trace]
	if e == nil {
		return ErrEntry
	}
	h := e.File.batches[e.batch]
	own := ach.TraceNumber(h.ODFI + "0000001")
	answer := e.sentBack(own)
	answer.Return = nil
	if err := fill(e, own, &answer, &h); err != nil {
		return err
	}
	h.ServiceClass, h.BatchNumber = serviceOf([]ach.Entry{answer}), 1
	f := e.File.answer(day, modifier)
	f.Batches = []ach.Batch{{Header: h, Entries: []ach.Entry{answer}}}
	var out bytes.Buffer
	if err := ach.Write(&out, f); err != nil {
		return fmt.Errorf("bank writes %s: %w", name, err)
	}
	if err := write(b.path("sent"), name, out.Bytes()); err != nil {
		return err
	}
	return b.leave(name, out.Bytes())
}

// FileTrouble is one of the ways in which a bank's file arrives wrongly.
type FileTrouble string

// The troubles.
const (
	Again       FileTrouble = "again"        // the same file under another name
	Repeated    FileTrouble = "repeated"     // the same entries in another file
	Reordered   FileTrouble = "reordered"    // the same entries in another file, the last first
	CutShort    FileTrouble = "cut-short"    // the end is missing
	WrongTotals FileTrouble = "wrong-totals" // the control record does not add up
)

// FileTroubles are all of them.
var FileTroubles = []FileTrouble{Again, Repeated, Reordered, CutShort, WrongTotals}

// Misbehave leaves the newest file that the bank has sent once more, wrongly; ErrEntry
// when it has sent none. The bank's own papers stay as they are.
func (b *Bank) Misbehave(t FileTrouble) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var last string
	var content []byte
	err := eachFile(b.path("sent"), func(name string, c []byte) error {
		last, content = name, c
		return nil
	})
	if err != nil {
		return fmt.Errorf("bank repeats a file: %w", err)
	}
	if last == "" {
		return ErrEntry
	}
	switch t {
	case Again:
	case CutShort:
		content = content[:len(content)*2/3]
	case WrongTotals:
		lines := strings.SplitAfter(string(content), "\n")
		at := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "9") })
		total := []byte(lines[at])
		total[42] = '0' + (total[42]-'0'+1)%10 // the last column of the debits
		lines[at] = string(total)
		content = []byte(strings.Join(lines, ""))
	case Repeated, Reordered:
		f, err := ach.Read(bytes.NewReader(content))
		if err != nil {
			return fmt.Errorf("bank repeats %s: %w", last, err)
		}
		if f.Header.ReferenceCode = "AGAIN"; t == Reordered {
			f.Header.ReferenceCode = "TURNED"
			for i := range f.Batches {
				turn(f.Batches[i].Entries)
			}
		}
		var out bytes.Buffer
		if err := ach.Write(&out, f); err != nil {
			return fmt.Errorf("bank repeats %s: %w", last, err)
		}
		content = out.Bytes()
	default:
		return ErrEntry
	}
	name := fmt.Sprintf("%s-%s.ach", strings.TrimSuffix(last, filepath.Ext(last)), t)
	in := filepath.Join(b.rail, "in")
	for n := 2; ; n++ { // each as a file of its own
		if _, err := os.Stat(filepath.Join(in, name)); os.IsNotExist(err) {
			return write(in, name, content)
		}
		name = fmt.Sprintf("%s-%s-%d.ach", strings.TrimSuffix(last, filepath.Ext(last)), t, n)
	}
}

// turn reverses the order of entries; the bank's own trace numbers still ascend.
func turn(entries []ach.Entry) {
	var own []ach.TraceNumber
	for _, e := range entries {
		own = append(own, e.Trace)
	}
	slices.Reverse(entries)
	for i := range entries {
		if entries[i].Trace = own[i]; entries[i].Return != nil {
			entries[i].Return.Trace = own[i]
		}
		if entries[i].Change != nil {
			entries[i].Change.Trace = own[i]
		}
	}
}
