package portal

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"marque/internal/contract"
	"marque/internal/export"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/servicing"
)

// post puts an event on an account, as the day's work does.
func (l *lender) post(t testing.TB, account string, e contract.Event) {
	t.Helper()
	_, err := l.svc.PostEvent(context.Background(), identity.System("test"), servicing.EventRequest{Key: servicing.NewKey(), Contract: servicing.ContractID(strings.TrimPrefix(account, "/accounts/")), Event: e})
	must(t, err)
}

// headed asks for an address and gives its headers too.
func (b *browser) headed(t testing.TB, path string) (http.Header, int, string) {
	t.Helper()
	resp, err := b.Get(b.l.URL + path)
	must(t, err)
	_, status, body := read3(t, resp)
	return resp.Header, status, body
}

func TestAHistoryIsSearchedPagedAndTakenAway(t *testing.T) {
	l := openLender(t)
	b := l.activated(t, "770001001", "4321")
	account := b.account(t)
	_, _, page := b.visit(t, account+"/history")
	sound(t, "an empty history", page)
	says(t, page, "No payments yet", "2026 in numbers")
	saysNot(t, page, "Download")

	l.post(t, account, contract.Event{Kind: contract.Payment, Source: contract.FromCheck, Date: today - 2, Amount: 579_84})
	for n := range 30 {
		l.post(t, account, contract.Event{Kind: contract.OtherCharge, Date: today, Amount: money.Cents(1_00 + n)})
	}
	_, _, page = b.visit(t, account+"/history")
	sound(t, "a history", page)
	says(t, page, "31 entries, newest first.", "1–24 of 31", "$1.29", "Spreadsheets", "GnuCash")
	saysNot(t, page, "Payment by check of", "Quicken")
	older := regexp.MustCompile(`href="([^"]+)" rel="next"`).FindStringSubmatch(page)[1]
	_, _, page = b.visit(t, older)
	says(t, page, "25–31 of 31", "Payment by check", "$579.84")
	newer := regexp.MustCompile(`href="([^"]+)" rel="prev"`).FindStringSubmatch(page)[1]
	_, _, page = b.visit(t, newer)
	says(t, page, "1–24 of 31")
	why := regexp.MustCompile(account + `/history/[0-9]+`).FindString(page)
	_, status, _ := b.visit(t, why)
	if status != http.StatusOK {
		t.Errorf("the explanation at %s: %d", why, status)
	}

	_, _, page = b.visit(t, account+"/history?words=check&kind=payments&from=2026-11-01&through=2026-11-30")
	says(t, page, "1 entry found. Show all", "Payment by check", "The 1 entry found")
	if form := formOf(t, page, account+"/history/download"); form.Encode() != "from=2026-11-01&kind=payments&through=2026-11-30&words=check" {
		t.Errorf("the download is of %s", form.Encode())
	}
	_, _, page = b.visit(t, account+"/history?words=zebra")
	sound(t, "nothing found", page)
	says(t, page, "Nothing matches.")
	for query, words := range map[string]string{
		"from=2026-02-30": "Enter a date that exists", "through=soon": "Enter a date that exists", "from=2026-11-20&through=2026-11-01": "Choose a last day that is not before the first.",
		"words=" + strings.Repeat("a", 201): "Use fewer words.",
	} {
		for _, path := range []string{"/history?", "/history/download?format=csv&"} {
			_, status, page := b.visit(t, account+path+query)
			sound(t, query, page)
			says(t, page, words, "Show all")
			_, value, _ := strings.Cut(query, "=")
			if value, _, _ = strings.Cut(value, "&"); status != http.StatusUnprocessableEntity || !strings.Contains(page, `value="`+value+`"`) {
				t.Errorf("%s%s: %d, or what was typed is lost", path, query, status)
			}
		}
	}
	for _, path := range []string{"/history?after=999", "/history?before=x", "/history/download", "/history/download?format=qif", "/history/download?format=qfx", "/years/2025", "/years/2027", "/years/02026", "/years/x"} {
		if _, status, _ := b.visit(t, account+path); status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}

	for _, f := range export.Forms(false) {
		h, status, body := b.headed(t, account+"/history/download?format="+string(f.Format))
		if status != http.StatusOK || h.Get("Content-Type") != f.MediaType || h.Get("Content-Disposition") != fmt.Sprintf(`attachment; filename="history-2026-11-22.%s"`, f.Extension) ||
			h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v", f.Name, status, h)
		}
		if !strings.Contains(body, "579.84") || strings.Contains(body, "Okafor") {
			t.Errorf("%s:\n%s", f.Name, body)
		}
	}
	_, _, csv := b.headed(t, account+"/history/download?format=csv&kind=payments")
	if lines := strings.Count(csv, "\r\n"); lines != 2 {
		t.Errorf("a chosen payment is %d lines", lines)
	}
	if _, _, text := b.headed(t, account+"/history/download?format=ledger&words=check"); !strings.Contains(text, "; A choice of") {
		t.Errorf("a choice is not called one:\n%s", text)
	}

	_, _, page = b.visit(t, account+"/years/2026")
	sound(t, "a year", page)
	says(t, page, "2026 in numbers", "You paid $15.64 in interest in 2026, through Nov 22, 2026.", "Principal paid $564.20", "Principal balance on Nov 15, 2026 $19,061.54",
		"Principal balance on Nov 22, 2026 $18,497.34", "November", "Fees charged $34.35")
	_, _, page = b.visit(t, account)
	says(t, page, "All history", "2026 in numbers")
	if n := strings.Count(page, `>Why?<`); n < latestHistory || n > latestHistory+3 {
		t.Errorf("the account's page explains %d rows", n)
	}
}

func TestALeasesHistoryNeverSpeaksOfInterest(t *testing.T) {
	l := openLender(t)
	b := l.activated(t, "770001003", "4323")
	account := b.account(t)
	l.post(t, account, contract.Event{Kind: contract.Payment, Source: contract.FromCheck, Date: today - 2, Amount: 244_69})
	for _, path := range []string{"/history", "/years/2026"} {
		_, _, page := b.visit(t, account+path)
		sound(t, path, page)
		says(t, page, "Lease payments")
		saysNot(t, page, "nterest", "rincipal", "APR", "%")
	}
	_, _, page := b.visit(t, account+"/years/2026")
	says(t, page, "You paid $244.69 in lease payments and $0.00 in tax in 2026, through Nov 22, 2026.")
}

func TestQuickenIsOfferedWhereItKnowsTheLender(t *testing.T) {
	p, _ := testPortal(t, "")
	p.quick = "12345"
	page := render(t, "transactions", nil, p.newTransactionsPage(maya, servicing.History{Any: true, Total: 1, AccountHead: servicing.AccountHead{ID: "k1", Kind: contract.Loan, Vehicle: orla, Date: today, First: today},
		Entries: []servicing.HistoryEntry{{Key: "e1", Change: &servicing.Explanation{Event: contract.Event{Seq: 1, Kind: contract.Deferral, Date: today}}}}}, nil))
	says(t, page, "QFX: Quicken", "Payments moved to later")
}
