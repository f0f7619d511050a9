package ach

// ReturnCode is the reason for which an entry came back, R01 to R99.
type ReturnCode string

// Category groups return codes by what they say about the account.
type Category string

// The categories.
const (
	Funds               Category = "funds"
	AccountData         Category = "account data"
	Authorization       Category = "authorization"
	DeceasedOrFrozen    Category = "deceased/frozen"
	DishonoredContested Category = "dishonored or contested return"
	OtherReason         Category = "other"
	UnknownCategory     Category = "unknown"
)

// Reinitiation says whether the same debit may be presented again.
type Reinitiation string

// The answers. Where the answer is yes the rules allow two more presentments
// within 180 days of the original settlement date, to the same receiver for the
// same amount, described as RETRY PYMT; a corrected entry may follow an R11
// within 60 days. All other entries wait until the cause is removed.
const (
	MayReinitiate          Reinitiation = "yes"
	MayNotReinitiate       Reinitiation = "no"
	WithNewAuthorization   Reinitiation = "only with new authorization"
	MayReinitiateCorrected Reinitiation = "corrected entry only"
)

type returnFacts struct {
	name         string
	category     Category
	unauthorized bool
	reinitiation Reinitiation
}

// Name is the title that the rules give the code, or "unknown".
func (c ReturnCode) Name() string { return c.facts().name }

// Known says that the code is in the table; codes that are not are kept as read.
func (c ReturnCode) Known() bool { return c.facts().category != UnknownCategory }

// Category is the code's group.
func (c ReturnCode) Category() Category { return c.facts().category }

// Unauthorized says that the receiver denies having authorized the debit: the
// codes that count toward the 0.5 % level.
func (c ReturnCode) Unauthorized() bool { return c.facts().unauthorized }

// Reinitiation says whether the debit may be presented again; never for an
// unknown code.
func (c ReturnCode) Reinitiation() Reinitiation { return c.facts().reinitiation }

// Dishonored says that the originating bank refuses a return.
func (c ReturnCode) Dishonored() bool {
	switch c {
	case "R61", "R62", "R67", "R68", "R69", "R70":
		return true
	}
	return false
}

// Contested says that the receiving bank insists on a return that was dishonored.
func (c ReturnCode) Contested() bool { return c >= "R71" && c <= "R77" && len(c) == 3 }

func (c ReturnCode) facts() returnFacts {
	if f, ok := returnCodes[c]; ok {
		return f
	}
	return returnFacts{"unknown", UnknownCategory, false, MayNotReinitiate}
}

