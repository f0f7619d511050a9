package portal

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// elsewhere is what people have put where an address of ours was wanted
// (mod_auth_mellon CVE-2019-13038, mod_auth_openidc 453, and what browsers make
// of an address).
var elsewhere = []string{
	"//evil.example", "///evil.example", "////evil.example/payments", `/\evil.example`, `\/evil.example`, `\\evil.example`, `/\/evil.example`,
	"http:evil.example", "http:/evil.example", "http:///evil.example", "https://evil.example/payments", "HTTPS://evil.example", "//evil.example%2fpayments",
	"/%2f%2fevil.example", "/%2fevil.example", "%2f%2fevil.example", "/%5cevil.example", "%5c%5cevil.example", "/%2f%5cevil.example", "/.//evil.example", "/..//evil.example",
	"/payments/..//evil.example", "/payments/%2e%2e//evil.example", "/\t/evil.example", "\t//evil.example", " //evil.example", "/\n/evil.example", "/\r/evil.example", "/\x00/evil.example",
	"@evil.example", "/@evil.example", "//pay.kestrane.example@evil.example", "https://pay.kestrane.example@evil.example/", "//evil.example#@pay.kestrane.example", "//evil.example?/payments",
	"/payments\r\nLocation: //evil.example", "/payments%0d%0aLocation:%20//evil.example", "data:text/html,<script>alert(1)</script>", "javascript:alert(1)", "JaVaScRiPt:alert(1)",
	"java\tscript:alert(1)", "vbscript:x", "/javascript:alert(1)", "〱evil.example", "/〱/evil.example", "//evil。example", "//[::1]/", "//2130706433", "?next=//evil.example", "#//evil.example",
	".evil.example", "evil.example", "payments", "//evil.example/..;/payments", "/;@evil.example", "/sign-out", "/sandbox/", strings.Repeat("/", 301),
}

// strays says where a choice of page leads to that is not one of ours.
func strays(page func(string) string) (found []string) {
	base := &url.URL{Scheme: "https", Host: "pay.kestrane.example", Path: "/sign-in"}
	ours := regexp.MustCompile(`^/[a-z0-9/-]*$`)
	for _, wanted := range elsewhere {
		got := page(wanted)
		to, err := base.Parse(got)
		if err != nil || to.Host != base.Host || to.Scheme != "https" || to.User != nil || !ours.MatchString(got) || strings.HasPrefix(got, "//") || strings.Contains(got, "sign-out") {
			found = append(found, fmt.Sprintf("%q leads to %q", wanted, got))
		}
	}
	return found
}

func TestNoAddressLeadsOffTheSite(t *testing.T) {
	for _, f := range strays(pageFor) {
		t.Error(f)
	}
	for name, broken := range map[string]func(string) string{
		"any path":        func(s string) string { return s },
		"begins with /":   func(s string) string { return pick(strings.HasPrefix(s, "/"), s) },
		"but not with //": func(s string) string { return pick(strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//"), s) },
		"has no host": func(s string) string {
			u, err := url.Parse(s)
			return pick(err == nil && u.Host == "" && u.Scheme == "", s)
		},
		"unanchored": func(s string) string { return pick(strings.Contains(s, "/payments"), s) },
	} {
		if len(strays(broken)) == 0 {
			t.Errorf("the check would let through a page that is chosen so: %s", name)
		}
	}
}

func pick(ours bool, s string) string {
	if ours {
		return s
	}
	return "/"
}

// What the browser is told, not what the function says.
func TestSigningInAgainNeverRedirectsElsewhere(t *testing.T) {
	_, h := testPortal(t, "")
	for _, wanted := range elsewhere {
		r := httptest.NewRequest(http.MethodGet, "/sign-in?"+url.Values{"next": {wanted}}.Encode(), nil)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Header().Get("Location") != "" || strings.Contains(w.Body.String(), "evil") {
			t.Errorf("%q: to %q, or the page repeats it", wanted, w.Header().Get("Location"))
		}
	}
}
