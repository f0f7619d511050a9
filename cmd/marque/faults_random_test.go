package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"marque/internal/money"
	"marque/internal/pgtest"
)

// crowd is the borrowers, each doing one thing after another as fast as the
// program answers. A form that was not answered is sent again, the same, until it
// is.
type crowd struct {
	*world
	chance  *rand.Rand
	turn    sync.Mutex
	day     money.Date
	pending map[int]*form // by payer
	made    int
	answers int
	rounds  int
	broken  int // answered with an error of the server
}

func newCrowd(w *world, seed uint64) *crowd {
	return &crowd{world: w, chance: rand.New(rand.NewPCG(seed, 3)), day: openDay, pending: map[int]*form{}}
}

// next is what a payer does now.
func (c *crowd) next(i int) *form {
	c.turn.Lock()
	defer c.turn.Unlock()
	if f := c.pending[i]; f != nil {
		return f
	}
	c.made++
	key, amount := fmt.Sprintf("r%d", c.made), money.Cents(100+c.chance.IntN(900))
	var f *form
	switch n := c.chance.IntN(10); {
	case i == 11 && n < 3:
		f = c.paysTwo(i, key)
	case n < 3:
		f = c.pays(i, key, amount, c.day+money.Date(1+c.chance.IntN(2)))
	case n < 5 && c.lastOf(i) != "":
		path, hear := cancelOf(c.world, c.lastOf(i))
		f = &form{who: i, path: path, fields: url.Values{}, told: hear}
	default:
		f = c.pays(i, key, amount, c.day)
	}
	c.pending[i] = f
	return f
}

// today is the company's open day.
func (w *world) today() money.Date {
	w.t.Helper()
	c, err := openCompany(w.t.Context(), &Globals{Data: w.data, Database: w.database}, "", io.Discard, now)
	if err != nil {
		w.t.Fatal(err)
	}
	day, err := c.service.Today(w.t.Context())
	if err := errors.Join(err, c.close()); err != nil {
		w.t.Fatal(err)
	}
	return day
}

// lastOf is the key of a payment that a payer was told of and has not cancelled.
func (c *crowd) lastOf(i int) string {
	c.journal.mu.Lock()
	defer c.journal.mu.Unlock()
	last := ""
	for key, was := range c.journal.acked {
		if !was.cancelled && was.contract == c.payers[i].contracts[0] && key > last {
			last = key
		}
	}
	return last
}

// press sends what a payer does now, once, and says whether it was answered.
func (c *crowd) press(base string, i int) bool {
	f := c.next(i)
	status, to, _, err := c.payers[i].send(base, f.path, f.fields)
	c.turn.Lock()
	defer c.turn.Unlock()
	switch {
	case err != nil:
		return false
	case status >= 500:
		c.broken++
		return false
	case status == http.StatusSeeOther && !strings.Contains(to, "sign-in"):
		f.told(to)
		c.answers++
	case status == http.StatusSeeOther:
		c.complain("signed out: %s", to)
	}
	delete(c.pending, i) // else a refusal: the day is over, or the file has gone
	return true
}

// press at once until told to stop.
func (c *crowd) crowds(base string, stop <-chan struct{}) {
	var all sync.WaitGroup
	for i := 3; i < len(c.payers); i++ {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if !c.press(base, i) {
					time.Sleep(5 * time.Millisecond)
				}
			}
		})
	}
	all.Wait()
}

// answered lets everybody who still waits get an answer, and settles.
func (c *crowd) answered() {
	c.t.Helper()
	s := c.serve("", "")
	for i, f := range c.pending {
		for tries := 0; c.pending[i] != nil; tries++ {
			if c.press(s.base, i); tries > 20 {
				c.complain("%s is never answered", f.path)
				break
			}
		}
	}
	s.kill()
	c.settle()
	c.judge()
}

// The program serves and closes days, and is killed at any moment, as often as
// said. In the end no borrower was told of a payment that is not there, none was
// charged twice, and the bank's books are ours.
func TestKilledAtRandomNothingIsLostAndNothingIsTwice(t *testing.T) {
	kills := 6
	if everyFault {
		kills = 200
	}
	program := faultyProgram(t)
	t.Run("sqlite", func(t *testing.T) { killAtRandom(t, newTown(t, program, "").copy(t), kills) })
	t.Run("postgres", func(t *testing.T) { killAtRandom(t, newTown(t, program, pgtest.URL(t)).copy(t), kills) })
}

func killAtRandom(t *testing.T, w *world, kills int) {
	t.Helper()
	seed, start := uint64(time.Now().UnixNano()), time.Now()
	c := newCrowd(w, seed)
	for range kills {
		c.killOnce(500)
	}
	c.answered()
	for _, what := range w.found {
		t.Errorf("seed %d: %s", seed, what)
	}
	t.Logf("seed %d: %d kills in %s, %d forms, %d of them answered with what they asked for, %d days closed, %s at the bank", seed, kills, time.Since(start).Round(time.Second),
		c.made, c.answers, int(c.day-openDay), w.total())
}

