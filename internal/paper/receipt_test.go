package paper

import (
	"strings"
	"testing"

	"marque/internal/billing"
	"marque/internal/contract"
)

func TestReceipt(t *testing.T) {
	inOrder(t, set(t, Receipt, billing.English, loanReceipt()), "Receipt", "María Álvarez-Dvořák", "Payment $612.40", "Received. It counts from Dec 15, 2026 and was sent to your bank.", "Account number 4400-118-2204", "Confirmation number 7K2M-QX",
		"Payment date Dec 15, 2026", "You made this payment Dec 14, 2026, 10:05 PM UTC", "From checking ending in 4821", "How it was applied", "Interest $101.75", "Principal $505.65", "Late fees $5.00", "Payment $612.40",
		"Balance after this payment $19,494.35", "Each line is the interest a day × the days.", "Nov 14, 2026 Dec 15, 2026 $20,000.00 365 $3.282192 31 $101.7479", loanReceipt().Authorization, "Keep this receipt", "Page 1 of 1")
	r := loanReceipt()
	r.Lender.TimeZone, r.Autopay = "America/Los_Angeles", true
	inOrder(t, set(t, Receipt, billing.Spanish, r), "Recibo", "Pago $612.40", "Recibido. Cuenta desde el 15 de diciembre de 2026 y se envió a su banco.", "Se hizo con pagos automáticos 14 de diciembre de 2026, 2:05 p. m. PST", "De cuenta corriente terminada en 4821", "Interés $101.75", "Capital $505.65")
}

func TestConfirmationOfAScheduledPayment(t *testing.T) {
	r := loanReceipt()
	r.State = billing.Scheduled
	inOrder(t, set(t, Confirmation, billing.English, r), "Payment confirmation", "Scheduled for Dec 15, 2026. Nothing has been taken yet.", "How it will be applied", "Keep this confirmation")
	inOrder(t, set(t, Confirmation, billing.Spanish, r), "Confirmación de pago", "Programado para el 15 de diciembre de 2026. Todavía no se ha tomado nada.", "Cómo se aplicará")
}

func TestReceiptOfAReturnedPayment(t *testing.T) {
	r := loanReceipt()
	r.State, r.ReturnedOn, r.ReturnReason, r.Allocation = billing.Returned, d(2026, 12, 17), "there was not enough money in the bank account", contract.Allocation{}
	got := set(t, Receipt, billing.English, r)
	says(t, got, "Payment returned by the bank on Dec 17, 2026: there was not enough money in the bank account. This payment does not count on your account.")
	if strings.Contains(got, "Balance after") || strings.Contains(got, "Interest") {
		t.Error(got)
	}
}

func TestLeaseReceiptSpeaksOfLeasePayments(t *testing.T) {
	r := loanReceipt()
	r.Kind, r.Allocation = contract.Lease, contract.Allocation{Principal: 575_00, Tax: 37_43, Forgiven: 3}
	for _, language := range []string{billing.English, billing.Spanish} {
		if bad := leaseNever.FindAllString(set(t, Receipt, language, r), -1); bad != nil {
			t.Errorf("%q", bad)
		}
	}
	says(t, set(t, Receipt, billing.English, r), "Lease payments $575.00", "Tax $37.43", "Forgiven, not paid by you −$0.03", "Payment $612.40")
}

func TestReceiptSaysWhatWasHeldAndForgiven(t *testing.T) {
	r := loanReceipt()
	r.Allocation = contract.Allocation{Recovered: 600_00, Unapplied: 12_40, InterestForgiven: 5}
	says(t, set(t, Receipt, billing.English, r), "Toward the balance charged off $600.00", "Held for you $12.40", "Interest of $0.05 was forgiven as well.")
}

func TestEveryStateOfAPaymentHasWords(t *testing.T) {
	for _, state := range billing.States {
		for _, language := range []string{billing.English, billing.Spanish} {
			r := loanReceipt()
			r.State = state
			if _, err := Receipt(language, r); err != nil {
				t.Errorf("%s: %v", state, err)
			}
		}
	}
}

func TestReceiptIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*billing.Receipt){
		"parts are not the whole": func(r *billing.Receipt) { r.Allocation.Principal++ },
		"unknown state":           func(r *billing.Receipt) { r.State = "lost" },
	} {
		r := loanReceipt()
		spoil(r)
		if b, err := Receipt(billing.English, r); err == nil || b != nil {
			t.Errorf("%s: printed", name)
		}
	}
}

func TestAuthorizationHoldsItsText(t *testing.T) {
	a := authorization()
	inOrder(t, set(t, Authorization, billing.English, a), "Autopay authorization", "First payment $450.00", "On Jan 15, 2027 from checking ending in 4821.", "You agreed on Dec 14, 2026, 10:05 PM UTC", "Signed María Álvarez", "Wording autopay-2", a.Text, "Keep this copy.")
	inOrder(t, set(t, Authorization, billing.Spanish, a), "Autorización de pagos automáticos", "Primer pago $450.00", "El 15 de enero de 2027 de cuenta corriente terminada en 4821.", a.Text)
	a.FirstAmount, a.Ended = 0, d(2027, 3, 1)
	if got := set(t, Authorization, billing.English, a); !strings.Contains(got, "The payment of Jan 15, 2027 was already paid when you agreed.") || strings.Contains(got, "$0.00") || !strings.Contains(got, "Ended Mar 1, 2027") {
		t.Error(got)
	}
	a.Text = ""
	if b, err := Authorization(billing.English, a); err == nil || b != nil {
		t.Error("a copy without its text was printed")
	}
}

func TestTheSampleShowsItsWord(t *testing.T) {
	for _, language := range []string{billing.English, billing.Spanish} {
		b, err := Sample(language, harbor, "lantern")
		if err != nil {
			t.Fatal(err)
		}
		noOverlap(t, b)
		keep(t, b)
		says(t, read(t, b), "Harborline Motor Finance", "lantern", "1", "555-0142")
	}
	if b, err := Sample(billing.English, harbor, ""); err == nil || b != nil {
		t.Error("a sample without a word was made")
	}
}
