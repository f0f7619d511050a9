package portal

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"marque/internal/servicing"
	"marque/internal/web"
)

// Confirming shows a second factor again before something that asks for a fresh
// one. From a page it leads back to the page. From a form that was sent it carries
// what was typed and sends it on, so that nothing is typed twice; passwords, codes
// and account numbers are not carried.

type confirmPage struct {
	web.Page
	Ask factorAsk
}

// confirmFields are the page's own, and neverCarried what must not stand in one.
var (
	confirmFields = []string{"next", "to", "way", "code", "send", "sent", "box", "credential", "trust", "form-token"}
	neverCarried  = []string{"password", "password_again", "current", "account", "account_again", "answer1", "answer2", "answer3"}
)

// askConfirm leads to confirming: a page by its address, a form with what was
// typed. The forms about the way in hold little but secrets, and begin again.
func (p *portal) askConfirm(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	if r.Method != http.MethodPost || strings.HasPrefix(r.URL.Path, "/security/") {
		http.Redirect(w, r, withNext("/confirm", wanted(r)), http.StatusSeeOther)
		return nil
	}
	carried := []hidden{{"next", wanted(r)}, {"to", r.URL.Path}}
	return p.showConfirmForm(w, r, s, nil, append(carried, typed(r.PostForm)...), "", false)
}

// typed is what a form holds that can be carried to another page.
func typed(form url.Values) (out []hidden) {
	for name, values := range form {
		if slices.Contains(confirmFields, name) || slices.Contains(neverCarried, name) || len(values) != 1 {
			continue
		}
		out = append(out, hidden{name, values[0]})
	}
	slices.SortFunc(out, func(a, b hidden) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return out
}

func (p *portal) showConfirm(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	next := pageFor(r.URL.Query().Get("next"))
	if s.Actor.Standing.Fresh(s.At) {
		http.Redirect(w, r, next, http.StatusSeeOther)
		return nil
	}
	return p.showConfirmForm(w, r, s, nil, []hidden{{"next", next}}, "", false)
}

func (p *portal) showConfirmForm(w http.ResponseWriter, r *http.Request, s servicing.Session, form *web.Form, carried []hidden, want string, sent bool) error {
	offers, err := p.svc.Confirming(r.Context(), s.Actor)
	if err != nil {
		return err
	}
	offers, call, err := withPasskey(offers, func() (servicing.PasskeyCall, error) { return p.svc.ConfirmPasskey(r.Context(), s.Actor) })
	if err != nil {
		return err
	}
	if len(offers) == 0 {
		offers = []servicing.Offer{{Kind: servicing.Password}}
	}
	ask := newFactorAsk(offers, want)
	ask.Action, ask.Form, ask.Sent, ask.Submit, ask.Carry = "/confirm", form, sent, "Confirm", carried
	if ask.Way == servicing.Passkey {
		ask.asked(call)
	}
	b := page(s, "Confirm that it is you", "")
	b.Layout, b.Form, b.Scripts = "flow", form, ask.scripts()
	return p.show(w, r, "confirm", form, confirmPage{b, ask})
}

func (p *portal) confirm(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	way, next, to := form.Value("way"), pageFor(form.Value("next")), p.formPath(form.Value("to"))
	var entry servicing.Entry
	sent := form.Has("send") || form.Has("sent")
	switch {
	case form.Has("send"):
		err = p.svc.SendConfirmText(r.Context(), s.Actor, p.source(r))
	case form.Has("credential"):
		entry, err = p.svc.FinishConfirmPasskey(r.Context(), s.Actor, form.Value("box"), form.Value("credential"), p.source(r))
	case form.Has("code"):
		entry, err = p.svc.Confirm(r.Context(), s.Actor, servicing.FactorKind(way), form.Raw("code"), p.source(r))
	}
	switch {
	case flowGone(err):
		form.Error("", "That took too long, or there were too many wrong codes. Wait 20 minutes and try again, or sign out and sign in.")
	case err != nil:
		if err := told(form, err, nil); err != nil {
			return err
		}
	case entry.Session != "" && to != "":
		p.keepEntry(w, entry)
		// 307 sends the same form on, to the route that had asked for this.
		http.Redirect(w, r, to, http.StatusTemporaryRedirect)
		return nil
	case entry.Session != "":
		return p.enter(w, r, entry, next)
	}
	carried := []hidden{{"next", next}}
	if to != "" {
		carried = append(carried, hidden{"to", to})
	}
	return p.showConfirmForm(w, r, s, form, append(carried, typed(r.PostForm)...), way, sent)
}

var plainPath = regexp.MustCompile(`^(?:/[0-9A-Za-z_-]{1,64}){1,6}$`)

// formPath is an address that a form of the signed in is sent to, and empty for
// every other.
func (p *portal) formPath(to string) string {
	if !plainPath.MatchString(to) {
		return ""
	}
	if _, pattern := p.forms.Handler(&http.Request{Method: http.MethodPost, URL: &url.URL{Path: to}}); pattern == "" {
		return ""
	}
	return to
}

// newForms lists the addresses that forms of the signed in are sent to.
func newForms(routes []route) *http.ServeMux {
	mux := http.NewServeMux()
	for _, r := range routes {
		if r.mine != nil && strings.HasPrefix(r.pattern, "POST ") && r.act != "" {
			mux.Handle(r.pattern, http.NotFoundHandler())
		}
	}
	return mux
}
