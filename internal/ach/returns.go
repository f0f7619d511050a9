package ach

import (
	"errors"
	"fmt"
	"strings"

	"marque/internal/money"
)

// Return is an entry that came back. Amount, account, individual's id and name
// are those of the original entry, as the returning bank repeats them.
type Return struct {
	Trace           TraceNumber // of the original entry
	Code            ReturnCode
	Amount          money.Cents
	TransactionCode TransactionCode // of the return; Debit says what the original was
	Date            money.Date      // settlement of the return; else the file's creation date; zero when neither is known
	RDFI            string          // first eight digits of the bank that returned it
	Account         string
	IndividualID    string
	Name            string
	Information     string
	DateOfDeath     money.Date
	EffectiveDate   money.Date // of the original entry, when the bank repeats it
	CompanyID       string
	SEC             SEC
	ReturnTrace     TraceNumber // of the return itself: tells two returns of one entry apart
	Addenda         ReturnAddenda
}

// Returns gives all returns of a file in its order, dishonored and contested
// ones among them; Code says which.
func Returns(f *File) []Return {
	var all []Return
	for i := range f.Batches {
		h := &f.Batches[i].Header
		for j := range f.Batches[i].Entries {
			e := &f.Batches[i].Entries[j]
			if e.Return == nil {
				continue
			}
			all = append(all, Return{
				Trace: e.Return.OriginalTrace, Code: e.Return.Code, Amount: e.Amount, TransactionCode: e.TransactionCode,
				Date: f.settled(h), RDFI: e.Return.OriginalRDFI, Account: e.Account, IndividualID: e.IndividualID,
				Name: e.Name, Information: e.Return.Information, DateOfDeath: e.Return.DateOfDeath,
				EffectiveDate: h.EffectiveDate, CompanyID: h.CompanyID, SEC: h.SEC, ReturnTrace: e.Trace, Addenda: *e.Return,
			})
		}
	}
	return all
}

// Change is a notification of change: the receiver's bank asks that its data be
// corrected before the next entry.
type Change struct {
	Trace           TraceNumber // of the original entry
	Code            ChangeCode
	CorrectedData   string     // as it stands; see Correction
	Date            money.Date // as in Return
	RDFI            string     // first eight digits of the bank that asks
	Account         string     // as it was sent
	TransactionCode TransactionCode
	IndividualID    string
	Name            string
	CompanyID       string
	ChangeTrace     TraceNumber // of the notification itself
}

// Changes gives all notifications of change of a file in its order.
func Changes(f *File) []Change {
	var all []Change
	for i := range f.Batches {
		h := &f.Batches[i].Header
		for j := range f.Batches[i].Entries {
			e := &f.Batches[i].Entries[j]
			if e.Change == nil {
				continue
			}
			all = append(all, Change{
				Trace: e.Change.OriginalTrace, Code: e.Change.Code, CorrectedData: e.Change.CorrectedData,
				Date: f.settled(h), RDFI: e.Change.OriginalRDFI, Account: e.Account, TransactionCode: e.TransactionCode,
				IndividualID: e.IndividualID, Name: e.Name, CompanyID: h.CompanyID, ChangeTrace: e.Trace,
			})
		}
	}
	return all
}

// settled turns the day of the year that the operator put in into a date: in
// the year that brings it nearest to the day the file was made or, in a file
// without header, to the batch's effective date.
func (f *File) settled(h *BatchHeader) money.Date {
	near := f.Header.CreationDate
	if near.IsZero() {
		near = h.EffectiveDate
	}
	if near.IsZero() || h.SettlementDay == 0 {
		return f.Header.CreationDate
	}
	var best money.Date
	for year := near.Year() - 1; year <= near.Year()+1; year++ {
		d := money.NewDate(year, 1, h.SettlementDay)
		if d.Year() != year {
			continue // day 366 of a common year
		}
		if best.IsZero() || distance(d, near) < distance(best, near) {
			best = d
		}
	}
	if best.IsZero() {
		return f.Header.CreationDate
	}
	return best
}

func distance(a, b money.Date) money.Date { return max(a-b, b-a) }

// ErrCorrection is wrapped by the errors of Change.Correction.
var ErrCorrection = errors.New("corrected data cannot be read")

// Correction is what a notification of change asks to be stored instead. Only
// the fields that its code names are filled.
type Correction struct {
	Routing         RoutingNumber
	Account         string
	TransactionCode TransactionCode
	Name            string
	IndividualID    string
}

// Correction reads the corrected data of codes C01 to C07 and C09 by the columns
// the rules give each. A field that is missing or malformed, a routing number
// that is none, and any other code are errors: a person has to look.
func (c Change) Correction() (Correction, error) {
	data, _, _ := newCard(c.CorrectedData)
	part := func(from, to int) string { return strings.Trim(data.cut(from, to), " ") }
	var k Correction
	var routing, code string
	switch c.Code {
	case "C01":
		k.Account = part(1, 17)
	case "C02":
		routing = part(1, 9)
	case "C03":
		routing, k.Account = part(1, 9), part(13, 29)
	case "C04":
		k.Name = part(1, 22)
	case "C05":
		code = part(1, 2)
	case "C06":
		k.Account, code = part(1, 17), part(21, 22)
	case "C07":
		routing, k.Account, code = part(1, 9), part(10, 26), part(27, 28)
	case "C09":
		k.IndividualID = part(1, 22)
	default:
		return Correction{}, fmt.Errorf("%w: code %s", ErrCorrection, c.Code)
	}
	names := changeFields[c.Code]
	if names.routing {
		r, err := ParseRouting(routing)
		if err != nil {
			return Correction{}, fmt.Errorf("%w: code %s: %w", ErrCorrection, c.Code, err)
		}
		k.Routing = r
	}
	if names.code {
		if len(code) != 2 || !allDigits(code) {
			return Correction{}, fmt.Errorf("%w: code %s: transaction code", ErrCorrection, c.Code)
		}
		k.TransactionCode = TransactionCode(code[0]-'0')*10 + TransactionCode(code[1]-'0')
		if !k.TransactionCode.Debit() && !k.TransactionCode.Credit() {
			return Correction{}, fmt.Errorf("%w: code %s: transaction code", ErrCorrection, c.Code)
		}
	}
	if names.text && k.Account+k.Name+k.IndividualID == "" {
		return Correction{}, fmt.Errorf("%w: code %s: nothing to correct", ErrCorrection, c.Code)
	}
	return k, nil
}

// changeFields says which kinds of field a code must bring.
var changeFields = map[ChangeCode]struct{ routing, code, text bool }{
	"C01": {text: true}, "C02": {routing: true}, "C03": {routing: true, text: true}, "C04": {text: true},
	"C05": {code: true}, "C06": {code: true, text: true}, "C07": {routing: true, code: true, text: true}, "C09": {text: true},
}
