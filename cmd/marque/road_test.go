package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"marque/internal/ach"
	"marque/internal/contract"
	"marque/internal/money"
	"marque/internal/pgtest"
	"marque/internal/portal"
	"marque/internal/sandbox"
	"marque/internal/servicing"
	"marque/internal/tape"
)

// openCompanyForTest is a company with the example portfolio, the sandbox's mail
// server and provider of texts, and a portal, all over real sockets.
type openCompanyForTest struct {
	*company
	inbox *sandbox.Inbox
	texts *sandbox.Texts
	base  string
	ahead atomic.Int64 // microseconds that the company's clock is ahead of the machine's
}

func (c *openCompanyForTest) now() money.Instant { return now() + money.Instant(c.ahead.Load()) }

// later moves the company's clock on.
func (c *openCompanyForTest) later(d time.Duration) { c.ahead.Add(d.Microseconds()) }

// mail waits for a message about something and gives what a pattern finds in it.
func (c *openCompanyForTest) mail(t *testing.T, subject, pattern string) string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		for _, m := range c.inbox.Messages("") {
			if !strings.Contains(m.Subject, subject) {
				continue
			}
			read, _, err := c.inbox.Read(m.ID)
			if err != nil {
				t.Fatal(err)
			}
			if found := re.FindString(read.Text); found != "" {
				return found
			}
		}
	}
	t.Fatalf("no message with %q and %q among %+v", subject, pattern, c.inbox.Messages(""))
	return ""
}

// codes are all that went to an address or a telephone number, oldest first.
func (c *openCompanyForTest) codes(t *testing.T, to string) (out []string) {
	t.Helper()
	words := []string{}
	for _, m := range c.texts.Messages("") {
		if m.To == to {
			words = append(words, m.Body)
		}
	}
	for _, m := range c.inbox.Messages(to) {
		read, _, err := c.inbox.Read(m.ID)
		if err != nil {
			t.Fatal(err)
		}
		words = append(words, read.Text)
	}
	for _, w := range slices.Backward(words) {
		if code := someDigits.FindString(w); code != "" {
			out = append(out, code)
		}
	}
	return out
}

// sent is the code that comes to an address or a telephone number after
// something was done.
func (c *openCompanyForTest) sent(t *testing.T, to string, do func()) string {
	t.Helper()
	before := len(c.codes(t, to))
	do()
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if all := c.codes(t, to); len(all) > before {
			return all[len(all)-1]
		}
	}
	t.Fatalf("no code came to %s", to)
	return ""
}

