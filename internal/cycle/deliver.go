package cycle

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"marque/internal/billing"
	"marque/internal/fault"
	"marque/internal/money"
	"marque/internal/notice"
	"marque/internal/servicing"
)

// Send hands one message to the server or provider of its channel and returns
// when that has taken responsibility for it. An error that notice.Permanent
// knows is not tried again.
type Send func(ctx context.Context, o servicing.Outgoing) error

// The patience with a server: the wait before another try doubles from the
// first to the longest, until the message is of no use or has waited too long in
// all. An attempt never outlives its claim.
const (
	patience    = 72 * time.Hour
	firstWait   = time.Minute
	codeWait    = 15 * time.Second // the first for what expires
	longestWait = time.Hour
	claimHold   = 2 * time.Minute
	longestTry  = 90 * time.Second

	laneWorkers = 4
	laneBacklog = 64
	outboxPage  = 200
	lookEvery   = 200 * time.Millisecond
)

// A lane is messages that wait for one another: those of one channel that
// expire, and the rest of it. Whatever happens in one lane, the others go on; in
// a lane, so many are under way at once, but never two to one person, so that
// what was said first arrives first.
type lane struct {
	send    Send
	outage  *outage
	waiting []servicing.Outgoing
	more    bool // there was no room for all that wait
	running int
	busy    map[string]bool
}

// delivery is one run of Deliver. Only its own goroutine changes it.
type delivery struct {
	*Runner
	lanes  []*lane // codes before the rest
	of     map[laneKey]*lane
	known  map[string]bool // waiting or under way
	done   chan attempt
	looked time.Time
	sent   int
	err    error
}

type laneKey struct {
	channel string
	expires bool
}

type attempt struct {
	lane    *lane
	message servicing.Outgoing
	sent    bool
	err     error // of the database
}

// Deliver sends the messages whose time has come and says how many went out. It
// returns when none is under way and none can be begun. Each attempt is claimed
// first, so that two processes do not both send; one that stops in the middle is
// taken up when its claim is over. A message that is too late to be of use, such
// as an old code, is not sent. While a server is away its messages wait and one
// at a time is tried.
func (r *Runner) Deliver(ctx context.Context) (sent int, err error) {
	d := &delivery{Runner: r, of: map[laneKey]*lane{}, known: map[string]bool{}, done: make(chan attempt)}
	for _, expires := range []bool{true, false} {
		for _, c := range []struct {
			name   string
			send   Send
			outage *outage
		}{{billing.ByEmail, r.Mail, &r.mailOutage}, {billing.ByText, r.Text, &r.textOutage}, {billing.ByPaper, r.Letter, &r.letterOutage}} {
			if c.send != nil {
				l := &lane{send: c.send, outage: c.outage, busy: map[string]bool{}}
				d.lanes, d.of[laneKey{c.name, expires}] = append(d.lanes, l), l
			}
		}
	}
	if len(d.lanes) > 0 {
		d.run(ctx)
	}
	return d.sent, d.err
}

func (d *delivery) run(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		running := d.running()
		if d.err == nil {
			d.err = ctx.Err()
		}
		if d.err == nil && (running == 0 || d.hungry()) {
			d.err = d.look(ctx)
		}
		if d.err == nil {
			d.start(ctx)
		}
		if running = d.running(); running == 0 {
			return
		}
		select {
		case a := <-d.done:
			d.finish(a)
		case <-tick.C:
		}
	}
}

func (d *delivery) running() (n int) {
	for _, l := range d.lanes {
		n += l.running
	}
	return n
}

// hungry says that a lane could begin more than it knows of. One that knew of
// all that there was waits a moment before it looks again.
func (d *delivery) hungry() bool {
	for _, l := range d.lanes {
		if len(l.waiting) == 0 && l.running < laneWorkers && (l.more || time.Since(d.looked) >= lookEvery) {
			return true
		}
	}
	return false
}

// look fills the lanes with what waits, past whatever one of them has no room for.
func (d *delivery) look(ctx context.Context) error {
	d.looked = time.Now()
	for _, l := range d.lanes {
		l.more = false
	}
	var after servicing.Outgoing
	for {
		page, err := d.Service.OutboxAfter(ctx, actor, after, outboxPage)
		if err != nil {
			return err
		}
		for _, o := range page {
			l := d.of[laneKey{o.Notice.Channel, o.Expires != 0}]
			switch {
			case l == nil || d.known[o.ID]:
			case len(l.waiting) >= laneBacklog:
				l.more = true
			default:
				l.waiting, d.known[o.ID] = append(l.waiting, o), true
			}
		}
		if len(page) < outboxPage || d.full() {
			return nil
		}
		after = page[len(page)-1]
	}
}

func (d *delivery) full() bool {
	for _, l := range d.lanes {
		if len(l.waiting) < laneBacklog {
			return false
		}
	}
	return true
}

