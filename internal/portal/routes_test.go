package portal

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"marque/internal/billing"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/web"
)

// openRoutes are all that may be reached without a session. A route that is not
// here must send a stranger to sign in.
var openRoutes = map[string]bool{
	"GET /healthz": true, "GET /readyz": true, "GET /{$}": true, "GET /help": true,
	"GET /sign-in": true, "POST /sign-in": true, "POST /sign-out": true,
	"GET /activate": true, "POST /activate": true, "GET /activate/code": true, "POST /activate/code": true,
	"POST /sign-in/passkey": true, "GET /sign-in/second": true, "POST /sign-in/second": true,
	"POST /activate/code/send": true, "GET /activate/password": true, "POST /activate/password": true,
	"GET /payoff-letter": true, "POST /payoff-letter": true,
	"GET /help-signing-in": true, "GET /recover": true, "POST /recover": true, "GET /recover/proofs": true, "POST /recover/proofs": true,
	"POST /recover/questions": true, "GET /recover/finish": true, "POST /recover/finish": true, "GET /recover/username": true, "POST /recover/username": true,
	"GET /not-me/{token}": true, "POST /not-me/{token}": true, "GET /not-me/done": true, "GET /unsubscribe/{token}": true, "POST /unsubscribe/{token}": true, "GET /.well-known/change-password": true,
}

// leadsHome are the routes that no one comes back to after signing in.
var leadsHome = map[string]bool{"GET /confirm": true, "POST /confirm": true, "POST /session/stay": true, "GET /activate/done": true}

func TestEveryRouteButTheListedNeedsASession(t *testing.T) {
	p, h := testPortal(t, "")
	fill := strings.NewReplacer("{id}", "k1", "{payment}", "p1", "{closing}", "2026-11-24", "{event}", "3", "{year}", "2026", "{change}", "c1", "{message}", "0193a5b0-0000-7000-8000-000000000001", "{$}", "")
	for _, r := range p.routes() {
		if (r.open != nil) != openRoutes[r.pattern] {
			t.Errorf("%s: open is %t", r.pattern, r.open != nil)
		}
		if openRoutes[r.pattern] {
			continue
		}
		method, path, _ := strings.Cut(r.pattern, " ")
		w := httptest.NewRecorder()
		asked := httptest.NewRequest(method, fill.Replace(path), nil)
		asked.Header.Set("Sec-Fetch-Site", "same-origin")
		h.ServeHTTP(w, asked)
		to, err := url.Parse(w.Header().Get("Location"))
		must(t, err)
		if w.Code != http.StatusSeeOther || to.Path != "/sign-in" {
			t.Errorf("%s: %d to %q", r.pattern, w.Code, to)
		}
		if next := to.Query().Get("next"); !pagePath.MatchString(next) && !leadsHome[r.pattern] {
			t.Errorf("%s: comes back to %q", r.pattern, next)
		}
	}
}

func TestSigningInLeadsOnlyToOurOwnPages(t *testing.T) {
	for address, want := range map[string]string{
		"/accounts/k1":                               "/accounts/k1",
		"/accounts/k1/pay":                           "/accounts/k1/pay",
		"/accounts/k1/pay/confirm":                   "/accounts/k1/pay",
		"/accounts/k1/payoff":                        "/accounts/k1/payoff",
		"/accounts/k1/payoff/letter.pdf":             "/accounts/k1/payoff",
		"/accounts/k1/lease":                         "/accounts/k1/lease",
		"/accounts/k1/lease/x":                       "/accounts/k1/lease",
		"/accounts/k1/history/12":                    "/accounts/k1/history/12",
		"/accounts/k1/history/x":                     "/accounts/k1/history",
		"/accounts/k1/history":                       "/accounts/k1/history",
		"/accounts/k1/history/download":              "/accounts/k1/history",
		"/accounts/k1/years/2026":                    "/accounts/k1/years/2026",
		"/accounts/k1/years/x":                       "/accounts/k1",
		"/accounts/k1/pay/bank-account":              "/accounts/k1/pay",
		"/accounts/k1/autopay/agree":                 "/accounts/k1/autopay",
		"/accounts/k1/payments/p1/receipt.pdf":       "/accounts/k1/payments/p1",
		"/accounts/k1/payments/p1/cancel":            "/accounts/k1/payments/p1/cancel",
		"/accounts/k1/statements/2026-11-24.pdf":     "/accounts/k1",
		"/payment-methods/b1/remove":                 "/payment-methods/b1/remove",
		"/payment-methods/b1/x":                      "/payment-methods/b1",
		"/security/password":                         "/security/password",
		"/security/password/x/y":                     "/security/password",
		"/accounts/k1/pay/review":                    "/accounts/k1/pay/review",
		"/confirm":                                   "/",
		"/payments":                                  "/payments",
		"":                                           "/",
		"/":                                          "/",
		"//evil.example/payments":                    "/",
		"https://evil.example/payments":              "/",
		"/\\evil.example":                            "/",
		"/payments/../../evil":                       "/",
		"javascript:alert(1)":                        "/",
		"/sign-out":                                  "/",
		"/accounts/" + strings.Repeat("a", 400):      "/",
		"/payments?x=%0d%0aSet-Cookie:a":             "/",
		"/accounts/k1/statements/2026-11-24\r\nX: y": "/accounts/k1",
	} {
		if got := pageFor(address); got != want {
			t.Errorf("pageFor(%q) = %q, want %q", address, got, want)
		}
	}
}

