package notice

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
)

const dsn = "From: MAILER-DAEMON@mail.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n" +
	"--b\r\nContent-Type: text/plain\r\n\r\nUndelivered.\r\n" +
	"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mail.example\r\n{envelope}\r\n{recipient}Action: {action}\r\nStatus: {status}\r\n\r\n" +
	"--b\r\nContent-Type: text/rfc822-headers{encoding}\r\n\r\n{header}\r\n\r\n--b--\r\n"

func dsnOf(pairs ...string) []byte {
	fill := append(pairs, "{envelope}", "", "{recipient}", "Final-Recipient: rfc822; x@mail.example\r\n", "{action}", "failed", "{status}", "5.1.1",
		"{encoding}", "", "{header}", "Message-ID: <0193a5b0-7c51@kestrane.example>\r\nSubject: x")
	s := dsn
	for i := 0; i < len(fill); i += 2 {
		s = strings.Replace(s, fill[i], fill[i+1], 1)
	}
	return []byte(s)
}

func TestAReportIsReadForWhatItSays(t *testing.T) {
	for name, c := range map[string]struct {
		report []byte
		want   Bounce
	}{
		"an unknown mailbox":    {dsnOf(), Bounce{"0193a5b0-7c51", true, true, "5.1.1"}},
		"a closed one":          {dsnOf("{status}", "5.2.1"), Bounce{"0193a5b0-7c51", true, true, "5.2.1"}},
		"a full one":            {dsnOf("{status}", "5.2.2 (mailbox full)"), Bounce{"0193a5b0-7c51", true, false, "5.2.2"}},
		"a policy":              {dsnOf("{status}", "5.7.1"), Bounce{"0193a5b0-7c51", true, false, "5.7.1"}},
		"late":                  {dsnOf("{action}", "delayed", "{status}", "4.4.1"), Bounce{"0193a5b0-7c51", false, false, "4.4.1"}},
		"delivered":             {dsnOf("{action}", "delivered", "{status}", "2.0.0"), Bounce{"0193a5b0-7c51", false, false, "2.0.0"}},
		"by the envelope's id":  {dsnOf("{envelope}", "Original-Envelope-Id: 0193a5b0-7c52\r\n", "{header}", "Subject: x"), Bounce{"0193a5b0-7c52", true, true, "5.1.1"}},
		"of one sent again":     {dsnOf("{header}", "Message-Id: <0193a5b0-7c51_2@kestrane.example>"), Bounce{"0193a5b0-7c51_2", true, true, "5.1.1"}},
		"its header in base64":  {dsnOf("{encoding}", "\r\nContent-Transfer-Encoding: base64", "{header}", "TWVzc2FnZS1JRDogPDAxOTNhNWIwLTdjNTFAa2VzdHJhbmUuZXhhbXBsZT4NCg=="), Bounce{"0193a5b0-7c51", true, true, "5.1.1"}},
		"an odd status":         {dsnOf("{status}", "unknown"), Bounce{"0193a5b0-7c51", true, false, ""}},
		"with its end cut off":  {dsnOf()[:len(dsnOf())-8], Bounce{"0193a5b0-7c51", true, true, "5.1.1"}},
		"a name in the status":  {dsnOf("{status}", "5.1.1 jordan@mail.example"), Bounce{"0193a5b0-7c51", true, true, "5.1.1"}},
		"its own Message-ID on": {append([]byte("Message-ID: <other@mail.example>\r\n"), dsnOf()...), Bounce{"0193a5b0-7c51", true, true, "5.1.1"}},
	} {
		if got, err := ReadBounce(c.report); err != nil || got != c.want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for name, report := range map[string][]byte{
		"nothing": nil, "no message": []byte("x"), "an answer": []byte("Subject: away\r\n\r\nUntil Monday."),
		"of nobody's message": dsnOf("{header}", "Subject: x"), "an id that is none": dsnOf("{header}", "Message-ID: <a b@x>"),
		"without an action": dsnOf("{action}", ""), "a report of reading": []byte(strings.Replace(string(dsnOf()), "delivery-status", "disposition-notification", 1)),
	} {
		if got, err := ReadBounce(report); !errors.Is(err, ErrBounce) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func FuzzReadBounce(f *testing.F) {
	f.Add(dsnOf())
	f.Add(dsnOf("{action}", "delayed"))
	f.Add([]byte("Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := ReadBounce(b)
		if err == nil && (got.Of == "" || got.Gone && !got.Failed) || err != nil && got != (Bounce{}) {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestAnAddressThatIsGoneIsToldFromAMessageThatIsRefused(t *testing.T) {
	for _, c := range []struct {
		rcpt, data error
		gone       bool
	}{
		{rcpt: &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}, gone: true},
		{rcpt: &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "policy"}},
		{rcpt: &smtp.SMTPError{Code: 552, EnhancedCode: smtp.EnhancedCode{5, 2, 2}, Message: "full"}},
		{rcpt: &smtp.SMTPError{Code: 450, EnhancedCode: smtp.EnhancedCode{4, 2, 0}, Message: "greylisted"}},
		{data: &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "spam"}},
	} {
		p := &post{rcpt: c.rcpt, data: c.data}
		m := p.open(t, SMTPConfig{TLS: TLSPlain})
		err := m.Send(context.Background(), "maria@customer.example", Message{Subject: "s", Text: "t", HTML: "h"}, "n-1", atNight)
		if err == nil || Gone(err) != c.gone {
			t.Errorf("%v %v: gone is %t", c.rcpt, c.data, Gone(err))
		}
	}
}

func TestWhatCanBeEndedSaysHowAndNothingElseDoes(t *testing.T) {
	p := &post{}
	m := p.open(t, SMTPConfig{TLS: TLSPlain})
	msg := Message{Subject: "s", Text: "t", HTML: "h", Unsubscribe: "https://pay.kestrane.example/unsubscribe/0193a5b0-7c51-7000-8000-000000000001_0123456789abcdef0123456789abcdef"}
	send := func(msg Message) error {
		return m.Send(context.Background(), "maria@customer.example", msg, "n-1_2", atNight)
	}
	if err := send(msg); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"List-Unsubscribe: <" + msg.Unsubscribe + ">\r\n", "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", "Message-ID: <n-1_2@", "Auto-Submitted: auto-generated\r\n"} {
		if !strings.Contains(p.received[0], want) {
			t.Errorf("no %q in\n%s", want, p.received[0])
		}
	}
	msg.Unsubscribe = ""
	if err := send(msg); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(p.received[1], "List-Unsubscribe") {
		t.Error("what must be sent can be ended")
	}
	for _, wrong := range []string{"javascript:x", "https://evil.example/a\r\nBcc: x@y.example", "https://a.example/x>,<mailto:x@y.example"} {
		msg.Unsubscribe = wrong
		if err := send(msg); !Permanent(err) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}
