// Package cycle is the business day: what happens by date happens here, for that
// date, in a fixed order. It may be stopped at any point and run again, by one
// process or by two: each piece of work is found in the business tables, done in
// a transaction of its own, and is not found again once it is done.
//
// It calls servicing for every change, rail for files to and from the bank, and
// sends the messages that the verbs have enqueued. It decides nothing itself.
package cycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"marque/internal/bai"
	"marque/internal/fault"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/rail"
	"marque/internal/servicing"
)

// Runner runs business days.
type Runner struct {
	Service *servicing.Service
	Rail    rail.Bank
	Mail    Send   // nil leaves e-mails queued
	Text    Send   // nil leaves text messages queued
	Letter  Send   // puts a message on paper; nil leaves those queued
	Bounces string // the folder of e-mails that came back; empty: nobody looks
	// MailHouse takes what goes by mail; nil: nothing does.
	MailHouse *MailHouse
	Log       *slog.Logger
	Clock     func() money.Instant
	Progress  func(Day)
	// Papers sets documents and keeps them; nil leaves them due.
	Papers *Papers
	// Cards takes card payments to their processor; nil where there are none.
	Cards *Cards
	// Heads is the folder for the end of the audit trail's chain of each day; empty
	// keeps none.
	Heads string
	// Workers is how many contracts are worked on at once; 0 means eight.
	Workers int

	mailOutage, textOutage, letterOutage outage
	pause                                time.Duration // between attempts at a server that is away; 0 is the usual
}

// Day says what one business day did.
type Day struct {
	Date       money.Date                  `json:"date"`
	Checked    int                         `json:"account_checks_ended"`
	Moved      int                         `json:"methods_replaced"`
	Released   int                         `json:"payments_released"`
	Drafted    int                         `json:"autopay_drafts"`
	Told       int                         `json:"autopay_looked_at"` // for notices of drafts to come
	LateFees   int                         `json:"contracts_with_late_fees"`
	Statements int                         `json:"statements"`
	Reminded   int                         `json:"reminders_looked_at"`
	Settled    int                         `json:"payments_settled"`
	File       servicing.CutResult         `json:"file"`
	Returns    []servicing.ReturnsResult   `json:"returns,omitempty"`
	Bank       []servicing.StatementResult `json:"bank_statements,omitempty"`
	Matched    int                         `json:"settlements_matched"`
	Dropped    int                         `json:"files_dropped"`
	PaidOut    int                         `json:"card_movements_paid_out,omitempty"`
	Letters    int                         `json:"contracts_with_letters"`
	Papers     int                         `json:"papers"`
	Mailed     int                         `json:"pieces_to_mail,omitempty"`
	Problems   []string                    `json:"problems,omitempty"` // what a person has to look at
}

var actor = identity.System("cycle")

// ErrProblems says that the days were run and something in them needs a person.
var ErrProblems = errors.New("the day is closed with problems that need a person")

// Run closes every business day from the open one through a date, and opens the
// next. Days closed before are not run again. With no open day yet it opens the
// first given. The error is ErrProblems when single contracts or files had to be
// left out; the rest of those days is done.
func (r *Runner) Run(ctx context.Context, from, through money.Date) error {
	open, err := r.Service.OpenDay(ctx, actor, 0, from)
	if err != nil {
		return err
	}
	problems := false
	for day := open; day <= through; {
		if err := ctx.Err(); err != nil {
			return err
		}
		d, err := r.Day(ctx, day)
		if err != nil {
			return fmt.Errorf("business day %s: %w", day, err)
		}
		problems = problems || len(d.Problems) > 0
		if r.Progress != nil {
			r.Progress(d)
		}
		if err := fault.After(r.keepHead(ctx, day), "cycle.before_next_day"); err != nil {
			return err
		}
		if day, err = r.Service.OpenDay(ctx, actor, day, day+1); err != nil {
			return err
		}
	}
	if problems {
		return ErrProblems
	}
	return nil
}

