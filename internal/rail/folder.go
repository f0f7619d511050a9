package rail

import (
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

// Drop puts a file where the bank takes it, at most once, wherever it is stopped.
// The file is made whole in Dir/ready, then a copy in Dir/sent, and then it is
// renamed into Dir/out. So one that is in sent and in ready is still to be handed
// over, and one that is in sent alone has been, whether or not the bank has taken
// it since. The same name with other content is ErrTaken. Processes take turns by
// a lock that ends with its holder.
func (f Folder) Drop(name string, content []byte) error {
	if !plain(name) {
		return fmt.Errorf("drop file %q: not a file name", name)
	}
	if err := f.drop(name, content); err != nil {
		return fmt.Errorf("drop file %s: %w", name, err)
	}
	return nil
}

func (f Folder) drop(name string, content []byte) (err error) {
	at := func(dir string) string { return filepath.Join(f.Dir, dir, name) }
	for _, dir := range []string{"out", "part", "ready", "sent"} {
		if err := os.MkdirAll(filepath.Join(f.Dir, dir), 0o700); err != nil {
			return err
		}
	}
	free, err := f.lock()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, free()) }()

	known, err := hasFile(at("sent"), content)
	if err != nil {
		return err
	}
	there, err := hasFile(at("out"), content)
	if err != nil {
		return err
	}
	if !known && !there {
		if err := f.write(at("ready"), content); err != nil {
			return err
		}
	}
	if !known {
		if err := fault.After(f.write(at("sent"), content), "folder.after_copy_before_name"); err != nil {
			return err
		}
	}
	if there {
		err = os.Remove(at("ready"))
	} else {
		err = os.Rename(at("ready"), at("out"))
	}
	if errors.Is(err, fs.ErrNotExist) { // it was handed over before
		return nil
	}
	if err := fault.After(err, "folder.after_name"); err != nil {
		return err
	}
	return errors.Join(syncDir(filepath.Join(f.Dir, "out")), syncDir(filepath.Join(f.Dir, "ready")))
}

// lock waits for the turn of this process, and clears away what writers that were
// stopped have left. Where the system has no such lock there are no turns.
func (f Folder) lock() (free func() error, err error) {
	held, err := takeTurn(filepath.Join(f.Dir, "lock"), connectWithin)
	if errors.Is(err, errors.ErrUnsupported) {
		return func() error { return nil }, nil
	}
	if err != nil {
		return nil, err
	}
	left, err := filepath.Glob(filepath.Join(f.Dir, "part", "*"))
	for _, part := range left {
		err = errors.Join(err, os.Remove(part))
	}
	if err != nil {
		return nil, errors.Join(err, held.Close())
	}
	return held.Close, nil
}

// write makes a file whole, on disk, and then under its name. One of that name was
// left by a process that was stopped.
func (f Folder) write(path string, content []byte) error {
	tmp, err := os.CreateTemp(filepath.Join(f.Dir, "part"), filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(content)
	if err = fault.After(errors.Join(err, tmp.Sync(), tmp.Close()), "folder.after_part_before_name"); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
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
