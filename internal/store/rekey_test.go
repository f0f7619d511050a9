package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"marque/internal/billing"
	"marque/internal/pgtest"
)

// A column that the schema calls encrypted is in the list that re-encryption goes
// by, and the other way round; and nothing of it may be in a table that is never
// changed.
func TestEveryEncryptedColumnIsInTheList(t *testing.T) {
	files, err := schema.ReadDir("schema")
	if err != nil {
		t.Fatal(err)
	}
	table, column := regexp.MustCompile(`^CREATE TABLE (\w+)`), regexp.MustCompile(`^\s+(\w+) .*--.*\bencrypted\b`)
	var said, listed []string
	for _, f := range files {
		b, err := schema.ReadFile("schema/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		in := ""
		for line := range strings.Lines(string(b)) {
			if m := table.FindStringSubmatch(line); m != nil {
				in = m[1]
			}
			if m := column.FindStringSubmatch(line); m != nil {
				said = append(said, in+"."+m[1])
			}
		}
	}
	for _, e := range encryptedColumns {
		listed = append(listed, e.table+"."+e.column)
		if slices.Contains(appendOnly, e.table) {
			t.Errorf("%s.%s is encrypted in a table that is never changed", e.table, e.column)
		}
	}
	slices.Sort(said)
	slices.Sort(listed)
	if len(said) < 6 || !slices.Equal(said, listed) {
		t.Errorf("the schema says %q, the list %q", said, listed)
	}
}

// A ciphertext opens in its own row and column only.
func TestACiphertextMovedElsewhereDoesNotOpen(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		fillFields(t, db, 0, 3)
		for _, e := range encryptedColumns {
			for _, other := range encryptedColumns {
				page, err := db.sealedPage(context.Background(), e, make([]string, len(e.ids)))
				if err != nil {
					t.Fatal(err)
				}
				if len(page) < 2 {
					t.Fatalf("%s.%s has %d values here; fill it in fillFields", e.table, e.column, len(page))
				}
				place := other.place(page[0].ids...)
				if e == other {
					place = e.place(page[1].ids...)
				}
				if _, err := db.keys.Unseal(page[0].sealed, place); err == nil {
					t.Errorf("what belongs to %s opens at %s", e.place(page[0].ids...), place)
				}
				if _, err := e.unseal(db.keys, page[0].sealed, page[0].ids...); err != nil {
					t.Error(err)
				}
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }

// fillFields writes rows from one number to another with a value in every
// encrypted column.
func fillFields(t testing.TB, db *DB, from, to int) {
	t.Helper()
	for lo := from; lo < to; lo += 50 {
		err := db.Update(context.Background(), func(tx *Tx) error {
			for i := lo; i < min(lo+50, to); i++ {
				id := fmt.Sprintf("%05d", i)
				_, err := tx.InsertBankLine(&BankLine{ID: id, Day: 1, Amount: 1, Words: "wire" + id})
				if err := errors.Join(err,
					tx.InsertCustomer(&Customer{ID: id, Number: id, SSN: "ssn" + id, BirthDate: "born" + id}),
					tx.InsertMethod(&Method{CustomerID: id, ID: "b" + id, Key: id, Kind: billing.Bank, Validation: billing.Unvalidated, Type: "checking", Number: "account" + id, Hash: id}),
					tx.InsertAccountCheck(&AccountCheck{CustomerID: id, MethodID: "b" + id, ID: id, Key: id, Way: billing.ByMicroEntries, State: billing.CheckWaiting, Amounts: "amounts" + id, StartedOn: 1}),
					tx.InsertNotice(&Notice{ID: id, Once: id, CustomerID: id, Channel: "email", Content: "said" + id}),
					tx.InsertACHFile(&ACHFile{ID: id, Name: id, Modifier: id, Content: "file" + id}),
					second(tx.InsertBankLine(&BankLine{ID: id, Hash: id, Day: 1, Amount: 1, Words: "said" + id})),
					second(tx.InsertProcessorEvent(&ProcessorEvent{ID: id, Type: "x", Body: "told" + id, Received: 1})),
					tx.OpenException(&Exception{ID: id, Once: id, Kind: billing.UnknownReturn, OpenedOn: 1, Content: "aside" + id}),
					tx.InsertAuthenticator(&Authenticator{ID: id, Owner: "customer:" + id, Kind: "totp", Secret: "seed" + id}),
					tx.InsertFlow(&Flow{TokenHash: id, Kind: "sign_in", Owner: "customer:" + id, State: "open", Detail: "flow" + id}),
					tx.InsertContactChange(&ContactChange{ID: id, CustomerID: id, Kind: "email", Old: "old" + id, New: "new" + id}),
				); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
			return
		}
	}
}

// readFields checks that every row's values are what was last written: up to newer
// the SSN was replaced.
func readFields(t testing.TB, db *DB, newer, to int) {
	t.Helper()
	err := db.View(context.Background(), func(tx *Tx) error {
		for i := range to {
			id := fmt.Sprintf("%05d", i)
			c, err := tx.Customer(id)
			if err != nil {
				return err
			}
			b, err := tx.Method(id, "b"+id)
			if err != nil {
				return err
			}
			number, err := tx.BankAccountNumber(b)
			if err != nil {
				return err
			}
			ssn := "ssn" + id
			if i < newer {
				ssn = "newer" + id
			}
			if c.SSN != ssn || c.BirthDate != "born"+id || number != "account"+id {
				return fmt.Errorf("row %s holds %q, %q, %q", id, c.SSN, c.BirthDate, number)
			}
		}
		notices, err := tx.QueuedNotices(1, nil, to+1)
		if err != nil {
			return err
		}
		files, err := tx.ACHFilesToDrop()
		if err != nil {
			return err
		}
		asides, err := tx.Exceptions("", false, "", to+1)
		if err != nil {
			return err
		}
		if len(notices) != to || len(files) != to || len(asides) != to {
			return fmt.Errorf("%d notices, %d files, %d records aside of %d", len(notices), len(files), len(asides), to)
		}
		for i := range to {
			if notices[i].Content != "said"+notices[i].ID || files[i].Content != "file"+files[i].ID || asides[i].Content != "aside"+asides[i].ID {
				return fmt.Errorf("row %d holds %q, %q, %q", i, notices[i].Content, files[i].Content, asides[i].Content)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// While writers write and readers read, in this process and in another, every
// value moves to the new key: none is lost, and then the old key can go. The
// work is stopped in the middle, more than once.
func TestRekeyWhileWritersWrite(t *testing.T) {
	onBothAt(t, func(t *testing.T, url string) {
		path := filepath.Join(t.TempDir(), "keys.json")
		db, other := openAt(t, url, path), openAt(t, url, path)
		const before, after = 900, 450
		fillFields(t, db, 0, before)
		old, err := db.keys.List()
		if err != nil {
			t.Fatal(err)
		}
		anew, err := db.keys.Rotate(false)
		if err != nil {
			t.Fatal(err)
		}

		var writers, readers sync.WaitGroup
		for w := range 3 {
			from := before + w*after/3
			by := []*DB{db, other, other}[w]
			writers.Go(func() { fillFields(t, by, from, from+after/3) })
			writers.Go(func() { // values that are there are replaced while they move
				for i := range before / 3 {
					id := fmt.Sprintf("%05d", i*3+w)
					err := by.Update(context.Background(), func(tx *Tx) error {
						sealed, err := customerSSN.seal(by.keys, "newer"+id, id)
						if err != nil {
							return err
						}
						_, err = tx.exec(replaceSSN, sealed, id)
						return err
					})
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		var stop atomic.Bool
		readers.Go(func() {
			for i := 0; !stop.Load(); i++ {
				id := fmt.Sprintf("%05d", i*7%before)
				if err := other.View(context.Background(), func(tx *Tx) error {
					c, err := tx.Customer(id)
					if err == nil && c.SSN != "ssn"+id && c.SSN != "newer"+id {
						err = fmt.Errorf("row %s holds %q", id, c.SSN)
					}
					return err
				}); err != nil {
					t.Error(err)
					return
				}
			}
		})
		stops := 0
		for done := false; !done; {
			ctx, cancel := context.WithCancel(context.Background())
			changed := 0
			_, err := db.Rekey(ctx, func(p RekeyProgress) {
				if changed = p.Changed; stops < 3 && changed > 600 {
					cancel()
				}
			})
			cancel()
			switch {
			case errors.Is(err, context.Canceled):
				stops++
			case err != nil:
				t.Fatal(err)
			default:
				done = true
			}
		}
		writers.Wait()
		stop.Store(true)
		readers.Wait()
		// What was under way when the last pass ended.
		if _, err := db.Rekey(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
		use, err := db.KeyUse(context.Background())
		if want := len(encryptedColumns) * (before + after); err != nil || len(use) != 1 || use[anew] != want {
			t.Fatalf("in use: %v of %d values, %v", use, want, err)
		}
		if stops != 3 {
			t.Errorf("stopped %d times", stops)
		}
		if err := db.keys.Retire([]KeyID{old[0].ID}); err != nil {
			t.Fatal(err)
		}
		for _, at := range []*DB{db, other, openAt(t, url, path)} {
			readFields(t, at, before, before+after)
		}
	})
}

// A value that changes between being read and being put back anew stays as it was
// changed. Without the comparison it would be lost.
func TestAValueChangedMeanwhileIsKept(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		fillFields(t, db, 0, 1)
		blind := *customerSSN
		blind.swap = &statement{text: `UPDATE customer SET ssn = $1 WHERE $2 <> '' AND id = $3`}
		for _, c := range []struct {
			column *encrypted
			want   string
		}{{customerSSN, "newer"}, {&blind, "ssn00000"}} {
			write := func(plain string) {
				sealed, err := customerSSN.seal(db.keys, plain, "00000")
				if err != nil {
					t.Fatal(err)
				}
				update(t, db, func(tx *Tx) error { _, err := tx.exec(replaceSSN, sealed, "00000"); return err })
			}
			write("ssn00000")
			page, err := db.sealedPage(context.Background(), c.column, []string{""})
			if err != nil || len(page) != 1 {
				t.Fatal(page, err)
			}
			if page[0].anew, err = customerSSN.seal(db.keys, "ssn00000", "00000"); err != nil {
				t.Fatal(err)
			}
			write("newer")
			if err := db.swapSealed(context.Background(), c.column, page); err != nil {
				t.Fatal(err)
			}
			update(t, db, func(tx *Tx) error {
				row, err := tx.Customer("00000")
				if err == nil && row.SSN != c.want {
					t.Errorf("%q, not %q", row.SSN, c.want)
				}
				return err
			})
		}
	})
}

// A process that is killed while it re-encrypts leaves nothing half done: run
// again and again it comes to the end.
func TestRekeyKilledInTheMiddle(t *testing.T) {
	if url := os.Getenv("MARQUE_TEST_REKEY"); url != "" { // the process that is killed
		if _, err := openAt(t, url, os.Getenv("MARQUE_TEST_KEYS")).Rekey(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
		return
	}
	onBothAt(t, func(t *testing.T, url string) {
		path := filepath.Join(t.TempDir(), "keys.json")
		db := openAt(t, url, path)
		const rows = 1200
		fillFields(t, db, 0, rows)
		anew, err := db.keys.Rotate(false)
		if err != nil {
			t.Fatal(err)
		}
		kills, halves := 0, 0
		for done := false; !done; {
			cmd := exec.Command(os.Args[0], "-test.run=^TestRekeyKilledInTheMiddle$")
			cmd.Env = append(os.Environ(), "MARQUE_TEST_REKEY="+url, "MARQUE_TEST_KEYS="+path)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			stop := time.AfterFunc(time.Duration(60+60*kills)*time.Millisecond, func() { _ = cmd.Process.Kill() }) // it may have ended
			err := cmd.Wait()
			stop.Stop()
			if done = err == nil; !done {
				kills++
			}
			use, err := db.KeyUse(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if !done && len(use) == 2 && use[anew] > 0 {
				halves++
			}
			if kills > 100 {
				t.Fatal("does not get through")
			}
		}
		use, err := db.KeyUse(context.Background())
		if err != nil || len(use) != 1 || use[anew] != len(encryptedColumns)*rows {
			t.Errorf("in use: %v, %v", use, err)
		}
		readFields(t, db, 0, rows)
		if halves == 0 {
			t.Errorf("killed %d times and never in the middle", kills)
		}
		t.Logf("killed %d times, %d of them in the middle", kills, halves)
	})
}

var replaceSSN = &statement{text: `UPDATE customer SET ssn = $1 WHERE id = $2`}

func onBothAt(t *testing.T, test func(t *testing.T, url string)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, filepath.Join(t.TempDir(), "marque.db"))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, pgtest.URL(t))
	})
}

// openAt opens a database as a process of its own does.
func openAt(t *testing.T, url, keys string) *DB {
	t.Helper()
	k, err := LoadKeys(keys)
	if err != nil {
		t.Fatal(err)
	}
	db, err := Open(context.Background(), url, k)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := db.Migrate(context.Background()); err != nil {
		t.Fatal(err)
	}
	return db
}

// A process that runs reads what another has written with a key it has not seen,
// and writes with that key from then on.
func TestARunningProcessTakesUpNewKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	running, err := LoadKeys(path)
	if err != nil {
		t.Fatal(err)
	}
	old, err := running.Seal("before", "p")
	if err != nil {
		t.Fatal(err)
	}
	command, err := LoadKeys(path)
	if err != nil {
		t.Fatal(err)
	}
	prepared, err := command.Rotate(true)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := running.Seal("x", "p"); err != nil || !slices.ContainsFunc(running.now.Load().ids, func(id KeyID) bool { return id == prepared }) || running.current(old) != true {
		t.Errorf("a prepared key encrypts already: %q, %v", s, err)
	}
	if _, err := command.Rotate(true); err == nil {
		t.Error("a second key was prepared")
	}
	id, err := command.Rotate(false)
	if err != nil || id != prepared {
		t.Fatalf("rotated to %s, not %s: %v", id, prepared, err)
	}
	sealed, err := command.Seal("after", "p")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{old: "before", sealed: "after"} {
		for _, k := range []*Keys{running, command} {
			if got, err := k.Unseal(text, "p"); err != nil || got != want {
				t.Errorf("%q, %v", got, err)
			}
		}
	}
	if s, err := running.Seal("x", "p"); err != nil || !running.current(s) || running.current(old) {
		t.Errorf("the running process does not encrypt with the new key: %v", err)
	}
	if running.Hash("p", "v") != command.Hash("p", "v") || string(running.Pepper()) != string(command.Pepper()) || len(running.Pepper()) < 32 {
		t.Error("hashes or the pepper have moved")
	}
	first, _ := textKey(old)
	if err := command.Retire([]KeyID{id}); err == nil {
		t.Error("the key that encrypts was retired")
	}
	if err := command.Retire([]KeyID{first}); err != nil {
		t.Fatal(err)
	}
	if fresh, err := LoadKeys(path); err != nil {
		t.Error(err)
	} else if _, err := fresh.Unseal(old, "p"); err == nil {
		t.Error("a retired key opens")
	}
	// What each change replaced is kept, readable by its owner only.
	copies, err := filepath.Glob(path + ".before-*")
	if err != nil || len(copies) != 3 {
		t.Errorf("%q, %v", copies, err)
	}
	for _, name := range append(copies, path) {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

func TestAKeyFileThatOthersMayReadIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	if _, err := LoadKeys(path); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadKeys(path); !errors.Is(err, ErrKeysOpen) {
			t.Errorf("%o: %v", mode, err)
		}
	}
}

// Two who rotate at once do not lose a key to each other.
func TestTwoRotationsAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	k, err := LoadKeys(path)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var made atomic.Int64
	for range 8 {
		wg.Go(func() {
			if _, err := k.Rotate(false); err == nil {
				made.Add(1)
			}
		})
	}
	wg.Wait()
	if all, err := k.List(); err != nil || int64(len(all)) != 1+made.Load() || made.Load() == 0 {
		t.Errorf("%d keys after %d rotations, %v", len(all), made.Load(), err)
	}
}
