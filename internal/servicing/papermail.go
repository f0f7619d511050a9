package servicing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// What goes by mail is a document in the archive: a statement or a letter of
// somebody who has not agreed to paperless, or a message that could reach its
// person in no other way. Each is a piece with the address of that day. Pieces
// leave in files for the mail house, each piece in one file and never in another.

// mailed are the kinds of documents that go by mail to whoever has not agreed to
// paperless. The others are made when somebody asks for them on the website.
var mailed = []billing.DocumentKind{
	billing.DocStatement, billing.DocInterestSummary, billing.DocPaidInFull, billing.DocLeaseEnd, billing.DocLateNotice, billing.DocReturnNotice,
	billing.DocAdverseNotice, billing.DocChangeNotice,
}

// alwaysMailed go by mail whatever was agreed to: the one goes with the title, the
// other could not be said otherwise.
var alwaysMailed = []billing.DocumentKind{billing.DocLienRelease, billing.DocMessage}

// deliverDocument queues a document that was filed for the mail, where it goes by
// mail.
func (s *Service) deliverDocument(tx *store.Tx, d *store.Document) error {
	kind := billing.DocumentKind(d.Kind)
	always := slices.Contains(alwaysMailed, kind)
	if !s.rules.PaperMail || !always && !slices.Contains(mailed, kind) {
		return nil
	}
	c, err := tx.Contract(d.ContractID, "")
	if err != nil {
		return err
	}
	who := d.CustomerID
	if who == "" {
		who = c.CustomerID
	}
	if who == "" || held(c) && !always {
		return nil
	}
	if !always {
		agreed, err := tx.Consent(who, consentPaperless)
		if absent(err) != nil {
			return err
		}
		if err == nil && agreed.Given {
			return nil
		}
	}
	to, err := addressed(tx, c)
	if d.CustomerID != "" && err == nil {
		var p *store.Customer
		if p, err = tx.Customer(who); err == nil {
			to = recipient(p)
		}
	}
	if err != nil {
		return err
	}
	tx.InsertPiece(&store.MailPiece{ID: store.NewID(), ContractID: d.ContractID, DocumentID: d.ID, CustomerID: who, Name: to.Name, Address: strings.Join(to.Address, "\n"), Created: s.clock()})
	if kind != billing.DocLienRelease {
		return nil
	}
	n := aboutContract(billing.NoticeTitleSent, c)
	n.Date, n.Text = d.Day, to.Name
	return s.tell(tx, c, "", c.ID, n)
}

// LetterWords are a message's words as they go by mail.
type LetterWords struct {
	Subject    string
	Paragraphs []string
	Facts      []billing.MessageFact
}

// PutOnPaper makes a document of a message that could be said in no other way. When
// it is filed it goes by mail. The same message again makes nothing more.
func (s *Service) PutOnPaper(ctx context.Context, actor identity.Actor, o Outgoing, words LetterWords) error {
	if err := system(actor); err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		c, err := contractFor(tx, o.row.CustomerID, o.Notice.AccountEnds)
		if err != nil {
			return err
		}
		about := o.MessageID()
		_, err = tx.DocumentOnce(c.ID, string(billing.DocMessage)+":"+about)
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		on, err := today(tx)
		if err != nil {
			return err
		}
		head, err := s.letter(tx, c, o.row.CustomerID, on)
		if err != nil {
			return err
		}
		_, err = s.freeze(tx, c, paper{kind: billing.DocMessage, customer: o.row.CustomerID, day: on, about: about,
			snapshot: &billing.MessagePaper{Letter: head, Subject: words.Subject, Paragraphs: words.Paragraphs, Facts: words.Facts}})
		return err
	})
}

// contractFor is the contract under whose papers a letter is kept: the one it is
// about, else the person's first.
func contractFor(tx *store.Tx, customer, ends string) (*store.Contract, error) {
	all, err := tx.ContractsOf(customer)
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		if ends != "" && accountEnds(c.AccountNumber) == ends {
			return c, nil
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("letter to %s: %w", customer, ErrNotFound)
	}
	return all[0], nil
}

// MailBatch is a file for the mail house that has not left yet.
type MailBatch struct {
	ID, Name string
	Made     money.Instant
	Pieces   []MailPiece
}

// MailPiece is one document in such a file.
type MailPiece struct {
	ID      string
	Kind    billing.DocumentKind
	Hash    string // SHA-256 of the document's bytes
	Size    int64
	Name    string
	Address []string
}

// mailPieces is how many documents a file for the mail house holds at most.
const mailPieces = 500

// CutMail puts what waits for the mail into a file, and says how many pieces; none
// when nothing waits. What it holds is fixed here; the file is made afterwards.
func (s *Service) CutMail(ctx context.Context, actor identity.Actor, on money.Date) (n int, err error) {
	if err := system(actor); err != nil {
		return 0, err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		n = 0
		waiting, err := tx.WaitingPieces(mailPieces)
		if err != nil || len(waiting) == 0 {
			return err
		}
		before, err := tx.MailBatches(on)
		if err != nil {
			return err
		}
		b := &store.MailBatch{ID: store.NewID(), Name: fmt.Sprintf("mail-%s-%03d.zip", on, before+1), On: on, Made: s.clock(), Pieces: len(waiting)}
		tx.InsertBatch(b)
		if err := tx.Flush(); err != nil { // two processes find the same number: one goes on
			return err
		}
		for _, p := range waiting {
			taken, err := tx.BatchPiece(p.ID, b.ID)
			if err != nil {
				return err
			}
			if !taken {
				return errTaken
			}
		}
		n = len(waiting)
		return nil
	})
	if isConflict(err) || errors.Is(err, errTaken) {
		return 0, nil // another process has cut it
	}
	return n, err
}

var errTaken = errors.New("a piece is in another file")

// MailToDrop is the oldest file that has not left; false when none waits.
func (s *Service) MailToDrop(ctx context.Context, actor identity.Actor) (out MailBatch, some bool, err error) {
	if err := system(actor); err != nil {
		return out, false, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		b, err := tx.BatchToDrop()
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		rows, err := tx.PiecesOf(b.ID)
		if err != nil {
			return err
		}
		if len(rows) != b.Pieces {
			return fmt.Errorf("mail %s: %d pieces, not %d", b.Name, len(rows), b.Pieces)
		}
		out, some = MailBatch{ID: b.ID, Name: b.Name, Made: b.Made}, true
		for _, p := range rows {
			out.Pieces = append(out.Pieces, MailPiece{p.ID, billing.DocumentKind(p.Kind), p.File.Hash, p.File.Size, p.Name, strings.Split(p.Address, "\n")})
		}
		return nil
	})
	return out, some, err
}

// MailDropped notes that a file has left, and what it was.
func (s *Service) MailDropped(ctx context.Context, actor identity.Actor, id, hash string, size int64) error {
	if err := system(actor); err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		tx.DropBatch(id, hash, size, s.clock())
		tx.Audit(s.clock(), actor.String(), "drop_mail", "", id)
		return nil
	})
}
