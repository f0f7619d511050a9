package cycle

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"marque/internal/billing"
	"marque/internal/money"
	"marque/internal/notice"
	"marque/internal/sandbox"
	"marque/internal/servicing"
	"marque/internal/store"
)

// mailroom is a lender with an outbox, a real mail server and a real provider of
// text messages, both of which can be made to misbehave.
type mailroom struct {
	t      *testing.T
	url    string
	db     *store.DB
	svc    *servicing.Service
	lender billing.Lender
	inbox  *sandbox.Inbox
	texts  *sandbox.Texts
	log    bytes.Buffer

	mu  sync.Mutex
	now money.Instant
	n   int
}

func newMailroom(t *testing.T, url string) *mailroom {
	t.Helper()
	keys, err := store.LoadKeys(filepath.Join(t.TempDir(), "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	m := &mailroom{t: t, url: url, now: money.InstantOf(time.Date(2026, 2, 26, 12, 0, 0, 0, time.UTC)), lender: billing.Lender{Name: "Kestrane Motor Finance", Phone: "(800) 555-0142"}}
	if m.db, err = store.Open(t.Context(), url, keys); err != nil {
		t.Fatal(err)
	}
	if err := m.db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	m.svc = servicing.New(m.db, m.lender, openAccounts, m.clock)
	if m.inbox, err = sandbox.OpenInbox(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if m.texts, err = sandbox.OpenTexts(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(m.inbox.Close(), m.texts.Close(), m.db.Close()); err != nil {
			t.Error(err)
		}
	})
	return m
}

func (m *mailroom) clock() money.Instant {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

func (m *mailroom) later(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now += micros(d)
}

// runner is one process.
func (m *mailroom) runner() *Runner {
	m.t.Helper()
	host, port := m.inbox.Address()
	mailer, err := notice.NewMailer(notice.SMTPConfig{Host: host, Port: port, TLS: notice.TLSPlain, From: "help@kestrane.example", Timeout: time.Second})
	if err != nil {
		m.t.Fatal(err)
	}
	account, token := m.texts.Credentials()
	texter, err := notice.NewTexter(notice.TextConfig{BaseURL: m.texts.Address(), AccountSID: account, AuthToken: token, From: sandbox.SandboxNumber, Timeout: time.Second})
	if err != nil {
		m.t.Fatal(err)
	}
	return &Runner{Service: m.svc, Log: slog.New(slog.NewTextHandler(&m.log, nil)), Clock: m.clock, pause: 10 * time.Millisecond,
		Mail: func(ctx context.Context, o servicing.Outgoing) error {
			letter, err := notice.Mail(o.Notice, m.lender)
			if err != nil {
				return err
			}
			return mailer.Send(ctx, o.Notice.To, letter, o.ID, m.clock())
		},
		Text: func(ctx context.Context, o servicing.Outgoing) error {
			words, err := notice.Text(o.Notice, m.lender)
			if err != nil {
				return err
			}
			_, err = texter.Send(ctx, o.Notice.To, words)
			return err
		}}
}

// queue puts a message in the outbox; life 0 is for ever.
func (m *mailroom) queue(n billing.Notice, life time.Duration) {
	m.t.Helper()
	b, err := json.Marshal(&n)
	if err != nil {
		m.t.Fatal(err)
	}
	m.n++
	now := m.clock() - 1_000_000 + money.Instant(m.n) // in this order
	row := &store.Notice{ID: fmt.Sprintf("N-%05d", m.n), Once: fmt.Sprint(m.n), Kind: string(n.Kind), Channel: cmp.Or(n.Channel, billing.ByEmail), Content: string(b), TryAt: now, Created: now}
	if life > 0 {
		row.ExpiresAt = now + micros(life)
	}
	if err := m.db.Update(m.t.Context(), func(tx *store.Tx) error { return tx.InsertNotice(row) }); err != nil {
		m.t.Fatal(err)
	}
}

func changed(to string) billing.Notice {
	return billing.Notice{Kind: billing.NoticePasswordChanged, Address: to}
}

func codeTo(number, code string) billing.Notice {
	return billing.Notice{Kind: billing.NoticeSignInCode, Channel: billing.ByText, Address: number, Code: code}
}

// state of a message as it stands in the database.
func (m *mailroom) state(id string) (state, reason, content string) {
	m.t.Helper()
	driver, source := "sqlite", m.url
	if strings.HasPrefix(m.url, "postgres") {
		driver = "pgx"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		m.t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow("SELECT state, error, content FROM notice WHERE id = $1", id).Scan(&state, &reason, &content); err != nil {
		m.t.Fatal(err)
	}
	return state, reason, content
}

// careless delivers one message after the other, with whatever faults it is
// given. The checks below must fail on it.
type careless struct {
	*Runner
	unclaimed, late, backwards bool
}

func (c careless) Deliver(ctx context.Context) (sent int, err error) {
	page, err := c.Service.Outbox(ctx, actor, 1000)
	if err != nil {
		return 0, err
	}
	if c.backwards {
		slices.Reverse(page)
	}
	for _, o := range page {
		if !c.unclaimed {
			if claimed, err := c.Service.Claim(ctx, actor, o, micros(claimHold)); err != nil || !claimed {
				continue
			}
		}
		if !c.late && o.Expires != 0 && c.Clock() >= o.Expires {
			if err := c.Service.Record(ctx, actor, o, servicing.OutcomeExpired, "", 0); err != nil {
				return sent, err
			}
			continue
		}
		send := c.Mail
		if o.Notice.Channel == billing.ByText {
			send = c.Text
		}
		outcome, next := servicing.OutcomeSent, money.Instant(0)
		if send(ctx, o) != nil {
			outcome, next = servicing.OutcomeRetry, c.Clock()+micros(time.Minute)
		} else {
			sent++
		}
		if err := c.Service.Record(ctx, actor, o, outcome, "", next); err != nil {
			return sent, err
		}
	}
	return sent, nil
}

type deliverer interface {
	Deliver(context.Context) (int, error)
}

// holds runs a check against the product and then against each faulty variant,
// on which it must fail.
func holds(t *testing.T, check func(m *mailroom, of func(*Runner) deliverer) error, faulty func(*Runner) deliverer) {
	t.Helper()
	onBoth(t, func(t *testing.T, url string) {
		if err := check(newMailroom(t, url), func(r *Runner) deliverer { return r }); err != nil {
			t.Error(err)
		}
	})
	t.Run("faulty", func(t *testing.T) {
		if err := check(newMailroom(t, filepath.Join(t.TempDir(), "marque.db")), faulty); err == nil {
			t.Error("the check does not see the fault")
		}
	})
}

func TestAHangingProviderOfTextsDelaysNoMailAndNoCode(t *testing.T) {
	holds(t, func(m *mailroom, of func(*Runner) deliverer) error {
		m.texts.Misbehave(sandbox.Hanging, 0)
		for i := range 20 {
			m.queue(billing.Notice{Kind: billing.NoticePasswordChanged, Channel: billing.ByText, Address: fmt.Sprintf("+120255501%02d", i)}, 0)
		}
		for i := range 30 {
			m.queue(changed(fmt.Sprintf("p%d@mail.example", i)), 0)
		}
		m.queue(billing.Notice{Kind: billing.NoticeRecoveryCode, Address: "q@mail.example", Code: "48151623"}, 10*time.Minute)
		ctx, cancel := context.WithCancel(m.t.Context())
		done := make(chan error, 1)
		start := time.Now()
		go func() {
			_, err := of(m.runner()).Deliver(ctx)
			done <- err
		}()
		for time.Since(start) < 3*time.Second && len(m.inbox.Messages("")) < 31 {
			time.Sleep(5 * time.Millisecond)
		}
		took, got := time.Since(start), len(m.inbox.Messages(""))
		cancel()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
		if got < 31 || took > 2*time.Second {
			return fmt.Errorf("%d of 31 e-mails after %s", got, took)
		}
		return nil
	}, func(r *Runner) deliverer { return careless{Runner: r} })
}

func TestTwoProcessesSendEachMessageOnce(t *testing.T) {
	holds(t, func(m *mailroom, of func(*Runner) deliverer) error {
		for i := range 60 {
			m.queue(changed(fmt.Sprintf("p%d@mail.example", i)), 0)
		}
		m.inbox.Misbehave(sandbox.Slow, 5*time.Millisecond)
		var both sync.WaitGroup
		var errs [2]error
		for i := range errs {
			r := of(m.runner())
			both.Go(func() { _, errs[i] = r.Deliver(m.t.Context()) })
		}
		both.Wait()
		if err := errors.Join(errs[:]...); err != nil {
			return err
		}
		got := map[string]int{}
		for _, letter := range m.inbox.Messages("") {
			got[letter.To]++
		}
		for to, n := range got {
			if n > 1 {
				return fmt.Errorf("%s got it %d times", to, n)
			}
		}
		if len(got) != 60 {
			return fmt.Errorf("%d of 60 arrived", len(got))
		}
		return nil
	}, func(r *Runner) deliverer { return careless{Runner: r, unclaimed: true} })
}

func TestAPersonsMessagesArriveInTheirOrder(t *testing.T) {
	holds(t, func(m *mailroom, of func(*Runner) deliverer) error {
		want := map[string][]string{}
		for i := range 24 {
			to := fmt.Sprintf("+120255501%02d", i%3)
			n := codeTo(to, fmt.Sprintf("%06d", i))
			want[to] = append(want[to], n.Code)
			m.queue(n, 10*time.Minute)
		}
		m.texts.Misbehave(sandbox.Slow, 10*time.Millisecond)
		if _, err := of(m.runner()).Deliver(m.t.Context()); err != nil {
			return err
		}
		got := map[string][]string{}
		for _, x := range slices.Backward(m.texts.Messages("")) {
			got[x.To] = append(got[x.To], regexp.MustCompile(`[0-9]{6}`).FindString(x.Body))
		}
		for to := range want {
			if !slices.Equal(got[to], want[to]) {
				return fmt.Errorf("to %s: %v, want %v", to, got[to], want[to])
			}
		}
		return nil
	}, func(r *Runner) deliverer { return careless{Runner: r, backwards: true} })
}

func TestACodeThatIsLateIsNotSent(t *testing.T) {
	holds(t, func(m *mailroom, of func(*Runner) deliverer) error {
		m.queue(codeTo("+12025550143", "481516"), 10*time.Minute)
		m.queue(changed("maria@mail.example"), 0)
		m.texts.Misbehave(sandbox.Busy, 0)
		m.inbox.Misbehave(sandbox.Busy, 0)
		r := of(m.runner())
		for range 3 {
			if _, err := r.Deliver(m.t.Context()); err != nil {
				return err
			}
			m.later(4 * time.Minute)
		}
		m.texts.Misbehave(sandbox.Well, 0)
		m.inbox.Misbehave(sandbox.Well, 0)
		time.Sleep(20 * time.Millisecond) // longer than the pause of a server that is away
		if _, err := r.Deliver(m.t.Context()); err != nil {
			return err
		}
		if x := m.texts.Messages(""); len(x) > 0 {
			return fmt.Errorf("sent after its time: %q", x[0].Body)
		}
		if state, _, content := m.state("N-00001"); state != "expired" || content != "" {
			return fmt.Errorf("the code's row is %s and still has %d bytes", state, len(content))
		}
		if len(m.inbox.Messages("maria")) != 1 {
			return errors.New("the message that is never late did not arrive")
		}
		return nil
	}, func(r *Runner) deliverer { return careless{Runner: r, late: true} })
}

// While a server is away the messages wait untried, and the lender hears of it.
func TestAServerThatIsAwayIsAskedByOneMessageAtATime(t *testing.T) {
	holds(t, func(m *mailroom, of func(*Runner) deliverer) error {
		for i := range 60 {
			m.queue(changed(fmt.Sprintf("p%d@mail.example", i)), 0)
		}
		m.inbox.Misbehave(sandbox.Broken, 0)
		run := m.runner()
		tries, send := 0, run.Mail
		var mu sync.Mutex
		run.Mail = func(ctx context.Context, o servicing.Outgoing) error {
			mu.Lock()
			tries++
			mu.Unlock()
			return send(ctx, o)
		}
		run.pause = time.Hour
		r := of(run)
		for range 3 {
			if _, err := r.Deliver(m.t.Context()); err != nil {
				return err
			}
		}
		if tries > awayAfter+laneWorkers {
			return fmt.Errorf("%d tries at a server that is away", tries)
		}
		if !strings.Contains(m.log.String(), "messages are not going out") {
			return errors.New("nobody is told")
		}
		m.inbox.Misbehave(sandbox.Well, 0)
		run.mailOutage.until = time.Time{}
		m.later(2 * time.Hour)
		if _, err := r.Deliver(m.t.Context()); err != nil {
			return err
		}
		if n := len(m.inbox.Messages("")); n != 60 {
			return fmt.Errorf("%d of 60 arrived", n)
		}
		return nil
	}, func(r *Runner) deliverer { return careless{Runner: r} })
}

func TestAServerThatIsAwayForADayLosesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		m := newMailroom(t, url)
		m.queue(changed("maria@mail.example"), 0)
		m.inbox.Misbehave(sandbox.Broken, 0)
		r := m.runner()
		for range 24 {
			if _, err := r.Deliver(t.Context()); err != nil {
				t.Fatal(err)
			}
			m.later(time.Hour)
		}
		m.inbox.Misbehave(sandbox.Well, 0)
		time.Sleep(20 * time.Millisecond)
		if sent, err := r.Deliver(t.Context()); err != nil || sent != 1 {
			t.Errorf("%d sent, %v", sent, err)
		}
	})
}

func TestAMessageWhoseProcessDiedIsSentByAnother(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		m := newMailroom(t, url)
		m.queue(changed("maria@mail.example"), 0)
		list, err := m.svc.Outbox(t.Context(), actor, 10)
		if err != nil || len(list) != 1 {
			t.Fatalf("%d, %v", len(list), err)
		}
		if claimed, err := m.svc.Claim(t.Context(), actor, list[0], micros(claimHold)); err != nil || !claimed {
			t.Fatalf("%t, %v", claimed, err)
		}
		r := m.runner()
		if sent, err := r.Deliver(t.Context()); err != nil || sent != 0 {
			t.Errorf("while it is claimed: %d, %v", sent, err)
		}
		m.later(claimHold + time.Second)
		if sent, err := r.Deliver(t.Context()); err != nil || sent != 1 {
			t.Errorf("after it: %d, %v", sent, err)
		}
	})
}

