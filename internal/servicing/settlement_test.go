package servicing_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/store"
	"marque/internal/tape"
)

// ownAccount is the lender's account that the bank's statements are of.
const ownAccount = "000559812"

// bankDay is what the bank says of a day: lines "code amount bank-reference
// customer-reference text".
type bankDay struct {
	day   money.Date
	open  money.Cents
	lines []string
}

func (b *bankDay) amount() (sum money.Cents) {
	for _, l := range b.lines {
		sum += cents(strings.Fields(l)[1])
	}
	return sum
}

// bai2 writes the day as BAI2, with its totals.
func (b *bankDay) bai2() string {
	date := strings.ReplaceAll(b.day.String()[2:], "-", "")
	closing := b.open + b.amount()
	total := b.open + closing
	out := fmt.Sprintf("01,121042882,9000000001,%s,0600,1,80,,2/\n02,9000000001,121042882,1,%s,,USD,2/\n03,%s,USD,010,%d,,,015,%d,,/\n", date, date, ownAccount, b.open, closing)
	for _, l := range b.lines {
		f := append(strings.Fields(l), "", "", "")
		amount := max(cents(f[1]), -cents(f[1]))
		total += amount
		out += fmt.Sprintf("16,%s,%d,Z,%s,%s,%s\n", f[0], amount, f[2], f[3], strings.TrimSpace(strings.Join(f[4:], " ")))
	}
	n := len(b.lines)
	return out + fmt.Sprintf("49,%d,%d/\n98,%d,1,%d/\n99,%d,1,%d/\n", total, n+2, total, n+4, total, n+6)
}

func (o *office) statement(name, content string) servicing.StatementResult {
	o.Helper()
	return got(o.ReadBankStatement(ctx, system, name, []byte(content)))(o)
}

// expectPayout writes that the card processor has sent money to the bank.
func (o *office) expectPayout(id string, on money.Date, amount money.Cents) {
	o.Helper()
	must(o, o.db.Update(ctx, func(tx *store.Tx) error {
		tx.Expect(&store.Expected{ExpectedSettlement: billing.ExpectedSettlement{ID: "payout:" + id, Day: on, Rail: billing.Card, Kind: billing.SettledPayout, Group: id, Reference: id, Amount: amount}})
		return nil
	}))
}

func onSQLite(t *testing.T, test func(t *testing.T, o *office)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, newOffice(t, freshSQLite(t))) })
}

// chained gives each day the balance that the day before left.
func chained(days []*bankDay) []*bankDay {
	for i, b := range days[1:] {
		b.open = days[i].open + days[i].amount()
	}
	return days
}

// settled writes the report as a text: "18 ach 750.00 750.00 0.00" for a day and
// rail, with what is expected, received and not accounted for.
func (o *office) settled() string {
	o.Helper()
	r := got(o.Settlement(ctx, system, day("2026-02-01"), day("2026-03-31")))(o)
	var out []string
	for _, d := range r.Days {
		rail := string(d.Rail)
		if rail == "" {
			rail = "other"
		}
		out = append(out, fmt.Sprintf("%d %s %s %s %s", d.Day.Day(), rail, d.Expected, d.Received, d.Difference))
	}
	return strings.Join(out, ", ")
}

func (o *office) match() servicing.MatchResult {
	o.Helper()
	return got(o.MatchSettlement(ctx, system))(o)
}

// aWeek lets borrowers pay and one payment come back: the bank has 750.00 to post
// on Wednesday the 18th, 100.00 on the 19th, and on the 20th 300.00 out for the
// return and 196.80 in from the card processor.
func (o *office) aWeek() {
	o.Helper()
	var all []tape.Boarding
	for i := range 3 {
		all = append(all, boarding(fmt.Sprint("L", i+1), loan()))
	}
	a := o.takeAll(all...)
	o.to(day("2026-02-17"))
	o.pay(a[0], 450_00)
	back := o.pay(a[1], 300_00)
	o.to(day("2026-02-18"))
	o.pay(a[2], 100_00)
	o.to(day("2026-02-20"))
	o.bringBack(back.ID, "R01")
	o.expectPayout("po_700001", day("2026-02-20"), 196_80)
	o.to(day("2026-02-23"))
}

