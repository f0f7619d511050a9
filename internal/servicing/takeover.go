package servicing

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/store"
	"marque/internal/tape"
)

// ArchivedPaper is a paper of another archive, and its bytes in ours.
type ArchivedPaper struct {
	tape.ArchivedPaper
	Bytes
}

// TakeoverResult says what a manifest's papers came to.
type TakeoverResult struct {
	Documents int
	Known     int // that were taken over before
}

// TakeOver names papers of another archive whose bytes ours has kept, all of them
// or none. A paper that was taken over before is counted and not kept twice. A
// dry run checks everything and keeps nothing; it needs no bytes yet.
func (s *Service) TakeOver(ctx context.Context, actor identity.Actor, papers iter.Seq2[ArchivedPaper, error], dry bool) (res TakeoverResult, err error) {
	if err := system(actor); err != nil {
		return res, err
	}
	var bad tape.Errors
	err = s.db.UpdateOnce(ctx, func(tx *store.Tx) error {
		for p, err := range papers {
			if err == nil {
				err = s.takeOver(tx, p, &res)
			}
			if _, located := errors.AsType[*tape.Error](err); err != nil && !located {
				return err
			}
			if err != nil {
				bad.Add(err)
			}
			if (res.Documents+1)%flushEvery == 0 {
				if err := tx.Flush(); err != nil {
					return err
				}
			}
		}
		if err := bad.Err(); err != nil {
			return err
		}
		if dry {
			return errDry
		}
		tx.Audit(s.clock(), actor.String(), "take_over_documents", "", fmt.Sprintf("%d documents", res.Documents))
		return nil
	})
	if errors.Is(err, errDry) {
		err = nil
	}
	return res, err
}

func (s *Service) takeOver(tx *store.Tx, p ArchivedPaper, res *TakeoverResult) error {
	if !slices.Contains(billing.DocumentKinds, billing.DocumentKind(p.Kind)) {
		return p.Error("kind", fmt.Sprintf("%q is none of %s", p.Kind, kindsInWords()))
	}
	c, err := tx.ContractByNumber(p.AccountNumber)
	if errors.Is(err, ErrNotFound) {
		return p.Error("account_number", "is not on the books")
	}
	if err != nil {
		return err
	}
	d := &store.Document{ContractID: c.ID, ID: store.NewID(), Kind: p.Kind, Day: p.Day, Language: p.Language, Created: s.clock(),
		Once: "import:" + p.Kind + ":" + p.Day.String() + ":" + p.Hash,
		File: store.DocumentFile{Hash: p.Hash, Size: p.Size, MediaType: "application/pdf", Filed: s.clock()}}
	if _, err := tx.DocumentOnce(c.ID, d.Once); err == nil {
		res.Known++
		return nil
	} else if !errors.Is(err, ErrNotFound) {
		return err
	}
	res.Documents++
	tx.InsertFiledDocument(d)
	return nil
}

func kindsInWords() (words string) {
	for i, k := range billing.DocumentKinds {
		if i > 0 {
			words += ", "
		}
		words += string(k)
	}
	return words
}
