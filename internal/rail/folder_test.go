package rail

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestADropIsWholeAndNeverOverwritten(t *testing.T) {
	f := Folder{t.TempDir()}
	for range 2 { // again, as after a crash
		if err := f.Drop("2026-02-16-A.ach", []byte("first")); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Drop("2026-02-16-A.ach", []byte("other")); !errors.Is(err, ErrTaken) {
		t.Errorf("other content under the same name: %v", err)
	}
	entries, err := os.ReadDir(filepath.Join(f.Dir, "out"))
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	if b, err := os.ReadFile(filepath.Join(f.Dir, "out", "2026-02-16-A.ach")); err != nil || string(b) != "first" {
		t.Errorf("%q, %v", b, err)
	}
	for _, name := range []string{"", "../out", "a/b"} {
		if f.Drop(name, nil) == nil {
			t.Errorf("dropped as %q", name)
		}
	}
}

// The bank takes a file before we have written down that it left.
func TestAFileThatTheBankHasTakenIsNotDroppedAgain(t *testing.T) {
	f := Folder{t.TempDir()}
	if err := f.Drop("a.ach", []byte("debits")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(f.Dir, "out", "a.ach")); err != nil {
		t.Fatal(err)
	}
	if err := f.Drop("a.ach", []byte("debits")); err != nil {
		t.Fatal(err)
	}
	if err := f.Drop("a.ach", []byte("other")); !errors.Is(err, ErrTaken) {
		t.Errorf("other content: %v", err)
	}
	if left, err := os.ReadDir(filepath.Join(f.Dir, "out")); err != nil || len(left) != 0 {
		t.Errorf("dropped again: %v, %v", left, err)
	}
}

func TestWhatTheBankLeavesIsPutAwayAndKept(t *testing.T) {
	f := Folder{t.TempDir()}
	if files, err := f.Waiting(); err != nil || len(files) != 0 {
		t.Fatalf("no folder yet: %v, %v", files, err)
	}
	leave := func(name, content string) {
		if err := errors.Join(os.MkdirAll(filepath.Join(f.Dir, "in"), 0o700), os.WriteFile(filepath.Join(f.Dir, "in", name), []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	for _, content := range []string{"one", "two"} {
		leave("returns.ach", content)
		leave(".part", "still being written")
		files, err := f.Waiting()
		if err != nil || len(files) != 1 || string(files[0].Content) != content {
			t.Fatalf("%v, %v", files, err)
		}
		if err := f.Done("returns.ach"); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Done("returns.ach"); err != nil {
		t.Errorf("put away by another process meanwhile: %v", err)
	}
	for name, want := range map[string]string{"returns.ach": "one", "returns.ach.2": "two"} {
		if b, err := os.ReadFile(filepath.Join(f.Dir, "in", "read", name)); err != nil || string(b) != want {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
}
