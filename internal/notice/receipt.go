package notice

import (
	"fmt"
	"io"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
)

// ReceiptPDF writes the proof of one payment as PDF. The parts it was applied to
// must sum to its amount when the payment stands in the account.
func ReceiptPDF(w io.Writer, r billing.Receipt) error {
	if r.Rail.Posts(r.State) && r.Allocation.Total() != r.Amount {
		return fmt.Errorf("receipt %s: %s applied of %s", r.Confirmation, r.Allocation.Total(), r.Amount)
	}
	state, err := standing(r)
	if err != nil {
		return fmt.Errorf("receipt %s: %w", r.Confirmation, err)
	}
	p, err := newPaper(r.Lender, "Receipt", "confirmation "+r.Confirmation, r.Made.Time())
	if err != nil {
		return fmt.Errorf("receipt %s: %w", r.Confirmation, err)
	}
	p.sum("Payment", r.Amount.USD(), state)
	p.section("Payment", 80)
	how := "You made this payment"
	if r.Autopay {
		how = "Autopay made this payment"
	}
	p.facts(left, right-left, 130, append(whose(r.Recipient, r.AccountNumber, r.Vehicle),
		pair{label: "Confirmation number", value: r.Confirmation},
		pair{label: "Payment date", value: r.Date.Long()},
		pair{label: how, value: clock(r.Made, r.Lender)},
		pair{label: "From", value: r.Method}))
	p.applied(r)
	if len(r.Spans) > 0 && r.Kind != contract.Lease && r.State != billing.Returned && r.State != billing.Cancelled {
		p.section("Interest", 50)
		p.interestTable(r.Spans, "")
	}
	if r.Authorization != "" {
		p.section("What you authorized", 40)
		p.para(left, right-left, r.Authorization, body)
	}
	p.y += 18
	p.closing("Keep this receipt for your records.")
	if err := p.finish(w); err != nil {
		return fmt.Errorf("receipt %s: %w", r.Confirmation, err)
	}
	return nil
}

// standing says in a sentence where the payment is on its way.
func standing(r billing.Receipt) (string, error) {
	switch r.State {
	case billing.Scheduled:
		return "Scheduled for " + r.Date.Long() + ". Nothing has been taken yet.", nil
	case billing.Authorised:
		return "Received. It counts from " + r.Date.Long() + " and goes to your bank next.", nil
	case billing.Submitted:
		return "Received. It counts from " + r.Date.Long() + " and was sent to your bank.", nil
	case billing.Settled:
		return "Paid. It counts from " + r.Date.Long() + ".", nil
	case billing.Cancelled:
		return "Canceled. Nothing was taken.", nil
	case billing.Returned:
		s := "Payment returned by the bank"
		if r.ReturnedOn != 0 {
			s += " on " + r.ReturnedOn.Long()
		}
		if r.ReturnReason != "" {
			s += ": " + r.ReturnReason
		}
		return s + ". This payment does not count on your account.", nil
	}
	return "", fmt.Errorf("unknown payment state %q", r.State)
}

func (p *paper) applied(r billing.Receipt) {
	title, after := "How it was applied", "Balance after this payment"
	switch r.State {
	case billing.Scheduled:
		title, after = "How it will be applied", "Balance after this payment"
	case billing.Returned, billing.Cancelled:
		return
	}
	a := r.Allocation
	p.section(title, 90)
	list := partsOf(r.Kind == contract.Lease, a, true)
	list = append(list, pair{label: "Payment", value: r.Amount.USD(), total: true})
	p.pairs(left, column, list)
	p.y += 6
	p.pairs(left, column, []pair{{label: after, value: r.BalanceAfter.USD()}})
	if a.InterestForgiven > 0 {
		p.y += 4
		p.para(left, right-left, "Interest of "+a.InterestForgiven.USD()+" was forgiven as well. You do not owe it.", body)
	}
}

// partsOf is where a payment's money went, in the words of a loan or of a lease.
// What was forgiven is taken off, so that the parts sum to the money that came.
// whole sets the usual parts even when they are nothing.
func partsOf(lease bool, a contract.Allocation, whole bool) []pair {
	var list []pair
	add := func(label string, c money.Cents, always bool) {
		if c != 0 || always {
			list = append(list, pair{label: label, value: usd(c)})
		}
	}
	name := "Principal"
	if lease {
		name = "Lease payments"
	}
	add("Interest", a.Interest, whole && !lease)
	add(name, a.Principal, whole)
	add("Tax", a.Tax, false)
	add("Late fees", a.LateFee, whole)
	add("Other fees", a.OtherFee, false)
	add("Toward the balance charged off", a.Recovered, false)
	add("Held for you", a.Unapplied, false)
	add("Forgiven, not paid by you", -a.Forgiven, false)
	return list
}

// sum is a paper's one reading: a label, the figure, a sentence.
func (p *paper) sum(label, value, sentence string) {
	p.y += 16
	p.text(left, p.y+10, label, body)
	st := p.shrink(value, figure, right-left)
	p.text(left, p.y+38, value, st)
	p.y += 50
	p.para(left, right-left, sentence, style{regular, 10})
}

func whose(r billing.Recipient, account, vehicle string) []pair {
	list := []pair{{label: "Customer", value: r.Name}}
	for _, line := range r.Address {
		list = append(list, pair{value: line})
	}
	return append(list, pair{label: "Account number", value: account}, pair{label: "Vehicle", value: vehicle})
}

// AutopayPDF writes the customer's copy of an autopay authorization (Regulation
// E, 12 CFR 1005.10(b)) as PDF. A copy without the text agreed to is refused.
func AutopayPDF(w io.Writer, a billing.AutopayPaper) error {
	if a.Text == "" {
		return fmt.Errorf("autopay copy for %s: no authorization text", a.AccountNumber)
	}
	p, err := newPaper(a.Lender, "Autopay authorization", "account "+a.AccountNumber, a.Agreed.Time())
	if err != nil {
		return fmt.Errorf("autopay copy for %s: %w", a.AccountNumber, err)
	}
	if a.FirstAmount > 0 {
		p.sum("First payment", a.FirstAmount.USD(), "On "+a.FirstDate.Long()+" from "+a.Method+".")
	} else {
		p.sum("Pay from", a.Method, "The payment of "+a.FirstDate.Long()+" was already paid when you agreed.")
	}
	p.section("Autopay", 80)
	p.facts(left, right-left, 130, append(whose(a.Recipient, a.AccountNumber, a.Vehicle),
		pair{label: "From", value: a.Method},
		pair{label: "You agreed on", value: clock(a.Agreed, a.Lender)}))
	if a.Signed != "" {
		p.facts(left, right-left, 130, []pair{{label: "Signed", value: a.Signed}, {label: "Wording", value: a.Version}, {label: "Fingerprint (SHA-256)", value: a.Hash}})
	}
	if a.Ended != 0 {
		p.facts(left, right-left, 130, []pair{{label: "Ended", value: a.Ended.Long()}})
	}
	p.section("What you authorized", 40)
	p.para(left, right-left, a.Text, style{regular, 10})
	p.y += 18
	p.closing("Keep this copy. To change or stop autopay, sign in or call us.")
	if err := p.finish(w); err != nil {
		return fmt.Errorf("autopay copy for %s: %w", a.AccountNumber, err)
	}
	return nil
}
