package tape

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"marque/internal/contract"
	"marque/internal/money"
)

// Need says when a column must have a value.
type Need string

// When a value must stand.
const (
	Always   Need = "yes"
	ForLoan  Need = "loans"
	ForLease Need = "leases"
	Never    Need = "no"
)

// Column is one column of the contract file. The examples are two rows that
// stand together: a loan and a lease of one customer.
type Column struct {
	Name    string
	Need    Need
	Meaning string
	Loan    string
	Lease   string

	set func(*Boarding, string) error
}

// Columns documents the contract file and reads it: one table for both.
var Columns = []Column{
	{"account_number", Always, "the lender's number for the contract, unique; up to 30 letters, digits, - / = . + _", "LN-100245", "LS-200871", setAccount},
	{"kind", Always, "loan or lease", "loan", "lease", func(b *Boarding, s string) error {
		if b.Terms.Kind = contract.Kind(s); b.Terms.Kind != contract.Loan && b.Terms.Kind != contract.Lease {
			return errors.New("is loan or lease")
		}
		return nil
	}},
	{"customer_id", Never, "rows with the same one belong to one customer and must name the same person; empty: a customer of its own", "C-7001", "C-7001", name(40, func(b *Boarding) *string { return &b.CustomerID })},
	{"first_name", Always, "first name", "Jordan", "Jordan", name(60, func(b *Boarding) *string { return &b.Person.FirstName })},
	{"last_name", Always, "last name", "Reyes", "Reyes", name(60, func(b *Boarding) *string { return &b.Person.LastName })},
	{"email", Always, "where codes and notices go", "jordan.reyes@mail.example", "jordan.reyes@mail.example", func(b *Boarding, s string) error {
		b.Person.Email = s
		return CheckEmail(s)
	}},
	{"phone", Never, "US phone number", "202-555-0143", "202-555-0143", func(b *Boarding, s string) (err error) {
		b.Person.Phone, err = Phone(s)
		return err
	}},
	{"ssn", Always, "Social Security number: nine digits, or the last four", "123-45-6789", "123-45-6789", func(b *Boarding, s string) (err error) {
		b.Person.SSN, err = SSN(s)
		return err
	}},
	{"birth_date", Never, "YYYY-MM-DD", "1988-03-14", "1988-03-14", isoDate(func(b *Boarding) *money.Date { return &b.Person.BirthDate })},
	{"street", Never, "street and number", "12 Harbor Street", "12 Harbor Street", name(100, func(b *Boarding) *string { return &b.Person.Street })},
	{"city", Never, "city", "Tampa", "Tampa", name(60, func(b *Boarding) *string { return &b.Person.City })},
	{"state", Never, "two letters", "FL", "FL", setState},
	{"zip", Always, "ZIP code, 5 or 9 digits", "33602", "33602", func(b *Boarding, s string) error {
		b.Person.ZIP = s
		return CheckZIP(s)
	}},
	{"co_borrower_number", Never, "customer_id of who owes the contract together with the customer; the columns below are theirs, and empty when there is nobody", "", "C-7002", name(40, func(b *Boarding) *string { co(b); return &b.CoBorrowerID })},
	{"co_borrower_first_name", Never, "first name; needed, as last name, email, ssn and zip, when any of these columns has a value", "", "Alex", name(60, func(b *Boarding) *string { return &co(b).FirstName })},
	{"co_borrower_last_name", Never, "last name", "", "Reyes", name(60, func(b *Boarding) *string { return &co(b).LastName })},
	{"co_borrower_email", Never, "where codes and notices go", "", "alex.reyes@mail.example", func(b *Boarding, s string) error {
		co(b).Email = s
		return CheckEmail(s)
	}},
	{"co_borrower_phone", Never, "US phone number", "", "202-555-0144", func(b *Boarding, s string) (err error) {
		co(b).Phone, err = Phone(s)
		return err
	}},
	{"co_borrower_ssn", Never, "Social Security number: nine digits, or the last four", "", "123-45-6788", func(b *Boarding, s string) (err error) {
		co(b).SSN, err = SSN(s)
		return err
	}},
	{"co_borrower_birth_date", Never, "YYYY-MM-DD", "", "1989-07-02", isoDate(func(b *Boarding) *money.Date { return &co(b).BirthDate })},
	{"co_borrower_street", Never, "street and number", "", "12 Harbor Street", name(100, func(b *Boarding) *string { return &co(b).Street })},
	{"co_borrower_city", Never, "city", "", "Tampa", name(60, func(b *Boarding) *string { return &co(b).City })},
	{"co_borrower_state", Never, "two letters", "", "FL", func(b *Boarding, s string) error {
		co(b).State = s
		return checkState(s)
	}},
	{"co_borrower_zip", Never, "ZIP code, 5 or 9 digits", "", "33602", func(b *Boarding, s string) error {
		co(b).ZIP = s
		return CheckZIP(s)
	}},
	{"vehicle_year", Never, "model year", "2024", "2025", func(b *Boarding, s string) error {
		y, ok := atoi(s)
		if b.Vehicle.Year = y; !ok || y < 1900 || y > 2149 {
			return errors.New("is not a model year")
		}
		return nil
	}},
	{"vehicle_make", Never, "make", "Marque", "Marque", name(30, func(b *Boarding) *string { return &b.Vehicle.Make })},
	{"vehicle_model", Never, "model", "Altura", "Corvine", name(30, func(b *Boarding) *string { return &b.Vehicle.Model })},
	{"vehicle_new", Never, "new or used", "new", "new", func(b *Boarding, s string) error {
		if b.Vehicle.New = s == "new"; s != "new" && s != "used" {
			return errors.New("is new or used")
		}
		return nil
	}},
	{"vin", Never, "vehicle identification number, 17 characters with its check digit", "1M9AL24C1RS000017", "1M9CV25C8SS000023", func(b *Boarding, s string) error {
		b.Vehicle.VIN = strings.ToUpper(s)
		return CheckVIN(b.Vehicle.VIN)
	}},
	{"principal", ForLoan, "principal owed at start_date; for a lease all rent to come (payment times n_payments), or empty", "24000.00", "", dollars(func(b *Boarding) *money.Cents { return &b.Terms.Principal })},
	{"annual_rate", ForLoan, "yearly rate as a fraction: 0.0695 is 6.95 %; for a lease 0 or empty", "0.059", "", func(b *Boarding, s string) (err error) {
		b.Terms.Rate, err = money.ParseRate(s)
		return err
	}},
	{"start_date", Always, "interest accrues from here, YYYY-MM-DD", "2026-01-15", "2026-01-10", isoDate(func(b *Boarding) *money.Date { return &b.Terms.Start })},
	{"first_due_date", Always, "first instalment to be paid, YYYY-MM-DD", "2026-02-15", "2026-02-10", isoDate(func(b *Boarding) *money.Date { return &b.Terms.FirstDue })},
	{"due_day", Never, "day of the month of later due dates, 1 to 31; empty: the first due date's", "", "", whole(1, 31, func(b *Boarding) *int { return &b.Terms.DueDay })},
	{"periods_per_year", Never, "payments in a year: 12, 24 twice a month, 26 every two weeks, 52, or 1, 2, 4; empty: 12", "", "", whole(1, 52, func(b *Boarding) *int { return &b.Terms.PerYear })},
	{"skip_months", Never, "months of the year without a payment, 1 to 12 in order, parted by spaces", "", "", func(b *Boarding, s string) error {
		b.Terms.SkipMonths = nil
		for _, word := range strings.Fields(s) {
			n, ok := atoi(word)
			if !ok || n < 1 || n > 12 {
				return errors.New("is months from 1 to 12, parted by spaces")
			}
			b.Terms.SkipMonths = append(b.Terms.SkipMonths, n)
		}
		return nil
	}},
	{"n_payments", Always, "number of payments to come, 1 to 1200", "60", "36", whole(1, 1200, func(b *Boarding) *int { return &b.Terms.Payments })},
	{"payment", Always, "each payment; the last one is whatever is left", "462.87", "389.00", dollars(func(b *Boarding) *money.Cents { return &b.Terms.Payment })},
	{"steps", Never, "later payments, as number of the first and amount, parted by spaces: 13:300.00", "", "", func(b *Boarding, s string) (err error) {
		b.Terms.Steps = nil
		for _, word := range strings.Fields(s) {
			from, amount, _ := strings.Cut(word, ":")
			step := contract.Step{}
			var ok bool
			if step.From, ok = atoi(from); !ok {
				return errors.New("is like 13:300.00")
			}
			if step.Payment, err = money.ParseCents(amount); err != nil {
				return errors.New("is like 13:300.00")
			}
			b.Terms.Steps = append(b.Terms.Steps, step)
		}
		return nil
	}},
	{"balloon", Never, "due with the last payment beyond it", "", "", dollars(func(b *Boarding) *money.Cents { return &b.Terms.Balloon })},
	{"payment_tax", Never, "the part of a lease's payment that is tax", "", "", dollars(func(b *Boarding) *money.Cents { return &b.Terms.Tax })},
	{"day_count", Never, "actual/365, actual/366, actual/actual, actual/360 or 30/360; empty: the lender's setting", "actual/365", "", func(b *Boarding, s string) (err error) {
		b.Terms.DayCount, err = money.ParseDayCount(s)
		return err
	}},
	{"rounding", Never, "half_up, half_even, truncate or up; empty: the lender's setting", "half_up", "", func(b *Boarding, s string) (err error) {
		b.Terms.Rounding, err = money.ParseRounding(s)
		return err
	}},
	{"factor_decimals", Never, "decimals that the daily factor is cut to, 0 for none; empty: the lender's setting", "", "", whole(0, 12, func(b *Boarding) *int { return &b.Terms.FactorDecimals })},
	{"carry_fraction", Never, "yes: the fraction of a cent goes on to the next payment; no or empty: each payment settles its own", "", "", yes(func(b *Boarding) *bool { return &b.Terms.CarryFraction })},
	{"application", Never, "order in which a payment is applied, parted by spaces; empty: the lender's setting", "interest principal late_fee other_fee", "", func(b *Boarding, s string) error {
		b.Terms.Application = nil
		for _, word := range strings.Fields(s) {
			b.Terms.Application = append(b.Terms.Application, contract.Bucket(word))
		}
		return nil
	}},
	{"extra", Never, "what extra money does: prepay (empty), principal or fees", "", "", func(b *Boarding, s string) error {
		b.Terms.Extra = contract.Extra(s)
		return nil
	}},
	{"close_tolerance", Never, "the most that is written off when no more than that is left", "", "", dollars(func(b *Boarding) *money.Cents { return &b.Terms.CloseTolerance })},
	{"fee_state", Never, "the state whose law limits the fees, two letters", "", "", func(b *Boarding, s string) error {
		b.Terms.FeeState = s
		return nil
	}},
	{"grace_days", Never, "days after the due date before a late fee; empty: the lender's setting", "10", "10", whole(0, 90, func(b *Boarding) *int { return &b.Terms.GraceDays })},
	{"late_fee_flat", Never, "late fee in dollars (with a percentage: the least); empty, as the two below: the lender's setting", "15.00", "25.00", dollars(func(b *Boarding) *money.Cents { return &b.Terms.LateFee.Flat })},
	{"late_fee_percent", Never, "late fee as a fraction of the unpaid instalment: 0.05 is 5 %", "", "", func(b *Boarding, s string) (err error) {
		b.Terms.LateFee.Percent, err = money.ParseRate(s)
		if err == nil && b.Terms.LateFee.Percent > money.RateScale {
			return errors.New("is a fraction of one")
		}
		return err
	}},
	{"late_fee_cap", Never, "most that a late fee can be", "", "", dollars(func(b *Boarding) *money.Cents { return &b.Terms.LateFee.Cap })},
	{"returned_fee", Never, "fee for a returned payment; empty: the lender's setting", "15.00", "15.00", dollars(func(b *Boarding) *money.Cents { return &b.Terms.ReturnedFee })},
	{"fees_outstanding", Never, "fees charged before and not paid", "", "", dollars(func(b *Boarding) *money.Cents { return &b.FeesOutstanding })},
	{"original_amount", Never, "amount financed at origination", "24000.00", "", dollars(func(b *Boarding) *money.Cents { return &b.OriginalAmount })},
	{"original_date", Never, "date of the contract, YYYY-MM-DD", "2026-01-15", "2026-01-10", isoDate(func(b *Boarding) *money.Date { return &b.OriginalDate })},
	{"original_term", Never, "term in months at origination", "60", "36", whole(1, 1200, func(b *Boarding) *int { return &b.OriginalTerm })},
	{"cap_cost", ForLease, "capitalized cost of a lease", "", "31500.00", dollars(func(b *Boarding) *money.Cents { return &lease(b).CapitalizedCost })},
	{"residual", ForLease, "residual value of a lease", "", "18900.00", dollars(func(b *Boarding) *money.Cents { return &lease(b).Residual })},
	{"lease_term", Never, "term of a lease in months; empty: n_payments", "", "36", whole(1, 1200, func(b *Boarding) *int { return &lease(b).Term })},
	{"miles_per_year", Never, "miles a year that a lease allows", "", "12000", whole(1, 200_000, func(b *Boarding) *int { return &lease(b).MilesPerYear })},
	{"miles_purchased", Never, "miles bought at signing, over the whole term", "", "", whole(0, 9_999_999, func(b *Boarding) *int { return &lease(b).MilesPurchased })},
	{"excess_mile", Never, "charge for a mile over the allowance", "", "0.20", dollars(func(b *Boarding) *money.Cents { return &lease(b).ExcessMile })},
	{"odometer", Never, "miles at the start of the lease", "", "12", whole(0, 9_999_999, func(b *Boarding) *int { return &lease(b).Odometer })},
	{"lease_start_date", Never, "when the lease was signed and its first payment was due; empty: not known, and then no early end can be worked out", "", "2026-01-10", isoDate(func(b *Boarding) *money.Date { return &lease(b).Start })},
	{"base_payment", Never, "a lease's payment without tax; empty: payment less payment_tax", "", "", dollars(func(b *Boarding) *money.Cents { return &lease(b).BasePayment })},
	{"cap_reduction", Never, "what the customer paid toward a lease's cost in advance", "", "", dollars(func(b *Boarding) *money.Cents { return &lease(b).CapReduction })},
	{"security_deposit", Never, "held on a lease", "", "", dollars(func(b *Boarding) *money.Cents { return &lease(b).SecurityDeposit })},
	{"disposition_fee", Never, "charged when a leased vehicle is returned", "", "395.00", dollars(func(b *Boarding) *money.Cents { return &lease(b).DispositionFee })},
	{"purchase_option_fee", Never, "charged when a leased vehicle is bought", "", "300.00", dollars(func(b *Boarding) *money.Cents { return &lease(b).PurchaseFee })},
	{"early_termination_fee", Never, "charged when a lease ends early", "", "", dollars(func(b *Boarding) *money.Cents { return &lease(b).EarlyTerminationFee })},
}

