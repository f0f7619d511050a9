package cycle

import (
	"context"
	"time"

	"marque/internal/money"
	"marque/internal/notice"
	"marque/internal/servicing"
)

// Mail sends one message. An error that notice.Permanent knows is not tried
// again.
type Mail func(ctx context.Context, o servicing.Outgoing) error

// The patience with a mail server: so many attempts, the wait between them
// doubling from the first, each held for as long as an attempt may last.
const (
	mailAttempts = 8
	mailWait     = time.Minute
	mailHold     = 2 * time.Minute
	mailPage     = 100
)

// Deliver sends the messages whose time has come and says how many went out.
// Each attempt is claimed first, so that two processes do not both send; one
// that stops in the middle is taken up when its claim is over. A message that is
// too late to be of use, such as an old code, is not sent.
func (r *Runner) Deliver(ctx context.Context) (sent int, err error) {
	if r.Mail == nil {
		return 0, nil
	}
	for {
		page, err := r.Service.Outbox(ctx, actor, mailPage)
		if err != nil || len(page) == 0 {
			return sent, err
		}
		for _, o := range page {
			if err := ctx.Err(); err != nil {
				return sent, err
			}
			went, err := r.deliver(ctx, o)
			if err != nil {
				return sent, err
			}
			if went {
				sent++
			}
		}
	}
}

func (r *Runner) deliver(ctx context.Context, o servicing.Outgoing) (bool, error) {
	claimed, err := r.Service.Claim(ctx, actor, o, micros(mailHold))
	if err != nil || !claimed {
		return false, err
	}
	if o.Unreadable != nil {
		r.Log.Error("message not delivered", "notice", o.ID, "error", o.Unreadable)
		return false, r.Service.Record(ctx, actor, o, servicing.OutcomeFailed, "its content cannot be read", 0)
	}
	if o.Expired {
		return false, r.Service.Record(ctx, actor, o, servicing.OutcomeExpired, "too late to be of use", 0)
	}
	failure := r.Mail(ctx, o)
	switch {
	case failure == nil:
		return true, r.Service.Record(ctx, actor, o, servicing.OutcomeSent, "", 0)
	case notice.Permanent(failure), o.Attempts+1 >= mailAttempts:
		r.Log.Error("message not delivered", "notice", o.ID, "attempts", o.Attempts+1)
		return false, r.Service.Record(ctx, actor, o, servicing.OutcomeFailed, "the mail server refused it or could not be reached", 0)
	default:
		r.Log.Warn("message delayed", "notice", o.ID, "attempts", o.Attempts+1)
		next := r.Clock() + micros(mailWait<<o.Attempts)
		return false, r.Service.Record(ctx, actor, o, servicing.OutcomeRetry, "the mail server did not take it", next)
	}
}

func micros(d time.Duration) money.Instant { return money.Instant(d.Microseconds()) }
