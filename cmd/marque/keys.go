package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"marque/internal/servicing"
)

// KeysCmd changes the keys of the encrypted fields.
type KeysCmd struct {
	List   KeysListCmd   `cmd:"" help:"List the keys and how many values each encrypts."`
	Rotate KeysRotateCmd `cmd:"" help:"Make a new key that encrypts from now on; the older ones still decrypt."`
	Rekey  KeysRekeyCmd  `cmd:"" help:"Encrypt everything anew that is under an older key, while the portal serves."`
	Retire KeysRetireCmd `cmd:"" help:"Take older keys out of the key file, once nothing uses them."`
}

// KeysListCmd lists keys.
type KeysListCmd struct{}

// Run prints a line for each key, oldest first.
func (cmd *KeysListCmd) Run(g *Globals, s streams) error {
	return withExisting(g, s.err, func(ctx context.Context, c *company) error {
		keys, err := c.service.FieldKeys(ctx, operator)
		if err != nil {
			return err
		}
		for _, k := range keys {
			what := "older"
			switch {
			case k.Primary:
				what = "encrypts"
			case k.Next:
				what = "prepared"
			}
			fmt.Fprintf(s.out, "%s  %-8s  %d values\n", k.ID, what, k.Values)
		}
		return nil
	})
}

// KeysRotateCmd adds a key.
type KeysRotateCmd struct {
	Prepare bool `help:"Only add the key. Bring the key file to every machine, then run without this."`
}

// Run changes the key file.
func (cmd *KeysRotateCmd) Run(g *Globals, s streams) error {
	return withExisting(g, s.err, func(ctx context.Context, c *company) error {
		id, err := c.service.RotateKeys(ctx, operator, cmd.Prepare)
		if err != nil {
			return err
		}
		if cmd.Prepare {
			fmt.Fprintf(s.out, "key %s is prepared; bring keys.json to every machine, then run marque keys rotate\n", id)
			return nil
		}
		fmt.Fprintf(s.out, "key %s encrypts from now on; run marque keys rekey next\n", id)
		return nil
	})
}

// KeysRekeyCmd encrypts anew.
type KeysRekeyCmd struct{}

// Run shows how far it is, a line for each column and ten thousand values.
func (cmd *KeysRekeyCmd) Run(g *Globals, s streams) error {
	return withExisting(g, s.err, func(ctx context.Context, c *company) error {
		said := ""
		n, err := c.service.Rekey(ctx, operator, func(p servicing.RekeyProgress) {
			if line := fmt.Sprintf("%s %d", p.Column, p.Read/10_000); line != said {
				said = line
				fmt.Fprintf(s.err, "%s: %d values read, %d encrypted anew in all\n", p.Column, p.Read, p.Changed)
			}
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%d values encrypted anew\n", n)
		return nil
	})
}

// KeysRetireCmd drops keys.
type KeysRetireCmd struct{}

// Run refuses while anything is encrypted with one of them.
func (cmd *KeysRetireCmd) Run(g *Globals, s streams) error {
	return withExisting(g, s.err, func(ctx context.Context, c *company) error {
		retired, err := c.service.RetireKeys(ctx, operator)
		var no *servicing.Refusal
		if errors.As(err, &no) {
			return errors.New(no.Message)
		}
		if err != nil {
			return err
		}
		if len(retired) == 0 {
			fmt.Fprintln(s.out, "there is no older key")
			return nil
		}
		fmt.Fprintf(s.out, "retired %s; destroy the copies beside keys.json when no backup of the database needs them\n", strings.Join(retired, ", "))
		return nil
	})
}
