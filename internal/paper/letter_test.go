package paper

import (
	"strings"
	"testing"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
)

// letters are a snapshot of each kind, and of the ways that one kind can stand,
// with what it must say in both languages.
func letters(t testing.TB) []told {
	return []told{
		{"schedule", billing.DocSchedule, schedule(t), []string{"Paid so far", "Total so far $4,522.50 $964.96 $3,535.04 $22.50 $20,464.96", "Still to come: a projection", "Dec 15, 2026 Payment 11 $450.00", "Total to come $23,389.04 $2,924.08 $20,464.96 $0.00"},
			[]string{"Tabla de amortización", "Total hasta ahora $4,522.50 $964.96 $3,535.04 $22.50 $20,464.96", "Lo que falta: una proyección", "15 dic 2026 Pago 11 $450.00"}},
		{"lease-schedule", billing.DocSchedule, leaseSchedule(t), []string{"Payment schedule", "Lease payments", "Total to come $15,830.00 $15,000.00 $830.00 $0.00"}, []string{"Calendario de pagos", "Pagos del arrendamiento"}},
		{"history", billing.DocHistory, history(t), []string{"from Mar 1, 2026 through Nov 23, 2026", "Principal left $23,670.26 $20,464.96", "Oct 1, 2026 Late fee −$22.50", "Payment by check $922.50 $68.85 $831.15 $22.50 $20,464.96", "Paid, and kept $4,072.50"},
			[]string{"Historial de la cuenta", "Pago con cheque $922.50", "Pagado y conservado $4,072.50"}},
		{"lease-history", billing.DocHistory, leaseHistory(t), []string{"Other fee −$48.00", "Paid to lease payments $6,600.00", "Paid to tax $365.20"}, []string{"Otro cargo −$48.00"}},
		{"interest", billing.DocInterestSummary, yearsInterest(t), []string{"Interest received in 2026 $1,204.28", "Principal owed on Jan 15, 2026 $24,000.00", "Date the loan was made Jan 15, 2026", "2026 Vento Lumen", "1HZ0LMN24P0008812", "María Álvarez-Dvořák, 218 Juniper Street", "not tax advice", "we report it to the Internal Revenue Service"},
			[]string{"Interés recibido en 2026 $1,204.28", "Capital adeudado el 15 de enero de 2026 $24,000.00", "no es asesoría fiscal"}},
		{"interest-so-far", billing.DocInterestSummary, interestSoFar(t), []string{"from Jan 1, 2026 through Apr 1, 2026. The year is not over", "since Jan 15, 2026", "Date the loan was made Jun 1, 2024"}, []string{"El año no ha terminado"}},
		{"paid", billing.DocPaidInFull, paid(t, "TX"), []string{"You owe $0.00", "Owed before your last payment $21,081.45", "−$21,500.00", "Paid beyond what was owed $418.55", "Balance now $0.00", "7KM-2PQ-XW4", "until Jan 25, 2027", "by Jan 26, 2027, when your payment can no longer come back"},
			[]string{"Usted debe $0.00", "cuenta corriente terminada en 4821", "hasta el 25 de enero de 2027"}},
		{"paid-with-a-law", billing.DocPaidInFull, paid(t, "MO"), []string{"by Dec 4, 2026, as the law of your state asks (Mo. Rev. Stat. 301.640)"}, []string{"como lo pide la ley de su estado (Mo. Rev. Stat. 301.640)"}},
		{"lien", billing.DocLienRelease, paid(t, "MO"), []string{"releases its lien on this vehicle as of Nov 23, 2026", "Lienholder Harborline Motor Finance, 12 Wharf Road", "1HZ0LMN24P0008812", "Signature"}, []string{"libera su gravamen", "Titular del gravamen"}},
		{"lease-end", billing.DocLeaseEnd, leaseEnd(t), []string{"Your lease ends on Jan 15, 2029", "2 payments of $633.20", "Miles in the whole lease 36,000", "Odometer on Sep 15, 2028 35,012", "Over your miles at the end 3,384", "Estimated charge for miles $846.00", "Disposition fee $395.00", "Security deposit, back to you −$500.00 You pay $2,007.40", "Purchase price $27,000.00", "You pay $27,916.40", "inspection", "keys"},
			[]string{"Su arrendamiento termina el 15 de enero de 2029", "Cargo estimado por millas $846.00", "Usted paga $27,916.40"}},
		{"late", billing.DocLateNotice, late(t), []string{"To bring your account up to date $420.00", "due on Nov 15, 2026 has not been paid in full: $400.00 of it is missing", "late fee of $20.00", "more than 10 days late", "Tex. Fin. Code 348.107", "If it is hard to pay right now", "Autopay is on"},
			[]string{"Para poner su cuenta al día $420.00", "cargo por atraso de $20.00", "Si le cuesta pagar"}},
		{"returned", billing.DocReturnNotice, returned(), []string{"Payment that came back $450.00", "there was not enough money in the bank account", "checking ending in 4821", "fee of $15.00", "again on Nov 25, 2026", "To pay now $465.00"},
			[]string{"Pago devuelto $450.00", "no había suficiente dinero en la cuenta bancaria", "cuenta corriente terminada en 4821"}},
		{"stopped", billing.DocReturnNotice, stopped(), []string{"the bank account is closed", "We have not charged a fee", "It is open again", "will not try this payment again", "Nothing more is taken"}, []string{"la cuenta bancaria está cerrada", "No hemos cobrado ningún cargo"}},
		{"due-date", billing.DocChangeNotice, change(t, contract.Event{Kind: contract.DueDateChange, Date: d(2026, 3, 20), DueDay: 25}), []string{"Next payment is due Apr 15, 2026 Apr 25, 2026", "day 25 of the month", "10 days in between: about $76.91"}, []string{"15 de abril de 2026 25 de abril de 2026", "el día 25 de cada mes"}},
		{"service", billing.DocChangeNotice, change(t, contract.Event{Kind: contract.Service, Date: d(2026, 3, 20)}), []string{"50 USC 3937", "Interest rate a year 12.00% 6.00%", "Payment $534.00 $466.18"}, []string{"Tasa de interés anual 12.00% 6.00%"}},
		{"adverse", billing.DocAdverseNotice, adverse(t), []string{"On Nov 9, 2026 you asked us to move payments to later", "Payments on this account were late too often.", "prohibits creditors from discriminating against credit applicants on the basis of race, color, religion, national origin, sex, marital status, age (provided the applicant has the capacity to enter into a binding contract)", "Federal Trade Commission, Equal Credit Opportunity, Washington, DC 20580.", "The agency did not make the decision", "within 60 days", "Your score 610"},
			[]string{"Ley federal de Igualdad de Oportunidades de Crédito", "Federal Trade Commission", "Puede pedirnos esta carta en inglés", "dentro de los 60 días"}},
		{"message", billing.DocMessage, message(), []string{"Your phone number changed", "call us right away", "New number ends in 21"}, []string{"Your phone number changed"}},
	}
}

