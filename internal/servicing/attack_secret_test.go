package servicing_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"marque/internal/identity"
	"marque/internal/servicing"
)

// canaries are the secrets of one run through everything, by what they are.
type canaries map[string][]string

func (c canaries) add(what string, secrets ...string) {
	for _, s := range secrets {
		if len(s) < 6 {
			panic(what + " is too short to be found")
		}
		c[what] = append(c[what], s)
	}
}

// hush keeps what is written to the log while do runs.
func hush(do func()) string {
	var out bytes.Buffer
	was, flags, structured := log.Writer(), log.Flags(), slog.Default()
	log.SetOutput(&out)
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})))
	defer func() {
		slog.SetDefault(structured)
		log.SetOutput(was)
		log.SetFlags(flags)
	}()
	do()
	return out.String()
}

// goThrough does everything that has a secret in it, right and wrong, and gives
// the secrets and the words of every refusal.
func goThrough(r *resident) (c canaries, told []string) {
	c = canaries{}
	tell := func(err error) {
		if err != nil {
			told = append(told, err.Error())
		}
	}
	c.add("password", password, "seven grey hills in the rain", "canary in a coal mine")
	c.add("Social Security number", nationalID, nationalID[:3]+"-"+nationalID[3:5]+"-"+nationalID[5:])
	c.add("birth date", birthDate)
	c.add("account number", bankAccount, "5550001119")
	c.add("seed", string(r.app))
	for _, s := range r.saved {
		c.add("saved code", s, identity.NormalSavedCode(s))
	}
	must(r, r.SetQuestions(ctx, r.me(), []string{"first-pet", "first-trip", "dream-job"}, []string{"quiet lantern", "copper window", "velvet ladder"}, src))
	c.add("answer", "quiet lantern", "copper window", "velvet ladder")
	session := func(e servicing.Entry) servicing.Entry {
		if e.Session != "" {
			c.add("session", e.Session)
		}
		if e.Flow != "" {
			c.add("run", string(e.Flow))
		}
		return e
	}
	session(r.in)
	code := func() string {
		c.add("code", r.code())
		return r.code()
	}
	// Signing in, right and wrong, by every factor.
	r.wait(time.Minute)
	tell(second(r.SignIn(ctx, chosenName, "canary in a coal mine", r.home())))
	e := session(got(r.SignIn(ctx, chosenName, password, r.home()))(r))
	must(r, r.SendSignInText(ctx, e.Flow, src))
	tell(second(r.ProveSignIn(ctx, e.Flow, servicing.Text, other(code()), false, r.home())))
	r.in = session(got(r.ProveSignIn(ctx, e.Flow, servicing.Text, code(), false, r.home()))(r))
	e = session(got(r.SignIn(ctx, chosenName, password, from(1)))(r))
	totp := r.now(r.app)
	c.add("code", totp)
	session(got(r.ProveSignIn(ctx, e.Flow, servicing.App, totp, false, from(1)))(r))
	tell(second(r.ProveSignIn(ctx, e.Flow, servicing.App, totp, false, from(1))))
	e = session(got(r.SignIn(ctx, chosenName, password, from(2)))(r))
	session(got(r.ProveSignIn(ctx, e.Flow, servicing.SavedCode, r.saved[0], false, from(2)))(r))
	// What is changed.
	r.wait(time.Minute)
	must(r, r.SendConfirmText(ctx, r.me(), src))
	r.in = session(got(r.Confirm(ctx, r.me(), servicing.Text, code(), src))(r))
	request := bankRequest("5550001119")
	got(r.AddBankAccount(ctx, r.me(), request))(r)
	request.AccountAgain = "5550001118"
	tell(second(r.AddBankAccount(ctx, r.me(), request)))
	r.wait(time.Minute)
	id := got(r.StartContactChange(ctx, r.me(), servicing.ContactEmail, "canary@post.example", src))(r)
	tell(r.FinishContactChange(ctx, r.me(), id, other(code()), src))
	must(r, r.FinishContactChange(ctx, r.me(), id, code(), src))
	r.app, r.in = r.addApp(session(r.in))
	c.add("seed", string(r.app))
	r.in = session(newPasskey().register(r, r.in))
	r.in = session(got(r.ChangePassword(ctx, r.me(), password, "seven grey hills in the rain", src))(r))
	tell(second(r.ChangePassword(ctx, r.me(), "canary in a coal mine", password, src)))
	// The ways back.
	r.wait(identity.SettledFor)
	flow := got(r.StartRecovery(ctx, identity.GoalPassword, chosenName, src))(r)
	c.add("run", string(flow))
	r.recoveryCode(flow, servicing.ByEmail)
	tell(second(r.ProveRecovery(ctx, flow, identity.ProofEmailCode, other(code()), src)))
	got(r.ProveRecovery(ctx, flow, identity.ProofEmailCode, code(), src))(r)
	got(r.ProveRecovery(ctx, flow, identity.ProofSavedCode, r.saved[1], src))(r)
	tell(second(r.ProveRecovery(ctx, flow, identity.ProofSavedCode, r.saved[1], src)))
	got(r.AnswerRecovery(ctx, flow, map[string]string{"first-pet": "quiet lantern", "first-trip": "copper window", "dream-job": "velvet ladder"}, src))(r)
	session(got(r.FinishRecovery(ctx, flow, "canary in a coal mine", src))(r))
	// Another activation, and the button.
	r.take("L2", loan())
	req := known()
	req.AccountNumber = "L2"
	flow = got(r.StartActivation(ctx, req, src))(r)
	c.add("run", string(flow))
	must(r, r.ProveActivation(ctx, flow, code(), src))
	tell(second(r.FinishActivation(ctx, flow, chosenName, "seven grey hills in the rain", src)))
	var last servicing.FlowID
	for _, m := range got(r.Outbox(ctx, system, 1000))(r) {
		if m.Notice.Link != "" {
			button := servicing.FlowID(strings.TrimPrefix(m.Notice.Link, "/not-me/"))
			c.add("button", string(button))
			if _, err := r.ReadNotMe(ctx, button); err == nil {
				last = button
			}
		}
	}
	must(r, r.PressNotMe(ctx, last, src))
	return c, told
}

