// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"fmt"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/spend"
	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

type stat struct{ Name, Value, Note string }

func newStats(t *dashboard.Totals) []stat {
	failed := fmt.Sprintf("%s errors, %s timeouts", text.Count(t.Errors), text.Count(t.Timeouts))
	stats := []stat{
		{"Cost", cost(t), perCall(t)},
		{"Calls", text.Count(t.Calls), failed},
		{"Error rate", percentOr(spend.ErrorRate(t)), "of all calls"},
		{"p50", quantile(t, .5), "estimated"},
		{"p95", quantile(t, .95), "estimated"},
		{"p99", quantile(t, .99), "estimated"},
		{"Tokens in", text.Short(float64(t.Tokens.Input)), percentOr(spend.CacheReadShare(t)) + " from caches"},
		{"Tokens out", text.Short(float64(t.Tokens.Output)), reasoning(t)},
		{"Cache saved", saved(t), "less cache writes"},
	}
	return stats
}

func perCall(t *dashboard.Totals) string {
	if average, ok := spend.AverageDollars(t); ok {
		return text.Rate(average) + " a call"
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

func saved(t *dashboard.Totals) string {
	if priceless(t) {
		return "–"
	}
	return text.Dollars(t.SavedDollars)
}

func priceless(t *dashboard.Totals) bool { return t.Calls > 0 && t.Unpriced == t.Calls }