func startCompany(t *testing.T, database string) *openCompanyForTest {
	t.Helper()
	ctx := t.Context()
	g := &Globals{Data: t.TempDir(), Database: database}
	c := &openCompanyForTest{}
	var err error
	if c.company, err = openCompany(ctx, g, "", io.Discard, c.now); err != nil {
		t.Fatal(err)
	}
	c.log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if c.inbox, err = sandbox.OpenInbox(filepath.Join(g.Data, "inbox")); err != nil {
		t.Fatal(err)
	}
	if c.texts, err = sandbox.OpenTexts(filepath.Join(g.Data, "texts")); err != nil {
		t.Fatal(err)
	}
	c.config.SMTP.Host, c.config.SMTP.Port = c.inbox.Address()
	c.config.SMTP.TLS = "plain"
	c.config.Mail.QuietHours = "off" // it may be night where the test runs
	c.config.Text.URL, c.config.Text.From = c.texts.Address(), sandbox.SandboxNumber
	c.config.Text.Account, c.config.Text.Token = c.texts.Credentials()
	post, err := c.config.post(c.brand)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.base = nameOf(l.Addr())
	c.config.Payments.BankingDays = false // the road is walked on a Sunday
	c.checkAccount = func(context.Context, servicing.AccountQuestion) (servicing.AccountAnswer, error) {
		return servicing.AccountOpen, nil
	}
	if err := c.at(c.base, ""); err != nil {
		t.Fatal(err)
	}
	pages, err := portal.New(c.service, c.brand, portal.Options{BaseURL: c.base, Log: c.log, Now: time.Now, Papers: c.papers.Open})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	err = sandbox.Register(mux, sandbox.Options{Lender: c.brand, Inbox: c.inbox, Texts: c.texts, Today: c.service.Today, Base: ctx, Log: c.log, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	running, stop := context.WithCancel(context.Background())
	var ended sync.WaitGroup
	ended.Go(func() { c.deliver(running, c.runner(post)) })
	ended.Go(func() {
		if err := serveAll(running, door{listener: l, handler: mux}); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		stop()
		ended.Wait()
		if err := errors.Join(c.company.close(), c.inbox.Close(), c.texts.Close()); err != nil {
			t.Error(err)
		}
	})
	return c
}

func (c *openCompanyForTest) importExample(t *testing.T) {
	t.Helper()
	var example bytes.Buffer
	if err := tape.WriteExample(&example); err != nil {
		t.Fatal(err)
	}
	if _, err := c.service.Board(t.Context(), operator, tape.ReadCSV(&example, "example.csv", c.config.boarding()), false); err != nil {
		t.Fatal(err)
	}
}

// close the business days through a date; the next is open.
func (c *openCompanyForTest) cycle(t *testing.T, through string) {
	t.Helper()
	d, err := money.ParseDate(through)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.runner(post{}).Run(t.Context(), d, d); err != nil {
		t.Fatal(err)
	}
}

// returnAll is the bank: it reads the files left for it and sends every debit
// back with one reason.
func (c *openCompanyForTest) returnAll(t *testing.T, code ach.ReturnCode, on money.Date) int {
	t.Helper()
	out := filepath.Join(c.rail().Dir, "out")
	names, err := os.ReadDir(out)
	if err != nil {
		t.Fatal(err)
	}
	f := &ach.File{Header: ach.FileHeader{ImmediateDestination: c.lender.OriginID, ImmediateOrigin: c.lender.ODFI, CreationDate: on, FileIDModifier: "A", DestinationName: "LENDER", OriginName: "BANK"}}
	n := 0
	for i, name := range names {
		content, err := os.Open(filepath.Join(out, name.Name()))
		if err != nil {
			t.Fatal(err)
		}
		sent, err := ach.Read(content)
		content.Close()
		if err != nil {
			t.Fatalf("the bank cannot read %s: %v", name.Name(), err)
		}
		for _, b := range sent.Batches {
			b.Header.ODFI, b.Header.BatchNumber = "00400000", i+1
			for k := range b.Entries {
				e := &b.Entries[k]
				e.Return = &ach.ReturnAddenda{Code: code, OriginalTrace: e.Trace, OriginalRDFI: e.RDFI.DFI(), Trace: ach.TraceNumber(fmt.Sprintf("00400000%07d", n+1))}
				e.TransactionCode = ach.CheckingReturnOrChangeDebit
				e.Trace = e.Return.Trace
				n++
			}
			f.Batches = append(f.Batches, b)
		}
	}
	var file bytes.Buffer
	if err := ach.Write(&file, f); err != nil {
		t.Fatal(err)
	}
	in := filepath.Join(c.rail().Dir, "in")
	if err := os.MkdirAll(in, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(in, "returns-"+on.String()+".ach"), file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return n
}

const password = "seven quiet lanterns by the water"

// The whole road: a borrower activates, signs in, adds a bank account, pays,
// gets a receipt; the file goes to the bank, the payment comes back with a fee;
// a statement is cut; and the books agree.
func TestTheWholeRoad(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { road(t, startCompany(t, "")) })
	t.Run("postgres", func(t *testing.T) { road(t, startCompany(t, pgtest.URL(t))) })
}

func road(t *testing.T, c *openCompanyForTest) {
	c.importExample(t)
	c.cycle(t, "2026-02-14")
	b := newBrowser(t, c.base)
	activate(t, c, b)
	b.reads("$462.87", "Feb 15", "$389.00")

	loan := loanPath(b)
	b.open(loan + "/pay")
	payFromNewAccount(b)
	b.press("Change")
	badAmounts(b)
	b.press("Review payment")
	b.reads("Review your payment", "$462.87")
	confirmation := confirmOnce(t, b)

	receipt := b.path()
	if text := pdfText(t, b.download(receipt+"/receipt.pdf")); !strings.Contains(text, confirmation) || !strings.Contains(text, "$120.26") || !strings.Contains(text, "$342.61") {
		t.Errorf("receipt: %s", text)
	}
	turnOnAutopay(t, c, b, loan)
	extraMoney(t, b, loan)
	payoffQuote(t, b, loan)

	c.cycle(t, "2026-02-17") // the 15th is a Sunday and the 16th a holiday
	if n := c.returnAll(t, "R01", money.NewDate(2026, 2, 18)); n != 1 {
		t.Fatalf("%d debits went to the bank", n)
	}
	c.cycle(t, "2026-02-18")
	b.open(receipt)
	b.reads("there was not enough money in the bank account")
	b.open(loan)
	b.reads("$24,000.00", "$15.00", "$135.78") // 35 days of interest, as if it had never been paid
	c.mail(t, "returned", `there was not enough money`)

	c.cycle(t, "2026-02-22") // 21 days before Mar 15
	b.open("/documents")
	b.reads("Feb 22, 2026")
	statement := pdfText(t, b.download(loan+"/statements/2026-02-22.pdf"))
	for _, w := range []string{"Beginning balance", "Ending balance", "$24,000.00", "$462.87", "Mar 15, 2026", "Feb 22, 2026"} {
		if !strings.Contains(statement, w) {
			t.Errorf("statement does not say %q:\n%s", w, statement)
		}
	}
	for _, path := range []string{"/", "/payments", "/payment-methods", "/help", loan + "/autopay", loan + "/statements/2026-02-22", loan + "/pay"} {
		b.open(path)
	}
	everyLineExplains(t, c, b, loan)
	theLease(t, c, b)
	res, err := c.service.Verify(t.Context(), operator, nil)
	if err != nil || res.Differing != 0 || res.Payments != 2 {
		t.Errorf("verify: %+v, %v", res, err)
	}
	b.signOut()
	b.open(loan)
	b.reads("Sign in")
}

// The example's borrower.
const (
	jordansMail  = "jordan.reyes@mail.example"
	jordansPhone = "+12025550143"
)

func activate(t *testing.T, c *openCompanyForTest, b *browser) {
	b.open("/")
	b.press("Activate online access")
	b.press("Send me a code") // nothing typed
	b.reads("another look", "Enter your account number")
	b.fill("account_number", "LN-100245")
	b.fill("ssn4", "6789")
	b.fill("zip", "33602")
	b.choose("by", "text")
	code := c.sent(t, jordansPhone, func() { b.press("Send me a code") })
	b.fill("code", "12")
	b.press("Continue")
	b.reads("Enter the code from our message: only digits.")
	b.fill("code", code)
	b.press("Continue")
	b.fill("password", "short")
	b.fill("password_again", "short")
	b.press("Turn on online access")
	b.reads("Use at least 8 characters")
	b.fill("password", password)
	b.fill("password_again", password)
	b.press("Turn on online access")
	b.reads("Online access is on", "phone ending in 43")
	b.open("/")
	b.reads("Jordan")
	// Out, wrong, and in again.
	b.signOut()
	b.open("/sign-in")
	b.fill("username", jordansMail)
	b.fill("password", "not the right lanterns at all")
	b.press("Sign in")
	b.reads("do not match")
	if got := b.value("username"); got != jordansMail {
		t.Errorf("the username was not kept: %q", got)
	}
	b.fill("password", password)
	b.press("Sign in")
	b.reads("One more step", "phone ending in 43")
	b.press("Send me a code")
	b.fill("code", "000000")
	b.press("Sign in")
	b.reads("That code is not the one we sent")
	b.fill("code", b.codeInInbox(jordansPhone))
	b.press("Sign in")
	b.reads("Jordan")
	c.mail(t, "Your online access is set up", `was set up`)
}

func (b *browser) signOut() {
	b.t.Helper()
	b.leaving(chromedp.Evaluate[chromedp.Void](`document.querySelector('form[action="/sign-out"]').requestSubmit()`))
}

// codeInInbox reads the newest text message to a number on the sandbox's pages, in
// a tab of its own.
func (b *browser) codeInInbox(number string) string {
	b.t.Helper()
	ctx, stop := chromedp.NewContext(b.ctx)
	defer stop()
	if err := chromedp.Do(ctx); err != nil { // the tab lives as long as this context
		b.t.Fatalf("open a tab: %v", err)
	}
	tab := &browser{t: b.t, ctx: ctx, base: b.base}
	for range 50 {
		tab.do(chromedp.Navigate(b.base + "/sandbox/inbox?kind=text&find=" + url.QueryEscape(number)))
		if strings.Contains(tab.textNow(), "No message matches") {
			time.Sleep(100 * time.Millisecond)
			continue
		}
		tab.look()
		tab.leaving(chromedp.Click(`main table td a`))
		if tab.reads("Text message"); strings.Contains(tab.textNow(), "Never tell it to anyone") {
			return someDigits.FindString(tab.textNow())
		}
		time.Sleep(100 * time.Millisecond) // another message came last; the code is under way
	}
	b.t.Fatalf("no text message came to %s", number)
	return ""
}

func loanPath(b *browser) string {
	b.t.Helper()
	return ask(b, chromedp.Evaluate[string](`[...document.querySelectorAll('a[href^="/accounts/"]')].map(a => a.getAttribute("href")).find(h => h.endsWith("/pay")).replace(/\/pay$/, "")`))
}

func badAmounts(b *browser) {
	for _, bad := range []struct{ typed, says string }{
		{"-5", "above zero"}, {"0", "above zero"}, {"99999", "more than you owe"}, {"1,23.00", "commas"}, {"٣٠٠", "digits 0 to 9"}, {"12.345", "dollars and cents"}, {"", "Enter"},
	} {
		b.choose("how", "other")
		b.fill("amount", bad.typed)
		b.press("Review payment")
		b.reads("another look", bad.says)
		if got := b.value("amount"); got != bad.typed {
			b.t.Errorf("typed %q, kept %q", bad.typed, got)
		}
	}
	b.set("date", "2026-02-01")
	b.choose("how", "due")
	b.press("Review payment")
	b.reads("or a later day")
	b.set("date", "2026-02-15")
}

func payFromNewAccount(b *browser) {
	b.choose("method", "new")
	b.press("Review payment")
	b.fill("holder", "Jordan Reyes")
	b.choose("type", "checking")
	b.fill("routing", "011000029") // last digit wrong
	b.fill("account", "000123456789")
	b.fill("account_again", "000123456789")
	b.press("Add")
	b.reads("mistyped digit")
	b.fill("routing", "011000028")
	b.fill("account", "000123456789")
	b.fill("account_again", "000123456789")
	b.press("Add")
	if !strings.HasSuffix(b.path(), "/review") && !strings.Contains(b.textNow(), "Review your payment") {
		b.press("Review payment")
	}
	b.reads("Review your payment", "$120.26 interest", "31 days", "$342.61 principal", "$23,657.39")
}

var confirmationNumber = regexp.MustCompile(`[2-9A-Z]{3}-[2-9A-Z]{3}-[2-9A-Z]{3}`)

// confirmOnce confirms, goes back and reloads: there is one payment.
func confirmOnce(t *testing.T, b *browser) string {
	t.Helper()
	b.press("Pay $462.87")
	first := confirmationNumber.FindString(b.textNow())
	if first == "" {
		t.Fatalf("no confirmation number:\n%s", b.textNow())
	}
	// Back shows the review as the browser kept it, or leads to the payment.
	b.do(chromedp.Evaluate[chromedp.Void](`setTimeout(() => history.back(), 0)`), chromedp.Sleep(700*time.Millisecond))
	if strings.Contains(b.textNow(), "Review your payment") {
		b.leaving(chromedp.Evaluate[chromedp.Void](`setTimeout(() => document.querySelector('form[action$="/confirm"]').requestSubmit(), 0)`))
	}
	b.reads(first)
	b.leaving(chromedp.Evaluate[chromedp.Void](`setTimeout(() => location.reload(), 0)`))
	b.reads(first)
	b.open("/payments")
	if n := len(confirmationNumber.FindAllString(b.textNow(), -1)); n > 1 {
		t.Errorf("%d payments are listed", n)
	}
	b.leaving(chromedp.Evaluate[chromedp.Void](`setTimeout(() => document.querySelector('main a[href*="/payments/"]').click(), 0)`))
	b.reads(first)
	return first
}

// extraMoney pays down principal, reads why, and takes it back.
func extraMoney(t *testing.T, b *browser, loan string) {
	b.open(loan + "/pay")
	b.choose("how", "other")
	b.fill("amount", "99,999")
	b.choose("extra", "principal")
	b.press("Review payment")
	b.reads("another look", "more than you owe")
	if got := ask(b, chromedp.Evaluate[string](`document.querySelector('input[name="extra"]:checked').value`)); got != "principal" {
		t.Errorf("the choice was not kept: %s", got)
	}
	b.fill("amount", "100")
	b.choose("extra", "principal_only")
	b.press("Review payment")
	b.reads("All of it goes to principal", "$100.00 goes to principal only", "as before")
	b.press("Pay $100.00")
	b.reads("Payment received", "Step by step", "$100.00 goes to principal only")
	b.press("Cancel this payment")
	b.press("Cancel this payment")
	b.reads("Payment canceled", "This payment was taken back.")
	b.press("See it in your history")
	b.reads("This was taken back.")
}

// payoffQuote asks for a quote, first for a day that is too far, and reads it on
// the page and in the letter.
func payoffQuote(t *testing.T, b *browser, loan string) {
	b.open(loan)
	b.press("Payoff quote")
	b.reads("pays this account off today")
	b.set("good_through", "2026-12-01")
	b.press("Get a payoff quote")
	b.reads("another look", "Choose a day from")
	b.set("good_through", "2026-02-25")
	b.press("Get a payoff quote")
	b.reads("Your payoff quote is ready.", "if it arrives by Feb 25, 2026.", "Payments on their way", "$462.87")
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("main details").forEach(d => d.open = true)`))
	b.look()
	total := regexp.MustCompile(`\$[0-9,.]+ pays this account off if`).FindString(b.textNow())
	letter := pdfText(t, b.download(loan+"/payoff/letter.pdf"))
	for _, w := range []string{strings.Fields(total)[0], "Good through Feb 25, 2026", "Counted in already", "By wire"} {
		if !strings.Contains(letter, w) {
			t.Errorf("the letter does not say %q:\n%s", w, letter)
		}
	}
	b.press("Pay it off here")
	if got := ask(b, chromedp.Evaluate[string](`document.querySelector('input[name="how"]:checked').value`)); got != "payoff" {
		t.Errorf("chosen beforehand: %s", got)
	}
}

// everyLineExplains puts an event of each kind that the office can make on the
// loan and reads the page behind every line of its history.
func everyLineExplains(t *testing.T, c *openCompanyForTest, b *browser, loan string) {
	rate := money.Rate(40_000_000_000)
	day, err := c.service.Today(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range []contract.Event{
		{Kind: contract.Payment, Source: contract.FromCheck, Amount: 700_00},
		{Kind: contract.OtherCharge, Amount: 12_00},
		{Kind: contract.Waiver, Of: contract.OtherFees, Amount: 12_00},
		{Kind: contract.DueDateChange, DueDay: 25},
		{Kind: contract.Deferral, Months: 1},
		{Kind: contract.Service, Rate: &rate},
		{Kind: contract.ServiceEnd},
		{Kind: contract.Modification, Rate: &rate, Payments: 60},
		{Kind: contract.HoldBegins, Hold: contract.CeaseContact},
		{Kind: contract.HoldEnds, Hold: contract.CeaseContact},
		{Kind: contract.TotalLoss},
		{Kind: contract.Acceleration},
		{Kind: contract.ChargeOff},
	} {
		e.Date = day
		switch e.Kind { // as it was before
		case contract.HoldEnds:
			for _, path := range []string{"/", loan, loan + "/pay", loan + "/autopay", "/payments"} {
				b.open(path)
			}
			b.open(loan)
			b.reads("It is not a request for payment.")
		case contract.Acceleration, contract.ChargeOff:
			b.open(loan)
		}
		_, err := c.service.PostEvent(t.Context(), operator, servicing.EventRequest{Key: fmt.Sprint("road ", i), Contract: servicing.ContractID(strings.TrimPrefix(loan, "/accounts/")), Event: e})
		if err != nil {
			t.Fatalf("%s: %v", e.Kind, err)
		}
	}
	b.open(loan)
	b.reads("This balance was charged off", "No more interest and no late fees are added.")
	b.open("/")
	b.reads("Charged off")
	b.open(loan)
	b.press("All history")
	b.reads("newest first.", "Kind of file", "for taxes")
	lines := ask(b, chromedp.Evaluate[[]string](`[...new Set([...document.querySelectorAll('table a[href*="/history/"]')].map(a => a.getAttribute("href")))]`))
	if len(lines) < 12 {
		t.Errorf("%d lines are explained", len(lines))
	}
	b.open(loan + "/history?words=charged+off&from=2026-02-30")
	b.reads("another look", "Enter a date that exists")
	b.open(loan + "/history?words=nothing+like+it")
	b.reads("Nothing matches.")
	if text := b.download(loan + "/history/download?format=beancount&kind=fees"); !strings.Contains(string(text), "open Liabilities:Loan:") {
		t.Errorf("the download:\n%s", text)
	}
	b.open(loan + "/years/" + fmt.Sprint(day.Year()))
	b.reads("in numbers", "Interest paid", "Balance at its end")
	for _, line := range lines {
		b.open(line)
		b.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("main details").forEach(d => d.open = true)`))
		b.look()
	}
}

