package tape

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"marque/internal/contract"
	"marque/internal/money"
)

const loanHead = `<?xml version="1.0" encoding="UTF-8"?>
<assetData xmlns="http://www.sec.gov/edgar/document/absee/autoloan/assetdata">
`

// oneLoan is a small record in the format of the SEC's files; extra elements go in.
func oneLoan(asset, extra string) string {
	return `<assets>
<assetTypeNumber>Sample</assetTypeNumber>
<assetNumber>` + asset + `</assetNumber>
<reportingPeriodBeginningDate>07-01-2026</reportingPeriodBeginningDate>
<reportingPeriodEndingDate>07-31-2026</reportingPeriodEndingDate>
<originatorName>Marque Financial   </originatorName>
<originationDate>06/2024</originationDate>
` + extra + `</assets>
`
}

func loanFile(records ...string) string {
	return loanHead + strings.Join(records, "") + "</assetData>\n"
}

func readAll(r io.Reader) (recs []Record, errs []*Error) {
	for rec, err := range ReadABSEE(r, "tape.xml") {
		var e *Error
		switch {
		case err == nil:
			recs = append(recs, rec)
		case errors.As(err, &e):
			errs = append(errs, e)
		default:
			panic(err)
		}
	}
	return recs, errs
}

const serviced = `<originalLoanAmount>20000.00000000</originalLoanAmount>
<loanMaturityDate>06/2029</loanMaturityDate>
<originalInterestRatePercentage>0.06500000</originalInterestRatePercentage>
<paymentTypeCode>2</paymentTypeCode>
<subvented>1</subvented><subvented>2</subvented>
<vehicleManufacturerName>MARQUE &amp; SON</vehicleManufacturerName>
<vehicleNewUsedCode>1</vehicleNewUsedCode>
<vehicleModelYear>2024</vehicleModelYear>
<obligorCreditScore>NONE</obligorCreditScore>
<obligorGeographicLocation>FL</obligorGeographicLocation>
<remainingTermToMaturityNumber>35</remainingTermToMaturityNumber>
<reportingPeriodInterestRatePercentage>0.065</reportingPeriodInterestRatePercentage>
<scheduledInterestAmount>85.62345678</scheduledInterestAmount>
<reportingPeriodActualEndBalanceAmount>13250.40</reportingPeriodActualEndBalanceAmount>
<reportingPeriodScheduledPaymentAmount>391.32000000</reportingPeriodScheduledPaymentAmount>
<servicingFlatFeeAmount></servicingFlatFeeAmount>
<interestPaidThroughDate>07-18-2026</interestPaidThroughDate>
<currentDelinquencyStatus>0</currentDelinquencyStatus>
`

func TestALoanIsReadAsTheFileHasIt(t *testing.T) {
	recs, errs := readAll(strings.NewReader(loanFile(oneLoan("0001 - 000001", serviced))))
	if len(errs) > 0 || len(recs) != 1 {
		t.Fatal(recs, errs)
	}
	l := recs[0].Loan
	if l.Asset != "0001 - 000001" || l.Originator != "Marque Financial" || l.Number != 1 || l.Line != 3 {
		t.Errorf("%+v", l.Position)
	}
	if l.EndBalance != (Opt[money.Cents]{1325040, true}) || l.Rate.V != 65_000_000_000 || l.PaidThrough.String() != "2026-07-18" || l.Originated.String() != "06/2024" {
		t.Errorf("%+v", l)
	}
	if l.ScheduledInterest.V != 8562 || l.BeginBalance.OK || l.Vehicle != (Vehicle{Year: 2024, Make: "MARQUE & SON", New: true}) {
		t.Errorf("%+v", l)
	}
}

