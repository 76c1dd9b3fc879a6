// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"math"
	"math/bits"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// checkHistogram returns why a point cannot be shown, or "".
func checkHistogram(p pmetric.HistogramDataPoint, limits Limits) Reason {
	counts, bounds := p.BucketCounts(), p.ExplicitBounds()
	if counts.Len() > limits.Buckets {
		return TooManyBuckets
	}
	if counts.Len() == 0 && bounds.Len() == 0 {
		return "" // count and sum alone
	}
	if counts.Len() != bounds.Len()+1 || !ascending(bounds) || !addsUp(p.Count(), 0, counts) {
		return InvalidHistogram
	}
	return ""
}

// ascending reports whether bounds are finite, and each above the one before. The
// bound +Inf is that of the last bucket, which has none in OTLP.
func ascending(bounds pcommon.Float64Slice) bool {
	last := math.Inf(-1)
	for _, bound := range bounds.All() {
		if !(bound > last) || math.IsInf(bound, 1) {
			return false
		}
		last = bound
	}
	return true
}

// addsUp reports whether all counts are the total.
func addsUp(total, more uint64, counts ...pcommon.UInt64Slice) bool {
	sum, carry := more, uint64(0)
	for _, of := range counts {
		for _, n := range of.All() {
			if sum, carry = bits.Add64(sum, n, 0); carry != 0 {
				return false
			}
		}
	}
	return sum == total
}

// The scales that Prometheus' native histograms have are -4 to 8; higher ones are
// merged down to 8, lower ones cannot be shown.
const minScale = -4

func checkExponential(p pmetric.ExponentialHistogramDataPoint, limits Limits) Reason {
	positive, negative := p.Positive().BucketCounts(), p.Negative().BucketCounts()
	if positive.Len()+negative.Len() > limits.Buckets {
		return TooManyBuckets
	}
	if p.Scale() < minScale || p.Scale() > maxScale || !addsUp(p.Count(), p.ZeroCount(), positive, negative) ||
		!indexes(p.Positive()) || !indexes(p.Negative()) || math.IsNaN(p.ZeroThreshold()) || p.ZeroThreshold() < 0 {
		return InvalidHistogram
	}
	return ""
}

// maxScale is the highest scale that the OpenTelemetry SDKs use.
const maxScale = 20

// indexes reports whether the buckets' indexes are numbers that fit.
func indexes(b pmetric.ExponentialHistogramDataPointBuckets) bool {
	last := int64(b.Offset()) + int64(b.BucketCounts().Len())
	return last < math.MaxInt32 && int64(b.Offset()) > math.MinInt32
}

func checkSummary(p pmetric.SummaryDataPoint, limits Limits) Reason {
	quantiles := p.QuantileValues()
	if quantiles.Len() > limits.Buckets {
		return TooManyBuckets
	}
	known := make(map[float64]struct{}, quantiles.Len())
	for _, q := range quantiles.All() {
		if _, twice := known[q.Quantile()]; twice || !(q.Quantile() >= 0 && q.Quantile() <= 1) {
			return InvalidSummary
		}
		known[q.Quantile()] = struct{}{}
	}
	return ""
}
