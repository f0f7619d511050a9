package servicing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// Staff see a customer only through the verbs here. There is no way to act as a
// customer: what a customer's verbs ask for, a member of staff is not.

// FoundCustomer is a customer as a search shows one: enough to tell people apart.
type FoundCustomer struct {
	ID           identity.CustomerID
	Name         string
	City, State  string
	Email, Phone string // masked
	Accounts     []FoundAccount
}

// FoundAccount is a contract in a search's result.
type FoundAccount struct {
	Vehicle Vehicle // without its number
	Ends    string  // of the account number
	Closed  bool
}

// mostFound is how many customers a search gives: who is not among them is looked
// for by something narrower.
const mostFound = 20

// searchKind is what a search is for: what is written down of it.
type searchKind string

const (
	byEmail   searchKind = "email"
	byPhone   searchKind = "phone"
	byAccount searchKind = "account"
	byVIN     searchKind = "vin"
	byName    searchKind = "name"
)

var (
	vinWhole = regexp.MustCompile(`^[A-HJ-NPR-Z0-9]{17}$`)
	vinEnd   = regexp.MustCompile(`^[A-HJ-NPR-Z0-9]{6}$`)
)

// searchKinds are what a text may be, the likeliest first.
func searchKinds(text string) (kinds []searchKind) {
	bare := strings.ToUpper(spaceless(text))
	digit := strings.ContainsAny(bare, "0123456789")
	if strings.Contains(text, "@") {
		return []searchKind{byEmail}
	}
	if digit {
		kinds = append(kinds, byAccount)
		if _, ok := identity.NormalPhone(text); ok {
			kinds = append(kinds, byPhone)
		}
	}
	if digit && (vinWhole.MatchString(bare) || vinEnd.MatchString(bare)) {
		kinds = append(kinds, byVIN)
	}
	if !digit {
		kinds = append(kinds, byName)
	}
	return kinds
}

// Find looks for customers by name, account number, VIN or its last six, telephone
// or e-mail address. What was typed is not kept: only of what kind it was.
func (s *Service) Find(ctx context.Context, actor identity.Actor, text string) (out []FoundCustomer, err error) {
	if err := duty(actor, identity.DutyFind); err != nil {
		return nil, err
	}
	text = oneSearch(text)
	if utf8.RuneCountInString(text) < 2 {
		return nil, refuse("find_short", "q", "Type at least two letters of a name, or a whole account number, VIN (or its last six), phone or e-mail address.")
	}
	if err := s.attempt(ctx, "find", actor.String()); err != nil {
		if errors.Is(err, errStopped) {
			err = refuse("find_limit", "q", "That was a lot of searches. Wait an hour, or ask a supervisor.")
		}
		return nil, err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		out = nil
		tried := []string{}
		for _, kind := range searchKinds(text) {
			tried = append(tried, string(kind))
			all, err := search(tx, kind, text)
			if err != nil {
				return err
			}
			for _, f := range all {
				one, err := s.found(tx, f)
				if err != nil {
					return err
				}
				if !slices.ContainsFunc(out, func(o FoundCustomer) bool { return o.ID == one.ID }) && len(out) < mostFound {
					out = append(out, one)
				}
			}
		}
		tx.AuditRow(store.AuditRow{At: s.clock(), Actor: actor.String(), Action: "find", Detail: fmt.Sprintf("by %s: %d found", strings.Join(tried, " or "), len(out))})
		return nil
	})
	return out, err
}

// SealSearch locks what was typed into a search, so that the answer has an address
// that can be gone back to and in which nobody reads a name. It opens in the same
// session only, and for twenty minutes.
func (s *Service) SealSearch(_ context.Context, actor identity.Actor, text string) (string, error) {
	if err := duty(actor, identity.DutyFind); err != nil {
		return "", err
	}
	return s.sealFor("search", actor.Standing.Session, []byte(oneSearch(text)))
}

// UnsealSearch gives what SealSearch locked.
func (s *Service) UnsealSearch(_ context.Context, actor identity.Actor, box string) (string, error) {
	if err := duty(actor, identity.DutyFind); err != nil {
		return "", err
	}
	text, err := s.unseal("search", actor.Standing.Session, box)
	return string(text), err
}

