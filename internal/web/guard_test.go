package web

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// forged are posts that a page of ours never sends. Each is refused with the
// status, and the handler never runs.
type forged struct {
	name   string
	header []string
	kind   string // Content-Type
	body   string
	status int
}

const urlencoded = "application/x-www-form-urlencoded"

// attacks are made with the cookie and the token of one browser; other is
// another browser's token.
func attacks(cookie, token, other string) []forged {
	with := func(h ...string) []string { return append(h, "Cookie", cookie) }
	return []forged{
		{"nothing says where it is from", with(), urlencoded, "a=1", 403},
		{"no cookie and no word", nil, urlencoded, "a=1", 403},
		{"a token without its cookie", nil, urlencoded, "form-token=" + token, 403},
		{"another browser's token", with(), urlencoded, "form-token=" + other, 403},
		{"another browser's token, with the browser's word", with("Sec-Fetch-Site", "same-origin"), urlencoded, "form-token=" + other, 403},
		{"a broken token", with("Sec-Fetch-Site", "same-origin"), urlencoded, "form-token=x", 403},
		{"an empty token", with(), urlencoded, "form-token=", 403},
		{"two tokens", with(), urlencoded, "form-token=" + token + "&form-token=" + other, 403},
		{"from another site", with("Sec-Fetch-Site", "cross-site"), urlencoded, "a=1", 403},
		{"from another site, with the token", with("Sec-Fetch-Site", "cross-site"), urlencoded, "form-token=" + token, 403},
		{"from a neighbour", with("Sec-Fetch-Site", "same-site"), urlencoded, "a=1", 403},
		{"of another origin", with("Origin", "https://evil.example"), urlencoded, "a=1", 403},
		{"of another port", with("Origin", "http://example.com:81"), urlencoded, "a=1", 403},
		{"of an origin without a name", with("Origin", "null"), urlencoded, "a=1", 403},
		{"text/plain", with("Sec-Fetch-Site", "same-origin"), "text/plain", "a=1", 415},
		{"JSON", with("Sec-Fetch-Site", "same-origin"), "application/json", `{"a":1}`, 415},
		{"multipart", with("Sec-Fetch-Site", "same-origin"), "multipart/form-data; boundary=x", "--x--", 415},
		{"no type", with("Sec-Fetch-Site", "same-origin"), "", "a=1", 415},
		{"another charset", with("Sec-Fetch-Site", "same-origin"), urlencoded + "; charset=utf-7", "a=1", 415},
		{"a field twice", with("Sec-Fetch-Site", "same-origin"), urlencoded, "a=1&a=2", 400},
		{"a field twice, written differently", with("Sec-Fetch-Site", "same-origin"), urlencoded, "a=1&%61=2", 400},
	}
}

// letIn lists the attacks that ran the handler or got another status.
func letIn(t *testing.T, serve func(http.Handler) http.Handler) (found []string) {
	t.Helper()
	ran := false
	h := serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { ran = true }))
	cookie, token := visit(t, h)
	_, other := visit(t, h)
	for _, a := range attacks(cookie, token, other) {
		ran = false
		r := httptest.NewRequest(http.MethodPost, "http://example.com/form", strings.NewReader(a.body))
		if a.kind != "" {
			r.Header.Set("Content-Type", a.kind)
		}
		for i := 0; i < len(a.header); i += 2 {
			r.Header.Set(a.header[i], a.header[i+1])
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if ran || w.Code != a.status {
			found = append(found, fmt.Sprintf("%s: %d, want %d, ran %t", a.name, w.Code, a.status, ran))
		}
	}
	return found
}

var tokenField = regexp.MustCompile(`name="form-token" value="([^"]+)"`)

// visit opens a page as a new browser.
func visit(t *testing.T, h http.Handler) (cookie, token string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://example.com/signin", nil))
	m := tokenField.FindStringSubmatch(w.Body.String())
	if m == nil || len(w.Result().Cookies()) != 1 {
		t.Fatalf("no token or no cookie: %v\n%s", w.Result().Cookies(), w.Body)
	}
	c := w.Result().Cookies()[0]
	return c.Name + "=" + c.Value, m[1]
}

// served puts a handler that notes that it ran under POST /form, beside the guide.
func served(t *testing.T, wrap func(*Site, *http.ServeMux) http.Handler) func(http.Handler) http.Handler {
	return func(note http.Handler) http.Handler {
		site := testSite(t, "", io.Discard)
		pages := guide(t, site)
		mux := http.NewServeMux()
		mux.Handle("GET /", pages)
		mux.Handle("POST /form", site.Handle(func(w http.ResponseWriter, r *http.Request) error {
			if _, err := ReadForm(r); err != nil {
				return err
			}
			note.ServeHTTP(w, r)
			return nil
		}))
		return wrap(site, mux)
	}
}

