package sandbox

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"marque/internal/money"
)

// object is something as the interface shows it.
type object map[string]any

// no is an answer that something was not done.
type no struct {
	status                   int
	kind, code, message      string
	decline, param, chargeID string
	intent                   object
}

func invalid(code, message string) *no {
	return &no{status: http.StatusBadRequest, kind: "invalid_request_error", code: code, message: message}
}

func missing(what string) *no {
	return &no{status: http.StatusNotFound, kind: "invalid_request_error", code: "resource_missing", message: "No such " + what}
}

func (n *no) object() object {
	e := object{"type": n.kind, "message": n.message}
	for name, value := range map[string]string{"code": n.code, "decline_code": n.decline, "param": n.param, "charge": n.chargeID} {
		if value != "" {
			e[name] = value
		}
	}
	if n.intent != nil {
		e["payment_intent"] = n.intent
	}
	return object{"error": e}
}

// cardAsk is one request as the interface's functions see it. They run under the lock.
type cardAsk struct {
	id   string // in the address
	form url.Values
}

func (a cardAsk) expands(what string) bool {
	for name, values := range a.form {
		if strings.HasPrefix(name, "expand[") && slices.ContainsFunc(values, func(v string) bool { return v == what || strings.HasPrefix(v, what+".") }) {
			return true
		}
	}
	return false
}

func (a cardAsk) metadata(prefix string) map[string]string {
	all := map[string]string{}
	for name := range a.form {
		if key, ok := strings.CutPrefix(name, prefix+"["); ok {
			all[strings.TrimSuffix(key, "]")] = a.form.Get(name)
		}
	}
	return all
}

func (p *Processor) interfaces(mux *http.ServeMux) {
	for pattern, do := range map[string]func(cardAsk) (object, *no){
		"POST /v1/checkout/sessions":             p.makePage,
		"POST /v1/checkout/sessions/{id}/expire": p.closePage,
		"POST /v1/payment_intents":               p.makeIntent,
		"POST /v1/refunds":                       p.makeRefund,
		"POST /v1/payment_methods/{id}/detach":   p.forgetCard,
	} {
		mux.Handle(pattern, p.change(do))
	}
	for pattern, do := range map[string]func(cardAsk) (object, *no){
		"GET /v1/checkout/sessions":      p.listPages,
		"GET /v1/checkout/sessions/{id}": p.showPage,
		"GET /v1/payment_intents":        p.listIntents,
		"GET /v1/payment_intents/search": p.searchIntents,
		"GET /v1/payment_intents/{id}":   p.showIntent,
		"GET /v1/refunds":                p.listRefunds,
		"GET /v1/refunds/{id}":           p.showRefund,
		"GET /v1/disputes":               p.listDisputes,
		"GET /v1/payouts":                p.listPayouts,
		"GET /v1/balance_transactions":   p.listMovements,
		"GET /v1/events":                 p.listEvents,
	} {
		mux.Handle(pattern, p.look(do))
	}
}

const longestRequest = 256 << 10

// admit reads a request and says whether it goes on.
func (p *Processor) admit(w http.ResponseWriter, r *http.Request) (cardAsk, bool) {
	r.Body = http.MaxBytesReader(w, r.Body, longestRequest)
	if err := r.ParseForm(); err != nil {
		answer(w, http.StatusBadRequest, invalid("parameter_unknown", "The form cannot be read.").object())
		return cardAsk{}, false
	}
	key, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if subtle.ConstantTimeCompare([]byte(key), []byte(processorKey)) != 1 {
		answer(w, http.StatusUnauthorized, (&no{kind: "invalid_request_error", message: "Invalid API key provided."}).object())
		return cardAsk{}, false
	}
	return cardAsk{r.PathValue("id"), r.Form}, true
}

// early meets the troubles in which nothing is done.
func early(w http.ResponseWriter, r *http.Request, how Trouble, wait time.Duration, over <-chan struct{}) (goesOn bool) {
	switch how {
	case Slow:
		pause(r.Context(), wait, over)
	case Busy:
		answer(w, http.StatusTooManyRequests, (&no{kind: "invalid_request_error", code: "rate_limit", message: "Too many requests."}).object())
		return false
	case Broken:
		answer(w, http.StatusInternalServerError, (&no{kind: "api_error", message: "Something went wrong."}).object())
		return false
	}
	return true
}

func (p *Processor) look(do func(cardAsk) (object, *no)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		how := p.api.is()
		p.api.mu.Lock()
		wait, over := p.api.wait, p.api.over
		p.api.mu.Unlock()
		a, ok := p.admit(w, r)
		if !ok || !early(w, r, how, wait, over) {
			return
		}
		p.mu.Lock()
		p.lieAbout(how)
		p.lapse()
		said, refused := do(a)
		p.send(p.told()...)
		err := p.keep()
		p.mu.Unlock()
		switch {
		case err != nil:
			answer(w, http.StatusInternalServerError, (&no{kind: "api_error", message: err.Error()}).object())
		case refused != nil:
			answer(w, refused.status, refused.object())
		default:
			answer(w, http.StatusOK, said)
		}
	})
}

