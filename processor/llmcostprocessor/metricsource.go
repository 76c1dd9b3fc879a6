// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"maps"
	"math"
	"sync"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/pdatautil"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/convention"
)

// maxSourceSeries bounds the series of metric sources whose last value is
// remembered. What more there are is not counted, but for the outcome.
const maxSourceSeries = 10_000

const outcomeTooManySeries = "too_many_series"

// metricSources counts the calls that metrics add up.
type metricSources struct {
	sources map[string]*convention.MetricSource // by metric
	// since is when counting began. What a cumulative series added up before is
	// not known to be counted or not, and is left out.
	since time.Time

	mu     sync.Mutex // guards last and seen
	last   map[seriesID]reading
	limits int
	// seen are the resources with metrics of any kind, and when they last had some. A
	// series without a start that appears later than its resource began at 0: a
	// scrape has all series that there are.
	seen map[[16]byte]time.Time
}

type seriesID struct {
	metric string
	hash   [16]byte
}

// reading is the last point of a series.
type reading struct {
	start, at       pcommon.Timestamp
	tokens, records float64
}

func newMetricSources(names []string, since time.Time) *metricSources {
	m := &metricSources{sources: map[string]*convention.MetricSource{}, since: since, last: map[seriesID]reading{}, limits: maxSourceSeries, seen: map[[16]byte]time.Time{}}
	for _, name := range names {
		source := convention.MetricSourceOf(name)
		for _, metric := range source.Metrics() {
			m.sources[metric] = source
		}
	}
	return m
}

// point is a data point of a source, whatever its kind.
type point struct {
	attributes pcommon.Map
	reading
	delta bool
}

// usages are sums of points by the calls they are of, in the order they came.
type usages struct {
	byCalls map[callsID]int
	all     []usageSum
}

// callsID is the same for points of the same calls.
type callsID struct {
	source string
	hash   [16]byte
}

type usageSum struct {
	convention.Usage
	source               string
	attributes, resource pcommon.Map
	at                   pcommon.Timestamp
}

// countMetrics counts the increases of the metric sources since their last points.
// The metrics are not changed.
func (c *core) countMetrics(ctx context.Context, md pmetric.Metrics) {
	b := c.newBatch()
	defer b.free()
	for _, rm := range md.ResourceMetrics().All() {
		// The metrics of a family count parts of the same tokens.
		found := usages{byCalls: map[callsID]int{}}
		known := c.sources.see(rm.Resource(), time.Now())
		for _, sm := range rm.ScopeMetrics().All() {
			for _, metric := range sm.Metrics().All() {
				if source := c.sources.sources[metric.Name()]; source != nil {
					c.readSource(b, source, metric, rm.Resource(), known, &found)
				}
			}
		}
		c.countUsages(ctx, b, &found)
	}
	if len(b.sums) > 0 {
		b.at = time.Now()
		c.recordSums(ctx, b)
	}
	c.addCounts(ctx, b)
}

// readSource adds what the points of a metric add to what they reported before.
func (c *core) readSource(b *batch, source *convention.MetricSource, metric pmetric.Metric, resource pcommon.Resource, known bool, found *usages) {
	eachPoint(metric, func(p point) {
		tokens, records, ok := c.sources.increase(metric.Name(), resource, known, &p)
		if !ok {
			b.outcomes.add(source.Name, outcomeTooManySeries)
			return
		}
		if tokens == 0 && records == 0 {
			return
		}
		if !found.of(source, &p, resource).Add(metric.Name(), p.attributes, tokens, records) {
			b.outcomes.add(source.Name, convention.ReasonBadTokens)
		}
	})
}

// countUsages counts the calls that the points are of.
func (c *core) countUsages(ctx context.Context, b *batch, found *usages) {
	now := time.Now()
	for i := range found.all {
		u := &found.all[i]
		if u.Empty() {
			continue // nothing of it made sense
		}
		call, outcome, reason := u.Call(u.attributes)
		if outcome != convention.IsCall {
			b.outcomes.add(u.source, reason)
			continue
		}
		c.countUsage(ctx, b, u, &call, now)
	}
}

// countUsage prices calls that are known as a sum alone: at the price for calls of
// ordinary length, since the length of each is not known.
func (c *core) countUsage(ctx context.Context, b *batch, u *usageSum, call *convention.Call, now time.Time) {
	d := detectedCall{call: *call, attributes: u.attributes, source: newSource(u.resource), end: u.at}
	d.at = c.timeOf(ctx, u.at, now)
	d.charge = c.priceSum(call, d.at)
	c.identifySource(d.source)
	b.countRule(call)
	b.outcomes.add(call.Convention, d.charge.outcome)
	sum := extend(&b.sums)
	c.fill(sum, &d)
	overlay(&sum.Dimensions, c.valuesOfMetric(b, call, u.attributes))
	*sum = *sum.Adjusted()
	sum.Many, sum.Count, sum.Timed = true, u.Calls, false
	c.unpriced.add(sum)
	c.estimates.add(sum)
}

