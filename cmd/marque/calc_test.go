package main

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"unicode/utf8"
)

// calc runs the command line and gives its exit status and both streams.
func calc(t *testing.T, command, input string) (int, string, string) {
	t.Helper()
	var out, errs bytes.Buffer
	code := run([]string{"calc", command}, strings.NewReader(input), &out, &errs)
	return code, out.String(), errs.String()
}

const terms = `"terms":{"kind":"loan","principal":"24000.00","annual_rate":"0.059","start_date":"2026-01-15","first_due_date":"2026-02-15",` +
	`"n_payments":60,"payment":"450.00","day_count":"actual/365","rounding":"half_up","application":["interest","principal","late_fee","other_fee"]}`

func TestCalcAnswers(t *testing.T) {
	for _, c := range []struct{ command, question, answer string }{
		{"interest", `{"id":"a","balance":"24000","annual_rate":"0.059","from":"2026-01-15","to":"2026-02-15","day_count":"actual/365","rounding":"half_up"}`,
			`{"id":"a","days":31,"interest":"120.26","per_diem":"3.879452"}`},
		{"interest", `{"balance":"15800","annual_rate":"0.0729","days":31,"rounding":"truncate","factor_decimals":8}`,
			`{"days":31,"interest":"97.82","per_diem":"3.155576"}`},
		{"payment", `{"id":{"n":1},"principal":"18800","annual_rate":"0.09","n_payments":48}`, `{"id":{"n":1},"payment":"467.84"}`},
		{"schedule", `{"principal":"200","annual_rate":"0.12","start_date":"2026-01-01","first_payment_date":"2026-02-01","n_payments":2,"method":"period"}`,
			`{"payment":"101.50","rows":[{"n":1,"date":"2026-02-01","payment":"101.50","interest":"2.00","principal":"99.50","balance":"100.50"},` +
				`{"n":2,"date":"2026-03-01","payment":"101.51","interest":"1.01","principal":"100.50","balance":"0.00"}],"total_interest":"3.01","final_payment":"101.51"}`},
		{"fold", `{` + terms + `,"events":[{"kind":"payment","date":"2026-02-15","amount":"450.00"}],"as_of":"2026-02-18"}`,
			`{"events":[{"principal":"329.74","interest":"120.26","late_fee":"0.00","other_fee":"0.00","unapplied":"0.00"}],` +
				`"state":{"principal":"23670.26","accrued_interest":"11.48","late_fees":"0.00","other_fees":"0.00","unapplied":"0.00","next_due_date":"2026-03-15","past_due":"0.00"}}`},
		{"fold", `{` + terms + `,"events":[{"kind":"payment","date":"2026-02-15","amount":"450.00"},{"kind":"reversal","date":"2026-02-18","reverses":1}],"as_of":"2026-02-18"}`,
			`{"events":[{"principal":"0.00","interest":"0.00","late_fee":"0.00","other_fee":"0.00","unapplied":"0.00"},` +
				`{"principal":"0.00","interest":"0.00","late_fee":"0.00","other_fee":"0.00","unapplied":"0.00"}],` +
				`"state":{"principal":"24000.00","accrued_interest":"131.90","late_fees":"0.00","other_fees":"0.00","unapplied":"0.00","next_due_date":"2026-02-15","past_due":"450.00"}}`},
		{"payoff", `{` + terms + `,"events":[],"as_of":"2026-02-18","good_through":"2026-02-19"}`,
			`{"principal":"24000.00","interest":"131.90","fees":"0.00","total":"24131.90","per_diem":"3.879452",` +
				`"table":[{"date":"2026-02-18","total":"24131.90"},{"date":"2026-02-19","total":"24135.78"}]}`},
		{"apr", `{"advances":[{"date":"1978-01-03","amount":"1000"}],"payments":[{"date":"1978-09-15","amount":"1080"}]}`, `{"apr":"11.4510","amount_financed":"1000.00","finance_charge":"80.00","total_of_payments":"1080.00"}`},
		{"lease", `{"gross_cap_cost":"18800","residual":"12350","term":48,"payment":"244.69","after_payments":1}`,
			`{"adjusted_cap_cost":"18800.00","depreciation":"6450.00","rent_charge":"5295.12","base_payment":"244.69","tax":"0.00","payment":"244.69",` +
				`"due_at_signing_tax":"0.00","total_of_payments":"11745.12","implicit_rate":"0.084971","adjusted_lease_balance":"18686.70"}`},
	} {
		code, out, errs := calc(t, c.command, c.question+"\n")
		if code != 0 || out != c.answer+"\n" || errs != "" {
			t.Errorf("calc %s %s\n got %s want %s\n status %d %s", c.command, c.question, out, c.answer, code, errs)
		}
	}
}