func TestOnlyOurOwnFormsReachTheRoutes(t *testing.T) {
	for _, f := range letIn(t, served(t, func(s *Site, mux *http.ServeMux) http.Handler { return s.Serve(mux) })) {
		t.Error(f)
	}
	for name, broken := range map[string]func(*Site, *http.ServeMux) http.Handler{
		"no guard": func(_ *Site, mux *http.ServeMux) http.Handler { return mux },
		"the standard library's check alone": func(_ *Site, mux *http.ServeMux) http.Handler {
			return http.NewCrossOriginProtection().Handler(mux)
		},
	} {
		if found := letIn(t, served(t, broken)); len(found) < 8 {
			t.Errorf("%s: only %d attacks tell", name, len(found))
		}
	}
}

func TestOurOwnFormsAreTaken(t *testing.T) {
	site := testSite(t, "", io.Discard)
	h := site.Serve(guide(t, site))
	cookie, token := visit(t, h)
	for name, header := range map[string][]string{
		"a browser of today":            {"Sec-Fetch-Site", "same-origin", "Origin", "null", "Cookie", cookie},
		"typed by hand":                 {"Sec-Fetch-Site", "none", "Cookie", cookie},
		"an old browser":                {"Origin", "http://example.com", "Cookie", cookie},
		"an older one, without Origin":  {"Cookie", cookie},
		"an old one under our policy":   {"Origin", "null", "Cookie", cookie},
		"cookies cleared in the middle": {"Sec-Fetch-Site", "same-origin"},
	} {
		if w := ask(h, "POST", "http://example.com/form", "a=1&form-token="+token, header...); w.Code != 200 {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	if w := ask(h, "POST", "http://example.com/form", "", "Cookie", cookie, "Sec-Fetch-Site", "same-origin"); w.Code != 200 {
		t.Errorf("a button alone: %d", w.Code)
	}
}

func TestEveryFormThatPostsHoldsAFreshToken(t *testing.T) {
	for base, name := range map[string]string{"": "marque-form", "https://pay.kestrane.example": "__Host-marque-form"} {
		site := testSite(t, base, io.Discard)
		h := site.Serve(guide(t, site))
		w := ask(h, "GET", "https://pay.kestrane.example/access", "")
		page := w.Body.String()
		posts := strings.Count(page, `method="post"`)
		tokens := tokenField.FindAllString(page, -1)
		if posts < 5 || len(tokens) != posts || len(slices.Compact(slices.Sorted(slices.Values(tokens)))) != 1 {
			t.Errorf("%d forms post, %d tokens", posts, len(tokens))
		}
		c := w.Result().Cookies()[0]
		if base == "" {
			name = "__Host-marque-form" // the request came over TLS
		}
		if c.Name != name || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite != http.SameSiteLaxMode || c.MaxAge != 0 {
			t.Errorf("%+v", c)
		}
		again := ask(h, "GET", "https://pay.kestrane.example/access", "", "Cookie", c.Name+"="+c.Value)
		if len(again.Result().Cookies()) != 0 || tokenField.FindString(again.Body.String()) == tokens[0] {
			t.Error("a second visit gets another cookie, or the same bytes")
		}
		if w := ask(h, "GET", "https://pay.kestrane.example/payments", ""); strings.Contains(w.Body.String(), `method="get" action="/payments"><input type="hidden"`) {
			t.Error("a form that only asks holds the token, and would put it into the address")
		}
	}
}

func TestFieldsThatMayComeSeveralTimesSaySo(t *testing.T) {
	r := func() *http.Request {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("kind=fee&kind=check&note=x"))
		r.Header.Set("Content-Type", urlencoded)
		return r
	}
	if _, err := ReadForm(r(), "note"); err == nil {
		t.Error("kind came twice and was taken")
	}
	f, err := ReadForm(r(), "kind")
	if err != nil || !slices.Equal(f.All("kind"), []string{"fee", "check"}) {
		t.Errorf("%v %v", f.All("kind"), err)
	}
	site := testSite(t, "", io.Discard)
	h := site.Serve(guide(t, site))
	for _, query := range []string{"?page=1&page=2", "?page=1&%70age=2", "?a=%zz", "?a=1;b=2"} {
		if w := ask(h, "GET", "/payments"+query, ""); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", query, w.Code)
		}
	}
}

