package web

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"mime"
	"net/http"
	"net/url"
	"slices"

	"marque/internal/card"
)

// formToken is the hidden field that Render puts into every form that posts.
const formToken = "form-token"

// guard lets a request reach the routes only when it is one that our own pages
// send: GET and HEAD, or a POST of a form that came from this site, to an address
// that holds no card number.
//
// Where the form came from is told in two ways. A browser of today says it
// itself, in Sec-Fetch-Site; one that does not may name the Origin, but under
// our referrer policy writes "null" there, which says nothing. Then the token
// decides: it must be that of the browser's cookie. A token that stands beside
// a cookie it does not belong to is refused whatever the headers say. So a form
// is taken with the browser's word, with the right token, or with both, and a
// program without either is refused. (ASVS 5.0, 3.5.1)
func (s *Site) guard(routes http.Handler, cross *http.CrossOriginProtection) http.Handler {
	check := func(r *http.Request) error {
		query, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil || repeated(query) != "" || card.Number(r.URL.Path) || card.Number(r.URL.RawQuery) || holdsCard(query) {
			return badAddress()
		}
		if r.Method != http.MethodPost {
			return nil
		}
		if err := formType(r); err != nil {
			return err
		}
		form, err := ReadForm(r, all)
		if err != nil {
			return err
		}
		return s.ours(r, form, cross)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := check(r); err != nil {
			s.fail(w, r, err)
			return
		}
		routes.ServeHTTP(w, r)
	})
}

func holdsCard(query url.Values) bool {
	for name, vs := range query {
		if card.Number(name) || slices.ContainsFunc(vs, card.Number) {
			return true
		}
	}
	return false
}

// maskCards masks card numbers in what a request says about itself before anybody
// keeps it. Cookies are left: they are ours, and are looked up, not shown.
func maskCards(h http.Header) {
	for name, vs := range h {
		if card.Number(name) {
			delete(h, name)
			continue
		}
		if name == "Cookie" {
			continue
		}
		for i, v := range vs {
			if card.Number(v) {
				vs[i] = card.Mask(v)
			}
		}
	}
}

// formType refuses bodies that a form of ours never has: text/plain is what
// other sites can send without being asked, and JSON is not read as a form.
func formType(r *http.Request) error {
	given := r.Header.Get("Content-Type")
	if given == "" && r.ContentLength == 0 {
		return nil
	}
	kind, params, err := mime.ParseMediaType(given)
	if charset := params["charset"]; err != nil || kind != "application/x-www-form-urlencoded" ||
		(charset != "" && charset != "utf-8" && charset != "UTF-8") {
		return &HTTPError{Status: http.StatusUnsupportedMediaType, Title: "We could not read that form",
			Message: "It did not come as a form of ours. Nothing has changed, and you have not been charged. Go back and send it again."}
	}
	return nil
}

// ours says whether a form came from a page of this site.
func (s *Site) ours(r *http.Request, form *Form, cross *http.CrossOriginProtection) error {
	site, origin := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Origin")
	asked := r
	if site == "" && origin == "null" {
		asked = r.Clone(r.Context())
		asked.Header.Del("Origin")
		origin = ""
	}
	if err := cross.Check(asked); err != nil {
		return Forbidden()
	}
	vouched := site != "" || origin != ""
	secret, hasCookie := s.formSecret(r)
	given := form.All(formToken)
	switch {
	case len(given) > 1:
		return Forbidden()
	case len(given) == 1 && hasCookie:
		if !sameSecret(given[0], secret) {
			return staleForm()
		}
	case !vouched:
		return staleForm()
	}
	return nil
}

func staleForm() error {
	return &HTTPError{Status: http.StatusForbidden, Title: "That page was open too long",
		Message: "Nothing has changed, and you have not been charged. Go back, load the page again, and send it once more."}
}

func badAddress() error {
	return &HTTPError{Status: http.StatusBadRequest, Title: "We can’t read that address",
		Message: "Nothing has changed, and you have not been charged. Go to the overview and start from there."}
}

// secretSize is 128 bits: the secret is guessed over the network only.
const secretSize = 16

func (s *Site) secure(r *http.Request) bool {
	return r.TLS != nil || (s.base != nil && s.base.Scheme == "https")
}

// formCookie is bound to the host where browsers allow it, so that a
// neighbouring host cannot put its own in its place.
func (s *Site) formCookie(r *http.Request) string {
	if s.secure(r) {
		return "__Host-marque-form"
	}
	return "marque-form"
}

func (s *Site) formSecret(r *http.Request) ([]byte, bool) {
	c, err := r.Cookie(s.formCookie(r))
	if err != nil {
		return nil, false // the only error is that there is none
	}
	secret, err := base64.RawURLEncoding.DecodeString(c.Value)
	return secret, err == nil && len(secret) == secretSize
}

// addTokens puts the token into every form of a page that posts. It makes the
// browser's secret when there is none yet. What people typed cannot be taken
// for a tag: it is escaped.
func (s *Site) addTokens(w http.ResponseWriter, r *http.Request, page []byte) []byte {
	var out bytes.Buffer
	var field []byte
	for {
		at := bytes.Index(page, []byte("<form "))
		if at < 0 {
			break
		}
		end := at + bytes.IndexByte(page[at:], '>') + 1
		if end <= at {
			break
		}
		out.Write(page[:end])
		if bytes.Contains(page[at:end], []byte(`method="post"`)) {
			if field == nil {
				field = []byte(`<input type="hidden" name="` + formToken + `" value="` + s.token(w, r) + `">`)
			}
			out.Write(field)
		}
		page = page[end:]
	}
	out.Write(page)
	return out.Bytes()
}

// token is the browser's secret under a fresh mask, so that two pages that were
// compressed never hold the same bytes.
func (s *Site) token(w http.ResponseWriter, r *http.Request) string {
	secret, ok := s.formSecret(r)
	if !ok {
		secret = make([]byte, secretSize)
		_, _ = rand.Read(secret) // crypto/rand.Read does not fail: it crashes the program instead
		http.SetCookie(w, &http.Cookie{Name: s.formCookie(r), Value: base64.RawURLEncoding.EncodeToString(secret),
			Path: "/", HttpOnly: true, Secure: s.secure(r), SameSite: http.SameSiteLaxMode})
	}
	masked := make([]byte, 2*secretSize)
	_, _ = rand.Read(masked[:secretSize]) // likewise
	subtle.XORBytes(masked[secretSize:], masked[:secretSize], secret)
	return base64.RawURLEncoding.EncodeToString(masked)
}

func sameSecret(token string, secret []byte) bool {
	masked, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(masked) != 2*secretSize {
		return false
	}
	bare := make([]byte, secretSize)
	subtle.XORBytes(bare, masked[:secretSize], masked[secretSize:])
	return subtle.ConstantTimeCompare(bare, secret) == 1
}

// ClearSiteData asks the browser, as somebody signs out, to drop the pages and
// whatever the site stored. Cookies stay: the session's is ended by name, and
// the one by which the device is known again outlives a session.
func ClearSiteData(w http.ResponseWriter) { w.Header().Set("Clear-Site-Data", `"cache", "storage"`) }
