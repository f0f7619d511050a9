package main

import (
	"context"
	"encoding/json"
	"fmt"
)

// VerifyCmd proves the books from the events.
type VerifyCmd struct {
	JSON bool `help:"Print the result as one JSON object."`
}

// Run recomputes every contract. It fails unless every figure agrees.
func (cmd *VerifyCmd) Run(g *Globals, s streams) error {
	return withExisting(g, s.err, func(ctx context.Context, c *company) error {
		res, err := c.service.Verify(ctx, operator, nil)
		if err != nil {
			return err
		}
		if cmd.JSON {
			b, err := json.MarshalIndent(res, "", "  ")
			if err != nil {
				return err
			}
			fmt.Fprintf(s.out, "%s\n", b)
		} else {
			fmt.Fprintf(s.out, "%d contracts, %d events, %d entries, %d payments, %d statements recomputed\n", res.Contracts, res.Events, res.Entries, res.Payments, res.Statements)
			for _, f := range res.Findings {
				fmt.Fprintln(s.out, f)
			}
		}
		if res.Differing > 0 {
			return fmt.Errorf("verify: %d of %d contracts differ; the first is %s", res.Differing, res.Contracts, res.Findings[0].Contract)
		}
		if !cmd.JSON {
			fmt.Fprintln(s.out, "every figure agrees")
		}
		return nil
	})
}
