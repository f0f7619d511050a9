package servicing

import (
	"context"
	"errors"
	"net/mail"
	"strings"
	"time"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// ErrNoSession says that nobody is signed in with this token, or no longer.
var ErrNoSession = errors.New("no session")

// Session is a signed-in customer.
type Session struct {
	Actor               identity.Actor
	FirstName, LastName string
	IdleUntil, EndsAt   money.Instant
}

// ActivationRequest is what a borrower knows about the account.
type ActivationRequest struct{ AccountNumber, SSN4, ZIP string }

func normalEmail(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

func spaceless(s string) string { return strings.Join(strings.Fields(s), "") }

// window is how long failures count: after a day without one they start again.
const window = 24 * time.Hour

// spare are tries beyond the usual ones before a bucket is held: a person may ask
// for a second code before giving up on the first.
var spare = map[string]int{"code_of": identity.CodeTries}

// attempt counts one try in a bucket, in a transaction of its own that is
// committed before any secret is compared, and refuses when the bucket is held.
// It is the only counter there is.
func (s *Service) attempt(ctx context.Context, purpose, value string) (n int, err error) {
	var held money.Instant
	now := s.clock()
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		bucket := tx.Keys().Hash("attempt:"+purpose, value)
		if n, held, err = tx.CountAttempt(bucket, now, now.Add(-window)); err != nil {
			return err
		}
		if held > now {
			return nil
		}
		if d := identity.Hold(n - spare[purpose]); d > 0 {
			tx.HoldAttempt(bucket, now.Add(d))
		}
		return nil
	})
	if err == nil && held > now {
		wait := held.Time().Sub(now.Time()).Round(time.Minute) + time.Minute
		return n, refuse("too_many", "", "There were too many tries. Wait %d minutes and try again, or call us at %s.", int(wait.Minutes()), s.lender.Phone)
	}
	return n, err
}

func (s *Service) forgive(ctx context.Context, purpose, value string) error {
	return s.db.Update(ctx, func(tx *store.Tx) error {
		tx.ClearAttempt(tx.Keys().Hash("attempt:"+purpose, value))
		return nil
	})
}

// StartActivation begins the road to online access. Whether or not the three
// answers belong together the answer is the same: a flow, and a code on its way
// to the e-mail address on file if there is one.
func (s *Service) StartActivation(ctx context.Context, req ActivationRequest, src Source) (FlowID, error) {
	number, ssn4, zip := spaceless(req.AccountNumber), spaceless(req.SSN4), spaceless(req.ZIP)
	switch {
	case number == "":
		return "", refuse("account_missing", "account_number", "Enter your account number. It is on your welcome letter and on each statement.")
	case len(ssn4) != 4 || strings.Trim(ssn4, "0123456789") != "":
		return "", refuse("ssn4", "ssn4", "Enter the last four digits of your Social Security number.")
	case len(zip) < 5 || strings.Trim(zip[:5], "0123456789") != "":
		return "", refuse("zip", "zip", "Enter the five digits of your ZIP code.")
	}
	if _, err := s.attempt(ctx, "activate", strings.ToLower(number)); err != nil {
		return "", err
	}
	now, code := s.clock(), identity.NewCode()
	a := &store.Activation{ID: store.NewID() + identity.NewToken(), Created: now, Expires: now.Add(identity.CodeLife)}
	err := s.db.Update(ctx, func(tx *store.Tx) error {
		a.CustomerID = ""
		a.CodeHash = tx.Keys().Hash("activation", a.ID+" "+code)
		person, err := s.match(tx, number, ssn4, zip)
		if err != nil {
			return err
		}
		if person != nil {
			a.CustomerID = person.ID
			tx.EndActivations(person.ID, a.ID)
			err = s.notify(tx, person.ID, a.ID, billing.Notice{Kind: billing.NoticeActivationCode, Code: code}, money.Instant(identity.CodeLife.Microseconds()))
		}
		tx.InsertActivation(a)
		return err
	})
	return FlowID(a.ID), err
}

