package cycle

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"marque/internal/archive"
	"marque/internal/fault"
	"marque/internal/money"
	"marque/internal/rail"
	"marque/internal/servicing"
)

// MailHouse is where the files go from which letters are printed and mailed: its
// folder has the form of the one shared with the bank, out for what is to be taken
// and sent for a copy of all that was put there.
type MailHouse struct {
	Folder  rail.Folder
	Archive *archive.Archive
}

// mail cuts the day's files for the mail house and hands over all that have not
// left. What a file holds is fixed in the database before it is made, and it is made
// the same each time; the folder hands each over once. So a piece is in one file for
// ever, wherever this is stopped.
func (r *Runner) mail(ctx context.Context, day money.Date) (pieces int, err error) {
	for {
		n, err := r.Service.CutMail(ctx, actor, day)
		if err := fault.After(err, "mail.after_cut"); err != nil {
			return pieces, err
		}
		if n == 0 {
			break
		}
		pieces += n
	}
	for {
		b, some, err := r.Service.MailToDrop(ctx, actor)
		if err != nil || !some {
			return pieces, err
		}
		file, err := r.MailHouse.file(ctx, b)
		if err != nil {
			return pieces, err
		}
		if err := fault.After(r.MailHouse.Folder.Drop(b.Name, file), "mail.after_write_before_mark"); err != nil {
			return pieces, err
		}
		sum := sha256.Sum256(file)
		if err := r.Service.MailDropped(ctx, actor, b.ID, hex.EncodeToString(sum[:]), int64(len(file))); err != nil {
			return pieces, err
		}
	}
}

// manifestColumns are the columns of manifest.csv, a row for each piece. A cell
// that a spreadsheet would reckon with begins with an apostrophe.
var manifestColumns = []string{"piece", "file", "kind", "bytes", "sha256", "name", "line_1", "line_2", "line_3"}

// file is a ZIP of the pieces' documents, as they lie in the archive, and a list of
// them. The same batch gives the same bytes.
func (m *MailHouse) file(ctx context.Context, b servicing.MailBatch) ([]byte, error) {
	var out, list bytes.Buffer
	z, manifest := zip.NewWriter(&out), csv.NewWriter(&list)
	rows := [][]string{manifestColumns}
	add := func(name string, content []byte) error {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store, Modified: b.Made.Time()}) // PDFs are small already
		if err == nil {
			_, err = w.Write(content)
		}
		return err
	}
	for _, p := range b.Pieces {
		content, err := m.Archive.Get(ctx, p.Hash)
		if err == nil {
			err = add(p.ID+".pdf", content)
		}
		if err != nil {
			return nil, fmt.Errorf("mail %s: piece %s: %w", b.Name, p.ID, err)
		}
		row := []string{p.ID, p.ID + ".pdf", string(p.Kind), strconv.FormatInt(p.Size, 10), p.Hash, inert(p.Name)}
		for i := range 3 {
			line := ""
			if i < len(p.Address) {
				line = inert(p.Address[i])
			}
			row = append(row, line)
		}
		rows = append(rows, row)
	}
	if err := manifest.WriteAll(rows); err != nil {
		return nil, fmt.Errorf("mail %s: %w", b.Name, err)
	}
	if err := errors.Join(add("manifest.csv", list.Bytes()), z.Close()); err != nil {
		return nil, fmt.Errorf("mail %s: %w", b.Name, err)
	}
	return out.Bytes(), nil
}

// inert is a cell's words as no spreadsheet reckons with them.
func inert(s string) string {
	if strings.HasPrefix(s, "=") || strings.HasPrefix(s, "+") || strings.HasPrefix(s, "-") || strings.HasPrefix(s, "@") || strings.HasPrefix(s, "\t") {
		return "'" + s
	}
	return s
}
