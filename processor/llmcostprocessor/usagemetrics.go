// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/series"
)

// The metrics by provider, model and dimensions.
const (
	metricUsageCost   = "arc_llm_usage_cost_dollars"
	metricUsageCalls  = "arc_llm_usage_calls"
	metricUsageAmount = "arc_llm_usage"
	metricUsageAhead  = "arc_llm_usage_cost_ahead_dollars"
	metricUsageStart  = "arc_llm_usage_start_timestamp_seconds"

	labelKind = "kind"
	labelUnit = "unit"
)

// usageSeries writes the metrics by dimension. They are counters: each begins at its start
// time with zero, and what a correction takes away is worked off against what comes next.
// Until then, the difference to the ledger is a metric of its own.
func (c *core) usageSeries(w writer, now time.Time) {
	if !c.rebalanceSeries(now) {
		return
	}
	s := seriesWriter{
		writer: w, labels: c.dimensions.labels, exemplars: c.cfg.Exemplars,
		cost:  w.sum(metricUsageCost, "Cost of LLM calls in US dollars, by provider, model and dimensions.", "USD"),
		calls: w.sum(metricUsageCalls, "LLM calls, by provider, model and dimensions.", "{call}"),
		used:  w.sum(metricUsageAmount, "Usage of LLM calls, by kind, provider, model and dimensions; kinds are disjoint.", "1"),
		ahead: w.gauge(metricUsageAhead, "How much "+metricUsageCost+" is ahead of the ledger, because of corrections that later calls make up for.", "USD"),
	}
	for first, more := 0, true; more; more = first > 0 {
		first = c.exportSeries(first, s.write)
	}
	// For who has the counters without their start times, as in Prometheus: whether all of a first
	// sample was counted just before it.
	start := w.gauge(metricUsageStart, "Time since which the metrics by provider, model and dimensions count, in seconds since 1970.", "s").AppendEmpty()
	start.SetTimestamp(w.now)
	start.SetDoubleValue(float64(s.start.UnixMilli()) / 1000)
	w.to.RemoveIf(func(m pmetric.Metric) bool {
		return m.Name() == metricUsageCost && s.cost.Len() == 0 || m.Name() == metricUsageAhead && s.ahead.Len() == 0 ||
			m.Name() == metricUsageAmount && s.used.Len() == 0
	})
}

// rebalanceSeries chooses which series there are, and reports whether there are any.
func (c *core) rebalanceSeries(now time.Time) bool {
	c.counting.Lock()
	defer c.counting.Unlock()
	c.series.Rebalance(c.clock.before(now))
	return !c.series.Empty()
}

// exportSeries exports some series: calls wait for no more of them.
func (c *core) exportSeries(first int, visit func(*series.Point)) (next int) {
	c.counting.Lock()
	defer c.counting.Unlock()
	return c.series.Export(first, visit)
}

// seriesWriter appends the points of series.
type seriesWriter struct {
	writer
	labels                   []string // of the dimensions
	exemplars                bool
	cost, calls, used, ahead pmetric.NumberDataPointSlice
	start                    time.Time // the first of all series
}

func (w *seriesWriter) write(p *series.Point) {
	if w.start.IsZero() || p.Start.Before(w.start) {
		w.start = p.Start
	}
	calls := w.point(w.calls, p)
	calls.SetIntValue(p.Calls)
	w.exemplar(calls, p, 1)
	if p.Priced {
		cost := w.point(w.cost, p)
		cost.SetDoubleValue(p.Cost.Dollars())
		w.exemplar(cost, p, p.Example.Cost.Dollars())
	}
	for kind, n := range p.Usage {
		if n > 0 {
			k := usage.Kind(kind)
			used := w.point(w.used, p)
			used.Attributes().PutStr(labelKind, k.String())
			used.Attributes().PutStr(labelUnit, string(k.Info().Unit))
			used.SetDoubleValue(float64(n) / float64(k.Scale()))
		}
	}
	if p.WasAhead {
		ahead := w.point(w.ahead, p)
		ahead.SetStartTimestamp(0)
		ahead.SetDoubleValue(p.Ahead.Dollars())
	}
}

// point appends a point with the labels of a series. A value that is unknown has no label,
// which is the same in Prometheus as an empty one.
func (w *seriesWriter) point(to pmetric.NumberDataPointSlice, p *series.Point) pmetric.NumberDataPoint {
	point := to.AppendEmpty()
	// A clock that was set back must not make a series that starts after its points.
	point.SetStartTimestamp(min(pcommon.NewTimestampFromTime(p.Start), w.now))
	point.SetTimestamp(w.now)
	attributes := point.Attributes()
	attributes.EnsureCapacity(len(w.labels) + 4)
	if p.Provider != "" {
		attributes.PutStr(labelProvider, p.Provider)
	}
	attributes.PutStr(labelModel, p.Model)
	for i, value := range p.Values {
		if value != "" {
			attributes.PutStr(w.labels[i], value)
		}
	}
	if p.Overflow {
		attributes.PutBool(overflowAttribute, true)
	}
	return point
}

func (w *seriesWriter) exemplar(point pmetric.NumberDataPoint, p *series.Point, value float64) {
	if w.exemplars {
		addExemplar(point.Exemplars(), p.Example.Trace, p.Example.Span, p.Example.End, value)
	}
}
