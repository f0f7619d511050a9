package marque_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

const module = "marque"

// A room is a folder of internal, or cmd. Its arrows point down: it may import
// the rooms it names and its own subfolders, nothing else of ours.
type room struct {
	level    int
	may      string // names of rooms
	why      string // the reason for what it may not
	pure     bool   // no files, network, log or chance: see worldly
	exact    bool   // no floating point
	clock    bool   // may ask the machine what time it is
	testOnly bool   // imported by tests alone
}

const below2 = "money card ledger contract ach bai pdf identity billing tape"

var house = map[string]room{
	"money": {level: 0, pure: true, exact: true, why: "amounts and dates are the ground; they know nothing of what they count"},
	"fault": {level: 0, why: "a place where a test stops the program knows nothing of what is done there"},
	"card":  {level: 0, pure: true, exact: true, why: "what looks like a card number is known everywhere words come in or go out, so it knows nothing of where"},

	"ledger":   {level: 1, pure: true, exact: true, may: "money", why: "the books know entries and accounts, not loans or files"},
	"contract": {level: 1, pure: true, exact: true, may: "money", why: "an account is a fold over its events: terms and events in, state out"},
	"ach":      {level: 1, pure: true, exact: true, may: "money", why: "the codec turns bytes into records and back; it knows nothing of payments"},
	"bai":      {level: 1, pure: true, exact: true, may: "money", why: "the reader turns a bank's statement into lines; it knows nothing of what was expected"},
	"pdf":      {level: 1, pure: true, why: "a writer of documents knows nothing of statements or money"},
	"identity": {level: 1, pure: true, may: "money", why: "who may do what is a rule; it has no SQL and no HTTP"},

	"billing": {level: 2, pure: true, exact: true, may: "money card ledger contract", why: "a decision is pure: a plan or a refusal, made before anything is written"},
	"tape":    {level: 2, pure: true, may: "money contract identity", why: "a reader of portfolios gives values and located errors; others store them"},

	"store":   {level: 3, exact: true, may: below2 + " fault", why: "the database holds facts; verbs, rails and papers use it, not the other way"},
	"rail":    {level: 3, may: "money card ach fault", why: "a rail carries files and charges; whose and why is decided above"},
	"notice":  {level: 3, may: "money card contract billing pdf", why: "messages are rendered from frozen snapshots, never from the database"},
	"export":  {level: 3, pure: true, exact: true, may: "money contract billing", why: "an account's history for other programs is text made from lines; who asked for it is decided above"},
	"paper":   {level: 3, may: "money contract billing pdf", why: "papers are set from frozen snapshots, never from the database"},
	"archive": {level: 3, may: "fault", why: "the archive keeps bytes under their hash; whose papers they are is known above"},

	"servicing": {level: 4, exact: true, may: below2 + " store fault", why: "a verb enqueues what leaves the process in its transaction and never performs it (no rail, no notice)"},

	"cycle": {level: 5, clock: true, may: below2 + " store rail notice paper archive servicing fault", why: "the business day knows no pages"},
	"web":   {level: 5, clock: true, may: "money card identity servicing", why: "the HTTP kit knows no page and no table"},

	"portal":  {level: 6, may: below2 + " notice export paper servicing web", why: "a borrower's page reaches data through servicing, which checks the actor, and cannot compile against a staff page"},
	"console": {level: 6, may: below2 + " notice export servicing web", why: "a staff page reaches data through servicing, which checks the actor, and shares nothing with a borrower's page"},
	"api":     {level: 6, may: below2 + " servicing web", why: "the API calls the same verbs as the pages and shares nothing with them but those"},
	"sandbox": {level: 6, clock: true, may: "money card ach bai contract billing tape web", why: "the bank, the card processor and the inbox stand outside: they see files and messages, never our books"},

	"cmd": {level: 7, clock: true, may: below2 + " store rail notice export paper archive servicing cycle web portal console api sandbox", why: "the command wires the rooms; it has no test rooms in it"},

	"pgtest": {level: 0, clock: true, testOnly: true, why: "a server for tests knows nothing of Marque"},
}

