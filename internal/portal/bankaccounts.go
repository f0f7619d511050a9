package portal

import (
	"net/http"
	"strings"

	"marque/internal/servicing"
	"marque/internal/web"
)

type bankAccountsPage struct {
	web.Page
	Accounts []bankAccountRow
}

type bankAccountRow struct {
	servicing.Method
	Name string
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func (p *portal) bankAccounts(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	list, err := p.svc.Methods(r.Context(), s.Actor)
	if err != nil {
		return err
	}
	v := newBankAccountsPage(s, list)
	switch r.URL.Query().Get("done") {
	case "added":
		v.Notice = "The bank account was added."
	case "removed":
		v.Notice = "The bank account was removed."
	}
	return p.show(w, r, "bank-accounts", nil, v)
}

func newBankAccountsPage(s servicing.Session, list []servicing.Method) bankAccountsPage {
	v := bankAccountsPage{Page: page(s, "Bank accounts", "payments")}
	for _, b := range list {
		v.Accounts = append(v.Accounts, bankAccountRow{b, capital(methodName(b))})
	}
	return v
}

// bankAccountPage adds a bank account: by itself, or on the way to a payment or
// to autopay, whose answers it carries.
type bankAccountPage struct {
	web.Page
	Action      string
	Carry       []hidden
	Types       []web.Option
	Key         string
	Submit      string
	AccountHint string
}

func newBankAccountPage(s servicing.Session, form *web.Form, action, back, submit string) bankAccountPage {
	b := page(s, "Add a bank account", "payments")
	b.Layout, b.Back, b.Form = "flow", back, form
	key := form.Value("account_key")
	if key == "" {
		key = servicing.NewKey()
	}
	hint := "4 to 17 digits."
	if form.Value("typed") == "yes" {
		hint = "Type it again: a whole account number is never sent back to a screen."
	}
	return bankAccountPage{Page: b, Action: action, Key: key, Submit: submit, AccountHint: hint,
		Types: []web.Option{{Value: "checking", Label: "Checking"}, {Value: "savings", Label: "Savings"}}}
}

func newBankAccountToPay(s servicing.Session, id servicing.ContractID, form *web.Form) bankAccountPage {
	v := newBankAccountPage(s, form, accountHref(id)+"/pay/bank-account", accountHref(id)+"/pay", "Add and review payment")
	v.Carry = carry(form, payFields)
	return v
}

func newBankAccountToAutopay(s servicing.Session, id servicing.ContractID, form *web.Form) bankAccountPage {
	v := newBankAccountPage(s, form, accountHref(id)+"/autopay/bank-account", accountHref(id)+"/autopay", "Add and review autopay")
	v.Carry = carry(form, planFields)
	return v
}

func newBankAccountAlone(s servicing.Session, form *web.Form) bankAccountPage {
	return newBankAccountPage(s, form, "/bank-accounts/new", "/bank-accounts", "Add bank account")
}

func (p *portal) showAddBankAccount(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	return p.show(w, r, "bank-account", nil, newBankAccountAlone(s, nil))
}

func (p *portal) addBankAccount(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	_, ok, err := p.add(r, s, form)
	if err != nil {
		return err
	}
	if !ok {
		return p.show(w, r, "bank-account", form, newBankAccountAlone(s, form))
	}
	http.Redirect(w, r, "/bank-accounts?done=added", http.StatusSeeOther)
	return nil
}

func (p *portal) addBankAccountToPay(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	return p.addOnTheWay(w, r, s, newBankAccountToPay, p.review)
}

func (p *portal) addBankAccountToAutopay(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	return p.addOnTheWay(w, r, s, newBankAccountToAutopay, p.showAutopayReview)
}

// addOnTheWay adds the account and goes straight on to the review.
func (p *portal) addOnTheWay(w http.ResponseWriter, r *http.Request, s servicing.Session,
	again func(servicing.Session, servicing.ContractID, *web.Form) bankAccountPage,
	review func(http.ResponseWriter, *http.Request, servicing.Session, *web.Form) error) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	b, ok, err := p.add(r, s, form)
	if err != nil {
		return err
	}
	if !ok {
		return p.show(w, r, "bank-account", form, again(s, servicing.ContractID(r.PathValue("id")), form))
	}
	form.Set("method", string(b.ID))
	return review(w, r, s, form)
}

// add puts the form's account on file, or notes on the form what is wrong. The
// same form sent again gives the account that it added before.
func (p *portal) add(r *http.Request, s servicing.Session, form *web.Form) (servicing.Method, bool, error) {
	req := readBankAccount(form)
	var added servicing.Method
	if form.OK() {
		var err error
		if added, err = p.svc.AddBankAccount(r.Context(), s.Actor, req); err == nil {
			return added, true, nil
		}
		if err := told(form, err, nil); err != nil {
			return added, false, err
		}
	}
	// A whole account number is never sent back to a screen.
	carried := !form.Has("account") // past confirming, which carries no account number
	if carried || form.Value("account")+form.Value("account_again") != "" {
		form.Set("typed", "yes")
	}
	form.Set("account", "")
	form.Set("account_again", "")
	return added, false, nil
}

func readBankAccount(form *web.Form) servicing.BankAccountRequest {
	req := servicing.BankAccountRequest{
		Key:          form.Value("account_key"),
		Holder:       form.Need("holder", "Enter the name on the bank account."),
		Type:         form.OneOf("type", "Choose checking or savings.", "checking", "savings"),
		Routing:      form.Digits("routing", "Enter the routing number: nine digits."),
		Account:      form.Need("account", "Enter the account number."),
		AccountAgain: form.Need("account_again", "Enter the account number a second time."),
	}
	if req.Key == "" {
		form.Error("", "This form is not complete. Nothing was added. Open the page again.")
	}
	return req
}

type removeBankAccountPage struct {
	web.Page
	ID   servicing.MethodID
	Name string
}

func (p *portal) showRemoveBankAccount(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	return p.showRemove(w, r, s, nil)
}

func (p *portal) showRemove(w http.ResponseWriter, r *http.Request, s servicing.Session, form *web.Form) error {
	list, err := p.svc.Methods(r.Context(), s.Actor)
	if err != nil {
		return err
	}
	for _, b := range list {
		if string(b.ID) == r.PathValue("id") {
			v := removeBankAccountPage{Page: page(s, "Remove a bank account", "payments"), ID: b.ID, Name: methodName(b)}
			v.Layout, v.Back, v.Form = "flow", "/bank-accounts", form
			return p.show(w, r, "bank-account-remove", form, v)
		}
	}
	return web.NotFound()
}

func (p *portal) removeBankAccount(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	if err := p.svc.RemoveMethod(r.Context(), s.Actor, servicing.MethodID(r.PathValue("id"))); err != nil {
		if err := told(form, err, map[string]string{"method": "", "account": ""}); err != nil {
			return err
		}
		return p.showRemove(w, r, s, form)
	}
	http.Redirect(w, r, "/bank-accounts?done=removed", http.StatusSeeOther)
	return nil
}
