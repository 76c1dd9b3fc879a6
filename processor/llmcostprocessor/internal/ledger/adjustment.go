// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"encoding/binary"
	"slices"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// Million is the whole that the factors of adjustments are millionths of.
const Million = 1_000_000

// Adjustment multiplies the cost of calls that have some values of dimensions.
type Adjustment struct {
	Factor     money.Pico // millionths
	Conditions []Condition
}

// Condition is that a dimension, by its place, has a value.
type Condition struct {
	Dimension int
	Value     string
}

// Holds reports whether the dimensions have the values.
func (a *Adjustment) Holds(dimensions *Dimensions) bool {
	return !slices.ContainsFunc(a.Conditions, func(c Condition) bool {
		return c.Dimension < 0 || c.Dimension >= len(dimensions) || dimensions[c.Dimension] != c.Value
	})
}

// Adjusted returns the call with the cost that its dimensions lead to. It is the call
// itself where they change nothing.
func (c *Call) Adjusted() *Call {
	if len(c.Adjustments) == 0 {
		return c
	}
	out := *c
	out.Adjustments = nil
	for i := range c.Adjustments {
		switch a := &c.Adjustments[i]; {
		case !a.Holds(&c.Dimensions):
		case c.CostReported:
			out.Computed = money.Scale(out.Computed, a.Factor, Million)
		default:
			out.Cost, out.Saved = money.Scale(out.Cost, a.Factor, Million), money.Scale(out.Saved, a.Factor, Million)
		}
	}
	return &out
}

func appendAdjustments(to []byte, adjustments []Adjustment) []byte {
	to = binary.AppendUvarint(to, uint64(len(adjustments)))
	for _, a := range adjustments {
		to = binary.AppendVarint(to, int64(a.Factor))
		to = binary.AppendUvarint(to, uint64(len(a.Conditions)))
		for _, c := range a.Conditions {
			to = binary.AppendUvarint(to, uint64(c.Dimension))
			to = AppendText(to, c.Value)
		}
	}
	return to
}

func parseAdjustments(from []byte) (adjustments []Adjustment, rest []byte, err error) {
	n, rest, err := parseCount(from, len(from))
	for range n {
		if err != nil {
			break
		}
		var a Adjustment
		a, rest, err = parseAdjustment(rest)
		adjustments = append(adjustments, a)
	}
	return adjustments, rest, err
}

func parseAdjustment(from []byte) (a Adjustment, rest []byte, err error) {
	var factor [1]int64
	if rest, err = parseNumbers(from, factor[:]); err != nil {
		return a, nil, err
	}
	if factor[0] < 0 {
		return a, nil, errTruncated
	}
	a.Factor = money.Pico(factor[0])
	n, rest, err := parseCount(rest, len(rest))
	for range n {
		if err != nil {
			break
		}
		var c Condition
		if c.Dimension, rest, err = parseCount(rest, MaxDimensions-1); err == nil {
			c.Value, rest, err = ParseText(rest)
		}
		a.Conditions = append(a.Conditions, c)
	}
	return a, rest, err
}

// parseCount reads a number that is not above most.
func parseCount(from []byte, most int) (n int, rest []byte, err error) {
	number, size := binary.Uvarint(from)
	if size <= 0 || number > uint64(most) {
		return 0, nil, errTruncated
	}
	return int(number), from[size:], nil
}
