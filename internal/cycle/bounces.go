package cycle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"marque/internal/fault"
	"marque/internal/notice"
	"marque/internal/servicing"
)

// Bounced takes in the e-mails that came back and says how many. The folder is
// where a mail server leaves what comes to the address that our e-mails are from: a
// maildir, whose new mail is looked at, or a plain folder of files. What was read
// moves to its folder read, what is no report about a message of ours to aside;
// hidden files are still being written. It may be stopped anywhere: what was written
// down before its file was put away is known the second time.
func (r *Runner) Bounced(ctx context.Context) (taken int, err error) {
	dir := r.Bounces
	if dir == "" {
		return 0, nil
	}
	if info, err := os.Stat(filepath.Join(dir, "new")); err == nil && info.IsDir() {
		dir = filepath.Join(dir, "new")
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("look for mail that came back: %w", err)
	}
	for _, e := range entries {
		if e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if err := ctx.Err(); err != nil {
			return taken, err
		}
		known, err := r.bounce(ctx, filepath.Join(dir, e.Name()))
		if err != nil {
			return taken, err
		}
		if known {
			taken++
		}
	}
	return taken, nil
}

func (r *Runner) bounce(ctx context.Context, file string) (taken bool, err error) {
	content, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) { // another process has dealt with it
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read mail that came back: %w", err)
	}
	report, err := notice.ReadBounce(content)
	if err != nil {
		r.Log.Warn("mail that came back is no report about a message of ours", "file", filepath.Base(file), "why", err)
		return false, r.putAway(file, "aside")
	}
	if report.Failed {
		taken, err = r.Service.Bounced(ctx, actor, servicing.BouncedMail{MessageID: report.Of, Gone: report.Gone, Why: report.Why})
		if err := fault.After(err, "bounce.after_commit_before_done"); err != nil {
			return false, err
		}
	}
	return taken, r.putAway(file, "read")
}

// putAway moves a file out of the way; one of that name was put away before.
func (r *Runner) putAway(file, to string) error {
	dir := filepath.Join(r.Bounces, to)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("put mail away: %w", err)
	}
	if err := os.Rename(file, filepath.Join(dir, filepath.Base(file))); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("put mail away: %w", err)
	}
	return nil
}
