package servicing

import (
	"context"
	"slices"
	"strings"
	"time"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// approvalLife is how long something that was asked for can be agreed to, and used.
const approvalLife = 24 * time.Hour

// The kinds of approval beside staffRecovery.
const (
	unlockApproval = "unlock" // of an account that its owner has locked
	resetApproval  = "reset"  // of a colleague's way in
)

// approvalDuties say who may ask for what, and who may agree. Nobody agrees to
// what they asked for, whatever their role.
var approvalDuties = map[string]struct{ ask, agree identity.Duty }{
	staffRecovery:  {identity.DutyRecover, identity.DutyAgree},
	unlockApproval: {identity.DutyUnlock, identity.DutyAgree},
	resetApproval:  {identity.DutyStaff, identity.DutyAgreeStaff},

	reversalApproval: {identity.DutyReverse, identity.DutyAgree},
	refundApproval:   {identity.DutyRefund, identity.DutyAgree},
}

// Approval is what one member of staff asks another to agree to. Hash is of exactly
// what is shown: an agreement to something else does not count.
type Approval struct {
	ID, Kind, Hash string
	Customer       identity.CustomerID // empty for a colleague's
	About          string              // the customer's or the colleague's name
	Detail, Reason string
	AskedBy        string // a name
	Asked, Expires money.Instant
	DecidedBy      string
	Decided        money.Instant
	State          string // asked, agreed, refused, used or expired
	Mine, MayAgree bool   // of who reads it
}

// Evidence is what staff looked at and asked before they ask for a recovery.
type Evidence struct {
	Documents []string // EvidenceDocuments
	Facts     []string // EvidenceFacts
}

// EvidenceDocuments and EvidenceFacts are what can have been seen and asked, with
// their words. Nothing of their content is kept.
var (
	EvidenceDocuments = []Choice{{"license", "Driver license"}, {"passport", "Passport"}, {"contract", "The signed contract"}, {"insurance", "Insurance card for the vehicle"}, {"bill", "Bill with the address on file"}}
	EvidenceFacts     = []Choice{{"account", "Account number"}, {"vin", "Last six of the VIN"}, {"payment", "Amount and date of the last payment"}, {"vehicle", "Where and when the vehicle was bought"}, {"address", "Address before this one"}}
)

// Choice is one of a fixed set, with its words.
type Choice struct{ ID, Words string }

func chosen(all []Choice, ids []string) (words []string, known bool) {
	for _, id := range ids {
		i := slices.IndexFunc(all, func(c Choice) bool { return c.ID == id })
		if i < 0 || slices.Contains(words, all[i].Words) {
			return nil, false
		}
		words = append(words, all[i].Words)
	}
	return words, true
}

// ask keeps an approval that is asked for. What is agreed to is its hash.
func (s *Service) ask(tx *store.Tx, actor identity.Actor, kind, customer, detail, reason string) string {
	now := s.clock()
	a := &store.Approval{ID: store.NewID(), Kind: kind, CustomerID: customer, Detail: detail, Reason: reason, AskedBy: actor.String(), Asked: now, Expires: now.Add(approvalLife)}
	a.Hash = approvalHash(a)
	tx.InsertApproval(a)
	tx.AuditRow(store.AuditRow{At: now, Actor: actor.String(), Action: kind + "_asked", Subject: customer, Reason: reason, Detail: a.ID + " " + detail})
	return a.ID
}

func approvalHash(a *store.Approval) string {
	return inputHash(a.ID, a.Kind, a.CustomerID, a.Detail, a.Reason, a.AskedBy, int64(a.Asked), int64(a.Expires))
}

// AskRecovery asks a second person to agree that a customer who lost everything
// gets back in: after the caller was verified and two documents or facts were seen.
// What follows is the customer's: a code to an address on file, a new password, a
// new second factor, and changes held for three days.
func (s *Service) AskRecovery(ctx context.Context, actor identity.Actor, customer identity.CustomerID, seen Evidence, reason string) (id string, err error) {
	if err := duty(actor, identity.DutyRecover); err != nil {
		return "", err
	}
	reason, err = reasonFor(reason)
	if err != nil {
		return "", err
	}
	documents, known := chosen(EvidenceDocuments, seen.Documents)
	facts, known2 := chosen(EvidenceFacts, seen.Facts)
	if !known || !known2 || len(documents) == 0 || len(documents)+len(facts) < 2 {
		return "", refuse("evidence", "documents", "Tick at least one document, and at least two things in all.")
	}
	detail := "Seen: " + strings.Join(documents, ", ") + "."
	if len(facts) > 0 {
		detail += " Asked: " + strings.Join(facts, ", ") + "."
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.LoginOf("customer:" + string(customer)); err != nil {
			return absentOr(nil, refuse("not_activated", "", "This customer has not set up online access. They can activate it."))
		}
		if err := s.verified(tx, actor, string(customer), identity.DutyRecover); err != nil {
			return err
		}
		id = s.ask(tx, actor, staffRecovery, string(customer), detail, reason)
		return nil
	})
	return id, err
}