func oneSearch(text string) string { return strings.Join(strings.Fields(cut(text, 200)), " ") }

func search(tx *store.Tx, kind searchKind, text string) ([]store.Found, error) {
	switch kind {
	case byEmail:
		return tx.FindByEmail(identity.NormalEmail(text), mostFound)
	case byPhone:
		number, _ := identity.NormalPhone(text)
		return tx.FindByPhone(number, mostFound)
	case byAccount:
		return tx.FindByAccount(spaceless(text), mostFound)
	case byVIN:
		return tx.FindByVIN(spaceless(text), mostFound)
	}
	first, last, two := strings.Cut(text, " ")
	if after, comma, ok := strings.Cut(text, ","); ok { // Okafor, Maya
		return tx.FindByName(strings.TrimSpace(comma), strings.TrimSpace(after), mostFound)
	}
	if two {
		return tx.FindByName(first, last, mostFound)
	}
	all, err := tx.FindByName("", text, mostFound)
	if err != nil || len(all) == mostFound {
		return all, err
	}
	more, err := tx.FindByName(text, "", mostFound)
	return append(all, more...), err
}

func (s *Service) found(tx *store.Tx, f store.Found) (out FoundCustomer, err error) {
	out = FoundCustomer{ID: identity.CustomerID(f.ID), Name: strings.TrimSpace(f.FirstName + " " + f.LastName), City: f.City, State: f.State}
	if f.Email != "" {
		out.Email = identity.MaskEmail(f.Email)
	}
	if f.Phone != "" {
		out.Phone = identity.MaskPhone(f.Phone)
	}
	contracts, err := tx.ContractsOf(f.ID)
	for _, c := range contracts {
		out.Accounts = append(out.Accounts, FoundAccount{Vehicle{c.VehicleYear, c.VehicleMake, c.VehicleModel, ""}, accountEnds(c.AccountNumber), c.Status == "paid"})
	}
	return out, err
}

// viewLife is how long a customer stays open on a desk before the reason is asked
// for again.
const viewLife = 30 * time.Minute

// Viewing is a customer who is open on a desk: in one session, for a reason.
type Viewing struct {
	Reason string
	Until  money.Instant
}

var errNoView = &Refusal{"view_closed", "", "Say why you look at this account before you go on."}

// reasonFor checks the reason that somebody gives: words that a colleague will
// understand, and no number that belongs in no note.
func reasonFor(reason string) (string, error) {
	reason = strings.Join(strings.Fields(reason), " ")
	switch n := utf8.RuneCountInString(reason); {
	case n < 8:
		return "", refuse("reason", "reason", "Say why in at least 8 characters: what the person asked for, or the ticket’s number.")
	case n > 200:
		return "", refuse("reason", "reason", "Say it in at most 200 characters.")
	case longNumber.MatchString(reason):
		return "", refuse("reason", "reason", "Leave out long numbers: no card, account or Social Security number belongs in a note.")
	}
	return reason, nil
}

// longNumber is nine digits and more, however they are parted.
var longNumber = regexp.MustCompile(`(?:\d[ .\-/]?){9,}`)

// OpenView opens a customer on the acting member of staff's desk, for half an hour
// and a reason. It shows nothing yet.
func (s *Service) OpenView(ctx context.Context, actor identity.Actor, customer identity.CustomerID, reason string) error {
	if err := duty(actor, identity.DutyView); err != nil {
		return err
	}
	reason, err := reasonFor(reason)
	if err != nil {
		return err
	}
	return s.noteView(ctx, actor, customer, "view_opened", reason)
}

// CloseView takes a customer off the desk.
func (s *Service) CloseView(ctx context.Context, actor identity.Actor, customer identity.CustomerID) error {
	if err := duty(actor, identity.DutyView); err != nil {
		return err
	}
	return s.noteView(ctx, actor, customer, "view_closed", "")
}

// noteView writes the row that a view is: there is no other record of it that
// could say something else than the audit trail.
func (s *Service) noteView(ctx context.Context, actor identity.Actor, customer identity.CustomerID, action, reason string) error {
	return s.db.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.Customer(string(customer)); err != nil {
			return err
		}
		tx.AuditRow(store.AuditRow{At: s.clock(), Actor: actor.String(), Action: action, Subject: string(customer), Reason: reason, Detail: actor.Standing.Session})
		return nil
	})
}

