package portal

import (
	"net/http"
	"strings"
	"testing"
)

// A paper that is asked for is made, shown and listed; the same again is the same.
func TestAPaperIsMadeWhenItIsAskedFor(t *testing.T) {
	l := openLender(t)
	b := l.activated(t, "770001001", "4321")
	_, _, page := b.visit(t, "/documents")
	sound(t, "documents", page)
	says(t, page, "Make a paper", "Payment schedule", "Account history", "Interest in 2026 so far")
	account := strings.TrimPrefix(b.account(t), "/accounts/")
	first := ""
	for _, kind := range []string{"amortization_schedule", "account_history", "interest_summary", "amortization_schedule"} {
		at, status, _ := b.send(t, "/documents/make", values("account", account, "kind", kind))
		if status != http.StatusOK || !strings.HasPrefix(at, "/accounts/"+account+"/documents/") {
			t.Fatalf("%s: %d at %s", kind, status, at)
		}
		if kind == "amortization_schedule" {
			if first != "" && at != first {
				t.Errorf("the same schedule again is at %s and not %s", at, first)
			}
			first = at
		}
	}
	_, _, page = b.visit(t, "/documents")
	says(t, page, "3 documents, newest first.", "Payment schedule", "Account history", "Interest summary for taxes")
	for _, bad := range [][2]string{{account, "payoff_letter"}, {account, ""}, {"another", "account_history"}, {"", "account_history"}} {
		if _, status, _ := b.send(t, "/documents/make", values("account", bad[0], "kind", bad[1])); status != http.StatusNotFound {
			t.Errorf("%v: %d", bad, status)
		}
	}
}
