// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package evaluate

import (
	"fmt"
	"testing"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSplitThreshold(t *testing.T) {
	for expr, want := range map[string]string{
		"a > 5":                        "a > 5",
		"((a) > 5)":                    "(a) > 5",
		"5 < a":                        "a > 5",
		"0.5 >= sum(a)":                "sum(a) <= 0.5",
		"a > 5 and b > 6":              "a > 5",
		"a > 5 unless on () b":         "a > 5",
		"sum(a) / sum(b) > 2 * 3":      "sum(a) / sum(b) > 2 * 3",
		"a > scalar(b)":                "a > scalar(b)",
		"a > bool 5":                   "a > bool 5 – ",
		"a > 2 * b":                    "a – ",
		"a > 5 or b > 6":               "a > 5 or b > 6 – ",
		"absent(up)":                   "absent(up) – ",
		"count(a > 5) == 0":            "count(a > 5) == 0",
		"rate(x[5m]) != 0 and on () y": "rate(x[5m]) != 0",
		"vector(1)":                    "vector(1) – ",
	} {
		parsed, err := Parser.ParseExpr(expr)
		require.NoError(t, err)
		shown, limit, operator := splitThreshold(parsed)
		got := shown.String() + " – "
		if limit != nil {
			got = fmt.Sprintf("%s %s %s", shown, operator, limit)
		}
		assert.Equal(t, want, got)
	}
}

func TestNearest(t *testing.T) {
	high := promql.Series{Floats: []promql.FPoint{{F: 3}, {F: 9}}}
	low := promql.Series{Floats: []promql.FPoint{{F: 1}, {F: 5}}}
	assert.Greater(t, nearest(high, parser.GTR), nearest(low, parser.GTR))
	assert.Less(t, nearest(high, parser.LSS), nearest(low, parser.LSS))
}
