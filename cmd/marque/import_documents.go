package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"

	"marque/internal/archive"
	"marque/internal/servicing"
	"marque/internal/tape"
)

// ImportDocuments takes over the papers of a predecessor's archive.
type ImportDocuments struct {
	Manifest string `arg:"" help:"CSV with account_number, kind, date and file, and sha256 and language where there are any."`
	DryRun   bool   `help:"Check everything and keep nothing."`
	Config   string `env:"MARQUE_CONFIG" placeholder:"FILE" help:"Settings file (marque.json in the data folder)."`
}

// Run checks every line and every file first, keeps the files in the archive, and
// only then names them: all of the manifest or nothing.
func (cmd *ImportDocuments) Run(g *Globals, s streams) error {
	return withExistingBy(g, cmd.Config, s.err, func(ctx context.Context, c *company) error {
		folder, err := os.OpenRoot(filepath.Dir(cmd.Manifest))
		if err != nil {
			return err
		}
		defer folder.Close()
		read := func(then func(papers iter.Seq2[servicing.ArchivedPaper, error]) error, each func(b []byte) error) error {
			f, err := os.Open(cmd.Manifest)
			if err != nil {
				return err
			}
			defer f.Close()
			return then(papersOf(folder, tape.ReadManifest(f, cmd.Manifest), each))
		}
		var res servicing.TakeoverResult
		name := func(dry bool) func(iter.Seq2[servicing.ArchivedPaper, error]) error {
			return func(papers iter.Seq2[servicing.ArchivedPaper, error]) (err error) {
				res, err = c.service.TakeOver(ctx, operator, papers, dry)
				return err
			}
		}
		what := "sound; nothing kept (dry run)"
		err = read(name(true), nil)
		if err == nil && !cmd.DryRun {
			what = "imported"
			err = read(all, func(b []byte) error {
				_, err := c.archive.Put(ctx, b)
				return err
			})
			if err == nil {
				err = read(name(false), nil)
			}
		}
		if err != nil {
			return fmt.Errorf("%w\n%s: nothing was imported", err, cmd.Manifest)
		}
		fmt.Fprintf(s.out, "%s: %s: %d documents, %d known already\n", cmd.Manifest, what, res.Documents, res.Known)
		return nil
	})
}

// all goes through the papers.
func all(papers iter.Seq2[servicing.ArchivedPaper, error]) error {
	for _, err := range papers {
		if err != nil {
			return err
		}
	}
	return nil
}

// mostBytes is how large a paper of another archive may be.
const mostBytes = 32 << 20

// papersOf reads the file of each line, one at a time, from the manifest's folder
// and nowhere else.
func papersOf(folder *os.Root, lines iter.Seq2[tape.ArchivedPaper, error], each func([]byte) error) iter.Seq2[servicing.ArchivedPaper, error] {
	return func(yield func(servicing.ArchivedPaper, error) bool) {
		for p, err := range lines {
			out := servicing.ArchivedPaper{ArchivedPaper: p}
			if err == nil {
				out.Bytes, err = paperOf(folder, &p, each)
			}
			if !yield(out, err) {
				return
			}
		}
	}
}

func paperOf(folder *os.Root, p *tape.ArchivedPaper, each func([]byte) error) (out servicing.Bytes, err error) {
	f, err := folder.Open(filepath.FromSlash(p.File))
	if err != nil {
		return out, p.Error("file", "cannot be opened: "+errors.Unwrap(err).Error())
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, mostBytes+1))
	if err != nil {
		return out, p.Error("file", "cannot be read: "+err.Error())
	}
	out = servicing.Bytes{Hash: archive.Hash(b), Size: int64(len(b))}
	switch {
	case len(b) > mostBytes:
		return out, p.Error("file", "is larger than 32 MiB")
	case !bytes.HasPrefix(b, []byte("%PDF-")):
		return out, p.Error("file", "is not a PDF")
	case p.SHA256 != "" && p.SHA256 != out.Hash:
		return out, p.Error("sha256", "is not that of the file, which is "+out.Hash)
	}
	if each != nil {
		err = each(b)
	}
	return out, err
}
