package web

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

var nginx = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("2001:db8:1::/48")}

type asked struct {
	name, peer string
	forwarded  []string
	want       string
}

var addresses = []asked{
	{"no proxy", "203.0.113.9:4000", nil, "203.0.113.9"},
	{"a stranger says who he is", "203.0.113.9:4000", []string{"198.51.100.1"}, "203.0.113.9"},
	{"a stranger says he is this machine", "203.0.113.9:4000", []string{"127.0.0.1"}, "203.0.113.9"},
	{"the proxy here", "127.0.0.1:4000", []string{"203.0.113.9"}, "203.0.113.9"},
	{"what the client sent stands on the left", "127.0.0.1:4000", []string{"198.51.100.1, 203.0.113.9"}, "203.0.113.9"},
	{"in two lines", "127.0.0.1:4000", []string{"198.51.100.1", "203.0.113.9"}, "203.0.113.9"},
	{"two proxies", "127.0.0.1:4000", []string{"198.51.100.1, 203.0.113.9, 10.1.2.3"}, "203.0.113.9"},
	{"a client that says it is our proxy", "127.0.0.1:4000", []string{"10.1.2.3, 203.0.113.9"}, "203.0.113.9"},
	{"rubbish on the left is not read", "127.0.0.1:4000", []string{"<script>, 203.0.113.9"}, "203.0.113.9"},
	{"rubbish where ours should be", "127.0.0.1:4000", []string{"203.0.113.9, unknown"}, "127.0.0.1"},
	{"an empty hop", "127.0.0.1:4000", []string{"203.0.113.9,"}, "127.0.0.1"},
	{"no chain", "127.0.0.1:4000", nil, "127.0.0.1"},
	{"all ours", "127.0.0.1:4000", []string{"10.1.2.3, 127.0.0.1"}, "127.0.0.1"},
	{"with a port", "127.0.0.1:4000", []string{"203.0.113.9:61234"}, "203.0.113.9"},
	{"IPv6", "[2001:db8:1::5]:443", []string{"2001:db8:ffff::9"}, "2001:db8:ffff::9"},
	{"IPv6 with a port", "127.0.0.1:4000", []string{"[2001:db8:ffff::9]:443"}, "2001:db8:ffff::9"},
	{"IPv4 inside IPv6", "[::ffff:127.0.0.1]:4000", []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
	{"a zone", "127.0.0.1:4000", []string{"fe80::1%eth0"}, "127.0.0.1"},
	{"leading zeros", "127.0.0.1:4000", []string{"010.001.002.003"}, "127.0.0.1"},
	{"nobody", "127.0.0.1:4000", []string{"0.0.0.0"}, "127.0.0.1"},
	{"a socket file", "@", []string{"203.0.113.9"}, "@"},
}

func misread(client func(*http.Request, []netip.Prefix) string) (found []string) {
	for _, a := range addresses {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = a.peer
		for _, f := range a.forwarded {
			r.Header.Add("X-Forwarded-For", f)
		}
		r.Header.Set("X-Real-IP", "192.0.2.66")
		r.Header.Set("Forwarded", "for=192.0.2.66")
		if got := client(r, nginx); got != a.want {
			found = append(found, fmt.Sprintf("%s: %s %q is %s, want %s", a.name, a.peer, a.forwarded, got, a.want))
		}
	}
	return found
}

func TestTheClientIsTheLastAddressThatWeWroteDown(t *testing.T) {
	for _, f := range misread(Client) {
		t.Error(f)
	}
	first := func(r *http.Request) string {
		one, _, _ := strings.Cut(r.Header.Get("X-Forwarded-For"), ",")
		return strings.TrimSpace(one)
	}
	peer := func(r *http.Request) string { return Client(r, nil) }
	for name, broken := range map[string]func(*http.Request, []netip.Prefix) string{
		"believes everybody": func(r *http.Request, _ []netip.Prefix) string {
			return Client(r, []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")})
		},
		"believes nobody":     func(r *http.Request, _ []netip.Prefix) string { return peer(r) },
		"takes the left-most": func(r *http.Request, _ []netip.Prefix) string { return first(r) },
		"takes X-Real-IP":     func(r *http.Request, _ []netip.Prefix) string { return r.Header.Get("X-Real-IP") },
		"skips this machine": func(r *http.Request, p []netip.Prefix) string {
			if strings.HasPrefix(r.RemoteAddr, "203.") && first(r) == "127.0.0.1" {
				return "127.0.0.1"
			}
			return Client(r, p)
		},
	} {
		if len(misread(broken)) == 0 {
			t.Errorf("no address tells that a reader %s", name)
		}
	}
}

// Behind a real proxy on this machine everybody comes from loopback; a limit by
// address must still tell people apart, and nobody may choose his own.
func TestBehindAProxyOnThisMachine(t *testing.T) {
	site := testSite(t, "", io.Discard)
	site.TrustedProxies = nginx[:1]
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, site.ClientIP(r)) // a reader that went away
	}))
	defer app.Close()
	to, err := url.Parse(app.URL)
	if err != nil {
		t.Fatal(err)
	}
	appends := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Header["X-Forwarded-For"] = r.In.Header["X-Forwarded-For"]
		r.Out.Header.Add("X-Forwarded-For", r.In.Header.Get("X-Test-Peer"))
		r.Out.Header["X-Real-Ip"] = r.In.Header["X-Real-Ip"]
	}}
	proxy := httptest.NewServer(appends)
	defer proxy.Close()
	ask := func(address, peer string, header ...string) string {
		r, err := http.NewRequest(http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Test-Peer", peer)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for _, peer := range []string{"203.0.113.9", "203.0.113.10"} {
		if got := ask(proxy.URL, peer, "X-Forwarded-For", "198.51.100.77", "X-Real-IP", "198.51.100.77"); got != peer {
			t.Errorf("%s comes as %s", peer, got)
		}
	}
	site.TrustedProxies = nil
	if got := ask(app.URL, "", "X-Forwarded-For", "198.51.100.77"); got != "127.0.0.1" {
		t.Errorf("with no proxy named, %s is believed", got)
	}
}
