package notice

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"marque/internal/billing"
)

// Every event has words for each way that it goes, in both languages, and none for
// a way that it does not go.
func TestEveryEventIsSaidByEveryWayItGoes(t *testing.T) {
	for _, e := range billing.Events {
		for _, language := range []string{billing.English, billing.Spanish} {
			n := Example(e.Kind, language, atNight)
			m, mailed := Mail(n, portal)
			_, texted := Text(n, portal)
			in, shown := Inbox(n, portal)
			letter, written := Letter(n, portal)
			for way, err := range map[string]error{billing.ByEmail: mailed, billing.ByText: texted, billing.ByPortal: shown, billing.ByPaper: written} {
				if e.Ways.Has(way) && err != nil || !e.Ways.Has(way) && !errors.Is(err, ErrNotice) {
					t.Errorf("%s in %s by %s: %v", e.Kind, language, way, err)
				}
			}
			for _, p := range []Page{in, letter} {
				if p.Subject != "" && (p.Subject != m.Subject || p.Reason == "" || p.Language != language || strings.Contains(p.text(), "/not-me/")) {
					t.Errorf("%s in %s on a page: %+v", e.Kind, language, p)
				}
			}
		}
	}
}

// What a message is about has to be there, or nothing is said.
func TestAMessageWithoutWhatItIsAboutIsRefused(t *testing.T) {
	for _, e := range billing.Events {
		if missing(billing.Notice{Kind: e.Kind}) == "" {
			continue
		}
		for name, say := range map[string]func(billing.Notice, billing.Lender) error{
			"mail":  func(n billing.Notice, l billing.Lender) error { _, err := Mail(n, l); return err },
			"text":  func(n billing.Notice, l billing.Lender) error { _, err := Text(n, l); return err },
			"inbox": func(n billing.Notice, l billing.Lender) error { _, err := Inbox(n, l); return err },
			"paper": func(n billing.Notice, l billing.Lender) error { _, err := Letter(n, l); return err },
		} {
			if err := say(billing.Notice{Kind: e.Kind}, portal); !errors.Is(err, ErrNotice) {
				t.Errorf("%s by %s: %v", e.Kind, name, err)
			}
		}
	}
}

// An e-mail is tables with the style in each cell: what a mail program of twenty
// years ago shows. The first thing in it, unseen, is its reason.
func TestMailIsForOldProgramsToo(t *testing.T) {
	for _, e := range billing.Events {
		if !e.Ways.Has(billing.ByEmail) {
			continue
		}
		m, err := Mail(Example(e.Kind, billing.English, atNight), portal)
		if err != nil {
			t.Error(err)
			continue
		}
		if len(m.HTML) > 100_000 {
			t.Errorf("%s: %d bytes: some programs cut it off", e.Kind, len(m.HTML))
		}
		if bad := regexp.MustCompile(`(?i)<img|url\(|src=|href=|flex|grid|var\(|<script|@import|<link|ZgotmplZ`).FindString(m.HTML); bad != "" {
			t.Errorf("%s: %s", e.Kind, bad)
		}
		body := m.HTML[strings.Index(m.HTML, "<body"):]
		first, _, _ := strings.Cut(m.Text, "\n")
		hidden := regexp.MustCompile(`^<body[^>]*>\s*<div aria-hidden="true" style="display:none[^"]*">([^<]*)</div>`).FindStringSubmatch(body)
		if hidden == nil || strings.NewReplacer("&#39;", "'", "&#34;", `"`, "&#43;", "+").Replace(hidden[1]) != first {
			t.Errorf("%s: a list of messages shows %q beside the subject", e.Kind, hidden)
		}
		for _, cell := range regexp.MustCompile(`<td[^>]*>[^<\s]`).FindAllString(body, -1) {
			if !strings.Contains(cell, "font-family:") && !strings.Contains(cell, "font-size:1px") {
				t.Errorf("%s: words without a font of their own: %s", e.Kind, cell)
			}
		}
	}
}
