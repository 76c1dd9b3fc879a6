// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package money

import (
	"errors"
	"fmt"
	"math/big"
	"math/bits"
)

// Sum is an exact sum of picodollars in 128 bits, in two's complement. Its
// zero value is zero, and it is comparable. It holds any sum of 2^64 amounts.
type Sum struct {
	hi int64
	lo uint64
}

var errNotASum = errors.New("not a whole number of picodollars of at most 128 bits")

// SumOf returns the sum that holds p alone.
func SumOf(p Pico) Sum {
	return Sum{hi: int64(p) >> 63, lo: uint64(p)}
}

// Add adds p to s.
func (s *Sum) Add(p Pico) {
	s.AddSum(SumOf(p))
}

// AddSum adds o to s.
func (s *Sum) AddSum(o Sum) {
	lo, carry := bits.Add64(s.lo, o.lo, 0)
	s.lo = lo
	s.hi += o.hi + int64(carry)
}

// Subtract takes o off s.
func (s *Sum) Subtract(o Sum) {
	lo, borrow := bits.Sub64(s.lo, o.lo, 0)
	s.lo = lo
	s.hi -= o.hi + int64(borrow)
}

// Less reports whether s is less than o.
func (s Sum) Less(o Sum) bool { return s.hi < o.hi || s.hi == o.hi && s.lo < o.lo }

// IsZero reports whether s is zero.
func (s Sum) IsZero() bool {
	return s == Sum{}
}

// Dollars returns s in dollars, as the nearest double.
func (s Sum) Dollars() float64 {
	if s.hi == int64(s.lo)>>63 && s.lo+1<<53 <= 1<<54 {
		// Both operands are exact as doubles, so the division rounds once.
		return float64(int64(s.lo)) / PerDollar
	}
	f, _ := new(big.Rat).SetFrac(s.big(), big.NewInt(PerDollar)).Float64()
	return f
}

// String returns s as a decimal number of picodollars.
func (s Sum) String() string {
	return s.big().String()
}

// ParseSum reads what String has written.
func ParseSum(text string) (Sum, error) {
	// 40 bytes hold the sign and the digits of every 128-bit number; the limit
	// keeps hostile input from making large numbers.
	if len(text) > 40 {
		return Sum{}, errNotASum
	}
	n, ok := new(big.Int).SetString(text, 10)
	if !ok {
		return Sum{}, fmt.Errorf("%w: %q", errNotASum, text)
	}
	hi := new(big.Int).Rsh(n, 64)
	if !hi.IsInt64() {
		return Sum{}, fmt.Errorf("%w: %q", errNotASum, text)
	}
	lo := new(big.Int).And(n, new(big.Int).SetUint64(^uint64(0)))
	return Sum{hi: hi.Int64(), lo: lo.Uint64()}, nil
}

// MarshalText writes s as String does.
func (s Sum) MarshalText() ([]byte, error) {
	return []byte(s.String()), nil
}

// UnmarshalText reads s as ParseSum does.
func (s *Sum) UnmarshalText(text []byte) error {
	parsed, err := ParseSum(string(text))
	if err != nil {
		return err
	}
	*s = parsed
	return nil
}

// big returns s as hi × 2^64 + lo.
func (s Sum) big() *big.Int {
	n := big.NewInt(s.hi)
	n.Lsh(n, 64)
	return n.Add(n, new(big.Int).SetUint64(s.lo))
}
