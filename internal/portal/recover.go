package portal

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/web"
)

// The ways back in. What these pages ask and say depends on what was lost and on
// what was shown, never on what an account has or whether there is one.

// lost is what a person is told about one way back.
type lost struct {
	Title string
	Steps int    // pages there are, from the name to the end
	Needs string // what will be asked for, said once at the start
	After string // what to go on with when the first proof was shown
	Stuck string // who cannot go on online
	Else  string // what to do when nothing can be shown
}

// noAddress is for those whom no code reaches.
const noAddress = "Has your e-mail address or phone changed?"

var losses = map[identity.Goal]lost{
	identity.GoalPassword: {Title: "Forgot your password", Steps: 4,
		Needs: "First we make sure that it is you. You need a code that we send to your e-mail address or phone, and one thing more: your authenticator app, a passkey, or a saved code.",
		After: "With an authenticator app, a passkey or a saved code you go on here.", Stuck: "Is a text message your only second step?", Else: noAddress},
	identity.GoalFactor: {Title: "Lost your phone or app", Steps: 5,
		Needs: "First we make sure that it is you. You need your password, and one thing more: a saved code, or a code that we send to your e-mail address. Then you set up a new second step.",
		After: "One thing more: a saved code, or a code that we send to your e-mail address.",
		Else:  "Do you not know your password either? Then you have lost both, and there is another way: choose “Something else was lost”."},
	identity.GoalBoth: {Title: "Lost your password and your phone", Steps: 5,
		Needs: "First we make sure that it is you. You need a code that we send to your e-mail address or phone, and one of the codes you saved when you set up your second step.",
		After: "With a saved code you go on here.", Stuck: "Do you have no saved code?", Else: noAddress},
	identity.GoalUnlock: {Title: "Unlock my access", Steps: 4,
		Needs: "First we make sure that it is you. You need a code that we send to your e-mail address or phone, and your second step if you have one: your app, a passkey, a saved code, or a second code to your phone. Then sign in as usual.",
		After: "One thing more: your second step, or a code to the other address.",
		Else:  "Have you lost your second step too?"},
}

// proofWords name what can be shown.
var proofWords = map[identity.Proof]string{
	identity.ProofEmailCode: "Get a code by e-mail",
	identity.ProofTextCode:  "Get a code by text message",
	identity.ProofPassword:  "Enter your password",
	identity.ProofTOTP:      "Use your authenticator app",
	identity.ProofPasskey:   "Use a passkey",
	identity.ProofSavedCode: "Use a saved code",
}

// shownWords name what was shown.
var shownWords = map[identity.Proof]string{
	identity.ProofEmailCode: "Code by e-mail", identity.ProofTextCode: "Code by text message", identity.ProofPassword: "Password",
	identity.ProofTOTP: "Authenticator app", identity.ProofPasskey: "Passkey", identity.ProofSavedCode: "Saved code", identity.ProofQuestions: "Security questions",
}

func (p *portal) helpSigningIn(w http.ResponseWriter, r *http.Request) error {
	v := struct {
		web.Page
		Ended bool
	}{web.Page{Title: "Help signing in", Layout: "flow", Back: "/sign-in"}, r.URL.Query().Get("why") == "ended"}
	return p.show(w, r, "help-signing-in", nil, v)
}

type recoverPage struct {
	web.Page
	Goal identity.Goal
	Lost lost
}

func (p *portal) showRecover(w http.ResponseWriter, r *http.Request) error {
	return p.showRecoverForm(w, r, nil, r.URL.Query().Get("goal"))
}

func (p *portal) showRecoverForm(w http.ResponseWriter, r *http.Request, form *web.Form, goal string) error {
	l, ok := losses[identity.Goal(goal)]
	if !ok {
		http.Redirect(w, r, "/help-signing-in", http.StatusSeeOther)
		return nil
	}
	b := web.Page{Title: l.Title, Layout: "narrow", Back: "/help-signing-in", Form: form}
	return p.show(w, r, "recover", form, recoverPage{b, identity.Goal(goal), l})
}