func (c *core) valuesOfMetric(b *batch, call *convention.Call, attributes pcommon.Map) []string {
	if values := c.values(b, &call.Attribution, "", attributes); values != nil {
		return *values
	}
	return nil
}

// of is the sum that a point belongs to.
func (u *usages) of(source *convention.MetricSource, p *point, resource pcommon.Resource) *convention.Usage {
	others := pcommon.NewMap()
	p.attributes.CopyTo(others)
	source.Group(others)
	id := callsID{source.Name, pdatautil.MapHash(others)}
	i, known := u.byCalls[id]
	if !known {
		i = len(u.all)
		u.byCalls[id] = i
		u.all = append(u.all, usageSum{Usage: source.Usage(), source: source.Name, attributes: p.attributes, resource: resource.Attributes()})
	}
	u.all[i].at = max(u.all[i].at, p.at)
	return &u.all[i].Usage
}

// increase returns by how much a series has increased since its last point. It is
// false when there are too many series.
func (m *metricSources) increase(metric string, resource pcommon.Resource, resourceKnown bool, p *point) (tokens, records int64, ok bool) {
	both := pcommon.NewMap()
	resource.Attributes().CopyTo(both)
	for key, value := range p.attributes.All() {
		value.CopyTo(both.PutEmpty("point." + key))
	}
	id := seriesID{metric, pdatautil.MapHash(both)}
	m.mu.Lock()
	defer m.mu.Unlock()
	last, known := m.last[id]
	if !known && len(m.last) >= m.limits {
		return 0, 0, false
	}
	switch {
	case known && p.at != 0 && p.at <= last.at:
		return 0, 0, true // sent again, or overtaken
	case p.delta:
		last = reading{}
	case !known && p.start == 0 && resourceKnown: // from 0 since the scrape before
	case !known && p.start.AsTime().Before(m.since):
		last = p.reading // from here on
	case !known || p.start != last.start || p.tokens < last.tokens || p.records < last.records:
		last = reading{} // the counter was reset
	}
	m.last[id] = p.reading
	return whole(p.tokens - last.tokens), whole(p.records - last.records), true
}

// see reports whether a resource has had metrics before.
func (m *metricSources) see(resource pcommon.Resource, now time.Time) bool {
	id := pdatautil.MapHash(resource.Attributes())
	m.mu.Lock()
	defer m.mu.Unlock()
	_, known := m.seen[id]
	if known || len(m.seen) < m.limits {
		m.seen[id] = now
	}
	return known
}

// whole returns the number of tokens; an invalid one is negative, which is rejected.
func whole(n float64) int64 {
	if !(n >= 0 && n < math.MaxInt32*1e6) {
		return -1
	}
	return int64(math.Round(n))
}

// forget drops the readings of series that have not been seen for a day.
func (m *metricSources) forget(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	old := pcommon.NewTimestampFromTime(now.Add(-24 * time.Hour))
	maps.DeleteFunc(m.last, func(_ seriesID, r reading) bool { return r.at < old })
	maps.DeleteFunc(m.seen, func(_ [16]byte, at time.Time) bool { return at.Before(old.AsTime()) })
}

// eachPoint goes through the points of a sum or histogram. Gauges and what goes
// down, too, add up nothing.
func eachPoint(metric pmetric.Metric, see func(point)) {
	switch metric.Type() {
	case pmetric.MetricTypeSum:
		if !metric.Sum().IsMonotonic() {
			return
		}
		delta := metric.Sum().AggregationTemporality() == pmetric.AggregationTemporalityDelta
		for _, p := range metric.Sum().DataPoints().All() {
			if !p.Flags().NoRecordedValue() {
				see(point{p.Attributes(), reading{p.StartTimestamp(), p.Timestamp(), numberOf(p), 0}, delta})
			}
		}
	case pmetric.MetricTypeHistogram:
		delta := metric.Histogram().AggregationTemporality() == pmetric.AggregationTemporalityDelta
		for _, p := range metric.Histogram().DataPoints().All() {
			if !p.Flags().NoRecordedValue() {
				see(point{p.Attributes(), reading{p.StartTimestamp(), p.Timestamp(), p.Sum(), float64(p.Count())}, delta})
			}
		}
	case pmetric.MetricTypeExponentialHistogram:
		delta := metric.ExponentialHistogram().AggregationTemporality() == pmetric.AggregationTemporalityDelta
		for _, p := range metric.ExponentialHistogram().DataPoints().All() {
			if !p.Flags().NoRecordedValue() {
				see(point{p.Attributes(), reading{p.StartTimestamp(), p.Timestamp(), p.Sum(), float64(p.Count())}, delta})
			}
		}
	case pmetric.MetricTypeEmpty, pmetric.MetricTypeGauge, pmetric.MetricTypeSummary:
	}
}

// numberOf is the value of a point, of either type.
func numberOf(p pmetric.NumberDataPoint) float64 {
	if p.ValueType() == pmetric.NumberDataPointValueTypeInt {
		return float64(p.IntValue())
	}
	return p.DoubleValue()
}
