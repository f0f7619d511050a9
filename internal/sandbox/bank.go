package sandbox

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"marque/internal/ach"
	"marque/internal/money"
)

// Bank stands at the other end of a folder: it takes NACHA files from Rail/out
// and leaves files of returns in Rail/in. What it took and sent it keeps in Dir,
// and knows again when it is opened again. It may be used by many at once.
type Bank struct {
	dir, rail string
	seed      uint64
	sound     map[string]bool

	mu      sync.Mutex
	files   []*BankFile // oldest first
	byName  map[string]*BankFile
	byTrace map[ach.TraceNumber]*BankEntry
	due     map[money.Date][]*BankEntry // entries that the bank will send back by itself
}

// BankFile is a file that the bank took.
type BankFile struct {
	Name    string
	Date    money.Date // of its making
	Settles money.Date
	Entries []*BankEntry
	Total   money.Cents
	Back    int // entries sent back
	header  ach.FileHeader
	batches []ach.BatchHeader
}

// BankEntry is one entry.
type BankEntry struct {
	ach.Entry
	File     *BankFile
	Code     ach.ReturnCode // why it was sent back; empty when it was not
	Returned money.Date
	batch    int
	plan     ach.ReturnCode
}

// OpenBank opens a bank whose own papers stand in dir, at the other end of the
// rail folder. Seed decides which entries it sends back by itself: about one in
// a hundred, for the reasons for which debits come back most. Accounts in sound
// always have the money.
func OpenBank(dir, rail string, seed uint64, sound map[string]bool) (*Bank, error) {
	b := &Bank{dir: dir, rail: rail, seed: seed, sound: sound,
		byName: map[string]*BankFile{}, byTrace: map[ach.TraceNumber]*BankEntry{}, due: map[money.Date][]*BankEntry{}}
	for _, d := range []string{b.path("taken"), b.path("sent"), filepath.Join(rail, "in"), filepath.Join(rail, "out")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("open bank: %w", err)
		}
	}
	err := eachFile(b.path("taken"), func(name string, content []byte) error { return b.know(name, content) })
	if err == nil {
		err = eachFile(b.path("sent"), func(name string, content []byte) error {
			f, err := ach.Read(bytes.NewReader(content))
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			for _, r := range ach.Returns(f) {
				b.note(r.Trace, r.Code, f.Header.CreationDate)
			}
			return b.leave(name, content)
		})
	}
	if err != nil {
		return nil, fmt.Errorf("open bank: %w", err)
	}
	return b, nil
}

func (b *Bank) path(part ...string) string {
	return filepath.Join(append([]string{b.dir}, part...)...)
}

func eachFile(dir string, do func(name string, content []byte) error) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		content, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return err
		}
		if err := do(e.Name(), content); err != nil {
			return err
		}
	}
	return nil
}