func (p *portal) startRecovery(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	goal := form.Value("goal")
	run, err := p.svc.StartRecovery(r.Context(), identity.Goal(goal), form.Value("username"), p.source(r))
	if err != nil {
		if err := told(form, err, map[string]string{"goal": ""}); err != nil {
			return err
		}
		return p.showRecoverForm(w, r, form, goal)
	}
	p.keep(w, recoveryRun, string(run))
	http.Redirect(w, r, "/recover/proofs", http.StatusSeeOther)
	return nil
}

// restartRecovery begins again when a run is over or was never begun.
func (p *portal) restartRecovery(w http.ResponseWriter, r *http.Request) error {
	p.keep(w, recoveryRun, "")
	http.Redirect(w, r, "/help-signing-in?why=ended", http.StatusSeeOther)
	return nil
}

type proofsPage struct {
	web.Page
	Lost    lost
	Shown   []string
	Way     identity.Proof // what is asked for now; empty when there is nothing left
	Step    int
	Sent    bool // the code
	Options json.RawMessage
	Box     string
	Others  []otherWay
}

func newProofsPage(state servicing.Recovery, want string, form *web.Form) proofsPage {
	l := losses[state.Goal]
	v := proofsPage{Page: web.Page{Title: l.Title, Layout: "narrow", Form: form}, Lost: l}
	for _, shown := range []identity.Proof{identity.ProofPassword, identity.ProofEmailCode, identity.ProofTextCode, identity.ProofQuestions, identity.ProofTOTP, identity.ProofPasskey, identity.ProofSavedCode} {
		if state.Proofs.Has(shown) {
			v.Shown = append(v.Shown, shownWords[shown])
		}
	}
	v.Step = min(2+len(v.Shown), 3)
	for i, way := range state.Next {
		if i == 0 || string(way) == want {
			v.Way = way
		}
	}
	for _, way := range state.Next {
		if way != v.Way {
			v.Others = append(v.Others, otherWay{string(way), proofWords[way]})
		}
	}
	switch v.Way {
	case identity.ProofPasskey:
		v.Scripts = []string{"passkey.js"}
	case identity.ProofPassword:
		v.Scripts = []string{"password.js"}
	}
	return v
}

func (p *portal) showProofs(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	return p.showProofsForm(w, r, nil, q.Get("way"), q.Get("sent") == "yes")
}

func (p *portal) showProofsForm(w http.ResponseWriter, r *http.Request, form *web.Form, want string, sent bool) error {
	run := p.run(r, recoveryRun)
	state, err := p.svc.ReadRecovery(r.Context(), run)
	switch {
	case flowGone(err):
		return p.restartRecovery(w, r)
	case err != nil:
		return err
	case state.Enough:
		http.Redirect(w, r, "/recover/finish", http.StatusSeeOther)
		return nil
	case len(state.Questions) > 0:
		return p.show(w, r, "recover-questions", form, newQuestionsPage(state, form))
	}
	call, err := p.svc.RecoveryPasskey(r.Context(), run)
	if err != nil {
		if err := noPasskeys(err); err != nil {
			return err
		}
		state.Next = slices.DeleteFunc(slices.Clone(state.Next), func(x identity.Proof) bool { return x == identity.ProofPasskey })
	}
	v := newProofsPage(state, want, form)
	if v.Sent = sent; v.Way == identity.ProofPasskey {
		v.Options, v.Box = json.RawMessage(call.Options), call.Box
	}
	return p.show(w, r, "recover-proofs", form, v)
}