// viewing finds the view of a customer that is open in the actor's session.
func (s *Service) viewing(tx *store.Tx, actor identity.Actor, customer identity.CustomerID) (v Viewing, err error) {
	now := s.clock()
	row, err := tx.ViewRow(actor.String(), string(customer), actor.Standing.Session, now.Add(-viewLife))
	if errors.Is(err, ErrNotFound) || err == nil && (row.Action != "view_opened" || row.At > now) {
		return v, errNoView
	}
	return Viewing{row.Reason, row.At.Add(viewLife)}, err
}

// lookAt is the way to everything that staff read of a customer: the duty, the open
// view, and a row with its reason that is written before anything is shown.
func (s *Service) lookAt(ctx context.Context, actor identity.Actor, customer identity.CustomerID, what string) (v Viewing, err error) {
	if err := duty(actor, identity.DutyView); err != nil {
		return v, err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		if v, err = s.viewing(tx, actor, customer); err != nil {
			return err
		}
		tx.AuditRow(store.AuditRow{At: s.clock(), Actor: actor.String(), Action: what, Subject: string(customer), Reason: v.Reason})
		return nil
	})
	return v, err
}

// CustomerView is a customer on one screen.
type CustomerView struct {
	Viewing
	ID                         identity.CustomerID
	Number                     string
	FirstName, LastName        string
	Email, Phone               string // masked
	EmailChanged, PhoneChanged money.Instant
	City, State, Language      string // the street is revealed
	Date                       money.Date
	Contracts                  []Card    // without routing numbers, and without the words that were agreed to
	Payments                   []Payment // the newest
	Documents                  []ViewDocument
	Access                     AccessView
	Checks                     []CallerChecked
	Pending                    []Approval
	Timeline                   []Moment
}

// ViewDocument is one line of the documents that a customer has.
type ViewDocument struct {
	Document
	Ends      string
	DueDate   money.Date // of a statement
	AmountDue money.Cents
}

// AccessView is a customer's way in as staff see it: no password, code or answer,
// and nothing that would help to guess one.
type AccessView struct {
	Activated     bool
	Username      string // masked
	Locked        money.Instant
	LockReason    string // "owner" when the customer said that it was not them
	Failures      int    // wrong passwords in a row from devices that are not known
	Stopped       bool   // so many that no more are taken
	WaitUntil     money.Instant
	HeldUntil     money.Instant
	MustChange    bool
	Factors       []Factor // kinds and dates; of a phone its last digits
	SavedCodes    int
	Sessions      []SignedIn
	Devices       int
	Visits        []PastVisit
	QuestionsGate bool // an agent asks the security questions beside another check
}

// Moment is one thing that happened, for the timeline.
type Moment struct {
	At     money.Instant
	Kind   string // payment, message, visit, staff or access
	What   string // a payment's or message's state, a visit's outcome, an action
	Amount money.Cents
	Detail string // a payment's number, a message's kind, a visit's device and place
	Way    string // of a message: billing's channel
	Who    string // the colleague
	Reason string
}

// How much a screen holds.
const (
	viewPayments = 8
	viewVisits   = 12
	viewRows     = 200
)

// ViewCustomer reads a customer who is open on the desk. Each read is a row of the
// audit trail with the view's reason.
func (s *Service) ViewCustomer(ctx context.Context, actor identity.Actor, customer identity.CustomerID) (out CustomerView, err error) {
	v, err := s.lookAt(ctx, actor, customer, "view_customer")
	if err != nil {
		return out, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		out = CustomerView{Viewing: v, ID: customer}
		if err := s.viewPerson(tx, string(customer), &out); err != nil {
			return err
		}
		if err := s.viewMoney(tx, string(customer), &out); err != nil {
			return err
		}
		if err := s.viewAccess(tx, "customer:"+string(customer), &out.Access); err != nil {
			return err
		}
		if out.Checks, err = s.checksOf(tx, actor, string(customer), 0); err != nil {
			return err
		}
		if out.Pending, err = s.approvalsOf(tx, actor, string(customer)); err != nil {
			return err
		}
		return s.timeline(tx, string(customer), &out)
	})
	return out, err
}

