package ach

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"marque/internal/money"
)

// lines makes a file of its records, filled to 94 columns and blocks of ten.
func lines(records ...string) string {
	var b strings.Builder
	n := 0
	for ; n < len(records); n++ {
		b.WriteString(records[n] + strings.Repeat(" ", width-len([]rune(records[n]))) + "\n")
	}
	for ; n%10 != 0; n++ {
		b.WriteString(strings.Repeat("9", width) + "\n")
	}
	return b.String()
}

// Facts of moov-io/ach samples (Apache-2.0): ppd-mixedDebitCredit, issue751,
// cor-read, dishonored-return and contested_addenda.
const (
	mixedHeader  = "101 23138010401210428821907181055A094101Federal Reserve Bank   My Bank Name"
	mixedBatch   = "5200Name on Account                     121042882 PPDREG.SALARY      190719   1121042880000001"
	mixedDebit   = "627231380104123456789        0200000000               Debit Account           0121042880000001"
	mixedCredit1 = "622231380104987654321        0100000000               Credit Account 1        0121042880000002"
	mixedCredit2 = "622231380104837098765        0100000000               Credit Account 2        0121042880000003"
	mixedControl = "82000000030069414030000200000000000200000000121042882                          121042880000001"
	mixedEnd     = "9000001000001000000030069414030000200000000000200000000"

	webReturns = `5225MY COMPANY NAME                     1823273909WEBPAYMENT         2007312171123456780000151
62610120610182111184         0000007714c4437ad535504daFFFFFFFF LLLLL          1123456780000879
799R01101206100003510      12345678                                            123456780000879
6261012061010110             0000009446caddd043a027475FFFFFFF LLLLLL          1123456780000880
799R03101206100003650      12345678                                            123456780000880
822500000400202412200000000171600000000000001823273909                         123456780000151`

	change = `101 231380104 1210428822102251048A094101Federal Reserve Bank   My Bank Name                   
5220Your Company, in                    121042882 CORVendor Pay      210412   1121042880000001
621231380104744-5678-99      0000000000location #23   Best Co. #23            1121042880000001
798C01121042880000001      121042881918171614                                  091012980000088
82200000020023138010000000000000000000000000121042882                          121042880000001
9000001000001000000020023138010000000000000000000000000                                       `

	dishonored = "799R68059999990000301      12391871   12391871000000117901Untimely Return      231380100000001"
	contested  = "799R72123456780000069      75639218   7563921800000010670112345678000007021868 364275034310088"
)

func mixed() string {
	return lines(mixedHeader, mixedBatch, mixedDebit, mixedCredit1, mixedCredit2, mixedControl, mixedEnd)
}

func read(t *testing.T, s string) (*File, Problems) {
	t.Helper()
	f, err := Read(strings.NewReader(s))
	var p Problems
	if err != nil && !errors.As(err, &p) {
		t.Fatal(err)
	}
	if f == nil {
		t.Fatal("no file")
	}
	return f, p
}

func TestReadsDebitsAndCredits(t *testing.T) {
	f, problems := read(t, mixed())
	if problems != nil {
		t.Fatal(problems)
	}
	h := FileHeader{
		ImmediateDestination: "231380104", ImmediateOrigin: "0121042882", CreationDate: money.NewDate(2019, 7, 18),
		CreationTime: "1055", FileIDModifier: "A", DestinationName: "Federal Reserve Bank", OriginName: "My Bank Name",
	}
	if f.Header != h {
		t.Errorf("header %+v", f.Header)
	}
	b := f.Batches[0]
	if want := (BatchHeader{
		ServiceClass: MixedDebitsAndCredits, CompanyName: "Name on Account", CompanyID: "121042882", SEC: PPD,
		EntryDescription: "REG.SALARY", EffectiveDate: money.NewDate(2019, 7, 19), OriginatorStatus: "1",
		ODFI: "12104288", BatchNumber: 1,
	}); b.Header != want {
		t.Errorf("batch header %+v", b.Header)
	}
	e := b.Entries[0]
	if e.TransactionCode != CheckingDebit || e.RDFI != "231380104" || e.Account != "123456789" || e.Amount != 2_000_000_00 ||
		e.Name != "Debit Account" || e.Trace != "121042880000001" || e.Addenda != nil {
		t.Errorf("entry %+v", e)
	}
	if want := (FileControl{1, 1, 3, 69414030, 2_000_000_00, 2_000_000_00}); f.Control != want {
		t.Errorf("control %+v", f.Control)
	}
}

