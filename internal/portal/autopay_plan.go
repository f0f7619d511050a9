package portal

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/web"
)

// planFields are carried from step to step inside the form, never in an address.
var planFields = []string{"rhythm", "day", "second", "weekday", "anchor", "what", "extra", "fixed", "last_date", "count", "tell", "most", "method", "key"}

// steps are the pages that each ask one thing of a plan, with the fields they ask.
var steps = map[string][]string{
	"when":   {"rhythm"},
	"day":    {"day", "second", "weekday", "anchor"},
	"amount": {"what", "extra", "fixed"},
	"until":  {"last_date", "count"},
	"tell":   {"tell", "most"},
}

var stepTitles = map[string]string{
	"when": "When should autopay pay?", "day": "Which day?", "amount": "How much each time?", "until": "How long?", "tell": "When should we tell you first?",
}

// planErrors gives the form's name for a refusal's field where they differ.
var planErrors = map[string]string{"range": "most"}

// stepOf is the step whose field is wrong; empty for none of them.
func stepOf(form *web.Form) string {
	for _, step := range []string{"when", "day", "amount", "until", "tell"} {
		for _, field := range steps[step] {
			if form.ErrorFor(field) != "" {
				return step
			}
		}
	}
	return ""
}

// readPlan reads the plan that a form holds, and names the step that has to be
// asked: because it was answered wrong, or because the rhythm needs it.
func readPlan(form *web.Form, c servicing.Card) (p billing.AutopayPlan, open string) {
	p.Rhythm = billing.Rhythm(form.Value("rhythm"))
	own := p.Rhythm == billing.TwiceMonthly || p.Rhythm == billing.Weekly || p.Rhythm == billing.EveryTwoWeeks
	whole := func(name, words string) int {
		n, err := strconv.Atoi(form.Value(name))
		if err != nil {
			form.Error(name, words)
		}
		return n
	}
	unanswered := func(step string, missing bool) {
		if missing && open == "" {
			open = step
		}
	}
	switch p.Rhythm {
	case billing.Monthly:
		if unanswered("day", !form.Has("day") || form.Value("day") == ""); open == "" {
			p.Day = whole("day", "Choose a day of the month.")
		}
	case billing.TwiceMonthly:
		if unanswered("day", form.Value("day") == "" || form.Value("second") == ""); open == "" {
			p.Day, p.Second = whole("day", "Choose a day of the month."), whole("second", "Choose a second day.")
		}
	case billing.Weekly:
		if unanswered("day", form.Value("weekday") == ""); open == "" {
			p.Weekday = time.Weekday(whole("weekday", "Choose a day of the week."))
		}
	case billing.EveryTwoWeeks:
		if unanswered("day", form.Value("anchor") == ""); open == "" {
			p.Anchor = form.Date("anchor")
		}
	}
	fixed := own || (p.Rhythm == billing.Monthly && form.Value("what") == "fixed")
	switch {
	case fixed && form.Value("fixed") == "":
		unanswered("amount", true)
	case fixed:
		p.Fixed = form.Cents("fixed")
	case form.Value("extra") != "" && c.Kind == contract.Loan:
		p.Extra = form.Cents("extra")
	}
	if form.Value("last_date") != "" {
		p.LastDate = form.Date("last_date")
	}
	if form.Value("count") != "" {
		if p.Count = whole("count", "Enter a number of payments, like 12."); p.Count < 1 {
			form.Error("count", "Enter a number of payments, like 12.")
		}
	}
	if p.Tell = billing.Tell(form.Value("tell")); p.Tell == billing.TellOutside && form.Value("most") != "" {
		p.Most = form.Cents("most")
	} else if p.Tell == billing.TellOutside {
		p.Tell = "" // the usual range
	}
	if wrong := stepOf(form); wrong != "" {
		open = wrong
	}
	return p, open
}

// autopayStepPage asks one thing of a plan.
type autopayStepPage struct {
	web.Page
	Step    string
	Rhythm  billing.Rhythm
	Options []web.Option
	Days    []web.Option
	Carry   []hidden
	Href    string
	Lead    string
	IsLoan  bool
	Min     money.Date
	Max     money.Date
}

func (p *portal) showStep(w http.ResponseWriter, r *http.Request, s servicing.Session, c servicing.Card, step string, form, wrong *web.Form) error {
	return p.show(w, r, "autopay-step", wrong, newAutopayStepPage(s, c, step, form))
}

func newAutopayStepPage(s servicing.Session, c servicing.Card, step string, form *web.Form) autopayStepPage {
	b := about(page(s, stepTitles[step], "payments"), c)
	v := autopayStepPage{Page: b, Step: step, Rhythm: billing.Rhythm(cmp.Or(form.Value("rhythm"), string(billing.EachDueDate))), Href: accountHref(c.ID) + "/autopay", IsLoan: c.Kind == contract.Loan}
	v.Layout, v.Back, v.Form = "flow", v.Href, form
	v.Min, v.Max = c.Due.AsOf+1, c.Due.AsOf+billing.DaysAhead
	for _, h := range carry(form, planFields) {
		asked := false
		for _, f := range steps[step] {
			asked = asked || f == h.Name
		}
		if !asked && h.Value != "" {
			v.Carry = append(v.Carry, h)
		}
	}
	usual := c.Due.UpcomingAmount
	switch step {
	case "when":
		v.Options = whenOptions(c)
		if form.Value("rhythm") == "" {
			form.Set("rhythm", string(billing.EachDueDate))
		}
	case "day":
		v.Days = dayOptions(v.Rhythm)
		for name, usual := range map[string]string{"day": "1", "second": "15", "weekday": strconv.Itoa(int(time.Friday))} {
			if form.Value(name) == "" {
				form.Set(name, usual)
			}
		}
	case "amount":
		v.Options, v.Lead = amountOptions(v.Rhythm, form), amountLead(v.Rhythm, usual)
		if form.Value("what") == "" {
			form.Set("what", "due")
		}
	case "tell":
		v.Options = tellOptions(form)
		if form.Value("tell") == "" {
			form.Set("tell", string(billing.TellOutside))
		}
	}
	return v
}

