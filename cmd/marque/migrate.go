package main

import (
	"context"
	"fmt"
)

// MigrateCmd brings the database's schema up to date.
type MigrateCmd struct{}

// Run migrates; again, it changes nothing.
func (cmd *MigrateCmd) Run(g *Globals, s streams) error {
	return with(g, "", s.err, func(ctx context.Context, c *company) error {
		fmt.Fprintf(s.out, "the %s schema is up to date\n", c.db.Name())
		return nil
	})
}
