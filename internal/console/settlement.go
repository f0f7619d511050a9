package console

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/ledger"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/web"
)

// settlementDays is how many days a page of settlement shows.
const settlementDays = 14

// settlementPage shows what was expected of the bank and what it shows, by day and
// rail: the days that differ first.
type settlementPage struct {
	web.Page
	Report  servicing.SettlementReport
	Differ  []servicing.SettlementDay
	Agree   []servicing.SettlementDay
	Chart   settlementChart
	Tie     *servicing.TieOut // nil before a statement was read
	Earlier string
	Later   string // empty on the newest page
}

// RailName is what a rail is called.
func (settlementPage) RailName(r billing.Rail) string {
	switch r {
	case billing.ACH:
		return "Bank payments"
	case billing.Card:
		return "Cards"
	}
	return "Other"
}

// settlementTable is some of the page's rows.
type settlementTable struct {
	settlementPage
	Name string
	Rows []servicing.SettlementDay
}

// Table sets rows apart under a name.
func (p settlementPage) Table(name string, rows []servicing.SettlementDay) settlementTable {
	return settlementTable{p, name, rows}
}

func (c *console) settlement(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	today, err := c.svc.Today(r.Context())
	if err != nil {
		return err
	}
	through := today
	if asked := r.URL.Query().Get("through"); asked != "" {
		if through, err = money.ParseDate(asked); err != nil || through > today || through.Year() < 2000 {
			return web.NotFound()
		}
	}
	report, err := c.svc.Settlement(r.Context(), s.Actor, through-settlementDays+1, through)
	if err != nil {
		return err
	}
	p := settlementPage{Page: page(s, "Settlement", "settlement"), Report: report, Chart: chartOf(report), Earlier: settlementAt(through - settlementDays)}
	if through < today {
		p.Later = settlementAt(min(today, through+settlementDays))
	}
	slices.Reverse(report.Days) // newest first
	for _, d := range report.Days {
		if d.Open > 0 || d.Difference != 0 {
			p.Differ = append(p.Differ, d)
		} else {
			p.Agree = append(p.Agree, d)
		}
	}
	tie, err := c.svc.TieOut(r.Context(), s.Actor, 0)
	switch {
	case err == nil:
		p.Tie = &tie
	case !errors.Is(err, servicing.ErrNotFound):
		return err
	}
	if r.URL.Query().Get("done") == "cleared" {
		p.Notice = "Cleared. It stays on its day with your reason."
	}
	return c.show(w, r, "settlement", nil, p)
}

func settlementAt(through money.Date) string { return "/settlement?through=" + through.String() }

// settlementChart is the picture of a page of days: for each what was expected
// beside what was received, all rails together. The page has the same in a table.
type settlementChart struct {
	Bars    []settlementBar
	Zero    int
	Summary string
}

// settlementBar is one day: two bars, each from the line of zero.
type settlementBar struct {
	Label                string
	X, ExpectedX         int
	ExpectedY, ExpectedH int
	ReceivedX            int
	ReceivedY, ReceivedH int
}

// The chart's drawing area, in units of its viewBox.
const (
	settlementWidth  = 640
	settlementHeight = 120
)

func chartOf(r servicing.SettlementReport) (out settlementChart) {
	type sums struct{ expected, received money.Cents }
	byDay := map[money.Date]sums{}
	var low, high money.Cents
	for _, d := range r.Days {
		t := byDay[d.Day]
		t.expected, t.received = t.expected+d.Expected, t.received+d.Received
		byDay[d.Day] = t
	}
	for _, t := range byDay {
		low, high = min(low, t.expected, t.received), max(high, t.expected, t.received)
	}
	if low == high {
		return out
	}
	y := func(c money.Cents) int {
		return settlementHeight - int(int64(c-low)*settlementHeight/int64(high-low))
	}
	out.Zero = y(0)
	slot := settlementWidth / settlementDays
	for i := range settlementDays {
		day := r.From + money.Date(i)
		t, any := byDay[day]
		if !any {
			continue
		}
		b := settlementBar{Label: fmt.Sprintf("%d/%d", int(day.Time().Month()), day.Day()), X: i*slot + slot/2, ExpectedX: i*slot + slot/2 - 14, ReceivedX: i*slot + slot/2 + 1}
		b.ExpectedY, b.ExpectedH = min(y(t.expected), out.Zero), max(y(t.expected)-out.Zero, out.Zero-y(t.expected))
		b.ReceivedY, b.ReceivedH = min(y(t.received), out.Zero), max(y(t.received)-out.Zero, out.Zero-y(t.received))
		out.Bars = append(out.Bars, b)
	}
	out.Summary = fmt.Sprintf("For each day a light bar, what was expected, beside a dark one, what the bank shows. In all %s was expected and %s received.", r.Total.Expected.USD(), r.Total.Received.USD())
	return out
}

