package billing

// ExceptionKinds are all kinds of exception item, in the order in which they are
// listed.
var ExceptionKinds = []ExceptionKind{
	LateReturn, UnauthorizedItem, ReturnedItem, ReversalFailed, UnknownReturn, ReturnDiffers, DishonoredReturn, ContestedReturn,
	ChangeNotApplied, QuarantinedEntry, RateAlarm, SettlementDifference, CardDifference, Dispute, UnknownCharge, ScreenedPayment,
}

// Name is what an exception item is called.
func (k ExceptionKind) Name() string { return exceptionKinds[k].name }

// WhatToDo says what a person does about an exception item, by the return code
// that it is about where that matters.
func WhatToDo(k ExceptionKind, code string) string {
	if k == UnauthorizedItem || k == LateReturn || k == ReturnedItem {
		if do, known := aboutReturns[code]; known {
			return exceptionKinds[k].do + do
		}
	}
	return exceptionKinds[k].do
}

var exceptionKinds = map[ExceptionKind]struct{ name, do string }{
	LateReturn:           {"Late return", "Read what the item says: dishonor through our bank what came too late, and keep the title of an account that is open again. "},
	UnauthorizedItem:     {"Return as not authorized", "Find the authorization and keep it with the item: the customer's bank may ask for it. "},
	ReturnedItem:         {"Return that needs a person", "The payment is off the account and the customer was told. "},
	ReversalFailed:       {"Reversal that did not arrive", "The customer has the money to come. Pay it by check, or apply it to the account with the customer's word."},
	UnknownReturn:        {"Return of an unknown entry", "Ask our bank which entry is meant. If it is ours, find the file it was in; if not, have the bank take the return back."},
	ReturnDiffers:        {"Return that does not fit", "Compare the return with the payment. Have our bank dishonor a return that is wrong (R69), within five banking days."},
	DishonoredReturn:     {"Dishonored return", "Our bank has sent a return back to the customer's bank. Wait for the answer; when the debit stands, enter the money as a payment again."},
	ContestedReturn:      {"Contested return", "The customer's bank insists. The return stands: nothing more can be sent through the network, only asked of that bank in writing."},
	ChangeNotApplied:     {"Change from the bank", "Correct the bank account as the bank asks before the next entry, or ask the customer."},
	QuarantinedEntry:     {"Entry left out of the file", "Mend what the item says; the payment goes with the next file. Or cancel it and tell the customer."},
	RateAlarm:            {"Return rate", "Look at the return rates: which returns they are, and where the accounts came from. Our bank asks for a plan when the level is passed."},
	SettlementDifference: {"Settlement that differs", "Compare the bank's statement with what was expected that day."},
	CardDifference:       {"Card payment that differs", "Compare the processor's account of it with ours."},
	Dispute:              {"Card dispute", "Answer the dispute with the authorization before its deadline."},
	UnknownCharge:        {"Charge we do not know", "Find out what it is at the processor; refund it if nobody owes it."},
	ScreenedPayment:      {"Payment that was stopped", "Look at the payment and the customer's account, and call the customer."},
}

var aboutReturns = map[string]string{
	"R05": "A consumer's account was debited as a business's: check how the account was entered.",
	"R06": "Our bank asked for it: find out why.",
	"R07": "The customer took the permission back: draw nothing more without a new one.",
	"R10": "The customer says it was not authorized: call, look for fraud, and draw nothing more without a new authorization.",
	"R11": "The permission stands, the payment was not as agreed: a corrected one may be sent within 60 days, with the customer's word.",
	"R14": "Find out who acts for the account's owner now.",
	"R15": "The account's owner has died: follow the procedure for estates.",
	"R16": "The account is frozen by law: draw nothing more from it.",
	"R24": "Look whether the payment was sent twice. If so, nothing more is to be done; if not, the customer has not paid.",
	"R29": "The account's owner says it was not authorized: draw nothing more without a new authorization.",
	"R02": "The customer needs another bank account.",
	"R03": "The customer needs to add the bank account again with the right numbers.",
	"R04": "The customer needs to add the bank account again with the right numbers.",
	"R20": "The customer needs another bank account.",
}