func TestLineEndsFillAndBlankLinesMayVary(t *testing.T) {
	whole := mixed()
	bare := strings.Join(strings.Split(whole, "\n")[:7], "\n")
	for name, s := range map[string]string{
		"crlf": strings.ReplaceAll(whole, "\n", "\r\n"), "no fill, no last line end": bare,
		"blank lines at the end": whole + "\n \r\n",
	} {
		if _, problems := read(t, s); problems != nil {
			t.Errorf("%s: %v", name, problems)
		}
	}
	for name, s := range map[string]string{
		"blank line inside": strings.Replace(whole, "\n", "\n\n", 1), "trailing spaces gone": mixedHeader + whole[width:],
		"very long line": strings.Replace(whole, "Name      ", "Name      "+strings.Repeat(" ", 9999), 1),
	} {
		f, problems := read(t, s)
		if len(problems) == 0 || problems[0].Reason != BadLength || len(f.Batches) != 1 || len(f.Batches[0].Entries) != 3 {
			t.Errorf("%s: %v", name, problems)
		}
	}
}

func TestEveryFaultIsReportedWhereItIs(t *testing.T) {
	const payment = "705August payment                                                                  00010000001"
	for name, c := range map[string]struct {
		old, new string
		want     Problem
	}{
		"amount changed":      {"0200000000  ", "0200000001  ", Problem{6, "batch control", "total debit", Disagrees, "2000000.00", "2000000.01"}},
		"amount not digits":   {"0200000000  ", "02000 0000  ", Problem{Line: 3, Record: "entry", Field: "amount", Reason: NotDigits}},
		"credit became debit": {"622231380104987", "627231380104987", Problem{6, "batch control", "total debit", Disagrees, "2000000.00", "3000000.00"}},
		"check digit":         {"627231380104", "627231380105", Problem{Line: 3, Record: "entry", Field: "check digit", Reason: BadCheckDigit}},
		"hash":                {"8200000003006941", "8200000003006942", Problem{6, "batch control", "entry hash", Disagrees, "69424030", "69414030"}},
		"count":               {"8200000003", "8200000004", Problem{6, "batch control", "entry/addenda count", Disagrees, "4", "3"}},
		"company":             {"0200000000121042882 ", "0200000000121042883 ", Problem{6, "batch control", "company identification", Disagrees, "121042883", "121042882"}},
		"odfi":                {"121042880000001\n9", "121042870000001\n9", Problem{6, "batch control", "originating DFI identification", Disagrees, "12104287", "12104288"}},
		"batch number":        {"121042880000001\n9", "121042880000002\n9", Problem{6, "batch control", "batch number", Disagrees, "2", "1"}},
		"service class":       {"\n8200", "\n8225", Problem{6, "batch control", "service class code", Disagrees, "225", "200"}},
		"service class kind":  {"\n5200", "\n5201", Problem{Line: 2, Record: "batch header", Field: "service class code", Reason: UnknownValue}},
		"entry class kind":    {"PPDREG", "PPPREG", Problem{Line: 2, Record: "batch header", Field: "standard entry class code", Reason: UnknownValue}},
		"international":       {"PPDREG", "IATREG", Problem{Line: 2, Record: "batch header", Field: "standard entry class code", Reason: Unsupported}},
		"no such date":        {"190719", "190231", Problem{Line: 2, Record: "batch header", Field: "effective entry date", Reason: NotADate}},
		"trace order":         {"0121042880000003", "0121042880000002", Problem{Line: 5, Record: "entry", Field: "trace number", Reason: NotAscending}},
		"block count":         {"9000001000001", "9000001000002", Problem{7, "file control", "block count", Disagrees, "2", "1"}},
		"batch count":         {"9000001000001", "9000002000001", Problem{7, "file control", "batch count", Disagrees, "2", "1"}},
		"file total":          {"000200000000 ", "000200000010 ", Problem{7, "file control", "total credit", Disagrees, "2000000.10", "2000000.00"}},
		"no file header":      {mixedHeader, "", Problem{Line: 1, Record: "file header", Reason: Missing}},
		"no batch header":     {mixedBatch + "\n", "", Problem{Line: 2, Record: "entry before batch header", Reason: OutOfPlace}},
		"no batch control":    {mixedControl + "\n", "", Problem{Line: 2, Record: "batch control", Reason: Missing}},
		"addenda alone":       {mixedDebit + "\n", payment + "\n", Problem{Line: 3, Record: "addenda without entry", Reason: OutOfPlace}},
		"addenda unannounced": {mixedCredit1 + "\n", payment + "\n", Problem{3, "entry", "addenda record indicator", Disagrees, "0", "1"}},
		"addenda missing":     {"0121042880000001\n622", "1121042880000001\n622", Problem{3, "entry", "addenda record indicator", Disagrees, "1", "0"}},
		"control alone":       {mixedControl + "\n", mixedControl + "\n" + mixedControl + "\n", Problem{Line: 7, Record: "batch control without batch header", Reason: OutOfPlace}},
		"second header":       {mixedBatch, mixedHeader, Problem{Line: 2, Record: "file header", Reason: OutOfPlace}},
		"unknown record":      {"\n5200", "\nX200", Problem{Line: 2, Record: "line", Field: "record type code", Reason: UnknownRecord}},
		"after the end":       {"\n9999", "\n5999", Problem{Line: 8, Record: "record after file control", Reason: OutOfPlace}},
		"letter not ASCII":    {"Debit Account ", "Débit Account ", Problem{Line: 3, Record: "line", Field: "column 56", Reason: BadCharacter}},
		"byte of no letter":   {"Debit Account ", "D\xe9bit Account ", Problem{Line: 3, Record: "line", Field: "column 56", Reason: BadCharacter}},
	} {
		s := strings.Replace(mixed(), c.old, c.new, 1)
		if s == mixed() {
			t.Fatalf("%s: nothing changed", name)
		}
		_, problems := read(t, s)
		found := false
		for _, p := range problems {
			found = found || p == c.want
		}
		if !found {
			t.Errorf("%s: want %v, got %v", name, c.want, problems)
		}
	}
}