// What is secret stands nowhere as it is typed: not in the database's file or any
// column of it, not in the audit trail, not in the log, not in an error's words
// (ASVS 16.2.5).
func TestNoSecretIsWrittenDown(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		var c canaries
		var told []string
		logged := hush(func() {
			r := moveIn(o)
			o.ruled(func(a *servicing.Access) { a.Questions = servicing.QuestionsRecovery })
			c, told = goThrough(r)
		})
		text := map[string]string{"the log": logged, "the words of refusals": strings.Join(told, "\n"), "the database": dump(o)}
		if o.db.Name() == "sqlite" {
			for _, end := range []string{"", "-wal"} {
				text["the file"+end] = string(got(os.ReadFile(o.url + end))(t))
			}
		}
		if len(told) < 9 || len(text["the database"]) < 50_000 {
			t.Fatalf("looked at too little: %d refusals, %d bytes", len(told), len(text["the database"]))
		}
		kinds := 0
		for what, secrets := range c {
			kinds++
			for where, all := range text {
				for _, s := range secrets {
					// Six digits stand by chance in anything long that is in hexadecimal.
					if what == "code" && strings.HasPrefix(where, "the ") && where != "the log" && where != "the words of refusals" {
						continue
					}
					if strings.Contains(all, s) {
						t.Errorf("%s: %s %q", where, what, s)
					}
				}
			}
		}
		for _, code := range c["code"] {
			for _, row := range strings.Split(text["the database"], "\n") {
				for _, cell := range strings.Fields(row) {
					if _, value, _ := strings.Cut(cell, "="); value == code || strings.Contains(value, `"`+code+`"`) {
						t.Errorf("a code stands in %s", cell)
					}
				}
			}
		}
		if kinds < 10 {
			t.Errorf("only %d kinds of secret", kinds)
		}
		// The test can find: what is no secret is there.
		for _, plain := range []string{chosenName, "canary@post.example"} {
			if !strings.Contains(text["the database"], plain) {
				t.Errorf("%s is not found", plain)
			}
		}
	})
}

// dump is all rows of all tables as text.
func dump(o *office) string {
	o.Helper()
	query := `SELECT name FROM sqlite_master WHERE type = 'table'`
	if o.db.Name() == "postgres" {
		query = `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`
	}
	var out strings.Builder
	for _, row := range o.rows(query) {
		_, table, _ := strings.Cut(strings.TrimSpace(row), "=")
		for _, line := range o.rows(`SELECT * FROM "` + table + `"`) {
			out.WriteString(table + " " + line + "\n")
		}
	}
	return out.String()
}

// counted is a context that counts how often it is asked whether it is over: the
// store's one writer on SQLite asks once before each transaction.
type counted struct {
	context.Context
	n *atomic.Int64
}

func (c counted) Err() error {
	c.n.Add(1)
	return c.Context.Err()
}

