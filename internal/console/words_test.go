package console

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/servicing"
)

// kinds are the kinds of notices as billing declares them.
func kinds(t *testing.T) (all []billing.NoticeKind) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../billing/notices.go", nil, 0)
	must(t, err)
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == 1 {
			if kind, ok := v.Type.(*ast.Ident); ok && kind.Name == "NoticeKind" {
				all = append(all, billing.NoticeKind(strings.Trim(v.Values[0].(*ast.BasicLit).Value, `"`)))
			}
		}
		return true
	})
	return all
}

// writes finds the actions that servicing writes into the audit trail.
var writes = regexp.MustCompile(`(?:tx\.Audit\(|audit(?:Access|AccessBy|Staff|Caller|Page)\(|noteView\(|lookAt\(|Action: *|action :?= )[^"\n]*"([a-z_]+)"`)

func TestEveryMessageAndEveryActionHasWords(t *testing.T) {
	all := kinds(t)
	if len(all) < 40 {
		t.Fatalf("only %d kinds of notices were found", len(all))
	}
	for _, k := range all {
		if noticeWords[k] == "" {
			t.Errorf("no words for a message of the kind %s", k)
		}
	}
	files, err := filepath.Glob("../servicing/*.go")
	must(t, err)
	actions := []string{"paperless_on", "paperless_off", "caller_passed", "caller_failed"}
	for _, g := range identity.Goals {
		actions = append(actions, "recovery_"+string(g))
	}
	for _, k := range []string{"recovery", "unlock", "reset"} {
		actions = append(actions, k+"_asked", k+"_agreed", k+"_refused")
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		code, err := os.ReadFile(name)
		must(t, err)
		for _, m := range writes.FindAllStringSubmatch(string(code), -1) {
			actions = append(actions, m[1])
		}
	}
	if !slices.Contains(actions, "find") || !slices.Contains(actions, "view_opened") || !slices.Contains(actions, "keys_rotated") || !slices.Contains(actions, "pay") {
		t.Errorf("not all actions were found: %q", actions)
	}
	for _, a := range actions {
		if strings.HasPrefix(a, "_") || strings.HasSuffix(a, "_") {
			continue // a part of one of those above
		}
		if words[a] == "" {
			t.Errorf("no words for the action %s", a)
		}
	}
}

// The figures are those of the borrower's page: past due with fees now, and what
// comes next.
func TestWhatIsDueIsSaidAsTheBorrowerReadsIt(t *testing.T) {
	due := contract.Due{NextDate: money.NewDate(2026, 11, 2), PastDue: 155_26, Fees: 7_76, Upcoming: money.NewDate(2026, 12, 2), UpcomingAmount: 155_26}
	for want, c := range map[string]servicing.Card{
		"Past due now $163.02, since Nov 2, 2026|$155.26 past due and $7.76 in fees|Next payment $155.26 on Dec 2, 2026": {Due: due},
		"Amount due $155.26 by Dec 2, 2026": {Due: contract.Due{NextDate: due.Upcoming, Upcoming: due.Upcoming, UpcomingAmount: 155_26}},
		"Nothing is due right now":          {},
		"Nothing is asked for":              {Held: true, Due: due},
		"Still owed $900.00":                {ChargedOff: true, Due: due, Payoff: contract.Payoff{Total: 900_00}},
		"All that is left $900.00, due now": {Called: true, Due: due, Payoff: contract.Payoff{Total: 900_00}},
	} {
		if got := strings.Join((customerPage{}).DueOf(c), "|"); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}
