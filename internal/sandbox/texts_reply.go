package sandbox

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" // the provider's choice
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"marque/internal/web"
)

// SendRepliesTo sets the address to which the provider sends what people text back,
// in the shape of Twilio's webhook. It is set before the first reply.
func (t *Texts) SendRepliesTo(address string) { t.hook = address }

// errNoReplies says that nobody has told the provider where replies go.
var errNoReplies = errors.New("no address for replies")

// Reply texts the lender from a person's telephone.
func (t *Texts) Reply(ctx context.Context, from, body string) error {
	if t.hook == "" {
		return errNoReplies
	}
	t.mu.Lock()
	t.replies++
	n := t.replies
	t.mu.Unlock()
	form := url.Values{"MessageSid": {fmt.Sprintf("SM%x%08x", t.Now().UnixNano(), n)}, "AccountSid": {textAccount}, "From": {from}, "To": {SandboxNumber}, "Body": {body}, "NumMedia": {"0"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.hook, strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("reply to a text: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Twilio-Signature", signature(textToken, t.hook, form))
	client := &http.Client{Timeout: 10 * time.Second}
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("reply to a text: %w", err)
	}
	if err := res.Body.Close(); err != nil {
		return fmt.Errorf("reply to a text: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("reply to a text: the lender answered %d", res.StatusCode)
	}
	return nil
}

// signature is the provider's: of the address, and then each field's name and value
// in the order of the names.
func signature(token, address string, form url.Values) string {
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	words := address
	for _, name := range names {
		words += name + form.Get(name)
	}
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(words))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// reply sends what was typed below a text message, from the telephone it came to.
func (s *site) reply(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	if s.Texts == nil {
		return web.NotFound()
	}
	m, ok := s.Texts.Read(r.PathValue("id"))
	if !ok {
		return web.NotFound()
	}
	if form.Need("body", "Type a reply, such as STOP."); !form.OK() {
		return s.textForm(w, r, m, form)
	}
	if err := s.Texts.Reply(r.Context(), m.To, form.Value("body")); err != nil {
		s.Log.Error("reply", "error", err)
		form.Error("body", "The lender did not take the reply.")
		return s.textForm(w, r, m, form)
	}
	http.Redirect(w, r, "/sandbox/inbox?kind=text&find="+url.QueryEscape(m.To), http.StatusSeeOther)
	return nil
}