func TestTheSignedOutSeeTheWelcomePageAndHelp(t *testing.T) {
	_, h := testPortal(t, "")
	for path, want := range map[string]string{"/": "Your loan or lease, in one place", "/help": "Talk to a person", "/sign-in?why=ended-form": "no payment was made", "/activate?why=ended": "Start again here", "/healthz": "ok"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, get(path))
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d\n%s", path, w.Code, w.Body)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, get("/sign-in?why=Your+account+is+locked"))
	if strings.Contains(w.Body.String(), "locked") {
		t.Error("words from the address stand on the page")
	}
}

func TestActivationPagesWithoutAFlowStartAgain(t *testing.T) {
	_, h := testPortal(t, "")
	for _, r := range []*http.Request{get("/activate/code"), get("/activate/password"), posted("/activate/code", "code", "123456"), posted("/activate/password", "username", "maya")} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/activate?why=ended" {
			t.Errorf("%s %s: %d to %s", r.Method, r.URL, w.Code, w.Header().Get("Location"))
		}
	}
}

func TestTheSessionCookieIsBoundToTheHostOverHTTPS(t *testing.T) {
	for base, name := range map[string]string{"": "marque", "http://localhost:8080": "marque", "https://pay.kestrane.example": "__Host-marque"} {
		p, _ := testPortal(t, base)
		w := httptest.NewRecorder()
		p.setSession(w, "secret")
		c := w.Result().Cookies()[0]
		if c.Name != name || c.Path != "/" || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Secure != (name != "marque") || c.Domain != "" {
			t.Errorf("%q: %+v", base, c)
		}
	}
}

