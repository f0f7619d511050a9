package archive_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"marque/internal/archive"
)

// both runs a test on a folder, and on a bucket of a real S3 server over a folder.
// It gets the folder in which the files lie.
func both(t *testing.T, test func(t *testing.T, a *archive.Archive, files string)) {
	t.Run("folder", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "papers")
		test(t, open(t, dir), dir)
	})
	t.Run("bucket", func(t *testing.T) {
		address, dir := serve(t)
		test(t, open(t, "s3://papers?region=us-east-1&s3ForcePathStyle=true&endpoint=http://"+address), filepath.Join(dir, "papers"))
	})
}

func open(t *testing.T, where string) *archive.Archive {
	t.Helper()
	a, err := archive.New(t.Context(), where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

var gateway = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "gateway-")
	if err != nil {
		return "", err
	}
	out, err := exec.Command("go", "build", "-C", "testdata/gateway", "-o", filepath.Join(dir, "gateway"), ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return filepath.Join(dir, "gateway"), nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if program, err := gateway(); err == nil {
		_ = os.RemoveAll(filepath.Dir(program)) // what is left is in the folder for such things
	}
	os.Exit(code)
}

// serve starts an S3 server with a bucket named papers.
func serve(t *testing.T) (address, dir string) {
	t.Helper()
	program, err := gateway()
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address, dir = l.Addr().String(), t.TempDir()
	if err := errors.Join(l.Close(), os.Mkdir(filepath.Join(dir, "papers"), 0o700)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret of a test")
	server := exec.Command(program, dir, address, "test", "secret of a test")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		c, err := net.Dial("tcp", address)
		if err == nil {
			_ = c.Close()
			return address, dir
		}
		if time.Now().After(deadline) {
			t.Fatal("the server did not start")
		}
	}
}

func TestWhatWasPutIsThere(t *testing.T) {
	both(t, func(t *testing.T, a *archive.Archive, _ string) {
		var files [][]byte
		for i := range 70 {
			files = append(files, bytes.Repeat([]byte{byte(i)}, i*999+1))
		}
		files = append(files, files[3])
		for range 2 { // again is the same
			names, err := a.PutAll(t.Context(), files)
			if err != nil {
				t.Fatal(err)
			}
			for i, name := range names {
				got, err := a.Get(t.Context(), name)
				if err != nil || !bytes.Equal(got, files[i]) || name != archive.Hash(files[i]) {
					t.Fatalf("file %d: %d bytes, %v", i, len(got), err)
				}
				if err := a.Check(t.Context(), name, int64(len(files[i]))); err != nil {
					t.Error(err)
				}
			}
		}
	})
}

func TestADamagedFileIsNamed(t *testing.T) {
	both(t, func(t *testing.T, a *archive.Archive, files string) {
		paper := []byte("%PDF-1.7 what was sent")
		name, err := a.Put(t.Context(), paper)
		if err != nil {
			t.Fatal(err)
		}
		for what, damage := range map[string]func(path string) error{
			"a changed byte": func(path string) error { return os.WriteFile(path, []byte("%PDF-1.7 what was sant"), 0o600) },
			"cut short":      func(path string) error { return os.Truncate(path, 9) },
			"gone":           os.Remove,
		} {
			path := ""
			err := filepath.WalkDir(files, func(p string, d fs.DirEntry, err error) error {
				if err == nil && !d.IsDir() && strings.HasSuffix(p, name) {
					path = p
				}
				return err
			})
			if err != nil || path == "" {
				t.Fatalf("%s: %q, %v", what, path, err)
			}
			if err := errors.Join(os.Chmod(path, 0o600), damage(path)); err != nil {
				t.Fatal(err)
			}
			got, err := a.Get(t.Context(), name)
			if err == nil || !strings.Contains(err.Error(), name) || what == "gone" && !errors.Is(err, archive.ErrDamaged) {
				t.Errorf("%s: read %q: %v", what, got, err)
			}
			if err := a.Check(t.Context(), name, int64(len(paper))); err == nil {
				t.Errorf("%s: %v", what, err)
			}
			if what != "gone" {
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := a.Put(t.Context(), paper); err != nil { // from the snapshot it can be made anew
				t.Fatal(err)
			}
			if err := a.Check(t.Context(), name, int64(len(paper))); err != nil {
				t.Errorf("%s: put again: %v", what, err)
			}
		}
	})
}

// A file in the folder that is damaged is mended by who puts the same again.
func TestWhatIsDamagedInTheFolderIsMended(t *testing.T) {
	dir := t.TempDir()
	a := open(t, dir)
	name, err := a.Put(t.Context(), []byte("as it was"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name[:2], name)
	if err := errors.Join(os.Chmod(path, 0o600), os.WriteFile(path, []byte("not it at"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Put(t.Context(), []byte("as it was")); err != nil {
		t.Fatal(err)
	}
	if err := a.Check(t.Context(), name, 9); err != nil {
		t.Error(err)
	}
	if err := errors.Join(os.Chmod(path, 0o600), os.WriteFile(path, []byte("not it at"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Get(t.Context(), name); !errors.Is(err, archive.ErrDamaged) {
		t.Errorf("read: %v", err)
	}
	if _, err := a.Put(t.Context(), []byte("as it was")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o400 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestOnlyNamesOfTheArchiveAreOpened(t *testing.T) {
	dir := t.TempDir()
	a := open(t, dir)
	for _, name := range []string{"", "../../etc/passwd", strings.Repeat("A", 64), strings.Repeat("a", 63), "s3://x"} {
		if _, err := a.Open(context.Background(), name); !errors.Is(err, archive.ErrHash) {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, where := range []string{"gs://bucket", "http://x", filepath.Join(dir, "file")} {
		if where == filepath.Join(dir, "file") {
			if err := os.WriteFile(where, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := archive.New(t.Context(), where); err == nil {
			t.Errorf("%s is taken for an archive", where)
		}
	}
}

// What cannot be written whole is not there at all.
func TestAFullDiskLeavesNoHalfFile(t *testing.T) {
	dir := t.TempDir()
	a := open(t, dir)
	name := archive.Hash([]byte("paper"))
	if err := os.WriteFile(filepath.Join(dir, name[:2]), nil, 0o600); err != nil { // where it should go is no folder
		t.Fatal(err)
	}
	if _, err := a.Put(t.Context(), []byte("paper")); err == nil {
		t.Error("put without a place")
	}
	if _, err := a.Open(t.Context(), name); err == nil {
		t.Error("it is there")
	}
}

func BenchmarkPutAll(b *testing.B) {
	a, err := archive.New(b.Context(), b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	const files = 128
	n := 0
	for b.Loop() {
		batch := make([][]byte, files)
		for i := range batch {
			n++
			batch[i] = append(fmt.Appendf(nil, "%d ", n), make([]byte, 40_000)...)
		}
		if _, err := a.PutAll(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(files*b.N)/b.Elapsed().Seconds(), "files/s")
}
