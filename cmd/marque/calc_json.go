package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"marque/internal/money"
)

// object is one JSON object being read field by field. The first thing wrong is
// kept in fault and the rest of the reading gives zeros, so that a question is
// read top to bottom and checked once, by done.
type object struct {
	path   string // "terms.", "events[2].": where the object stands
	fields []field
	fault  *problem
}

type field struct {
	name  string
	value []byte
	used  bool
}

// parseObject splits an object into its fields. The text is valid JSON.
func parseObject(text []byte, path string) (*object, *problem) {
	if text[0] != '{' {
		return nil, &problem{"not_object", trimPath(path), "must be a JSON object"}
	}
	o := &object{path: path, fields: make([]field, 0, 12)}
	var known map[string]bool // of an object with many fields
	for at := space(text, 1); text[at] != '}'; {
		end := valueEnd(text, at)
		name := unquote(text[at:end])
		at = space(text, space(text, end)+1) // past the colon
		end = valueEnd(text, at)
		if o.twice(name, &known) {
			return o, &problem{"duplicate_field", path + name, "stands twice"}
		}
		o.fields = append(o.fields, field{name: name, value: text[at:end]})
		if at = space(text, end); text[at] == ',' {
			at = space(text, at+1)
		}
	}
	return o, nil
}

// twice says whether a field is there already; many fields are looked up, not
// searched.
func (o *object) twice(name string, known *map[string]bool) bool {
	if len(o.fields) < 40 {
		return slices.ContainsFunc(o.fields, func(f field) bool { return f.name == name })
	}
	if *known == nil {
		*known = make(map[string]bool, 2*len(o.fields))
		for _, f := range o.fields {
			(*known)[f.name] = true
		}
	}
	if (*known)[name] {
		return true
	}
	(*known)[name] = true
	return false
}

// elements splits an array. The text is valid JSON.
func elements(text []byte) (items [][]byte) {
	for at := space(text, 1); text[at] != ']'; {
		end := valueEnd(text, at)
		items = append(items, text[at:end])
		if at = space(text, end); text[at] == ',' {
			at = space(text, at+1)
		}
	}
	return items
}

func space(text []byte, at int) int {
	for text[at] == ' ' || text[at] == '\t' || text[at] == '\r' || text[at] == '\n' {
		at++
	}
	return at
}

