package web

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
)

// forms in which the same card number may come.
var cardForms = []string{
	"4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111", "4111.1111.1111.1111", "4111\u00a01111\u00a01111\u00a01111",
	"４１１１１１１１１１１１１１１１", "٤١١١١١١١١١١١١١١١", "4-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1", "it is 4111111111111111, valid to 12/28",
}

// shows says whether a text holds the number in any of its forms.
func showsCard(text string) bool {
	for _, form := range cardForms[:len(cardForms)-1] {
		if strings.Contains(text, form) || strings.Contains(text, url.QueryEscape(form)) || strings.Contains(text, url.PathEscape(form)) {
			return true
		}
	}
	return false
}

// echo answers with everything it can find of a request, as no page does.
func echo(t *testing.T, site *Site) http.Handler {
	mux := http.NewServeMux()
	everything := func(w http.ResponseWriter, r *http.Request) error {
		form, err := ReadForm(r)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(w, "form %v ok %t errors %v post %v all %v header %v agent %q from %q", form.values, form.OK(), form.Errors(), r.PostForm, r.Form, r.Header, r.UserAgent(), site.ClientIP(r))
		site.Log.Info("echo", "form", form.values, "header", r.Header)
		return err
	}
	mux.Handle("POST /pay", site.Handle(everything))
	mux.Handle("GET /pay", site.Handle(everything))
	mux.Handle("POST /fault", site.Handle(func(w http.ResponseWriter, r *http.Request) error {
		return fmt.Errorf("cannot do %v %v", r.PostForm, r.Header)
	}))
	mux.Handle("GET /files/{name}", site.Handle(func(w http.ResponseWriter, r *http.Request) error { return NotFound() }))
	return site.Serve(mux)
}

func TestACardNumberIsNeitherShownNorLogged(t *testing.T) {
	var log bytes.Buffer
	h := echo(t, testSite(t, "", &log))
	send := func(method, address, body string, headers ...string) (int, string) {
		r := httptest.NewRequest(method, address, strings.NewReader(body))
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		if body != "" {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		answer, err := io.ReadAll(w.Result().Body)
		if err != nil {
			t.Fatal(err)
		}
		return w.Code, string(answer) + fmt.Sprint(w.Result().Header)
	}
	check := func(what, answer string) {
		t.Helper()
		if showsCard(answer) || showsCard(log.String()) {
			t.Errorf("%s: the answer\n%s\nthe log\n%s", what, answer, log.String())
		}
		log.Reset()
	}
	for _, number := range cardForms {
		for _, field := range []string{"note", "account", "account_again", "routing", "holder", "amount", "reason", "password", "nickname", "address", "code"} {
			status, answer := send("POST", "/pay", url.Values{field: {number}, "other": {"kept"}}.Encode())
			words := "That looks like a card number."
			if status != http.StatusOK || !strings.Contains(answer, "ok false") || !strings.Contains(answer, words) || !strings.Contains(answer, "kept") ||
				strings.Contains(answer, "from a check") != strings.HasPrefix(field, "account") {
				t.Errorf("%s: %d %s", field, status, answer)
			}
			check(field, answer)
		}
		status, answer := send("POST", "/pay", url.Values{number: {"a name"}}.Encode())
		if status != http.StatusBadRequest {
			t.Errorf("as a field's name: %d", status)
		}
		check("name", answer)
		_, answer = send("POST", "/fault", url.Values{"note": {number}}.Encode(), "User-Agent", number)
		check("fault", answer)

		for _, address := range []string{"/files/" + url.PathEscape(number) + ".pdf", "/" + url.PathEscape(number), "/pay?next=" + url.QueryEscape(number),
			"/pay?" + url.QueryEscape(number) + "=1", "/pay?a=1&b=x" + url.QueryEscape(number) + "x"} {
			status, answer := send("GET", address, "")
			if status != http.StatusBadRequest {
				t.Errorf("%s: %d", address, status)
			}
			check(address, answer)
		}
		for _, header := range []string{"User-Agent", "Referer", "X-Forwarded-For", "X-Anything", "Accept-Language", "Origin"} {
			_, answer := send("GET", "/pay", "", header, number)
			check(header, answer)
		}
		status, answer = send("POST", "/pay", "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\""+number+".pdf\"\r\n\r\nx\r\n--x--\r\n",
			"Content-Type", "multipart/form-data; boundary=x")
		if status != http.StatusUnsupportedMediaType {
			t.Errorf("a file: %d", status)
		}
		check("file name", answer)
	}
}

func TestWhatOnlyLooksLongIsLetThrough(t *testing.T) {
	h := echo(t, testSite(t, "", io.Discard))
	for field, value := range map[string]string{
		"account": "00123456789012345", "routing": "123456780", "vin": "1HGCM82633A004352", "code": "482913", "phone": "(480) 555-0123",
		"confirmation": "K7Q-M2D-9X4", "trace": "121042880000001", "id": "0190f3a2-7b3c-7412-8123-412345678907", "amount": "4,111.11", "date": "12/15/2026",
		"note": "Call me at 480-555-0123 or 480-555-0124 after 12/15/2026",
	} {
		r := httptest.NewRequest("POST", "/pay?"+url.Values{field: {value}}.Encode(), strings.NewReader(url.Values{field: {value}}.Encode()))
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "ok true") || !strings.Contains(w.Body.String(), value) {
			t.Errorf("%s: %d %s", field, w.Code, w.Body.String())
		}
	}
}

// A page shows the message beside the field, and the field empty.
func TestTheFieldComesBackEmpty(t *testing.T) {
	site := testSite(t, "", io.Discard)
	pages, err := site.Parse(os.DirFS("testdata/pages"))
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("POST /pay", site.Handle(func(w http.ResponseWriter, r *http.Request) error {
		form, err := ReadForm(r)
		if err != nil {
			return err
		}
		form.Cents("amount")
		return pages.Render(w, r, http.StatusUnprocessableEntity, "pay", guidePage{Page: Page{Title: "Pay", Layout: "flow", Form: form}})
	}))
	h := site.Serve(mux)
	r := httptest.NewRequest("POST", "/pay", strings.NewReader(url.Values{"amount": {cardForms[1]}}.Encode()))
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusUnprocessableEntity || showsCard(w.Body.String()) || strings.Count(w.Body.String(), cardTyped) != 2 || strings.Contains(w.Body.String(), "Enter an amount") {
		t.Errorf("%d %s", w.Code, w.Body.String())
	}
}
