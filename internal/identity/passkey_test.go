package identity_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/descope/virtualwebauthn"

	"marque/internal/identity"
)

var portal = virtualwebauthn.RelyingParty{ID: "pay.demo.example", Name: "Demo Auto Finance", Origin: "https://pay.demo.example"}

func passkeys(t *testing.T) *identity.Passkeys {
	t.Helper()
	p, err := identity.NewPasskeys(portal.ID, portal.Name, []string{portal.Origin})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// phone is a person with a phone that holds passkeys.
type phone struct {
	device virtualwebauthn.Authenticator
	key    virtualwebauthn.Credential
	user   identity.PasskeyUser
}

func newPhone() *phone {
	handle := bytes.Repeat([]byte{7}, 64)
	return &phone{
		device: virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: handle, BackupEligible: true, BackupState: true}),
		key:    newKey(),
		user:   identity.PasskeyUser{Handle: handle, Name: "jordan@mail.example", Display: "Jordan Avery"},
	}
}

// newKey is one whose public key has no leading zeros, because the software that
// plays the phone leaves those out, which no true one does (RFC 9053, 7.1.1).
func newKey() virtualwebauthn.Credential {
	const whole = 77 // bytes of COSE with both coordinates in full
	for {
		if c := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2); len(c.Key.AttestationData()) == whole {
			return c
		}
	}
}

func (ph *phone) created(t *testing.T, rp virtualwebauthn.RelyingParty, options []byte) []byte {
	t.Helper()
	o, err := virtualwebauthn.ParseAttestationOptions(string(options))
	if err != nil {
		t.Fatal(err)
	}
	return []byte(virtualwebauthn.CreateAttestationResponse(rp, ph.device, ph.key, *o))
}

func (ph *phone) signed(t *testing.T, rp virtualwebauthn.RelyingParty, options []byte) []byte {
	t.Helper()
	o, err := virtualwebauthn.ParseAssertionOptions(string(options))
	if err != nil {
		t.Fatal(err)
	}
	return []byte(virtualwebauthn.CreateAssertionResponse(rp, ph.device, ph.key, *o))
}

func (ph *phone) register(t *testing.T, p *identity.Passkeys) identity.Passkey {
	t.Helper()
	options, session, err := p.BeginRegister(ph.user)
	if err != nil {
		t.Fatal(err)
	}
	k, err := p.FinishRegister(ph.user, session, ph.created(t, portal, options))
	if err != nil {
		t.Fatal(err)
	}
	ph.user.Keys = append(ph.user.Keys, k)
	return k
}

func (ph *phone) find(handle, credentialID []byte) (identity.PasskeyUser, error) {
	if !bytes.Equal(handle, ph.user.Handle) {
		return identity.PasskeyUser{}, identity.ErrPasskey
	}
	return ph.user, nil
}