// AskUnlock asks a second person to agree to open an account that its owner locked
// by saying that a sign-in was not theirs.
func (s *Service) AskUnlock(ctx context.Context, actor identity.Actor, customer identity.CustomerID, reason string) (id string, err error) {
	if err := duty(actor, identity.DutyUnlock); err != nil {
		return "", err
	}
	if reason, err = reasonFor(reason); err != nil {
		return "", err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		if err := s.verified(tx, actor, string(customer), identity.DutyUnlock); err != nil {
			return err
		}
		id = s.ask(tx, actor, unlockApproval, string(customer), "Unlock an account that its owner has locked.", reason)
		return nil
	})
	return id, err
}

// AskReset asks a second person to agree that a colleague's way in is set up anew.
func (s *Service) AskReset(ctx context.Context, actor identity.Actor, staff, reason string) (id string, err error) {
	if err := s.freshDuty(actor, identity.DutyStaff); err != nil {
		return "", err
	}
	if actor.ID == staff {
		return "", errOwnself
	}
	if reason, err = reasonFor(reason); err != nil {
		return "", err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.Staff(staff); err != nil {
			return err
		}
		id = s.ask(tx, actor, resetApproval, "", "staff:"+staff, reason)
		return nil
	})
	return id, err
}

// ResetStaff ends a colleague's second factors and sessions and gives a new
// invitation, after another person agreed. Only who asked may do it, so that who
// agreed never holds the invitation.
func (s *Service) ResetStaff(ctx context.Context, actor identity.Actor, approval string) (token string, err error) {
	if err := s.freshDuty(actor, identity.DutyStaff); err != nil {
		return "", err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		now := s.clock()
		a, err := tx.Approval(approval)
		if err != nil {
			return err
		}
		id, ok := identity.OwnerStaff(a.Detail)
		if a.Kind != resetApproval || a.AskedBy != actor.String() || !ok {
			return ErrNotFound
		}
		used, err := tx.UseApproval(a, now)
		if err != nil || !used {
			return absentOr(err, errChanged)
		}
		if err := keepOne(tx, id); err != nil {
			return err
		}
		if _, err := tx.SetStaffState(id, staffInvited); err != nil {
			return err
		}
		if err := s.closeStaff(tx, id, "reset"); err != nil {
			return err
		}
		token = s.invite(tx, id, actor.String())
		s.auditStaff(tx, actor, "staff_reset", id, a.ID, a.Reason)
		return nil
	})
	return token, err
}

// ListApprovals lists what was asked for in the last week and the actor may ask for
// or agree to.
func (s *Service) ListApprovals(ctx context.Context, actor identity.Actor) (out []Approval, err error) {
	if duty(actor, identity.DutyRecover) != nil && duty(actor, identity.DutyAgree) != nil && duty(actor, identity.DutyAgreeStaff) != nil {
		return nil, ErrForbidden
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		out, err = s.approvals(tx, actor, func(*store.Approval) bool { return true })
		return err
	})
	return out, err
}

func (s *Service) approvalsOf(tx *store.Tx, actor identity.Actor, customer string) ([]Approval, error) {
	return s.approvals(tx, actor, func(a *store.Approval) bool { return a.CustomerID == customer })
}

