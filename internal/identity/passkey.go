package identity

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// ErrPasskey is wrapped by every error that says that what a browser sent is not
// a passkey's true answer to our question.
var ErrPasskey = errors.New("passkey refused")

// passkeyTimeout is what the browser is asked for. How long a challenge is good on
// the server is the caller's: it keeps the session and knows the time.
const passkeyTimeout = 5 * time.Minute

// longestResponse bounds what is parsed; true responses have a few kilobytes.
const longestResponse = 64 << 10

// Passkeys asks browsers for passkeys and checks what they answer (W3C Web
// Authentication Level 3, sections 7.1 and 7.2). It keeps nothing: each Begin
// gives a session, opaque, that the caller stores bound to the person's flow, and
// DELETES BEFORE it calls Finish with it, right answer or wrong. Otherwise a
// captured answer works twice.
type Passkeys struct{ web *webauthn.WebAuthn }

// PasskeyUser is whom passkeys belong to. Handle is random, up to 64 bytes, and
// holds no personal data; Name and Display are shown by the person's device.
type PasskeyUser struct {
	Handle        []byte
	Name, Display string
	Keys          []Passkey
}

// Passkey is what is kept of one. Nothing in it is secret, but it is kept
// encrypted, so that nobody who can write to the database can slip one in.
type Passkey struct {
	ID             []byte   `json:"id"`
	PublicKey      []byte   `json:"public_key"` // COSE
	AAGUID         []byte   `json:"aaguid,omitempty"`
	SignCount      uint32   `json:"sign_count"` // 0 for most synced passkeys
	UV             bool     `json:"uv"`         // the device checked the person at registration
	BackupEligible bool     `json:"be"`         // may be synced to other devices; never changes
	BackedUp       bool     `json:"bs"`         // was synced when last seen
	Transports     []string `json:"transports,omitempty"`
}

// AssertResult is what a passkey's answer proves. UV says whether the device
// checked the person by fingerprint, face or PIN: without it the passkey is one
// factor, not two (NIST SP 800-63B-4, appendix B). SignCount and BackedUp are to
// be kept. CountWentBack means that a copy of the passkey may be in use: a signal,
// not a reason to lock.
type AssertResult struct {
	Handle, CredentialID []byte
	UV                   bool
	BackupEligible       bool
	BackedUp             bool
	SignCount            uint32
	CountWentBack        bool
}

// NewPasskeys is for the portal at exactly these origins (https://host, with a
// port if there is one). rpID is the domain the passkeys are bound to, rpName what
// devices show.
func NewPasskeys(rpID, rpName string, origins []string) (*Passkeys, error) {
	if rpID == "" || rpName == "" {
		return nil, fmt.Errorf("passkeys for %q: no domain or no name", rpID)
	}
	timeout := webauthn.TimeoutConfig{Timeout: passkeyTimeout, TimeoutUVD: passkeyTimeout}
	web, err := webauthn.New(&webauthn.Config{
		RPID: rpID, RPDisplayName: rpName, RPOrigins: origins,
		// The manufacturer is not asked for (NIST SP 800-63B-4, appendix B).
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			RequireResidentKey: protocol.ResidentKeyRequired(),
			ResidentKey:        protocol.ResidentKeyRequirementRequired,
			UserVerification:   protocol.VerificationRequired,
		},
		Timeouts: webauthn.TimeoutsConfig{Login: timeout, Registration: timeout},
		// Browsers' add-ons answer with outputs that nobody asked for.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil {
		return nil, fmt.Errorf("passkeys for %q: %w", rpID, err)
	}
	return &Passkeys{web}, nil
}

type ceremony string

const (
	registering ceremony = "register"
	asserting   ceremony = "assert"
)

// passkeySession is what the caller keeps between Begin and Finish.
type passkeySession struct {
	Ceremony ceremony             `json:"ceremony"`
	Data     webauthn.SessionData `json:"data"`
}

// begun gives what the browser is asked and what is kept. The browser is told that
// the person must be checked; whether that was done is judged by us afterwards, so
// that an old security key counts as what it is.
func begun(c ceremony, options any, data *webauthn.SessionData) (optionsJSON, session []byte, err error) {
	data.UserVerification = protocol.VerificationPreferred
	if optionsJSON, err = json.Marshal(options); err != nil {
		return nil, nil, err
	}
	session, err = json.Marshal(passkeySession{c, *data})
	return optionsJSON, session, err
}

func resume(c ceremony, session, response []byte) (webauthn.SessionData, error) {
	var s passkeySession
	if err := json.Unmarshal(session, &s); err != nil {
		return s.Data, fmt.Errorf("%w: read session: %w", ErrPasskey, err)
	}
	if s.Ceremony != c || s.Data.Challenge == "" {
		return s.Data, fmt.Errorf("%w: the session is not one to %s", ErrPasskey, c)
	}
	if len(response) > longestResponse {
		return s.Data, fmt.Errorf("%w: a response of %d bytes", ErrPasskey, len(response))
	}
	return s.Data, nil
}

// BeginRegister asks for a new passkey that the person's devices do not have yet.
// optionsJSON is for navigator.credentials.create, session for FinishRegister.
func (p *Passkeys) BeginRegister(u PasskeyUser) (optionsJSON, session []byte, err error) {
	owner := keyOwner{u}
	have := webauthn.Credentials(owner.WebAuthnCredentials()).CredentialDescriptors()
	options, data, err := p.web.BeginRegistration(owner, webauthn.WithExclusions(have))
	if err != nil {
		return nil, nil, fmt.Errorf("begin passkey registration: %w", detail(err))
	}
	if optionsJSON, session, err = begun(registering, options, data); err != nil {
		return nil, nil, fmt.Errorf("begin passkey registration: %w", err)
	}
	return optionsJSON, session, nil
}

