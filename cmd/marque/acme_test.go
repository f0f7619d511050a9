package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// directory is as much of a certificate authority (RFC 8555) as it takes to ask
// for one name and to prove it over the listener with TLS-ALPN-01 (RFC 8737).
// It trusts the account's signatures; what it looks at is the listener.
type directory struct {
	*httptest.Server
	listener func() net.Addr
	key      *ecdsa.PrivateKey
	root     *x509.Certificate

	mu      sync.Mutex
	thumb   string
	name    string
	proven  bool
	failure error
	issued  []byte
	count   int64
}

const challengeToken = "K7QM2D9XK7QM2D9XK7QM2D"

func openDirectory(t *testing.T, listener func() net.Addr) *directory {
	t.Helper()
	d := &directory{listener: listener}
	var err error
	d.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	form := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test authority"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, form, form, d.key.Public(), d.key)
	must(t, err)
	d.root, err = x509.ParseCertificate(der)
	must(t, err)
	mux := http.NewServeMux()
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Replay-Nonce", fmt.Sprint(time.Now().UnixNano()))
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(d.Close)
	mux.HandleFunc("GET /dir", func(w http.ResponseWriter, _ *http.Request) {
		give(w, 200, map[string]string{"newNonce": d.URL + "/nonce", "newAccount": d.URL + "/account", "newOrder": d.URL + "/order"})
	})
	mux.HandleFunc("/nonce", func(http.ResponseWriter, *http.Request) {})
	for path, answer := range map[string]func(http.ResponseWriter, jose){
		"/account": d.account, "/order": d.order, "/order/1": d.order, "/authorization": d.authorization,
		"/challenge": d.challenge, "/finalize": d.finalize, "/certificate": d.certificate,
	} {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
			m, err := readSigned(r)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			d.mu.Lock()
			defer d.mu.Unlock()
			answer(w, m)
		})
	}
	return d
}

type jose struct {
	jwk     map[string]string
	payload []byte
}

func readSigned(r *http.Request) (m jose, err error) {
	var body struct{ Protected, Payload string }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return m, err
	}
	head, err := base64.RawURLEncoding.DecodeString(body.Protected)
	if err != nil {
		return m, err
	}
	var protected struct{ JWK map[string]string }
	if err := json.Unmarshal(head, &protected); err != nil {
		return m, err
	}
	m.jwk = protected.JWK
	m.payload, err = base64.RawURLEncoding.DecodeString(body.Payload)
	return m, err
}

func give(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the asker went away
}

func (d *directory) account(w http.ResponseWriter, m jose) {
	plain := fmt.Sprintf(`{"crv":%q,"kty":%q,"x":%q,"y":%q}`, m.jwk["crv"], m.jwk["kty"], m.jwk["x"], m.jwk["y"])
	sum := sha256.Sum256([]byte(plain)) // RFC 7638
	d.thumb = base64.RawURLEncoding.EncodeToString(sum[:])
	w.Header().Set("Location", d.URL+"/account/1")
	give(w, 201, map[string]any{"status": "valid"})
}

func (d *directory) order(w http.ResponseWriter, m jose) {
	var ask struct {
		Identifiers []struct{ Type, Value string }
	}
	if json.Unmarshal(m.payload, &ask) == nil && len(ask.Identifiers) == 1 {
		d.name, d.proven, d.issued = ask.Identifiers[0].Value, false, nil
	}
	status := map[bool]string{true: "ready", false: "pending"}[d.proven]
	order := map[string]any{"identifiers": []map[string]string{{"type": "dns", "value": d.name}},
		"authorizations": []string{d.URL + "/authorization"}, "finalize": d.URL + "/finalize"}
	if d.issued != nil {
		status, order["certificate"] = "valid", d.URL+"/certificate"
	}
	order["status"] = status
	w.Header().Set("Location", d.URL+"/order/1")
	give(w, 201, order)
}

func (d *directory) authorization(w http.ResponseWriter, _ jose) {
	status := map[bool]string{true: "valid", false: "pending"}[d.proven]
	if d.failure != nil {
		status = "invalid"
	}
	give(w, 200, map[string]any{"status": status, "identifier": map[string]string{"type": "dns", "value": d.name}, "challenges": []map[string]string{
		{"type": "http-01", "url": d.URL + "/never", "token": challengeToken, "status": "pending"},
		{"type": "tls-alpn-01", "url": d.URL + "/challenge", "token": challengeToken, "status": status},
	}})
}

