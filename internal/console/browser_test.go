package console

import (
	"context"
	"flag"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"marque/internal/identity"
)

var shots = flag.String("shots", "", "folder for pictures of each page the browser tests look at")

// tab is a real Chromium with an authenticator.
type tab struct {
	t    *testing.T
	ctx  context.Context
	site string
	axe  string
}

func openTab(t *testing.T, d *desk) *tab {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("no Chromium: install the package chromium")
	}
	axe, err := os.ReadFile("../../cmd/marque/testdata/axe.min.js")
	must(t, err)
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-dev-shm-usage", true))
	alloc, stop := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(stop)
	ctx, stopTab := chromedp.NewContext(alloc)
	t.Cleanup(stopTab)
	must(t, chromedp.Do(ctx))
	b := &tab{t: t, ctx: ctx, site: d.site, axe: string(axe)}
	b.do(chromedp.EmulateViewport(1280, 900))
	yes := webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{Protocol: "ctap2", Transport: "internal",
		HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true}}
	_, err = chromedp.Run(b.ctx, func(ctx context.Context, t *chromedp.Target) (webauthn.AddVirtualAuthenticatorResult, error) {
		if _, err := cdp.Call(ctx, t, webauthn.Enable, webauthn.EnableParams{}); err != nil {
			return webauthn.AddVirtualAuthenticatorResult{}, err
		}
		return cdp.Call(ctx, t, webauthn.AddVirtualAuthenticator, yes)
	})
	must(t, err)
	return b
}

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.t.Fatalf("browser: %v", err)
	}
}

func (b *tab) says(script string) string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 10*time.Second)
	defer cancel()
	s, err := chromedp.Run(ctx, chromedp.Evaluate[string]("String("+script+")"))
	if err != nil {
		b.t.Fatalf("%s: %v", script, err)
	}
	return s
}

// until waits for a script's answer: what follows a form takes its time.
func (b *tab) until(script, want string) {
	b.t.Helper()
	got := ""
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if got = b.says(script); got == want {
			return
		}
	}
	b.t.Fatalf("%s is %q, want %q:\n%.1500s", script, got, want, b.says("document.body.innerText"))
}

// check holds the page against the rules of accessibility at both widths, and
// looks for anything that would scroll sideways.
func (b *tab) check(name string) {
	b.t.Helper()
	for _, width := range []int{390, 1280} {
		b.do(chromedp.EmulateViewport(int64(width), 900))
		b.do(chromedp.Evaluate[chromedp.Void](b.axe))
		ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
		found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](`axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}).then(
			r => r.violations.map(v => v.id + ": " + v.nodes.map(n => n.target.join(" ")).join(", ")))`, chromedp.EvalAwaitPromise))
		cancel()
		if err != nil || len(found) > 0 {
			b.t.Errorf("%s at %d: %v %q", name, width, err, found)
		}
		if b.says("document.documentElement.scrollWidth > innerWidth") == "true" {
			b.t.Errorf("%s at %d scrolls sideways", name, width)
		}
		if *shots != "" {
			picture, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(90))
			must(b.t, err)
			must(b.t, os.WriteFile(filepath.Join(*shots, "desk-"+name+"-"+map[int]string{390: "390", 1280: "1280"}[width]+".jpg"), picture, 0o600))
		}
	}
}

// as puts a colleague's session into the browser.
func (b *tab) as(c *clerk) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.site + "/healthz"))
	at, err := url.Parse(b.site)
	must(b.t, err)
	for _, k := range c.Jar.Cookies(at) {
		if k.Name == sessionCookie {
			b.says(`document.cookie = "` + k.Name + `=` + k.Value + `; path=/; SameSite=Strict"`)
		}
	}
}