// Day does the work of one open day in its order: what came back from the bank,
// the bank's statement against what was expected, checks of bank accounts that have
// come to their end, payments and drafts of the day, late fees (after them, so that the day's
// payments count), what has settled, statements, reminders, the pages of all papers, and last the file to the bank.
func (r *Runner) Day(ctx context.Context, day money.Date) (Day, error) {
	d := Day{Date: day}
	if err := r.Returns(ctx, &d); err != nil {
		return d, err
	}
	if _, err := r.Bounced(ctx); err != nil {
		return d, err
	}
	if err := r.Match(ctx, &d); err != nil {
		return d, err
	}
	s := r.Service
	if r.Cards != nil {
		if err := r.Cards.Day(ctx, &d); err != nil {
			return d, err
		}
	}
	steps := []struct {
		name  string
		count *int
		list  func(servicing.Work) []func() error
	}{
		{"end account check", &d.Checked, func(w servicing.Work) []func() error {
			return each(w.Checks, func(m servicing.MethodRef) error { return s.FinishCheck(ctx, actor, m, day) })
		}},
		{"replace payment method", &d.Moved, func(w servicing.Work) []func() error {
			return each(w.Moves, func(m servicing.MethodRef) error { return s.TakePlace(ctx, actor, m) })
		}},
		{"release payment", &d.Released, func(w servicing.Work) []func() error {
			return each(w.Scheduled, func(p servicing.PaymentRef) error { return s.ReleasePayment(ctx, actor, p, day) })
		}},
		{"draft autopay", &d.Drafted, func(w servicing.Work) []func() error {
			return each(w.Drafts, func(c servicing.ContractID) error { return s.DraftAutopay(ctx, actor, c, day) })
		}},
		{"tell of autopay", &d.Told, func(w servicing.Work) []func() error {
			return each(w.Telling, func(c servicing.ContractID) error { return s.TellAutopay(ctx, actor, c, day) })
		}},
		{"charge late fee", &d.LateFees, func(w servicing.Work) []func() error {
			return each(w.LateFees, func(c servicing.ContractID) error { return s.ChargeLateFees(ctx, actor, c, day) })
		}},
		{"settle payment", &d.Settled, func(w servicing.Work) []func() error {
			return each(w.Settling, func(p servicing.PaymentRef) error { return s.SettlePayment(ctx, actor, p, day) })
		}},
		{"cut statement", &d.Statements, func(w servicing.Work) []func() error {
			return each(w.Statements, func(c servicing.ContractID) error { return s.CutStatement(ctx, actor, c, day) })
		}},
		{"remind", &d.Reminded, func(w servicing.Work) []func() error {
			return each(w.Due, func(r servicing.ReminderRef) error { return s.TellDue(ctx, actor, r, day) })
		}},
		{"make letters", &d.Letters, func(w servicing.Work) []func() error {
			return each(w.Papers, func(c servicing.ContractID) error { return s.MakePapers(ctx, actor, c, day) })
		}},
	}
	for _, step := range steps {
		if err := fault.After(r.drain(ctx, &d, step.name, step.count, step.list), "cycle.after_step"); err != nil {
			return d, err
		}
		if step.name == "draft autopay" && r.Cards != nil { // so that a late fee knows of them
			if _, err := r.Cards.Once(ctx); err != nil {
				return d, err
			}
		}
	}
	if r.Papers != nil {
		n, err := r.Papers.Run(ctx)
		if err := fault.After(err, "cycle.after_papers"); err != nil {
			return d, err
		}
		d.Papers += n
	}
	if r.MailHouse != nil {
		var err error
		if d.Mailed, err = r.mail(ctx, day); err != nil {
			return d, err
		}
	}
	if day.BankingDay() {
		var err error
		if d.File, err = s.CutFile(ctx, actor, day); err != nil {
			return d, err
		}
		for _, why := range d.File.Aside {
			d.Problems = append(d.Problems, "file to the bank: "+why)
			r.Log.Error("payment left out of the file to the bank", "date", day.String(), "why", why)
		}
	}
	rates, err := s.WatchRates(ctx, actor, day)
	if err != nil {
		return d, err
	}
	for _, words := range rates {
		d.Problems = append(d.Problems, words)
		r.Log.Error("return rate", "date", day.String(), "what", words)
	}
	return d, r.Drop(ctx, &d)
}

func each[T any](items []T, do func(T) error) []func() error {
	out := make([]func() error, len(items))
	for i, item := range items {
		out[i] = func() error { return do(item) }
	}
	return out
}