// theBank is what the bank posts in that week, when all is as it should be.
func theBank() []*bankDay {
	return []*bankDay{
		{day("2026-02-18"), 10_000_00, []string{"166 750.00 B100 - MARQUE FINANCIAL"}},
		{day("2026-02-19"), 10_750_00, []string{"166 100.00 B101 - MARQUE FINANCIAL"}},
		{day("2026-02-20"), 10_850_00, []string{"557 -300.00 B102", "142 196.80 B103 po_700001 CARDS"}},
	}
}

const asItShould = "18 ach 750.00 750.00 0.00, 19 ach 100.00 100.00 0.00, 20 ach -300.00 -300.00 0.00, 20 card 196.80 196.80 0.00"

var settlementStories = []struct {
	what   string
	bank   func([]*bankDay) []*bankDay
	want   string // on Wednesday the 25th
	opened int
}{
	{"all as it should be", func(b []*bankDay) []*bankDay { return b }, asItShould, 0},
	{"the file of the 17th batch by batch, and a day late", func(b []*bankDay) []*bankDay {
		b[0].lines = nil
		b[1].lines = []string{"166 750.00 B100", "166 100.00 B101"}
		return b
	}, asItShould, 0},
	{"a credit does not come", func(b []*bankDay) []*bankDay { b[0].lines = nil; return b[:1] },
		"18 ach 750.00 0.00 -750.00, 19 ach 100.00 0.00 -100.00, 20 ach -300.00 0.00 300.00, 20 card 196.80 0.00 -196.80", 4},
	{"a line that nobody expects", func(b []*bankDay) []*bankDay { b[1].lines = append(b[1].lines, "195 5000.00 W77 - WIRE"); return b },
		"18 ach 750.00 750.00 0.00, 19 other 0.00 5000.00 5000.00, 19 ach 100.00 100.00 0.00, 20 ach -300.00 -300.00 0.00, 20 card 196.80 196.80 0.00", 1},
	{"a line twice", func(b []*bankDay) []*bankDay { b[1].lines = append(b[1].lines, b[1].lines[0]); return b },
		"18 ach 750.00 750.00 0.00, 19 ach 100.00 200.00 100.00, 20 ach -300.00 -300.00 0.00, 20 card 196.80 196.80 0.00", 3},
	{"off by a cent", func(b []*bankDay) []*bankDay { b[0].lines[0] = "166 749.99 B100"; return b },
		"18 ach 750.00 749.99 -0.01, 19 ach 100.00 100.00 0.00, 20 ach -300.00 -300.00 0.00, 20 card 196.80 196.80 0.00", 2},
	{"the return is net of the payout's day", func(b []*bankDay) []*bankDay {
		b[2].lines = []string{"557 -300.00 B102", "195 196.80 B103"}
		return b
	}, "18 ach 750.00 750.00 0.00, 19 ach 100.00 100.00 0.00, 20 other 0.00 196.80 196.80, 20 ach -300.00 -300.00 0.00, 20 card 196.80 0.00 -196.80", 2},
}

func TestTheBanksStatementIsSetBesideWhatWasExpected(t *testing.T) {
	for i, c := range settlementStories {
		t.Run(c.what, func(t *testing.T) {
			on := onBoth
			if i > 2 { // what is left is the rules' doing, not the database's
				on = onSQLite
			}
			on(t, func(t *testing.T, o *office) {
				o.aWeek()
				if got := o.match(); got.Matched+len(got.Opened) != 0 {
					t.Errorf("without a statement: %+v", got)
				}
				for _, b := range chained(c.bank(theBank())) {
					o.statement("b"+b.day.String(), b.bai2())
					o.match()
				}
				o.to(day("2026-02-25"))
				o.match()
				if again := o.match(); again.Matched+again.Freed+len(again.Opened) != 0 {
					t.Errorf("matched again: %+v", again)
				}
				if is := o.settled(); is != c.want {
					t.Errorf("%s\nnot\n%s", is, c.want)
				}
				items := 0
				for _, e := range o.exceptions() {
					if e.Kind == billing.SettlementDifference {
						items++
					}
				}
				if items != c.opened {
					t.Errorf("%d exception items are open, not %d", items, c.opened)
				}
				o.ties()
				o.verify()
			})
		})
	}
}

