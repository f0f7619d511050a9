package web

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"marque/internal/money"
)

func testSite(t *testing.T, baseURL string, logged io.Writer) *Site {
	t.Helper()
	brand, err := LoadBrand(DefaultBrand())
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	site, err := NewSite(Config{
		Brand: brand, Home: "/", SignIn: "/signin", SignOut: "/sign-out", BaseURL: baseURL,
		Places:  []Place{{"overview", "Overview", "/"}, {"payments", "Payments", "/payments"}, {"documents", "Documents", "/documents"}, {"help", "Help", "/help"}},
		Account: []Place{{"profile", "Profile", "/profile"}, {"security", "Security", "/security"}},
		Log:     slog.New(slog.NewTextHandler(logged, nil)),
		Now:     func() time.Time { at = at.Add(3 * time.Millisecond); return at },
	})
	if err != nil {
		t.Fatal(err)
	}
	return site
}

// guidePage has every figure the pages of testdata show.
type guidePage struct {
	Page
	Due, Paid, Total money.Cents
	Why              Why
	Years            []Option
	Pages            Pages
	Codes            []string
	Options          any
}

// guide answers with the pages of testdata, which between them use every
// component: /overview, /pay, and /pay?wrong=1 with errors.
func guide(t *testing.T, site *Site) *http.ServeMux {
	t.Helper()
	pages, err := site.Parse(os.DirFS("testdata/pages"))
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /assets/", site.Assets)
	mux.Handle("GET /{page}", site.Handle(func(w http.ResponseWriter, r *http.Request) error {
		name := r.PathValue("page")
		links, err := Paginate(r.URL, 60, 20)
		if err != nil {
			return err
		}
		g := guidePage{
			Due: 61240, Paid: 1115989, Total: 2940000, Pages: links,
			Years: []Option{{Value: "2026", Label: "2026"}, {Value: "2025", Label: "2025"}},
			Why: Why{Question: "Why $101.75 of interest?", Lines: []WhyLine{{"Balance", "$17,237.74", false}, {"× 6.95% a year ÷ 365 days", "$3.28 a day", false}, {"× 31 days since Nov 14", "$101.75", true}},
				Note: "Interest is counted each day on the balance you still owe."},
		}
		g.Page = Page{Title: "Guide", Here: name, SignedIn: "Dana Whitlock", Contract: "2023 Aldon Vireo ••4821", ContractHref: "/overview", BusinessDate: money.NewDate(2026, 12, 1)}
		switch name {
		case "access":
			g.Codes = []string{"K7QM-2D9X-4T", "Z3HN-8WPC-1B"}
			g.Options = map[string]any{"publicKey": map[string]any{"challenge": "AAEC_-8", "rp": map[string]any{"id": "localhost", "name": "Kestrane"}, "rpId": "localhost",
				"user":             map[string]any{"id": "AQID", "name": "</script><b>maya", "displayName": "Maya"},
				"pubKeyCredParams": []map[string]any{{"type": "public-key", "alg": -7}}, "userVerification": "required",
				"authenticatorSelection": map[string]any{"residentKey": "required", "userVerification": "required"}}}
			g.Layout, g.Scripts = "flow", []string{"passkey.js", "password.js", "print.js"}
			g.IdleSeconds, g.EndsSeconds, g.StayPath = 900, 43200, "/stay"
			if s := r.URL.Query().Get("ends"); s != "" {
				if g.EndsSeconds, err = strconv.Atoi(s); err != nil {
					return err
				}
			}
			if s := r.URL.Query().Get("idle"); s != "" {
				if g.IdleSeconds, err = strconv.Atoi(s); err != nil {
					return err
				}
			}
			g.Banner = &Banner{Kind: "warn", Text: "You see Dana Whitlock’s pages. You can look; nothing can be changed.", Label: "Stop looking", Href: "/look/end", Post: true}
		case "signin":
			g.Page = Page{Title: "Sign in", Layout: "narrow"}
		case "pay", "review", "done":
			g.Here, g.Layout, g.Back = "payments", "flow", "/payments"
		}
		if r.URL.Query().Has("wrong") {
			g.Form = NewForm("how", "other", "amount", "<12,34>", "email", "dana@mail.example", "password", "hunter2", "zip", "4300")
			g.Form.Cents("amount")
			g.Form.Error("zip", "Enter the 5 digits of your ZIP code")
			g.Form.Error("agree", "Check the box to go on")
		}
		return pages.Render(w, r, http.StatusOK, name, g)
	}))
	mux.Handle("GET /fault", site.Handle(func(http.ResponseWriter, *http.Request) error {
		return errors.New("select from contract: password=swordfish")
	}))
	mux.Handle("POST /fault", site.Handle(func(http.ResponseWriter, *http.Request) error { return errors.New("swordfish") }))
	mux.Handle("GET /panic", site.Handle(func(http.ResponseWriter, *http.Request) error { panic("swordfish") }))
	mux.Handle("GET /paused", site.Handle(func(http.ResponseWriter, *http.Request) error {
		return errors.Join(Unavailable(), errors.New("swordfish"))
	}))
	mux.Handle("GET /often", site.Handle(func(http.ResponseWriter, *http.Request) error { return TooMany(90 * time.Second) }))
	mux.Handle("POST /form", site.Handle(func(_ http.ResponseWriter, r *http.Request) error { _, err := ReadForm(r); return err }))
	return mux
}

