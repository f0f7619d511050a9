package store

import (
	"marque/internal/money"
)

// MailPiece is a document that goes by mail, with the address as it was when the
// document was filed.
type MailPiece struct {
	ID                     string
	ContractID, DocumentID string
	CustomerID             string
	Name, Address          string // Address: its lines
	BatchID                string // empty while it waits
	Created                money.Instant
	Kind                   string // this and what follows: of the document, when it is read
	File                   DocumentFile
}

// MailBatch is a file for the mail house.
type MailBatch struct {
	ID, Name string
	On       money.Date
	Made     money.Instant
	Pieces   int
}

const pieceColumns = `p.id, p.contract_id, p.document_id, p.customer_id, p.name, p.address, p.batch_id, p.created_at, d.kind, f.hash, f.size, f.media_type, f.filed_at`

const pieceTables = ` FROM mail_piece p JOIN document d ON d.contract_id = p.contract_id AND d.id = p.document_id
	JOIN document_file f ON f.contract_id = p.contract_id AND f.document_id = p.document_id`

var (
	insertPiece = stmt(`INSERT INTO mail_piece (id, contract_id, document_id, customer_id, name, address, batch_id, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, '', $7) ON CONFLICT (contract_id, document_id) DO NOTHING`)
	waitingPieces = stmt(`SELECT ` + pieceColumns + pieceTables + ` WHERE p.batch_id = '' ORDER BY p.created_at, p.id LIMIT $1`)
	piecesOf      = stmt(`SELECT ` + pieceColumns + pieceTables + ` WHERE p.batch_id = $1 ORDER BY p.created_at, p.id`)
	batchPiece    = stmt(`UPDATE mail_piece SET batch_id = $2 WHERE id = $1 AND batch_id = ''`)

	insertBatch  = stmt(`INSERT INTO mail_batch (id, name, made_on, made_at, pieces, state, hash, size, dropped_at) VALUES ($1, $2, $3, $4, $5, 'cut', '', 0, 0)`)
	countBatches = stmt(`SELECT COUNT(*) FROM mail_batch WHERE made_on = $1`)
	batchToDrop  = stmt(`SELECT id, name, made_on, made_at, pieces FROM mail_batch WHERE state = 'cut' ORDER BY made_at, name LIMIT 1`)
	dropBatch    = stmt(`UPDATE mail_batch SET state = 'dropped', hash = $2, size = $3, dropped_at = $4 WHERE id = $1 AND state = 'cut'`)
)

// InsertPiece queues a document to be mailed; one that is queued or was mailed stays
// as it is.
func (tx *Tx) InsertPiece(p *MailPiece) {
	tx.later(insertPiece, p.ID, p.ContractID, p.DocumentID, p.CustomerID, p.Name, p.Address, p.Created)
}

func (tx *Tx) pieces(s *statement, arg any) (out []*MailPiece, err error) {
	err = tx.query(s, func(r row) error {
		p := &MailPiece{}
		out = append(out, p)
		return r.Scan(&p.ID, &p.ContractID, &p.DocumentID, &p.CustomerID, &p.Name, &p.Address, &p.BatchID, &p.Created, &p.Kind, &p.File.Hash, &p.File.Size, &p.File.MediaType, &p.File.Filed)
	}, arg)
	return out, err
}

// WaitingPieces reads pieces that are in no file yet, oldest first.
func (tx *Tx) WaitingPieces(limit int) ([]*MailPiece, error) { return tx.pieces(waitingPieces, limit) }

// PiecesOf reads the pieces of a file, in its order.
func (tx *Tx) PiecesOf(batch string) ([]*MailPiece, error) { return tx.pieces(piecesOf, batch) }

// BatchPiece puts a piece into a file; false when it is in one.
func (tx *Tx) BatchPiece(id, batch string) (bool, error) {
	rows, err := tx.exec(batchPiece, id, batch)
	return rows == 1, err
}

// MailBatches counts the files of a day.
func (tx *Tx) MailBatches(on money.Date) (n int, err error) {
	err = tx.one(countBatches, []any{&n}, on)
	return n, err
}

// InsertBatch keeps a file for the mail house. One of the same name is a
// *ConflictError.
func (tx *Tx) InsertBatch(b *MailBatch) {
	tx.later(insertBatch, b.ID, b.Name, b.On, b.Made, b.Pieces)
}

// BatchToDrop finds the oldest file that has not left; ErrNotFound when none waits.
func (tx *Tx) BatchToDrop() (*MailBatch, error) {
	b := &MailBatch{}
	return b, tx.one(batchToDrop, []any{&b.ID, &b.Name, &b.On, &b.Made, &b.Pieces})
}

// DropBatch notes that a file has left.
func (tx *Tx) DropBatch(id, hash string, size int64, at money.Instant) {
	tx.later(dropBatch, id, hash, size, at)
}
