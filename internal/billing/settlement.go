package billing

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"marque/internal/money"
)

// SettlementKind says what an amount is that the bank's statement should show.
type SettlementKind string

// The kinds of expected settlement.
const (
	SettledDrafts    SettlementKind = "drafts"    // a batch of debits that we originated: a credit to us
	SettledReversals SettlementKind = "reversals" // a batch of credits that take debits back
	SettledTests     SettlementKind = "tests"     // a batch of small entries that prove a bank account
	SettledReturn    SettlementKind = "return"    // an entry of ours that came back
	SettledUnknown   SettlementKind = "unknown"   // a return that answers to no entry of ours: a person has it, and the bank has moved it
	SettledPayout    SettlementKind = "payout"    // the card processor's, less its fees
)

// ExpectedSettlement is an amount that the bank's statement should show on a day,
// a banking day or the next one after it. Positive is money to us. Group is what
// the bank may post in one amount, a file; Reference is what its line may name
// the amount by.
type ExpectedSettlement struct {
	ID        string
	Day       money.Date
	Rail      Rail
	Kind      SettlementKind
	Group     string
	Reference string
	Amount    money.Cents
}

// BankLine is a movement on the bank's statement. Positive is money to us. Code is
// its type in BAI2; from a CSV it may be anything, and says nothing then. Words
// are its references and text.
type BankLine struct {
	ID     string
	Day    money.Date
	Amount money.Cents
	Code   string
	Words  string
}

// MatchRule says why lines and expected amounts belong together.
type MatchRule string

// The rules, in the order in which they are tried. All ask for the amount to the
// cent, and for a type that such an amount may have.
const (
	MatchReference MatchRule = "reference"     // the line names it, within ReferenceDays
	MatchSameDay   MatchRule = "same_day"      // on its banking day
	MatchNearDay   MatchRule = "near_day"      // within NearDays
	MatchSeveral   MatchRule = "several_lines" // all lines of a day and type together, within NearDays
	MatchByPerson  MatchRule = "person"
)

// How many banking days a line may be off.
const (
	NearDays      = 2
	ReferenceDays = 5
)

// SettlementDays is how many banking days an amount waits for its line, and a line
// for its amount, before a person is asked to look.
const SettlementDays = 3

// Overdue says whether what belongs to a day should have been matched by another.
func Overdue(on, today money.Date) bool { return on.AddBankingDays(SettlementDays) <= today }

// SettlementMatch is what belongs together: the sums are equal.
type SettlementMatch struct {
	Rule     MatchRule
	Lines    []string
	Expected []string
}

// MatchSettlement finds which lines are which expected amounts: one line for one
// amount; one line for all that a file, or a rail, settles on a day, each way or
// net; or all lines of a day and type for any of these. Where a line or an amount
// could belong to two, neither is taken: a person decides. The answer depends on
// what is given and on nothing else, not on its order.
func MatchSettlement(expected []ExpectedSettlement, lines []BankLine) (out []SettlementMatch) {
	open := slices.SortedFunc(slices.Values(expected), func(a, b ExpectedSettlement) int { return cmp.Compare(a.ID, b.ID) })
	left := slices.SortedFunc(slices.Values(lines), func(a, b BankLine) int { return cmp.Compare(a.ID, b.ID) })
	for _, rule := range []MatchRule{MatchReference, MatchSameDay, MatchNearDay, MatchSeveral} {
		found := unrivaled(rule, candidates(rule, owing(open), offered(rule, left)))
		had, got := map[string]bool{}, map[string]bool{}
		for _, m := range found {
			for _, id := range m.Expected {
				had[id] = true
			}
			for _, id := range m.Lines {
				got[id] = true
			}
		}
		open = slices.DeleteFunc(open, func(e ExpectedSettlement) bool { return had[e.ID] })
		left = slices.DeleteFunc(left, func(l BankLine) bool { return got[l.ID] })
		out = append(out, found...)
	}
	return out
}

// owed are expected amounts that the bank may post as one.
type owed struct {
	of   []ExpectedSettlement
	sum  money.Cents
	name string // of the whole, in a line
}

// owing lists every amount alone, and all that a file or a rail settles on a day,
// money in, money out and net.
func owing(open []ExpectedSettlement) []owed {
	type heap struct {
		day       money.Date
		rail      Rail
		group     string
		direction int
	}
	heaps := map[heap][]ExpectedSettlement{}
	var out []owed
	for _, e := range open {
		out = append(out, owed{[]ExpectedSettlement{e}, e.Amount, e.Reference})
		sign := cmp.Compare(e.Amount, 0)
		for _, h := range []heap{{e.Day, e.Rail, e.Group, sign}, {e.Day, e.Rail, e.Group, 0}, {e.Day, e.Rail, "", sign}, {e.Day, e.Rail, "", 0}} {
			heaps[h] = append(heaps[h], e)
		}
	}
	known := map[string]bool{}
	for _, h := range slices.SortedFunc(maps.Keys(heaps), func(a, b heap) int {
		return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.rail, b.rail), -cmp.Compare(a.group, b.group), cmp.Compare(a.direction, b.direction))
	}) {
		w := owed{of: heaps[h], name: h.group}
		var ids []string
		for _, e := range w.of {
			w.sum += e.Amount
			ids = append(ids, e.ID)
		}
		if key := strings.Join(ids, "\x00"); len(ids) > 1 && !known[key] && w.sum != 0 {
			known[key] = true
			out = append(out, w)
		}
	}
	return out
}

// offer are lines that may together be one amount.
type offer struct {
	of  []BankLine
	sum money.Cents
}

