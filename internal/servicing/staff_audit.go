package servicing

import (
	"context"
	"errors"
	"strings"

	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// AuditLine is a line of the audit trail with the names that its ids stand for.
type AuditLine struct {
	AuditRow
	Who   string // the colleague's name, or what acted
	About string // the customer's name
}

// WhoSaw answers who did or saw what about a customer, when and why, newest first:
// a page of AuditPage lines, from before the line with the id before. To ask is a
// line itself.
func (s *Service) WhoSaw(ctx context.Context, actor identity.Actor, customer identity.CustomerID, before string) ([]AuditLine, error) {
	return s.auditPage(ctx, actor, "read_audit", string(customer), "", func(tx *store.Tx) ([]AuditRow, error) {
		if _, err := tx.Customer(string(customer)); err != nil {
			return nil, err
		}
		return tx.AuditOf(string(customer), before, AuditPage)
	})
}

// AuditedStaff lists all whose doings WhatDid answers for: without their usernames,
// which only who manages staff has use for.
func (s *Service) AuditedStaff(ctx context.Context, actor identity.Actor) ([]StaffMember, error) {
	if err := duty(actor, identity.DutyAudit); err != nil {
		return nil, err
	}
	all, err := s.listStaff(ctx)
	for i := range all {
		all[i].Username = ""
	}
	return all, err
}

// WhatDid answers what a member of staff did and saw, newest first, as WhoSaw does.
func (s *Service) WhatDid(ctx context.Context, actor identity.Actor, staff, before string) ([]AuditLine, error) {
	return s.auditPage(ctx, actor, "read_audit", "", "staff:"+staff, func(tx *store.Tx) ([]AuditRow, error) {
		if _, err := tx.Staff(staff); err != nil {
			return nil, err
		}
		return tx.AuditBy("staff:"+staff, before, AuditPage)
	})
}

func (s *Service) auditPage(ctx context.Context, actor identity.Actor, action, subject, detail string, read func(*store.Tx) ([]AuditRow, error)) (out []AuditLine, err error) {
	if err := duty(actor, identity.DutyAudit); err != nil {
		return nil, err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		rows, err := read(tx)
		if err != nil {
			return err
		}
		out = nil
		staff, people := names{}, names{}
		for _, r := range rows {
			l := AuditLine{AuditRow: r, Who: r.Actor}
			if id, ok := identity.OwnerStaff(r.Actor); ok {
				if l.Who, err = staff.of(tx, id); err != nil {
					return err
				}
			} else if id, ok := identity.OwnerCustomer(r.Actor); ok {
				if l.Who, err = people.customer(tx, string(id)); err != nil {
					return err
				}
			}
			if r.Subject != "" {
				if l.About, err = people.customer(tx, r.Subject); err != nil {
					return err
				}
			}
			out = append(out, l)
		}
		tx.AuditRow(store.AuditRow{At: s.clock(), Actor: actor.String(), Action: action, Subject: subject, Detail: detail})
		return nil
	})
	return out, err
}

// customer is names.of for customers.
func (n names) customer(tx *store.Tx, id string) (string, error) {
	if name, known := n[id]; known {
		return name, nil
	}
	p, err := tx.Customer(id)
	if errors.Is(err, ErrNotFound) {
		n[id] = id
		return id, nil
	}
	if err != nil {
		return "", err
	}
	n[id] = strings.TrimSpace(p.FirstName + " " + p.LastName)
	return n[id], nil
}

// Signaled is a try to get in about which something was noticed.
type Signaled struct {
	At           money.Instant
	Customer     identity.CustomerID // empty when nobody has that name, or it is a colleague's
	Staff        bool                // a colleague's
	Who          string
	Outcome      string
	Signals      []identity.Signal
	Score        int
	Decision     identity.Decision
	Device, Near string
}

// Signals lists the unusual tries to get in of the last thirty days, newest first.
func (s *Service) Signals(ctx context.Context, actor identity.Actor) (out []Signaled, err error) {
	if err := duty(actor, identity.DutySignals); err != nil {
		return nil, err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		rows, err := tx.VisitsNoticed(s.clock().Add(-30*day), 200)
		if err != nil {
			return err
		}
		out = nil
		staff, people := names{}, names{}
		for _, v := range rows {
			line := Signaled{At: v.At, Who: "Nobody we know", Outcome: v.Outcome, Score: v.Score, Decision: identity.Decision(v.Decision), Device: identity.DeviceName(v.UserAgent), Near: s.near(v.IP)}
			for w := range strings.FieldsSeq(v.Signals) {
				line.Signals = append(line.Signals, identity.Signal(w))
			}
			if id, ok := identity.OwnerCustomer(v.Owner); ok {
				line.Customer = id
				line.Who, err = people.customer(tx, string(id))
			} else if id, ok := identity.OwnerStaff(v.Owner); ok {
				line.Staff = true
				line.Who, err = staff.of(tx, id)
			}
			if err != nil {
				return err
			}
			out = append(out, line)
		}
		tx.AuditRow(store.AuditRow{At: s.clock(), Actor: actor.String(), Action: "read_signals"})
		return nil
	})
	return out, err
}