func TestEncodingsAndFormsThatAreRead(t *testing.T) {
	body := strings.TrimPrefix(loanFile(oneLoan("A1", "")), `<?xml version="1.0" encoding="UTF-8"?>`+"\n")
	prefixed := strings.NewReplacer("</", "</s:", "<", "<s:", "xmlns=", `xmlns:x="http://www.w3.org/2001/XMLSchema-instance" xmlns:s=`).Replace(body)
	for name, file := range map[string]string{
		"byte order mark":    "\xEF\xBB\xBF" + loanFile(oneLoan("A1", "")),
		"no declaration":     body,
		"declared ASCII":     `<?xml version='1.0' encoding='us-ascii' standalone='yes'?>` + body,
		"carriage returns":   strings.ReplaceAll(loanFile(oneLoan("A1", "")), "\n", "\r\n"),
		"prefixed names":     prefixed,
		"comments and CDATA": loanHead + "<!-- a - comment --><?tool x?>" + oneLoan("<![CDATA[A]]><!-- in -->1", "<subvented/>") + "</assetData><!-- end -->\n",
		"character entity":   loanFile(oneLoan("&#65;&#x31;", "")),
	} {
		for _, slow := range []bool{false, true} {
			var r io.Reader = strings.NewReader(file)
			if slow {
				r = iotest.OneByteReader(r)
			}
			recs, errs := readAll(r)
			if len(errs) > 0 || len(recs) != 1 || recs[0].Loan.Asset != "A1" {
				t.Errorf("%s: %v %v", name, recs, errs)
			}
		}
	}
	recs, errs := readAll(strings.NewReader(strings.Replace(loanHead, ">\n<assetData", ">\n<!-- x -->\n<assetData", 1) + "</assetData>"))
	if len(recs)+len(errs) != 0 {
		t.Error("a file of no records", recs, errs)
	}
}

func TestBadFilesEndTheReading(t *testing.T) {
	good := oneLoan("A1", "")
	for name, c := range map[string]struct{ file, reason string }{
		"empty":                 {"", "the file is empty"},
		"not XML":               {"account,balance\n1,2\n", "not XML"},
		"HTML":                  {"<html><body>Not found</body></html>", "root element is html"},
		"cut short in a value":  {loanHead + good[:60], "cut short"},
		"cut short at the end":  {loanHead + good, "cut short"},
		"DTD":                   {`<?xml version="1.0"?><!DOCTYPE assetData SYSTEM "x.dtd">` + good, "document type"},
		"entity declared":       {`<!DOCTYPE a [<!ENTITY e "x">]>` + loanFile(good), "document type"},
		"undefined entity":      {loanFile(oneLoan("&owner;", "")), "entity &owner; is not defined"},
		"wrong namespace":       {strings.Replace(loanFile(good), "autoloan", "rmbs", 1), "is not the SEC's"},
		"no namespace":          {`<assetData>` + good + `</assetData>`, "is not the SEC's"},
		"namespace changed":     {loanFile(strings.Replace(good, "<assets>", `<assets xmlns="urn:x">`, 1)), "inside the data"},
		"wrong closing tag":     {loanFile(strings.Replace(good, "</assetNumber>", "</assetName>", 1)), "</assetName> where </assetNumber> is due"},
		"UTF-16":                {"\xFF\xFE<\x00", "UTF-16"},
		"ISO-8859-1":            {`<?xml version="1.0" encoding="ISO-8859-1"?>` + good, "encoding is ISO-8859-1"},
		"XML 1.1":               {`<?xml version="1.1"?>` + good, "only 1.0"},
		"bytes not UTF-8":       {loanFile(oneLoan("A\xE9", "")), "not UTF-8"},
		"control character":     {loanFile(oneLoan("A\x01", "")), "control character"},
		"more after the end":    {loanFile(good) + good, "after the end"},
		"text between records":  {loanFile(good, "hello"), "between the records"},
		"attribute twice":       {`<assetData xmlns="a" xmlns="b"/>`, "stands twice"},
		"value without end":     {loanFile(oneLoan(strings.Repeat("A", maxToken+10), "")), "longer than"},
		"deep nesting":          {loanFile(oneLoan("A", strings.Repeat("<x>", 100))), "nested"},
		"late XML declaration":  {"\n" + loanFile(good), "not at the start"},
		"half a comment":        {loanHead + "<!-- never closed", "cut short"},
		"two dashes in comment": {loanHead + "<!-- a -- b -->", "-- stands in a comment"},
	} {
		recs, errs := readAll(strings.NewReader(c.file))
		if len(errs) == 0 || !errs[len(errs)-1].Fatal || !strings.Contains(errs[len(errs)-1].Reason, c.reason) {
			t.Errorf("%s: %v, want %q", name, errs, c.reason)
		}
		if len(recs) > 1 {
			t.Errorf("%s: %d records", name, len(recs))
		}
	}
	broken := errors.New("disk")
	_, errs := readAll(io.MultiReader(strings.NewReader(loanHead), iotest.ErrReader(broken)))
	if len(errs) != 1 || !errors.Is(errs[0], broken) {
		t.Error(errs)
	}
}

