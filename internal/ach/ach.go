// Package ach turns NACHA files into values and back: the 94-column records of
// the Automated Clearing House, the numbers banks are known by, and the codes
// with which an entry comes back.
//
// Read takes any file a bank may send, keeps what could be read and reports
// every fault with its line, record and field. Write refuses a value that does
// not fit its columns; nothing is ever cut short, padded with a guess or
// replaced. One table per record says where its columns are, and both use it.
// Writer and Scanner do the same for a file too large to hold.
//
// The package knows nothing of payments, contracts or banking days, keeps no
// state and reads no clock. Entries hold account numbers in the clear: problems
// never repeat them, and callers must not log entries.
package ach

import (
	"fmt"

	"marque/internal/money"
)

// File is one NACHA file.
type File struct {
	Header  FileHeader
	Batches []Batch
	Control FileControl
}

// FileHeader is record 1: who sends the file to whom, and when it was made.
type FileHeader struct {
	ImmediateDestination string     // routing number of the bank the file goes to; at most ten characters
	ImmediateOrigin      string     // routing number or number given by that bank; at most ten characters
	CreationDate         money.Date // in the years 2000 to 2099
	CreationTime         string     // HHMM, or empty
	FileIDModifier       string     // A to Z or 0 to 9: tells files of one day apart
	DestinationName      string
	OriginName           string
	ReferenceCode        string
}

// FileControl is record 9. Counts are of batches, blocks of ten lines, and
// entries with their addenda; the hash is the sum of the first eight digits of
// all receiving routing numbers, modulo 10¹⁰.
type FileControl struct {
	BatchCount        int
	BlockCount        int
	EntryAddendaCount int
	EntryHash         int64
	TotalDebit        money.Cents
	TotalCredit       money.Cents
}

// Batch is a header, its entries and the control record that closes it.
type Batch struct {
	Header  BatchHeader
	Entries []Entry
	Control BatchControl
}

// ServiceClass says whether a batch moves money one way or both.
type ServiceClass int

// The service classes.
const (
	MixedDebitsAndCredits ServiceClass = 200
	CreditsOnly           ServiceClass = 220
	DebitsOnly            ServiceClass = 225
	AutomatedAdvices      ServiceClass = 280
)

// SEC is a standard entry class code: what kind of authorization stands behind
// the batch. Codes not named here are read as they stand.
type SEC string

// The entry classes this package is made for, and the two whose records have
// other columns.
const (
	PPD SEC = "PPD" // authorized in writing
	WEB SEC = "WEB" // authorized over the internet
	TEL SEC = "TEL" // authorized by telephone
	CCD SEC = "CCD" // corporate
	CTX SEC = "CTX" // corporate with many addenda; its entries' Name begins with their number
	COR SEC = "COR" // notification of change
	IAT SEC = "IAT" // international
	ADV SEC = "ADV" // advices between banks
)

// BatchHeader is record 5.
type BatchHeader struct {
	ServiceClass         ServiceClass
	CompanyName          string
	CompanyDiscretionary string
	CompanyID            string
	SEC                  SEC
	EntryDescription     string // what the receiver's statement shows, such as LOAN PMT
	DescriptiveDate      string
	EffectiveDate        money.Date // the day the originator wants settlement; zero in some returns as read
	SettlementDay        int        // day of the year put in by the operator; 0 when not yet
	OriginatorStatus     string     // "1": a bank under the rules
	ODFI                 string     // first eight digits of the originating bank's routing number
	BatchNumber          int
}

// BatchControl is record 8. See FileControl for counts and hash.
type BatchControl struct {
	ServiceClass          ServiceClass
	EntryAddendaCount     int
	EntryHash             int64
	TotalDebit            money.Cents
	TotalCredit           money.Cents
	CompanyID             string
	MessageAuthentication string
	ODFI                  string
	BatchNumber           int
}

// TraceNumber names an entry: eight digits of the bank that made it and seven
// of its own. A return carries the trace number of the entry it returns.
type TraceNumber string

// MaxEntryAmount is the largest amount of an entry: ten digits of cents.
const MaxEntryAmount money.Cents = 9_999_999_999

// Entry is record 6 with its addenda. Amounts are never negative: the
// transaction code says which way the money goes.
type Entry struct {
	TransactionCode TransactionCode
	RDFI            RoutingNumber // all nine digits; as read, the ninth may be wrong
	Account         string
	Amount          money.Cents
	IndividualID    string
	Name            string
	Discretionary   string
	Trace           TraceNumber

	Addenda []Addenda      // payment information (05) and kinds kept as read
	Change  *ChangeAddenda // 98: a notification of change
	Return  *ReturnAddenda // 99: a return, dishonored return or contested return
}

// TransactionCode says what kind of account an entry reaches and which way the
// money goes.
type TransactionCode int

// The transaction codes of checking and savings accounts. Returns and
// notifications of change use the first of each group.
const (
	CheckingReturnOrChangeCredit TransactionCode = 21
	CheckingCredit               TransactionCode = 22
	CheckingPrenoteCredit        TransactionCode = 23
	CheckingReturnOrChangeDebit  TransactionCode = 26
	CheckingDebit                TransactionCode = 27
	CheckingPrenoteDebit         TransactionCode = 28
	SavingsReturnOrChangeCredit  TransactionCode = 31
	SavingsCredit                TransactionCode = 32
	SavingsPrenoteCredit         TransactionCode = 33
	SavingsReturnOrChangeDebit   TransactionCode = 36
	SavingsDebit                 TransactionCode = 37
	SavingsPrenoteDebit          TransactionCode = 38
)

