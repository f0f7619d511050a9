package servicing

import (
	"fmt"
	"strings"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
	"marque/internal/store"
)

// letter is the head of a letter to all who owe a contract; of one that only one of
// them is sent, customer is that one.
func (s *Service) letter(tx *store.Tx, c *store.Contract, customer string, on money.Date) (billing.Letter, error) {
	l := billing.Letter{Lender: s.lender, Kind: c.Kind, AccountNumber: c.AccountNumber, Vehicle: vehicle(c), VIN: c.VIN, Date: on}
	if customer == "" {
		var err error
		l.Recipient, err = addressed(tx, c)
		return l, err
	}
	person, err := tx.Customer(customer)
	if err != nil {
		return l, err
	}
	l.Recipient = recipient(person)
	return l, nil
}

// journalLines are a contract's lines and its events, with all that this
// transaction has posted.
func journalLines(tx *store.Tx, c *store.Contract) ([]billing.Line, []contract.Event, error) {
	if err := tx.Flush(); err != nil {
		return nil, nil, err
	}
	rows, err := tx.Events(c.ID)
	if err != nil {
		return nil, nil, err
	}
	journal, err := tx.Entries(c.ID, 0)
	if err != nil {
		return nil, nil, err
	}
	payments, err := linePayments(tx, c)
	if err != nil {
		return nil, nil, err
	}
	events := plain(rows)
	return billing.Lines(journal, events, payments), events, nil
}

func (s *Service) schedulePaper(tx *store.Tx, c *store.Contract, customer string, on money.Date) (out billing.SchedulePaper, err error) {
	in := billing.ScheduleInput{Terms: &c.Terms, State: c.State, OriginalDate: c.OriginalDate, OriginalAmount: c.OriginalAmount}
	if in.Letter, err = s.letter(tx, c, customer, on); err != nil {
		return out, err
	}
	if in.Lines, _, err = journalLines(tx, c); err != nil {
		return out, err
	}
	return billing.MakeSchedule(in)
}

func (s *Service) historyPaper(tx *store.Tx, c *store.Contract, customer string, from, through, on money.Date) (out billing.HistoryPaper, err error) {
	in := billing.HistoryInput{Terms: &c.Terms, State: c.State, From: from, Through: through}
	if in.Letter, err = s.letter(tx, c, customer, on); err != nil {
		return out, err
	}
	if in.Lines, _, err = journalLines(tx, c); err != nil {
		return out, err
	}
	return billing.MakeHistory(in)
}

// interestSummary sums a year as it is known on a day. furnished is the summary of
// the last year before it that has gone out; nil when there is none.
func (s *Service) interestSummary(tx *store.Tx, c *store.Contract, customer string, year int, furnished *billing.InterestSummary, on money.Date) (out billing.InterestSummary, err error) {
	in := billing.InterestInput{
		Year: year, Terms: &c.Terms, Furnished: furnished, OriginalDate: c.OriginalDate, OriginalAmount: c.OriginalAmount,
		VehicleYear: c.VehicleYear, VehicleMake: c.VehicleMake, VehicleModel: c.VehicleModel, LastEntry: c.LastEntry,
	}
	if in.Letter, err = s.letter(tx, c, customer, on); err != nil {
		return out, err
	}
	if in.Lines, _, err = journalLines(tx, c); err != nil {
		return out, err
	}
	return billing.MakeInterestSummary(in)
}

// paidInFull is the proof that nothing is owed. p is the payment that closed the
// account, as it stands in this transaction; nil when none did.
func (s *Service) paidInFull(tx *store.Tx, c *store.Contract, p *store.Payment, on money.Date) (out billing.PaidInFull, err error) {
	in := billing.PaidInput{Terms: &c.Terms, State: c.State, OriginalDate: c.OriginalDate, OriginalAmount: c.OriginalAmount}
	if in.Letter, err = s.letter(tx, c, "", on); err != nil {
		return out, err
	}
	if in.Lines, _, err = journalLines(tx, c); err != nil {
		return out, err
	}
	if in.FinalOn, in.Cleared, err = s.clears(tx, c, p, on); err != nil {
		return out, err
	}
	if p != nil {
		b, err := methodOf(tx, p)
		if err != nil {
			return out, err
		}
		in.Method, in.Confirmation = describe(b), p.Confirmation
	}
	if c.CustomerID != "" {
		person, err := tx.Customer(c.CustomerID)
		if err != nil {
			return out, err
		}
		in.HomeState = strings.ToUpper(strings.TrimSpace(person.State))
	}
	return billing.MakePaidInFull(in)
}

