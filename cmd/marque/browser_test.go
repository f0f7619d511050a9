package main

import (
	"context"
	_ "embed"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

var shots = flag.String("shots", "", "folder for pictures of each page the browser tests look at")

// browser is a real Chromium with one tab.
type browser struct {
	t    *testing.T
	ctx  context.Context
	base string
	n    int
}

// newBrowser starts Chromium. A machine without it fails the test.
func newBrowser(t *testing.T, base string) *browser {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Fatal("no Chromium: install the package chromium")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-dev-shm-usage", true))
	alloc, stop := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(stop)
	ctx, stopTab := chromedp.NewContext(alloc)
	t.Cleanup(stopTab)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 4*time.Minute)
	t.Cleanup(cancel)
	b := &browser{t: t, ctx: ctx, base: base}
	b.do(chromedp.EmulateViewport(1280, 900))
	return b
}

// patience is how long one action may take.
const patience = 20 * time.Second

func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.t.Fatalf("browser: %v\n%s", err, b.textNow())
	}
}

// ask runs an action that answers.
func ask[T any](b *browser, action chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, action)
	if err != nil {
		b.t.Fatalf("browser: %v\n%s", err, b.textNow())
	}
	return v
}

// leaving runs an action that loads another page, and waits for it.
func (b *browser) leaving(action chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, action); err != nil {
		b.t.Fatalf("browser: %v\n%s", err, b.textNow())
	}
	b.look()
}

func (b *browser) open(path string) {
	b.t.Helper()
	b.leaving(chromedp.Navigate(b.base + path))
}

// press clicks a button or a link by its words, whole if there is one.
func (b *browser) press(words string) {
	b.t.Helper()
	whole := fmt.Sprintf(`//main//*[self::button or self::a][normalize-space(.)=%q and not(ancestor::*[@hidden])]`, words)
	if !ask(b, chromedp.Evaluate[bool](fmt.Sprintf(`document.evaluate(%q, document, null, XPathResult.BOOLEAN_TYPE).booleanValue`, "boolean("+whole+")"))) {
		whole = fmt.Sprintf(`//main//*[self::button or self::a][contains(normalize-space(.), %q) and not(ancestor::*[@hidden])]`, words)
	}
	b.leaving(chromedp.Click(whole))
}

// fill types over what a field holds.
func (b *browser) fill(name, value string) {
	b.t.Helper()
	sel := fmt.Sprintf(`input[name=%q]`, name)
	b.do(chromedp.Clear(sel))
	if value != "" {
		b.do(chromedp.SendKeys(sel, value))
	}
}

// set gives a field a value that keys would type differently: a date.
func (b *browser) set(name, value string) {
	b.t.Helper()
	b.do(chromedp.SetValue(fmt.Sprintf(`input[name=%q]`, name), value))
}

func (b *browser) choose(name, value string) {
	b.t.Helper()
	b.do(chromedp.Click(fmt.Sprintf(`input[name=%q][value=%q]`, name, value)))
}

func (b *browser) value(name string) string {
	b.t.Helper()
	return ask(b, chromedp.Value(fmt.Sprintf(`input[name=%q]`, name)))
}

func (b *browser) textNow() string {
	s, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.location.pathname + "\n" + document.body.innerText`))
	if err != nil {
		return err.Error()
	}
	return s
}

func (b *browser) path() string {
	b.t.Helper()
	return ask(b, chromedp.Evaluate[string](`document.location.pathname`))
}

// reads fails unless the page says all of it.
func (b *browser) reads(words ...string) {
	b.t.Helper()
	text := strings.Join(strings.Fields(strings.ReplaceAll(b.textNow(), "\u00a0", " ")), " ")
	for _, w := range words {
		if !strings.Contains(text, w) {
			b.t.Fatalf("the page does not say %q:\n%s", w, text)
		}
	}
}

//go:embed testdata/axe.min.js
var axe string

// look holds a page against the accessibility rules that a program can check,
// against sideways scrolling on a phone, and takes its pictures when asked to.
func (b *browser) look() {
	b.t.Helper()
	if _, known := lookedAt.LoadOrStore(ask(b, chromedp.Evaluate[string](pageNow)), true); !known {
		b.accessible()
	}
	b.n++
	for _, width := range []int64{390, 1280} {
		b.do(chromedp.EmulateViewport(width, 900))
		if wide := ask(b, chromedp.Evaluate[int](`document.documentElement.scrollWidth - document.documentElement.clientWidth`)); wide > 0 {
			b.t.Errorf("%s is %d pixels too wide at %d: %s", b.path(), wide, width, ask(b, chromedp.Evaluate[string](
				`[...document.querySelectorAll("main *")].filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth).slice(0, 3).map(e => e.outerHTML.slice(0, 120)).join(" | ")`)))
		}
		if *shots != "" {
			b.picture(fmt.Sprintf("%02d%s-%d.png", b.n, strings.NewReplacer("/", "_", "-", "").Replace(b.path()), width))
		}
	}
}

// pageNow is a page without its figures, ids and tokens: the rules say the same of
// it whatever those are.
const pageNow = `location.pathname.replace(/[0-9A-Za-z]{16,}|\d+/g, "#") + document.documentElement.outerHTML.replace(/ (value|nonce|content)="[^"]*"/g, "").replace(/[\w-]{20,}|\d+/g, "#")`

// lookedAt are the pages that the rules were held against, by whichever test came
// to them first.
var lookedAt sync.Map

func (b *browser) accessible() {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](axe))
	violations := ask(b, chromedp.Evaluate[[]string](`axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}).then(
		r => r.violations.map(v => v.id + ": " + v.nodes.map(n => n.target.join(" ")).join(", ")))`, chromedp.EvalAwaitPromise))
	for _, v := range violations {
		b.t.Errorf("%s: %s", b.path(), v)
	}
}

func (b *browser) picture(name string) {
	b.t.Helper()
	png := ask(b, chromedp.FullScreenshot(100))
	if err := os.MkdirAll(*shots, 0o755); err != nil {
		b.t.Fatal(err)
	}
	if len(name) > 90 {
		name = name[:40] + name[len(name)-40:]
	}
	if err := os.WriteFile(filepath.Join(*shots, name), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// download fetches an address with the browser's cookies.
func (b *browser) download(path string) []byte {
	b.t.Helper()
	cookies := ask(b, func(ctx context.Context, t *chromedp.Target) (network.GetCookiesResult, error) {
		return cdp.Call(ctx, t, network.GetCookies, network.GetCookiesParams{})
	})
	req, err := http.NewRequestWithContext(b.ctx, http.MethodGet, b.base+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range cookies.Cookies {
		req.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		b.t.Fatalf("GET %s: %s, %v", path, res.Status, err)
	}
	return body
}

// pdfText is what a reader of a PDF sees.
func pdfText(t *testing.T, pdf []byte) string {
	t.Helper()
	cmd := exec.Command("pdftotext", "-layout", "-", "-")
	cmd.Stdin = strings.NewReader(string(pdf))
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("pdftotext (package poppler-utils): %v", err)
	}
	return strings.Join(strings.Fields(string(out)), " ")
}
