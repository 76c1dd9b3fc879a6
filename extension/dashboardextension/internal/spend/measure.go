// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package spend

import "github.com/otelcol-arc/otelcol-arc/internal/dashboard"

// Measure is what calls are compared by.
type Measure string

// The measures.
const (
	Cost   Measure = "cost"
	Tokens Measure = "tokens"
	Calls  Measure = "calls"
	Failed Measure = "failed" // of the errors alone
)

// Measures are those of spend, the default first.
var Measures = []Measure{Cost, Tokens, Calls}

// Of is the measure of t: dollars, input and output tokens, calls, or failed calls.
func (m Measure) Of(t *dashboard.Totals) float64 {
	switch m {
	case Tokens:
		return float64(t.Tokens.Input + t.Tokens.Output)
	case Calls:
		return float64(t.Calls)
	case Failed:
		return float64(t.Errors + t.Timeouts)
	default:
		return t.Dollars
	}
}
