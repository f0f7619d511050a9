package portal

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/web"
)

// The invented people and contracts that the tests look at. Every figure comes
// from the engine: a page must not be tested with sums that cannot be.

var (
	maya     = servicing.Session{Actor: identity.Customer("c1"), FirstName: "Maya", LastName: "Okafor"}
	today    = money.NewDate(2026, 11, 22)
	checking = servicing.Method{ID: "b1", Kind: billing.Bank, Validation: billing.Validated, Type: "checking", Last4: "4821", Routing: "123456780", Holder: "Maya Okafor"}
	orla     = servicing.Vehicle{Year: 2023, Make: "Halden", Model: "Orla", VIN: "1HZ0RLA23P0000417"}
	sela     = servicing.Vehicle{Year: 2025, Make: "Aldon", Model: "Sela"}
)

func loanTerms() contract.Terms {
	return contract.Terms{
		Kind: contract.Loan, Principal: 30_000_00, Rate: 59_900_000_000, DayCount: money.Actual365, Rounding: money.HalfUp,
		Start: money.NewDate(2024, 11, 15), FirstDue: money.NewDate(2024, 12, 15), Payments: 60, Payment: 579_84,
		Application: contract.DefaultApplication, GraceDays: 10, LateFee: contract.LateFee{Percent: 50_000_000_000, Cap: 25_00}, ReturnedFee: 20_00,
	}
}

func leaseTerms() contract.Terms {
	return contract.Terms{
		Kind: contract.Lease, Principal: 36 * 412_50, DayCount: money.Actual365, Rounding: money.HalfUp,
		Start: money.NewDate(2025, 6, 3), FirstDue: money.NewDate(2025, 6, 3), Payments: 36, Payment: 412_50,
		Application: contract.DefaultApplication, LateFee: contract.LateFee{Flat: 15_00}, GraceDays: 10,
		LeaseTerms: &contract.LeaseTerms{Residual: 19_400_00, Term: 36, MilesPerYear: 12000},
	}
}

// accountAfter plays the first payments of a contract, each on its due date.
func accountAfter(t testing.TB, id servicing.ContractID, terms contract.Terms, v servicing.Vehicle, payments int) servicing.Account {
	t.Helper()
	s := terms.Open()
	a := servicing.Account{Date: today, Terms: terms}
	a.Card = servicing.Card{ID: id, Kind: terms.Kind, AccountNumber: "7700010" + string(id[1:]) + "4821", Vehicle: v, Original: terms.Principal}
	a.Origin = servicing.Origin{Date: terms.Start, Amount: terms.Principal, Term: terms.Payments, Rate: terms.Rate}
	a.YTD.Year = today.Year()
	for n := 1; n <= payments; n++ {
		due := terms.DueDate(n)
		split, err := s.Apply(&terms, contract.Event{Seq: n, Kind: contract.Payment, Date: due, Amount: terms.Payment})
		must(t, err)
		a.History = append([]servicing.HistoryRow{{Effective: due, Kind: "payment", Event: n, Amount: terms.Payment, Allocation: split, Balance: s.Principal, PaymentID: "p1"}}, a.History...)
		if due.Year() == a.YTD.Year {
			a.YTD.Interest += split.Interest
			a.YTD.Principal += split.Principal
		}
	}
	return settle(t, a, s)
}