func TestEveryPageIsAccessibleAtBothWidths(t *testing.T) {
	d := openDesk(t)
	admin, agent, boss := d.staffed()
	maya := "/customers/" + string(d.who)
	b := openTab(t, d)
	open := func(path string) { b.do(chromedp.Navigate(d.site + path)) }
	open("/sign-in")
	b.check("sign-in")
	b.as(agent)
	open("/")
	b.check("search")
	b.says(`(document.querySelector("#q").value = "okafor", document.querySelector("form[role=search]").submit())`)
	b.until(`document.querySelector("main table") !== null`, "true")
	b.check("found")
	open(maya)
	b.check("caller")
	agent.send(maya+"/view", "reason", why)
	agent.send(maya+"/check", "purpose", "recovery", "method", "text")
	open(agent.at)
	b.check("check")
	agent.send(agent.at, "code", d.code())
	agent.send(maya+"/recovery", "documents", "license", "documents", "contract", "reason", why)
	for name, path := range map[string]string{"customer": maya, "unlock": maya + "/unlock", "end-sessions": maya + "/end-sessions", "recovery": maya + "/recovery", "me": "/me", "confirm": "/confirm"} {
		open(path)
		b.check(name)
	}
	b.as(boss)
	for name, path := range map[string]string{"approvals": "/approvals", "signals": "/signals", "audits": "/audit", "audit": maya + "/audit"} {
		open(path)
		b.check(name)
	}
	b.as(admin)
	admin.confirm()
	b.as(admin)
	for name, path := range map[string]string{"staff": "/staff", "staff-new": "/staff/new", "factor": "/me/factor"} {
		open(path)
		b.check(name)
	}
	id := strings.Split(admin.open("/staff"), `href="/staff/`)[2]
	open("/staff/" + id[:strings.Index(id, `"`)])
	b.check("colleague")
}

// A new colleague comes in with a passkey and helps a caller, and touches nothing
// but the keyboard.
func TestAPasskeyAndTheKeyboardAreEnough(t *testing.T) {
	d := openDesk(t)
	admin, _, _ := d.staffed()
	admin.confirm()
	admin.open("/staff/new")
	admin.send("/staff/new", "name", "Kim Colleague", "role", string(identity.RoleAgent))
	b := openTab(t, d)
	b.do(chromedp.Navigate(link.FindStringSubmatch(admin.page)[1]))
	key := func(keys string) { b.do(chromedp.KeyEvent(keys)) }
	// focus goes by Tab until the element has it, as a person does.
	focus := func(selector string) {
		t.Helper()
		for range 80 {
			if b.says(`document.activeElement?.matches("`+selector+`")`) == "true" {
				return
			}
			key("\t")
		}
		t.Fatalf("the keyboard does not reach %s on %s", selector, b.says("location.pathname"))
	}
	focus("#username")
	key("kim.desk")
	focus("#password")
	key(deskPassword)
	focus("#again")
	key(deskPassword + "\r")
	b.until("location.pathname", "/me/factor")
	focus("[data-passkey] button")
	key("\r")
	b.until("location.pathname", "/")
	focus("#q")
	key("okafor\r")
	b.until(`document.querySelector("main table") !== null`, "true")
	focus("main td a")
	key("\r")
	maya := "/customers/" + string(d.who)
	b.until("location.pathname", maya)
	focus("#reason")
	key(why + "\r")
	b.until(`document.querySelector(".banner") !== null`, "true")
	focus("#purpose")
	key("Unlock")
	focus("input[name=method]")
	key(" ")
	focus("form[action$=check] .button")
	key("\r")
	b.until(`/checks/.test(location.pathname)`, "true")
	focus("#code")
	key(d.code() + "\r")
	b.until("location.pathname", maya)
	focus("a[href$=unlock]")
	key("\r")
	b.until("location.pathname", maya+"/unlock")
	focus("#reason")
	key(why + "\r")
	b.until("location.pathname", maya)
	focus(".account summary")
	key("\r")
	focus(".account form button")
	key("\r")
	b.until("location.pathname", "/sign-in")
	focus("[data-passkey] button")
	key("\r")
	b.until("location.pathname", "/")
	b.until(`document.querySelector(".account .name")?.textContent`, "Kim Colleague")
}
