package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"marque/internal/servicing"
)

// The settings reach the rules by which people come in.
func TestSettingsReachTheRulesOfAccess(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	places := write("places.csv", "prefix,latitude,longitude,name\n192.0.2.0/24,32.8,-96.8,\"Cotter Springs, TX\"\n")
	stolen := write("stolen.txt", "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:9\n") // SHA-1 of "password"
	settings := write("marque.json", `{"base_url": "http://localhost:9", "console": {"listen": "127.0.0.1:0", "base_url": "http://127.0.0.1:7"},
		"security": {"second_factor": "optional", "exception": {"by": "N. Osei", "reason": "trial", "date": "2026-01-05"},
		"questions": "agent_gate", "places": "`+places+`", "breached_passwords": "`+stolen+`", "blocked_words": ["vireo"]}}`)
	c, err := openCompany(t.Context(), &Globals{Data: dir}, settings, io.Discard, now)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.close(); err != nil {
			t.Error(err)
		}
	}()
	a := c.access
	if known, err := a.Breached.Has("password"); err != nil || !known {
		t.Errorf("a stolen password is not known: %v", err)
	}
	if !a.SecondFactorOptional || a.Questions != servicing.QuestionsAgent || a.Places == nil || strings.Join(a.BlockedWords, ",") != "Kestrane Motor Finance,Kestrane,vireo" {
		t.Errorf("%+v", a)
	}
	if c.lender.Portal != "http://localhost:9" {
		t.Errorf("links in messages begin with %q", c.lender.Portal)
	}
	for _, bad := range []string{`"places": "` + stolen + `"`, `"breached_passwords": "` + places + `"`} {
		file := write("bad.json", `{"security": {`+bad+`}}`)
		if _, err := openCompany(t.Context(), &Globals{Data: dir}, file, io.Discard, now); err == nil || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestPasskeysBelongToNames(t *testing.T) {
	for address, want := range map[string]bool{"": false, "http://127.0.0.1:8080": false, "http://[::1]:8080": false, "https://198.51.100.7": false,
		"http://localhost:8080": true, "https://pay.lender.example": true} {
		p, err := passkeysAt(address, "Kestrane")
		if err != nil || (p != nil) != want {
			t.Errorf("%s: %v, %v", address, p, err)
		}
		if p != nil {
			options, _, err := p.BeginAssert(nil)
			if name := strings.Split(strings.Split(address, "//")[1], ":")[0]; err != nil || !strings.Contains(string(options), `"`+name+`"`) {
				t.Errorf("%s: %s, %v", address, options, err)
			}
		}
	}
}