func co(b *Boarding) *Person {
	if b.CoBorrower == nil {
		b.CoBorrower = &Person{}
	}
	return b.CoBorrower
}

func lease(b *Boarding) *contract.LeaseTerms {
	if b.Terms.LeaseTerms == nil {
		b.Terms.LeaseTerms = &contract.LeaseTerms{}
	}
	return b.Terms.LeaseTerms
}

func name(limit int, at func(*Boarding) *string) func(*Boarding, string) error {
	return func(b *Boarding, s string) error {
		if tooLong(s, limit) {
			return fmt.Errorf("is longer than %d characters", limit)
		}
		*at(b) = s
		return plainText(s)
	}
}

func setAccount(b *Boarding, s string) error {
	b.AccountNumber = s
	const allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-/=.+_"
	if len(s) > 30 || strings.Trim(s, allowed) != "" {
		return errors.New("is up to 30 letters, digits and - / = . + _")
	}
	return nil
}

func setState(b *Boarding, s string) error {
	b.Person.State, b.State = s, s
	return checkState(s)
}

func checkState(s string) error {
	const states = " AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY AS GU MP PR VI AA AE AP "
	if len(s) != 2 || !strings.Contains(states, " "+s+" ") {
		return errors.New("is not a state's two letters")
	}
	return nil
}