// A message that was taken by the server and whose answer was lost is sent
// again: the e-mails bear the same Message-ID, texts have nothing of the kind.
func TestALostAnswerRepeatsTheSameMessage(t *testing.T) {
	m := newMailroom(t, filepath.Join(t.TempDir(), "marque.db"))
	m.queue(changed("maria@mail.example"), 0)
	m.queue(codeTo("+12025550143", "481516"), 10*time.Minute)
	m.inbox.Misbehave(sandbox.Dropping, 0)
	m.texts.Misbehave(sandbox.Dropping, 0)
	r := m.runner()
	if sent, err := r.Deliver(t.Context()); err != nil || sent != 0 {
		t.Fatalf("%d, %v", sent, err)
	}
	m.inbox.Misbehave(sandbox.Well, 0)
	m.texts.Misbehave(sandbox.Well, 0)
	m.later(2 * time.Minute)
	if sent, err := r.Deliver(t.Context()); err != nil || sent != 2 {
		t.Fatalf("%d, %v", sent, err)
	}
	if letters, texts := m.inbox.Messages(""), m.texts.Messages(""); len(letters) != 2 || len(texts) != 2 || texts[0].Body != texts[1].Body {
		t.Errorf("%d letters, %+v", len(letters), texts)
	}
}

func TestARefusedMessageIsNotTriedAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		m := newMailroom(t, url)
		m.queue(changed("nobody@mail.example"), 0)
		m.queue(codeTo("+12025550143", "481516"), 10*time.Minute)
		m.queue(billing.Notice{Kind: "birthday", Address: "maria@mail.example"}, 0)
		m.queue(billing.Notice{Kind: billing.NoticePasswordChanged}, 0) // no address
		m.inbox.Misbehave(sandbox.Refusing, 0)
		m.texts.Misbehave(sandbox.Refusing, 0)
		r := m.runner()
		if sent, err := r.Deliver(t.Context()); err != nil || sent != 0 {
			t.Fatalf("%d, %v", sent, err)
		}
		for id, want := range map[string]string{"N-00001": "550", "N-00002": "21614", "N-00003": "unknown kind", "N-00004": "no address"} {
			state, reason, _ := m.state(id)
			if state != "failed" || !strings.Contains(reason, want) {
				t.Errorf("%s: %s, %q", id, state, reason)
			}
		}
		for _, secret := range []string{"nobody@mail.example", "2025550143", "481516"} {
			if strings.Contains(m.log.String(), secret) {
				t.Errorf("the log says %q:\n%s", secret, m.log.String())
			}
		}
	})
}
