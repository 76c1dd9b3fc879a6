// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"encoding/json"
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

var now = time.Date(2026, 11, 23, 10, 30, 0, 0, time.UTC)

var roomy = Limits{Rows: 1000, Models: 100, Hours: 48}

// one is a call of a known model in the hour of now.
func one(change ...func(*Call)) Call {
	c := Call{
		Model: "gpt-4o", Listed: true, Dimensions: Dimensions{"shop", "researcher"},
		Hour: HourOf(now), Usage: Usage{usage.Input: 890, usage.CacheRead: 100, usage.CacheWrite: 10, usage.Output: 500},
		Cost: 7_500_000_000, Duration: 1500 * time.Millisecond, Timed: true,
	}
	for _, f := range change {
		f(&c)
	}
	return c
}

func record(l *Ledger, calls ...Call) Recorded { return l.Record(calls, now) }

func TestRecord(t *testing.T) {
	l := New(roomy)
	assert.Zero(t, record(l,
		one(),
		one(func(c *Call) { c.Status = Error; c.Dimensions[1] = "writer" }),
		one(func(c *Call) { c.Status = Timeout; c.Timed = false; c.Unpriced, c.Cost = true, 0 }),
		one(func(c *Call) { c.Hour-- }),
	))
	want := Row{
		Calls: [statuses]int64{1, 1, 1}, Unpriced: 1, Usage: Usage{usage.Input: 2670, usage.CacheRead: 300, usage.CacheWrite: 30, usage.Output: 1500},
		Cost: money.SumOf(15_000_000_000), Durations: [9]uint64{3: 2}, Elapsed: Elapsed{Seconds: 3},
	}
	assert.Equal(t, map[string]Row{"gpt-4o": want}, l.Hour(HourOf(now)))
	total := l.Totals()["gpt-4o"]
	assert.EqualValues(t, 4, total.Count())
	assert.EqualValues(t, 3, total.Timed())
	assert.Equal(t, 0.0225, total.Cost.Dollars())
	assert.Equal(t, 4.5, total.Elapsed.Float())
	assert.True(t, total.Start.Before(now), "the first point of a series is later than its start")
	assert.Equal(t, 3, l.Rows())
	assert.Equal(t, 0.015, l.Cost(HourOf(now), HourOf(now), nil).Dollars())
	assert.Equal(t, 0.0225, l.Cost(HourOf(now)-1, HourOf(now), nil).Dollars())
	assert.Zero(t, l.Cost(HourOf(now)+1, HourOf(now)+2, nil).Dollars())
	assert.Empty(t, l.Hour(HourOf(now)+1))
}

func TestBuckets(t *testing.T) {
	for d, want := range map[time.Duration]int{
		0: 0, 100 * time.Millisecond: 0, 100*time.Millisecond + 1: 1, time.Second: 2, 2 * time.Second: 3,
		10*time.Second + 1: 6, time.Minute: 7, time.Minute + 1: 8, 24 * time.Hour: 8,
	} {
		assert.Equal(t, want, bucket(d), "%v", d)
	}
}

// A million calls in any order, by many at once, add up to the last picodollar.
func TestSumsAreExact(t *testing.T) {
	const calls, workers = 1_000_000, 8
	random := rand.New(rand.NewPCG(1, 2))
	all := make([]Call, calls)
	want := new(big.Int)
	for i := range all {
		cost := money.Pico(random.Int64N(math.MaxInt64))
		want.Add(want, big.NewInt(int64(cost)))
		all[i] = one(func(c *Call) { c.Cost = cost; c.Hour -= random.Int64N(24) })
	}
	l := New(roomy)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for part := all[w*calls/workers : (w+1)*calls/workers]; len(part) > 0; part = part[100:] {
				record(l, part[:100]...)
			}
		})
	}
	wg.Wait()
	total := l.Totals()["gpt-4o"]
	assert.Equal(t, want.String(), total.Cost.String())
	assert.Equal(t, want.String(), l.Cost(HourOf(now)-24, HourOf(now), nil).String())
	dollars, _ := new(big.Rat).SetFrac(want, big.NewInt(money.PerDollar)).Float64()
	assert.Equal(t, dollars, total.Cost.Dollars(), "the nearest double")
	assert.EqualValues(t, calls, total.Count())
}

