package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"marque/internal/rail"
)

// sound are settings that serve takes.
const sound = `{
  "listen": "0.0.0.0:443", "base_url": "https://pay.lender.example",
  "tls": {"acme": {"email": "ops@lender.example", "domains": ["pay.lender.example", "desk.lender.example"]}},
  "trusted_proxies": ["127.0.0.1/32", "2001:db8::/48"],
  "console": {"listen": "10.0.0.5:443", "base_url": "https://desk.lender.example"},
  "text": {"url": "https://text.provider.example/v1", "account": "AC1", "token": "3f9c0b7e5d2a48168e21", "from": "+18005550142"},
  "smtp": {"host": "mail.lender.example", "port": 587, "tls": "starttls", "username": "marque", "password": "w7Qe-nP2r"},
  "security": {"second_factor": "optional", "exception": {"by": "R. Amaya, CISO", "reason": "Branch pilot", "date": "2026-11-20"},
    "questions": "agent_gate", "blocked_words": ["kestrane", "orla"]}
}`

// put writes settings with some values replaced by their path, "tls.cert".
func put(t *testing.T, changes map[string]any) (data, file string) {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal([]byte(sound), &all); err != nil {
		t.Fatal(err)
	}
	for path, value := range changes {
		at, names := all, strings.Split(path, ".")
		for _, name := range names[:len(names)-1] {
			next, ok := at[name].(map[string]any)
			if !ok {
				next = map[string]any{}
				at[name] = next
			}
			at = next
		}
		if last := names[len(names)-1]; value == nil {
			delete(at, last)
		} else {
			at[last] = value
		}
	}
	b, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	data = t.TempDir()
	file = filepath.Join(data, "marque.json")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return data, file
}

func served(data, file string) error {
	c, err := readConfig(data, "")
	if err != nil {
		return err
	}
	return c.checkServe(data, file)
}

type setting map[string]any

