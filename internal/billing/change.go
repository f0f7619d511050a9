package billing

import (
	"fmt"
	"strings"

	"marque/internal/contract"
	"marque/internal/money"
)

// ChangeWords says in a customer's words what an event changed, from its
// explanation; empty for one that customers are not told of here. taken is the
// event that a reversal takes back.
func ChangeWords(kind contract.Kind, e contract.Event, taken *contract.Event, why []contract.Why) string {
	f := figures(why)
	switch e.Kind {
	case contract.Reversal:
		switch {
		case taken == nil:
			return ""
		case taken.Kind == contract.Payment:
			return "Your payment of " + taken.Amount.USD() + " of " + taken.Date.Long() + " was taken back: it did not clear, or it was not yours."
		case taken.Amount > 0 && taken.Kind != contract.Refund:
			return "A fee of " + taken.Amount.USD() + " was taken off your account. You do not owe it."
		}
		return "A change to your account of " + taken.Date.Long() + " was taken back."
	case contract.TotalLoss:
		return "We have noted that your vehicle is a total loss. Your payments stay due until the insurance company has paid."
	case contract.Sale:
		return "The vehicle was sold. " + e.Amount.USD() + " of its price was applied to your account."
	case contract.ChargeOff:
		return "We have written off the balance of your account in our books. What you owe stays owed; call us and we will find a way to settle it."
	case contract.DueDateChange, contract.Deferral, contract.ReAge:
		return moved(kind, e, f)
	case contract.RateChange:
		return sentences("Your interest rate changed from "+percent(f["annual_rate_before"])+" to "+percent(f["annual_rate"])+".", payment(f))
	case contract.Service:
		if f["annual_rate"] == "" {
			return ""
		}
		return sentences("Because of your military service your interest rate is "+percent(f["annual_rate"])+" from "+e.Date.Long()+
			". Interest above that since then is forgiven: you do not owe it later.", payment(f))
	case contract.ServiceEnd:
		return sentences("The interest cap for military service has ended. Your rate is "+percent(f["annual_rate"])+" from "+e.Date.Long()+".", payment(f))
	case contract.Modification:
		return sentences("The terms of your account changed on "+e.Date.Long()+".", rate(f), payment(f), maturity(f))
	case contract.Waiver:
		if e.Amount == 0 {
			return ""
		}
		return "We took off " + e.Amount.USD() + " of " + map[contract.Bucket]string{
			contract.LateFees: "late fees", contract.OtherFees: "fees", contract.Interest: "interest"}[e.Of] + ". You do not owe it."
	case contract.OtherCharge:
		return "A fee of " + e.Amount.USD() + " was added to your account."
	case contract.LateCharge:
		return "A late fee of " + e.Amount.USD() + " was added to your account."
	case contract.Refund:
		return "We are sending you back " + e.Amount.USD() + " that you paid beyond what you owed."
	case contract.Payment:
		return "We received your payment of " + e.Amount.USD() + " on " + e.Date.Long() + "."
	case contract.LeaseExtension:
		return sentences(fmt.Sprintf("Your lease was extended by %d months.", e.Months), maturity(f))
	case contract.LeaseEnd:
		return "Your lease ended on " + e.Date.Long() + "."
	}
	return ""
}

func figures(why []contract.Why) map[string]string {
	f := map[string]string{}
	for _, w := range why {
		for _, x := range w.Figures {
			f[x.Name] = x.Value
		}
	}
	return f
}

func moved(kind contract.Kind, e contract.Event, f map[string]string) string {
	if f["due_date"] == "" {
		return ""
	}
	out := "Your payment that was due " + long(f["due_date_before"]) + " is now due " + long(f["due_date"]) + "."
	if extra := f["extra_interest"]; kind == contract.Loan && extra != "" {
		out += " Interest goes on: about " + dollars(extra) + " for the " + f["extra_days"] + " days in between."
	}
	if e.Kind == contract.DueDateChange {
		out += fmt.Sprintf(" Later payments are due on day %d of the month.", e.DueDay)
	}
	return sentences(out, maturity(f))
}

func payment(f map[string]string) string {
	if f["payment"] == "" {
		return ""
	}
	return "Your payment is now " + dollars(f["payment"]) + " instead of " + dollars(f["payment_before"]) + "."
}

func rate(f map[string]string) string {
	if f["annual_rate"] == "" {
		return ""
	}
	return "Your rate is now " + percent(f["annual_rate"]) + "."
}

func maturity(f map[string]string) string {
	if f["maturity"] == "" {
		return ""
	}
	return "Your last payment is due " + long(f["maturity"]) + "."
}

func sentences(parts ...string) string {
	return strings.Join(strings.Fields(strings.Join(parts, " ")), " ")
}

// The figures come from the engine's own explanation, written by it: what does
// not read stays as it is written.

func dollars(s string) string {
	if c, err := money.ParseCents(s); err == nil {
		return c.USD()
	}
	return s
}

func percent(s string) string {
	if r, err := money.ParseRate(s); err == nil {
		return r.Percent()
	}
	return s
}

func long(s string) string {
	if d, err := money.ParseDate(s); err == nil {
		return d.Long()
	}
	return s
}