// match finds the customer that the three answers belong to; nil for none.
func (s *Service) match(tx *store.Tx, number, ssn4, zip string) (*store.Customer, error) {
	c, err := tx.ContractByNumber(number)
	if errors.Is(err, store.ErrNotFound) || (err == nil && c.CustomerID == "") {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	person, err := tx.Customer(c.CustomerID)
	if err != nil {
		return nil, err
	}
	n := len(person.SSN)
	if n < 4 || len(person.ZIP) < 5 || person.Email == "" {
		return nil, nil
	}
	if !identity.Same(person.SSN[n-4:], ssn4) || !identity.Same(person.ZIP[:5], zip[:5]) {
		return nil, nil
	}
	return person, nil
}

var errFlow = &Refusal{"flow_gone", "", "This took too long or was finished already. Start again."}

// flow reads a run of the road that is in one of its states and not over.
func (s *Service) flow(tx *store.Tx, id FlowID, state string) (*store.Activation, error) {
	a, err := tx.Activation(string(id))
	if errors.Is(err, store.ErrNotFound) {
		return nil, errFlow
	}
	if err == nil && (a.State != state || a.Expires < s.clock()) {
		return nil, errFlow
	}
	return a, err
}

// ProveActivation checks the code. A code works once; five tries and the run is
// over.
func (s *Service) ProveActivation(ctx context.Context, id FlowID, code string, src Source) error {
	code = spaceless(code)
	if len(code) != 6 || strings.Trim(code, "0123456789") != "" {
		return refuse("code_wrong", "code", "Enter the six digits from our e-mail.")
	}
	if n, err := s.attempt(ctx, "code", string(id)); err != nil {
		return err
	} else if n > identity.CodeTries {
		return errFlow
	}
	// Asking for a new code does not start the count again (NIST SP 800-63B-4,
	// 3.1.3): tries are counted for the customer as well.
	whose, err := s.flowOwner(ctx, id)
	if err != nil {
		return err
	}
	if _, err := s.attempt(ctx, "code_of", whose); err != nil {
		return err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		a, err := s.flow(tx, id, "sent")
		if err != nil {
			return err
		}
		right := identity.Same(a.CodeHash, tx.Keys().Hash("activation", a.ID+" "+code))
		if !right || a.CustomerID == "" {
			return refuse("code_wrong", "code", "That code is not the one we sent. Check the newest e-mail from us, or start again for a new code.")
		}
		moved, err := tx.MoveActivation(a.ID, "sent", "proven")
		if err == nil && !moved {
			return errFlow
		}
		return err
	})
	if err == nil {
		err = s.forgive(ctx, "code_of", whose)
	}
	return err
}

// flowOwner is the customer whose code a run waits for; the run itself when
// there is none.
func (s *Service) flowOwner(ctx context.Context, id FlowID) (owner string, err error) {
	owner = string(id)
	err = s.db.View(ctx, func(tx *store.Tx) error {
		a, err := tx.Activation(string(id))
		if err == nil && a.CustomerID != "" {
			owner = a.CustomerID
		}
		return absent(err)
	})
	return owner, err
}

// ActivationName is the username to offer: the one in use, or the e-mail address
// on file.
func (s *Service) ActivationName(ctx context.Context, id FlowID) (name string, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) error {
		a, err := s.flow(tx, id, "proven")
		if err != nil {
			return err
		}
		if l, err := tx.LoginOf(a.CustomerID); err == nil {
			name = l.Username
			return nil
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		person, err := tx.Customer(a.CustomerID)
		if err == nil {
			name = person.Email
		}
		return err
	})
	return name, err
}