// FinishRegister checks the answer to BeginRegister and gives the passkey to keep.
func (p *Passkeys) FinishRegister(u PasskeyUser, session, response []byte) (Passkey, error) {
	data, err := resume(registering, session, response)
	if err != nil {
		return Passkey{}, fmt.Errorf("finish passkey registration: %w", err)
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil {
		return Passkey{}, fmt.Errorf("finish passkey registration: %w: %w", ErrPasskey, detail(err))
	}
	c, err := p.web.CreateCredential(keyOwner{u}, data, parsed)
	if err != nil {
		return Passkey{}, fmt.Errorf("finish passkey registration: %w: %w", ErrPasskey, detail(err))
	}
	for _, k := range u.Keys {
		if bytes.Equal(k.ID, c.ID) {
			return Passkey{}, fmt.Errorf("finish passkey registration: %w: it is registered already", ErrPasskey)
		}
	}
	k := Passkey{
		ID: c.ID, PublicKey: c.PublicKey, AAGUID: c.Authenticator.AAGUID, SignCount: c.Authenticator.SignCount,
		UV: c.Flags.UserVerified, BackupEligible: c.Flags.BackupEligible, BackedUp: c.Flags.BackupState,
	}
	for _, t := range c.Transport {
		k.Transports = append(k.Transports, string(t))
	}
	return k, nil
}

// BeginAssert asks for one of u's passkeys, or, with no u, for any that the
// person's device has for this portal: sign-in without a username.
func (p *Passkeys) BeginAssert(u *PasskeyUser) (optionsJSON, session []byte, err error) {
	var options *protocol.CredentialAssertion
	var data *webauthn.SessionData
	if u == nil {
		options, data, err = p.web.BeginDiscoverableLogin()
	} else {
		options, data, err = p.web.BeginLogin(keyOwner{*u})
	}
	if err != nil {
		return nil, nil, fmt.Errorf("begin passkey sign-in: %w", detail(err))
	}
	if optionsJSON, session, err = begun(asserting, options, data); err != nil {
		return nil, nil, fmt.Errorf("begin passkey sign-in: %w", err)
	}
	return optionsJSON, session, nil
}

// FinishAssert checks the answer to BeginAssert. find gives the person by handle,
// with the passkeys that count now; handle is the one that BeginAssert was given,
// or the one that the passkey names. An error of find comes back wrapped, without
// ErrPasskey: for nobody let find return ErrPasskey itself.
func (p *Passkeys) FinishAssert(session, response []byte, find func(handle, credentialID []byte) (PasskeyUser, error)) (AssertResult, error) {
	data, err := resume(asserting, session, response)
	if err != nil {
		return AssertResult{}, fmt.Errorf("finish passkey sign-in: %w", err)
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(response)
	if err != nil {
		return AssertResult{}, fmt.Errorf("finish passkey sign-in: %w: %w", ErrPasskey, detail(err))
	}
	handle := data.UserID
	if len(handle) == 0 {
		handle = parsed.Response.UserHandle
	}
	if len(handle) == 0 {
		return AssertResult{}, fmt.Errorf("finish passkey sign-in: %w: it names nobody", ErrPasskey)
	}
	user, err := find(handle, parsed.RawID)
	if err != nil {
		return AssertResult{}, fmt.Errorf("finish passkey sign-in: find its owner: %w", err)
	}
	var c *webauthn.Credential
	if len(data.UserID) > 0 {
		c, err = p.web.ValidateLogin(keyOwner{user}, data, parsed)
	} else {
		c, err = p.web.ValidateDiscoverableLogin(func(_, _ []byte) (webauthn.User, error) { return keyOwner{user}, nil }, data, parsed)
	}
	if err != nil {
		return AssertResult{}, fmt.Errorf("finish passkey sign-in: %w: %w", ErrPasskey, detail(err))
	}
	flags := parsed.Response.AuthenticatorData.Flags
	return AssertResult{
		Handle: user.Handle, CredentialID: c.ID,
		UV: flags.HasUserVerified(), BackupEligible: flags.HasBackupEligible(), BackedUp: flags.HasBackupState(),
		SignCount: c.Authenticator.SignCount, CountWentBack: c.Authenticator.CloneWarning,
	}, nil
}

// detail adds what the library says only to developers; it goes to the log, never
// to the page.
func detail(err error) error {
	var e *protocol.Error
	if errors.As(err, &e) && e.DevInfo != "" {
		return fmt.Errorf("%w (%s)", err, e.DevInfo)
	}
	return err
}

// keyOwner is a PasskeyUser as the library asks for it.
type keyOwner struct{ u PasskeyUser }

func (o keyOwner) WebAuthnID() []byte          { return o.u.Handle }
func (o keyOwner) WebAuthnName() string        { return o.u.Name }
func (o keyOwner) WebAuthnDisplayName() string { return o.u.Display }

func (o keyOwner) WebAuthnCredentials() []webauthn.Credential {
	all := make([]webauthn.Credential, len(o.u.Keys))
	for i, k := range o.u.Keys {
		all[i] = webauthn.Credential{
			ID: k.ID, PublicKey: k.PublicKey,
			Flags:         webauthn.CredentialFlags{UserPresent: true, UserVerified: k.UV, BackupEligible: k.BackupEligible, BackupState: k.BackedUp},
			Authenticator: webauthn.Authenticator{AAGUID: k.AAGUID, SignCount: k.SignCount},
		}
		for _, t := range k.Transports {
			all[i].Transport = append(all[i].Transport, protocol.AuthenticatorTransport(t))
		}
	}
	return all
}
