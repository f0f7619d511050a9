package servicing

import (
	"context"
	"errors"
	"net/mail"
	"strings"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// ActivationRequest is what a borrower knows about the account: its number, and
// two of the other three. By is where a code is to go, as far as it is on file.
type ActivationRequest struct {
	AccountNumber, SSN4, ZIP string
	BirthDate                money.Date
	By                       Channel
}

func normalEmail(s string) string { return identity.NormalEmail(s) }

func spaceless(s string) string { return strings.Join(strings.Fields(s), "") }

func (r *ActivationRequest) check() error {
	r.AccountNumber, r.SSN4, r.ZIP = spaceless(r.AccountNumber), digits(r.SSN4), spaceless(r.ZIP)
	given := 0
	for _, is := range []bool{r.SSN4 != "", r.ZIP != "", r.BirthDate != 0} {
		if is {
			given++
		}
	}
	switch {
	case r.AccountNumber == "" || len(r.AccountNumber) > 40:
		return refuse("account_missing", "account_number", "Enter your account number. It is on your welcome letter and on each statement.")
	case r.SSN4 != "" && (len(r.SSN4) != 4 || strings.Trim(r.SSN4, "0123456789") != ""):
		return refuse("ssn4", "ssn4", "Enter the last four digits of your Social Security number.")
	case r.ZIP != "" && (len(r.ZIP) < 5 || len(r.ZIP) > 10 || strings.Trim(r.ZIP[:5], "0123456789") != ""):
		return refuse("zip", "zip", "Enter your ZIP code, five digits.")
	case given < 2 && r.SSN4 == "":
		return refuse("ssn4", "ssn4", "Enter the last four digits of your Social Security number, or your ZIP code and your date of birth.")
	case given < 2:
		return refuse("zip", "zip", "Enter your ZIP code, or your date of birth.")
	case r.By != ByEmail && r.By != ByText:
		return refuse("channel", "by", "Choose where we send your code.")
	}
	return nil
}

// match finds the borrower of a contract that all the answers given belong to;
// nil for none.
func (s *Service) match(tx *store.Tx, req ActivationRequest) (*store.Customer, error) {
	c, err := tx.ContractByNumber(req.AccountNumber)
	if err != nil {
		return nil, absent(err)
	}
	people, err := s.parties(tx, c)
	if err != nil {
		return nil, err
	}
	for _, p := range people {
		if req.fits(p) {
			return p, nil
		}
	}
	return nil, nil
}

// fits compares all that was given, and with one that is not on file it does not
// fit.
func (r ActivationRequest) fits(p *store.Customer) bool {
	ssn := p.SSN[max(0, len(p.SSN)-4):]
	zip := p.ZIP[:min(5, len(p.ZIP))]
	return (r.SSN4 == "" || len(ssn) == 4 && identity.Same(ssn, r.SSN4)) &&
		(r.ZIP == "" || len(zip) == 5 && identity.Same(zip, r.ZIP[:5])) &&
		(r.BirthDate == 0 || p.BirthDate != "" && identity.Same(p.BirthDate, r.BirthDate.String()))
}

// parties are the people who owe a contract.
func (s *Service) parties(tx *store.Tx, c *store.Contract) (out []*store.Customer, err error) {
	all, err := tx.Parties(c.ID)
	for _, p := range all {
		person, err := tx.Customer(p.CustomerID)
		if err != nil {
			return nil, err
		}
		out = append(out, person)
	}
	return out, err
}

// StartActivation begins the road to online access. Whether or not the answers
// belong together, and whether or not there is access already, the answer is the
// same: a run, and a code on its way to the address or phone on file if there is
// one.
func (s *Service) StartActivation(ctx context.Context, req ActivationRequest, src Source) (id FlowID, err error) {
	if err := req.check(); err != nil {
		return "", err
	}
	if err := s.facts(ctx, req, src); err != nil {
		return "", err
	}
	var person *store.Customer
	var f *store.Flow
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		if person, err = s.match(tx, req); err != nil {
			return err
		}
		f = &store.Flow{Kind: "activation", Proofs: string(identity.ProofFacts), Detail: req.AccountNumber}
		if person != nil {
			owner := identity.Customer(identity.CustomerID(person.ID)).String()
			if _, err := tx.LoginOf(owner); err == nil {
				// Who has access already is reminded of it; this road is no way around
				// a forgotten password.
				person = nil
				if err := s.remind(tx, owner, req.By); err != nil {
					return err
				}
			} else if !errors.Is(err, store.ErrNotFound) {
				return err
			} else {
				f.Owner = owner
				tx.EndFlows(owner, "activation")
			}
		}
		id, err = s.newFlow(tx, f, flowLife)
		return err
	})
	if err != nil {
		return "", err
	}
	return id, s.sendCode(ctx, activating(f), req.By, reach(person, req.By), src)
}

