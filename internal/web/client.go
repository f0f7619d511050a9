package web

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Client is the address that a request comes from, for limits and for the
// record. It is the peer's, unless the peer is a trusted proxy: then it is the
// right-most address of X-Forwarded-For that is not a trusted proxy's, the last
// that one of ours wrote down. What stands to the left of it anybody may have
// sent, and is not read. A chain that is missing, broken or all ours gives the
// peer. No address is trusted by itself, loopback neither; X-Real-IP and
// Forwarded are never read.
func Client(r *http.Request, trusted []netip.Prefix) string {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr // a listener that gives no port
	}
	peer := at.Addr().Unmap()
	if !within(peer, trusted) {
		return peer.String()
	}
	chain := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(chain) {
		a, ok := hopAddress(strings.TrimSpace(hop))
		if !ok {
			return peer.String()
		}
		if !within(a, trusted) {
			return a.String()
		}
	}
	return peer.String()
}

// hopAddress reads one address of the chain; some proxies add the port.
func hopAddress(s string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(s)
	if err != nil {
		withPort, err := netip.ParseAddrPort(s)
		if err != nil {
			return a, false
		}
		a = withPort.Addr()
	}
	a = a.Unmap()
	return a, a.Zone() == "" && !a.IsUnspecified()
}

func within(a netip.Addr, networks []netip.Prefix) bool {
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(a) })
}

// ClientIP is Client behind the site's own proxies.
func (s *Site) ClientIP(r *http.Request) string { return Client(r, s.TrustedProxies) }
