package sandbox

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"marque/internal/money"
	"marque/internal/web"
)

// calendar is the run that is under way, if any. It goes on when nobody looks.
type calendar struct {
	mu          sync.Mutex
	running     bool
	from, until money.Date // until is the day that will be open in the end
	failed      bool
}

type calendarPage struct {
	web.Page
	Running     bool
	Failed      bool
	Day         money.Date
	From, Until money.Date
	Done, All   money.Cents // days: the progress bar takes any two amounts
	Far         string
	Tomorrow    money.Date
	NextMonth   money.Date
}

func (s *site) showCalendar(w http.ResponseWriter, r *http.Request) error {
	base, err := s.page(r, "Calendar", "wait")
	if err != nil {
		return err
	}
	base.Layout = "flow"
	c := &s.calendar
	c.mu.Lock()
	p := calendarPage{Page: base, Running: c.running, Failed: c.failed, From: c.from, Until: c.until, Day: base.BusinessDate}
	c.mu.Unlock()
	if p.Running {
		p.All = money.Cents(p.Until - p.From)
		p.Done = min(p.All, max(0, money.Cents(p.Day-p.From)))
		p.Far = fmt.Sprintf("%d of %d days closed", p.Done, p.All)
		w.Header().Set("Refresh", "1")
	}
	p.Tomorrow, p.NextMonth = p.Day+1, p.Day.AddMonths(1, p.Day.Day())
	return s.pages.Render(w, r, http.StatusOK, "calendar", p)
}

// moveCalendar starts the days and answers at once; the page tells how far they
// are. The day that the form was made on comes with it, so that a form sent
// twice moves once.
func (s *site) moveCalendar(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	day, err := s.Today(r.Context())
	if err != nil {
		return err
	}
	until := day + 1
	if form.Value("by") == "month" {
		until = day.AddMonths(1, day.Day())
	}
	c := &s.calendar
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.running && form.Value("from") == day.String() {
		c.running, c.failed, c.from, c.until = true, false, day, until
		go s.run(s.Base, until)
	}
	http.Redirect(w, r, "/sandbox/calendar", http.StatusSeeOther)
	return nil
}

func (s *site) run(ctx context.Context, until money.Date) {
	err := s.Forward(ctx, until-1)
	if err != nil && ctx.Err() == nil {
		s.Log.Error("move the business date", "error", err)
	}
	s.calendar.mu.Lock()
	defer s.calendar.mu.Unlock()
	s.calendar.running, s.calendar.failed = false, err != nil
}