// returnCodes are named after the rules; who may present again, and what counts
// as unauthorized, after published bank guides. From R29 on only names are sure.
var returnCodes = map[ReturnCode]returnFacts{
	"R01": {"Insufficient Funds", Funds, false, MayReinitiate},
	"R02": {"Account Closed", AccountData, false, MayNotReinitiate},
	"R03": {"No Account/Unable to Locate Account", AccountData, false, MayNotReinitiate},
	"R04": {"Invalid Account Number", AccountData, false, MayNotReinitiate},
	"R05": {"Improper Debit to Consumer Account", Authorization, true, MayNotReinitiate},
	"R06": {"Returned per ODFI's Request", OtherReason, false, MayNotReinitiate},
	"R07": {"Authorization Revoked by Customer", Authorization, true, MayNotReinitiate},
	"R08": {"Payment Stopped", Authorization, false, WithNewAuthorization},
	"R09": {"Uncollected Funds", Funds, false, MayReinitiate},
	"R10": {"Customer Advises Originator is Not Known to Receiver and/or Originator is Not Authorized by Receiver to Debit Receiver’s Account", Authorization, true, MayNotReinitiate},
	"R11": {"Customer Advises Entry Not in Accordance with the Terms of the Authorization", Authorization, true, MayReinitiateCorrected},
	"R12": {"Branch Sold to Another DFI", AccountData, false, MayNotReinitiate},
	"R13": {"RDFI not qualified to participate", AccountData, false, MayNotReinitiate},
	"R14": {"Representative payee deceased or unable to continue in that capacity", DeceasedOrFrozen, false, MayNotReinitiate},
	"R15": {"Beneficiary or bank account holder", DeceasedOrFrozen, false, MayNotReinitiate},
	"R16": {"Bank account frozen", DeceasedOrFrozen, false, MayNotReinitiate},
	"R17": {"File Record Edit Criteria/Entry with Invalid Account Number Initiated Under Questionable Circumstances", OtherReason, false, MayNotReinitiate},
	"R18": {"Improper effective entry date", OtherReason, false, MayNotReinitiate},
	"R19": {"Amount field error", OtherReason, false, MayNotReinitiate},
	"R20": {"Non-payment bank account", AccountData, false, MayNotReinitiate},
	"R21": {"Invalid company ID number", OtherReason, false, MayNotReinitiate},
	"R22": {"Invalid individual ID number", OtherReason, false, MayNotReinitiate},
	"R23": {"Credit entry refused by receiver", OtherReason, false, MayNotReinitiate},
	"R24": {"Duplicate entry", OtherReason, false, MayNotReinitiate},
	"R25": {"Addenda error", OtherReason, false, MayNotReinitiate},
	"R26": {"Mandatory field error", OtherReason, false, MayNotReinitiate},
	"R27": {"Trace number error", OtherReason, false, MayNotReinitiate},
	"R28": {"Transit routing number check digit error", OtherReason, false, MayNotReinitiate},
	"R29": {"Corporate customer advises not authorized", Authorization, true, MayNotReinitiate},
	"R30": {"RDFI not participant in check truncation program", OtherReason, false, MayNotReinitiate},
	"R31": {"Permissible return entry (CCD and CTX only)", OtherReason, false, MayNotReinitiate},
	"R32": {"RDFI non-settlement", OtherReason, false, MayNotReinitiate},
	"R33": {"Return of XCK entry", OtherReason, false, MayNotReinitiate},
	"R34": {"Limited participation RDFI", OtherReason, false, MayNotReinitiate},
	"R35": {"Return of improper debit entry", OtherReason, false, MayNotReinitiate},
	"R36": {"Return of improper credit entry", OtherReason, false, MayNotReinitiate},
	"R37": {"Source Document Presented for Payment (Adjustment Entry)", OtherReason, false, MayNotReinitiate},
	"R38": {"Stop Payment on Source Document (Adjustment Entry)", OtherReason, false, MayNotReinitiate},
	"R39": {"Improper Source Document", OtherReason, false, MayNotReinitiate},
	"R40": {"Return of ENR Entry by Federal Government Agency (ENR Only)", OtherReason, false, MayNotReinitiate},
	"R41": {"Invalid Transaction Code (ENR only)", OtherReason, false, MayNotReinitiate},
	"R42": {"Routing Number/Check Digit Error (ENR Only)", OtherReason, false, MayNotReinitiate},
	"R43": {"Invalid DFI Account Number (ENR Only)", OtherReason, false, MayNotReinitiate},
	"R44": {"Invalid Individual ID Number/Identification Number (ENR only)", OtherReason, false, MayNotReinitiate},
	"R45": {"Invalid Individual Name/Company Name (ENR only)", OtherReason, false, MayNotReinitiate},
	"R46": {"Invalid Representative Payee Indicator (ENR Only)", OtherReason, false, MayNotReinitiate},
	"R47": {"Duplicate Enrollment (ENR Only)", OtherReason, false, MayNotReinitiate},
	"R50": {"State Law Affecting RCK Acceptance", OtherReason, false, MayNotReinitiate},
	"R51": {"Item Related to RCK Entry is Ineligible or RCK Entry is Improper", OtherReason, true, MayNotReinitiate},
	"R52": {"Stop Payment on Item (Adjustment Entry)", OtherReason, false, MayNotReinitiate},
	"R53": {"Item and RCK Entry Presented for Payment (Adjustment Entry)", OtherReason, false, MayNotReinitiate},
	"R61": {"Misrouted Return", DishonoredContested, false, MayNotReinitiate},
	"R62": {"Return of Erroneous or Reversing Debt", DishonoredContested, false, MayNotReinitiate},
	"R67": {"Duplicate Return", DishonoredContested, false, MayNotReinitiate},
	"R68": {"Untimely Return", DishonoredContested, false, MayNotReinitiate},
	"R69": {"Field Error(s)", DishonoredContested, false, MayNotReinitiate},
	"R70": {"Permissible Return Entry Not Accepted/Return Not Requested by ODFI", DishonoredContested, false, MayNotReinitiate},
	"R71": {"Misrouted Dishonored Return", DishonoredContested, false, MayNotReinitiate},
	"R72": {"Untimely Dishonored Return", DishonoredContested, false, MayNotReinitiate},
	"R73": {"Timely Original Return", DishonoredContested, false, MayNotReinitiate},
	"R74": {"Corrected Return", DishonoredContested, false, MayNotReinitiate},
	"R75": {"Return Not a Duplicate", DishonoredContested, false, MayNotReinitiate},
	"R76": {"No Errors Found", DishonoredContested, false, MayNotReinitiate},
	"R77": {"Non-Acceptance of R62 Dishonored Return", DishonoredContested, false, MayNotReinitiate},
	"R80": {"IAT Entry Coding Error", OtherReason, false, MayNotReinitiate},
	"R81": {"Non-Participant in IAT Program", OtherReason, false, MayNotReinitiate},
	"R82": {"Invalid Foreign Receiving DFI Identification", OtherReason, false, MayNotReinitiate},
	"R83": {"Foreign Receiving DFI Unable to Settle", OtherReason, false, MayNotReinitiate},
	"R84": {"Entry Not Processed by Gateway", OtherReason, false, MayNotReinitiate},
	"R85": {"Incorrectly Coded Outbound International Payment", OtherReason, false, MayNotReinitiate},
	"R90": {"Entry Returned Due to RDFI's Sanctions Compliance Obligations", OtherReason, false, MayNotReinitiate},
}

