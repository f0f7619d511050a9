package servicing

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// A message is enqueued in the transaction of what it is about, as one row that
// stands in the person's inbox at once. By which way it goes out is chosen when
// its time comes, from what the person wants then: that is one line of
// billing.Events, what they chose, their quiet hours, what they agreed to and
// which of their addresses work.

// notify enqueues a message about something that is said once, by the way that its
// Channel names or, without one, as the person chose.
func (s *Service) notify(tx *store.Tx, customer, once string, n billing.Notice, life money.Instant) error {
	if customer == "" {
		return nil
	}
	_, err := s.enqueue(tx, customer, "", once, n, life)
	return err
}

// enqueue is the only maker of messages. said is the first of those that say the
// same thing by other ways; empty when this is the first.
func (s *Service) enqueue(tx *store.Tx, customer, said, once string, n billing.Notice, life money.Instant) (id string, err error) {
	e, known := billing.EventOf(n.Kind)
	if !known {
		return "", fmt.Errorf("write notice: there is no event %q", n.Kind)
	}
	b, err := json.Marshal(&n)
	if err != nil {
		return "", fmt.Errorf("write notice %s: %w", n.Kind, err)
	}
	now := s.clock()
	row := &store.Notice{ID: store.NewID(), Once: string(n.Kind) + ":" + once, CustomerID: customer, Kind: string(n.Kind), Channel: n.Channel,
		Content: string(b), State: noticeQueued, TryAt: now, Created: now}
	if e.Ways.Has(billing.ByPortal) {
		row.SaidID = cmp.Or(said, row.ID)
	}
	if n.Channel == billing.ByPortal {
		row.State, row.Sent = noticeSent, now
	}
	if life = cmp.Or(life, money.Instant(e.Life.Microseconds())); life > 0 {
		row.ExpiresAt = now + life
	}
	return row.ID, tx.InsertNotice(row)
}

// The states of a message by one way.
const (
	noticeQueued  = "queued"
	noticeSent    = "sent"
	noticeFailed  = "failed"
	noticeExpired = "expired"
)

// reached is how one person can be reached now.
type reached struct {
	person       *store.Customer
	chosen       map[choice]bool
	quiet        billing.Quiet
	agreed       bool // to text messages at their number
	stopped      bool // their number has sent STOP
	noMail, dead bool // their e-mail address, their number fails
}

type choice struct {
	group billing.EventGroup
	way   string
}

// wants is what the person chose, or the usual: e-mail, and no text message.
func (r *reached) wants(g billing.EventGroup, way string) bool {
	if on, chose := r.chosen[choice{g, way}]; chose {
		return on
	}
	return way == billing.ByEmail
}

// mayText says whether a text message of an event may go to the person's number.
func (r *reached) mayText(e billing.Event) bool {
	return e.Ways.Has(billing.ByText) && r.person.Phone != "" && !r.stopped && !r.dead && (e.Unasked || r.agreed)
}

func (s *Service) reached(tx *store.Tx, customer string) (r *reached, err error) {
	r = &reached{chosen: map[choice]bool{}}
	if r.person, err = tx.Customer(customer); err != nil {
		return nil, err
	}
	list, err := tx.Preferences(customer)
	if err != nil {
		return nil, err
	}
	for _, p := range list {
		r.chosen[choice{billing.EventGroup(p.Group), p.Channel}] = p.Wanted
	}
	if r.quiet, err = s.quiet(tx, r.person); err != nil {
		return nil, err
	}
	if r.person.Email != "" {
		since, err := tx.FailingSince(billing.ByEmail, r.person.Email)
		if err != nil {
			return nil, err
		}
		r.noMail = since > 0
	}
	if r.person.Phone == "" {
		return r, nil
	}
	if r.agreed, err = agreedToTexts(tx, r.person); err != nil {
		return nil, err
	}
	stop, err := tx.TextsStopped(r.person.Phone)
	if err != nil {
		return nil, err
	}
	dead, err := tx.FailingSince(billing.ByText, r.person.Phone)
	r.stopped, r.dead = stop > 0, dead > 0 || s.rules.NoTexts
	return r, err
}

// ways is by which way a message goes first, and whether it goes as a text message
// beside its e-mail, as alarms do. The portal alone is where it is anyway; empty is nowhere,
// though it has to be said.
func (s *Service) ways(r *reached, e billing.Event) (first string, text bool) {
	mail := e.Ways.Has(billing.ByEmail) && (e.Required || r.wants(e.Group, billing.ByEmail))
	text = (e.Unasked || r.wants(e.Group, billing.ByText)) && r.mayText(e)
	switch {
	case mail && r.person.Email != "" && !r.noMail:
		return billing.ByEmail, text
	case text:
		return billing.ByText, false
	case !mail:
		return billing.ByPortal, false
	}
	if first = s.instead(r, e, billing.ByEmail); first == "" && !e.Required {
		first = billing.ByPortal
	}
	return first, false
}

