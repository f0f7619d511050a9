package cycle

import (
	"context"
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
// so that whoever asked for it need not wait for anybody.
func (p *Papers) Open(ctx context.Context, d servicing.DueDocument) (io.ReadCloser, int64, error) {
	if !d.Filed() {
		pages, err := paper.PDF(d.Kind, d.Language, d.Content)
		if err != nil {
			return nil, 0, fmt.Errorf("set document %s: %w", d.ID, err)
		}
		name, err := p.Archive.Put(ctx, pages)
		if err != nil {
			return nil, 0, err
		}
		d.Hash, d.Size = name, int64(len(pages))
		if err := p.Service.FileDocuments(ctx, actor, []servicing.DueDocument{d}, []servicing.Bytes{{Hash: d.Hash, Size: d.Size}}); err != nil {
			return nil, 0, err
		}
	}
	r, err := p.Archive.Open(ctx, d.Hash)
	return r, d.Size, err
}