// ties proves that each day's books lead to the bank's balance.
func (o *office) ties() (last servicing.TieOut) {
	o.Helper()
	for _, through := range []money.Date{0, day("2026-02-18"), day("2026-02-19"), day("2026-02-20")} {
		tie, err := o.TieOut(ctx, system, through)
		if errors.Is(err, servicing.ErrNotFound) {
			continue
		}
		must(o, err)
		if tie.Unexplained != 0 {
			o.Errorf("through %s: %s unexplained: %+v", tie.Through, tie.Unexplained, tie)
		}
		if through == 0 {
			last = tie
		}
	}
	return last
}

// The bank credits a batch on its effective date and takes a return back days
// later; cash in the books waits for the return window. Both are the same money.
func TestCashInTheBooksTiesToTheBanksClosingBalance(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		o.aWeek()
		for _, b := range theBank() {
			o.statement("b"+b.day.String(), b.bai2())
		}
		o.match()
		items := func(through string) string {
			tie := got(o.TieOut(ctx, system, day(through)))(o)
			out := fmt.Sprintf("bank %s books %s", tie.Bank, tie.Books)
			for _, i := range tie.Items {
				out += fmt.Sprintf(" %s %s", i.Key, i.Amount)
			}
			if tie.Unexplained != 0 || !tie.Stated {
				out += " unexplained " + tie.Unexplained.String()
			}
			return out
		}
		for through, want := range map[string]string{
			"2026-02-18": "bank 10750.00 books 0.00 start 10000.00 transit_returned 300.00 transit_settled 450.00",
			"2026-02-19": "bank 10850.00 books 0.00 start 10000.00 transit_returned 300.00 transit_settled 450.00 transit_submitted 100.00",
			"2026-02-20": "bank 10746.80 books 450.00 start 10000.00 transit_submitted 100.00 payouts 196.80",
		} {
			if is := items(through); is != want {
				t.Errorf("%s: %s\nnot %s", through, is, want)
			}
		}
		tie := got(o.TieOut(ctx, system, day("2026-02-20")))(o)
		if len(tie.Transit) != 1 || tie.Transit[0].AccountNumber != "L3" || tie.Transit[0].Amount != 100_00 {
			t.Errorf("in transit: %+v", tie.Transit)
		}
		// A day's statement is missing: the balances tell.
		o.statement("later", (&bankDay{day("2026-02-24"), 10_800_00, nil}).bai2())
		if tie := got(o.TieOut(ctx, system, 0))(o); tie.Unexplained != 53_20 {
			t.Errorf("a statement is missing, and %s is unexplained", tie.Unexplained)
		}
	})
}

// A file that is cut short, or whose totals are wrong, leaves nothing.
func TestAStatementIsReadWholeOrNotAtAll(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		o.aWeek()
		b := theBank()[2]
		whole := b.bai2()
		for what, content := range map[string]string{
			"cut short":       whole[:len(whole)-len("99,2,1,8/\n")],
			"a line is gone":  strings.Replace(whole, "16,557,30000,Z,B102,,\n", "", 1),
			"a wrong amount":  strings.Replace(whole, "16,557,30000", "16,557,30001", 1),
			"a wrong account": strings.Replace(whole, "03,"+ownAccount, "03,", 1),
			"in euro":         strings.ReplaceAll(whole, "USD", "EUR"),
			"nothing":         "",
			"a picture":       "\x89PNG\r\n",
		} {
			_, err := o.ReadBankStatement(ctx, system, "b", []byte(content))
			if no := (*servicing.FileRefused)(nil); !errors.As(err, &no) {
				t.Errorf("%s: %v", what, err)
			}
			if n := len(o.rows(`SELECT id FROM bank_line`)) + len(o.rows(`SELECT hash FROM bank_statement`)); n != 0 {
				t.Errorf("%s: %d rows", what, n)
			}
		}
		for _, c := range []struct {
			content string
			want    servicing.StatementResult
		}{
			{whole, servicing.StatementResult{File: "b", Days: 1, Lines: 2}},
			{whole, servicing.StatementResult{File: "b", Known: true}},
			{strings.Replace(whole, ",0600,", ",0700,", 1), servicing.StatementResult{File: "b", Days: 1, Repeats: 2}},
			{strings.Replace(whole, ",,USD,2/", ",,USD,1/", 1), servicing.StatementResult{File: "b", Interim: 2}},
			{"date,amount,type,reference\n02/24/2026,-12.50,Fee,A1\n02/24/2026,-12.50,Fee,A1\n", servicing.StatementResult{File: "b", Days: 1, Lines: 2}},
		} {
			if is := o.statement("b", c.content); is != c.want {
				t.Errorf("%+v, not %+v", is, c.want)
			}
		}
		if text := dump(o); strings.Contains(text, "po_7000010") || strings.Contains(text, ownAccount) {
			t.Error("the whole account number is kept")
		}
	})
}

