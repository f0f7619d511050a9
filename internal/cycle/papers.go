package cycle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"sync"

	"marque/internal/archive"
	"marque/internal/fault"
	"marque/internal/paper"
	"marque/internal/servicing"
)

// Papers sets the pages of documents that verbs have frozen, and keeps them in
// the archive. The same snapshot gives the same bytes and the archive keeps bytes
// once, so that two processes, or one that was stopped in the middle and began
// again, leave what one would have left.
type Papers struct {
	Service *servicing.Service
	Archive *archive.Archive
	Log     *slog.Logger
}

// papersAtOnce is how many papers are set, made durable and filed together: one
// transaction, and one wait for the disk.
const papersAtOnce = 128

// Run sets all papers that are due and says how many. One that cannot be set is
// put off and shown to a person; the others go on.
func (p *Papers) Run(ctx context.Context) (made int, err error) {
	for {
		due, err := p.Service.DocumentsDue(ctx, actor, papersAtOnce)
		if err != nil || len(due) == 0 {
			return made, err
		}
		n, err := p.file(ctx, due)
		made += n
		if err != nil {
			return made, err
		}
	}
}

// file sets papers, keeps their bytes, and only then names them in the database.
func (p *Papers) file(ctx context.Context, due []servicing.DueDocument) (int, error) {
	pages, errs := setAll(due)
	var set []servicing.DueDocument
	var files [][]byte
	for i, d := range due {
		if errs[i] != nil {
			p.Log.Error("paper not set", "document", string(d.ID), "kind", string(d.Kind), "error", errs[i])
			if err := p.Service.DelayDocument(ctx, actor, d, "The document could not be made: "+errs[i].Error()); err != nil {
				return 0, err
			}
			continue
		}
		set, files = append(set, d), append(files, pages[i])
	}
	if len(set) == 0 {
		return 0, nil
	}
	names, err := p.Archive.PutAll(ctx, files)
	if err := fault.After(err, "document.after_archive"); err != nil {
		return 0, err
	}
	kept := make([]servicing.Bytes, len(set))
	for i := range set {
		kept[i] = servicing.Bytes{Hash: names[i], Size: int64(len(files[i]))}
	}
	return len(set), p.Service.FileDocuments(ctx, actor, set, kept)
}

// setAll sets papers side by side, on as many processors as there are.
func setAll(due []servicing.DueDocument) ([][]byte, []error) {
	pages, errs := make([][]byte, len(due)), make([]error, len(due))
	todo := make(chan int)
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(due)) {
		wg.Go(func() {
			for i := range todo {
				pages[i], errs[i] = paper.PDF(due[i].Kind, due[i].Language, due[i].Content)
			}
		})
	}
	for i := range due {
		todo <- i
	}
	close(todo)
	wg.Wait()
	return pages, errs
}

// Open gives the bytes of a paper. One that is still due is set and filed first,
// so that whoever asked for it need not wait for anybody. One that the archive
// has lost or that was damaged there is set again from its snapshot, when that
// gives the very bytes that were kept.
func (p *Papers) Open(ctx context.Context, d servicing.DueDocument) (io.ReadCloser, int64, error) {
	if !d.Filed() {
		b, err := paper.PDF(d.Kind, d.Language, d.Content)
		if err != nil {
			return nil, 0, fmt.Errorf("set document %s: %w", d.ID, err)
		}
		name, err := p.Archive.Put(ctx, b)
		if err != nil {
			return nil, 0, err
		}
		if err := p.Service.FileDocuments(ctx, actor, []servicing.DueDocument{d}, []servicing.Bytes{{Hash: name, Size: int64(len(b))}}); err != nil {
			return nil, 0, err
		}
		return io.NopCloser(bytes.NewReader(b)), int64(len(b)), nil
	}
	if d.Size > inMemory {
		r, err := p.Archive.Open(ctx, d.Hash)
		return r, d.Size, err
	}
	b, err := p.Archive.Get(ctx, d.Hash)
	if err != nil {
		if b, err = p.mend(ctx, d, err); err != nil {
			return nil, 0, err
		}
	}
	return io.NopCloser(bytes.NewReader(b)), int64(len(b)), nil
}

// inMemory is how large a paper may be to be read whole before its first byte is
// given away: all that Marque makes, and most of what it takes over.
const inMemory = 4 << 20

func (p *Papers) mend(ctx context.Context, d servicing.DueDocument, damage error) ([]byte, error) {
	content, err := p.Service.DocumentContent(ctx, actor, d.Contract, d.ID)
	if err != nil || len(content) == 0 {
		return nil, errors.Join(damage, err)
	}
	b, err := paper.PDF(d.Kind, d.Language, content)
	if err != nil || archive.Hash(b) != d.Hash {
		return nil, errors.Join(fmt.Errorf("document %s cannot be made again as it was: %w", d.ID, damage), err)
	}
	if _, err := p.Archive.Put(ctx, b); err != nil {
		return nil, errors.Join(damage, err)
	}
	p.Log.Warn("paper made again from its snapshot", "document", string(d.ID), "damage", damage)
	return b, nil
}
