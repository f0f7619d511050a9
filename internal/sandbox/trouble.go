package sandbox

import (
	"sync"
	"time"
)

// Trouble is a way in which the inbox and the provider of text messages can be
// made to misbehave.
type Trouble string

// The troubles.
const (
	Well     Trouble = ""
	Slow     Trouble = "slow"    // takes the message after a while
	Busy     Trouble = "busy"    // 451, 429: try again later
	Broken   Trouble = "broken"  // 421, 500
	Refusing Trouble = "refuses" // 550, 400 with the code for a number that cannot get texts
	Hanging  Trouble = "hangs"   // reads the message and never answers
	Dropping Trouble = "drops"   // takes the message and drops the line before it says so
	Twice    Trouble = "twice"   // takes the message and delivers it two times; texts only
)

// troubles is the one that is on. A message that hangs or waits is let go when
// another is set.
type troubles struct {
	mu   sync.Mutex
	now  Trouble
	wait time.Duration
	over chan struct{}
}

// Misbehave sets how the next messages fare, until it is called again; wait is
// how long a slow one takes.
func (t *troubles) Misbehave(how Trouble, wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over != nil {
		close(t.over)
	}
	t.now, t.wait, t.over = how, wait, make(chan struct{})
}

func (t *troubles) is(how Trouble) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.now == how
}

// meet waits where the trouble is to wait, and says which it was.
func (t *troubles) meet() Trouble {
	t.mu.Lock()
	now, wait, over := t.now, t.wait, t.over
	t.mu.Unlock()
	switch now {
	case Slow:
		select {
		case <-time.After(wait):
		case <-over:
		}
	case Hanging:
		<-over
	}
	return now
}