type told struct {
	name             string
	kind             billing.DocumentKind
	snapshot         any
	english, spanish []string
}

func TestLettersSayWhatTheyAreFor(t *testing.T) {
	for _, l := range letters(t) {
		for _, language := range []string{billing.English, billing.Spanish} {
			t.Run(language+"-"+l.name, func(t *testing.T) {
				b, err := PDF(l.kind, language, frozen(t, l.snapshot))
				if err != nil {
					t.Fatal(err)
				}
				keep(t, b)
				got := read(t, b)
				want := l.english
				if language == billing.Spanish {
					want = l.spanish
				}
				says(t, got, want...)
				if strings.HasPrefix(l.name, "lease") {
					silent(t, strings.ToLower(got), "interest", "interés", " rate", "tasa")
					silent(t, got, "APR", "%")
				}
				if language == billing.Spanish && l.kind != billing.DocMessage {
					silent(t, got, "Payment", "Account number", "Vehicle ", "Date ", "due date")
				}
			})
		}
	}
}

func silent(t testing.TB, got string, none ...string) {
	t.Helper()
	for _, word := range none {
		if strings.Contains(got, word) {
			t.Errorf("it says %q: %s", word, got)
		}
	}
}

// Every kind of the list is set, each in its own way.
func TestEveryKindOfDocumentCanBeSet(t *testing.T) {
	for _, kind := range billing.DocumentKinds {
		if setters[kind] == nil {
			t.Errorf("%s has no line in the table", kind)
		}
	}
}

// A letter whose kind of change, request or reason is not known here says nothing
// in its place rather than a code.
func TestUnknownCodesAreNotPrinted(t *testing.T) {
	n := change(t, contract.Event{Kind: contract.DueDateChange, Date: d(2026, 3, 20), DueDay: 25})
	n.Change = "made_up_change"
	b, err := ChangeNotice(billing.English, n)
	if err != nil {
		t.Fatal(err)
	}
	silent(t, read(t, b), "made_up")
}

// The pages of a schedule over seven years are as many as its rows need, and its
// last row is there.
func TestALongScheduleGoesOnOverPages(t *testing.T) {
	terms := loanTerms()
	terms.Payments, terms.Payment = 84, 350_00
	s, lines := story(t, terms, d(2029, 12, 1), payments(terms, 46)...)
	p := must[billing.SchedulePaper](t)(billing.MakeSchedule(billing.ScheduleInput{Letter: headed(terms.Kind, d(2029, 12, 1)), Terms: terms, State: s, Lines: lines, OriginalDate: terms.Start, OriginalAmount: terms.Principal}))
	b, err := Schedule(billing.English, p)
	if err != nil {
		t.Fatal(err)
	}
	got := read(t, b)
	says(t, got, "Page 3 of 3", "Payment 47", "Payment 84", p.Left.Amount.USD(), money.Cents(0).USD())
	if n := strings.Count(got, "Payment received"); n != 46 {
		t.Errorf("%d payments of 46", n)
	}
}
