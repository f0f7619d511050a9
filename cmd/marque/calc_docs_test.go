package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"marque/internal/contract"
)

var docsBlock = regexp.MustCompile("(?s)```(calc|events) ([^\n]+)\n(.*?)```")

// Every example in docs/calc.md gives what stands under it.
func TestTheExamplesInTheManual(t *testing.T) {
	text, err := os.ReadFile("../../docs/calc.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for _, block := range docsBlock.FindAllStringSubmatch(string(text), -1) {
		lines := strings.Split(strings.TrimSpace(block[3]), "\n")
		if block[1] == "events" {
			for _, line := range lines {
				shown[kindOf(t, line)] = true
				if answer := answerTo(t, "fold", inALife(block[2], line)); strings.Contains(answer, `"error"`) {
					t.Errorf("%s\n\t%s", line, answer)
				}
			}
			continue
		}
		for i := 0; i+1 < len(lines); i += 2 {
			if got := strings.TrimSpace(answerTo(t, block[2], lines[i])); got != lines[i+1] {
				t.Errorf("%s\n\tgives  %s\n\tmanual %s", lines[i], got, lines[i+1])
			}
		}
		if len(lines)%2 != 0 {
			t.Errorf("%s: a question without an answer", block[2])
		}
	}
	for _, f := range eventForms {
		if !shown[string(f.kind)] {
			t.Errorf("the manual has no example of %s", f.kind)
		}
		if !strings.Contains(string(text), "| "+string(f.kind)) && !strings.Contains(string(text), ", "+string(f.kind)+" |") && !strings.Contains(string(text), ", "+string(f.kind)+" ") {
			t.Errorf("the manual does not tell of %s", f.kind)
		}
	}
}

func answerTo(t *testing.T, word, line string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if run([]string{"calc", word}, strings.NewReader(line+"\n"), &out, &errs) != 0 {
		t.Fatalf("calc %s: %s", word, errs.String())
	}
	return out.String()
}

func kindOf(t *testing.T, line string) string {
	t.Helper()
	var e struct{ Kind string }
	if err := json.Unmarshal([]byte(line), &e); err != nil {
		t.Fatal(err)
	}
	return e.Kind
}

// inALife puts an event into an account's life in which it can happen.
func inALife(which, event string) string {
	terms := `{"principal":"24000.00","annual_rate":"0.079","start_date":"2026-01-15","first_due_date":"2026-02-15","n_payments":60,"payment":"490.00"}`
	before := `{"kind":"payment","date":"2026-02-15","amount":"490.00"}`
	if strings.HasPrefix(which, "lease") {
		terms = `{"kind":"lease","principal":"18000.00","start_date":"2026-01-15","first_due_date":"2026-02-15","n_payments":36,"payment":"535.00","payment_tax":"35.00"}`
		before = `{"kind":"payment","date":"2026-02-15","amount":"535.00"}`
	}
	if strings.Contains(which, "after") {
		before += `,{"kind":"repossession","date":"2026-03-16"},{"kind":"hold","date":"2026-03-16","hold":"cease_contact"},{"kind":"scra","date":"2026-03-17"}`
		if strings.Contains(event, "refund") {
			before += `,{"kind":"payment","date":"2026-04-20","amount":"25000.00"}`
		}
	}
	return fmt.Sprintf(`{"terms":%s,"events":[%s,%s],"as_of":"2026-06-01"}`, terms, before, event)
}

// Whatever does not belong is named by its field.
func TestCalcNamesWhatIsWrongWithAnEvent(t *testing.T) {
	for _, c := range []struct{ event, code, field string }{
		{`{"kind":"paymnt","date":"2026-03-15","amount":"1.00"}`, "unknown_kind", "events[1].kind"},
		{`{"kind":"payment","date":"2026-03-15","amount":"1.00","colour":"red"}`, "unknown_field", "events[1].colour"},
		{`{"kind":"payment","date":"2026-02-30","amount":"1.00"}`, "invalid_value", "events[1].date"},
		{`{"kind":"payment","date":"2026-03-15","amount":"-1.00"}`, "invalid_value", "events[1].amount"},
		{`{"kind":"payment","date":"2026-03-15","amount":"0.00"}`, "invalid_value", "events[1].amount"},
		{`{"kind":"payment","date":"2026-03-15","amount":450}`, "invalid_value", "events[1].amount"},
		{`{"kind":"payment","date":"2026-03-15"}`, "missing_field", "events[1].amount"},
		{`{"kind":"payment","date":"2025-03-15","amount":"1.00"}`, "invalid_value", "events[1].date"},
		{`{"kind":"payment","date":"2026-03-15","amount":"1.00","source":"pigeon"}`, "invalid_value", "events[1].source"},
		{`{"kind":"payment","date":"2026-05-15","amount":"1.00","principal_only":true}`, "refused_event", "events[1].principal_only"},
		{`{"kind":"reversal","date":"2026-03-15","reverses":7}`, "refused_event", "events[1].reverses"},
		{`{"kind":"late_fee","date":"2026-02-26","amount":"5.00","instalment":1}`, "refused_event", "events[1].amount"},
		{`{"kind":"waiver","date":"2026-03-15","of":"late_fee","amount":"5.00"}`, "refused_event", "events[1].amount"},
		{`{"kind":"waiver","date":"2026-03-15","of":"principal","amount":"5.00"}`, "invalid_value", "events[1].of"},
		{`{"kind":"refund","date":"2026-03-15","amount":"5.00"}`, "refused_event", "events[1].amount"},
		{`{"kind":"due_date_change","date":"2026-02-20","due_day":29}`, "invalid_value", "events[1].due_day"},
		{`{"kind":"due_date_change","date":"2026-03-20","due_day":5}`, "refused_event", "events[1].kind"},
		{`{"kind":"deferral","date":"2026-03-15","months":25}`, "invalid_value", "events[1].months"},
		{`{"kind":"rate_change","date":"2026-03-15"}`, "missing_field", "events[1].annual_rate"},
		{`{"kind":"sale","date":"2026-03-15","amount":"5.00"}`, "refused_event", "events[1].kind"},
		{`{"kind":"lease_end","date":"2026-03-15"}`, "invalid_value", "events[1].kind"},
		{`{"kind":"payoff_quote","date":"2026-03-15","good_through":"2026-03-14"}`, "invalid_value", "events[1].good_through"},
	} {
		answer := answerTo(t, "fold", inALife("loan", c.event))
		if want := fmt.Sprintf(`{"error":{"code":%q,"field":%q,`, c.code, c.field); !strings.HasPrefix(answer, want) {
			t.Errorf("%s\n\t%s\twant %s", c.event, answer, want)
		}
	}
}