// FinishActivation sets username and password and signs the customer in. For one
// who has online access already it is the way to a new password, and ends all
// other sessions.
func (s *Service) FinishActivation(ctx context.Context, id FlowID, username, password string, src Source) (token string, err error) {
	username = normalEmail(username)
	if len(username) < 6 || len(username) > 254 || strings.ContainsFunc(username, func(r rune) bool { return r <= ' ' }) {
		return "", refuse("username", "username", "Use 6 or more characters without spaces. Your e-mail address works well.")
	}
	var own []string
	err = s.db.View(ctx, func(tx *store.Tx) error {
		a, err := s.flow(tx, id, "proven")
		if err != nil {
			return err
		}
		person, err := tx.Customer(a.CustomerID)
		if err != nil {
			return err
		}
		own = []string{person.FirstName + " " + person.LastName, person.LastName, person.Email, username, s.lender.Name, person.Street}
		if _, err := mail.ParseAddress(username); err == nil && username != person.Email {
			return refuse("username_other_email", "username", "To use an e-mail address as your username, use the one we have on file for you.")
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	if problem := identity.PasswordProblem(password, own...); problem != "" {
		return "", &Refusal{"password", "password", problem}
	}
	hash, err := identity.HashPassword(password)
	if err != nil {
		return "", err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		a, err := s.flow(tx, id, "proven")
		if err != nil {
			return err
		}
		if moved, err := tx.MoveActivation(a.ID, "proven", "done"); err != nil {
			return err
		} else if !moved {
			return errFlow
		}
		tx.EndActivations(a.CustomerID, a.ID)
		now, kind := s.clock(), billing.NoticeActivated
		if _, err := tx.LoginOf(a.CustomerID); err == nil {
			kind = billing.NoticePasswordChanged
			tx.EndSessions(a.CustomerID, now)
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		tx.SaveLogin(&store.Login{CustomerID: a.CustomerID, Username: username, PasswordHash: hash, Changed: now})
		tx.ClearAttempt(tx.Keys().Hash("attempt:sign_in", username))
		tx.Audit(now, identity.Customer(identity.CustomerID(a.CustomerID)).String(), string(kind), "", "")
		if err := s.notify(tx, a.CustomerID, a.ID, billing.Notice{Kind: kind}, 0); err != nil {
			return err
		}
		token = s.issue(tx, a.CustomerID, src)
		return tx.Flush()
	})
	if isConflict(err) {
		return "", refuse("username_taken", "username", "Somebody else uses that username. Choose another.")
	}
	return token, err
}

// issue makes a session. It is the only way to one.
func (s *Service) issue(tx *store.Tx, customer string, src Source) string {
	now, token := s.clock(), identity.NewToken()
	tx.InsertSession(&store.Session{TokenHash: tx.Keys().Hash("session", token), CustomerID: customer, Created: now,
		Ends: now.Add(identity.TotalLimit), IP: src.IP, UserAgent: cut(src.UserAgent, 300)})
	tx.Audit(now, identity.Customer(identity.CustomerID(customer)).String(), "sign_in", "", "")
	return token
}

// SignIn checks username and password. Wrong ones, and names that nobody has,
// get the same answer after the same time.
func (s *Service) SignIn(ctx context.Context, username, password string, src Source) (token string, err error) {
	username = normalEmail(username)
	if username == "" {
		return "", refuse("username_missing", "username", "Enter your username or e-mail address.")
	}
	if password == "" {
		return "", refuse("password_missing", "password", "Enter your password.")
	}
	if _, err := s.attempt(ctx, "sign_in", username); err != nil {
		return "", err
	}
	login := &store.Login{}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		login, err = tx.LoginByUsername(username)
		return absent(err)
	})
	if err != nil {
		return "", err
	}
	right := false
	if len(password) <= 4*identity.MaxPassword {
		if right, err = identity.CheckPassword(password, login.PasswordHash); err != nil {
			return "", err
		}
	}
	if !right {
		return "", refuse("sign_in_wrong", "", "That username and password do not match. Check both and try again. If you have not used this site before, activate online access first.")
	}
	if err := s.forgive(ctx, "sign_in", username); err != nil {
		return "", err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		token = s.issue(tx, login.CustomerID, src)
		return nil
	})
	return token, err
}

// SignOut ends a session.
func (s *Service) SignOut(ctx context.Context, token string) error {
	return s.db.Update(ctx, func(tx *store.Tx) error {
		tx.EndSession(tx.Keys().Hash("session", token), s.clock())
		return nil
	})
}

// seenEvery bounds how often a session's idle clock is written.
const seenEvery = 30 * time.Second

// Session finds who is signed in with a token and moves the idle clock on.
func (s *Service) Session(ctx context.Context, token string) (out Session, err error) {
	if token == "" {
		return out, ErrNoSession
	}
	now := s.clock()
	var row *store.Session
	err = s.db.View(ctx, func(tx *store.Tx) error {
		if row, err = tx.Session(tx.Keys().Hash("session", token)); err != nil {
			return err
		}
		if !identity.SessionLives(row.Seen, row.Ends, row.Ended, now) {
			return ErrNoSession
		}
		person, err := tx.Customer(row.CustomerID)
		if err == nil {
			out = Session{identity.Customer(identity.CustomerID(row.CustomerID)), person.FirstName, person.LastName, now.Add(identity.IdleLimit), row.Ends}
		}
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return out, ErrNoSession
	}
	if err == nil && now > row.Seen.Add(seenEvery) {
		err = s.db.Update(ctx, func(tx *store.Tx) error {
			tx.SeeSession(row.TokenHash, now)
			return nil
		})
	}
	return out, err
}
