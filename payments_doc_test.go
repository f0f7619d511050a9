package marque_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"marque/internal/billing"
)

// tableOf is the rows of the table under a heading of a page, as trimmed cells.
func tableOf(t *testing.T, page, heading string) (rows [][]string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("%s has no section %q", page, heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	for line := range strings.Lines(section) {
		if !strings.HasPrefix(line, "| ") {
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells)
	}
	return rows[1:]
}

// The table of states, and the picture, are the machine's moves and no others, and
// each says why it happens and what the borrower reads.
func TestThePaymentStatesAreAsWritten(t *testing.T) {
	written := map[string]bool{}
	for _, row := range tableOf(t, "docs/payments.md", "The states") {
		if len(row) != 5 || row[3] == "" || row[4] == "" {
			t.Errorf("%q", row)
			continue
		}
		move := row[0] + ": " + row[1] + " to " + row[2]
		if written[move] {
			t.Errorf("%s stands twice", move)
		}
		written[move] = true
	}
	text, err := os.ReadFile("docs/payments.md")
	if err != nil {
		t.Fatal(err)
	}
	picture, mark := map[string]bool{}, map[billing.Rail]string{billing.ACH: "", billing.Card: "_"}
	for line := range strings.Lines(string(text)) {
		if from, to, found := strings.Cut(strings.TrimSpace(line), " --> "); found {
			to, _, _ = strings.Cut(to, ":")
			picture[from+" "+to] = true
		}
	}
	moves := 0
	for _, rail := range []billing.Rail{billing.ACH, billing.Card} {
		for _, to := range billing.States {
			for _, from := range append([]billing.PaymentState{""}, billing.States...) {
				may := rail.MayBecome(from, to)
				drawn := string(from) + mark[rail] + " " + string(to) + mark[rail]
				if from == "" {
					may, drawn = rail.First(to), "[*] "+string(to)+mark[rail]
				}
				if may {
					moves++
				}
				if move := fmt.Sprintf("%s: %s to %s", rail, from, to); written[move] != may {
					t.Errorf("%s: written %t, in the code %t", move, written[move], may)
				}
				if picture[drawn] != may {
					t.Errorf("%s: drawn %t, in the code %t", drawn, picture[drawn], may)
				}
			}
		}
	}
	if moves != len(written) || moves != len(picture) {
		t.Errorf("%d moves, %d written, %d drawn", moves, len(written), len(picture))
	}
}

func TestTheReturnCodesAreAsWritten(t *testing.T) {
	rows := tableOf(t, "docs/payments.md", "What each return code does")
	rules := billing.ReturnRules()
	if len(rows) != len(rules) {
		t.Fatalf("%d codes are written, and there are %d", len(rows), len(rules))
	}
	yes := map[bool]string{true: "yes"}
	for i, r := range rules {
		account, unauthorized := "", r.Class == billing.UnauthorizedReturn
		switch {
		case r.EndsAuthorization:
			account = "stopped, authorization over"
		case r.StopsAccount:
			account = "stopped"
		case unauthorized:
			account = "autopay ends"
		}
		want := []string{r.Code, string(r.Class), yes[r.Reverse], yes[r.Fee], yes[r.Retry], account, yes[r.Exception || r.StopsAccount || r.EndsAuthorization || unauthorized], r.Reason}
		if got := strings.Join(rows[i], " | "); got != strings.Join(want, " | ") {
			t.Errorf("%s\n\tthe code says: %s", got, strings.Join(want, " | "))
		}
	}
}
