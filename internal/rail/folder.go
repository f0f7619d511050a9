package rail

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"marque/internal/fault"
)

// Folder is a place shared with the bank. Files for the bank stand in Dir/out,
// files from it arrive in Dir/in and move on to Dir/in/read or Dir/in/refused.
type Folder struct{ Dir string }

// String says where files for the bank are put.
func (f Folder) String() string { return filepath.Join(f.Dir, "out") }

// Close does nothing: a folder is not held open.
func (f Folder) Close() error { return nil }

// Drop writes a file for the bank: in Dir/part, to disk, and only then under its
// own name, with a copy kept in Dir/sent. The same name with the same content is fine, so that a
// drop can be repeated after a crash; with other content it is ErrTaken.
func (f Folder) Drop(name string, content []byte) error {
	dir, parts, sent := filepath.Join(f.Dir, "out"), filepath.Join(f.Dir, "part"), filepath.Join(f.Dir, "sent")
	if name == "" || name != filepath.Base(name) {
		return fmt.Errorf("drop file %q: not a file name", name)
	}
	if err := errors.Join(os.MkdirAll(dir, 0o700), os.MkdirAll(parts, 0o700), os.MkdirAll(sent, 0o700)); err != nil {
		return fmt.Errorf("drop file %s: %w", name, err)
	}
	// What has been dropped once stays known, also when the bank has taken it: a
	// second drop would debit everybody twice.
	known := filepath.Join(sent, name)
	if was, err := os.ReadFile(known); err == nil && bytes.Equal(was, content) {
		return nil
	} else if err == nil {
		return fmt.Errorf("drop file %s: %w", name, ErrTaken)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("drop file %s: %w", name, err)
	}
	for _, path := range []string{filepath.Join(dir, name), known} {
		if err := drop(path, filepath.Join(parts, name), content); err != nil {
			return fmt.Errorf("drop file %s: %w", name, err)
		}
		if err := fault.After(syncDir(filepath.Dir(path)), "folder.after_name"); err != nil {
			return err
		}
	}
	// What attempts that were cut off have left behind goes with the first that
	// was not.
	left, err := filepath.Glob(filepath.Join(parts, "*"))
	for _, part := range left {
		of := filepath.Base(part)
		if _, unsent := os.Lstat(filepath.Join(sent, of[:max(0, strings.LastIndexByte(of, '-'))])); unsent != nil {
			continue // another file's, perhaps being written
		}
		if e := os.Remove(part); e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	if err != nil {
		return fmt.Errorf("drop file %s: %w", name, err)
	}
	return nil
}

func drop(path, part string, content []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(part), filepath.Base(part)+"-*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(content)
	if err = fault.After(errors.Join(err, tmp.Sync(), tmp.Close()), "folder.after_part_before_name"); err != nil {
		return err
	}
	err = os.Link(tmp.Name(), path) // unlike a rename, never replaces
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	was, err := os.ReadFile(path)
	if err == nil && !bytes.Equal(was, content) {
		err = ErrTaken
	}
	return err
}

// Waiting reads the files that the bank has left and nobody has dealt with, in
// order of name. Hidden files are the bank's own, still being written.
func (f Folder) Waiting() ([]File, error) {
	dir := filepath.Join(f.Dir, "in")
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for files from the bank: %w", err)
	}
	var out []File
	for _, e := range entries {
		if e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if errors.Is(err, fs.ErrNotExist) { // another process has dealt with it
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read file %s from the bank: %w", e.Name(), err)
		}
		out = append(out, File{Name: e.Name(), Content: b})
	}
	return out, nil
}

// Done puts a file away that has been read.
func (f Folder) Done(name string) error { return f.move(name, "read") }

// Refuse puts a file away that a person has to look at.
func (f Folder) Refuse(name string) error { return f.move(name, "refused") }

// move gives the file a further number when one of that name was put away
// before: nothing from the bank is overwritten.
func (f Folder) move(name, to string) error {
	from := filepath.Join(f.Dir, "in", name)
	dir := filepath.Join(f.Dir, "in", to)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("put file %s away: %w", name, err)
	}
	for n := 1; ; n++ {
		target := filepath.Join(dir, name)
		if n > 1 {
			target = fmt.Sprintf("%s.%d", target, n)
		}
		err := os.Link(from, target)
		if errors.Is(err, fs.ErrExist) && n < 10_000 {
			continue
		}
		if errors.Is(err, fs.ErrNotExist) { // another process was quicker
			return nil
		}
		if err = fault.After(err, "folder.put_away_before_remove"); err == nil {
			err = os.Remove(from)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("put file %s away: %w", name, err)
		}
		return syncDir(dir)
	}
}

// syncDir makes a new name in a folder survive a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	return nil
}
