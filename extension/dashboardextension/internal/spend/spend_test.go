// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package spend

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

func row(start time.Time, dollars float64, group ...string) dashboard.Row {
	return dashboard.Row{Start: start, Group: group, Usage: dashboard.Totals{Calls: 1, Dollars: dollars}}
}

func TestQuantile(t *testing.T) {
	for name, test := range map[string]struct {
		buckets []uint64
		q       float64
		want    float64
		beyond  bool
		ok      bool
	}{
		"none":         {q: .5},
		"of zeros":     {buckets: make([]uint64, 9), q: .5},
		"first bucket": {buckets: []uint64{10, 0, 0, 0, 0, 0, 0, 0, 0}, q: .5, want: .05, ok: true},
		"within":       {buckets: []uint64{0, 0, 0, 10, 0, 0, 0, 0, 0}, q: .9, want: 1.9, ok: true},
		"between":      {buckets: []uint64{5, 0, 5, 0, 0, 0, 0, 0, 0}, q: .75, want: .75, ok: true},
		"beyond":       {buckets: []uint64{5, 0, 0, 0, 0, 0, 0, 0, 5}, q: .99, want: 60, beyond: true, ok: true},
		"lowest":       {buckets: []uint64{0, 4, 0, 0, 0, 0, 0, 0, 0}, q: 0, want: .1, ok: true},
	} {
		got, beyond, ok := Quantile(&dashboard.Totals{Buckets: test.buckets}, test.q)
		assert.InDelta(t, test.want, got, 1e-12, name)
		assert.Equal(t, test.beyond, beyond, name)
		assert.Equal(t, test.ok, ok, name)
	}
}

func TestRankAndTop(t *testing.T) {
	var at time.Time
	rows := []dashboard.Row{row(at, 1, "a"), row(at, 5, "b"), row(at.Add(time.Hour), 3, "a"), row(at, 2, "c"), row(at, 2, "d")}
	groups := Top(Rank(rows, Cost), 2)
	require.Len(t, groups, 3)
	assert.Equal(t, []string{"b"}, groups[0].Values)
	assert.Equal(t, []string{"a"}, groups[1].Values)
	assert.InDelta(t, 4, groups[1].Usage.Dollars, 0)
	assert.True(t, groups[2].Others)
	assert.Equal(t, int64(2), groups[2].Usage.Calls)
	assert.Equal(t, groups[:2], Top(Rank(rows[:3], Cost), 1), "a single other group is kept")
	assert.Len(t, Rank([]dashboard.Row{row(at, 1, "a\x00", "b"), row(at, 1, "a", "\x00b")}, Cost), 2, "groups are not mixed up")
}

func TestStack(t *testing.T) {
	from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	rows := []dashboard.Row{row(from, 1, "a"), row(from.Add(2*time.Hour), 4, "b"), row(from.Add(2*time.Hour), 2, "c"), row(from.Add(9*time.Hour), 1, "a")}
	s := NewStack(rows, []time.Time{from, from.Add(time.Hour), from.Add(2 * time.Hour)}, Cost, 1)
	require.Len(t, s.Starts, 3)
	require.Len(t, s.Groups, 2)
	assert.InDelta(t, 4, s.Usage[0][2].Dollars, 0)
	assert.InDelta(t, 2, s.Usage[1][2].Dollars, 0, "the others")
	six := s.Slot(2)
	assert.InDelta(t, 6, six.Dollars, 0)
}

// A quarter past two on the first of a month: yesterday lies in another one.
func TestWindows(t *testing.T) {
	now := time.Date(2026, 3, 1, 2, 15, 0, 0, time.UTC)
	from, to := WindowsFrom(now)
	assert.Equal(t, time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC), from)
	assert.Equal(t, time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC), to)
	hour := now.Truncate(time.Hour)
	w := Split([]dashboard.Row{
		row(from, 100), row(hour.Add(-24*time.Hour), 8), row(hour.Add(-23*time.Hour), 1000), row(hour.Add(-time.Hour), 2), row(hour, 1),
	}, now)
	assert.InDelta(t, 1, w.Hour.Dollars, 0)
	assert.InDelta(t, 3, w.Today.Dollars, 0)
	assert.InDelta(t, 3, w.Month.Dollars, 0)
	assert.InDelta(t, 2, w.YesterdayHour, 1e-12, "a quarter of the hour")
	assert.InDelta(t, 102, w.YesterdayToday, 1e-12)
}

func TestAdd(t *testing.T) {
	one := dashboard.Totals{
		Calls: 1, Errors: 1, Timeouts: 1, Unpriced: 1, Tokens: dashboard.Tokens{Input: 1, Output: 1, CacheRead: 1, CacheWrite: 1, Reasoning: 1}, Amounts: usage.Amounts{usage.Images: 1},
		Dollars: 1, SavedDollars: 1, Timed: 1, Seconds: 1, Buckets: []uint64{1, 2},
	}
	sum := Sum([]dashboard.Row{{Usage: one}, {Usage: one}})
	assert.Equal(t, dashboard.Totals{
		Calls: 2, Errors: 2, Timeouts: 2, Unpriced: 2, Tokens: dashboard.Tokens{Input: 2, Output: 2, CacheRead: 2, CacheWrite: 2, Reasoning: 2}, Amounts: usage.Amounts{usage.Images: 2},
		Dollars: 2, SavedDollars: 2, Timed: 2, Seconds: 2, Buckets: []uint64{2, 4},
	}, sum)
	assert.Equal(t, []uint64{1, 2}, one.Buckets, "what is added stays as it was")
}

// A bucket reaches up to 100 ms, and the one call in it took 17 ms.
func TestQuantileOfFewCalls(t *testing.T) {
	one := &dashboard.Totals{Timed: 1, Seconds: .017, Buckets: []uint64{1}}
	got, _, ok := Quantile(one, .95)
	assert.True(t, ok)
	assert.InDelta(t, .017, got, 1e-12)
	four := &dashboard.Totals{Timed: 4, Seconds: .1, Buckets: []uint64{4}}
	median, _, _ := Quantile(four, .5)
	assert.InDelta(t, .1/3, median, 1e-12, "three calls took that long or longer")
}