func offered(rule MatchRule, left []BankLine) (out []offer) {
	if rule != MatchSeveral {
		for _, l := range left {
			out = append(out, offer{[]BankLine{l}, l.Amount})
		}
		return out
	}
	type heap struct {
		day  money.Date
		code string
	}
	heaps := map[heap]*offer{}
	for _, l := range left {
		h := heap{l.Day, l.Code}
		if heaps[h] == nil {
			heaps[h] = &offer{}
		}
		heaps[h].of = append(heaps[h].of, l)
		heaps[h].sum += l.Amount
	}
	for _, o := range heaps {
		if len(o.of) > 1 {
			out = append(out, *o)
		}
	}
	slices.SortFunc(out, func(a, b offer) int { return cmp.Compare(a.of[0].ID, b.of[0].ID) })
	return out
}

type pair struct {
	owed  owed
	offer offer
}

// candidates are all pairs that a rule allows.
func candidates(rule MatchRule, owing []owed, offers []offer) (out []pair) {
	bySum := map[money.Cents][]owed{}
	names := map[string]bool{}
	for _, w := range owing {
		bySum[w.sum] = append(bySum[w.sum], w)
		names[w.name] = true
	}
	for _, o := range offers {
		named := false
		for _, l := range o.of {
			for word := range words(l.Words) {
				named = named || names[word]
			}
		}
		for _, w := range bySum[o.sum] {
			// A line that names something is that or nothing.
			if (rule == MatchReference || named) && !namesAll(w.name, o) {
				continue
			}
			if w.near(rule, o) && w.fits(o) {
				out = append(out, pair{w, o})
			}
		}
	}
	return out
}

// minReference is the shortest that a reference may be: short ones stand in any
// text.
const minReference = 6

// words are those of a line's words that may be a reference.
func words(text string) map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsFuncSeq(text, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '_' && r != '-'
	}) {
		if len(w) >= minReference {
			out[w] = true
		}
	}
	return out
}

func namesAll(name string, o offer) bool {
	for _, l := range o.of {
		if !words(l.Words)[name] {
			return false
		}
	}
	return true
}

func (w *owed) near(rule MatchRule, o offer) bool {
	most := map[MatchRule]int{MatchReference: ReferenceDays, MatchSameDay: 0, MatchNearDay: NearDays, MatchSeveral: NearDays}[rule]
	return bankingDaysApart(w.of[0].Day, o.of[0].Day, most)
}

// bankingDaysApart says whether two days are at most so many banking days apart.
// What falls on a day on which the banks are closed belongs to the next banking day.
func bankingDaysApart(a, b money.Date, most int) bool {
	a, b = bankingDay(a), bankingDay(b)
	if a > b {
		a, b = b, a
	}
	return b <= a.AddBankingDays(most)
}

func bankingDay(d money.Date) money.Date {
	if d.BankingDay() {
		return d
	}
	return d.AddBankingDays(1)
}

// Types of a bank's lines (BAI2) that say no more than which way money goes.
var plainTypes = map[string]bool{"": true, "108": true, "399": true, "409": true, "699": true}

// kindTypes are the types that an amount of a kind may have. ACH settlement comes
// as credit or as debit, of the whole or net.
var kindTypes = map[SettlementKind]string{
	SettledDrafts:    "142 145 155 164 165 166 169 466",
	SettledReversals: "447 451 455 462 464 466 469 558 166",
	SettledTests:     "142 145 155 164 165 166 169 447 451 455 462 464 466 469",
	SettledReturn:    "168 169 257 258 166 451 455 466 468 469 555 557 558",
	SettledUnknown:   "168 169 257 258 166 451 455 466 468 469 555 557 558",
	SettledPayout:    "142 145 147 155 164 165 166 169 451 455 464 466 469",
}

func (w *owed) fits(o offer) bool {
	for _, l := range o.of {
		if !numbered(l.Code) || plainTypes[l.Code] {
			continue
		}
		for _, e := range w.of {
			if !strings.Contains(kindTypes[e.Kind], l.Code) {
				return false
			}
		}
	}
	return true
}

// numbered says whether a type is one of BAI2.
func numbered(code string) bool {
	return len(code) == 3 && strings.Trim(code, "0123456789") == ""
}

// unrivaled takes the pairs that share no line and no amount with another pair.
func unrivaled(rule MatchRule, all []pair) (out []SettlementMatch) {
	claims := map[string]int{}
	each := func(p *pair, do func(id string)) {
		for _, e := range p.owed.of {
			do("e" + e.ID)
		}
		for _, l := range p.offer.of {
			do("l" + l.ID)
		}
	}
	for i := range all {
		each(&all[i], func(id string) { claims[id]++ })
	}
	for i := range all {
		alone := true
		each(&all[i], func(id string) { alone = alone && claims[id] == 1 })
		if !alone {
			continue
		}
		m := SettlementMatch{Rule: rule}
		for _, e := range all[i].owed.of {
			m.Expected = append(m.Expected, e.ID)
		}
		for _, l := range all[i].offer.of {
			m.Lines = append(m.Lines, l.ID)
		}
		out = append(out, m)
	}
	return out
}

// LineRail says which rail a line without an expected amount is of, by its type:
// empty for checks, wires, fees and what a type does not tell.
func LineRail(code string) Rail {
	switch {
	case !numbered(code) || plainTypes[code]:
		return ""
	case code == "147":
		return Card
	case strings.Contains(kindTypes[SettledDrafts]+" "+kindTypes[SettledReversals]+" "+kindTypes[SettledReturn], code):
		return ACH
	}
	return ""
}
