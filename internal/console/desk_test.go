package console

import (
	"context"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/store"
	"marque/internal/tape"
	"marque/internal/web"
)

var (
	ctx    = context.Background()
	system = identity.System("test")
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// desk is a console over a database of its own, with one customer on the books who
// has online access.
type desk struct {
	*httptest.Server
	t    testing.TB
	svc  *servicing.Service
	now  money.Instant
	site string // its address, by name: a passkey belongs to one
	who  identity.CustomerID
}

const (
	mayasMail     = "maya.okafor@mail.example"
	mayasPassword = "four green boats at noon"
	mayasPhone    = "+12025550143"
	mayasStreet   = "12 Elm Street"
	deskPassword  = "nine tall ships"
)

func openDesk(t testing.TB) *desk {
	t.Helper()
	keys, err := store.LoadKeys(filepath.Join(t.TempDir(), "keys.json"))
	must(t, err)
	db, err := store.Open(ctx, filepath.Join(t.TempDir(), "marque.db"), keys)
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	must(t, db.Migrate(ctx))
	d := &desk{t: t, Server: httptest.NewUnstartedServer(nil), now: money.InstantOf(time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC))}
	d.site = "http://" + strings.Replace(d.Listener.Addr().String(), "127.0.0.1", "localhost", 1)
	rules := openAccounts
	rules.Access.StaffPasskeys, err = identity.NewPasskeys("localhost", "Kestrane Motor Finance", []string{d.site})
	must(t, err)
	d.svc = servicing.New(db, billing.Lender{Name: "Kestrane Motor Finance", ShortName: "KESTRANE MOTOR", OriginID: "9000000001", ODFI: "121042882", Phone: "(800) 555-0142"}, rules, func() money.Instant { return d.now })
	_, err = d.svc.OpenDay(ctx, system, 0, money.NewDate(2026, 11, 22))
	must(t, err)
	terms := contract.Terms{
		Kind: contract.Loan, Principal: 19_061_54, Rate: 59_900_000_000, DayCount: money.Actual365, Rounding: money.HalfUp,
		Start: money.NewDate(2026, 11, 15), FirstDue: money.NewDate(2026, 12, 15), Payments: 36, Payment: 579_84,
		Application: contract.DefaultApplication, GraceDays: 10, LateFee: contract.LateFee{Flat: 15_00}, ReturnedFee: 20_00,
	}
	_, err = d.svc.Board(ctx, system, func(yield func(tape.Boarding, error) bool) {
		yield(tape.Boarding{
			AccountNumber: "770001001", CustomerID: "K1", Terms: terms, AsOf: terms.Start,
			Person: &tape.Person{FirstName: "Maya", LastName: "Okafor", Email: mayasMail, Phone: mayasPhone, SSN: "900554321",
				BirthDate: money.NewDate(1990, 4, 2), Street: mayasStreet, City: "Maren Falls", State: "OH", ZIP: "43000"},
			Vehicle: tape.Vehicle{Year: 2023, Make: "Halden", Model: "Orla", VIN: "1HZ0RLA23P0000417"}, OriginalAmount: 30_000_00, OriginalDate: money.NewDate(2024, 11, 15), OriginalTerm: 60,
		}, nil)
	}, false)
	must(t, err)
	flow, err := d.svc.StartActivation(ctx, servicing.ActivationRequest{AccountNumber: "770001001", SSN4: "4321", ZIP: "43000", By: servicing.ByText}, servicing.Source{IP: "192.0.2.1"})
	must(t, err)
	must(t, d.svc.ProveActivation(ctx, flow, d.code(), servicing.Source{IP: "192.0.2.1"}))
	e, err := d.svc.FinishActivation(ctx, flow, mayasMail, mayasPassword, servicing.Source{IP: "192.0.2.1", UserAgent: "Mozilla/5.0 (X11; Linux) Firefox/140.0"})
	must(t, err)
	s, err := d.svc.Session(ctx, e.Session)
	must(t, err)
	d.who, _ = s.Actor.CustomerID()
	_, err = d.svc.AddBankAccount(ctx, s.Actor, servicing.BankAccountRequest{Key: "b", Holder: "Maya Okafor", Type: "checking", Routing: "231380104", Account: "70031842916", AccountAgain: "70031842916"})
	must(t, err)
	list, err := d.svc.Overview(ctx, s.Actor)
	must(t, err)
	methods, err := d.svc.Methods(ctx, s.Actor)
	must(t, err)
	_, err = d.svc.SubmitPayment(ctx, s.Actor, servicing.PaymentRequest{Key: "p", Contract: list.Contracts[0].ID, Kind: billing.AmountOther, Amount: 100_00, Date: list.Date, Method: methods[0].ID}, servicing.Source{IP: "192.0.2.1"})
	must(t, err)
	brand, err := web.LoadBrand(web.DefaultBrand())
	must(t, err)
	h, err := New(d.svc, brand, Options{BaseURL: d.site, Log: slog.New(slog.DiscardHandler), Now: time.Now})
	must(t, err)
	d.Config.Handler = h
	d.Start()
	t.Cleanup(d.Close)
	return d
}

