package billing

import (
	"slices"
	"strings"

	"marque/internal/money"
)

// AdverseRequest is what a customer asked for on an account.
type AdverseRequest string

// The requests that a notice can answer.
const (
	AskedDeferral   AdverseRequest = "deferral"
	AskedDueDate    AdverseRequest = "due_date_change"
	AskedPayment    AdverseRequest = "lower_payment"
	AskedRate       AdverseRequest = "lower_rate"
	AskedTerm       AdverseRequest = "longer_term"
	AskedRelease    AdverseRequest = "release_of_borrower"
	AskedTransfer   AdverseRequest = "transfer"
	AskedLeaseStay  AdverseRequest = "lease_extension"
	AskedRefinance  AdverseRequest = "refinance"
	AskedReinstated AdverseRequest = "reinstatement"
)

// AdverseRequests are all of them, in the order in which a list offers them.
var AdverseRequests = []AdverseRequest{AskedDeferral, AskedDueDate, AskedPayment, AskedRate, AskedTerm, AskedRelease, AskedTransfer, AskedLeaseStay, AskedRefinance, AskedReinstated}

// AdverseReason is a principal reason for a refusal. The list is closed, so that
// each says the same in every letter and in both languages; none of them is an
// internal standard or a score alone (12 CFR 1002.9(b)(2)).
type AdverseReason string

// The reasons.
const (
	ReasonPastDue      AdverseReason = "past_due"
	ReasonPaidLate     AdverseReason = "paid_late"
	ReasonReturned     AdverseReason = "payments_returned"
	ReasonNewAccount   AdverseReason = "account_too_new"
	ReasonRecent       AdverseReason = "changed_too_recently"
	ReasonLimit        AdverseReason = "limit_reached"
	ReasonIncomplete   AdverseReason = "incomplete"
	ReasonIncome       AdverseReason = "income_not_verified"
	ReasonIncomeLow    AdverseReason = "income_not_enough"
	ReasonObligations  AdverseReason = "too_many_obligations"
	ReasonVehicleWorth AdverseReason = "vehicle_worth_less"
	ReasonInsurance    AdverseReason = "no_insurance"
	ReasonTooLong      AdverseReason = "term_too_long"
	ReasonNotAgreed    AdverseReason = "not_in_contract"
	ReasonCreditReport AdverseReason = "credit_report" // needs AdverseNotice.Report
)

// AdverseReasons are all of them, in the order in which a list offers them.
var AdverseReasons = []AdverseReason{ReasonPastDue, ReasonPaidLate, ReasonReturned, ReasonNewAccount, ReasonRecent, ReasonLimit, ReasonIncomplete, ReasonIncome,
	ReasonIncomeLow, ReasonObligations, ReasonVehicleWorth, ReasonInsurance, ReasonTooLong, ReasonNotAgreed, ReasonCreditReport}

// Bounds of an adverse-action notice: more than four reasons are not likely to be
// of help (commentary on 12 CFR 1002.9(b)(2), paragraph 1), and it goes out within
// 30 days of the request (12 CFR 1002.9(a)(1)).
const (
	MostAdverseReasons = 4
	AdverseDays        = 30
)

// AdverseNotice tells that something asked for was refused: what, why, and what
// the Equal Credit Opportunity Act says (12 CFR 1002.9(a)(2), (b)). Lender.Agency
// is the federal agency that it names.
type AdverseNotice struct {
	Letter
	Request AdverseRequest  `json:"request"`
	AskedOn money.Date      `json:"asked_on"`
	Reasons []AdverseReason `json:"reasons"`
	Report  *CreditReport   `json:"report,omitempty"` // that was used (15 USC 1681m(a)); nil: none was
}

// CreditReport is where a report came from that a refusal rests on.
type CreditReport struct {
	Agency  string   `json:"agency"`
	Address []string `json:"address"`
	Phone   string   `json:"phone"` // toll-free
	// Score is the score that was used, with its range, its day and what weighed on
	// it most; zero when none was.
	Score    int        `json:"score,omitempty"`
	Lowest   int        `json:"lowest,omitempty"`
	Highest  int        `json:"highest,omitempty"`
	ScoredOn money.Date `json:"scored_on,omitzero"`
	Factors  []string   `json:"factors,omitempty"` // as the agency words them
}

// MakeAdverseNotice refuses, as a *Refusal, a notice that would not say what the
// law asks: without a federal agency's name and address, without a reason, with
// one that is not on the list, or with a report whose agency cannot be asked.
func MakeAdverseNotice(n AdverseNotice) (AdverseNotice, error) {
	bad := func(code, field, format string, args ...any) (AdverseNotice, error) {
		return AdverseNotice{}, refuse(code, field, format, args...)
	}
	switch {
	case len(n.Lender.Agency) < 2:
		return bad("agency", "", "Set the name and address of the federal agency that supervises the lender first.")
	case !slices.Contains(AdverseRequests, n.Request):
		return bad("request", "request", "Say what was asked for.")
	case n.AskedOn.IsZero() || n.AskedOn > n.Date:
		return bad("asked_on", "asked_on", "Give the day of the request, not later than %s.", n.Date.Long())
	case len(n.Reasons) == 0 || len(n.Reasons) > MostAdverseReasons:
		return bad("reasons", "reasons", "Give one to %d reasons.", MostAdverseReasons)
	}
	for i, r := range n.Reasons {
		if !slices.Contains(AdverseReasons, r) || slices.Contains(n.Reasons[:i], r) {
			return bad("reasons", "reasons", "Choose each reason from the list, and once.")
		}
	}
	r := n.Report
	switch {
	case r == nil && slices.Contains(n.Reasons, ReasonCreditReport):
		return bad("report", "report", "Say which credit report was used.")
	case r != nil && (strings.TrimSpace(r.Agency) == "" || len(r.Address) == 0 || strings.TrimSpace(r.Phone) == ""):
		return bad("report", "report", "Give the name, address and toll-free phone of the credit reporting agency.")
	case r != nil && r.Score != 0 && (r.Score < r.Lowest || r.Score > r.Highest || r.ScoredOn.IsZero() || r.ScoredOn > n.Date || len(r.Factors) == 0 || len(r.Factors) > 5):
		return bad("score", "score", "A score needs its range, its day, and what weighed on it most.")
	}
	return n, nil
}