// instead is the next way for a message that cannot go by those tried.
func (s *Service) instead(r *reached, e billing.Event, tried ...string) string {
	switch {
	case !slices.Contains(tried, billing.ByEmail) && e.Ways.Has(billing.ByEmail) && r.person.Email != "" && !r.noMail:
		return billing.ByEmail
	case !slices.Contains(tried, billing.ByText) && r.mayText(e):
		return billing.ByText
	case !slices.Contains(tried, billing.ByPaper) && e.Ways.Has(billing.ByPaper) && s.rules.PaperMail && r.person.Street != "":
		return billing.ByPaper
	}
	return ""
}

// routePage is how many messages are given their ways in one transaction.
const routePage = 50

// route chooses the ways of all messages whose time has come.
func (s *Service) route(ctx context.Context) error {
	for {
		var rows []*store.Notice
		now := s.clock()
		find := func(tx *store.Tx) (err error) {
			rows, err = tx.UnroutedNotices(now, routePage)
			return err
		}
		if err := s.db.View(ctx, find); err != nil || len(rows) == 0 {
			return err
		}
		err := s.db.Update(ctx, func(tx *store.Tx) error {
			if err := find(tx); err != nil {
				return err
			}
			for _, row := range rows {
				if err := s.routeOne(tx, row, now); err != nil {
					return fmt.Errorf("route notice %s: %w", row.ID, err)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

func (s *Service) routeOne(tx *store.Tx, row *store.Notice, now money.Instant) error {
	e, known := billing.EventOf(billing.NoticeKind(row.Kind))
	if !known || row.Content == "" { // it fails where failures are seen
		tx.RouteNotice(row.ID, billing.ByEmail, noticeQueued, now, 0, "")
		return nil
	}
	r, err := s.reached(tx, row.CustomerID)
	if err != nil {
		return err
	}
	at := row.TryAt // what was said first goes out first
	if wait := r.quiet.Until(now); !e.AtOnce && wait > now {
		at = wait
	}
	first, text := s.ways(r, e)
	switch first {
	case "":
		tx.RouteNotice(row.ID, billing.ByEmail, noticeFailed, now, 0, "no way to reach the person")
	case billing.ByPortal:
		tx.RouteNotice(row.ID, first, noticeSent, now, now, "")
	case billing.ByPaper:
		tx.RouteNotice(row.ID, first, noticeQueued, row.TryAt, 0, "")
	default:
		tx.RouteNotice(row.ID, first, noticeQueued, at, 0, "")
	}
	if !text {
		return nil
	}
	beside := *row
	beside.ID, beside.Once, beside.Channel, beside.TryAt = store.NewID(), row.Once+":"+billing.ByText, billing.ByText, at
	return tx.InsertNotice(&beside)
}

// fallBack is the way for a message that did not arrive by the one it went; empty
// when there is none, or when it goes by another way already.
func (s *Service) fallBack(tx *store.Tx, row *store.Notice, n billing.Notice) (way string, at money.Instant, err error) {
	e, known := billing.EventOf(n.Kind)
	if !known || !e.Ways.Has(billing.ByPortal) || row.CustomerID == "" || n.Address != "" {
		return "", 0, nil
	}
	rows, err := tx.SaidTogether(row.SaidID)
	if err != nil {
		return "", 0, err
	}
	for _, other := range rows {
		if other.ID != row.ID && other.Channel != billing.ByPortal && (other.State == noticeQueued || other.State == noticeSent) {
			return "", 0, nil
		}
	}
	tries, err := tx.Tries(row.SaidID, true)
	if err != nil {
		return "", 0, err
	}
	tried := []string{row.Channel}
	for _, t := range tries {
		tried = append(tried, t.Channel)
	}
	r, err := s.reached(tx, row.CustomerID)
	if err != nil {
		return "", 0, err
	}
	now := s.clock()
	if way, at = s.instead(r, e, tried...), now; way != billing.ByPaper && !e.AtOnce {
		at = r.quiet.Until(now)
	}
	return way, at, nil
}

// blocked says why a message must not go to where it would; empty when it may.
func blocked(tx *store.Tx, n billing.Notice) (why Outcome, err error) {
	switch {
	case n.To == "":
	case n.Channel == billing.ByText && n.Kind != billing.NoticeTextsStopped:
		since, err := tx.TextsStopped(n.To)
		if err != nil || since > 0 {
			return OutcomeStopped, err
		}
	case n.Channel == billing.ByEmail && n.Code == "":
		since, err := tx.FailingSince(n.Channel, n.To)
		if err != nil || since > 0 {
			return OutcomeGone, err
		}
	}
	return "", nil
}

// masked is an address as it may be shown.
func masked(way, address string) string {
	switch {
	case address == "":
		return ""
	case way == billing.ByText:
		return identity.MaskPhone(address)
	case way == billing.ByEmail:
		return identity.MaskEmail(address)
	}
	return ""
}
