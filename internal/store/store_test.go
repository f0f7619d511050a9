package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"marque/internal/contract"
	"marque/internal/ledger"
	"marque/internal/money"
	"marque/internal/pgtest"
)

// onBoth runs a test on a fresh database of each kind, on both at once.
func onBoth(t *testing.T, test func(t *testing.T, db *DB)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, fresh(t, filepath.Join(t.TempDir(), "marque.db")))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, fresh(t, pgtest.URL(t)))
	})
}

func fresh(t testing.TB, url string) *DB {
	t.Helper()
	keys, err := LoadKeys(filepath.Join(t.TempDir(), "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	db, err := Open(context.Background(), url, keys)
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

func update(t *testing.T, db *DB, fn func(*Tx) error) {
	t.Helper()
	if err := db.Update(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

func sample(id string) *Contract {
	return &Contract{
		ID: id, AccountNumber: "A" + id, Kind: contract.Loan, Status: "open",
		Terms: contract.Terms{Kind: contract.Loan, Principal: 24_000_00, Payments: 60, Payment: 450_00},
		State: contract.State{Principal: 24_000_00},
	}
}

func TestEveryStatementPreparesOnBothDatabases(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		if len(statements) < 60 {
			t.Fatalf("only %d statements are listed", len(statements))
		}
		for _, s := range statements {
			p, err := db.write.PrepareContext(context.Background(), db.dialect.text(s))
			if err != nil {
				t.Errorf("%v\n%s", err, s.text)
				continue
			}
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

// Some SQLite drivers bind $2, $1 by order of appearance and are silently wrong.
func TestParametersBindByNumber(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		var a, b string
		err := db.read.QueryRow(`SELECT CAST($2 AS TEXT), CAST($1 AS TEXT)`, "first", "second").Scan(&a, &b)
		if err != nil || a != "second" || b != "first" {
			t.Errorf("got %q, %q, %v", a, b, err)
		}
	})
}

func TestMigratingAgainChangesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		for range 2 {
			if err := db.Migrate(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Current(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func TestWhatWasPostedCannotBeChanged(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		update(t, db, func(tx *Tx) error {
			if _, err := tx.InsertContract(sample("1")); err != nil {
				return err
			}
			if err := tx.InsertEvent("1", Event{Event: contract.Event{Seq: 1, Kind: contract.Payment, Date: money.NewDate(2026, 2, 1), Amount: 5}}); err != nil {
				return err
			}
			tx.Audit(1, "system:test", "test", "1", "")
			return tx.InsertEntry("1", &ledger.Entry{ID: 1, Kind: ledger.Boarding, Effective: money.NewDate(2026, 1, 1), Postings: ledger.Move(ledger.PortfolioFund, ledger.Principal, 5)})
		})
		for _, table := range []string{"event", "entry", "posting", "audit"} {
			for _, text := range []string{"DELETE FROM " + table, "UPDATE " + table + " SET " + map[string]string{"event": "amount = 1", "entry": "effective = '2020-01-01'", "posting": "amount = 1", "audit": "detail = 'x'"}[table]} {
				if _, err := db.write.Exec(text); err == nil || !strings.Contains(err.Error(), "append-only") {
					t.Errorf("%s: %v", text, err)
				}
			}
		}
	})
}

func TestAnEntryThatDoesNotBalanceIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		err := db.Update(context.Background(), func(tx *Tx) error {
			if _, err := tx.InsertContract(sample("1")); err != nil {
				return err
			}
			return tx.InsertEntry("1", &ledger.Entry{ID: 1, Kind: ledger.Boarding, Effective: money.NewDate(2026, 1, 1),
				Postings: []ledger.Posting{{Account: ledger.Principal, Amount: 5}, {Account: ledger.Cash, Amount: -4}}})
		})
		if !errors.Is(err, ledger.ErrUnbalanced) {
			t.Fatalf("got %v", err)
		}
		if err := db.View(context.Background(), func(tx *Tx) error { _, err := tx.Contract("1", ""); return err }); !errors.Is(err, ErrNotFound) {
			t.Errorf("something of it remained: %v", err)
		}
	})
}

// Sixteen writers raise one contract's counter two hundred times. Without taking
// the row first, PostgreSQL loses updates; with it none is lost.
func TestTakingTheRowLosesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		update(t, db, func(tx *Tx) error { _, err := tx.InsertContract(sample("1")); return err })
		var wg sync.WaitGroup
		errs := make(chan error, 200)
		for w := range 16 {
			wg.Go(func() {
				for i := w; i < 200; i += 16 {
					errs <- db.Update(context.Background(), func(tx *Tx) error {
						c, err := tx.TakeContract("1", "")
						if err != nil {
							return err
						}
						c.LastEvent++
						return tx.SaveContract(c)
					})
				}
			})
		}
		wg.Wait()
		close(errs)
		for err := range errs {
			if err != nil {
				t.Fatal(err)
			}
		}
		var c *Contract
		if err := db.View(context.Background(), func(tx *Tx) (err error) { c, err = tx.Contract("1", ""); return err }); err != nil || c.LastEvent != 200 {
			t.Errorf("counted %d of 200 (%v)", c.LastEvent, err)
		}
	})
}

