package portal

import (
	"net/http"
	"strings"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/web"
)

type profilePage struct {
	web.Page
	servicing.Profile
	PhoneShown string
	Language   string
	SignsInAs  string        // a username that is an e-mail address, but not the one on file
	HeldUntil  money.Instant // no address is changed before; 0 when nothing is held
}

var profileDone = map[string]string{
	"email":     "Your e-mail address was changed. We told the old address too.",
	"phone":     "Your phone number was changed. We told the old number too.",
	"address":   "Your postal address was changed.",
	"same":      "Nothing to change: that is the address we have.",
	"language":  "The language of your messages was changed.",
	"paperless": "Paperless is on. From now on we send an e-mail when there is something new to read here.",
	"paper":     "Paperless is off. From now on we send paper again.",
}

func (p *portal) profile(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	who, err := p.svc.Profile(r.Context(), s.Actor)
	if err != nil {
		return found(err)
	}
	v := newProfilePage(s, who)
	v.Notice = profileDone[r.URL.Query().Get("done")]
	return p.show(w, r, "profile", nil, v)
}

func newProfilePage(s servicing.Session, who servicing.Profile) profilePage {
	v := profilePage{Page: page(s, "Profile", "profile"), Profile: who, PhoneShown: phoneWords(who.Phone), Language: "English"}
	if strings.Contains(who.Username, "@") && !strings.EqualFold(who.Username, who.Email) {
		v.SignsInAs = who.Username
	}
	if until := s.Actor.Standing.HeldUntil; until > s.At {
		v.HeldUntil = until
	}
	if who.Language == billing.Spanish {
		v.Language = "Spanish"
	}
	return v
}

// contactPage asks for a new e-mail address or phone number, and then for the
// code that was sent there.
type contactPage struct {
	web.Page
	Kind    servicing.ContactKind
	IsEmail bool
	Now     string // what is on file
	To      string // where the code went
	Value   string
	Change  string
	Action  string
}

func newContactPage(s servicing.Session, kind servicing.ContactKind, form *web.Form) contactPage {
	v := contactPage{Page: page(s, "Change your phone number", "profile"), Kind: kind, Action: "/profile/" + string(kind)}
	if v.IsEmail = kind == servicing.ContactEmail; v.IsEmail {
		v.Title = "Change your e-mail address"
	}
	v.Layout, v.Back, v.Form = "flow", "/profile", form
	return v
}

func (p *portal) showContact(kind servicing.ContactKind) handler {
	return func(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
		return p.contactForm(kind)(w, r, s, nil)
	}
}

func (p *portal) contactForm(kind servicing.ContactKind) formHandler {
	return func(w http.ResponseWriter, r *http.Request, s servicing.Session, form *web.Form) error {
		who, err := p.svc.Profile(r.Context(), s.Actor)
		if err != nil {
			return found(err)
		}
		v := newContactPage(s, kind, form)
		if v.Now = phoneWords(who.Phone); v.IsEmail {
			v.Now = who.Email
		}
		return p.show(w, r, "contact", form, v)
	}
}

func (p *portal) startContact(kind servicing.ContactKind) handler {
	return func(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
		form, err := web.ReadForm(r)
		if err != nil {
			return err
		}
		id, err := p.svc.StartContactChange(r.Context(), s.Actor, kind, form.Value(string(kind)), p.source(r))
		switch {
		case tooSoon(err) && form.Value("change") != "":
			r.SetPathValue("change", form.Value("change"))
			return mend(w, r, s, form, err, p.contactCodeForm(kind))
		case tooSoon(err):
			form.Error("", refusedWords(err))
			return p.contactForm(kind)(w, r, s, form)
		case err != nil:
			return mend(w, r, s, form, err, p.contactForm(kind))
		}
		http.Redirect(w, r, "/profile/"+string(kind)+"/"+id, http.StatusSeeOther)
		return nil
	}
}

func (p *portal) showContactCode(kind servicing.ContactKind) handler {
	return func(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
		return p.contactCodeForm(kind)(w, r, s, nil)
	}
}

func (p *portal) contactCodeForm(kind servicing.ContactKind) formHandler {
	return func(w http.ResponseWriter, r *http.Request, s servicing.Session, form *web.Form) error {
		asked, err := p.svc.ReadContactChange(r.Context(), s.Actor, r.PathValue("change"))
		if err != nil {
			return found(err)
		}
		if asked.Kind != kind {
			return web.NotFound()
		}
		v := newContactPage(s, kind, form)
		v.Title, v.Back, v.Value, v.To = "Enter the code", v.Action, asked.Value, asked.Value
		if !v.IsEmail {
			v.To = phoneWords(asked.Value)
		}
		v.Change = r.PathValue("change")
		v.Action += "/" + v.Change
		return p.show(w, r, "contact-code", form, v)
	}
}

