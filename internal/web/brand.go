package web

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a brand's zone must be found on any machine
)

//go:embed brand/default
var defaultBrand embed.FS

// DefaultBrand is the invented lender's folder that ships inside the program.
func DefaultBrand() fs.FS {
	sub, err := fs.Sub(defaultBrand, "brand/default")
	if err != nil {
		panic(err) // the path is a constant that the compiler embedded
	}
	return sub
}

// Brand is what a lender may change: names, legal lines, ways to reach it,
// time zone, colours and marks. It is read from a folder with brand.json,
// logo.svg and icon.svg.
type Brand struct {
	Name      string   `json:"name"`       // "Kestrane Motor Finance"
	ShortName string   `json:"short_name"` // "Kestrane"
	LegalName string   `json:"legal_name"`
	Legal     []string `json:"legal"` // lines at the foot of every page

	Phone          string   `json:"phone"`
	Hours          []string `json:"hours"`
	Email          string   `json:"email"`
	MailAddress    []string `json:"mail_address"`    // letters
	PaymentAddress []string `json:"payment_address"` // checks

	DisputeAddress    []string `json:"dispute_address"`    // what was reported to credit bureaus; left out is MailAddress
	BankruptcyAddress []string `json:"bankruptcy_address"` // notices about a bankruptcy; left out is MailAddress
	// CreditAgency is the name and address, as lines, of the federal agency that
	// supervises the lender, for letters that refuse something (12 CFR 1002.9(b)(1),
	// appendix A); without it no such letter can be made.
	CreditAgency []string `json:"credit_agency"`
	// StatementMessages stand on every statement that is cut while they are set.
	StatementMessages []struct {
		English string `json:"en"`
		Spanish string `json:"es"`
	} `json:"statement_messages"`

	TimeZone string `json:"time_zone"` // an IANA name
	// Colors overrides tokens of the stylesheet by name, without the dashes.
	Colors struct {
		Light map[string]string `json:"light"`
		Dark  map[string]string `json:"dark"`
	} `json:"colors"`

	Location *time.Location `json:"-"`
	logo     []byte
	icon     []byte
}

// ErrContrast is wrapped when a brand's colours cannot be read by everyone.
var ErrContrast = errors.New("contrast too low")

// LoadBrand reads a brand's folder. It refuses unknown fields, missing names,
// colours that are not #rrggbb, and any pair of colours that the stylesheet
// puts together and that fails WCAG 2.2 AA (1.4.3 and 1.4.11), naming the pair.
func LoadBrand(folder fs.FS) (*Brand, error) {
	raw, err := fs.ReadFile(folder, "brand.json")
	if err != nil {
		return nil, fmt.Errorf("load brand: %w", err)
	}
	b := new(Brand)
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(b); err != nil {
		return nil, fmt.Errorf("load brand: brand.json: %w", err)
	}
	for name, v := range map[string]string{"name": b.Name, "short_name": b.ShortName, "legal_name": b.LegalName, "phone": b.Phone, "email": b.Email} {
		if strings.TrimSpace(v) == "" {
			return nil, fmt.Errorf("load brand: brand.json: %s is missing", name)
		}
	}
	if b.Location, err = time.LoadLocation(b.TimeZone); err != nil || b.TimeZone == "" {
		return nil, fmt.Errorf("load brand: brand.json: time_zone %q is not known", b.TimeZone)
	}
	if b.logo, err = fs.ReadFile(folder, "logo.svg"); err != nil {
		return nil, fmt.Errorf("load brand: %w", err)
	}
	if b.icon, err = fs.ReadFile(folder, "icon.svg"); err != nil {
		return nil, fmt.Errorf("load brand: %w", err)
	}
	if err := b.checkColors(); err != nil {
		return nil, fmt.Errorf("load brand: %w", err)
	}
	return b, nil
}

var tokens = []string{"ink", "paper", "line", "muted", "accent", "accent-ink", "good", "warn", "bad"}

// A pair is a foreground that the stylesheet sets on a background. The
// background may be two colours mixed, as color-mix does it; the shares are
// those written in marque.css.
type pair struct {
	front, tint string
	share       float64 // of tint in the background
	rest        string  // what the tint is mixed into
	least       float64
}