// An event is judged as the account stood when it was posted: what came later
// does not make it wrong.
func TestCalcDoesNotJudgeWithHindsight(t *testing.T) {
	terms := `"terms":{"principal":"1000.00","annual_rate":"0.12","start_date":"2024-01-01","first_due_date":"2024-02-01","n_payments":4,"payment":"256.28"}`
	for events, want := range map[string]string{
		`{"kind":"late_fee","date":"2024-02-15","amount":"20"},{"kind":"waiver","of":"late_fee","date":"2024-02-16","amount":"20"},{"kind":"reversal","date":"2024-02-20","reverses":1}`:         `"late_fees":"0.00"`,
		`{"kind":"payment","date":"2024-02-01","amount":"300"},{"kind":"payment","date":"2024-02-15","amount":"100","principal_only":true},{"kind":"reversal","date":"2024-02-20","reverses":1}`: `"past_due":"`,
		`{"kind":"payment","date":"2024-02-01","amount":"300"},{"kind":"due_date_change","date":"2024-02-15","due_day":15},{"kind":"reversal","date":"2024-02-20","reverses":1}`:                 `"past_due":"`,
		`{"kind":"late_fee","date":"2024-02-15","amount":"20"},{"kind":"waiver","of":"late_fee","date":"2024-02-20","amount":"20"},{"kind":"payment","date":"2024-02-16","amount":"300"}`:        `"late_fees":"0.00"`,
		`{"kind":"payment","date":"2024-02-20","amount":"1100"},{"kind":"refund","date":"2024-02-25","amount":"80"},{"kind":"other_fee","date":"2024-02-22","amount":"50"}`:                      `"unapplied":"0.00"`,
		`{"kind":"payment","date":"2024-02-01","amount":"300"},{"kind":"reversal","date":"2024-02-05","reverses":1,"amount":"100"}`:                                                              `"field":"events[1].amount"`,
		`{"date":"2024-02-05","amount":"1"}`: `"code":"missing_field","field":"events[0].kind"`,
	} {
		if answer := answerTo(t, "fold", `{`+terms+`,"events":[`+events+`],"as_of":"2024-06-01"}`); !strings.Contains(answer, want) {
			t.Errorf("%s\n\t%s\twant %s", events, answer, want)
		}
	}
}

// A line that is not JSON has its answer too; the run ends with status 1 when all
// lines have theirs.
func TestEveryLineHasItsAnswer(t *testing.T) {
	var out, errs bytes.Buffer
	good := `{"balance":"20000.00","annual_rate":"0.0599","days":31}`
	status := run([]string{"calc", "interest"}, strings.NewReader(good+"\noops\n{\"id\":\"\xff\"}\n\r\n"+good), &out, &errs)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if status != 1 || len(lines) != 4 || !strings.Contains(lines[1], `"code":"not_json"`) || !strings.Contains(lines[2], `"code":"not_json"`) || lines[3] != lines[0] || !strings.Contains(errs.String(), "line 2 is not JSON") {
		t.Errorf("status %d, %q, %q", status, lines, errs.String())
	}
}

// Quotients are written with more decimals than a rate has.
func TestRatesAreRoundedToTwelveDecimals(t *testing.T) {
	for text, want := range map[string]string{
		"0.00208333333333333333": "0.002083333333", "0.0999999999999999": "0.100000000000", "0.1234567890125": "0.123456789013",
		"9.9999999999999": "10.000000000000", "0.0599": "0.0599", "0.00000000000049": "0.000000000000", "1.x999999999999999": "1.x999999999999999",
	} {
		if got := twelveDecimals(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestEveryKindOfEventIsRead(t *testing.T) {
	terms := contract.Terms{Start: 1}
	for _, k := range contract.Kinds {
		if !slices.ContainsFunc(eventForms, func(f eventForm) bool { return f.kind == k }) {
			t.Errorf("calc does not read %s", k)
		}
		e := contract.Event{Kind: k, Date: 2}
		if err := e.Check(&terms); err != nil && strings.Contains(err.Error(), "is not known") {
			t.Error(err)
		}
	}
}
