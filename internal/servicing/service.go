package servicing

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// Rules are the lender's settings.
type Rules struct {
	StatementDays int // a statement closes so many days before its due date
	SettleDays    int // banking days after settlement until a debit counts as settled: the ordinary return window
	// CheckAccount asks a provider about a bank account that somebody adds; nil asks
	// nobody, and the account is checked by entries to it. It is called outside of
	// any transaction and changes nothing.
	CheckAccount func(context.Context, AccountQuestion) (AccountAnswer, error)
	// ValidateBy is how an account is checked that no provider vouches for: by
	// micro-entries, which the zero value means too, or by a prenote.
	ValidateBy billing.ValidatedBy
	// BankName looks a routing number up in the banks' directory; nil has none.
	BankName  func(routing string) (name string, known bool)
	Paying    Paying
	Returns   Returns
	SameDay   bool // payments may be marked to settle the day they are sent
	Access    Access
	Cards     CardRules
	Quiet     *QuietHours // in which nobody is written to who has not chosen hours; nil: the usual ones
	NoTexts   bool        // nobody carries text messages: alarms go by e-mail alone, and do not wait to go out stale
	PaperMail bool        // there is a mail house: what cannot be said otherwise goes by mail
}

// QuietHours are by the clock where a person lives, in minutes after midnight.
// Equal ones are none.
type QuietHours struct{ From, To int }

// Returns are the lender's settings for debits that come back.
type Returns struct {
	Retry      int // how often one that lacked money is presented again: 0, 1 or 2
	RetryAfter int // days from the return until it is; at least one
}

// Paying are the lender's settings for the days on which payments count.
type Paying struct {
	CutOff      int            // minutes after midnight, where the lender is, after which a payment counts for the next day; 0: none
	Zone        *time.Location // where the lender is; nil is UTC
	BankingDays bool           // payments made by hand count on banking days only
}

// Access are the lender's settings for who comes in and how.
type Access struct {
	Passkeys, StaffPasskeys *identity.Passkeys // nil: none at this address
	Breached                *identity.Breached // passwords known to be stolen; nil: no list
	Places                  *identity.Places   // where addresses are; nil: unknown
	BlockedWords            []string           // what passwords must not consist of: the lender's and the makers' names
	SecondFactorOptional    bool               // by the lender's written exception
	Questions               QuestionUse
}

// QuestionUse is what security questions are for. They are never a way in.
type QuestionUse string

// The uses; the zero value is off.
const (
	QuestionsOff      QuestionUse = ""
	QuestionsAgent    QuestionUse = "agent_gate"          // an agent asks them beside another proof
	QuestionsRecovery QuestionUse = "extra_recovery_gate" // a recovery asks them before anything else
)

// DefaultRules close statements 21 days before the due date (the trade sends
// them 14 to 21 days ahead) and wait out the two banking days in which a debit
// is ordinarily returned.
var DefaultRules = Rules{StatementDays: 21, SettleDays: 2}

// Service does the verbs.
type Service struct {
	db     *store.DB
	lender billing.Lender
	rules  Rules
	clock  func() money.Instant
}

// New makes a service. clock gives the present moment; the business date is
// data and does not come from it.
func New(db *store.DB, lender billing.Lender, rules Rules, clock func() money.Instant) *Service {
	return &Service{db, lender, rules, clock}
}

// Lender is whose portal this is, as papers show it.
func (s *Service) Lender() billing.Lender { return s.lender }

// Refusal is the only error whose words a person may read.
type Refusal struct{ Code, Field, Message string }

func (r *Refusal) Error() string { return "refused: " + r.Code + ": " + r.Message }

func refuse(code, field, format string, args ...any) error {
	return &Refusal{code, field, fmt.Sprintf(format, args...)}
}

// ErrNotFound says that there is no such thing, or none that is the actor's.
var ErrNotFound = store.ErrNotFound

// ErrForbidden says that this kind of actor may not do this at all.
var ErrForbidden = errors.New("not allowed")

// Source is where a request came from, for limits and for the record. Device is
// what the browser kept from earlier sign-ins.
type Source struct{ IP, UserAgent, Device string }

// errChanged is what a person is told when something changed under their hands.
var errChanged = &Refusal{"changed", "", "This has changed since you opened the page. Check it and try again."}

// asRefusal passes billing's refusals on as servicing's.
func asRefusal(err error) error {
	if r, ok := errors.AsType[*billing.Refusal](err); ok {
		return &Refusal{r.Code, r.Field, r.Message}
	}
	return err
}