// In whatever order the files come, on whatever days, the end is the same.
func TestAnyOrderOfStatementsEndsTheSame(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	end := map[string]string{}
	for round := range 8 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			test := func(t *testing.T, o *office) {
				o.aWeek()
				b := theBank()
				b[0].lines = append(b[0].lines, "166 100.00 B099") // one more of the same amount, a day before
				b[1].lines = append(b[1].lines, "698 -12.50 F1 - FEE", "142 98.40 B110", "142 98.40 B110")
				chained(b)
				files := []string{b[0].bai2(), b[1].bai2(), b[2].bai2(), strings.Replace(b[1].bai2(), ",0600,", ",0700,", 1)}
				r.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
				for i, f := range files {
					o.statement(fmt.Sprint("b", i), f)
					if r.IntN(2) == 0 {
						o.match()
					}
					o.to(o.day + money.Date(r.IntN(3)))
				}
				o.to(day("2026-03-05"))
				o.match()
				state := strings.Join(slices.Concat(
					o.rows(`SELECT id, match_id FROM bank_line ORDER BY id`),
					o.rows(`SELECT id, match_id FROM expected_settlement ORDER BY id`),
					o.rows(`SELECT id, rule, day, rail, expected, received FROM settlement_match ORDER BY id`),
					o.rows(`SELECT once, amount FROM exception WHERE cleared_at = 0 AND kind = 'settlement_difference' ORDER BY once`)), "\n")
				if end[""] == "" {
					end[""] = state
				} else if end[""] != state {
					t.Errorf("another end:\n%s\nnot\n%s", state, end[""])
				}
				o.ties()
			}
			if round == 0 {
				onBoth(t, test)
			} else {
				onSQLite(t, test)
			}
		})
	}
}

