package portal

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/web"
)

func TestZZPreview(t *testing.T) {
	p, _ := testPortal(t, "")
	mux := http.NewServeMux()
	mux.Handle("GET /assets/", p.site.Assets)
	var names []string
	add := func(path, name string, form *web.Form, data any) {
		names = append(names, path)
		mux.Handle("GET /"+path, p.site.Handle(func(w http.ResponseWriter, r *http.Request) error { return p.show(w, r, name, form, data) }))
	}
	cur, beh, lea, clo := current(t), behind(t), lease(t), closed(t)
	add("overview", "overview", nil, newOverview(maya, overviewOf(cur)))
	add("overview2", "overview", nil, newOverview(maya, overviewOf(beh, lea)))
	add("overview3", "overview", nil, newOverview(maya, overviewOf(clo)))
	av, err := newAccountPage(maya, cur, get("/accounts/k1"))
	must(t, err)
	add("account", "account", nil, av)
	lv, err := newAccountPage(maya, lea, get("/accounts/k3"))
	must(t, err)
	add("account-lease", "account", nil, lv)
	o := optionsOf(cur, checking)
	add("pay", "pay", nil, newPayPage(maya, o, firstPayForm(o)))
	f := web.NewForm("how", "other", "amount", "99,99", "date", "soon", "method", "b1", "key", "k")
	readPay(f, "k1")
	ob := optionsOf(beh)
	add("pay-error", "pay", f, newPayPage(maya, ob, f))
	rv := reviewOf(t, cur, billing.AmountDue, 0, money.NewDate(2026, 12, 15))
	add("review", "review", nil, newReviewPage(maya, rv, web.NewForm()))
	rv.SameDay = []servicing.Payment{paid(billing.Pending)}
	add("review-same", "review", nil, newReviewPage(maya, rv, web.NewForm()))
	add("payment", "payment", nil, newPaymentPage(maya, cur.Card, paid(billing.Pending)))
	add("payment-returned", "payment", nil, newPaymentPage(maya, cur.Card, paid(billing.Returned)))
	r2 := paid(billing.Returned)
	r2.Date = money.NewDate(2026, 10, 15)
	pv, err := newPaymentsPage(maya, overviewOf(cur, lea), []servicing.Payment{paid(billing.Scheduled), paid(billing.Sent), paid(billing.Settled), r2, paid(billing.Cancelled)}, get("/payments"))
	must(t, err)
	add("payments", "payments", nil, pv)
	add("autopay", "autopay", nil, newAutopayPage(maya, cur.Card, nil, nil))
	add("autopay-review", "autopay-review", nil, newAutopayReviewPage(maya, servicing.AutopayReview{Contract: lea.Card, Method: checking, FirstDate: lea.Due.Upcoming, FirstAmount: 412_50, Authorization: cur.Autopay.Authorization}, web.NewForm()))
	add("bank-account", "bank-account", nil, newBankAccountAlone(maya, nil))
	add("bank-accounts", "bank-accounts", nil, newBankAccountsPage(maya, []servicing.BankAccount{checking}))
	st := map[servicing.ContractID][]servicing.Statement{"k1": {{Closing: money.NewDate(2026, 11, 24), DueDate: money.NewDate(2026, 12, 15), AmountDue: 579_84, ClosingBalance: 19_061_80}, {Closing: money.NewDate(2026, 10, 25), DueDate: money.NewDate(2026, 11, 15), AmountDue: 579_84, ClosingBalance: 19_542_20}}}
	add("documents", "documents", nil, newDocumentsPage(maya, overviewOf(cur, lea), []servicing.Payment{paid(billing.Settled)}, st))
	add("statement", "statement", nil, newStatementPage(maya, "/x", statementOf(contract.Loan)))
	add("help", "help", nil, helpPage{Page: page(maya, "Help", "help"), In: true})
	add("welcome", "welcome", nil, signInPage{Page: web.Page{Title: "Manage your loan or lease", Layout: "narrow"}})
	add("activate", "activate", nil, activationPage("Activate online access", nil))
	add("activate-password", "activate-password", nil, activationPage("Choose a password", nil))
	srv := httptest.NewServer(p.site.Serve(mux))
	defer srv.Close()
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)
	actx, c1 := chromedp.NewExecAllocator(context.Background(), opts...)
	defer c1()
	ctx, c2 := chromedp.NewContext(actx)
	defer c2()
	ctx, c3 := context.WithTimeout(ctx, 5*time.Minute)
	defer c3()
	os.MkdirAll("/tmp/shots", 0o755)
	for _, n := range names {
		for _, v := range []struct {
			tag  string
			w    int64
			dark bool
		}{{"1280", 1280, false}, {"390", 390, false}, {"390d", 390, true}} {
			scheme := "light"
			if v.dark {
				scheme = "dark"
			}
			vp := []chromedp.EmulateViewportOption{}
			if v.w < 500 {
				vp = append(vp, chromedp.EmulateMobile)
			}
			must(t, chromedp.Do(ctx, chromedp.EmulateViewport(v.w, 800, vp...), media(scheme), chromedp.Navigate(srv.URL+"/"+n)))
			over, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > innerWidth`))
			must(t, err)
			png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
			must(t, err)
			if over {
				t.Errorf("%s at %s is wider than the screen", n, v.tag)
			}
			must(t, os.WriteFile("/tmp/shots/"+n+"-"+v.tag+".png", png, 0o644))
		}
	}
}

func media(scheme string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
		return chromedp.Void{}, err
	}
}