// killOnce lets the program serve, and in one of three rounds close a day beside
// that, and kills it within so many milliseconds.
func (c *crowd) killOnce(within int) {
	c.t.Helper()
	c.kills++
	s := c.serve("", "")
	stop := make(chan struct{})
	var work sync.WaitGroup
	work.Go(func() { c.crowds(s.base, stop) })
	var day *exec.Cmd
	var said bytes.Buffer
	if c.rounds++; c.rounds%3 == 0 && c.day < dueDay+1 {
		c.bankWorks(c.day)
		day = c.command("", "", "cycle", "--date", c.day.String())
		day.Stdout, day.Stderr = &said, &said
		if err := day.Start(); err != nil {
			c.t.Fatal(err)
		}
	}
	time.Sleep(time.Duration(20+c.chance.IntN(within)) * time.Millisecond)
	s.kill()
	if day != nil {
		if c.rounds%12 != 0 { // else the day ends while nobody serves
			_ = day.Process.Kill() // it may have ended
		}
		if exit, ended := errors.AsType[*exec.ExitError](day.Wait()); ended && exit.ExitCode() > 0 {
			c.complain("the day: %v\n%s", exit, said.String())
		}
		c.turn.Lock()
		c.day = c.today()
		c.turn.Unlock()
	}
	close(stop)
	work.Wait()
}

// Fifty identical confirmations over two programs with one database are one
// payment, and fifty answers that say so.
func TestTwoProgramsTakeFiftyConfirmationsAsOne(t *testing.T) {
	w := newTown(t, faultyProgram(t), pgtest.URL(t)).copy(t)
	one, two := w.serve("", ""), w.serve("", "")
	defer one.kill()
	defer two.kill()
	f := w.pays(9, "once", 100_00, openDay)
	answers := make([]string, 50)
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range answers {
		all.Go(func() {
			base := one.base
			if i%2 == 1 {
				base = two.base
			}
			<-start
			status, to, _, err := w.payers[9].send(base, f.path, f.fields)
			answers[i] = fmt.Sprint(status, " ", to, " ", err)
		})
	}
	close(start)
	all.Wait()
	for i, a := range answers {
		if a != answers[0] || !strings.HasPrefix(a, "303 /accounts/") {
			t.Errorf("answer %d is %s, the first %s", i, a, answers[0])
		}
	}
	f.told(strings.Fields(answers[0])[1])
	w.settle()
	w.judge()
	for _, what := range w.found {
		t.Error(what)
	}
}

// Two programs close the same day at the same time, and one of them is slow at a
// bad moment: the books are those of one.
func TestTwoProgramsCloseADayAsOne(t *testing.T) {
	program := faultyProgram(t)
	day := operations[2]
	for database, open := range map[string]func() string{"sqlite": func() string { return "" }, "postgres": func() string { return pgtest.URL(t) }} {
		at := newTown(t, program, open()).begin(t, day)
		calm := at.copy(t)
		day.run(calm, "", "")
		calm.settle()
		books := calm.judge()
		slow := []string{"", "cut.after_claim", "drop.after_write_before_mark", "returns.after_entry"}
		if everyFault {
			slow = append(slow, "cut.after_commit", "folder.after_copy_before_name", "release.before_commit", "returns.after_commit_before_done", "cycle.before_next_day", "notice.after_claim_before_send")
		}
		for _, point := range slow {
			t.Run(database+" "+point, func(t *testing.T) {
				w := at.copy(t)
				fault := ""
				if point != "" {
					fault = point + "=sleep 700ms"
				}
				var both sync.WaitGroup
				for _, fault := range []string{fault, ""} {
					both.Go(func() { day.run(w, fault, "") })
					if fault != "" {
						time.Sleep(150 * time.Millisecond)
					}
				}
				both.Wait()
				w.settle()
				if diff := cmp.Diff(books, w.judge()); diff != "" {
					t.Errorf("the books differ (-one +two):\n%s", diff)
				}
				for _, what := range w.found {
					t.Error(what)
				}
			})
		}
	}
}

// The database is stopped in the middle of everything and comes back. Borrowers
// get an error that does not say that they were not charged unless they were not;
// soon after, the program works again without anybody's help.
func TestTheDatabaseIsRestartedUnderLoad(t *testing.T) {
	restarts := 1
	if everyFault {
		restarts = 8
	}
	cluster, err := pgtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := cluster.Stop(); err != nil {
			t.Error(err)
		}
	}()
	w := newTown(t, faultyProgram(t), cluster.URL).world(t)
	c := newCrowd(w, 1)
	s := w.serve("", "")
	stop := make(chan struct{})
	var work sync.WaitGroup
	work.Go(func() { c.crowds(s.base, stop) })
	longest := time.Duration(0)
	for i := range restarts {
		time.Sleep(time.Second)
		restartPostgres(t, cluster.URL, []string{"immediate", "fast"}[i%2])
		c.turn.Lock()
		before := c.answers
		c.turn.Unlock()
		up := time.Now()
		for after := before; after == before; {
			if time.Since(up) > 10*time.Second {
				t.Fatal("nobody is answered ten seconds after the database is back")
			}
			time.Sleep(10 * time.Millisecond)
			c.turn.Lock()
			after = c.answers
			c.turn.Unlock()
		}
		longest = max(longest, time.Since(up))
	}
	time.Sleep(300 * time.Millisecond)
	close(stop)
	work.Wait()
	if s.dead() {
		t.Error("the program ended")
	}
	s.kill()
	c.answered()
	for _, what := range w.found {
		t.Error(what)
	}
	if c.broken == 0 {
		t.Error("nobody noticed")
	}
	t.Logf("%d restarts, %d forms, %d answered, %d errors; back after %s at most", restarts, c.made, c.answers, c.broken, longest.Round(time.Millisecond))
}