func TestCalcSaysWhatIsWrongAndGoesOn(t *testing.T) {
	ok := `"balance":"100","annual_rate":"0.05","days":30`
	for _, c := range []struct{ question, code, field string }{
		{`{"balance":"100","annual_rate":"0.05","days":30,"colour":"red"}`, "unknown_field", "colour"},
		{`{"balance":"100","annual_rate":"0.05","days":30,"days":31}`, "duplicate_field", "days"},
		{`{"annual_rate":"0.05","days":30}`, "missing_field", "balance"},
		{`{"balance":421.37,"annual_rate":"0.05","days":30}`, "invalid_value", "balance"},
		{`{"balance":"1e3","annual_rate":"0.05","days":30}`, "invalid_value", "balance"},
		{`{"balance":"100.001","annual_rate":"0.05","days":30}`, "invalid_value", "balance"},
		{`{"balance":"-1","annual_rate":"0.05","days":30}`, "invalid_value", "balance"},
		{`{"balance":"","annual_rate":"0.05","days":30}`, "invalid_value", "balance"},
		{`{"balance":"100","annual_rate":"5%","days":30}`, "invalid_value", "annual_rate"},
		{`{"balance":"100","annual_rate":"0.05","days":1.5}`, "invalid_value", "days"},
		{`{"balance":"100","annual_rate":"0.05","from":"2026-02-30","to":"2026-03-01"}`, "invalid_value", "from"},
		{`{"balance":"100","annual_rate":"0.05","from":"2026-03-02","to":"2026-03-01"}`, "invalid_value", "to"},
		{`{` + ok + `,"day_count":"actual/364"}`, "invalid_value", "day_count"},
		{`{` + ok + `,"rounding":"down"}`, "invalid_value", "rounding"},
		{`{` + ok + `,"factor_decimals":13}`, "invalid_value", "factor_decimals"},
		{`[1]`, "not_object", ""},
		{`null`, "not_object", ""},
	} {
		code, out, errs := calc(t, "interest", c.question+"\n\n{"+ok+"}")
		lines := strings.Split(out, "\n")
		if want := `{"error":{"code":"` + c.code + `","field":"` + c.field + `"`; code != 0 || errs != "" || !strings.HasPrefix(lines[0], want) {
			t.Errorf("%s: status %d, %s%s", c.question, code, out, errs)
		}
		if lines[1] != `{"days":30,"interest":"0.41","per_diem":"0.013699"}` {
			t.Errorf("after %s: %s", c.question, lines[1])
		}
	}
}

func TestCalcNamesNestedFields(t *testing.T) {
	for question, want := range map[string]string{
		`{"id":9,"terms":{"principal":"100"},"events":[],"as_of":"2026-01-01"}`:                                               `{"id":9,"error":{"code":"missing_field","field":"terms.annual_rate"`,
		`{` + strings.Replace(terms, `60`, `0`, 1) + `,"events":[],"as_of":"2026-01-01"}`:                                     `{"error":{"code":"invalid_value","field":"terms.n_payments"`,
		`{` + strings.Replace(terms, `"principal","late`, `"late`, 1) + `,"events":[],"as_of":"2026-01-01"}`:                  `{"error":{"code":"invalid_value","field":"terms.application"`,
		`{` + terms + `,"events":[{"kind":"payment","date":"2026-02-15","amount":"1"},{"kind":"gift"}],"as_of":"2026-03-01"}`: `{"error":{"code":"unknown_kind","field":"events[1].kind"`,
		`{` + terms + `,"events":[{"kind":"payment","date":"2026-01-14","amount":"1"}],"as_of":"2026-03-01"}`:                 `{"error":{"code":"invalid_value","field":"events[0].date"`,
		`{` + terms + `,"events":[{"kind":"payment","date":"2026-02-14","amount":"1","memo":""}],"as_of":"2026-03-01"}`:       `{"error":{"code":"unknown_field","field":"events[0].memo"`,
		`{` + terms + `,"events":[{"kind":"reversal","date":"2026-02-14","reverses":3}],"as_of":"2026-03-01"}`:                `{"error":{"code":"refused_event","field":"events[0].reverses"`,
		`{` + terms + `,"events":[]}`: `{"error":{"code":"missing_field","field":"as_of"`,
	} {
		if code, out, _ := calc(t, "fold", question); code != 0 || !strings.HasPrefix(out, want) {
			t.Errorf("%s: status %d, %s", question, code, out)
		}
	}
}

