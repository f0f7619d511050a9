package cycle

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"marque/internal/archive"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/paper"
)

// A paper that the archive has lost is made again, byte for byte; one that was
// taken over from elsewhere cannot be, and nobody gets half of it.
func TestALostPaperIsMadeAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		clock := money.InstantOf(time.Date(2026, 3, 2, 15, 0, 0, 0, time.UTC))
		r, _ := lenderAt(t, url, &clock)
		dir := t.TempDir()
		files, err := archive.New(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		p := &Papers{Service: r.Service, Archive: files, Log: slog.New(slog.DiscardHandler)}
		if err := r.Run(t.Context(), money.NewDate(2026, 3, 2), money.NewDate(2026, 3, 31)); err != nil {
			t.Fatal(err)
		}
		due, err := r.Service.DocumentsDue(t.Context(), identity.System("test"), 1)
		if err != nil || len(due) == 0 {
			t.Fatalf("%d papers are due, %v", len(due), err)
		}
		d := due[0]
		kept, err := paper.PDF(d.Kind, d.Language, d.Content)
		if err != nil {
			t.Fatal(err)
		}
		d.Hash, d.Size = archive.Hash(kept), int64(len(kept))
		if n, err := p.Run(t.Context()); err != nil || n == 0 {
			t.Fatalf("%d papers, %v", n, err)
		}
		if n, err := p.Run(t.Context()); err != nil || n != 0 {
			t.Errorf("%d papers again, %v", n, err)
		}
		file := filepath.Join(dir, d.Hash[:2], d.Hash)
		read := func() ([]byte, error) {
			pages, size, err := p.Open(t.Context(), d)
			if err != nil {
				return nil, err
			}
			b, err := io.ReadAll(pages)
			if int64(len(b)) != size {
				t.Errorf("%d bytes of %d", len(b), size)
			}
			return b, errors.Join(err, pages.Close())
		}
		damages := map[string]func() error{
			"lost": func() error { return os.Remove(file) },
			"changed": func() error {
				return errors.Join(os.Chmod(file, 0o600), os.WriteFile(file, append([]byte("x"), kept[1:]...), 0o600))
			},
		}
		for what, damage := range damages {
			if err := damage(); err != nil {
				t.Fatal(err)
			}
			if b, err := read(); err != nil || string(b) != string(kept) {
				t.Errorf("%s: %d bytes, %v", what, len(b), err)
			}
			if err := files.Check(t.Context(), d.Hash, d.Size); err != nil {
				t.Errorf("%s: still %v", what, err)
			}
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		d.Kind = "receipt" // set otherwise, as by another release
		if _, err := read(); !errors.Is(err, archive.ErrDamaged) {
			t.Errorf("other bytes were given for those that were kept: %v", err)
		}
	})
}
