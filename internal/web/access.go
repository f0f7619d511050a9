package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Banner is a line above the whole page, for who is looking rather than for
// what is shown: "You see Maya Okafor’s pages. You can look; nothing can be
// changed." With Post the link is a button that posts.
type Banner struct {
	Kind        string // warn or plain
	Text        string
	Label, Href string // may be empty
	Post        bool
}

// passkey is the argument of the component that makes or asks for a passkey.
type passkey struct {
	Kind, Label, Name, Without string
	Options                    any
	Offer, Alone, Second       bool
}

// newPasskey takes the options as the server's library gives them: a value that
// encoding/json writes, or the JSON itself as json.RawMessage.
func newPasskey(kind, label string, options any, rest ...any) (passkey, error) {
	p := passkey{Kind: kind, Label: label, Options: options, Name: "credential"}
	if kind != "create" && kind != "get" {
		return p, fmt.Errorf("passkey: kind %q is not create or get", kind)
	}
	if s, is := options.(string); is {
		return p, fmt.Errorf("passkey: options are a string of %d bytes, not a value", len(s))
	}
	if b, is := options.([]byte); is {
		p.Options = json.RawMessage(b)
	}
	if len(rest)%2 != 0 {
		return p, errors.New("passkey: a key without a value")
	}
	for i := 0; i < len(rest); i += 2 {
		text, _ := rest[i+1].(string)
		on, _ := rest[i+1].(bool)
		switch rest[i] {
		case "name":
			p.Name = text
		case "without":
			p.Without = text
		case "offer":
			p.Offer = on
		case "alone":
			p.Alone = on
		case "second":
			p.Second = on
		default:
			return p, fmt.Errorf("passkey: no key %v", rest[i])
		}
	}
	return p, nil
}

// secret is a key to be typed into another program, in groups that the eye can
// follow; copied, it has no spaces.
type secret struct {
	Label, Text string
	Groups      []string
}

func newSecret(label, text string) secret {
	s := secret{Label: label, Text: text}
	for len(text) > 4 {
		s.Groups, text = append(s.Groups, text[:4]), text[4:]
	}
	s.Groups = append(s.Groups, text)
	return s
}

// codes are the saved codes, shown once.
type codes struct {
	Label string
	Codes []string
}

// strength is how hard a password is to guess, 0 to 4, with the words for it.
type strength struct {
	Level int
	Words string
	Bars  []bool
}

func newStrength(level int, words string) (strength, error) {
	if level < 0 || level > 4 || strings.TrimSpace(words) == "" {
		return strength{}, fmt.Errorf("strength: level %d, words %q", level, words)
	}
	s := strength{Level: level, Words: words}
	for i := range 4 {
		s.Bars = append(s.Bars, i < level)
	}
	return s, nil
}

// Kind is the tone that the bars are drawn in.
func (s strength) Kind() string {
	switch {
	case s.Level <= 1:
		return "bad"
	case s.Level == 2:
		return "warn"
	}
	return "good"
}

type stepOf struct{ Now, Of int }

func newStepOf(now, of int) (stepOf, error) {
	if now < 1 || now > of {
		return stepOf{}, fmt.Errorf("step: %d of %d", now, of)
	}
	return stepOf{now, of}, nil
}
