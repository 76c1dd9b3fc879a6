// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package metricstore

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

var (
	calls    = &Metric{Name: "calls", Type: Counter}
	load     = &Metric{Name: "load", Type: Gauge}
	duration = &Metric{Name: "duration", Type: Histogram, Bounds: []float64{1, 2}}
)

func label(value string) []Label { return []Label{{Name: "l", Value: value}} }

func TestStageLeavesTheStoreAlone(t *testing.T) {
	s := New(10, time.Time{})
	s.Commit(s.Stage([]Change{{Metric: calls, Value: 1}, {Metric: load, Value: 5}, {Metric: duration, Value: 1}}, time.Time{}))
	changes := []Change{
		{Metric: calls, Value: 2},
		{Metric: calls, Value: 3},
		{Metric: load, Value: 7},
		{Metric: load, Value: 6},
		{Metric: duration, Value: 1.5},
		{Metric: duration, Value: 9},
	}
	want := []Series{
		{Metric: calls, Value: 6},
		{Metric: load, Value: 6},
		{Metric: duration, Value: 11.5, Count: 3, Buckets: []uint64{1, 1, 1}},
	}
	for range 3 {
		assert.Equal(t, want, s.Stage(changes, time.Time{}).Series(), "what is not committed has no effect")
	}
	s.Commit(s.Stage(changes, time.Time{}))
	assert.Equal(t, []Series{{Metric: calls, Value: 7}}, s.Stage([]Change{{Metric: calls, Value: 1}}, time.Time{}).Series(), "only what changed")
	assert.Equal(t, 3, s.Len())
}

func TestDeltas(t *testing.T) {
	began := time.Unix(1000, 0)
	s := New(10, began)
	changes := []Change{{Metric: calls, Value: 2}, {Metric: load, Value: 5}, {Metric: duration, Value: 1.5}}
	first := s.Stage(changes, began.Add(time.Second))
	assert.Equal(t, first.Series(), first.Deltas(s))
	s.Commit(first)
	second := s.Stage(append(changes, Change{Metric: duration, Value: 9}), began.Add(time.Minute))
	assert.Equal(t, []Series{
		{Metric: calls, Value: 2, Start: began.Add(time.Second), Seen: began.Add(time.Minute)},
		{Metric: load, Value: 5, Start: began, Seen: began.Add(time.Minute)},
		{Metric: duration, Value: 10.5, Count: 2, Buckets: []uint64{0, 1, 1}, Start: began.Add(time.Second), Seen: began.Add(time.Minute)},
	}, second.Deltas(s))
	s.Commit(second)
	assert.Equal(t, []uint64{0, 3, 1}, s.Stage([]Change{{Metric: duration, Value: 1.5}}, began).Series()[0].Buckets, "what was committed is the sum")
}

func TestBoundsAreInclusive(t *testing.T) {
	for value, want := range map[float64][]uint64{
		0: {1, 0, 0}, 1: {1, 0, 0}, 1.0001: {0, 1, 0}, 2: {0, 1, 0}, 2.0001: {0, 0, 1},
	} {
		assert.Equal(t, want, New(1, time.Time{}).Stage([]Change{{Metric: duration, Value: value}}, time.Time{}).Series()[0].Buckets, value)
	}
}

func TestLabelSetsAreDistinguished(t *testing.T) {
	s := New(100, time.Time{})
	changes := []Change{
		{Metric: calls, Value: 1},
		{Metric: calls, Value: 1, Service: "a"},
		{Metric: calls, Value: 1, Labels: label("a")},
		{Metric: calls, Value: 1, Labels: label("")},
		{Metric: calls, Value: 1, Service: "1:l1:a"},
		{Metric: calls, Value: 1, Labels: []Label{{"l", "a"}, {"l", "a"}}},
		{Metric: calls, Value: 1, Labels: []Label{{"l", "a1:l1:a"}}},
		{Metric: calls, Value: 1, Service: overflowKey},
		{Metric: load, Value: 1},
	}
	stage := s.Stage(append(changes, changes...), time.Time{})
	assert.Len(t, stage.Series(), len(changes))
	assert.Zero(t, stage.Overflowed)
}