func ask(h http.Handler, method, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestBrandWithLowContrastIsRefusedByPair(t *testing.T) {
	for _, c := range []struct{ edit, with, pair string }{
		{`"accent": "#0f4c5c"`, `"accent": "#7fb7c4"`, "accent on paper in light"},
		{`"accent-ink": "#06222a"`, `"accent-ink": "#ffffff"`, "accent-ink on accent in dark"},
	} {
		folder := fstest.MapFS{}
		for _, name := range []string{"brand.json", "logo.svg", "icon.svg"} {
			b, err := fs.ReadFile(DefaultBrand(), name)
			if err != nil {
				t.Fatal(err)
			}
			folder[name] = &fstest.MapFile{Data: bytes.Replace(b, []byte(c.edit), []byte(c.with), 1)}
		}
		_, err := LoadBrand(folder)
		if !errors.Is(err, ErrContrast) || !strings.Contains(err.Error(), c.pair) {
			t.Errorf("%s: got %v, want a refusal of %s", c.with, err, c.pair)
		}
	}
}

func TestContrastAgreesWithWCAG(t *testing.T) {
	black, white := rgb{}, rgb{1, 1, 1}
	if got := contrast(black, white); got < 20.999 || got > 21.001 {
		t.Errorf("black on white is %f to 1, want 21", got)
	}
	grey, err := parseHex("#767676") // the lightest grey that passes AA on white
	if err != nil {
		t.Fatal(err)
	}
	if got := contrast(grey, white); got < 4.5 || got > 4.6 {
		t.Errorf("#767676 on white is %f to 1, want 4.54", got)
	}
}

// The shares that brand.go checks are those that the stylesheet mixes.
func TestEveryTintOfTheStylesheetIsChecked(t *testing.T) {
	css, err := assetFiles.ReadFile("assets/marque.css")
	if err != nil {
		t.Fatal(err)
	}
	checked := map[string]bool{"tone 8% paper": true} // tone is good, warn or bad
	for _, p := range pairs {
		if p.share < 1 {
			checked[fmt.Sprintf("%s %.0f%%", p.tint, p.share*100)+" "+p.rest] = true
		}
	}
	for _, m := range regexp.MustCompile(`srgb, var\(--([a-z]+)\) (\d+%), var\(--([a-z]+)\)`).FindAllStringSubmatch(string(css), -1) {
		if !checked[m[1]+" "+m[2]+" "+m[3]] {
			t.Errorf("marque.css tints %s with %s of %s, which no pair checks", m[3], m[2], m[1])
		}
	}
}

func TestEveryComponentRendersWithoutInlineStyle(t *testing.T) {
	site := testSite(t, "", io.Discard)
	h := site.Serve(guide(t, site))
	files, err := filepath.Glob("testdata/pages/*.html")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	inline := regexp.MustCompile(`(?i)\sstyle=|<style|<script>|<script [^st]|\son[a-z]+=|javascript:`)
	block := regexp.MustCompile(`<script( src="/assets/[a-z]+\.[0-9a-f]{12}\.js" defer)?( type="application/json")?>([^<]*)</script>`)
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".html")
		for _, query := range []string{"", "?wrong=1"} {
			w := ask(h, "GET", "/"+name+query, "")
			if w.Code != http.StatusOK {
				t.Errorf("/%s%s: %d %s", name, query, w.Code, w.Body)
			}
			for _, m := range block.FindAllStringSubmatch(w.Body.String(), -1) {
				if (m[1] == "") == (m[2] == "") || (m[2] != "") != json.Valid([]byte(m[3])) {
					t.Errorf("/%s%s holds the script %q", name, query, m[0])
				}
			}
			if n := strings.Count(w.Body.String(), "<script"); n != len(block.FindAllString(w.Body.String(), -1)) {
				t.Errorf("/%s%s holds %d scripts, and not all are files or data", name, query, n)
			}
			if found := inline.FindString(w.Body.String()); found != "" {
				t.Errorf("/%s%s holds %q, which the policy forbids", name, query, found)
			}
		}
	}
	components, err := templateFiles.ReadFile("template/component.html")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range append(files, "template/base.html", "template/component.html") {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b)
	}
	for _, m := range regexp.MustCompile(`define "([a-z-]+)"`).FindAllStringSubmatch(string(components), -1) {
		if !strings.Contains(all.String(), `template "`+m[1]+`"`) {
			t.Errorf("no page of testdata uses %s", m[1])
		}
	}
}

