// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package money

import (
	"math"
	"math/bits"
)

// Pico is an amount in picodollars, 10^-12 dollars, the unit in which one call
// is priced. A price per million tokens has six decimals more than a price per
// token, so every published price is a whole number of picodollars. The largest
// amount is 9.2 million dollars.
type Pico int64

// PerDollar is how many picodollars a dollar has.
const PerDollar = 1_000_000_000_000

// Max is the largest amount, where sums saturate.
const Max Pico = math.MaxInt64

// FromDollars is the amount nearest to a number of dollars. It is false for what
// is negative, no number, or more than Max.
func FromDollars(dollars float64) (Pico, bool) {
	amount := math.Round(dollars * PerDollar)
	if !(amount >= 0 && amount < math.MaxInt64) {
		return 0, false
	}
	return Pico(amount), true
}

// Dollars returns p in dollars, as the nearest double.
func (p Pico) Dollars() float64 {
	return SumOf(p).Dollars()
}

// AddProduct returns p + count × rate. It saturates at Max and then reports
// false, as it does when an operand is negative.
func (p Pico) AddProduct(count int64, rate Pico) (Pico, bool) {
	if p < 0 || count < 0 || rate < 0 {
		return p, false
	}
	hi, lo := bits.Mul64(uint64(count), uint64(rate))
	lo, carry := bits.Add64(lo, uint64(p), 0)
	if hi+carry != 0 || lo > math.MaxInt64 {
		return Max, false
	}
	return Pico(lo), true
}

// Scale returns amount × part / whole, rounded to the nearest picodollar; of a
// negative amount, as of its opposite. It saturates.
func Scale(amount, part, whole Pico) Pico {
	if amount < 0 {
		return -Scale(-amount, part, whole)
	}
	hi, lo := bits.Mul64(uint64(amount), uint64(part))
	lo, carry := bits.Add64(lo, uint64(whole)/2, 0)
	if hi+carry >= uint64(whole) {
		return Max
	}
	quotient, _ := bits.Div64(hi+carry, lo, uint64(whole))
	return Pico(min(quotient, uint64(Max)))
}
