package export

import (
	"bufio"
	"fmt"
	"strings"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
)

const currency = "USD"

// transaction is one OFX transaction: amounts that lower what is owed are
// positive.
type transaction struct {
	kind, part string // TRNTYPE; what the id has after the line's own
	amount     money.Cents
	name       string
}

// transactions are what a line does to the account as OFX sees it: the money that
// moved or the charge, and apart from it the interest, rent and tax that it paid.
// They sum to what the line settles.
func transactions(kind contract.Kind, l *billing.HistoryLine) []transaction {
	p := &l.Allocation
	own := transaction{"OTHER", "", p.Total(), l.Title()}
	switch l.Event.Kind {
	case contract.Payment:
		own.kind = "PAYMENT"
	case contract.LateCharge, contract.ReturnedFee, contract.OtherCharge:
		own.kind = "FEE"
	case contract.Sale:
		own.kind = "CREDIT"
	case contract.Refund:
		own.kind = "DEBIT"
	}
	if own.kind == "PAYMENT" && own.amount < 0 {
		own.kind = "DEBIT"
	}
	all := []transaction{own, {"INT", "i", -p.Interest, "Interest"}, {"OTHER", "t", -p.Tax, "Tax"}, {"CREDIT", "f", p.Forgiven, "Forgiven"}}
	switch {
	case kind != contract.Lease:
	case l.Event.Kind == contract.LeaseEnd || l.Event.Kind == contract.LeaseExtension: // rent that will not be paid, or not yet
		all[0].amount -= p.Principal
	default:
		all = append(all, transaction{"OTHER", "r", -p.Principal, "Lease payment"})
	}
	out := all[:0]
	for _, t := range all {
		if t.amount != 0 {
			out = append(out, t)
		}
	}
	return out
}

// writeOFX writes OFX 2.2 as a statement of a line of credit: programs know
// statements of loans by name only. Text is escaped here: a reader of XML must
// undo no more than the three entities.
func writeOFX(w *bufio.Writer, a *Account, lines []billing.HistoryLine) error {
	last := a.last(lines)
	bank := "AUTOLOAN"
	if a.Kind == contract.Lease {
		bank = "AUTOLEASE"
	}
	number := []rune(clean(a.Number, 0))
	number = number[max(0, len(number)-22):]
	fmt.Fprintf(w, "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\r\n"+
		"<?OFX OFXHEADER=\"200\" VERSION=\"220\" SECURITY=\"NONE\" OLDFILEUID=\"NONE\" NEWFILEUID=\"NONE\"?>\r\n"+
		"<OFX>\r\n<SIGNONMSGSRSV1><SONRS>%s<DTSERVER>%s</DTSERVER><LANGUAGE>ENG</LANGUAGE><FI><ORG>%s</ORG><FID>%s</FID></FI>%s</SONRS></SIGNONMSGSRSV1>\r\n",
		fine, stamp(max(a.AsOf, last)), escape(or(clean(a.Lender, 32), "Lender")), or(digits(a.QuickenID), bank), intuit(a.QuickenID))
	fmt.Fprintf(w, "<BANKMSGSRSV1><STMTTRNRS><TRNUID>0</TRNUID>%s<STMTRS><CURDEF>%s</CURDEF>\r\n"+
		"<BANKACCTFROM><BANKID>%s</BANKID><ACCTID>%s</ACCTID><ACCTTYPE>CREDITLINE</ACCTTYPE></BANKACCTFROM>\r\n"+
		"<BANKTRANLIST><DTSTART>%s</DTSTART><DTEND>%s</DTEND>\r\n", fine, currency, bank, escape(or(string(number), "0")), stamp(a.first(lines)), stamp(last))
	for i := range lines {
		l := &lines[i]
		for _, t := range transactions(a.Kind, l) {
			name, memo := clean(t.name, 32), ""
			if whole := clean(t.name, 255); whole != name {
				memo = "<MEMO>" + escape(whole) + "</MEMO>"
			} else if t.part != "" {
				memo = "<MEMO>" + escape(clean(l.Title(), 255)) + "</MEMO>"
			}
			id := l.Key()
			if t.part != "" {
				id += "-" + t.part
			}
			fmt.Fprintf(w, "<STMTTRN><TRNTYPE>%s</TRNTYPE><DTPOSTED>%s</DTPOSTED><TRNAMT>%s</TRNAMT><FITID>%s</FITID><NAME>%s</NAME>%s</STMTTRN>\r\n",
				t.kind, stamp(l.Entry.Effective), t.amount, id, escape(or(name, "Entry")), memo)
		}
	}
	_, err := fmt.Fprintf(w, "</BANKTRANLIST>\r\n<LEDGERBAL><BALAMT>%s</BALAMT><DTASOF>%s</DTASOF></LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1>\r\n</OFX>\r\n",
		-a.Closing, stamp(last))
	return err
}

const fine = "<STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS>"

// intuit is what Quicken asks for beside OFX.
func intuit(id string) string {
	if id = digits(id); id == "" {
		return ""
	}
	return "<INTU.BID>" + id + "</INTU.BID>"
}

// stamp is noon in Greenwich: the same day in every zone of the United States.
func stamp(d money.Date) string { return strings.ReplaceAll(d.String(), "-", "") + "120000.000[0:GMT]" }

var entities = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

func escape(s string) string { return entities.Replace(s) }

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
