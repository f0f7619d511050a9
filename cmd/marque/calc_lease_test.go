package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// fedLease is the lease of the Federal Reserve's leasing guide, with the terms
// that its end needs.
const fedLease = `"gross_cap_cost":"18800","residual":"12350","term":48,"payment":"244.69","security_deposit":"250","disposition_fee":"395",` +
	`"terms":{"start_date":"2026-01-31","miles_per_year":12000,"excess_mile":"0.15","odometer":12,"purchase_option_fee":"300","early_termination_fee":"200"}`

func TestCalcLeaseInLife(t *testing.T) {
	for _, c := range []struct {
		ask   string
		wants []string
	}{
		{`"schedule":true`, []string{`"rows":[{"n":1,"payment":"244.69","rent":"131.39","depreciation":"113.30","balance":"18686.70","rent_earned":"131.39"}`,
			`"balance":"12350.00","rent_earned":"5295.12"}]}`}},
		{`"early_termination":{"after_payments":12,"realized_value":"15000","past_due":"244.69"}`,
			[]string{`"early_termination":{"total":"2975.88","due":"2975.88","refund":"0.00","account":"244.69","items":[{"what":"Adjusted lease balance","amount":"17386.19","rule":"lease_balance","words":"The adjusted`}},
		{`"buy_out":{"on":"2027-02-20","purchase_tax":"0.06","good_through":"2027-02-28"}`, []string{`"what":"Tax on the purchase","amount":"1053.77"`, `"later":[{"date":"2027-02-28","total":"18`}},
		{`"lease_end":{"on":"2030-01-10","odometer":50012,"wear":[{"what":"Tire","amount":"180"}]}`, []string{`"total":"625.00"`}},
		{`"extension":{"months":2,"already":5}`, []string{`"extension":{"allowed":false,"new_disclosures":true,"payment":"244.69","total":"489.38","miles":2000,"end":"2030-03-31"}`}},
		{`"extension":{"months":2,"already":5,"disclosed":true}`, []string{`"allowed":true`}},
		{`"service_end":{"notice":"2027-03-01","returned":"2027-03-10","odometer":9000}`, []string{`"service_end":{"ends":"2027-03-10","refund_by":"2027-04-09","total":"-407.87","due":"0.00","refund":"407.87"`}},
		{`"mileage":{"readings":[{"date":"2027-01-31","odometer":15012}]}`, []string{`"allowance":48000,"purchased":0,"driven":15000,"allowed_to_date":11992,"over":3008,"pace_per_year":15000,"allowed_per_year":11992,"projected":60041,"projected_excess":12041,"projected_charge":"1806.15"`}},
		{`"explain":true`, []string{`"method":["Your lease balance starts at $18,800.00`}},
		{`"itemise":true`, []string{`"due_at_signing":"494.69","will_have_paid":"12140.12","items":{"cost":[`}},
	} {
		code, out, errs := calc(t, "lease", `{`+fedLease+`,`+c.ask+`}`)
		if code != 0 || errs != "" {
			t.Errorf("%s: status %d, %s", c.ask, code, errs)
		}
		for _, want := range c.wants {
			if !strings.Contains(out, want) {
				t.Errorf("%s\n got %s want %s", c.ask, out, want)
			}
		}
	}
	offer := `{"agreed_value":"33500","capitalised_items":[{"what":"Acquisition fee","amount":"680"}],"reductions":{"cash":"3500","trade":"1500","rebate":"1000"},` +
		`"residual":"21000","term":36,"money_factor":"0.002","tax_rate":"0.095","tax_method":"on_payment"`
	for ask, want := range map[string]string{
		``:                         `{"adjusted_cap_cost":"28180.00","depreciation":"7180.00","rent_charge":"3540.96","base_payment":"297.80","tax":"28.29","payment":"326.09","due_at_signing_tax":"0.00","total_of_payments":"11739.24"}`,
		`,"single_pay":true`:       `"base_payment":"10720.96","tax":"1018.49","payment":"11739.45","due_at_signing_tax":"0.00","total_of_payments":"11739.45"}`,
		`,"tax_on_reduction":true`: `"due_at_signing_tax":"570.00"`,
		`,"deposits":{"number":7,"factor_cut":"0.00007","step":"50"},"itemise":true`: `"security_deposit":"2100.00"`,
	} {
		if _, out, _ := calc(t, "lease", offer+ask+`}`); !strings.Contains(out, want) {
			t.Errorf("%s\n got %s want %s", ask, out, want)
		}
	}
}

