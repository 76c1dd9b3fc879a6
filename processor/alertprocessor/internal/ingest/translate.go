// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ingest

import (
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/value"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// sample is one of a series, to be written.
type sample struct {
	series    *cachedSeries
	start, at int64 // milliseconds; a start of 0 is not known
	value     float64
	extra     *sampleExtra // or nil
}

// sampleExtra is what few samples have.
type sampleExtra struct {
	histogram *histogram.Histogram // or nil: the sample is a number
	exemplars []exemplar.Exemplar
}

// translation makes samples of metrics: those that Prometheus' own translation
// makes of them. That makes the labels again for each data point, which takes
// several times as long as all else. So it is asked once for each series; from
// then on the labels come from the cache, and only values are translated here.
type translation struct {
	identifier
	cache      *seriesCache
	prometheus prometheusTranslation
	batch      *batch
	learned    map[identity][]cachedSeries // to be put into the cache
}

// resourceMetrics translates the metrics of a resource, and target_info, which
// Prometheus makes of the resource. The cache is held for reading.
func (t *translation) resourceMetrics(rm pmetric.ResourceMetrics) {
	resource := t.resource(rm.Resource())
	t.prometheus.begin(rm.Resource())
	span := emptySpan
	for _, sm := range rm.ScopeMetrics().All() {
		for _, m := range sm.Metrics().All() {
			span = t.metricOf(resource, m, span)
		}
	}
	if !span.empty() {
		t.targetInfo(resource, span)
	}
}

// metricOf translates a metric, and adds the times of its data points to span.
func (t *translation) metricOf(resource identity, m pmetric.Metric, span timeSpan) timeSpan {
	id := t.metric(resource, m)
	points, before := 0, len(t.batch.samples)
	supported := !hasTemporality(m) || temporality(m) == pmetric.AggregationTemporalityCumulative
	switch m.Type() {
	case pmetric.MetricTypeGauge, pmetric.MetricTypeSum:
		for _, p := range numbers(m).All() {
			points++
			span = span.with(p.Timestamp())
			if supported {
				t.numberPoint(id, m, p)
			}
		}
	case pmetric.MetricTypeHistogram:
		for _, p := range m.Histogram().DataPoints().All() {
			points++
			span = span.with(p.Timestamp())
			if supported {
				t.histogramPoint(id, m, p)
			}
		}
	case pmetric.MetricTypeExponentialHistogram:
		for _, p := range m.ExponentialHistogram().DataPoints().All() {
			points++
			span = span.with(p.Timestamp())
			if supported {
				t.others(t.prometheus.exponentialHistogram(m, p))
			}
		}
	case pmetric.MetricTypeSummary:
		for _, p := range m.Summary().DataPoints().All() {
			points++
			span = span.with(p.Timestamp())
			t.others(t.prometheus.summary(m, p))
		}
	}
	if len(t.batch.samples) == before && (points == 0 || !supported) {
		t.batch.untranslated += max(1, points)
	}
	return span
}

func numbers(m pmetric.Metric) pmetric.NumberDataPointSlice {
	if m.Type() == pmetric.MetricTypeGauge {
		return m.Gauge().DataPoints()
	}
	return m.Sum().DataPoints()
}

func (t *translation) numberPoint(metric identity, m pmetric.Metric, p pmetric.NumberDataPoint) {
	id := t.number(metric, p)
	series, known := t.known(id)
	if !known {
		series = t.learn(id, t.prometheus.number(m, p), 1)
	}
	if len(series) == 0 {
		return
	}
	var v float64 // 0 when the point has none
	switch {
	case p.Flags().NoRecordedValue():
		v = Staleness
	case p.ValueType() == pmetric.NumberDataPointValueTypeInt:
		v = float64(p.IntValue())
	case p.ValueType() == pmetric.NumberDataPointValueTypeDouble:
		v = p.DoubleValue()
	}
	var exemplars []exemplar.Exemplar
	if m.Type() == pmetric.MetricTypeSum {
		exemplars = exemplarsIn(p.Exemplars())
	}
	t.add(&series[0], p.StartTimestamp(), p.Timestamp(), v, exemplars)
}

// histogramPoint has the series _sum (if there is a sum), _count, _bucket for
// each bound, and that of the bucket without one.
func (t *translation) histogramPoint(metric identity, m pmetric.Metric, p pmetric.HistogramDataPoint) {
	id := t.histogram(metric, p)
	series, known := t.known(id)
	if !known {
		want := bounds(p) + 2
		if p.HasSum() {
			want++
		}
		series = t.learn(id, t.prometheus.histogram(m, p), want)
	}
	if len(series) == 0 {
		return
	}
	exemplars := exemplarsIn(p.Exemplars())
	add := func(v float64, exemplars []exemplar.Exemplar) {
		if p.Flags().NoRecordedValue() {
			v = Staleness
		}
		t.add(&series[0], p.StartTimestamp(), p.Timestamp(), v, exemplars)
		series = series[1:]
	}
	if p.HasSum() {
		add(p.Sum(), nil)
	}
	add(float64(p.Count()), nil)
	upTo := uint64(0)
	for i := range bounds(p) {
		upTo += p.BucketCounts().At(i)
		above := slices.IndexFunc(exemplars, func(e exemplar.Exemplar) bool { return e.Value > p.ExplicitBounds().At(i) })
		if above < 0 {
			above = len(exemplars)
		}
		add(float64(upTo), exemplars[:above])
		exemplars = exemplars[above:]
	}
	add(float64(p.Count()), exemplars)
}

// others keeps the samples of a data point as Prometheus made them.
func (t *translation) others(samples []sample) {
	if len(samples) == 0 {
		t.batch.untranslated++
	}
	t.batch.samples = append(t.batch.samples, samples...)
}

// known are the series of a data point, if they are.
func (t *translation) known(id identity) (series []cachedSeries, known bool) {
	series, known, ageing := t.cache.get(id)
	if !known {
		series, known = t.learned[id]
		return series, known
	}
	if ageing {
		t.keep(id, series)
	}
	return series, true
}

// learn keeps the series of samples. If there are not as many as there must be,
// the labels cannot be made, and the data point is left out.
func (t *translation) learn(id identity, samples []sample, want int) []cachedSeries {
	if len(samples) != want {
		t.batch.untranslated++
		return nil
	}
	series := make([]cachedSeries, len(samples))
	for i, s := range samples {
		series[i].labels = s.series.labels
	}
	t.keep(id, series)
	return series
}

func (t *translation) keep(id identity, series []cachedSeries) {
	if t.learned == nil {
		t.learned = map[identity][]cachedSeries{}
	}
	t.learned[id] = series
}

func (t *translation) add(series *cachedSeries, start, at pcommon.Timestamp, v float64, exemplars []exemplar.Exemplar) {
	s := sample{series: series, start: millis(start), at: millis(at), value: v}
	if len(exemplars) > 0 {
		s.extra = &sampleExtra{exemplars: exemplars}
	}
	t.batch.samples = append(t.batch.samples, s)
}

const (
	// targetInfoInterval is the time between two samples of target_info within
	// a request: half of how far PromQL looks back, as in Prometheus.
	targetInfoInterval = Lookback / 2
	// maxTargetInfo bounds the samples of target_info for one resource in one
	// request, which may have a data point without time, of 1970: they go back
	// for a day.
	maxTargetInfo = 24 * 60 * 60 / 150
)

// targetInfo adds target_info for the time of a resource's data points.
func (t *translation) targetInfo(resource identity, span timeSpan) {
	id := t.ofTarget(resource)
	series, known := t.known(id)
	if !known {
		samples := t.prometheus.targetInfo()
		series = t.learn(id, samples, len(samples))
	}
	if len(series) == 0 {
		return // the resource is nothing but job and instance, or neither
	}
	first, last, step := millis(span.first), millis(span.last), targetInfoInterval.Milliseconds()
	if tooMany := (last-first)/step - maxTargetInfo; tooMany > 0 {
		first += tooMany * step
	}
	for at := first; at < last; at += step {
		t.batch.samples = append(t.batch.samples, sample{series: &series[0], at: at, value: 1})
	}
	t.batch.samples = append(t.batch.samples, sample{series: &series[0], at: last, value: 1})
}

// timeSpan is from the first to the last time of some data points.
type timeSpan struct{ first, last pcommon.Timestamp }

var emptySpan = timeSpan{first: math.MaxUint64}

func (s timeSpan) empty() bool { return s.first > s.last }

func (s timeSpan) with(at pcommon.Timestamp) timeSpan {
	return timeSpan{first: min(s.first, at), last: max(s.last, at)}
}

func millis(t pcommon.Timestamp) int64 { return int64(t) / 1_000_000 }

// Staleness is the value that ends a series.
var Staleness = math.Float64frombits(value.StaleNaN)

// hasTemporality reports whether metrics of this kind are cumulative or delta.
func hasTemporality(m pmetric.Metric) bool {
	return m.Type() != pmetric.MetricTypeGauge && m.Type() != pmetric.MetricTypeSummary
}
