package rail

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
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

// A process that was stopped has left the file in one of these states, and perhaps
// the bank was quick.
func TestADropThatWasCutOffIsFinishedOnce(t *testing.T) {
	for left, want := range map[string]bool{ // whether the bank is still to get it
		"":                true,
		"part":            true,
		"ready":           true,
		"part ready":      true,
		"ready sent":      true,
		"part ready sent": true,
		"sent out":        false,
		"sent":            false,
	} {
		f := Folder{t.TempDir()}
		for _, dir := range []string{"part", "ready", "sent", "out"} {
			if err := os.MkdirAll(filepath.Join(f.Dir, dir), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		for dir := range strings.FieldsSeq(left) {
			name := "a.ach"
			if dir == "part" {
				name = "a.ach-1234"
			}
			if err := os.WriteFile(filepath.Join(f.Dir, dir, name), []byte("debits"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		took := func() bool { return os.Remove(filepath.Join(f.Dir, "out", "a.ach")) == nil }
		if quick := took(); quick != strings.Contains(left, "out") {
			t.Fatal(left)
		}
		for again := range 2 {
			if err := f.Drop("a.ach", []byte("debits")); err != nil {
				t.Errorf("%q: %v", left, err)
			}
			if got := took(); got != (want && again == 0) {
				t.Errorf("%q: the bank was given the file: %t, after it was given it %d times", left, got, again)
			}
		}
		for _, dir := range []string{"part", "ready"} {
			if names, err := os.ReadDir(filepath.Join(f.Dir, dir)); err != nil || len(names) != 0 {
				t.Errorf("%q: left in %s: %v, %v", left, dir, names, err)
			}
		}
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
