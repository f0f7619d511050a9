package servicing

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"marque/internal/billing"
	"marque/internal/fault"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// DocumentID names a paper of a contract.
type DocumentID string

// Document is a paper as lists show it.
type Document struct {
	Contract  ContractID
	ID        DocumentID
	Kind      billing.DocumentKind
	Day       money.Date
	Language  string
	Created   money.Instant
	Hash      string // SHA-256 of the bytes, hexadecimal; empty while they are being made
	Size      int64
	MediaType string
	Imported  bool // taken over from another archive
}

// Filed says that the bytes are in the archive.
func (d Document) Filed() bool { return d.Hash != "" }

// paper is what a verb asks for: a document about something, set from a snapshot.
type paper struct {
	kind     billing.DocumentKind
	customer string     // one who owes the contract, when it is theirs alone
	day      money.Date // of the paper
	about    string     // what of the contract it is about; the same is made once
	snapshot any
}

// freeze keeps a paper in the verb's transaction: what it says is fixed here,
// its pages are set afterwards. language is the customer's, else that of the
// first borrower.
func (s *Service) freeze(tx *store.Tx, c *store.Contract, p paper) (*store.Document, error) {
	content, err := json.Marshal(p.snapshot)
	if err != nil {
		return nil, fmt.Errorf("write %s of %s: %w", p.kind, c.ID, err)
	}
	reader := p.customer
	if reader == "" {
		reader = c.CustomerID
	}
	person, err := tx.Customer(reader)
	if err != nil {
		return nil, err
	}
	d := &store.Document{ContractID: c.ID, ID: store.NewID(), CustomerID: p.customer, Kind: string(p.kind), Day: p.day, Language: person.Language,
		Once: string(p.kind) + ":" + p.about, Content: string(content), ContentHash: contentHash(content), Created: s.clock()}
	if d.Language == "" {
		d.Language = billing.English
	}
	tx.InsertDocument(d)
	return d, nil
}

func contentHash(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// snapshot reads what a paper is set from.
func snapshot(tx *store.Tx, contract, id string, into any) error {
	content, err := tx.DocumentContent(contract, id)
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(content), into); err != nil {
		return fmt.Errorf("read document %s of %s: %w", id, contract, err)
	}
	return nil
}

// DueDocument is a paper whose pages are still to be set.
type DueDocument struct {
	Document
	Content []byte // the snapshot
	row     *store.DueDocument
}

// DocumentsDue lists papers that are to be set, oldest first.
func (s *Service) DocumentsDue(ctx context.Context, actor identity.Actor, limit int) (out []DueDocument, err error) {
	if err := system(actor); err != nil {
		return nil, err
	}
	now := s.clock()
	err = s.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.DocumentsDue(now, limit)
		for _, d := range rows {
			out = append(out, DueDocument{documentOf(&d.Document), []byte(d.Content), d})
		}
		return err
	})
	return out, err
}

func documentOf(d *store.Document) Document {
	return Document{Contract: ContractID(d.ContractID), ID: DocumentID(d.ID), Kind: billing.DocumentKind(d.Kind), Day: d.Day, Language: d.Language,
		Created: d.Created, Hash: d.File.Hash, Size: d.File.Size, MediaType: d.File.MediaType, Imported: d.ContentHash == ""}
}

// DocumentContent is the snapshot that a paper is set from; empty for one that was
// taken over.
func (s *Service) DocumentContent(ctx context.Context, actor identity.Actor, id ContractID, document DocumentID) (content []byte, err error) {
	if err := system(actor); err != nil {
		return nil, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		text, err := tx.DocumentContent(string(id), string(document))
		content = []byte(text)
		return err
	})
	return content, err
}

// Bytes names a file of the archive: the SHA-256 of its bytes, hexadecimal, and
// how many they are.
type Bytes struct {
	Hash string
	Size int64
}