// ChangeCode is what a notification of change says was wrong, C01 to C14, or
// why a notification is refused, C61 to C69.
type ChangeCode string

// Name is the title that the rules give the code, or "unknown".
func (c ChangeCode) Name() string {
	if n, ok := changeCodes[c]; ok {
		return n
	}
	return "unknown"
}

// Known says that the code is in the table; codes that are not are kept as read.
func (c ChangeCode) Known() bool { return changeCodes[c] != "" }

// Refused says that the code refuses a notification, from the originating bank
// to the receiving one, and corrects nothing.
func (c ChangeCode) Refused() bool { return c >= "C61" && c <= "C69" && len(c) == 3 }

var changeCodes = map[ChangeCode]string{
	"C01": "Incorrect bank account number",
	"C02": "Incorrect transit/routing number",
	"C03": "Incorrect transit/routing number and bank account number",
	"C04": "Bank account name change",
	"C05": "Incorrect transaction code",
	"C06": "Incorrect bank account number and transit code",
	"C07": "Incorrect transit/routing number, bank account number and transaction code",
	"C08": "Incorrect Receiving transit/routing number (IAT only)",
	"C09": "Incorrect individual ID number",
	"C13": "Addenda Format Error",
	"C14": "Incorrect SEC Code for outbound IAT payment",
	"C61": "Misrouted Notification of Change",
	"C62": "Incorrect Trace Number",
	"C63": "Incorrect Company Identification Number",
	"C64": "Incorrect Individual Identification Number or Identification Number",
	"C65": "Incorrectly Formatted Corrected Data",
	"C66": "Incorrect Discretionary Data",
	"C67": "Routing Number not from Original Entry Detail Record",
	"C68": "DFI Account Number not from Original Entry Detail Record",
	"C69": "Incorrect Transaction Code",
}
