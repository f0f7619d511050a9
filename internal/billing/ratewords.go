package billing

import "fmt"

// Words name the returns that a level is for.
func (l RateLevel) Words() string {
	if l.Class == "" {
		return "all"
	}
	return string(l.Class)
}

// Percent is the level as it is written: "0.5 %".
func (l RateLevel) Percent() string {
	if l.PerMille%10 == 0 {
		return fmt.Sprintf("%d %%", l.PerMille/10)
	}
	return fmt.Sprintf("%d.%d %%", l.PerMille/10, l.PerMille%10)
}

// Percent is the rate to two places, rounded up; "none" without any debit.
func (r ReturnRate) Percent() string {
	n, any := r.PerTenThousand()
	if !any {
		return "none"
	}
	return fmt.Sprintf("%d.%02d %%", n/100, n%100)
}
