// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package calls

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

const hour = int64(time.Hour)

var start = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC).UnixNano()

func dayOf(at int64) (number, begin, end int64) {
	number = at / (24 * hour)
	return number, number * 24 * hour, (number + 1) * 24 * hour
}

func limits(newest, expensive int) Limits {
	return Limits{Newest: newest, MostExpensive: expensive, Age: 90 * 24 * time.Hour, DayOf: dayOf}
}

// payload is a call of the ledger with its detail.
func payload(name string) string {
	call := ledger.Call{Model: name, Provider: "openai", Convention: "gen_ai"}
	call.Usage[usage.Input] = 7
	return string(AppendDetail(ledger.AppendCall(nil, &call), &Detail{ResponseID: "resp-" + name}))
}

func call(name string, end int64, cost money.Pico) *Call {
	return &Call{Payload: payload(name), End: end, Cost: cost}
}

func names(t *testing.T, s *Store) (all []string) {
	t.Helper()
	for _, c := range s.Between(0, start*2) {
		parsed, rest, err := ledger.ParseCall([]byte(c.Payload), nil)
		require.NoError(t, err)
		detail, err := ParseDetail(rest)
		require.NoError(t, err)
		assert.Equal(t, "resp-"+parsed.Model, detail.ResponseID)
		all = append(all, parsed.Model)
	}
	slices.Sort(all)
	return all
}

// written is what a storage has of a store.
type written struct {
	chunks map[uint64][]byte
	days   map[int64][]byte
	index  []byte
}

func (w *written) save(t *testing.T, s *Store) {
	t.Helper()
	changes := s.Take()
	e, err := changes.Encode()
	require.NoError(t, err)
	maps.Copy(w.chunks, e.Chunks)
	maps.Copy(w.days, e.Days)
	for number := range w.chunks {
		if !slices.Contains(e.AllChunks, number) {
			delete(w.chunks, number)
		}
	}
	for number := range w.days {
		if !slices.Contains(e.AllDays, number) {
			delete(w.days, number)
		}
	}
	w.index = e.Index
}

func (w *written) load(t *testing.T, limits Limits) *Store {
	t.Helper()
	s := New(limits)
	if w.index == nil {
		return s
	}
	chunks, days, _, err := s.ParseIndex(w.index)
	require.NoError(t, err)
	for _, number := range days {
		require.NoError(t, s.LoadDay(number, w.days[number]))
	}
	for _, number := range slices.Backward(chunks) {
		require.NoError(t, s.Load(w.chunks[number]))
	}
	return s
}

func newWritten() *written { return &written{chunks: map[uint64][]byte{}, days: map[int64][]byte{}} }

func TestNewestAndMostExpensive(t *testing.T) {
	s := New(limits(3, 2))
	for n := range 10 {
		cost := money.Pico(n)
		if n == 2 {
			cost = 1000
		}
		s.Set(uint64(n+1), call(fmt.Sprint("m", n), start+int64(n), cost))
	}
	assert.Equal(t, []string{"m2", "m6", "m7", "m8", "m9"}, names(t, s), "three of the newest, and two of the day")
	assert.Equal(t, Extent{Newest: 3, MostExpensive: 2, Dropped: 5, Since: start + 7}, s.Extent())

	s.Set(7, call("m6b", start+6, 6)) // which has lost its place
	assert.Equal(t, []string{"m2", "m6b", "m7", "m8", "m9"}, names(t, s))
	s.Set(1, call("m0b", start, 2000)) // which was dropped
	assert.Equal(t, []string{"m0b", "m2", "m7", "m8", "m9"}, names(t, s))
	s.Remove(3)
	s.Remove(9)
	assert.Equal(t, []string{"m0b", "m7", "m9"}, names(t, s))
	s.Describe(10, []Merged{{Rule: "nested"}})
	s.Describe(1, []Merged{{Rule: "stream"}})
	var rules []string
	for _, c := range s.Between(start, start+100) {
		for _, m := range c.Merged {
			rules = append(rules, m.Rule)
		}
	}
	slices.Sort(rules)
	assert.Equal(t, []string{"nested", "stream"}, rules)

	none := New(limits(0, 2))
	none.Set(1, call("a", start, 1))
	none.Remove(1)
	none.Describe(1, nil)
	none.Forget(time.Unix(0, start))
	assert.Empty(t, names(t, none))
	assert.Equal(t, Extent{}, none.Extent())
}

// A day in which nothing was dropped has no calls but the newest.
func TestDays(t *testing.T) {
	s := New(limits(2, 2))
	for day := range int64(3) {
		for n := range int64(4) {
			s.Set(uint64(day*4+n+1), call(fmt.Sprintf("d%d%d", day, n), start+day*24*hour+n, money.Pico(n)))
		}
	}
	assert.Equal(t, []string{"d02", "d03", "d12", "d13", "d20", "d21", "d22", "d23"}, names(t, s))
	s.Forget(time.Unix(0, start+26*hour).Add(90 * 24 * time.Hour))
	assert.Equal(t, []string{"d20", "d21", "d22", "d23"}, names(t, s), "by the time of each")
	s.Forget(time.Unix(0, start+100*24*hour).Add(90 * 24 * time.Hour))
	assert.Empty(t, names(t, s))
	assert.Zero(t, s.Extent().Newest)
}

