package servicing

import (
	"cmp"
	"context"
	"net/netip"
	"strings"
	"time"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// noticed is what is unusual about one try to get in.
type noticed struct {
	signals  []identity.Signal
	score    int
	decision identity.Decision
	first    bool // nobody has signed in here before
}

// look weighs a sign-in whose first secret was right against the owner's past
// ones. strong says that a passkey was shown, begun when this very run began.
func (s *Service) look(tx *store.Tx, owner string, facts identity.Facts, strong bool, begun money.Instant, src Source) (out noticed, err error) {
	rows, err := tx.Visits(owner, 100)
	if err != nil {
		return out, err
	}
	now := s.clock()
	past, fresh := []identity.Visit{}, true
	for _, v := range rows {
		if begun > 0 && v.At >= begun && v.Outcome != "in" {
			continue // the wrong codes of this very run
		}
		if v.Outcome == "in" && v.Decision == string(identity.HoldChanges) && now < v.At.Add(identity.HoldAfterRecovery) {
			continue // until the hold is over nobody knows that it was the owner
		}
		if v.Outcome == "in" {
			past, fresh = append(past, s.visitOf(v.At, v.IP, v.DeviceID)), false
			continue
		}
		if !fresh {
			continue
		}
		switch v.Outcome {
		case "wrong_password":
			facts.Failures++
		case "wrong_factor":
			facts.FactorFailures++
		}
	}
	facts.AccountsTried, facts.AccountsIn, facts.SourcesTried, err = tx.Around(owner, identity.Network(src.IP), now.Add(-time.Hour))
	if err != nil {
		return out, err
	}
	d, err := s.knownDevice(tx, owner, src)
	if err != nil {
		return out, err
	}
	id := ""
	if d != nil {
		id = d.ID
	}
	out.first = len(past) == 0
	out.signals = identity.Signals(s.visitOf(now, src.IP, id), past, facts)
	out.score, out.decision = identity.Weigh(out.signals, strong)
	if strong && out.decision == identity.StepUp {
		// A passkey that does not add up would need another factor beside it; its
		// owner comes in, and what a thief would change is held.
		out.decision = identity.HoldChanges
	}
	return out, nil
}

func (s *Service) visitOf(at money.Instant, ip, device string) identity.Visit {
	v := identity.Visit{At: at, Network: identity.Network(ip), Device: device}
	v.Place, v.Placed = s.place(ip)
	return v
}

// place is where an address is, as far as the lender's list knows.
func (s *Service) place(ip string) (identity.Place, bool) {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return identity.Place{}, false
	}
	return s.rules.Access.Places.Find(a)
}

// visit keeps a try to get in.
func (s *Service) visit(tx *store.Tx, owner, outcome, method string, seen noticed, device string, src Source) {
	words := make([]string, len(seen.signals))
	for i, sig := range seen.signals {
		words[i] = string(sig)
	}
	tx.InsertVisit(&store.Visit{ID: store.NewID(), Owner: owner, At: s.clock(), Outcome: outcome, Method: method, Signals: strings.Join(words, " "),
		Score: seen.score, Decision: string(seen.decision), IP: src.IP, Network: identity.Network(src.IP), DeviceID: device, UserAgent: cut(src.UserAgent, 300)})
}

// noteVisit is visit in a transaction of its own, after one that was refused.
func (s *Service) noteVisit(ctx context.Context, owner, outcome, method string, src Source) error {
	return s.db.Update(ctx, func(tx *store.Tx) error {
		s.visit(tx, owner, outcome, method, noticed{}, "", src)
		return nil
	})
}

// notifyOwner enqueues a message to a customer by their way in. Staff are not
// written to: they are told at their desk.
func (s *Service) notifyOwner(tx *store.Tx, owner, once string, n billing.Notice, life money.Instant) error {
	id, ok := identity.OwnerCustomer(owner)
	if !ok {
		return nil
	}
	return s.notify(tx, string(id), n.Channel+":"+once, n, life)
}

// notMeLife is how long the button in a message works.
const notMeLife = 14 * 24 * time.Hour

