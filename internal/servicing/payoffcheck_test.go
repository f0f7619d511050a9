package servicing_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"marque/internal/billing"
	"marque/internal/servicing"
)

func TestADealerChecksAPayoffLetter(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		quote := func(through string) billing.PayoffLetter {
			return got(o.QuotePayoff(ctx, a.actor, servicing.PayoffRequest{Key: servicing.NewKey(), Contract: a.id, GoodThrough: day(through)}))(t)
		}
		letter := quote("2026-01-20")
		if !strings.HasSuffix(letter.CheckAt, servicing.PayoffCheckPath) || len(letter.Code) != 14 {
			t.Fatalf("the letter says %q at %q", letter.Code, letter.CheckAt)
		}
		c := got(o.CheckPayoff(ctx, strings.ToLower(strings.ReplaceAll(letter.Code, "-", " ")), src))(t)
		if !c.InForce || c.Letter.Total != letter.Total || len(c.Letter.Table) != len(letter.Table) || c.Letter.GoodThrough != letter.GoodThrough {
			t.Errorf("%+v", c)
		}
		if said := fmt.Sprintf("%+v", c); strings.Contains(said, letter.Recipient.Name) || strings.Contains(said, letter.AccountNumber) || letter.VIN != "" && strings.Contains(said, letter.VIN) {
			t.Errorf("it names the borrower, the whole account or the whole VIN: %s", said)
		}

		second := quote("2026-01-21")
		if c := got(o.CheckPayoff(ctx, letter.Code, src))(t); c.InForce {
			t.Error("a letter holds that another has replaced")
		}
		o.pay(a, second.Table[0].Total)
		if c := got(o.CheckPayoff(ctx, second.Code, src))(t); c.InForce || !c.PaidOff {
			t.Errorf("after payoff: %+v", c)
		}
	})
}

func TestCodesOfLettersAreNotGuessed(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		o.take("L1", loan())
		if _, err := o.CheckPayoff(ctx, " -- ", src); outcome(err) != "refused code_missing" {
			t.Error(err)
		}
		for range 30 {
			if _, err := o.CheckPayoff(ctx, "ABCD-EFGH-JKLM", src); outcome(err) != "refused code_wrong" {
				t.Fatal(err)
			}
		}
		if _, err := o.CheckPayoff(ctx, "ABCD-EFGH-JKLM", src); outcome(err) != "refused too_many" {
			t.Error(err)
		}
		elsewhere := src
		elsewhere.IP = "203.0.113.77"
		if _, err := o.CheckPayoff(ctx, "ABCD-EFGH-JKLM", elsewhere); outcome(err) != "refused code_wrong" {
			t.Error(err)
		}
		o.wait(61 * time.Minute)
		if _, err := o.CheckPayoff(ctx, "ABCD-EFGH-JKLM", src); outcome(err) != "refused code_wrong" {
			t.Error(err)
		}
	})
}
