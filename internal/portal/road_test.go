package portal

import (
	"context"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"marque/internal/archive"
	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/cycle"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/store"
	"marque/internal/tape"
	"marque/internal/web"
)

// lender is a portal over a database of its own, with three customers on the books: two with a
// loan and one with a lease.
type lender struct {
	*httptest.Server
	svc *servicing.Service
	now money.Instant
}

func openLender(t testing.TB) *lender {
	t.Helper()
	return openLenderWith(t, openAccounts)
}

func openLenderWith(t testing.TB, rules servicing.Rules) *lender {
	t.Helper()
	ctx := context.Background()
	keys, err := store.LoadKeys(filepath.Join(t.TempDir(), "keys.json"))
	must(t, err)
	db, err := store.Open(ctx, filepath.Join(t.TempDir(), "marque.db"), keys)
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	must(t, db.Migrate(ctx))
	l := &lender{now: money.InstantOf(time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC))}
	l.svc = servicing.New(db, billing.Lender{Name: "Kestrane Motor Finance", Phone: "(800) 555-0142", ShortName: "KESTRANE MOTOR", OriginID: "1234567890", ODFI: "121042882", Portal: "https://pay.kestrane.example"}, rules, func() money.Instant { return l.now })
	system := identity.System("test")
	_, err = l.svc.OpenDay(ctx, system, 0, today)
	must(t, err)
	board := []tape.Boarding{}
	for i, name := range []string{"Maya", "Theo"} {
		terms := loanTerms()
		terms.Start, terms.FirstDue, terms.Principal, terms.Payments = money.NewDate(2026, 11, 15), money.NewDate(2026, 12, 15), 19_061_54, 36
		board = append(board, tape.Boarding{
			AccountNumber: []string{"770001001", "770001002"}[i], CustomerID: name, Terms: terms, AsOf: terms.Start,
			Person: &tape.Person{FirstName: name, LastName: "Okafor", Email: strings.ToLower(name) + "@mail.example", Phone: "+1614555010" + string(rune('1'+i)), SSN: "90055432" + string(rune('1'+i)),
				BirthDate: money.NewDate(1990, 4, 2), Street: "12 Elm Street", City: "Maren Falls", State: "OH", ZIP: "43000"},
			Vehicle: tape.Vehicle{Year: 2023, Make: "Halden", Model: "Orla"}, OriginalAmount: 30_000_00, OriginalDate: money.NewDate(2024, 11, 15), OriginalTerm: 60,
		})
	}
	ana := board[0]
	ana.AccountNumber, ana.CustomerID, ana.Terms, ana.Person = "770001003", "Ana", reserveLease(), &tape.Person{}
	*ana.Person = *board[0].Person
	ana.Person.FirstName, ana.Person.Email, ana.Person.Phone, ana.Person.SSN = "Ana", "ana@mail.example", "+16145550103", "900554323"
	ana.Terms.Start, ana.Terms.FirstDue, ana.Terms.Payments, ana.Terms.Principal = money.NewDate(2026, 11, 15), money.NewDate(2026, 12, 15), 36, 36*244_69
	ana.AsOf, ana.OriginalAmount, ana.OriginalDate, ana.OriginalTerm = ana.Terms.Start, 48*244_69, money.NewDate(2025, 12, 15), 48
	board = append(board, ana)
	_, err = l.svc.Board(ctx, system, func(yield func(tape.Boarding, error) bool) {
		for _, b := range board {
			if !yield(b, nil) {
				return
			}
		}
	}, false)
	must(t, err)
	brand, err := web.LoadBrand(web.DefaultBrand())
	must(t, err)
	log := slog.New(slog.DiscardHandler)
	files, err := archive.New(ctx, filepath.Join(t.TempDir(), "archive"))
	must(t, err)
	papers := &cycle.Papers{Service: l.svc, Archive: files, Log: log}
	h, err := New(l.svc, brand, Options{Log: log, Now: time.Now, Papers: papers.Open})
	must(t, err)
	l.Server = httptest.NewServer(h)
	t.Cleanup(l.Close)
	return l
}

// code is the newest activation code that was sent.
func (l *lender) code(t testing.TB) string {
	t.Helper()
	list, err := l.svc.Outbox(context.Background(), identity.System("test"), 100)
	must(t, err)
	for _, o := range slices.Backward(list) {
		if o.Notice.Code != "" {
			return o.Notice.Code
		}
	}
	return ""
}

