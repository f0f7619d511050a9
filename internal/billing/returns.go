package billing

// ReturnedFeeAllowed says whether a payment that came back with this code may
// bear the contract's returned-payment fee: only when the money was not there
// (R01, R09). A closed or mistyped account, a stop or a dispute bears none.
func ReturnedFeeAllowed(code string) bool { return code == "R01" || code == "R09" }

// ReturnEndsAutopay says whether a return tells that the next draft would come
// back too: the account is gone, wrong or frozen, or the customer has taken the
// authorisation back (R07, R10, R29).
func ReturnEndsAutopay(code string) bool {
	switch code {
	case "R02", "R03", "R04", "R05", "R07", "R10", "R11", "R16", "R20", "R29":
		return true
	}
	return false
}

// ReturnReason says in a borrower's words why a bank sent a payment back.
func ReturnReason(code string) string {
	switch code {
	case "R01":
		return "there was not enough money in the bank account"
	case "R02":
		return "the bank account is closed"
	case "R03", "R04":
		return "the bank could not find the account: a digit may be wrong"
	case "R07", "R29":
		return "the permission to draw from the account was taken back"
	case "R08":
		return "the payment was stopped at the bank"
	case "R09":
		return "the money in the bank account was not available yet"
	case "R05", "R10", "R11":
		return "the bank was told that the payment was not authorized"
	case "R16":
		return "the bank account is frozen"
	case "R20":
		return "the bank account does not allow such payments"
	}
	return "the bank sent it back without a reason we can name (code " + code + ")"
}
