package store

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"marque/internal/pgtest"
)

// Whatever a verb makes of an error inside its transaction: nil from Update
// means that everything it did is there, anything else that nothing is.
func TestNilMeansThatAllOfItIsThere(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		update(t, db, func(tx *Tx) error { return tx.InsertCustomer(&Customer{ID: "0", Number: "taken"}) })
		for name, fn := range map[string]func(*Tx) error{
			"an error kept quiet": func(tx *Tx) error {
				_ = tx.InsertCustomer(&Customer{ID: "1", Number: "taken"}) // queued
				_ = tx.Flush()                                             // the error that is kept quiet
				return nil
			},
			"an error at the end": func(tx *Tx) error { return tx.InsertCustomer(&Customer{ID: "1", Number: "taken"}) },
			"none":                func(*Tx) error { return nil },
		} {
			tx := name + " "
			err := db.Update(context.Background(), func(t *Tx) error {
				t.SetSetting(tx+"before", "1")
				if err := t.Flush(); err != nil {
					return err
				}
				if err := fn(t); err != nil {
					return err
				}
				t.SetSetting(tx+"after", "1")
				return nil
			})
			for _, when := range []string{"before", "after"} {
				found := db.View(context.Background(), func(t *Tx) error { _, err := t.Setting(tx + when); return err })
				if (found == nil) != (err == nil) {
					t.Errorf("%s: Update says %v, what was done %s says %v", name, err, when, found)
				}
			}
		}
	})
}

// A transaction of one row taken and three written, durable when it is answered.
func BenchmarkUpdate(b *testing.B) {
	for _, kind := range []string{"sqlite", "postgres"} {
		b.Run(kind, func(b *testing.B) {
			url := filepath.Join(b.TempDir(), "marque.db")
			if kind == "postgres" {
				url = pgtest.URL(b)
			}
			db := fresh(b, url)
			const contracts = 256
			if err := db.Update(context.Background(), func(tx *Tx) error {
				for i := range contracts {
					if _, err := tx.InsertContract(sample(fmt.Sprint(i))); err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				b.Fatal(err)
			}
			var turn atomic.Int64
			for _, workers := range []int{1, 16} {
				b.Run(fmt.Sprintf("workers-%d", workers), func(b *testing.B) {
					var next atomic.Int64
					var wg sync.WaitGroup
					for range workers {
						wg.Go(func() {
							for next.Add(1) <= int64(b.N) {
								err := db.Update(context.Background(), func(tx *Tx) error {
									c, err := tx.TakeContract(fmt.Sprint(turn.Add(1)%contracts), "")
									if err != nil {
										return err
									}
									tx.Audit(1, "system:bench", "bench", c.ID, "")
									tx.SetSetting("bench:"+c.ID, "1")
									return tx.SaveContract(c)
								})
								if err != nil {
									b.Error(err)
									return
								}
							}
						})
					}
					wg.Wait()
					b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "transactions/s")
				})
			}
		})
	}
}
