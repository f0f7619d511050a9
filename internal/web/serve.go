package web

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
)

// policy allows what the pages use and nothing else. The pages hold no inline
// style and no inline script that runs, and scripts put nothing but text into a
// page; connect-src is for the request that keeps a session open.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// permissions switch off what no page uses, and leave passkeys to our own.
const permissions = "publickey-credentials-get=(self), publickey-credentials-create=(self), accelerometer=(), autoplay=(), camera=(), " +
	"display-capture=(), encrypted-media=(), fullscreen=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), " +
	"payment=(), picture-in-picture=(), screen-wake-lock=(), usb=(), web-share=(), xr-spatial-tracking=()"

// Serve wraps the routes in everything that holds for each request: an id, the
// access log, recovery from panics, security headers, the Host check, refusal
// of odd methods and of forms that are not ours, the body limit, and pages for
// what the routes do not know.
func (s *Site) Serve(mux *http.ServeMux) http.Handler {
	routes := s.methods(mux, s.guard(s.routes(mux), http.NewCrossOriginProtection()))
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		begun := s.Now()
		id := newRequestID()
		ctx := context.WithValue(r.Context(), requestIDKey{}, id)
		r = r.WithContext(context.WithValue(ctx, cardFieldsKey{}, new([]string)))
		maskCards(r.Header)
		w := &writer{ResponseWriter: rw}
		s.headers(w.Header(), r, id)
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler {
					panic(p)
				}
				s.fail(w, r, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
			}
			// The route, not the address: addresses name contracts and people.
			s.Log.InfoContext(r.Context(), "request", "id", id, "method", r.Method, "route", r.Pattern,
				"status", w.status, "bytes", w.bytes, "took", s.Now().Sub(begun))
		}()
		// Probes come by address; everybody else by the one name.
		probe := r.URL.Path == "/healthz" || r.URL.Path == "/readyz"
		if s.base != nil && !probe && !strings.EqualFold(r.Host, s.base.Host) {
			http.Error(w, "This server does not answer for that address.", http.StatusMisdirectedRequest)
			return
		}
		if r.ProtoMajor == 1 && len(r.TransferEncoding) > 0 {
			// RFC 9112, 6.1: who says two lengths may mean two requests.
			w.Header().Set("Connection", "close")
		}
		r.Body = http.MaxBytesReader(w, r.Body, MaxBody)
		routes.ServeHTTP(w, r)
	})
}

// methods answers every method but the three that pages use, before anything
// of the request is read.
func (s *Site) methods(mux *http.ServeMux, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodGet, http.MethodHead, http.MethodPost:
			next.ServeHTTP(w, r)
			return
		}
		allow := "GET, HEAD"
		if h, pattern := mux.Handler(r); pattern == "" {
			probe := &discard{header: http.Header{}}
			h.ServeHTTP(probe, r)
			if known := probe.header.Get("Allow"); known != "" {
				allow = known
			}
		}
		w.Header().Set("Allow", allow)
		s.fail(w, r, methodNotAllowed())
	})
}

// routes answers with pages where the mux would answer in plain text.
func (s *Site) routes(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		probe := &discard{header: http.Header{}}
		h.ServeHTTP(probe, r)
		if probe.status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", probe.header.Get("Allow"))
			s.fail(w, r, methodNotAllowed())
			return
		}
		s.fail(w, r, NotFound())
	})
}

func (s *Site) headers(h http.Header, r *http.Request, id string) {
	h.Set("Content-Security-Policy", policy)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Permissions-Policy", permissions)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("X-Request-Id", id)
	if s.secure(r) {
		h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
	}
}

type requestIDKey struct{}

// RequestID is the id under which the request is logged; a fault is shown as it.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string) // empty outside Serve
	return id
}

var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// newRequestID is short enough to be read out on the phone: "K7QM-2D9X".
func newRequestID() string {
	var b [5]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read does not fail: it crashes the program instead
	s := crockford.EncodeToString(b[:])
	return s[:4] + "-" + s[4:]
}

// writer notes what was answered.
type writer struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *writer) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *writer) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func started(w http.ResponseWriter) bool {
	ww, ok := w.(*writer)
	return ok && ww.status != 0
}

// discard keeps the status and headers of an answer and drops its body.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
