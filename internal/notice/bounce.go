package notice

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	netmail "net/mail"
	"net/textproto"
	"regexp"
	"strings"
)

// Bounce is what a mail server says of a message that it could not deliver.
type Bounce struct {
	Of     string // our id of the message, as it was given to Mailer.Send
	Failed bool   // for good; false when it is only late, or was delivered
	Gone   bool   // the address itself is the reason: there is no such mailbox, or it is closed
	Why    string // the status alone: what a server says may name the person
}

// ErrBounce says that a file is no report about a message of ours.
var ErrBounce = errors.New("not a report about a message")

// largestBounce is as much of a report as is read, in bytes. The message it is
// about comes last in it, and only its header counts.
const largestBounce = 1 << 20

var (
	statusForm = regexp.MustCompile(`^[245]\.[0-9]{1,3}\.[0-9]{1,3}`)
	// goneForm are the statuses about the address (RFC 3463): all of 5.1, a mailbox
	// that is closed, and a domain that is nowhere.
	goneForm = regexp.MustCompile(`^5\.(1\.[0-9]+|2\.1|4\.4)$`)
)

// ReadBounce reads a delivery status notification (RFC 3464). Errors wrap
// ErrBounce.
func ReadBounce(b []byte) (Bounce, error) {
	bad := func(why string, err error) (Bounce, error) {
		return Bounce{}, errors.Join(fmt.Errorf("%w: %s", ErrBounce, why), err)
	}
	m, err := netmail.ReadMessage(io.LimitReader(bytes.NewReader(b), largestBounce))
	if err != nil {
		return bad("no message", err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/report" || !strings.EqualFold(params["report-type"], "delivery-status") {
		return bad("no delivery status notification", err)
	}
	out, action, parts := Bounce{}, "", multipart.NewReader(m.Body, params["boundary"])
	for range 10 {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break // a report whose end was cut off has said what it says
		}
		if err != nil {
			return bad("a part of it", err)
		}
		kind, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil {
			continue
		}
		body := io.Reader(part)
		if strings.EqualFold(part.Header.Get("Content-Transfer-Encoding"), "base64") {
			body = base64.NewDecoder(base64.StdEncoding, part)
		}
		switch kind {
		case "message/delivery-status", "message/global-delivery-status":
			action = out.status(body)
		case "message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers":
			if id := ourID(fields(bufio.NewReader(body)).Get("Message-Id")); id != "" {
				out.Of = id
			}
		}
	}
	switch {
	case action == "":
		return bad("no action in it", nil)
	case out.Of == "":
		return bad("it names no message of ours", nil)
	}
	out.Failed = strings.EqualFold(action, "failed")
	out.Gone = out.Failed && goneForm.MatchString(out.Why)
	return out, nil
}

// status reads the groups of fields of a report: about the message, and about its
// one recipient.
func (b *Bounce) status(r io.Reader) (action string) {
	groups := bufio.NewReader(r)
	for range 10 {
		f := fields(groups)
		if len(f) == 0 {
			return action
		}
		if id := ourID(f.Get("Original-Envelope-Id")); id != "" {
			b.Of = id
		}
		if a := f.Get("Action"); a != "" && action == "" {
			action, b.Why = a, statusForm.FindString(f.Get("Status"))
		}
	}
	return action
}

// fields reads header fields until an empty line. Where they cannot be read, what
// was read before stands.
func fields(r *bufio.Reader) textproto.MIMEHeader {
	h, _ := textproto.NewReader(r).ReadMIMEHeader() // the rest is a message's body, or cut off
	return h
}

// ourID is the part of a Message-ID that Send was given; empty when it cannot be
// ours.
func ourID(s string) string {
	id, _, _ := strings.Cut(strings.Trim(strings.TrimSpace(s), "<>"), "@")
	if !idForm.MatchString(id) {
		return ""
	}
	return id
}
