package servicing_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/store"
)

// The tests in the files attack_*_test.go are an attacker's: each tries what has
// worked elsewhere. That each can fail is shown by broken_test.go.

const (
	wrongPassword = "not the password at all"
	chosenName    = "avery-of-springfield"
)

// from is a browser somewhere that nobody has seen before.
func from(n int) servicing.Source {
	return servicing.Source{IP: fmt.Sprintf("198.%d.%d.%d", 18+n>>16&1, n>>8&255, n&255), UserAgent: "Mozilla/5.0 (X11; Linux) Firefox/140.0"}
}

var portalSite = virtualwebauthn.RelyingParty{ID: "pay.marque.example", Name: "Marque Financial", Origin: "https://pay.marque.example"}

// ruled gives the office the lender's settings, with passkeys.
func (o *office) ruled(change func(*servicing.Access)) {
	o.Helper()
	o.Service = o.another(o.db, change)
}

func (o *office) another(db *store.DB, change func(*servicing.Access)) *servicing.Service {
	o.Helper()
	rules := openAccounts
	rules.Access.Passkeys = got(identity.NewPasskeys(portalSite.ID, portalSite.Name, []string{portalSite.Origin}))(o)
	if change != nil {
		change(&rules.Access)
	}
	return servicing.New(db, lender, rules, o.instant)
}

func (o *office) instant() money.Instant { return money.Instant(o.clock.Load()) }

// both are two instances of the program on one database: on PostgreSQL two
// processes as far as the database can tell. SQLite serves one process.
func (o *office) both() [2]*servicing.Service {
	o.Helper()
	if o.db.Name() == "sqlite" {
		return [2]*servicing.Service{o.Service, o.another(o.db, nil)}
	}
	return [2]*servicing.Service{o.Service, o.another(o.open(o.url), nil)}
}

// resident is a customer who has been through activation by text, with an
// authenticator app, saved codes and a passkey besides.
type resident struct {
	*office
	account
	owner  string
	in     servicing.Entry // the session of now
	device string
	app    app
	saved  []string
	key    *passkey
}

// moveIn brings L1's borrower all the way, with everything.
func moveIn(o *office) *resident {
	o.Helper()
	o.ruled(nil)
	r := &resident{office: o, account: *o.take("L1", loan())}
	r.owner = r.actor.String()
	flow := got(o.StartActivation(ctx, known(), src))(o)
	must(o, o.ProveActivation(ctx, flow, o.code(), src))
	r.in = got(o.FinishActivation(ctx, flow, chosenName, password, src))(o)
	r.device = r.in.Device
	r.app, r.in = o.addApp(r.in)
	r.saved = got(o.MakeSavedCodes(ctx, r.me(), servicing.NewKey(), src))(o)
	r.key = newPasskey()
	r.in = r.key.register(r, r.in)
	o.wait(24 * time.Hour) // what is counted by the day begins anew
	r.in = r.enter()
	return r
}

// me is the actor of the session of now.
func (r *resident) me() identity.Actor {
	r.Helper()
	return got(r.Session(ctx, r.in.Session))(r).Actor
}

// home is the owner's own browser.
func (r *resident) home() servicing.Source {
	return servicing.Source{IP: src.IP, UserAgent: src.UserAgent, Device: r.device}
}

// enter signs in with the app, at home.
func (r *resident) enter() servicing.Entry {
	r.Helper()
	return r.enterAs(password)
}

func (r *resident) enterAs(word string) servicing.Entry {
	r.Helper()
	r.wait(time.Minute)
	e := got(r.SignIn(ctx, chosenName, word, r.home()))(r)
	if e.Session == "" {
		e = got(r.ProveSignIn(ctx, e.Flow, servicing.App, r.now(r.app), false, r.home()))(r)
	}
	r.device = e.Device
	return e
}

// pending is a run of signing in that waits for the second factor.
func (r *resident) pending() servicing.FlowID {
	r.Helper()
	e := got(r.SignIn(ctx, chosenName, password, r.home()))(r)
	if e.Flow == "" || e.Session != "" {
		r.Fatalf("a password led to %+v", e)
	}
	return e.Flow
}

// mint adds a saved code past the verbs.
func (r *resident) mint() string {
	r.Helper()
	code := identity.NewSavedCodes()[0]
	must(r, r.db.Update(ctx, func(tx *store.Tx) error {
		return tx.InsertAuthenticator(&store.Authenticator{ID: store.NewID(), Owner: r.owner, Kind: string(servicing.SavedCode), Added: r.instant(),
			Lookup: r.keys.Hash("saved_code", r.owner+" "+identity.NormalSavedCode(code))})
	}))
	return code
}