// Packages of the standard library that only some rooms may import, and every
// package from outside with the rooms that may. An entry covers the packages
// below its path unless it ends in "$". Tests are free of the first kind; for
// the second they may use what any room may, and what only tests may.
var doors = []struct{ path, rooms, why string }{
	{"database/sql$", "store", "one place for SQL: owner in the WHERE, one text for two databases"},
	{"net/http", "web portal console api rail cycle notice sandbox cmd", "a verb is called the same way from a page, the API and a file; a provider of text messages is reached over HTTP, and the card processor's events arrive by it"},
	{"html/template", "web portal console notice sandbox", "what people read is rendered at the edge"},
	{"math/rand", "tape sandbox cmd", "chance you can foresee is for sample data; ids and codes come from crypto/rand"},
	{"os/exec", "cmd pgtest", "the product runs no other program"},
	{"testing", "pgtest", "test code stays out of the program"},
	{"encoding/xml", "tape", "EX-102 is the only XML, and its reader refuses DTDs and entities"},
	{"io/ioutil", "", "superseded by io and os"},

	{"github.com/rickar/cal/v2", "money", "the banks' holidays are asked of money.Date"},
	{"gocloud.dev", "archive", "documents lie in one place, whoever's bucket it is"},
	{"golang.org/x/text", "identity servicing", "names and passwords are spelled one way before they are compared"},
	{"github.com/jackc/pgx/v5", "store pgtest", "drivers stay behind the store"},
	{"modernc.org/sqlite", "store", "drivers stay behind the store"},
	{"github.com/pressly/goose/v3", "store", "the schema is the store's"},
	{"github.com/google/uuid", "store servicing", "ids are made where the row is made, in one form"},
	{"github.com/tink-crypto/tink-go/v2", "store identity", "a field is sealed on its way into the database"},
	{"github.com/alexedwards/argon2id", "identity", "password rules live in one room"},
	{"github.com/nbutton23/zxcvbn-go", "identity", "the strength of a password is estimated where passwords are judged"},
	{"github.com/pquerna/otp", "identity sandbox", "a second factor is checked where its rules are; the sandbox has the telephone that shows it"},
	{"github.com/go-webauthn/webauthn", "identity", "passkeys are checked as bytes, in a room without HTTP"},
	{"github.com/nyaruka/phonenumbers", "identity", "a number is spelled one way before it is kept or compared"},
	{"golang.org/x/crypto", "identity rail", "password rules live in one room; SFTP is a rail's"},
	{"golang.org/x/sync", "store servicing cycle sandbox cmd", "the pure rooms do nothing at the same time"},
	{"github.com/wneessen/go-mail", "notice rail", "mail leaves through one door"},
	{"github.com/pkg/sftp", "rail", "files to and from the bank leave through one door"},
	{"github.com/stripe/stripe-go/v84", "rail", "the card processor is reached through one client"},
	{"github.com/emersion/go-smtp", "sandbox", "the inbox that receives is a program outside"},
	{"github.com/emersion/go-sasl", "sandbox", "the inbox that receives is a program outside"},
	{"github.com/boombuler/barcode", "web paper", "a code that a phone reads is drawn in the page, and the bars that a lockbox reads on the paper"},
	{"github.com/caddyserver/certmagic", "cmd", "certificates are the listener's, and the listener is the command's"},
	{"go.uber.org/zap", "cmd", "certmagic's log is given to ours"},
	{"github.com/alecthomas/kong", "cmd", "flags and environment are read once, by the command"},
	{"github.com/mattn/go-isatty", "cmd", "only the command speaks to a terminal"},

	{"github.com/chromedp", "", "the browser is driven by tests alone"},
	{"github.com/descope/virtualwebauthn", "", "an authenticator made of software is for tests"},
	{"github.com/pdfcpu/pdfcpu", "", "papers are read by another's program in tests"},
	{"github.com/google/go-cmp", "", "comparison by reflection is for tests"},
	{"github.com/rogpeppe/go-internal", "", "scripts are for tests"},
	{"pgregory.net/rapid", "", "made-up values are for tests"},
}

// What a pure room may not import: the world outside its arguments.
var worldly = []string{
	"os", "os/exec", "os/signal", "os/user", "net", "net/http", "net/rpc", "net/smtp", "net/textproto",
	"log", "log/slog", "syscall", "database/sql", "runtime/debug", "plugin", "expvar",
}

var vagueNames = []string{"util", "utils", "common", "helper", "helpers", "misc"}

type source struct {
	name  string // path from the root
	test  bool
	tree  *ast.File
	files *token.FileSet
}

func (s source) room() (string, bool) {
	top, rest, _ := strings.Cut(path.Dir(s.name), "/")
	switch top {
	case "internal":
		name, _, _ := strings.Cut(rest, "/")
		r, known := house[name]
		return name, known && r.level < house["cmd"].level
	case "cmd":
		return "cmd", true
	}
	return path.Dir(s.name), path.Dir(s.name) == "." && s.test
}

