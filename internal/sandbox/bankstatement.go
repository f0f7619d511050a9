package sandbox

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"

	"marque/internal/bai"
	"marque/internal/money"
	"marque/internal/web"
)

// Statements are what the bank says each banking day of the lender's account, in
// BAI2: for every file what it drew and what it gave, every entry that came back,
// and what the card processor has paid out. They are made from what the bank
// really took and sent back, unless odd ones are asked for: then about every
// second day has one thing wrong, by the bank's seed.
type Statements struct {
	bank    *Bank
	payouts func() []CardPayout // nil: no cards are charged

	mu  sync.Mutex
	odd bool
}

// NewStatements are the statements of a bank. payouts are those of the card
// processor, or nil.
func NewStatements(b *Bank, payouts func() []CardPayout) *Statements {
	return &Statements{bank: b, payouts: payouts}
}

// SetOdd switches odd differences on or off.
func (s *Statements) SetOdd(odd bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.odd = odd
}

// Odd says whether they are on.
func (s *Statements) Odd() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.odd
}

// statementAccount is the lender's account at the sandbox bank, which opens with a
// hundred thousand dollars.
const (
	statementAccount = "000559812"
	statementOpening = money.Cents(100_000_00)
)

// Morning leaves, on a banking day, the statement of the banking day before it,
// with what happened since the one before that. One that was left stays as it is.
func (s *Statements) Morning(day money.Date) error {
	if !day.BankingDay() {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	of := bankedBefore(day)
	name := fmt.Sprintf("statement-%s.bai", of)
	dir := s.bank.path("stated")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("bank states %s: %w", of, err)
	}
	content, err := os.ReadFile(s.bank.path("stated", name))
	if errors.Is(err, fs.ErrNotExist) {
		opening, err := s.closing(dir)
		if err != nil {
			return err
		}
		lines := s.lines(bankedBefore(of), of)
		if s.odd {
			lines = s.strange(lines, of)
		}
		content = bai2(of, opening, lines)
		if err := write(dir, name, content); err != nil {
			return err
		}
	} else if err != nil {
		return fmt.Errorf("bank states %s: %w", of, err)
	}
	s.bank.mu.Lock()
	defer s.bank.mu.Unlock()
	return s.bank.leave(name, content)
}

func bankedBefore(day money.Date) money.Date {
	for day--; !day.BankingDay(); day-- {
	}
	return day
}

// closing is what the last statement ends with.
func (s *Statements) closing(dir string) (money.Cents, error) {
	closing := statementOpening
	all, err := os.ReadDir(dir)
	if err != nil || len(all) == 0 {
		return closing, err
	}
	content, err := os.ReadFile(s.bank.path("stated", all[len(all)-1].Name()))
	if err != nil {
		return closing, err
	}
	st, err := bai.ReadStatement(bytes.NewReader(content), "")
	for _, b := range st.Balances {
		if b.Code == bai.ClosingLedger {
			closing = b.Amount
		}
	}
	return closing, err
}

// stated is a line.
type stated struct {
	code, reference string
	amount          money.Cents
	text            string
}

// lines are what the account did after one banking day and by another.
func (s *Statements) lines(after, through money.Date) (out []stated) {
	within := func(d money.Date) bool { return after < d && d <= through }
	s.bank.mu.Lock()
	for _, f := range s.bank.files {
		if f.Date > through || f.Settles+100 < after { // a return comes within sixty days
			continue
		}
		var drawn, given money.Cents
		for _, e := range f.Entries {
			credit := e.TransactionCode.Credit()
			if within(f.batches[e.batch].EffectiveDate) {
				if credit {
					given += e.Amount
				} else {
					drawn += e.Amount
				}
			}
			if e.Code == "" || !within(e.Returned) || e.Amount == 0 {
				continue
			}
			if credit {
				out = append(out, stated{"257", string(e.Trace), e.Amount, "ACH RETURN " + string(e.Code)})
			} else {
				out = append(out, stated{"557", string(e.Trace), -e.Amount, "ACH RETURN " + string(e.Code)})
			}
		}
		name := strings.TrimSuffix(f.Name, ".ach")
		out = append(out, stated{"166", name, drawn, "ACH SETTLEMENT"}, stated{"466", name, -given, "ACH SETTLEMENT"})
	}
	s.bank.mu.Unlock()
	if s.payouts != nil {
		for _, p := range s.payouts() {
			if within(p.Date) {
				out = append(out, stated{"142", p.ID, p.Amount, "CARD PAYOUT"})
			}
		}
	}
	out = slices.DeleteFunc(out, func(l stated) bool { return l.amount == 0 })
	slices.SortFunc(out, func(a, b stated) int {
		return cmp.Or(cmp.Compare(a.code, b.code), cmp.Compare(a.reference, b.reference))
	})
	return out
}

// strange does one thing wrong on some days: a line is missing, comes twice, is a
// cent off, or stands there and nobody knows why.
func (s *Statements) strange(lines []stated, day money.Date) []stated {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d statement %s", s.bank.seed, day)
	n := h.Sum64()
	n ^= n >> 29
	n *= 0xbf58476d1ce4e5b9
	n ^= n >> 32
	fee := stated{"698", "FEE" + day.String(), -12_50, "SERVICE CHARGE"}
	if n%2 == 1 {
		return lines
	}
	if len(lines) == 0 {
		return []stated{fee}
	}
	at := int(n >> 8 % uint64(len(lines)))
	switch n >> 32 % 4 {
	case 0:
		return slices.Delete(lines, at, at+1)
	case 1:
		return append(lines, lines[at])
	case 2:
		lines[at].amount--
		return lines
	}
	return append(lines, fee)
}

// bai2 writes a day's statement with its totals.
func bai2(day money.Date, opening money.Cents, lines []stated) []byte {
	closing := opening
	for _, l := range lines {
		closing += l.amount
	}
	date := strings.ReplaceAll(day.String()[2:], "-", "")
	total := opening + closing
	var out bytes.Buffer
	fmt.Fprintf(&out, "01,SANDBOX,LENDER,%s,0600,1,80,,2/\n02,LENDER,SANDBOX,1,%s,,USD,2/\n03,%s,USD,010,%d,,,015,%d,,/\n", date, date, statementAccount, int64(opening), int64(closing))
	for i, l := range lines {
		amount := max(l.amount, -l.amount)
		total += amount
		fmt.Fprintf(&out, "16,%s,%d,Z,%s%03d,%s,%s\n", l.code, int64(amount), date, i+1, l.reference, l.text)
	}
	n := len(lines)
	fmt.Fprintf(&out, "49,%d,%d/\n98,%d,1,%d/\n99,%d,1,%d/\n", int64(total), n+2, int64(total), n+4, int64(total), n+6)
	return out.Bytes()
}

// operateStatements switches odd differences on or off, by the operator.
func (s *site) operateStatements(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	if s.Statements == nil {
		return web.NotFound()
	}
	s.Statements.SetOdd(form.Value("odd") == "1")
	http.Redirect(w, r, "/sandbox/bank", http.StatusSeeOther)
	return nil
}
