package cycle

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"

	"marque/internal/rail"
	"marque/internal/servicing"
)

// HookPath is where the processor of cards sends its events.
const HookPath = "POST /webhooks/card"

// longestEvent is more than any event has.
const longestEvent = 256 << 10

// Hook takes the processor's events in: kept as they came, and answered once they
// are on disk; what follows from them is found in their table. One that is not
// signed by the processor, or was signed at another time, is refused, and the log
// says so: it is a fault in the settings or somebody who tries.
func (w *Cards) Hook() http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(out, r.Body, longestEvent))
		if err != nil {
			http.Error(out, "too long", http.StatusRequestEntityTooLarge)
			return
		}
		e, err := w.Processor.Event(r.Header.Get("Stripe-Signature"), body, w.Clock())
		switch {
		case errors.Is(err, rail.ErrUnreadable):
			if e.ID == "" {
				sum := sha256.Sum256(body)
				e.ID = "unreadable_" + hex.EncodeToString(sum[:16])
			}
		case err != nil:
			w.Log.Error("an event that is not the card processor's", "why", err)
			http.Error(out, "not signed", http.StatusBadRequest)
			return
		}
		kept := told(e, body)
		if err != nil {
			kept.About = servicing.AboutUnreadable
		}
		if _, err := w.Service.ReceiveEvent(r.Context(), actor, kept); err != nil {
			w.Log.Error("an event of the card processor was not kept; it will come again", "event", e.ID, "error", err)
			http.Error(out, "not kept", http.StatusInternalServerError)
			return
		}
		w.Bell.Ring()
		out.WriteHeader(http.StatusOK)
	})
}

// told is an event as the verbs take it.
func told(e rail.Event, body []byte) servicing.ProcessorEvent {
	out := servicing.ProcessorEvent{ID: e.ID, Type: e.Type, About: servicing.EventAbout(e.About), PaymentID: e.Seen.PaymentID, IntentID: e.Seen.IntentID,
		Amount: e.Seen.Charged, Body: body}
	switch {
	case e.About == rail.AboutCharge && e.Seen.State == rail.Charged:
		out.About = servicing.AboutCharged
	case e.About == rail.AboutDispute:
		out.Amount = e.Seen.Dispute.Amount
	case e.About == rail.AboutRefund:
		out.IntentID, out.Amount = e.Refund.IntentID, e.Refund.Amount
	case e.About == rail.AboutPayout:
		if out.Amount = e.Payout.Amount; e.Payout.State == rail.PayoutFailed {
			out.About, out.IntentID = servicing.AboutFailedPayout, e.Payout.ID
		}
	}
	return out
}
