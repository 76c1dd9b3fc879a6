// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package seen

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

var start = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

func id(n int) ID {
	var span [8]byte
	binary.BigEndian.PutUint64(span[:], uint64(n))
	return IDOf([16]byte{}, span)
}

func (m *Memory) one(s Sighting, now time.Time) Verdict {
	return m.Add(nil, []Sighting{s}, now)[0]
}

func (m *Memory) isNew(n int, now time.Time) bool {
	return m.one(Sighting{ID: id(n)}, now) == First
}

func TestACallIsNewOnce(t *testing.T) {
	m := New(100, time.Minute)
	assert.True(t, m.isNew(1, start))
	assert.False(t, m.isNew(1, start))
	assert.False(t, m.isNew(1, start.Add(time.Second)))
	assert.True(t, m.isNew(2, start))
	assert.Equal(t, First, m.one(Sighting{ID: IDOf([16]byte{1}, [8]byte{7: 1})}, start), "of another trace")
}

func TestIDsDiffer(t *testing.T) {
	ids := map[ID]bool{}
	for trace := range 256 {
		for half := range 2 {
			for span := range 256 {
				var traceID [16]byte
				traceID[15*half] = byte(trace)
				ids[IDOf(traceID, [8]byte{byte(span)})] = true
			}
		}
	}
	assert.Len(t, ids, 2*256*256-256, "the empty trace ID is there twice")
}

// A framework's span around an SDK's: whichever comes first counts, and only it.
func TestRepeats(t *testing.T) {
	const use = 42
	outer := Sighting{ID: id(1), Parent: id(9), Use: use}
	middle := Sighting{ID: id(2), Parent: id(1), Use: use}
	inner := Sighting{ID: id(3), Parent: id(2), Use: use}
	for name, order := range map[string][]Sighting{
		"inside out": {inner, middle, outer},
		"outside in": {outer, middle, inner},
		"two levels": {inner, middle},
	} {
		t.Run(name, func(t *testing.T) {
			m := New(100, time.Minute)
			for i, s := range order {
				want := Repeat
				if i == 0 {
					want = First
				}
				assert.Equal(t, want, m.one(s, start), i)
				assert.Equal(t, Known, m.one(s, start), "sent again")
			}
		})
	}
	m := New(100, time.Minute)
	assert.Equal(t, Repeat, m.one(Sighting{ID: outer.ID, Parent: outer.Parent, Use: use, Wrapper: true}, start), "its call comes with it")
	assert.Equal(t, First, m.one(middle, start))

	m = New(100, time.Minute)
	assert.Equal(t, First, m.one(Sighting{ID: id(1), Use: 7}, start))
	assert.Equal(t, First, m.one(Sighting{ID: id(2), Parent: id(1), Use: 8}, start), "another use")
	assert.Equal(t, First, m.one(Sighting{ID: id(3), Parent: id(1)}, start), "a use that nothing repeats")
	assert.Equal(t, First, m.one(Sighting{ID: id(4), Parent: id(1), Use: 8}, start), "beside one of the same use")

	m = New(100, 2*time.Minute)
	assert.Equal(t, First, m.one(inner, start))
	assert.Equal(t, First, m.one(Sighting{ID: id(50)}, start.Add(time.Minute)))
	assert.Equal(t, Repeat, m.one(middle, start.Add(time.Minute)), "of the generation before")
}

// A call is remembered for at least half the window, and at most the whole,
// whenever it came.
func TestWindow(t *testing.T) {
	for offset := time.Duration(0); offset < 2*time.Minute; offset += 7 * time.Second {
		m := New(1000, 2*time.Minute)
		m.isNew(1, start)
		came := start.Add(offset)
		m.isNew(2, came)
		assert.False(t, m.isNew(2, came.Add(time.Minute-time.Nanosecond)), "after %v, within half the window", offset)

		m = New(1000, 2*time.Minute)
		m.isNew(1, start)
		m.isNew(2, came)
		m.isNew(3, came.Add(time.Minute)) // others come
		assert.True(t, m.isNew(2, came.Add(2*time.Minute)), "after %v, past the window", offset)
	}
}

func TestBounded(t *testing.T) {
	const limit = 100
	m := New(limit, time.Hour)
	for n := range 10_000 {
		assert.Equal(t, First, m.one(Sighting{ID: id(n), Parent: id(-n), Use: 1}, start))
		assert.LessOrEqual(t, m.younger.calls+m.older.calls, limit)
		assert.LessOrEqual(t, m.younger.taken+m.older.taken, 2*limit, "with the spans around them")
		for back := range min(n, limit/2-1) {
			if m.isNew(n-back, start) {
				assert.Fail(t, "one of the newest is forgotten", back)
			}
		}
	}
}

func TestClockThatGoesBack(t *testing.T) {
	m := New(100, time.Minute)
	assert.True(t, m.isNew(1, start))
	assert.False(t, m.isNew(1, start.Add(-time.Hour)))
}

func TestOneOfManyIsFirst(t *testing.T) {
	m := New(10_000, time.Minute)
	var first atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for n := range 1000 {
				if m.isNew(n, start) {
					first.Add(1)
				}
			}
		})
	}
	wg.Wait()
	assert.EqualValues(t, 1000, first.Load())
}

func BenchmarkAdd(b *testing.B) {
	const batch = 1000
	m := New(100_000, 10*time.Minute)
	sightings, verdicts := make([]Sighting, batch), make([]Verdict, 0, batch)
	b.ReportAllocs()
	for n := 0; n < b.N; n += batch {
		for i := range sightings {
			sightings[i] = Sighting{ID: id(n + i), Parent: id(-(n + i) / 10), Use: uint64(n + i)}
		}
		m.Add(verdicts, sightings, start)
	}
}