func TestProblemsNeverRepeatAnAccount(t *testing.T) {
	s := strings.NewReplacer("627231380104123456789", "6272313801X4123456789", "0200000000 ", "02000000x0 ").Replace(mixed())
	_, problems := read(t, s)
	if len(problems) == 0 || strings.Contains(problems.Error(), "123456789") || strings.Contains(problems.Error(), "Debit Account") {
		t.Error(problems)
	}
}

func TestEmptyFile(t *testing.T) {
	f, problems := read(t, "")
	if len(problems) != 2 || problems[0].Record != "file header" || problems[1].Record != "file control" || len(f.Batches) != 0 {
		t.Error(problems)
	}
}

func TestReaderErrorIsNotAProblem(t *testing.T) {
	broken := errors.New("line dropped")
	f, err := Read(iotest.DataErrReader(&halfFile{strings.NewReader(mixed()[:300]), broken}))
	var p Problems
	if !errors.Is(err, broken) || errors.As(err, &p) || f == nil {
		t.Error(err)
	}
}

type halfFile struct {
	*strings.Reader
	err error
}

func (h *halfFile) Read(b []byte) (int, error) {
	if h.Len() == 0 {
		return 0, h.err
	}
	return h.Reader.Read(b)
}

func TestReturnsOfAFileWithoutHeader(t *testing.T) {
	f, problems := read(t, webReturns)
	if len(problems) != 2 || problems[0].Reason != Missing || problems[1].Reason != Missing {
		t.Fatal(problems)
	}
	got := Returns(f)
	if len(got) != 2 {
		t.Fatal(got)
	}
	r := got[0]
	// Day 217 of 2020 is 4 August.
	if r.Trace != "101206100003510" || r.Code != "R01" || r.Amount != 77_14 || r.Account != "82111184" || r.RDFI != "12345678" ||
		r.Date != money.NewDate(2020, 8, 4) || r.EffectiveDate != money.NewDate(2020, 7, 31) || r.CompanyID != "1823273909" ||
		r.ReturnTrace != "123456780000879" || !r.TransactionCode.Debit() || r.SEC != WEB {
		t.Errorf("%+v", r)
	}
	if got[1].Code != "R03" || got[1].Amount != 94_46 || got[1].Trace != "101206100003650" {
		t.Errorf("%+v", got[1])
	}
}

func TestSettlementDayIsInTheNearestYear(t *testing.T) {
	for _, c := range []struct {
		made money.Date
		day  int
		want money.Date
	}{
		{money.NewDate(2027, 1, 2), 365, money.NewDate(2026, 12, 31)},
		{money.NewDate(2026, 12, 31), 4, money.NewDate(2027, 1, 4)},
		{money.NewDate(2025, 1, 2), 366, money.NewDate(2024, 12, 31)},
		{money.NewDate(2026, 5, 5), 0, money.NewDate(2026, 5, 5)},
	} {
		f := File{Header: FileHeader{CreationDate: c.made}}
		if got := f.settled(&BatchHeader{SettlementDay: c.day}); got != c.want {
			t.Errorf("day %d seen on %s is %s, want %s", c.day, c.made, got, c.want)
		}
	}
}