func (s source) at(node ast.Node) string {
	return fmt.Sprintf("%s:%d", s.name, s.files.Position(node.Pos()).Line)
}

func sources(root fs.FS) ([]source, error) {
	var all []source
	files := token.NewFileSet()
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			base := entry.Name()
			if name != "." && (base[0] == '.' || base[0] == '_' || base == "testdata" || base == "marque-data") {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(name) != ".go" {
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		tree, err := parser.ParseFile(files, name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		all = append(all, source{name, strings.HasSuffix(name, "_test.go"), tree, files})
		return nil
	})
	return all, err
}

// faults lists every breach of the house's rules in a tree of Go files.
func faults(root fs.FS) ([]string, error) {
	all, err := sources(root)
	if err != nil {
		return nil, err
	}
	var found []string
	documented := map[string]bool{}
	for _, s := range all {
		name, known := s.room()
		if !known {
			found = append(found, fmt.Sprintf("%s: room %q is unknown: give it a level in arch_test.go, and say why in docs/decisions.md", s.name, name))
			continue
		}
		r := house[name]
		found = append(found, badNames(s)...)
		found = append(found, badImports(s, name, r)...)
		found = append(found, badCode(s, name, r)...)
		if !s.test {
			documented[path.Dir(s.name)] = documented[path.Dir(s.name)] || hasPackageComment(s)
		}
	}
	for dir, is := range documented {
		if !is {
			found = append(found, fmt.Sprintf("%s: no package comment: say what the package promises and what it does not know about", dir))
		}
	}
	slices.Sort(found)
	return found, nil
}

func hasPackageComment(s source) bool {
	want := "Package " + s.tree.Name.Name + " "
	if s.tree.Name.Name == "main" {
		want = "Command " + path.Base(path.Dir(s.name)) + " "
	}
	return strings.HasPrefix(s.tree.Doc.Text(), want)
}

func badNames(s source) []string {
	for _, name := range []string{s.tree.Name.Name, path.Base(path.Dir(s.name))} {
		if slices.Contains(vagueNames, strings.TrimSuffix(name, "_test")) {
			return []string{fmt.Sprintf("%s: a package named %s says nothing: put the function in the file that uses it", s.name, name)}
		}
	}
	return nil
}

func badImports(s source, name string, r room) []string {
	var found []string
	for _, spec := range s.tree.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			imported = spec.Path.Value
		}
		if spec.Name != nil && spec.Name.Name == "." {
			found = append(found, fmt.Sprintf("%s: dot import of %s hides where a name comes from", s.at(spec), imported))
		}
		if why := whyNot(s, name, r, imported); why != "" {
			found = append(found, fmt.Sprintf("%s: %s may not import %s: %s", s.at(spec), name, imported, why))
		}
	}
	return found
}

func whyNot(s source, name string, r room, imported string) string {
	if inside, ours := strings.CutPrefix(imported, module+"/"); ours {
		return whyNotInside(s, name, r, inside)
	}
	if !s.test && r.pure && slices.Contains(worldly, imported) {
		return "the room is pure: what it needs of the world comes as an argument"
	}
	for _, door := range doors {
		exactly := strings.TrimSuffix(door.path, "$")
		below := exactly == door.path && strings.HasPrefix(imported, exactly+"/")
		if imported != exactly && !below {
			continue
		}
		if s.test || slices.Contains(strings.Fields(door.rooms), name) {
			return ""
		}
		return door.why
	}
	if first, _, _ := strings.Cut(imported, "/"); strings.Contains(first, ".") {
		return "a dependency needs a line in docs/decisions.md and a door in arch_test.go"
	}
	return ""
}

func whyNotInside(s source, name string, r room, inside string) string {
	top, rest, _ := strings.Cut(inside, "/")
	other, _, _ := strings.Cut(rest, "/")
	if top == "cmd" {
		other = "cmd"
	}
	target, known := house[other]
	switch {
	case !known || top != "internal" && top != "cmd":
		return "the room is unknown: give it a level in arch_test.go"
	case other == name || s.test:
		return ""
	case target.testOnly:
		return "only tests may: " + target.why
	case !slices.Contains(strings.Fields(r.may), other):
		return r.why
	}
	return ""
}

