package servicing

import (
	"fmt"

	"marque/internal/ach"
	"marque/internal/billing"
	"marque/internal/money"
	"marque/internal/store"
)

// checks puts the entries of every check that waits into the file. They are money
// of the lender's own and touch no contract. What cannot be written is set aside.
func (c *fileCut) checks() error {
	waiting, err := c.tx.WaitingChecks()
	if err != nil {
		return err
	}
	effective := c.on.AddBankingDays(1)
	for _, k := range waiting {
		m, err := c.tx.Method(k.CustomerID, k.MethodID)
		if err != nil {
			return err
		}
		of, entries, err := c.checkEntries(k, m)
		if err != nil {
			if err := c.checkAside(k, err); err != nil {
				return err
			}
			continue
		}
		of.effective = effective
		for _, e := range entries {
			row := &store.ACHEntry{Kind: billing.EntryMicroCredit, CustomerID: k.CustomerID, MethodID: k.MethodID}
			if k.Way == billing.ByPrenote {
				row.Kind = billing.EntryPrenote
			}
			if err := c.add(of, e, row); err != nil {
				return err
			}
			row.Amount = 0 // known to who receives it alone
		}
		n := billing.Notice{Kind: billing.NoticeCheckSent, Method: describe(m), Date: effective, Count: len(entries)}
		k.FileID, k.Effective, k.EndsOn = c.id, effective, effective+billing.MicroEntryDays
		if n.DueDate = k.EndsOn; k.Way == billing.ByPrenote {
			k.EndsOn = effective.AddBankingDays(billing.PrenoteDays)
			n.Date, n.DueDate = k.EndsOn, 0
		}
		c.tx.SendAccountCheck(k)
		if err := c.s.notify(c.tx, k.CustomerID, k.ID, n, 0); err != nil {
			return err
		}
	}
	return nil
}

// checkEntries are one check's: two credits under a description of their own, or
// a prenote for the debits to come. The credits are PPD, for WEB credits are
// between people (Nacha Operating Rules, 2.5.17 and 2.7).
func (c *fileCut) checkEntries(k *store.AccountCheck, m *store.Method) (of batchOf, out []ach.Entry, err error) {
	if k.Way == billing.ByPrenote {
		e, err := c.entry(m, ach.CheckingPrenoteDebit, 0)
		e.Discretionary = "S"
		return batchOf{sec: ach.WEB, description: describePayment}, []ach.Entry{e}, err
	}
	first, second, err := checkAmounts(c.tx, k)
	if err != nil {
		return of, nil, err
	}
	for _, amount := range []money.Cents{first, second} {
		e, err := c.entry(m, ach.CheckingCredit, amount)
		if err != nil {
			return of, nil, err
		}
		out = append(out, e)
	}
	return batchOf{sec: ach.PPD, description: ach.AccountVerification}, out, nil
}

// checkAmounts are the two amounts of micro-entries that are not over.
func checkAmounts(tx *store.Tx, k *store.AccountCheck) (first, second money.Cents, err error) {
	plain, err := tx.CheckAmounts(k)
	if err != nil {
		return 0, 0, err
	}
	if _, err := fmt.Sscanf(plain, "%d %d", &first, &second); err != nil {
		return 0, 0, fmt.Errorf("read amounts of check %s: %w", k.ID, err)
	}
	return first, second, nil
}

func (c *fileCut) checkAside(k *store.AccountCheck, why error) error {
	c.res.Aside = append(c.res.Aside, fmt.Sprintf("check %s of a bank account: %v", k.ID, why))
	return c.s.exception(c.tx, c.on, &store.Exception{
		Once: "cut:" + k.ID, Kind: billing.QuarantinedEntry, CustomerID: k.CustomerID, Reference: k.MethodID, Reason: why.Error(),
	})
}
