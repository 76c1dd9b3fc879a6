// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"math"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/spend"
	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// stat is a figure, and how it changed from the period before.
type stat struct {
	Name, Value, Note, Change string

	column string // of spend.Columns, which is compared
}

// newStats are the figures of a period; before is nil where there is no period before.
func newStats(t, before *dashboard.Totals) []stat {
	stats := figures(t)
	if before == nil || before.Calls == 0 {
		return stats
	}
	for i := range stats {
		c, _ := spend.ColumnNamed(stats[i].column)
		now, past := c.Of(t), c.Of(before)
		if math.IsNaN(now) || math.IsNaN(past) || math.IsInf(now, 0) || math.IsInf(past, 0) || stats[i].column == "cache_saved" && past <= 0 {
			continue
		}
		stats[i].Change = changeOf(now, past)
	}
	return stats
}

func figures(t *dashboard.Totals) []stat {
	failed := text.CountOf(t.Errors, "error") + ", " + text.CountOf(t.Timeouts, "timeout")
	return []stat{
		{column: "cost", Name: "Cost", Value: cost(t), Note: perCall(t)},
		{column: "calls", Name: "Calls", Value: text.Count(t.Calls), Note: failed},
		{column: "error_ratio", Name: "Error rate", Value: percentOr(spend.ErrorRate(t)), Note: "of all calls"},
		{column: "p50", Name: "p50", Value: quantile(t, .5), Note: "estimated"},
		{column: "p95", Name: "p95", Value: quantile(t, .95), Note: "estimated"},
		{column: "p99", Name: "p99", Value: quantile(t, .99), Note: "estimated"},
		{column: "input_tokens", Name: "Tokens in", Value: text.Short(float64(t.Tokens.Input)), Note: percentOr(spend.CacheReadShare(t)) + " from caches"},
		{column: "output_tokens", Name: "Tokens out", Value: text.Short(float64(t.Tokens.Output)), Note: reasoning(t)},
		{column: "cache_saved", Name: "Cache saved", Value: cacheSavings(t), Note: "less cache writes"},
	}
}

func perCall(t *dashboard.Totals) string {
	if average, ok := spend.AverageDollars(t); ok {
		return text.Dollars(average) + " a call"
	}
	return "of all calls"
}

func reasoning(t *dashboard.Totals) string {
	if t.Tokens.Reasoning == 0 {
		return "of all calls"
	}
	share, _ := spend.Ratio(float64(t.Tokens.Reasoning), float64(t.Tokens.Output))
	return text.Percent(share) + " reasoning"
}

func percentOr(ratio float64, ok bool) string {
	if !ok {
		return "–"
	}
	return text.Percent(ratio)
}

func quantile(t *dashboard.Totals, q float64) string {
	seconds, beyond, ok := spend.Quantile(t, q)
	switch {
	case !ok:
		return "–"
	case beyond:
		return "> " + text.Seconds(seconds)
	default:
		return text.Seconds(seconds)
	}
}

func amount(m spend.Measure, t *dashboard.Totals) string {
	switch m {
	case spend.Tokens:
		return text.Short(m.Of(t))
	case spend.Calls:
		return text.Count(t.Calls)
	case spend.Failed:
		return text.Count(t.Errors + t.Timeouts)
	default:
		return cost(t)
	}
}

// cost is the cost of calls. It is unknown, not 0, when none of them has a price.
func cost(t *dashboard.Totals) string {
	if priceless(t) {
		return noPrice
	}
	return text.Dollars(t.Dollars)
}

func cacheSavings(t *dashboard.Totals) string {
	if priceless(t) {
		return "–"
	}
	return text.Dollars(t.SavedDollars)
}

func priceless(t *dashboard.Totals) bool { return t.Calls > 0 && t.Unpriced == t.Calls }
