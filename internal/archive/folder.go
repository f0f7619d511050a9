package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"marque/internal/fault"
)

// folder keeps each file under the first two digits of its hash.
type folder string

func (f folder) dir(hash string) string { return filepath.Join(string(f), hash[:2]) }

func (f folder) put(_ context.Context, hash string, b []byte) error {
	name := filepath.Join(f.dir(hash), hash)
	if info, err := os.Stat(name); err == nil && info.Size() == int64(len(b)) {
		if same, err := os.ReadFile(name); err == nil && Hash(same) == hash {
			return nil
		}
	}
	// Under another name until every byte is on the disk: a file that bears its hash
	// is whole. One that is there and is not, was damaged, and is mended.
	temp, err := os.CreateTemp(f.dir(hash), ".new-")
	if errors.Is(err, fs.ErrNotExist) {
		if err = f.makeDir(hash); err == nil {
			temp, err = os.CreateTemp(f.dir(hash), ".new-")
		}
	}
	if err != nil {
		return err
	}
	_, err = temp.Write(b)
	if err == nil {
		err = temp.Chmod(0o400)
	}
	if err == nil {
		err = fault.After(temp.Sync(), "archive.before_rename")
	}
	if err = errors.Join(err, temp.Close()); err == nil {
		err = os.Rename(temp.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return nil
}

// makeDir makes the folder of a hash, and what is above it, and makes sure of them.
func (f folder) makeDir(hash string) error {
	if err := os.MkdirAll(f.dir(hash), 0o700); err != nil {
		return err
	}
	return errors.Join(syncDir(string(f)), syncDir(filepath.Dir(string(f))))
}

// settle makes sure of the names: a file can be on the disk and its name not.
func (f folder) settle(hashes []string) error {
	dirs := map[string]bool{}
	for _, h := range hashes {
		dirs[f.dir(h)] = true
	}
	errs := make(chan error)
	for dir := range dirs {
		go func() { errs <- syncDir(dir) }()
	}
	var all error
	for range dirs {
		all = errors.Join(all, <-errs)
	}
	return fault.After(all, "archive.after_sync")
}

func (f folder) open(_ context.Context, hash string) (io.ReadCloser, error) {
	r, err := os.Open(filepath.Join(f.dir(hash), hash))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("missing: %w", ErrDamaged)
	}
	return r, err
}

func (folder) close() error { return nil }

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
