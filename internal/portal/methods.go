package portal

import (
	"fmt"
	"net/http"
	"strings"

	"marque/internal/billing"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/web"
)

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// The two faces of a state: what it is called, and how it is marked.
const (
	markGood = "good"
	markWarn = "warn"
	markBad  = "bad"
)

// readiness is where a method stands, in words, and what comes next.
type readiness struct {
	Mark, Word, Next string
	Check            bool // there is something to do on its check page
}

func readinessOf(m servicing.Method) readiness {
	if m.Kind == billing.CardMethod {
		return readiness{Mark: markGood, Word: "Ready", Next: fmt.Sprintf("Good through %02d/%d.", m.ExpMonth, m.ExpYear)}
	}
	c := m.Check
	switch m.Validation {
	case billing.Validated:
		return readiness{Mark: markGood, Word: "Ready to pay from"}
	case billing.Stopped:
		return readiness{Mark: markBad, Word: "Cannot be used", Next: "Your bank sent something back: " + billing.ReturnReason(m.StopCode) + ". Replace it with the right numbers or another account."}
	case billing.Validating:
		return underCheck(c)
	case billing.NotValid:
		out := readiness{Mark: markBad, Word: "Not checked", Next: "Your bank sent our deposits back: " + billing.ReturnReason(m.StopCode) + ". Replace it with the right numbers or another account."}
		if c != nil && c.MayAgain {
			out.Check, out.Next = true, "The time to type the amounts is over. You can start a new check."
			if c.Reason == billing.CheckTries {
				out.Next = "The amounts were wrong three times. You can start a new check."
			}
		}
		return out
	}
	return readiness{Mark: markWarn, Word: "Not checked yet", Next: "Check it before you pay from it.", Check: true}
}

func underCheck(c *servicing.AccountCheck) readiness {
	out := readiness{Mark: markWarn, Word: "Being checked"}
	switch {
	case c == nil: // what runs beside has just ended it
	case c.Way == billing.ByPrenote && c.State == billing.CheckWaiting:
		out.Next = "We send a test entry without money to your bank. You have nothing to do."
	case c.Way == billing.ByPrenote:
		out.Next = "Ready on " + c.EndsOn.Long() + ", unless your bank sends our test entry back. You have nothing to do."
	case c.Open:
		out.Check, out.Next = true, "Two small deposits are in your account. Type both amounts by "+c.EndsOn.Long()+"."
	case c.State == billing.CheckSent && c.Left <= 0:
		out.Next = "All three tries are used. This check ends tonight."
	default:
		out.Next = "Two small deposits marked ACCTVERIFY are in your account by " + c.There.Long() + ". Then type both amounts here."
	}
	return out
}

type methodsPage struct {
	web.Page
	Methods []methodRow
	Cards   bool // the lender takes them
}

type methodRow struct {
	servicing.Method
	Name  string
	State readiness
}

func newMethodRow(m servicing.Method) methodRow {
	return methodRow{m, capital(methodName(m)), readinessOf(m)}
}

func (p *portal) methods(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	list, err := p.svc.Methods(r.Context(), s.Actor)
	if err != nil {
		return err
	}
	v := newMethodsPage(s, list)
	v.Cards = p.svc.TakesCards()
	switch r.URL.Query().Get("done") {
	case "added":
		v.Notice = "The bank account was added."
	case "removed":
		v.Notice = "It was removed."
	case "replaced":
		v.Notice = "The new account is on file. What is drawn from the old one moves to it as soon as it is ready."
	}
	return p.show(w, r, "methods", nil, v)
}

func newMethodsPage(s servicing.Session, list []servicing.Method) methodsPage {
	v := methodsPage{Page: page(s, "Payment methods", "payments")}
	for _, m := range list {
		v.Methods = append(v.Methods, newMethodRow(m))
	}
	return v
}

type methodPage struct {
	web.Page
	methodRow
	Uses   []string
	Taking string
	Href   string
}

func (p *portal) method(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	d, err := p.detail(r, s)
	if err != nil {
		return err
	}
	v := newMethodPage(s, d)
	switch r.URL.Query().Get("done") {
	case "named":
		v.Notice = "The nickname is saved."
	case "first":
		v.Notice = "This is the one we offer first now."
	case "checked":
		if d.Validation == billing.Validated {
			v.Notice = "The account is checked. You can pay from it now."
		}
	}
	return p.show(w, r, "method", nil, v)
}

func (p *portal) detail(r *http.Request, s servicing.Session) (servicing.MethodDetail, error) {
	d, err := p.svc.MethodInDetail(r.Context(), s.Actor, servicing.MethodID(r.PathValue("id")))
	return d, found(err)
}

func newMethodPage(s servicing.Session, d servicing.MethodDetail) methodPage {
	v := methodPage{Page: page(s, "Payment method", "payments"), methodRow: newMethodRow(d.Method), Uses: useWords(d.Uses), Href: methodHref(d.ID)}
	v.Layout, v.Back = "flow", "/payment-methods"
	if d.Taking != nil {
		v.Taking = capital(methodName(*d.Taking))
	}
	return v
}

