// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package series

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

var morning = time.Date(2026, 11, 23, 10, 30, 0, 0, time.UTC)

func options(limit int) Options {
	return Options{Max: limit, Labels: []string{"team", "user"}, Idle: time.Hour}
}

func call(team string, cost money.Pico) *ledger.Call {
	c := &ledger.Call{Provider: "openai", Model: "gpt-4o", Dimensions: ledger.Dimensions{team, "ada"}}
	c.Cost, c.Usage[usage.Input] = cost, 3
	return c
}

// exportAll calls visit with each series.
func exportAll(s *Set, visit func(*Point)) {
	for first, more := 0, true; more; more = first > 0 {
		first = s.Export(first, visit)
	}
}

func encode(tb testing.TB, changes *Changes) map[int][]byte {
	tb.Helper()
	chunks := map[int][]byte{}
	require.NoError(tb, changes.Encode(func(chunk int, content []byte) error {
		chunks[chunk] = content
		return nil
	}))
	return chunks
}

// reader adds increases up as Prometheus does with start times.
type reader struct {
	t                *testing.T
	last             map[string]reading
	cost, calls, all int64
	ahead            int64
	names            []string
}

type reading struct {
	start              time.Time
	cost, calls, input int64
}

func pico(t *testing.T, sum money.Sum) int64 {
	t.Helper()
	text, err := sum.MarshalText()
	require.NoError(t, err)
	var n int64
	_, err = fmt.Sscan(string(text), &n)
	require.NoError(t, err)
	return n
}

func (r *reader) scrape(s *Set) {
	r.ahead, r.names = 0, nil
	exportAll(s, func(p *Point) {
		name := strings.Join(append([]string{p.Provider, p.Model}, p.Values...), "/")
		r.names = append(r.names, name)
		now := reading{p.Start, pico(r.t, p.Cost), p.Calls, p.Usage[usage.Input]}
		before := r.last[name]
		if !before.start.Equal(now.start) {
			before = reading{}
		}
		require.GreaterOrEqual(r.t, now.cost, before.cost, name)
		require.GreaterOrEqual(r.t, now.calls, before.calls, name)
		require.GreaterOrEqual(r.t, now.input, before.input, name)
		r.cost += now.cost - before.cost
		r.calls += now.calls - before.calls
		r.all += now.input - before.input
		r.ahead += pico(r.t, p.Ahead)
		r.last[name] = now
	})
}

// Whatever is counted, corrected, ended, persisted and loaded: the increases add up to it.
func TestIncreasesAddUp(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		limit := 1 + r.IntN(6)
		s := New(options(limit))
		read := &reader{t: t, last: map[string]reading{}}
		now := morning
		type counted struct {
			call  *ledger.Call
			place Place
		}
		var all []counted
		var cost int64
		stored := map[int][]byte{}
		for range 200 {
			now = now.Add(time.Duration(r.IntN(60)) * time.Second)
			switch n := r.IntN(10); {
			case n < 6:
				c := call(strconv.Itoa(r.IntN(10)), money.Pico(r.IntN(1000)))
				all = append(all, counted{c, s.Add(c, now)})
				cost += int64(c.Cost)
			case n < 7 && len(all) > 0:
				i := r.IntN(len(all))
				s.Remove(all[i].call, all[i].place, now)
				cost -= int64(all[i].call.Cost)
				all = slices.Delete(all, i, i+1)
			case n < 8:
				s.Rebalance(now)
				require.LessOrEqual(t, s.Len(), limit)
			case n < 9:
				read.scrape(s)
				require.Equal(t, cost, read.cost-read.ahead, seed)
			default:
				read.scrape(s) // what is saved is at least what left
				changes := s.Take()
				maps.Copy(stored, encode(t, &changes))
				s = New(options(limit))
				for _, content := range stored {
					require.NoError(t, s.Load(content))
				}
			}
		}
		// What is ahead is made up for by what comes next, in each series.
		s.Rebalance(now)
		for _, team := range []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "x"} {
			c := call(team, 10_000_000)
			for range 100 {
				s.Add(c, now)
				cost += int64(c.Cost)
				all = append(all, counted{call: c})
			}
		}
		read.scrape(s)
		require.Zero(t, read.ahead, seed)
		require.Equal(t, cost, read.cost, seed)
		require.EqualValues(t, len(all), read.calls, seed)
		require.EqualValues(t, 3*len(all), read.all, seed)
	}
}