func TestCalcLeaseNamesWhatIsWrong(t *testing.T) {
	for ask, want := range map[string]string{
		`"early_termination":{"after_payments":12}`:                              `"missing_field","field":"early_termination.realized_value"`,
		`"early_termination":{"after_payments":49,"realized_value":"1"}`:         `"invalid_value","field":"early_termination.after_payments"`,
		`"early_termination":{"after_payments":48,"realized_value":"1"}`:         `"invalid_value","field":"early_termination.buy_out"`,
		`"early_termination":{"after_payments":4,"realised_value":"1"}`:          `"unknown_field","field":"early_termination.realised_value"`,
		`"lease_end":{"on":"2030-01-10"}`:                                        `"invalid_value","field":"lease_end.odometer"`,
		`"lease_end":{"on":"2020-01-10","odometer":12}`:                          `"invalid_value","field":"lease_end.on"`,
		`"lease_end":{"on":"2030-01-10","odometer":12,"wear":[{"what":"Tire"}]}`: `"missing_field","field":"lease_end.wear[0].amount"`,
		`"service_end":{"notice":"2027-03-01","returned":"2027-03-17"}`:          `"invalid_value","field":"service_end.returned"`,
		`"mileage":{"readings":[{"date":"2027-02-30","odometer":1}]}`:            `"invalid_value","field":"mileage.readings[0].date"`,
		`"mileage":{"readings":[{"date":"2027-02-28","odometer":1}]}`:            `"invalid_value","field":"mileage.readings[0].odometer"`,
		`"extension":5`: `"not_object","field":"extension"`,
		`"deposits":{"number":2,"factor_cut":"1"}`: `"invalid_value","field":"security_deposit"`,
		`"reductions":{"cash":"1"},"single_pay":1`: `"invalid_value","field":"single_pay"`,
		`"agreed_value":"18800"`:                   `"invalid_value","field":"gross_cap_cost"`,
		`"capitalised_items":[{"amount":"1"}]`:     `"missing_field","field":"capitalised_items[0].what"`,
		`"cap_reduction":"1","reductions":{}`:      `"invalid_value","field":"cap_reduction"`,
	} {
		if code, out, _ := calc(t, "lease", `{`+fedLease+`,`+ask+`}`); code != 0 || !strings.HasPrefix(out, `{"error":{"code":`+want) {
			t.Errorf("%s: status %d, %s", ask, code, out)
		}
	}
	bare := `{"gross_cap_cost":"18800","residual":"12350","term":48,"payment":"244.69",`
	for ask, want := range map[string]string{
		`"buy_out":{"on":"2027-01-01"}`:                                           `"missing_field","field":"terms.start_date"`,
		`"mileage":{"readings":[]},"terms":{"start_date":"2026-01-01"}`:           `"invalid_value","field":"terms.miles_per_year"`,
		`"terms":{"excess_mile":"1000"}`:                                          `"invalid_value","field":"terms.excess_mile"`,
		`"buy_out":{"after_payments":3,"good_through":"2027-01-01"}`:              `"invalid_value","field":"buy_out.good_through"`,
		`"buy_out":{"after_payments":3},"terms":{"no_purchase_option":true}`:      `"invalid_value","field":"buy_out.buy_out"`,
		`"buy_out":{"after_payments":3,"depreciation_adjustment":"-99999999.00"}`: `"invalid_value","field":"buy_out.depreciation_adjustment"`,
	} {
		if _, out, _ := calc(t, "lease", bare+ask+`}`); !strings.HasPrefix(out, `{"error":{"code":`+want) {
			t.Errorf("%s: %s", ask, out)
		}
	}
}

// Whatever is asked of a lease has one answer, and nothing breaks.
func FuzzCalcLease(f *testing.F) {
	for _, ask := range []string{`"schedule":true,"explain":true,"itemise":true`, `"early_termination":{"after_payments":12,"realized_value":"1"}`, `"mileage":{"readings":[{"date":"2027-01-31","odometer":15012}]}`,
		`"buy_out":{"on":"2027-02-20","purchase_tax":"1","good_through":"2028-02-20"}`, `"service_end":{"notice":"2027-03-01","returned":"2027-03-10","odometer":9000}`, `"lease_end":{"after_payments":1,"odometer":9999999}`} {
		f.Add(`{` + fedLease + `,` + ask + `}`)
	}
	f.Fuzz(func(t *testing.T, line string) {
		line = strings.ReplaceAll(line, "\n", " ")
		if !json.Valid([]byte(line)) {
			return
		}
		if code, out, errs := calc(t, "lease", line); code != 0 || strings.Count(out, "\n") != 1 || !json.Valid([]byte(out)) {
			t.Fatalf("calc lease %s: status %d, %s%s", line, code, out, errs)
		}
	})
}