func methodHref(id servicing.MethodID) string { return "/payment-methods/" + string(id) }

// useWords says what draws from a method.
func useWords(uses []servicing.MethodUse) (out []string) {
	for _, u := range uses {
		car := vehicleName(u.Vehicle)
		if u.Account != "" {
			car += " ••" + u.Account
		}
		if u.Payment == nil {
			out = append(out, "Autopay for "+car)
			continue
		}
		out = append(out, u.Payment.Amount.USD()+" on "+u.Payment.Date.Long()+" for "+car)
	}
	return out
}

func (p *portal) firstMethod(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	if err := p.svc.SetDefaultMethod(r.Context(), s.Actor, servicing.MethodID(r.PathValue("id"))); err != nil {
		return found(err)
	}
	http.Redirect(w, r, methodHref(servicing.MethodID(r.PathValue("id")))+"?done=first", http.StatusSeeOther)
	return nil
}

type methodFormPage struct {
	web.Page
	methodRow
	Href   string
	Key    string
	Uses   []string
	Others []web.Option
	PayAt  string // where another way to pay can be chosen
	Left   string
}

func newMethodFormPage(s servicing.Session, d servicing.MethodDetail, title string, form *web.Form) methodFormPage {
	v := methodFormPage{Page: page(s, title, "payments"), methodRow: newMethodRow(d.Method), Href: methodHref(d.ID), Key: form.Value("key"), Uses: useWords(d.Uses)}
	v.Layout, v.Back, v.Form = "flow", v.Href, form
	if v.Key == "" {
		v.Key = servicing.NewKey()
	}
	if c := d.Check; c != nil && c.Left == 1 {
		v.Left = "You can try once more."
	} else if c != nil {
		v.Left = fmt.Sprintf("You can try %d times.", c.Left)
	}
	for _, o := range d.Others {
		v.Others = append(v.Others, methodOption(o))
	}
	return v
}

func (p *portal) showMethodName(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	d, err := p.detail(r, s)
	if err != nil {
		return err
	}
	return p.show(w, r, "method-name", nil, newMethodFormPage(s, d, "Nickname", web.NewForm("nickname", d.Nickname)))
}

func (p *portal) nameMethod(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	id := servicing.MethodID(r.PathValue("id"))
	if form.OK() {
		if err := p.svc.RenameMethod(r.Context(), s.Actor, id, form.Value("nickname")); err == nil {
			http.Redirect(w, r, methodHref(id)+"?done=named", http.StatusSeeOther)
			return nil
		} else if err := told(form, err, nil); err != nil {
			return err
		}
	}
	d, err := p.detail(r, s)
	if err != nil {
		return err
	}
	return p.show(w, r, "method-name", form, newMethodFormPage(s, d, "Nickname", form))
}

func (p *portal) showMethodCheck(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	return p.showCheck(w, r, s, nil)
}

// showCheck is where the check of a bank account stands, with what can be done.
func (p *portal) showCheck(w http.ResponseWriter, r *http.Request, s servicing.Session, form *web.Form) error {
	d, err := p.detail(r, s)
	if err != nil {
		return err
	}
	if d.Kind != billing.Bank {
		return web.NotFound()
	}
	v := newMethodFormPage(s, d, "Check your bank account", form)
	if form == nil || !form.OK() {
		v.Key = servicing.NewKey() // a try that was answered is not the next one
	}
	if to := r.URL.Query().Get("pay"); isID(to) {
		v.PayAt = accountHref(servicing.ContractID(to)) + "/pay"
	}
	return p.show(w, r, "method-check", form, v)
}

