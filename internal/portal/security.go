package portal

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/web"
)

// single says that a session can only bind a second factor.
func single(s servicing.Session) bool {
	return s.Actor.Standing.Scope == identity.ScopeEnrol || s.Actor.Standing.Scope == identity.ScopeRestore
}

func refusedAs(err error, code string) bool {
	no, ok := errors.AsType[*servicing.Refusal](err)
	return ok && no.Code == code
}

// refusedWords are a refusal's own; none for any other error.
func refusedWords(err error) string {
	if no, ok := errors.AsType[*servicing.Refusal](err); ok {
		return no.Message
	}
	return ""
}

// formHandler shows a form, with what was typed and what was wrong with it.
type formHandler = func(http.ResponseWriter, *http.Request, servicing.Session, *web.Form) error

// mend shows a form again with what was refused beside its field, and lets any
// other error through.
func mend(w http.ResponseWriter, r *http.Request, s servicing.Session, form *web.Form, err error, again formHandler) error {
	if err := told(form, err, nil); err != nil {
		return err
	}
	return again(w, r, s, form)
}

// alone is the base of a page for a session that can do one thing only: it has
// no way to anywhere else but out.
func alone(b web.Page) web.Page {
	b.Layout, b.SignedIn, b.Back = "narrow", "", ""
	return b
}

type securityPage struct {
	web.Page
	servicing.Security
	Lead     string
	Set      string // when the password was changed; empty for never
	Steps    []stepRow
	Sessions []sessionRow
	Devices  []deviceRow
	Visits   []visitRow
	Others   bool // signed in elsewhere too
	// Which second steps there are to forget a password by, and to add.
	TextOnly, NoPasskeys bool
}

type stepRow struct {
	ID, Kind, Name, Added, Used string
}

type sessionRow struct {
	servicing.SignedIn
	Where, Came, Active string
}

type deviceRow struct {
	servicing.KnownDevice
	Where, Last string
}

type visitRow struct {
	Where, When, What string
	IsUnusual         bool
	Signals           []string
}

var securityDone = map[string]string{
	"added":    "The second step was added. Everywhere else you were signed out.",
	"removed":  "The second step was removed. Everywhere else you were signed out.",
	"password": "Your password was changed. Everywhere else you were signed out.",
	"answers":  "Your security questions were saved.",
	"ended":    "That session was ended.",
	"others":   "You are signed out everywhere but here.",
	"forgot":   "The device was forgotten. It needs a second step to sign in again.",
}

func (p *portal) security(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	all, err := p.svc.Security(r.Context(), s.Actor)
	if err != nil {
		return found(err)
	}
	v := newSecurityPage(s, all, p.site.Brand.Location)
	if _, err := p.svc.PasskeySignIn(); err != nil {
		if err := noPasskeys(err); err != nil {
			return err
		}
		v.NoPasskeys = true
	}
	v.Notice = securityDone[r.URL.Query().Get("done")]
	return p.show(w, r, "security", nil, v)
}

func newSecurityPage(s servicing.Session, all servicing.Security, zone *time.Location) securityPage {
	v := securityPage{Page: page(s, "Security", "security"), Security: all, Lead: guardedBy(all), TextOnly: textOnly(all)}
	on := func(i money.Instant) string { return clockWords(i, s.At, zone) }
	v.Set = on(all.Changed)
	for _, f := range all.Factors {
		v.Steps = append(v.Steps, stepRow{f.ID, factorName(f.Kind), factorLabel(f), on(f.Added), on(f.Used)})
	}
	for _, o := range all.Sessions {
		v.Sessions = append(v.Sessions, sessionRow{o, whereWords(o.Device, o.Near), on(o.Since), on(o.Seen)})
		v.Others = v.Others || !o.This
	}
	for _, d := range all.Devices {
		v.Devices = append(v.Devices, deviceRow{d, whereWords(d.Device, d.Near), on(d.Seen)})
	}
	for i, visit := range all.Visits {
		if !finished(all.Visits[:i], visit) {
			v.Visits = append(v.Visits, newVisitRow(visit, capital(on(visit.At))))
		}
	}
	return v
}

// textOnly says that a forgotten password cannot be replaced online: a text
// message is no second proof beside a code.
func textOnly(all servicing.Security) bool {
	return len(all.Factors) > 0 && all.SavedCodes == 0 && !slices.ContainsFunc(all.Factors, func(f servicing.Factor) bool { return f.Kind != servicing.Text })
}

// guardedBy is the sentence at the top: what signing in takes.
func guardedBy(all servicing.Security) string {
	kinds := []string{}
	for _, f := range all.Factors {
		if k := "a passkey"; f.Kind == servicing.Passkey && !slices.Contains(kinds, k) {
			kinds = append(kinds, k)
		} else if f.Kind == servicing.App {
			kinds = append(kinds, "your authenticator app")
		} else if f.Kind == servicing.Text {
			kinds = append(kinds, "a text message")
		}
	}
	if len(kinds) == 0 {
		return "Only your password guards your account. A second step keeps others out even when they have it."
	}
	return "Two things guard your account: your password, and a second step with " + listed(kinds, "or") + "."
}