func TestOverflow(t *testing.T) {
	s := New(2, time.Time{})
	stage := s.Stage([]Change{
		{Metric: calls, Value: 1, Labels: label("a")},
		{Metric: calls, Value: 1, Labels: label("b")},
		{Metric: calls, Value: 1, Labels: label("c"), Service: "x"},
		{Metric: calls, Value: 1, Labels: label("d")},
		{Metric: calls, Value: 1, Labels: label("a")},
		{Metric: load, Value: 1, Labels: label("a")},
	}, time.Time{})
	assert.Equal(t, 2, stage.Overflowed)
	assert.Equal(t, []Series{
		{Metric: calls, Labels: label("a"), Value: 2},
		{Metric: calls, Labels: label("b"), Value: 1},
		{Metric: calls, Overflow: true, Value: 2},
		{Metric: load, Labels: label("a"), Value: 1},
	}, stage.Series())

	assert.Zero(t, s.Stage([]Change{{Metric: calls, Value: 1, Labels: label("c")}}, time.Time{}).Overflowed, "a stage takes no room")
	s.Commit(stage)
	again := s.Stage([]Change{{Metric: calls, Value: 1, Labels: label("c")}, {Metric: calls, Value: 1, Labels: label("b")}}, time.Time{})
	assert.Equal(t, []Series{
		{Metric: calls, Overflow: true, Value: 3},
		{Metric: calls, Labels: label("b"), Value: 2},
	}, again.Series())
	for range 1000 {
		s.Commit(s.Stage([]Change{{Metric: duration, Value: 1, Labels: label(strings.Repeat("x", s.Len()))}}, time.Time{}))
	}
	assert.Equal(t, 4+3, s.Len())
}

func TestLongLabelsAreCut(t *testing.T) {
	long := strings.Repeat("ä", 200)
	labels := []Label{{"l", "short"}, {"m", long}}
	s := New(10, time.Time{}).Stage([]Change{{Metric: calls, Value: 1, Service: long, Labels: labels}}, time.Time{}).Series()[0]
	for _, text := range []string{s.Service, s.Labels[1].Value} {
		assert.LessOrEqual(t, len(text), maxLabelBytes)
		assert.True(t, utf8.ValidString(text))
		assert.True(t, strings.HasPrefix(long, text))
	}
	assert.Equal(t, "short", s.Labels[0].Value)
	assert.Equal(t, long, labels[1].Value, "the change is left alone")
}

func TestExpiry(t *testing.T) {
	begin := time.Unix(1000, 0)
	s := New(1, begin)
	count := func(value string, at time.Time) Series {
		stage := s.Stage([]Change{{Metric: calls, Value: 1, Labels: label(value)}}, at)
		s.Commit(stage)
		return stage.Series()[0]
	}
	count("a", begin)
	assert.True(t, count("b", begin).Overflow)
	half, hour := begin.Add(30*time.Minute), begin.Add(time.Hour)
	assert.Equal(t, Series{Metric: calls, Labels: label("a"), Start: begin, Seen: half, Value: 2}, count("a", half))

	s.Expire(begin.Add(time.Minute), hour)
	assert.Equal(t, 1, s.Len(), "the overflow series has not been seen")
	assert.Equal(t, Series{Metric: calls, Overflow: true, Start: hour, Seen: hour, Value: 1}, count("b", hour))
	s.Expire(hour, hour)
	assert.Equal(t, Series{Metric: calls, Labels: label("b"), Start: hour, Seen: hour, Value: 1}, count("b", hour), "there is room again")
	assert.Equal(t, Series{Metric: calls, Overflow: true, Start: hour, Seen: hour, Value: 2}, count("a", hour))
}
