package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"marque/internal/billing"
	"marque/internal/servicing"
)

// ExceptionsCmd is about what a person must look at.
type ExceptionsCmd struct {
	List  ExceptionsList  `cmd:"" help:"List the exception items that nobody has cleared, oldest first."`
	Clear ExceptionsClear `cmd:"" help:"Say how an exception item was dealt with."`
}

// ExceptionsList lists items.
type ExceptionsList struct {
	Kind    string `placeholder:"KIND" help:"Only items of this kind, such as unauthorized_return."`
	Cleared bool   `help:"Those that somebody cleared, newest first."`
	JSON    bool   `name:"json" help:"Write one JSON object a line."`
}

type exceptionLine struct {
	ID        string                `json:"id"`
	Opened    string                `json:"opened"`
	Kind      billing.ExceptionKind `json:"kind"`
	Contract  servicing.ContractID  `json:"contract,omitempty"`
	Payment   servicing.PaymentID   `json:"payment,omitempty"`
	Reference string                `json:"reference,omitempty"`
	Code      string                `json:"code,omitempty"`
	Amount    string                `json:"amount"`
	Reason    string                `json:"reason"`
	ToDo      string                `json:"to_do"`
	ClearedBy string                `json:"cleared_by,omitempty"`
	Note      string                `json:"note,omitempty"`
}

// Run prints one line for each item, without account numbers.
func (cmd *ExceptionsList) Run(g *Globals, s streams) error {
	return withExisting(g, s.err, func(ctx context.Context, c *company) error {
		f := servicing.ExceptionFilter{Kind: billing.ExceptionKind(cmd.Kind), Cleared: cmd.Cleared, Limit: servicing.WorkPage}
		if f.Kind != "" && f.Kind.Name() == "" {
			return fmt.Errorf("no kind %q: one of %s", f.Kind, kindNames())
		}
		for {
			items, err := c.service.Exceptions(ctx, operator, f)
			for _, e := range items {
				if err := cmd.print(s, e); err != nil {
					return err
				}
				f.After = e.ID
			}
			if err != nil || len(items) < servicing.WorkPage {
				return err
			}
		}
	})
}

func kindNames() string {
	var all []string
	for _, k := range billing.ExceptionKinds {
		all = append(all, string(k))
	}
	return strings.Join(all, ", ")
}

func (cmd *ExceptionsList) print(s streams, e servicing.ExceptionItem) error {
	if cmd.JSON {
		b, err := json.Marshal(exceptionLine{e.ID, e.OpenedOn.String(), e.Kind, e.Contract, e.Payment, e.Reference, e.Code, e.Amount.String(), e.Reason, e.ToDo(), e.ClearedBy, e.Note})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.out, "%s\n", b)
		return err
	}
	words := []string{e.OpenedOn.String(), e.ID, string(e.Kind)}
	for _, w := range []string{e.Reference, e.Code} {
		if w != "" {
			words = append(words, w)
		}
	}
	if e.Amount != 0 {
		words = append(words, e.Amount.USD())
	}
	words = append(words, e.Reason)
	if e.Cleared != 0 {
		words = append(words, "cleared by "+e.ClearedBy+": "+e.Note)
	}
	_, err := fmt.Fprintln(s.out, strings.Join(words, "  "))
	return err
}

// ExceptionsClear clears one item.
type ExceptionsClear struct {
	ID   string `arg:"" help:"The item, as the list names it."`
	Note string `required:"" placeholder:"WORDS" help:"How it was dealt with; it is kept."`
}

// Run clears it; one that was cleared before is left as it is, and said to be.
func (cmd *ExceptionsClear) Run(g *Globals, s streams) error {
	return withExisting(g, s.err, func(ctx context.Context, c *company) error {
		cleared, err := c.service.ClearException(ctx, operator, cmd.ID, cmd.Note)
		if err != nil {
			return err
		}
		if !cleared {
			return fmt.Errorf("exception %s was cleared before", cmd.ID)
		}
		fmt.Fprintf(s.out, "%s cleared\n", cmd.ID)
		return nil
	})
}
