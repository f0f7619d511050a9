package billing

import (
	"fmt"

	"marque/internal/contract"
	"marque/internal/money"
)

// InterestFiling is the interest of a calendar year from which on the lender files
// a return and furnishes a statement (26 USC 6050AA(a)(2)).
const InterestFiling money.Cents = 600_00

// InterestSummary is a calendar year's interest on a vehicle loan, with what 26 USC
// 6050AA(b) has the lender tell: the customer's name and address (Recipient), the
// interest received, the principal outstanding when the year began, when the loan
// was made, and the vehicle's year, make, model and VIN. Whether the interest may
// be deducted is for the customer's own return (26 USC 163(h)(4)): a summary is
// made for every loan, whatever its use, and for no lease.
//
// Interest is received on the effective date of the payment that pays it, which is
// the day the money counts, whenever it was due or accrued (26 USC 6050AA(a):
// "receives"; the rule of 26 CFR 1.6050H-1(e) for mortgages). A payment that comes
// back takes its interest off in the year in which it comes back. A summary that
// was furnished does not change: what is posted afterwards for its year, or for an
// earlier one, is in the next year's, as of the day on which it was posted, and
// stands there as EarlierYears.
type InterestSummary struct {
	Letter
	Year         int             `json:"year"`
	From         money.Date      `json:"from"`
	Through      money.Date      `json:"through"` // 31 December, or the day it was made for when the year is not over
	Interest     money.Cents     `json:"interest"`
	EarlierYears money.Cents     `json:"earlier_years"` // part of Interest, either way
	Lines        []InterestMonth `json:"months"`        // sum to Interest, with EarlierYears
	Principal    money.Cents     `json:"principal"`     // outstanding on PrincipalOn, what was written off counted in
	PrincipalOn  money.Date      `json:"principal_on"`  // 1 January; the day the loan was made, or came to these books, when that is later
	Originated   money.Date      `json:"originated"`
	// Since is the day on which the account came to these books, when that was
	// in the year and after the loan was made: interest before it was received by
	// whoever kept it then, and is not in here.
	Since        money.Date `json:"since,omitzero"`
	VehicleYear  int        `json:"vehicle_year"`
	VehicleMake  string     `json:"vehicle_make"`
	VehicleModel string     `json:"vehicle_model"`
	LastEntry    int        `json:"last_entry"` // the last journal entry that it knew
}

// InterestMonth is a month's interest received, less what came back in it.
type InterestMonth struct {
	Month    money.Date  `json:"month"` // its first day
	Interest money.Cents `json:"interest"`
}

// WholeYear says that the year was over when the summary was made.
func (s *InterestSummary) WholeYear() bool { return s.Through == money.NewDate(s.Year, 12, 31) }

// Files says that the interest reaches what the lender reports to the Internal
// Revenue Service. Below it the summary is for the customer alone.
func (s *InterestSummary) Files() bool { return s.Interest >= InterestFiling }

// InterestInput is all that an interest summary is made from.
type InterestInput struct {
	Letter         Letter // made on its Date, which is in Year or later
	Year           int
	Terms          *contract.Terms
	Lines          []Line           // the whole journal's
	Furnished      *InterestSummary // the last whole year's before Year; nil when there is none
	OriginalDate   money.Date
	OriginalAmount money.Cents
	VehicleYear    int
	VehicleMake    string
	VehicleModel   string
	LastEntry      int // of the journal
}

// MakeInterestSummary sums a year's interest received from the journal. A lease has
// none, and a year that ended before the loan was made or came to these books has
// none: both are errors, as are sums that do not agree.
func MakeInterestSummary(in InterestInput) (InterestSummary, error) {
	bad := func(format string, args ...any) (InterestSummary, error) {
		return InterestSummary{}, fmt.Errorf("interest of %d of %s: "+format, append([]any{in.Year, in.Letter.AccountNumber}, args...)...)
	}
	first, last := money.NewDate(in.Year, 1, 1), money.NewDate(in.Year, 12, 31)
	switch {
	case in.Terms.Kind != contract.Loan:
		return bad("a lease pays none")
	case in.Letter.Date < first:
		return bad("the year has not begun on %s", in.Letter.Date)
	case in.Terms.Start > last:
		return bad("these books have kept the account since %s", in.Terms.Start)
	}
	out := InterestSummary{
		Letter: in.Letter, Year: in.Year, From: first, Through: min(last, in.Letter.Date), Originated: in.OriginalDate,
		VehicleYear: in.VehicleYear, VehicleMake: in.VehicleMake, VehicleModel: in.VehicleModel, LastEntry: in.LastEntry,
		Principal: in.Terms.Principal, PrincipalOn: first,
	}
	if in.Terms.Start > first {
		out.PrincipalOn = in.Terms.Start
		if in.OriginalDate < in.Terms.Start {
			out.Since = in.Terms.Start
		}
	}
	if in.OriginalDate >= first { // as of its origination
		out.Principal, out.PrincipalOn = in.OriginalAmount, in.OriginalDate
	}
	months := make([]money.Cents, 12)
	for i := range in.Lines {
		l := &in.Lines[i]
		on := l.Entry.Effective
		if on < first && out.PrincipalOn == first {
			out.Principal -= principalPaid(l)
		}
		interest := l.Paid().Interest
		switch late := in.Furnished != nil && l.Entry.ID > in.Furnished.LastEntry && on <= in.Furnished.Through; {
		case interest == 0 || on > out.Through:
			continue
		case on >= first && !late:
			_, month, _ := on.Civil()
			months[month-1] += interest
		case on < first && late:
			out.EarlierYears += interest
		default:
			continue
		}
		out.Interest += interest
	}
	if out.Principal < 0 {
		return bad("principal of %s on %s", out.Principal, out.PrincipalOn)
	}
	sum := out.EarlierYears
	for m, interest := range months {
		if month := money.NewDate(in.Year, m+1, 1); interest != 0 || (month.MonthEnd() >= max(in.Terms.Start, first) && month <= out.Through) {
			out.Lines = append(out.Lines, InterestMonth{month, interest})
			sum += interest
		}
	}
	if sum != out.Interest {
		return bad("the months sum to %s and not %s", sum, out.Interest)
	}
	return out, nil
}

// principalPaid is what a line took off the principal that the customer owes. What
// is written off stays owed; what is recovered of it pays it.
func principalPaid(l *Line) money.Cents {
	if l.Event.Kind == contract.ChargeOff {
		return l.Allocation.Recovered
	}
	return l.Allocation.Principal + l.Allocation.Recovered
}
