package cycle

import (
	"errors"
	"log/slog"
	"net/http"

	"marque/internal/notice"
	"marque/internal/servicing"
)

// TextHookPath is where the provider of text messages sends those that come to the
// lender's number.
const TextHookPath = "POST /webhooks/text"

// TextHook takes text messages in, in the shape of Twilio's webhook: a form, signed
// with the account's token.
type TextHook struct {
	Service *servicing.Service
	Token   string // of the provider's account
	Address string // as the provider is told it, which its signature is made of
	Log     *slog.Logger
}

// longestText is more than any form about a message has, in bytes.
const longestText = 64 << 10

// ServeHTTP answers once what the message asks for is on disk: STOP counts from
// then on. The answer has no words, what is to be said goes out as a message of its
// own. A form that the provider did not sign is refused, and the log says so.
func (h *TextHook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, longestText)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "unreadable", http.StatusBadRequest)
		return
	}
	if !notice.Signed(h.Token, r.Header.Get("X-Twilio-Signature"), h.Address, r.PostForm) {
		h.Log.Error("a text message that is not from the provider", "signed", r.Header.Get("X-Twilio-Signature") != "")
		http.Error(w, "not signed", http.StatusForbidden)
		return
	}
	in := servicing.TextReceived{ID: r.PostForm.Get("MessageSid"), From: r.PostForm.Get("From"), Body: r.PostForm.Get("Body")}
	err := h.Service.ReceiveText(r.Context(), actor, in)
	_, refused := errors.AsType[*servicing.Refusal](err)
	switch {
	case refused:
		http.Error(w, "not a text message", http.StatusBadRequest)
	case err != nil:
		h.Log.Error("a text message was not kept; the provider may send it again", "error", err)
		http.Error(w, "not kept", http.StatusInternalServerError)
	default:
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		_, _ = w.Write([]byte(`<?xml version="1.0" encoding="UTF-8"?><Response></Response>`)) // a provider who has gone does not read it
	}
}