func TestAPasskeyIsRegisteredAndSignsIn(t *testing.T) {
	p, ph := passkeys(t), newPhone()
	k := ph.register(t, p)
	if !bytes.Equal(k.ID, ph.key.ID) || !k.UV || !k.BackupEligible || !k.BackedUp || !bytes.Equal(k.AAGUID, ph.device.Aaguid[:]) {
		t.Errorf("%+v", k)
	}
	kept, err := json.Marshal(k)
	if err != nil {
		t.Fatal(err)
	}
	ph.user.Keys[0] = identity.Passkey{}
	if err := json.Unmarshal(kept, &ph.user.Keys[0]); err != nil {
		t.Fatal(err)
	}
	for name, who := range map[string]*identity.PasskeyUser{"without a username": nil, "after the username": &ph.user} {
		options, session, err := p.BeginAssert(who)
		if err != nil {
			t.Fatal(name, err)
		}
		got, err := p.FinishAssert(session, ph.signed(t, portal, options), ph.find)
		if err != nil || !bytes.Equal(got.Handle, ph.user.Handle) || !bytes.Equal(got.CredentialID, k.ID) || !got.UV || !got.BackedUp || got.CountWentBack || got.SignCount != 0 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// What the browser is asked: W3C Web Authentication Level 3, 5.4 and 5.5; NIST SP
// 800-63B-4, appendix B.
func TestTheBrowserIsAskedForAPasskeyAndNothingElse(t *testing.T) {
	p, ph := passkeys(t), newPhone()
	k := ph.register(t, p)
	var o struct {
		PublicKey struct {
			Challenge              string
			Attestation            string
			Timeout                int
			RPID                   string `json:"rpId"`
			UserVerification       string
			RP                     struct{ ID, Name string }
			User                   struct{ ID, Name, DisplayName string }
			AuthenticatorSelection struct {
				ResidentKey, UserVerification string
				RequireResidentKey            bool
			}
			ExcludeCredentials, AllowCredentials []struct{ ID, Type string }
		}
	}
	id := base64.RawURLEncoding.EncodeToString(k.ID)
	challenges := map[string]bool{}
	read := func(options []byte, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		o.PublicKey.ExcludeCredentials, o.PublicKey.AllowCredentials = nil, nil
		if err := json.Unmarshal(options, &o); err != nil {
			t.Fatal(err)
		}
		raw, err := base64.RawURLEncoding.DecodeString(o.PublicKey.Challenge)
		if err != nil || len(raw) != 32 || challenges[o.PublicKey.Challenge] || o.PublicKey.Timeout != 300_000 {
			t.Errorf("challenge %q, timeout %d, %v", o.PublicKey.Challenge, o.PublicKey.Timeout, err)
		}
		challenges[o.PublicKey.Challenge] = true
	}
	options, _, err := p.BeginRegister(ph.user)
	read(options, err)
	s := o.PublicKey.AuthenticatorSelection
	if s.ResidentKey != "required" || !s.RequireResidentKey || s.UserVerification != "required" || o.PublicKey.Attestation != "none" ||
		o.PublicKey.RP.ID != portal.ID || o.PublicKey.RP.Name != portal.Name || o.PublicKey.User.Name != ph.user.Name ||
		len(o.PublicKey.ExcludeCredentials) != 1 || o.PublicKey.ExcludeCredentials[0].ID != id {
		t.Errorf("%s", options)
	}
	options, _, err = p.BeginAssert(&ph.user)
	read(options, err)
	if o.PublicKey.RPID != portal.ID || o.PublicKey.UserVerification != "required" || len(o.PublicKey.AllowCredentials) != 1 || o.PublicKey.AllowCredentials[0].ID != id {
		t.Errorf("%s", options)
	}
	options, _, err = p.BeginAssert(nil)
	read(options, err)
	if len(o.PublicKey.AllowCredentials) != 0 || strings.Contains(string(options), id) {
		t.Errorf("%s", options)
	}
	if _, _, err := p.BeginAssert(&identity.PasskeyUser{Handle: []byte{1}}); err == nil {
		t.Error("somebody without passkeys is asked for one of them")
	}
}

func TestAPasskeyWithoutACheckOfThePersonSaysSo(t *testing.T) {
	p, ph := passkeys(t), newPhone()
	ph.device.Options.UserNotVerified = true
	if k := ph.register(t, p); k.UV {
		t.Error("registered as if the person had been checked")
	}
	options, session, err := p.BeginAssert(nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := p.FinishAssert(session, ph.signed(t, portal, options), ph.find); err != nil || got.UV {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestACounterThatGoesBackIsToldAndNotRefused(t *testing.T) {
	p, ph := passkeys(t), newPhone()
	ph.key.Counter = 10
	ph.register(t, p)
	for _, c := range []struct {
		kept, shown, want uint32
		back              bool
	}{
		{10, 11, 11, false}, {10, 10, 10, true}, {10, 3, 10, true}, {10, 0, 10, true}, {0, 0, 0, false}, {0, 1, 1, false},
	} {
		ph.user.Keys[0].SignCount, ph.key.Counter = c.kept, c.shown
		options, session, err := p.BeginAssert(nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.FinishAssert(session, ph.signed(t, portal, options), ph.find)
		if err != nil || got.CountWentBack != c.back || got.SignCount != c.want {
			t.Errorf("%d after %d: %+v, %v", c.shown, c.kept, got, err)
		}
	}
}

func TestWhatIsNotTheAnswerIsRefused(t *testing.T) {
	p, ph := passkeys(t), newPhone()
	ph.register(t, p)
	other := newPhone() // another person's
	other.user.Handle = bytes.Repeat([]byte{9}, 64)
	other.device.Options.UserHandle = other.user.Handle
	other.register(t, p)
	stranger := newPhone() // same handle, a key that was never registered

	elsewhere := virtualwebauthn.RelyingParty{ID: "pay.evil.example", Name: portal.Name, Origin: "https://pay.evil.example"}
	phished := virtualwebauthn.RelyingParty{ID: portal.ID, Name: portal.Name, Origin: "https://pay.demo.example.evil.example"}
	plain := virtualwebauthn.RelyingParty{ID: portal.ID, Name: portal.Name, Origin: "http://pay.demo.example"}
	port := virtualwebauthn.RelyingParty{ID: portal.ID, Name: portal.Name, Origin: "https://pay.demo.example:8443"}
	otherRP := virtualwebauthn.RelyingParty{ID: "demo.example", Name: portal.Name, Origin: portal.Origin}

	flip := func(field string, at int) func([]byte) []byte {
		return func(response []byte) []byte {
			var r map[string]any
			if err := json.Unmarshal(response, &r); err != nil {
				t.Fatal(err)
			}
			inner := r["response"].(map[string]any)
			raw, err := base64.RawURLEncoding.DecodeString(inner[field].(string))
			if err != nil {
				t.Fatal(err)
			}
			raw[(at+len(raw))%len(raw)] ^= 1
			inner[field] = base64.RawURLEncoding.EncodeToString(raw)
			changed, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			return changed
		}
	}
	same := func(r []byte) []byte { return r }
	type attempt struct {
		name   string
		by     *phone
		rp     virtualwebauthn.RelyingParty
		change func([]byte) []byte
	}
	both := []attempt{
		{"another site", ph, elsewhere, same}, {"a site that looks like ours", ph, phished, same}, {"without TLS", ph, plain, same},
		{"another port", ph, port, same}, {"another domain's key", ph, otherRP, same},
		{"nothing", ph, portal, func([]byte) []byte { return nil }},
		{"too much", ph, portal, func(r []byte) []byte { return append(r, bytes.Repeat([]byte(" "), 1<<20)...) }},
		{"cut short", ph, portal, func(r []byte) []byte { return r[:len(r)/2] }},
	}
	for _, a := range append([]attempt{
		{"true", ph, portal, same},
		{"signature changed", ph, portal, flip("signature", -1)}, {"flags changed", ph, portal, flip("authenticatorData", 32)},
		{"counter changed", ph, portal, flip("authenticatorData", -1)}, {"person changed", ph, portal, flip("userHandle", 0)},
		{"another person's", other, portal, same}, {"never registered", stranger, portal, same},
	}, both...) {
		for name, who := range map[string]*identity.PasskeyUser{"without a username": nil, "after the username": &ph.user} {
			options, session, err := p.BeginAssert(who)
			if err != nil {
				t.Fatal(err)
			}
			got, err := p.FinishAssert(session, a.change(a.by.signed(t, a.rp, options)), ph.find)
			if (err == nil) != (a.name == "true") || err != nil && !errors.Is(err, identity.ErrPasskey) {
				t.Errorf("%s, %s: %+v, %v", a.name, name, got, err)
			}
		}
	}
	fresh := newPhone()
	for _, a := range append([]attempt{
		{"true", fresh, portal, same}, {"registered already", ph, portal, same}, {"key changed", fresh, portal, flip("attestationObject", -1)},
	}, both...) {
		options, session, err := p.BeginRegister(ph.user)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.FinishRegister(ph.user, session, a.change(a.by.created(t, a.rp, options)))
		if (err == nil) != (a.name == "true") || err != nil && !errors.Is(err, identity.ErrPasskey) {
			t.Errorf("register, %s: %+v, %v", a.name, got, err)
		}
	}
}

// A session is for one challenge, one purpose and one person. That it is used once
// is its keeper's part: it is deleted before Finish is called.
func TestASessionIsForOneChallengeAndOnePurpose(t *testing.T) {
	p, ph := passkeys(t), newPhone()
	ph.register(t, p)
	askFirst, first, err := p.BeginAssert(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, second, err := p.BeginAssert(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, registering, err := p.BeginRegister(ph.user)
	if err != nil {
		t.Fatal(err)
	}
	answer := ph.signed(t, portal, askFirst)
	for name, session := range map[string][]byte{"another challenge": second, "another purpose": registering, "none": nil, "empty": []byte("{}"), "no JSON": []byte("x")} {
		if _, err := p.FinishAssert(session, answer, ph.find); !errors.Is(err, identity.ErrPasskey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	fresh := newPhone()
	options, _, err := p.BeginRegister(ph.user)
	if err != nil {
		t.Fatal(err)
	}
	for name, session := range map[string][]byte{"another challenge": registering, "another purpose": first} {
		if _, err := p.FinishRegister(ph.user, session, fresh.created(t, portal, options)); !errors.Is(err, identity.ErrPasskey) {
			t.Errorf("register: %s: %v", name, err)
		}
	}
	other := ph.user
	other.Handle = bytes.Repeat([]byte{9}, 64)
	options, session, err := p.BeginRegister(ph.user)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.FinishRegister(other, session, fresh.created(t, portal, options)); !errors.Is(err, identity.ErrPasskey) {
		t.Errorf("register for another person: %v", err)
	}
	down := errors.New("the database is down")
	_, err = p.FinishAssert(first, answer, func(_, _ []byte) (identity.PasskeyUser, error) { return identity.PasskeyUser{}, down })
	if !errors.Is(err, down) || errors.Is(err, identity.ErrPasskey) {
		t.Errorf("a fault of ours is told as theirs: %v", err)
	}
	if _, err := p.FinishAssert(first, answer, ph.find); err != nil {
		t.Errorf("in the end the true one: %v", err)
	}
}

func TestPasskeysNeedADomainAndOrigins(t *testing.T) {
	for _, c := range []struct {
		id, name string
		origins  []string
	}{
		{"", "Demo", []string{"https://a.example"}}, {"a.example", "", []string{"https://a.example"}}, {"a.example", "Demo", nil}, {"https://a.example", "Demo", []string{"https://a.example"}},
	} {
		if _, err := identity.NewPasskeys(c.id, c.name, c.origins); err == nil {
			t.Errorf("%+v is accepted", c)
		}
	}
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// withChallenge is a session as it would be if its challenge had been the
// vector's.
func withChallenge(t *testing.T, session, challenge []byte) []byte {
	t.Helper()
	var s map[string]any
	if err := json.Unmarshal(session, &s); err != nil {
		t.Fatal(err)
	}
	s["data"].(map[string]any)["challenge"] = base64.RawURLEncoding.EncodeToString(challenge)
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func response(t *testing.T, id []byte, parts map[string][]byte) []byte {
	t.Helper()
	text := base64.RawURLEncoding.EncodeToString
	inner := map[string]string{}
	for k, v := range parts {
		inner[k] = text(v)
	}
	b, err := json.Marshal(map[string]any{"id": text(id), "rawId": text(id), "type": "public-key", "response": inner})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestTheStandardsVectors(t *testing.T) {
	p, err := identity.NewPasskeys("example.org", "Example", []string{"https://example.org"})
	if err != nil {
		t.Fatal(err)
	}
	user := identity.PasskeyUser{Handle: []byte{1}, Name: "a", Display: "A"}
	for _, v := range registrationVectors {
		_, session, err := p.BeginRegister(user)
		if err != nil {
			t.Fatal(err)
		}
		k, err := p.FinishRegister(user, withChallenge(t, session, unhex(t, v.challenge)),
			response(t, unhex(t, v.id), map[string][]byte{"clientDataJSON": unhex(t, v.clientData), "attestationObject": unhex(t, v.attestation)}))
		if (err == nil) != v.ok || v.ok && hex.EncodeToString(k.ID) != v.id || err != nil && !errors.Is(err, identity.ErrPasskey) {
			t.Errorf("register, %s: %+v, %v", v.name, k, err)
		}
	}
	for _, v := range assertionVectors {
		user.Keys = []identity.Passkey{{ID: unhex(t, v.id), PublicKey: unhex(t, v.key), BackupEligible: v.be}}
		_, session, err := p.BeginAssert(&user)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.FinishAssert(withChallenge(t, session, unhex(t, v.challenge)),
			response(t, unhex(t, v.id), map[string][]byte{"clientDataJSON": unhex(t, v.clientData), "authenticatorData": unhex(t, v.authenticator), "signature": unhex(t, v.signature)}),
			func(_, _ []byte) (identity.PasskeyUser, error) { return user, nil })
		if (err == nil) != v.ok || v.ok && (got.UV != v.uv || got.BackupEligible != v.be || got.BackedUp != v.bs) || err != nil && !errors.Is(err, identity.ErrPasskey) {
			t.Errorf("sign in, %s: %+v, %v", v.name, got, err)
		}
	}
}