func TestEveryWrongValueIsLocatedAndReadingGoesOn(t *testing.T) {
	for name, c := range map[string]struct{ extra, field, reason string }{
		"negative amount":    {"<originalLoanAmount>-5.00</originalLoanAmount>", "originalLoanAmount", "must not be negative"},
		"fraction of a cent": {"<totalActualAmountPaid>12.345</totalActualAmountPaid>", "totalActualAmountPaid", "fraction of a cent"},
		"no such day":        {"<interestPaidThroughDate>02-30-2026</interestPaidThroughDate>", "interestPaidThroughDate", "no such day"},
		"month 13":           {"<loanMaturityDate>13/2026</loanMaturityDate>", "loanMaturityDate", "is not a month"},
		"ISO date":           {"<interestPaidThroughDate>2026-07-01</interestPaidThroughDate>", "interestPaidThroughDate", "is not a date"},
		"not a number":       {"<totalActualAmountPaid>1,000.00</totalActualAmountPaid>", "totalActualAmountPaid", "is not a number"},
		"too large":          {"<originalLoanAmount>99999999999.00</originalLoanAmount>", "originalLoanAmount", "too large"},
		"rate in percent":    {"<originalInterestRatePercentage>15.9</originalInterestRatePercentage>", "originalInterestRatePercentage", "fraction of one"},
		"unknown code":       {"<zeroBalanceCode>7</zeroBalanceCode>", "zeroBalanceCode", "not one of the codes"},
		"unknown element":    {"<ownersName>x<y/></ownersName>", "ownersName", "unknown element"},
		"foreign prefix":     {"<q:subvented>0</q:subvented>", "q:subvented", "unknown element"},
		"repeated element":   {"<originalLoanTerm>60</originalLoanTerm><originalLoanTerm>60</originalLoanTerm>", "originalLoanTerm", "stands twice"},
		"nested element":     {"<originalLoanTerm><x>60</x></originalLoanTerm>", "originalLoanTerm", "holds an element"},
		"too long":           {"<vehicleModelName>" + strings.Repeat("X", 31) + "</vehicleModelName>", "vehicleModelName", "longer than 30"},
		"flag":               {"<coObligorIndicator>maybe</coObligorIndicator>", "coObligorIndicator", "not true or false"},
		"made after period":  {"", "originationDate", "after the period ends"},
		"matures before":     {"<loanMaturityDate>01/2020</loanMaturityDate>", "loanMaturityDate", "before the loan was made"},
		"text among":         {"stray", "", "text stands between"},
	} {
		bad := oneLoan("B2", c.extra)
		if c.extra == "" {
			bad = strings.Replace(bad, "06/2024", "06/2027", 1)
		}
		recs, errs := readAll(strings.NewReader(loanFile(oneLoan("A1", ""), bad, oneLoan("C3", ""))))
		if len(errs) != 1 || errs[0].Field != c.field || !strings.Contains(errs[0].Reason, c.reason) || errs[0].Fatal {
			t.Errorf("%s: %v", name, errs)
			continue
		}
		if e := errs[0]; e.Record != 2 || e.Asset != "B2" || e.Line < 11 || e.Line > 18 {
			t.Errorf("%s: located at %+v", name, e)
		}
		if len(recs) != 2 || recs[1].Loan.Asset != "C3" {
			t.Errorf("%s: the records around it: %v", name, recs)
		}
	}
}

