package money

import "math/bits"

// Minus is the exact difference. It must not be negative: compare with Less first.
func (i Interest) Minus(j Interest) Interest {
	lo, borrow := bits.Sub64(i.lo, j.lo, 0)
	hi, under := bits.Sub64(i.hi, j.hi, borrow)
	if under != 0 {
		panic("money: interest less than nothing")
	}
	return Interest{hi, lo}
}