func (p *portal) prove(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	run, way := p.run(r, recoveryRun), form.Value("way")
	switch {
	case form.Has("send"):
		return p.sendProof(w, r, form, way)
	case form.Has("credential"):
		_, err = p.svc.ProveRecoveryPasskey(r.Context(), run, form.Value("box"), form.Value("credential"), p.source(r))
	case way == string(identity.ProofPassword) && form.Raw("password") == "":
		form.Error("password", "Enter your password.")
	case way == string(identity.ProofPassword):
		_, err = p.svc.ProveRecovery(r.Context(), run, identity.ProofPassword, form.Raw("password"), p.source(r))
	case codeProblem(way, form.Value("code")) != "":
		form.Error("code", codeProblem(way, form.Value("code")))
	default:
		_, err = p.svc.ProveRecovery(r.Context(), run, identity.Proof(way), form.Value("code"), p.source(r))
	}
	switch {
	case flowGone(err):
		return p.restartRecovery(w, r)
	case err != nil:
		field := "code"
		if way == string(identity.ProofPassword) || way == string(identity.ProofPasskey) {
			field = map[string]string{string(identity.ProofPassword): "password"}[way]
		}
		if err := told(form, err, map[string]string{"code": field}); err != nil {
			return err
		}
	case form.OK():
		http.Redirect(w, r, "/recover/proofs", http.StatusSeeOther) // and on from there when it is enough
		return nil
	}
	return p.showProofsForm(w, r, form, way, form.Has("sent"))
}

// codeDigits are how many digits a code has that is shown in each way.
var codeDigits = map[identity.Proof]struct {
	count int
	words string
}{
	identity.ProofEmailCode: {identity.MailCodeDigits, "Enter the code from our e-mail: only digits, eight of them."},
	identity.ProofTextCode:  {identity.TextCodeDigits, "Enter the code from our text message: only digits, six of them."},
	identity.ProofTOTP:      {6, "Enter the code from your authenticator app: only digits, six of them."},
}

// codeProblem says what is wrong with the look of a code, which needs no try.
// Either sent code may be typed on the page of the other.
func codeProblem(way, code string) string {
	want, ok := codeDigits[identity.Proof(way)]
	code = strings.NewReplacer(" ", "", "-", "").Replace(code)
	n := len(code)
	sent := identity.Proof(way) != identity.ProofTOTP && (n == identity.MailCodeDigits || n == identity.TextCodeDigits)
	if !ok || strings.Trim(code, "0123456789") == "" && (n == want.count || sent) {
		return ""
	}
	return want.words
}

// sendProof sends a code to an address on file, or seems to.
func (p *portal) sendProof(w http.ResponseWriter, r *http.Request, form *web.Form, way string) error {
	by := servicing.ByEmail
	if way == string(identity.ProofTextCode) {
		by = servicing.ByText
	}
	err := p.svc.SendRecoveryCode(r.Context(), p.run(r, recoveryRun), by, p.source(r))
	switch {
	case err == nil:
		http.Redirect(w, r, "/recover/proofs?"+url.Values{"sent": {"yes"}, "way": {way}}.Encode(), http.StatusSeeOther)
		return nil
	case flowGone(err):
		return p.restartRecovery(w, r)
	}
	if err := told(form, err, nil); err != nil {
		return err
	}
	return p.showProofsForm(w, r, form, way, tooSoon(err))
}

type questionsPage struct {
	web.Page
	Lost      lost
	Questions []identity.Question
}

func newQuestionsPage(state servicing.Recovery, form *web.Form) questionsPage {
	l := losses[state.Goal]
	v := questionsPage{Page: web.Page{Title: l.Title, Layout: "narrow", Form: form}, Lost: l}
	for _, id := range state.Questions {
		v.Questions = append(v.Questions, identity.Question{ID: id, Text: identity.QuestionText(id)})
	}
	return v
}

