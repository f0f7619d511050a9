package export_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/export"
	"marque/internal/money"
)

func text(t testing.TB, f export.Format, a export.Account, lines []billing.HistoryLine) string {
	t.Helper()
	var out bytes.Buffer
	if err := export.Write(&out, f, a, lines); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func cents(t testing.TB, s string) money.Cents {
	t.Helper()
	c, err := money.ParseCents(strings.TrimSpace(s))
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return c
}

// program gives what another program prints about a text, and fails on any word of
// complaint.
func program(t testing.TB, content, extension string, command ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "history."+extension)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	args := make([]string, len(command))
	for i, arg := range command {
		args[i] = strings.ReplaceAll(arg, "FILE", file)
	}
	var out, errs bytes.Buffer
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%q: %v\n%s%s\n%s", args, err, out.String(), errs.String(), content)
	}
	if said := complaints(errs.String()); said != "" {
		t.Fatalf("%q: %s\n%s", args, said, content)
	}
	return out.String()
}

// ofUTF8 is said by libofx of every OFX 2 file, of which the specification wants
// the declaration of XML: it is about the library's parser, which then lets UTF-8
// pass. What it says of single letters follows from that.
var ofUTF8 = regexp.MustCompile(`(?m)^LibOFX WARNING: ofx_proc_file\(\): OpenSP cannot process an UTF-8 XML file without garbling it\..*\n` +
	`|^LibOFX INFO: OpenSP parser: ignored character error:\n\S+E: non SGML character number \d+\n\n.*\n|^LibOFX (INFO|STATUS): .*\n|^\(Above message occurred on .*\n`)

func complaints(said string) string { return strings.TrimSpace(ofUTF8.ReplaceAllString(said, "")) }

// groups sums accounts by what they are for, as the three programs print them:
// "Expenses:Interest:2023-Halden-Orla-4821" with an amount in front or behind.
func groups(t testing.TB, printed string) map[string]money.Cents {
	t.Helper()
	out := map[string]money.Cents{}
	for _, m := range regexp.MustCompile(`"?((?:Assets|Liabilities|Expenses|Income|Equity):[^",\s]+)"?\s*,\s*"?([-0-9.,]+) ?U?S?D?\s*"?`).FindAllStringSubmatch(printed, -1) {
		name := strings.Join(strings.SplitN(m[1], ":", 3)[:2], ":")
		out[name] += cents(t, strings.ReplaceAll(m[2], ",", ""))
	}
	return out
}

func TestAccountingProgramsComeToTheSameTotals(t *testing.T) {
	for name, b := range stories(t) {
		want := sumsOf(b)
		for program1, read := range map[string]func(string) string{
			"hledger": func(s string) string {
				program(t, s, "journal", "hledger", "--strict", "-f", "FILE", "check", "ordereddates")
				return program(t, s, "journal", "hledger", "--strict", "-f", "FILE", "balance", "--flat", "--no-total", "--empty", "-O", "csv")
			},
			"ledger": func(s string) string {
				return program(t, s, "journal", "ledger", "--pedantic", "--file", "FILE", "--init-file", "/dev/null", "balance", "--flat", "--no-total", "--balance-format", "%(account),%(display_total)\n")
			},
			"beancount": func(s string) string {
				if said := program(t, s, "beancount", "bean-check", "FILE"); said != "" {
					t.Errorf("%s: %s", name, said)
				}
				return program(t, s, "beancount", "bean-query", "-f", "csv", "FILE", "SELECT account, sum(position) GROUP BY account")
			},
		} {
			format := export.Ledger
			if program1 == "beancount" {
				format = export.Beancount
			}
			got := groups(t, read(text(t, format, b.account(), b.history())))
			debt := "Liabilities:Loan"
			if b.terms.Kind == contract.Lease {
				debt = "Liabilities:Lease"
			}
			for account, amount := range map[string]money.Cents{debt: -want.owed, "Expenses:Interest": want.interest, "Expenses:Lease": want.rent,
				"Expenses:Tax": want.tax, "Assets:Checking": want.bank} {
				if got[account] != amount {
					t.Errorf("%s: %s says that %s is %s, and it is %s", name, program1, account, got[account], amount)
				}
			}
			if fees := got["Expenses:Fees"]; fees != want.fees {
				t.Errorf("%s: %s says that fees are %s, and they are %s", name, program1, fees, want.fees)
			}
		}
	}
}

