package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"
)

// HTTPError is an error whose words a person may read. Every other error is a
// fault: logged with the request's id, shown as that id. An HTTPError may be
// joined or wrapped with its cause; only its own words are shown, and from
// status 500 up the cause is logged.
type HTTPError struct {
	Status     int
	Title      string // what happened
	Message    string // what did not happen, and what to do
	RetryAfter time.Duration
}

// Error is for the log.
func (e *HTTPError) Error() string { return strconv.Itoa(e.Status) + " " + e.Title }

// NotFound is the answer for what is not there, and for what is another
// person's: the two must look the same.
func NotFound() error {
	return &HTTPError{Status: http.StatusNotFound, Title: "We can’t find that page",
		Message: "The address may be wrong, or no longer in use. Nothing has changed."}
}

// Forbidden is the answer for what this person may not do.
func Forbidden() error {
	return &HTTPError{Status: http.StatusForbidden, Title: "You can’t do that from here",
		Message: "Nothing has changed, and you have not been charged. If you came from a link on another site or in a message, go to the overview and start there."}
}

// TooMany is the answer for too many tries; after is when to try again.
func TooMany(after time.Duration) error {
	wait := "a few minutes"
	switch m := int((after + time.Minute - 1) / time.Minute); {
	case m == 1:
		wait = "one minute"
	case m > 1 && m < 120:
		wait = strconv.Itoa(m) + " minutes"
	case m >= 120:
		wait = strconv.Itoa((m+59)/60) + " hours"
	}
	return &HTTPError{Status: http.StatusTooManyRequests, Title: "Too many tries",
		Message: "To keep your account safe, we stopped for now. Nothing has changed. Try again in " + wait + ".", RetryAfter: after}
}

// Unavailable is the answer while the books cannot be reached.
func Unavailable() error {
	return &HTTPError{Status: http.StatusServiceUnavailable, Title: "We’ll be back in a few minutes",
		Message: "The service is paused. You have not been charged, and payments already scheduled will be made on their day. Try again in a few minutes.", RetryAfter: 2 * time.Minute}
}

func methodNotAllowed() error {
	return &HTTPError{Status: http.StatusMethodNotAllowed, Title: "That page can’t be opened this way",
		Message: "Nothing has changed. Go to the overview and start from there."}
}

func tooLarge() *HTTPError {
	return &HTTPError{Status: http.StatusRequestEntityTooLarge, Title: "That is too much to send at once",
		Message: "Nothing has changed, and you have not been charged. Go back, shorten what you typed, and send it again."}
}

// Handle makes a handler of a function that returns its error. This is the one
// place that tells a person what went wrong.
func (s *Site) Handle(f func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := f(w, r); err != nil {
			s.fail(w, r, err)
		}
	})
}

type errorPage struct {
	Page
	Status  int
	Message string
	FaultID string
}

func (s *Site) fail(w http.ResponseWriter, r *http.Request, err error) {
	var shown *HTTPError
	var big *http.MaxBytesError
	fault := ""
	switch {
	case errors.As(err, &shown):
		if shown.Status >= 500 {
			s.Log.WarnContext(r.Context(), "refused", "id", RequestID(r.Context()), "method", r.Method, "route", r.Pattern, "error", err)
		}
	case errors.As(err, &big):
		shown = tooLarge()
	default:
		fault = RequestID(r.Context())
		level := slog.LevelError
		if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
			level = slog.LevelInfo // the reader went away
		}
		s.Log.Log(r.Context(), level, "fault", "id", fault, "method", r.Method, "route", r.Pattern, "error", err)
		shown = unexplained(r.Method)
	}
	if started(w) {
		return // a page already under way cannot be taken back
	}
	for _, name := range []string{"Content-Encoding", "Content-Disposition", "Content-Length", "ETag", "Last-Modified"} {
		w.Header().Del(name)
	}
	if shown.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(shown.RetryAfter/time.Second)))
	}
	page := errorPage{Page: Page{Title: shown.Title, Layout: "flow"}, Status: shown.Status, Message: shown.Message, FaultID: fault}
	if err := s.pages.Render(w, r, shown.Status, "error", page); err != nil {
		s.Log.ErrorContext(r.Context(), "error page failed", "id", RequestID(r.Context()), "error", err)
		http.Error(w, shown.Title+". "+shown.Message, shown.Status)
	}
}

// unexplained says no more than is known. A page that only shows changes
// nothing; a form may have failed after its work was done, and there only the
// list of payments tells.
func unexplained(method string) *HTTPError {
	e := &HTTPError{Status: http.StatusInternalServerError, Title: "Something went wrong on our side"}
	if method == http.MethodGet || method == http.MethodHead {
		e.Message = "We could not show this page. Nothing has changed, and you have not been charged. Try again in a minute."
	} else {
		e.Message = "We could not finish that. If you were making a payment, look at Payments before you try again: if it is not listed there, it was not made and you have not been charged. Sending the same form again never makes a second payment."
	}
	return e
}
