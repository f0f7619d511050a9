package servicing

import (
	"context"
	"fmt"
	"time"

	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// limit says how one kind of try is counted.
type limit struct {
	window time.Duration // older tries no longer count; 0: until one succeeds
	spare  int           // tries beyond the five that cost no wait
	stop   int           // none after so many, until cleared or the window has passed; 0: waits only
}

// limits are all the counts there are. The waits are identity.Hold's: thirty
// seconds after five failures, doubling to an hour (NIST SP 800-63B-4, 3.2.2:
// no more than 100 consecutive failures).
var limits = map[string]limit{
	// Passwords, for one account from devices that have never signed it in, and
	// apart from that for each device that has: a stranger's guesses do not keep
	// the owner out. After fifty the account is opened again by its owner's code.
	"password": {stop: 50},
	// Second factors of one account: an absolute stop, for six digits are few.
	"factor": {stop: 20},
	// Second factors tried in one run of signing in.
	"run": {window: flowLife, spare: 100, stop: identity.CodeTries},
	// One sent code, and all codes sent to one account: a new code does not start
	// the count again (3.1.3).
	"code":    {window: identity.CodeLife, spare: 100, stop: identity.CodeTries},
	"code_of": {window: 24 * time.Hour, spare: identity.CodeTries, stop: 50},
	// What belongs together in an activation, for one account number.
	"facts": {window: 24 * time.Hour, stop: 20},
	// One place on the network, whoever is tried: offices and families share one.
	"source": {window: time.Hour, spare: 25},
	// Codes of payoff letters, from one place: a dealer checks many.
	"letter": {window: time.Hour, spare: 1000, stop: 30},
	// Security questions: three tries a day over all channels.
	"questions": {window: 24 * time.Hour, spare: 100, stop: 3},
	// Searches by one member of staff: a day's calls, not a copy of the files.
	"find": {window: time.Hour, spare: 1000, stop: 150},
	// Bank accounts that a customer adds: each may be a question to the provider.
	"accounts": {window: 24 * time.Hour, spare: 1000, stop: 10},
	// Checks by micro-entries and prenotes, each of which is money out: of one
	// customer, and of one account, whoever's it is said to be.
	"checks":    {window: 24 * time.Hour, spare: 1000, stop: 3},
	"checks_of": {window: 30 * 24 * time.Hour, spare: 1000, stop: 3},
	// Messages with a code: to one telephone, for one account, from one place, to
	// one area, and in all. They are what a pump of text messages is stopped by.
	"text_number":  {window: 24 * time.Hour, spare: 1000, stop: 10},
	"text_account": {window: 24 * time.Hour, spare: 1000, stop: 10},
	"text_source":  {window: 24 * time.Hour, spare: 1000, stop: 40},
	"text_area":    {window: time.Hour, spare: 100000, stop: 500},
	"text_all":     {window: 24 * time.Hour, spare: 1000000, stop: 20000},
	"mail_account": {window: 24 * time.Hour, spare: 1000, stop: 15},
	"mail_source":  {window: 24 * time.Hour, spare: 1000, stop: 60},
	"send_again":   {window: 24 * time.Hour, spare: 1000, stop: 5},   // messages that a customer asks for again
	"again":        {window: 20 * time.Second, spare: 1000, stop: 1}, // two messages for one run
}

// forever is when a count that only a person can clear would end.
const forever = money.Instant(1 << 62)

// attempt counts one try in a transaction of its own, which is committed before
// any secret is compared, and refuses when there were too many. It is the only
// counter there is.
func (s *Service) attempt(ctx context.Context, name, value string) error {
	l, now := limits[name], s.clock()
	since := money.Instant(0)
	if l.window > 0 {
		since = now.Add(-l.window)
	}
	var n int
	var held money.Instant
	err := s.db.Update(ctx, func(tx *store.Tx) (err error) {
		bucket := tx.Keys().Hash("attempt:"+name, value)
		if n, held, err = tx.CountAttempt(bucket, now, since); err != nil {
			return err
		}
		if held > now {
			return nil
		}
		if l.stop > 0 && n > l.stop {
			held = forever
		} else if d := identity.Hold(n - l.spare); d > 0 && n < l.stop || d > 0 && l.stop == 0 {
			// This try is still free; the next one waits.
			tx.HoldAttempt(bucket, now.Add(d))
		}
		return nil
	})
	switch {
	case err != nil || held <= now:
		return err
	case held == forever:
		return errStopped
	}
	return refuse("too_many", "", "There were too many tries. Wait %s and try again, or call us at %s.", waitWords(held.Time().Sub(now.Time())), s.lender.Phone)
}

// waitWords is a wait as a person is told it, never too short.
func waitWords(d time.Duration) string {
	switch {
	case d <= time.Minute:
		return fmt.Sprintf("%d seconds", max(1, int((d+time.Second-1)/time.Second)))
	case d <= 2*time.Minute:
		return "2 minutes"
	}
	return fmt.Sprintf("%d minutes", int((d+time.Minute-1)/time.Minute))
}

// errStopped says that a count has come to its end.
var errStopped = &Refusal{"stopped", "", "There were too many tries, so this is closed for now. Use “Unlock my access” to open it again with a code, or call us."}

// forgive forgets the failures before a success.
func (s *Service) forgive(ctx context.Context, name, value string) error {
	return s.db.Update(ctx, func(tx *store.Tx) error {
		forgiveIn(tx, name, value)
		return nil
	})
}

func forgiveIn(tx *store.Tx, name, value string) {
	tx.ClearAttempt(tx.Keys().Hash("attempt:"+name, value))
}

// takeBack takes back the one try that turned out to be none.
func takeBack(tx *store.Tx, name, value string) {
	tx.BackAttempt(tx.Keys().Hash("attempt:"+name, value))
}

// within counts a message under all of its caps, and says whether it may go.
// Nobody is told that it does not: the page looks the same.
func (s *Service) within(ctx context.Context, caps ...[2]string) (bool, error) {
	for _, c := range caps {
		err := s.attempt(ctx, c[0], c[1])
		if _, over := asRefused(err); over {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	return true, nil
}
