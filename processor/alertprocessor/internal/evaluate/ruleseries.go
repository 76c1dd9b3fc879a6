// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package evaluate

import (
	"context"
	"math"
	"sync"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/metadata"
)

// Sample is one sample of a series that a rule made.
type Sample struct {
	series    labels.Labels
	millis    int64
	value     float64                   // of what is not a histogram
	histogram *histogram.FloatHistogram // or nil
}

// stale reports whether the sample ends its series.
func (s Sample) stale() bool {
	if s.histogram != nil {
		return value.IsStaleNaN(s.histogram.Sum)
	}
	return value.IsStaleNaN(s.value)
}

// ruleStorage is where rules write their series. What is written is added to
// the list that the context carries, or else passed to onOther.
type ruleStorage struct {
	storage.Appendable
	onOther func([]Sample)
	// histograms are the names under which rules recorded one last, and not a
	// number: the end of a series does not say what it was.
	histograms sync.Map
}

type seriesKey struct{}

// collectSeries has what rules write in this context added to list.
func collectSeries(ctx context.Context, list *[]Sample) context.Context {
	return context.WithValue(ctx, seriesKey{}, list)
}

// Appender implements storage.Appendable.
func (s *ruleStorage) Appender(ctx context.Context) storage.Appender {
	wrote := s.onOther
	if list, ok := ctx.Value(seriesKey{}).(*[]Sample); ok {
		wrote = func(samples []Sample) { *list = append(*list, samples...) }
	}
	return &ruleAppender{Appender: s.Appendable.Appender(ctx), onCommit: wrote, histograms: &s.histograms}
}

type ruleAppender struct {
	storage.Appender
	onCommit   func([]Sample)
	histograms *sync.Map
	samples    []Sample
}

// Append implements storage.Appender.
func (a *ruleAppender) Append(ref storage.SeriesRef, series labels.Labels, t int64, v float64) (storage.SeriesRef, error) {
	ref, err := a.Appender.Append(ref, series, t, v)
	if err != nil {
		return ref, err
	}
	sample := Sample{series: series, millis: t, value: v}
	name := series.Get(model.MetricNameLabel)
	switch _, was := a.histograms.Load(name); {
	case was && sample.stale():
		sample.histogram = &histogram.FloatHistogram{Sum: v}
	case was:
		a.histograms.Delete(name)
	}
	a.samples = append(a.samples, sample)
	return ref, nil
}

// AppendHistogram implements storage.Appender.
func (a *ruleAppender) AppendHistogram(ref storage.SeriesRef, series labels.Labels, t int64, h *histogram.Histogram, fh *histogram.FloatHistogram) (storage.SeriesRef, error) {
	ref, err := a.Appender.AppendHistogram(ref, series, t, h, fh)
	if err == nil && fh != nil { // rules write no other
		a.histograms.Store(series.Get(model.MetricNameLabel), true)
		a.samples = append(a.samples, Sample{series: series, millis: t, histogram: fh})
	}
	return ref, err
}

// Commit implements storage.Appender.
func (a *ruleAppender) Commit() error {
	err := a.Appender.Commit()
	if err == nil {
		a.onCommit(a.samples)
	}
	return err
}

// ToMetrics makes gauges of samples, and exponential histograms of
// native ones. They get no resource: the labels of a series say all, and an
// exporter that makes labels of the resource would come into conflict with
// those that a rule kept.
func ToMetrics(batches ...[]Sample) pmetric.Metrics {
	md := pmetric.NewMetrics()
	sm := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty()
	sm.Scope().SetName(metadata.ScopeName)
	w := seriesWriter{
		metrics:    sm.Metrics(),
		gauges:     map[string]pmetric.NumberDataPointSlice{},
		histograms: map[string]pmetric.ExponentialHistogramDataPointSlice{},
	}
	for _, batch := range batches {
		for _, s := range batch {
			w.write(s)
		}
	}
	return md
}

// seriesWriter has one metric for each name and kind, but for points that end
// their series: each of them has one of its own, and what comes after it is in
// another, so that the order stays. The prometheus exporter passes over what
// follows such a point in its metric.
type seriesWriter struct {
	metrics    pmetric.MetricSlice
	gauges     map[string]pmetric.NumberDataPointSlice
	histograms map[string]pmetric.ExponentialHistogramDataPointSlice
}

func (w seriesWriter) write(s Sample) {
	name := s.series.Get(model.MetricNameLabel)
	at := pcommon.Timestamp(max(0, s.millis) * 1e6)
	if s.stale() {
		delete(w.gauges, name)
		delete(w.histograms, name)
	}
	if s.histogram != nil {
		point := w.histogramsOf(name).AppendEmpty()
		point.SetTimestamp(at)
		writeLabels(point.Attributes(), s.series)
		writeHistogram(point, s)
	} else {
		point := w.gaugesOf(name).AppendEmpty()
		point.SetTimestamp(at)
		writeLabels(point.Attributes(), s.series)
		if s.stale() {
			point.SetFlags(point.Flags().WithNoRecordedValue(true))
			point.SetDoubleValue(math.NaN())
		} else {
			point.SetDoubleValue(s.value)
		}
	}
	if s.stale() {
		delete(w.gauges, name)
		delete(w.histograms, name)
	}
}

func (w seriesWriter) gaugesOf(name string) pmetric.NumberDataPointSlice {
	points, ok := w.gauges[name]
	if !ok {
		m := w.metrics.AppendEmpty()
		m.SetName(name)
		points = m.SetEmptyGauge().DataPoints()
		w.gauges[name] = points
	}
	return points
}

func (w seriesWriter) histogramsOf(name string) pmetric.ExponentialHistogramDataPointSlice {
	points, ok := w.histograms[name]
	if !ok {
		m := w.metrics.AppendEmpty()
		m.SetName(name)
		m.SetEmptyExponentialHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
		points = m.ExponentialHistogram().DataPoints()
		w.histograms[name] = points
	}
	return points
}

func writeLabels(attributes pcommon.Map, series labels.Labels) {
	series.Range(func(l labels.Label) {
		if l.Name != model.MetricNameLabel {
			attributes.PutStr(l.Name, l.Value)
		}
	})
}
