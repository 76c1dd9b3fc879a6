// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dedup

import "time"

// Window holds values by key. Each is forgotten after a while, and the oldest
// earlier where the weights of all would be more than the limit. It is not safe
// for concurrent use.
type Window[K comparable, V any] struct {
	limit  int
	length time.Duration

	weight int
	values map[K]V
	queue  []entry[K] // oldest first
}

type entry[K comparable] struct {
	key    K
	added  time.Time
	weight int
}

// New makes an empty window of values that together weigh limit at most, each
// kept for length.
func New[K comparable, V any](limit int, length time.Duration) *Window[K, V] {
	return &Window[K, V]{limit: limit, length: length, values: map[K]V{}}
}

// Get returns what was put under key less than the window's length ago.
func (w *Window[K, V]) Get(key K, now time.Time) (V, bool) {
	w.forget(now)
	value, ok := w.values[key]
	return value, ok
}

// Put remembers a value, unless the key is known or it weighs more than the
// limit. The weight is at least 1.
func (w *Window[K, V]) Put(key K, value V, weight int, now time.Time) {
	w.forget(now)
	if _, known := w.values[key]; known || weight > w.limit {
		return
	}
	for w.weight+weight > w.limit {
		w.drop()
	}
	w.values[key] = value
	w.weight += weight
	w.queue = append(w.queue, entry[K]{key, now, weight})
}

// Len returns how many values there are.
func (w *Window[K, V]) Len() int { return len(w.values) }

func (w *Window[K, V]) forget(now time.Time) {
	for len(w.queue) > 0 && now.Sub(w.queue[0].added) >= w.length {
		w.drop()
	}
}

func (w *Window[K, V]) drop() {
	oldest := w.queue[0]
	w.queue = w.queue[1:] // append moves the rest to new memory in time
	w.weight -= oldest.weight
	delete(w.values, oldest.key)
}
