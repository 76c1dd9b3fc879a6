// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package prometheussource

import (
	"math"
	"slices"
	"time"
)

// counterKey is a counter of a collector.
type counterKey struct {
	collector, group string
	figure           figure
}

// counters are the values of counters at the ends of intervals of equal length. Value 0 is that at
// the start of the first interval, NaN is none.
type counters struct {
	span
	n          int // intervals
	values     map[counterKey][]float64
	groups     map[string]group
	collectors map[string]*collectorState
}

// collectorState is what is known of a collector.
type collectorState struct {
	identity
	present []bool // at the ends of intervals, as values are
	reset   []bool // whether one of its counters was, in each interval; the first has index 1
	// starts are when its counters began at zero, in seconds since 1970, at the ends of intervals; 0
	// is unknown. Versions before 0.4 do not report it.
	starts []float64
	// Before is what the counters had before they were last away: known is set once it was asked for.
	before      map[counterKey]float64
	startBefore float64
	known       bool
	// details are the samples of the intervals that need them.
	details map[int]*detail
}

// detail has all samples of a collector in an interval.
type detail struct {
	samples map[counterKey][]sample
	first   int64 // milliseconds: the first of all
	starts  []sample
	resets  []int64 // the samples from which on all counters have begun again, in milliseconds
}

type sample struct {
	at    int64 // milliseconds
	value float64
}

func newCounters(of span) *counters {
	return &counters{span: of, n: of.intervalAt(of.to), values: map[counterKey][]float64{}, groups: map[string]group{}, collectors: map[string]*collectorState{}}
}

// set sets the value of a counter at the end of an interval. Of several the largest counts: a pod
// that was replaced is still there for a while, and two servers may have the same series.
func (c *counters) set(key counterKey, at int, value float64) {
	values := c.values[key]
	if values == nil {
		values = make([]float64, c.n+1)
		for i := range values {
			values[i] = math.NaN()
		}
		c.values[key] = values
	}
	if math.IsNaN(values[at]) || values[at] < value {
		values[at] = value
	}
	if key.figure == figureCalls {
		c.collectors[key.collector].present[at] = true
	}
}

func (c *counters) collector(key string, id identity) *collectorState {
	if c.collectors[key] == nil {
		c.collectors[key] = &collectorState{identity: id, present: make([]bool, c.n+1), reset: make([]bool, c.n+1), starts: make([]float64, c.n+1), details: map[int]*detail{}}
	}
	return c.collectors[key]
}

// lastPresent is the last end of an interval before one at which the collector was there; -1: none.
func (s *collectorState) lastPresent(i int) int {
	for at := i - 1; at >= 0; at-- {
		if s.present[at] {
			return at
		}
	}
	return -1
}

// appears reports whether the collector is there in an interval and was not before, as far as
// counters go: what it had before must be asked for.
func (s *collectorState) appears(i int) bool { return s.present[i] && s.lastPresent(i) < 0 }

// startOf is when the counters began as the last sample before an interval has it; 0: unknown.
func (s *collectorState) startOf(i int) float64 {
	if at := s.lastPresent(i); at >= 0 {
		return s.starts[at]
	}
	return s.startBefore
}

// needsDetail reports whether the increases of an interval do not follow from the last samples
// alone: those of the first one that there is of a collector, and those of one in which counters
// began again.
func (s *collectorState) needsDetail(i int) bool {
	return s.present[i] && (s.reset[i] || s.starts[i] > s.startOf(i) && s.startOf(i) > 0 || s.appears(i) && s.known && s.before == nil)
}

// findResets finds the samples from which on all counters of a collector have begun again: its
// start is later than the sample before. It is also later where the oldest series has ended, for
// want of calls, which is no reset.
func (c *counters) findResets(state *collectorState, i int, of *detail) {
	start, last := state.startOf(i), c.from.Add(time.Duration(max(state.lastPresent(i), 0)-1)*c.step).UnixMilli()
	for _, each := range of.starts {
		if start > 0 && each.value > start && int64(each.value*1000) > last {
			of.resets = append(of.resets, each.at)
		}
		start, last = max(start, each.value), each.at
	}
}

// previous is the value that a counter had before an interval. Counters of llm_cost begin at zero:
// so does one that was not there while its collector was.
func (c *counters) previous(key counterKey, i int) float64 {
	state := c.collectors[key.collector]
	at := state.lastPresent(i)
	if at < 0 {
		return state.before[key] // zero where there is none
	}
	if of := state.details[at]; of != nil {
		if samples := of.samples[key]; len(samples) > 0 && samples[len(samples)-1].at < int64(state.starts[at]*1000) {
			return 0 // it is the last one before all counters began again
		}
	}
	return orZero(c.values[key][at])
}

// increase is by how much a counter has grown in an interval, 1 being the first.
func (c *counters) increase(key counterKey, i int) float64 {
	value := c.values[key][i]
	if math.IsNaN(value) {
		return 0
	}
	state := c.collectors[key.collector]
	previous := c.previous(key, i)
	if of := state.details[i]; of != nil && len(of.samples[key]) > 0 {
		samples := of.samples[key]
		if state.appears(i) && state.before == nil && samples[0].at <= of.first && !of.isFresh() {
			previous = samples[0].value // counted before the server had any sample of it
		}
		return growth(samples, previous, of.resets)
	}
	if value < previous {
		return value // it was reset while there were no samples
	}
	return value - previous
}

// freshMillis is how long before its first sample a collector may have begun to count.
const freshMillis = 3600_000

// isFresh reports whether all that the first samples have was counted shortly before them.
func (d *detail) isFresh() bool {
	return len(d.starts) > 0 && d.first-int64(d.starts[0].value*1000) <= freshMillis
}

// growth is by how much a counter has grown over its samples. It has begun again at zero where it is
// lower than before, and at resets.
func growth(samples []sample, previous float64, resets []int64) (sum float64) {
	for _, each := range samples {
		if each.value < previous || len(resets) > 0 && each.at >= resets[0] {
			previous = 0
		}
		for len(resets) > 0 && each.at >= resets[0] {
			resets = resets[1:]
		}
		sum += each.value - previous
		previous = each.value
	}
	return sum
}

// joinSeries joins the samples of several series of one counter: those of a pod that was replaced
// follow each other, and of those that overlap, as two servers have them, one counts.
func joinSeries(series [][]sample) []sample {
	slices.SortFunc(series, func(a, b []sample) int { return int(a[0].at - b[0].at) })
	joined := series[0]
	for _, next := range series[1:] {
		switch last := joined[len(joined)-1].at; {
		case next[0].at > last:
			joined = append(slices.Clone(joined), next...)
		case next[len(next)-1].at > last:
			after := slices.IndexFunc(next, func(s sample) bool { return s.at > last })
			for _, each := range next[after:] {
				if each.value >= joined[len(joined)-1].value {
					joined = append(slices.Clone(joined), each)
				}
			}
		}
	}
	return joined
}

func orZero(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return v
}
