//go:build broken

package servicing_test

import "testing"

// brokenLetters are programs that write letters wrongly in one way each.
var brokenLetters = brokenPrograms{
	"a lien goes while the money can come back": {"TestALoanThatIsPaidOffHasItsLetters", []patch{
		{"paperwork.go", `if by := letter.Release.By; by > on {`, `if by := letter.Release.By; by < 0 {`},
		{"paperwork.go", `if letter.Release.Law == "" && (!known || final > on) {`, `if !known {`},
		{"paperwork.go", `max(on, letter.Release.By)`, `on`}}},
	"a lien goes for money that came back": {"TestAPayoffThatComesBackReleasesNothing", []patch{
		{"paperwork.go", `	if c.Status != "paid" {
		return 0, nil
	}
`, ``}, {"post.go", `	c.PapersOn = nextPapers(c, day-1, 0)
`, ``}}},
	"an account of years ago has its interest summed": {"TestALoanThatIsPaidOffHasItsLetters", []patch{
		{"paperwork.go", `if c.Status == "open" || c.State.LastEvent.Year() >= summary.Year()-1 {`, `if summary > 0 {`},
		{"paperwork.go", `if err != nil || (c.Status != "open" && summary.Interest == 0 && c.State.LastEvent.Year() < year) {`, `if err != nil {`}}},
	"a packet for the lease as it was": {"TestALeaseHasItsPacketNinetyDaysBeforeItEnds", []patch{
		{"post.go", `	c.PapersOn = nextPapers(c, day-1, 0)
`, ``}}},
	"a bankruptcy is written to": {"TestALateFeeHasItsNotice", []patch{
		{"day.go", `			if held(c) {
				continue
			}
`, ``}}},
	"a refusal without a look at the customer": {"TestARefusalIsWrittenToWhoAsked", []patch{
		{"letters.go", `		v, err := s.viewing(tx, actor, req.Customer)
		if err != nil {
			return err
		}
`, `		v := Viewing{Reason: "none"}
		var err error
`}}},
	"a refusal on anyone's contract": {"TestARefusalIsWrittenToWhoAsked", []patch{
		{"letters.go", `tx.TakeContract(string(req.Contract), string(req.Customer))`, `tx.TakeContract(string(req.Contract), "")`}}},
	"the same schedule whatever was posted": {"TestPapersOnRequestAreOfToday", []patch{
		{"letters.go", `about, day, c.LastEvent, c.LastEntry, who)`, `about, day, 0, 0, who)`}}},
}

func TestBrokenLettersAreFound(t *testing.T) { brokenLetters.areFound(t) }