var dumped = regexp.MustCompile(`(?s)Transaction type: (\w+)[^\n]*\n.*?Total money amount: ([-0-9.]+)\n.*?transaction: (\S+)\n\s*Name[^:]*: ([^\n]*)`)

func TestMoneyProgramsReadTheStatement(t *testing.T) {
	for name, b := range stories(t) {
		for _, format := range []export.Format{export.OFX, export.QFX} {
			said := program(t, text(t, format, b.account(), b.history()), string(format), "ofxdump", "FILE")
			want, ids := sumsOf(b), map[string]bool{}
			var interest, all money.Cents
			for _, m := range dumped.FindAllStringSubmatch(said, -1) {
				amount := cents(t, m[2])
				if all += amount; m[1] == "INT" {
					interest -= amount
				}
				if ids[m[3]] {
					t.Errorf("%s: the id %s twice", name, m[3])
				}
				ids[m[3]] = true
			}
			balance := regexp.MustCompile(`Ledger balance: ([-0-9.]+)`).FindStringSubmatch(said)
			if balance == nil || cents(t, balance[1]) != -want.owed {
				t.Errorf("%s: the balance is %v, and %s is owed", name, balance, want.owed)
			}
			if interest != want.interest || b.account().Opening-all != want.owed {
				t.Errorf("%s: interest of %s for %s, and %s less %s for %s", name, interest, want.interest, b.account().Opening, all, want.owed)
			}
			if !strings.Contains(said, "Account #: 770001014821") || !strings.Contains(said, "Account type: CREDITLINE") {
				t.Errorf("%s: %s", name, said)
			}
		}
	}
}

func TestTablesAddUp(t *testing.T) {
	for name, b := range stories(t) {
		want := sumsOf(b)
		rows, err := csv.NewReader(strings.NewReader(text(t, export.CSV, b.account(), b.history()))).ReadAll()
		if err != nil || len(rows) != len(b.history())+1 {
			t.Fatalf("%s: %d rows, %v", name, len(rows), err)
		}
		at := map[string]int{}
		for i, h := range rows[0] {
			at[h] = i
		}
		if _, has := at["interest"]; has == (b.terms.Kind == contract.Lease) {
			t.Errorf("%s: %q", name, rows[0])
		}
		var interest money.Cents
		for _, r := range rows[1:] {
			if i, has := at["interest"]; has {
				interest += cents(t, r[i])
			}
		}
		var doc struct {
			Schema       string      `json:"schema"`
			Closing      money.Cents `json:"closing_owed"`
			Transactions []struct {
				ID       string      `json:"id"`
				Interest money.Cents `json:"interest"`
				Balance  money.Cents `json:"balance"`
				Owed     money.Cents `json:"owed"`
			} `json:"transactions"`
		}
		if err := json.Unmarshal([]byte(text(t, export.JSON, b.account(), b.history())), &doc); err != nil {
			t.Fatal(err)
		}
		var inJSON money.Cents
		for i, l := range doc.Transactions {
			inJSON += l.Interest
			if r := rows[i+1]; r[at["id"]] != l.ID || cents(t, r[at["owed"]]) != l.Owed || cents(t, r[at["balance"]]) != l.Balance {
				t.Errorf("%s: %v and %+v", name, r, l)
			}
		}
		if interest != want.interest || inJSON != want.interest || doc.Closing != want.owed || doc.Schema != "history/1" {
			t.Errorf("%s: %s, %s, %+v; want %+v", name, interest, inJSON, doc, want)
		}
		if n := len(rows); n > 1 && cents(t, rows[n-1][at["balance"]]) != b.state.Principal {
			t.Errorf("%s: the last balance is %s, and the account's %s", name, rows[n-1][at["balance"]], b.state.Principal)
		}
	}
}

