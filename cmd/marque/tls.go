package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"
)

// letsEncrypt is the directory asked for certificates when no other is named.
const letsEncrypt = certmagic.LetsEncryptProductionCA

// tlsConfig is nil where the settings have no TLS. Versions and ciphers are
// Go's: TLS 1.2 and 1.3. What it starts ends with ctx.
func (c *Config) tlsConfig(ctx context.Context, data string, on net.Addr, log *slog.Logger) (*tls.Config, error) {
	secure := &tls.Config{MinVersion: tls.VersionTLS12}
	switch {
	case !c.TLS.set():
		return nil, nil
	case c.TLS.ACME != nil:
		manager, err := c.TLS.ACME.manager(ctx, filepath.Join(data, "certificates"), on, log)
		if err != nil {
			return nil, err
		}
		secure.GetCertificate = manager.GetCertificate
		secure.NextProtos = append([]string{"h2", "http/1.1"}, manager.TLSConfig().NextProtos...)
	default:
		p := &certificatePair{cert: c.TLS.Cert, key: c.TLS.Key, log: log}
		if err := p.load(); err != nil {
			return nil, err
		}
		secure.GetCertificate = p.get
	}
	return secure, nil
}

// certificatePair is a certificate and its key in two files that another
// program renews. Each handshake looks whether they have changed.
type certificatePair struct {
	cert, key string
	log       *slog.Logger

	mu    sync.Mutex
	state [2]fileState
	now   *tls.Certificate
}

type fileState struct {
	changed time.Time
	size    int64
}

func stateOf(path string) (fileState, error) {
	info, err := os.Stat(path)
	if err != nil {
		return fileState{}, err
	}
	return fileState{info.ModTime(), info.Size()}, nil
}

// load reads the pair. The caller holds mu, or nobody else has p yet.
func (p *certificatePair) load() error {
	if err := ownersOnly(p.key); err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(p.cert, p.key)
	if err != nil {
		return fmt.Errorf("read certificate: %w", err)
	}
	if p.state, err = p.files(); err != nil {
		return fmt.Errorf("read certificate: %w", err)
	}
	p.now = &pair
	return nil
}

func (p *certificatePair) files() (both [2]fileState, err error) {
	if both[0], err = stateOf(p.cert); err != nil {
		return both, err
	}
	both[1], err = stateOf(p.key)
	return both, err
}

// get answers with the old pair while the files are half replaced.
func (p *certificatePair) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	state, err := p.files()
	if err == nil && state == p.state {
		return p.now, nil
	}
	if err == nil {
		err = p.load()
	}
	if err != nil {
		if state != p.state {
			p.log.Error("the new certificate cannot be used, the old one stays", "error", err)
		}
		p.state = state // said once for each change
		return p.now, nil
	}
	p.log.Info("certificate read again", "until", p.now.Leaf.NotAfter)
	return p.now, nil
}

// manager keeps certificates for the domains: it asks the directory for them,
// proves over this listener that the names lead here (TLS-ALPN-01), and renews
// them when a third of their time is left. Port 443 of the names must lead to
// the listener.
func (a *acmeSettings) manager(ctx context.Context, folder string, on net.Addr, log *slog.Logger) (*certmagic.Config, error) {
	tcp, ok := on.(*net.TCPAddr)
	if !ok {
		return nil, fmt.Errorf("certificates: %s is not an address that a directory could reach", on)
	}
	quiet := zap.NewNop() // what matters comes as an event
	var config *certmagic.Config
	cache := certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return config, nil }, Logger: quiet,
	})
	config = certmagic.New(cache, certmagic.Config{
		Storage: &certmagic.FileStorage{Path: folder}, Logger: quiet,
		OnEvent: func(_ context.Context, event string, data map[string]any) error {
			switch event {
			case "cert_obtained":
				log.Info("certificate obtained", "name", data["identifier"], "renewal", data["renewal"])
			case "cert_failed":
				log.Error("no certificate", "name", data["identifier"], "renewal", data["renewal"], "error", data["error"])
			case "cert_ocsp_revoked":
				log.Error("certificate was revoked", "names", data["subjects"])
			}
			return nil
		},
	})
	directory := a.Directory
	if directory == "" {
		directory = letsEncrypt
	}
	config.Issuers = []certmagic.Issuer{certmagic.NewACMEIssuer(config, certmagic.ACMEIssuer{
		CA: directory, Email: a.Email, Agreed: true, DisableHTTPChallenge: true, AltTLSALPNPort: tcp.Port, Logger: quiet,
	})}
	if err := config.ManageAsync(ctx, a.Domains); err != nil {
		cache.Stop()
		return nil, fmt.Errorf("certificates: %w", err)
	}
	context.AfterFunc(ctx, cache.Stop)
	return config, nil
}

// errPermissions is wrapped when a secret can be read by others.
var errPermissions = errors.New("others may read it")

// ownersOnly refuses a file of secrets that anybody but its owner may open.
func ownersOnly(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("look at %s: %w", filepath.Base(path), err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("%s has permissions %04o: %w; run chmod 600 on it", path, mode, errPermissions)
	}
	return nil
}