// listed joins words: "a, b and c".
func listed(all []string, last string) string {
	if len(all) < 2 {
		return strings.Join(all, "")
	}
	return strings.Join(all[:len(all)-1], ", ") + " " + last + " " + all[len(all)-1]
}

func factorName(k servicing.FactorKind) string {
	switch k {
	case servicing.Passkey:
		return "Passkey"
	case servicing.App:
		return "Authenticator app"
	case servicing.SavedCode:
		return "Saved codes"
	}
	return "Text message"
}

// factorLabel tells second steps of one kind apart.
func factorLabel(f servicing.Factor) string {
	switch {
	case f.Kind == servicing.Text:
		return "Text message to " + f.Name
	case f.Name == "":
		return factorName(f.Kind)
	}
	return f.Name
}

func whereWords(device, near string) string {
	if near == "" {
		return device
	}
	return device + ", " + near
}

// finished says that a visit that stopped after the password went on: one row
// for one sign-in. newer are the visits after it.
func finished(newer []servicing.PastVisit, v servicing.PastVisit) bool {
	if v.Outcome != "waiting" {
		return false
	}
	return slices.ContainsFunc(newer, func(n servicing.PastVisit) bool {
		return (n.Outcome == "in" || n.Outcome == "wrong_factor") && n.Device == v.Device && n.Near == v.Near && n.At <= v.At.Add(20*time.Minute)
	})
}

func newVisitRow(v servicing.PastVisit, when string) visitRow {
	row := visitRow{Where: whereWords(v.Device, v.Near), When: when}
	with := methodWords(v.Method)
	switch v.Outcome {
	case "in":
		row.What = "Signed in with " + with
	case "wrong_password":
		row.What = "A wrong password was tried. Nobody got in"
	case "wrong_factor":
		row.What = "The password was right, the second step (" + with + ") was not. Nobody got in"
	case "waiting":
		row.What = "The password was right, the second step was not shown. Nobody got in"
	case "locked":
		row.What = "Tried while your access was locked. Nobody got in"
	case "recovery":
		row.What = "Got back in with " + with
	default:
		row.What = "Nobody got in"
	}
	_, decision := identity.Weigh(v.Signals, v.Method.Has(identity.ProofPasskey))
	row.IsUnusual = decision != identity.Allow
	for _, signal := range v.Signals {
		if said := signal.Words(); said != "" {
			row.Signals = append(row.Signals, said)
		}
	}
	return row
}

var methodNames = map[string]string{
	string(identity.ProofPassword): "password", string(identity.ProofEmailCode): "e-mail code", string(identity.ProofTextCode): "text code",
	string(identity.ProofTOTP): "app code", string(identity.ProofPasskey): "passkey", string(identity.ProofSavedCode): "saved code",
	string(identity.ProofDevice): "a device that we remembered", string(identity.ProofQuestions): "security questions",
	string(identity.ProofAgent): "a call with us", string(identity.ProofFacts): "account details", string(servicing.Text): "text code",
}

// methodWords names what was shown: "password and text code".
func methodWords(p identity.Proofs) string {
	names := []string{}
	for proof := range strings.FieldsSeq(string(p)) {
		if name := methodNames[proof]; name != "" {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "another way"
	}
	return listed(names, "and")
}

// clockWords is a moment as people say it soon after: "yesterday, 9:14 a.m. CST".
func clockWords(at, now money.Instant, zone *time.Location) string {
	if at == 0 {
		return ""
	}
	t, n := at.Time().In(zone), now.Time().In(zone)
	day := t.Format("Jan 2, 2006")
	switch day {
	case n.Format("Jan 2, 2006"):
		day = "today"
	case n.AddDate(0, 0, -1).Format("Jan 2, 2006"):
		day = "yesterday"
	}
	return day + ", " + strings.NewReplacer("AM", "a.m.", "PM", "p.m.").Replace(t.Format("3:04 PM MST"))
}

type strangerPage struct{ web.Page }

// stranger says what to do about a sign-in that was somebody else's.
func (p *portal) stranger(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	v := strangerPage{page(s, "That was not me", "security")}
	v.Layout, v.Back = "flow", "/security"
	return p.show(w, r, "security-not-me", nil, v)
}

func (p *portal) endSession(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	id := r.PathValue("id")
	if err := p.svc.EndOneSession(r.Context(), s.Actor, id); err != nil {
		return found(err)
	}
	to := "/security?done=ended#sessions"
	if id == s.Actor.Standing.Session {
		p.setSession(w, "")
		web.ClearSiteData(w)
		to = "/sign-in?why=out"
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

func (p *portal) endOtherSessions(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	if err := p.svc.EndOtherSessions(r.Context(), s.Actor); err != nil {
		return found(err)
	}
	http.Redirect(w, r, "/security?done=others", http.StatusSeeOther)
	return nil
}

func (p *portal) forgetDevice(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	if err := p.svc.ForgetDevice(r.Context(), s.Actor, r.PathValue("id")); err != nil {
		return found(err)
	}
	http.Redirect(w, r, "/security?done=forgot", http.StatusSeeOther)
	return nil
}
