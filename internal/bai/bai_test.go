package bai

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"marque/internal/money"

	"pgregory.net/rapid"
)

func on(s string) money.Date {
	d, err := money.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func problemsOf(t *testing.T, file string) Problems {
	t.Helper()
	lines, err := Read(strings.NewReader(file), "")
	var p Problems
	if err != nil && !errors.As(err, &p) {
		t.Fatal(err)
	}
	if err != nil && lines != nil {
		t.Error("refused, and lines all the same")
	}
	return p
}

// The records of the specification's own examples (Cash Management Balance
// Reporting Specifications, version 2, section 3), put together to one file:
// 500000 + 70000000 + 1500000 + 10000000 = 82000000 on the first account.
const specification = `01,122099999,123456789,040621,0200,1,55,,2/
02,031001234,122099999,1,040620,2359,,2/
03,0975312468,,010,500000,,,190,70000000,4,0/
16,165,1500000,1,DD1620,, DEALER PAYMENTS
16,115,10000000,S,5000000,4000000,1000000/
88,AX13612,B096132,AMALGAMATED CORP. LOCKBOX
88,DEPOSIT-MISC. RECEIVABLES
16,890,,,,,detail reports will be delayed until 11:00 AM.
49,82000000,7/
03,5765432,,,,,/
49,0,2/
98,82000000,2,11/
99,82000000,1,13/
`

func TestTheSpecificationsExamples(t *testing.T) {
	lines, err := Read(strings.NewReader(specification), "")
	if err != nil {
		t.Fatal(err)
	}
	want := []Line{
		{Account: "0975312468", Currency: "USD", Date: on("2004-06-20"), Amount: 15_000_00, Code: "165", BankReference: "DD1620", Text: "DEALER PAYMENTS"},
		{Account: "0975312468", Currency: "USD", Date: on("2004-06-20"), Amount: 100_000_00, Code: "115", BankReference: "AX13612", CustomerReference: "B096132",
			Text: "AMALGAMATED CORP. LOCKBOX DEPOSIT-MISC. RECEIVABLES"},
	}
	if !reflect.DeepEqual(lines, want) {
		t.Errorf("got\n%+v\nwant\n%+v", lines, want)
	}
	for name, other := range map[string]string{
		"crlf": strings.ReplaceAll(specification, "\n", "\r\n"), "filled lines": strings.ReplaceAll(specification, "\n", strings.Repeat(" ", 30)+"\n"),
		"no last line end": strings.TrimSuffix(specification, "\n"), "blank lines": strings.ReplaceAll(specification, "\n", "\n\n") + "\x1a",
	} {
		if again, err := Read(strings.NewReader(other), ""); err != nil || !reflect.DeepEqual(again, want) {
			t.Errorf("%s: %v %+v", name, err, again)
		}
	}
}

// day one of a lender: drafts collected, one returned, a card processor's payout,
// a fee, and an account in yen and one in dinars beside it.
const lender = `01,121042882,MARQUE,261116,0600,7,,,2/
02,MARQUE,121042882,1,261113,,USD,2/
03,0001234821,USD,010,+100000,,,015,1187950,,/
16,142,1200000,V,261116,0900,B1,C1,ACH SETTLEMENT, WEB
16,557,-45000,Z,B2,,R01/
16,555,45000,,B2,,R01/
16,147,2950,D,2,0,2000,1,950,B3,C3,CARDS / PAYOUT
16,661,70000,0/
88,B4,,FEE
49,2560900,8/
03,77,JPY/
16,195,500,0,,,YEN
49,500,3/
03,78,KWD/
16,195,12340,0,,,DINARS
49,12340,3/
98,2573740,3,16/
99,2573740,1,18/
`

func TestALendersStatement(t *testing.T) {
	good := strings.Replace(lender, "16,557,-45000,Z,B2,,R01/\n", "", 1)
	good = strings.Replace(good, "49,2560900,8/", "49,2605900,7/", 1)
	good = strings.NewReplacer("98,2573740,3,16/", "98,2618740,3,15/", "99,2573740,1,18/", "99,2618740,1,17/").Replace(good)
	lines, err := Read(strings.NewReader(good), "")
	if err != nil {
		t.Fatal(err)
	}
	type short struct {
		amount money.Cents
		ref    string
		text   string
		value  money.Date
	}
	for i, want := range []short{
		{12_000_00, "B1", "ACH SETTLEMENT, WEB", on("2026-11-16")}, {-450_00, "B2", "R01", 0}, {29_50, "B3", "CARDS / PAYOUT", 0}, {-700_00, "B4", "FEE", 0},
		{500_00, "", "YEN", 0}, {12_34, "", "DINARS", 0},
	} {
		l := lines[i]
		if got := (short{l.Amount, l.BankReference, l.Text, l.ValueDate}); got != want {
			t.Errorf("line %d: %+v, want %+v", i, got, want)
		}
		if l.Date != on("2026-11-13") || l.Interim || l.Code.Name() == "" {
			t.Errorf("line %d: %+v", i, l)
		}
	}
	if lines[4].Currency != "JPY" || lines[5].Currency != "KWD" || lines[5].Account != "78" {
		t.Errorf("%+v", lines[4:])
	}
	interim := strings.Replace(good, ",261113,,USD,2/", ",261113,,USD,3/", 1)
	if lines, err := Read(strings.NewReader(interim), ""); err != nil || !lines[0].Interim {
		t.Error(err)
	}
	// A signed amount contradicts the type that gives its direction.
	if p := problemsOf(t, lender); len(p) == 0 || p[0].Line != 5 || !strings.Contains(p[0].Reason, "has a sign") {
		t.Error(p)
	}
}

func TestAFaultRefusesTheStatement(t *testing.T) {
	for name, c := range map[string]struct {
		old, new string
		line     int
		want     string
	}{
		"account total":        {"49,82000000", "49,82000001", 9, "the control total is 82000001, counted 82000000"},
		"account records":      {"49,82000000,7", "49,82000000,6", 9, "the number of records is not 7"},
		"group total":          {"98,82000000", "98,82000001", 12, "control total"},
		"accounts":             {"98,82000000,2,", "98,82000000,1,", 12, "the number of accounts is not 2"},
		"group records":        {"2,11/", "2,12/", 12, "the number of records is not 11"},
		"file total":           {"99,82000000", "99,8", 13, "control total"},
		"groups":               {"99,82000000,1,", "99,82000000,2,", 13, "the number of groups is not 1"},
		"file records":         {"1,13/", "1,14/", 13, "the number of records is not 13"},
		"an amount changed":    {"16,165,1500000", "16,165,1500001", 9, "counted 82000001"},
		"a transaction lost":   {"16,165,1500000,1,DD1620,, DEALER PAYMENTS\n", "", 8, "counted 80500000"},
		"cut short":            {"98,82000000,2,11/\n99,82000000,1,13/\n", "", 11, "ends before its trailer"},
		"no account trailer":   {"49,82000000,7/\n", "", 9, "is out of place"},
		"no group":             {"02,031001234,122099999,1,040620,2359,,2/\n", "", 2, "is out of place"},
		"after the end":        {"1,13/\n", "1,13/\n16,165,1,0,,,\n", 14, "is out of place"},
		"a test":               {"99999,1,040620", "99999,4,040620", 2, "is a test"},
		"a deletion":           {"99999,1,040620", "99999,2,040620", 2, "deletes"},
		"a correction":         {"99999,1,040620", "99999,3,040620", 2, "corrects"},
		"status":               {"99999,1,040620", "99999,9,040620", 2, "unknown status"},
		"no such day":          {"040620,2359", "040631,2359", 2, "the as-of date is not a date"},
		"version":              {",,2/\n02", ",,3/\n02", 1, "not of version 2"},
		"a point":              {"16,165,1500000", "16,165,15000.00", 4, "an amount is not digits"},
		"funds type":           {"1500000,1,DD", "1500000,Q,DD", 4, "unknown funds type"},
		"type code":            {"16,165", "16,65", 4, "not three digits"},
		"a balance as a line":  {"16,165", "16,015", 4, "which way the money goes"},
		"a loan":               {"16,165", "16,721", 4, "which way the money goes"},
		"a message with money": {"16,890,,", "16,890,5,", 8, "a message has an amount"},
		"unknown record":       {"16,115", "17,115", 5, "not a known kind of record"},
		"distributions":        {"10000000,S,5000000", "10000000,D,99999999,5000000", 5, "number of distributions"},
		"account":              {"03,0975312468,", "03,,", 3, "has no number"},
		"currency":             {"03,0975312468,,", "03,0975312468,dollars,", 3, "unknown currency"},
	} {
		file := strings.Replace(specification, c.old, c.new, 1)
		if file == specification {
			t.Fatalf("%s: nothing to change", name)
		}
		found := false
		p := problemsOf(t, file)
		for _, one := range p {
			found = found || one.Line == c.line && strings.Contains(one.Reason, c.want)
		}
		if !found {
			t.Errorf("%s: want line %d %q, got %v", name, c.line, c.want, p)
		}
		if strings.Contains(p.Error(), "0975312468") {
			t.Errorf("%s: the account is repeated: %v", name, p)
		}
	}
}

func TestAContinuationOfNothing(t *testing.T) {
	var p Problems
	if _, err := ReadBAI2(strings.NewReader("88,1/\n" + specification)); !errors.As(err, &p) || p[0].Line != 1 || !strings.Contains(p[0].Reason, "continues nothing") {
		t.Error(err)
	}
}

func TestHostileSizesAreRefused(t *testing.T) {
	for name, file := range map[string]string{
		"a long line":          "01," + strings.Repeat("9", 1<<20),
		"a long record":        "01,1,2,040621,0200,1,,,2/\n02,1,2,1,040620,,,/\n03,1/\n16,165,1,0,,,x\n" + strings.Repeat("88,"+strings.Repeat("y", 1000)+"\n", 100),
		"faults without end":   "01,\n" + strings.Repeat("x\n", 100_000),
		"lines without end":    "01,1,2,040621,0200,1,,,2/\n02,1,2,1,040620,,,/\n03,1/\n" + strings.Repeat("16,165,1,0\n", maxRecords),
		"amounts beyond count": "01,1,2,040621,0200,1,,,2/\n02,1,2,1,040620,,,/\n03,1/\n" + strings.Repeat("16,165,999999999999999,0\n", 3_000),
	} {
		if p := problemsOf(t, file); len(p) == 0 || len(p) > maxProblems {
			t.Errorf("%s: %d problems", name, len(p))
		}
	}
}

func TestStatementAsCSV(t *testing.T) {
	lines, err := Read(strings.NewReader("\ufeffDate,Amount,Type,Reference,Description,Balance\r\n2026-11-13,12000.00,142,B1,\"ACH SETTLEMENT, WEB\",1\r\n11/16/2026,-450,ACH return,B2,R01,2\n"), "0001234821")
	want := []Line{
		{Account: "0001234821", Currency: "USD", Date: on("2026-11-13"), Amount: 12_000_00, Code: "142", BankReference: "B1", Text: "ACH SETTLEMENT, WEB"},
		{Account: "0001234821", Currency: "USD", Date: on("2026-11-16"), Amount: -450_00, Code: "ACH return", BankReference: "B2", Text: "R01"},
	}
	if err != nil || !reflect.DeepEqual(lines, want) {
		t.Errorf("%v\n%+v", err, lines)
	}
	for name, c := range map[string]struct {
		file string
		line int
		want string
	}{
		"nothing":        {"", 1, "does not name the columns"},
		"no header":      {"2026-11-13,12.00,142,B1,x\n", 1, "does not name the columns"},
		"a date":         {"date,amount\n2026-11-31,1\n", 2, "not a date"},
		"an amount":      {"date,amount\n2026-11-30,1\n2026-11-30,1e3\n", 3, "not an amount"},
		"a missing one":  {"date,amount\n2026-11-30,\n", 2, "not an amount"},
		"a field more":   {"date,amount\n2026-11-30,1,000.00\n", 2, "has 3 fields"},
		"twice":          {"date,amount,amount\n", 1, "comes twice"},
		"quotes":         {"date,amount\n2026-11-30,\"1\n", 2, "is not CSV"},
		"sign and type":  {"date,amount,type\n2026-11-30,-1,142\n", 2, "disagree"},
		"sign and debit": {"date,amount,type\n2026-11-30,1,455\n", 2, "disagree"},
	} {
		p := problemsOf(t, c.file)
		if len(p) == 0 || p[0].Line < c.line || !strings.Contains(p[0].Reason, c.want) {
			t.Errorf("%s: %v", name, p)
		}
	}
}

func TestCodesSayWhichWay(t *testing.T) {
	for code, way := range map[Code]int{
		"100": 1, "142": 1, "165": 1, "399": 1, "920": 1, "959": 1, "400": -1, "451": -1, "455": -1, "557": -1, "699": -1, "960": -1, "999": -1,
		"010": 0, "099": 0, "700": 0, "890": 0, "919": 0, "ACH": 0, "": 0, "1420": 0,
	} {
		if got := map[bool]int{true: 1}[code.Credit()] - map[bool]int{true: 1}[code.Debit()]; got != way {
			t.Errorf("%s: %d", code, got)
		}
	}
	if Code("165").Name() != "Preauthorized ACH credit" || Code("208").Name() != "International money transfer credit" || Code("143").Name() != "" {
		t.Error("names")
	}
}

// statement writes lines as a bank would: the test's own writer, with fields and
// text broken over continuations.
type statement struct {
	b       strings.Builder
	records []int // of the file, the group, the account
	t       *rapid.T
}

func (s *statement) put(fields []string, text string, hasText bool) {
	line := fields[0]
	flush := func(end string) {
		s.b.WriteString(line + end + strings.Repeat(" ", rapid.IntRange(0, 2).Draw(s.t, "fill")) + "\n")
		for i := range s.records {
			s.records[i]++
		}
	}
	for _, f := range fields[1:] {
		if rapid.IntRange(0, 5).Draw(s.t, "break") == 0 {
			flush("/")
			line = "88"
		}
		line += "," + f
	}
	if !hasText {
		flush("/")
		return
	}
	line += ","
	for i, word := range strings.Fields(text) {
		if i > 0 && rapid.IntRange(0, 3).Draw(s.t, "break text") == 0 {
			flush("")
			line = "88," + word
			continue
		}
		if i > 0 {
			line += " "
		}
		line += word
	}
	flush("")
}

func TestWhatABankWritesIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &statement{records: []int{0}, t: t}
		var want []Line
		var fileTotal int64
		s.put([]string{"01", "121042882", "MARQUE", "261116", "0600", "1", "", "", "2"}, "", false)
		groups := rapid.IntRange(0, 2).Draw(t, "groups")
		for g := range groups {
			date := on("2026-11-16") + money.Date(g)
			_, month, dd := date.Civil()
			s.records = append(s.records, 0)
			s.put([]string{"02", "MARQUE", "121042882", "1", fmt.Sprintf("26%02d%02d", month, dd), "", "", "2"}, "", false)
			var groupTotal int64
			accounts := rapid.IntRange(0, 2).Draw(t, "accounts")
			for a := range accounts {
				s.records = append(s.records, 0)
				var total int64
				number := fmt.Sprintf("00%d", a)
				head := []string{"03", number, ""}
				for range rapid.IntRange(0, 2).Draw(t, "balances") {
					v := rapid.Int64Range(-1_000_000, 1_000_000).Draw(t, "balance")
					total += v
					head = append(head, rapid.SampledFrom([]string{"010", "015", "100", "400"}).Draw(t, "of"), fmt.Sprintf("%+d", v), "", "")
				}
				s.put(head, "", false)
				for range rapid.IntRange(0, 4).Draw(t, "lines") {
					v := rapid.Int64Range(0, 9_999_999_999).Draw(t, "amount")
					l := Line{Account: number, Currency: "USD", Date: date, Amount: money.Cents(v),
						Code:          rapid.SampledFrom([]Code{"142", "165", "195", "451", "455", "475", "557"}).Draw(t, "code"),
						BankReference: rapid.StringMatching("[A-Z0-9]{0,8}").Draw(t, "ref"), CustomerReference: rapid.StringMatching("[A-Z0-9]{0,8}").Draw(t, "customer"),
					}
					if l.Code.Debit() {
						l.Amount = -l.Amount
					}
					fields := []string{"16", string(l.Code), fmt.Sprint(v)}
					fields = append(fields, rapid.SampledFrom([][]string{{""}, {"0"}, {"1"}, {"2"}, {"Z"}, {"S", "1", "2", "3"}, {"V", "261120", "0900"}, {"V", "261120", ""}, {"D", "0"}, {"D", "2", "0", "5", "1", "-6"}}).Draw(t, "funds")...)
					if fields[3] == "V" {
						l.ValueDate = on("2026-11-20")
					}
					fields = append(fields, l.BankReference, l.CustomerReference)
					if rapid.Bool().Draw(t, "text") {
						l.Text = strings.Join(strings.Fields(rapid.StringMatching("([A-Z0-9]([A-Z,/0-9]{0,4}[A-Z0-9])? ){0,5}[A-Z]").Draw(t, "words")), " ")
						s.put(fields, l.Text, true)
					} else {
						s.put(fields, "", false)
					}
					total += v
					want = append(want, l)
				}
				// Trailers are not broken: how many lines they take is in them.
				s.b.WriteString(fmt.Sprintf("49,%d,%d/\n", total, s.records[2]+1))
				s.records = []int{s.records[0] + 1, s.records[1] + 1}
				groupTotal += total
			}
			s.b.WriteString(fmt.Sprintf("98,%d,%d,%d/\n", groupTotal, accounts, s.records[1]+1))
			s.records = []int{s.records[0] + 1}
			fileTotal += groupTotal
		}
		s.b.WriteString(fmt.Sprintf("99,%d,%d,%d/\n", fileTotal, groups, s.records[0]+1))
		got, err := ReadBAI2(strings.NewReader(s.b.String()))
		if err != nil {
			t.Fatalf("%v\n%s", err, s.b.String())
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got\n%+v\nwant\n%+v\n%s", got, want, s.b.String())
		}
		// No digit of an amount or a total may change unseen.
		file := []byte(s.b.String())
		at := rapid.IntRange(0, len(file)-1).Draw(t, "place")
		if line := string(file[strings.LastIndex(string(file[:at]), "\n")+1:]); file[at] >= '0' && file[at] <= '9' && strings.HasPrefix(line, "49,") || strings.HasPrefix(line, "9") && file[at] >= '0' && file[at] <= '9' {
			file[at] = '0' + (file[at]-'0'+1)%10
			if _, err := ReadBAI2(strings.NewReader(string(file))); err == nil {
				t.Fatalf("a changed digit at %d was not seen\n%s", at, file)
			}
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add(specification)
	f.Add(lender)
	f.Add("date,amount,type,reference,description\n2026-11-13,12.00,142,B1,x\n")
	f.Add("01,\n16,1,1,D,9/\n88,/\n88,1\n49/\n")
	f.Fuzz(func(t *testing.T, s string) {
		lines, err := Read(strings.NewReader(s), "1")
		var p Problems
		switch {
		case err == nil:
			for _, l := range lines {
				if l.Date.IsZero() || l.Amount > money.MaxAmount || l.Amount < -money.MaxAmount || l.Code.Debit() && l.Amount > 0 || l.Code.Credit() && l.Amount < 0 {
					t.Fatalf("%+v", l)
				}
			}
		case !errors.As(err, &p) || len(p) == 0 || lines != nil || err.Error() == "":
			t.Fatal(err)
		}
	})
}

func BenchmarkRead100000Lines(b *testing.B) {
	var s strings.Builder
	s.WriteString("01,1,2,040621,0200,1,,,2/\n02,1,2,1,040620,,,/\n03,1/\n")
	for range 100_000 {
		s.WriteString("16,142,45000,Z,B123456,C123456,ACH CREDIT RECEIVED SAMPLE\n")
	}
	s.WriteString("49,4500000000,100002/\n98,4500000000,1,100004/\n99,4500000000,1,100006/\n")
	b.SetBytes(int64(s.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if lines, err := Read(strings.NewReader(s.String()), ""); err != nil || len(lines) != 100_000 {
			b.Fatal(len(lines), err)
		}
	}
}