func TestTheMostExpensiveAreKept(t *testing.T) {
	s := New(options(3))
	for i := range 10_000 { // a bomb
		s.Add(call(fmt.Sprint("bomb-", i), 1), morning)
	}
	for range 5 {
		for _, team := range []string{"a", "b", "c"} {
			s.Add(call(team, 100), morning)
		}
		for i := range 5000 {
			s.Add(call(fmt.Sprint("more-", i), 1), morning)
		}
	}
	s.Add(call("d", 10), morning)
	s.Rebalance(morning)
	read := &reader{t: t, last: map[string]reading{}}
	read.scrape(s)
	slices.Sort(read.names)
	assert.Equal(t, []string{"openai/gpt-4o/a/ada", "openai/gpt-4o/b/ada", "openai/gpt-4o/c/ada", "otel.metric.overflow/otel.metric.overflow"}, read.names)
	assert.LessOrEqual(t, len(s.outside), minOutside)
	// d becomes more expensive than the others by now.
	s.Add(call("d", 1000), morning)
	s.Rebalance(morning)
	read.scrape(s)
	assert.Contains(t, read.names, "openai/gpt-4o/d/ada")
	assert.Len(t, read.names, 4)
	assert.EqualValues(t, 10_000+5*5000+5*300+1010, read.cost-read.ahead)
}

func TestIdleSeriesEnd(t *testing.T) {
	s := New(options(2))
	s.Add(call("a", 1), morning)
	s.Add(call("b", 1), morning.Add(59*time.Minute))
	s.Rebalance(morning.Add(61 * time.Minute))
	assert.Equal(t, 1, s.Len())
	s.Rebalance(morning.Add(-1000 * time.Hour)) // a clock that was set back ends nothing
	assert.Equal(t, 1, s.Len())
}

func TestStateOfOtherDimensionsIsLeftOut(t *testing.T) {
	s := New(options(2))
	s.Add(call("a", 1), morning)
	changes := s.Take()
	chunks := encode(t, &changes)
	other := New(Options{Max: 2, Labels: []string{"team", "agent"}, Idle: time.Hour})
	require.NoError(t, other.Load(chunks[0]))
	assert.True(t, other.Empty())
	require.ErrorContains(t, other.Load([]byte(`{"version":9}`)), "version 9")
	require.Error(t, other.Load([]byte(`{"version":1,"labels":["team","agent"],"series":[{"slot":1,"names":["a"]}]}`)))
	require.Error(t, other.Load([]byte(`{"version":1,"labels":["team","agent"],"series":[{"slot":-1}]}`)))
	require.Error(t, other.Load([]byte(`{"version":1,"labels":["team","agent"],"series":[{"slot":0,"cost":"0","exported_cost":"0","usage":{"x":[1,1]}}]}`)))
	assert.True(t, other.Empty())
}

func TestStateOfTheFirstDimensionsIsContinued(t *testing.T) {
	s := New(options(2))
	s.Add(call("a", 1), morning)
	changes := s.Take()
	chunks := encode(t, &changes)
	other := New(Options{Max: 2, Labels: []string{"team", "user", "agent"}, Idle: time.Hour})
	require.NoError(t, other.Load(chunks[0]))
	other.Add(call("a", 1), morning)
	assert.Equal(t, 1, other.Len())
}

func TestChangesThatWereNotStoredAreKept(t *testing.T) {
	s := New(options(2000))
	for i := range 2000 {
		s.Add(call(strconv.Itoa(i), 1), morning)
	}
	changes := s.Take()
	assert.Len(t, changes.chunks, 8)
	assert.Equal(t, 8, changes.Chunks)
	empty := s.Take()
	assert.Empty(t, empty.chunks)
	s.Mark(changes)
	again := s.Take()
	assert.Len(t, again.chunks, 8)
	s.Add(call("3", 1), morning)
	one := s.Take()
	assert.Len(t, one.chunks, 1)
}

