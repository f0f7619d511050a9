package billing

// DocumentKind names a paper. Each is set from a frozen snapshot and kept for
// ever as it was sent.
type DocumentKind string

// The papers.
const (
	DocStatement       DocumentKind = "statement"             // Statement
	DocReceipt         DocumentKind = "receipt"               // Receipt: a payment that was posted
	DocConfirmation    DocumentKind = "payment_confirmation"  // Receipt: a payment that is scheduled
	DocAuthorization   DocumentKind = "autopay_authorization" // AutopayPaper (12 CFR 1005.10(b): a copy is given)
	DocPayoffLetter    DocumentKind = "payoff_letter"         // PayoffLetter
	DocSchedule        DocumentKind = "amortization_schedule" // SchedulePaper
	DocHistory         DocumentKind = "account_history"       // HistoryPaper
	DocInterestSummary DocumentKind = "interest_summary"      // InterestSummary (26 USC 6050AA)
	DocPaidInFull      DocumentKind = "paid_in_full"          // PaidInFull
	DocLienRelease     DocumentKind = "lien_release"          // PaidInFull: the cover that goes with the title
	DocLeaseEnd        DocumentKind = "lease_end"             // LeaseEndPacket
	DocLateNotice      DocumentKind = "late_notice"           // LateNotice
	DocReturnNotice    DocumentKind = "return_notice"         // ReturnNotice: a payment came back
	DocAdverseNotice   DocumentKind = "adverse_notice"        // AdverseNotice: something asked for was refused (12 CFR 1002.9)
	DocChangeNotice    DocumentKind = "change_notice"         // ChangeNotice: terms or amounts changed
	DocMessage         DocumentKind = "message"               // MessagePaper: a message that goes by mail instead
)

// DocumentKinds are all papers, in the order in which lists offer them.
var DocumentKinds = []DocumentKind{
	DocStatement, DocReceipt, DocConfirmation, DocAuthorization, DocPayoffLetter, DocSchedule, DocHistory, DocInterestSummary,
	DocPaidInFull, DocLienRelease, DocLeaseEnd, DocLateNotice, DocReturnNotice, DocAdverseNotice, DocChangeNotice, DocMessage,
}

// Name is what lists call a paper; empty for what is none.
func (k DocumentKind) Name() string { return documentNames[k] }

var documentNames = map[DocumentKind]string{
	DocStatement:       "Statement",
	DocReceipt:         "Receipt",
	DocConfirmation:    "Payment confirmation",
	DocAuthorization:   "Autopay authorization",
	DocPayoffLetter:    "Payoff letter",
	DocSchedule:        "Payment schedule",
	DocHistory:         "Account history",
	DocInterestSummary: "Interest summary for taxes",
	DocPaidInFull:      "Paid in full letter",
	DocLienRelease:     "Title release letter",
	DocLeaseEnd:        "Lease end packet",
	DocLateNotice:      "Late notice",
	DocReturnNotice:    "Returned payment notice",
	DocAdverseNotice:   "Answer to a request",
	DocChangeNotice:    "Notice of a change",
	DocMessage:         "Letter",
}
