package ach

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"marque/internal/money"

	"pgregory.net/rapid"
)

// writeAndReadBack fails unless the file comes back as it was written; when
// refusal is allowed, Problems of the writer are well too.
func writeAndReadBack(t interface{ Fatalf(string, ...any) }, f *File, mayRefuse bool) string {
	var out bytes.Buffer
	err := Write(&out, f)
	var problems Problems
	if mayRefuse && errors.As(err, &problems) {
		if out.Len() != 0 {
			t.Fatalf("refused and written")
		}
		return ""
	}
	if err != nil {
		t.Fatalf("write: %v", err)
	}
	back, err := Read(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatalf("read back: %v\n%s", err, out.String())
	}
	if want := f.Seal(); !reflect.DeepEqual(back, want) {
		t.Fatalf("came back\n%+v\nas\n%+v", want, back)
	}
	return out.String()
}

// autopay is a file of one WEB batch: two debits, one with an addenda.
func autopay() *File {
	return &File{
		Header: FileHeader{
			ImmediateDestination: "231380104", ImmediateOrigin: "121042882", CreationDate: money.NewDate(2026, 11, 12),
			CreationTime: "1630", FileIDModifier: "A", DestinationName: "FIRST SAMPLE BANK", OriginName: "MARQUE FINANCIAL",
		},
		Batches: []Batch{{
			Header: BatchHeader{
				ServiceClass: DebitsOnly, CompanyName: "MARQUE FINANCIAL", CompanyID: "1234567890", SEC: WEB,
				EntryDescription: "AUTO PYMT", EffectiveDate: money.NewDate(2026, 11, 13), OriginatorStatus: "1",
				ODFI: "12104288", BatchNumber: 1,
			},
			Entries: []Entry{
				{TransactionCode: CheckingDebit, RDFI: "231380104", Account: "00123-4567", Amount: 421_37,
					IndividualID: "L-1001", Name: "JORDAN AVERY", Discretionary: "R", Trace: "121042880000001"},
				{TransactionCode: SavingsDebit, RDFI: "021000021", Account: "998877", Amount: 300_00,
					IndividualID: "L-1002", Name: "SAM O'NEIL", Discretionary: "S", Trace: "121042880000002",
					Addenda: []Addenda{{PaymentInformation, "  two payments"}}},
			},
		}},
	}
}

