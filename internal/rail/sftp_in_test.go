package rail

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func waiting(t *testing.T, s *SFTP) map[string]string {
	t.Helper()
	files, err := s.Waiting()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range files {
		if all[f.Name] = string(f.Content); f.Err != nil {
			all[f.Name] = "error: " + f.Err.Error()
		}
	}
	return all
}

func TestWhatTheBankLeavesOnItsServerIsPutAwayAndKept(t *testing.T) {
	b := openBank(t, "")
	s := b.customer(t)
	if got := waiting(t, s); len(got) > 0 {
		t.Errorf("nothing yet: %q", got)
	}
	big := strings.Repeat("returns", 300_000)
	for _, content := range []string{"one", "two", big} {
		write(t, filepath.Join(b.dir, "in", "returns.ach"), content)
		if got := waiting(t, s); !maps.Equal(got, map[string]string{"returns.ach": content}) {
			t.Fatalf("%d files", len(got))
		}
		if err := s.Done("returns.ach"); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(b.dir, "in", "broken.ach"), "?")
	waiting(t, s)
	if err := s.Refuse("broken.ach"); err != nil {
		t.Fatal(err)
	}
	read := map[string]string{"returns.ach": "one", "returns.ach.2": "two", "returns.ach.3": big}
	refused := map[string]string{"broken.ach": "?"}
	for _, in := range []string{s.Keep + "/in", b.dir + "/in"} {
		if got := folder(t, filepath.Join(in, "read")); !maps.Equal(got, read) {
			t.Errorf("%s/read has %q", in, slices.Collect(maps.Keys(got)))
		}
		if got := folder(t, filepath.Join(in, "refused")); !maps.Equal(got, refused) {
			t.Errorf("%s/refused has %q", in, got)
		}
	}
	if got := waiting(t, s); len(got) > 0 {
		t.Errorf("given again: %q", got)
	}
	if err := s.Done("never.ach"); err == nil {
		t.Error("put away what was never read")
	}
}

// What cannot be moved on the server is remembered here.
func TestABankThatAllowsNoMovingIsReadOnce(t *testing.T) {
	b := openBank(t, "-P rename,mkdir,remove")
	s := b.customer(t)
	write(t, filepath.Join(b.dir, "in", "returns.ach"), "one")
	for _, again := range []bool{false, true} {
		if got := waiting(t, s); len(got) != 1 || got["returns.ach"] != "one" {
			t.Fatalf("again %t: %q", again, got)
		}
		if !again { // we stop before it is put away
			continue
		}
		if err := s.Done("returns.ach"); err != nil {
			t.Fatal(err)
		}
	}
	if got := waiting(t, s); len(got) > 0 {
		t.Errorf("given again: %q", got)
	}
	write(t, filepath.Join(b.dir, "in", "returns.ach"), "two")
	if got := waiting(t, s); got["returns.ach"] != "two" {
		t.Errorf("a new file of the name: %q", got)
	}
	// The bank replaces a file that we have read and not put away yet.
	write(t, filepath.Join(b.dir, "in", "returns.ach"), "three")
	if err := s.Done("returns.ach"); err != nil {
		t.Fatal(err)
	}
	if got := waiting(t, s); got["returns.ach"] != "three" {
		t.Errorf("the newer file: %q", got)
	}
	if kept := folder(t, filepath.Join(s.Keep, "in", "read")); !maps.Equal(kept, map[string]string{"returns.ach": "one", "returns.ach.2": "two"}) {
		t.Errorf("kept %q", kept)
	}
}

// We stop between keeping a copy and moving the file on the server.
func TestPuttingAwayIsFinishedTheNextTime(t *testing.T) {
	b := openBank(t, "")
	s := b.customer(t)
	write(t, filepath.Join(b.dir, "in", "returns.ach"), "one")
	if err := os.MkdirAll(filepath.Join(s.Keep, "in", "read"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(s.Keep, "in", "read", "returns.ach"), "one")
	if got := waiting(t, s); len(got) > 0 {
		t.Errorf("given again: %q", got)
	}
	if got := b.holds(t, "in/read"); got["returns.ach"] != "one" || len(b.holds(t, "in")) > 0 {
		t.Errorf("the server has put away %q", got)
	}
}

func TestNamesAndFilesThatTheBankShouldNotSend(t *testing.T) {
	b := openBank(t, "")
	s := b.customer(t)
	s.MaxFile = 1000
	in := filepath.Join(b.dir, "in")
	for name, content := range map[string]string{
		".part": "being written", "-rf.ach": "a", "returns of today.ach": "b", "a\nb.ach": "c", "a\\..\\b.ach": "d", "\xff.ach": "e", "x\u202exml.ach": "f",
		"most.ach": strings.Repeat("m", 1000), "long.ach": strings.Repeat("l", 1001),
	} {
		write(t, filepath.Join(in, name), content)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(in, "link.ach")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(in, "folder.ach"), 0o755); err != nil {
		t.Fatal(err)
	}
	got := waiting(t, s)
	for name, begins := range map[string]string{
		"-rf.ach": "a", "returns of today.ach": "b", "most.ach": "mmm", "long.ach": "error: read file long.ach from the bank: 1001 bytes: longer than",
		`"a\nb.ach"`: "error: file ", `"a\\..\\b.ach"`: "error: file ", `"\xff.ach"`: "error: file ", `"x\u202exml.ach"`: "error: file ",
	} {
		if !strings.HasPrefix(got[name], begins) || got[name] == "" {
			t.Errorf("%s: %q", name, got[name])
		}
		delete(got, name)
	}
	if len(got) > 0 {
		t.Errorf("also given: %q", got)
	}
	for _, name := range []string{"a\nb.ach", "../x", "long.ach", ".part"} {
		if s.Done(name) == nil || s.Refuse(name) == nil {
			t.Errorf("put %q away", name)
		}
	}
}

func TestAFileThatGrowsWhileItIsReadWaits(t *testing.T) {
	b := openBank(t, "")
	s := b.customer(t)
	name := filepath.Join(b.dir, "in", "returns.ach")
	write(t, name, "half")
	c, err := s.session()
	if err != nil {
		t.Fatal(err)
	}
	listed, err := c.stat(name)
	if err != nil {
		t.Fatal(err)
	}
	write(t, name, "half and half")
	if _, whole, err := c.fetch(name, listed, maxFile); err != nil || whole {
		t.Errorf("whole: %t, %v", whole, err)
	}
	if listed, err = c.stat(name); err != nil {
		t.Fatal(err)
	}
	if content, whole, err := c.fetch(name, listed, maxFile); err != nil || !whole || string(content) != "half and half" {
		t.Errorf("%q, whole: %t, %v", content, whole, err)
	}
}
