package tape

import (
	"bytes"
	"encoding/csv"
	"errors"
	"strings"
	"testing"

	"marque/internal/contract"
	"marque/internal/money"
)

func readContracts(file string) (out []Boarding, errs []*Error) {
	for b, err := range ReadCSV(strings.NewReader(file), "in.csv", DefaultBoardingRules()) {
		var e *Error
		if errors.As(err, &e) {
			errs = append(errs, e)
		} else {
			out = append(out, b)
		}
	}
	return out, errs
}

// example is the example file with some fields of its first row changed, and
// only that row.
func example(t *testing.T, change map[string]string) string {
	t.Helper()
	var head, row []string
	for _, c := range Columns {
		v, ok := change[c.Name]
		if !ok {
			v = c.Loan
		}
		head, row = append(head, c.Name), append(row, v)
	}
	var b bytes.Buffer
	if err := csv.NewWriter(&b).WriteAll([][]string{head, row}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTheExampleIsAFileThatIsRead(t *testing.T) {
	var b bytes.Buffer
	if err := WriteExample(&b); err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]string{
		"as printed": b.String(), "byte order mark": "\xEF\xBB\xBF" + b.String(),
		"carriage returns": strings.ReplaceAll(b.String(), "\n", "\r\n"),
	} {
		got, errs := readContracts(file)
		if len(errs) > 0 || len(got) != 2 {
			t.Fatal(name, got, errs)
		}
		loan, lease := got[0], got[1]
		if loan.Terms.Principal != 24_000_00 || loan.Terms.Rate != 59_000_000_000 || loan.Terms.GraceDays != 10 || loan.Terms.LateFee != (contract.LateFee{Flat: 15_00}) {
			t.Errorf("%+v", loan.Terms)
		}
		if p := loan.Person; p.SSN != "123456789" || p.Phone != "+12025550143" || p.BirthDate != day("1988-03-14") {
			t.Errorf("%+v", p)
		}
		if lease.Terms.Kind != contract.Lease || lease.Terms.Principal != 36*389_00 || lease.Terms.LeaseTerms.Residual != 18_900_00 || lease.CustomerID != loan.CustomerID {
			t.Errorf("%+v", lease)
		}
	}
	var doc bytes.Buffer
	if err := WriteColumns(&doc); err != nil || strings.Count(doc.String(), "\n") != len(Columns)+1 {
		t.Error(doc.String(), err)
	}
}

func TestEachWrongFieldOfAContractIsLocated(t *testing.T) {
	for field, bad := range map[string][]string{
		"account_number": {"", "LN 1", strings.Repeat("9", 31)},
		"kind":           {"", "Loan", "balloon"},
		"first_name":     {"", "A\x01B"},
		"email":          {"", "nobody", "a@b", "A <a@b.example>", "a b@c.example"},
		"phone":          {"555-0143", "+44 20 7946 0000", "102-555-0143", "202-155-0143", "٢٠٢-555-0143"},
		"ssn":            {"", "000-12-3456", "666-12-3456", "900-12-3456", "123-00-4567", "123-45-0000", "12345", "12345678A"},
		"birth_date":     {"1988-02-30", "03/14/1988", "2026-05-01"},
		"state":          {"Florida", "XX"},
		"zip":            {"", "1234", "123456", "33602-12", "ABCDE"},
		"vehicle_year":   {"24"},
		"vin":            {"1M9AL24C2RS000017", "1M9AL24C1RS00001", "IM9AL24C1RS000017"},
		"principal":      {"", "0", "-1.00", "24,000.00", "$24000", "100.005", "99999999999"},
		"annual_rate":    {"", "5.9%", "-0.05", "11"},
		"start_date":     {"", "2026-13-01"},
		"first_due_date": {"", "2026-01-14"},
		"due_day":        {"0", "32"},
		"n_payments":     {"", "0", "60.5", "1201"},
		"payment":        {"", "0", "-462.87"},
		"day_count":      {"365"},
		"rounding":       {"nearest"},
		"application":    {"interest interest principal", "fees first"},
		"grace_days":     {"-1", "ten"},
		"late_fee_flat":  {"-15"},
		"cap_cost":       {"100.00"},
	} {
		for _, v := range bad {
			got, errs := readContracts(example(t, map[string]string{field: v}))
			if len(got) > 0 || len(errs) != 1 || errs[0].Field != field || errs[0].Record != 1 || errs[0].Line != 2 {
				t.Errorf("%s %q: %v %v", field, v, got, errs)
			}
		}
	}
	_, errs := readContracts(example(t, map[string]string{"zip": "1", "email": "x", "payment": "-1"}))
	if len(errs) != 3 {
		t.Error("all wrong fields of a row:", errs)
	}
}

func TestASocialSecurityNumberIsNotRepeatedInAnError(t *testing.T) {
	_, errs := readContracts(example(t, map[string]string{"ssn": "666-12-3456", "birth_date": "1988-02-31"}))
	if len(errs) != 2 {
		t.Fatal(errs)
	}
	for _, e := range errs {
		if strings.Contains(e.Error(), "3456") || strings.Contains(e.Error(), "1988") {
			t.Error(e)
		}
	}
}

func TestACoBorrowerOfAContract(t *testing.T) {
	co := func(more map[string]string) map[string]string {
		out := map[string]string{"co_borrower_number": "C-9", "co_borrower_first_name": "Sam", "co_borrower_last_name": "Ortiz",
			"co_borrower_email": "sam.ortiz@mail.example", "co_borrower_ssn": "123-45-6780", "co_borrower_zip": "33602"}
		for k, v := range more {
			out[k] = v
		}
		return out
	}
	got, errs := readContracts(example(t, co(nil)))
	if len(errs) > 0 || len(got) != 1 || got[0].CoBorrowerID != "C-9" || *got[0].CoBorrower != (Person{FirstName: "Sam", LastName: "Ortiz",
		Email: "sam.ortiz@mail.example", SSN: "123456780", ZIP: "33602"}) {
		t.Errorf("%+v %v", got, errs)
	}
	for field, bad := range map[string]string{
		"co_borrower_first_name": "", "co_borrower_last_name": "", "co_borrower_email": "nobody", "co_borrower_ssn": "000-12-3456", "co_borrower_zip": "",
		"co_borrower_state": "XX", "co_borrower_phone": "555-0143", "co_borrower_birth_date": "2026-05-01", "co_borrower_number": "C-7001",
	} {
		_, errs := readContracts(example(t, co(map[string]string{field: bad})))
		if len(errs) == 0 || errs[0].Field != field || errs[0].Record != 1 || errs[0].Line != 2 {
			t.Errorf("%s %q: %v", field, bad, errs)
		}
	}
	_, errs = readContracts(example(t, co(map[string]string{"co_borrower_ssn": "666-12-3456"})))
	if len(errs) != 1 || strings.Contains(errs[0].Error(), "3456") {
		t.Error(errs)
	}
}

func TestOneCustomerWithSeveralContracts(t *testing.T) {
	head, row, _ := strings.Cut(example(t, nil), "\n")
	other := strings.Replace(row, "LN-100245", "LN-100246", 1)
	got, errs := readContracts(head + "\n" + row + other)
	if len(errs) > 0 || len(got) != 2 || got[0].CustomerID != got[1].CustomerID {
		t.Error(got, errs)
	}
	_, errs = readContracts(head + "\n" + row + strings.Replace(other, "Reyes", "Smith", 1))
	if len(errs) != 1 || errs[0].Field != "customer_id" || errs[0].Line != 3 || !strings.Contains(errs[0].Reason, "line 2") {
		t.Error("another person under the same id:", errs)
	}
	_, errs = readContracts(head + "\n" + row + row)
	if len(errs) != 1 || errs[0].Field != "account_number" || !strings.Contains(errs[0].Reason, "stands on line 2 already") {
		t.Error("an account twice:", errs)
	}
}

func TestBadContractFiles(t *testing.T) {
	head, row, _ := strings.Cut(example(t, nil), "\n")
	for name, c := range map[string]struct{ file, field, reason string }{
		"empty":            {"", "", "the file is empty"},
		"unknown column":   {head + ",favourite_colour\n", "favourite_colour", "unknown column"},
		"column twice":     {head + ",email\n", "email", "stands twice"},
		"column missing":   {strings.Replace(head, "zip,", "", 1) + "\n", "zip", "the column is missing"},
		"UTF-16":           {"\xFF\xFEa\x00", "", "UTF-16"},
		"short row":        {head + "\nLN-1,loan\n", "", "has 2 fields where the header has"},
		"bytes not UTF-8":  {head + "\n" + strings.Replace(row, "Jordan", "Jos\xE9", 1), "first_name", "not UTF-8"},
		"quote left open":  {head + "\n" + strings.Replace(row, "Jordan", `"Jordan`, 1), "", "quote"},
		"quote in a field": {head + "\n" + strings.Replace(row, "Jordan", `Jor"dan`, 1), "", "quote"},
	} {
		got, errs := readContracts(c.file)
		if len(got) > 0 || len(errs) != 1 || errs[0].Field != c.field || !strings.Contains(errs[0].Reason, c.reason) {
			t.Errorf("%s: %v", name, errs)
		}
	}
	got, errs := readContracts(head + "\n" + strings.Replace(row, "12 Harbor Street", "\"12 Harbor\nStreet\"", 1) + "bad,row\n" + strings.Replace(row, "LN-100245", "LN-2", 1))
	if len(got) != 1 || len(errs) != 2 || errs[0].Field != "street" || errs[1].Line != 4 {
		t.Error("lines count through quoted line breaks:", got, errs)
	}
}

func TestVINCheckDigits(t *testing.T) {
	// Published samples: idlesign/vininfo, lucasdavila/vin_checker, bradg/vin-js.
	for _, vin := range []string{"1M8GDM9AXKP042788", "JN1DA31D63T505967", "5J6HYJ8V55L009357", "1HGCM82633A004352", "WBA71DC010CH14720", "95VCA1C899M010049"} {
		if err := CheckVIN(vin); err != nil {
			t.Error(vin, err)
		}
	}
	for vin, reason := range map[string]string{
		"1XPTD40X0JD456115": "should be 6", "5J6HYJ8V45L009357": "should be 5", "1HGCM826X3A004352": "should be 3",
		"12345": "17 characters", "1111111111111111_": "only digits", "WVWUK63B92P54681I": "only digits",
	} {
		if err := CheckVIN(vin); err == nil || !strings.Contains(err.Error(), reason) {
			t.Error(vin, err)
		}
	}
}

func TestPhoneNumbers(t *testing.T) {
	// Published samples: validatorjs/validator.js.
	for s, want := range map[string]string{
		"19876543210": "+19876543210", "+1(567) 362-8910": "+15673628910", "1(567)362 8910": "+15673628910", "223-456-7890": "+12234567890",
	} {
		if got, err := Phone(s); got != want || err != nil {
			t.Error(s, got, err)
		}
	}
	for _, s := range []string{"564785", "0123456789", "1437439210", "+10345672645", "11435213543", "1(167)362-8910", "+2(267)362-8910", "+3365520145"} {
		if got, err := Phone(s); err == nil {
			t.Error(s, got)
		}
	}
}

func FuzzReadCSV(f *testing.F) {
	var b bytes.Buffer
	if err := WriteExample(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.String())
	f.Add("account_number\n\"")
	f.Fuzz(func(t *testing.T, file string) {
		got, _ := readContracts(file)
		for _, b := range got {
			if err := b.Terms.Validate(); err != nil {
				t.Fatal(err)
			}
			if b.Terms.Principal > money.MaxAmount || b.Person == nil || b.AccountNumber == "" {
				t.Fatalf("%+v", b)
			}
		}
		for range ReadFlat(strings.NewReader(file), "flat.csv") {
		}
	})
}
