package store

import "marque/internal/money"

// Document is a paper's row: who it is for, what it is about, and the frozen
// snapshot that it is set from. Its file is its own row, for both are only ever
// added.
type Document struct {
	ContractID  string
	ID          string
	CustomerID  string // one who owes the contract and whose paper it alone is; empty for all
	Kind        string
	Day         money.Date
	Language    string
	Once        string
	Content     string // empty for a file that was taken over
	ContentHash string
	Created     money.Instant
	File        DocumentFile // Hash is empty while it is due
}

// DocumentFile is a paper's bytes in the archive.
type DocumentFile struct {
	Hash      string // SHA-256, hexadecimal
	Size      int64
	MediaType string
	Filed     money.Instant
}

// DueDocument is a paper that is not in the archive yet.
type DueDocument struct {
	Document
	TryAt    money.Instant
	Attempts int
}

const documentColumns = `d.contract_id, d.id, d.customer_id, d.kind, d.day, d.language, d.once, d.content_hash, d.created_at,
	COALESCE(f.hash, ''), COALESCE(f.size, 0), COALESCE(f.media_type, ''), COALESCE(f.filed_at, 0)`

const documentTables = ` FROM document d LEFT JOIN document_file f ON f.contract_id = d.contract_id AND f.document_id = d.id`

var (
	insertDocument = stmt(`INSERT INTO document (contract_id, id, customer_id, kind, day, language, once, content, content_hash, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`)
	insertDocumentDue  = stmt(`INSERT INTO document_due (contract_id, document_id, try_at, attempts) VALUES ($1, $2, $3, 0)`)
	insertDocumentFile = stmt(`INSERT INTO document_file (contract_id, document_id, hash, size, media_type, filed_at) VALUES ($1, $2, $3, $4, $5, $6)`)
	deleteDocumentDue  = stmt(`DELETE FROM document_due WHERE contract_id = $1 AND document_id = $2`)
	delayDocumentDue   = stmt(`UPDATE document_due SET try_at = $3, attempts = attempts + 1 WHERE contract_id = $1 AND document_id = $2`)
	selectDocumentsDue = stmt(`SELECT u.try_at, u.attempts, d.content, ` + documentColumns + documentTables + `
		JOIN document_due u ON u.contract_id = d.contract_id AND u.document_id = d.id
		WHERE u.try_at <= $1 ORDER BY u.try_at, u.document_id LIMIT $2`)
	selectDocument        = stmt(`SELECT ` + documentColumns + documentTables + ` WHERE d.contract_id = $1 AND d.id = $2`)
	selectDocumentOnce    = stmt(`SELECT ` + documentColumns + documentTables + ` WHERE d.contract_id = $1 AND d.once = $2`)
	selectDocumentContent = stmt(`SELECT content FROM document WHERE contract_id = $1 AND id = $2`)
	selectDocuments       = stmt(`SELECT ` + documentColumns + documentTables + `
		WHERE d.contract_id = $1 AND ($2 = '' OR d.customer_id IN ('', $2)) ORDER BY d.day DESC, d.id DESC`)
)

// InsertDocument keeps a paper that is still to be set. A second one with the
// same key of the same contract is a *ConflictError.
func (tx *Tx) InsertDocument(d *Document) {
	tx.insertDocument(d)
	tx.later(insertDocumentDue, d.ContractID, d.ID, d.Created)
}

func (tx *Tx) insertDocument(d *Document) {
	tx.later(insertDocument, d.ContractID, d.ID, d.CustomerID, d.Kind, d.Day, d.Language, d.Once, d.Content, d.ContentHash, d.Created)
}

// InsertFiledDocument keeps a paper whose bytes are in the archive.
func (tx *Tx) InsertFiledDocument(d *Document) {
	tx.insertDocument(d)
	tx.insertDocumentFile(d)
}

func (tx *Tx) insertDocumentFile(d *Document) {
	tx.later(insertDocumentFile, d.ContractID, d.ID, d.File.Hash, d.File.Size, d.File.MediaType, d.File.Filed)
}

// FileDocument names the bytes of a paper that was due; false when that was done
// before.
func (tx *Tx) FileDocument(d *Document) (bool, error) {
	n, err := tx.exec(deleteDocumentDue, d.ContractID, d.ID)
	if err == nil && n > 0 {
		tx.insertDocumentFile(d)
	}
	return n > 0, err
}

// DelayDocument puts a paper that could not be set off to a later moment.
func (tx *Tx) DelayDocument(d *Document, until money.Instant) {
	tx.later(delayDocumentDue, d.ContractID, d.ID, until)
}

// DocumentsDue reads papers that are to be set, with their content.
func (tx *Tx) DocumentsDue(now money.Instant, limit int) (out []*DueDocument, err error) {
	err = tx.query(selectDocumentsDue, func(r row) error {
		d := &DueDocument{}
		out = append(out, d)
		return r.Scan(append([]any{&d.TryAt, &d.Attempts, &d.Content}, d.columns()...)...)
	}, now, limit)
	return out, err
}

func (d *Document) columns() []any {
	return []any{&d.ContractID, &d.ID, &d.CustomerID, &d.Kind, &d.Day, &d.Language, &d.Once, &d.ContentHash, &d.Created,
		&d.File.Hash, &d.File.Size, &d.File.MediaType, &d.File.Filed}
}

// Document reads one paper, without its content.
func (tx *Tx) Document(contractID, id string) (*Document, error) {
	d := &Document{}
	return d, tx.one(selectDocument, d.columns(), contractID, id)
}

// DocumentOnce reads the paper about something, without its content.
func (tx *Tx) DocumentOnce(contractID, once string) (*Document, error) {
	d := &Document{}
	return d, tx.one(selectDocumentOnce, d.columns(), contractID, once)
}

// DocumentContent reads the snapshot that a paper is set from.
func (tx *Tx) DocumentContent(contractID, id string) (content string, err error) {
	err = tx.one(selectDocumentContent, []any{&content}, contractID, id)
	return content, err
}

// Documents lists a contract's papers, newest first, without their content: those
// that one who owes it may see, or all of them for an empty customer.
func (tx *Tx) Documents(contractID, customerID string) (out []*Document, err error) {
	err = tx.query(selectDocuments, func(r row) error {
		d := &Document{}
		out = append(out, d)
		return r.Scan(d.columns()...)
	}, contractID, customerID)
	return out, err
}
