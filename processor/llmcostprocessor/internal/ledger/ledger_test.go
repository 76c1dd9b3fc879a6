// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

var (
	now   = time.Date(2026, 11, 23, 10, 30, 0, 0, time.UTC)
	here  = HourOf(now)
	large = Limits{Rows: 1000, Models: 100, Hours: 24}
)

func call(model string, cost money.Pico) Call {
	return Call{Hour: here, Model: model, Prompt: 10, Completion: 2, Cost: cost, Duration: time.Second}
}

// The sum is exact, whatever the order, and equals that of the calls.
func TestSumsAreExactInAnyOrder(t *testing.T) {
	var calls []Call
	want := new(big.Int)
	random := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		c := call(fmt.Sprintf("model-%d", random.IntN(5)), money.Pico(random.Int64N(1<<55)))
		c.Hour -= random.Int64N(3)
		want.Add(want, big.NewInt(int64(c.Cost)))
		calls = append(calls, c)
	}
	var previous map[string]Total
	for range 3 {
		random.Shuffle(len(calls), func(i, j int) { calls[i], calls[j] = calls[j], calls[i] })
		l := New(large)
		assert.Zero(t, l.Record(calls, now))
		sum := l.Cost(here-3, here)
		assert.Equal(t, want.String(), sum.String())
		var ofTotals money.Sum
		for _, total := range l.Totals() {
			ofTotals.AddSum(total.Cost)
		}
		assert.Equal(t, want.String(), ofTotals.String(), "the totals are the sum of the hours")
		if previous != nil {
			assert.Equal(t, previous, l.Totals())
		}
		previous = l.Totals()
	}
}

func TestRowsByHourModelAndDimensions(t *testing.T) {
	l := New(large)
	a := call("a", 5)
	other := a
	other.Dimensions[0] = "service"
	earlier := a
	earlier.Hour--
	failed := a
	failed.Status = Error
	failed.Cost = 0
	l.Record([]Call{a, other, earlier, failed, call("b", 7)}, now)
	assert.Equal(t, 4, l.Rows())
	hour := l.Hour(here)
	require.Len(t, hour, 2)
	row := hour["a"]
	assert.Equal(t, [3]int64{2, 1, 0}, row.Calls)
	assert.Equal(t, int64(3), row.Count())
	assert.Equal(t, "10", row.Cost.String())
	assert.Equal(t, int64(30), row.Prompt)
	assert.Equal(t, int64(6), row.Completion)
	assert.Empty(t, l.Hour(here+1))
}

// A bucket holds what is not above its bound, as Prometheus counts it.
func TestDurationBuckets(t *testing.T) {
	for d, want := range map[time.Duration]int{
		0: 0, 100 * time.Millisecond: 0, 101 * time.Millisecond: 1, time.Second: 2, time.Second + 1: 3,
		60 * time.Second: 7, 61 * time.Second: 8,
	} {
		assert.Equal(t, want, bucket(d), d)
	}
}

// Beyond the limits nothing is lost, and nothing grows.
func TestLimits(t *testing.T) {
	l := New(Limits{Rows: 3, Models: 2, Hours: 24})
	var overflowed int64
	for n := range 1000 {
		c := call(fmt.Sprintf("model-%d", n), 1)
		c.Hour -= int64(n % 2)
		overflowed += l.Record([]Call{c}, now)
	}
	assert.Equal(t, int64(998), overflowed)
	assert.Equal(t, 3, l.Rows())
	totals := l.Totals()
	assert.Len(t, totals, 3)
	assert.Equal(t, int64(998), func() int64 { row := totals[Overflow]; return row.Count() }())
	sum := l.Cost(here-1, here)
	assert.Equal(t, "1000", sum.String())
	// A model that was there before the limit goes on.
	assert.Zero(t, l.Record([]Call{{Hour: here, Model: "model-0"}}, now))
}

func TestForget(t *testing.T) {
	l := New(Limits{Rows: 10, Models: 10, Hours: 24})
	old := call("a", 1)
	old.Hour -= 25
	kept := call("a", 1)
	kept.Hour -= 24
	l.Record([]Call{old, kept}, now)
	l.Forget(now)
	assert.Equal(t, 1, l.Rows())
	sum := l.Cost(0, here)
	assert.Equal(t, "1", sum.String())
	total := l.Totals()["a"]
	assert.Equal(t, int64(2), total.Count(), "the totals go on")
}

