package portal

import (
	"net/http"
	"net/url"
	"strconv"

	"marque/internal/billing"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/web"
)

type documentsPage struct {
	web.Page
	Rows      []documentRow
	Pages     web.Pages
	Any       bool   // there are documents, though the filter may leave none
	Several   bool   // more than one contract: say which
	First     string // where there is no statement yet: when it will come
	ZIP       string // the address of all that the filter leaves, in one file
	Count     int
	Size      string
	account   string
	kind      string
	Year      string
	accounts  []web.Option
	kinds     []web.Option
	years     []web.Option
	accountID map[servicing.ContractID]string // what an account is called
	New       []web.Place                     // where more papers are made, by account
}

type documentRow struct {
	servicing.Document
	What, About, Account string
	Href, Page           string // Page: where the same stands as a page, when it does
}

const documentRows = 24

// documents lists all papers, with a filter.
func (p *portal) documents(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	v, kept, err := p.chosenDocuments(r, s)
	if err != nil {
		return err
	}
	if v.Pages, err = web.Paginate(r.URL, len(kept), documentRows); err != nil {
		return err
	}
	v.Rows = kept[v.Pages.Offset:min(v.Pages.Offset+v.Pages.Limit, len(kept))]
	return p.show(w, r, "documents", nil, v)
}

// chosenDocuments are those that the address asks for, and the page without its
// rows.
func (p *portal) chosenDocuments(r *http.Request, s servicing.Session) (documentsPage, []documentRow, error) {
	o, err := p.svc.Overview(r.Context(), s.Actor)
	if err != nil {
		return documentsPage{}, nil, err
	}
	all, err := p.svc.Documents(r.Context(), s.Actor)
	if err != nil {
		return documentsPage{}, nil, err
	}
	return newDocumentsPage(s, o, all, r)
}

// newDocumentsPage is the page without its rows, and the rows that the filter
// leaves.
func newDocumentsPage(s servicing.Session, o servicing.Overview, all []servicing.Document, r *http.Request) (documentsPage, []documentRow, error) {
	q := r.URL.Query()
	v := documentsPage{Page: page(s, "Documents", "documents"), Any: len(all) > 0, Several: len(o.Contracts) > 1,
		account: q.Get("account"), kind: q.Get("kind"), Year: q.Get("year"),
		accounts: []web.Option{{Value: "", Label: "All accounts"}}, kinds: []web.Option{{Value: "", Label: "All kinds"}},
		accountID: map[servicing.ContractID]string{}}
	v.BusinessDate = o.Date
	known := v.account == ""
	for _, c := range o.Contracts {
		name := vehicleName(c.Vehicle) + " ••" + ends(c.AccountNumber)
		v.accounts = append(v.accounts, web.Option{Value: string(c.ID), Label: name})
		v.accountID[c.ID] = name
		known = known || v.account == string(c.ID)
		v.New = append(v.New, web.Place{Name: name, Href: accountHref(c.ID) + "/documents/new"})
		if v.First == "" && !c.Closed {
			v.First = firstStatement(c.Due.Upcoming)
		}
	}
	if !known || v.kind != "" && billing.DocumentKind(v.kind).Name() == "" {
		return v, nil, web.NotFound()
	}
	years, kinds := map[int]bool{}, map[billing.DocumentKind]bool{billing.DocumentKind(v.kind): v.kind != ""}
	for _, d := range all {
		years[d.Day.Year()], kinds[d.Kind] = true, true
	}
	v.years, v.Year = yearOptions(years, v.Year)
	for _, k := range billing.DocumentKinds {
		if kinds[k] {
			v.kinds = append(v.kinds, web.Option{Value: string(k), Label: k.Name()})
		}
	}
	var kept []documentRow
	var size int64
	for _, d := range all {
		if (v.account == "" || v.account == string(d.Contract)) && (v.kind == "" || v.kind == string(d.Kind)) && (v.Year == "" || v.Year == strconv.Itoa(d.Day.Year())) {
			kept = append(kept, newDocumentRow(d, v.accountID[d.Contract]))
			size += d.Size
		}
	}
	v.Count, v.Size, v.ZIP = len(kept), bytesWords(size), "/documents/all.zip"
	if q := filterQuery(v); q != "" {
		v.ZIP += "?" + q
	}
	return v, kept, nil
}

func filterQuery(v documentsPage) string {
	q := url.Values{}
	for name, value := range map[string]string{"account": v.account, "kind": v.kind, "year": v.Year} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q.Encode()
}

func newDocumentRow(d servicing.Document, account string) documentRow {
	row := documentRow{Document: d, What: d.Kind.Name(), Account: account, Href: accountHref(d.Contract) + "/documents/" + string(d.ID)}
	if d.Kind == billing.DocStatement && !d.Imported {
		row.Page = accountHref(d.Contract) + "/statements/" + d.Day.String()
	}
	if d.Imported {
		row.About = "from before you were with us"
	}
	return row
}

// AccountField, KindField and YearField are the filter's choices, filled in from
// the address.
func (v documentsPage) AccountField() web.Field {
	return web.Field{Name: "account", Label: "Account", Value: v.account, Options: v.accounts}
}

// KindField is the choice of kind.
func (v documentsPage) KindField() web.Field {
	return web.Field{Name: "kind", Label: "Kind", Value: v.kind, Options: v.kinds}
}

// YearField is the choice of year.
func (v documentsPage) YearField() web.Field {
	return web.Field{Name: "year", Label: "Year", Value: v.Year, Options: v.years}
}

func firstStatement(due money.Date) string {
	if due.IsZero() {
		return "Statements and receipts appear here."
	}
	return "Your first statement will be listed here some weeks before the payment due on " + due.Long() + ". We will tell you when it is ready."
}

// bytesWords is a size as a person reads it.
func bytesWords(n int64) string {
	if n < 1_000_000 {
		return strconv.FormatInt((n+999)/1000, 10) + " KB"
	}
	return strconv.FormatInt(n/1_000_000, 10) + "." + strconv.FormatInt(n/100_000%10, 10) + " MB"
}