// A call keeps its ID through corrections and restarts, and others have others.
func TestIDs(t *testing.T) {
	s, w := New(limits(3, 2)), newWritten()
	ids := map[uint64]bool{}
	s.Set(1, call("first", start, 5))
	id := s.Between(start, start+1)[0].ID
	s.Set(1, call("second", start, 5))
	assert.Equal(t, id, s.Between(start, start+1)[0].ID)
	w.save(t, s)
	s = w.load(t, limits(3, 2))
	s.Remember(4, payload("second"))
	s.EndRemembering()
	s.EndLoading()
	s.Set(4, call("third", start, 5))
	assert.Equal(t, id, s.Between(start, start+1)[0].ID)
	for n := range uint64(4) { // it loses its place
		s.Set(5+n, call(fmt.Sprint("later", n), start+1, 1))
	}
	s.Set(4, call("fourth", start, 5))
	assert.Equal(t, id, s.Between(start, start+1)[0].ID)
	for _, c := range s.Between(0, start*2) {
		assert.NotZero(t, c.ID)
		assert.False(t, ids[c.ID])
		ids[c.ID] = true
	}
}

// model is a store of the simplest kind.
type model struct {
	limits Limits
	calls  map[uint64]modelCall
}

type modelCall struct {
	name string
	end  int64
	cost money.Pico
}

// newest are the names of the newest calls.
func (m *model) newest(last uint64) (all []string) {
	for number, c := range m.calls {
		if number+uint64(m.limits.Newest) > last {
			all = append(all, c.name)
		}
	}
	slices.Sort(all)
	return all
}

// However often a store is written, and loaded by a process that was killed, the newest calls
// are there once, and as they were counted last.
func TestRestarts(t *testing.T) {
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 2))
		l := limits(1+random.IntN(700), random.IntN(10))
		s, w := New(l), newWritten()
		m := model{l, map[uint64]modelCall{}}
		last, shift := uint64(0), uint64(0) // number of the model = call + shift
		type change struct {
			number uint64
			name   string // "": taken out
		}
		var journal []change
		saved, every := map[uint64]modelCall{}, map[uint64]modelCall{}
		apply := func(s *Store, number, call uint64, name string) {
			c := every[number]
			if name == "" {
				s.Remove(call)
				return
			}
			made := &Call{Payload: payload(name), End: c.end, Cost: c.cost}
			s.Set(call, made)
		}
		for step := range 600 {
			switch what := random.IntN(100); {
			case what < 80 || last == 0:
				last++
				m.calls[last] = modelCall{fmt.Sprint("c", step), start + int64(step), money.Pico(random.IntN(100))}
				every[last] = m.calls[last]
				apply(s, last, last-shift, m.calls[last].name)
				journal = append(journal, change{last, m.calls[last].name})
			case what < 92:
				number := last - uint64(random.IntN(int(min(last, 50))))
				c, there := m.calls[number]
				if !there {
					continue
				}
				name := fmt.Sprint("c", step)
				if random.IntN(4) == 0 {
					name = ""
					delete(m.calls, number)
				} else {
					m.calls[number] = modelCall{name, c.end, c.cost}
				}
				apply(s, number, number-shift, name)
				journal = append(journal, change{number, name})
			case what < 97:
				w.save(t, s)
				journal, saved = nil, maps.Clone(m.calls)
			default: // killed
				s = w.load(t, l)
				// The cache remembers the last calls under numbers of its own.
				first := last - min(last, 400)
				shift = first
				for number := first + 1; number <= last; number++ {
					if c, there := saved[number]; there {
						s.Remember(number-shift, payload(c.name))
					}
				}
				s.EndRemembering()
				for _, c := range journal {
					apply(s, c.number, c.number-shift, c.name)
				}
				s.EndLoading()
				w.save(t, s)
				journal, saved = nil, maps.Clone(m.calls)
			}
		}
		got := names(t, s)
		assert.Len(t, slices.Compact(slices.Clone(got)), len(got), "seed %d: each is there once", seed)
		for _, name := range m.newest(last) {
			_, found := slices.BinarySearch(got, name)
			assert.True(t, found, "seed %d: %s", seed, name)
		}
	}
}