func posted(path string, pairs ...string) *http.Request {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(v.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return r
}

func read1(t *testing.T, pairs ...string) (*web.Form, servicing.PaymentRequest) {
	t.Helper()
	form, err := web.ReadForm(posted("/accounts/k1/pay/review", pairs...))
	must(t, err)
	return form, readPay(form, "k1")
}

func TestThePayFormIsReadAsPeopleType(t *testing.T) {
	form, req := read1(t, "how", "other", "amount", " $1,234.5 ", "date", "12/5/2026", "method", "b1", "key", "k")
	want := servicing.PaymentRequest{Key: "k", Contract: "k1", Kind: billing.AmountOther, Amount: 1_234_50, Date: money.NewDate(2026, 12, 5), Method: "b1"}
	if !form.OK() || req != want {
		t.Errorf("%+v %v", req, form.Errors())
	}
	if form.Value("date") != "2026-12-05" {
		t.Errorf("the date comes back as %q", form.Value("date"))
	}
	form, req = read1(t, "how", "past_due", "past_due", "604.84", "date", "2026-12-05", "method", "b1", "key", "k")
	if !form.OK() || req.Kind != billing.AmountOther || req.Amount != 604_84 {
		t.Errorf("past due: %+v %v", req, form.Errors())
	}
	form, req = read1(t, "how", "due", "amount", "579.84", "reviewed", "yes", "date", "2026-12-15", "method", "b1", "key", "k")
	if !form.OK() || req.Kind != billing.AmountDue || req.Amount != 579_84 {
		t.Errorf("confirming: %+v %v", req, form.Errors())
	}
	if _, req = read1(t, "how", "due", "amount", "7", "date", "2026-12-15", "method", "b1", "key", "k"); req.Amount != 0 {
		t.Errorf("an amount typed beside another choice counts: %s", req.Amount)
	}
}

func TestWhatIsWrongWithThePayFormStandsBesideItsField(t *testing.T) {
	good := map[string]string{"how": "other", "amount": "250", "date": "2026-12-05", "method": "b1", "key": "k"}
	for _, c := range []struct{ field, value, at, says string }{
		{"how", "", "how", "Choose how much to pay."},
		{"how", "everything", "how", "Choose how much to pay."},
		{"how", "past_due", "how", "Choose how much to pay."}, // with no figure
		{"amount", "", "amount", "Enter an amount, like 250.00"},
		{"amount", "٢٥٠", "amount", "Use only the digits 0 to 9"},
		{"amount", "12,34", "amount", "Check the commas"},
		{"amount", "1e9", "amount", "Use only the digits"},
		{"amount", "99999999999999999999", "amount", "too large"},
		{"amount", "1.005", "amount", "dollars and cents"},
		{"date", "", "date", "Enter a date"},
		{"date", "2026-02-30", "date", "a date that exists"},
		{"date", "soon", "date", "a date that exists"},
		{"method", "", "method", "Choose the bank account"},
		{"key", "", "", "Nothing was charged"},
	} {
		pairs := []string{}
		for k, v := range good {
			if k == c.field {
				v = c.value
			}
			pairs = append(pairs, k, v)
		}
		form, _ := read1(t, pairs...)
		if got := form.ErrorFor(c.at); !strings.Contains(got, c.says) {
			t.Errorf("%s %q: %q, want %q", c.field, c.value, got, c.says)
			continue
		}
		o := optionsOf(current(t), checking)
		page := render(t, "pay", form, newPayPage(maya, o, form))
		says(t, page, "One thing needs another look")
		if c.value != "" && c.field != "key" && c.field != "how" && !strings.Contains(page, `value="`+c.value+`"`) {
			t.Errorf("%s: %q was not kept", c.field, c.value)
		}
		if !strings.Contains(page, "<title>Error: ") {
			t.Errorf("%s: the title does not say that something is wrong", c.field)
		}
	}
}

func TestARefusalStandsWhereThePersonChose(t *testing.T) {
	for how, at := range map[string]string{"other": "amount", "due": "how", "payoff": "how", "past_due": "how"} {
		form := web.NewForm("how", how)
		err := &servicing.Refusal{Code: "amount_high", Field: "amount", Message: "That is more than you owe."}
		must(t, told(form, err, payFieldNames(form)))
		if form.ErrorFor(at) == "" {
			t.Errorf("%s: %v", how, form.Errors())
		}
	}
	if err := told(web.NewForm(), servicing.ErrNotFound, nil); err.Error() != web.NotFound().Error() {
		t.Errorf("another's is told apart: %v", err)
	}
	used := web.NewForm("key", "old")
	if freshKeyIfUsed(used, &servicing.Refusal{Code: "key_reused"}); used.Value("key") == "old" {
		t.Error("a used key stays")
	}
}

func TestABankAccountIsReadAndItsNumberNeverSentBack(t *testing.T) {
	form, err := web.ReadForm(posted("/payment-methods/new", "holder", "Maya Okafor", "type", "checking", "routing", "123456780", "account", "000123", "account_again", "000123", "account_key", "k"))
	must(t, err)
	want := servicing.BankAccountRequest{Key: "k", Holder: "Maya Okafor", Type: "checking", Routing: "123456780", Account: "000123", AccountAgain: "000123"}
	if got := readBankAccount(form); got != want || !form.OK() {
		t.Errorf("%+v %v", got, form.Errors())
	}
	p, _ := testPortal(t, "")
	form, err = web.ReadForm(posted("/payment-methods/new", "holder", "Maya Okafor", "routing", "123456780", "account", "000123987", "account_again", "000123987", "account_key", "k"))
	must(t, err)
	if _, ok, err := p.add(posted("/", "", ""), maya, form); ok || err != nil {
		t.Fatalf("added without a type: %v", err)
	}
	page := render(t, "bank-account", form, newBankAccountAlone(maya, form))
	says(t, page, "Choose checking or savings.", "Type it again")
	if strings.Contains(page, "000123987") || !strings.Contains(page, `value="Maya Okafor"`) || !strings.Contains(page, `value="123456780"`) || !strings.Contains(page, `name="account_key" value="k"`) {
		t.Error("the number is sent back, or the rest is lost")
	}
	form = web.NewForm("how", "due", "date", "2026-12-15", "key", "paykey", "method", "new")
	page = render(t, "bank-account", nil, newBankAccountToPay(maya, "k1", form))
	for _, kept := range []string{`name="how" value="due"`, `name="date" value="2026-12-15"`, `name="key" value="paykey"`, `action="/accounts/k1/pay/bank-account"`} {
		if !strings.Contains(page, kept) {
			t.Errorf("not carried: %s", kept)
		}
	}
}

func TestWrongSignInKeepsTheNameAndNotThePassword(t *testing.T) {
	_, h := testPortal(t, "")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, posted("/sign-in", "username", "", "password", "hunter2hunter2hunter2", "next", "/payments"))
	page := w.Body.String()
	if w.Code != http.StatusUnprocessableEntity || strings.Contains(page, "hunter2") || !strings.Contains(page, `name="next" value="/payments"`) {
		t.Errorf("%d\n%s", w.Code, page)
	}
	says(t, page, "Enter your username or e-mail address.")
	w = httptest.NewRecorder()
	h.ServeHTTP(w, posted("/activate", "account_number", "7700010", "ssn4", "12"))
	says(t, w.Body.String(), "Enter the last four digits of your Social Security number.", "Enter your ZIP code, or your date of birth.", "Choose where we send your code.")
	if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `value="7700010"`) || strings.Contains(w.Body.String(), `value="12"`) {
		t.Errorf("%d: what was typed is lost", w.Code)
	}
}

