// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alerttest

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/storage"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// Counter makes one point of a cumulative counter.
func Counter(name string, start, at time.Time, value float64, labels ...string) pmetric.Metrics {
	md := pmetric.NewMetrics()
	AddCounter(md, name, start, at, value, labels...)
	return md
}

// AddCounter adds one point of a cumulative counter.
func AddCounter(md pmetric.Metrics, name string, start, at time.Time, value float64, labels ...string) {
	m := NewMetric(md, name)
	sum := m.SetEmptySum()
	sum.SetIsMonotonic(true)
	sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	Point(sum.DataPoints().AppendEmpty(), at, value, labels).SetStartTimestamp(pcommon.NewTimestampFromTime(start))
}

// Gauge makes one point of a gauge.
func Gauge(name string, at time.Time, value float64, labels ...string) pmetric.Metrics {
	md := pmetric.NewMetrics()
	Point(NewMetric(md, name).SetEmptyGauge().DataPoints().AppendEmpty(), at, value, labels)
	return md
}

// NewMetric adds a metric of a service named app.
func NewMetric(md pmetric.Metrics, name string) pmetric.Metric {
	rm := md.ResourceMetrics().AppendEmpty()
	rm.Resource().Attributes().PutStr("service.name", "app")
	m := rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName(name)
	return m
}

// Point sets the time, value and labels, in pairs, of a data point.
func Point(p pmetric.NumberDataPoint, at time.Time, value float64, labels []string) pmetric.NumberDataPoint {
	p.SetTimestamp(pcommon.NewTimestampFromTime(at))
	p.SetDoubleValue(value)
	for pair := range slices.Chunk(labels, 2) {
		p.Attributes().PutStr(pair[0], pair[1])
	}
	return p
}

// Counters makes a batch of n counters that have begun at start.
func Counters(n int, start time.Time) (pmetric.Metrics, pmetric.NumberDataPointSlice) {
	md := pmetric.NewMetrics()
	sum := NewMetric(md, "arc_requests_total").SetEmptySum()
	sum.SetIsMonotonic(true)
	sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	for i := range n {
		p := sum.DataPoints().AppendEmpty()
		Point(p, start, 0, []string{"endpoint", "/" + strconv.Itoa(i), "status", []string{"200", "500"}[i%2]})
		p.SetStartTimestamp(pcommon.NewTimestampFromTime(start))
	}
	return md, sum.DataPoints()
}

// Exponential makes a point of an exponential histogram with one observation
// in each of the buckets (1,2], (2,4], (4,8].
func Exponential(name string, at time.Time) (pmetric.Metrics, pmetric.ExponentialHistogramDataPoint) {
	md := pmetric.NewMetrics()
	histogram := NewMetric(md, name).SetEmptyExponentialHistogram()
	histogram.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	p := histogram.DataPoints().AppendEmpty()
	p.SetTimestamp(pcommon.NewTimestampFromTime(at))
	p.SetScale(0)
	p.SetCount(4)
	p.SetSum(14)
	p.SetZeroCount(1)
	p.Positive().BucketCounts().FromRaw([]uint64{1, 1, 1})
	return md, p
}

// FullStore is a storage that cannot commit.
type FullStore struct {
	storage.Appendable
	Full bool
}

// Appender implements storage.Appendable.
func (f *FullStore) Appender(ctx context.Context) storage.Appender {
	return &fullAppender{Appender: f.Appendable.Appender(ctx), full: f.Full}
}

type fullAppender struct {
	storage.Appender
	full bool
}

func (a *fullAppender) Commit() error {
	if a.full {
		return errors.Join(errors.New("no space left on device"), a.Rollback())
	}
	return a.Appender.Commit()
}

// StuckStore is a storage whose transactions do not end until it is let go.
type StuckStore struct {
	storage.Appendable
	Release chan struct{}
}

// Appender implements storage.Appendable.
func (d *StuckStore) Appender(ctx context.Context) storage.Appender {
	return &stuckAppender{Appender: d.Appendable.Appender(ctx), release: d.Release}
}

type stuckAppender struct {
	storage.Appender
	release chan struct{}
}

func (a *stuckAppender) Commit() error {
	<-a.release
	return a.Appender.Commit()
}