func TestAllErrorsOfAFileAreCollectedAndCounted(t *testing.T) {
	var b strings.Builder
	for range 1500 {
		b.WriteString(oneLoan("A", "<originalLoanTerm>x</originalLoanTerm><zeroBalanceCode>x</zeroBalanceCode>"))
	}
	var all Errors
	for _, err := range ReadABSEE(strings.NewReader(loanFile(b.String())), "tape.xml") {
		all.Add(err)
	}
	if all.Count != 3000 || len(all.Kept) != KeptErrors || !strings.Contains(all.Err().Error(), "and 2000 more errors") {
		t.Error(all.Count, len(all.Kept))
	}
	recs, errs := readAll(strings.NewReader(loanFile("<assets/>", "<assets></assets>")))
	if len(recs) != 0 || len(errs) != 2 || errs[0].Field != "assetNumber" || errs[1].Record != 2 {
		t.Error("empty records:", recs, errs)
	}
}

func TestTheReaderStopsWhenAsked(t *testing.T) {
	n := 0
	for range ReadABSEE(strings.NewReader(loanFile(oneLoan("A", ""), oneLoan("B", ""))), "tape.xml") {
		n++
		break
	}
	if n != 1 {
		t.Error(n)
	}
}

func TestASampleIsReadAndBoardedWhole(t *testing.T) {
	for _, kind := range []contract.Kind{contract.Loan, contract.Lease} {
		var file, again bytes.Buffer
		if err := Sample(&file, kind, 2000, 7); err != nil {
			t.Fatal(err)
		}
		if err := Sample(&again, kind, 2000, 7); err != nil || !bytes.Equal(file.Bytes(), again.Bytes()) {
			t.Fatal("the same seed gives the same file", err)
		}
		recs, errs := readAll(&file)
		if len(recs) != 2000 || len(errs) > 0 {
			t.Fatal(kind, len(recs), errs)
		}
		boarded := 0
		for _, r := range recs {
			b, err := r.Board(DefaultBoardingRules())
			var skip *Skip
			switch {
			case errors.As(err, &skip):
			case err != nil:
				t.Fatal(err)
			default:
				boarded++
				if b.Terms.Kind != kind || b.Terms.FirstDue.IsZero() {
					t.Fatalf("%+v", b)
				}
			}
		}
		if boarded < 1850 {
			t.Error(kind, boarded)
		}
	}
}

// FuzzReadABSEE: what is accepted is well formed to encoding/xml as well, and
// the first asset number is the same text to both.
func FuzzReadABSEE(f *testing.F) {
	for _, s := range []string{loanFile(oneLoan("A1", serviced)), loanFile(oneLoan("&#65;<![CDATA[<]]>", "<x:y/>")), "<a", loanHead, `<!DOCTYPE a>`, loanHead + "<assets></assets></assetData>"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		recs, errs := readAll(bytes.NewReader(file))
		slow, slowErrs := readAll(iotest.OneByteReader(bytes.NewReader(file)))
		if len(recs) != len(slow) || len(errs) != len(slowErrs) {
			t.Fatal("another answer when read byte by byte", errs, slowErrs)
		}
		for _, r := range recs {
			if _, err := r.Board(DefaultBoardingRules()); err != nil {
				var e *Error
				var s *Skip
				if !errors.As(err, &e) && !errors.As(err, &s) {
					t.Fatal(err)
				}
			}
		}
		for _, e := range errs {
			if e.Fatal {
				return
			}
		}
		// encoding/xml knows only the name utf-8.
		plain := bytes.Replace(bytes.Replace(file, []byte("us-ascii"), []byte("utf-8"), 1), []byte("utf8"), []byte("utf-8"), 1)
		d := xml.NewDecoder(bytes.NewReader(plain))
		d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("accepted here, refused by encoding/xml: %v\n%q", err, file)
			}
		}
		if len(errs) > 0 || len(recs) == 0 {
			return
		}
		var want struct {
			Assets []struct {
				Number string `xml:"assetNumber"`
			} `xml:"assets"`
		}
		d = xml.NewDecoder(bytes.NewReader(plain))
		d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
		if err := d.Decode(&want); err != nil {
			t.Fatal(err)
		}
		if got := recs[0].Where().Asset; got != strings.Trim(want.Assets[0].Number, " \t\r\n") {
			t.Fatalf("asset %q, encoding/xml reads %q", got, want.Assets[0].Number)
		}
	})
}
