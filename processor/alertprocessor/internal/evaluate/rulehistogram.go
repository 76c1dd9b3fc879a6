// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package evaluate

import (
	"math"

	"github.com/prometheus/prometheus/model/histogram"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// Expressible reports whether OTLP can carry a sample exactly: its histograms
// count in whole numbers, in exponential buckets. The rate of a histogram has
// fractions; rounded, the small ones would vanish.
func Expressible(s Sample) bool {
	h := s.histogram
	if h == nil || s.stale() {
		return true
	}
	if !histogram.IsExponentialSchema(h.Schema) || !isInteger(h.Count) || !isInteger(h.ZeroCount) {
		return false
	}
	return expressibleBuckets(h.PositiveBucketIterator()) && expressibleBuckets(h.NegativeBucketIterator())
}

// maxBuckets bounds those of one side of a histogram, the empty ones between
// others being among them. SDKs have at most 160.
const maxBuckets = 10_000

func expressibleBuckets(buckets histogram.BucketIterator[float64]) bool {
	var least int64
	for first := true; buckets.Next(); first = false {
		bucket := buckets.At()
		if first {
			least = int64(bucket.Index)
		}
		if !isInteger(bucket.Count) || int64(bucket.Index)-least >= maxBuckets {
			return false
		}
	}
	return true
}

func isInteger(count float64) bool {
	return count >= 0 && count <= 1<<53 && count == math.Trunc(count)
}

// writeHistogram writes an expressible histogram.
func writeHistogram(point pmetric.ExponentialHistogramDataPoint, s Sample) {
	h := s.histogram
	if s.stale() {
		point.SetFlags(point.Flags().WithNoRecordedValue(true))
		return
	}
	point.SetScale(h.Schema)
	point.SetCount(uint64(h.Count))
	point.SetSum(h.Sum)
	point.SetZeroCount(uint64(h.ZeroCount))
	point.SetZeroThreshold(h.ZeroThreshold)
	fillBuckets(point.Positive(), h.PositiveBucketIterator())
	fillBuckets(point.Negative(), h.NegativeBucketIterator())
}

// fillBuckets fills the gaps between the spans of Prometheus' buckets, whose
// indexes are those of the upper bounds, and OTLP's those of the lower.
func fillBuckets(to pmetric.ExponentialHistogramDataPointBuckets, from histogram.BucketIterator[float64]) {
	var next int32
	for first := true; from.Next(); first = false {
		bucket := from.At()
		if first {
			to.SetOffset(bucket.Index - 1)
			next = bucket.Index
		}
		for ; next < bucket.Index; next++ {
			to.BucketCounts().Append(0)
		}
		to.BucketCounts().Append(uint64(bucket.Count))
		next = bucket.Index + 1
	}
}