// reach is the address of a channel on file; empty for none, and for nobody.
func reach(p *store.Customer, by Channel) string {
	switch {
	case p == nil:
		return ""
	case by == ByText:
		return p.Phone
	}
	return p.Email
}

// facts counts a try to name an account and what belongs to it.
func (s *Service) facts(ctx context.Context, req ActivationRequest, src Source) error {
	if err := s.attempt(ctx, "source", "facts "+identity.SourceBucket(src.IP)); err != nil {
		return err
	}
	return s.attempt(ctx, "facts", strings.ToUpper(req.AccountNumber))
}

// remind sends a customer the username, to an address on file.
func (s *Service) remind(tx *store.Tx, owner string, by Channel) error {
	login, err := tx.LoginOf(owner)
	if err != nil {
		return absent(err)
	}
	n := billing.Notice{Kind: billing.NoticeUsernameReminder, Username: login.Username, Channel: string(by)}
	return s.notifyOwner(tx, owner, store.NewID(), n, money.Instant(day.Microseconds()))
}

// RemindUsername sends the username to an address on file of whoever the answers
// belong to. The answer is the same for everybody.
func (s *Service) RemindUsername(ctx context.Context, req ActivationRequest, src Source) error {
	if err := req.check(); err != nil {
		return err
	}
	if err := s.facts(ctx, req, src); err != nil {
		return err
	}
	may, err := s.within(ctx, [2]string{"again", "remind " + req.AccountNumber}, [2]string{"mail_source", identity.SourceBucket(src.IP)},
		[2]string{"mail_account", "remind " + req.AccountNumber})
	if err != nil || !may {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		person, err := s.match(tx, req)
		if err != nil || person == nil {
			return err
		}
		owner := identity.Customer(identity.CustomerID(person.ID)).String()
		return s.remind(tx, owner, req.By)
	})
}

func activating(f *store.Flow) asking {
	return asking{purpose: "activation", binding: f.TokenHash, owner: f.Owner, name: f.Detail, kind: billing.NoticeActivationCode}
}

// SendActivationCode sends another code, to another address on file if wanted.
func (s *Service) SendActivationCode(ctx context.Context, id FlowID, by Channel, src Source) error {
	f, err := s.readFlow(ctx, id, "activation")
	if err != nil {
		return err
	}
	person, err := s.personOf(ctx, f.Owner)
	if err != nil {
		return err
	}
	return s.sendCode(ctx, activating(f), by, reach(person, by), src)
}

// personOf is the customer that an owner is; nil for nobody and for staff.
func (s *Service) personOf(ctx context.Context, owner string) (p *store.Customer, err error) {
	id, ok := identity.OwnerCustomer(owner)
	if !ok {
		return nil, nil
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		p, err = tx.Customer(string(id))
		return err
	})
	return p, err
}

// ProveActivation checks the code. A code works once; five tries and the run is
// over.
func (s *Service) ProveActivation(ctx context.Context, id FlowID, code string, src Source) error {
	f, err := s.readFlow(ctx, id, "activation")
	if err != nil {
		return err
	}
	by, err := s.checkCode(ctx, activating(f), code)
	if err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		f, err := s.flow(tx, id, "activation")
		if err != nil {
			return err
		}
		return prove(tx, f, by.proof())
	})
}

func (c Channel) proof() identity.Proof {
	if c == ByText {
		return identity.ProofTextCode
	}
	return identity.ProofEmailCode
}

// proven reads a run of activation whose code was shown.
func (s *Service) proven(tx *store.Tx, id FlowID) (f *store.Flow, person *store.Customer, err error) {
	f, err = s.flow(tx, id, "activation")
	if err != nil {
		return nil, nil, err
	}
	customer, ok := identity.OwnerCustomer(f.Owner)
	if !ok || f.State != "proven" {
		return nil, nil, errFlow
	}
	person, err = tx.Customer(string(customer))
	return f, person, err
}