// Credit says that money goes to the receiver's account.
func (c TransactionCode) Credit() bool {
	switch c / 10 {
	case 2, 3, 4, 5:
		return c%10 >= 1 && c%10 <= 4
	case 8: // advices
		return c%10 >= 1 && c%10 <= 8 && c%2 == 1
	}
	return false
}

// Debit says that money is taken from the receiver's account.
func (c TransactionCode) Debit() bool {
	switch c / 10 {
	case 2, 3, 4, 5:
		return c%10 >= 5
	case 8:
		return c%10 >= 1 && c%10 <= 8 && c%2 == 0
	}
	return false
}

// Prenote says that the entry only tests the account: its amount is zero.
func (c TransactionCode) Prenote() bool {
	return c/10 >= 2 && c/10 <= 5 && (c%10 == 3 || c%10 == 8)
}

// Savings says that the account is a savings account.
func (c TransactionCode) Savings() bool { return c/10 == 3 }

// live says that the code moves money, so that its amount cannot be zero.
func (c TransactionCode) live() bool {
	return c/10 >= 2 && c/10 <= 5 && (c%10 == 2 || c%10 == 7)
}

// Addenda is record 7 of a kind that is not a return or a change. For type 05
// Text is the payment-related information, at most 80 characters; sequence
// numbers are checked on reading and made on writing. For other types Text is
// all that follows the type, as it stands.
type Addenda struct {
	Type string
	Text string
}

// PaymentInformation is the type of addenda that carries words or data about
// the payment.
const PaymentInformation = "05"

// ChangeAddenda is addenda 98: what the receiving bank wants corrected.
type ChangeAddenda struct {
	Code          ChangeCode
	OriginalTrace TraceNumber
	OriginalRDFI  string // first eight digits
	CorrectedData string // as it stands; see Change.Correction
	RefusedCode   string // in a refused notification (C61 to C69): the code that is refused
	RefusedTrace  string // and the last seven digits of its trace number
	Trace         TraceNumber
}

// ReturnAddenda is addenda 99. The last two groups are filled only in
// dishonored and contested returns. Settlement days are days of the year, 0
// when absent.
type ReturnAddenda struct {
	Code          ReturnCode
	OriginalTrace TraceNumber
	DateOfDeath   money.Date // with R14 and R15
	OriginalRDFI  string     // first eight digits
	Information   string
	Trace         TraceNumber

	// Of the return that is dishonored or contested.
	ReturnTrace         TraceNumber
	ReturnSettlementDay int
	ReturnReason        string // two digits: the code of the return without its R

	// Of the dishonored return that is contested.
	OriginalReturned        money.Date
	OriginalSettlementDay   int
	DishonoredTrace         TraceNumber
	DishonoredSettlementDay int
	DishonoredReason        string // two digits
}

// hashModulus keeps an entry hash to its ten columns.
const hashModulus = 10_000_000_000

// tally is what control records state.
type tally struct {
	entryAddenda  int
	hash          int64
	debit, credit money.Cents
}

func (t tally) plus(u tally) tally {
	return tally{t.entryAddenda + u.entryAddenda, (t.hash + u.hash) % hashModulus, t.debit + u.debit, t.credit + u.credit}
}

func (b *Batch) tally() tally {
	var t tally
	for i := range b.Entries {
		t = t.plus(b.Entries[i].tally())
	}
	return t
}

func (e *Entry) tally() tally {
	t := tally{entryAddenda: 1 + e.addendaCount()}
	for _, c := range []byte(e.RDFI.DFI()) {
		if c < '0' || c > '9' {
			t.hash = 0
			break
		}
		t.hash = t.hash*10 + int64(c-'0')
	}
	switch {
	case e.TransactionCode.Debit():
		t.debit = e.Amount
	case e.TransactionCode.Credit():
		t.credit = e.Amount
	}
	return t
}

func (e *Entry) addendaCount() int {
	n := len(e.Addenda)
	if e.Change != nil {
		n++
	}
	if e.Return != nil {
		n++
	}
	return n
}

// Seal fills all control records from the entries and returns the file: what
// Write would write. Control totals are what a bank asks to be told apart from
// the file itself.
func (f *File) Seal() *File {
	sealed := *f
	sealed.Batches = append([]Batch(nil), f.Batches...)
	var all tally
	lines := 2
	for i := range sealed.Batches {
		b := &sealed.Batches[i]
		t := b.tally()
		b.Control = b.Header.control(t, b.Control.MessageAuthentication)
		all = all.plus(t)
		lines += 2 + t.entryAddenda
	}
	sealed.Control = FileControl{
		BatchCount: len(sealed.Batches), BlockCount: blocks(lines), EntryAddendaCount: all.entryAddenda,
		EntryHash: all.hash, TotalDebit: all.debit, TotalCredit: all.credit,
	}
	return &sealed
}

// control is the record that closes the header's batch.
func (h *BatchHeader) control(t tally, authentication string) BatchControl {
	return BatchControl{
		ServiceClass: h.ServiceClass, EntryAddendaCount: t.entryAddenda, EntryHash: t.hash,
		TotalDebit: t.debit, TotalCredit: t.credit, CompanyID: h.CompanyID,
		MessageAuthentication: authentication, ODFI: h.ODFI, BatchNumber: h.BatchNumber,
	}
}

// blocks is the number of blocks of ten lines.
func blocks(lines int) int { return (lines + 9) / 10 }

func (c TransactionCode) String() string { return fmt.Sprintf("%02d", int(c)) }