func TestWritesTheBytesOfTheFormat(t *testing.T) {
	got := writeAndReadBack(t, autopay(), false)
	want := strings.Join([]string{
		"101 231380104 1210428822611121630A094101FIRST SAMPLE BANK      MARQUE FINANCIAL               ",
		"5225MARQUE FINANCIAL                    1234567890WEBAUTO PYMT       261113   1121042880000001",
		"62723138010400123-4567       0000042137L-1001         JORDAN AVERY          R 0121042880000001",
		"637021000021998877           0000030000L-1002         SAM O'NEIL            S 1121042880000002",
		"705  two payments                                                                  00010000002",
		"82250000030025238012000000072137000000000000" + "1234567890                         121042880000001",
		"9000001000001000000030025238012000000072137000000000000                                       ",
	}, "\n") + "\n" + strings.Repeat(strings.Repeat("9", width)+"\n", 3)
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// The sample's own control records are what Seal computes.
func TestWritesASampleAsItWasRead(t *testing.T) {
	for _, s := range []string{mixed(), change + "\n" + strings.Repeat(strings.Repeat("9", width)+"\n", 4)} {
		f, problems := read(t, s)
		if problems != nil {
			t.Fatal(problems)
		}
		if got := writeAndReadBack(t, f, false); got != s {
			t.Errorf("got\n%s\nwant\n%s", got, s)
		}
	}
}

func TestWhatDoesNotFitIsRefusedByName(t *testing.T) {
	entry := func(do func(*Entry)) func(*File) { return func(f *File) { do(&f.Batches[0].Entries[0]) } }
	header := func(do func(*BatchHeader)) func(*File) { return func(f *File) { do(&f.Batches[0].Header) } }
	for name, c := range map[string]struct {
		spoil func(*File)
		want  Problem
	}{
		"long name":         {entry(func(e *Entry) { e.Name = "JORDAN MAXIMILIAN AVERY" }), Problem{Line: 3, Record: "entry", Field: "individual name", Reason: TooLong}},
		"accented name":     {entry(func(e *Entry) { e.Name = "JOSÉ" }), Problem{Line: 3, Record: "entry", Field: "individual name", Reason: BadCharacter}},
		"line end in name":  {entry(func(e *Entry) { e.Name = "JO\nSE" }), Problem{Line: 3, Record: "entry", Field: "individual name", Reason: BadCharacter}},
		"space around name": {entry(func(e *Entry) { e.Name = "JO " }), Problem{Line: 3, Record: "entry", Field: "individual name", Reason: Padded}},
		"long account":      {entry(func(e *Entry) { e.Account = "123456789012345678" }), Problem{Line: 3, Record: "entry", Field: "DFI account number", Reason: TooLong}},
		"no account":        {entry(func(e *Entry) { e.Account = "" }), Problem{Line: 3, Record: "entry", Field: "DFI account number", Reason: Missing}},
		"large amount":      {entry(func(e *Entry) { e.Amount = MaxEntryAmount + 1 }), Problem{Line: 3, Record: "entry", Field: "amount", Reason: TooLarge}},
		"negative amount":   {entry(func(e *Entry) { e.Amount = -1 }), Problem{Line: 3, Record: "entry", Field: "amount", Reason: Negative}},
		"no amount":         {entry(func(e *Entry) { e.Amount = 0 }), Problem{Line: 3, Record: "entry", Field: "amount", Reason: Zero}},
		"prenote amount":    {entry(func(e *Entry) { e.TransactionCode = CheckingPrenoteDebit }), Problem{Line: 3, Record: "entry", Field: "amount", Reason: NotZero}},
		"credit in debits":  {entry(func(e *Entry) { e.TransactionCode = CheckingCredit }), Problem{Line: 3, Record: "entry", Field: "transaction code", Reason: UnknownValue}},
		"check digit":       {entry(func(e *Entry) { e.RDFI = "231380105" }), Problem{Line: 3, Record: "entry", Field: "check digit", Reason: BadCheckDigit}},
		"short routing":     {entry(func(e *Entry) { e.RDFI = "23138010" }), Problem{Line: 3, Record: "entry", Field: "receiving DFI identification", Reason: TooShort}},
		"foreign trace":     {entry(func(e *Entry) { e.Trace = "021000020000001" }), Problem{Line: 3, Record: "entry", Field: "trace number", Reason: Disagrees}},
		"same trace twice":  {entry(func(e *Entry) { e.Trace = "121042880000002" }), Problem{Line: 4, Record: "entry", Field: "trace number", Reason: NotAscending}},
		"long addenda": {entry(func(e *Entry) { e.Addenda = []Addenda{{"05", strings.Repeat("x", 81)}} }),
			Problem{Line: 4, Record: "addenda 05", Field: "payment related information", Reason: TooLong}},
		"field of another code": {entry(func(e *Entry) {
			e.Return = &ReturnAddenda{Code: "R01", OriginalTrace: "121042880000001", OriginalRDFI: "23138010", Trace: "121042880000001", DishonoredReason: "68"}
		}), Problem{Line: 4, Record: "addenda 99", Field: "a field that this return code does not have", Reason: OutOfPlace}},
		"long company":       {header(func(h *BatchHeader) { h.CompanyName = "MARQUE FINANCIAL CO" }), Problem{Line: 2, Record: "batch header", Field: "company name", Reason: TooLong}},
		"no description":     {header(func(h *BatchHeader) { h.EntryDescription = "" }), Problem{Line: 2, Record: "batch header", Field: "company entry description", Reason: Missing}},
		"no effective date":  {header(func(h *BatchHeader) { h.EffectiveDate = 0 }), Problem{Line: 2, Record: "batch header", Field: "effective entry date", Reason: Missing}},
		"year past the rule": {header(func(h *BatchHeader) { h.EffectiveDate = money.NewDate(2100, 1, 1) }), Problem{Line: 2, Record: "batch header", Field: "effective entry date", Reason: NotADate}},
		"international":      {header(func(h *BatchHeader) { h.SEC = IAT }), Problem{Line: 2, Record: "batch header", Field: "standard entry class code", Reason: Unsupported}},
		"batch of nothing":   {func(f *File) { f.Batches[0].Entries = nil }, Problem{Line: 2, Record: "batch without entries", Reason: OutOfPlace}},
		"batch total": {func(f *File) {
			e := f.Batches[0].Entries[0]
			e.Amount = MaxEntryAmount
			f.Batches[0].Entries = nil
			for i := range 101 {
				e.Trace = TraceNumber(fmt.Sprintf("12104288%07d", i))
				f.Batches[0].Entries = append(f.Batches[0].Entries, e)
			}
		}, Problem{Line: 104, Record: "batch control", Field: "total debit", Reason: TooLarge}},
	} {
		f := autopay()
		c.spoil(f)
		var out bytes.Buffer
		var problems Problems
		if err := Write(&out, f); !errors.As(err, &problems) || out.Len() > 0 {
			t.Errorf("%s: written, error %v", name, err)
			continue
		}
		found := false
		for _, p := range problems {
			found = found || p == c.want
		}
		if !found {
			t.Errorf("%s: want %v, got %v", name, c.want, problems)
		}
	}
}

func TestWriteTellsTheWritersError(t *testing.T) {
	full := errors.New("disk full")
	if err := Write(failing{full}, autopay()); !errors.Is(err, full) {
		t.Error(err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// words draws text that fits so many columns, without spaces around it.
func words(t *rapid.T, label string, least, most int) string {
	return strings.Trim(rapid.StringOfN(rapid.RuneFrom(nil, &printable), least, most, most).Filter(func(s string) bool {
		return len(strings.Trim(s, " ")) >= least
	}).Draw(t, label), " ")
}

func digitsOf(t *rapid.T, label string, n int) string {
	return rapid.StringMatching(fmt.Sprintf("[0-9]{%d}", n)).Draw(t, label)
}

func routingOf(t *rapid.T, label string) RoutingNumber {
	dfi := digitsOf(t, label, 8)
	d, _ := CheckDigit(dfi)
	return RoutingNumber(dfi + string(d))
}

func dateOf(t *rapid.T, label string) money.Date {
	return money.NewDate(2000, 1, 1) + money.Date(rapid.IntRange(0, 36524).Draw(t, label))
}

func fileOf(t *rapid.T) *File {
	f := &File{Header: FileHeader{
		ImmediateDestination: string(routingOf(t, "destination")), ImmediateOrigin: words(t, "origin", 1, 10),
		CreationDate: dateOf(t, "made"), CreationTime: rapid.SampledFrom([]string{"", "0000", "2359", "1045"}).Draw(t, "time"),
		FileIDModifier:  rapid.StringMatching("[A-Z0-9]").Draw(t, "modifier"),
		DestinationName: words(t, "destination name", 0, 23), OriginName: words(t, "origin name", 0, 23),
		ReferenceCode: words(t, "reference", 0, 8),
	}}
	for i := range rapid.IntRange(0, 3).Draw(t, "batches") {
		f.Batches = append(f.Batches, batchOf(t, i+1))
	}
	return f
}

func batchOf(t *rapid.T, number int) Batch {
	b := Batch{Header: BatchHeader{
		ServiceClass: MixedDebitsAndCredits, CompanyName: words(t, "company", 1, 16),
		CompanyDiscretionary: words(t, "discretionary", 0, 20), CompanyID: words(t, "company id", 1, 10),
		SEC:              rapid.SampledFrom([]SEC{PPD, WEB, TEL, CCD, COR, CTX}).Draw(t, "sec"),
		EntryDescription: words(t, "description", 1, 10), DescriptiveDate: words(t, "descriptive date", 0, 6),
		EffectiveDate: dateOf(t, "effective"), SettlementDay: rapid.IntRange(0, 366).Draw(t, "settlement"),
		OriginatorStatus: "1", ODFI: digitsOf(t, "odfi", 8), BatchNumber: number,
	}}
	b.Control.MessageAuthentication = words(t, "mac", 0, 19)
	for i := range rapid.IntRange(1, 4).Draw(t, "entries") {
		b.Entries = append(b.Entries, entryOf(t, TraceNumber(fmt.Sprintf("%s%07d", b.Header.ODFI, i*3))))
	}
	return b
}

func entryOf(t *rapid.T, trace TraceNumber) Entry {
	e := Entry{
		TransactionCode: rapid.SampledFrom([]TransactionCode{21, 22, 23, 26, 27, 28, 31, 32, 33, 36, 37, 38, 52, 55}).Draw(t, "code"),
		RDFI:            routingOf(t, "rdfi"), Account: words(t, "account", 1, 17),
		Amount:       money.Cents(rapid.Int64Range(1, int64(MaxEntryAmount)).Draw(t, "amount")),
		IndividualID: words(t, "id", 0, 15), Name: words(t, "name", 0, 22), Discretionary: words(t, "data", 0, 2), Trace: trace,
	}
	if e.TransactionCode.Prenote() {
		e.Amount = 0
	}
	original, rdfi := TraceNumber(digitsOf(t, "original", 15)), digitsOf(t, "original rdfi", 8)
	switch rapid.IntRange(0, 5).Draw(t, "kind") {
	case 0:
		for range rapid.IntRange(1, 3).Draw(t, "addenda") {
			e.Addenda = append(e.Addenda, Addenda{PaymentInformation, words(t, "info", 0, 80)})
		}
	case 1:
		e.Change = &ChangeAddenda{Code: "C01", OriginalTrace: original, OriginalRDFI: rdfi,
			CorrectedData: words(t, "corrected", 0, 29), RefusedCode: words(t, "refused", 0, 3), Trace: trace}
	case 2:
		e.Return = &ReturnAddenda{Code: "R01", OriginalTrace: original, OriginalRDFI: rdfi,
			DateOfDeath: dateOf(t, "death"), Information: words(t, "info", 0, 44), Trace: trace}
	case 3:
		e.Return = &ReturnAddenda{Code: "R68", OriginalTrace: original, OriginalRDFI: rdfi, Information: words(t, "info", 0, 21),
			ReturnTrace: original, ReturnSettlementDay: rapid.IntRange(0, 366).Draw(t, "day"), ReturnReason: "01", Trace: trace}
	case 4:
		e.Return = &ReturnAddenda{Code: "R73", OriginalTrace: original, OriginalRDFI: rdfi, OriginalReturned: dateOf(t, "returned"),
			OriginalSettlementDay: 12, ReturnTrace: original, ReturnSettlementDay: 30, ReturnReason: "09",
			DishonoredTrace: trace, DishonoredSettlementDay: 44, DishonoredReason: "68", Trace: trace}
	}
	return e
}

func TestWhatIsWrittenComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { writeAndReadBack(t, fileOf(t), false) })
}

// Whichever digit of an amount, a bank's number, a count, a hash or a total is
// changed, the reader sees it.
func TestNoChangedDigitGoesUnseen(t *testing.T) {
	counted := map[byte][2]int{'6': {4, 12}, '8': {5, 44}, '9': {2, 55}}
	rapid.Check(t, func(t *rapid.T) {
		f := fileOf(t)
		for i := range f.Batches {
			for j := range f.Batches[i].Entries {
				e := &f.Batches[i].Entries[j]
				e.TransactionCode, e.Amount = CheckingDebit, max(e.Amount, 1)
			}
		}
		file := []byte(writeAndReadBack(t, f, false))
		var places []int
		for start := 0; start < len(file); start += width + 1 {
			if strings.Trim(string(file[start:start+width]), "9") == "" {
				continue
			}
			if span, ok := counted[file[start]]; ok {
				for c := span[0]; c <= span[1]; c++ {
					places = append(places, start+c-1)
				}
			}
			if file[start] == '6' {
				for c := 30; c <= 39; c++ {
					places = append(places, start+c-1)
				}
			}
		}
		at := rapid.SampledFrom(places).Draw(t, "place")
		file[at] = '0' + (file[at]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "by")))%10
		if _, err := Read(bytes.NewReader(file)); err == nil {
			t.Fatalf("a changed digit at %d was not seen\n%s", at, file)
		}
	})
}

// many is a file of n debits in batches of ten thousand.
func many(n int) *File {
	f := autopay()
	one := f.Batches[0]
	f.Batches = nil
	for i := range n {
		if i%10_000 == 0 {
			b := Batch{Header: one.Header}
			b.Header.BatchNumber = len(f.Batches) + 1
			f.Batches = append(f.Batches, b)
		}
		e := one.Entries[0]
		e.Trace = TraceNumber(fmt.Sprintf("12104288%07d", i))
		b := &f.Batches[len(f.Batches)-1]
		b.Entries = append(b.Entries, e)
	}
	return f
}

func BenchmarkWrite100000Entries(b *testing.B) {
	f := many(100_000)
	b.ReportAllocs()
	for b.Loop() {
		var out bytes.Buffer
		if err := Write(&out, f); err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(out.Len()))
	}
}

func BenchmarkRead100000Entries(b *testing.B) {
	var out bytes.Buffer
	if err := Write(&out, many(100_000)); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(out.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read(bytes.NewReader(out.Bytes())); err != nil {
			b.Fatal(err)
		}
	}
}

var printable = unicode.RangeTable{R16: []unicode.Range16{{Lo: ' ', Hi: '~', Stride: 1}}, LatinOffset: 1}