func (d *desk) wait(by time.Duration) { d.now = d.now.Add(by) }

// code is the newest code that was sent.
func (d *desk) code() string {
	d.t.Helper()
	list, err := d.svc.Outbox(ctx, system, 100)
	must(d.t, err)
	for _, o := range slices.Backward(list) {
		if o.Notice.Code != "" {
			return o.Notice.Code
		}
	}
	return ""
}

// clerk is a member of staff at a browser.
type clerk struct {
	*http.Client
	d        *desk
	seed     string
	seen     string // everything that came to the browser
	page     string
	at       string // its path
	to       string // where it leads to
	status   int
	username string
}

func (d *desk) clerk(username string) *clerk {
	d.t.Helper()
	jar, err := cookiejar.New(nil)
	must(d.t, err)
	return &clerk{Client: &http.Client{Jar: jar}, d: d, username: username}
}

func (c *clerk) read(res *http.Response, err error) string {
	c.d.t.Helper()
	must(c.d.t, err)
	b, err := io.ReadAll(res.Body)
	must(c.d.t, err)
	must(c.d.t, res.Body.Close())
	c.page, c.at, c.status, c.to = html.UnescapeString(string(b)), res.Request.URL.Path, res.StatusCode, res.Header.Get("Location")
	c.seen += c.page
	return c.page
}

func (c *clerk) open(path string) string {
	c.d.t.Helper()
	return c.read(c.Get(c.d.site + path))
}