func badCode(s source, name string, r room) []string {
	var found []string
	add := func(node ast.Node, format string, args ...any) {
		found = append(found, s.at(node)+": "+fmt.Sprintf(format, args...))
	}
	clock := importName(s, "time")
	ast.Inspect(s.tree, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.Ident:
			if r.exact && !s.test && slices.Contains([]string{"float32", "float64", "ParseFloat"}, n.Name) {
				add(n, "%s in %s: money is counted in whole cents and rates in integers", n.Name, name)
			}
		case *ast.BasicLit:
			if r.exact && !s.test && n.Kind == token.FLOAT && strings.Contains(n.Value, ".") {
				add(n, "%s in %s is a float: money is counted in whole cents and rates in integers", n.Value, name)
			}
		case *ast.SelectorExpr:
			of, ok := n.X.(*ast.Ident)
			if !ok {
				return true
			}
			if of.Name == clock && slices.Contains([]string{"Now", "Since", "Until"}, n.Sel.Name) && !r.clock && !s.test {
				add(n, "time.%s in %s: clocks and dates are arguments", n.Sel.Name, name)
			}
			if slices.Contains([]string{"t", "b", "f", "tb"}, of.Name) && slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, n.Sel.Name) && (s.test || r.testOnly) {
				add(n, "%s.%s: a test that cannot run fails and says what is missing", of.Name, n.Sel.Name)
			}
		}
		return true
	})
	return found
}

// importName is what a file calls a package it imports; empty if it does not.
func importName(s source, imported string) string {
	for _, spec := range s.tree.Imports {
		if spec.Path.Value == strconv.Quote(imported) {
			if spec.Name != nil {
				return spec.Name.Name
			}
			return path.Base(imported)
		}
	}
	return ""
}

