package portal

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/export"
	"marque/internal/servicing"
	"marque/internal/web"
)

type transactionsPage struct {
	web.Page
	Form     *web.Form
	IsLease  bool
	HasTax   bool
	Any      bool // history, though the filter may leave none
	Filtered bool
	Rows     []historyRow
	Pages    web.Pages
	Groups   []web.Option
	Formats  []web.Option
	Carry    []hiddenField // the filter, for the download
	Years    []int
	Href     string
}

type hiddenField struct{ Name, Value string }

// transactionRows is how many rows of a history stand on a page.
const transactionRows = 24

// The filter's fields, as they are named in the address.
const (
	fieldWords, fieldFrom, fieldThrough, fieldGroup = "words", "from", "through", "kind"
	fieldAfter, fieldBefore                         = "after", "before"
)

// longestSearch is the longest search, in bytes.
const longestSearch = 200

var groupWords = map[billing.HistoryGroup]string{
	billing.GroupPayments: "Payments", billing.GroupReturned: "Returned and canceled payments", billing.GroupFees: "Fees",
	billing.GroupCorrections: "Corrections", billing.GroupChanges: "Changes to the account",
}

// readFilter reads the filter from an address. What cannot be is noted beside its
// field, and stays as it was typed.
func readFilter(q url.Values) (*web.Form, billing.HistoryFilter) {
	form, f := web.NewForm(), billing.HistoryFilter{}
	for _, name := range []string{fieldWords, fieldFrom, fieldThrough, fieldGroup} {
		form.Set(name, q.Get(name))
	}
	if f.Text = form.Value(fieldWords); len(f.Text) > longestSearch {
		form.Error(fieldWords, "Use fewer words.")
	}
	if form.Value(fieldFrom) != "" {
		f.From = form.Date(fieldFrom)
	}
	if form.Value(fieldThrough) != "" {
		f.Through = form.Date(fieldThrough)
	}
	if g := billing.HistoryGroup(form.Value(fieldGroup)); groupWords[g] != "" {
		f.Group = g
	}
	return form, f
}

// transactions lists an account's whole history, page by page.
func (p *portal) transactions(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, filter := readFilter(r.URL.Query())
	return p.showTransactions(w, r, s, form, filter)
}

func (p *portal) showTransactions(w http.ResponseWriter, r *http.Request, s servicing.Session, form *web.Form, filter billing.HistoryFilter) error {
	q, id := r.URL.Query(), servicing.ContractID(r.PathValue("id"))
	req := servicing.HistoryRequest{HistoryFilter: filter, After: q.Get(fieldAfter), Before: q.Get(fieldBefore), Limit: transactionRows}
	if !form.OK() {
		req = servicing.HistoryRequest{Limit: 1}
	}
	h, err := p.svc.History(r.Context(), s.Actor, id, req)
	if refusedAs(err, "dates") {
		if err = told(form, err, nil); err == nil {
			h, err = p.svc.History(r.Context(), s.Actor, id, servicing.HistoryRequest{Limit: 1})
		}
	}
	if err != nil {
		return found(err)
	}
	if !form.OK() { // what was found is not what was asked for
		h.Entries, h.Newer, h.Older = nil, "", ""
	}
	return p.show(w, r, "transactions", form, p.newTransactionsPage(s, h, form))
}

func (p *portal) newTransactionsPage(s servicing.Session, h servicing.History, form *web.Form) transactionsPage {
	v := transactionsPage{Page: aboutHead(page(s, "History", "overview"), h.AccountHead), Form: form, IsLease: h.Kind == contract.Lease, HasTax: h.HasTax,
		Any: h.Any, Href: accountHref(h.ID), Groups: []web.Option{{Value: "", Label: "Everything"}}}
	v.Back, v.BusinessDate = v.Href, h.Date
	for _, e := range h.Entries {
		v.Rows = append(v.Rows, transactionRow(h.ID, e))
	}
	for _, g := range billing.HistoryGroups {
		v.Groups = append(v.Groups, web.Option{Value: string(g), Label: groupWords[g]})
	}
	for _, f := range export.Forms(p.quick != "") {
		v.Formats = append(v.Formats, web.Option{Value: string(f.Format), Label: f.Name + ": " + f.For})
	}
	q := url.Values{}
	for _, name := range []string{fieldWords, fieldFrom, fieldThrough, fieldGroup} {
		if value := form.Value(name); value != "" {
			v.Carry = append(v.Carry, hiddenField{name, value})
			q.Set(name, value)
		}
	}
	v.Filtered = len(v.Carry) > 0
	link := func(name, key string) string {
		if key == "" {
			return ""
		}
		to := url.Values{name: {key}}
		for field, value := range q {
			to[field] = value
		}
		return v.Href + "/history?" + to.Encode()
	}
	v.Pages = web.Pages{From: h.Before + 1, To: h.Before + len(v.Rows), Total: h.Total, Prev: link(fieldBefore, h.Newer), Next: link(fieldAfter, h.Older)}
	for year := h.Date.Year(); year >= h.First.Year(); year-- {
		v.Years = append(v.Years, year)
	}
	return v
}

// transactionRow is an entry as the table shows it.
func transactionRow(id servicing.ContractID, e servicing.HistoryEntry) historyRow {
	if e.Change != nil {
		return changeLine(id, *e.Change)
	}
	l := e.Line
	row := historyRow{
		HistoryRow: servicing.HistoryRow{Effective: l.Entry.Effective, Posted: l.Entry.Posted, Kind: l.Kind, Amount: l.Shown(), Allocation: l.Allocation,
			Balance: l.Balance, PaymentID: servicing.PaymentID(l.PaymentID), Event: l.Entry.Event},
		What: l.Title(), Fees: fees(l.Allocation), Moves: l.Amount != 0 || movesMoney(l.Allocation), Why: historyHref(id, l.Entry.Event),
	}
	if row.PaymentID != "" {
		row.Href = accountHref(id) + "/payments/" + l.PaymentID
	}
	return row
}

// exportHistory sends what the filter chooses as a file for another program.
func (p *portal) exportHistory(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, filter := readFilter(r.URL.Query())
	var wanted *export.Form
	for _, f := range export.Forms(p.quick != "") {
		if string(f.Format) == r.URL.Query().Get("format") {
			wanted = &f
		}
	}
	if wanted == nil {
		return web.NotFound()
	}
	if !form.OK() {
		return p.showTransactions(w, r, s, form, filter)
	}
	h, err := p.svc.History(r.Context(), s.Actor, servicing.ContractID(r.PathValue("id")), servicing.HistoryRequest{HistoryFilter: filter})
	if refusedAs(err, "dates") {
		return p.showTransactions(w, r, s, form, filter)
	}
	if err != nil {
		return found(err)
	}
	var out bytes.Buffer
	account := export.Account{Lender: p.lender, Number: h.AccountNumber, Kind: h.Kind, Vehicle: vehicleName(h.Vehicle), From: h.From, Through: h.Through, AsOf: h.Date,
		Whole: h.Whole, Opening: h.Opening, Closing: h.Closing, QuickenID: p.quick}
	if err := export.Write(&out, wanted.Format, account, h.Lines()); err != nil {
		return err
	}
	w.Header().Set("Content-Type", wanted.MediaType)
	w.Header().Set("Content-Disposition", fmt.Sprintf("%s; filename=%q", attachment, "history-"+h.Date.String()+"."+wanted.Extension))
	return p.send(w, r, int64(out.Len()), &out)
}
