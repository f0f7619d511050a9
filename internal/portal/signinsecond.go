package portal

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"marque/internal/servicing"
	"marque/internal/web"
)

// factorAsk asks for one second factor, with the others a button away. Signing in
// and confirming ask in the same way. Everything on it is sent to one address.
type factorAsk struct {
	Action  string
	Form    *web.Form
	Carry   []hidden // what goes with every form
	Way     servicing.FactorKind
	Ends    string // of the telephone: its last digits
	Sent    bool   // the text message
	Options json.RawMessage
	Box     string // of the passkey
	Submit  string
	Trust   bool // the device may be remembered
	Others  []otherWay
}

type otherWay struct{ Way, Words string }

var wayWords = map[servicing.FactorKind]string{
	servicing.Passkey:   "Use a passkey",
	servicing.App:       "Use your authenticator app",
	servicing.Text:      "Get a code by text message",
	servicing.SavedCode: "Use a saved code",
}

// newFactorAsk chooses the way that is wanted, or the best there is.
func newFactorAsk(offers []servicing.Offer, want string) factorAsk {
	a := factorAsk{}
	for i, o := range offers {
		if i == 0 || string(o.Kind) == want {
			a.Way, a.Ends = o.Kind, lastDigits(o.Hint)
		}
	}
	for _, o := range offers {
		if o.Kind == a.Way {
			continue
		}
		words := wayWords[o.Kind]
		if o.Kind == servicing.Text {
			words += " (phone ending in " + lastDigits(o.Hint) + ")"
		}
		a.Others = append(a.Others, otherWay{string(o.Kind), words})
	}
	return a
}

// lastDigits are those of a masked telephone number.
func lastDigits(masked string) string { return masked[strings.LastIndexByte(masked, ' ')+1:] }

// asked puts a passkey's question on the page.
func (a *factorAsk) asked(c servicing.PasskeyCall) {
	a.Options, a.Box = json.RawMessage(c.Options), c.Box
}

func (a *factorAsk) scripts() []string {
	if a.Way == servicing.Passkey {
		return []string{"passkey.js"}
	}
	return []string{"password.js"}
}

// withPasskey asks for a passkey where one is among the offers, and leaves it out
// where the address has none.
func withPasskey(offers []servicing.Offer, ask func() (servicing.PasskeyCall, error)) ([]servicing.Offer, servicing.PasskeyCall, error) {
	passkey := func(o servicing.Offer) bool { return o.Kind == servicing.Passkey }
	if !slices.ContainsFunc(offers, passkey) {
		return offers, servicing.PasskeyCall{}, nil
	}
	call, err := ask()
	if err != nil {
		return slices.DeleteFunc(offers, passkey), call, noPasskeys(err)
	}
	return offers, call, nil
}

type secondPage struct {
	web.Page
	Ask factorAsk
}

func (p *portal) showSecond(w http.ResponseWriter, r *http.Request) error {
	return p.showSecondForm(w, r, nil, pageFor(r.URL.Query().Get("next")), "", false)
}

func (p *portal) showSecondForm(w http.ResponseWriter, r *http.Request, form *web.Form, next, want string, sent bool) error {
	run := p.run(r, signInRun)
	if run == "" {
		http.Redirect(w, r, withNext("/sign-in", next), http.StatusSeeOther)
		return nil
	}
	offers, err := p.svc.SignInFactors(r.Context(), run)
	if flowGone(err) {
		return p.signInAgain(w, r)
	}
	if err != nil {
		return err
	}
	offers, call, err := withPasskey(offers, func() (servicing.PasskeyCall, error) { return p.svc.SignInPasskey(r.Context(), run) })
	if err != nil {
		return err
	}
	ask := newFactorAsk(offers, want)
	ask.Action, ask.Form, ask.Sent, ask.Submit, ask.Trust = "/sign-in/second", form, sent, "Sign in", true
	ask.Carry = []hidden{{"next", next}}
	if ask.Way == servicing.Passkey {
		ask.asked(call)
	}
	b := web.Page{Title: "One more step", Layout: "narrow", Form: form, Scripts: ask.scripts()}
	return p.show(w, r, "second", form, secondPage{b, ask})
}

// signInAgain begins anew after a run that is over.
func (p *portal) signInAgain(w http.ResponseWriter, r *http.Request) error {
	p.keep(w, signInRun, "")
	http.Redirect(w, r, "/sign-in?why=again", http.StatusSeeOther)
	return nil
}

func (p *portal) second(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	run, next, way := p.run(r, signInRun), pageFor(form.Value("next")), form.Value("way")
	if run == "" {
		return p.signInAgain(w, r)
	}
	var entry servicing.Entry
	trust := form.Value("trust") == "yes"
	sent := form.Has("send") || form.Has("sent")
	switch {
	case form.Has("send"):
		err = p.svc.SendSignInText(r.Context(), run, p.source(r))
	case form.Has("credential"):
		entry, err = p.svc.ProveSignInPasskey(r.Context(), run, form.Value("box"), form.Value("credential"), trust, p.source(r))
	case form.Has("code"):
		entry, err = p.svc.ProveSignIn(r.Context(), run, servicing.FactorKind(way), form.Value("code"), trust, p.source(r))
	}
	switch {
	case flowGone(err):
		return p.signInAgain(w, r)
	case err != nil:
		if err := told(form, err, nil); err != nil {
			return err
		}
	case entry.Session != "":
		return p.enter(w, r, entry, next)
	}
	return p.showSecondForm(w, r, form, next, way, sent)
}
