// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package prometheussource

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"go.uber.org/zap"
)

// lookbacks are how far back a collector is looked for that was away, one after the other.
var lookbacks = []string{"1d", "30d"}

// load reads the intervals of a span, and returns the rows of each.
func (s *Source) load(ctx context.Context, of span) ([][]row, error) {
	c := newCounters(of)
	for i := range families {
		if err := s.read(ctx, c, &families[i]); err != nil {
			return nil, err
		}
	}
	if err := s.readStarts(ctx, c); err != nil {
		return nil, err
	}
	if err := s.readResets(ctx, c); err != nil {
		return nil, err
	}
	for _, state := range c.collectors {
		if err := s.complete(ctx, c, state); err != nil {
			return nil, err
		}
	}
	return c.rows(), nil
}

// window is a duration as PromQL has it.
func window(d time.Duration) string { return fmt.Sprintf("%ds", int(d.Seconds())) }

// read reads the last sample of each interval, and the last one before the first.
func (s *Source) read(ctx context.Context, c *counters, f *family) error {
	return s.readLast(ctx, f, s.schema.by(f), c.span, func(labels model.Metric, at int, value float64) { s.set(c, f, labels, at, value) })
}

// readLast calls set with the last sample of each interval, which are numbered from 1 on, and with
// the last one before the first, 0; of series that differ in the labels by.
func (s *Source) readLast(ctx context.Context, f *family, by string, in span, set func(labels model.Metric, at int, value float64)) error {
	lasts := func(of time.Duration) string {
		return fmt.Sprintf("max by (%s) (last_over_time(%s))", by, f.selector(nil, window(of)))
	}
	before, err := s.client.at(ctx, lasts(max(in.step, time.Hour)), in.from)
	if err != nil {
		return err
	}
	for _, each := range before {
		set(each.Metric, 0, float64(each.Value))
	}
	matrix, err := s.client.steps(ctx, lasts(in.step), in.from.Add(in.step), in.to, in.step)
	if err != nil {
		return err
	}
	for _, series := range matrix {
		for _, point := range series.Values {
			set(series.Metric, in.intervalAt(point.Timestamp.Time()), float64(point.Value))
		}
	}
	return nil
}

func (s *Source) set(c *counters, f *family, labels model.Metric, at int, value float64) {
	key, ok := s.keyOf(c, f, labels)
	if !ok || at < 0 || at > c.n || math.IsNaN(value) || math.IsInf(value, 0) || value < 0 {
		return
	}
	c.set(key, at, value)
}

// keyOf is the counter of a series.
func (s *Source) keyOf(c *counters, f *family, labels model.Metric) (counterKey, bool) {
	of, ok := f.figure(labels)
	if !ok {
		return counterKey{}, false
	}
	collector, id := s.schema.identityOf(labels)
	name, g := s.schema.groupOf(f, labels, id.name)
	if _, known := c.groups[name]; !known {
		c.groups[name] = g
	}
	c.collector(collector, id)
	return counterKey{collector, name, of}, true
}

// identities are the labels of collectors, for by.
func (s *Source) identities() string { return strings.Join(s.schema.identityLabels(), ", ") }

// readStarts reads when the counters of each collector began.
func (s *Source) readStarts(ctx context.Context, c *counters) error {
	return s.readLast(ctx, &family{metric: metricStart}, s.identities(), c.span, func(labels model.Metric, at int, value float64) {
		key, _ := s.schema.identityOf(labels)
		if state := c.collectors[key]; state != nil && at >= 0 && at <= c.n {
			state.starts[at] = max(state.starts[at], value)
		}
	})
}

// resetMargin has the sample before an interval in its range.
const resetMargin = 10 * time.Minute

// readResets finds the intervals in which single counters were reset, and all of them in versions
// that do not report their start.
func (s *Source) readResets(ctx context.Context, c *counters) error {
	calls := &families[0]
	expr := fmt.Sprintf("max by (%s) (resets(%s)) > 0", s.identities(), calls.selector(nil, window(c.step+resetMargin)))
	matrix, err := s.client.steps(ctx, expr, c.from.Add(c.step), c.to, c.step)
	if err != nil {
		return err
	}
	for _, series := range matrix {
		key, _ := s.schema.identityOf(series.Metric)
		state := c.collectors[key]
		for _, point := range series.Values {
			if at := c.intervalAt(point.Timestamp.Time()); state != nil && at > 0 && at <= c.n {
				state.reset[at] = true
			}
		}
	}
	return nil
}