func TestALeaseNeverSpeaksOfInterest(t *testing.T) {
	b := stories(t)["a lease"]
	for _, f := range export.Forms(true) {
		if s := strings.ToLower(text(t, f.Format, b.account(), b.history())); strings.Contains(s, "interest") || strings.Contains(s, "principal") || strings.Contains(s, "apr") {
			t.Errorf("%s:\n%s", f.Name, s)
		}
	}
}

func TestAChoiceOfLinesClaimsNoBalance(t *testing.T) {
	b := stories(t)["a loan with troubles"]
	a, some := b.account(), b.history()[2:4]
	a.Whole, a.Opening = false, 0
	for _, f := range []export.Format{export.Beancount, export.Ledger} {
		if s := text(t, f, a, some); strings.Contains(s, "balance Liab") || strings.Contains(s, " = ") || strings.Contains(s, "Opening") || !strings.Contains(s, "; A choice") {
			t.Errorf("%s:\n%s", f, s)
		}
	}
	program(t, text(t, export.Ledger, a, some), "journal", "hledger", "--strict", "-f", "FILE", "stats")
	program(t, text(t, export.Beancount, a, some), "beancount", "bean-check", "FILE")
	a.Whole = true
	if err := export.Write(&bytes.Buffer{}, export.OFX, a, some); err == nil {
		t.Error("books that do not add up are written")
	}
}

// An entry keeps its id when more of the history is known, or less is asked for.
func TestIdsStayForGood(t *testing.T) {
	b := stories(t)["a loan with troubles"]
	ids := regexp.MustCompile(`<DTPOSTED>(\d+).*?<FITID>([^<]+)</FITID>`)
	all := map[string]string{}
	for _, m := range ids.FindAllStringSubmatch(text(t, export.OFX, b.account(), b.history()), -1) {
		all[m[2]] = m[1]
	}
	a := b.account()
	a.Whole = false
	for from := range b.history() {
		for _, m := range ids.FindAllStringSubmatch(text(t, export.OFX, a, b.history()[from:]), -1) {
			if all[m[2]] != m[1] {
				t.Errorf("%s is of %s, and was of %s", m[2], m[1], all[m[2]])
			}
		}
	}
	if len(all) < 15 {
		t.Errorf("%d ids", len(all))
	}
}

func TestWhatCannotBeWrittenIsSaid(t *testing.T) {
	b := open(loan())
	a := b.account()
	if err := export.Write(&bytes.Buffer{}, "qif", a, nil); err == nil {
		t.Error("an unknown format")
	}
	if a.QuickenID = ""; export.Write(&bytes.Buffer{}, export.QFX, a, nil) == nil {
		t.Error("QFX without an id")
	}
	if n := len(export.Forms(false)); n != len(export.Forms(true))-1 {
		t.Errorf("%d forms", n)
	}
}

func TestTheDocumentedShapeIsTheShape(t *testing.T) {
	b := open(loan())
	b.add(contract.Event{Kind: contract.Payment, Date: day("2024-12-15"), Amount: 579_84})
	docs, err := os.ReadFile("../../docs/books.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(docs), "```json\n")
	example, _, _ := strings.Cut(rest, "```")
	squeeze := strings.NewReplacer("\n", "")
	if got, want := squeeze.Replace(text(t, export.JSON, b.account(), b.history())), squeeze.Replace(strings.ReplaceAll(example, "\n ", "\n")); got != want {
		t.Errorf("docs/books.md has\n%s\nand it is\n%s", want, got)
	}
}
