package identity

import (
	"slices"
	"time"

	"marque/internal/money"
)

// Signal is something unusual about a sign-in whose first secret was right (NIST SP
// 800-63B-4, 5.3; FFIEC Authentication and Access, 2021).
type Signal string

// The signals, in the order in which they are given and shown.
const (
	NewDevice        Signal = "new_device"
	NewNetwork       Signal = "new_network"
	ImpossibleTravel Signal = "impossible_travel"
	ManyAccounts     Signal = "many_accounts"
	ManySources      Signal = "many_sources"
	FactorFailed     Signal = "factor_failed"
	BreachedPassword Signal = "breached_password"
	CounterBack      Signal = "counter_back"
	LongAway         Signal = "long_away"
	AfterFailures    Signal = "after_failures"
)

// signalTable says how much each signal counts, whether it speaks of the password
// and so says nothing of who showed a passkey, and why it counts no more or less.
// Measured against the recorded scenarios in signals_test.go.
var signalTable = []struct {
	signal   Signal
	weight   int
	password bool
	words    string
	why      string
}{
	{NewDevice, 2, false, "A device that has not been used for this account before", "every theft has it, and so has every new phone: alone it asks for nothing"},
	{NewNetwork, 1, false, "A network that has not been used for this account before", "phones change theirs all day"},
	{ImpossibleTravel, 3, false, "Farther from the last sign-in than anyone can travel in that time", "a private network or a carrier's far gateway looks the same; with a new device and network it holds changes"},
	{ManyAccounts, 5, true, "The same place is trying many accounts", "lists of stolen passwords are tried this way; with a new device and network it refuses"},
	{ManySources, 3, true, "Many places are trying this account", "somebody wants in, but the owner is not the one to suffer for it"},
	{FactorFailed, 3, true, "The right password, but the second step failed before", "the password may be known to somebody; with a new device and network it holds changes"},
	{BreachedPassword, 3, true, "The password is on a list of stolen ones", "anyone may have it: never without a second step"},
	{CounterBack, 5, false, "The passkey's counter went back, so a copy of it may be in use", "some devices count badly, so that alone it asks for another step; elsewhere it holds changes"},
	{LongAway, 1, false, "The first sign-in in more than six months", "forgotten accounts are taken over unseen; most who come back are who they are"},
	{AfterFailures, 2, true, "Several wrong tries before it", "people fumble; strangers guess: with a new device and network it holds changes"},
}

// Words are the signal as the borrower and the staff read it.
func (s Signal) Words() string {
	for _, row := range signalTable {
		if row.signal == s {
			return row.words
		}
	}
	return ""
}

// Weight is how much the signal counts.
func (s Signal) Weight() int {
	for _, row := range signalTable {
		if row.signal == s {
			return row.weight
		}
	}
	return 0
}

// Decision is what the signals of a sign-in lead to, from mild to severe.
type Decision string

// The decisions.
const (
	// Allow lets a remembered device go without its second step.
	Allow Decision = "allow"
	// StepUp asks for a second factor, on a remembered device too, and after a
	// passkey for another one; who has no other goes on with changes held.
	StepUp Decision = "step_up"
	// HoldChanges asks for it and holds changes of contact data, factors and bank
	// accounts for a day.
	HoldChanges Decision = "hold_changes"
	// Refuse lets nobody in by this way: the owner unlocks with a registered
	// address and a second factor, or signs in with a passkey.
	Refuse Decision = "refuse"
)

// The scores at which decisions begin, and what a passkey takes off. It cannot be
// phished, guessed or read from a stolen list: what speaks of the password does not
// count beside it, a new device on a new network is a traveler's, and it is never
// refused.
const (
	stepUpAt      = 3
	holdAt        = 5
	refuseAt      = 8
	passkeyCredit = 2
)

