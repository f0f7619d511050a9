package ach

import (
	"fmt"
	"strings"
	"testing"
)

// row is a line of the Reserve Banks' directory, 155 columns, of an invented bank.
func row(number, kind, next, name string) string {
	return fmt.Sprintf("%-9sO%-9s%s%-6s%-9s%-36s%-36s%-20s%-2s%-5s%-4s%-3s%-3s%-4s%s%s%-5s",
		number, "011000015", kind, "010126", next, name, "1 EXAMPLE PLAZA", "SAMPLETON", "OH", "44000", "0000", "216", "555", "0100", "1", "1", "")
}

const none = "000000000"

func TestDirectoryOfTheReserveBanks(t *testing.T) {
	file := strings.Join([]string{
		row("123456780", "1", none, "FIRST EXAMPLE BANK"),
		row("231380104", "1", none, "BANK OF THE SAMPLE COAST, N.A."),
		row("021000021", "2", "123456780", "OLD EXAMPLE SAVINGS BANK"),
		row("011000028", "2", "121042882", "MOVED AWAY FCU"),
		row("111000025", "2", "111000012", "ROUND AND ROUND BANK"),
		row("111000012", "2", "111000025", "ROUND ABOUT BANK"),
	}, "\r\n") + "\r\n\x1a"
	if n := len(row("123456780", "1", none, "FIRST EXAMPLE BANK")); n != 155 {
		t.Fatalf("the sample has %d columns", n)
	}
	d, err := ReadDirectory(strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	for number, want := range map[RoutingNumber]string{
		"123456780": "First Example Bank", "231380104": "Bank of the Sample Coast, N.A.",
		"021000021": "First Example Bank", // by its new number
		"011000028": "Moved Away FCU",     // the new number is not in the directory
		"999999992": "",
	} {
		if got, known := d.Bank(number); got != want || known != (want != "") {
			t.Errorf("%s: %q %t", number, got, known)
		}
	}
	if _, known := d.Bank("111000025"); !known || d.Len() != 6 {
		t.Error("a circle of new numbers")
	}
	if _, known := (Directory{}).Bank("123456780"); known {
		t.Error("no directory knows a bank")
	}
}

func TestDirectoryAsCSV(t *testing.T) {
	for _, head := range []string{"", "routing,name\n", "\ufeffRouting,Name\r\n"} {
		d, err := ReadDirectory(strings.NewReader(head + "123456780,FIRST EXAMPLE BANK\n231380104,\"Sample & Daughters, FSB\"\n"))
		if err != nil {
			t.Fatal(err)
		}
		if name, _ := d.Bank("123456780"); name != "First Example Bank" {
			t.Error(name)
		}
		if name, _ := d.Bank("231380104"); name != "Sample & Daughters, FSB" {
			t.Error(name)
		}
	}
}

func TestADirectoryWithAFaultIsNone(t *testing.T) {
	good := row("123456780", "1", none, "FIRST EXAMPLE BANK") + "\n"
	for name, c := range map[string]struct{ file, want string }{
		"empty":           {"", "no banks"},
		"only a head":     {"routing,name\n", "no banks"},
		"check digit":     {good + row("123456781", "1", none, "SAMPLE"), "line 2: the routing number is not valid"},
		"cut short":       {good + good[:40], "line 2 is too short"},
		"no name":         {good + row("231380104", "1", none, ""), "line 2: the name is missing"},
		"twice":           {good + good, "line 2: the routing number comes twice"},
		"no new number":   {good + row("231380104", "2", none[:8]+"1", "SAMPLE"), "line 2: the new routing number"},
		"to itself":       {row("231380104", "2", "231380104", "SAMPLE"), "line 1: the new routing number"},
		"a long line":     {good + strings.Repeat("1", 5_000), "too long"},
		"csv, one column": {"123456780\n", "line 1 has no name"},
		"csv, quotes":     {"123456780,\"x\n", "quote"},
		"csv, check":      {"123456780,A\n123456789,B\n", "line 2: the routing number is not valid"},
	} {
		d, err := ReadDirectory(strings.NewReader(c.file))
		if err == nil || !strings.Contains(err.Error(), c.want) || d.Len() != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNamesAsPeopleWriteThem(t *testing.T) {
	for in, want := range map[string]string{
		"FIRST EXAMPLE BANK": "First Example Bank", "THE BANK OF SAMPLETON": "The Bank of Sampleton", "BB&S BANK": "BB&S Bank",
		"SAMPLE FARMERS' & MERCHANTS' BANK": "Sample Farmers' & Merchants' Bank", "O'EXAMPLE TRUST": "O'Example Trust", "FARMER'S BANK": "Farmer's Bank",
		"NORTH-SOUTH SAVINGS, FSB": "North-South Savings, FSB", "ST EXAMPLE CU": "St Example CU", "1ST SAMPLE BANK": "1st Sample Bank",
		"Already Spelled BANK": "Already Spelled BANK", "EXAMPLE NA": "Example NA", "EXAMPLE BANK (USA)": "Example Bank (USA)",
	} {
		if got := humanName(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func FuzzReadDirectory(f *testing.F) {
	f.Add(row("123456780", "2", "231380104", "FIRST EXAMPLE BANK"))
	f.Add("routing,name\n123456780,x\n")
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ReadDirectory(strings.NewReader(s))
		if (err == nil) != (d.Len() > 0) {
			t.Fatal(err, d.Len())
		}
		for number := range d.names {
			if name, known := d.Bank(number); name == "" || !known {
				t.Fatalf("%s has no name", number)
			}
		}
	})
}
