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
