package servicing_test

import (
	"maps"
	"slices"
	"testing"

	"marque/internal/billing"
	"marque/internal/servicing"
)

// No debit that was authorised on the web goes to an account that is not
// validated, by whatever path (Nacha Operating Rules, WEB account validation).
func TestNoWebDebitGoesToAnAccountThatIsNotChecked(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		for i, state := range []struct{ to, refused string }{
			{`'none'`, "refused method_unchecked"}, {`'pending'`, "refused method_unchecked"},
			{`'failed'`, "refused method_failed"}, {`'stopped', stop_code = 'R02'`, "refused method_stopped"},
		} {
			spoil := func(a *account) {
				o.force(`UPDATE payment_method SET validation = `+state.to+` WHERE id = $1`, string(a.bank))
			}
			for path, draw := range map[string]func(a *account) string{
				"pay": func(a *account) string {
					spoil(a)
					_, err := o.SubmitPayment(ctx, a.actor, o.request(a, 5_00), src)
					return outcome(err)
				},
				"review": func(a *account) string {
					spoil(a)
					_, err := o.ReviewPayment(ctx, a.actor, o.request(a, 5_00))
					return outcome(err)
				},
				"schedule": func(a *account) string {
					spoil(a)
					req := o.request(a, 5_00)
					req.Date = o.day + 5
					_, err := o.SubmitPayment(ctx, a.actor, req, src)
					return outcome(err)
				},
				"autopay": func(a *account) string {
					spoil(a)
					_, err := o.EnrollAutopay(ctx, o.fresh(a.actor), servicing.AutopayRequest{Key: servicing.NewKey(), Contract: a.id, Method: a.bank, Signed: servicing.AutopayWord}, src)
					return outcome(err)
				},
				"move": func(a *account) string {
					spoil(a)
					return outcome(o.RemoveMethod(ctx, o.fresh(a.actor), got(o.AddBankAccount(ctx, o.fresh(a.actor), bankRequest("5550006617")))(t).ID, a.bank, src))
				},
			} {
				a := o.take(path+string(rune('1'+i)), loan())
				if did := draw(a); did != state.refused {
					t.Errorf("%s from %s: %s", path, state.to, did)
				}
			}
		}
	})
}

// What was agreed to while the account was good is stopped when its day comes.
func TestWhatWasAgreedToIsNotDrawnFromAnAccountThatIsStopped(t *testing.T) {
	paths := map[string]func(o *office, a *account){
		"scheduled": func(o *office, a *account) {
			req := o.request(a, 5_00)
			req.Date = day("2026-02-10")
			got(o.SubmitPayment(ctx, a.actor, req, src))(o)
		},
		"autopay": func(o *office, a *account) {
			got(o.EnrollAutopay(ctx, o.fresh(a.actor), servicing.AutopayRequest{Key: servicing.NewKey(), Contract: a.id, Method: a.bank, Signed: servicing.AutopayWord}, src))(o)
		},
		"authorised": func(o *office, a *account) { o.pay(a, 5_00) },
		"a row that was put in": func(o *office, a *account) {
			o.pay(a, 5_00)
			o.force(`UPDATE payment SET id = 'put', key = 'put', made_by = 'nobody'`)
		},
		"a retry": func(o *office, a *account) {
			o.pay(a, 5_00)
			o.force(`UPDATE payment SET attempt = 2, retry_of = 'another'`)
		},
	}
	eachOnBoth(t, slices.Sorted(maps.Keys(paths)), func(t *testing.T, o *office, path string) {
		a := o.take("L1", loan())
		paths[path](o, a)
		o.force(`UPDATE payment_method SET validation = 'stopped', stop_code = 'R02'`)
		o.to(day("2026-02-19"))
		if n := len(o.rows(`SELECT trace FROM ach_entry`)); n != 0 {
			t.Errorf("%d entries", n)
		}
		switch path {
		case "scheduled":
			if p := got(o.Payments(ctx, a.actor))(t); p[0].State != billing.Refused || len(o.messages(billing.NoticePaymentNotTaken)) != 1 {
				t.Errorf("%+v", p)
			}
		case "autopay":
			if n := len(o.rows(`SELECT id FROM payment`)); n != 0 || len(o.messages(billing.NoticeAutopayOff)) != 1 {
				t.Errorf("%d drafts", n)
			}
		default:
			if items := got(o.Exceptions(ctx, system, servicing.ExceptionFilter{Limit: 10}))(t); len(items) != 1 || items[0].Kind != billing.QuarantinedEntry {
				t.Errorf("%+v", items)
			}
		}
	})
}
