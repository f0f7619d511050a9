package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"marque/internal/servicing"
)

// AuditCmd asks the audit trail.
type AuditCmd struct {
	Head AuditHeadCmd `cmd:"" help:"Print the number and the hash of the last sealed row, to keep somewhere else."`
	Who  AuditWhoCmd  `cmd:"" help:"Who did or saw what about a customer, or what one person did and saw."`
}

// AuditHeadCmd prints the end of the chain.
type AuditHeadCmd struct{}

// Run seals what is waiting first, so that the head covers it.
func (cmd *AuditHeadCmd) Run(g *Globals, s streams) error {
	return withExisting(g, s.err, func(ctx context.Context, c *company) error {
		if _, err := c.service.SealAudit(ctx, operator); err != nil {
			return err
		}
		h, err := c.service.AuditHead(ctx, operator)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%d %s\n", h.Seq, h.Hash)
		return nil
	})
}

// AuditWhoCmd reads the trail by customer or by person, newest first.
type AuditWhoCmd struct {
	Customer string `placeholder:"NUMBER" help:"The lender's number of the customer."`
	Staff    string `placeholder:"ID" help:"Who did and saw it: an id of a member of staff, or kind:id for anyone else."`
}

// Run prints all of it.
func (cmd *AuditWhoCmd) Run(g *Globals, s streams) error {
	if (cmd.Customer == "") == (cmd.Staff == "") {
		return errors.New("audit who: name --customer or --staff")
	}
	by := cmd.Staff
	if !strings.Contains(by, ":") {
		by = "staff:" + by
	}
	return withExisting(g, s.err, func(ctx context.Context, c *company) error {
		out := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(out, "WHEN (UTC)\tWHO\tWHAT\tCONTRACT\tCUSTOMER\tREASON\tDETAIL")
		for before := ""; ; {
			var page []servicing.AuditRow
			var err error
			if cmd.Customer != "" {
				page, err = c.service.AuditOf(ctx, operator, cmd.Customer, before)
			} else {
				page, err = c.service.AuditBy(ctx, operator, by, before)
			}
			if errors.Is(err, servicing.ErrNotFound) {
				return fmt.Errorf("audit who: no customer has the number %s", cmd.Customer)
			}
			if err != nil {
				return err
			}
			for _, r := range page {
				fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.At.Time().UTC().Format(time.DateTime), r.Actor, r.Action, r.Contract, r.Subject, oneLine(r.Reason), oneLine(r.Detail))
				before = r.ID
			}
			if len(page) < servicing.AuditPage {
				return out.Flush()
			}
		}
	})
}

// oneLine keeps what somebody typed from starting lines of its own.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
