package portal

import (
	"net/http"

	"marque/internal/servicing"
	"marque/internal/web"
)

type cardsPage struct {
	web.Page
	Cards []savedCard
}

type savedCard struct {
	servicing.Method
	Name, Ends string
}

// cards lists the cards that are saved, for autopay and for paying again.
func (p *portal) cards(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	if !p.svc.TakesCards() {
		return web.NotFound()
	}
	all, err := p.svc.Methods(r.Context(), s.Actor)
	if err != nil {
		return err
	}
	v := newCardsPage(s, all)
	if r.URL.Query().Get("done") == "saved" {
		v.Notice = "The card was saved."
	}
	return p.show(w, r, "cards", nil, v)
}

func newCardsPage(s servicing.Session, all []servicing.Method) cardsPage {
	v := cardsPage{Page: page(s, "Cards", "payments")}
	for _, m := range onlyCards(all) {
		v.Cards = append(v.Cards, savedCard{m, capital(methodName(m)), cardEnds(m)})
	}
	return v
}

type saveCardPage struct {
	web.Page
	Key      string
	Replaces servicing.MethodID
	Name     string // of the card that is replaced
}

func (p *portal) showSaveCard(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	return p.showSaveCardForm(w, r, s, nil, servicing.MethodID(r.URL.Query().Get("replaces")))
}

func (p *portal) showSaveCardForm(w http.ResponseWriter, r *http.Request, s servicing.Session, form *web.Form, replaces servicing.MethodID) error {
	if !p.svc.TakesCards() {
		return web.NotFound()
	}
	all, err := p.svc.Methods(r.Context(), s.Actor)
	if err != nil {
		return err
	}
	v := saveCardPage{Page: page(s, "Save a card", "payments"), Key: servicing.NewKey(), Replaces: replaces}
	v.Layout, v.Back, v.Form = "flow", "/cards", form
	for _, m := range onlyCards(all) {
		if m.ID == replaces {
			v.Title, v.Name = "Replace a card", methodName(m)
		}
	}
	if replaces != "" && v.Name == "" {
		return web.NotFound()
	}
	return p.show(w, r, "card-save", form, v)
}

func (p *portal) saveCard(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	replaces := servicing.MethodID(form.Value("replaces"))
	made, err := p.svc.SaveCard(r.Context(), s.Actor, servicing.SaveCardRequest{Key: form.Value("key"), Replaces: replaces, Back: p.here(r) + "/cards/{id}"})
	if err != nil {
		if err := told(form, err, nil); err != nil {
			return err
		}
		return p.showSaveCardForm(w, r, s, form, replaces)
	}
	http.Redirect(w, r, "/cards/"+made.ID+"?go=on", http.StatusSeeOther)
	return nil
}

type cardSetupPage struct {
	web.Page
	Setup   servicing.CardSetup
	Heading string
	Words   []string
	GoOn    string
}

// cardSetup is the page between ours and the card company's while a card is saved.
func (p *portal) cardSetup(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	id, from := r.PathValue("id"), r.URL.Query().Get("from")
	if from != "" {
		if err := p.svc.CardSetupBack(r.Context(), s.Actor, id); err != nil {
			return found(err)
		}
	}
	going := r.URL.Query().Get("go") == "on"
	st, err := p.svc.CardSetup(r.Context(), s.Actor, id)
	for waited := cardPause; err == nil && !st.Over() && (st.Page == "" || from == "page") && waited < cardPatience; waited += cardPause {
		wait(r, cardPause)
		st, err = p.svc.CardSetup(r.Context(), s.Actor, id)
	}
	switch {
	case err != nil:
		return found(err)
	case st.State == "saved":
		http.Redirect(w, r, "/cards?done=saved", http.StatusSeeOther)
		return nil
	}
	v := cardSetupPage{Setup: st}
	switch {
	case st.Over():
		v.Heading, v.Words = "The card was not saved", []string{joined(st.Reason, "Nothing was charged.")}
	case st.Page == "":
		v.Heading, v.Words = "We are getting the card page ready", []string{"You will be taken to the card company’s page, where you type your card. Nothing is charged."}
	case from == "page":
		v.Heading, v.Words = "Your card is being saved", []string{"This takes a few seconds."}
	case going:
		v.Heading, v.Words, v.GoOn = "You are going to the card company’s page", []string{"There you type your card. Nothing is charged. Then you come back here."}, st.Page
	default:
		v.Heading, v.Words, v.GoOn = "The card is not saved yet", []string{"You left the card page. Nothing was charged."}, st.Page
	}
	v.Page = page(s, v.Heading, "payments")
	v.Layout = "flow"
	switch {
	case st.Over():
	case going && st.Page != "":
		w.Header().Set("Refresh", "0; url="+st.Page)
	case v.GoOn == "":
		w.Header().Set("Refresh", "2")
	}
	return p.show(w, r, "card-setup", nil, v)
}