func (s *Service) viewPerson(tx *store.Tx, customer string, out *CustomerView) error {
	p, err := tx.Customer(customer)
	if err != nil {
		return err
	}
	out.Number, out.FirstName, out.LastName, out.City, out.State, out.Language = p.Number, p.FirstName, p.LastName, p.City, p.State, p.Language
	if p.Email != "" {
		out.Email = identity.MaskEmail(p.Email)
	}
	if p.Phone != "" {
		out.Phone = identity.MaskPhone(p.Phone)
	}
	if out.EmailChanged, err = tx.ContactChanged(customer, string(ContactEmail)); absent(err) != nil {
		return err
	}
	out.PhoneChanged, err = tx.ContactChanged(customer, string(ContactPhone))
	return absent(err)
}

func (s *Service) viewMoney(tx *store.Tx, customer string, out *CustomerView) error {
	// What belongs to another borrower on the account is hidden from staff as it is
	// from the customer whose view this is.
	as := identity.Customer(identity.CustomerID(customer))
	var err error
	if out.Date, err = today(tx); err != nil {
		return err
	}
	contracts, err := tx.ContractsOf(customer)
	if err != nil {
		return err
	}
	for _, c := range contracts {
		card, err := s.card(tx, c, out.Date, as)
		if err != nil {
			return err
		}
		out.Contracts = append(out.Contracts, lastFour(card))
		rows, err := tx.Statements(c.ID)
		if err != nil {
			return err
		}
		statements := map[string]*store.Statement{}
		for _, row := range rows {
			statements[row.DocumentID] = row
		}
		papers, err := tx.Documents(c.ID, customer)
		if err != nil {
			return err
		}
		for _, d := range papers[:min(len(papers), viewRows)] {
			v := ViewDocument{Document: documentOf(d), Ends: accountEnds(c.AccountNumber)}
			if st := statements[d.ID]; st != nil {
				v.DueDate, v.AmountDue = st.DueDate, st.AmountDue
			}
			out.Documents = append(out.Documents, v)
		}
	}
	slices.SortStableFunc(out.Documents, func(a, b ViewDocument) int { return cmp.Compare(b.Day, a.Day) })
	all, err := s.paymentsOf(tx, customer, as)
	if err != nil {
		return err
	}
	for i := range all[:min(len(all), viewRows)] {
		all[i].Method = onlyEnds(all[i].Method)
		out.Timeline = append(out.Timeline, Moment{At: all[i].Created, Kind: "payment", What: string(all[i].State), Amount: all[i].Amount, Detail: all[i].Confirmation})
	}
	out.Payments = all[:min(len(all), viewPayments)]
	return nil
}

// lastFour takes out of a card what staff do not see of bank accounts.
func lastFour(c Card) Card {
	if c.Autopay != nil {
		a := *c.Autopay
		a.Method, a.Authorization = onlyEnds(a.Method), ""
		c.Autopay = &a
	}
	if c.AutopayEnded != nil {
		e := *c.AutopayEnded
		e.Method = onlyEnds(e.Method)
		c.AutopayEnded = &e
	}
	for i := range c.Scheduled {
		c.Scheduled[i].Method, c.Scheduled[i].Cancellable = onlyEnds(c.Scheduled[i].Method), false
	}
	if c.LastPayment != nil {
		c.LastPayment.Method, c.LastPayment.Cancellable = onlyEnds(c.LastPayment.Method), false
	}
	return c
}

func onlyEnds(b Method) Method {
	return Method{Kind: b.Kind, Type: b.Type, Brand: b.Brand, Last4: b.Last4, Theirs: b.Theirs}
}

