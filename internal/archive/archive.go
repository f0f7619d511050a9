// Package archive keeps bytes for ever under the SHA-256 of what they are: in a
// folder, or in a bucket of an S3-compatible store.
//
// It promises that what Put has returned without an error survives a power cut,
// that Open gives exactly the bytes that were put or an error that names the
// damage, and that nothing is ever overwritten: the same bytes twice are one
// file. It does not know whose papers these are, and it deletes nothing.
package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
)

// ErrDamaged says that a file is missing, or is not what its name says.
var ErrDamaged = errors.New("damaged in the archive")

// ErrHash says that a name is not a SHA-256 in hexadecimal.
var ErrHash = errors.New("not the name of a file in the archive")

// shelf is where the bytes lie.
type shelf interface {
	// put keeps bytes durably under a hash; what is there already stays.
	put(ctx context.Context, hash string, b []byte) error
	open(ctx context.Context, hash string) (io.ReadCloser, error)
	// settle makes sure of what put left to be made sure of for several at once.
	settle(hashes []string) error
	close() error
}

// Archive is a folder or a bucket.
type Archive struct {
	shelf shelf
	where string
}

// New opens an archive: a path is a folder, which is made when the first file is put into it;
// "s3://bucket?region=…&endpoint=…" is a bucket, whose keys come from the
// environment as Amazon's tools read them.
func New(ctx context.Context, where string) (*Archive, error) {
	if u, err := url.Parse(where); err == nil && u.Scheme == "s3" {
		b, err := openBucket(ctx, where)
		if err != nil {
			return nil, fmt.Errorf("open archive %s: %w", u.Host, err)
		}
		return &Archive{b, "s3://" + u.Host}, nil
	}
	if strings.Contains(where, "://") {
		return nil, fmt.Errorf("open archive: %q is neither a folder nor an s3:// address", where)
	}
	if info, err := os.Stat(where); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("open archive: %s is not a folder", where)
	}
	return &Archive{folder(where), where}, nil
}

// String says where the archive is.
func (a *Archive) String() string { return a.where }

// Close lets go of the bucket's connections.
func (a *Archive) Close() error { return a.shelf.close() }

// Hash is the name under which bytes are kept.
func Hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Put keeps bytes and returns their name.
func (a *Archive) Put(ctx context.Context, b []byte) (string, error) {
	names, err := a.PutAll(ctx, [][]byte{b})
	if err != nil {
		return "", err
	}
	return names[0], nil
}

// atOnce is how many files are written at the same time: a disk makes sure of
// many in little more time than of one.
const atOnce = 32

// PutAll keeps several files and returns their names in order. When it fails,
// some of them may be there; to put them again is harmless.
func (a *Archive) PutAll(ctx context.Context, files [][]byte) ([]string, error) {
	names, errs := make([]string, len(files)), make([]error, len(files))
	todo := make(chan int)
	var wg sync.WaitGroup
	for range min(atOnce, len(files)) {
		wg.Go(func() {
			for i := range todo {
				names[i] = Hash(files[i])
				errs[i] = a.shelf.put(ctx, names[i], files[i])
			}
		})
	}
	for i := range files {
		todo <- i
	}
	close(todo)
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("keep in archive: %w", err)
	}
	if err := a.shelf.settle(names); err != nil {
		return nil, fmt.Errorf("keep in archive: %w", err)
	}
	return names, nil
}

var hashForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Open reads a file. The last read fails with ErrDamaged when the bytes were not
// those that the name says.
func (a *Archive) Open(ctx context.Context, hash string) (io.ReadCloser, error) {
	if !hashForm.MatchString(hash) {
		return nil, fmt.Errorf("open %.80q: %w", hash, ErrHash)
	}
	r, err := a.shelf.open(ctx, hash)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", hash, err)
	}
	return &checked{ReadCloser: r, want: hash, sum: sha256.New()}, nil
}

// Get reads a whole file and makes sure of its bytes before it returns any.
func (a *Archive) Get(ctx context.Context, hash string) (b []byte, err error) {
	r, err := a.Open(ctx, hash)
	if err != nil {
		return nil, err
	}
	b, err = io.ReadAll(r)
	return b, errors.Join(err, r.Close())
}

// Check reads a file and says whether it is whole and as long as it should be.
func (a *Archive) Check(ctx context.Context, hash string, size int64) error {
	r, err := a.Open(ctx, hash)
	if err != nil {
		return err
	}
	n, err := io.Copy(io.Discard, r)
	if err == nil && n != size {
		err = fmt.Errorf("%s: %d bytes, not %d: %w", hash, n, size, ErrDamaged)
	}
	return errors.Join(err, r.Close())
}

// checked sums what is read and compares at the end.
type checked struct {
	io.ReadCloser
	want string
	sum  interface {
		io.Writer
		Sum([]byte) []byte
	}
}

func (c *checked) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		return n, fmt.Errorf("read %s: %w", c.want, err) // a store's own check of its bytes, or the way to it
	}
	_, _ = c.sum.Write(p[:n]) // a hash takes everything
	if errors.Is(err, io.EOF) && hex.EncodeToString(c.sum.Sum(nil)) != c.want {
		return n, fmt.Errorf("read %s: %w", c.want, ErrDamaged)
	}
	return n, err
}