func isConflict(err error) bool {
	_, ok := errors.AsType[*store.ConflictError](err)
	return ok
}

// owner limits a query to what an actor may see: a customer's own, or for the
// system everything.
func owner(a identity.Actor) (string, error) {
	if a.IsSystem() {
		return "", nil
	}
	return customer(a)
}

// customer is the customer who acts; anyone else is refused, and so is a session
// that may only set a new way in.
func customer(a identity.Actor) (string, error) {
	id, ok := a.CustomerID()
	if !ok || id == "" || a.Standing.May(identity.ActRead, 0) != identity.Allowed {
		return "", ErrForbidden
	}
	return string(id), nil
}

// own runs a read on a contract that is the acting customer's.
func (s *Service) own(ctx context.Context, actor identity.Actor, id ContractID, fn func(*store.Tx, *store.Contract) error) error {
	if _, err := customer(actor); err != nil {
		return err
	}
	return s.view(ctx, actor, id, fn)
}

// takeOwn runs a change on a contract that is the acting customer's, with its
// row held.
func (s *Service) takeOwn(ctx context.Context, actor identity.Actor, id ContractID, fn func(*store.Tx, *store.Contract) error) error {
	who, err := customer(actor)
	if err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		c, err := tx.TakeContract(string(id), who)
		if err != nil {
			return err
		}
		return fn(tx, c)
	})
}

func system(a identity.Actor) error {
	if !a.IsSystem() {
		return ErrForbidden
	}
	return nil
}

const settingDate = "business_date"

// ErrNoBusinessDate says that no business day has been opened yet.
var ErrNoBusinessDate = errors.New("no business date yet: import a portfolio or run a cycle first")

func today(tx *store.Tx) (money.Date, error) {
	v, err := tx.Setting(settingDate)
	if errors.Is(err, store.ErrNotFound) {
		return 0, ErrNoBusinessDate
	}
	if err != nil {
		return 0, err
	}
	return money.ParseDate(v)
}

// Today is the business date: the day that is open. It is data, and moves when
// the day's cycle is done.
func (s *Service) Today(ctx context.Context) (d money.Date, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) error {
		d, err = today(tx)
		return err
	})
	return d, err
}

// OpenDay sets the business date when there is none yet, or moves it on from
// the day given; otherwise it changes nothing. It returns the day that is open.
func (s *Service) OpenDay(ctx context.Context, actor identity.Actor, from, to money.Date) (open money.Date, err error) {
	if err := system(actor); err != nil {
		return 0, err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		open, err = today(tx)
		switch {
		case errors.Is(err, ErrNoBusinessDate):
			tx.SetSetting(settingDate, to.String())
			open = to
		case err != nil:
			return err
		case open == from && to > from:
			// Another process may have moved it on meanwhile, and further.
			moved, err := tx.MoveSetting(settingDate, from.String(), to.String())
			if err != nil {
				return err
			}
			if open = to; !moved {
				open, err = today(tx)
			}
			return err
		}
		return nil
	})
	return open, err
}

// ReadyCheck says whether the database answers and has the schema this program
// was built for.
func (s *Service) ReadyCheck(ctx context.Context) error {
	return errors.Join(s.db.Ping(ctx), s.db.Current(ctx))
}

// NewKey makes a key for one intent of a person: one review page, one form.
func NewKey() string { return rand.Text() }

// confirmation is a number a person can read out: nine characters without those
// that look alike, in groups of three.
func confirmation() string {
	const letters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
	b := make([]byte, 9)
	rand.Read(b)
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)]
	}
	return string(b[:3]) + "-" + string(b[3:6]) + "-" + string(b[6:])
}

// inputHash is kept with a key, so that the same key with other inputs is seen.
func inputHash(inputs ...any) string {
	h := sha256.New()
	for _, in := range inputs {
		fmt.Fprintf(h, "%q\x00", fmt.Sprint(in))
	}
	return hex.EncodeToString(h.Sum(nil))
}

var errKeyReused = &Refusal{"key_reused", "", "This page was already used for something else. Start again from your account."}

func recipient(c *store.Customer) billing.Recipient {
	return billing.Recipient{Name: c.FirstName + " " + c.LastName, Address: []string{c.Street, c.City + ", " + c.State + " " + c.ZIP}}
}

func vehicle(c *store.Contract) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s %s", c.VehicleYear, c.VehicleMake, c.VehicleModel))
}

// accountEnds is all of an account number that a message may hold.
func accountEnds(number string) string {
	if len(number) <= 4 {
		return ""
	}
	return number[len(number)-4:]
}