// ActivationName is the username to offer: the e-mail address on file.
func (s *Service) ActivationName(ctx context.Context, id FlowID) (name string, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) error {
		_, person, err := s.proven(tx, id)
		if err == nil {
			name = person.Email
		}
		return err
	})
	return name, err
}

// least is how long a password must be: shorter beside a second factor.
func (s *Service) least(factors int) int {
	if factors > 0 || !s.rules.Access.SecondFactorOptional {
		return identity.MinPasswordWithFactor
	}
	return identity.MinPassword
}

// LeastPassword is how long the password of somebody new must be.
func (s *Service) LeastPassword() int { return s.least(0) }

// passwordProblem says why a password is refused; nil when it is not.
func (s *Service) passwordProblem(person *store.Customer, username, password string, factors int) error {
	own := append([]string{username, s.lender.Name, s.lender.ShortName}, s.rules.Access.BlockedWords...)
	if person != nil {
		own = append(own, person.FirstName+" "+person.LastName, person.LastName, person.Email, person.Street, person.Phone, person.Number)
	}
	if problem := identity.PasswordProblem(password, s.least(factors), own...); problem != "" {
		return &Refusal{"password", "password", problem}
	}
	stolen, err := s.rules.Access.Breached.Has(password)
	if err != nil {
		return err
	}
	if stolen {
		return &Refusal{"password", "password", "That password is on a list of stolen passwords. Use one that you use nowhere else."}
	}
	return nil
}

func usernameProblem(username string) error {
	if n := len(username); n < 6 || n > 254 || strings.ContainsFunc(username, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return refuse("username", "username", "Use 6 or more characters without spaces. Your e-mail address works well.")
	}
	return nil
}

// FinishActivation sets username and password. With a code by text the phone is
// bound as the second factor and the customer is signed in; otherwise the session
// can only bind one.
func (s *Service) FinishActivation(ctx context.Context, id FlowID, username, password string, src Source) (out Entry, err error) {
	username = identity.NormalName(username)
	if err := usernameProblem(username); err != nil {
		return out, err
	}
	var person *store.Customer
	err = s.db.View(ctx, func(tx *store.Tx) error {
		_, person, err = s.proven(tx, id)
		return err
	})
	if err != nil {
		return out, err
	}
	if _, err := mail.ParseAddress(username); err == nil && username != normalEmail(person.Email) {
		return out, refuse("username_other_email", "username", "To use an e-mail address as your username, use the one we have on file for you.")
	}
	if err := s.passwordProblem(person, username, password, 0); err != nil {
		return out, err
	}
	hash, err := identity.HashPassword(ctx, s.db.Keys().Pepper(), password)
	if err != nil {
		return out, err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		f, person, err := s.proven(tx, id)
		if err != nil {
			return err
		}
		if err := endFlow(tx, f); err != nil {
			return err
		}
		tx.EndFlows(f.Owner, "activation")
		now := s.clock()
		tx.InsertLogin(&store.Login{Owner: f.Owner, Realm: string(identity.KindCustomer), Username: username, PasswordHash: hash, Created: now})
		s.auditAccess(tx, f.Owner, "activated", f.Proofs)
		proofs := identity.Proofs(f.Proofs).And(identity.ProofPassword)
		g := grant{owner: f.Owner, scope: identity.ScopeEnrol, level: 1, proofs: proofs}
		if proofs.Has(identity.ProofTextCode) {
			if err := s.bindText(tx, f.Owner, person.Phone, "activation"); err != nil {
				return err
			}
			g.scope, g.level, g.factorAt = identity.ScopeFull, 2, now
		} else if s.rules.Access.SecondFactorOptional {
			g.scope, g.factorAt = identity.ScopeFull, now
		}
		if err := s.alarm(tx, f.Owner, f.TokenHash[:16], s.told(billing.NoticeActivated, src)); err != nil {
			return err
		}
		out, err = s.enter(tx, g, noticed{first: true}, false, src)
		return err
	})
	if isConflict(err) {
		return out, refuse("username_taken", "username", "Somebody else uses that username. Choose another.")
	}
	return out, err
}