func (s *Service) approvals(tx *store.Tx, actor identity.Actor, want func(*store.Approval) bool) (out []Approval, err error) {
	rows, err := tx.Approvals(s.clock().Add(-7*day), 200)
	if err != nil {
		return nil, err
	}
	names := names{}
	for _, r := range rows {
		d := approvalDuties[r.Kind]
		if !want(r) || !actor.Role.Has(d.ask) && !actor.Role.Has(d.agree) && !actor.Role.Has(identity.DutyAudit) {
			continue
		}
		a, err := s.approval(tx, actor, r, names)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

func (s *Service) approval(tx *store.Tx, actor identity.Actor, r *store.Approval, names names) (a Approval, err error) {
	a = Approval{ID: r.ID, Kind: r.Kind, Hash: r.Hash, Customer: identity.CustomerID(r.CustomerID), Detail: r.Detail, Reason: r.Reason, Asked: r.Asked,
		Expires: r.Expires, Decided: r.Decided, State: r.State, Mine: r.AskedBy == actor.String()}
	if r.Expires <= s.clock() && (r.State == "asked" || r.State == "agreed") {
		a.State = "expired"
	}
	a.MayAgree = a.State == "asked" && !a.Mine && actor.Role.Has(approvalDuties[r.Kind].agree)
	if id, ok := identity.OwnerStaff(r.AskedBy); ok {
		if a.AskedBy, err = names.of(tx, id); err != nil {
			return a, err
		}
	}
	if id, ok := identity.OwnerStaff(r.DecidedBy); ok {
		if a.DecidedBy, err = names.of(tx, id); err != nil {
			return a, err
		}
	}
	if id, ok := identity.OwnerStaff(r.Detail); ok && r.Kind == resetApproval {
		a.Detail = "Set up the way in anew: second factors and sessions end, and an invitation is made."
		a.About, err = names.of(tx, id)
		return a, err
	}
	if r.Kind == reversalApproval {
		if a.Detail, err = reversalWords(tx, r); err != nil {
			return a, err
		}
	}
	p, err := tx.Customer(r.CustomerID)
	if err == nil {
		a.About = strings.TrimSpace(p.FirstName + " " + p.LastName)
	}
	return a, err
}

// DecideApproval agrees to what somebody else asked for, or refuses it. hash is of
// what was shown. Who asked may not decide, nor anybody in a browser in which who
// asked has signed in: two accounts of one person are one person.
func (s *Service) DecideApproval(ctx context.Context, actor identity.Actor, id, hash string, agree bool, src Source) error {
	if duty(actor, identity.DutyAgree) != nil && duty(actor, identity.DutyAgreeStaff) != nil {
		return ErrForbidden
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		a, err := tx.Approval(id)
		if err != nil {
			return err
		}
		if err := s.freshDuty(actor, approvalDuties[a.Kind].agree); err != nil {
			return err
		}
		if staff, ok := identity.OwnerStaff(a.Detail); a.AskedBy == actor.String() || ok && staff == actor.ID {
			return refuse("own_request", "", "Somebody else must agree to this: not who asked, and not whom it is about.")
		}
		theirs, err := s.knownDevice(tx, a.AskedBy, src)
		if err != nil {
			return err
		}
		if theirs != nil {
			return refuse("same_browser", "", "Whoever asked for this has signed in with this browser. Decide at a desk of your own.")
		}
		now, state := s.clock(), "refused"
		if agree {
			state = "agreed"
		}
		if !identity.Same(hash, approvalHash(a)) {
			return errChanged
		}
		decided, err := tx.DecideApproval(id, hash, actor.String(), state, now)
		if err != nil || !decided {
			return absentOr(err, errChanged)
		}
		tx.AuditRow(store.AuditRow{At: now, Actor: actor.String(), Action: a.Kind + "_" + state, Subject: a.CustomerID, Reason: a.Reason, Detail: a.ID})
		if agree && a.Kind == reversalApproval {
			return s.reverse(tx, actor, a)
		}
		if a.Kind == refundApproval {
			return s.refundDecided(tx, a, actor, agree)
		}
		if agree && a.Kind == staffRecovery {
			// In time for the owner to say that it was not them.
			return s.alarm(tx, "customer:"+a.CustomerID, a.ID, billing.Notice{Kind: billing.NoticeRecoveryStarted, At: now})
		}
		return nil
	})
}

// Unlock opens a customer's way in that was locked, or closed after too many tries.
// It lets nobody in: the password and the second factor are asked for after it. One
// that its owner locked needs a second person, for who calls may be the one whom
// the owner kept out; the password must be a new one then.
func (s *Service) Unlock(ctx context.Context, actor identity.Actor, customer identity.CustomerID, reason string) error {
	if err := duty(actor, identity.DutyUnlock); err != nil {
		return err
	}
	reason, err := reasonFor(reason)
	if err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		if err := s.verified(tx, actor, string(customer), identity.DutyUnlock); err != nil {
			return err
		}
		owner, now := "customer:"+string(customer), s.clock()
		login, err := tx.LoginOf(owner)
		if err != nil {
			return err
		}
		if login.Locked != 0 && login.LockReason == "owner" {
			a, err := tx.AgreedApproval(unlockApproval, string(customer), now)
			if absent(err) != nil {
				return err
			}
			if err != nil {
				return refuse("second_person", "", "The owner has locked this account: “this was not me”. Ask a supervisor to agree first.")
			}
			used, err := tx.UseApproval(a, now)
			if err != nil || !used {
				return absentOr(err, errChanged)
			}
		}
		s.pardon(tx, owner)
		tx.AuditRow(store.AuditRow{At: now, Actor: actor.String(), Action: "unlock", Subject: string(customer), Reason: reason, Detail: login.LockReason})
		return s.alarm(tx, owner, store.NewID(), billing.Notice{Kind: billing.NoticeSignInUnlocked, At: now})
	})
}

// EndCustomerSessions signs a customer out everywhere and forgets all devices.
func (s *Service) EndCustomerSessions(ctx context.Context, actor identity.Actor, customer identity.CustomerID, reason string) error {
	if err := duty(actor, identity.DutyEndSessions); err != nil {
		return err
	}
	reason, err := reasonFor(reason)
	if err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		if err := s.verified(tx, actor, string(customer), identity.DutyEndSessions); err != nil {
			return err
		}
		if err := s.endAll(tx, "customer:"+string(customer), "", "ended_by_staff"); err != nil {
			return err
		}
		tx.AuditRow(store.AuditRow{At: s.clock(), Actor: actor.String(), Action: "end_sessions", Subject: string(customer), Reason: reason})
		return nil
	})
}
