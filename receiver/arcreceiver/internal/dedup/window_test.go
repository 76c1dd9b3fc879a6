// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dedup

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestWindow(t *testing.T) {
	now := time.Unix(1000, 0)
	w := New[string, int](3, time.Minute)
	has := func(want map[string]bool) {
		t.Helper()
		for key, known := range want {
			_, ok := w.Get(key, now)
			assert.Equal(t, known, ok, key)
		}
	}
	w.Put("a", 1, 1, now)
	w.Put("b", 2, 1, now.Add(10*time.Second))
	w.Put("a", 9, 1, now.Add(10*time.Second))
	value, ok := w.Get("a", now)
	assert.True(t, ok)
	assert.Equal(t, 1, value, "the first stays")

	now = now.Add(time.Minute)
	has(map[string]bool{"a": false, "b": true})
	w.Put("c", 3, 2, now)
	has(map[string]bool{"b": true, "c": true})
	w.Put("d", 4, 1, now)
	has(map[string]bool{"b": false, "c": true, "d": true})
	w.Put("e", 5, 4, now)
	has(map[string]bool{"c": true, "d": true, "e": false})
}

func TestWindowIsBounded(t *testing.T) {
	w := New[int, struct{}](10, time.Hour)
	for i := range 10_000 {
		w.Put(i, struct{}{}, 1, time.Unix(int64(i), 0))
		assert.LessOrEqual(t, w.Len(), 10)
	}
	assert.LessOrEqual(t, cap(w.queue), 64, "the queue lets go of what it dropped")
	_, ok := w.Get(9_999, time.Unix(9_999, 0))
	assert.True(t, ok)
}
