// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// metrics are the samples of a step as an application's SDK would send them:
// job and instance as attributes of the resource, *_total as counters, *_bucket
// with *_count and *_sum as histograms, native histograms as exponential ones.
func (c *conformanceSeries) metrics(step int, at time.Time) pmetric.Metrics {
	md := pmetric.NewMetrics()
	classic := map[string][]bucket{}
	points := map[string]pmetric.HistogramDataPoint{}
	for _, s := range c.series {
		sample, ok := s.at(step)
		if !ok {
			continue
		}
		name := s.labels.Get(model.MetricNameLabel)
		base, isClassic := c.classic(name)
		switch {
		case sample.Histogram != nil:
			h := metricOf(md, s.labels, name).SetEmptyExponentialHistogram()
			h.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
			p := h.DataPoints().AppendEmpty()
			p.SetTimestamp(pcommon.NewTimestampFromTime(at))
			writeAttributes(p.Attributes(), s.labels)
			writeExponential(p, sample.Histogram)
		case isClassic:
			id := base + s.labels.MatchLabels(false, model.MetricNameLabel, labels.BucketLabel).String()
			p, known := points[id]
			if !known {
				h := metricOf(md, s.labels, base).SetEmptyHistogram()
				h.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
				p = h.DataPoints().AppendEmpty()
				p.SetTimestamp(pcommon.NewTimestampFromTime(at))
				writeAttributes(p.Attributes(), s.labels)
				points[id] = p
			}
			switch strings.TrimPrefix(name, base) {
			case "_sum":
				p.SetSum(sample.Value)
			case "_count":
				p.SetCount(uint64(sample.Value))
			default:
				le, _ := strconv.ParseFloat(s.labels.Get(labels.BucketLabel), 64)
				classic[id] = append(classic[id], bucket{le, uint64(sample.Value)})
			}
		default:
			m := metricOf(md, s.labels, name)
			writeNumber(numberPoints(m), s.labels, at, sample.Value)
		}
	}
	for id, p := range points {
		writeBuckets(p, classic[id])
	}
	return md
}

// classic is the name of the classic histogram that a series is part of.
func (c *conformanceSeries) classic(name string) (string, bool) {
	for _, suffix := range []string{"_bucket", "_count", "_sum"} {
		base, ok := strings.CutSuffix(name, suffix)
		if ok && slices.ContainsFunc(c.series, func(s sampledSeries) bool {
			return s.labels.Get(model.MetricNameLabel) == base+"_bucket"
		}) {
			return base, true
		}
	}
	return "", false
}

// metricOf adds a metric of the resource that the series' job and instance are.
func metricOf(md pmetric.Metrics, series labels.Labels, name string) pmetric.Metric {
	rm := md.ResourceMetrics().AppendEmpty()
	if job := series.Get("job"); job != "" {
		rm.Resource().Attributes().PutStr("service.name", job)
	}
	if instance := series.Get("instance"); instance != "" {
		rm.Resource().Attributes().PutStr("service.instance.id", instance)
	}
	m := rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName(name)
	return m
}

func writeAttributes(to pcommon.Map, series labels.Labels) {
	series.Range(func(l labels.Label) {
		if !slices.Contains([]string{model.MetricNameLabel, "job", "instance", labels.BucketLabel}, l.Name) {
			to.PutStr(l.Name, l.Value)
		}
	})
}

func numberPoints(m pmetric.Metric) pmetric.NumberDataPointSlice {
	if !strings.HasSuffix(m.Name(), "_total") {
		return m.SetEmptyGauge().DataPoints()
	}
	sum := m.SetEmptySum()
	sum.SetIsMonotonic(true)
	sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	return sum.DataPoints()
}

func writeNumber(points pmetric.NumberDataPointSlice, series labels.Labels, at time.Time, v float64) {
	p := points.AppendEmpty()
	p.SetTimestamp(pcommon.NewTimestampFromTime(at))
	writeAttributes(p.Attributes(), series)
	if value.IsStaleNaN(v) {
		p.SetFlags(p.Flags().WithNoRecordedValue(true))
		return
	}
	p.SetDoubleValue(v)
}

// bucket is a bucket of a classic histogram: the samples up to a bound.
type bucket struct {
	le    float64
	count uint64
}

// writeBuckets writes the samples within each bound.
func writeBuckets(p pmetric.HistogramDataPoint, buckets []bucket) {
	slices.SortFunc(buckets, func(a, b bucket) int { return cmp.Compare(a.le, b.le) })
	below := uint64(0)
	for _, b := range buckets {
		if !math.IsInf(b.le, 1) {
			p.ExplicitBounds().Append(b.le)
		}
		p.BucketCounts().Append(b.count - below)
		below = b.count
	}
}

// writeExponential writes a native histogram with positive buckets only. The
// buckets of OTLP are those of Prometheus, counted from one less.
func writeExponential(p pmetric.ExponentialHistogramDataPoint, h *histogram.FloatHistogram) {
	p.SetScale(h.Schema)
	p.SetCount(uint64(h.Count))
	p.SetSum(h.Sum)
	p.SetZeroCount(uint64(h.ZeroCount))
	p.SetZeroThreshold(h.ZeroThreshold)
	buckets := h.PositiveBucketIterator()
	for first := true; buckets.Next(); first = false {
		b := buckets.At()
		if first {
			p.Positive().SetOffset(b.Index - 1)
		}
		p.Positive().BucketCounts().Append(uint64(b.Count))
	}
}