func (p *portal) answerQuestions(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	answers := map[string]string{}
	for _, q := range identity.Questions() {
		answers[q.ID] = form.Value("answer-" + q.ID)
	}
	_, err = p.svc.AnswerRecovery(r.Context(), p.run(r, recoveryRun), answers, p.source(r))
	switch {
	case flowGone(err):
		return p.restartRecovery(w, r)
	case err != nil:
		if err := told(form, err, map[string]string{"code": ""}); err != nil {
			return err
		}
		return p.showProofsForm(w, r, form, "", false)
	}
	http.Redirect(w, r, "/recover/proofs", http.StatusSeeOther)
	return nil
}

type finishPage struct {
	web.Page
	Goal         identity.Goal
	Lost         lost
	SetsPassword bool
	SetsFactor   bool
	HeldUntil    money.Instant
	Least        int
	Strength     *identity.Strength
}

func (p *portal) showFinish(w http.ResponseWriter, r *http.Request) error {
	return p.showFinishForm(w, r, nil)
}

func (p *portal) showFinishForm(w http.ResponseWriter, r *http.Request, form *web.Form) error {
	state, err := p.svc.ReadRecovery(r.Context(), p.run(r, recoveryRun))
	switch {
	case flowGone(err):
		return p.restartRecovery(w, r)
	case err != nil:
		return err
	case !state.Enough:
		http.Redirect(w, r, "/recover/proofs", http.StatusSeeOther)
		return nil
	}
	return p.show(w, r, "recover-finish", form, p.newFinishPage(state, form))
}

func (p *portal) newFinishPage(state servicing.Recovery, form *web.Form) finishPage {
	l := losses[state.Goal]
	return finishPage{Page: web.Page{Title: l.Title, Layout: "narrow", Form: form, Scripts: []string{"password.js"}}, Goal: state.Goal, Lost: l,
		SetsPassword: state.NewPassword, SetsFactor: state.NewFactor, HeldUntil: state.HeldUntil, Least: p.svc.LeastPassword(), Strength: strengthOf(form)}
}

// finishRecovery gives back what was lost. Whoever lost a second step goes on to
// a new one; all others are told to sign in, for a recovery is no sign-in.
func (p *portal) finishRecovery(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	run := p.run(r, recoveryRun)
	state, err := p.svc.ReadRecovery(r.Context(), run)
	if flowGone(err) {
		return p.restartRecovery(w, r)
	}
	if err != nil {
		return err
	}
	password := ""
	if state.NewPassword {
		password = needPassword(form)
	}
	if !form.OK() {
		return p.showFinishForm(w, r, form)
	}
	entry, err := p.svc.FinishRecovery(r.Context(), run, password, p.source(r))
	switch {
	case flowGone(err):
		return p.restartRecovery(w, r)
	case err != nil:
		if err := told(form, err, nil); err != nil {
			return err
		}
		return p.showFinishForm(w, r, form)
	}
	p.keep(w, recoveryRun, "")
	if entry.Session != "" {
		return p.enter(w, r, entry, "/")
	}
	p.setSession(w, "") // ended with all others
	v := p.newFinishPage(state, nil)
	v.Title = "You are back in"
	return p.show(w, r, "recover-done", nil, v)
}

func (p *portal) showRemind(w http.ResponseWriter, r *http.Request) error {
	v := factsForReminder(nil)
	v.Again = r.URL.Query().Get("sent") == "yes"
	return p.show(w, r, "recover-username", nil, v)
}

func factsForReminder(form *web.Form) activatePage {
	v := factsPage("Find your username", form, "To the phone we have for you.")
	v.Back = "/help-signing-in"
	return v
}

// remind sends the username, or seems to.
func (p *portal) remind(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	if req := readFacts(form); form.OK() {
		err := p.svc.RemindUsername(r.Context(), req, p.source(r))
		if err == nil {
			http.Redirect(w, r, "/recover/username?sent=yes", http.StatusSeeOther)
			return nil
		}
		if err := told(form, err, nil); err != nil {
			return err
		}
	}
	form.Set("ssn4", "")
	return p.show(w, r, "recover-username", form, factsForReminder(form))
}