func isoDate(at func(*Boarding) *money.Date) func(*Boarding, string) error {
	return func(b *Boarding, s string) error {
		d, err := money.ParseDate(s)
		if err == nil && (d.Year() < 1900 || d.Year() > 2149) {
			err = errors.New("is not in a year from 1900 to 2149")
		}
		*at(b) = d
		return err
	}
}

func dollars(at func(*Boarding) *money.Cents) func(*Boarding, string) error {
	return func(b *Boarding, s string) error {
		c, err := money.ParseCents(s)
		if err == nil && c < 0 {
			err = errNegative
		}
		*at(b) = c
		return err
	}
}

func whole(low, high int, at func(*Boarding) *int) func(*Boarding, string) error {
	return func(b *Boarding, s string) error {
		n, ok := atoi(s)
		if *at(b) = n; !ok || n < low || n > high {
			return fmt.Errorf("is a whole number from %d to %d", low, high)
		}
		return nil
	}
}

func yes(at func(*Boarding) *bool) func(*Boarding, string) error {
	return func(b *Boarding, s string) error {
		if *at(b) = s == "yes"; s != "yes" && s != "no" {
			return errors.New("is yes or no")
		}
		return nil
	}
}

// WriteExample writes a valid file of two rows.
func WriteExample(w io.Writer) error {
	var head, loan, lease []string
	for _, c := range Columns {
		head, loan, lease = append(head, c.Name), append(loan, c.Loan), append(lease, c.Lease)
	}
	return csv.NewWriter(w).WriteAll([][]string{head, loan, lease})
}

// WriteColumns writes the documentation of the columns.
func WriteColumns(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "COLUMN\tNEEDED\tMEANING\tEXAMPLE")
	for _, c := range Columns {
		example := c.Loan
		if example == "" {
			example = c.Lease
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", c.Name, c.Need, c.Meaning, example)
	}
	return t.Flush()
}

func columnNamed(s string) int {
	return slices.IndexFunc(Columns, func(c Column) bool { return c.Name == s })
}