func TestAFormFromAnotherSiteIsRefused(t *testing.T) {
	_, h := testPortal(t, "")
	r := posted("/sign-in", "username", "maya", "password", "x")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusForbidden {
		t.Errorf("status %d", w.Code)
	}
}

func TestEveryTemplateHasAPage(t *testing.T) {
	files, err := filepath.Glob("template/*.html")
	must(t, err)
	src := ""
	goFiles, err := filepath.Glob("*.go")
	must(t, err)
	for _, f := range goFiles {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		b, err := os.ReadFile(f)
		must(t, err)
		src += string(b)
	}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".html")
		if !strings.HasPrefix(name, "_") && !strings.Contains(src, `"`+name+`"`) {
			t.Errorf("%s is shown by no handler", f)
		}
	}
}

func TestAllThatIsWrongWithAnActivationIsSaidAtOnce(t *testing.T) {
	_, h := testPortal(t, "")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, posted("/activate", "ssn4", "12", "zip", "430", "birth_date", "13/45/1990"))
	says(t, w.Body.String(), "5 things need another look", "Enter your account number.", "Enter the last four digits", "Enter your ZIP code, five digits.", "Enter a date that exists", "Choose where we send your code.")
}

// Whoever reloads what a form answered stands on the page of the form.
func TestAFormsAddressLeadsToItsPage(t *testing.T) {
	p, h := testPortal(t, "")
	for path, page := range map[string]string{
		"/sign-in/passkey": "/sign-in", "/activate/code/send": "/activate/code", "/recover/questions": "/recover/proofs",
		"/accounts/k1/pay/confirm": "/accounts/k1/pay", "/security/second-step/phone/code": "/security/second-step/phone", "/security/sessions/end-others": "/security",
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, get(path))
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != page {
			t.Errorf("%s: %d to %s", path, w.Code, w.Header().Get("Location"))
		}
	}
	for _, path := range postOnly(p.routes()) {
		if strings.HasPrefix(path, "/sign-out") || strings.HasPrefix(path, "/session") {
			t.Errorf("%s has no page", path)
		}
	}
}
