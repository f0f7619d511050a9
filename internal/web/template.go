package web

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"marque/internal/money"
)

//go:embed template
var templateFiles embed.FS

func errorFiles() fs.FS {
	sub, err := fs.Sub(templateFiles, "template/error")
	if err != nil {
		panic(err) // the path is a constant that the compiler embedded
	}
	return sub
}

// Page is the base that every page's struct embeds.
type Page struct {
	Title        string     // without the brand's name
	Here         string     // the current Place's key
	Places       []Place    // this person's, where not everybody has the site's
	SignedIn     string     // the person's name; empty shows no places and no menu
	Contract     string     // the contract in view: "2023 Aldon Vireo ••4821"
	ContractHref string     // where its label leads; may be empty
	BusinessDate money.Date // the day the figures are for; may be empty
	Layout       string     // "", "flow", "narrow" or "dense"
	Back         string     // address of a back link; may be empty
	Notice       string     // what was just done: "Bank account added."
	Form         *Form      // its errors are summarised above the content
	Banner       *Banner    // above everything, for staff who look at a borrower's pages
	Scripts      []string   // the page's own: "passkey.js", "password.js", "print.js"

	// When the session ends: so long after this request, and at the latest. Two
	// minutes before, session.js says so. StayPath is posted to when the person
	// chooses to stay, and answers 204. Zero of both loads no script.
	IdleSeconds, EndsSeconds int
	StayPath                 string
}

// Loads are the scripts of the page, the one that watches the session included.
func (p Page) Loads() []string {
	if p.Timed() {
		return append([]string{"session.js"}, p.Scripts...)
	}
	return p.Scripts
}

// Across are the places to show across the top.
func (p Page) Across(site []Place) []Place {
	if p.Places != nil {
		return p.Places
	}
	return site
}

// Timed says that the page tells when its session ends.
func (p Page) Timed() bool { return p.SignedIn != "" && (p.IdleSeconds > 0 || p.EndsSeconds > 0) }

// Templates are the pages of one package over the shared base.
type Templates struct {
	site *Site
	page map[string]*template.Template
}

// Parse reads every *.html in the root of files, one page each, named without
// its ending; files that start with "_" are shared by all of them.
func (s *Site) Parse(files fs.FS) (*Templates, error) {
	base, err := template.New("base").Funcs(s.funcs()).ParseFS(templateFiles, "template/base.html", "template/component.html")
	if err != nil {
		return nil, fmt.Errorf("parse base: %w", err)
	}
	names, err := fs.Glob(files, "*.html")
	if err != nil {
		return nil, err
	}
	text := map[string]string{}
	for _, name := range names {
		b, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(name, "_") {
			if _, err := base.New(name).Parse(string(b)); err != nil {
				return nil, fmt.Errorf("parse %s: %w", name, err)
			}
			continue
		}
		text[name] = string(b)
	}
	t := &Templates{site: s, page: map[string]*template.Template{}}
	for name, body := range text {
		p, err := base.Clone()
		if err != nil {
			return nil, err
		}
		if _, err := p.New("main").Parse(body); err != nil {
			return nil, fmt.Errorf("parse %s: %w", name, err)
		}
		t.page[strings.TrimSuffix(path.Base(name), ".html")] = p
	}
	return t, nil
}

var zippers = sync.Pool{New: func() any {
	w, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is a constant of the package
	}
	return w
}}

// Render writes a page whole: nothing is sent until the template has run to
// its end, so that a template that fails gives the error page instead.
func (t *Templates) Render(w http.ResponseWriter, r *http.Request, status int, name string, page any) error {
	p, ok := t.page[name]
	if !ok {
		return fmt.Errorf("render: no page %q", name)
	}
	var out bytes.Buffer
	if err := p.ExecuteTemplate(&out, "base.html", page); err != nil {
		return fmt.Errorf("render %s: %w", name, err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Accept-Encoding")
	body := t.site.addTokens(w, r, out.Bytes())
	if takesGzip(r) {
		var z bytes.Buffer
		zw := zippers.Get().(*gzip.Writer)
		defer zippers.Put(zw)
		zw.Reset(&z)
		if _, err := zw.Write(body); err != nil {
			return fmt.Errorf("render %s: %w", name, err)
		}
		if err := zw.Close(); err != nil {
			return fmt.Errorf("render %s: %w", name, err)
		}
		h.Set("Content-Encoding", "gzip")
		body = z.Bytes()
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // a reader that went away is not our fault
	}
	return nil
}

func (s *Site) funcs() template.FuncMap {
	return template.FuncMap{
		"site":      func() *Site { return s },
		"brand":     func() *Brand { return s.Brand },
		"asset":     s.Assets.URL,
		"usd":       usd,
		"money":     moneySpan,
		"balance":   balance,
		"date":      money.Date.Long,
		"shortdate": money.Date.Short,
		"month":     func(d money.Date) string { return d.Time().Format("January 2006") },
		"at":        func(i money.Instant) string { return at(i, s.Brand.Location) },
		"percent":   money.Rate.Percent,
		"plural":    plural,
		"icon":      icon,
		"tag":       tag,
		"tel":       tel,

		"field":  newField,
		"option": newOption,
		"row":    newRow,
		"notice": func(kind, title, text string) component { return component{Kind: kind, Title: title, Text: text} },
		"confirmation": func(title, label, number string) component {
			return component{Title: title, Label: label, Text: number}
		},
		"empty":    newEmpty,
		"steps":    newSteps,
		"step":     newStepOf,
		"figure":   newFigure,
		"progress": newProgress,
		"passkey":  newPasskey,
		"qr":       qrCode,
		"secret":   newSecret,
		"codes":    func(label string, all []string) codes { return codes{label, all} },
		"strength": newStrength,
		"barx":     func(n int) int { return n * 26 },
	}
}

// usd is the amount with a true minus sign.
func usd(c money.Cents) string { return strings.Replace(c.USD(), "-", "−", 1) }

func moneySpan(c money.Cents) template.HTML {
	return template.HTML(`<span class="money">` + usd(c) + `</span>`)
}

func balance(c money.Cents) string {
	if c < 0 {
		return (-c).USD() + " credit"
	}
	return c.USD()
}

func at(i money.Instant, zone *time.Location) string {
	if i == 0 {
		return ""
	}
	return strings.NewReplacer("AM", "a.m.", "PM", "p.m.").Replace(i.Time().In(zone).Format("Jan 2, 2006, 3:04 PM MST"))
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// tel is a phone number as a link address.
func tel(s string) template.URL {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
	return template.URL("tel:+1" + digits)
}
