package servicing

import (
	"crypto/sha256"
	"encoding/hex"

	"marque/internal/billing"
	"marque/internal/money"
	"marque/internal/store"
)

// autopays sets each authorisation beside the text it was given by, how long that
// is kept, and the drafts that name it.
func (a *audit) autopays(tx *store.Tx, payments []*store.Payment) error {
	all, err := tx.Autopays(a.c.ID)
	if err != nil {
		return err
	}
	drafts, inForce := map[string]int{}, false
	for _, p := range payments {
		if p.Autopay && p.RetryOf == "" {
			drafts[p.AgreementID]++
		}
	}
	for _, in := range all {
		what := "autopay " + in.ID
		g, err := tx.Agreement(a.c.ID, in.AgreementID)
		if err != nil {
			a.find(what+" authorization", "kept", err)
			continue
		}
		sum := sha256.Sum256([]byte(g.Text))
		same(a, what+" authorization", g.Hash, hex.EncodeToString(sum[:]))
		same(a, what+" wording is named", in.Version != "" && in.Signed != "", true)
		same(a, what+" drafts", in.Made, drafts[in.AgreementID])
		delete(drafts, in.AgreementID)
		if in.Ended == 0 {
			inForce = true
			a.nextDraft(in)
			continue
		}
		// Business dates and the clock's may differ by what a catching-up run is behind.
		if in.KeepUntil < keepFrom(in.SignedOn) {
			a.find(what+" is kept until", in.KeepUntil, "two years after it ended")
		}
	}
	for id, n := range drafts {
		a.find("drafts under agreement "+id, n, "no autopay")
	}
	if !inForce {
		same(a, "draft date without autopay", a.c.DraftOn, money.Date(0))
	}
	return nil
}

// nextDraft says whether the date that is kept for the next draft is one of the
// plan's.
func (a *audit) nextDraft(in *store.Autopay) {
	on := a.c.DraftOn
	if on.IsZero() {
		return // paid, paused or held back by its own end
	}
	next := in.Plan.Next(&a.c.Terms, &a.c.State, in.Made, on-1)
	if billing.AutopayStops(&a.c.Terms, &a.c.State) == "" {
		same(a, "next draft date", on, next)
	}
}
