package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"marque/internal/billing"
	"marque/internal/cycle"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/sandbox"
	"marque/internal/servicing"
	"marque/internal/store"
	"marque/internal/tape"
)

// players are the sandbox's people at work: they come with their contracts, pay
// as their habits say, and each day is closed after them.
type players struct {
	d        *demo
	all      []sandbox.Customer
	boards   map[money.Date][]*player
	enrolls  map[money.Date][]*player
	acts     map[money.Date][]act
	desks    map[money.Date][]deskWork
	byNumber map[string]*player // by account number
	mail     bool               // messages are delivered as they come

	mu         sync.Mutex
	closed     map[string]bool               // bank accounts that are gone
	methods    map[string]servicing.MethodID // by bank account number
	confirmed  map[string]*player            // payments by hand, by confirmation number as the bank knows it
	boarded    int64
	payments   int64
	inProgress sync.WaitGroup
}

// player is one contract and the customer who pays it.
type player struct {
	customer *sandbox.Customer
	contract *sandbox.Contract
	id       servicing.ContractID
	actor    identity.Actor
}

type act struct {
	*player
	sandbox.Act
}

var (
	worldActor  = identity.System("sandbox")
	fromSandbox = servicing.Source{IP: "127.0.0.1", UserAgent: "sandbox"}
)

func newPlayers(d *demo, all []sandbox.Customer) *players {
	p := &players{d: d, all: all, boards: map[money.Date][]*player{}, enrolls: map[money.Date][]*player{}, acts: map[money.Date][]act{},
		byNumber: map[string]*player{}, closed: d.bank.Closed(), methods: map[string]servicing.MethodID{}, confirmed: map[string]*player{}}
	var everyone []*player
	for i := range all {
		for j := range all[i].Contracts {
			who := &player{customer: &all[i], contract: &all[i].Contracts[j]}
			everyone = append(everyone, who)
			k := who.contract
			p.byNumber[k.Loan.AccountNumber] = who
			p.boards[k.Boards] = append(p.boards[k.Boards], who)
			if k.Autopay {
				on := k.Boards
				if k.Boards == k.Loan.OriginalDate {
					on += 3
				}
				p.enrolls[on] = append(p.enrolls[on], who)
			}
			for _, m := range k.Months() {
				if m.Act != nil {
					p.acts[m.Act.Date] = append(p.acts[m.Act.Date], act{who, *m.Act})
				}
			}
		}
	}
	p.desks = atTheDesk(everyone)
	return p
}

func (p *players) playing(role sandbox.Role) *sandbox.Customer {
	for i := range p.all {
		if p.all[i].Role == role {
			return &p.all[i]
		}
	}
	panic("demo: nobody plays " + string(role)) // every portfolio has all roles
}

func (p *players) count() (contracts, payments int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.boarded, p.payments
}

// resume finds the people again in a company made before. Those whose autopay
// has ended meanwhile turn it on again, as they do.
func (p *players) resume(ctx context.Context) error {
	p.mail = true
	day, err := p.d.service.Today(ctx)
	if err != nil {
		return err
	}
	for _, who := range p.byNumber {
		if who.contract.Boards >= day {
			continue
		}
		if err := p.find(ctx, who); err != nil {
			return err
		}
		if !who.contract.Autopay || who.customer.Role != sandbox.Everyone {
			continue
		}
		card, err := p.d.service.Card(ctx, who.actor, who.id)
		if err != nil {
			return err
		}
		if card.Autopay == nil && !card.Closed {
			p.enrolls[day+2] = append(p.enrolls[day+2], who)
		}
	}
	return nil
}

// forward closes the days up to one, with the people paying on each.
func (p *players) forward(ctx context.Context, through money.Date) error {
	p.inProgress.Add(1)
	defer p.inProgress.Done()
	for {
		day, err := p.d.service.Today(ctx)
		if err != nil || day > through {
			return err
		}
		if err := p.day(ctx, day); err != nil {
			return err
		}
	}
}

// stopped waits for a day that is being closed.
func (p *players) stopped() { p.inProgress.Wait() }

