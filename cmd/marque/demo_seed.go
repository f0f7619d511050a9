package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"marque/internal/money"
	"marque/internal/sandbox"
	"marque/internal/servicing"
	"marque/internal/store"
)

// demoState is kept in the database that the demo made.
type demoState struct {
	Ready     bool             `json:"ready"` // false while history is played
	Seed      uint64           `json:"seed"`
	Customers int              `json:"customers"`
	From      money.Date       `json:"from"`
	Through   money.Date       `json:"through"` // the business date that history led up to
	SignIns   []sandbox.SignIn `json:"sign_ins"`
}

const settingDemo = "demo"

var errNotDemo = errors.New("this company was not made by marque demo, so the demo leaves it alone; give --data an empty folder, or --database an empty database")

func readDemoState(ctx context.Context, db *store.DB) (st demoState, err error) {
	err = db.View(ctx, func(tx *store.Tx) error {
		v, err := tx.Setting(settingDemo)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return json.Unmarshal([]byte(v), &st)
	})
	return st, err
}

func (d *demo) saveState(ctx context.Context) error {
	b, err := json.Marshal(d.state)
	if err != nil {
		return err
	}
	return d.db.Update(ctx, func(tx *store.Tx) error {
		tx.SetSetting(settingDemo, string(b))
		return nil
	})
}

// A company is made in a folder of its own inside the data folder, and moved to
// its place when it is whole. finished is written before the move begins.
const (
	seedingFolder = ".seeding"
	finished      = "finished"
)

// demoParts are the parts of a data folder in the order they are moved; the
// database, which says that there is a company, comes last.
var demoParts = []string{"sandbox", "ach", "archive", "keys.json", "marque.db-wal", "marque.db"}

// make makes the company, unless the data folder or the database has one.
func (cmd *DemoCmd) make(ctx context.Context, g *Globals, s streams) error {
	work := filepath.Join(g.Data, seedingFolder)
	if exists(filepath.Join(work, finished)) {
		return promote(work, g.Data)
	}
	if err := os.RemoveAll(work); err != nil {
		return fmt.Errorf("clear what a stopped run has left: %w", err)
	}
	if made, err := cmd.made(ctx, g); err != nil || made {
		return err
	}
	for _, name := range demoParts {
		if name != "keys.json" && exists(filepath.Join(g.Data, name)) {
			return fmt.Errorf("%s is there without the demo's database: %w", filepath.Join(g.Data, name), errNotDemo)
		}
	}
	if err := os.MkdirAll(work, 0o700); err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	if err := os.Link(filepath.Join(g.Data, "keys.json"), filepath.Join(work, "keys.json")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("take the keys that are there: %w", err)
	}
	d, err := openDemo(ctx, cmd, g, work, io.Discard)
	if err != nil {
		return err
	}
	begun := time.Now()
	if err := errors.Join(cmd.history(ctx, d, s), d.close()); err != nil {
		if ctx.Err() != nil {
			return errors.New("stopped before the company was whole; run again to make it anew")
		}
		return err
	}
	if err := os.WriteFile(filepath.Join(work, finished), nil, 0o600); err != nil {
		return fmt.Errorf("finish the company: %w", err)
	}
	fmt.Fprintf(s.out, "Made in %.1f seconds.\n", time.Since(begun).Seconds())
	return promote(work, g.Data)
}

