package billing_test

import (
	"testing"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
)

func (a *account) interest(year int, on string, furnished *billing.InterestSummary) (billing.InterestSummary, error) {
	_, letter := a.on(on)
	return billing.MakeInterestSummary(billing.InterestInput{
		Letter: letter, Year: year, Terms: &a.terms, Lines: a.lines(), Furnished: furnished, OriginalDate: a.terms.Start, OriginalAmount: a.terms.Principal,
		VehicleYear: 2026, VehicleMake: "Corvane", VehicleModel: "Alder", LastEntry: len(a.entries),
	})
}

func TestAYearsInterestIsWhatWasReceivedInIt(t *testing.T) {
	a := opened(t, loan())
	for n := range 10 {
		a.pay(a.terms.DueDate(n+1).String(), 450_00)
	}
	a.pay("2026-12-15", 450_00).back(11, "2027-01-05") // the last of 2026 came back in 2027
	var want money.Cents
	for _, x := range a.lines()[:11] {
		want += x.Allocation.Interest
	}
	y26, err := a.interest(2026, "2027-01-04", nil)
	if err != nil {
		t.Fatal(err)
	}
	if y26.Interest != want || !y26.Files() || !y26.WholeYear() || y26.PrincipalOn != day("2026-01-15") || y26.Principal != 24_000_00 || y26.Since != 0 {
		t.Errorf("%+v, want %s", y26, want)
	}
	if len(y26.Lines) != 12 || y26.Lines[0].Interest != 0 || y26.Lines[1].Interest != 120_26 {
		t.Errorf("%+v", y26.Lines)
	}
	again(t, y26)

	y27, err := a.interest(2027, "2027-03-01", &y26)
	if err != nil {
		t.Fatal(err)
	}
	last := a.lines()[10]
	if y27.Interest != -last.Allocation.Interest || y27.Files() || y27.WholeYear() || y27.EarlierYears != 0 {
		t.Errorf("%+v", y27)
	}
	if y27.PrincipalOn != day("2027-01-01") || y27.Principal != last.Balance { // it had not come back yet
		t.Errorf("%s on %s, want %s", y27.Principal, y27.PrincipalOn, last.Balance)
	}
	if y26.Interest+y27.Interest != a.state.InterestPaid {
		t.Errorf("%s and %s are not %s", y26.Interest, y27.Interest, a.state.InterestPaid)
	}
}

// A check of December that is posted when the year's summary has gone out is in
// the next year's, and in no other.
func TestWhatIsPostedAfterASummaryIsInTheNext(t *testing.T) {
	a := opened(t, loan()).pay("2026-02-15", 450_00)
	before, err := a.interest(2026, "2027-01-04", nil)
	if err != nil {
		t.Fatal(err)
	}
	a.post(contract.Event{Kind: contract.Payment, Source: contract.FromCheck, Date: day("2026-12-30"), Amount: 2000_00}).pay("2027-01-15", 450_00)
	after, err := a.interest(2027, "2028-01-03", &before)
	if err != nil {
		t.Fatal(err)
	}
	if before.Interest != 120_26 || after.EarlierYears != a.posted[2].Interest || after.EarlierYears == 0 || before.Interest+after.Interest != a.state.InterestPaid {
		t.Errorf("%+v, then %+v; paid %s", before, after, a.state.InterestPaid)
	}
	later, err := a.interest(2028, "2029-01-03", &after)
	if err != nil || later.Interest != 0 || later.EarlierYears != 0 {
		t.Errorf("%+v, %v", later, err)
	}
	// Not yet furnished, it is in its own year.
	if own, err := a.interest(2026, "2027-01-20", nil); err != nil || own.Interest != before.Interest+after.EarlierYears {
		t.Errorf("%+v, %v", own, err)
	}
}

func TestALoanThatCameFromOtherBooks(t *testing.T) {
	a := opened(t, loan())
	_, letter := a.on("2026-12-31")
	in := billing.InterestInput{Letter: letter, Year: 2026, Terms: &a.terms, OriginalDate: day("2024-06-01"), OriginalAmount: 31_000_00}
	s, err := billing.MakeInterestSummary(in)
	if err != nil || s.Since != day("2026-01-15") || s.PrincipalOn != day("2026-01-15") || s.Principal != 24_000_00 || s.Originated != day("2024-06-01") {
		t.Errorf("%+v, %v", s, err)
	}
	in.Year = 2025
	if _, err := billing.MakeInterestSummary(in); err == nil {
		t.Error("a year on other books")
	}
	in.Year, in.Letter.Date = 2027, day("2026-12-31")
	if _, err := billing.MakeInterestSummary(in); err == nil {
		t.Error("a year that has not begun")
	}
	l := lease()
	in.Terms, in.Year = &l, 2026
	if _, err := billing.MakeInterestSummary(in); err == nil {
		t.Error("a lease pays interest")
	}
}

// What was written off is still owed; a year's principal counts it.
func TestABalanceWrittenOffIsStillOutstanding(t *testing.T) {
	a := opened(t, loan()).pay("2026-02-15", 450_00).post(contract.Event{Kind: contract.ChargeOff, Date: day("2026-09-01")})
	s, err := a.interest(2027, "2027-02-01", nil)
	if err != nil || s.Principal != 23_670_26 || s.Interest != 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

// The sum over all years is what the account has paid, whenever its summaries were
// made: a rule that counts a payment twice, or not at all, does not pass.
func TestInterestIsInOneYear(t *testing.T) {
	whole := func(broken func(*billing.InterestInput)) (sum, paid money.Cents) {
		a := opened(t, loan())
		var last *billing.InterestSummary
		for year := 2026; year < 2029; year++ {
			for m := 1; m <= 12; m++ {
				if on := money.NewDate(year, m, 15); on > a.terms.Start {
					a.pay(on.String(), 450_00)
				}
			}
			if year > 2026 { // late, for the year before
				a.post(contract.Event{Kind: contract.Payment, Source: contract.FromCheck, Date: money.NewDate(year-1, 12, 20), Amount: 333_00})
			}
			made := money.NewDate(year+1, 1, 3)
			_, letter := a.on(made.String())
			in := billing.InterestInput{Letter: letter, Year: year, Terms: &a.terms, Lines: a.lines(), Furnished: last, OriginalDate: a.terms.Start, OriginalAmount: a.terms.Principal, LastEntry: len(a.entries)}
			if broken != nil {
				broken(&in)
			}
			s, err := billing.MakeInterestSummary(in)
			if err != nil {
				t.Fatal(err)
			}
			sum, last = sum+s.Interest, &s
		}
		return sum, a.state.InterestPaid
	}
	if sum, paid := whole(nil); sum != paid {
		t.Errorf("the years sum to %s, and %s was paid", sum, paid)
	}
	for name, broken := range map[string]func(*billing.InterestInput){
		"forgets what was furnished":    func(in *billing.InterestInput) { in.Furnished = nil },
		"forgets what it knew":          func(in *billing.InterestInput) { in.LastEntry = 0 },
		"counts only what it has known": func(in *billing.InterestInput) { in.LastEntry += 1000 },
	} {
		if sum, paid := whole(broken); sum == paid {
			t.Errorf("a rule that %s passes", name)
		}
	}
}
