// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"math"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// maxTokens is the most tokens of a kind one call may say it used: a thousand
// times the largest context windows. What is above is no count.
const maxTokens = 1_000_000_000

// count reads a number of tokens. Instrumentations write integers, doubles and
// digits; anything else, and what no call can use, is false.
func count(value pcommon.Value) (int64, bool) {
	var n int64
	switch value.Type() {
	case pcommon.ValueTypeInt:
		n = value.Int()
	case pcommon.ValueTypeDouble:
		return whole(value.Double())
	case pcommon.ValueTypeStr:
		text := strings.TrimSuffix(value.Str(), ".0") // a double, as Java and Python write it
		if len(text) == 0 || len(text) > 10 {
			return 0, false
		}
		for i := range len(text) {
			if text[i] < '0' || text[i] > '9' {
				return 0, false
			}
			n = n*10 + int64(text[i]-'0')
		}
	default:
		return 0, false
	}
	return n, n >= 0 && n <= maxTokens
}

// scaled reads an amount of a kind whose unit is coarse: seconds come with
// fractions, and are counted in thousandths.
func scaled(value pcommon.Value, scale int64) (int64, bool) {
	f, ok := amount(value)
	if !ok || f > maxTokens {
		return 0, false
	}
	return int64(math.Round(f * float64(scale))), true
}

// whole is the count that a double holds.
func whole(f float64) (int64, bool) {
	if f >= 0 && f <= maxTokens && f == math.Trunc(f) { // NaN fails
		return int64(f), true
	}
	return 0, false
}

// amount reads a number that is neither negative nor infinite.
func amount(value pcommon.Value) (float64, bool) {
	var f float64
	switch value.Type() {
	case pcommon.ValueTypeInt:
		f = float64(value.Int())
	case pcommon.ValueTypeDouble:
		f = value.Double()
	case pcommon.ValueTypeStr:
		text := value.Str()
		if len(text) > 32 {
			return 0, false
		}
		var err error
		if f, err = strconv.ParseFloat(text, 64); err != nil {
			return 0, false
		}
	default:
		return 0, false
	}
	return f, f >= 0 && f <= math.MaxFloat64 // NaN and infinity fail
}

// duration reads a number of units. What is no number, or longer than a
// duration can be, is zero: unknown.
func duration(value pcommon.Value, unit time.Duration) time.Duration {
	n, ok := amount(value)
	n *= float64(unit)
	if !ok || n >= math.MaxInt64 {
		return 0
	}
	return time.Duration(n)
}