// However many there are, each is exported once, and copied for the storage.
func TestManySeries(t *testing.T) {
	s := New(options(1000))
	for n := range 1100 {
		s.Add(call(strconv.Itoa(n), money.Pico(n)), morning)
		if n != 0 && n != 255 && n != 256 && n != 999 && n != 1099 {
			continue
		}
		read := &reader{t: t, last: map[string]reading{}}
		read.scrape(s)
		assert.Len(t, read.last, len(read.names), "each once")
		assert.Len(t, read.names, min(n+1, 1001), "and that of the overflow")
		assert.EqualValues(t, n*(n+1)/2, read.cost)
		changes := s.Take()
		s.MarkAll()
		again := s.Take()
		loaded := New(options(1000))
		for _, content := range encode(t, &again) {
			require.NoError(t, loaded.Load(content))
		}
		after := &reader{t: t, last: map[string]reading{}}
		after.scrape(loaded)
		assert.ElementsMatch(t, read.names, after.names)
		assert.Equal(t, read.cost, after.cost)
		s.Mark(changes)
	}
}

func TestKeys(t *testing.T) {
	long := strings.Repeat("é", 1000)
	for _, c := range []*ledger.Call{{}, {Provider: "p"}, {Model: "m", Dimensions: ledger.Dimensions{"", "u"}}, {Model: long, Dimensions: ledger.Dimensions{strings.Repeat("x", 200), long}}} {
		provider, model, values := parseKey(string(ledger.AppendKey(nil, c, 2)), nil)
		assert.Equal(t, c.Provider, provider)
		if len(c.Model) < 256 {
			assert.Equal(t, c.Model, model)
			assert.Equal(t, c.Dimensions[:2], values)
		} else {
			assert.Equal(t, strings.Repeat("é", 128), model)
			assert.Equal(t, []string{c.Dimensions[0], model}, values)
		}
	}
}

func FuzzLoad(f *testing.F) {
	s := New(options(2))
	s.Add(call("a", 1), morning)
	s.Add(call("b", 1), morning)
	s.Add(call("c", 1), morning)
	changes := s.Take()
	chunks := encode(f, &changes)
	f.Add(chunks[0])
	f.Fuzz(func(_ *testing.T, content []byte) {
		loaded := New(options(2))
		if loaded.Load(content) != nil {
			return
		}
		loaded.Add(call("a", 1), morning)
		loaded.Rebalance(morning)
		exportAll(loaded, func(*Point) {})
	})
}

// TestAccountFollowsItsSeries: calls with an account are counted where those without are, while
// series end and others take their slots.
func TestAccountFollowsItsSeries(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	with, without := New(Options{Max: 3, Labels: []string{"a"}, Idle: time.Hour}), New(Options{Max: 3, Labels: []string{"a"}, Idle: time.Hour})
	accounts := map[string]*ledger.Account{}
	points := func(s *Set) (all []Point) {
		exportAll(s, func(p *Point) {
			own := *p
			own.Values = slices.Clone(p.Values)
			all = append(all, own)
		})
		return all
	}
	now := time.Unix(1_800_000_000, 0)
	for i := range 5000 {
		now = now.Add(time.Duration(random.IntN(int(2 * time.Minute))))
		c := ledger.Call{
			Model: string(rune('a' + random.IntN(8))), Dimensions: ledger.Dimensions{string(rune('x' + random.IntN(2)))},
			Cost: money.Pico(random.IntN(1000)),
		}
		place := without.Add(&c, now)
		key := string(ledger.AppendKey(nil, &c, 1))
		if accounts[key] == nil {
			accounts[key] = &ledger.Account{Key: key}
		}
		c.Account = accounts[key]
		require.Equal(t, place, with.Add(&c, now), i)
		if i%50 == 0 {
			with.Rebalance(now)
			without.Rebalance(now)
			require.Equal(t, points(without), points(with), i)
		}
	}
}

// BenchmarkMemory is what a series of two dimensions and two kinds of usage takes, of 100,000.
func BenchmarkMemory(b *testing.B) {
	const users = 100_000
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		set := New(options(users))
		for user := range users {
			c := call("team-"+strconv.Itoa(user%40), 1)
			c.Dimensions[1], c.Usage[usage.Output] = fmt.Sprintf("%08x@example.com", user), 7
			set.Add(c, morning)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(set)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/users, "B/series")
	}
}
