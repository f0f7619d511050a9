package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// writePair puts a new self-signed certificate with the serial number into two
// files.
func writePair(t *testing.T, folder string, serial int64) (cert, key string, root *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	form := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "pay.lender.example"}, DNSNames: []string{"pay.lender.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, form, form, private.Public(), private)
	must(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	must(t, err)
	cert, key = filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	must(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
	must(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	root = x509.NewCertPool()
	root.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return cert, key, root
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// opened serves a handler on a listener with the TLS of the settings until the
// test ends.
func opened(t *testing.T, c Config, data string, log *slog.Logger) net.Addr {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	secure, err := c.tlsConfig(ctx, data, l.Addr(), log)
	must(t, err)
	ended := make(chan error, 1)
	go func() {
		ended <- serveOn(ctx, l, secure, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "%s over %x", r.Proto, r.TLS.Version)
		}))
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return l.Addr()
}

// client speaks to one address whatever the name.
func client(to net.Addr, root *x509.CertPool, lowest, highest uint16) *http.Client {
	return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", to.String())
		},
		TLSClientConfig:   &tls.Config{RootCAs: root, MinVersion: lowest, MaxVersion: highest}, // old versions are what the test asks for
		ForceAttemptHTTP2: true, DisableKeepAlives: true,
	}}
}

func asked(c *http.Client, address string) (string, *tls.ConnectionState, error) {
	resp, err := c.Get(address)
	if err != nil {
		return "", nil, err
	}
	b, err := io.ReadAll(resp.Body)
	return string(b), resp.TLS, errors.Join(err, resp.Body.Close())
}

func TestServesTLSFromTwoFilesAndTakesNewOnes(t *testing.T) {
	folder := t.TempDir()
	cert, key, root := writePair(t, folder, 1)
	var c Config
	c.TLS.Cert, c.TLS.Key = cert, key
	var log bytes.Buffer
	at := opened(t, c, folder, slog.New(slog.NewTextHandler(&log, nil)))

	for _, v := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		got, _, err := asked(client(at, root, v, v), "https://pay.lender.example/")
		if err != nil || got != fmt.Sprintf("HTTP/2.0 over %x", v) {
			t.Errorf("%x: %q %v", v, got, err)
		}
	}
	for _, v := range []uint16{tls.VersionTLS10, tls.VersionTLS11} {
		if got, _, err := asked(client(at, root, v, v), "https://pay.lender.example/"); err == nil {
			t.Errorf("%x was spoken: %q", v, got)
		}
	}
	if got, _, err := asked(client(at, root, tls.VersionTLS12, 0), "http://pay.lender.example/"); err == nil && !strings.Contains(got, "HTTPS server") {
		t.Errorf("plain HTTP got %q", got)
	}
	if _, _, err := asked(client(at, root, tls.VersionTLS12, 0), "https://other.example/"); err == nil {
		t.Error("another name is taken for ours")
	}

	serial := func(root *x509.CertPool) int64 {
		_, state, err := asked(client(at, root, tls.VersionTLS12, 0), "https://pay.lender.example/")
		must(t, err)
		return state.PeerCertificates[0].SerialNumber.Int64()
	}
	_, _, newer := writePair(t, folder, 2)
	must(t, os.Chtimes(cert, time.Now(), time.Now().Add(time.Minute))) // clocks of files are coarse
	if got := serial(newer); got != 2 {
		t.Errorf("still certificate %d", got)
	}
	must(t, os.WriteFile(cert, []byte("half a"), 0o600))
	for range 3 {
		if got := serial(newer); got != 2 {
			t.Errorf("after a broken file certificate %d", got)
		}
	}
	_, _, third := writePair(t, folder, 3)
	must(t, os.Chtimes(cert, time.Now(), time.Now().Add(2*time.Minute)))
	if got := serial(third); got != 3 {
		t.Errorf("after mending certificate %d", got)
	}
	if n := strings.Count(log.String(), "the old one stays"); n != 1 {
		t.Errorf("said %d times: %s", n, &log)
	}
}

func TestACertificateKeyThatOthersMayReadIsRefused(t *testing.T) {
	folder := t.TempDir()
	cert, key, _ := writePair(t, folder, 1)
	must(t, os.Chmod(key, 0o640))
	var c Config
	c.TLS.Cert, c.TLS.Key = cert, key
	if _, err := c.tlsConfig(t.Context(), folder, nil, slog.New(slog.DiscardHandler)); !errors.Is(err, errPermissions) {
		t.Errorf("%v", err)
	}
}

func TestServeCommandSpeaksTLS(t *testing.T) {
	data := t.TempDir()
	cert, key, root := writePair(t, data, 1)
	l, err := net.Listen("tcp", "127.0.0.1:0") // a free port
	must(t, err)
	at := l.Addr()
	must(t, l.Close())
	must(t, os.WriteFile(filepath.Join(data, "marque.json"), fmt.Appendf(nil, `{"listen": %q, "base_url": "https://pay.lender.example", "tls": {"cert": %q, "key": %q}}`, at, cert, key), 0o600))
	self, err := os.Executable()
	must(t, err)
	cmd := exec.Command(self, "--data", data, "serve")
	cmd.Args[0] = "marque" // TestMain runs the program under this name
	must(t, cmd.Start())
	defer func() {
		_ = cmd.Process.Signal(os.Interrupt) // it may have failed already
		_ = cmd.Wait()                       // likewise
	}()
	c := client(at, root, tls.VersionTLS12, 0)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		resp, err := c.Get("https://pay.lender.example/sign-in")
		if err == nil {
			if resp.StatusCode != http.StatusOK || resp.Header.Get("Strict-Transport-Security") == "" {
				t.Errorf("%d %v", resp.StatusCode, resp.Header)
			}
			must(t, resp.Body.Close())
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}