// day is one day in the sandbox: what people do, what the bank sends back, and
// the lender's own day after them. A day that was stopped in the middle may be
// begun again.
func (p *players) day(ctx context.Context, day money.Date) error {
	if err := p.board(ctx, day); err != nil {
		return err
	}
	if err := atOnce(p.enrolls[day], func(who *player) error { return p.enroll(ctx, who, day) }); err != nil {
		return fmt.Errorf("enrol in autopay on %s: %w", day, err)
	}
	if err := atOnce(p.acts[day], func(a act) error { return p.pay(ctx, a, day) }); err != nil {
		return fmt.Errorf("pay on %s: %w", day, err)
	}
	if err := atOnce(p.desks[day], func(w deskWork) error { return p.desk(ctx, w) }); err != nil {
		return fmt.Errorf("the desk's work of %s: %w", day, err)
	}
	if err := p.addUnchecked(ctx, day); err != nil {
		return fmt.Errorf("add an account to be checked: %w", err)
	}
	if day.BankingDay() {
		back, err := p.d.bank.Morning(day)
		if err != nil {
			return err
		}
		for _, e := range back {
			p.sentBack(e, day)
		}
		if p.d.processor != nil {
			if _, err := p.d.processor.Morning(day); err != nil {
				return err
			}
		}
		if err := p.d.stated.Morning(day); err != nil {
			return err
		}
	}
	if err := p.deliver(ctx); err != nil {
		return err
	}
	p.d.clock.pass(6 * time.Hour) // people pay by day, the lender closes the day in the evening
	var problems []string
	r := p.d.runner(post{})
	r.Workers = 32 // waiting transactions share a commit
	if !p.d.state.Ready {
		r.Heads = "" // what is invented proves nothing
	}
	r.Progress = func(d cycle.Day) {
		problems = append(problems, d.Problems...)
		p.mu.Lock()
		p.payments += int64(d.Drafted)
		p.mu.Unlock()
	}
	// Once it is served, what needs a person is for whoever tries it out.
	if err := r.Run(ctx, day, day); err != nil && (!p.d.state.Ready || !errors.Is(err, cycle.ErrProblems)) {
		return fmt.Errorf("close %s: %w (%v)", day, err, problems)
	}
	if err := p.d.bank.Take(); err != nil {
		return err
	}
	return p.deliver(ctx)
}

func (p *players) deliver(ctx context.Context) error {
	if !p.mail {
		return nil
	}
	_, err := p.d.runner(p.d.post).Deliver(ctx)
	return err
}

// board takes the day's new contracts onto the books.
func (p *players) board(ctx context.Context, day money.Date) error {
	come := p.boards[day]
	if len(come) == 0 {
		return nil
	}
	if err := p.find(ctx, come[0]); err == nil { // the day is begun again
		for _, who := range come {
			if err := p.find(ctx, who); err != nil {
				return err
			}
		}
		return nil
	} else if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	var contracts iter.Seq2[tape.Boarding, error] = func(yield func(tape.Boarding, error) bool) {
		for _, who := range come {
			if !yield(who.contract.Loan, nil) {
				return
			}
		}
	}
	res, err := p.d.service.Board(ctx, worldActor, contracts, false)
	if err != nil {
		return fmt.Errorf("board contracts of %s: %w", day, err)
	}
	p.mu.Lock()
	p.boarded += int64(res.Contracts)
	p.mu.Unlock()
	for _, who := range come {
		if err := p.find(ctx, who); err != nil {
			return err
		}
	}
	return nil
}

// find learns a contract's and its customer's ids.
func (p *players) find(ctx context.Context, who *player) error {
	return p.d.db.View(ctx, func(tx *store.Tx) error {
		c, err := tx.ContractByNumber(who.contract.Loan.AccountNumber)
		if err != nil {
			return err
		}
		who.id, who.actor = servicing.ContractID(c.ID), identity.Customer(identity.CustomerID(c.CustomerID))
		return nil
	})
}

// here is a customer who has signed in a moment ago, with a second factor. Most
// of the sandbox's people have no way in of their own.
func (p *players) here(who *player) identity.Actor {
	return who.actor.With(identity.Standing{Level: 2, FactorAt: p.d.clock.now()})
}

