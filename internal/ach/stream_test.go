package ach

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"
)

// stream writes a file entry by entry.
func stream(w io.Writer, f *File) (FileControl, error) {
	wr := NewWriter(w, f.Header)
	for i := range f.Batches {
		wr.Batch(f.Batches[i].Header)
		for j := range f.Batches[i].Entries {
			wr.Entry(&f.Batches[i].Entries[j])
		}
	}
	return wr.Close()
}

// scan reads a file entry by entry and puts it together again.
func scan(r io.Reader) (*File, error) {
	f := &File{}
	s := NewScanner(r)
	for s.Scan() {
		if n := len(f.Batches); n == 0 || f.Batches[n-1].Header != s.Batch() {
			f.Batches = append(f.Batches, Batch{Header: s.Batch()})
		}
		b := &f.Batches[len(f.Batches)-1]
		b.Entries = append(b.Entries, *s.Entry())
	}
	f.Header, f.Control = s.Header(), s.Control()
	return f, s.Err()
}

func TestEntriesOneByOneAreTheSameFile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := fileOf(t)
		for i := range f.Batches {
			f.Batches[i].Control.MessageAuthentication = "" // a stream has none
		}
		var whole, parts bytes.Buffer
		if err := Write(&whole, f); err != nil {
			t.Fatal(err)
		}
		control, err := stream(&parts, f)
		if err != nil {
			t.Fatal(err)
		}
		if parts.String() != whole.String() {
			t.Fatalf("streamed\n%s\nwritten\n%s", parts.String(), whole.String())
		}
		want := f.Seal()
		if control != want.Control {
			t.Fatalf("totals %+v, want %+v", control, want.Control)
		}
		back, err := scan(&parts)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want.Batches {
			want.Batches[i].Control = BatchControl{}
		}
		if !reflect.DeepEqual(back, want) {
			t.Fatalf("came back\n%+v\nas\n%+v", want, back)
		}
	})
}

func TestAScannerFindsWhatReadFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := fileOf(t)
		var out bytes.Buffer
		if err := Write(&out, f); err != nil {
			t.Fatal(err)
		}
		spoiled := out.Bytes()
		for range rapid.IntRange(0, 5).Draw(t, "faults") {
			spoiled[rapid.IntRange(0, len(spoiled)-1).Draw(t, "at")] = rapid.SampledFrom([]byte("0179 \nR\xff")).Draw(t, "with")
		}
		whole, wantErr := Read(bytes.NewReader(spoiled))
		s := NewScanner(bytes.NewReader(spoiled))
		var entries []Entry
		for s.Scan() {
			entries = append(entries, *s.Entry())
		}
		if !reflect.DeepEqual(s.Err(), wantErr) {
			t.Fatalf("scanned %v, read %v", s.Err(), wantErr)
		}
		var want []Entry
		for i := range whole.Batches {
			want = append(want, whole.Batches[i].Entries...)
		}
		if !reflect.DeepEqual(entries, want) {
			t.Fatalf("scanned\n%+v\nread\n%+v", entries, want)
		}
	})
}

func TestARefusedStreamNeverHasItsControlRecords(t *testing.T) {
	f := many(5_000)
	f.Batches[0].Entries[4_000].Amount = -1
	var out bytes.Buffer
	_, err := stream(&out, f)
	var problems Problems
	if !errors.As(err, &problems) || len(problems) != 1 || problems[0].Line != 4_003 || problems[0].Reason != Negative {
		t.Fatal(err)
	}
	if s := out.String(); s == "" || len(s) > 4_002*(width+1) || strings.Contains(s, "\n8") || strings.Contains(s, "\n9") {
		t.Errorf("%d bytes written", len(s))
	}
	if _, err := Read(&out); err == nil {
		t.Error("a file cut short is read without fault")
	}
}

func TestAStreamOutOfOrderIsRefused(t *testing.T) {
	var out bytes.Buffer
	w := NewWriter(&out, autopay().Header)
	w.Entry(&autopay().Batches[0].Entries[0])
	if _, err := w.Close(); err == nil || !strings.Contains(err.Error(), "entry before batch header is out of place") {
		t.Error(err)
	}
	if _, err := stream(failing{io.ErrShortWrite}, many(5_000)); !errors.Is(err, io.ErrShortWrite) {
		t.Error(err)
	}
}