func whenOptions(c servicing.Card) []web.Option {
	next := "The payment due, on the day it is due."
	if !c.Due.Upcoming.IsZero() {
		next = "The payment due, on the day it is due. The next is " + c.Due.Upcoming.Short() + "."
	}
	return []web.Option{
		{Value: string(billing.EachDueDate), Label: "On each due date", Hint: next},
		{Value: string(billing.Monthly), Label: "Another day each month", Hint: "A few days before the due date, for example."},
		{Value: string(billing.TwiceMonthly), Label: "Twice a month", Hint: "On two days that you choose, the same amount each time."},
		{Value: string(billing.Weekly), Label: "Every week", Hint: "On a day that you choose, the same amount each time."},
		{Value: string(billing.EveryTwoWeeks), Label: "Every two weeks", Hint: "Like many paychecks, the same amount each time."},
	}
}

func dayOptions(r billing.Rhythm) (out []web.Option) {
	if r == billing.Weekly {
		for d := time.Sunday; d <= time.Saturday; d++ {
			out = append(out, web.Option{Value: strconv.Itoa(int(d)), Label: d.String()})
		}
		return out
	}
	for d := 1; d < billing.LastDay; d++ {
		out = append(out, web.Option{Value: strconv.Itoa(d), Label: strconv.Itoa(d)})
	}
	return append(out, web.Option{Value: strconv.Itoa(billing.LastDay), Label: "The last day of the month"})
}

func amountOptions(r billing.Rhythm, form *web.Form) []web.Option {
	if r != billing.Monthly {
		return nil
	}
	fixed := web.Field{Name: "fixed", Label: "Amount each time", Value: form.Value("fixed"), Error: form.ErrorFor("fixed")}
	extra := web.Field{Name: "extra", Label: "Extra each time", Hint: "It pays down principal. Leave it empty for none.", Value: form.Value("extra"), Error: form.ErrorFor("extra"), Optional: true}
	return []web.Option{
		{Value: "due", Label: "The payment due next", Hint: "Less what you have paid toward it yourself.", Reveal: &extra},
		{Value: "fixed", Label: "The same amount each time", Hint: "Also when you are paid ahead.", Reveal: &fixed},
	}
}

// amountLead says what a rhythm of one's own has to bring for a monthly payment.
func amountLead(r billing.Rhythm, monthly money.Cents) string {
	times := map[billing.Rhythm]money.Cents{billing.TwiceMonthly: 24, billing.Weekly: 52, billing.EveryTwoWeeks: 26}[r]
	if times == 0 || monthly <= 0 {
		return ""
	}
	return fmt.Sprintf("Your payment of %s a month comes to %s each time.", monthly.USD(), ((monthly*12 + times - 1) / times).USD())
}

func tellOptions(form *web.Form) []web.Option {
	most := web.Field{Name: "most", Label: "More than", Hint: "Leave it empty for your usual amount.", Value: form.Value("most"), Error: form.ErrorFor("most"), Optional: true}
	return []web.Option{
		{Value: string(billing.TellOutside), Label: "Before a payment above an amount", Hint: "Smaller ones are taken without a message beforehand.", Reveal: &most},
		{Value: string(billing.TellDiffers), Label: "Before a payment that differs", Hint: "From the one before it, or from your usual amount."},
		{Value: string(billing.TellEvery), Label: "Before every payment", Hint: "If you then pay a part of it yourself, the rest is yours to pay too."},
	}
}

// planForm fills a form with a plan, as the steps and the review read it.
func planForm(a *servicing.Autopay) []hidden {
	p := a.Plan
	form := web.NewForm("rhythm", string(p.Rhythm), "method", string(a.Method.ID), "tell", string(p.Tell))
	number := func(name string, n int) {
		if n != 0 {
			form.Set(name, strconv.Itoa(n))
		}
	}
	number("day", p.Day)
	number("second", p.Second)
	number("count", p.Count)
	if p.Rhythm == billing.Weekly {
		form.Set("weekday", strconv.Itoa(int(p.Weekday)))
	}
	form.Set("anchor", p.Anchor.String())
	form.Set("last_date", p.LastDate.String())
	for name, c := range map[string]money.Cents{"extra": p.Extra, "fixed": p.Fixed, "most": p.Most} {
		if c > 0 {
			form.Set(name, c.String())
		}
	}
	if p.Fixed > 0 {
		form.Set("what", "fixed")
	}
	if p.Tell == billing.TellOutside && p.Most == a.Agreed {
		form.Set("most", "") // the usual one, also of other terms
	}
	return carry(form, planFields)
}
