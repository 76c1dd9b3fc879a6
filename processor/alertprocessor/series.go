// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"math"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/metadata"
)

// seriesSample is one sample of a series that a rule made.
type seriesSample struct {
	series labels.Labels
	millis int64
	value  float64
}

// ruleStorage is where rules write their series. What is written is added to
// the list that the context carries, or else handed on. Native histograms that
// a rule records are stored only.
type ruleStorage struct {
	storage.Appendable
	rest func([]seriesSample)
}

type seriesKey struct{}

// collectSeries has what rules write in this context added to list.
func collectSeries(ctx context.Context, list *[]seriesSample) context.Context {
	return context.WithValue(ctx, seriesKey{}, list)
}

// Appender implements storage.Appendable.
func (s *ruleStorage) Appender(ctx context.Context) storage.Appender {
	wrote := s.rest
	if list, ok := ctx.Value(seriesKey{}).(*[]seriesSample); ok {
		wrote = func(samples []seriesSample) { *list = append(*list, samples...) }
	}
	return &ruleAppender{Appender: s.Appendable.Appender(ctx), wrote: wrote}
}

type ruleAppender struct {
	storage.Appender
	wrote   func([]seriesSample)
	samples []seriesSample
}

// Append implements storage.Appender.
func (a *ruleAppender) Append(ref storage.SeriesRef, series labels.Labels, t int64, v float64) (storage.SeriesRef, error) {
	ref, err := a.Appender.Append(ref, series, t, v)
	if err == nil {
		a.samples = append(a.samples, seriesSample{series: series, millis: t, value: v})
	}
	return ref, err
}

// Commit implements storage.Appender.
func (a *ruleAppender) Commit() error {
	err := a.Appender.Commit()
	if err == nil {
		a.wrote(a.samples)
	}
	return err
}

// seriesToMetrics makes gauges of samples. They get no resource: the labels of
// a series say all, and an exporter that makes labels of the resource would
// come into conflict with those that a rule kept.
func seriesToMetrics(batches ...[]seriesSample) pmetric.Metrics {
	md := pmetric.NewMetrics()
	sm := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty()
	sm.Scope().SetName(metadata.ScopeName)
	gauges := map[string]pmetric.NumberDataPointSlice{}
	for _, batch := range batches {
		for _, s := range batch {
			name := s.series.Get(model.MetricNameLabel)
			points, ok := gauges[name]
			if !ok {
				m := sm.Metrics().AppendEmpty()
				m.SetName(name)
				points = m.SetEmptyGauge().DataPoints()
				gauges[name] = points
			}
			writePoint(points.AppendEmpty(), s)
		}
	}
	return md
}

func writePoint(point pmetric.NumberDataPoint, s seriesSample) {
	point.SetTimestamp(pcommon.Timestamp(max(0, s.millis) * 1e6))
	if value.IsStaleNaN(s.value) {
		point.SetFlags(point.Flags().WithNoRecordedValue(true))
		point.SetDoubleValue(math.NaN())
	} else {
		point.SetDoubleValue(s.value)
	}
	s.series.Range(func(l labels.Label) {
		if l.Name != model.MetricNameLabel {
			point.Attributes().PutStr(l.Name, l.Value)
		}
	})
}