func TestAFileOfFaultsIsGivenUp(t *testing.T) {
	s := NewScanner(strings.NewReader(strings.Repeat("x\n", 100_000)))
	for s.Scan() {
		t.Fatal("an entry of nothing")
	}
	var problems Problems
	if err := s.Err(); !errors.As(err, &problems) || len(problems) > maxProblems+5 || problems[len(problems)-1].Reason != TooMany {
		t.Errorf("%d problems", len(problems))
	}
}

func TestReservedDescriptions(t *testing.T) {
	for s, want := range map[string]Reason{
		"LOAN PMT": "", "AUTO PYMT": "", "ACCTVERIFY": "", "RETRY PYMT": "", "REVERSAL": "", "RETURN FEE": "", "REVERSALS": "",
		"PURCHASE": Misnamed, "Purchase": Misnamed, "PAYROLL": Misnamed, "payroll": Misnamed,
		"Reversal": UnknownValue, "retry pymt": UnknownValue, "AcctVerify": UnknownValue,
	} {
		if got := CheckDescription(s); got != want {
			t.Errorf("%s: %q", s, got)
		}
		f := autopay()
		f.Batches[0].Header.EntryDescription = s
		if err := Write(io.Discard, f); (err == nil) != (want == "") {
			t.Errorf("%s: %v", s, err)
		}
	}
	deposit := autopay()
	deposit.Batches[0].Header.ServiceClass, deposit.Batches[0].Header.EntryDescription = MixedDebitsAndCredits, AccountVerification
	es := deposit.Batches[0].Entries
	es[0].TransactionCode, es[0].Amount = CheckingCredit, 99
	es[1].Amount = 1_31 // two deposits taken back in one
	if err := Write(io.Discard, deposit); err != nil {
		t.Error(err)
	}
	es[0].Amount = 1_00
	if err := Write(io.Discard, deposit); err == nil {
		t.Error("a test deposit of a dollar is written")
	}
}

// The memory of a writer and a scanner is that of their buffers, however many
// entries pass.
func TestMemoryIsBoundedByTheBatch(t *testing.T) {
	const entries = 300_000 // 28 MB
	most := uint64(0)
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	seen := 0
	look := func() {
		if seen++; seen%50_000 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&now)
			if now.HeapAlloc > before.HeapAlloc {
				most = max(most, now.HeapAlloc-before.HeapAlloc)
			}
		}
	}
	r, w := io.Pipe()
	go func() {
		f := autopay()
		wr, h := NewWriter(w, f.Header), f.Batches[0].Header
		e := f.Batches[0].Entries[0]
		for i := range entries {
			if i%10_000 == 0 {
				h.BatchNumber = i/10_000 + 1
				wr.Batch(h)
			}
			e.Trace = TraceNumber(fmt.Sprintf("12104288%07d", i))
			wr.Entry(&e)
		}
		_, err := wr.Close()
		w.CloseWithError(err)
	}()
	s := NewScanner(r)
	for s.Scan() {
		look()
	}
	if err := s.Err(); err != nil || seen != entries {
		t.Fatal(seen, err)
	}
	if most > 1<<20 {
		t.Errorf("%d bytes held", most)
	}
}

// coreTime reports what a benchmark took of one core, collecting garbage
// included: on a busy machine the clock on the wall says more about others.
func coreTime(b *testing.B) func() {
	took := func() int64 {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return u.Utime.Nano() + u.Stime.Nano()
	}
	begun := took()
	return func() { b.ReportMetric(float64(took()-begun)/float64(b.N)/1e6, "core-ms/op") }
}

func BenchmarkStream100000Entries(b *testing.B) {
	f := many(100_000)
	b.ReportAllocs()
	defer coreTime(b)()
	for b.Loop() {
		if _, err := stream(io.Discard, f); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkScan100000Entries(b *testing.B) {
	var out bytes.Buffer
	if err := Write(&out, many(100_000)); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(out.Len()))
	b.ReportAllocs()
	defer coreTime(b)()
	for b.Loop() {
		s := NewScanner(bytes.NewReader(out.Bytes()))
		n := 0
		for s.Scan() {
			n++
		}
		if err := s.Err(); err != nil || n != 100_000 {
			b.Fatal(n, err)
		}
	}
}