// FileDocuments names the bytes of papers that were due, which the archive has
// kept durably, and enqueues the messages that bring people to them. What was
// filed before stays as it is.
func (s *Service) FileDocuments(ctx context.Context, actor identity.Actor, papers []DueDocument, files []Bytes) error {
	if err := system(actor); err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		for i, p := range papers {
			d := p.row.Document
			d.File = store.DocumentFile{Hash: files[i].Hash, Size: files[i].Size, MediaType: "application/pdf", Filed: s.clock()}
			first, err := tx.FileDocument(&d)
			if err != nil {
				return err
			}
			if !first {
				continue
			}
			if err := s.announce(tx, &d); err != nil {
				return err
			}
			if err := s.deliverDocument(tx, &d); err != nil {
				return err
			}
		}
		return fault.Point("document.before_commit")
	})
}

// announce tells the borrowers of a paper that has come into the archive.
func (s *Service) announce(tx *store.Tx, d *store.Document) error {
	if billing.DocumentKind(d.Kind) != billing.DocStatement {
		return nil
	}
	c, err := tx.Contract(d.ContractID, "")
	if err != nil || held(c) {
		return err
	}
	var st billing.Statement
	if err := json.Unmarshal([]byte(d.Content), &st); err != nil {
		return fmt.Errorf("read document %s of %s: %w", d.ID, d.ContractID, err)
	}
	return s.tell(tx, c, "", c.ID+":"+st.Closing.String(), billing.Notice{
		Kind: billing.NoticeStatementReady, AccountEnds: accountEnds(c.AccountNumber), Vehicle: vehicle(c), Date: st.Closing,
		AmountDue: st.AmountDue, DueDate: st.DueDate, Text: st.AutopayText,
	})
}

// DelayDocument puts off a paper that could not be set, and has a person look at
// it. reason holds nothing personal.
func (s *Service) DelayDocument(ctx context.Context, actor identity.Actor, p DueDocument, reason string) error {
	if err := system(actor); err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		day, err := today(tx)
		if err != nil && !errors.Is(err, ErrNoBusinessDate) {
			return err
		}
		tx.DelayDocument(&p.row.Document, s.clock()+documentWait<<min(p.row.Attempts, 6))
		return s.exception(tx, day, &store.Exception{Kind: billing.PaperNotSet, Once: string(billing.PaperNotSet) + ":" + p.row.ID, ContractID: p.row.ContractID, Reference: p.row.ID, Reason: cut(reason, 300)})
	})
}

// documentWait is the rest before the second attempt to set a paper, in
// microseconds; it doubles.
const documentWait = money.Instant(60e6)

// Documents lists all papers that a customer may see, newest first.
func (s *Service) Documents(ctx context.Context, actor identity.Actor) (out []Document, err error) {
	who, err := customer(actor)
	if err != nil {
		return nil, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		contracts, err := tx.ContractsOf(who)
		if err != nil {
			return err
		}
		for _, c := range contracts {
			rows, err := tx.Documents(c.ID, who)
			if err != nil {
				return err
			}
			for _, d := range rows {
				out = append(out, documentOf(d))
			}
		}
		slices.SortStableFunc(out, func(a, b Document) int { return cmp.Or(cmp.Compare(b.Day, a.Day), cmp.Compare(b.ID, a.ID)) })
		return nil
	})
	return out, err
}

// Document is one paper that the actor may see; ErrNotFound for any other.
func (s *Service) Document(ctx context.Context, actor identity.Actor, id ContractID, document DocumentID) (out DueDocument, err error) {
	who, err := customer(actor)
	if err != nil {
		return out, err
	}
	err = s.view(ctx, actor, id, func(tx *store.Tx, c *store.Contract) error {
		out, err = documentToOpen(tx, c, who, document)
		return err
	})
	return out, err
}

// documentToOpen comes with its snapshot while its bytes are still to be made.
func documentToOpen(tx *store.Tx, c *store.Contract, who string, id DocumentID) (out DueDocument, err error) {
	d, err := tx.Document(c.ID, string(id))
	switch {
	case err != nil:
		return out, err
	case d.CustomerID != "" && d.CustomerID != who:
		return out, ErrNotFound
	}
	out = DueDocument{Document: documentOf(d), row: &store.DueDocument{Document: *d}}
	if d.File.Hash == "" {
		if d.Content, err = tx.DocumentContent(c.ID, d.ID); err != nil {
			return out, err
		}
		out.Content, out.row.Content = []byte(d.Content), d.Content
	}
	return out, nil
}