func TestFormKeepsWhatWasTypedAndNamesTheError(t *testing.T) {
	site := testSite(t, "", io.Discard)
	h := site.Serve(guide(t, site))
	body := ask(h, "GET", "/pay?wrong=1", "").Body.String()
	for _, want := range []string{
		"<title>Error: Guide · Kestrane Motor Finance</title>",
		`value="&lt;12,34&gt;"`,                       // kept, escaped
		`href="#amount"`,                              // summarised at the top
		`aria-describedby="amount-hint amount-error"`, // and beside the field
		`aria-invalid="true"`,
		`value="other" id="how-1" checked`,
		"3 things need another look",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if body := ask(h, "GET", "/signin?wrong=1", "").Body.String(); strings.Contains(body, "hunter2") || !strings.Contains(body, "dana@mail.example") {
		t.Error("a password came back, or an e-mail address did not")
	}
}

func TestAmountsAndDatesAreReadAsPeopleWriteThem(t *testing.T) {
	for typed, want := range map[string]money.Cents{"612.40": 61240, " $1,234.56 ": 123456, "300": 30000, ".5": 50} {
		f := NewForm("amount", typed)
		if got := f.Cents("amount"); got != want || !f.OK() {
			t.Errorf("%q is %v %v, want %v", typed, got, f.Errors(), want)
		}
	}
	for _, typed := range []string{"", "twelve", "١٢", "1,2,3", "1.234", "1e3"} {
		f := NewForm("amount", typed)
		f.Cents("amount")
		if msg := f.ErrorFor("amount"); msg == "" || strings.Contains(msg, "not an amount") {
			t.Errorf("%q: message %q", typed, msg)
		}
	}
	for typed, want := range map[string]string{"2026-12-15": "2026-12-15", "12/15/2026": "2026-12-15", "1/5/2026": "2026-01-05", "2/30/2026": "", "15.12.2026": ""} {
		f := NewForm("on", typed)
		if got := f.Date("on").String(); got != want || f.OK() != (want != "") {
			t.Errorf("%q is %q %v, want %q", typed, got, f.Errors(), want)
		}
	}
}

func TestFaultIsLoggedAndShownOnlyAsItsID(t *testing.T) {
	var log bytes.Buffer
	site := testSite(t, "", &log)
	h := site.Serve(guide(t, site))
	for _, c := range []struct{ method, target, says string }{
		{"GET", "/fault", "you have not been charged"},
		{"GET", "/panic", "you have not been charged"},
		{"POST", "/fault", "look at Payments before you try again"},
	} {
		log.Reset()
		w := ask(h, c.method, c.target+"?ssn=123", "", "Sec-Fetch-Site", "same-origin")
		id := w.Header().Get("X-Request-Id")
		if w.Code != 500 || len(id) != 9 || !strings.Contains(w.Body.String(), id) || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s %s: %d, id %q\n%s", c.method, c.target, w.Code, id, w.Body)
		}
		if strings.Contains(w.Body.String(), "swordfish") {
			t.Errorf("%s %s shows the fault's own words", c.method, c.target)
		}
		if !strings.Contains(log.String(), "swordfish") || !strings.Contains(log.String(), id) {
			t.Errorf("the log lacks the fault or its id: %s", &log)
		}
		if strings.Contains(log.String(), "ssn") {
			t.Errorf("the log holds a query: %s", &log)
		}
	}
}