// method is the customer's bank account, added when it is first used.
func (p *players) method(ctx context.Context, who *player) (servicing.MethodID, error) {
	a := who.customer.Bank
	p.mu.Lock()
	for p.closed[a.Number] {
		a = a.Next()
	}
	id := p.methods[a.Number]
	p.mu.Unlock()
	if id != "" {
		return id, nil
	}
	person := who.customer.Person
	b, err := p.d.service.AddBankAccount(ctx, p.here(who), servicing.BankAccountRequest{
		Key: "sandbox:" + a.Number, Holder: person.FirstName + " " + person.LastName, Type: a.Type, Routing: a.Routing, Account: a.Number, AccountAgain: a.Number,
	})
	if err != nil {
		return "", err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.methods[a.Number] = b.ID
	return b.ID, nil
}

// addUnchecked leaves one person with a check under way: an account that the
// provider is not sure of, added a few days before the history ends. The
// sandbox's bank shows what the deposits are.
func (p *players) addUnchecked(ctx context.Context, day money.Date) error {
	if day != p.d.state.Through-6 {
		return nil
	}
	for _, who := range p.byNumber {
		if who.customer.Role != sandbox.Lessee || who.id == "" {
			continue
		}
		a, person := who.customer.Bank, who.customer.Person
		number := a.Number[:len(a.Number)-2] + "00"
		_, err := p.d.service.AddBankAccount(ctx, p.here(who), servicing.BankAccountRequest{
			Key: "sandbox:" + number, Holder: person.FirstName + " " + person.LastName, Type: "savings", Routing: a.Routing, Account: number, AccountAgain: number,
		})
		return err
	}
	return nil
}

func (p *players) enroll(ctx context.Context, who *player, day money.Date) error {
	bank, err := p.method(ctx, who)
	if err != nil {
		return err
	}
	_, err = p.d.service.EnrollAutopay(ctx, p.here(who), servicing.AutopayRequest{Key: "sandbox:" + day.String(), Contract: who.id, Method: bank, Signed: servicing.AutopayWord}, fromSandbox)
	if isRefusal(err, "closed", "matured", "method_stopped") {
		return nil
	}
	return err
}

// pay makes one payment by hand. Who means to pay more than is owed pays what is
// owed; when nothing is, there is nothing to do.
func (p *players) pay(ctx context.Context, a act, day money.Date) error {
	if a.id == "" {
		return nil // not on the books
	}
	bank, err := p.method(ctx, a.player)
	if err != nil {
		return err
	}
	req := servicing.PaymentRequest{Key: fmt.Sprintf("sandbox:%s:%d:%d", day, a.Kind, a.Amount), Contract: a.id, Kind: billing.AmountOther, Amount: a.Amount, Date: billing.PayDays{Banking: true}.Next(day), Method: bank}
	if a.Kind == sandbox.Payoff {
		req.Kind = billing.AmountPayoff
	}
	made, err := p.submit(ctx, a.actor, req)
	if isRefusal(err, "amount_high") {
		req.Kind = billing.AmountPayoff
		made, err = p.submit(ctx, a.actor, req)
	}
	if isRefusal(err, "nothing_owed", "method_stopped") {
		return nil
	}
	if err != nil {
		return fmt.Errorf("account %s: %w", a.contract.Loan.AccountNumber, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.payments++
	p.confirmed[bankConfirmation(made.Confirmation)] = a.player
	return nil
}

// submit confirms the amount that a review has shown.
func (p *players) submit(ctx context.Context, actor identity.Actor, req servicing.PaymentRequest) (servicing.Payment, error) {
	if req.Kind == billing.AmountPayoff {
		review, err := p.d.service.ReviewPayment(ctx, actor, req)
		if err != nil {
			return servicing.Payment{}, err
		}
		req.Amount = review.Request.Amount
	}
	return p.d.service.SubmitPayment(ctx, actor, req, fromSandbox)
}

func bankConfirmation(s string) string {
	var b []byte
	for i := range len(s) {
		if s[i] != '-' {
			b = append(b, s[i])
		}
	}
	return string(b)
}

// sentBack is what a person does when the bank sends a payment back: open
// another account where the old one is gone, turn autopay on again, and pay
// again by hand what was paid by hand.
func (p *players) sentBack(e *sandbox.BankEntry, day money.Date) {
	p.mu.Lock()
	defer p.mu.Unlock()
	gone := e.Code == "R02" || e.Code == "R03"
	if gone {
		p.closed[e.Account] = true
	}
	if who := p.confirmed[e.IndividualID]; who != nil && e.Code != "R10" {
		p.acts[day+4] = append(p.acts[day+4], act{who, sandbox.Act{Date: day + 4, Kind: sandbox.Exact, Amount: e.Amount}})
	}
	if !gone && e.Code != "R10" {
		return
	}
	for _, who := range p.byNumber {
		if who.contract.Autopay && who.id != "" && (who.customer.Bank.Number == e.Account || who.customer.Bank.Next().Number == e.Account) {
			p.enrolls[day+5] = append(p.enrolls[day+5], who)
		}
	}
}

func isRefusal(err error, codes ...string) bool {
	var no *servicing.Refusal
	if !errors.As(err, &no) {
		return false
	}
	for _, c := range codes {
		if no.Code == c {
			return true
		}
	}
	return false
}

// atOnce does the same for each, sixteen at a time, so that they share commits.
func atOnce[T any](items []T, do func(T) error) error {
	var wg sync.WaitGroup
	errs := make([]error, len(items))
	slots := make(chan struct{}, 16)
	for i, item := range items {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			errs[i] = do(item)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