// Weigh adds the signals up and decides. strong says that a passkey with user
// verification was shown. Each signal counts once.
func Weigh(signals []Signal, strong bool) (score int, d Decision) {
	for _, row := range signalTable {
		if slices.Contains(signals, row.signal) && !(strong && row.password) {
			score += row.weight
		}
	}
	if strong {
		score = max(score-passkeyCredit, 0)
	}
	switch {
	case score >= refuseAt && !strong:
		return score, Refuse
	case score >= holdAt:
		return score, HoldChanges
	case score >= stepUpAt:
		return score, StepUp
	}
	return score, Allow
}

// Visit is one sign-in that came through, second step and all. Network is Network(ip), empty when unknown; Place counts
// where Placed; Device is the id of a device by its signed mark, empty for a device
// that has none yet.
type Visit struct {
	At      money.Instant
	Network string
	Place   Place
	Placed  bool
	Device  string
}

// Facts are what else is known when the first secret was right.
type Facts struct {
	AccountsTried  int  // other accounts that this source failed on in the last hour and then did not get into
	AccountsIn     int  // other accounts that this source signed in to in the last hour
	SourcesTried   int  // other sources that failed on this account in the last hour
	Failures       int  // failures on this account since its last sign-in, from anywhere
	FactorFailures int  // right passwords followed by a wrong second factor, since the last sign-in
	Breached       bool // the password is on a list of stolen ones
	CounterBack    bool // AssertResult.CountWentBack
}

// From how much on the facts are a signal.
const (
	accountsTriedMany   = 10 // an office of thirty fails on a few and gets in to most
	sourcesTriedMany    = 4  // a person has a phone, a computer, and the office's
	failuresMany        = 5  // as many as are free: see Hold
	factorFailuresKnown = 3  // codes are mistyped; on an unknown device once is enough
	longAwayAfter       = 183 * 24 * time.Hour
	travelKilometres    = 500  // places of addresses are wrong by that much
	travelPerHour       = 1000 // faster than an airliner, in kilometres
)

// Signals are what is unusual about now, given the account's past sign-ins in any
// order, in the order of the constants. With no past nothing is new: the first
// sign-in follows activation, which has its own proofs. A device known to the
// account carries our signed mark and is no part of a crowd of strangers, so that
// its owner is not in the way of an attack on the same account or from the same
// network.
func Signals(now Visit, past []Visit, facts Facts) []Signal {
	known := now.Device != "" && slices.ContainsFunc(past, func(v Visit) bool { return v.Device == now.Device })
	knownNetwork := now.Network == "" || slices.ContainsFunc(past, func(v Visit) bool { return v.Network == now.Network })
	stranger := !known && len(past) > 0
	failedMany := 1
	if !stranger {
		failedMany = factorFailuresKnown
	}
	var found []Signal
	add := func(s Signal, is bool) {
		if is {
			found = append(found, s)
		}
	}
	last, lastPlaced := latest(now, past)
	add(NewDevice, stranger)
	add(NewNetwork, len(past) > 0 && !knownNetwork)
	add(ImpossibleTravel, now.Placed && !knownNetwork && tooFar(now, lastPlaced))
	add(ManyAccounts, !known && facts.AccountsTried >= accountsTriedMany && facts.AccountsTried > facts.AccountsIn)
	add(ManySources, !known && facts.SourcesTried >= sourcesTriedMany)
	add(FactorFailed, facts.FactorFailures >= failedMany)
	add(BreachedPassword, facts.Breached)
	add(CounterBack, facts.CounterBack)
	add(LongAway, last.At > 0 && now.At > last.At.Add(longAwayAfter))
	add(AfterFailures, facts.Failures >= failuresMany)
	return found
}

// latest are the last visit before now and the last whose place is known.
func latest(now Visit, past []Visit) (last, placed Visit) {
	for _, v := range past {
		if v.At > now.At {
			continue
		}
		if v.At > last.At {
			last = v
		}
		if v.Placed && v.At > placed.At {
			placed = v
		}
	}
	return last, placed
}

func tooFar(now, before Visit) bool {
	if !before.Placed {
		return false
	}
	km := Kilometres(before.Place, now.Place)
	hours := now.At.Time().Sub(before.At.Time()).Hours()
	return km >= travelKilometres && km > hours*travelPerHour
}