func TestEveryRefusalHasItsPage(t *testing.T) {
	var log bytes.Buffer
	site := testSite(t, "", &log)
	h := site.Serve(guide(t, site))
	for _, c := range []struct {
		method, target, body string
		header               []string
		status               int
		says                 string
	}{
		{"GET", "/no/such", "", nil, 404, "Nothing has changed"},
		{"GET", "/payments?page=4", "", nil, 404, "Nothing has changed"},
		{"DELETE", "/fault", "", nil, 405, "Nothing has changed"},
		{"GET", "/often", "", nil, 429, "Try again in 2 minutes"},
		{"GET", "/paused", "", nil, 503, "You have not been charged"},
		{"POST", "/form", "a=1", []string{"Sec-Fetch-Site", "cross-site"}, 403, "you have not been charged"},
		{"POST", "/form", "a=1", []string{"Origin", "https://elsewhere.example"}, 403, "you have not been charged"},
		{"POST", "/form", "a=" + strings.Repeat("x", MaxBody), nil, 413, "you have not been charged"},
		{"POST", "/form", "a=%00", nil, 400, "Nothing has changed"},
		{"POST", "/form", "a=%ff", nil, 400, "Nothing has changed"},
		{"POST", "/form", "a=%zz", []string{"Sec-Fetch-Site", "same-origin"}, 400, "Nothing has changed"},
		{"POST", "/form", "a=1", []string{"Sec-Fetch-Site", "same-origin"}, 200, ""},
	} {
		w := ask(h, c.method, c.target, c.body, c.header...)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s %s: %d, want %d and %q\n%s", c.method, c.target, w.Code, c.status, c.says, w.Body)
		}
		if w.Code != 200 && !strings.Contains(w.Body.String(), "(800) 555-0142") {
			t.Errorf("%s %s: no way to reach us", c.method, c.target)
		}
	}
	if !strings.Contains(log.String(), "swordfish") {
		t.Error("the cause of a 503 is not logged")
	}
	if allow := ask(h, "DELETE", "/fault", "").Header().Get("Allow"); allow != "GET, HEAD, POST" {
		t.Errorf("405 allows %q", allow)
	}
}

func TestHeadersAndHost(t *testing.T) {
	site := testSite(t, "https://pay.kestrane.example", io.Discard)
	h := site.Serve(guide(t, site))
	if w := ask(h, "GET", "http://other.example/overview", ""); w.Code != http.StatusMisdirectedRequest {
		t.Errorf("an unknown Host got %d", w.Code)
	}
	w := ask(h, "GET", "https://pay.kestrane.example/overview", "")
	for name, want := range map[string]string{
		"Content-Security-Policy":    "default-src 'none'",
		"Cache-Control":              "no-store",
		"X-Content-Type-Options":     "nosniff",
		"Referrer-Policy":            "no-referrer",
		"Cross-Origin-Opener-Policy": "same-origin",
		"Permissions-Policy":         "publickey-credentials-get=(self), publickey-credentials-create=(self), ",
		"Strict-Transport-Security":  "max-age=63072000",
	} {
		if got := w.Header().Get(name); !strings.Contains(got, want) {
			t.Errorf("%s is %q", name, got)
		}
	}
	plain := testSite(t, "", io.Discard)
	if w := ask(plain.Serve(guide(t, plain)), "GET", "http://127.0.0.1/overview", ""); w.Header().Get("Strict-Transport-Security") != "" {
		t.Error("HSTS without https")
	}
}

