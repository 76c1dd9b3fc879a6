// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package spend

import (
	"math"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// Add adds b to a.
func Add(a *dashboard.Totals, b *dashboard.Totals) {
	a.Calls += b.Calls
	a.Errors += b.Errors
	a.Timeouts += b.Timeouts
	a.Unpriced += b.Unpriced
	a.Estimated += b.Estimated
	a.EstimatedDollars += b.EstimatedDollars
	a.Tokens.Input += b.Tokens.Input
	a.Tokens.Output += b.Tokens.Output
	a.Tokens.CacheRead += b.Tokens.CacheRead
	a.Tokens.CacheWrite += b.Tokens.CacheWrite
	a.Tokens.Reasoning += b.Tokens.Reasoning
	for kind, n := range b.Amounts {
		a.Amounts[kind] += n
	}
	a.Dollars += b.Dollars
	a.SavedDollars += b.SavedDollars
	a.Timed += b.Timed
	a.Seconds += b.Seconds
	if len(b.Buckets) > 0 {
		buckets := make([]uint64, max(len(a.Buckets), len(b.Buckets)))
		copy(buckets, a.Buckets)
		for i, count := range b.Buckets {
			buckets[i] += count
		}
		a.Buckets = buckets
	}
}

// Sum sums rows.
func Sum(rows []dashboard.Row) dashboard.Totals {
	var sum dashboard.Totals
	for i := range rows {
		Add(&sum, &rows[i].Usage)
	}
	return sum
}

// Ratio is part/whole; ok is false where the whole is zero.
func Ratio(part, whole float64) (ratio float64, ok bool) {
	if whole == 0 {
		return 0, false
	}
	return part / whole, true
}

// ErrorRate is the share of calls that failed or timed out.
func ErrorRate(t *dashboard.Totals) (ratio float64, ok bool) {
	return Ratio(float64(t.Errors+t.Timeouts), float64(t.Calls))
}

// AverageDollars is the average cost of the calls whose price is known.
func AverageDollars(t *dashboard.Totals) (dollars float64, ok bool) {
	return Ratio(t.Dollars, float64(t.Calls-t.Unpriced))
}

// AverageSeconds is the average duration of the calls whose duration is known.
func AverageSeconds(t *dashboard.Totals) (seconds float64, ok bool) {
	return Ratio(t.Seconds, float64(t.Timed))
}

// CacheReadShare is the share of input tokens that came from caches.
func CacheReadShare(t *dashboard.Totals) (ratio float64, ok bool) {
	return Ratio(float64(t.Tokens.CacheRead), float64(t.Tokens.Input))
}

// Quantile estimates, as histogram_quantile does in Prometheus, the duration
// that the share q of calls stayed below: linear within a bucket. In the last
// bucket, which has no upper bound, it is the largest bound, and beyond is true:
// it may have been longer. Of few calls the buckets know little: the estimate is no more
// than the calls at or above it can have taken on average.
func Quantile(t *dashboard.Totals, q float64) (seconds float64, beyond, ok bool) {
	var all uint64
	for _, count := range t.Buckets {
		all += count
	}
	if all == 0 || q < 0 || q > 1 {
		return 0, false, false
	}
	rank := q * float64(all)
	var below uint64
	for i, count := range t.Buckets {
		if i >= len(dashboard.DurationBounds) {
			break
		}
		if count > 0 && float64(below+count) >= rank {
			lower := 0.0
			if i > 0 {
				lower = dashboard.DurationBounds[i-1]
			}
			within := math.Max(0, rank-float64(below)) / float64(count)
			seconds = lower + (dashboard.DurationBounds[i]-lower)*within
			if t.Seconds > 0 {
				above := float64(all) - math.Ceil(rank) + 1
				seconds = math.Min(seconds, t.Seconds/above)
			}
			return seconds, false, true
		}
		below += count
	}
	return dashboard.DurationBounds[len(dashboard.DurationBounds)-1], true, true
}
