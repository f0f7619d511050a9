package main

import (
	"context"
	"encoding/json"
	"fmt"

	"marque/internal/cycle"
	"marque/internal/servicing"
)

// VerifyCmd proves the books from the events.
type VerifyCmd struct {
	JSON bool `help:"Print the result as one JSON object."`
}

// Run recomputes every contract and walks the audit trail. It fails unless every
// figure agrees and no row of the trail was changed.
func (cmd *VerifyCmd) Run(g *Globals, s streams) error {
	return withExisting(g, s.err, func(ctx context.Context, c *company) error {
		res, err := c.service.Verify(ctx, operator, c.archive.Check)
		if err != nil {
			return err
		}
		heads, err := cycle.ReadHeads(c.heads())
		if err != nil {
			return err
		}
		trail, err := c.service.VerifyAudit(ctx, operator, heads)
		if err != nil {
			return err
		}
		if cmd.JSON {
			b, err := json.MarshalIndent(struct {
				servicing.VerifyResult
				Audit servicing.AuditProof `json:"audit"`
			}{res, trail}, "", "  ")
			if err != nil {
				return err
			}
			fmt.Fprintf(s.out, "%s\n", b)
		} else {
			fmt.Fprintf(s.out, "%d contracts, %d events, %d entries, %d payments, %d statements recomputed, %d documents in the archive and %d files to the bank read\n", res.Contracts, res.Events, res.Entries, res.Payments, res.Statements, res.Documents, res.Files)
			for _, f := range res.Findings {
				fmt.Fprintln(s.out, f)
			}
			fmt.Fprintf(s.out, "%d audit rows in an unbroken chain, %d not sealed yet, %d kept heads\n", trail.Sealed, trail.Unsealed, len(heads))
		}
		if trail.Broken != "" {
			return fmt.Errorf("verify: %s", trail.Broken)
		}
		if res.Differing > 0 {
			return fmt.Errorf("verify: %d of %d contracts differ; the first is %s", res.Differing, res.Contracts, res.Findings[0].Contract)
		}
		if res.FilesDiffering > 0 {
			return fmt.Errorf("verify: %d of %d files to the bank differ", res.FilesDiffering, res.Files)
		}
		if !cmd.JSON {
			fmt.Fprintln(s.out, "every figure agrees")
		}
		return nil
	})
}
