package servicing

import (
	"context"
	"strings"
	"unicode"

	"marque/internal/ach"
	"marque/internal/billing"
	"marque/internal/identity"
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

// Methods lists the ways to pay that the customer has and has not removed.
func (s *Service) Methods(ctx context.Context, actor identity.Actor) (out []Method, err error) {
	who, err := customer(actor)
	if err != nil {
		return nil, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		out, err = methods(tx, who)
		return err
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
		Type: b.Type, Routing: b.Routing, Bank: b.BankName, Holder: b.Holder, Brand: b.Brand, Funding: b.Funding, ExpMonth: b.ExpMonth, ExpYear: b.ExpYear,
	}
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

// AccountQuestion asks whether a bank account is there and open.
type AccountQuestion struct {
	Routing, Account, Type, Holder string
}

// AccountAnswer is what a provider says of a bank account.
type AccountAnswer string

// The answers.
const (
	AccountOpen   AccountAnswer = "open"
	AccountClosed AccountAnswer = "closed" // or never there
	AccountUnsure AccountAnswer = "unsure"
)

// askProvider says how a bank account that is added begins: validated when the
// provider knows it, refused when the provider knows that there is none.
func (s *Service) askProvider(ctx context.Context, r *BankAccountRequest) (billing.Validation, error) {
	if s.rules.CheckAccount == nil {
		return billing.Unvalidated, nil
	}
	answer, err := s.rules.CheckAccount(ctx, AccountQuestion{r.Routing, r.Account, r.Type, r.Holder})
	switch {
	case err != nil || answer == AccountUnsure:
		return billing.Unvalidated, nil // a provider that is away does not keep anybody from adding an account
	case answer == AccountOpen:
		return billing.Validated, nil
	}
	return "", refuse("account_unknown", "account", "The bank does not know an open account with this number. Check the routing number and the account number.")
}

// AddBankAccount adds a bank account to pay from. The same account twice gives
// the one that is there.
func (s *Service) AddBankAccount(ctx context.Context, actor identity.Actor, req BankAccountRequest) (out Method, err error) {
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
	if req.Key == "" {
		return out, refuse("key_missing", "", "Start again from your bank accounts.")
	}
	validation, err := s.askProvider(ctx, &req)
	if err != nil {
		return out, err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		keys := tx.Keys()
		b := &store.Method{
			Validation: validation,
			CustomerID: who, ID: store.NewID(), Key: req.Key, Kind: billing.Bank, Type: req.Type, Holder: req.Holder, Routing: req.Routing,
			Number: req.Account, Hash: keys.Hash("bank_account", req.Routing+" "+req.Account), Last4: req.Account[len(req.Account)-4:], Created: s.clock(),
		}
		if b.InputHash = inputHash(b.Type, b.Holder, b.Hash); validation == billing.Validated {
			b.ValidatedBy, b.Validated = billing.ByProvider, b.Created
		}
		all, err := tx.Methods(who)
		if err != nil {
			return err
		}
		for _, known := range all {
			switch {
			case known.Key == b.Key && known.InputHash != b.InputHash:
				return errKeyReused
			case known.Key == b.Key, known.Hash == b.Hash && known.Removed == 0:
				out = method(known)
				return nil
			}
		}
		if err := tx.InsertMethod(b); err != nil {
			return err
		}
		tx.Audit(b.Created, actor.String(), "add_bank_account", "", b.ID)
		out = method(b)
		return s.notify(tx, who, b.ID, billing.Notice{Kind: billing.NoticeBankAccountAdded, Method: describe(b)}, 0)
	})
	if isConflict(err) { // another request added it at the same moment
		return s.AddBankAccount(ctx, actor, req)
	}
	return out, err
}

// RemoveMethod takes a bank account away. One that autopay or a payment
// still on its way uses stays.
func (s *Service) RemoveMethod(ctx context.Context, actor identity.Actor, id MethodID) error {
	who, err := customer(actor)
	if err != nil {
		return err
	}
	if err := s.mayDo(actor, identity.ActBankAccounts); err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		b, err := tx.TakeMethod(who, string(id))
		if err != nil {
			return err
		}
		if n, err := tx.CountAutopayUsing(who, b.ID); err != nil {
			return err
		} else if n > 0 {
			return refuse("autopay_uses", "", "Autopay draws from this bank account. Turn autopay off or move it to another account first.")
		}
		if n, err := tx.CountPaymentsUsing(who, b.ID); err != nil {
			return err
		} else if n > 0 {
			return refuse("payment_uses", "", "A payment from this bank account has not gone out yet. Cancel it or wait until it has.")
		}
		if removed, err := tx.RemoveMethod(who, b.ID, s.clock()); err != nil || !removed {
			return err // removed already: nothing is left to do
		}
		tx.Audit(s.clock(), actor.String(), "remove_bank_account", "", b.ID)
		return nil
	})
}

func fitsACH(holder string) bool {
	_, ok := achName(holder)
	return ok
}