// drain does one kind of work until none is found but what fails. A contract
// that fails is left out and reported, so that one does not stop the day; when a
// whole page fails nothing would ever be found but that page, and the day stops.
func (r *Runner) drain(ctx context.Context, d *Day, what string, count *int, list func(servicing.Work) []func() error) error {
	for {
		work, err := r.Service.DayWork(ctx, actor, d.Date)
		if err != nil {
			return err
		}
		todo := list(work)
		if len(todo) == 0 {
			return nil
		}
		errs := r.atOnce(todo)
		if err := ctx.Err(); err != nil {
			return err
		}
		*count += len(todo) - len(errs)
		if len(errs) == len(todo) {
			for _, err := range errs {
				d.Problems = append(d.Problems, what+": "+err.Error())
				r.Log.Error(what, "date", d.Date.String(), "error", err)
			}
			if len(todo) >= servicing.WorkPage {
				return fmt.Errorf("%s: nothing of a whole page could be done: %w", what, errs[0])
			}
			return nil
		}
	}
}

// atOnce runs pieces of work side by side and returns the errors.
func (r *Runner) atOnce(todo []func() error) (errs []error) {
	workers := r.Workers
	if workers == 0 {
		workers = 8
	}
	next := make(chan func() error)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range min(workers, len(todo)) {
		wg.Go(func() {
			for do := range next {
				if err := fault.After(do(), "cycle.after_contract"); err != nil {
					mu.Lock()
					errs = append(errs, err)
					mu.Unlock()
				}
			}
		})
	}
	for _, do := range todo {
		next <- do
	}
	close(next)
	wg.Wait()
	return errs
}

// Match sets the bank's statement beside what was expected. What has waited too
// long for its other side is a problem of the day on which that is found.
func (r *Runner) Match(ctx context.Context, d *Day) error {
	res, err := r.Service.MatchSettlement(ctx, actor)
	if err != nil {
		return err
	}
	d.Matched += res.Matched
	for _, why := range res.Opened {
		d.Problems = append(d.Problems, "settlement: "+why)
		r.Log.Error("settlement differs", "date", d.Date.String(), "why", why)
	}
	return nil
}

// Returns picks up what the bank has left: files of returns and changes, and
// statements, told apart by how they begin. A file that cannot be read is put
// aside for a person, whole; the others go on.
func (r *Runner) Returns(ctx context.Context, d *Day) error {
	files, err := r.Rail.Waiting()
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.Err != nil { // it stays with the bank
			d.Problems = append(d.Problems, f.Err.Error())
			r.Log.Error("file from the bank not taken in", "file", f.Name, "error", f.Err)
			continue
		}
		err := r.read(ctx, d, f)
		if refused, ok := errors.AsType[*servicing.FileRefused](err); ok {
			d.Problems = append(d.Problems, refused.Error())
			r.Log.Error("file from the bank refused", "file", f.Name, "error", err)
			if err := r.Rail.Refuse(f.Name); err != nil {
				return err
			}
			continue
		}
		if err := fault.After(err, "returns.after_commit_before_done"); err != nil {
			return err
		}
		if err := r.Rail.Done(f.Name); err != nil {
			return err
		}
	}
	return nil
}

// read applies one file from the bank.
func (r *Runner) read(ctx context.Context, d *Day, f rail.File) error {
	if bai.IsBAI2(f.Content) {
		res, err := r.Service.ReadBankStatement(ctx, actor, f.Name, f.Content)
		if err == nil {
			d.Bank = append(d.Bank, res)
		}
		return err
	}
	res, err := r.Service.ReadReturns(ctx, actor, f.Name, f.Content)
	if err != nil {
		return err
	}
	d.Returns = append(d.Returns, res)
	for _, a := range res.Aside {
		r.Log.Warn("record from the bank kept aside", "file", f.Name, "trace", a.Trace, "code", a.Code, "reason", a.Reason)
	}
	return nil
}

// Drop hands every file over that was cut and has not left yet. One that the bank
// may or may not have waits for a person; the others go on.
func (r *Runner) Drop(ctx context.Context, d *Day) error {
	files, err := r.Service.FilesToDrop(ctx, actor)
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := r.Rail.Drop(f.Name, f.Content); errors.Is(err, rail.ErrUnclear) {
			d.Problems = append(d.Problems, err.Error())
			r.Log.Error("file to the bank waits for a person", "file", f.Name, "error", err)
			continue
		} else if err != nil {
			return err
		}
		if err := fault.Point("drop.after_write_before_mark"); err != nil {
			return err
		}
		if err := fault.After(r.Service.Dropped(ctx, actor, f), "drop.after_mark"); err != nil {
			return err
		}
		d.Dropped++
	}
	return nil
}