// settle fills in what follows from a state.
func settle(t testing.TB, a servicing.Account, s contract.State) servicing.Account {
	t.Helper()
	var err error
	a.State, a.Balance, a.Paid, a.Closed = s, s.Principal, a.Original-s.Principal, s.Closed(&a.Terms)
	a.ChargedOff, a.Called, a.Held = s.IsChargedOff, !s.Accelerated.IsZero(), s.Bankruptcy || s.CeaseContact
	a.Due, err = s.Due(&a.Terms, today)
	must(t, err)
	a.Payoff, err = s.Payoff(&a.Terms, today)
	must(t, err)
	a.Spans, err = s.Spans(&a.Terms, today)
	must(t, err)
	a.Remaining, err = a.Terms.Remaining(s, today)
	must(t, err)
	return a
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// current has autopay on; behind missed two payments and owes a late fee; lease
// is current without autopay; closed is paid off.
func current(t testing.TB) servicing.Account {
	a := accountAfter(t, "k1", loanTerms(), orla, 24)
	a.Autopay = &servicing.Autopay{Method: checking, Since: money.NewDate(2025, 1, 3), NextDate: a.Due.Upcoming, NextAmount: a.Due.Amount(), Agreed: 579_84,
		Plan:          billing.AutopayPlan{Rhythm: billing.EachDueDate, Tell: billing.TellOutside, Most: 579_84},
		Authorization: "I authorize Kestrane Motor Finance to take my monthly payment from my checking account ending in 4821 on each due date."}
	a.LastPayment = &servicing.Payment{ID: "p1", Contract: "k1", Confirmation: "K7QM2D9X", Autopay: true, State: billing.Settled, Amount: 579_84,
		Date: money.NewDate(2026, 11, 15), Method: checking}
	return a
}

func behind(t testing.TB) servicing.Account {
	a := accountAfter(t, "k2", loanTerms(), orla, 22)
	s := a.State
	_, err := s.Apply(&a.Terms, contract.Event{Seq: 23, Kind: contract.LateCharge, Date: money.NewDate(2026, 10, 26), Amount: 25_00, Instalment: 23})
	must(t, err)
	a.LateFeeOn = today + 5
	return settle(t, a, s)
}

func lease(t testing.TB) servicing.Account {
	return accountAfter(t, "k3", leaseTerms(), sela, 18)
}

func closed(t testing.TB) servicing.Account {
	a := current(t)
	a.Autopay = nil
	s := a.State
	_, err := s.Apply(&a.Terms, contract.Event{Seq: 25, Kind: contract.Payment, Date: today, Amount: a.Payoff.Total})
	must(t, err)
	return settle(t, a, s)
}

func overviewOf(accounts ...servicing.Account) servicing.Overview {
	o := servicing.Overview{Date: today, FirstName: "Maya"}
	for _, a := range accounts {
		o.Contracts = append(o.Contracts, a.Card)
	}
	return o
}

func optionsOf(a servicing.Account, methods ...servicing.Method) servicing.PayOptions {
	return servicing.PayOptions{Card: a.Card, Date: today, First: today, Last: today + 60, Methods: methods}
}

func reviewOf(t testing.TB, a servicing.Account, kind billing.AmountKind, amount money.Cents, date money.Date) servicing.PaymentReview {
	t.Helper()
	plan, err := billing.Decide(&a.Terms, a.State, billing.Ask{Kind: kind, Amount: amount, Date: date}, billing.AnyDay(today))
	must(t, err)
	return servicing.PaymentReview{
		Request: servicing.PaymentRequest{Key: "key1", Contract: a.ID, Kind: kind, Amount: plan.Amount, Date: date, Method: checking.ID},
		Method:  checking, Card: a.Card, Plan: plan,
		Authorizes: "I authorize Kestrane Motor Finance to take one payment of " + plan.Amount.USD() + " from my checking account ending in 4821.",
	}
}

func paid(state billing.PaymentState) servicing.Payment {
	p := servicing.Payment{ID: "p1", Contract: "k1", Confirmation: "K7QM2D9X", Kind: billing.AmountDue, Rail: billing.ACH, State: state, Amount: 579_84,
		Date: money.NewDate(2026, 11, 15), Created: money.InstantOf(time.Date(2026, 11, 15, 18, 4, 0, 0, time.UTC)), Method: checking,
		Allocation: contract.Allocation{Interest: 99_44, Principal: 480_40}, BalanceAfter: 19_061_80, Cancellable: billing.ACH.MayBecome(state, billing.Cancelled)}
	if state == billing.Returned {
		p.ReturnCode, p.ReturnReason, p.ReturnedOn = "R01", "there was not enough money in the account", money.NewDate(2026, 11, 18)
	}
	return p
}

func statementOf(kind contract.Kind) billing.Statement {
	st := billing.Statement{
		Kind: kind, AccountNumber: "770001014821", Vehicle: "2023 Halden Orla", Rate: 59_900_000_000, DayCount: "actual/365",
		Opening: money.NewDate(2026, 10, 25), Closing: money.NewDate(2026, 11, 24), DueDate: money.NewDate(2026, 12, 15),
		BeginningBalance: 19_542_20, PrincipalPaid: 480_40, EndingBalance: 19_061_80, InterestAccrued: 28_15, InterestPaid: 99_44, FinanceCharge: 96_10,
		RegularPayment: 579_84, AmountDue: 579_84, LateAfter: money.NewDate(2026, 12, 25), LateFee: 25_00, PayoffToday: 19_089_95, PaymentsLeft: 36,
		Lines: []billing.StatementLine{{Date: money.NewDate(2026, 11, 15), Kind: "payment", Text: "Payment, thank you", Amount: 579_84, Allocation: contract.Allocation{Interest: 99_44, Principal: 480_40}}},
		InterestLines: []billing.InterestLine{
			{From: money.NewDate(2026, 11, 15), To: money.NewDate(2026, 11, 24), Days: 9, Balance: 19_061_80, Basis: 365, PerDiem: "3.128224", Amount: "28.1540"}},
	}
	if kind == contract.Lease {
		st.Rate, st.InterestPaid, st.InterestAccrued, st.FinanceCharge, st.InterestLines = 0, 0, 0, 0, nil
	}
	return st
}

// testPortal has no database behind it: only what is refused before one is asked.
func testPortal(t testing.TB, base string) (*portal, http.Handler) {
	t.Helper()
	made, err := portals(base)
	must(t, err)
	p := *made.portal
	return &p, made.handler
}

// portals are the portals at each address. They have no database and keep nothing,
// and reading all templates takes long.
func portals(base string) (*pair, error) {
	kept, _ := onceFor.LoadOrStore(base, sync.OnceValues(func() (*pair, error) {
		brand, err := web.LoadBrand(web.DefaultBrand())
		if err != nil {
			return nil, err
		}
		o := Options{BaseURL: base, Log: slog.New(slog.DiscardHandler), Now: time.Now}
		svc := servicing.New(nil, billing.Lender{Name: "Kestrane Motor Finance", Phone: "(800) 555-0142"}, openAccounts, func() money.Instant { return 0 })
		p, err := newPortal(svc, brand, o)
		if err != nil {
			return nil, err
		}
		h, err := New(svc, brand, o)
		return &pair{p, h}, err
	}))
	return kept.(func() (*pair, error))()
}

var onceFor sync.Map

type pair struct {
	portal  *portal
	handler http.Handler
}

func recorded(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// openAccounts are the rules of a lender whose provider knows every bank account.
var openAccounts = func() servicing.Rules {
	rules := servicing.DefaultRules
	rules.CheckAccount = func(context.Context, servicing.AccountQuestion) (servicing.AccountAnswer, error) {
		return servicing.AccountOpen, nil
	}
	return rules
}()
