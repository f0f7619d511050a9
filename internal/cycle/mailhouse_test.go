package cycle

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"marque/internal/archive"
	"marque/internal/billing"
	"marque/internal/money"
	"marque/internal/notice"
	"marque/internal/rail"
	"marque/internal/sandbox"
	"marque/internal/servicing"
)

// A day's file for the mail house is whole, holds each statement once with the
// address it goes to, and is the same file however often the program begins again.
func TestEachPieceGoesToTheMailHouseInOneFile(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		now := money.InstantOf(time.Date(2026, 2, 26, 18, 0, 0, 0, time.UTC))
		r, days := lenderWith(t, url, &now, func(r *servicing.Rules) { r.PaperMail = true })
		shelf, err := archive.New(t.Context(), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		r.Papers = &Papers{Service: r.Service, Archive: shelf, Log: r.Log}
		house := rail.Folder{Dir: t.TempDir()}
		r.MailHouse = &MailHouse{Folder: house, Archive: shelf}
		day := money.NewDate(2026, 2, 26)
		if err := r.Run(t.Context(), day, day+40); err != nil {
			t.Fatal(err)
		}
		mailed, statements := 0, 0
		for _, d := range *days {
			mailed, statements = mailed+d.Mailed, statements+d.Statements
		}
		seen := map[string]bool{}
		files, err := filepath.Glob(filepath.Join(house.Dir, "out", "mail-*.zip"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			pieces := readMail(t, name)
			for id, row := range pieces {
				if seen[id] {
					t.Errorf("%s is in two files", id)
				}
				seen[id] = true
				if row[5] == "" || row[6] == "" || row[7] == "" {
					t.Errorf("no address: %q", row)
				}
			}
		}
		if len(seen) != mailed || statements == 0 || mailed < statements {
			t.Errorf("%d pieces in %d files, %d said, %d statements", len(seen), len(files), mailed, statements)
		}
		// A process that was stopped before it could say so begins again: nothing new.
		before := sizes(t, house.Dir)
		if n, err := r.mail(t.Context(), day+40); err != nil || n != 0 {
			t.Errorf("%d more, %v", n, err)
		}
		if after := sizes(t, house.Dir); after != before {
			t.Errorf("the folder changed: %s, %s", before, after)
		}
	})
}

// readMail reads a file as the mail house does, and gives the rows of its list.
func readMail(t *testing.T, name string) map[string][]string {
	t.Helper()
	z, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	content := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if _, err := b.ReadFrom(r); err != nil {
			t.Fatal(err)
		}
		content[f.Name] = b.Bytes()
	}
	rows, err := csv.NewReader(bytes.NewReader(content["manifest.csv"])).ReadAll()
	if err != nil || strings.Join(rows[0], ",") != strings.Join(manifestColumns, ",") || len(rows) != len(content) {
		t.Fatalf("manifest of %s: %v, %d rows for %d files", name, err, len(rows), len(content))
	}
	out := map[string][]string{}
	for _, row := range rows[1:] {
		pdf := content[row[1]]
		if !bytes.HasPrefix(pdf, []byte("%PDF-")) || fmt.Sprint(len(pdf)) != row[3] || archive.Hash(pdf) != row[4] {
			t.Errorf("%s: %s is not what the list says", name, row[1])
		}
		out[row[0]] = row
	}
	return out
}

func sizes(t *testing.T, dir string) (all string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			info, err := e.Info()
			if err != nil {
				return err
			}
			all += fmt.Sprintf("%s %d\n", filepath.Base(path), info.Size())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A message that cannot be said otherwise is a document, filed and mailed once.
func TestAMessageThatFailsIsPutOnPaperOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		now := money.InstantOf(time.Date(2026, 2, 26, 18, 0, 0, 0, time.UTC))
		r, _ := lenderWith(t, url, &now, func(r *servicing.Rules) { r.PaperMail = true })
		shelf, err := archive.New(t.Context(), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		r.Papers = &Papers{Service: r.Service, Archive: shelf, Log: r.Log}
		r.MailHouse = &MailHouse{Folder: rail.Folder{Dir: t.TempDir()}, Archive: shelf}
		day := money.NewDate(2026, 2, 26)
		if err := r.Run(t.Context(), day, day); err != nil { // late fees: they have to be told
			t.Fatal(err)
		}
		inbox, err := sandbox.OpenInbox(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = inbox.Close() }) // the test is over
		inbox.Misbehave(sandbox.Refusing, 0)
		host, port := inbox.Address()
		mailer, err := notice.NewMailer(notice.SMTPConfig{Host: host, Port: port, TLS: notice.TLSPlain, From: "help@kestrane.example"})
		if err != nil {
			t.Fatal(err)
		}
		lender := billing.Lender{Name: "Kestrane"}
		r.Mail = mailsTo(mailer, lender, &now)
		letters := 0
		r.Letter = lettersTo(r.Service, lender, &letters)
		for range 3 {
			if _, err := r.Deliver(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := r.Papers.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			now += money.Instant((2 * time.Hour).Microseconds())
		}
		n, err := r.mail(t.Context(), day+1)
		if err != nil || letters == 0 || n < letters {
			t.Fatalf("%d letters, %d pieces, %v", letters, n, err)
		}
		files, err := filepath.Glob(filepath.Join(r.MailHouse.Folder.Dir, "out", "*.zip"))
		if err != nil {
			t.Fatal(err)
		}
		messages := 0
		for _, f := range files {
			for _, row := range readMail(t, f) {
				if row[2] == string(billing.DocMessage) {
					messages++
				}
			}
		}
		if messages != letters {
			t.Errorf("%d letters in the mail, %d were made", messages, letters)
		}
	})
}

func mailsTo(m *notice.Mailer, l billing.Lender, now *money.Instant) Send {
	return func(ctx context.Context, o servicing.Outgoing) error {
		letter, err := notice.Mail(o.Notice, l)
		if err != nil {
			return err
		}
		return m.Send(ctx, o.Notice.To, letter, o.MessageID(), *now)
	}
}

func lettersTo(s *servicing.Service, l billing.Lender, n *int) Send {
	var mu sync.Mutex
	return func(ctx context.Context, o servicing.Outgoing) error {
		p, err := notice.Letter(o.Notice, l)
		if err != nil {
			return err
		}
		mu.Lock()
		*n++
		mu.Unlock()
		return s.PutOnPaper(ctx, actor, o, servicing.LetterWords{Subject: p.Subject, Paragraphs: append([]string{p.Reason}, p.Rest...)})
	}
}