// clears says from which day on no payment on an account can come back, and when
// the ordinary time for the return of one has passed. What has not gone to the bank
// yet is counted as if it went with the day's file.
func (s *Service) clears(tx *store.Tx, c *store.Contract, p *store.Payment, on money.Date) (final, cleared money.Date, err error) {
	final, known, err := fundsFinal(tx, c)
	if err != nil {
		return 0, 0, err
	}
	settles, sent := on.AddBankingDays(1), p == nil || p.Rail != billing.ACH || !p.SettlesOn.IsZero()
	if !known || !sent {
		final = max(final, billing.FinalOn(billing.ACH, settles))
	}
	switch cleared = on; {
	case !sent:
		cleared = settles.AddBankingDays(s.rules.SettleDays)
	case p != nil && p.Rail == billing.ACH:
		cleared = p.SettlesOn
	}
	return final, cleared, nil
}

func (s *Service) leaseEnd(tx *store.Tx, c *store.Contract, on money.Date) (out billing.LeaseEndPacket, err error) {
	in := billing.LeaseEndInput{Terms: &c.Terms, State: c.State}
	if in.Letter, err = s.letter(tx, c, "", on); err != nil {
		return out, err
	}
	rows, err := tx.Events(c.ID)
	if err != nil {
		return out, err
	}
	if in.Readings, err = contract.Readings(&c.Terms, plain(rows)); err != nil {
		return out, fmt.Errorf("fold contract %s: %w", c.ID, err)
	}
	return billing.MakeLeaseEnd(in)
}

func (s *Service) lateNotice(tx *store.Tx, c *store.Contract, fee contract.Event) (out billing.LateNotice, err error) {
	in := billing.LateInput{Terms: &c.Terms, State: c.State, Event: fee}
	if in.Letter, err = s.letter(tx, c, "", fee.Date); err != nil {
		return out, err
	}
	switch _, err := tx.Autopay(c.ID); {
	case err == nil:
		in.Autopay = true
	case absent(err) != nil:
		return out, err
	}
	return billing.MakeLateNotice(in)
}

// returnNotice tells who made a payment that it came back; n is what they are told
// at once.
func (s *Service) returnNotice(tx *store.Tx, c *store.Contract, p *store.Payment, n billing.Notice, on money.Date, reopened bool) (out billing.ReturnNotice, err error) {
	head, err := s.letter(tx, c, p.CustomerID, on)
	if err != nil {
		return out, err
	}
	law, err := c.Terms.FeeLaw()
	if err != nil {
		return out, err
	}
	b, err := methodOf(tx, p)
	if err != nil {
		return out, err
	}
	out = billing.ReturnNotice{
		Letter: head, Rail: p.Rail, PaidOn: p.Date, Amount: p.Amount, Confirmation: p.Confirmation, Method: n.Method, ReturnedOn: p.ReturnedOn, Reason: n.Reason,
		Autopay: p.Autopay, Fee: n.Fee, Law: law.ReturnedSource, Again: n.Again, Stopped: b.Validation == billing.Stopped, Reopened: reopened, Balance: c.State.Principal,
	}
	if p.Rail == billing.ACH {
		out.Code = p.ReturnCode
	}
	d, err := due(c, on)
	if err != nil {
		return out, err
	}
	out.Owes(d)
	return out, nil
}

// changeNotice sets the account before an event beside the account after it; false
// when it has changed nothing that a letter is written about.
func (s *Service) changeNotice(tx *store.Tx, c *store.Contract, history []contract.Event, e contract.Event, a contract.Allocation, on money.Date) (out billing.ChangeNotice, changed bool, err error) {
	in := billing.ChangeInput{Terms: &c.Terms, After: c.State, Event: e, Allocation: a}
	if in.Before, _, err = contract.Replay(&c.Terms, history); err != nil {
		return out, false, fmt.Errorf("fold contract %s: %w", c.ID, err)
	}
	if in.Letter, err = s.letter(tx, c, "", on); err != nil {
		return out, false, err
	}
	if e.Kind == contract.Service {
		in.FeesBack = max(0, in.Before.LateFees-c.State.LateFees)
	}
	return billing.MakeChangeNotice(in)
}
