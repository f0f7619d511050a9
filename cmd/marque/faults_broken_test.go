//go:build broken

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Programs that are wrong in the ways in which such programs are wrong. Stopped at
// the point named, each has to be noticed by the books: a harness that cannot fail
// shows nothing.
var brokenMoney = map[string]struct {
	file, old, new string
	operation      int
	fault          string // empty is killed at random
}{
	"marked as dropped before it is written": {"internal/cycle/cycle.go", "\t\tif err := r.Rail.Drop(f.Name, f.Content); ",
		"\t\tif err := r.Service.Dropped(ctx, actor, f); err != nil {\n\t\t\treturn err\n\t\t}\n\t\tif err := r.Rail.Drop(f.Name, f.Content); ", 2, "folder.after_part_before_name"},
	"a new key on every try":          {"internal/portal/pay.go", `Key: form.Value("key")}`, `Key: servicing.NewKey()}`, 0, "pay.after_commit_before_reply"},
	"answered before the commit":      {"internal/store/group.go", "\t\t\tkept = append(kept, j)\n\t\t\tcontinue\n", "\t\t\tj.done <- nil\n\t\t\ttime.Sleep(60 * time.Millisecond)\n\t\t\tcontinue\n", 0, ""},
	"what has left is not remembered": {"internal/rail/folder.go", `known, err := hasFile(at("sent"), content)`, `known, err := false, error(nil)`, 2, "drop.after_write_before_mark"},
	"the copy says that it has left": {"internal/rail/folder.go", "\tif there {\n\t\terr = os.Remove(at(\"ready\"))", "\tif known {\n\t\treturn nil\n\t}\n\tif there {\n\t\terr = os.Remove(at(\"ready\"))",
		2, "folder.after_copy_before_name"},
	"a message is marked before it is sent": {"internal/cycle/deliver.go", "\tfailure := fault.Point(", "\tif err := record(servicing.OutcomeSent, \"\", 0); err != nil {\n\t\treturn false, err\n\t}\n\tfailure := fault.Point(",
		2, "notice.after_claim_before_send"},
	"the day is over before its work": {"internal/cycle/cycle.go", "\t\td, err := r.Day(ctx, day)\n", "\t\tif _, err := r.Service.OpenDay(ctx, actor, day, day+1); err != nil {\n\t\t\treturn err\n\t\t}\n\t\td, err := r.Day(ctx, day)\n",
		2, "cut.before_commit"},
	"a payment's charge has a new key on every try": {"internal/cycle/cards.go", "seen, err := p.Charge(ctx, rail.ChargeRequest{Key: t.ID, PaymentID", "t.Again = false\n\t\tseen, err := p.Charge(ctx, rail.ChargeRequest{Key: t.ID + t.Asked.Time().String() + time.Now().String(), PaymentID",
		1, "card.after_charge"},
	"the file is cut in two transactions": {"internal/servicing/cut.go", "\t\treturn fault.After(c.write(actor), \"cut.before_commit\")\n\t})\n",
		"\t\treturn nil\n\t})\n\tif err == nil {\n\t\terr = s.db.Update(ctx, func(tx *store.Tx) error {\n\t\t\tc, err := s.newCut(tx, on, w, &res)\n\t\t\tif err != nil {\n\t\t\t\treturn err\n\t\t\t}\n\t\t\tc.batches, c.rows, c.id, c.last = cutting.batches, cutting.rows, cutting.id, cutting.last\n\t\t\treturn fault.After(c.write(actor), \"cut.before_commit\")\n\t\t})\n\t}\n",
		2, "cut.before_commit"},
}

func TestBrokenProgramsAreNoticed(t *testing.T) {
	tn := newTown(t, faultyProgram(t), "")
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	towns := []*town{tn.begin(t, operations[0]), tn.begin(t, operations[1]), tn.begin(t, operations[2])}
	var books [3][]string
	for i, at := range towns {
		calm := at.copy(t)
		operations[i].run(calm, "", "")
		calm.settle()
		books[i] = calm.judge()
	}
	for name, b := range brokenMoney {
		t.Run(name, func(t *testing.T) {
			at := *towns[b.operation]
			at.program = filepath.Join(t.TempDir(), "marque")
			if err := build(at.program, "-tags", "faults", "-overlay", patched(t, filepath.Join(root, b.file), b.old, b.new)); err != nil {
				t.Fatal(err)
			}
			w := at.copy(t)
			if b.fault == "" {
				c := newCrowd(w, 7)
				for range 12 {
					c.killOnce(200)
				}
				c.answered()
			} else {
				if !operations[b.operation].run(w, b.fault, "") {
					t.Fatalf("it did not stop: %q", w.found)
				}
				if b.operation == 2 { // and goes on as wrong as it is
					w.bankTakes()
					w.passesDay("", "", dueDay, dueDay+1)
				}
				w.settle()
				if diff := cmp.Diff(books[b.operation], w.judge()); diff != "" {
					w.complain("the books differ:\n%s", diff)
				}
			}
			if len(w.found) == 0 {
				t.Error("not noticed")
				return
			}
			t.Logf("noticed: %.200s", w.found[0])
		})
	}
}

// patched is an overlay with one file changed.
func patched(t *testing.T, file, old, new string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(b), old) != 1 {
		t.Fatalf("%s has changed, and has no %q", file, old)
	}
	text := strings.Replace(string(b), old, new, 1)
	if strings.Contains(new, "cutting.") {
		text = strings.Replace(text, "\terr = s.db.Update(ctx, func(tx *store.Tx) error {\n\t\tres = CutResult{}\n\t\tc, err := s.newCut(tx, on, w, &res)\n",
			"\tvar cutting *fileCut\n\terr = s.db.Update(ctx, func(tx *store.Tx) error {\n\t\tres = CutResult{}\n\t\tc, err := s.newCut(tx, on, w, &res)\n\t\tcutting = c\n", 1)
	}
	if strings.Contains(new, "time.") && !strings.Contains(text, "\t\"time\"\n") {
		text = strings.Replace(text, "\t\"fmt\"\n", "\t\"fmt\"\n\t\"time\"\n", 1)
	}
	dir := t.TempDir()
	wrong, overlay := filepath.Join(dir, filepath.Base(file)), filepath.Join(dir, "overlay.json")
	list, err := json.Marshal(map[string]map[string]string{"Replace": {file: wrong}})
	if err == nil {
		err = os.WriteFile(wrong, []byte(text), 0o600)
	}
	if err == nil {
		err = os.WriteFile(overlay, list, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return overlay
}