func (d *directory) challenge(w http.ResponseWriter, _ jose) {
	d.failure = d.prove()
	d.proven = d.failure == nil
	give(w, 200, map[string]string{"type": "tls-alpn-01", "url": d.URL + "/challenge", "token": challengeToken, "status": "processing"})
}

var acmeIdentifier = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 31}

// prove asks the listener for the certificate that only who holds the account
// can have made.
func (d *directory) prove() error {
	conn, err := tls.Dial("tcp", d.listener().String(), &tls.Config{ServerName: d.name, NextProtos: []string{"acme-tls/1"},
		InsecureSkipVerify: true}) // a challenge's certificate is signed by nobody (RFC 8737, 3)
	if err != nil {
		return err
	}
	defer conn.Close()
	state := conn.ConnectionState()
	if state.NegotiatedProtocol != "acme-tls/1" {
		return fmt.Errorf("spoke %q", state.NegotiatedProtocol)
	}
	leaf := state.PeerCertificates[0]
	want := sha256.Sum256([]byte(challengeToken + "." + d.thumb))
	for _, e := range leaf.Extensions {
		var got []byte
		if _, err := asn1.Unmarshal(e.Value, &got); err == nil && e.Id.Equal(acmeIdentifier) && e.Critical && string(got) == string(want[:]) && leaf.VerifyHostname(d.name) == nil {
			return nil
		}
	}
	return errors.New("the certificate does not hold the proof")
}

func (d *directory) finalize(w http.ResponseWriter, m jose) {
	var ask struct{ CSR string }
	if err := json.Unmarshal(m.payload, &ask); err != nil || !d.proven {
		http.Error(w, "not proven", http.StatusForbidden)
		return
	}
	der, err := base64.RawURLEncoding.DecodeString(ask.CSR)
	if err == nil {
		var request *x509.CertificateRequest
		if request, err = x509.ParseCertificateRequest(der); err == nil {
			d.count++
			d.issued, err = x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(100 + d.count), DNSNames: request.DNSNames,
				NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(23 * time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
				ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}, d.root, request.PublicKey, d.key)
		}
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	d.order(w, jose{})
}

func (d *directory) certificate(w http.ResponseWriter, _ jose) {
	w.Header().Set("Content-Type", "application/pem-certificate-chain")
	for _, der := range [][]byte{d.issued, d.root.Raw} {
		_ = pem.Encode(w, &pem.Block{Type: "CERTIFICATE", Bytes: der}) // the asker went away
	}
}

func TestGetsItsCertificateOverItsOwnListener(t *testing.T) {
	var at net.Addr
	var known sync.Mutex
	d := openDirectory(t, func() net.Addr { known.Lock(); defer known.Unlock(); return at })
	data := t.TempDir()
	var c Config
	c.TLS.ACME = &acmeSettings{Email: "ops@lender.example", Directory: d.URL + "/dir", Domains: []string{"pay.lender.example"}}
	known.Lock()
	at = opened(t, c, data, slog.New(slog.DiscardHandler))
	known.Unlock()
	root := x509.NewCertPool()
	root.AddCert(d.root)
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		got, state, err := asked(client(at, root, tls.VersionTLS12, 0), "https://pay.lender.example/")
		if err == nil {
			if !strings.HasPrefix(got, "HTTP/2.0") || state.PeerCertificates[0].Issuer.CommonName != "Test authority" {
				t.Errorf("%q from %s", got, state.PeerCertificates[0].Issuer)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("no certificate: %v; the proof: %v", err, d.failure)
		}
	}
	if _, _, err := asked(client(at, root, tls.VersionTLS12, 0), "https://other.lender.example/"); err == nil {
		t.Error("a name that is not in the settings is served")
	}
	keys := 0
	err := filepath.WalkDir(filepath.Join(data, "certificates"), func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(path) != ".key" {
			return err
		}
		keys++
		return ownersOnly(path)
	})
	if err != nil || keys != 2 { // the account's and the certificate's
		t.Errorf("%d keys: %v", keys, err)
	}
	// Again from the same folder: the certificate is there, nobody is asked.
	again := opened(t, c, data, slog.New(slog.DiscardHandler))
	for range 40 { // it is read from the folder in the background
		if _, _, err = asked(client(again, root, tls.VersionTLS12, 0), "https://pay.lender.example/"); err == nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if err != nil || d.count != 1 {
		t.Errorf("%v after %d certificates", err, d.count)
	}
}