// doors are where somebody who has no access could learn from the time it takes
// who has.
var doors = []struct {
	name string
	try  func(s *servicing.Service, ctx context.Context, name, account string, at servicing.Source) error
}{
	{"SignIn", func(s *servicing.Service, ctx context.Context, name, _ string, at servicing.Source) error {
		_, err := s.SignIn(ctx, name, wrongPassword, at)
		return err
	}},
	{"StartRecovery", func(s *servicing.Service, ctx context.Context, name, _ string, at servicing.Source) error {
		id, err := s.StartRecovery(ctx, identity.GoalPassword, name, at)
		if err != nil {
			return err
		}
		return s.SendRecoveryCode(ctx, id, servicing.ByText, at)
	}},
	{"StartActivation", func(s *servicing.Service, ctx context.Context, _, account string, at servicing.Source) error {
		req := known()
		req.AccountNumber = account
		_, err := s.StartActivation(ctx, req, at)
		return err
	}},
	{"RemindUsername", func(s *servicing.Service, ctx context.Context, _, account string, at servicing.Source) error {
		req := known()
		req.AccountNumber, req.By = account, servicing.ByEmail
		return s.RemindUsername(ctx, req, at)
	}},
}

// Somebody and nobody cost the database as many transactions, each of which waits
// for the disk: that is what would be seen from outside.
func TestNobodyTakesAsManyTransactionsAsSomebody(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		moveIn(o)
		o.take("L2", loan())
		count := func(try func(ctx context.Context) error) int64 {
			if o.db.Name() == "postgres" {
				var before, after int64
				must(t, o.raw.QueryRow(`SELECT pg_current_xact_id()::text::bigint`).Scan(&before))
				if err := try(ctx); err != nil && !compared(err) {
					t.Error(err)
				}
				must(t, o.raw.QueryRow(`SELECT pg_current_xact_id()::text::bigint`).Scan(&after))
				return after - before - 1
			}
			n := atomic.Int64{}
			if err := try(counted{ctx, &n}); err != nil && !compared(err) {
				t.Error(err)
			}
			return n.Load()
		}
		for _, d := range doors {
			least := map[string]int64{}
			for i := range 5 {
				for _, who := range [][3]string{{"somebody", chosenName, "L2"}, {"nobody", "nobody-of-springfield", "L9"}} {
					n := count(func(ctx context.Context) error { return d.try(o.Service, ctx, who[1], who[2], from(300+i)) })
					// Others use the same PostgreSQL: the least is what it takes.
					if had, ok := least[who[0]]; !ok || n < had {
						least[who[0]] = n
					}
				}
				o.wait(2 * time.Hour)
			}
			if least["somebody"] != least["nobody"] || least["nobody"] == 0 {
				t.Errorf("%s: %v", d.name, least)
			}
		}
	})
}

// BenchmarkNobody says how long somebody and nobody wait at each door, as the
// difference of the medians of 500 tries each, in microseconds.
func BenchmarkNobody(b *testing.B) {
	for _, d := range doors {
		b.Run(d.name, func(b *testing.B) {
			benchBoth(b, func(b *testing.B, o *office) {
				moveIn(o)
				o.take("L2", loan())
				for b.Loop() {
					took := map[string][]time.Duration{}
					for i := range 500 {
						both := [][3]string{{"somebody", chosenName, "L2"}, {"nobody", "nobody-of-springfield", "L9"}}
						if i%2 == 1 { // neither always comes first
							slices.Reverse(both)
						}
						for _, who := range both {
							begin := time.Now()
							err := d.try(o.Service, ctx, who[1], who[2], from(1000+i))
							took[who[0]] = append(took[who[0]], time.Since(begin))
							if err != nil && !compared(err) {
								b.Fatal(err)
							}
						}
						got(o.raw.Exec(`DELETE FROM attempt`))(b)
						o.wait(2 * time.Hour)
					}
					median := func(all []time.Duration) float64 {
						slices.Sort(all)
						return float64(all[len(all)/2].Microseconds())
					}
					somebody, nobody := median(took["somebody"]), median(took["nobody"])
					b.ReportMetric(max(somebody-nobody, nobody-somebody), "µs-apart")
					b.ReportMetric(nobody, "µs-nobody")
				}
			})
		})
	}
}

// A log line and an audit row are one line, whatever a browser calls itself.
func TestNobodyForgesALine(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		r := moveIn(o)
		evil := servicing.Source{IP: "198.18.0.9", UserAgent: "x\r\n2026-01-01 system: all is well\x1b[2J"}
		if _, err := r.SignIn(ctx, "a\r\nb", wrongPassword, evil); !compared(err) {
			t.Error(err)
		}
		e := got(r.SignIn(ctx, chosenName, password, evil))(t)
		got(r.ProveSignIn(ctx, e.Flow, servicing.SavedCode, r.saved[0], false, evil))(t)
		for _, row := range o.rows(`SELECT actor, action, subject, detail FROM audit`) {
			if strings.ContainsAny(row, "\r\n\x1b") {
				t.Errorf("%q", row)
			}
		}
		for _, v := range got(r.Security(ctx, r.me()))(t).Visits {
			text := got(json.Marshal(v))(t)
			if bytes.Contains(text, []byte("all is well")) {
				t.Errorf("%s", text)
			}
		}
	})
}