func TestSteps(t *testing.T) {
	s := New(limits(3, 2))
	step := func(n byte) Step {
		return Step{Trace: [16]byte{n % 2}, Span: [8]byte{n}, Parent: [8]byte{9}, Name: fmt.Sprint("agent ", n), Agent: "a", Start: start, End: start + int64(n), Failed: n == 4, Session: fmt.Sprint("session ", n%2)}
	}
	for n := range byte(5) {
		s.AddSteps([]Step{step(n)})
	}
	assert.Equal(t, []Step{step(3)}, s.Steps([16]byte{1}))
	assert.ElementsMatch(t, []Step{step(2), step(4)}, s.Steps([16]byte{0}))
	changes := s.Take()
	encoded, err := changes.Encode()
	require.NoError(t, err)
	again := New(limits(2, 2))
	_, _, chunks, err := again.ParseIndex(encoded.Index)
	require.NoError(t, err)
	for _, number := range chunks {
		require.NoError(t, again.LoadSteps(encoded.Steps[number]))
	}
	assert.Equal(t, []Step{step(3)}, again.Steps([16]byte{1}))
	assert.Equal(t, []Step{step(4)}, again.Steps([16]byte{0}))
	assert.Equal(t, []string{"session 0", "session 1", ""}, []string{again.Session([16]byte{0}), again.Session([16]byte{1}), again.Session([16]byte{2})})
	again.AddSteps([]Step{step(6)})
	assert.Empty(t, again.Steps([16]byte{1}), "the oldest is overwritten")
	assert.Empty(t, again.Session([16]byte{1}))
	again.Forget(time.Unix(0, start+1e9).Add(90 * 24 * time.Hour))
	assert.Empty(t, again.Steps([16]byte{0}))
	require.Error(t, again.LoadSteps([]byte("damaged")))
}

// What a release wrote that knew no sessions.
func TestStepsWithoutSessions(t *testing.T) {
	content := appendSteps([]numberedStep{{7, Step{Name: "a", Agent: "b", Start: 1, End: 2}}})
	content = append([]byte{1}, content[1:len(content)-1]...)
	steps, err := parseSteps(content)
	require.NoError(t, err)
	assert.Equal(t, []numberedStep{{7, Step{Name: "a", Agent: "b", Start: 1, End: 2}}}, steps)
}

func FuzzParseSteps(f *testing.F) {
	f.Add(appendSteps([]numberedStep{{1, Step{Name: "a", Agent: "b"}}}))
	f.Fuzz(func(t *testing.T, content []byte) {
		steps, err := parseSteps(content)
		if err == nil {
			again, err := parseSteps(appendSteps(steps))
			require.NoError(t, err)
			assert.Len(t, again, len(steps))
		}
	})
}

func TestDetail(t *testing.T) {
	d := Detail{
		ResponseID: "r", User: "u", Session: "s", Agent: "a", Operation: "chat", RequestModel: "m", ErrorType: "e", ServiceTier: "flex", Scope: "x",
		Entry: "gpt-4o", EntryProvider: "openai", List: "built-in", Region: "eu", Size: "1x1", Quality: "hd", Parent: [8]byte{1}, Stated: 5, Tier: 2,
		FirstToken: time.Second,
	}
	got, err := ParseDetail(AppendDetail(nil, &d))
	require.NoError(t, err)
	assert.Equal(t, d, got)
	long := Detail{User: strings.Repeat("ä", ledger.MaxValueBytes), Quality: strings.Repeat("x", 2*ledger.MaxValueBytes)}
	got, err = ParseDetail(AppendDetail(nil, &long))
	require.NoError(t, err)
	assert.Equal(t, strings.Repeat("ä", ledger.MaxValueBytes/2), got.User)
	assert.Len(t, got.Quality, ledger.MaxValueBytes)
	none, err := ParseDetail(nil)
	require.NoError(t, err)
	assert.Equal(t, Detail{}, none, "of a version before")
}

func FuzzParse(f *testing.F) {
	f.Add(appendCalls([]kept{{3, Call{ID: 1, Payload: payload("m"), Values: []string{"a"}, Merged: []Merged{{Scope: "s"}}, End: 9, Cost: 4}}}))
	f.Add([]byte{callsVersion})
	f.Fuzz(func(t *testing.T, content []byte) {
		calls, err := parseCalls(content)
		if err != nil {
			return
		}
		again, err := parseCalls(appendCalls(calls))
		require.NoError(t, err)
		assert.Equal(t, calls, again)
	})
}

func BenchmarkSet(b *testing.B) {
	s := New(limits(50_000, 1000))
	payload := payload("gpt-4o")
	n := uint64(0)
	for b.Loop() {
		n++
		s.Set(n, &Call{Payload: payload, End: start + int64(n), Cost: money.Pico(n * 2654435761 % 1000)})
		if n%100_000 == 0 {
			s.Discard()
		}
	}
}

func BenchmarkAppendDetail(b *testing.B) {
	d := Detail{ResponseID: "chatcmpl-9abcdefghijklmnop", User: "user-17", Session: "session-1234", Operation: "chat", Scope: "opentelemetry.instrumentation.openai_v2", Entry: "gpt-4o", EntryProvider: "openai", List: "built-in"}
	var to []byte
	for b.Loop() {
		to = AppendDetail(to[:0], &d)
	}
}