// Transactions that share a commit stand or fall alone.
func TestOneRefusalDoesNotTouchItsNeighbours(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		var wg sync.WaitGroup
		refused := errors.New("refused")
		for i := range 60 {
			wg.Go(func() {
				err := db.Update(context.Background(), func(tx *Tx) error {
					if _, err := tx.InsertContract(sample(fmt.Sprint(i))); err != nil {
						return err
					}
					if i%3 == 0 {
						return refused
					}
					return nil
				})
				if (i%3 == 0) != errors.Is(err, refused) || (i%3 != 0 && err != nil) {
					t.Errorf("%d: %v", i, err)
				}
			})
		}
		wg.Wait()
		var n int
		if err := db.View(context.Background(), func(tx *Tx) (err error) { n, err = tx.CountContracts(); return err }); err != nil || n != 40 {
			t.Errorf("%d contracts, %v", n, err)
		}
	})
}

func TestATakenNumberAddsNothingAndATakenKeyIsAConflict(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		update(t, db, func(tx *Tx) error { _, err := tx.InsertContract(sample("1")); return err })
		update(t, db, func(tx *Tx) error {
			twin := sample("2")
			twin.AccountNumber = "A1"
			if added, err := tx.InsertContract(twin); err != nil || added {
				t.Errorf("added %v, %v", added, err)
			}
			return nil
		})
		add := func(id string) error {
			return db.Update(context.Background(), func(tx *Tx) error { return tx.InsertCustomer(&Customer{ID: id, Number: "same"}) })
		}
		if err := add("1"); err != nil {
			t.Fatal(err)
		}
		if _, ok := errors.AsType[*ConflictError](add("2")); !ok {
			t.Error("the same customer number was taken twice")
		}
	})
}

func TestPersonalDataIsUnreadableAtRestAndBoundToItsRow(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		for _, id := range []string{"1", "2"} {
			update(t, db, func(tx *Tx) error {
				return tx.InsertCustomer(&Customer{ID: id, Number: id, SSN: "900" + id + "55555", BirthDate: "1980-01-0" + id})
			})
		}
		var raw sql.NullString
		if err := db.read.QueryRow(`SELECT ssn FROM customer WHERE id = '1'`).Scan(&raw); err != nil || strings.Contains(raw.String, "55555") || raw.String == "" {
			t.Fatalf("at rest: %q, %v", raw.String, err)
		}
		if _, err := db.write.Exec(`UPDATE customer SET ssn = $1 WHERE id = '2'`, raw.String); err != nil {
			t.Fatal(err)
		}
		view := func(id string) (c *Customer, err error) {
			err = db.View(context.Background(), func(tx *Tx) error { c, err = tx.Customer(id); return err })
			return c, err
		}
		if c, err := view("1"); err != nil || c.SSN != "900155555" {
			t.Errorf("in its own row: %v", err)
		}
		if _, err := view("2"); err == nil {
			t.Error("a ciphertext moved to another row was opened")
		}
	})
}

// Processes of one company start together on one PostgreSQL.
func TestProcessesThatStartTogetherMigrateOnce(t *testing.T) {
	url := pgtest.URL(t)
	keys, err := LoadKeys(filepath.Join(t.TempDir(), "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			db, err := Open(context.Background(), url, keys)
			if err != nil {
				t.Error(err)
				return
			}
			if err := errors.Join(db.Migrate(context.Background()), db.CheckKeys(context.Background()), db.Close()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestOtherKeysAreRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		if err := db.CheckKeys(context.Background()); err != nil {
			t.Fatal(err)
		}
		other, err := LoadKeys(filepath.Join(t.TempDir(), "other.json"))
		if err != nil {
			t.Fatal(err)
		}
		own := db.keys
		db.keys = other
		if err := db.CheckKeys(context.Background()); !errors.Is(err, ErrKeys) {
			t.Errorf("other keys: %v", err)
		}
		db.keys = own
		if err := db.CheckKeys(context.Background()); err != nil {
			t.Error(err)
		}
	})
}
