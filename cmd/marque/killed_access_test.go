package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/sandbox"
	"marque/internal/servicing"
	"marque/internal/store"
	"marque/internal/tape"
)

// person is a browser without a window, and somebody's mailbox and telephone.
type person struct {
	t                         *testing.T
	client                    *http.Client
	base                      string
	name, number, mail, phone string
	key                       string // of the authenticator app
	inbox                     *sandbox.Inbox
	texts                     *sandbox.Texts
}

// post sends a form as a browser does; the error is of the line, which may be cut.
func (p *person) post(path string, form url.Values) (page string, status int, err error) {
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	req.Header.Set("User-Agent", laptop)
	res, err := p.client.Do(req)
	if err != nil {
		return "", 0, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return string(b), res.StatusCode, err
}

// must is post where nothing is cut.
func (p *person) must(path string, form url.Values) string {
	p.t.Helper()
	page, _, err := p.post(path, form)
	if err != nil {
		p.t.Fatalf("%s: %v", path, err)
	}
	return page
}

// code waits for the newest code after something was asked for.
func (p *person) code(by servicing.Channel, ask func()) string {
	p.t.Helper()
	all := func() (codes []string) {
		if by == servicing.ByText {
			for _, m := range p.texts.Messages(p.phone) {
				if c := someDigits.FindString(m.Body); c != "" {
					codes = append(codes, c)
				}
			}
			return codes
		}
		for _, m := range p.inbox.Messages(p.mail) {
			read, _, err := p.inbox.Read(m.ID)
			if err != nil {
				p.t.Fatal(err)
			}
			if c := someDigits.FindString(read.Text); c != "" {
				codes = append(codes, c)
			}
		}
		return codes
	}
	before := len(all())
	ask()
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if codes := all(); len(codes) > before {
			return codes[0]
		}
	}
	p.t.Fatalf("no code came to %s by %s", p.mail, by)
	return ""
}

var title = regexp.MustCompile(`<h1[^>]*>([^<]*)`)

func heading(page string) string {
	if m := title.FindStringSubmatch(page); m != nil {
		return m[1]
	}
	return ""
}

// serving is the program itself, serving a data folder.
type serving struct {
	t             *testing.T
	program, data string
	cmd           *exec.Cmd
}

func (s *serving) start() {
	s.t.Helper()
	s.cmd = exec.Command(s.program, "--data", s.data, "serve")
	s.cmd.Stderr = io.Discard
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() || !strings.Contains(lines.Text(), "listening on") {
		s.t.Fatalf("does not serve: %q", lines.Text())
	}
}

// kill ends the process at once, without a last word.
func (s *serving) kill() {
	_ = s.cmd.Process.Kill() // it may have ended
	_ = s.cmd.Wait()
}

// The program is killed while it takes the proof of a sign-in or the end of a
// recovery. Whatever had come to be by then, a code does not count twice, no
// password stands half set, and everybody can still sign in.
func TestSignInsKilledInTheMiddleAreWholeOrNot(t *testing.T) {
	s := &serving{t: t, program: plainProgram(t), data: filepath.Join(t.TempDir(), "data")}
	all := activatedPeople(t, s.data, 8)
	s.start()
	defer s.kill()
	seed := uint64(time.Now().UnixNano())
	chance := rand.New(rand.NewPCG(seed, 2))
	cut := 0
	for i, p := range all {
		cut += p.signInKilled(s, chance)
		if i%2 == 0 {
			cut += p.recoverKilled(s, chance)
		}
		if page := p.signIn(password); !strings.Contains(page, p.name) {
			t.Errorf("seed %d: %s is kept out: %s", seed, p.mail, heading(page))
		}
	}
	t.Logf("seed %d: %d of 12 answers were cut off", seed, cut)
}

// signInKilled kills the program within what a proof takes, and says whether the
// answer was cut off.
func (p *person) signInKilled(s *serving, chance *rand.Rand) (cut int) {
	p.t.Helper()
	p.must("/sign-in", url.Values{"username": {p.mail}, "password": {password}})
	code := p.code(servicing.ByText, func() {
		if page := p.must("/sign-in/second", url.Values{"way": {"text"}, "send": {"yes"}}); heading(page) != "One more step" {
			p.t.Fatalf("asked for a code: %s", page)
		}
	})
	proof := url.Values{"way": {"text"}, "sent": {"yes"}, "code": {code}}
	cut = p.killed(s, time.Duration(chance.Int64N(int64(40*time.Millisecond))), "/sign-in/second", proof)
	// The same code by the same run: together with the first try it lets in once.
	p.must("/sign-in/second", proof)
	p.must("/sign-in/second", proof)
	if n := openSessions(p.t, s.data, p.mail); n > 1 {
		p.t.Errorf("one code made %d sessions", n)
	}
	p.must("/sign-out", nil)
	return cut
}