func TestServeTakesSoundSettings(t *testing.T) {
	for name, changes := range map[string]setting{
		"TLS by ACME":         {},
		"behind a proxy here": {"listen": "127.0.0.1:8080", "tls": nil, "console.listen": "[::1]:8081"},
		"from two files":      {"tls": setting{"cert": "/etc/marque/cert.pem", "key": "/etc/marque/key.pem"}},
		"trying out":          {"listen": "localhost:8080", "base_url": nil, "tls": nil, "console": nil},
		"trying out, by name": {"listen": "127.0.0.1:8080", "base_url": "http://localhost:8080", "tls": nil, "console": setting{"listen": "127.0.0.1:8081", "base_url": "http://localhost:8081"}},
		"a mail server here":  {"smtp": setting{"host": "127.0.0.1", "port": 25, "tls": "plain"}},
	} {
		if err := served(put(t, changes)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestServeRefuses(t *testing.T) {
	makeBankKey(t)
	for _, c := range []struct {
		changes setting
		says    string
	}{
		{setting{"tls": nil}, "listen 0.0.0.0:443 without tls: plain HTTP stays on this machine"},
		{setting{"tls": nil, "listen": ":8080"}, "listen :8080 without tls"},
		{setting{"tls": nil, "listen": "[::]:8080"}, "listen [::]:8080 without tls"},
		{setting{"tls": nil, "listen": "10.0.0.5:8080"}, "without tls"},
		{setting{"tls": nil, "listen": "127.0.0.1:8080"}, "console.listen 10.0.0.5:443 without tls"},
		{setting{"listen": "8080"}, "is not an address"},
		{setting{"base_url": nil}, "base_url is missing"},
		{setting{"quicken_id": "12a"}, "quicken_id is \"12a\": it is at most nine digits"},
		{setting{"base_url": "http://pay.lender.example"}, "plain HTTP: passwords"},
		{setting{"base_url": "http://pay.lender.example", "tls": nil, "listen": "127.0.0.1:8080", "console": nil}, "plain HTTP: passwords"},
		{setting{"base_url": "http://127.0.0.1"}, "plain HTTP: passwords"}, // with a certificate
		{setting{"base_url": "http://127.0.0.1.evil.example", "tls": nil, "listen": "127.0.0.1:8080"}, "plain HTTP: passwords"},
		{setting{"base_url": "pay.lender.example"}, "is not like https://"},
		{setting{"base_url": "https://u:p@pay.lender.example"}, "is not like https://"},
		{setting{"base_url": "https://pay.lender.example/portal"}, "is not like https://"},
		{setting{"tls.cert": "a.pem", "tls.key": "b.pem"}, "not both"},
		{setting{"tls": setting{"cert": "a.pem"}}, "cert and key go together"},
		{setting{"tls.acme.domains": []string{}}, "domains is empty"},
		{setting{"tls.acme.domains": []string{"desk.lender.example"}}, "lacks pay.lender.example, the host of base_url"},
		{setting{"tls.acme.domains": []string{"pay.lender.example"}}, "lacks desk.lender.example, the host of console.base_url"},
		{setting{"tls.acme.domains": []string{"*.lender.example"}}, "is not a name like"},
		{setting{"tls.acme.email": "ops"}, "is not an e-mail address"},
		{setting{"tls.acme.directory": "http://ca.lender.example/dir"}, "plain HTTP to another machine"},
		{setting{"trusted_proxies": []string{"0.0.0.0/0"}}, "is everybody"},
		{setting{"trusted_proxies": []string{"::/0"}}, "is everybody"},
		{setting{"trusted_proxies": []string{"127.0.0.1"}}, "is not a network like"},
		{setting{"trusted_proxies": []string{"10.0.0.5/8"}}, "write 10.0.0.0/8"},
		{setting{"console.listen": nil}, "console.listen is missing"},
		{setting{"console.listen": "0.0.0.0:443"}, "is the portal's"},
		{setting{"console.base_url": "https://pay.lender.example:8443"}, "has the portal's host name"},
		{setting{"text.url": nil}, "text.url is missing"},
		{setting{"text.url": "http://text.provider.example"}, "plain HTTP to another machine"},
		{setting{"text.token": nil}, "text.token (or MARQUE_TEXT_TOKEN) is missing"},
		{setting{"text.token": "short"}, "shorter than 16"},
		{setting{"text.token": "Change-Me"}, "is a placeholder"},
		{setting{"text.token": "xxxxxxxxxxxxxxxxxxxxxxxx"}, "is a placeholder"},
		{setting{"text.from": nil}, "account and from are needed"},
		{setting{"smtp.password": nil}, "smtp.password (or MARQUE_SMTP_PASSWORD) is missing"},
		{setting{"smtp.password": "<password>"}, "is a placeholder"},
		{setting{"smtp.tls": "plain"}, "codes would travel in the clear"},
		{setting{"security.second_factor": "off"}, "it is required or optional"},
		{setting{"security.exception": nil}, "security.exception names who"},
		{setting{"security.exception.reason": " "}, "security.exception names who"},
		{setting{"security.exception.date": nil}, "security.exception names who"},
		{setting{"security.questions": "login"}, "it is off, agent_gate"},
		{setting{"security.breached_passwords": "/no/such/file"}, "security.breached_passwords: "},
		{setting{"security.places": os.TempDir()}, "is a folder"},
		{setting{"security.blocked_words": []string{"ab"}}, "shorter than three"},
		{setting{"bank": setting{"sftp": setting{"address": "sftp.bank.example:22"}}}, "bank.sftp.user is missing"},
		{sftpBut("key_file", nil), "bank.sftp.key_file is missing"},
		{sftpBut("known_hosts", " "), "bank.sftp.known_hosts is missing"},
		{sftpBut("out", nil), "bank.sftp.out is missing"},
		{sftpBut("address", "sftp.bank.example"), "is not like sftp.bank.example:22"},
		{sftpBut("in", "./outbound/"), "are one folder"},
		{sftpBut("out", "inbound/read"), "are one folder"},
		{sftpBut("password", "secret"), "unknown field"},
		{sftpBut("insecure", true), "unknown field"},
		{sftpBut("key_file", "/no/such/key"), "bank.sftp.key_file: "},
		{sftpBut("known_hosts", "/no/such/file"), "bank.sftp: read known hosts"},
		{sftpBut("address", "sftp.other.example:22"), "no key of sftp.other.example:22 is in"},
		{setting{"bank": setting{"ftp": setting{}}}, "unknown field"},
		{setting{"security.second_facter": "required"}, "unknown field"},
		{setting{"debug": true}, "unknown field"},
	} {
		if err := served(put(t, c.changes)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v: %v, want %q", c.changes, err, c.says)
		}
	}
}

// sftpBut is a bank's server with one setting replaced; nil leaves it out.
func sftpBut(name string, value any) setting {
	s := setting{"address": "sftp.bank.example:22", "user": "lender", "key_file": bankKey.file, "known_hosts": bankKey.known, "out": "outbound", "in": "inbound"}
	if s[name] = value; value == nil {
		delete(s, name)
	}
	return setting{"bank": setting{"sftp": s}}
}

// bankKey are files that settings of a bank's server name.
var bankKey struct{ file, known string }

func makeBankKey(t *testing.T) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	public, err := ssh.NewPublicKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	bankKey.file, bankKey.known = filepath.Join(t.TempDir(), "key"), filepath.Join(t.TempDir(), "known_hosts")
	line := knownhosts.Line([]string{"sftp.bank.example"}, public)
	if err := errors.Join(os.WriteFile(bankKey.file, pem.EncodeToMemory(block), 0o600), os.WriteFile(bankKey.known, []byte(line+"\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
}

func TestFilesGoWhereTheSettingsSay(t *testing.T) {
	makeBankKey(t)
	folder := rail.Folder{Dir: "/var/lib/marque/ach"}
	for _, c := range []struct {
		changes setting
		says    string
	}{
		{nil, "/var/lib/marque/ach/out"},
		{setting{"bank": setting{}}, "/var/lib/marque/ach/out"},
		{sftpBut("user", "lender"), "outbound on sftp.bank.example:22"},
	} {
		data, file := put(t, c.changes)
		config, err := readConfig(data, file)
		if err != nil {
			t.Fatal(err)
		}
		if got := config.bank(folder).String(); got != c.says || config.checkBank() != nil {
			t.Errorf("files go to %s: %v", got, config.checkBank())
		}
	}
	if err := os.Chmod(bankKey.file, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := served(put(t, sftpBut("user", "lender"))); err == nil || !strings.Contains(err.Error(), "permissions 0640") {
		t.Errorf("a key that others may read: %v", err)
	}
}

func TestServeRefusesSecretsThatOthersMayRead(t *testing.T) {
	for _, mode := range []os.FileMode{0o644, 0o640, 0o620, 0o604, 0o611} {
		data, file := put(t, nil)
		keys := filepath.Join(data, "keys.json")
		if err := os.WriteFile(keys, []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := served(data, file); err != nil {
			t.Fatalf("its owner's: %v", err)
		}
		for _, path := range []string{keys, file} {
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
			if err := served(data, file); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("permissions %04o", mode)) {
				t.Errorf("%s with %o: %v", path, mode, err)
			}
			if err := os.Chmod(path, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		data, file = put(t, setting{"text.token": nil, "smtp.password": nil})
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		t.Setenv("MARQUE_TEXT_TOKEN", "3f9c0b7e5d2a48168e21")
		t.Setenv("MARQUE_SMTP_PASSWORD", "w7Qe-nP2r")
		if err := served(data, file); err != nil {
			t.Errorf("settings without a secret in them, %o: %v", mode, err)
		}
		t.Setenv("MARQUE_TEXT_TOKEN", "")
		t.Setenv("MARQUE_SMTP_PASSWORD", "")
	}
}

func TestSettingsLeftOutAreTheSafeOnes(t *testing.T) {
	c, err := readConfig(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	if c.Security.SecondFactor != "required" || c.Security.Questions != "off" || c.TrustedProxies != nil || !loopback(strings.Split(c.Listen, ":")[0]) {
		t.Errorf("%+v listening on %s", c.Security, c.Listen)
	}
	for host, here := range map[string]bool{"127.0.0.1": true, "127.9.9.9": true, "::1": true, "::ffff:127.0.0.1": true, "localhost": true,
		"": false, "0.0.0.0": false, "::": false, "10.0.0.1": false, "localhost.evil.example": false, "127.0.0.1.evil.example": false} {
		if loopback(host) != here {
			t.Errorf("%q is on this machine: %t", host, !here)
		}
	}
}