// A new total begins before what is first counted in it.
func TestStart(t *testing.T) {
	l := New(large)
	l.Record([]Call{call("a", 1)}, now)
	later := now.Add(time.Hour)
	l.Record([]Call{call("a", 1), call("b", 1)}, later)
	assert.True(t, l.Totals()["a"].Start.Before(now))
	assert.True(t, l.Totals()["b"].Start.Before(later))
	assert.False(t, l.Totals()["b"].Start.Before(now), "a series begins when it is first seen, not with the collector")
}

func reload(t *testing.T, snapshots ...Snapshot) *Ledger {
	t.Helper()
	l := New(large)
	for _, s := range snapshots {
		if s.Totals != nil {
			require.NoError(t, l.LoadTotals(s.Totals))
		}
		for at, content := range s.Hours {
			require.NoError(t, l.LoadHour(at, content))
		}
	}
	return l
}

func TestSnapshot(t *testing.T) {
	l := New(large)
	c := call("a", 12345)
	c.Dimensions = Dimensions{"service \x00 ü", "agent"}
	earlier := c
	earlier.Hour--
	l.Record([]Call{c, earlier, call("b", 1<<62), call("b", 1<<62)}, now)
	s, err := l.Take()
	require.NoError(t, err)
	assert.Equal(t, []int64{here - 1, here}, s.Known)

	loaded := reload(t, s)
	assert.Equal(t, l.Rows(), loaded.Rows())
	assert.Equal(t, l.Hour(here), loaded.Hour(here))
	assert.Equal(t, l.Hour(here-1), loaded.Hour(here-1))
	for model, total := range l.Totals() {
		assert.True(t, total.Start.Equal(loaded.Totals()[model].Start))
		assert.Equal(t, total.Row, loaded.Totals()[model].Row)
	}

	again, err := loaded.Take()
	require.NoError(t, err)
	assert.Nil(t, again.Totals, "nothing has changed")
	assert.Empty(t, again.Hours)

	loaded.Record([]Call{c}, now)
	changed, err := loaded.Take()
	require.NoError(t, err)
	assert.NotNil(t, changed.Totals)
	assert.Len(t, changed.Hours, 1, "only what has changed")
	loaded.Mark(changed)
	marked, err := loaded.Take()
	require.NoError(t, err)
	assert.Equal(t, changed, marked, "what could not be kept is taken again")
}

func TestDamagedSnapshot(t *testing.T) {
	for _, content := range []string{"", "null?", `{"version":2}`, `{"version":1,"totals":[]}`, `{"version":1,"totals":{"a":{"cost":"much"}}}`} {
		l := New(large)
		require.Error(t, l.LoadTotals([]byte(content)), content)
		assert.Empty(t, l.Totals())
	}
	for _, content := range []string{"", `{"version":2}`, `{"version":1,"rows":{}}`} {
		l := New(large)
		require.Error(t, l.LoadHour(here, []byte(content)), content)
		assert.Zero(t, l.Rows())
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(`{"version":1,"totals":{"a":{"start":"2026-11-23T10:00:00Z","calls":[1,0,0],"cost":"5"}}}`))
	f.Add([]byte(`{"version":1,"rows":[{"model":"a","dimensions":["x"],"calls":[1,0,0],"cost":"5"}]}`))
	f.Fuzz(func(_ *testing.T, content []byte) {
		l := New(large)
		_ = l.LoadTotals(content)
		_ = l.LoadHour(here, content)
		l.Record([]Call{call("a", 1)}, now)
		l.Totals()
	})
}

func TestConcurrentUse(t *testing.T) {
	l := New(large)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 500 {
				l.Record([]Call{call("a", 3), call("b", 4)}, now)
			}
		})
		wg.Go(func() {
			for range 50 {
				l.Totals()
				l.Hour(here)
				l.Forget(now)
				if s, err := l.Take(); err == nil {
					l.Mark(s)
				}
			}
		})
	}
	wg.Wait()
	sum := l.Cost(here, here)
	assert.Equal(t, "28000", sum.String())
}
