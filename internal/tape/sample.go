package tape

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"

	"marque/internal/contract"
	"marque/internal/money"
)

// Invented makes and models: no real maker is named in sample data.
var sampleVehicles = [...]struct{ makeName, model string }{
	{"MARQUE", "ALTURA"}, {"MARQUE", "CORVINE"}, {"MARQUE", "SOLENNE"},
	{"HALDEN", "BRENTA 4"}, {"HALDEN", "FJORD"}, {"OSTRA", "VELA"}, {"OSTRA", "NOTTE"},
}

var sampleStates = [...]string{"FL", "TX", "CA", "NC", "IL", "MI", "SC", "AL", "NY", "OH"}

// Sample writes an invented portfolio of n loans or leases as an EX-102 file
// for the reporting period of July 2026. The same seed gives the same bytes.
// Amounts, rates and terms are spread like those of real new and used car
// portfolios; about one in fifty is paid off and one in fifteen past due.
func Sample(w io.Writer, kind contract.Kind, n int, seed int64) error {
	out := bufio.NewWriterSize(w, 1<<16)
	rnd := rand.New(rand.NewPCG(uint64(seed), 0x6d6172717565))
	ns, write := LoanNamespace, sampleLoan
	if kind == contract.Lease {
		ns, write = LeaseNamespace, sampleLease
	}
	fmt.Fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<assetData xmlns=%q>\n", ns)
	for i := range n {
		out.WriteString("  <assets>\n")
		write(element{out}, rnd, i+1)
		out.WriteString("  </assets>\n")
	}
	out.WriteString("</assetData>\n")
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write sample portfolio: %w", err)
	}
	return nil
}

// element writes elements; a bufio.Writer keeps the first error for Flush.
type element struct{ out *bufio.Writer }

func (e element) put(name string, value any) {
	fmt.Fprintf(e.out, "    <%s>%v</%s>\n", name, value, name)
}

func (e element) head(i int, kind, begin, end, cost string, amount money.Cents, originated Month) {
	e.put("assetTypeNumber", "Sample")
	e.put("assetNumber", fmt.Sprintf("%s%09d", kind, i))
	e.put(begin, "07-01-2026")
	e.put(end, "07-31-2026")
	e.put("originatorName", "Marque Financial")
	e.put("originationDate", originated)
	e.put(cost, amount)
}

func (e element) vehicle(rnd *rand.Rand, originated Month, used bool, value money.Cents) {
	v := sampleVehicles[rnd.IntN(len(sampleVehicles))]
	code, year := 1, int(originated)/12
	if used {
		code, year = 2, year-1-rnd.IntN(6)
	}
	e.put("vehicleManufacturerName", v.makeName)
	e.put("vehicleModelName", v.model)
	e.put("vehicleNewUsedCode", code)
	e.put("vehicleModelYear", year)
	e.put("vehicleTypeCode", 1+rnd.IntN(3))
	e.put("vehicleValueAmount", value)
	e.put("vehicleValueSourceCode", 98)
}

const sampleMonth = Month(2026*12 + 6)