// browser follows redirects and keeps cookies, as a person's does.
type browser struct {
	*http.Client
	l *lender
}

func (l *lender) browser(t testing.TB) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	return &browser{&http.Client{Jar: jar, Transport: ownForms{}}, l}
}

// ownForms says of every request, as a browser does, that a page of the site
// sent it.
type ownForms struct{}

func (ownForms) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return http.DefaultTransport.RoundTrip(r)
}

// visit gives where it ended, the status and the page.
func (b *browser) visit(t testing.TB, path string) (string, int, string) {
	t.Helper()
	resp, err := b.Get(b.l.URL + path)
	must(t, err)
	return read3(t, resp)
}

func (b *browser) send(t testing.TB, path string, form url.Values) (string, int, string) {
	t.Helper()
	resp, err := b.PostForm(b.l.URL+path, form)
	must(t, err)
	return read3(t, resp)
}

func read3(t testing.TB, resp *http.Response) (string, int, string) {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	must(t, err)
	must(t, resp.Body.Close())
	return resp.Request.URL.RequestURI(), resp.StatusCode, string(body)
}

var inputs = regexp.MustCompile(`<input[^>]*type="hidden"[^>]*name="([^"]*)" value="([^"]*)"`)

// freshToken is all that differs between two renderings of a page.
var freshToken = regexp.MustCompile(`name="form-token" value="[^"]{43}"`)

// formOf is what the form with the action would send of itself.
func formOf(t testing.TB, page, action string) url.Values {
	t.Helper()
	_, rest, ok := strings.Cut(page, `action="`+action+`"`)
	if !ok {
		t.Fatalf("no form for %s on the page:\n%s", action, words(page))
	}
	form, _, _ := strings.Cut(rest, "</form>")
	v := url.Values{}
	for _, m := range inputs.FindAllStringSubmatch(form, -1) {
		v.Set(m[1], html.UnescapeString(m[2]))
	}
	return v
}

