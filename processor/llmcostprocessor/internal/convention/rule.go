// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// Rule is the evidence by which a reading of the numbers was chosen, where they
// can be read in several ways.
type Rule uint8

// The rules, strongest first.
const (
	// ByNothing: the numbers can be read in one way only.
	ByNothing Rule = iota
	// ByArithmetic: the other readings are impossible: there are more cached tokens
	// than input tokens, say.
	ByArithmetic
	// ByTotal: one reading adds up to the reported total.
	ByTotal
	// ByCost: one reading costs what the record reports as its cost.
	ByCost
	// ByObject: the counts came as an object whose kinds are disjoint.
	ByObject
	// ByScope: the instrumentation is known to count that way.
	ByScope
	// ByProvider: the instrumentation forwards what the provider's API counts.
	ByProvider
	// ByConvention: the convention's text.
	ByConvention
)

var rules = [...]string{
	ByNothing: "", ByArithmetic: "arithmetic", ByTotal: "total", ByCost: "cost", ByObject: "object",
	ByScope: "scope", ByProvider: "provider", ByConvention: "convention",
}

func (r Rule) String() string { return rules[r] }

// Undecided says whether the reading depends on what the readings cost.
func (c *Call) Undecided() bool { return c.readings != nil }

// Decide takes the reading whose cost is the reported one. It changes nothing
// when there is none, or more than one. It must come before the usage of calls is
// compared.
func (c *Call) Decide(cost func(*usage.Amounts) (money.Pico, bool)) {
	c.readings = nil
}
