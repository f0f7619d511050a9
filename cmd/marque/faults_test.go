package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"marque/internal/money"
	"marque/internal/pgtest"
)

// everyFault is set by the build tag faults: then both databases, every passing
// that differs, and two hundred kills at random.
var everyFault bool

// points are the names of all points in the program, from its source.
func points(t *testing.T) (names []string) {
	t.Helper()
	root := filepath.Join("..", "..")
	at := map[string]string{}
	err := filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || filepath.Base(filepath.Dir(name)) == "fault" {
			return err
		}
		files := token.NewFileSet()
		tree, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			f, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if room, ok := f.X.(*ast.Ident); !ok || room.Name != "fault" {
				return true
			}
			text, ok := call.Args[len(call.Args)-1].(*ast.BasicLit)
			if !ok {
				t.Errorf("%s: a point's name is written where it is", files.Position(call.Pos()))
				return true
			}
			point, err := strconv.Unquote(text.Value)
			if err != nil || at[point] != "" {
				t.Errorf("%s: the point %s is also at %s", files.Position(call.Pos()), text.Value, at[point])
			}
			at[point] = files.Position(call.Pos()).String()
			names = append(names, point)
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}

// operation is something that the program does while it is stopped.
type operation struct {
	name string
	sftp bool
	// before brings a town to where the operation begins.
	before func(t *testing.T, w *world)
	// run does it with a fault and says whether the program died of it.
	run func(w *world, fault, seen string) (died bool)
}

var operations = []operation{
	{name: "borrowers pay", run: (*world).borrowersPay},
	{name: "borrowers pay by card", run: (*world).borrowersPayByCard},
	{name: "a day", before: toTheDueDay, run: (*world).theDay},
	{name: "a day over SFTP", sftp: true, before: toTheDueDay, run: (*world).theDay},
}

// toTheDueDay leaves, on the morning of dueDay, work of every kind.
func toTheDueDay(t *testing.T, w *world) {
	t.Helper()
	for day := openDay; day < dueDay; day++ {
		w.bankWorks(day)
		if w.passesDay("", "", day, day) {
			t.Fatalf("%s: %q", day, w.found)
		}
	}
	w.bankWorks(dueDay)
}

func (w *world) theDay(fault, seen string) bool { return w.passesDay(fault, seen, dueDay, dueDay+1) }

// form is one thing that a borrower does until it is answered.
type form struct {
	who    int
	path   string
	fields url.Values
	told   func(to string) // what the answer says
	then   *form
}

// borrowersPay: one pays, one pays and cancels, one pays later, one pays two
// accounts in one go, one presses the button twice.
func (w *world) borrowersPay(fault, seen string) (died bool) {
	w.t.Helper()
	s := w.serve(fault, seen)
	forms := []*form{w.pays(9, "h1", 100_00, openDay), w.pays(10, "h2", 120_00, openDay), w.pays(5, "h3", 60_00, dueDay), w.paysTwo(11, "h4"), w.pays(4, "h5", 50_00, openDay), w.pays(4, "h5", 50_00, openDay)}
	cancelled := forms[1]
	cancelled.then = &form{who: 10, fields: url.Values{}}
	for _, f := range forms {
		for ; f != nil; f = f.then {
			for tries := 0; ; tries++ {
				if tries > 5 {
					w.t.Fatalf("%s was never answered", f.path)
				}
				status, to, page, err := w.payers[f.who].send(s.base, f.path, f.fields)
				if err == nil && status == http.StatusSeeOther {
					f.told(to)
					break
				}
				if err == nil && status != http.StatusInternalServerError {
					w.complain("%s: %d %s", f.path, status, heading(page))
					break
				}
				died = true
				if s.dead() || err != nil {
					s.kill()
					s = w.serve("", "")
				}
			}
			if f.then != nil {
				f.then.path, f.then.told = cancelOf(w, "h2")
			}
		}
	}
	time.Sleep(300 * time.Millisecond) // messages go out
	died = died || s.dead()
	s.kill()
	return died
}

// pays is a payment by hand of an amount.
func (w *world) pays(i int, key string, amount money.Cents, on money.Date) *form {
	p := w.payers[i]
	w.journal.asks(p.customer, key, 1)
	return &form{who: i, path: "/accounts/" + p.contracts[0] + "/pay/confirm",
		fields: url.Values{"key": {key}, "how": {"other"}, "amount": {amount.String()}, "date": {on.String()}, "method": {p.method}},
		told: func(to string) {
			w.journal.hears(key, told{contract: p.contracts[0], payment: to[strings.LastIndexByte(to, '/')+1:], amount: amount})
		}}
}