// A difference is cleared by somebody, with a reason and, when money is left over,
// with where it goes.
func TestADifferenceIsClearedBySomebodyAndNeverInSilence(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		o.aWeek()
		b := theBank()
		b[0].lines[0] = "166 749.99 B100"
		b[1].lines = append(b[1].lines, "195 5000.00 W77 - WIRE")
		for _, d := range chained(b) {
			o.statement("b"+d.day.String(), d.bai2())
		}
		o.to(day("2026-02-25"))
		o.match()
		open := got(o.OpenDifferences(ctx, system, 0, o.day))(o)
		if len(open.Expected) != 1 || len(open.Lines) != 2 {
			t.Fatalf("%+v", open)
		}
		short, wire := open.Lines[0], open.Lines[1]
		clear := func(account, reason string, lines []string, expected ...string) string {
			return outcome(o.ClearSettlement(ctx, system, servicing.SettlementClear{Lines: lines, Expected: expected, Account: account, Reason: reason}))
		}
		for _, c := range []struct{ is, want string }{
			{clear("", "The bank took a cent.", []string{short.ID}, open.Expected[0].ID), "refused difference"},
			{clear("the moon", "The bank took a cent.", []string{short.ID}, open.Expected[0].ID), "refused difference"},
			{clear(servicing.Outside, "because", []string{short.ID}, open.Expected[0].ID), "refused reason"},
			{clear(servicing.Outside, "The bank took a cent.", nil), "refused nothing_chosen"},
			{clear(servicing.Outside, "The bank took a cent.", []string{"none"}), "fault: " + servicing.ErrNotFound.Error()},
			{clear(servicing.Outside, "The bank took a cent.", []string{short.ID, short.ID}, open.Expected[0].ID), "accepted"},
			{clear(servicing.Outside, "The bank took a cent.", []string{short.ID}, open.Expected[0].ID), "accepted"},
			{clear(servicing.Outside, "The bank took a cent.", []string{short.ID, wire.ID}), "refused cleared_already"},
			{clear("wire_in_transit", "A dealer's wire, entered by the office.", []string{wire.ID}), "accepted"},
		} {
			if c.is != c.want {
				t.Errorf("%s, not %s", c.is, c.want)
			}
		}
		if again := o.match(); again.Matched+again.Freed+len(again.Opened) != 0 {
			t.Errorf("what a person has said is found anew: %+v", again)
		}
		if r := got(o.Settlement(ctx, system, day("2026-02-01"), o.day))(o); r.Total.Difference != 0 || r.Total.Cleared != 4999_99 || r.Total.Open != 0 {
			t.Errorf("%+v", r.Total)
		}
		for _, e := range o.exceptions() {
			if e.Kind == billing.SettlementDifference {
				t.Errorf("still open: %s", e.Reason)
			}
		}
		tie := o.ties()
		var said []string
		for _, i := range tie.Items {
			if strings.HasPrefix(i.Key, "cleared_") {
				said = append(said, i.Key+" "+i.Amount.String())
			}
		}
		if want := "cleared_outside -0.01, cleared_wire_in_transit 5000.00"; strings.Join(said, ", ") != want {
			t.Errorf("%v, not %s", said, want)
		}
		on := got(o.SettlementOn(ctx, system, day("2026-02-18")))(o)
		if len(on.Lines) != 1 || on.Lines[0].Rule != billing.MatchByPerson || on.Lines[0].Account != servicing.Outside || on.Lines[0].By == "" {
			t.Errorf("%+v", on.Lines)
		}
		if n := len(o.rows(`SELECT id FROM audit WHERE action = 'clear_settlement'`)); n != 2 {
			t.Errorf("%d rows of the audit trail", n)
		}
	})
}

// A credit that comes after somebody was asked to look takes the question back,
// and what no longer holds is asked again.
func TestALineThatComesLateAnswersTheQuestion(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		o.aWeek()
		b := theBank()
		late := b[0].lines[0]
		b[0].lines = nil
		for _, d := range chained(b) {
			o.statement("b"+d.day.String(), d.bai2())
		}
		o.to(day("2026-02-25"))
		if n := len(o.match().Opened); n != 1 {
			t.Fatalf("%d opened", n)
		}
		o.statement("late", (&bankDay{day("2026-02-18"), 10_000_00, []string{late}}).bai2())
		if m := o.match(); m.Matched != 1 || len(o.exceptions()) != 0 {
			t.Fatalf("%+v", m)
		}
		o.statement("later", (&bankDay{day("2026-02-20"), 10_000_00, []string{"166 750.00 B777"}}).bai2())
		if m := o.match(); m.Freed != 0 { // a line of the day itself goes before one near it
			t.Fatalf("%+v", m)
		}
		o.statement("twice", (&bankDay{day("2026-02-18"), 10_000_00, []string{"166 750.00 B778"}}).bai2())
		if m := o.match(); m.Freed != 1 || len(m.Opened) != 3 {
			t.Fatalf("%+v", m)
		}
	})
}