// alarm tells a customer about something that concerns the way in, at all
// addresses on file and any that are named, each with a way to say that it was
// somebody else (NIST SP 800-63B-4, 4.6).
func (s *Service) alarm(tx *store.Tx, owner, once string, n billing.Notice, also ...billing.Notice) error {
	id, ok := identity.OwnerCustomer(owner)
	if !ok {
		return nil
	}
	person, err := tx.Customer(string(id))
	if err != nil {
		return err
	}
	link, err := s.newFlow(tx, &store.Flow{Kind: "not_me", Owner: owner, Goal: string(n.Kind)}, notMeLife)
	if err != nil {
		return err
	}
	n.Link = "/not-me/" + string(link)
	if n.At == 0 {
		n.At = s.clock()
	}
	all := []billing.Notice{}
	if person.Email != "" {
		n.Channel = billing.ByEmail
		all = append(all, n)
	}
	if person.Phone != "" && n.Kind.ByText() {
		n.Channel = billing.ByText
		all = append(all, n)
	}
	for _, old := range also {
		copied := n
		copied.Channel, copied.Address, copied.Old = old.Channel, old.Address, true
		all = append(all, copied)
	}
	if len(all) == 0 {
		n.Channel = billing.ByPortal
		all = append(all, n)
	}
	said := ""
	for i, m := range all {
		one, err := s.enqueue(tx, string(id), said, m.Channel+":"+once+":"+string(rune('a'+i)), m, 0)
		if err != nil {
			return err
		}
		said = cmp.Or(said, one)
	}
	return nil
}

// NotMe is a message's button that says "this was not me".
type NotMe struct {
	Kind billing.NoticeKind // what the message was about
	Used bool
}

// ReadNotMe looks at a button without pressing it: mail scanners do that.
func (s *Service) ReadNotMe(ctx context.Context, id FlowID) (out NotMe, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) error {
		f, err := s.flow(tx, id, "not_me")
		if err == nil {
			out.Kind = billing.NoticeKind(f.Goal)
		}
		return err
	})
	return out, err
}

// PressNotMe locks the way in: sessions and devices end, nothing can be changed,
// and the password must be a new one. It opens nothing for whoever presses it.
func (s *Service) PressNotMe(ctx context.Context, id FlowID, src Source) error {
	return s.db.Update(ctx, func(tx *store.Tx) error {
		f, err := s.flow(tx, id, "not_me")
		if err != nil {
			return err
		}
		if err := endFlow(tx, f); err != nil {
			return err
		}
		// What was done to the second factors since that message is taken back, or a
		// thief's own would outlive the lock.
		tx.UndoAuthenticators(f.Owner, f.Created, s.clock())
		return s.lockOut(tx, f.Owner, "owner", f.Owner)
	})
}

// lockOut closes a login and ends all that is open.
func (s *Service) lockOut(tx *store.Tx, owner, reason, by string) error {
	now := s.clock()
	tx.LockLogin(owner, reason, now)
	tx.StaleLogin(owner)
	tx.HoldLogin(owner, now.Add(identity.HoldAfterRecovery))
	if err := s.endAll(tx, owner, "", "locked"); err != nil {
		return err
	}
	if id, ok := identity.OwnerCustomer(owner); ok {
		tx.EndApprovals(string(id)) // what staff agreed to about somebody who may not have been the owner
	}
	s.auditAccessBy(tx, by, owner, "lock", reason)
	return s.alarm(tx, owner, store.NewID(), billing.Notice{Kind: billing.NoticeLockedByYou, At: now})
}

// endAll ends an owner's sessions, but one when it is named, the devices that are
// known, and the runs that are under way.
func (s *Service) endAll(tx *store.Tx, owner, but, reason string) error {
	if _, err := tx.TakeLogin(owner); absent(err) != nil {
		return err // nobody signs in between here and the end of this transaction
	}
	now := s.clock()
	tx.EndSessions(owner, but, reason, now)
	tx.EndDevices(owner, now)
	for _, kind := range []string{"sign_in", "desk", "recovery", "activation"} {
		tx.EndFlows(owner, kind)
	}
	return nil
}