// theLease reads the lease page without an odometer reading and with one, by
// keyboard, with everything open, and with nothing that a script would do.
func theLease(t *testing.T, c *openCompanyForTest, b *browser) {
	b.open("/")
	b.press("Lease balance, miles and end")
	b.reads("Your lease", "buys the vehicle today", "before what the vehicle brings", "No reading yet.", "How the lease balance and an early end are worked out")
	lease := b.path()
	day, err := c.service.Today(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	reading := contract.Event{Kind: contract.Odometer, Date: day, Miles: 9_000}
	_, err = c.service.PostEvent(t.Context(), operator, servicing.EventRequest{Key: "road miles", Contract: servicing.ContractID(strings.Split(lease, "/")[2]), Event: reading})
	if err != nil {
		t.Fatal(err)
	}
	b.open(strings.TrimSuffix(lease, "/lease") + "/payoff") // an old address
	if b.path() != lease {
		t.Errorf("the payoff page of a lease led to %s", b.path())
	}
	b.reads("you had driven 8,988 miles", "miles over the allowance would cost", "Solid line: driven")
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#miles summary").focus()`), chromedp.KeyEvent("\r"))
	b.reads("At this pace")
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("main details").forEach(d => d.open = true)`))
	b.look()
	b.reads("Rent charge", "Depreciation", "Month 36")
	if text := b.textNow(); regexp.MustCompile(`APR|(?i:\b(interest|rates?|percent|annual)\b)`).MatchString(text) {
		t.Errorf("a lease page names a yearly cost:\n%s", text)
	}
	account := strings.TrimSuffix(lease, "/lease")
	b.open(account + "/history")
	b.reads("Lease payments", "for taxes")
	b.open(account + "/years/" + fmt.Sprint(day.Year()))
	b.reads("You paid", "in lease payments")
}

func turnOnAutopay(t *testing.T, c *openCompanyForTest, b *browser, loan string) {
	b.open(loan + "/autopay")
	b.do(chromedp.Click(`input[name="method"]`))
	b.press("Review autopay")
	b.press("Turn on autopay")
	b.reads("another look") // not signed
	b.do(chromedp.SendKeys(`input[name="signed"]`, "agree"))
	b.press("Turn on autopay")
	b.open(loan + "/autopay")
	b.reads("I authorize")
	if text := pdfText(t, b.download(loan+"/autopay/authorization.pdf")); !strings.Contains(text, "I authorize") || !strings.Contains(text, "Mar 15, 2026") {
		t.Errorf("authorization: %s", text)
	}
	c.mail(t, "utopay", `I authorize`)
	autopaySteps(b, loan)
}

// autopaySteps looks at every page of a plan, skips and pauses, and leaves autopay
// as it was.
func autopaySteps(b *browser, loan string) {
	change := func(step string) {
		b.leaving(chromedp.Click(`button[name="change"][value="` + step + `"]`))
		b.look()
	}
	b.open(loan + "/autopay")
	b.look()
	change("when")
	b.do(chromedp.Click(`input[value="twice_monthly"]`))
	b.press("Go on")
	b.reads("Which day?", "Second day of the month")
	b.look()
	b.do(chromedp.SetValue(`select[name="second"]`, "31"))
	b.press("Go on")
	b.reads("How much each time?", "comes to $231.44 each time")
	b.look()
	b.do(chromedp.SendKeys(`input[name="fixed"]`, "231.44"))
	b.press("Go on")
	b.reads("Review your change", "On the 1st and the last day of each month", "$231.44 each time")
	b.look()
	change("until")
	b.press("Go on")
	change("tell")
	b.press("Go on")
	b.reads("Review your change")
	b.open(loan + "/autopay/skip")
	b.look()
	b.press("Skip this payment")
	b.reads("One payment is left out.")
	b.look()
	b.press("Make it after all")
	b.reads("No payment is left out.")
	b.open(loan + "/autopay/pause")
	b.look()
	b.press("Pause autopay")
	b.reads("Autopay is paused until you resume it.")
	b.look()
	b.press("Resume autopay")
	b.reads("Autopay goes on.")
}