func TestOddMethodsAreAnswered405(t *testing.T) {
	site := testSite(t, "", io.Discard)
	h := site.Serve(guide(t, site))
	for _, method := range []string{"TRACE", "TRACK", "OPTIONS", "PUT", "PATCH", "DELETE", "PROPFIND", "FOO", "get"} {
		for _, path := range []string{"/overview", "/form", "/no/such", "/assets/x"} {
			w := ask(h, method, path, "a=1", "Sec-Fetch-Site", "cross-site", "X-Secret", "echo")
			if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") == "" || strings.Contains(w.Body.String(), "echo") {
				t.Errorf("%s %s: %d, allow %q", method, path, w.Code, w.Header().Get("Allow"))
			}
		}
	}
}

// bare lists the headers that an answer lacks or has and should not.
func bare(h http.Header) (found []string) {
	for name, want := range map[string][]string{
		"Content-Security-Policy": {"default-src 'none'", "script-src 'self';", "style-src 'self';", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"},
		"Referrer-Policy":         {"no-referrer"}, "X-Content-Type-Options": {"nosniff"}, "Cross-Origin-Opener-Policy": {"same-origin"}, "Cross-Origin-Resource-Policy": {"same-origin"},
		"Strict-Transport-Security": {"max-age=63072000; includeSubDomains"},
		"Permissions-Policy":        {"publickey-credentials-get=(self)", "publickey-credentials-create=(self)", "camera=()", "geolocation=()"},
	} {
		for _, part := range want {
			if !strings.Contains(h.Get(name), part) {
				found = append(found, name+" lacks "+part)
			}
		}
	}
	for _, word := range []string{"unsafe", "data:", "http:", "*"} {
		if strings.Contains(h.Get("Content-Security-Policy"), word) {
			found = append(found, "the policy holds "+word)
		}
	}
	for _, name := range []string{"Server", "X-Powered-By", "Access-Control-Allow-Origin"} {
		if h.Get(name) != "" {
			found = append(found, name+" is told")
		}
	}
	return found
}

func TestEveryAnswerHasItsHeaders(t *testing.T) {
	site := testSite(t, "https://pay.kestrane.example", io.Discard)
	h := site.Serve(guide(t, site))
	css, err := site.Assets.URL("marque.css")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{{"GET", "/overview"}, {"GET", css}, {"GET", "/no/such"}, {"TRACE", "/overview"}, {"POST", "/form"}, {"GET", "/fault"}, {"GET", "/panic"}, {"GET", "/paused"}} {
		w := ask(h, c[0], "https://pay.kestrane.example"+c[1], "")
		for _, f := range bare(w.Header()) {
			t.Errorf("%s %s: %s", c[0], c[1], f)
		}
	}
	w := ask(h, "GET", "https://pay.kestrane.example/overview", "")
	for name, value := range map[string]string{"Referrer-Policy": "unsafe-url", "Strict-Transport-Security": "", "Server": "Marque/1.0",
		"Content-Security-Policy": strings.Replace(policy, "script-src 'self'", "script-src 'self' 'unsafe-inline'", 1), "Permissions-Policy": "publickey-credentials-get=()"} {
		broken := w.Header().Clone()
		broken.Set(name, value)
		if len(bare(broken)) == 0 {
			t.Errorf("%s: %q would pass", name, value)
		}
	}
}

func TestForwardedHostIsNeverBelieved(t *testing.T) {
	site := testSite(t, "https://pay.kestrane.example", io.Discard)
	site.TrustedProxies = nginx
	h := site.Serve(guide(t, site))
	lies := []string{"X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "http", "Forwarded", "host=evil.example", "X-Original-URL", "/fault", "X-HTTP-Method-Override", "DELETE"}
	w := ask(h, "GET", "https://pay.kestrane.example/overview", "", lies...)
	if w.Code != 200 || strings.Contains(w.Body.String(), "evil") {
		t.Errorf("%d", w.Code)
	}
	for _, host := range []string{"evil.example", "pay.kestrane.example.evil.example", "pay.kestrane.example:8080", ""} {
		r := httptest.NewRequest("GET", "/overview", nil)
		r.Host = host
		r.Header.Set("X-Forwarded-Host", "pay.kestrane.example")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusMisdirectedRequest {
			t.Errorf("host %q: %d", host, w.Code)
		}
	}
	out := httptest.NewRecorder()
	ClearSiteData(out)
	if got := out.Header().Get("Clear-Site-Data"); got != `"cache", "storage"` {
		t.Errorf("signing out clears %s", got)
	}
}