func (p *portal) finishContact(kind servicing.ContactKind) handler {
	return func(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
		form, err := web.ReadForm(r)
		if err != nil {
			return err
		}
		code := form.Digits("code", "Enter the code we sent.")
		if !form.OK() {
			return p.contactCodeForm(kind)(w, r, s, form)
		}
		err = p.svc.FinishContactChange(r.Context(), s.Actor, r.PathValue("change"), code, p.source(r))
		switch {
		case err == nil:
			http.Redirect(w, r, "/profile?done="+string(kind), http.StatusSeeOther)
			return nil
		case refusedAs(err, stepUp): // a code is not carried past confirming: the change begins anew
			http.Redirect(w, r, withNext("/confirm", "/profile/"+string(kind)), http.StatusSeeOther)
			return nil
		case flowGone(err):
			return mend(w, r, s, form, err, p.contactForm(kind))
		}
		return mend(w, r, s, form, err, p.contactCodeForm(kind))
	}
}

type addressPage struct {
	web.Page
	States []web.Option
}

func (p *portal) showAddress(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	who, err := p.svc.Profile(r.Context(), s.Actor)
	if err != nil {
		return found(err)
	}
	return p.addressForm(w, r, s, web.NewForm("street", who.Street, "city", who.City, "state", who.State, "zip", who.ZIP))
}

func (p *portal) addressForm(w http.ResponseWriter, r *http.Request, s servicing.Session, form *web.Form) error {
	v := addressPage{Page: page(s, "Change your postal address", "profile"), States: states}
	v.Layout, v.Back, v.Form = "flow", "/profile", form
	return p.show(w, r, "address", form, v)
}

func (p *portal) changeAddress(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	to := servicing.PostalAddress{Street: form.Value("street"), City: form.Value("city"), State: form.Value("state"), ZIP: form.Value("zip")}
	problems := identity.PostalProblem(to.Street, to.City, to.State, to.ZIP)
	for _, field := range []string{"street", "city", "state", "zip"} {
		if problems[field] != "" {
			form.Error(field, problems[field])
		}
	}
	if !form.OK() {
		return p.addressForm(w, r, s, form)
	}
	err = p.svc.ChangeAddress(r.Context(), s.Actor, to, p.source(r))
	switch {
	case refusedAs(err, "same"):
		http.Redirect(w, r, "/profile?done=same", http.StatusSeeOther)
		return nil
	case err != nil:
		return mend(w, r, s, form, err, p.addressForm)
	}
	http.Redirect(w, r, "/profile?done=address", http.StatusSeeOther)
	return nil
}

// states are the choices of an address, with the armed forces' three.
var states = stateOptions(`AL Alabama|AK Alaska|AS American Samoa|AZ Arizona|AR Arkansas|CA California|CO Colorado|CT Connecticut|DE Delaware|
DC District of Columbia|FM Federated States of Micronesia|FL Florida|GA Georgia|GU Guam|HI Hawaii|ID Idaho|IL Illinois|IN Indiana|IA Iowa|KS Kansas|
KY Kentucky|LA Louisiana|ME Maine|MH Marshall Islands|MD Maryland|MA Massachusetts|MI Michigan|MN Minnesota|MS Mississippi|MO Missouri|MT Montana|
NE Nebraska|NV Nevada|NH New Hampshire|NJ New Jersey|NM New Mexico|NY New York|NC North Carolina|ND North Dakota|MP Northern Mariana Islands|OH Ohio|
OK Oklahoma|OR Oregon|PW Palau|PA Pennsylvania|PR Puerto Rico|RI Rhode Island|SC South Carolina|SD South Dakota|TN Tennessee|TX Texas|UT Utah|VT Vermont|
VI Virgin Islands|VA Virginia|WA Washington|WV West Virginia|WI Wisconsin|WY Wyoming|AA Armed Forces Americas|AE Armed Forces Europe|AP Armed Forces Pacific`)

func stateOptions(list string) []web.Option {
	out := []web.Option{{Label: "Choose"}}
	for line := range strings.SplitSeq(list, "|") {
		code, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		out = append(out, web.Option{Value: code, Label: name})
	}
	return out
}

type languagePage struct {
	web.Page
	Languages []web.Option
}

func (p *portal) showLanguage(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	who, err := p.svc.Profile(r.Context(), s.Actor)
	if err != nil {
		return found(err)
	}
	chosen := billing.English
	if who.Language == billing.Spanish {
		chosen = billing.Spanish
	}
	return p.languageForm(w, r, s, web.NewForm("language", chosen))
}

func (p *portal) languageForm(w http.ResponseWriter, r *http.Request, s servicing.Session, form *web.Form) error {
	v := languagePage{Page: page(s, "Language of your messages", "profile"),
		Languages: []web.Option{{Value: billing.English, Label: "English"}, {Value: billing.Spanish, Label: "Español", Hint: "Spanish"}}}
	v.Layout, v.Back, v.Form = "flow", "/profile", form
	return p.show(w, r, "language", form, v)
}

func (p *portal) setLanguage(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	if err := p.svc.SetLanguage(r.Context(), s.Actor, form.Value("language")); err != nil {
		return mend(w, r, s, form, err, p.languageForm)
	}
	http.Redirect(w, r, "/profile?done=language", http.StatusSeeOther)
	return nil
}
