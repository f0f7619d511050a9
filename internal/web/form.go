package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"marque/internal/card"
	"marque/internal/money"
)

// MaxBody is the largest request body, in bytes, that Site.Serve lets in.
const MaxBody = 64 << 10

// Form is what a person typed and what was wrong with it. A nil Form is an
// empty one, so that a page shown for the first time needs none.
type Form struct {
	values url.Values
	errs   []FieldError
}

// FieldError is one message, in the order the page asks its questions.
type FieldError struct{ Field, Message string }

// all, as a name for ReadForm, lets every field come more than once.
const all = "*"

// ReadForm reads the body of a POST. A body that is too large, broken or not
// text is an HTTPError, and so is a field that comes twice and is not one of
// those named here as several: which of the two counts is not for the reader to
// guess. (ASVS 5.0, 15.3.7)
//
// A field in which somebody typed a card number comes empty, with an error that
// says so.
func ReadForm(r *http.Request, several ...string) (*Form, error) {
	if err := r.ParseForm(); err != nil {
		var big *http.MaxBytesError
		if errors.As(err, &big) {
			return nil, err
		}
		return nil, &HTTPError{Status: http.StatusBadRequest, Title: "We could not read that form",
			Message: "The form did not arrive whole. Nothing has changed. Go back and send it again."}
	}
	if name := repeated(r.PostForm, several...); name != "" {
		return nil, &HTTPError{Status: http.StatusBadRequest, Title: "We could not read that form",
			Message: "One of its fields came twice. Nothing has changed, and you have not been charged. Go back and send it again."}
	}
	for name, vs := range r.PostForm {
		for _, v := range append(vs, name) {
			if !utf8.ValidString(v) || strings.ContainsFunc(v, control) || card.Number(name) {
				return nil, &HTTPError{Status: http.StatusBadRequest, Title: "We could not read that form",
					Message: "It holds characters that are not text. Nothing has changed. Go back and type it again."}
			}
		}
	}
	return &Form{values: r.PostForm, errs: takeCards(r)}, nil
}

// What is said of a card number where none belongs. The number on a card is often
// taken for the account's.
const (
	cardTyped        = "That looks like a card number. Don’t type it here: a card is entered only on the card processor’s page. We have not kept it."
	cardForAccount   = "That looks like a card number. Type the account number from a check or your bank’s app: it is not the number on your card."
	accountFieldName = "account"
)

type cardFieldsKey struct{}

// takeCards empties each field that holds a card number, in the request itself, so
// that nothing behind it can show, keep or log one. The form is read several times
// on its way; which fields were emptied is kept with the request.
func takeCards(r *http.Request) []FieldError {
	kept, _ := r.Context().Value(cardFieldsKey{}).(*[]string) // none outside Serve
	if kept == nil {
		kept = new([]string)
	}
	for name, vs := range r.PostForm {
		if slices.ContainsFunc(vs, card.Number) {
			r.PostForm[name], r.Form[name] = []string{""}, []string{""}
			*kept = append(*kept, name)
		}
	}
	slices.Sort(*kept)
	var errs []FieldError
	for _, name := range *kept {
		message := cardTyped
		if strings.HasPrefix(name, accountFieldName) {
			message = cardForAccount
		}
		errs = append(errs, FieldError{name, message})
	}
	return errs
}

// repeated is a name that has more than one value and may not.
func repeated(values url.Values, several ...string) string {
	if slices.Contains(several, all) {
		return ""
	}
	for name, vs := range values {
		if len(vs) > 1 && !slices.Contains(several, name) {
			return name
		}
	}
	return ""
}

func control(c rune) bool { return unicode.IsControl(c) && c != '\n' && c != '\r' && c != '\t' }

// NewForm is a form filled in beforehand with names and values in turn.
func NewForm(pairs ...string) *Form {
	f := &Form{values: url.Values{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		f.values.Set(pairs[i], pairs[i+1])
	}
	return f
}

// Raw is the value as typed: for passwords.
func (f *Form) Raw(name string) string {
	if f == nil {
		return ""
	}
	return f.values.Get(name)
}

// All are the values of a field that may come several times.
func (f *Form) All(name string) []string {
	if f == nil {
		return nil
	}
	return f.values[name]
}

// Value is the value without spaces around it.
func (f *Form) Value(name string) string { return strings.TrimSpace(f.Raw(name)) }

// Has says whether the form held the field at all.
func (f *Form) Has(name string) bool { return f != nil && f.values.Has(name) }

// Set replaces a value.
func (f *Form) Set(name, value string) { f.values.Set(name, value) }

// Error notes what is wrong with a field. A field's first message stays. An
// empty field means the form as a whole.
func (f *Form) Error(field, message string) {
	if field == "" || f.ErrorFor(field) == "" {
		f.errs = append(f.errs, FieldError{field, message})
	}
}

// Need notes the message when the field is empty, and gives its value.
func (f *Form) Need(field, message string) string {
	v := f.Value(field)
	if v == "" {
		f.Error(field, message)
	}
	return v
}

// Digits is Need without the spaces and dashes that people set between digits.
func (f *Form) Digits(field, message string) string {
	return strings.NewReplacer(" ", "", "-", "").Replace(f.Need(field, message))
}

// OneOf gives the value when it is one of the choices, and else notes the
// message.
func (f *Form) OneOf(field, message string, choices ...string) string {
	v := f.Value(field)
	if !slices.Contains(choices, v) {
		f.Error(field, message)
		return ""
	}
	return v
}

// Cents reads an amount as people type it, and notes what is wrong with it.
func (f *Form) Cents(field string) money.Cents {
	c, err := money.ParseDollars(f.Value(field))
	if err != nil {
		_, why, _ := strings.Cut(err.Error(), ": ")
		f.Error(field, sentence(why))
		return 0
	}
	return c
}

// Date reads a date as a browser's date field sends it, or as people write it
// in numbers, 12/15/2026.
func (f *Form) Date(field string) money.Date {
	v := f.Value(field)
	if v == "" {
		f.Error(field, "Enter a date.")
		return 0
	}
	if m, rest, ok := strings.Cut(v, "/"); ok {
		day, y, _ := strings.Cut(rest, "/")
		v = y + "-" + pad(m) + "-" + pad(day)
	}
	d, err := money.ParseDate(v)
	if err != nil {
		f.Error(field, "Enter a date that exists, like 12/15/2026.")
		return 0
	}
	return d
}

func pad(s string) string {
	if len(s) == 1 {
		return "0" + s
	}
	return s
}

// sentence begins with a capital and ends with one period.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + strings.TrimRight(s[1:], ".") + "."
}

// OK says that nothing is wrong.
func (f *Form) OK() bool { return f == nil || len(f.errs) == 0 }

// Errors are all messages in order.
func (f *Form) Errors() []FieldError {
	if f == nil {
		return nil
	}
	return f.errs
}

// ErrorFor is the field's message, or nothing.
func (f *Form) ErrorFor(field string) string {
	for _, e := range f.Errors() {
		if e.Field == field {
			return e.Message
		}
	}
	return ""
}