func isID(s string) bool {
	return s != "" && len(s) <= 64 && strings.Trim(s, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-") == ""
}

// checkMethod takes the two amounts.
func (p *portal) checkMethod(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	id := servicing.MethodID(r.PathValue("id"))
	req := servicing.AmountsRequest{Key: form.Value("key"), Method: id, First: deposit(form, "first"), Second: deposit(form, "second")}
	if form.OK() {
		_, err := p.svc.ConfirmAmounts(r.Context(), s.Actor, req)
		if err == nil || refusedAs(err, "checked") {
			http.Redirect(w, r, methodHref(id)+"?done=checked", http.StatusSeeOther)
			return nil
		}
		if err := told(form, err, nil); err != nil {
			return err
		}
	}
	return p.showCheck(w, r, s, form)
}

// deposit reads an amount of less than a dollar: 0.17, .17 or $0.17.
func deposit(form *web.Form, field string) money.Cents {
	if form.Need(field, "Enter the amount of the deposit, like 0.17.") == "" {
		return 0
	}
	amount := form.Cents(field)
	if form.ErrorFor(field) == "" && (amount < 1 || amount > 99) {
		form.Error(field, "Each deposit is less than a dollar. For 17 cents, type 0.17.")
	}
	return amount
}

func (p *portal) startMethodCheck(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	id := servicing.MethodID(r.PathValue("id"))
	if _, err := p.svc.StartAccountCheck(r.Context(), s.Actor, form.Value("key"), id); err != nil {
		if err := told(form, err, nil); err != nil {
			return err
		}
		return p.showCheck(w, r, s, form)
	}
	http.Redirect(w, r, methodHref(id)+"/check", http.StatusSeeOther)
	return nil
}

// toCheck leads from a payment to the check of the account that it cannot be
// taken from yet; empty when the refusal is another.
func toCheck(err error, id servicing.MethodID, contract servicing.ContractID) string {
	if !refusedAs(err, "method_unchecked") && !refusedAs(err, "method_failed") {
		return ""
	}
	return methodHref(id) + "/check?pay=" + string(contract)
}

func (p *portal) showReplace(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	return p.showReplaceForm(w, r, s, nil)
}

func (p *portal) showReplaceForm(w http.ResponseWriter, r *http.Request, s servicing.Session, form *web.Form) error {
	d, err := p.detail(r, s)
	if err != nil {
		return err
	}
	if d.Kind != billing.Bank {
		return web.NotFound()
	}
	v := newBankAccountPage(s, form, methodHref(d.ID)+"/replace", methodHref(d.ID), "Replace the account")
	v.Title, v.Replaces, v.Uses = "Replace a bank account", methodName(d.Method), useWords(d.Uses)
	return p.show(w, r, "bank-account", form, v)
}

func (p *portal) replaceMethod(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	id := servicing.MethodID(r.PathValue("id"))
	b, ok, err := p.put(form, func(req servicing.BankAccountRequest) (servicing.Method, error) {
		return p.svc.ReplaceBankAccount(r.Context(), s.Actor, id, req, p.source(r))
	})
	if err != nil {
		return err
	}
	if !ok {
		return p.showReplaceForm(w, r, s, form)
	}
	http.Redirect(w, r, afterAdding(b, "replaced", ""), http.StatusSeeOther)
	return nil
}

// afterAdding is where somebody goes who has added an account: to its check, when
// it has to be checked first.
func afterAdding(b servicing.Method, done string, contract servicing.ContractID) string {
	switch {
	case b.Validation == billing.Validated:
		return "/payment-methods?done=" + done
	case contract != "":
		return methodHref(b.ID) + "/check?pay=" + string(contract)
	}
	return methodHref(b.ID) + "/check"
}

func (p *portal) showRemoveMethod(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	return p.showRemove(w, r, s, nil)
}

func (p *portal) showRemove(w http.ResponseWriter, r *http.Request, s servicing.Session, form *web.Form) error {
	d, err := p.detail(r, s)
	if err != nil {
		return err
	}
	return p.show(w, r, "method-remove", form, newMethodFormPage(s, d, "Remove a payment method", form))
}

func (p *portal) removeMethod(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	err = p.svc.RemoveMethod(r.Context(), s.Actor, servicing.MethodID(r.PathValue("id")), servicing.MethodID(form.Value("to")), p.source(r))
	if err != nil {
		if err := told(form, err, map[string]string{"method": "to", "account": ""}); err != nil {
			return err
		}
		return p.showRemove(w, r, s, form)
	}
	http.Redirect(w, r, "/payment-methods?done=removed", http.StatusSeeOther)
	return nil
}

// oldAddress leads from where bank accounts stood before.
func (p *portal) oldAddress(w http.ResponseWriter, r *http.Request, _ servicing.Session) error {
	http.Redirect(w, r, strings.Replace(r.URL.Path, "/bank-accounts", "/payment-methods", 1), http.StatusMovedPermanently)
	return nil
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
	Replaces    string   // the account whose place it takes
	Uses        []string // what moves to it
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
	return newBankAccountPage(s, form, "/payment-methods/new", "/payment-methods", "Add bank account")
}

func (p *portal) showAddBankAccount(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	return p.show(w, r, "bank-account", nil, newBankAccountAlone(s, nil))
}

func (p *portal) addBankAccount(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	b, ok, err := p.add(r, s, form)
	if err != nil {
		return err
	}
	if !ok {
		return p.show(w, r, "bank-account", form, newBankAccountAlone(s, form))
	}
	http.Redirect(w, r, afterAdding(b, "added", ""), http.StatusSeeOther)
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
	if b.Validation != billing.Validated {
		http.Redirect(w, r, afterAdding(b, "added", servicing.ContractID(r.PathValue("id"))), http.StatusSeeOther)
		return nil
	}
	form.Set("method", string(b.ID))
	return review(w, r, s, form)
}

// add puts the form's account on file, or notes on the form what is wrong. The
// same form sent again gives the account that it added before.
func (p *portal) add(r *http.Request, s servicing.Session, form *web.Form) (servicing.Method, bool, error) {
	return p.put(form, func(req servicing.BankAccountRequest) (servicing.Method, error) {
		return p.svc.AddBankAccount(r.Context(), s.Actor, req)
	})
}

func (p *portal) put(form *web.Form, put func(servicing.BankAccountRequest) (servicing.Method, error)) (servicing.Method, bool, error) {
	req := readBankAccount(form)
	var added servicing.Method
	if form.OK() {
		var err error
		if added, err = put(req); err == nil {
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