// know adds a file that was taken to what the bank knows.
func (b *Bank) know(name string, content []byte) error {
	f, err := ach.Read(bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	k := &BankFile{Name: name, Date: f.Header.CreationDate, header: f.Header}
	for i := range f.Batches {
		k.batches = append(k.batches, f.Batches[i].Header)
		k.Settles = max(k.Settles, f.Batches[i].Header.EffectiveDate)
		for _, e := range f.Batches[i].Entries {
			entry := &BankEntry{Entry: e, File: k, batch: i}
			k.Entries = append(k.Entries, entry)
			k.Total += e.Amount
			b.byTrace[e.Trace] = entry
			b.intend(entry)
		}
	}
	b.byName[name] = k
	at, _ := slices.BinarySearchFunc(b.files, k, func(x, y *BankFile) int { return cmp.Compare(x.Name, y.Name) })
	b.files = slices.Insert(b.files, at, k)
	return nil
}

// intend decides, from the seed, the account, the amount and the day alone,
// whether and when the bank will send an entry back by itself.
func (b *Bank) intend(e *BankEntry) {
	if b.sound[e.Account] || !e.TransactionCode.Debit() || e.Amount == 0 {
		return
	}
	h := fnv.New64a()
	fmt.Fprintf(h, "%d %s %d %s", b.seed, e.Account, e.Amount, e.File.Settles)
	n := h.Sum64()
	n ^= n >> 29 // the low bits of the hash follow the last characters
	n *= 0xbf58476d1ce4e5b9
	n ^= n >> 32
	if n%1000 >= 11 {
		return
	}
	wait := 1 + int(n>>20%2)
	switch at := n >> 32 % 100; {
	case at < 74:
		e.plan = "R01"
	case at < 84:
		e.plan = "R09"
	case at < 91:
		e.plan = "R02"
	case at < 96:
		e.plan = "R03"
	default: // a borrower has sixty days to say that a debit was not authorized
		e.plan, wait = "R10", 6+int(n>>20%20)
	}
	day := e.File.Settles.AddBankingDays(wait)
	b.due[day] = append(b.due[day], e)
}

// note remembers that an entry went back.
func (b *Bank) note(trace ach.TraceNumber, code ach.ReturnCode, on money.Date) {
	if e := b.byTrace[trace]; e != nil && e.Code == "" {
		e.Code, e.Returned = code, on
		e.File.Back++
	}
}

// Take takes the files that wait at the bank's door. A file taken before, left
// again, is cleared away.
func (b *Bank) Take() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return eachFile(filepath.Join(b.rail, "out"), func(name string, content []byte) error {
		if b.byName[name] == nil {
			if err := write(b.path("taken"), name, content); err != nil {
				return err
			}
			if err := b.know(name, content); err != nil {
				return fmt.Errorf("bank takes %w", err)
			}
		}
		return os.Remove(filepath.Join(b.rail, "out", name))
	})
}

// Morning sends back, on a banking day, the entries whose day has come.
func (b *Bank) Morning(day money.Date) ([]*BankEntry, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var back []*BankEntry
	for _, e := range b.due[day] {
		if e.Code == "" {
			back = append(back, e)
		}
	}
	if len(back) == 0 {
		return nil, nil
	}
	return back, b.send(fmt.Sprintf("returns-%s.ach", day), "A", day, back, func(e *BankEntry) ach.ReturnCode { return e.plan })
}

// ErrEntry says that there is no such entry, or that it went back already.
var ErrEntry = errors.New("the bank has no such entry, or has sent it back already")

// Return sends one entry back at once.
func (b *Bank) Return(trace ach.TraceNumber, code ach.ReturnCode, day money.Date) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.byTrace[trace]
	if e == nil || e.Code != "" || !code.Known() {
		return ErrEntry
	}
	return b.send(fmt.Sprintf("returns-%s-%s.ach", day, trace), "B", day, []*BankEntry{e}, func(*BankEntry) ach.ReturnCode { return code })
}

// send writes a file of returns, first among the bank's own papers.
func (b *Bank) send(name, modifier string, day money.Date, back []*BankEntry, code func(*BankEntry) ach.ReturnCode) error {
	slices.SortFunc(back, func(x, y *BankEntry) int { return cmp.Compare(x.Trace, y.Trace) })
	first := back[0].File
	f := first.answer(day, modifier)
	h := first.batches[back[0].batch]
	h.BatchNumber = 1
	batch := ach.Batch{Header: h}
	for i, e := range back {
		r := e.sentBack(ach.TraceNumber(fmt.Sprintf("%s%07d", h.ODFI, i+1)))
		r.Return.Code = code(e)
		batch.Entries = append(batch.Entries, r)
	}
	batch.Header.ServiceClass = serviceOf(batch.Entries)
	f.Batches = []ach.Batch{batch}
	var out bytes.Buffer
	if err := ach.Write(&out, f); err != nil {
		return fmt.Errorf("bank writes %s: %w", name, err)
	}
	if err := write(b.path("sent"), name, out.Bytes()); err != nil {
		return err
	}
	for _, e := range back {
		b.note(e.Trace, code(e), day)
	}
	return b.leave(name, out.Bytes())
}

