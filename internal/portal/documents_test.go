package portal

import (
	"archive/zip"
	"bytes"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var documentLinks = regexp.MustCompile(`href="(/accounts/[^"/]+/documents/[^"/]+)"`)

// papers makes three papers of an account and gives where they are.
func (b *browser) papers(t *testing.T) (account string, all []string) {
	t.Helper()
	account = b.account(t)
	b.send(t, account+"/pay/confirm", b.toReview(t, account))
	_, _, page := b.visit(t, "/payments")
	receipt := regexp.MustCompile(`/accounts/[^"]*/payments/[^"/]+`).FindString(page) + "/receipt.pdf"
	if _, status, pdf := b.visit(t, receipt); status != http.StatusOK || !strings.HasPrefix(pdf, "%PDF-") {
		t.Fatalf("receipt: %d", status)
	}
	for _, form := range []url.Values{values("kind", "amortization_schedule"), values("kind", "account_history", "from", "2026-11-01", "through", "2026-11-22")} {
		at, status, pdf := b.send(t, account+"/documents/new", form)
		if status != http.StatusOK || !strings.HasPrefix(pdf, "%PDF-") || !documentLinks.MatchString(`href="`+at+`"`) {
			t.Fatalf("%v: %d at %s: %s", form, status, at, words(pdf))
		}
	}
	_, _, page = b.visit(t, "/documents")
	for _, link := range documentLinks.FindAllStringSubmatch(page, -1) {
		if !strings.HasSuffix(link[1], "/new") {
			all = append(all, link[1])
		}
	}
	if len(all) != 3 {
		t.Fatalf("%d papers: %s", len(all), words(page))
	}
	return account, all
}

func TestPapersAreListedKeptAndPackedTogether(t *testing.T) {
	l := openLender(t)
	b := l.activated(t, "770001001", "4321")
	_, all := b.papers(t)
	want := map[string]bool{}
	for _, at := range all {
		_, _, shown := b.visit(t, at)
		resp, err := b.Get(l.URL + at + "/download")
		must(t, err)
		kept, err := io.ReadAll(resp.Body)
		must(t, err)
		must(t, resp.Body.Close())
		name := resp.Header.Get("Content-Disposition")
		if string(kept) != shown || !strings.HasPrefix(name, `attachment; filename="2026-11-22-`) || resp.Header.Get("Content-Type") != "application/pdf" {
			t.Errorf("%s: %d and %d bytes, %s", at, len(kept), len(shown), name)
		}
		want[string(kept)] = true
	}
	resp, err := b.Get(l.URL + "/documents/all.zip?year=2026")
	must(t, err)
	packed, err := io.ReadAll(resp.Body)
	must(t, err)
	must(t, resp.Body.Close())
	if resp.Header.Get("Content-Length") != strconv.Itoa(len(packed)) {
		t.Errorf("%s bytes were promised, %d came", resp.Header.Get("Content-Length"), len(packed))
	}
	files, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	must(t, err)
	for _, f := range files.File {
		r, err := f.Open()
		must(t, err)
		paper, err := io.ReadAll(r)
		must(t, err)
		if !want[string(paper)] || !strings.HasPrefix(f.Name, "2026-11-22-") || strings.Contains(f.Name, "7700") {
			t.Errorf("%s is not what was shown", f.Name)
		}
		delete(want, string(paper))
	}
	if len(want) != 0 {
		t.Errorf("%d papers are missing", len(want))
	}
	_, _, page := b.visit(t, "/documents/all.zip?year=2019") // nothing: back to the list
	says(t, page, "No document matches.")
}

func TestAnothersPapersAreNotThere(t *testing.T) {
	l := openLender(t)
	maya, theo := l.activated(t, "770001001", "4321"), l.activated(t, "770001002", "4322")
	_, all := maya.papers(t)
	his := theo.account(t)
	for _, at := range all {
		id := at[strings.LastIndex(at, "/")+1:]
		for _, path := range []string{at, at + "/download", his + "/documents/" + id} {
			if _, status, _ := theo.visit(t, path); status != http.StatusNotFound {
				t.Errorf("%s: %d", path, status)
			}
		}
	}
	_, _, page := theo.visit(t, "/documents")
	says(t, page, "No documents yet")
}

func TestWhatIsWrongWithAPaperIsSaidBesideItsField(t *testing.T) {
	l := openLender(t)
	b := l.activated(t, "770001001", "4321")
	account := b.account(t)
	for form, want := range map[string]string{
		"kind=account_history&from=soon&through=2026-11-22":       "Enter a date that exists",
		"kind=account_history&from=2026-11-20&through=":           "Enter a date.",
		"kind=account_history&from=2026-11-22&through=2026-11-01": "The first day is after the last one",
	} {
		typed, err := url.ParseQuery(form)
		must(t, err)
		_, status, page := b.send(t, account+"/documents/new", typed)
		says(t, page, want)
		if from := typed.Get("from"); status != http.StatusUnprocessableEntity || !strings.Contains(page, `value="`+from+`"`) {
			t.Errorf("%s: %d, or what was typed is lost", form, status)
		}
	}
	for _, form := range []string{"kind=secret", "kind=interest_summary&year=x", "kind=interest_summary&year=1999"} {
		typed, err := url.ParseQuery(form)
		must(t, err)
		if _, status, _ := b.send(t, account+"/documents/new", typed); status != http.StatusNotFound {
			t.Errorf("%s: %d", form, status)
		}
	}
}

func TestADealerChecksALetterWithoutSigningIn(t *testing.T) {
	l := openLender(t)
	stranger := l.browser(t)
	_, _, page := stranger.visit(t, "/payoff-letter")
	says(t, page, "Check a payoff letter", "Code from the letter")
	_, status, page := stranger.send(t, "/payoff-letter", values("code", "wxyz-wxyz-wxyz"))
	says(t, page, "We have no letter with this code.")
	if status != http.StatusUnprocessableEntity || !strings.Contains(page, `value="wxyz-wxyz-wxyz"`) {
		t.Errorf("%d, or what was typed is lost", status)
	}
}