// complete reads what single samples do not show of a collector: what it had counted before it was
// away, and all samples of the intervals that need them.
func (s *Source) complete(ctx context.Context, c *counters, state *collectorState) error {
	for i := 0; i <= c.n; i++ {
		length := c.step
		if i == 0 {
			if length = max(c.step, time.Hour); !state.present[0] || int64(state.starts[0]*1000) < c.from.Add(-length).UnixMilli() {
				continue // its counters did not begin there
			}
		}
		if i > 0 && state.appears(i) {
			if err := s.readBefore(ctx, c, state); err != nil {
				return err
			}
		}
		if i > 0 && !state.needsDetail(i) {
			continue
		}
		// Of a day in pieces, so that no response is larger than that of an hour.
		made := &detail{samples: map[counterKey][]sample{}}
		end := c.from.Add(time.Duration(i) * c.step)
		for start := end.Add(-length); start.Before(end); start = start.Add(time.Hour) {
			if err := s.readDetail(ctx, c, state, made, piece{start, min(time.Hour, end.Sub(start))}); err != nil {
				return err
			}
		}
		c.findResets(state, i, made)
		state.details[i] = made
	}
	return nil
}

// readBefore reads what a collector had counted before the first interval.
func (s *Source) readBefore(ctx context.Context, c *counters, state *collectorState) error {
	state.known = true
	for _, lookback := range lookbacks {
		for i := range families {
			f := &families[i]
			vector, err := s.client.at(ctx, fmt.Sprintf("max by (%s) (last_over_time(%s))", s.schema.by(f), f.selector(&state.identity, lookback)), c.from)
			if err != nil {
				return err
			}
			for _, each := range vector {
				if key, ok := s.keyOf(c, f, each.Metric); ok {
					if state.before == nil {
						state.before = map[counterKey]float64{}
					}
					state.before[key] = max(state.before[key], float64(each.Value))
				}
			}
			if state.before == nil {
				break // it was not there: no other metric of it was
			}
		}
		if state.before != nil {
			return s.readStartBefore(ctx, state, c.from, lookback)
		}
	}
	return nil
}

func (s *Source) readStartBefore(ctx context.Context, state *collectorState, at time.Time, lookback string) error {
	starts := family{metric: metricStart}
	vector, err := s.client.at(ctx, fmt.Sprintf("max(last_over_time(%s))", starts.selector(&state.identity, lookback)), at)
	if err != nil {
		return err
	}
	for _, each := range vector {
		state.startBefore = float64(each.Value)
	}
	return nil
}

// piece is a part of an interval.
type piece struct {
	from   time.Time
	length time.Duration
}

// readDetail adds all samples that a collector has in a piece of an interval.
func (s *Source) readDetail(ctx context.Context, c *counters, state *collectorState, to *detail, of piece) error {
	end := of.from.Add(of.length)
	for i := range families {
		f := &families[i]
		matrix, err := s.client.samples(ctx, f.selector(&state.identity, window(of.length)), end)
		if errors.Is(err, errTooLarge) {
			s.logger.Warn("An increase is computed without all samples, as there are too many", zap.String("collector", state.name), zap.Time("until", end))
			return nil
		}
		if err != nil {
			return err
		}
		series := map[counterKey][][]sample{}
		for _, each := range matrix {
			key, ok := s.keyOf(c, f, each.Metric)
			if !ok || len(each.Values) == 0 {
				continue
			}
			samples := make([]sample, len(each.Values))
			for i, point := range each.Values {
				samples[i] = sample{int64(point.Timestamp), float64(point.Value)}
			}
			if to.first == 0 || samples[0].at < to.first {
				to.first = samples[0].at
			}
			series[key] = append(series[key], samples)
		}
		for key, all := range series {
			if before := to.samples[key]; before != nil {
				all = append(all, before)
			}
			to.samples[key] = joinSeries(all)
		}
	}
	starts, err := s.client.samples(ctx, (&family{metric: metricStart}).selector(&state.identity, window(of.length)), end)
	if err != nil {
		return err
	}
	for _, each := range starts {
		for _, point := range each.Values {
			to.starts = append(to.starts, sample{int64(point.Timestamp), float64(point.Value)})
		}
	}
	slices.SortFunc(to.starts, func(a, b sample) int { return cmp.Compare(a.at, b.at) })
	return nil
}