// start begins what each lane has room for.
func (d *delivery) start(ctx context.Context) {
	for _, l := range d.lanes {
		for i := 0; i < len(l.waiting) && l.running < laneWorkers; {
			o := l.waiting[i]
			if l.busy[o.Notice.To] {
				i++
				continue
			}
			if !l.outage.begin() {
				break
			}
			l.waiting = append(l.waiting[:i:i], l.waiting[i+1:]...)
			l.busy[o.Notice.To] = true
			l.running++
			go func() {
				sent, err := d.deliver(ctx, l, o)
				d.done <- attempt{l, o, sent, err}
			}()
		}
	}
}

func (d *delivery) finish(a attempt) {
	a.lane.running--
	delete(a.lane.busy, a.message.Notice.To)
	delete(d.known, a.message.ID)
	if a.sent {
		d.sent++
	}
	if d.err == nil {
		d.err = a.err
	}
}

func (d *delivery) deliver(ctx context.Context, l *lane, o servicing.Outgoing) (bool, error) {
	answered, away := false, false
	defer func() { l.outage.end(d.Log, o.Notice.Channel, answered, away, d.pause) }()
	claimed, err := d.Service.Claim(ctx, actor, o, micros(claimHold))
	if err != nil || !claimed {
		return false, err
	}
	record := func(outcome servicing.Outcome, reason string, next money.Instant) error {
		// What became of a message is written down though the process is stopping:
		// else it would be sent again.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return d.Service.Record(ctx, actor, o, outcome, reason, next)
	}
	now := d.Clock()
	switch {
	case o.Unreadable != nil:
		d.Log.Error("message not delivered", "notice", o.ID, "error", o.Unreadable)
		return false, record(servicing.OutcomeFailed, "its content cannot be read", 0)
	case o.Expires != 0 && now >= o.Expires:
		return false, record(servicing.OutcomeExpired, "too late to be of use", 0)
	case o.Notice.To == "":
		return false, record(servicing.OutcomeFailed, "no address to send it to", 0)
	case o.Blocked == servicing.OutcomeStopped:
		return false, record(o.Blocked, "the number has sent STOP", 0)
	case o.Blocked != "":
		return false, record(o.Blocked, "what is sent to this address comes back", 0)
	}
	limit := longestTry
	if o.Expires != 0 {
		limit = min(limit, time.Duration(o.Expires-now)*time.Microsecond)
	}
	try, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	failure := fault.Point("notice.after_claim_before_send")
	if failure == nil {
		failure = fault.After(l.send(try, o), "notice.after_send_before_mark")
	}
	answered, away = true, notice.Away(failure)
	switch waited := d.Clock() - o.Created; {
	case failure == nil:
		return true, record(servicing.OutcomeSent, "", 0)
	case notice.Permanent(failure):
		d.Log.Error("message not delivered", "notice", o.ID, "kind", string(o.Notice.Kind), "why", notice.Why(failure))
		return false, record(refusedAs(failure), "refused: "+notice.Why(failure), 0)
	case waited >= micros(patience):
		d.Log.Error("message not delivered", "notice", o.ID, "kind", string(o.Notice.Kind), "attempts", o.Attempts+1, "why", notice.Why(failure))
		return false, record(servicing.OutcomeFailed, "tried for too long: "+notice.Why(failure), 0)
	}
	d.Log.Warn("message delayed", "notice", o.ID, "attempts", o.Attempts+1, "why", notice.Why(failure))
	return false, record(servicing.OutcomeRetry, notice.Why(failure), d.Clock()+micros(wait(o)))
}

// refusedAs tells what a refusal speaks of: the address, the number's wish, or this
// message alone.
func refusedAs(failure error) servicing.Outcome {
	switch {
	case notice.Gone(failure):
		return servicing.OutcomeGone
	case notice.Stopped(failure):
		return servicing.OutcomeStopped
	}
	return servicing.OutcomeFailed
}

// wait is how long a message rests before its next attempt.
func wait(o servicing.Outgoing) time.Duration {
	first := firstWait
	if o.Expires != 0 {
		first = codeWait
	}
	return min(first<<min(o.Attempts, 10), longestWait)
}

func micros(d time.Duration) money.Instant { return money.Instant(d.Microseconds()) }

// outage is what is known of one channel's server. After so many failures in a
// row that were the server's own it counts as away: then one attempt at a time
// finds out whether it is back, and the other messages wait untried.
type outage struct {
	mu       sync.Mutex
	failures int
	running  int
	until    time.Time
}

const (
	awayAfter = 5
	awayPause = 15 * time.Second
)

// begin says whether an attempt may begin now.
func (o *outage) begin() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failures >= awayAfter && (o.running > 0 || time.Now().Before(o.until)) {
		return false
	}
	o.running++
	return true
}

// end takes note of how an attempt went: whether the server was asked at all,
// and whether it was away.
func (o *outage) end(log *slog.Logger, channel string, asked, away bool, pause time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.running--
	switch {
	case !asked:
	case away:
		if pause == 0 {
			pause = awayPause
		}
		o.failures++
		o.until = time.Now().Add(pause)
		if o.failures == awayAfter {
			log.Error("messages are not going out: the server is away", "channel", channel)
		}
	default:
		if o.failures >= awayAfter {
			log.Info("messages go out again", "channel", channel)
		}
		o.failures = 0
	}
}