// send posts a form as our own page does.
func (c *clerk) send(path string, pairs ...string) string {
	c.d.t.Helper()
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	r, err := http.NewRequest("POST", c.d.site+path, strings.NewReader(v.Encode()))
	must(c.d.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return c.read(c.Do(r))
}

// hidden is the value of a hidden field of the page.
func (c *clerk) hidden(name string) string {
	c.d.t.Helper()
	m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(c.page)
	if m == nil {
		c.d.t.Fatalf("no field %s on %s:\n%s", name, c.at, c.page)
	}
	return m[1]
}

func (c *clerk) app() string {
	c.d.t.Helper()
	code, err := totp.GenerateCodeCustom(c.seed, c.d.now.Time(), totp.ValidateOpts{Period: 30, Digits: otp.DigitsSix})
	must(c.d.t, err)
	return code
}

// accept takes an invitation and sets up an authenticator app.
func (c *clerk) accept(link string) {
	c.d.t.Helper()
	path := strings.TrimPrefix(link, c.d.site)
	c.open(path)
	c.send(path, "username", c.username, "password", deskPassword, "again", deskPassword)
	c.expect("/me/factor", "Set up your second step")
	c.open("/")
	c.expect("/me/factor", "Without it you cannot sign in")
	c.send("/me/factor/app")
	seed := regexp.MustCompile(`data-copy="([A-Z2-7]+)"`).FindStringSubmatch(c.page)
	if seed == nil {
		c.d.t.Fatalf("no key on the page:\n%s", c.page)
	}
	c.seed = seed[1]
	c.send("/me/factor/app/code", "box", c.hidden("box"), "code", c.app())
	c.d.wait(time.Minute)
}

// confirm shows the second factor where it is asked for.
func (c *clerk) confirm() {
	c.d.t.Helper()
	c.d.wait(time.Minute)
	c.send("/confirm", "code", c.app(), "next", "/approvals")
}

// expect holds the page against its path and some words.
func (c *clerk) expect(path string, words ...string) {
	c.d.t.Helper()
	main := c.page[max(0, strings.Index(c.page, "<main")):]
	if c.at != path {
		c.d.t.Errorf("at %s, not at %s:\n%.1500s", c.at, path, main)
	}
	for _, w := range words {
		if !strings.Contains(c.page, w) {
			c.d.t.Errorf("%s does not say %q:\n%.1500s", c.at, w, main)
		}
	}
}

var link = regexp.MustCompile(`data-copy="(http[^"]+/invite/[^"]+)"`)

func (c *clerk) invites(name string, role identity.Role) *clerk {
	c.d.t.Helper()
	if c.open("/staff/new"); c.at == "/confirm" {
		c.confirm()
		c.open("/staff/new")
	}
	c.send("/staff/new", "key", c.hidden("key"), "name", name+" Colleague", "role", string(role))
	m := link.FindStringSubmatch(c.page)
	if m == nil {
		c.d.t.Fatalf("no invitation:\n%s", c.page)
	}
	next := c.d.clerk(strings.ToLower(name) + ".desk")
	next.accept(m[1])
	return next
}

// staffed is an administrator, an agent and a supervisor, each at a desk.
func (d *desk) staffed() (admin, agent, boss *clerk) {
	d.t.Helper()
	token, err := d.svc.FoundAdministrator(ctx, system, "Ada Founder")
	must(d.t, err)
	admin = d.clerk("ada.desk")
	admin.accept(d.site + "/invite/" + token)
	return admin, admin.invites("Dana", identity.RoleAgent), admin.invites("Sam", identity.RoleSupervisor)
}

const why = "ticket 4711, asked about a fee"

var (
	checkPath    = regexp.MustCompile(`^/customers/[^/]+/checks/[^/]+$`)
	approvalPath = regexp.MustCompile(`action="(/approvals/[^"/]+)"`)
)

func TestAnAgentHelpsACallerFromEndToEnd(t *testing.T) {
	d := openDesk(t)
	admin, agent, boss := d.staffed()
	admin.open("/")
	admin.expect("/staff", "Ada Founder", "Dana Colleague", "Supervisor")
	if admin.open("/customers/" + string(d.who)); admin.status != http.StatusForbidden {
		t.Errorf("an administrator sees a customer: %d", admin.status)
	}

	maya := "/customers/" + string(d.who)
	agent.open("/")
	agent.expect("/", "Find a customer")
	agent.send("/find", "q", "okafor")
	agent.expect("/", "Maya Okafor", "2023 Halden Orla ••1001", maya)
	agent.open(maya)
	agent.expect(maya, "Verify the caller", "Look at the account")
	if strings.Contains(agent.page, "Payoff") || strings.Contains(agent.page, "Read only. Reason") {
		t.Error("the account is open without a reason")
	}
	agent.send(maya+"/view", "reason", "x")
	agent.expect(maya+"/view", "Say why in at least 8 characters")
	agent.send(maya+"/view", "reason", why)
	agent.expect(maya, "You are looking at Maya Okafor’s account. Read only. Reason: "+why, "Payoff amount", "checking ••2916", "$100.00", "Text message")
	agent.send(maya + "/unlock")
	agent.expect(maya+"/unlock", "Say why in at least 8 characters")
	agent.send(maya+"/unlock", "reason", why)
	agent.expect(maya+"/unlock", "Verify the caller first")
	agent.send(maya+"/check", "purpose", "unlock", "method", "text")
	if !checkPath.MatchString(agent.at) {
		t.Fatalf("at %s:\n%s", agent.at, agent.page)
	}
	check := agent.at
	agent.send(check, "code", "000000")
	agent.expect(check, "That code is not the one we sent")
	agent.send(check, "code", d.code())
	agent.expect(maya, "Passed")
	agent.send(maya+"/unlock", "reason", why)
	agent.expect(maya, "Dana Colleague: unlocked sign-in", "Unlocked. The customer signs in")

	// Lost both: two people.
	agent.send(maya+"/check", "purpose", "recovery", "method", "email")
	agent.send(agent.at, "code", d.code())
	agent.send(maya+"/recovery", "documents", "license", "reason", why)
	agent.expect(maya+"/recovery", "Tick at least one document", `value="license" checked`)
	agent.send(maya+"/recovery", "documents", "license", "facts", "vin", "reason", why)
	agent.expect("/approvals", "Help a customer back in: Maya Okafor", "Somebody else must agree")
	if approvalPath.MatchString(agent.page) {
		t.Error("who asked is offered to agree")
	}
	boss.open("/approvals")
	form := approvalPath.FindStringSubmatch(boss.page)
	if form == nil {
		t.Fatal(boss.page)
	}
	hash := boss.hidden("hash")
	agent.send(form[1], "hash", hash, "verdict", "agree")
	if agent.status != http.StatusForbidden {
		t.Errorf("an agent agreed: %d", agent.status)
	}
	d.wait(6 * time.Minute)
	boss.send(form[1], "hash", hash, "verdict", "agree")
	boss.expect("/confirm", "Confirm that it is you")
	boss.confirm()
	boss.expect("/approvals", "The customer can choose “I lost both” and set a new password")
	boss.send(form[1], "hash", hash, "kind", "recovery", "verdict", "agree")
	boss.expect("/approvals", "The customer can now choose “I lost both”", "Agreed</span>")

	// The view ends, and nothing is read without a new reason.
	for range 4 {
		agent.open("/")
		boss.open("/")
		d.wait(7 * time.Minute)
	}
	agent.open(maya)
	agent.expect(maya, "Look at the account")
	agent.send(maya + "/reveal")
	if strings.Contains(agent.page, mayasMail) {
		t.Error("addresses are shown without an open view")
	}
	agent.send(maya+"/view", "reason", why)
	agent.send(maya + "/reveal")
	agent.expect(maya+"/reveal", mayasMail, mayasStreet)
	agent.open(maya)
	if strings.Contains(agent.page, mayasMail) {
		t.Error("they are shown again when the page is loaded again")
	}
	boss.open(maya + "/audit")
	boss.expect(maya+"/audit", "Dana Colleague", "Read the account", "Saw e-mail, phone and address in full", why)
	boss.open("/signals")
	boss.expect("/signals", "Unusual sign-ins")

	for _, secret := range []string{mayasPassword, "70031842916", "231380104", "900554321", "1990-04-02", deskPassword} {
		if strings.Contains(agent.seen+boss.seen+admin.seen, secret) {
			t.Errorf("a page shows %s", secret)
		}
	}
	boss.send(maya+"/view", "reason", why)
	boss.send(maya + "/close")
	boss.expect("/", "Find a customer")
}

func TestSigningInAtTheDesk(t *testing.T) {
	d := openDesk(t)
	_, agent, boss := d.staffed()
	agent.send("/sign-out")
	agent.expect("/sign-in", "You are signed out")
	agent.open("/approvals")
	agent.expect("/sign-in")
	agent.send("/sign-in", "username", " ", "password", "")
	agent.expect("/sign-in", "Enter your username.", "Enter your password.", "· Console</title>")
	agent.send("/sign-in", "username", agent.username, "password", "not the password")
	agent.expect("/sign-in", "do not match")
	agent.send("/sign-in", "username", mayasMail, "password", mayasPassword)
	agent.expect("/sign-in", "do not match")
	agent.send("/sign-in", "username", agent.username, "password", deskPassword)
	agent.expect("/second", "Your password is right")
	agent.send("/second", "code", "000000")
	agent.expect("/second", "That code is not right")
	agent.send("/second", "code", agent.app())
	agent.expect("/", "Find a customer")
	agent.open("/me")
	agent.expect("/me", "Authenticator app", "Signed in")
	_, err := d.svc.SignIn(ctx, mayasMail, mayasPassword, servicing.Source{IP: "203.0.113.9", UserAgent: "Mozilla/5.0 (X11; Linux) Chrome/140.0"})
	must(t, err)
	boss.open("/signals")
	boss.expect("/signals", "Maya Okafor</a>", "Second step asked for", "Dana Colleague</td>", "Noted, nothing else done")
	if strings.Index(boss.page, "Maya Okafor") > strings.Index(boss.page, "<h2>Staff") || strings.Index(boss.page, "Dana Colleague</td>") < strings.Index(boss.page, "<h2>Staff") {
		t.Error("the sign-ins of staff and customers are not apart")
	}
	d.wait(15 * time.Minute)
	agent.open("/approvals")
	agent.expect("/sign-in", "nothing happened for a while")
}

func TestADisabledColleagueIsLedToTheDoor(t *testing.T) {
	d := openDesk(t)
	admin, agent, boss := d.staffed()
	admin.open("/staff")
	id := regexp.MustCompile(`href="(/staff/[^"]+)">Dana`).FindStringSubmatch(admin.page)[1]
	admin.confirm()
	admin.send(id+"/reset", "reason", "lost the phone on the way home")
	admin.expect("/approvals", "Somebody else must agree")
	boss.open("/approvals")
	form, hash := approvalPath.FindStringSubmatch(boss.page)[1], boss.hidden("hash")
	boss.confirm()
	boss.send(form, "hash", hash, "verdict", "agree")
	admin.open("/approvals")
	admin.confirm()
	admin.send(form + "/reset")
	m := link.FindStringSubmatch(admin.page)
	if m == nil {
		t.Fatal(admin.page)
	}
	agent.open("/")
	agent.expect("/sign-in")
	agent.accept(m[1])
	admin.confirm()
	admin.send(id + "/disable")
	admin.expect(id, "disabled")
	agent.open("/")
	agent.expect("/sign-in", "your access changed")
	admin.open(id + "/audit")
	admin.expect(id+"/audit", "Took the invitation")
}

func TestASearchHasAnAddressThatOthersCannotReadOrUse(t *testing.T) {
	d := openDesk(t)
	_, agent, boss := d.staffed()
	agent.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	agent.send("/find", "q", "okafor")
	agent.CheckRedirect = nil
	to := agent.to
	if !strings.HasPrefix(to, "/?found=") || strings.Contains(strings.ToLower(to), "okafor") {
		t.Fatalf("the search leads to %q", to)
	}
	for range 2 { // and back, and again
		agent.open(to)
		agent.expect("/", "Maya Okafor", `value="okafor"`)
	}
	boss.open(to)
	boss.expect("/", "Find a customer")
	if strings.Contains(boss.page, "okafor") {
		t.Error("a colleague reads what was searched for")
	}
	d.wait(14 * time.Minute)
	agent.open("/")
	d.wait(7 * time.Minute)
	agent.open(to)
	if strings.Contains(agent.page, "Maya") {
		t.Error("the address works for more than twenty minutes")
	}
}

// Whoever loads the page again after a form comes to a page, whatever the form was.
func TestAFormsAddressLeadsToItsPage(t *testing.T) {
	d := openDesk(t)
	admin, agent, _ := d.staffed()
	maya := "/customers/" + string(d.who)
	for path, want := range map[string]string{"/find": "/", maya + "/view": maya, maya + "/reveal": maya, maya + "/unlock/ask": maya + "/unlock",
		"/approvals/a1/reset": "/approvals", "/me/password": "/me", "/stay": "/"} {
		agent.open(path)
		agent.expect(want)
	}
	admin.open("/staff/s1/disable")
	if admin.at != "/staff/s1" {
		t.Errorf("at %s", admin.at)
	}
}

func TestWhatNeedsACheckSaysSoBefore(t *testing.T) {
	d := openDesk(t)
	_, agent, _ := d.staffed()
	maya := "/customers/" + string(d.who)
	for path, purpose := range map[string]string{"/unlock": "unlock", "/end-sessions": "account", "/recovery": "recovery"} {
		agent.open(maya + path)
		agent.expect(maya+path, "Verify the caller first", `href="`+maya+`?purpose=`+purpose+`#verify"`)
		if strings.Contains(agent.page, `name="reason"`) {
			t.Errorf("%s offers what would be refused", path)
		}
	}
	agent.open(maya + "?purpose=recovery")
	agent.expect(maya, `value="recovery" selected`)
	agent.send(maya+"/check", "purpose", "payment", "method", "text")
	agent.send(agent.at, "code", d.code())
	agent.open(maya + "/unlock")
	agent.expect(maya+"/unlock", "Verify the caller first, for this purpose")
	agent.send(maya+"/view", "reason", why)
	agent.open(maya + "/end-sessions")
	agent.send(maya+"/end-sessions", "reason", why)
	agent.expect(maya, "Signed out everywhere.")
}

func TestAnInvitationIsMadeOnce(t *testing.T) {
	d := openDesk(t)
	admin, _, _ := d.staffed()
	admin.confirm()
	admin.open("/staff/new")
	form := []string{"key", admin.hidden("key"), "name", "Kim Colleague", "role", "agent"}
	for _, name := range []string{"🙂🙂", "K\u202eim", strings.Repeat("Kim ", 21), "7"} {
		admin.send("/staff/new", "key", form[1], "name", name, "role", "agent")
		if admin.status != http.StatusUnprocessableEntity || admin.hidden("key") != form[1] {
			t.Errorf("%q: %d", name, admin.status)
		}
	}
	admin.send("/staff/new", form...)
	admin.expect("/staff/new", "Hand this over to Kim Colleague")
	admin.send("/staff/new", form...)
	admin.expect("/staff", "That invitation was made already")
	if n := strings.Count(admin.page, ">Kim Colleague<"); n != 1 {
		t.Errorf("%d colleagues", n)
	}
}

func TestWhatHappenedIsReadTwentyLinesAtATime(t *testing.T) {
	d := openDesk(t)
	_, agent, _ := d.staffed()
	maya := "/customers/" + string(d.who)
	for range 25 {
		agent.send(maya+"/view", "reason", why)
	}
	const line = "Dana Colleague: opened the account"
	if n := strings.Count(agent.page, line); n != 20 {
		t.Errorf("%d lines", n)
	}
	agent.expect(maya, `href="`+maya+`?page=2"`, "Older")
	agent.open(maya + "?page=2")
	if n := strings.Count(agent.page, line); n != 5 || !strings.Contains(agent.page, "Activated online access") {
		t.Errorf("%d older lines", n)
	}
	if verify, history := strings.Index(agent.page, `id="verify"`), strings.Index(agent.page, `id="line"`); verify < 0 || verify > history {
		t.Error("what an agent does comes after what happened")
	}
}

// openAccounts are the rules of a lender whose provider knows every bank account.
var openAccounts = func() servicing.Rules {
	rules := servicing.DefaultRules
	rules.CheckAccount = func(context.Context, servicing.AccountQuestion) (servicing.AccountAnswer, error) {
		return servicing.AccountOpen, nil
	}
	return rules
}()
