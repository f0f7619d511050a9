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

// StaffCmd looks after who may come to the console, from where the data is.
type StaffCmd struct {
	Add     StaffAddCmd     `cmd:"" help:"Make the first administrator and print the address at which that person sets up access."`
	List    StaffListCmd    `cmd:"" help:"List all who are or were on the staff."`
	Disable StaffDisableCmd `cmd:"" help:"Close somebody's access at once."`
}

// StaffAddCmd makes the first administrator. Everybody else is invited in the
// console, by an administrator.
type StaffAddCmd struct {
	First bool   `required:"" help:"The first administrator: everybody else is invited in the console."`
	Name  string `default:"First Administrator" help:"First and last name (${default})."`
}

// Run prints the address once; only its hash is kept.
func (cmd *StaffAddCmd) Run(g *Globals, s streams) error {
	return withExisting(g, s.err, func(ctx context.Context, c *company) error {
		token, err := c.service.FoundAdministrator(ctx, operator, cmd.Name)
		if err != nil {
			return said("staff add", err)
		}
		base := strings.TrimSuffix(c.config.Console.BaseURL, "/")
		if base == "" {
			fmt.Fprintln(s.err, "marque: console.base_url is not set: put the console's address before this path")
		}
		fmt.Fprintf(s.out, "%s/invite/%s\n", base, token)
		fmt.Fprintln(s.err, "It works once, for 24 hours. Whoever opens it first is the administrator.")
		return nil
	})
}

// StaffListCmd lists the staff.
type StaffListCmd struct{}

// Run prints one line a person.
func (cmd *StaffListCmd) Run(g *Globals, s streams) error {
	return withExisting(g, s.err, func(ctx context.Context, c *company) error {
		all, err := c.service.ListStaff(ctx, operator)
		if err != nil {
			return err
		}
		out := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(out, "ID\tNAME\tROLE\tSTATE\tUSERNAME\tSECOND STEPS\tLAST SIGNED IN (UTC)")
		for _, m := range all {
			last := "never"
			if m.LastIn != 0 {
				last = m.LastIn.Time().UTC().Format(time.DateTime)
			}
			fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%d\t%s\n", m.ID, oneLine(m.Name), m.Role, m.State, m.Username, m.Factors, last)
		}
		return out.Flush()
	})
}

// StaffDisableCmd closes somebody's access.
type StaffDisableCmd struct {
	Who string `arg:"" help:"The person's username or id, as staff list prints them."`
}

// Run disables; the last administrator too, after whom staff add --first makes a
// new one.
func (cmd *StaffDisableCmd) Run(g *Globals, s streams) error {
	return withExisting(g, s.err, func(ctx context.Context, c *company) error {
		all, err := c.service.ListStaff(ctx, operator)
		if err != nil {
			return err
		}
		for _, m := range all {
			if m.ID != cmd.Who && (m.Username == "" || m.Username != strings.ToLower(cmd.Who)) {
				continue
			}
			if err := c.service.DisableStaff(ctx, operator, m.ID); err != nil {
				return said("staff disable", err)
			}
			fmt.Fprintf(s.out, "%s (%s) cannot sign in any more.\n", oneLine(m.Name), m.Role)
			return nil
		}
		return fmt.Errorf("staff disable: nobody has the username or id %s", cmd.Who)
	})
}

// said gives a refusal's words to the command line.
func said(what string, err error) error {
	if no, ok := errors.AsType[*servicing.Refusal](err); ok {
		return fmt.Errorf("%s: %s", what, no.Message)
	}
	return err
}