// valueEnd finds where the value that starts at a place ends, in valid JSON.
func valueEnd(text []byte, at int) int {
	depth := 0
	for i := at; i < len(text); i++ {
		switch text[i] {
		case '"':
			for i++; text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
			if depth == 0 {
				return i + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth < 0 {
				return i
			}
			if depth == 0 {
				return i + 1
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
		}
	}
	return len(text)
}

func unquote(text []byte) string {
	for _, c := range text {
		if c == '\\' || c >= 0x80 {
			var s string
			if err := json.Unmarshal(text, &s); err != nil {
				panic("unquote valid JSON: " + err.Error()) // the line passed json.Valid
			}
			return s
		}
	}
	return string(text[1 : len(text)-1])
}

func trimPath(path string) string {
	if path == "" {
		return ""
	}
	return path[:len(path)-1]
}

// take gives a field's raw value; nil when it is absent or null.
func (o *object) take(name string) []byte {
	for i := range o.fields {
		if f := &o.fields[i]; f.name == name {
			f.used = true
			if f.value[0] == 'n' {
				return nil
			}
			return f.value
		}
	}
	return nil
}

func (o *object) has(name string) bool { return o.take(name) != nil }

func (o *object) wrong(code, name, message string) {
	if o.fault == nil {
		o.fault = &problem{code, o.path + name, message}
	}
}

func (o *object) invalid(name, message string) { o.wrong("invalid_value", name, message) }

// str is a string field; an absent one is the default, and without a default an error.
func (o *object) str(name string, fallback ...string) string {
	value := o.take(name)
	if value == nil {
		if len(fallback) == 0 {
			o.wrong("missing_field", name, "is needed")
			return ""
		}
		return fallback[0]
	}
	if value[0] != '"' {
		o.invalid(name, `must be a string in quotes, like "421.37"`)
		return ""
	}
	return unquote(value)
}

// cents is an amount of zero or more.
func (o *object) cents(name string, fallback ...string) money.Cents {
	s := o.str(name, fallback...)
	if o.fault != nil {
		return 0
	}
	c, err := money.ParseCents(s)
	if err != nil {
		o.invalid(name, err.Error())
	} else if c < 0 {
		o.invalid(name, "must not be negative")
	}
	return c
}

func (o *object) rate(name string, fallback ...string) money.Rate {
	s := o.str(name, fallback...)
	if o.fault != nil {
		return 0
	}
	r, err := money.ParseRate(twelveDecimals(s))
	if err != nil {
		o.invalid(name, err.Error())
	}
	return r
}

// twelveDecimals rounds a plain decimal half up to the twelve decimals of a rate:
// quotients such as 0.05/24 are written with more.
func twelveDecimals(s string) string {
	point := strings.IndexByte(s, '.')
	if point < 0 || len(s) <= point+13 || strings.Trim(s[point+1:], "0123456789") != "" {
		return s
	}
	kept, next := []byte(s[:point+13]), s[point+13]
	for i := len(kept) - 1; next >= '5' && i >= 0; i-- {
		switch {
		case kept[i] == '.':
		case kept[i] < '0' || kept[i] > '8':
			if kept[i] != '9' {
				return s
			}
			kept[i] = '0'
			if i == 0 {
				return "1" + string(kept)
			}
		default:
			kept[i]++
			return string(kept)
		}
	}
	return string(kept)
}

func (o *object) date(name string) money.Date {
	s := o.str(name)
	if o.fault != nil {
		return 0
	}
	d, err := money.ParseDate(s)
	if err != nil {
		o.invalid(name, err.Error())
	}
	return d
}

func (o *object) dayCount() money.DayCount {
	d, err := money.ParseDayCount(o.str("day_count", string(money.Actual365)))
	if err != nil {
		o.invalid("day_count", err.Error())
	}
	return d
}

func (o *object) rounding() money.Rounding {
	r, err := money.ParseRounding(o.str("rounding", string(money.HalfUp)))
	if err != nil {
		o.invalid("rounding", err.Error())
	}
	return r
}

// whole is a whole number from low to high.
func (o *object) whole(name string, low, high int, fallback ...int) int {
	value := o.take(name)
	if value == nil {
		if len(fallback) == 0 {
			o.wrong("missing_field", name, "is needed")
			return low
		}
		return fallback[0]
	}
	n, err := strconv.Atoi(string(value))
	if err != nil || n < low || n > high {
		o.invalid(name, fmt.Sprintf("must be a whole number from %d to %d", low, high))
		return low
	}
	return n
}

// truth is true or false; an absent one is false.
func (o *object) truth(name string) bool {
	value := o.take(name)
	switch string(value) {
	case "", "false":
		return false
	case "true":
		return true
	}
	o.invalid(name, "must be true or false")
	return false
}

// object is a field that is itself an object.
func (o *object) object(name string) *object {
	value := o.take(name)
	if value == nil {
		o.wrong("missing_field", name, "is needed")
		return &object{fault: o.fault}
	}
	in, fault := parseObject(value, o.path+name+".")
	if fault != nil {
		return &object{fault: fault}
	}
	return in
}

// list is a field that is an array; an absent one is empty.
func (o *object) list(name string) [][]byte {
	value := o.take(name)
	if value == nil {
		return nil
	}
	if value[0] != '[' {
		o.invalid(name, "must be a list")
		return nil
	}
	return elements(value)
}

// each reads a field that is a list of objects. What is wrong inside one ends it.
func (o *object) each(name string, read func(in *object)) {
	for i, item := range o.list(name) {
		in, fault := parseObject(item, fmt.Sprintf("%s%s[%d].", o.path, name, i))
		if fault == nil {
			read(in)
			fault = in.done()
		}
		if fault != nil {
			o.abandon(fault)
			return
		}
	}
}

// abandon gives up on the object because of something wrong inside it: what was
// not read is not unknown.
func (o *object) abandon(fault *problem) {
	o.fault = fault
	for i := range o.fields {
		o.fields[i].used = true
	}
}

// done is what is wrong with the object: a field that nobody knows, before one
// that is missing, because it is likely the same one misspelt.
func (o *object) done() *problem {
	for _, f := range o.fields {
		if !f.used && (o.fault == nil || o.fault.code == "missing_field") {
			return &problem{"unknown_field", o.path + f.name, "is not known here"}
		}
	}
	return o.fault
}

// answer is a line being written.
type answer struct{ b []byte }

func (a *answer) comma() {
	if c := a.b[len(a.b)-1]; c != '{' && c != '[' {
		a.b = append(a.b, ',')
	}
}

// name starts a field; names are our own and need no escaping.
func (a *answer) name(name string) {
	a.comma()
	a.b = append(append(append(a.b, '"'), name...), '"', ':')
}

func (a *answer) raw(name string, value []byte) {
	a.name(name)
	a.b = append(a.b, value...)
}

// text writes any string; only problems carry words that are not ours.
func (a *answer) text(name, value string) {
	quoted, err := json.Marshal(value)
	if err != nil {
		panic("quote a string: " + err.Error()) // a string always marshals
	}
	a.raw(name, quoted)
}

func (a *answer) whole(name string, n int) {
	a.name(name)
	a.b = strconv.AppendInt(a.b, int64(n), 10)
}

// plain writes a string of digits and points.
func (a *answer) plain(name, value string) {
	a.name(name)
	a.b = append(append(append(a.b, '"'), value...), '"')
}

func (a *answer) cents(name string, c money.Cents) {
	a.name(name)
	a.b = append(a.b, '"')
	u := int64(c)
	if u < 0 {
		a.b = append(a.b, '-')
		u = -u
	}
	a.b = strconv.AppendInt(a.b, u/100, 10)
	a.b = append(a.b, '.', byte('0'+u/10%10), byte('0'+u%10), '"')
}

// date writes a date, or null for none.
func (a *answer) date(name string, d money.Date) {
	if d.IsZero() {
		a.raw(name, []byte("null"))
		return
	}
	a.plain(name, d.String())
}

// open starts a list and close ends it; item starts an object in it.
func (a *answer) open(name string) { a.name(name); a.b = append(a.b, '[') }
func (a *answer) close()           { a.b = append(a.b, ']') }
func (a *answer) item()            { a.comma(); a.b = append(a.b, '{') }
func (a *answer) itemEnd()         { a.b = append(a.b, '}') }
