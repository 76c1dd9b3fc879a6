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
	var id ID
	binary.BigEndian.PutUint64(id[16:], uint64(n))
	return id
}

func TestACallIsNewOnce(t *testing.T) {
	m := New(100, time.Minute)
	assert.True(t, m.Add(id(1), start))
	assert.False(t, m.Add(id(1), start))
	assert.False(t, m.Add(id(1), start.Add(time.Second)))
	assert.True(t, m.Add(id(2), start))
	sameSpan := id(1)
	sameSpan[0] = 1
	assert.True(t, m.Add(sameSpan, start), "of another trace")
}

// A call is remembered for at least half the window, and at most the whole,
// whenever it came.
func TestWindow(t *testing.T) {
	for offset := time.Duration(0); offset < 2*time.Minute; offset += 7 * time.Second {
		m := New(1000, 2*time.Minute)
		m.Add(id(1), start)
		came := start.Add(offset)
		m.Add(id(2), came)
		assert.False(t, m.Add(id(2), came.Add(time.Minute-time.Nanosecond)), "after %v, within half the window", offset)

		m = New(1000, 2*time.Minute)
		m.Add(id(1), start)
		m.Add(id(2), came)
		m.Add(id(3), came.Add(time.Minute)) // others come
		assert.True(t, m.Add(id(2), came.Add(2*time.Minute)), "after %v, past the window", offset)
	}
}

func TestBounded(t *testing.T) {
	const limit = 100
	m := New(limit, time.Hour)
	for n := range 10_000 {
		assert.True(t, m.Add(id(n), start))
		assert.LessOrEqual(t, len(m.younger)+len(m.older), limit)
		for back := range min(n, limit/2-1) {
			if m.Add(id(n-back), start) {
				t.Fatalf("%d is forgotten after %d others", n-back, back)
			}
		}
	}
}

func TestClockThatGoesBack(t *testing.T) {
	m := New(100, time.Minute)
	m.Add(id(1), start)
	assert.False(t, m.Add(id(1), start.Add(-time.Hour)))
}

func TestOneOfManyIsFirst(t *testing.T) {
	m := New(10_000, time.Minute)
	var first atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for n := range 1000 {
				if m.Add(id(n), start) {
					first.Add(1)
				}
			}
		})
	}
	wg.Wait()
	assert.EqualValues(t, 1000, first.Load())
}

func BenchmarkAdd(b *testing.B) {
	m := New(100_000, 10*time.Minute)
	b.ReportAllocs()
	for n := range b.N {
		m.Add(id(n), start)
	}
}
