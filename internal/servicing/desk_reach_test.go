package servicing_test

import (
	"errors"
	"slices"
	"testing"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/servicing"
)

// deskReach is one of the verbs of staff with the duties of which one is needed.
type deskReach struct {
	method string
	duties []identity.Duty
	call   func(o *office, by identity.Actor, who identity.CustomerID, other string) error
}

func needs(d ...identity.Duty) []identity.Duty { return d }

// desks are all verbs of staff. other is a colleague.
var desks = []deskReach{
	{"Find", needs(identity.DutyFind), func(o *office, by identity.Actor, _ identity.CustomerID, _ string) error {
		_, err := o.Find(ctx, by, "avery")
		return err
	}},
	{"ReadCaller", needs(identity.DutyFind), func(o *office, by identity.Actor, who identity.CustomerID, _ string) error {
		_, err := o.ReadCaller(ctx, by, who)
		return err
	}},
	{"OpenView", needs(identity.DutyView), func(o *office, by identity.Actor, who identity.CustomerID, _ string) error {
		return o.OpenView(ctx, by, who, why)
	}},
	{"ViewCustomer", needs(identity.DutyView), func(o *office, by identity.Actor, who identity.CustomerID, _ string) error {
		_, err := o.ViewCustomer(ctx, by, who)
		return err
	}},
	{"RevealContact", needs(identity.DutyView), func(o *office, by identity.Actor, who identity.CustomerID, _ string) error {
		_, err := o.RevealContact(ctx, by, who)
		return err
	}},
	{"MessagesTo", needs(identity.DutyView), func(o *office, by identity.Actor, who identity.CustomerID, _ string) error {
		_, err := o.MessagesTo(ctx, by, who)
		return err
	}},
	{"WriteTo", needs(identity.DutyVerify), func(o *office, by identity.Actor, who identity.CustomerID, _ string) error {
		return o.WriteTo(ctx, by, who, servicing.NewKey(), "Thank you for your call.")
	}},
	{"CloseView", needs(identity.DutyView), func(o *office, by identity.Actor, who identity.CustomerID, _ string) error {
		return o.CloseView(ctx, by, who)
	}},
	{"StartCallerCheck", needs(identity.DutyVerify), func(o *office, by identity.Actor, who identity.CustomerID, _ string) error {
		_, err := o.StartCallerCheck(ctx, by, who, billing.CallerAccount, servicing.CallerEmail)
		return err
	}},
	{"ReadCallerCheck", needs(identity.DutyVerify), func(o *office, by identity.Actor, _ identity.CustomerID, _ string) error {
		_, err := o.ReadCallerCheck(ctx, by, "none")
		return err
	}},
	{"FinishCallerCheck", needs(identity.DutyVerify), func(o *office, by identity.Actor, _ identity.CustomerID, _ string) error {
		return o.FinishCallerCheck(ctx, by, "none", "123456")
	}},
	{"AnswerCallerCheck", needs(identity.DutyVerify), func(o *office, by identity.Actor, _ identity.CustomerID, _ string) error {
		return o.AnswerCallerCheck(ctx, by, "none", nil)
	}},
	{"Unlock", needs(identity.DutyUnlock), func(o *office, by identity.Actor, who identity.CustomerID, _ string) error {
		return o.Unlock(ctx, by, who, why)
	}},
	{"AskUnlock", needs(identity.DutyUnlock), func(o *office, by identity.Actor, who identity.CustomerID, _ string) error {
		_, err := o.AskUnlock(ctx, by, who, why)
		return err
	}},
	{"EndCustomerSessions", needs(identity.DutyEndSessions), func(o *office, by identity.Actor, who identity.CustomerID, _ string) error {
		return o.EndCustomerSessions(ctx, by, who, why)
	}},
	{"AskRecovery", needs(identity.DutyRecover), func(o *office, by identity.Actor, who identity.CustomerID, _ string) error {
		_, err := o.AskRecovery(ctx, by, who, evidence, why)
		return err
	}},
	{"RefuseRequest", needs(identity.DutyRefuse), func(o *office, by identity.Actor, who identity.CustomerID, _ string) error {
		_, err := o.RefuseRequest(ctx, by, servicing.AdverseRequest{Key: servicing.NewKey(), Customer: who, Contract: "none"})
		return err
	}},
	{"AskRefund", needs(identity.DutyRefund), func(o *office, by identity.Actor, _ identity.CustomerID, _ string) error {
		_, err := o.AskRefund(ctx, by, "none", why)
		return err
	}},
	{"ListApprovals", needs(identity.DutyRecover, identity.DutyAgree, identity.DutyAgreeStaff), func(o *office, by identity.Actor, _ identity.CustomerID, _ string) error {
		_, err := o.ListApprovals(ctx, by)
		return err
	}},
	{"DecideApproval", needs(identity.DutyAgree, identity.DutyAgreeStaff), func(o *office, by identity.Actor, _ identity.CustomerID, _ string) error {
		return o.DecideApproval(ctx, by, "none", "", true, src)
	}},
	{"Invite", needs(identity.DutyStaff), func(o *office, by identity.Actor, _ identity.CustomerID, _ string) error {
		_, err := o.Invite(ctx, by, "", "Eve Colleague", identity.RoleAgent)
		return err
	}},
	{"SealSearch", needs(identity.DutyFind), func(o *office, by identity.Actor, _ identity.CustomerID, _ string) error {
		_, err := o.SealSearch(ctx, by, "okafor")
		return err
	}},
	{"UnsealSearch", needs(identity.DutyFind), func(o *office, by identity.Actor, _ identity.CustomerID, _ string) error {
		_, err := o.UnsealSearch(ctx, by, "none")
		return err
	}},
	{"AuditedStaff", needs(identity.DutyAudit), func(o *office, by identity.Actor, _ identity.CustomerID, _ string) error {
		_, err := o.AuditedStaff(ctx, by)
		return err
	}},
	{"ListStaff", needs(identity.DutyStaff), func(o *office, by identity.Actor, _ identity.CustomerID, _ string) error {
		_, err := o.ListStaff(ctx, by)
		return err
	}},
	{"ChangeRole", needs(identity.DutyStaff), func(o *office, by identity.Actor, _ identity.CustomerID, other string) error {
		return o.ChangeRole(ctx, by, other, identity.RoleAuditor)
	}},
	{"AskReset", needs(identity.DutyStaff), func(o *office, by identity.Actor, _ identity.CustomerID, other string) error {
		_, err := o.AskReset(ctx, by, other, "lost the phone on the way")
		return err
	}},
	{"ResetStaff", needs(identity.DutyStaff), func(o *office, by identity.Actor, _ identity.CustomerID, _ string) error {
		_, err := o.ResetStaff(ctx, by, "none")
		return err
	}},
	{"DisableStaff", needs(identity.DutyStaff), func(o *office, by identity.Actor, _ identity.CustomerID, other string) error {
		return o.DisableStaff(ctx, by, other)
	}},
	{"WhoSaw", needs(identity.DutyAudit), func(o *office, by identity.Actor, who identity.CustomerID, _ string) error {
		_, err := o.WhoSaw(ctx, by, who, "")
		return err
	}},
	{"WhatDid", needs(identity.DutyAudit), func(o *office, by identity.Actor, _ identity.CustomerID, other string) error {
		_, err := o.WhatDid(ctx, by, other, "")
		return err
	}},
	{"Exceptions", needs(identity.DutyExceptions), func(o *office, by identity.Actor, _ identity.CustomerID, _ string) error {
		_, err := o.Exceptions(ctx, by, servicing.ExceptionFilter{Limit: 1})
		return err
	}},
	{"Exception", needs(identity.DutyExceptions), func(o *office, by identity.Actor, _ identity.CustomerID, _ string) error {
		_, err := o.Exception(ctx, by, "none")
		return err
	}},
	{"OpenExceptionCounts", needs(identity.DutyExceptions), func(o *office, by identity.Actor, _ identity.CustomerID, _ string) error {
		_, err := o.OpenExceptionCounts(ctx, by)
		return err
	}},
	{"ReturnRates", needs(identity.DutyExceptions), func(o *office, by identity.Actor, _ identity.CustomerID, _ string) error {
		_, err := o.ReturnRates(ctx, by, o.day)
		return err
	}},
	{"ClearException", needs(identity.DutyClear), func(o *office, by identity.Actor, _ identity.CustomerID, _ string) error {
		_, err := o.ClearException(ctx, by, "none", "looked at")
		return err
	}},
	{"ReadReversible", needs(identity.DutyReverse), func(o *office, by identity.Actor, _ identity.CustomerID, _ string) error {
		_, err := o.ReadReversible(ctx, by, "none", "none")
		return err
	}},
	{"AskReversal", needs(identity.DutyReverse), func(o *office, by identity.Actor, _ identity.CustomerID, _ string) error {
		_, err := o.AskReversal(ctx, by, servicing.ReversalRequest{Contract: "none", Payment: "none", Why: "amount", Reason: why})
		return err
	}},
	{"PhoneOptions", needs(identity.DutyPhonePay), func(o *office, by identity.Actor, who identity.CustomerID, _ string) error {
		_, err := o.PhoneOptions(ctx, by, who, "none")
		return err
	}},
	{"ReviewPhonePayment", needs(identity.DutyPhonePay), func(o *office, by identity.Actor, who identity.CustomerID, _ string) error {
		_, err := o.ReviewPhonePayment(ctx, by, servicing.PhoneRequest{Customer: who, Proof: servicing.ProofRecording})
		return err
	}},
	{"ReviewPhonePayment", needs(identity.DutyPaperPay), func(o *office, by identity.Actor, who identity.CustomerID, _ string) error {
		_, err := o.ReviewPhonePayment(ctx, by, servicing.PhoneRequest{Customer: who, Proof: servicing.ProofForm})
		return err
	}},
	{"SubmitPhonePayment", needs(identity.DutyPhonePay), func(o *office, by identity.Actor, who identity.CustomerID, _ string) error {
		_, err := o.SubmitPhonePayment(ctx, by, servicing.PhoneRequest{Customer: who, Proof: servicing.ProofNotice}, src)
		return err
	}},
	{"SubmitPhonePayment", needs(identity.DutyPaperPay), func(o *office, by identity.Actor, who identity.CustomerID, _ string) error {
		_, err := o.SubmitPhonePayment(ctx, by, servicing.PhoneRequest{Customer: who, Proof: servicing.ProofForm}, src)
		return err
	}},
	{"CancelByPhone", needs(identity.DutyPhonePay), func(o *office, by identity.Actor, who identity.CustomerID, _ string) error {
		_, err := o.CancelByPhone(ctx, by, who, "none", "none")
		return err
	}},
	{"TakenPayment", needs(identity.DutyView), func(o *office, by identity.Actor, who identity.CustomerID, _ string) error {
		_, err := o.TakenPayment(ctx, by, who, "none", "none")
		return err
	}},
	{"Settlement", needs(identity.DutySettlement), func(o *office, by identity.Actor, _ identity.CustomerID, _ string) error {
		_, err := o.Settlement(ctx, by, o.day, o.day)
		return err
	}},
	{"SettlementOn", needs(identity.DutySettlement), func(o *office, by identity.Actor, _ identity.CustomerID, _ string) error {
		_, err := o.SettlementOn(ctx, by, o.day)
		return err
	}},
	{"OpenDifferences", needs(identity.DutySettlement), func(o *office, by identity.Actor, _ identity.CustomerID, _ string) error {
		_, err := o.OpenDifferences(ctx, by, o.day, o.day)
		return err
	}},
	{"TieOut", needs(identity.DutySettlement), func(o *office, by identity.Actor, _ identity.CustomerID, _ string) error {
		_, err := o.TieOut(ctx, by, o.day)
		return err
	}},
	{"ClearSettlement", needs(identity.DutyReconcile), func(o *office, by identity.Actor, _ identity.CustomerID, _ string) error {
		return o.ClearSettlement(ctx, by, servicing.SettlementClear{Lines: []string{"none"}, Reason: why})
	}},
	{"Signals", needs(identity.DutySignals), func(o *office, by identity.Actor, _ identity.CustomerID, _ string) error {
		_, err := o.Signals(ctx, by)
		return err
	}},
}