// What goes out is expected as well: a reversal's credit, and of a return that
// answers to nothing the bank has moved the money all the same.
func TestWhatTheBankTakesIsExpectedToo(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		o.to(day("2026-02-18"))
		p := o.pay(a, 450_00)
		o.to(day("2026-02-19"))
		file := returnFile(t, o.day, "A", returned{"121042880099999", "R03", 77_00}, returned{o.trace(p.ID), "R01", 44_00})
		got(o.ReadReturns(ctx, system, "odd.ach", file))(o)
		got(o.ReadReturns(ctx, system, "odd2.ach", append(slices.Clone(file), '\n')))(o)
		o.bringBack(p.ID, "R01")
		want := []string{"day=2026-02-19 kind=drafts amount=45000 ", "day=2026-02-19 kind=return amount=-45000 ", "day=2026-02-19 kind=unknown amount=-7700 ", "day=2026-02-19 kind=unknown amount=-4400 "}
		if is := o.rows(`SELECT day, kind, amount FROM expected_settlement ORDER BY kind, amount`); !slices.Equal(is, want) {
			t.Errorf("%q", is)
		}
		o.statement("b", (&bankDay{o.day, 0, []string{"166 450.00 A", "557 -450.00 B", "557 -77.00 C", "557 -44.00 D"}}).bai2())
		if m := o.match(); m.Matched != 4 {
			t.Errorf("%+v", m)
		}
		if tie := got(o.TieOut(ctx, system, 0))(o); tie.Unexplained != 0 || len(tie.Items) != 1 || tie.Items[0].Key != "unknown" || tie.Items[0].Amount != -121_00 {
			t.Errorf("%+v", tie)
		}
	})
}

// Entries that prove a bank account are in no book: the bank takes them all the
// same, in the amount that stands in the file and nowhere else.
func TestEntriesThatProveAnAccountAreExpected(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		o.with(func(r *servicing.Rules) { r.CheckAccount = nil })
		o.take("L1", loan())
		o.to(day("2026-01-21"))
		var file string
		must(t, o.raw.QueryRow(`SELECT id FROM ach_file`).Scan(&file))
		var out money.Cents
		must(t, o.raw.QueryRow(`SELECT amount FROM expected_settlement WHERE kind = 'tests'`).Scan(&out))
		if out >= 0 || out < -1_98 || len(o.rows(`SELECT id FROM expected_settlement`)) != 1 {
			t.Errorf("%s is expected", out)
		}
		var on money.Date
		must(t, o.raw.QueryRow(`SELECT day FROM expected_settlement`).Scan(&on))
		o.statement("b", (&bankDay{on, 100_00, []string{"466 " + out.String() + " A"}}).bai2())
		if m := o.match(); m.Matched != 1 {
			t.Errorf("%+v", m)
		}
		if tie := got(o.TieOut(ctx, system, 0))(o); tie.Unexplained != 0 || len(tie.Items) != 2 || tie.Items[1].Key != "tests" {
			t.Errorf("%+v", tie)
		}
	})
}

// Money that the office enters itself, a check, is the bank's own line.
func TestAChecksLineIsClearedToItsAccount(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		o.to(day("2026-02-17"))
		check := got(o.PostEvent(ctx, system, servicing.EventRequest{Key: servicing.NewKey(), Contract: a.id, Event: contract.Event{Kind: contract.Payment, Date: o.day, Amount: 200_00, Source: contract.FromCheck}}))(o)
		o.statement("b", (&bankDay{o.day, 0, []string{"175 200.00 D1 - DEPOSIT"}}).bai2())
		o.to(day("2026-02-20"))
		o.match()
		line := got(o.OpenDifferences(ctx, system, 0, o.day))(o).Lines[0]
		must(t, o.ClearSettlement(ctx, system, servicing.SettlementClear{Lines: []string{line.ID}, Account: "check_in_transit", Reason: "Check of L1, deposited."}))
		if tie := got(o.TieOut(ctx, system, o.day))(o); tie.Unexplained != 0 || tie.Bank-tie.Books != 200_00 {
			t.Errorf("%+v", tie)
		}
		got(o.ClearEvent(ctx, system, a.id, check.Event.Seq, day("2026-02-17")))(o)
		if tie := got(o.TieOut(ctx, system, o.day))(o); tie.Unexplained != 0 || tie.Bank != tie.Books {
			t.Errorf("%+v", tie)
		}
	})
}

// Settlement is for who keeps the books, and each of the roles reads or clears.
func TestSettlementIsForItsRoles(t *testing.T) {
	for role, want := range map[identity.Role][2]bool{
		identity.RoleAgent: {}, identity.RoleSupervisor: {true, true}, identity.RoleAdministrator: {true, true}, identity.RoleAuditor: {true, false},
	} {
		if is := [2]bool{role.Has(identity.DutySettlement), role.Has(identity.DutyReconcile)}; is != want {
			t.Errorf("%s: %v", role, is)
		}
	}
}