func values(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

const password = "violet lantern harbor nine"

// activated is a browser signed in by activating online access.
func (l *lender) activated(t testing.TB, number, ssn4 string) *browser {
	t.Helper()
	b := l.browser(t)
	at, _, page := b.send(t, "/activate", values("account_number", number, "ssn4", ssn4, "zip", "43000", "by", "text"))
	if at != "/activate/code?by=text" {
		t.Fatalf("activation went to %s: %s", at, words(page))
	}
	if at, _, page = b.send(t, "/activate/code", values("code", l.code(t))); at != "/activate/password" {
		t.Fatalf("the code went to %s: %s", at, words(page))
	}
	name := regexp.MustCompile(`name="username"[^>]*value="([^"]*)"`).FindStringSubmatch(page)
	at, _, page = b.send(t, "/activate/password", values("username", name[1], "password", password, "password_again", password))
	if at != "/activate/done" {
		t.Fatalf("the password went to %s: %s", at, words(page))
	}
	says(t, page, "Online access is on", "Get saved codes")
	_, _, page = b.visit(t, "/")
	says(t, page, "2023 Halden Orla", "is due on Dec 15.")
	return b
}

func (b *browser) account(t testing.TB) string {
	t.Helper()
	_, _, page := b.visit(t, "/")
	return regexp.MustCompile(`/accounts/[0-9a-f-]{36}`).FindString(page)
}

var bankFields = []string{"holder", "Maya Okafor", "type", "checking", "routing", "123456780", "account", "0001234821", "account_again", "0001234821"}

// toReview goes from the pay page by way of a new bank account to the review.
func (b *browser) toReview(t testing.TB, account string) url.Values {
	t.Helper()
	_, _, page := b.visit(t, account+"/pay")
	form := formOf(t, page, account+"/pay/review")
	form.Set("how", "due")
	form.Set("date", "2026-11-22")
	form.Set("method", "new")
	_, _, page = b.send(t, account+"/pay/review", form)
	says(t, page, "Add a bank account")
	form = formOf(t, page, account+"/pay/bank-account")
	for i := 0; i < len(bankFields); i += 2 {
		form.Set(bankFields[i], bankFields[i+1])
	}
	_, status, page := b.send(t, account+"/pay/bank-account", form)
	if status != http.StatusOK {
		t.Fatalf("adding the account: %s", words(page))
	}
	says(t, page, "Review your payment", "interest for 7 days at $3.13 a day", "Checking ••4821")
	return formOf(t, page, account+"/pay/confirm")
}

func TestPayingFiftyTimesAtOnceIsOnePayment(t *testing.T) {
	l := openLender(t)
	b := l.activated(t, "770001001", "4321")
	account := b.account(t)
	confirm := b.toReview(t, account)
	ended := make([]string, 50)
	var wg sync.WaitGroup
	for i := range ended {
		wg.Go(func() {
			resp, err := b.PostForm(l.URL+account+"/pay/confirm", confirm)
			if err != nil {
				t.Error(err)
				return
			}
			ended[i] = resp.Request.URL.Path
			if err := resp.Body.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := len(slices.Compact(slices.Sorted(slices.Values(ended)))); n != 1 || !strings.HasPrefix(ended[0], account+"/payments/") {
		t.Fatalf("%d places: %s", n, ended[0])
	}
	_, _, page := b.visit(t, ended[0])
	says(t, page, "Payment received", "How it was applied", "Cancel this payment")
	_, _, page = b.visit(t, "/payments")
	says(t, page, "1 payment, newest first.")
	resp, err := b.Get(l.URL + ended[0] + "/receipt.pdf")
	must(t, err)
	if _, status, pdf := read3(t, resp); status != http.StatusOK || !strings.HasPrefix(pdf, "%PDF-") || resp.Header.Get("Content-Type") != "application/pdf" {
		t.Errorf("receipt: %d %.20q", status, pdf)
	}

	// Another form for the same amount and day is asked about before it is made.
	confirm.Set("key", "another")
	confirm.Set("how", "other")
	_, _, page = b.send(t, account+"/pay/review", confirm)
	says(t, page, "You already have this payment")
	again := formOf(t, page, account+"/pay/confirm")
	_, status, page := b.send(t, account+"/pay/confirm", again)
	if status != http.StatusUnprocessableEntity {
		t.Errorf("made without being asked: %d", status)
	}
	says(t, page, "Check the box if you mean to make another payment")
	again.Set("again", "yes")
	if at, _, _ := b.send(t, account+"/pay/confirm", again); at == ended[0] || !strings.Contains(at, "/payments/") {
		t.Errorf("a payment of its own went to %s", at)
	}

	// Canceled, it is gone from the account.
	at, _, page := b.send(t, ended[0]+"/cancel", nil)
	says(t, page, "Payment canceled")
	if at != ended[0] {
		t.Errorf("canceling went to %s", at)
	}
}

func TestAPaymentRefusedAtConfirmingSaysThatNothingWasCharged(t *testing.T) {
	l := openLender(t)
	b := l.activated(t, "770001001", "4321")
	account := b.account(t)
	confirm := b.toReview(t, account)
	_, err := l.svc.OpenDay(context.Background(), identity.System("test"), today, today+1)
	must(t, err)
	_, status, page := b.send(t, account+"/pay/confirm", confirm)
	if status != http.StatusUnprocessableEntity {
		t.Errorf("status %d", status)
	}
	says(t, page, "No payment was made", "You have not been charged.", "Choose Nov 23, 2026 or a later day.")
	_, _, page = b.visit(t, "/payments")
	says(t, page, "No payments yet")
}

func TestAnothersPagesLookLikePagesThatAreNotThere(t *testing.T) {
	l := openLender(t)
	maya, theo := l.activated(t, "770001001", "4321"), l.activated(t, "770001002", "4322")
	mine := maya.account(t)
	confirm := maya.toReview(t, mine)
	paid, _, _ := maya.send(t, mine+"/pay/confirm", confirm)
	const nobody = "/accounts/00000000-0000-7000-8000-000000000000"
	same := regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}`)
	for _, path := range []string{"", "/pay", "/autopay", "/autopay/off", "/autopay/authorization.pdf", "/statements/2026-11-24", "/statements/2026-11-24.pdf", "/payoff", "/payoff/letter.pdf", "/documents/new", "/documents/" + strings.TrimPrefix(nobody, "/accounts/"), "/lease", "/history/1", "/history", "/history?after=1", "/history/download?format=csv", "/years/2026",
		strings.TrimPrefix(paid, mine), strings.TrimPrefix(paid, mine) + "/receipt.pdf", strings.TrimPrefix(paid, mine) + "/cancel"} {
		_, status1, page1 := theo.visit(t, mine+path)
		_, status2, page2 := theo.visit(t, nobody+path)
		if status1 != http.StatusNotFound || status2 != http.StatusNotFound || same.ReplaceAllString(page1, "") != same.ReplaceAllString(page2, "") {
			t.Errorf("%s: %d and %d, or the pages differ", path, status1, status2)
		}
	}
	for _, path := range []string{"/pay/review", "/pay/confirm", "/payoff", "/autopay/review", "/autopay/off"} {
		form := confirm
		form.Del("form-token") // maya's; the browser's own word is enough
		form.Set("agree", "yes")
		form.Set("good_through", "2026-12-01")
		if _, status, page := theo.send(t, mine+path, form); status != http.StatusNotFound {
			t.Errorf("POST %s: %d %s", path, status, words(page))
		}
	}
	if at, _, _ := maya.visit(t, paid); at != paid {
		t.Errorf("the payment's own page went to %s", at)
	}
}

func TestAPayoffQuoteIsMadeKeptAndSentAsALetter(t *testing.T) {
	l := openLender(t)
	b := l.activated(t, "770001001", "4321")
	account := b.account(t)
	if _, status, _ := b.visit(t, account+"/payoff/letter.pdf"); status != http.StatusNotFound {
		t.Errorf("a letter without a quote: %d", status)
	}
	_, _, page := b.visit(t, account+"/payoff")
	says(t, page, "$19,083.44 pays this account off today, Nov 22, 2026.", "A quote that we keep to")
	form := formOf(t, page, account+"/payoff")
	for _, bad := range []struct{ date, says string }{{"2026-11-21", "Choose a day from Nov 22, 2026 to Dec 22, 2026."}, {"2027-03-01", "Choose a day from"}, {"", "Enter a date."}, {"soon", "Enter a date that exists"}} {
		form.Set("good_through", bad.date)
		_, status, page := b.send(t, account+"/payoff", form)
		says(t, page, bad.says)
		if status != http.StatusUnprocessableEntity || !strings.Contains(page, `id="good_through-error"`) || !strings.Contains(page, `name="key" value="`+form.Get("key")+`"`) {
			t.Errorf("%q: %d, or what was typed is lost", bad.date, status)
		}
	}
	form.Set("good_through", "12/2/2026")
	for range 2 { // the same form again is the same quote
		at, _, page := b.send(t, account+"/payoff", form)
		if at != account+"/payoff?done=quoted" {
			t.Fatalf("went to %s: %s", at, words(page))
		}
		says(t, page, "Your payoff quote is ready. We keep to it through Dec 2, 2026.", "$19,114.72 pays this account off if it arrives by Dec 2, 2026.")
	}
	form.Set("good_through", "2026-12-05") // with a key that was used
	_, status, page := b.send(t, account+"/payoff", form)
	says(t, page, "This page was already used for something else.")
	if again := formOf(t, page, account+"/payoff"); status != http.StatusUnprocessableEntity || again.Get("key") == form.Get("key") {
		t.Errorf("%d, or the used key stays", status)
	}
	if _, status, pdf := b.visit(t, account+"/payoff/letter.pdf"); status != http.StatusOK || !strings.HasPrefix(pdf, "%PDF-") {
		t.Errorf("letter: %d", status)
	}
	_, _, page = b.visit(t, account)
	says(t, page, "Nov 22, 2026 Payoff quote Why?")
	_, _, page = b.visit(t, account+"/pay?how=payoff")
	if !strings.Contains(page, `value="payoff" id="how-2" checked`) {
		t.Error("the payoff is not chosen")
	}
}

func TestALeaseHasItsOwnPageAndALoanHasNone(t *testing.T) {
	l := openLender(t)
	ana, maya := l.activated(t, "770001003", "4323"), l.activated(t, "770001001", "4321")
	lease, loan := ana.account(t), maya.account(t)
	if _, status, _ := maya.visit(t, loan+"/lease"); status != http.StatusNotFound {
		t.Errorf("a loan's lease page: %d", status)
	}
	if _, status, _ := maya.visit(t, lease+"/lease"); status != http.StatusNotFound {
		t.Errorf("another's lease page: %d", status)
	}
	for _, path := range []string{"/", lease} {
		if _, _, page := ana.visit(t, path); !strings.Contains(page, `href="`+lease+`/lease"`) {
			t.Errorf("%s does not lead to the lease page", path)
		}
	}
	at, status, page := ana.visit(t, lease+"/payoff") // an old address
	if at != lease+"/lease" || status != http.StatusOK {
		t.Errorf("the payoff page went to %s: %d", at, status)
	}
	says(t, page, "12 of 48 months have begun", "buys the vehicle today, Nov 22, 2026.", "No reading yet.")
	if at, _, _ := ana.send(t, lease+"/payoff", values("key", "k", "good_through", "2026-12-01")); at != lease+"/lease" {
		t.Errorf("asking for a payoff quote went to %s", at)
	}
	reading := contract.Event{Kind: contract.Odometer, Date: today, Miles: 14_000}
	_, err := l.svc.PostEvent(context.Background(), identity.System("test"), servicing.EventRequest{Key: "miles", Contract: servicing.ContractID(strings.TrimPrefix(lease, "/accounts/")), Event: reading})
	must(t, err)
	_, _, page = ana.visit(t, lease+"/lease")
	says(t, page, "By Nov 22, 2026 you had driven 14,000 miles", "At this pace, miles over the allowance would cost")
	neverAYearlyCost(t, "lease", page)
	_, _, page = ana.visit(t, lease)
	says(t, page, "Odometer reading: 14,000 miles")
}

func TestExtraMoneyDoesWhatWasChosenAndIsExplained(t *testing.T) {
	l := openLender(t)
	b := l.activated(t, "770001001", "4321")
	account := b.account(t)
	b.toReview(t, account) // adds the bank account
	_, _, page := b.visit(t, account+"/pay")
	form := formOf(t, page, account+"/pay/review")
	method := regexp.MustCompile(`name="method" value="([0-9a-f-]{36})"`).FindStringSubmatch(page)[1]
	for _, v := range [][2]string{{"how", "other"}, {"amount", "1,000"}, {"date", "2026-11-22"}, {"method", method}, {"extra", "everything"}} {
		form.Set(v[0], v[1])
	}
	_, status, page := b.send(t, account+"/pay/review", form)
	says(t, page, "Choose what extra money should do.")
	if status != http.StatusUnprocessableEntity || !strings.Contains(page, `id="extra-error"`) || !strings.Contains(page, `value="1,000"`) {
		t.Errorf("%d, or not beside the choices:\n%s", status, page)
	}
	form.Set("extra", "principal_only")
	_, _, page = b.send(t, account+"/pay/review", form)
	says(t, page, "Extra money All of it goes to principal", "$1,000.00 goes to principal only, as chosen.", "Due date after Dec 15, 2026, as before", "Principal balance after $18,061.54")
	paid, _, page := b.send(t, account+"/pay/confirm", formOf(t, page, account+"/pay/confirm"))
	says(t, page, "Payment received", "Extra money All of it goes to principal", "Step by step", "$1,000.00 goes to principal only, as chosen.")
	_, _, page = b.visit(t, account+"/history/1")
	says(t, page, "Payment to principal only", "Where the money went principal $1,000.00")
	b.send(t, paid+"/cancel", nil)
	_, _, page = b.visit(t, account+"/history/1")
	says(t, page, "This was taken back. Your account now stands as if it had never been.")
	_, _, page = b.visit(t, account+"/history/2")
	says(t, page, "Entry taken back")
	for _, nothing := range []string{"0", "3", "01", "x", "-1"} {
		if _, status, _ := b.visit(t, account+"/history/"+nothing); status != http.StatusNotFound {
			t.Errorf("history %s: %d", nothing, status)
		}
	}
}

func TestAutopayIsReviewedAgreedToAndTurnedOff(t *testing.T) {
	l := openLender(t)
	b := l.activated(t, "770001001", "4321")
	account := b.account(t)
	_, _, page := b.send(t, account+"/autopay/review", values("method", "new"))
	form := formOf(t, page, account+"/autopay/bank-account")
	for i := 0; i < len(bankFields); i += 2 {
		form.Set(bankFields[i], bankFields[i+1])
	}
	_, _, page = b.send(t, account+"/autopay/bank-account", form)
	says(t, page, "Review autopay", "First payment Dec 15, 2026", "I authorize Kestrane Motor Finance")
	agree := formOf(t, page, account+"/autopay/agree")
	_, status, page := b.send(t, account+"/autopay/agree", agree)
	if status != http.StatusUnprocessableEntity {
		t.Errorf("on without agreeing: %d", status)
	}
	says(t, page, "To sign, type your name as it stands here, Maya Okafor, or the word agree. Autopay has not changed yet.")
	agree.Set("signed", "maya okafor")
	for range 2 {
		if at, _, page := b.send(t, account+"/autopay/agree", agree); at != account+"/autopay?done=on" || !strings.Contains(page, "Autopay is on") {
			t.Fatalf("agreeing went to %s: %s", at, words(page))
		}
	}
	_, _, page = b.visit(t, "/")
	says(t, page, "Autopay will pay it from checking ••4821.")
	_, status, pdf := b.visit(t, account+"/autopay/authorization.pdf")
	if status != http.StatusOK || !strings.HasPrefix(pdf, "%PDF-") {
		t.Errorf("authorization: %d", status)
	}
	_, _, page = b.visit(t, "/payment-methods")
	bank := regexp.MustCompile(`/payment-methods/[0-9a-f-]{36}`).FindString(page) + "/remove"
	_, status, page = b.send(t, bank, nil)
	says(t, page, "Autopay draws from this bank account.")
	if status != http.StatusUnprocessableEntity {
		t.Errorf("removed under autopay: %d", status)
	}
	if at, _, _ := b.send(t, account+"/autopay/off", nil); at != account+"/autopay?done=off" {
		t.Errorf("off went to %s", at)
	}
	if at, _, page := b.send(t, bank, nil); at != "/payment-methods?done=removed" {
		t.Errorf("removing went to %s: %s", at, words(page))
	}
}

func TestASessionThatEndedComesBackToThePageWanted(t *testing.T) {
	l := openLender(t)
	b := l.activated(t, "770001001", "4321")
	account := b.account(t)
	confirm := b.toReview(t, account)
	l.now = l.now.Add(time.Hour)
	_, _, page := b.send(t, account+"/pay/confirm", confirm)
	says(t, page, "no payment was made")
	form := formOf(t, page, "/sign-in")
	form.Set("username", "maya@mail.example")
	form.Set("password", "wrong wrong wrong wrong")
	_, status, page := b.send(t, "/sign-in", form)
	says(t, page, "do not match")
	if status != http.StatusUnprocessableEntity {
		t.Errorf("status %d", status)
	}
	form.Set("password", password)
	at, _, page := b.send(t, "/sign-in", form)
	if want := "/sign-in/second?next=" + url.QueryEscape(account+"/pay"); at != want {
		t.Fatalf("the password led to %s, not %s", at, want)
	}
	if at, page := b.second(t, page, "way", "text", "code", b.texted(t, page)); at != account+"/pay" {
		t.Errorf("came back to %s: %s", at, words(page))
	}
	if at, _, page := b.send(t, "/sign-out", nil); at != "/sign-in?why=out" {
		t.Errorf("signing out went to %s: %s", at, words(page))
	}
	if at, _, _ := b.visit(t, "/payments"); at != "/sign-in?next=%2Fpayments" {
		t.Errorf("signed out, /payments went to %s", at)
	}
}

func TestTheLastStepOfActivationSaysAllThatIsWrongAtOnce(t *testing.T) {
	l := openLender(t)
	b := l.browser(t)
	b.send(t, "/activate", values("account_number", "770001001", "ssn4", "43-21 ", "zip", "43000", "by", "text"))
	if at, _, page := b.send(t, "/activate/code", values("code", l.code(t))); at != "/activate/password" {
		t.Fatalf("the code went to %s: %s", at, words(page))
	}
	_, status, page := b.send(t, "/activate/password", values("username", "maya", "password", "short", "password_again", "shorter"))
	if status != http.StatusUnprocessableEntity {
		t.Errorf("status %d", status)
	}
	says(t, page, "3 things need another look", "Use 6 or more characters without spaces.", "Use at least 8 characters.", "The two passwords are not the same.")
}

func TestActivationLooksTheSameWhetherOrNotTheAccountExists(t *testing.T) {
	l := openLender(t)
	pages := [2]string{}
	for i, number := range []string{"770001001", "999999999"} {
		at, status, page := l.browser(t).send(t, "/activate", values("account_number", number, "ssn4", "4321", "zip", "43000", "by", "text"))
		if at != "/activate/code?by=text" || status != http.StatusOK {
			t.Errorf("%s: %d at %s", number, status, at)
		}
		pages[i] = freshToken.ReplaceAllString(page, "")
	}
	if pages[0] != pages[1] {
		t.Error("the pages differ")
	}
}