// made says whether there is a company to go on with.
func (cmd *DemoCmd) made(ctx context.Context, g *Globals) (bool, error) {
	if g.Database == "" && !exists(filepath.Join(g.Data, "marque.db")) {
		return false, nil
	}
	c, err := openCompany(ctx, g, "", io.Discard, now)
	if err != nil {
		return false, err
	}
	st, err := readDemoState(ctx, c.db)
	if err == nil && st.Customers == 0 {
		if _, e := c.service.Today(ctx); !errors.Is(e, servicing.ErrNoBusinessDate) {
			err = errors.Join(errNotDemo, e)
		}
	}
	if err = errors.Join(err, c.close()); err != nil {
		return false, err
	}
	if st.Customers > 0 && (!st.Ready || !exists(filepath.Join(g.Data, "sandbox"))) {
		return false, errors.New("the database holds half a demo, from a run that was stopped; drop the database and create it again, empty, and run this again")
	}
	return st.Ready, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// promote moves a whole company to its place. Stopped in the middle it can be
// run again.
func promote(work, data string) error {
	for _, name := range demoParts {
		if !exists(filepath.Join(work, name)) {
			continue
		}
		if err := os.Rename(filepath.Join(work, name), filepath.Join(data, name)); err != nil {
			return fmt.Errorf("put the company in its place: %w", err)
		}
	}
	return os.RemoveAll(work)
}

// mailDays is how many days of messages the inbox holds in the beginning.
const mailDays = 60

// history plays the company's past, day by day, through the same verbs and the
// same cycle that serve it later. Only the clock is another.
func (cmd *DemoCmd) history(ctx context.Context, d *demo, s streams) error {
	end := cmd.Date
	if end.IsZero() {
		end = money.DateOf(time.Now().In(d.brand.Location))
	}
	d.state = demoState{Seed: cmd.Seed, Customers: cmd.Customers, From: end.AddMonths(-cmd.Months, end.Day()), Through: end}
	if err := d.saveState(ctx); err != nil {
		return err
	}
	if err := d.around(ctx); err != nil {
		return err
	}
	if _, err := d.service.OpenDay(ctx, operator, 0, d.state.From); err != nil {
		return err
	}
	show := newProgress(s.out)
	var guests guests
	for day := d.state.From; day < end; day++ {
		d.clock.play(day.Time().Add(17 * time.Hour)) // noon in the east
		if day == max(end-mailDays, d.state.From+1) {
			if err := d.openMail(ctx); err != nil {
				return err
			}
			var err error
			if guests, err = d.welcomeGuests(ctx); err != nil {
				return err
			}
			if err := d.hire(ctx); err != nil {
				return err
			}
		}
		if err := d.people.day(ctx, day); err != nil {
			return err
		}
		if err := guests.visit(ctx, int(end-day)); err != nil {
			return err
		}
		show.day(day, d.people)
	}
	show.end()
	d.clock.real()
	d.state.Ready = true
	return d.saveState(ctx)
}

// openMail lets go of the messages of the time before the inbox.
func (d *demo) openMail(ctx context.Context) error {
	for {
		old, err := d.service.Outbox(ctx, operator, 1000)
		if err != nil {
			return err
		}
		if len(old) == 0 {
			break
		}
		err = atOnce(old, func(o servicing.Outgoing) error {
			return d.service.Record(ctx, operator, o, servicing.OutcomeExpired, "older than the sandbox's inbox", 0)
		})
		if err != nil {
			return err
		}
	}
	d.people.mail = true
	return nil
}

// progress shows how far history is: one line that changes on a terminal, a line
// for each month elsewhere.
type progress struct {
	out      io.Writer
	terminal bool
	month    string
}

func newProgress(out io.Writer) *progress {
	p := &progress{out: out}
	if f, ok := out.(*os.File); ok {
		info, err := f.Stat()
		p.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return p
}

func (p *progress) day(day money.Date, people *players) {
	contracts, payments := people.count()
	line := fmt.Sprintf("%s · %s contracts · %s payments", day.String()[:7], thousands(contracts), thousands(payments))
	switch {
	case p.terminal:
		fmt.Fprintf(p.out, "\r\x1b[K%s", line)
	case p.month != day.String()[:7]:
		fmt.Fprintln(p.out, line)
	}
	p.month = day.String()[:7]
}

func (p *progress) end() {
	if p.terminal {
		fmt.Fprintln(p.out)
	}
}

func thousands(n int64) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
