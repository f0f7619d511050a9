package web

import (
	"net/url"
	"strconv"
)

// Pages is one page of a list and the links to the others.
type Pages struct {
	Page, Last    int
	From, To      int // of the rows shown, counted from one; zero when there are none
	Total         int
	Offset, Limit int
	Prev, Next    string // addresses; empty at the ends
}

// Paginate reads ?page= from the address. Links keep the rest of the query, so
// that a filter stays. A page that does not exist is NotFound, except that an
// empty list has an empty first page.
func Paginate(address *url.URL, total, size int) (Pages, error) {
	p := Pages{Page: 1, Last: max(1, (total+size-1)/size), Total: total, Limit: size}
	query := address.Query()
	if s := query.Get("page"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > p.Last {
			return Pages{}, NotFound()
		}
		p.Page = n
	}
	p.Offset = (p.Page - 1) * size
	if total > 0 {
		p.From, p.To = p.Offset+1, min(p.Offset+size, total)
	}
	link := func(n int) string {
		query.Del("page")
		if n > 1 {
			query.Set("page", strconv.Itoa(n))
		}
		return (&url.URL{Path: address.Path, RawQuery: query.Encode()}).String()
	}
	if p.Page > 1 {
		p.Prev = link(p.Page - 1)
	}
	if p.Page < p.Last {
		p.Next = link(p.Page + 1)
	}
	return p, nil
}