// paysTwo is a payment on two accounts in one go.
func (w *world) paysTwo(i int, key string) *form {
	p := w.payers[i]
	w.journal.asks(p.customer, key, 2)
	return &form{who: i, path: "/pay/confirm",
		fields: url.Values{"key": {key}, "date": {openDay.String()}, "method": {p.method}, "amount-" + p.contracts[0]: {"41.00"}, "amount-" + p.contracts[1]: {"42.00"}},
		told:   func(string) {}}
}

func cancelOf(w *world, key string) (path string, hear func(string)) {
	was := w.journal.acked[key]
	return "/accounts/" + was.contract + "/payments/" + was.payment + "/cancel", func(string) {
		was.cancelled = true
		w.journal.hears(key, was)
	}
}

func (j *journal) asks(customer, key string, payments int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.open[key] {
		j.open[key] = true
		j.asked[customer] += payments
	}
}

func (j *journal) hears(key string, what told) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if was, known := j.acked[key]; known && (was.payment != what.payment) {
		what.payment += " and before as " + was.payment // two receipts for one form: no payment has this name
	}
	j.acked[key] = what
}

// passings are how often a run went through each point.
func passings(t *testing.T, seen string) map[string]int {
	t.Helper()
	b, err := os.ReadFile(seen)
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, name := range strings.Fields(string(b)) {
		count[name]++
	}
	return count
}

// The program is stopped at every point that it passes, once at each kind of
// passing, and started again. Whatever was half done then, in the end the books
// are those of a company to which nothing happened, and the bank's and the
// borrowers' books agree with them.
func TestTheProgramStopsAtEveryPointAndLosesNothing(t *testing.T) {
	all := points(t)
	program := faultyProgram(t)
	reached := map[string]bool{}
	t.Run("sqlite", func(t *testing.T) { stopEverywhere(t, newTown(t, program, ""), everyFault, reached) })
	t.Run("postgres", func(t *testing.T) { stopEverywhere(t, newTown(t, program, pgtest.URL(t)), everyFault, reached) })
	for _, name := range all {
		if !reached[name] {
			t.Errorf("no run passes the point %s", name)
		}
	}
	for name := range reached {
		if !slices.Contains(all, name) {
			t.Errorf("the point %s is not in the source", name)
		}
	}
}

// inPassing are points of what goes on beside the operation, which may be over
// before it comes to them.
var inPassing = regexp.MustCompile(`^(notice|document|archive|bounce)\.`)

func stopEverywhere(t *testing.T, tn *town, every bool, reached map[string]bool) {
	runs, deaths, start := 0, 0, time.Now()
	var counting sync.Mutex
	for _, op := range operations {
		if tn.database != "" && op.sftp && !every {
			continue
		}
		at := tn.begin(t, op)
		seen := filepath.Join(t.TempDir(), "seen")
		calm := at.copy(t)
		if op.run(calm, "", seen) {
			t.Errorf("%s: died without a fault", op.name)
		}
		calm.settle()
		books := calm.judge()
		for _, what := range calm.found {
			t.Errorf("%s: undisturbed: %s", op.name, what)
		}
		count := passings(t, seen)
		stops := map[string]string{} // a fault to the point where it is
		for name := range count {
			if tn.database != "" && !every && reached[name] && !strings.Contains(name, "commit") {
				continue
			}
			if op.sftp && !strings.HasPrefix(name, "sftp.") && !strings.HasPrefix(name, "drop.") && !every {
				continue
			}
			if !every && reached[name] && op.name == "borrowers pay by card" {
				continue
			}
			for _, fault := range kindsOf(name, count[name], every) {
				stops[fault] = name
			}
		}
		// A run waits for its processes more than it computes.
		t.Run(op.name, func(t *testing.T) {
			for _, fault := range slices.Sorted(maps.Keys(stops)) {
				name := stops[fault]
				t.Run(fault, func(t *testing.T) {
					t.Parallel()
					w := at.copy(t)
					died := op.run(w, fault, "")
					counting.Lock()
					runs++
					if died {
						deaths++
						reached[name] = true
					}
					counting.Unlock()
					if !died && !inPassing.MatchString(name) && count[name] < 3 {
						t.Error("the program did not die")
					}
					w.settle()
					if diff := cmp.Diff(books, w.judge()); diff != "" {
						t.Errorf("the books differ (-undisturbed +stopped):\n%s", diff)
					}
					for _, what := range w.found {
						t.Error(what)
					}
				})
			}
		})
	}
	t.Logf("%d runs, %d of them stopped, in %s", runs, deaths, time.Since(start).Round(time.Second))
}

// kindsOf are the faults that are tried at a point which is passed n times.
func kindsOf(name string, n int, every bool) (faults []string) {
	if !every {
		return []string{fmt.Sprintf("%s:%d", name, (n+1)/2)}
	}
	at := []int{1, (n + 1) / 2, n}
	for _, n := range slices.Compact(at) {
		faults = append(faults, fmt.Sprintf("%s:%d", name, n))
	}
	return append(faults, fmt.Sprintf("%s:%d=error", name, (n+1)/2))
}