// prompts are the customer's side of a caller's check.
var prompts = []reach{
	{"CallerPrompt", func(v *victim, by identity.Actor) (any, error) { return v.CallerPrompt(ctx, by) }},
	{"AnswerCallerPrompt", func(v *victim, by identity.Actor) (any, error) {
		return nil, v.AnswerCallerPrompt(ctx, by, "none", true, "12")
	}},
}

// bySystem are those that the operator may call as well.
var bySystem = []string{"ListStaff", "DisableStaff", "Exceptions", "Exception", "OpenExceptionCounts", "ReturnRates", "ClearException", "Settlement", "SettlementOn", "OpenDifferences", "TieOut", "ClearSettlement"}

func TestEachRoleDoesWhatTheTableSaysAndNothingElse(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		borrower := o.session(o.activate()).Actor
		admin := o.founder()
		other := admin.hires("Olga", identity.RoleAgent).actor()
		who := identity.CustomerID(a.actor.ID)
		all := map[identity.Role]identity.Actor{}
		for _, role := range identity.Roles {
			all[role] = admin.hires("The"+string(role), role).actor()
		}
		for _, d := range desks {
			for role, by := range all {
				has := slices.ContainsFunc(d.duties, role.Has)
				if err := d.call(o, by, who, other.ID); errors.Is(err, servicing.ErrForbidden) == has {
					t.Errorf("%s by %s: %v", d.method, role, err)
				}
				// The same role without a second factor, without a session, and in one that may
				// only bind a factor.
				for what, weak := range map[string]func(*identity.Standing){
					"one factor": func(s *identity.Standing) { s.Level = 1 }, "no session": func(s *identity.Standing) { s.Session = "" },
					"enrolling":     func(s *identity.Standing) { s.Scope = identity.ScopeEnrol },
					"must change":   func(s *identity.Standing) { s.MustChange = true },
					"after nothing": func(s *identity.Standing) { *s = identity.Standing{} },
				} {
					poor := by
					weak(&poor.Standing)
					if err := d.call(o, poor, who, other.ID); !errors.Is(err, servicing.ErrForbidden) {
						t.Errorf("%s by %s, %s: %v", d.method, role, what, err)
					}
				}
			}
			asStaff := identity.Actor{Kind: identity.KindCustomer, ID: a.actor.ID, Role: identity.RoleSupervisor, Standing: borrower.Standing}
			for _, nobody := range []identity.Actor{{}, borrower, asStaff, a.actor, identity.Staff("", identity.RoleAgent), system} {
				if nobody == system && slices.Contains(bySystem, d.method) {
					continue
				}
				if err := d.call(o, nobody, who, other.ID); !errors.Is(err, servicing.ErrForbidden) {
					t.Errorf("%s by %q: %v", d.method, nobody, err)
				}
			}
		}
	})
}

