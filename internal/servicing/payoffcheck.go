package servicing

import (
	"context"
	"errors"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/store"
)

// PayoffCheckPath is where a dealer or a buyer checks a payoff letter.
const PayoffCheckPath = "/payoff-letter"

// PayoffCheck is what whoever holds a payoff letter may see of it: what it said,
// and whether that still holds. It names nobody.
type PayoffCheck struct {
	AccountEnds string
	Vehicle     string
	VINEnds     string // the last six
	Letter      billing.PayoffLetter
	InForce     bool // a payment of the quoted amount still closes the account
	PaidOff     bool
}

func letterCodeHash(tx *store.Tx, code string) string {
	return tx.Keys().Hash("payoff_letter", identity.NormalSavedCode(code))
}

// CheckPayoff finds the letter that has a code. Tries are counted by where they
// come from, before anything is looked up.
func (s *Service) CheckPayoff(ctx context.Context, code string, src Source) (out PayoffCheck, err error) {
	if identity.NormalSavedCode(code) == "" {
		return out, refuse("code_missing", "code", "Enter the code from the letter. It looks like ABCD-EFGH-JKLM.")
	}
	if err := s.counted(ctx, "letter", identity.SourceBucket(src.IP), "There were too many tries from where you are. Wait an hour, or call us at %s."); err != nil {
		return out, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		q, err := tx.PayoffQuoteByCode(letterCodeHash(tx, code))
		if errors.Is(err, store.ErrNotFound) {
			return refuse("code_wrong", "code", "We have no letter with this code. Check it against the letter; it has twelve letters and digits.")
		}
		if err != nil {
			return err
		}
		c, err := tx.Contract(q.ContractID, "")
		if err != nil {
			return err
		}
		now, err := quoteInForce(tx, c)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		out = PayoffCheck{AccountEnds: accountEnds(c.AccountNumber), Vehicle: vehicle(c), InForce: err == nil && now.EventSeq == q.EventSeq, PaidOff: c.Status == "paid"}
		if len(c.VIN) > 6 {
			out.VINEnds = c.VIN[len(c.VIN)-6:]
		}
		if err := snapshot(tx, c.ID, q.DocumentID, &out.Letter); err != nil {
			return err
		}
		out.Letter.Recipient = billing.Recipient{}
		out.Letter.AccountNumber, out.Letter.VIN, out.Letter.Pending, out.Letter.Scheduled = "", "", nil, nil
		return nil
	})
	return out, err
}
