package servicing

import (
	"errors"
	"fmt"

	"marque/internal/ach"
	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// changed applies a notification of change (C01 to C07) to the account that its
// entry went to, so that the next entry goes where the bank wants it (Nacha
// Operating Rules, 2.11.1: within six banking days or before the next entry). One
// that cannot be read or does not fit is kept for a person. The same one again
// changes nothing.
func (s *Service) changed(tx *store.Tx, actor identity.Actor, ch *ach.Change, day money.Date, res *ReturnsResult) error {
	res.Changes++
	if err := tx.Flush(); err != nil { // what this file has already brought
		return err
	}
	e := store.Exception{Kind: billing.ChangeNotApplied, Reference: string(ch.Trace), Code: string(ch.Code), Content: fmt.Sprintf("%+v", *ch)}
	entry, err := tx.ACHEntry(string(ch.Trace))
	switch {
	case errors.Is(err, store.ErrNotFound):
		e.Reason = "the bank asks for a correction, and no entry has this trace number: " + ch.Code.Name()
		return s.aside(tx, res, day, e)
	case err != nil:
		return err
	}
	e.ContractID, e.PaymentID, e.CustomerID = entry.ContractID, entry.PaymentID, entry.CustomerID
	m, err := tx.TakeMethod(entry.CustomerID, entry.MethodID)
	if err != nil {
		return err
	}
	if reason, err := s.correct(tx, actor, m, entry, ch); err != nil {
		return err
	} else if reason != "" {
		e.Reason = "the bank asks for a correction: " + ch.Code.Name() + ": " + reason
		return s.aside(tx, res, day, e)
	}
	return nil
}

// correct writes what a bank says into an account, and says why it cannot.
func (s *Service) correct(tx *store.Tx, actor identity.Actor, m *store.Method, entry *store.ACHEntry, ch *ach.Change) (reason string, err error) {
	k, err := ch.Correction()
	if err != nil || k.IndividualID != "" {
		return "a person has to read it", nil
	}
	number, err := tx.BankAccountNumber(m)
	if err != nil {
		return "", err
	}
	was, before := describe(m), *m
	if k.Routing != "" && string(k.Routing) != m.Routing {
		m.Routing, m.BankName = string(k.Routing), ""
		if s.rules.BankName != nil {
			name, _ := s.rules.BankName(m.Routing)
			m.BankName = cut(name, 60)
		}
	}
	corrected := number
	if k.Account != "" {
		corrected = k.Account
	}
	if k.Name != "" {
		m.Holder = k.Name
	}
	if k.TransactionCode != 0 {
		if m.Type, err = accountType(k.TransactionCode); err != nil {
			return err.Error(), nil
		}
	}
	if !fitsACH(m.Holder) || len(corrected) < 1 || len(corrected) > 17 || !ach.Fits(corrected) {
		return "the correction does not fit", nil
	}
	m.Hash, m.Last4 = accountHash(tx.Keys(), m.Routing, corrected), corrected[max(0, len(corrected)-4):]
	if taken, err := hasAccount(tx, m); err != nil || taken {
		return "the customer has the corrected account already", err
	}
	if corrected != number {
		if err := tx.RenumberMethod(m, corrected); err != nil {
			return "", err
		}
	}
	same := *m
	same.Number = before.Number
	if same == before && corrected == number {
		return "", nil // applied before
	}
	if posted := entry.PaymentID != ""; posted && m.Validation.MayBecome(billing.Validated) {
		// The bank has taken a debit to it, and says itself where the next one goes.
		m.Validation, m.ValidatedBy, m.Validated, m.StopCode = billing.Validated, billing.ByPriorEntry, s.clock(), ""
	}
	tx.SaveMethod(m)
	tx.Audit(s.clock(), actor.String(), "correct_account", entry.ContractID, m.ID+" "+string(ch.Code))
	if m.Removed != 0 {
		return "", nil
	}
	return "", s.notify(tx, m.CustomerID, m.ID+":"+string(ch.Code)+":"+m.Hash+m.Type, billing.Notice{Kind: billing.NoticeAccountCorrected, Method: describe(m), Masked: was}, 0)
}

var errAccountType = errors.New("the correction asks for another kind of account than checking or savings")

func accountType(code ach.TransactionCode) (string, error) {
	switch {
	case code/10 == 2:
		return "checking", nil
	case code.Savings():
		return "savings", nil
	}
	return "", errAccountType
}

// hasAccount says whether the customer has the same account in another row.
func hasAccount(tx *store.Tx, m *store.Method) (bool, error) {
	all, err := tx.Methods(m.CustomerID)
	if err != nil {
		return false, err
	}
	for _, o := range all {
		if o.ID != m.ID && o.Removed == 0 && m.Removed == 0 && o.Hash == m.Hash {
			return true, nil
		}
	}
	return false, nil
}