// The first visit weighs under 60 KiB: page, stylesheet, font and logo as they
// travel; each page after it under 15 KiB.
func TestPageWeight(t *testing.T) {
	site := testSite(t, "", io.Discard)
	h := site.Serve(guide(t, site))
	weigh := func(target string) int {
		w := ask(h, "GET", target, "", "Accept-Encoding", "gzip, br")
		if w.Code != 200 {
			t.Fatalf("%s: %d", target, w.Code)
		}
		return w.Body.Len()
	}
	page := weigh("/overview")
	first := page
	for _, name := range []string{"marque.css", "inter.woff2", "logo.svg", "icon.svg"} {
		u, err := site.Assets.URL(name)
		if err != nil {
			t.Fatal(err)
		}
		n := weigh(u)
		t.Logf("%-12s %6d bytes", name, n)
		first += n
	}
	t.Logf("page %d bytes, first visit %d bytes", page, first)
	if first >= 60<<10 || page >= 15<<10 {
		t.Errorf("first visit %d bytes, page %d bytes", first, page)
	}
}

func TestAssetsAreKeptForEverAndComeCompressed(t *testing.T) {
	site := testSite(t, "", io.Discard)
	h := site.Serve(guide(t, site))
	u, err := site.Assets.URL("marque.css")
	if err != nil {
		t.Fatal(err)
	}
	plain, zipped := ask(h, "GET", u, ""), ask(h, "GET", u, "", "Accept-Encoding", "gzip")
	if got := plain.Header().Get("Cache-Control"); !strings.Contains(got, "immutable") {
		t.Errorf("Cache-Control %q", got)
	}
	zr, err := gzip.NewReader(zipped.Body)
	if err != nil {
		t.Fatal(err)
	}
	unzipped, err := io.ReadAll(zr)
	if err != nil || !bytes.Equal(unzipped, plain.Body.Bytes()) {
		t.Errorf("the two forms differ: %v", err)
	}
	if font, _ := site.Assets.URL("inter.woff2"); !strings.Contains(plain.Body.String(), font) {
		t.Error("the stylesheet does not name the hashed font")
	}
	if w := ask(h, "GET", strings.Replace(u, "marque", "other", 1), ""); w.Code != 404 {
		t.Errorf("an unknown asset got %d", w.Code)
	}
}

func TestPageLinksKeepTheFilter(t *testing.T) {
	address, err := url.Parse("/payments?year=2026&page=2")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Paginate(address, 45, 20)
	if err != nil {
		t.Fatal(err)
	}
	want := Pages{Page: 2, Last: 3, From: 21, To: 40, Total: 45, Offset: 20, Limit: 20, Prev: "/payments?year=2026", Next: "/payments?page=3&year=2026"}
	if p != want {
		t.Errorf("got %+v", p)
	}
	if _, err := Paginate(&url.URL{Path: "/payments"}, 0, 20); err != nil {
		t.Errorf("an empty list: %v", err)
	}
}

func TestMoneyIsSetWithItsSignAndCents(t *testing.T) {
	if got := usd(-123456); got != "−$1,234.56" {
		t.Error(got)
	}
	if got := balance(-500); got != "$5.00 credit" {
		t.Error(got)
	}
	if got := newFigure("Amount due", 61240, ""); got.Dollars != "$612" || got.Cents != ".40" {
		t.Errorf("%+v", got)
	}
}

func TestTimesAreTheBrandsZone(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	i := money.InstantOf(time.Date(2026, 12, 15, 20, 4, 0, 0, time.UTC))
	if got := at(i, zone); got != "Dec 15, 2026, 3:04 p.m. EST" {
		t.Error(got)
	}
}

func TestDigitsAreTakenAsPeopleSetThem(t *testing.T) {
	f := NewForm("routing", " 1234-5678 0 ", "none", " ", "cents", "12,34", "date", "x")
	if got := f.Digits("routing", "Enter it."); got != "123456780" || !f.OK() {
		t.Errorf("%q, %v", got, f.Errors())
	}
	f.Digits("none", "Enter it.")
	f.Cents("cents")
	f.Date("date")
	for _, e := range f.Errors() {
		if !strings.HasSuffix(e.Message, ".") || strings.HasSuffix(e.Message, "..") {
			t.Errorf("%s: %q does not end with one period", e.Field, e.Message)
		}
	}
	if len(f.Errors()) != 3 {
		t.Errorf("%v", f.Errors())
	}
}
