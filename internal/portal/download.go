package portal

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"marque/internal/servicing"
)

// How a browser is to take a file.
const (
	inline     = "inline"
	attachment = "attachment"
)

// document shows one paper in the browser.
func (p *portal) document(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	return p.oneDocument(w, r, s, inline)
}

// download hands one paper over to be kept.
func (p *portal) download(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	return p.oneDocument(w, r, s, attachment)
}

func (p *portal) oneDocument(w http.ResponseWriter, r *http.Request, s servicing.Session, how string) error {
	d, err := p.svc.Document(r.Context(), s.Actor, servicing.ContractID(r.PathValue("id")), servicing.DocumentID(r.PathValue("document")))
	if err != nil {
		return found(err)
	}
	return p.sendDocument(w, r, d, how)
}

// sendDocument sends a paper's bytes as they lie in the archive.
func (p *portal) sendDocument(w http.ResponseWriter, r *http.Request, d servicing.DueDocument, how string) (err error) {
	paper, size, err := p.papers(r.Context(), d)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, paper.Close()) }()
	h := w.Header()
	h.Set("Content-Type", "application/pdf")
	if d.MediaType != "" {
		h.Set("Content-Type", d.MediaType)
	}
	h.Set("Content-Disposition", fmt.Sprintf("%s; filename=%q", how, fileName(d.Document)))
	return p.send(w, r, size, paper)
}

// fileName says what a paper is and nothing of whose.
func fileName(d servicing.Document) string {
	return d.Day.String() + "-" + string(d.Kind) + ".pdf"
}

// send streams a body whose size is known, so that a browser shows how far it is
// and whether it was cut short. The time for it begins anew with what is taken:
// a slow connection gets its file, one that stands still is let go.
func (p *portal) send(w http.ResponseWriter, r *http.Request, size int64, body io.Reader) error {
	w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	if r.Method == http.MethodHead {
		return nil
	}
	_, err := io.Copy(patient{w, http.NewResponseController(w), p.now}, body)
	return err
}

type patient struct {
	io.Writer
	control *http.ResponseController
	now     func() time.Time
}

const patience = 60 * time.Second

func (p patient) Write(b []byte) (int, error) {
	// A connection without deadlines, as in a test, needs none.
	if err := p.control.SetWriteDeadline(p.now().Add(patience)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	return p.Writer.Write(b)
}

// documentsZIP sends all papers that the filter leaves as one file. It is written
// as it is read, a paper at a time.
func (p *portal) documentsZIP(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	v, kept, err := p.chosenDocuments(r, s)
	if err != nil {
		return err
	}
	if len(kept) == 0 {
		http.Redirect(w, r, "/documents?"+filterQuery(v), http.StatusSeeOther)
		return nil
	}
	files := make([]zipped, len(kept))
	taken := map[string]int{}
	for i, row := range kept {
		if files[i], err = p.toZIP(r.Context(), s, row); err != nil {
			return err
		}
		name := fileName(row.Document)
		if taken[name]++; taken[name] > 1 {
			name = row.Day.String() + "-" + string(row.Kind) + "-" + strconv.Itoa(taken[name]) + ".pdf"
		}
		files[i].name = name
	}
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", "documents-"+v.BusinessDate.String()+".zip"))
	body, out := io.Pipe()
	defer func() { _ = body.Close() }() // the writer learns that nobody reads any more
	go func() { _ = out.CloseWithError(p.writeZIP(r.Context(), out, files)) }()
	return p.send(w, r, zipSize(files), body)
}

type zipped struct {
	document servicing.DueDocument
	name     string
	size     int64
}

// toZIP makes sure of a paper's bytes, for their size has to be known before the
// first is sent.
func (p *portal) toZIP(ctx context.Context, s servicing.Session, row documentRow) (zipped, error) {
	z := zipped{document: servicing.DueDocument{Document: row.Document}, size: row.Size}
	if row.Filed() {
		return z, nil
	}
	d, err := p.svc.Document(ctx, s.Actor, row.Contract, row.ID)
	if err != nil {
		return z, found(err)
	}
	paper, size, err := p.papers(ctx, d)
	if err != nil {
		return z, err
	}
	z.document, z.size = d, size
	return z, paper.Close()
}

func (p *portal) writeZIP(ctx context.Context, w io.Writer, files []zipped) error {
	out := zip.NewWriter(w)
	for _, f := range files {
		if err := p.addToZIP(ctx, out, f); err != nil {
			return err
		}
	}
	return out.Close()
}

func (p *portal) addToZIP(ctx context.Context, out *zip.Writer, f zipped) (err error) {
	// What is packed already is stored as it is.
	entry, err := out.CreateHeader(&zip.FileHeader{Name: f.name, Method: zip.Store, Modified: f.document.Day.Time()})
	if err != nil {
		return err
	}
	paper, size, err := p.papers(ctx, f.document)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, paper.Close()) }()
	if size != f.size {
		return fmt.Errorf("document %s has %d bytes, not %d", f.document.ID, size, f.size)
	}
	_, err = io.Copy(entry, paper)
	return err
}

// zipSize is how long writeZIP's file is. Of each paper there are, besides its
// bytes, a header, what follows it, and a line of the list at the end (.ZIP File
// Format Specification, 4.3), twice with its name and the time of 9 bytes.
func zipSize(files []zipped) int64 {
	size := int64(22)
	for _, f := range files {
		size += 30 + 16 + 46 + 2*int64(len(f.name)+9) + f.size
	}
	return size
}