func (p *Processor) lieAbout(how Trouble) {
	if p.lie = 0; how == LiesAmount {
		p.lie = 100
	}
}

// change does what a request asks once for its key, and gives the same answer for
// ever after. An answer of 400 is not kept, since nothing was begun.
func (p *Processor) change(do func(cardAsk) (object, *no)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := p.admit(w, r)
		if !ok {
			return
		}
		how, wait, over := p.api.meet()
		if !early(w, r, how, wait, over) {
			return
		}
		said, events := p.once(r, a, how, do)
		defer p.afterwards(events)
		if p.hooks.is() == BeforeReply {
			p.arrive(r.Context(), events)
		}
		switch how {
		case Hanging:
			pause(r.Context(), 0, over)
			panic(http.ErrAbortHandler) // the answer is lost
		case Dropping:
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Request-Id", newID("req"))
		w.WriteHeader(said.Status)
		_, _ = w.Write(said.Body) // who asked has gone; the answer is kept
	})
}

func (p *Processor) once(r *http.Request, a cardAsk, how Trouble, do func(cardAsk) (object, *no)) (*answered, []*sentEvent) {
	sum := sha256.Sum256([]byte(r.URL.Path + "\n" + a.form.Encode()))
	said := &answered{Key: r.Header.Get("Idempotency-Key"), Hash: hex.EncodeToString(sum[:])}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lieAbout(how)
	if before := p.answers[said.Key]; before != nil && said.Key != "" {
		if before.Hash != said.Hash {
			return said.with(http.StatusBadRequest, (&no{kind: "idempotency_error", message: "Keys for idempotent requests can only be used with the same parameters they were first used with."}).object()), nil
		}
		return before, nil
	}
	p.lapse()
	out, refused := do(a)
	if said.with(http.StatusOK, out); refused != nil {
		said.with(refused.status, refused.object())
	}
	if how == BrokenAfter {
		said.with(http.StatusInternalServerError, (&no{kind: "api_error", message: "Something went wrong."}).object())
	}
	if said.Key != "" && said.Status != http.StatusBadRequest && said.Status != http.StatusNotFound {
		p.answers[said.Key] = said
		p.changed(said)
	}
	if err := p.keep(); err != nil {
		return said.with(http.StatusInternalServerError, (&no{kind: "api_error", message: err.Error()}).object()), nil
	}
	return said, p.told()
}

func (a *answered) with(status int, body object) *answered {
	a.Status = status
	a.Body, _ = json.Marshal(body) // words, numbers and maps of them
	return a
}

func answer(w http.ResponseWriter, status int, body object) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // who asked has gone; they ask again
}

// list cuts all, newest first, into pages as the interface does.
func list[T thing](a cardAsk, all []T, created func(T) int64, keep func(T) bool, show func(T) object) (object, *no) {
	limit := 10
	if s := a.form.Get("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > 100 {
			return nil, invalid("parameter_invalid_integer", "limit is between 1 and 100.")
		}
		limit = n
	}
	after, begun := a.form.Get("starting_after"), a.form.Get("starting_after") == ""
	data, more := []object{}, false
	for _, t := range slices.Backward(all) {
		if !begun {
			begun = t.name() == after
			continue
		}
		if !within(a.form, "created", created(t)) || !keep(t) {
			continue
		}
		if more = len(data) == limit; more {
			break
		}
		data = append(data, show(t))
	}
	return object{"object": "list", "data": data, "has_more": more, "url": "/v1"}, nil
}

// within says whether a number is in the range that a list is asked for.
func within(form url.Values, name string, n int64) bool {
	for op, holds := range map[string]func(limit int64) bool{
		"[gte]": func(l int64) bool { return n >= l }, "[gt]": func(l int64) bool { return n > l },
		"[lte]": func(l int64) bool { return n <= l }, "[lt]": func(l int64) bool { return n < l },
	} {
		if s := form.Get(name + op); s != "" {
			if limit, err := strconv.ParseInt(s, 10, 64); err != nil || !holds(limit) {
				return false
			}
		}
	}
	return true
}

func wants(form url.Values, name, value string) bool {
	return form.Get(name) == "" || form.Get(name) == value
}

func cents(form url.Values, name string) (money.Cents, *no) {
	n, err := strconv.ParseInt(form.Get(name), 10, 64)
	if err != nil || n < 50 || n > 99_999_999 {
		return 0, invalid("parameter_invalid_integer", name+" is between $0.50 and $999,999.99.")
	}
	return money.Cents(n), nil
}

func unix(day money.Date) int64 { return day.Time().Unix() }