func sampleLoan(e element, rnd *rand.Rand, i int) {
	term := [...]int{36, 48, 60, 60, 72, 72, 72, 75, 84}[rnd.IntN(9)]
	age := rnd.IntN(term - 2)
	used := rnd.IntN(2) == 0
	amount := money.Cents(800_000 + rnd.IntN(3_200_000))
	rate := money.Rate(2_90+rnd.IntN(1000)) * money.RateScale / 10_000
	payment := level(amount, rate, term)
	balance := amount
	monthly := money.Accrual{Rate: rate, DayCount: money.Thirty360}
	month := func(b money.Cents) money.Cents {
		x, err := monthly.OverDays(b, 30)
		if err != nil {
			panic(err) // a sample's amounts are far below what overflows
		}
		return x.Round(money.HalfUp)
	}
	for range age {
		balance += month(balance) - payment
	}
	interest := month(balance)
	principal := min(payment-interest, balance)
	closed := rnd.IntN(50) == 0
	if closed {
		principal = balance
	}
	pastDue := 0
	if !closed && rnd.IntN(15) == 0 {
		pastDue, interest, principal = 1+rnd.IntN(60), 0, 0
	}
	originated := sampleMonth - Month(age) - 1
	e.head(i, "L", "reportingPeriodBeginningDate", "reportingPeriodEndingDate", "originalLoanAmount", amount, originated)
	e.put("originalLoanTerm", term)
	e.put("loanMaturityDate", originated+Month(term))
	e.put("originalInterestRatePercentage", rate)
	e.put("interestCalculationTypeCode", 1)
	e.put("originalInterestRateTypeCode", 1)
	e.put("originalFirstPaymentDate", originated+1)
	e.put("underwritingIndicator", true)
	e.put("gracePeriodNumber", 1)
	e.put("paymentTypeCode", 2)
	e.put("subvented", 0)
	e.vehicle(rnd, originated, used, amount*11/10)
	e.put("obligorCreditScoreType", "Credit Bureau Score")
	e.put("obligorCreditScore", 560+rnd.IntN(280))
	e.put("obligorIncomeVerificationLevelCode", 2)
	e.put("obligorEmploymentVerificationCode", 2)
	e.put("coObligorIndicator", rnd.IntN(4) == 0)
	e.put("paymentToIncomePercentage", "0.0"+fmt.Sprint(500+rnd.IntN(400)))
	e.put("obligorGeographicLocation", sampleStates[rnd.IntN(len(sampleStates))])
	e.put("assetAddedIndicator", false)
	e.put("remainingTermToMaturityNumber", term-age-1)
	e.put("reportingPeriodModificationIndicator", false)
	e.put("servicingAdvanceMethodCode", 1)
	e.put("reportingPeriodBeginningLoanBalanceAmount", balance)
	e.put("nextReportingPeriodPaymentAmountDue", payment)
	e.put("reportingPeriodInterestRatePercentage", rate)
	e.put("nextInterestRatePercentage", rate)
	e.put("servicingFeePercentage", "0.01")
	e.put("otherAssessedUncollectedServicerFeeAmount", money.Cents(0))
	e.put("scheduledInterestAmount", interest)
	e.put("scheduledPrincipalAmount", payment-interest)
	e.put("otherPrincipalAdjustmentAmount", money.Cents(0))
	e.put("reportingPeriodActualEndBalanceAmount", balance-principal)
	e.put("reportingPeriodScheduledPaymentAmount", payment)
	e.put("totalActualAmountPaid", interest+principal)
	e.put("actualInterestCollectedAmount", interest)
	e.put("actualPrincipalCollectedAmount", principal)
	e.put("actualOtherCollectedAmount", money.Cents(0))
	through := 1 + rnd.IntN(28)
	paidMonth := 7
	if pastDue > 0 {
		paidMonth = 6 - pastDue/31
	}
	e.put("interestPaidThroughDate", fmt.Sprintf("%02d-%02d-2026", paidMonth, through))
	if closed {
		e.put("zeroBalanceEffectiveDate", sampleMonth)
		e.put("zeroBalanceCode", 1)
	}
	e.put("currentDelinquencyStatus", pastDue)
	e.put("primaryLoanServicerName", "Marque Financial")
	e.put("assetSubjectDemandIndicator", false)
	e.put("repossessedIndicator", false)
}

func sampleLease(e element, rnd *rand.Rand, i int) {
	term := [...]int{24, 36, 36, 36, 39, 48}[rnd.IntN(6)]
	age := rnd.IntN(term - 2)
	cost := money.Cents(2_200_000 + rnd.IntN(3_500_000))
	residual := cost * money.Cents(50+rnd.IntN(15)) / 100
	rent := (cost-residual)/money.Cents(term) + (cost+residual)*money.Cents(10+rnd.IntN(20))/10_000
	originated := sampleMonth - Month(age) - 1
	e.head(i, "S", "reportingPeriodBeginDate", "reportingPeriodEndDate", "acquisitionCost", cost, originated)
	e.put("originalLeaseTermNumber", term)
	e.put("scheduledTerminationDate", originated+Month(term))
	e.put("originalFirstPaymentDate", originated)
	e.put("underwritingIndicator", true)
	e.put("gracePeriod", 0)
	e.put("paymentTypeCode", 2)
	e.put("subvented", 0)
	e.vehicle(rnd, originated, false, cost*21/20)
	e.put("baseResidualValue", residual*95/100)
	e.put("baseResidualSourceCode", 2)
	e.put("contractResidualValue", residual)
	e.put("lesseeCreditScoreType", "Credit Bureau Score")
	e.put("lesseeCreditScore", 680+rnd.IntN(170))
	e.put("lesseeIncomeVerificationLevelCode", 2)
	e.put("lesseeEmploymentVerificationCode", 2)
	e.put("coLesseePresentIndicator", rnd.IntN(4) == 0)
	e.put("paymentToIncomePercentage", "0.0"+fmt.Sprint(500+rnd.IntN(400)))
	e.put("lesseeGeographicLocation", sampleStates[rnd.IntN(len(sampleStates))])
	e.put("assetAddedIndicator", false)
	e.put("remainingTermNumber", term-age-1)
	e.put("reportingPeriodModificationIndicator", false)
	e.put("servicingAdvanceMethodCode", 1)
	e.put("securitizationDiscountRate", "0.07")
	e.put("nextReportingPeriodPaymentAmountDue", rent)
	e.put("servicingFeePercentage", "0.01")
	e.put("otherAssessedUncollectedServicerFeeAmount", money.Cents(0))
	e.put("reportingPeriodEndingActualBalanceAmount", residual+rent*money.Cents(term-age-1)*9/10)
	e.put("reportingPeriodScheduledPaymentAmount", rent)
	e.put("totalActualAmountPaid", rent)
	e.put("actualOtherCollectedAmount", money.Cents(0))
	e.put("paidThroughDate", fmt.Sprintf("08-%02d-2026", 1+rnd.IntN(28)))
	e.put("currentDelinquencyStatus", 0)
	e.put("primaryLeaseServicerName", "Marque Financial")
	e.put("assetSubjectDemandIndicator", false)
}