func (s *Service) viewAccess(tx *store.Tx, owner string, out *AccessView) error {
	login, err := tx.LoginOf(owner)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	now, sec := s.clock(), Security{}
	if err := s.guarded(tx, owner, &sec); err != nil {
		return err
	}
	out.Activated, out.Username, out.Locked, out.LockReason = true, maskName(login.Username), login.Locked, login.LockReason
	out.HeldUntil, out.MustChange, out.Factors, out.SavedCodes = sec.HeldUntil, sec.MustChange, sec.Factors, sec.SavedCodes
	out.QuestionsGate = s.rules.Access.Questions == QuestionsAgent && sec.Answered > 0
	for i := range out.Factors {
		if out.Factors[i].Kind != Text {
			out.Factors[i].Name = "" // what the owner calls it is the owner's
		}
		out.Factors[i].ID = ""
	}
	n, until, err := tx.Attempts(tx.Keys().Hash("attempt:password", owner))
	if absent(err) != nil {
		return err
	}
	out.Failures, out.Stopped = n, n >= limits["password"].stop
	if until > now && !out.Stopped {
		out.WaitUntil = until
	}
	if out.Sessions, err = s.openSessions(tx, owner, ""); err != nil {
		return err
	}
	devices, err := tx.Devices(owner)
	if err != nil {
		return err
	}
	out.Devices = len(devices)
	out.Visits, err = s.pastVisits(tx, owner, viewVisits)
	return err
}

// maskName shows enough of a username for a caller to be told which it is.
func maskName(username string) string {
	if strings.Contains(username, "@") {
		return identity.MaskEmail(username)
	}
	r := []rune(username)
	return string(r[:min(2, len(r))]) + "•••"
}

// timeline gathers what happened from all that was written down, newest first.
func (s *Service) timeline(tx *store.Tx, customer string, out *CustomerView) error {
	notices, err := tx.NoticesOf(customer, viewRows)
	if err != nil {
		return err
	}
	for _, n := range notices {
		out.Timeline = append(out.Timeline, Moment{At: n.Created, Kind: "message", What: n.State, Detail: n.Kind, Way: n.Channel})
	}
	for _, v := range out.Access.Visits {
		where := strings.TrimSpace(v.Device + " " + v.Near)
		out.Timeline = append(out.Timeline, Moment{At: v.At, Kind: "visit", What: v.Outcome, Detail: where, Reason: signalWords(v.Signals)})
	}
	rows, err := tx.AuditOf(customer, "", viewRows)
	if err != nil {
		return err
	}
	names := names{}
	for _, r := range rows {
		if r.Contract != "" || slices.Contains([]string{"view_customer", "read_caller", "sign_in"}, r.Action) {
			continue // payments and visits stand here already, and each read is in the audit trail
		}
		m := Moment{At: r.At, Kind: "access", What: r.Action, Reason: r.Reason}
		if id, ok := identity.OwnerStaff(r.Actor); ok {
			m.Kind = "staff"
			if m.Who, err = names.of(tx, id); err != nil {
				return err
			}
		}
		out.Timeline = append(out.Timeline, m)
	}
	slices.SortStableFunc(out.Timeline, func(a, b Moment) int { return cmp.Compare(b.At, a.At) })
	out.Timeline = out.Timeline[:min(len(out.Timeline), viewRows)]
	return nil
}

func signalWords(signals []identity.Signal) string {
	words := make([]string, len(signals))
	for i, sig := range signals {
		words[i] = sig.Words()
	}
	return strings.Join(words, "; ")
}

// names are the colleagues' names by their ids.
type names map[string]string

func (n names) of(tx *store.Tx, id string) (string, error) {
	if name, known := n[id]; known {
		return name, nil
	}
	m, err := tx.Staff(id)
	if errors.Is(err, ErrNotFound) {
		n[id] = id
		return id, nil
	}
	if err == nil {
		n[id] = m.Name
		return m.Name, nil
	}
	return "", err
}

// Reached is how a customer is reached, in the clear.
type Reached struct{ Email, Phone, Street, City, State, ZIP string }

// RevealContact shows in the clear how a customer is reached. It is a row of the
// audit trail of its own.
func (s *Service) RevealContact(ctx context.Context, actor identity.Actor, customer identity.CustomerID) (out Reached, err error) {
	if _, err := s.lookAt(ctx, actor, customer, "reveal_contact"); err != nil {
		return out, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		p, err := tx.Customer(string(customer))
		if err == nil {
			out = Reached{p.Email, p.Phone, p.Street, p.City, p.State, p.ZIP}
		}
		return err
	})
	return out, err
}