var pairs = []pair{
	{"ink", "paper", 1, "paper", 4.5},
	{"muted", "paper", 1, "paper", 4.5}, // also the edge of form fields
	{"accent", "paper", 1, "paper", 4.5},
	{"good", "paper", 1, "paper", 4.5},
	{"warn", "paper", 1, "paper", 4.5},
	{"bad", "paper", 1, "paper", 4.5},
	{"accent-ink", "accent", 1, "paper", 4.5},
	{"paper", "ink", 1, "paper", 4.5}, // skip link
	{"ink", "ink", 0.04, "paper", 4.5},
	{"muted", "ink", 0.04, "paper", 4.5},
	{"accent", "ink", 0.04, "paper", 4.5},
	{"ink", "accent", 0.06, "paper", 4.5},
	{"muted", "accent", 0.06, "paper", 4.5},
	{"accent", "accent", 0.06, "paper", 4.5},
	{"accent-ink", "accent", 0.88, "ink", 4.5}, // a button under the pointer
	{"good", "good", 0.08, "paper", 4.5},
	{"warn", "warn", 0.08, "paper", 4.5},
	{"bad", "bad", 0.08, "paper", 4.5},
	{"ink", "good", 0.08, "paper", 4.5},
	{"ink", "warn", 0.08, "paper", 4.5},
	{"ink", "bad", 0.08, "paper", 4.5},
}

func (b *Brand) checkColors() error {
	light, dark, err := stylesheetColors()
	if err != nil {
		return err
	}
	var failed []error
	for _, mode := range []struct {
		name     string
		base, by map[string]string
	}{{"light", light, b.Colors.Light}, {"dark", dark, b.Colors.Dark}} {
		colors := map[string]rgb{}
		for name, hex := range mode.base {
			if over, ok := mode.by[name]; ok {
				hex = over
			}
			if colors[name], err = parseHex(hex); err != nil {
				return fmt.Errorf("colors.%s.%s: %w", mode.name, name, err)
			}
		}
		for name := range mode.by {
			if !slices.Contains(tokens, name) {
				return fmt.Errorf("colors.%s.%s is not one of %s", mode.name, name, strings.Join(tokens, ", "))
			}
		}
		for _, p := range pairs {
			ground, where := mix(colors[p.tint], colors[p.rest], p.share), p.tint
			if p.share < 1 {
				where = fmt.Sprintf("%s tinted %.0f%% %s", p.rest, p.share*100, p.tint)
			}
			if ratio := contrast(colors[p.front], ground); ratio < p.least {
				failed = append(failed, fmt.Errorf("%w: %s on %s in %s is %.2f to 1, at least %.1f is needed",
					ErrContrast, p.front, where, mode.name, ratio, p.least))
			}
		}
	}
	return errors.Join(failed...)
}

var colorRule = regexp.MustCompile(`--([a-z-]+):\s*(#[0-9a-fA-F]{6});`)

// stylesheetColors reads the defaults where they are written, in marque.css:
// first the light ones, then those under prefers-color-scheme: dark.
func stylesheetColors() (light, dark map[string]string, err error) {
	css, err := assetFiles.ReadFile("assets/marque.css")
	if err != nil {
		return nil, nil, err
	}
	before, after, _ := strings.Cut(string(css), "prefers-color-scheme: dark")
	read := func(s string) map[string]string {
		m := map[string]string{}
		for _, r := range colorRule.FindAllStringSubmatch(s, -1) {
			if slices.Contains(tokens, r[1]) {
				m[r[1]] = r[2]
			}
		}
		return m
	}
	light, dark = read(before), read(after)
	if len(light) != len(tokens) || len(dark) != len(tokens) {
		return nil, nil, fmt.Errorf("marque.css names %d light and %d dark colours, not %d", len(light), len(dark), len(tokens))
	}
	return light, dark, nil
}

// css is the brand's overrides, to stand after the stylesheet.
func (b *Brand) css() string {
	rules := func(m map[string]string) string {
		var s strings.Builder
		for _, name := range tokens {
			if hex, ok := m[name]; ok {
				fmt.Fprintf(&s, "--%s:%s;", name, hex)
			}
		}
		return s.String()
	}
	return fmt.Sprintf("\n:root{%s}\n@media screen and (prefers-color-scheme:dark){:root{%s}}\n", rules(b.Colors.Light), rules(b.Colors.Dark))
}

type rgb [3]float64 // sRGB, 0 to 1

func parseHex(s string) (c rgb, err error) {
	n, err := strconv.ParseUint(strings.TrimPrefix(s, "#"), 16, 32)
	if err != nil || len(s) != 7 || s[0] != '#' {
		return c, fmt.Errorf("%q is not a colour like #0f4c5c", s)
	}
	return rgb{float64(n>>16) / 255, float64(n>>8&255) / 255, float64(n&255) / 255}, nil
}

func mix(a, b rgb, share float64) (c rgb) {
	for i := range c {
		c[i] = a[i]*share + b[i]*(1-share)
	}
	return c
}

// contrast is the ratio of WCAG 2.2: (L1 + 0.05) / (L2 + 0.05).
func contrast(a, b rgb) float64 {
	l := func(c rgb) float64 {
		for i, v := range c {
			if v <= 0.04045 {
				c[i] = v / 12.92
			} else {
				c[i] = math.Pow((v+0.055)/1.055, 2.4)
			}
		}
		return 0.2126*c[0] + 0.7152*c[1] + 0.0722*c[2]
	}
	la, lb := l(a), l(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}