// mailCode and textCode ask a run of recovery for a code and read it.
func (r *resident) recoveryCode(flow servicing.FlowID, by servicing.Channel) string {
	r.Helper()
	r.wait(time.Minute)
	must(r, r.SendRecoveryCode(ctx, flow, by, src))
	return r.code()
}

// lockQuietly locks a login and ends nothing that is open, so that only the gate
// stands in the way.
func (r *resident) lockQuietly() {
	r.Helper()
	must(r, r.db.Update(ctx, func(tx *store.Tx) error {
		tx.LockLogin(r.owner, "test", r.instant())
		return nil
	}))
}

func (r *resident) unlock() {
	r.Helper()
	must(r, r.db.Update(ctx, func(tx *store.Tx) error {
		tx.UnlockLogin(r.owner)
		return nil
	}))
}

// passkey is one on a person's phone.
type passkey struct {
	phone virtualwebauthn.Authenticator
	key   virtualwebauthn.Credential
}

// newPasskey has a public key without leading zeros, because the software that
// plays the phone leaves those out, which no true one does (RFC 9053, 7.1.1).
func newPasskey() *passkey {
	const whole = 77 // bytes of COSE with both coordinates in full
	for {
		if c := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2); len(c.Key.AttestationData()) == whole {
			return &passkey{key: c}
		}
	}
}

// make answers the wish for a new passkey.
func (p *passkey) make(t testing.TB, options string) string {
	t.Helper()
	var o struct {
		PublicKey struct {
			User struct{ ID string }
		}
	}
	must(t, json.Unmarshal([]byte(options), &o))
	handle, err := base64.RawURLEncoding.DecodeString(o.PublicKey.User.ID)
	must(t, err)
	p.phone.Options.UserHandle = handle
	wish, err := virtualwebauthn.ParseAttestationOptions(options)
	must(t, err)
	return virtualwebauthn.CreateAttestationResponse(portalSite, p.phone, p.key, *wish)
}

// sign answers the wish for a known one.
func (p *passkey) sign(t testing.TB, options string) string {
	t.Helper()
	return p.signAt(t, portalSite, options)
}

func (p *passkey) signAt(t testing.TB, site virtualwebauthn.RelyingParty, options string) string {
	t.Helper()
	wish, err := virtualwebauthn.ParseAssertionOptions(options)
	must(t, err)
	return virtualwebauthn.CreateAssertionResponse(site, p.phone, p.key, *wish)
}

func (p *passkey) register(r *resident, in servicing.Entry) servicing.Entry {
	r.Helper()
	actor := got(r.Session(ctx, in.Session))(r).Actor
	call := got(r.StartPasskey(ctx, actor))(r)
	return got(r.FinishPasskey(ctx, actor, call.Box, "", p.make(r, call.Options), src))(r)
}

// other is a code that is not this one.
func other(code string) string {
	last := code[len(code)-1]
	return code[:len(code)-1] + string('0'+(last-'0'+1)%10)
}

// compared says whether a try was compared with the secret and found wrong.
func compared(err error) bool {
	return strings.HasPrefix(outcome(err), "refused ") && strings.HasSuffix(outcome(err), "_wrong")
}

// button is one of the owner's that says "this was not me".
func (r *resident) button() servicing.FlowID {
	r.Helper()
	link := ""
	for _, m := range got(r.Outbox(ctx, system, 10_000))(r) {
		// Not of a factor that was just bound: that one would end with it.
		if m.Notice.Link != "" && m.Notice.Kind != billing.NoticeFactorAdded && m.Notice.To == username {
			if _, err := r.ReadNotMe(ctx, servicing.FlowID(strings.TrimPrefix(m.Notice.Link, "/not-me/"))); err == nil {
				link = m.Notice.Link
			}
		}
	}
	return servicing.FlowID(strings.TrimPrefix(link, "/not-me/"))
}

// moveIn2 is moveIn on another fresh database of the same kind.
func moveIn2(t *testing.T, o *office) *resident {
	t.Helper()
	if o.db.Name() == "sqlite" {
		return moveIn(newOffice(t, freshSQLite(t)))
	}
	return moveIn(newOffice(t, freshPostgres(t)))
}

// newVictimOf is a resident as reach_test.go's lists call one.
func newVictimOf(r *resident) *victim {
	r.Helper()
	v := &victim{office: r.office, account: r.account}
	v.spare = got(r.AddBankAccount(ctx, r.me(), bankRequest("4440009991")))(r).ID
	got(r.EnrollAutopay(ctx, r.me(), servicing.AutopayRequest{Key: servicing.NewKey(), Contract: v.id, Method: v.bank, Signed: servicing.AutopayWord}, src))(r)
	return v
}