// answer begins a file from the bank to whom a file came from.
func (f *BankFile) answer(day money.Date, modifier string) *ach.File {
	return &ach.File{Header: ach.FileHeader{
		ImmediateDestination: f.header.ImmediateDestination, ImmediateOrigin: f.header.ImmediateDestination, CreationDate: day, FileIDModifier: modifier,
		DestinationName: f.header.OriginName, OriginName: f.header.DestinationName,
	}}
}

// sentBack is an entry as the bank repeats it, under a trace number of its own.
func (e *BankEntry) sentBack(own ach.TraceNumber) ach.Entry {
	r := ach.Entry{TransactionCode: ach.CheckingReturnOrChangeDebit, RDFI: ach.RoutingNumber(e.File.header.ImmediateDestination), Account: e.Account,
		Amount: e.Amount, IndividualID: e.IndividualID, Name: e.Name, Discretionary: e.Discretionary, Trace: own,
		Return: &ach.ReturnAddenda{OriginalTrace: e.Trace, OriginalRDFI: e.RDFI.DFI(), Trace: own}}
	if e.TransactionCode.Credit() {
		r.TransactionCode = ach.CheckingReturnOrChangeCredit
	}
	if e.TransactionCode.Savings() {
		r.TransactionCode += ach.SavingsReturnOrChangeDebit - ach.CheckingReturnOrChangeDebit
	}
	return r
}

func serviceOf(entries []ach.Entry) ach.ServiceClass {
	credits := 0
	for i := range entries {
		if entries[i].TransactionCode.Credit() {
			credits++
		}
	}
	switch credits {
	case 0:
		return ach.DebitsOnly
	case len(entries):
		return ach.CreditsOnly
	}
	return ach.MixedDebitsAndCredits
}

// leave puts a file where the lender picks it up, unless it has been there.
func (b *Bank) leave(name string, content []byte) error {
	in := filepath.Join(b.rail, "in")
	for _, at := range []string{"", "read", "refused"} {
		if _, err := os.Stat(filepath.Join(in, at, name)); err == nil {
			return nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("bank leaves %s: %w", name, err)
		}
	}
	return write(in, name, content)
}

// write makes a file whole or not at all. It is not forced to disk: the sandbox
// loses nothing real.
func write(dir, name string, content []byte) error {
	part := filepath.Join(dir, ".part-"+name)
	if err := os.WriteFile(part, content, 0o600); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := os.Rename(part, filepath.Join(dir, name)); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// Files lists what the bank took, newest first.
func (b *Bank) Files() []BankFile {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]BankFile, 0, len(b.files))
	for _, f := range slices.Backward(b.files) {
		out = append(out, *f)
	}
	return out
}

// File is one file with its entries; false when the bank has none of that name.
func (b *Bank) File(name string) (file BankFile, entries []BankEntry, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f := b.byName[name]
	if f == nil {
		return BankFile{}, nil, false
	}
	for _, e := range f.Entries {
		entries = append(entries, *e)
	}
	return *f, entries, true
}

// Closed are the accounts that the bank does not know, or no longer.
func (b *Bank) Closed() map[string]bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	closed := map[string]bool{}
	for _, e := range b.byTrace {
		if e.Code == "R02" || e.Code == "R03" {
			closed[e.Account] = true
		}
	}
	return closed
}

// AllReturns is how many entries the bank has taken and sent back.
func (b *Bank) AllReturns() (taken, back int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.files {
		taken, back = taken+len(f.Entries), back+f.Back
	}
	return taken, back
}

// CheckAccount is what the sandbox's provider says of a bank account: numbers
// that end in 99 are closed, it does not know those that end in 00, and all
// others are open.
func CheckAccount(account string) string {
	switch {
	case strings.HasSuffix(account, "99"):
		return "closed"
	case strings.HasSuffix(account, "00"):
		return "unsure"
	}
	return "open"
}
