package console

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"marque/internal/money"
)

// aReturn is a file of the bank's with one return, of 462.87, that answers to no
// entry: the bank has taken the money all the same.
const aReturn = `101900000000 1004000006260216    A094101LENDER                 BANK                           
5225KESTRANE MOTOR                      9000000001WEBAUTO PYMT       260213   1004000000000001
626011000028000123456789     0000046287X              JORDAN REYES            1004000000000001
799R01004000000000777      01100002                                            004000000000001
822500000200011000020000000462870000000000009000000001                         004000000000001
9000001000001000000020001100002000000046287000000000000                                       
`

// aStatement has that return, a day late and a cent off, and a wire.
func aStatement(on money.Date) string {
	date := strings.ReplaceAll(on.String()[2:], "-", "")
	return "01,BANK,LENDER," + date + ",0600,1,80,,2/\n02,LENDER,BANK,1," + date + ",,USD,2/\n03,000559812,USD,010,1000000,,,015,1453714,,/\n" +
		"16,557,46286,Z,R1,,ACH RETURN\n16,195,500000,Z,W77,,WIRE OF A DEALER\n49,3000000,4/\n98,3000000,1,6/\n99,3000000,1,8/\n"
}

// settle gives the desk a statement that does not agree.
func (d *desk) settle() money.Date {
	d.t.Helper()
	on, err := d.svc.Today(ctx)
	must(d.t, err)
	_, err = d.svc.ReadReturns(ctx, system, "returns.ach", []byte(strings.Replace(aReturn, "101900000000 1", "1019000000001 ", 1)+strings.Repeat(strings.Repeat("9", 94)+"\n", 4)))
	must(d.t, err)
	_, err = d.svc.ReadBankStatement(ctx, system, "day.bai", []byte(aStatement(on)))
	must(d.t, err)
	_, err = d.svc.MatchSettlement(ctx, system)
	must(d.t, err)
	return on
}

func TestADifferenceWithTheBankIsClearedInTheConsole(t *testing.T) {
	d := openDesk(t)
	_, agent, boss := d.staffed()
	boss.open("/settlement")
	boss.expect("/settlement", "No statement was read yet")
	on := d.settle()
	if agent.open("/settlement/differences"); agent.status != http.StatusForbidden {
		t.Errorf("an agent: %d", agent.status)
	}
	boss.open("/settlement")
	boss.expect("/settlement", "Days that differ", on.Long(), "From the books to the bank", "None")
	boss.open("/settlement/days/" + on.String())
	boss.expect("/settlement/days/"+on.String(), "Return of an unknown entry", "WIRE OF A DEALER", "Open")
	boss.open("/settlement/differences")
	boss.expect("/settlement/differences", "Expected, and not on the statement", "On the statement, and not expected")
	ids := boxes(boss.page)
	for _, c := range []struct {
		form []string
		says string
	}{
		{[]string{"reason", why}, "Choose what is to be cleared"},
		{[]string{"line", ids["line"][1], "expected", ids["expected"][0], "reason", why}, "There is a difference of $0.01"},
		{[]string{"line", ids["line"][1], "expected", ids["expected"][0], "account", "outside"}, "Say why in at least 8 characters"},
	} {
		if boss.send("/settlement/differences", c.form...); boss.status != http.StatusUnprocessableEntity {
			t.Errorf("%v: %d", c.form, boss.status)
		}
		boss.expect("/settlement/differences", c.says)
	}
	boss.send("/settlement/differences", "line", ids["line"][1], "expected", ids["expected"][0], "account", "outside", "reason", why)
	boss.expect("/settlement", "Cleared. It stays on its day")
	boss.open("/settlement/days/" + on.String())
	boss.expect("/settlement/days/"+on.String(), "Cleared by", why)
	boss.open("/settlement?through=2020-01-01")
	boss.expect("/settlement", "Nothing was expected or posted", "Later")
	for _, wrong := range []string{"/settlement?through=x", "/settlement?through=2999-01-01", "/settlement/days/2026-2-1", "/settlement/days/today"} {
		if boss.open(wrong); boss.status != http.StatusNotFound {
			t.Errorf("%s: %d", wrong, boss.status)
		}
	}
}

// boxes are the values of a page's boxes to tick, the amounts of lines falling.
func boxes(page string) map[string][]string {
	out := map[string][]string{}
	for _, part := range strings.Split(page, `type="checkbox"`)[1:] {
		_, rest, _ := strings.Cut(part, `name="`)
		name, rest, _ := strings.Cut(rest, `"`)
		_, rest, _ = strings.Cut(rest, `value="`)
		value, label, _ := strings.Cut(rest, `"`)
		if strings.HasPrefix(label, ` aria-label="W77`) {
			out[name] = append([]string{value}, out[name]...)
		} else {
			out[name] = append(out[name], value)
		}
	}
	return out
}

func TestSettlementIsAccessibleAtBothWidths(t *testing.T) {
	d := openDesk(t)
	_, _, boss := d.staffed()
	b := openTab(t, d)
	b.as(boss)
	b.do(chromedp.Navigate(d.site + "/settlement"))
	b.check("settlement-none")
	on := d.settle()
	for name, path := range map[string]string{"settlement": "/settlement", "settlement-day": "/settlement/days/" + on.String(), "differences": "/settlement/differences"} {
		b.do(chromedp.Navigate(d.site + path))
		b.check(name)
	}
}