func TestRowsAreBounded(t *testing.T) {
	l := New(Limits{Rows: 10, Models: 100, Hours: 48})
	var overflowed int64
	for i := range 100 {
		overflowed += record(l, one(func(c *Call) { c.Dimensions[0] = strconv.Itoa(i) })).Overflowed
	}
	assert.EqualValues(t, 90, overflowed)
	assert.Equal(t, 10, l.Rows())
	assert.Len(t, l.hours[HourOf(now)].open, 11, "one stands for the rest")
	assert.Equal(t, 0.75, l.Cost(HourOf(now), HourOf(now), nil).Dollars(), "nothing is lost")
	assert.Zero(t, record(l, one(func(c *Call) { c.Dimensions[0] = "3" })).Overflowed, "known rows go on")
	l.Forget(now.Add(100 * time.Hour))
	assert.Zero(t, l.Rows())
	assert.Zero(t, l.Record([]Call{one(func(c *Call) { c.Hour += 100 })}, now.Add(100*time.Hour)).Overflowed, "there is room again")
}

// Names that anybody makes up do not push out those of the price table.
func TestModelsAreBounded(t *testing.T) {
	l := New(Limits{Rows: 1000, Models: 10, Hours: 48})
	var overflowed int64
	for i := range 100 {
		overflowed += record(l, one(func(c *Call) { c.Model, c.Listed = "made-up-"+strconv.Itoa(i), false })).Overflowed
	}
	assert.EqualValues(t, 90, overflowed)
	assert.Zero(t, record(l, one()).Overflowed)
	totals := l.Totals()
	assert.Len(t, totals, 12)
	overflow := totals[Overflow]
	assert.EqualValues(t, 90, overflow.Count())
	assert.Contains(t, totals, "gpt-4o")
}

// Made-up times do not make hours.
func TestLateCalls(t *testing.T) {
	l := New(roomy)
	var late int64
	for i := range int64(1000) {
		late += record(l, one(func(c *Call) { c.Hour -= i * 10 })).Late
	}
	assert.EqualValues(t, 995, late, "48 hours are kept, and the running one")
	assert.Len(t, l.hours, 5)
	total := l.Totals()["gpt-4o"]
	assert.EqualValues(t, 1000, total.Count(), "they were made all the same")
}

func TestLongValuesAreCut(t *testing.T) {
	l := New(roomy)
	record(l, one(func(c *Call) { c.Dimensions[0] = strings.Repeat("é", 1<<20) }))
	for key := range l.hours[HourOf(now)].open {
		assert.Equal(t, strings.Repeat("é", MaxValueBytes/2), key.Dimensions[0])
	}
	record(l, one(func(c *Call) { c.Dimensions[0] = strings.Repeat("é", 1<<19) }))
	assert.Equal(t, 1, l.Rows())
}

// 24 hours is the most that one call can say.
func TestDurationsDoNotOverflow(t *testing.T) {
	l := New(roomy)
	calls := make([]Call, 200_000)
	for i := range calls {
		calls[i] = one(func(c *Call) { c.Duration = 24*time.Hour + 3 })
	}
	record(l, calls...)
	total := l.Totals()["gpt-4o"]
	assert.Equal(t, Elapsed{Seconds: 200_000 * 24 * 3600, Nanos: 600_000}, total.Elapsed)
}

func TestForget(t *testing.T) {
	l := New(Limits{Rows: 1000, Models: 10, Hours: 2})
	record(l, one(), one(func(c *Call) { c.Hour-- }), one(func(c *Call) { c.Hour -= 2 }))
	l.Forget(now)
	assert.Equal(t, 3, l.Rows())
	l.Forget(now.Add(time.Hour))
	assert.Equal(t, 2, l.Rows())
	l.Forget(now.Add(10 * time.Hour))
	assert.Zero(t, l.Rows())
	total := l.Totals()["gpt-4o"]
	assert.EqualValues(t, 3, total.Count(), "totals stay")
}

// restore loads what was taken into another ledger.
func restore(t *testing.T, from Snapshot, into *Ledger) *Ledger {
	t.Helper()
	if from.Totals != nil {
		require.NoError(t, into.LoadTotals(from.Totals))
	}
	for _, stored := range from.Segments {
		segment, err := ParseSegment(stored.ID, stored.Content())
		require.NoError(t, err)
		assert.Equal(t, stored, segment)
		into.Load(segment)
	}
	return into
}

