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

	"github.com/otelcol-arc/otelcol-arc/internal/datapoint"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/convention"
)

// maxSourceSeries bounds the series of metric sources whose last value is
// remembered. What more there are is not counted, but for the outcome.
const maxSourceSeries = 10_000

const (
	outcomeTooManySeries = "too_many_series"
	// outcomeCovered: spans or events report the same calls.
	outcomeCovered = "covered"
)

// coverage is for how long the metrics of a service do not count after a span or an event of
// it has reported a call.
const coverage = 24 * time.Hour

// metricSources counts the calls that metrics add up.
type metricSources struct {
	sources map[string][]*convention.MetricSource // by metric
	// since is when counting began. What a cumulative series added up before is
	// not known to be counted or not, and is left out.
	since time.Time

	mu     sync.Mutex // guards what follows
	last   map[seriesID]reading
	limits int
	pruned time.Time // when it was pruned
	// seen are the resources with metrics of any kind. A series without a start that
	// appears later than its resource began at 0: a scrape has all series that there are.
	seen map[[16]byte]appearance
	// rivals are the sources of each scope whose tokens it sent lately.
	rivals map[scopeID]rivals
	// covered are the services whose spans or events report calls, and when they last did.
	covered map[uint64]time.Time
}

// appearance is the time of the first points of a resource, and when it last had some.
type appearance struct {
	first pcommon.Timestamp
	last  time.Time
}

// seriesID is that of the data model, and the start of a cumulative series: processes whose
// resources are the same send series that only the start distinguishes.
type seriesID struct {
	source, metric string
	hash           [16]byte // of the resource, the scope and the attributes
	start          pcommon.Timestamp
}

// reading is the last point of a series.
type reading struct {
	start, at       pcommon.Timestamp
	tokens, records float64
	arrived         time.Time
	deltas          *[maxDeltas]deltaID // the last ones, of a series of deltas
}

// maxDeltas is how many deltas of a series are remembered, to know those that are sent again.
// Those of several processes with the same resource come mixed, in any order.
const maxDeltas = 16

type deltaID struct {
	start, at       pcommon.Timestamp
	tokens, records float64
}

