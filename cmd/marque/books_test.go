package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"marque/internal/money"
)

// marque runs a command in a data folder and gives what it printed.
func marque(t *testing.T, data, stdin string, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(append([]string{"--data", data}, args...), strings.NewReader(stdin), &out, &errs); code != 0 {
		t.Fatalf("marque %q: %s%s", args, out.String(), errs.String())
	}
	return out.String()
}

// totals reads "account,amount USD" lines; accounts at zero are left out.
func totals(t *testing.T, text string) map[string]money.Cents {
	t.Helper()
	r := csv.NewReader(strings.NewReader(text))
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	out := map[string]money.Cents{}
	for _, row := range rows {
		amount, ok := strings.CutSuffix(strings.TrimSpace(row[1]), " USD")
		if !ok {
			continue // the head
		}
		c, err := money.ParseCents(amount)
		if err != nil {
			t.Fatalf("%q: %v", row, err)
		}
		out[strings.ReplaceAll(strings.TrimSpace(row[0]), " ", "-")] = c
	}
	return out
}

// A loan and a lease, with payments by several roads, a fee, a waiver, a loss and
// a recovery, come to the trial balance in hledger and in beancount, account by
// account, as a whole and a month by itself.
func TestOtherProgramsReadTheSameTotals(t *testing.T) {
	data := t.TempDir()
	portfolio := filepath.Join(t.TempDir(), "portfolio.csv")
	if err := os.WriteFile(portfolio, []byte(marque(t, data, "", "import", "csv", "--example")), 0o600); err != nil {
		t.Fatal(err)
	}
	marque(t, data, "", "import", "csv", portfolio)
	marque(t, data, "", "cycle", "--date", "2026-02-01", "--through", "2026-04-20")
	marque(t, data, `{"key":"1","kind":"payment","source":"wire","date":"2026-03-02","amount":"700.00"}
{"key":"2","kind":"other_fee","date":"2026-03-05","amount":"35.00"}
{"key":"3","kind":"waiver","of":"other_fee","date":"2026-03-06","amount":"10.00"}
{"key":"4","kind":"payment","source":"check","date":"2026-02-16","amount":"500.00"}
{"key":"5","kind":"charge_off","date":"2026-04-01"}
{"key":"6","kind":"payment","source":"cash","date":"2026-04-10","amount":"250.00"}
`, "event", "post", "LN-100245")
	marque(t, data, `{"key":"1","kind":"payment","source":"check","date":"2026-03-02","amount":"900.00"}
`, "event", "post", "LS-200871")
	marque(t, data, "", "verify")
	for _, format := range []string{"csv", "json", "ofx", "beancount", "ledger"} {
		if text := marque(t, data, "", "books", "history", "LN-100245", "--format", format, "--from", "2026-03-01"); !strings.Contains(text, "700.00") || strings.Contains(text, "500.00") {
			t.Errorf("a borrower's history as %s:\n%s", format, text)
		}
	}

	for _, period := range [][]string{nil, {"--from", "2026-03-01", "--through", "2026-03-31"}} {
		through := period
		if through == nil {
			through = []string{"--through", "2026-12-31"}
		}
		var trial trialJSON
		if err := json.Unmarshal([]byte(marque(t, data, "", append([]string{"books", "trial", "--json"}, through...)...)), &trial); err != nil {
			t.Fatal(err)
		}
		want, names := map[string]money.Cents{}, paths("-")
		for _, l := range trial.Lines {
			if moved := l.Debit - l.Credit; moved != 0 {
				want[names[l.Account]] = moved
			}
		}
		if len(want) < 5 || trial.Debit != trial.Credit {
			t.Fatalf("%+v", trial)
		}
		for format, command := range map[string][]string{
			"hledger":   {"hledger", "-f", "", "--strict", "balance", "--flat", "--no-total", "-O", "csv"},
			"beancount": {"bean-query", "-f", "csv", "", "SELECT account, sum(position) GROUP BY account"},
		} {
			file := filepath.Join(t.TempDir(), "marque."+format)
			journal := marque(t, data, "", append([]string{"books", "journal", "--format", format}, period...)...)
			if err := os.WriteFile(file, []byte(journal), 0o600); err != nil {
				t.Fatal(err)
			}
			for i := range command {
				if command[i] == "" {
					command[i] = file
				}
			}
			var errs bytes.Buffer
			cmd := exec.Command(command[0], command[1:]...)
			cmd.Stderr = &errs
			out, err := cmd.Output()
			if err != nil || errs.Len() > 0 {
				t.Fatalf("%s: %v: %s", format, err, errs.String())
			}
			got := totals(t, string(out))
			for account, amount := range got {
				if amount != want[account] {
					t.Errorf("%s %v: %s is %s, in the trial balance %s", format, period, account, amount, want[account])
				}
			}
			for account, amount := range want {
				if _, there := got[account]; !there {
					t.Errorf("%s %v: %s, %s, is missing", format, period, account, amount)
				}
			}
		}
	}
}

// An account number that another program would misread is spelled out, and no
// two numbers become the same.
func TestTagsAreSafeAndStayApart(t *testing.T) {
	for number, want := range map[string]string{"LN-1/2": "LN-1/2", "LN 1": "LN_20_1", "LN,1": "LN_2C_1", "LN_20_1": "LN_5F_20_5F_1", `a"b;c:d`: "a_22_b_3B_c_3A_d"} {
		if got := tag(number, "-/=.+"); got != want {
			t.Errorf("%q: %q, want %q", number, got, want)
		}
	}
}