func TestSnapshot(t *testing.T) {
	l := New(roomy)
	record(l, one(), one(func(c *Call) { c.Hour-- }), one(func(c *Call) { c.Model, c.Listed, c.Unpriced = "own", false, true }))
	snapshot, err := take(l)
	require.NoError(t, err)
	assert.Len(t, snapshot.Segments, 2)

	again := restore(t, snapshot, New(roomy))
	assert.Equal(t, l.Totals(), again.Totals(), "start times too")
	assert.Equal(t, l.Hour(HourOf(now)), again.Hour(HourOf(now)))
	assert.Equal(t, l.Rows(), again.Rows())
	assert.Equal(t, l.free, again.free)
	for range 3 { // over and over, nothing drifts
		all, err := take(again)
		require.NoError(t, err)
		assert.Nil(t, all.Totals, "what was loaded has not changed")
		again.MarkTotals()
		all, err = take(again)
		require.NoError(t, err)
		assert.Equal(t, snapshot, all)
		again = restore(t, all, New(roomy))
	}
	assert.Equal(t, l.Totals(), again.Totals())
}

func TestSnapshotHasNewSegmentsOfWhatChanged(t *testing.T) {
	l := New(roomy)
	record(l, one(), one(func(c *Call) { c.Hour-- }))
	first, err := take(l)
	require.NoError(t, err)
	require.Len(t, first.Segments, 2)

	record(l, one())
	second, err := take(l)
	require.NoError(t, err)
	assert.NotNil(t, second.Totals)
	require.Len(t, second.Segments, 2)
	assert.Equal(t, first.Segments[0], second.Segments[0])
	assert.NotEqual(t, first.Segments[1].ID, second.Segments[1].ID)
	assert.Equal(t, 1, second.Segments[1].Rows, "merged with the one before")

	l.MarkTotals() // it could not be stored
	third, err := take(l)
	require.NoError(t, err)
	assert.Equal(t, second, third)

	nothing, err := take(l)
	require.NoError(t, err)
	assert.Nil(t, nothing.Totals)
	assert.Equal(t, third.Segments, nothing.Segments)
}

func TestSnapshotsThatAreRefused(t *testing.T) {
	for _, content := range []string{"", "{", `{"version":3}`, `{"version":0}`, `[]`, "\x00"} {
		l := New(roomy)
		require.Error(t, l.LoadTotals([]byte(content)), content)
		require.Error(t, l.LoadHour(1, []byte(content)), content)
		_, err := ParseSegment(1, []byte(content))
		require.Error(t, err, content)
		assert.Empty(t, l.Totals())
		assert.Zero(t, l.Rows())
	}
}

func FuzzLoad(f *testing.F) {
	l := New(roomy)
	record(l, one())
	snapshot, err := take(l)
	require.NoError(f, err)
	f.Add(snapshot.Totals)
	f.Add([]byte(`{"version":2,"rows":[{"model":"gpt-4o","dimensions":["shop"],"calls":[1,0,0],"usage":{"input":3},"cost":"75","durations":[0,1],"elapsed":{"s":1}}]}`))
	f.Add([]byte(`{"version":1,"totals":{"m":null},"rows":[{}]}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		l := New(roomy)
		totals, hour := l.LoadTotals(content), l.LoadHour(1, content)
		record(l, one())
		if totals == nil || hour == nil {
			again, err := take(l)
			require.NoError(t, err)
			assert.True(t, json.Valid(again.Totals))
		}
	})
}

func BenchmarkRecord(b *testing.B) {
	l := New(Limits{Rows: 100_000, Models: 1000, Hours: 840})
	calls := make([]Call, 1000)
	for i := range calls {
		calls[i] = one(func(c *Call) { c.Dimensions[0] = "service-" + strconv.Itoa(i%10) })
	}
	b.ReportAllocs()
	for b.Loop() {
		l.Record(calls, now)
	}
}

func take(l *Ledger) (Snapshot, error) {
	changes := l.Take(now)
	return changes.Pack()
}
