package main

import (
	"context"
	"fmt"
	"strings"

	"marque/internal/billing"
	"marque/internal/export"
	"marque/internal/money"
	"marque/internal/servicing"
)

// HistoryCmd writes one account's history for other programs.
type HistoryCmd struct {
	Account string     `arg:"" help:"Account number."`
	Format  string     `required:"" enum:"csv,json,ofx,qfx,beancount,ledger" help:"csv, json, ofx, qfx, beancount or ledger."`
	From    money.Date `placeholder:"YYYY-MM-DD" help:"First day (the beginning)."`
	Through money.Date `placeholder:"YYYY-MM-DD" help:"Last day (the end)."`
	Config  string     `env:"MARQUE_CONFIG" placeholder:"FILE" help:"Settings; without it, marque.json in the data folder."`
}

// Run writes what the portal would send.
func (cmd *HistoryCmd) Run(g *Globals, s streams) error {
	return withExistingBy(g, cmd.Config, s.err, func(ctx context.Context, c *company) error {
		id, err := c.service.FindContract(ctx, operator, cmd.Account)
		if err != nil {
			return fmt.Errorf("account %s: %w", cmd.Account, err)
		}
		h, err := c.service.History(ctx, operator, id, servicing.HistoryRequest{HistoryFilter: billing.HistoryFilter{From: cmd.From, Through: cmd.Through}})
		if err != nil {
			return err
		}
		v := h.Vehicle
		return export.Write(s.out, export.Format(cmd.Format), export.Account{
			Lender: c.lender.Name, Number: h.AccountNumber, Kind: h.Kind, Vehicle: strings.TrimSpace(fmt.Sprintf("%d %s %s", v.Year, v.Make, v.Model)),
			From: h.From, Through: h.Through, AsOf: h.Date, Whole: h.Whole, Opening: h.Opening, Closing: h.Closing, QuickenID: c.config.Quicken,
		}, h.Lines())
	})
}
