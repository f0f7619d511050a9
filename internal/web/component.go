package web

import (
	"errors"
	"fmt"
	"html/template"
	"strconv"

	"marque/internal/money"
)

// Field is the argument of the form components. Templates make it with the
// function field; a page may also make one itself.
type Field struct {
	Name, Label, Value, Error  string
	Hint, Type, Autocomplete   string
	InputMode, Min, Max        string
	Prefix, Suffix, Spellcheck string
	MaxLength, Width           int
	Optional, Checked          bool
	Options                    []Option
}

// Option is one choice of a select or of radio cards. Note stands at the right
// of a card ("$612.40"); Reveal is a money field shown when it is chosen.
type Option struct {
	Value, Label, Hint, Note string
	Reveal                   *Field
}

// Described lists the ids that describe the field, for aria-describedby.
func (f Field) Described() string {
	switch {
	case f.Hint != "" && f.Error != "":
		return f.Name + "-hint " + f.Name + "-error"
	case f.Hint != "":
		return f.Name + "-hint"
	case f.Error != "":
		return f.Name + "-error"
	}
	return ""
}

// newField reads the form's value and error for the name. The rest are options
// and pairs of key and value.
func newField(form *Form, name, label string, rest ...any) (Field, error) {
	f := Field{Name: name, Label: label, Value: form.Value(name), Error: form.ErrorFor(name)}
	f.Checked = form.Has(name)
	for i := 0; i < len(rest); i++ {
		switch v := rest[i].(type) {
		case Option:
			f.Options = append(f.Options, v)
			continue
		case []Option:
			f.Options = append(f.Options, v...)
			continue
		}
		key, ok := rest[i].(string)
		if !ok || i+1 == len(rest) {
			return f, fmt.Errorf("field %s: %v is neither an option nor a key with a value", name, rest[i])
		}
		i++
		if err := f.set(key, rest[i], form.Has(name)); err != nil {
			return f, err
		}
	}
	return f, nil
}

func (f *Field) set(key string, value any, typed bool) error {
	text, err := words(value)
	if err != nil {
		return fmt.Errorf("field %s: %s: %w", f.Name, key, err)
	}
	number, _ := value.(int) // zero, the default, where the key takes no number
	switch key {
	case "hint":
		f.Hint = text
	case "type":
		f.Type = text
	case "value":
		if !typed {
			f.Value = text
		}
	case "autocomplete":
		f.Autocomplete = text
	case "inputmode":
		f.InputMode = text
	case "min":
		f.Min = text
	case "max":
		f.Max = text
	case "prefix":
		f.Prefix = text
	case "suffix":
		f.Suffix = text
	case "spellcheck":
		f.Spellcheck = text
	case "maxlength":
		f.MaxLength = number
	case "width":
		f.Width = number
	case "optional":
		f.Optional = true
	default:
		return fmt.Errorf("field %s: no key %q", f.Name, key)
	}
	return nil
}

// words is a value in the form that a form field or an attribute holds.
func words(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case int:
		return strconv.Itoa(v), nil
	case bool:
		return strconv.FormatBool(v), nil
	case money.Date:
		return v.String(), nil
	case money.Cents:
		return v.String(), nil
	}
	return "", fmt.Errorf("cannot show a %T", v)
}

func newOption(value, label string, rest ...any) (Option, error) {
	o := Option{Value: value, Label: label}
	if len(rest)%2 != 0 {
		return o, fmt.Errorf("option %s: a key without a value", value)
	}
	for i := 0; i < len(rest); i += 2 {
		text, _ := rest[i+1].(string)
		switch rest[i] {
		case "hint":
			o.Hint = text
		case "note":
			o.Note = text
		case "reveal":
			f, ok := rest[i+1].(Field)
			if !ok {
				return o, fmt.Errorf("option %s: reveal is a %T, not a field", value, rest[i+1])
			}
			o.Reveal = &f
		default:
			return o, fmt.Errorf("option %s: no key %v", value, rest[i])
		}
	}
	return o, nil
}

// component is the argument of the small components.
type component struct {
	Kind, Title, Label, Text, Href string
	Amount                         money.Cents
}

// Why is the disclosure under a figure: the sum in words and numbers.
type Why struct {
	Question string // "Why $101.75?"
	Lines    []WhyLine
	Note     string // the rule, in a sentence; may be empty
}

// WhyLine is one line of the sum.
type WhyLine struct {
	Text, Amount string
	Total        bool
}

type row struct {
	Label, Href string
	Value       template.HTML
}

func newRow(label string, value any, href ...string) (row, error) {
	r := row{Label: label}
	if len(href) > 0 {
		r.Href = href[0]
	}
	switch v := value.(type) {
	case template.HTML:
		r.Value = v
	case money.Cents:
		r.Value = moneySpan(v)
	case money.Date:
		r.Value = template.HTML(v.Long())
	case string:
		r.Value = template.HTML(template.HTMLEscapeString(v))
	default:
		return r, fmt.Errorf("row %s: cannot show a %T", label, value)
	}
	return r, nil
}

func newEmpty(title, text string, link ...string) (component, error) {
	c := component{Title: title, Text: text}
	switch len(link) {
	case 0:
	case 2:
		c.Href, c.Label = link[0], link[1]
	default:
		return c, errors.New("empty: a link is an address and a label")
	}
	return c, nil
}

type step struct {
	Name  string
	State string // "done", "now" or ""
}

func newSteps(now int, names ...string) []step {
	steps := make([]step, len(names))
	for i, n := range names {
		steps[i].Name = n
		switch {
		case i+1 < now:
			steps[i].State = "done"
		case i+1 == now:
			steps[i].State = "now"
		}
	}
	return steps
}

type figure struct {
	Label, Dollars, Cents, Note string
}

// newFigure parts dollars from cents: both are set, the cents smaller.
func newFigure(label string, c money.Cents, note string) figure {
	s := usd(c)
	return figure{Label: label, Dollars: s[:len(s)-3], Cents: s[len(s)-3:], Note: note}
}

type progress struct {
	Label    string
	Permille int64
}

func newProgress(part, whole money.Cents, label string) (progress, error) {
	if whole <= 0 || part < 0 || part > whole {
		return progress{}, fmt.Errorf("progress: %s of %s", part, whole)
	}
	return progress{Label: label, Permille: int64(part) * 1000 / int64(whole)}, nil
}
