// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"math"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
)

func (r *record) hasCost() bool {
	return r.has(cost) || r.has(costAmount) || r.has(costJSON) || r.has(costInput) || r.has(costOutput)
}

// currencyOf reads a code of ISO 4217; "" for dollars. What is none stays unknown.
func currencyOf(text string) string {
	if strings.TrimSpace(text) == "" {
		return ""
	}
	code := price.Currency(text)
	if code != "" && (len(code) != 3 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "") {
		return "unknown"
	}
	return code
}

// reportedCost returns the cost that the application reports. What is not an
// amount of money is no reason to lose the call.
func (r *record) reportedCost() (float64, bool) {
	// The amount goes first: it is what the application received, and gen_ai.usage.cost
	// may be what this processor has written.
	if r.has(costAmount) {
		return amount(r.values[costAmount])
	}
	if r.has(cost) {
		return amount(r.values[cost])
	}
	if r.has(costJSON) {
		return dollars(r.values[costJSON])
	}
	var sum float64
	var reported bool
	for _, part := range [...]field{costInput, costOutput} {
		if !r.has(part) {
			continue
		}
		n, ok := amount(r.values[part])
		if !ok {
			return 0, false
		}
		sum, reported = sum+n, true
	}
	return sum, reported
}

// costOf is a part of the reported cost, 0 where it is not reported.
func (r *record) costOf(part field) float64 {
	if !r.has(part) {
		return 0
	}
	dollars, _ := amount(r.values[part])
	return dollars
}

// dollars reads an object of costs.
func dollars(value pcommon.Value) (float64, bool) {
	m, ok := parseMap(value)
	if !ok {
		return 0, false
	}
	for _, key := range [...]string{"total", "total_cost"} {
		if whole, ok := m[key].(float64); ok {
			return whole, whole >= 0 && whole <= math.MaxFloat64
		}
	}
	var sum float64
	for _, part := range m {
		n, ok := part.(float64)
		if !ok || n < 0 {
			return 0, false
		}
		sum += n
	}
	return sum, len(m) > 0
}
