package sandbox

import (
	"context"
	"sync"
	"time"
)

// Troubles of the card processor's interface, beside Slow, Busy and Broken, which
// do nothing before they answer, and Hanging and Dropping, which do what was asked
// and do not say so. The last two of the group answer with a lie.
const (
	BrokenAfter Trouble = "broken-after" // does it, and answers 500 for ever
	LiesAmount  Trouble = "lies-amount"  // says that another amount was charged
)

// Troubles of its events, beside Twice.
const (
	Never       Trouble = "never"
	Hundredfold Trouble = "hundredfold"
	Backwards   Trouble = "backwards"    // what comes together is sent newest first
	BeforeReply Trouble = "before-reply" // events arrive before the request is answered
	Forged      Trouble = "forged"       // signed with another secret
	Stale       Trouble = "stale"        // signed an hour ago
	Unknown     Trouble = "unknown"      // a type that nobody knows goes first
	LiesPaid    Trouble = "lies-paid"    // a page that was made is told as paid
)

// processorTrouble is the one that is on, for a number of times or until another.
type processorTrouble struct {
	mu   sync.Mutex
	how  Trouble
	left int // zero: until another is set
	wait time.Duration
	over chan struct{}
}

func (t *processorTrouble) set(how Trouble, times int, wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over != nil {
		close(t.over)
	}
	t.how, t.left, t.wait, t.over = how, times, wait, make(chan struct{})
}

// meet says which trouble the next one meets, and how it is let go.
func (t *processorTrouble) meet() (how Trouble, wait time.Duration, over <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	how, wait, over = t.how, t.wait, t.over
	if t.left > 0 {
		if t.left--; t.left == 0 {
			t.how = Well
		}
	}
	return how, wait, over
}

func (t *processorTrouble) is() Trouble {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.how
}

// pause waits a while, or until the trouble is over, or nobody listens any more.
func pause(ctx context.Context, wait time.Duration, over <-chan struct{}) {
	var after <-chan time.Time
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		after = timer.C
	}
	select {
	case <-after:
	case <-over:
	case <-ctx.Done():
	}
}

// Misbehave sets how the next requests fare: for that many of them, or until it
// is called again where times is zero. wait is how long a slow one takes. Requests
// that only look meet Slow, Busy, Broken and LiesAmount and do not count.
func (p *Processor) Misbehave(how Trouble, times int, wait time.Duration) {
	p.api.set(how, times, wait)
}

// MisbehaveEvents sets how events are sent from now on.
func (p *Processor) MisbehaveEvents(how Trouble) {
	p.hooks.set(how, 0, 0)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rouse()
}
