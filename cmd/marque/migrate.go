package main

import (
	"context"
	"fmt"
)

// MigrateCmd brings the database's schema up to date.
type MigrateCmd struct {
	Grant string `placeholder:"ROLE" help:"Let a PostgreSQL role work with the schema and no more: it adds to what was posted and cannot change it."`
}

// Run migrates; again, it changes nothing.
func (cmd *MigrateCmd) Run(g *Globals, s streams) error {
	return with(g, "", s.err, func(ctx context.Context, c *company) error {
		if cmd.Grant != "" {
			if err := c.db.Grant(ctx, cmd.Grant); err != nil {
				return err
			}
			fmt.Fprintf(s.out, "%s may read and add; it may not change or delete what was posted, agreed to or audited\n", cmd.Grant)
		}
		fmt.Fprintf(s.out, "the %s schema is up to date\n", c.db.Name())
		return nil
	})
}
