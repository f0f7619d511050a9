package portal

import (
	"net/http"

	"marque/internal/billing"
	"marque/internal/servicing"
	"marque/internal/web"
)

// notMePage is behind the button of a message that says "this was not me". It
// opens nothing: whoever has the link can only lock.
type notMePage struct {
	web.Page
	Action string
	About  string // what the message was about
	Gone   bool   // the link was used, or is too old
}

// aboutWords say what a message was about.
var aboutWords = map[billing.NoticeKind]string{
	billing.NoticeActivated:        "Online access to your account was turned on.",
	billing.NoticeNewDevice:        "Somebody signed in to your account from a device that we had not seen before.",
	billing.NoticeSignInLocked:     "Somebody tried wrong passwords for your account.",
	billing.NoticeSignInUnlocked:   "Your access was unlocked.",
	billing.NoticeFactorFailed:     "Somebody had your password, and could not finish the second step.",
	billing.NoticeFactorAdded:      "A second step was added to your account.",
	billing.NoticeFactorRemoved:    "A second step was removed from your account.",
	billing.NoticeSavedCodesMade:   "New saved codes were made for your account.",
	billing.NoticeSavedCodeUsed:    "One of your saved codes was used.",
	billing.NoticePasswordChanged:  "Your password was changed.",
	billing.NoticePasswordBreached: "Your password is on a list of stolen passwords.",
	billing.NoticeEmailChanged:     "The e-mail address of your account was changed.",
	billing.NoticePhoneChanged:     "The phone number of your account was changed.",
	billing.NoticeAddressChanged:   "The postal address of your account was changed.",
	billing.NoticeRecoveryStarted:  "Somebody began to get back in to your account.",
	billing.NoticeRecoveryDone:     "Somebody got back in to your account.",
	billing.NoticeChangesHeld:      "Somebody signed in to your account in a way that looked unusual.",
	billing.NoticeQuestionsChanged: "The security questions of your account were changed.",
	billing.NoticeBankAccountAdded: "A bank account was added to your account.",
	billing.NoticeAccountCorrected: "Your bank corrected the details of your bank account.",
	billing.NoticeMethodReplaced:   "Your payments were moved to another bank account.",
	billing.NoticeMethodRemoved:    "A way to pay was removed from your account.",
}

func (p *portal) showNotMe(w http.ResponseWriter, r *http.Request) error {
	token := r.PathValue("token")
	v := notMePage{Page: web.Page{Title: "Was this not you?", Layout: "flow"}, Action: "/not-me/" + token}
	about, err := p.svc.ReadNotMe(r.Context(), servicing.FlowID(token))
	switch {
	case flowGone(err):
		v.Title, v.Gone = "This link no longer works", true
		return p.pages.Render(w, r, http.StatusGone, "not-me", v)
	case err != nil:
		return err
	}
	if v.About = aboutWords[about.Kind]; v.About == "" {
		v.About = "Something was done about the way in to your account."
	}
	return p.show(w, r, "not-me", nil, v)
}

func (p *portal) pressNotMe(w http.ResponseWriter, r *http.Request) error {
	err := p.svc.PressNotMe(r.Context(), servicing.FlowID(r.PathValue("token")), p.source(r))
	switch {
	case flowGone(err):
		return p.showNotMe(w, r)
	case err != nil:
		return err
	}
	p.setSession(w, "")
	http.Redirect(w, r, "/not-me/done", http.StatusSeeOther)
	return nil
}

func (p *portal) notMeDone(w http.ResponseWriter, r *http.Request) error {
	return p.show(w, r, "not-me-done", nil, web.Page{Title: "Your access is locked", Layout: "flow"})
}
