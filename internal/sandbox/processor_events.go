package sandbox

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

// sentEvent is an event, and what became of it.
type sentEvent struct {
	ID      string          `json:"id"`
	Type    string          `json:"type"`
	About   string          `json:"about"` // the name of its object
	Body    json.RawMessage `json:"body"`
	Created int64           `json:"created"`
	Done    bool            `json:"done"` // taken, or given up
	Tries   int             `json:"tries"`
	Last    string          `json:"last"` // how the last try ended
	due     time.Time
}

const (
	mostTries  = 10
	firstRetry = 100 * time.Millisecond // twice as long after each, a minute at most
)

// emit notes an event. It is sent when the request that it came of has been
// answered. The caller holds the lock.
func (p *Processor) emit(kind string, about object) {
	e := &sentEvent{ID: newID("evt"), Type: kind, Created: p.seconds()}
	e.About, _ = about["id"].(string)
	e.Body, _ = json.Marshal(object{ // words, numbers and maps of them
		"id": e.ID, "object": "event", "api_version": apiVersion, "created": e.Created, "livemode": false, "pending_webhooks": 1, "type": kind, "data": object{"object": about},
	})
	p.events.put(e)
	p.changed(e)
	p.fresh = append(p.fresh, e)
}

func (e *sentEvent) object() object {
	var o object
	_ = json.Unmarshal(e.Body, &o) // written by emit
	return o
}

// told takes the events that were noted under this lock.
func (p *Processor) told() []*sentEvent {
	fresh := p.fresh
	p.fresh = nil
	return fresh
}

// send puts events into the queue. The caller holds the lock.
func (p *Processor) send(all ...*sentEvent) {
	for _, e := range all {
		if !e.Done {
			p.queue = append(p.queue, e)
		}
	}
	p.rouse()
}

func (p *Processor) afterwards(all []*sentEvent) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.send(all...)
}

func (p *Processor) rouse() {
	select {
	case p.wake <- struct{}{}:
	default: // it is awake
	}
}

// deliver sends what is in the queue until the processor is closed.
func (p *Processor) deliver(ctx context.Context) {
	for ctx.Err() == nil {
		due, wait := p.due()
		if len(due) == 0 {
			timer := time.NewTimer(wait)
			select {
			case <-p.wake:
			case <-timer.C:
			case <-ctx.Done():
			}
			timer.Stop()
			continue
		}
		if p.hooks.is() == Backwards {
			pause(ctx, 100*time.Millisecond, nil)
			more, _ := p.due()
			due = append(due, more...)
			slices.Reverse(due)
		}
		for _, e := range due {
			p.try(ctx, e)
		}
	}
}

// due takes the events whose time has come out of the queue, and says how long
// it is until the next.
func (p *Processor) due() (now []*sentEvent, wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lapse()
	p.queue = append(p.queue, p.told()...)
	wait = 10 * time.Second
	if p.hook == "" {
		return nil, wait
	}
	var later []*sentEvent
	for _, e := range p.queue {
		if until := time.Until(e.due); until > 0 {
			later, wait = append(later, e), min(wait, until)
		} else {
			now = append(now, e)
		}
	}
	p.queue = later
	p.sending += len(now)
	return now, wait
}

// try sends an event as the trouble of the moment has it, and puts it back into
// the queue when it was not taken.
func (p *Processor) try(ctx context.Context, e *sentEvent) {
	p.mu.Lock()
	address, body := p.hook, e.Body
	p.mu.Unlock()
	err := p.post(ctx, address, body)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sending--
	e.Tries++
	switch {
	case err == nil:
		e.Done, e.Last = true, "taken"
	case errors.Is(err, errNotSent):
		e.Done, e.Last = true, "not sent"
	case e.Tries >= mostTries:
		e.Done, e.Last = true, "given up: "+err.Error()
	default:
		e.Last, e.due = err.Error(), time.Now().Add(min(time.Minute, firstRetry<<(e.Tries-1)))
		p.queue = append(p.queue, e)
	}
	if p.closed {
		return
	}
	p.changed(e)
	_ = p.keep() // an event that is not noted as sent is sent again
}

var errNotSent = errors.New("not sent")

// post sends one event, and what goes with it.
func (p *Processor) post(ctx context.Context, address string, body []byte) error {
	secret, at, times := processorSecret, p.now(), 1
	switch p.hooks.is() {
	case Never:
		return errNotSent
	case Twice:
		times = 2
	case Hundredfold:
		times = 100
	case Forged:
		secret = "whsec_of_somebody_else"
	case Stale:
		at = at.Add(-time.Hour)
	case Unknown:
		strange, err := json.Marshal(object{"id": newID("evt"), "object": "event", "api_version": apiVersion, "created": at.Unix(), "type": "moon.full", "data": object{"object": object{"id": "moon_1", "object": "moon"}}})
		if err != nil {
			return err
		}
		if err := sendSigned(ctx, address, strange, secret, at); err != nil {
			return err
		}
	}
	for range times {
		if err := sendSigned(ctx, address, body, secret, at); err != nil {
			return err
		}
	}
	return nil
}

var hookClient = &http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func sendSigned(ctx context.Context, address string, body []byte, secret string, at time.Time) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	sum := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(sum, "%d.%s", at.Unix(), body)
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("Stripe-Signature", fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(sum.Sum(nil))))
	res, err := hookClient.Do(r)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	err = errors.Join(err, res.Body.Close())
	if err == nil && res.StatusCode/100 != 2 {
		err = fmt.Errorf("answered %s", res.Status)
	}
	return err
}

// arrive sends events before the request that they came of is answered.
func (p *Processor) arrive(ctx context.Context, all []*sentEvent) {
	p.mu.Lock()
	if p.hook == "" {
		p.mu.Unlock()
		return
	}
	p.sending += len(all)
	p.mu.Unlock()
	for _, e := range all {
		p.try(ctx, e)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range all { // those not taken are in the queue; afterwards would put them there twice
		p.queue = slices.DeleteFunc(p.queue, func(q *sentEvent) bool { return q == e })
	}
}

// ResendAll sends every event once more.
func (p *Processor) ResendAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue = nil
	for _, e := range p.events.order {
		e.Done, e.Tries, e.due = false, 0, time.Time{}
	}
	p.send(p.events.order...)
}

// Quiet waits until every event has been taken or given up.
func (p *Processor) Quiet(ctx context.Context) error {
	for {
		p.mu.Lock()
		left := len(p.queue) + len(p.fresh) + p.sending
		p.mu.Unlock()
		if left == 0 {
			return nil
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("%d events wait: %w", left, ctx.Err())
		}
	}
}

// SentEvent is an event as the operator's page lists it.
type SentEvent struct {
	ID, Type, About, Last string
	Created               int64
	Tries                 int
}

// Events lists the events, newest first.
func (p *Processor) Events() (all []SentEvent) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range slices.Backward(p.events.order) {
		all = append(all, SentEvent{e.ID, e.Type, e.About, e.Last, e.Created, e.Tries})
	}
	return all
}