// recoverKilled kills the program while it sets a new password. It leaves the
// person with the usual one.
func (p *person) recoverKilled(s *serving, chance *rand.Rand) (cut int) {
	p.t.Helper()
	p.client = newClient(p.t)
	p.must("/recover", url.Values{"goal": {"password"}, "username": {p.mail}})
	code := p.code(servicing.ByEmail, func() { p.must("/recover/proofs", url.Values{"way": {"email_code"}, "send": {"yes"}}) })
	p.must("/recover/proofs", url.Values{"way": {"email_code"}, "code": {code}})
	p.must("/recover/proofs", url.Values{"way": {"totp"}, "code": {sandbox.AppCode(p.key, time.Now())}})
	next := password + " anew"
	finish := url.Values{"password": {next}, "password_again": {next}}
	cut = p.killed(s, time.Duration(chance.Int64N(int64(350*time.Millisecond))), "/recover/finish", finish)
	old, fresh := heading(p.typesPassword(password)) == "One more step", heading(p.typesPassword(next)) == "One more step"
	if old == fresh {
		p.t.Fatalf("the old password works: %t, and the new one: %t", old, fresh)
	}
	if page := heading(p.must("/recover/finish", finish)); old != (page == "Your new password is set") {
		p.t.Errorf("the old password worked: %t; and then: %s", old, page)
	}
	setPassword(p.t, s.data, p.mail)
	return cut
}

// killed sends a form, kills the program after a while, and starts it again.
func (p *person) killed(s *serving, after time.Duration, path string, form url.Values) (cut int) {
	p.t.Helper()
	before := p.client.Jar.Cookies(mustURL(p.t, p.base))
	process := s.cmd.Process
	timer := time.AfterFunc(after, func() { _ = process.Kill() }) // it may have ended
	_, _, err := p.post(path, form)
	timer.Stop()
	s.kill()
	s.start()
	if err == nil {
		return 0
	}
	p.client = newClient(p.t) // what the cut answer had set never came
	p.client.Jar.SetCookies(mustURL(p.t, p.base), before)
	return 1
}

// typesPassword gives the page that follows, in a browser of its own.
func (p *person) typesPassword(password string) string {
	p.t.Helper()
	other := *p
	other.client = newClient(p.t)
	return other.must("/sign-in", url.Values{"username": {p.mail}, "password": {password}})
}

func (p *person) signIn(password string) string {
	p.t.Helper()
	p.client = newClient(p.t)
	p.must("/sign-in", url.Values{"username": {p.mail}, "password": {password}})
	code := p.code(servicing.ByText, func() {
		if page := p.must("/sign-in/second", url.Values{"way": {"text"}, "send": {"yes"}}); heading(page) != "One more step" {
			p.t.Fatalf("asked for a code: %s", page)
		}
	})
	return p.must("/sign-in/second", url.Values{"way": {"text"}, "sent": {"yes"}, "code": {code}})
}

func newClient(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second}
}