func TestCalcStopsAtALineThatIsNotJSON(t *testing.T) {
	good := `{"balance":"100","annual_rate":"0.05","days":30}`
	code, out, errs := calc(t, "interest", good+"\n\n"+`{"balance":`+"\n"+good)
	if code != 1 || strings.Count(out, "\n") != 3 || errs != "marque: line 3 is not JSON\n" {
		t.Errorf("status %d, out %q, errors %q", code, out, errs)
	}
}

func TestCalcReadsVeryLongLines(t *testing.T) {
	long := `{"id":"` + strings.Repeat("x", 300_000) + `","balance":"100","annual_rate":"0.05","days":30}`
	code, out, _ := calc(t, "interest", long+"\n"+long)
	if code != 0 || strings.Count(out, "\n") != 2 || !strings.Contains(out, `"interest":"0.41"`) {
		t.Errorf("status %d, %d bytes", code, len(out))
	}
}

// Whatever JSON comes, each line has one answer, which is JSON, and nothing breaks.
func FuzzCalc(f *testing.F) {
	f.Add(`{"id":1,` + terms + `,"events":[{"kind":"payment","date":"2026-02-15","amount":"1"}],"as_of":"2026-03-01","good_through":"2026-03-02"}`)
	f.Add(`{"balance":"1","annual_rate":"999","from":"0001-01-01","to":"9999-12-31","day_count":"actual/actual"}`)
	f.Add(`{"principal":"9999999999.99","annual_rate":"10","start_date":"2026-01-01","first_payment_date":"9000-01-01","n_payments":3,"method":"daily"}`)
	f.Add(`{"advances":[{"date":"2026-01-31","amount":"5"}],"payments":[{"date":"2026-02-28","amount":"6"},{"date":"2026-02-28","amount":"6"}]}`)
	f.Add(`{"gross_cap_cost":"5","residual":"9","term":3,"money_factor":"1","tax_rate":"1","tax_method":"capitalised","after_payments":2}`)
	f.Add(`{"\u0069d":[{"a":"]\""},2],"x":null}`)
	f.Fuzz(func(t *testing.T, line string) {
		line = strings.ReplaceAll(line, "\n", " ")
		if !json.Valid([]byte(line)) || !utf8.ValidString(line) {
			return
		}
		for _, command := range []string{"interest", "payment", "schedule", "apr", "payoff", "lease", "fold"} {
			if code, out, errs := calc(t, command, line); code != 0 || strings.Count(out, "\n") != 1 || !json.Valid([]byte(out)) {
				t.Fatalf("calc %s %s: status %d, %s%s", command, line, code, out, errs)
			}
		}
	})
}

// An answer comes while the asker waits with the line open.
func TestCalcAnswersBeforeTheInputEnds(t *testing.T) {
	questions, ask := io.Pipe()
	answers, reply := io.Pipe()
	done := make(chan int)
	go func() { done <- run([]string{"calc", "interest"}, questions, reply, io.Discard) }()
	if _, err := io.WriteString(ask, `{"balance":"100","annual_rate":"0.05","days":30}`+"\n{"); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 100)
	if n, err := answers.Read(line); err != nil || !strings.HasPrefix(string(line[:n]), `{"days":30`) {
		t.Fatalf("%q, %v", line[:n], err)
	}
	if err := ask.Close(); err != nil {
		t.Fatal(err)
	}
	if n, err := answers.Read(line); err != nil || !strings.HasPrefix(string(line[:n]), `{"error":{"code":"not_json"`) {
		t.Errorf("%q, %v", line[:n], err)
	}
	if code := <-done; code != 1 {
		t.Errorf("half a line ended with status %d", code)
	}
}

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		out  string
		errs string
	}{
		{[]string{"calc", "fold", "--help"}, 0, "Usage: marque calc fold", ""},
		{[]string{"--help"}, 0, "--data=", ""},
		{[]string{"calc", "horoscope"}, 1, "", "marque: "},
		{nil, 1, "", "marque: "},
		{[]string{"calc", "fold", "--nonsense"}, 1, "", "marque: "},
	} {
		var out, errs bytes.Buffer
		code := run(c.args, strings.NewReader(""), &out, &errs)
		if code != c.code || !strings.Contains(out.String(), c.out) || !strings.HasPrefix(errs.String(), c.errs) || (code == 0) != (errs.Len() == 0) {
			t.Errorf("marque %v: status %d, out %q, errors %q", c.args, code, out.String(), errs.String())
		}
	}
}