func TestDishonoredAndContestedReturns(t *testing.T) {
	f, _ := read(t, lines(mixedBatch, mixedDebit, dishonored, mixedCredit1, contested))
	got := Returns(f)
	if d := got[0].Addenda; !d.Code.Dishonored() || d.ReturnTrace != "123918710000001" || d.ReturnSettlementDay != 179 ||
		d.ReturnReason != "01" || d.Information != "Untimely Return" {
		t.Errorf("%+v", d)
	}
	if c := got[1].Addenda; !c.Code.Contested() || c.ReturnTrace != "756392180000001" || c.ReturnSettlementDay != 67 ||
		c.DishonoredTrace != "123456780000070" || c.DishonoredSettlementDay != 218 || c.DishonoredReason != "68" {
		t.Errorf("%+v", c)
	}
}

func TestNotificationOfChange(t *testing.T) {
	f, problems := read(t, change)
	if problems != nil {
		t.Fatal(problems)
	}
	got := Changes(f)
	if len(got) != 1 || got[0].Code != "C01" || got[0].Trace != "121042880000001" || got[0].RDFI != "12104288" ||
		got[0].Account != "744-5678-99" || got[0].Date != money.NewDate(2021, 2, 25) {
		t.Fatalf("%+v", got)
	}
	if k, err := got[0].Correction(); err != nil || k != (Correction{Account: "1918171614"}) {
		t.Errorf("%+v %v", k, err)
	}
}

func TestCorrections(t *testing.T) {
	for _, c := range []struct {
		code ChangeCode
		data string
		want Correction
	}{
		{"C01", "1918171614", Correction{Account: "1918171614"}},
		{"C02", "121042882", Correction{Routing: "121042882"}},
		{"C03", "121042882   1918171614", Correction{Routing: "121042882", Account: "1918171614"}},
		{"C04", "JORDAN AVERY", Correction{Name: "JORDAN AVERY"}},
		{"C05", "37", Correction{TransactionCode: SavingsDebit}},
		{"C06", "1918171614          37", Correction{Account: "1918171614", TransactionCode: SavingsDebit}},
		{"C07", "1210428821918171614       37", Correction{Routing: "121042882", Account: "1918171614", TransactionCode: SavingsDebit}},
		{"C09", "55443", Correction{IndividualID: "55443"}},
	} {
		got, err := Change{Code: c.code, CorrectedData: c.data}.Correction()
		if err != nil || got != c.want {
			t.Errorf("%s: %+v %v", c.code, got, err)
		}
	}
	for _, c := range []Change{
		{Code: "C01"}, {Code: "C02", CorrectedData: "121042881"}, {Code: "C05", CorrectedData: "3x"},
		{Code: "C03", CorrectedData: "121042882"}, {Code: "C13", CorrectedData: "x"}, {Code: "C61"},
	} {
		if got, err := c.Correction(); !errors.Is(err, ErrCorrection) || got != (Correction{}) {
			t.Errorf("%s %q: %+v %v", c.Code, c.CorrectedData, got, err)
		}
	}
}

// FuzzRead: no input makes the reader panic, and a file without fault is either
// refused by the writer or comes back the same.
func FuzzRead(f *testing.F) {
	f.Add([]byte(mixed()))
	f.Add([]byte(webReturns))
	f.Add([]byte(change))
	f.Add([]byte(lines(mixedHeader, mixedBatch, mixedDebit, dishonored, mixedCredit1, contested, mixedControl, mixedEnd)))
	f.Add([]byte("1\n5\n6\n7\n8\n9\n\n\xff\r\n799R72"))
	f.Fuzz(func(t *testing.T, in []byte) {
		file, err := Read(bytes.NewReader(in))
		if file == nil {
			t.Fatal("no file")
		}
		Returns(file)
		for _, c := range Changes(file) {
			if k, err := c.Correction(); err != nil && k != (Correction{}) {
				t.Fatal("an unreadable correction says something")
			}
		}
		var problems Problems
		if err != nil && (!errors.As(err, &problems) || problems.Error() == "") {
			t.Fatal(err)
		}
		if err == nil {
			writeAndReadBack(t, file, true)
		}
	})
}