func mustURL(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// activatedPeople makes a company with settings, and borrowers who sign in with a
// text message or an authenticator app.
func activatedPeople(t *testing.T, data string, n int) (all []*person) {
	t.Helper()
	inbox, err := sandbox.OpenInbox(filepath.Join(t.TempDir(), "inbox"))
	if err != nil {
		t.Fatal(err)
	}
	texts, err := sandbox.OpenTexts(filepath.Join(t.TempDir(), "texts"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(inbox.Close(), texts.Close()); err != nil {
			t.Error(err)
		}
	})
	base := keepSettings(t, data, inbox, texts)
	c, err := openCompany(t.Context(), &Globals{Data: data}, "", io.Discard, now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.service.OpenDay(t.Context(), operator, 0, money.NewDate(2026, 2, 10)); err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	for i, row := range exampleRows(t, n, func(i int, set func(column, value string)) {
		set("account_number", fmt.Sprintf("LN-%04d", i))
		set("customer_id", fmt.Sprintf("C-%04d", i))
		set("email", fmt.Sprintf("jordan%d@mail.example", i))
		set("phone", fmt.Sprintf("202-555-01%02d", i))
	}) {
		file.WriteString(row)
		if i > 0 {
			all = append(all, &person{t: t, client: newClient(t), base: base, name: "Jordan", number: fmt.Sprintf("LN-%04d", i-1),
				mail: fmt.Sprintf("jordan%d@mail.example", i-1), phone: fmt.Sprintf("+120255501%02d", i-1), inbox: inbox, texts: texts})
		}
	}
	if _, err := c.service.Board(t.Context(), operator, tape.ReadCSV(&file, "people.csv", c.config.boarding()), false); err != nil {
		t.Fatal(err)
	}
	post, err := c.config.post(c.brand)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range all {
		if err := p.activate(c, post, fmt.Sprintf("192.0.2.%d", i+1)); err != nil {
			t.Fatalf("%s: %v", p.mail, err)
		}
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
	return all
}

// activate goes the road to online access and on to an app, past the pages.
func (p *person) activate(c *company, post post, ip string) error {
	ctx, src, s := p.t.Context(), servicing.Source{IP: ip, UserAgent: pocket}, c.service
	flow, err := s.StartActivation(ctx, servicing.ActivationRequest{AccountNumber: p.number, SSN4: "6789", ZIP: "33602", By: servicing.ByText}, src)
	if err != nil {
		return err
	}
	code := p.code(servicing.ByText, func() {
		if _, e := c.runner(post).Deliver(ctx); e != nil {
			err = e
		}
	})
	if err = errors.Join(err, s.ProveActivation(ctx, flow, code, src)); err != nil {
		return err
	}
	entry, err := s.FinishActivation(ctx, flow, p.mail, password, src)
	if err != nil {
		return err
	}
	in, err := s.Session(ctx, entry.Session)
	if err != nil {
		return err
	}
	app, err := s.StartApp(ctx, in.Actor)
	if err != nil {
		return err
	}
	p.key = app.Seed
	// The code before the present one: that one is for later.
	entry, err = s.FinishApp(ctx, in.Actor, app.Box, "", sandbox.AppCode(p.key, time.Now().Add(-30*time.Second)), src)
	if err != nil {
		return err
	}
	return s.SignOut(ctx, entry.Session)
}

// keepSettings writes marque.json for a port of this machine, and gives the
// address.
func keepSettings(t *testing.T, data string, inbox *sandbox.Inbox, texts *sandbox.Texts) (base string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	base = nameOf(l.Addr())
	settings := map[string]any{"listen": l.Addr().String(), "base_url": base}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	host, port := inbox.Address()
	account, token := texts.Credentials()
	settings["smtp"] = map[string]any{"host": host, "port": port, "tls": "plain"}
	settings["text"] = map[string]any{"url": texts.Address(), "account": account, "token": token, "from": sandbox.SandboxNumber}
	b, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.MkdirAll(data, 0o700), os.WriteFile(filepath.Join(data, "marque.json"), b, 0o600)); err != nil {
		t.Fatal(err)
	}
	return base
}

// exampleRows are the heading of the example portfolio and n changed copies of its
// first row.
func exampleRows(t *testing.T, n int, change func(i int, set func(column, value string))) (lines []string) {
	t.Helper()
	var example bytes.Buffer
	if err := tape.WriteExample(&example); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&example).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	line := func(row []string) {
		var b strings.Builder
		w := csv.NewWriter(&b)
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
		w.Flush()
		lines = append(lines, b.String())
	}
	line(rows[0])
	for i := range n {
		row := slices.Clone(rows[1])
		change(i, func(column, value string) { row[slices.Index(rows[0], column)] = value })
		line(row)
	}
	return lines
}

// withData opens the data folder beside the program that serves it.
func withData(t *testing.T, data, mail string, do func(*store.Tx, *store.Login) error) {
	t.Helper()
	c, err := openCompany(t.Context(), &Globals{Data: data}, "", io.Discard, now)
	if err != nil {
		t.Fatal(err)
	}
	err = c.db.Update(t.Context(), func(tx *store.Tx) error {
		login, err := tx.LoginNamed("customer", mail)
		if err != nil {
			return err
		}
		return do(tx, login)
	})
	if err := errors.Join(err, c.close()); err != nil {
		t.Fatal(err)
	}
}

func openSessions(t *testing.T, data, mail string) (n int) {
	t.Helper()
	withData(t, data, mail, func(tx *store.Tx, l *store.Login) error {
		all, err := tx.Sessions(l.Owner, now())
		n = len(all)
		return err
	})
	return n
}

// setPassword gives a person the usual password back.
func setPassword(t *testing.T, data, mail string) {
	t.Helper()
	withData(t, data, mail, func(tx *store.Tx, l *store.Login) error {
		hash, err := identity.HashPassword(t.Context(), tx.Keys().Pepper(), password)
		if err == nil {
			tx.SetPassword(l.Owner, hash, now())
		}
		return err
	})
}
