package console

import (
	"encoding/json"
	"net/http"
	"slices"

	"marque/internal/servicing"
	"marque/internal/web"
)

// ask is a passkey's question on a page; nothing where there are no passkeys.
type ask struct {
	Options json.RawMessage
	Box     string
}

// asked takes it for no error that an address has no passkeys.
func asked(call servicing.PasskeyCall, err error) (ask, error) {
	if no := refusal(err); no != nil && no.Code == "no_passkeys" {
		return ask{}, nil
	}
	return ask{json.RawMessage(call.Options), call.Box}, err
}

type signInPage struct {
	web.Page
	Next, Why string
	Passkey   ask
}

// whySignIn are the reasons a person is sent here, by their name in the address.
var whySignIn = map[string]string{
	"ended":      "You were signed out because nothing happened for a while, or your access changed. Sign in to go on.",
	"ended-form": "You were signed out, and what you sent was not carried out. Sign in to go on.",
	"out":        "You are signed out.",
	"again":      "That took too long, or there were too many wrong codes. Start again.",
}

func (c *console) showSignIn(w http.ResponseWriter, r *http.Request) error {
	next := pageFor(r.URL.Query().Get("next"))
	if _, err := c.svc.StaffSession(r.Context(), c.cookie(r, sessionCookie)); err == nil {
		return see(w, r, next)
	}
	return c.signInForm(w, r, nil, next)
}

func (c *console) signInForm(w http.ResponseWriter, r *http.Request, form *web.Form, next string) error {
	key, err := asked(c.svc.StaffPasskey())
	if err != nil {
		return err
	}
	return c.show(w, r, "signin", form, signInPage{web.Page{Title: "Sign in", Layout: "narrow", Form: form, Scripts: []string{"passkey.js", "password.js"}},
		next, whySignIn[r.URL.Query().Get("why")], key})
}

func (c *console) signIn(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	next := pageFor(form.Value("next"))
	form.Need("username", "Enter your username.")
	if form.Raw("password") == "" {
		form.Error("password", "Enter your password.")
	}
	if !form.OK() {
		return c.signInForm(w, r, form, next)
	}
	entry, err := c.svc.StaffSignIn(r.Context(), form.Value("username"), form.Raw("password"), c.source(r))
	return c.entered(w, r, form, entry, err, next)
}

func (c *console) signInPasskey(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	entry, err := c.svc.FinishStaffPasskey(r.Context(), form.Value("box"), form.Value("credential"), c.source(r))
	return c.entered(w, r, form, entry, err, pageFor(form.Value("next")))
}

func (c *console) entered(w http.ResponseWriter, r *http.Request, form *web.Form, entry servicing.Entry, err error, next string) error {
	if err == nil {
		return c.enter(w, r, entry, next)
	}
	if err := told(form, err); err != nil {
		return err
	}
	return c.signInForm(w, r, form, next)
}

// secondPage asks for a second factor: to sign in, or to confirm.
type secondPage struct {
	web.Page
	App     bool
	Passkey ask
	None    bool // nothing was set up
	Next    string
	Code    string // where the code is posted
	Key     string // where the passkey's answer is posted
}

func (c *console) run(r *http.Request) servicing.FlowID {
	return servicing.FlowID(c.cookie(r, runCookie))
}

func (c *console) showSecond(w http.ResponseWriter, r *http.Request) error {
	return c.second(w, r, nil)
}

func (c *console) second(w http.ResponseWriter, r *http.Request, form *web.Form) error {
	offers, err := c.svc.StaffFactors(r.Context(), c.run(r))
	if refusal(err) != nil {
		return see(w, r, "/sign-in?why=again")
	}
	if err != nil {
		return err
	}
	p := secondPage{Page: web.Page{Title: "One more step", Layout: "narrow", Form: form, Scripts: []string{"passkey.js"}},
		Code: "/second", Key: "/second/passkey", None: len(offers) == 0}
	p.App = slices.ContainsFunc(offers, func(o servicing.Offer) bool { return o.Kind == servicing.App })
	if slices.ContainsFunc(offers, func(o servicing.Offer) bool { return o.Kind == servicing.Passkey }) {
		if p.Passkey, err = asked(c.svc.AskStaffPasskey(r.Context(), c.run(r))); err != nil {
			return err
		}
	}
	return c.show(w, r, "second", form, p)
}

func (c *console) proveSecond(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	entry, err := c.svc.ProveStaff(r.Context(), c.run(r), form.Value("code"), c.source(r))
	return c.proved(w, r, form, entry, err)
}

func (c *console) proveSecondPasskey(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	entry, err := c.svc.ProveStaffPasskey(r.Context(), c.run(r), form.Value("box"), form.Value("credential"), c.source(r))
	return c.proved(w, r, form, entry, err)
}

func (c *console) proved(w http.ResponseWriter, r *http.Request, form *web.Form, entry servicing.Entry, err error) error {
	if err == nil {
		return c.enter(w, r, entry, "/")
	}
	if err := told(form, err); err != nil {
		return err
	}
	return c.second(w, r, form)
}

type invitePage struct {
	web.Page
	servicing.Invited
	Role  string
	Token string
	Gone  bool
}

func (c *console) showInvite(w http.ResponseWriter, r *http.Request) error {
	return c.inviteForm(w, r, nil)
}

func (c *console) inviteForm(w http.ResponseWriter, r *http.Request, form *web.Form) error {
	p := invitePage{Page: web.Page{Title: "Set up your access", Layout: "narrow", Form: form, Scripts: []string{"password.js"}}, Token: r.PathValue("token")}
	in, err := c.svc.ReadInvite(r.Context(), p.Token)
	if no := refusal(err); no != nil {
		p.Gone = true
	} else if err != nil {
		return err
	}
	p.Invited, p.Role = in, roleName(in.Role)
	if p.Gone {
		return c.pages.Render(w, r, http.StatusGone, "invite", p)
	}
	return c.show(w, r, "invite", form, p)
}

func (c *console) acceptInvite(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	if form.Raw("password") != form.Raw("again") {
		form.Error("again", "The two passwords are not the same. Type both again.")
		return c.inviteForm(w, r, form)
	}
	entry, err := c.svc.AcceptInvite(r.Context(), r.PathValue("token"), form.Value("username"), form.Raw("password"), c.source(r))
	if err == nil {
		return c.enter(w, r, entry, "/me/factor")
	}
	if err := told(form, err); err != nil {
		return err
	}
	return c.inviteForm(w, r, form)
}
