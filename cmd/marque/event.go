package main

import (
	"context"
	"errors"
	"fmt"

	"marque/internal/servicing"
)

// EventCmd puts events on a contract that is on the books: fees and waivers,
// money that came by check, changes of terms, holds. Events are JSON Lines in
// the form that calc reads, as docs/calc.md tells.
type EventCmd struct {
	Preview EventPreview `cmd:"" help:"Say what each event would do, and why, and write nothing."`
	Post    EventPost    `cmd:"" help:"Put each event on the contract. Every line needs a \"key\" of its own: the same key again does nothing."`
}

// EventPreview and EventPost take the contract's account number.
type (
	EventPreview struct {
		Account string `arg:"" help:"Account number."`
	}
	EventPost struct {
		Account string `arg:"" help:"Account number."`
	}
)

// Run answers every line by itself, as if the others were not there.
func (cmd *EventPreview) Run(g *Globals, s streams) error {
	return runEvents(g, s, cmd.Account, func(ctx context.Context, c *company, req servicing.EventRequest) (servicing.EventResult, error) {
		return c.service.PreviewEvent(ctx, operator, req)
	})
}

// Run posts line after line. A line that is refused changes nothing, and the
// next one is read; the exit status says that there was one.
func (cmd *EventPost) Run(g *Globals, s streams) error {
	return runEvents(g, s, cmd.Account, func(ctx context.Context, c *company, req servicing.EventRequest) (servicing.EventResult, error) {
		return c.service.PostEvent(ctx, operator, req)
	})
}

func runEvents(g *Globals, s streams, account string, do func(context.Context, *company, servicing.EventRequest) (servicing.EventResult, error)) error {
	return withExisting(g, s.err, func(ctx context.Context, c *company) error {
		id, err := c.service.FindContract(ctx, operator, account)
		if errors.Is(err, servicing.ErrNotFound) {
			return fmt.Errorf("no contract has account number %s", account)
		}
		if err != nil {
			return err
		}
		refused := 0
		var fault error // of the books, not of a line
		err = answerLines(s, func(o *object, a *answer) *problem {
			if fault != nil {
				return &problem{"not_done", "", "an earlier line failed"}
			}
			req := servicing.EventRequest{Contract: id, Key: o.str("key", "")}
			var p *problem
			if req.Event, p = readEventOf(o, 0); p == nil {
				p, fault = answerEvent(ctx, c, a, req, do)
			}
			if p != nil {
				refused++
			}
			return p
		})
		if err := errors.Join(err, fault); err != nil {
			return err
		}
		if refused > 0 {
			return fmt.Errorf("%d events were refused", refused)
		}
		return nil
	})
}

func answerEvent(ctx context.Context, c *company, a *answer, req servicing.EventRequest, do func(context.Context, *company, servicing.EventRequest) (servicing.EventResult, error)) (*problem, error) {
	r, err := do(ctx, c, req)
	if refusal, ok := errors.AsType[*servicing.Refusal](err); ok {
		return &problem{refusal.Code, refusal.Field, refusal.Message}, nil
	}
	if err != nil {
		return &problem{"fault", "", err.Error()}, err
	}
	a.whole("event", r.Event.Seq)
	if r.Repeated {
		a.raw("repeated", []byte("true"))
	}
	writeAllocation(a, r.Allocation)
	writeWhy(a, r.Why)
	if len(r.Corrections) > 0 {
		a.open("corrections")
		for _, c := range r.Corrections {
			a.item()
			a.whole("event", c.Event.Seq)
			a.plain("kind", string(c.Event.Kind))
			a.date("date", c.Event.Date)
			writeAllocation(a, c.By)
			a.itemEnd()
		}
		a.close()
	}
	a.name("state")
	a.b = append(a.b, '{')
	writeState(a, &r.Terms, &r.State, r.Due, true)
	a.itemEnd()
	return nil, nil
}