func TestTheHouseKeepsItsRules(t *testing.T) {
	found, err := faults(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range found {
		t.Error(fault)
	}
}

func TestArrowsPointDown(t *testing.T) {
	for name, r := range house {
		if r.why == "" {
			t.Errorf("%s: no reason given", name)
		}
		for other := range strings.FieldsSeq(r.may) {
			if target, known := house[other]; !known || target.level >= r.level {
				t.Errorf("%s (level %d) may import %s (level %d, known %t)", name, r.level, other, target.level, known)
			}
		}
	}
	for _, door := range doors {
		for name := range strings.FieldsSeq(door.rooms) {
			if _, known := house[name]; !known {
				t.Errorf("the door %s is open to %s, which is unknown", door.path, name)
			}
		}
	}
}

func TestTheRulesReject(t *testing.T) {
	const doc = "// Package x is fake.\npackage x\n"
	for _, fake := range []struct{ file, text, want string }{
		{"internal/portal/a.go", doc + `import _ "marque/internal/store"`, "portal may not import marque/internal/store: a borrower's page"},
		{"internal/portal/a.go", doc + `import _ "marque/internal/console"`, "portal may not import"},
		{"internal/console/a.go", doc + `import _ "marque/internal/portal"`, "console may not import"},
		{"internal/api/sub/a.go", doc + `import _ "marque/internal/store/sub"`, "api may not import marque/internal/store/sub"},
		{"internal/servicing/a.go", doc + `import _ "marque/internal/rail"`, "servicing may not import"},
		{"internal/servicing/a.go", doc + `import _ "marque/internal/notice"`, "never performs it"},
		{"internal/ach/a.go", doc + `import _ "marque/internal/contract"`, "ach may not import"},
		{"internal/money/a.go", doc + `import _ "marque/internal/ledger"`, "money may not import"},
		{"internal/rail/a.go", doc + `import _ "marque/internal/store"`, "rail may not import"},
		{"internal/sandbox/a.go", doc + `import _ "marque/internal/servicing"`, "sandbox may not import"},
		{"internal/web/a.go", doc + `import _ "marque/internal/portal"`, "web may not import"},
		{"internal/web/a.go", doc + `import _ "marque/cmd/marque"`, "web may not import marque/cmd/marque"},
		{"internal/store/a.go", doc + `import _ "marque/internal/pgtest"`, "only tests may"},
		{"internal/store/a.go", doc + `import _ "marque/tools"`, "give it a level"},
		{"internal/newroom/a.go", doc, "give it a level"},
		{"internal/cmd/a.go", doc, "give it a level"},
		{"tools/a.go", doc, "give it a level"},
		{"a.go", "// Package marque is fake.\npackage marque\n", "give it a level"},
		{"internal/portal/a.go", doc + `import _ "database/sql"`, "one place for SQL"},
		{"internal/servicing/a.go", doc + `import _ "github.com/jackc/pgx/v5/pgconn"`, "drivers stay behind the store"},
		{"internal/servicing/a.go", doc + `import _ "net/http"`, "servicing may not import net/http"},
		{"internal/portal/a.go", doc + `import _ "github.com/chromedp/chromedp"`, "driven by tests alone"},
		{"internal/web/a.go", doc + `import _ "testing"`, "test code stays out"},
		{"internal/web/a.go", doc + `import _ "math/rand/v2"`, "crypto/rand"},
		{"internal/web/a.go", doc + `import _ "github.com/nobody/nothing"`, "a line in docs/decisions.md"},
		{"internal/web/a_test.go", doc + `import _ "github.com/nobody/nothing"`, "a line in docs/decisions.md"},
		{"internal/contract/a.go", doc + `import _ "os"`, "the room is pure"},
		{"internal/billing/a.go", doc + `import _ "net"`, "the room is pure"},
		{"internal/web/a.go", doc + `import . "strings"`, "dot import"},
		{"internal/ledger/a.go", doc + `var f float64`, "float64 in ledger"},
		{"internal/store/a.go", doc + `func f(x int) int { return int(float32(x)) }`, "float32 in store"},
		{"internal/billing/a.go", doc + `const late = 0.05`, "0.05 in billing is a float"},
		{"internal/ach/a.go", doc + "import \"strconv\"\nvar f, _ = strconv.ParseFloat(\"1\", 64)", "ParseFloat in ach"},
		{"internal/servicing/a.go", doc + "import \"time\"\nvar now = time.Now()", "clocks and dates are arguments"},
		{"internal/store/a.go", doc + "import clock \"time\"\nvar now = clock.Now", "clocks and dates are arguments"},
		{"internal/store/a_test.go", doc + "import \"testing\"\nfunc TestX(t *testing.T) { t.Skip(\"no server\") }", "t.Skip"},
		{"internal/pgtest/a.go", doc + "import \"testing\"\nfunc URL(tb testing.TB) { tb.Skipf(\"no server\") }", "tb.Skipf"},
		{"internal/web/a.go", "package web", "no package comment"},
		{"internal/web/a.go", "// Helpers for pages.\npackage web", "no package comment"},
		{"cmd/marque/main.go", "package main", "no package comment"},
		{"internal/web/util/a.go", "// Package util is fake.\npackage util", "says nothing"},
		{"internal/web/misc/a.go", doc, "says nothing"},
	} {
		found, err := faults(fstest.MapFS{fake.file: {Data: []byte(fake.text)}})
		if err != nil {
			t.Errorf("%s:\n%s\n%v", fake.file, fake.text, err)
			continue
		}
		if len(found) != 1 || !strings.Contains(found[0], fake.want) {
			t.Errorf("%s:\n%s\ngot %q\nwant one fault with %q", fake.file, fake.text, found, fake.want)
		}
	}
}

func TestTheRulesAllow(t *testing.T) {
	const doc = "// Package x is fake.\npackage x\n"
	for _, fake := range []struct{ file, text string }{
		{"internal/store/a.go", doc + "import (\n_ \"database/sql\"\n_ \"github.com/jackc/pgx/v5/pgconn\"\n_ \"marque/internal/billing\"\n)"},
		{"internal/money/a.go", doc + "import (\n_ \"database/sql/driver\"\n_ \"github.com/rickar/cal/v2/us\"\n)"},
		{"internal/portal/a.go", doc + "import (\n_ \"marque/internal/servicing\"\n_ \"marque/internal/portal/pages\"\n)"},
		{"internal/portal/a_test.go", doc + "import (\n_ \"marque/internal/store\"\n_ \"marque/internal/pgtest\"\n_ \"github.com/chromedp/chromedp\"\n)"},
		{"internal/contract/a.go", doc + "import \"time\"\nfunc day(t time.Time) int { return t.Day() }"},
		{"internal/contract/a_test.go", doc + "var share = 0.5\nvar f float64"},
		{"internal/tape/a.go", doc + "import \"encoding/xml\"\nfunc f(d *xml.Decoder) error { return d.Skip() }"},
		{"internal/cycle/a.go", doc + "import \"time\"\nvar started = time.Now()"},
		{"internal/web/testdata/a.go", "package util"},
		{"cmd/marque/main.go", "// Command marque is fake.\npackage main\nimport _ \"marque/internal/store\""},
	} {
		found, err := faults(fstest.MapFS{fake.file: {Data: []byte(fake.text)}})
		if err != nil || len(found) > 0 {
			t.Errorf("%s:\n%s\ngot %q, %v; want no fault", fake.file, fake.text, found, err)
		}
	}
}
