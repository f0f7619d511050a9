package cycle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"marque/internal/money"
	"marque/internal/servicing"
)

// Seal puts what the audit trail has gained into its chain.
func (r *Runner) Seal(ctx context.Context) error {
	_, err := r.Service.SealAudit(ctx, actor)
	return err
}

// keepHead seals the day's audit rows and writes the end of the chain into a
// file of the day, once: a day run again leaves the file as it is.
func (r *Runner) keepHead(ctx context.Context, day money.Date) error {
	if err := r.Seal(ctx); err != nil || r.Heads == "" {
		return err
	}
	h, err := r.Service.AuditHead(ctx, actor)
	if err != nil || h.Seq == 0 {
		return err
	}
	if err := os.MkdirAll(r.Heads, 0o700); err != nil {
		return fmt.Errorf("keep the audit trail's head: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(r.Heads, day.String()+".head"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("keep the audit trail's head: %w", err)
	}
	_, err = fmt.Fprintf(f, "%d %s\n", h.Seq, h.Hash)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("keep the audit trail's head: %w", err)
	}
	return nil
}

// ReadHeads reads the heads that were kept in a folder, oldest day first; none
// when there is no folder. A file that a crash has left empty is passed over.
func ReadHeads(folder string) (out []servicing.AuditHead, err error) {
	names, err := filepath.Glob(filepath.Join(folder, "*.head"))
	if err != nil {
		return nil, fmt.Errorf("read kept heads: %w", err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read kept heads: %w", err)
		}
		if len(b) == 0 {
			continue
		}
		var h servicing.AuditHead
		if _, err := fmt.Sscanf(strings.TrimSpace(string(b)), "%d %s", &h.Seq, &h.Hash); err != nil {
			return nil, fmt.Errorf("read kept head %s: %w", name, err)
		}
		out = append(out, h)
	}
	return out, nil
}