// There is no signing in as the borrower: what a borrower's verbs ask for, no role
// is, in no session.
func TestNoMemberOfStaffPassesForACustomer(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		v := newVictim(o, "L1")
		v.pay(&v.account, 10_00)
		o.to(day("2026-01-26"))
		v.ready()
		v.security.Factors, v.change = []servicing.Factor{{ID: "none"}}, "none"
		admin := o.founder()
		own := slices.Concat(theirs, own, prompts)
		for _, r := range slices.Concat(sessions, named) {
			// The rest is everybody's own way in, theirs too.
			if slices.Contains([]string{"StartPhone", "MakeSavedCodes", "StartContactChange", "ChangeAddress", "FinishContactChange"}, r.method) {
				own = append(own, r)
			}
		}
		for _, role := range identity.Roles {
			c := admin.hires("The"+string(role), role)
			actor := c.fresh()
			as := actor
			as.ID = v.actor.ID // a member of staff who names the customer
			was := o.everything()
			for _, r := range own {
				for _, by := range []identity.Actor{actor, as} {
					if _, err := r.call(v, by); !errors.Is(err, servicing.ErrForbidden) {
						t.Errorf("%s by %s: %v", r.method, by, err)
					}
				}
			}
			if now := o.everything(); !slices.Equal(was, now) {
				t.Errorf("something changed: %q", missing(now, was))
			}
		}
	})
}