// settlementDayPage shows all of a day with how it was matched.
type settlementDayPage struct {
	settlementPage
	Day   money.Date
	Items servicing.Differences
}

func (c *console) settlementDay(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	day, err := money.ParseDate(r.PathValue("day"))
	if err != nil || len(r.PathValue("day")) != 10 {
		return web.NotFound()
	}
	items, err := c.svc.SettlementOn(r.Context(), s.Actor, day)
	if err != nil {
		return err
	}
	p := settlementDayPage{settlementPage: settlementPage{Page: page(s, "Settlement of "+day.Long(), "settlement")}, Day: day, Items: items}
	p.Back = "/settlement"
	return c.show(w, r, "settlement-day", nil, p)
}

// KindName is what an expected amount is.
func (settlementPage) KindName(k billing.SettlementKind) string {
	switch k {
	case billing.SettledDrafts:
		return "Payments drawn"
	case billing.SettledReversals:
		return "Payments given back"
	case billing.SettledTests:
		return "Test of a bank account"
	case billing.SettledReturn:
		return "Payment returned"
	case billing.SettledUnknown:
		return "Return of an unknown entry"
	}
	return "Card payout"
}

// How says how an item was matched or cleared.
func (settlementPage) How(i servicing.SettlementItem) string {
	switch i.Rule {
	case "":
		return "Open"
	case billing.MatchReference:
		return "Matched by its name"
	case billing.MatchSameDay:
		return "Matched on its day"
	case billing.MatchNearDay:
		return "Matched within two banking days"
	case billing.MatchSeveral:
		return "Matched with several lines"
	}
	how := "Cleared by " + i.By + ": " + i.Note
	if i.Account != "" {
		how += " Difference to: " + accountName(i.Account) + "."
	}
	return how
}

func accountName(account string) string {
	if c, ok := ledger.Of(ledger.Account(account)); ok {
		return strings.ToLower(c.Name)
	}
	return "an account outside this ledger"
}

// Tone colors how an item stands.
func (settlementPage) Tone(i servicing.SettlementItem) string {
	switch i.Rule {
	case "":
		return "wait"
	case billing.MatchByPerson:
		return "plain"
	}
	return "good"
}

// differencesPage lists what is open, and clears it.
type differencesPage struct {
	settlementPage
	Open     servicing.Differences
	MayClear bool
	Accounts []web.Option
}

func (c *console) differences(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	return c.differencesForm(w, r, s, nil)
}

func (c *console) differencesForm(w http.ResponseWriter, r *http.Request, s servicing.StaffSession, form *web.Form) error {
	today, err := c.svc.Today(r.Context())
	if err != nil {
		return err
	}
	report, err := c.svc.Settlement(r.Context(), s.Actor, today, today)
	if err != nil {
		return err
	}
	open, err := c.svc.OpenDifferences(r.Context(), s.Actor, report.Since, today)
	if err != nil {
		return err
	}
	p := differencesPage{settlementPage: settlementPage{Page: page(s, "Open differences", "settlement")}, Open: open, MayClear: s.Actor.Role.Has(identity.DutyReconcile)}
	if report.Since.IsZero() {
		p.Open = servicing.Differences{} // before the first statement nothing is missed
	}
	p.Accounts = []web.Option{{Value: "", Label: "Nothing is left over"}}
	for _, a := range servicing.SettlementAccounts() {
		p.Accounts = append(p.Accounts, web.Option{Value: a.ID, Label: a.Words})
	}
	p.Back, p.Form = "/settlement", form
	return c.show(w, r, "differences", form, p)
}

// Chosen says whether an item was chosen in a form that is shown again.
func (p differencesPage) Chosen(list, id string) bool {
	return p.Form != nil && slices.Contains(p.Form.All(list), id)
}

func (c *console) clearDifferences(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	err = c.svc.ClearSettlement(r.Context(), s.Actor, servicing.SettlementClear{Lines: form.All("line"), Expected: form.All("expected"),
		Account: form.Value("account"), Reason: form.Value("reason")})
	if err != nil {
		if err := told(form, err); err != nil {
			return err
		}
		return c.differencesForm(w, r, s, form)
	}
	return see(w, r, (&url.URL{Path: "/settlement", RawQuery: "done=cleared"}).String())
}
