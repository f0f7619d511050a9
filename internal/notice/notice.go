// Package notice says things to customers as e-mail and as text messages, in
// English and in the Spanish of the United States. It renders frozen snapshots and
// nothing else. It looks nothing up, decides nothing and reads no clock. Papers
// are set in their own room.
//
// Messages never hold a whole account number or a link that signs anyone in.
// Mailer hands one to an SMTP server, Texter to a provider's HTTP interface; both
// say whether a failure is worth another try. When to send, how often to retry and what was sent is not known here.
package notice

import (
	"strings"
	"time"

	"marque/internal/billing"
	"marque/internal/money"
)

// askUs says where a person can ask, in one sentence; empty when the lender
// gives no telephone number.
func askUs(l billing.Lender) string {
	switch {
	case l.Phone == "":
		return ""
	case l.Hours == "":
		return "Questions? Call " + l.Phone + "."
	}
	return "Questions? Call " + l.Phone + ", " + strings.TrimSuffix(l.Hours, ".") + "."
}

// street is the lender's address without its name, which an address may begin
// with and which stands before it.
func street(l billing.Lender) []string {
	if len(l.Address) > 0 && strings.EqualFold(strings.TrimSpace(l.Address[0]), strings.TrimSpace(l.Name)) {
		return l.Address[1:]
	}
	return l.Address
}

// clock is a moment as a person reads it, in the lender's time zone and with its
// name. A snapshot without a zone, or with one unknown here, is told in UTC.
func clock(at money.Instant, l billing.Lender) string {
	zone, err := time.LoadLocation(l.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	return at.Time().In(zone).Format("Jan 2, 2006, 3:04 PM MST")
}

func nonEmpty(s ...string) []string {
	var out []string
	for _, v := range s {
		if strings.TrimSpace(v) != "" {
			out = append(out, v)
		}
	}
	return out
}
