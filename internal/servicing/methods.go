package servicing

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode"

	"marque/internal/ach"
	"marque/internal/billing"
	"marque/internal/card"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// BankAccountRequest asks for a bank account to be added.
type BankAccountRequest struct {
	Key          string
	Holder       string
	Type         string // checking or savings
	Routing      string
	Account      string
	AccountAgain string
}

// Methods lists the ways to pay that the customer has and has not removed, the
// default first, and where the check of each bank account stands.
func (s *Service) Methods(ctx context.Context, actor identity.Actor) (out []Method, err error) {
	who, err := customer(actor)
	if err != nil {
		return nil, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		if out, err = methods(tx, who); err != nil {
			return err
		}
		for i := range out {
			if out[i].Check, err = checkOf(tx, who, &out[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

func methods(tx *store.Tx, who string) (out []Method, err error) {
	all, err := tx.Methods(who)
	for _, b := range all {
		if b.Removed == 0 {
			out = append(out, method(b))
		}
	}
	slices.SortStableFunc(out, func(a, b Method) int {
		switch {
		case a.Default == b.Default:
			return 0
		case a.Default:
			return -1
		}
		return 1
	})
	return out, err
}

// shown is a bank account as an actor may see it: whose it is sees it whole, as
// does the system; who owes the same contract, its type and last four digits.
func shown(b *store.Method, by identity.Actor) Method {
	if who, is := by.CustomerID(); is && string(who) != b.CustomerID {
		return Method{Kind: b.Kind, Type: b.Type, Brand: b.Brand, Last4: b.Last4, Theirs: true}
	}
	return method(b)
}

func method(b *store.Method) Method {
	return Method{
		ID: MethodID(b.ID), Kind: b.Kind, Nickname: b.Nickname, Default: b.IsDefault, Last4: b.Last4, Validation: b.Validation, CheckedBy: b.ValidatedBy,
		StopCode: b.StopCode, Type: b.Type, Routing: b.Routing, Bank: b.BankName, Holder: b.Holder, Brand: b.Brand, Funding: b.Funding, ExpMonth: b.ExpMonth, ExpYear: b.ExpYear,
	}
}

// describe names a method in messages and authorisations.
func describe(b *store.Method) string {
	if b.Kind == billing.CardMethod {
		return cardName(b.Brand, b.Last4)
	}
	return b.Type + " ending in " + b.Last4
}

// checkBankAccount refuses what cannot be drafted from.
func checkBankAccount(r *BankAccountRequest) error {
	r.Holder = strings.Join(strings.Fields(r.Holder), " ")
	r.Account = strings.Join(strings.FieldsFunc(r.Account, func(c rune) bool { return unicode.IsSpace(c) || c == '-' }), "")
	r.AccountAgain = strings.Join(strings.FieldsFunc(r.AccountAgain, func(c rune) bool { return unicode.IsSpace(c) || c == '-' }), "")
	switch {
	case r.Holder == "":
		return refuse("holder_missing", "holder", "Enter the name on the bank account.")
	case !fitsACH(r.Holder):
		return refuse("holder_long", "holder", "Banks take 22 characters: we shorten first names to initials, but this is still too long, or has letters other than A to Z. Write it shorter, in those letters.")
	case r.Type != "checking" && r.Type != "savings":
		return refuse("type_missing", "type", "Choose checking or savings.")
	}
	routing, err := ach.ParseRouting(r.Routing)
	if err != nil {
		return refuse("routing", "routing", "%s", sentence(err.Error()))
	}
	r.Routing = string(routing)
	switch {
	case r.Account == "":
		return refuse("account_missing", "account", "Enter the account number.")
	case strings.Trim(r.Account, "0123456789") != "":
		return refuse("account_digits", "account", "Use only the digits 0 to 9 in the account number.")
	case card.Number(r.Account):
		return refuse("account_card", "account", "That looks like a card number. Type the account number from a check or your bank’s app: it is not the number on your card.")
	case len(r.Account) < 4 || len(r.Account) > 17:
		return refuse("account_length", "account", "An account number has 4 to 17 digits.")
	case r.AccountAgain != r.Account:
		return refuse("account_again", "account_again", "The two account numbers are not the same. Type both again.")
	}
	return nil
}

// sentence makes an error's words into one: "use only" becomes "Use only.".
func sentence(words string) string {
	return strings.ToUpper(words[:1]) + words[1:] + "."
}

func fitsACH(holder string) bool {
	_, ok := achName(holder)
	return ok
}

// AddBankAccount adds a bank account to pay from. The same account twice gives
// the one that is there. One that the provider does not vouch for begins to be
// checked by entries to it.
func (s *Service) AddBankAccount(ctx context.Context, actor identity.Actor, req BankAccountRequest) (Method, error) {
	return s.addBankAccount(ctx, actor, req, "", Source{})
}

// ReplaceBankAccount adds a bank account in the place of another: autopay and
// the payments that have not gone out move to it once it is validated, which is
// at once where the provider knows it, and the other one is removed then. Until
// then the other one is drawn from as before.
func (s *Service) ReplaceBankAccount(ctx context.Context, actor identity.Actor, old MethodID, req BankAccountRequest, src Source) (Method, error) {
	if old == "" {
		return Method{}, ErrNotFound
	}
	return s.addBankAccount(ctx, actor, req, old, src)
}

func (s *Service) addBankAccount(ctx context.Context, actor identity.Actor, req BankAccountRequest, old MethodID, src Source) (out Method, err error) {
	who, err := customer(actor)
	if err != nil {
		return out, err
	}
	if err := checkBankAccount(&req); err != nil {
		return out, err
	}
	if err := s.mayDo(actor, identity.ActBankAccounts); err != nil {
		return out, err
	}
	b := &store.Method{CustomerID: who, ID: store.NewID(), Key: req.Key, Kind: billing.Bank, Validation: billing.Unvalidated, Created: s.clock()}
	known, err := s.readyToAdd(ctx, b, &req, old)
	if err != nil {
		return out, err
	}
	start := false
	if known == nil {
		if start, err = s.vouched(ctx, b, &req); err != nil {
			// The same request, sent at the same moment, may have added it meanwhile.
			if again, e := s.readyToAdd(ctx, b, &req, old); e != nil || again == nil {
				return out, err
			}
		}
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		if known, err = knownAccount(tx, b, old); err != nil {
			return err
		}
		if known == nil {
			known = b
			err = s.insertAccount(tx, b, start, actor)
		}
		if err != nil {
			return err
		}
		if old != "" {
			tx.InsertMethodMove(&store.MethodMove{CustomerID: who, MethodID: known.ID, From: string(old), IP: src.IP, UserAgent: cut(src.UserAgent, 300), Agreed: s.clock()})
		}
		out = method(known)
		out.Check, err = checkOf(tx, who, &out)
		return err
	})
	if isConflict(err) { // another request added it at the same moment
		return s.addBankAccount(ctx, actor, req, old, src)
	}
	if err == nil && old != "" && out.Validation == billing.Validated {
		err = s.takePlaces(ctx, who, string(out.ID), actor)
	}
	return out, err
}

// readyToAdd refuses what cannot be added, and gives the account that is there
// already: added by the same key, or the same account by another.
func (s *Service) readyToAdd(ctx context.Context, b *store.Method, req *BankAccountRequest, old MethodID) (known *store.Method, err error) {
	if req.Key == "" {
		return nil, refuse("key_missing", "", "Start again from your payment methods.")
	}
	b.Type, b.Holder, b.Routing, b.Number, b.Last4 = req.Type, req.Holder, req.Routing, req.Account, req.Account[len(req.Account)-4:]
	err = s.db.View(ctx, func(tx *store.Tx) error {
		b.Hash = accountHash(tx.Keys(), b.Routing, b.Number)
		b.InputHash = inputHash(b.Type, b.Holder, b.Hash)
		if old != "" {
			b.InputHash = inputHash(b.InputHash, old)
			from, err := tx.Method(b.CustomerID, string(old))
			if err == nil && from.Kind != billing.Bank {
				err = ErrNotFound
			}
			if err != nil {
				return err
			}
		}
		known, err = knownAccount(tx, b, old)
		return err
	})
	return known, err
}

// accountHash is what an account is found by without its number.
func accountHash(keys *store.Keys, routing, number string) string {
	return keys.Hash("bank_account", routing+" "+number)
}

// knownAccount is the account that a request has added or would add again; nil
// for none.
func knownAccount(tx *store.Tx, b *store.Method, old MethodID) (*store.Method, error) {
	all, err := tx.Methods(b.CustomerID)
	if err != nil {
		return nil, err
	}
	var same *store.Method
	for _, known := range all {
		switch {
		case known.Key == b.Key && known.InputHash != b.InputHash:
			return nil, errKeyReused
		case known.Key == b.Key:
			return known, nil
		case known.Hash == b.Hash && known.Removed == 0:
			same = known
		}
	}
	for _, from := range all {
		if from.ID == string(old) && from.Removed != 0 {
			return nil, ErrNotFound
		}
	}
	if same != nil && same.ID == string(old) {
		return nil, refuse("same_account", "account", "This is the account that you want to replace. Type the numbers of the new one.")
	}
	return same, nil
}

// vouched asks the directory and the provider about an account that is new, and
// says whether a check by entries may be started where they do not vouch for it.
// Every question is counted: the provider is not a way to try account numbers.
func (s *Service) vouched(ctx context.Context, b *store.Method, req *BankAccountRequest) (start bool, err error) {
	if s.rules.BankName != nil {
		name, known := s.rules.BankName(b.Routing)
		if !known {
			return false, refuse("routing_unknown", "routing", "No bank has this routing number. Look at the bottom of a check, or in your bank’s app.")
		}
		b.BankName = cut(name, 60)
	}
	if err := s.counted(ctx, "accounts", b.CustomerID, "You have added several bank accounts today. Try again tomorrow, or call us at %s."); err != nil {
		return false, err
	}
	if b.Validation, err = s.askProvider(ctx, req); err != nil {
		return false, err
	}
	if b.Validation == billing.Validated {
		b.ValidatedBy, b.Validated = billing.ByProvider, b.Created
		return false, nil
	}
	err = s.mayStartCheck(ctx, b)
	if _, over := asRefused(err); over {
		return false, nil // it is added, and checked on another day
	}
	return err == nil, err
}

func (s *Service) insertAccount(tx *store.Tx, b *store.Method, start bool, actor identity.Actor) error {
	all, err := tx.Methods(b.CustomerID)
	if err != nil {
		return err
	}
	b.IsDefault = !slices.ContainsFunc(all, func(m *store.Method) bool { return m.IsDefault })
	if start {
		b.Validation = billing.Validating
	}
	if err := tx.InsertMethod(b); err != nil {
		return err
	}
	tx.Audit(b.Created, actor.String(), "add_bank_account", "", b.ID)
	if start {
		if err := s.startCheck(tx, b, b.Key, actor); err != nil {
			return err
		}
	}
	return s.notify(tx, b.CustomerID, b.ID, billing.Notice{Kind: billing.NoticeBankAccountAdded, Method: describe(b)}, 0)
}

// longestNickname is in characters.
const longestNickname = 40

// RenameMethod gives a method a name of the customer's own; an empty one takes it
// away.
func (s *Service) RenameMethod(ctx context.Context, actor identity.Actor, id MethodID, nickname string) error {
	nickname = strings.Join(strings.Fields(nickname), " ")
	switch {
	case len([]rune(nickname)) > longestNickname:
		return refuse("nickname_long", "nickname", "Use at most %d characters.", longestNickname)
	case strings.ContainsFunc(nickname, func(c rune) bool { return !unicode.IsPrint(c) }):
		return refuse("nickname_letters", "nickname", "Use letters, digits and signs that can be printed.")
	case len(strings.Map(digitsOnly, nickname)) > 6 || card.Number(nickname):
		return refuse("nickname_number", "nickname", "A nickname is shown in the open: leave account and card numbers out of it.")
	}
	return s.changeMethod(ctx, actor, id, "name_method", func(_ *store.Tx, m *store.Method) error {
		m.Nickname = nickname
		return nil
	})
}

func digitsOnly(c rune) rune {
	if unicode.IsDigit(c) {
		return '0'
	}
	return -1
}

// SetDefaultMethod makes a method the one that is offered first.
func (s *Service) SetDefaultMethod(ctx context.Context, actor identity.Actor, id MethodID) error {
	err := s.changeMethod(ctx, actor, id, "default_method", func(tx *store.Tx, m *store.Method) error {
		tx.ClearDefaultMethod(m.CustomerID)
		m.IsDefault = true
		return nil
	})
	if isConflict(err) { // another one was made the default at the same moment
		return s.SetDefaultMethod(ctx, actor, id)
	}
	return err
}

// changeMethod changes a method that is the acting customer's and not removed.
func (s *Service) changeMethod(ctx context.Context, actor identity.Actor, id MethodID, what string, change func(*store.Tx, *store.Method) error) error {
	who, err := customer(actor)
	if err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		m, err := takeOwnMethod(tx, who, id)
		if err != nil {
			return err
		}
		if err := change(tx, m); err != nil {
			return err
		}
		tx.SaveMethod(m)
		tx.Audit(s.clock(), actor.String(), what, "", m.ID)
		return nil
	})
}

// takeOwnMethod holds the row of a customer's method; one that was removed is not
// there.
func takeOwnMethod(tx *store.Tx, who string, id MethodID) (*store.Method, error) {
	m, err := tx.TakeMethod(who, string(id))
	if err == nil && m.Removed != 0 {
		err = ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

// RemoveMethod takes a method away. One that autopay or a payment still on its
// way uses stays, unless to names another of the same kind, which takes its
// place in the same step.
func (s *Service) RemoveMethod(ctx context.Context, actor identity.Actor, id, to MethodID, src Source) error {
	who, err := customer(actor)
	if err != nil {
		return err
	}
	if err := s.mayDo(actor, identity.ActBankAccounts); err != nil {
		return err
	}
	if to != "" {
		return s.removeInFavour(ctx, actor, who, id, to, src)
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		b, err := tx.TakeMethod(who, string(id))
		if err != nil {
			return err
		}
		if n, err := tx.CountAutopayUsing(who, b.ID); err != nil {
			return err
		} else if n > 0 {
			return refuse("autopay_uses", "", "Autopay draws from this %s. Turn autopay off, or move it to another first.", kindWord(b.Kind))
		}
		if n, err := tx.CountPaymentsUsing(who, b.ID); err != nil {
			return err
		} else if n > 0 {
			return refuse("payment_uses", "", "A payment from this %s has not gone out yet. Cancel it, move it, or wait until it has.", kindWord(b.Kind))
		}
		return s.removed(tx, b, actor)
	})
}

func kindWord(k billing.MethodKind) string {
	if k == billing.CardMethod {
		return "card"
	}
	return "bank account"
}

// removed marks a method as removed, with what was under way for it.
func (s *Service) removed(tx *store.Tx, b *store.Method, actor identity.Actor) error {
	now := s.clock()
	if removed, err := tx.RemoveMethod(b.CustomerID, b.ID, now); err != nil || !removed {
		return err // removed already: nothing is left to do
	}
	check, err := tx.AccountCheck(b.CustomerID, b.ID)
	if err == nil {
		_, err = tx.EndAccountCheck(check, billing.CheckFailed, billing.CheckRemoved, now)
	}
	if absent(err) != nil {
		return err
	}
	tx.DropMethodMoves(b.CustomerID, b.ID, now)
	tx.Audit(now, actor.String(), "remove_method", "", b.ID)
	return s.notify(tx, b.CustomerID, b.ID, billing.Notice{Kind: billing.NoticeMethodRemoved, Method: describe(b)}, 0)
}

// MethodUse is something that draws from a method.
type MethodUse struct {
	Contract ContractID
	Vehicle  Vehicle
	Account  string   // last characters of the account number
	Payment  *Payment // nil: autopay
}

// MethodDetail is one method with all that hangs on it.
type MethodDetail struct {
	Method
	Uses   []MethodUse
	Others []Method // that may take its place
	Taking *Method  // the one that is to take its place once it is validated
}

// MethodInDetail is one of the customer's methods, what draws from it, and what
// could take its place.
func (s *Service) MethodInDetail(ctx context.Context, actor identity.Actor, id MethodID) (d MethodDetail, err error) {
	who, err := customer(actor)
	if err != nil {
		return d, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		m, err := tx.Method(who, string(id))
		if err == nil && m.Removed != 0 {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		d.Method = method(m)
		if d.Check, err = checkOf(tx, who, &d.Method); err != nil {
			return err
		}
		if d.Uses, err = s.uses(tx, m, actor); err != nil {
			return err
		}
		all, err := methods(tx, who)
		if err != nil {
			return err
		}
		for _, o := range all {
			if o.Kind == m.Kind && o.Validation == billing.Validated && o.ID != d.ID {
				d.Others = append(d.Others, o)
			}
		}
		move, err := tx.MoveFrom(who, m.ID)
		if err != nil || move == nil {
			return err
		}
		to, err := tx.Method(who, move.MethodID)
		if err == nil && to.Removed == 0 {
			v := method(to)
			d.Taking = &v
		}
		return absent(err)
	})
	return d, err
}

func (s *Service) uses(tx *store.Tx, m *store.Method, actor identity.Actor) (out []MethodUse, err error) {
	uses, err := tx.MethodUses(m.CustomerID, m.ID)
	if err != nil {
		return nil, err
	}
	for _, u := range uses {
		c, err := tx.Contract(u.ContractID, "")
		if err != nil {
			return nil, err
		}
		v := MethodUse{Contract: ContractID(c.ID), Vehicle: Vehicle{c.VehicleYear, c.VehicleMake, c.VehicleModel, c.VIN}, Account: accountEnds(c.AccountNumber)}
		if u.PaymentID != "" {
			p, err := tx.Payment(c.ID, u.PaymentID)
			if err != nil {
				return nil, err
			}
			shown := view(p, m, actor)
			v.Payment = &shown
		}
		out = append(out, v)
	}
	return out, nil
}

// counted counts a try and, when there were too many, refuses with words of its
// own.
func (s *Service) counted(ctx context.Context, name, value, words string) error {
	err := s.attempt(ctx, name, value)
	if _, over := errors.AsType[*Refusal](err); over {
		return refuse("too_many", "", words, s.lender.Phone)
	}
	return err
}

// ImportedAccount is a bank account that another servicer drew from before, and
// when a debit from it last settled.
type ImportedAccount struct {
	Contract ContractID
	Holder   string
	Type     string
	Routing  string
	Account  string
	Settled  money.Date
}

// priorEntryDays is how long ago a debit may have settled that shows that the
// account is there (Nacha: a history of payments from it).
const priorEntryDays = 180

// ImportBankAccount brings along the bank account of a contract's first borrower.
// One that a debit has settled from of late is validated by that. The same
// account again changes nothing.
func (s *Service) ImportBankAccount(ctx context.Context, actor identity.Actor, in ImportedAccount) (out Method, err error) {
	if err := system(actor); err != nil {
		return out, err
	}
	req := BankAccountRequest{Holder: in.Holder, Type: in.Type, Routing: in.Routing, Account: in.Account, AccountAgain: in.Account}
	if err := checkBankAccount(&req); err != nil {
		return out, err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		c, err := tx.Contract(string(in.Contract), "")
		if err != nil {
			return err
		}
		day, err := today(tx)
		if err != nil {
			return err
		}
		b := &store.Method{CustomerID: c.CustomerID, ID: store.NewID(), Kind: billing.Bank, Type: req.Type, Holder: req.Holder, Routing: req.Routing, Number: req.Account,
			Last4: req.Account[len(req.Account)-4:], Hash: accountHash(tx.Keys(), req.Routing, req.Account), Validation: billing.Unvalidated, Created: s.clock()}
		b.Key, b.InputHash = "import:"+b.Hash, inputHash(b.Type, b.Holder, b.Hash)
		if !in.Settled.IsZero() && in.Settled <= day && in.Settled >= day-priorEntryDays {
			b.Validation, b.ValidatedBy, b.Validated = billing.Validated, billing.ByPriorEntry, b.Created
		}
		if s.rules.BankName != nil {
			name, _ := s.rules.BankName(b.Routing)
			b.BankName = cut(name, 60)
		}
		known, err := knownAccount(tx, b, "")
		if err == nil && known == nil {
			known = b
			err = s.insertAccount(tx, b, false, actor)
		}
		if err == nil {
			out = method(known)
		}
		return err
	})
	return out, err
}