func newMetricSources(names []string, since time.Time) *metricSources {
	m := &metricSources{sources: map[string][]*convention.MetricSource{}, since: since, last: map[seriesID]reading{}, limits: maxSourceSeries, seen: map[[16]byte]appearance{}, rivals: map[scopeID]rivals{}, covered: map[uint64]time.Time{}}
	for _, name := range names {
		source := convention.MetricSourceOf(name)
		for _, metric := range source.Metrics() {
			m.sources[metric] = append(m.sources[metric], source)
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
		first := c.sources.see(rm, time.Now())
		for _, sm := range rm.ScopeMetrics().All() {
			from := origin{resource: rm.Resource(), scope: sm.Scope().Name(), version: sm.Scope().Version(), first: first}
			rivals := c.sources.rivalsIn(&from, sm.Metrics(), time.Now())
			for _, metric := range sm.Metrics().All() {
				for _, source := range c.sources.sources[metric.Name()] {
					c.readSource(b, source, metric, &from, rivals, &found)
				}
			}
		}
		if service := serviceOf(rm.Resource().Attributes()); c.sources.isCovered(service, time.Now()) {
			found.discard(b)
			continue
		}
		c.countUsages(ctx, b, &found)
	}
	if len(b.sums) > 0 {
		b.at = time.Now()
		c.recordSums(ctx, b)
	}
	c.addCounts(ctx, b)
}

// origin is what sends a metric.
type origin struct {
	resource pcommon.Resource
	scope    string
	version  string            // of the scope
	first    pcommon.Timestamp // that its resource had points
}

// attributes are a copy of those of the resource, and the name of the scope.
func (o *origin) attributes() pcommon.Map {
	both := pcommon.NewMap()
	o.resource.Attributes().CopyTo(both)
	both.PutStr("scope.", o.scope)
	return both
}

// readSource adds what the points of a metric add to what they reported before.
func (c *core) readSource(b *batch, source *convention.MetricSource, metric pmetric.Metric, from *origin, all rivals, found *usages) {
	var givesWay [convention.MetricOperations]bool
	for of := range givesWay {
		givesWay[of] = all.giveWay(counted{source, convention.MetricOperation(of)}, time.Now())
	}
	eachPoint(metric, func(p point) {
		tokens, records, ok := c.sources.increase(source.Name, metric.Name(), from, &p)
		switch {
		case givesWay[convention.OperationOf(p.attributes)]:
		case !ok:
			b.outcomes.add(source.Name, outcomeTooManySeries)
		case tokens == 0 && records == 0:
		case !found.of(source, &p, from.resource).Add(metric.Name(), p.attributes, tokens, records):
			b.outcomes.add(source.Name, convention.ReasonBadTokens)
		}
	})
}

// cover notes the services of calls that spans or events report: their metrics add up the
// same calls.
func (m *metricSources) cover(calls []detectedCall, now time.Time) {
	if len(m.sources) == 0 || len(calls) == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range calls {
		service := calls[i].source.service
		if _, known := m.covered[service]; known || len(m.covered) < m.limits {
			m.covered[service] = now
		}
	}
}

func (m *metricSources) isCovered(service uint64, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	at, known := m.covered[service]
	return known && now.Sub(at) < coverage
}

// discard counts what does not count.
func (u *usages) discard(b *batch) {
	for i := range u.all {
		if !u.all[i].Empty() {
			b.outcomes.add(u.all[i].source, outcomeCovered)
		}
	}
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
	d.charge = c.priceSum(&d, d.at)
	c.identifySource(d.source)
	b.countRule(call)
	b.outcomes.add(call.Convention, d.charge.outcome)
	sum := extend(&b.sums)
	c.fill(sum, &d)
	overlay(&sum.Dimensions, c.valuesOfMetric(b, call, u.attributes))
	*sum = *sum.Adjusted()
	sum.Many, sum.Count, sum.Timed = true, u.Calls, false
	c.gaps.Add(sum)
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
func (m *metricSources) increase(source, metric string, from *origin, p *point) (tokens, records int64, ok bool) {
	both := from.attributes()
	for key, value := range p.attributes.All() {
		value.CopyTo(both.PutEmpty("point." + key))
	}
	id := seriesID{source: source, metric: metric, hash: pdatautil.MapHash(both)}
	if !p.delta {
		id.start = p.start
	}
	p.arrived = time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	last, known := m.last[id]
	if !known && len(m.last) >= m.limits && !m.prune(p.arrived) {
		return 0, 0, false
	}
	if p.delta {
		if !last.addDelta(p) {
			return 0, 0, true // sent again
		}
		m.last[id] = reading{deltas: last.deltas, arrived: p.arrived}
		return whole(p.tokens), whole(p.records), true
	}
	// A series whose start is unknown has none, or that of its first point.
	unknown := p.start == 0 || p.start == p.at
	switch {
	case known && p.at != 0 && p.at <= last.at:
		return 0, 0, true // sent again, or overtaken
	case !known && unknown && p.at > from.first: // from 0 since the scrape before
	case !known && (unknown || p.start.AsTime().Before(m.since)):
		last = p.reading // from here on
	case p.tokens < last.tokens || p.records < last.records:
		last = reading{} // the counter was reset
	}
	m.last[id] = p.reading
	return whole(p.tokens - last.tokens), whole(p.records - last.records), true
}

// addDelta remembers a delta. It is false for one that is remembered.
func (r *reading) addDelta(p *point) bool {
	id := deltaID{p.start, p.at, p.tokens, p.records}
	if r.deltas == nil {
		r.deltas = &[maxDeltas]deltaID{}
	}
	oldest := 0
	for i, known := range r.deltas {
		if known == id && p.at != 0 {
			return false
		}
		if known.at < r.deltas[oldest].at {
			oldest = i
		}
	}
	r.deltas[oldest] = id
	return true
}

// prune forgets the series that processes left when they ended: those that have not come
// for an hour. It is false when there are none.
func (m *metricSources) prune(now time.Time) bool {
	if now.Sub(m.pruned) < time.Minute {
		return false
	}
	m.pruned = now
	m.forgetSeries(now.Add(-time.Hour))
	return len(m.last) < m.limits
}

func (m *metricSources) forgetSeries(before time.Time) {
	maps.DeleteFunc(m.last, func(_ seriesID, r reading) bool { return r.arrived.Before(before) })
}

// see returns the time of the first points of a resource. Requests that a scrape was split into have
// the same.
func (m *metricSources) see(metrics pmetric.ResourceMetrics, now time.Time) pcommon.Timestamp {
	id := pdatautil.MapHash(metrics.Resource().Attributes())
	m.mu.Lock()
	defer m.mu.Unlock()
	known, ok := m.seen[id]
	if !ok {
		for _, scope := range metrics.ScopeMetrics().All() {
			for _, metric := range scope.Metrics().All() {
				known.first = max(known.first, datapoint.Latest(metric))
			}
		}
	}
	if known.last = now; ok || len(m.seen) < m.limits {
		m.seen[id] = known
	}
	return known.first
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
	yesterday := now.Add(-24 * time.Hour)
	m.forgetSeries(yesterday)
	maps.DeleteFunc(m.covered, func(_ uint64, at time.Time) bool { return at.Before(yesterday) })
	m.forgetRivals(now)
	maps.DeleteFunc(m.seen, func(_ [16]byte, a appearance) bool { return a.last.Before(yesterday) })
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
				see(point{p.Attributes(), reading{start: p.StartTimestamp(), at: p.Timestamp(), tokens: numberOf(p)}, delta})
			}
		}
	case pmetric.MetricTypeHistogram:
		delta := metric.Histogram().AggregationTemporality() == pmetric.AggregationTemporalityDelta
		for _, p := range metric.Histogram().DataPoints().All() {
			if !p.Flags().NoRecordedValue() {
				see(point{p.Attributes(), reading{start: p.StartTimestamp(), at: p.Timestamp(), tokens: p.Sum(), records: float64(p.Count())}, delta})
			}
		}
	case pmetric.MetricTypeExponentialHistogram:
		delta := metric.ExponentialHistogram().AggregationTemporality() == pmetric.AggregationTemporalityDelta
		for _, p := range metric.ExponentialHistogram().DataPoints().All() {
			if !p.Flags().NoRecordedValue() {
				see(point{p.Attributes(), reading{start: p.StartTimestamp(), at: p.Timestamp(), tokens: p.Sum(), records: float64(p.Count())}, delta})
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
