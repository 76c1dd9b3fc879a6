// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import (
	"container/heap"
	"time"
)

// agenda is a timer queue: it has a time for each of some items, and finds those whose time has
// come. Its zero value is not ready to use. It is not safe for concurrent use.
type agenda[T comparable] struct {
	heap  appointments[T]
	times map[T]*appointment[T]
}

type appointment[T comparable] struct {
	item  T
	at    time.Time
	index int // in the heap
}

func newAgenda[T comparable]() *agenda[T] { return &agenda[T]{times: map[T]*appointment[T]{}} }

// set sets the time of an item, which may have another.
func (a *agenda[T]) set(item T, at time.Time) {
	if known, ok := a.times[item]; ok {
		known.at = at
		heap.Fix(&a.heap, known.index)
		return
	}
	added := &appointment[T]{item: item, at: at}
	a.times[item] = added
	heap.Push(&a.heap, added)
}

// remove removes an item, if it is there.
func (a *agenda[T]) remove(item T) {
	if known, ok := a.times[item]; ok {
		heap.Remove(&a.heap, known.index)
		delete(a.times, item)
	}
}

// take removes the items whose time has come, and returns them.
func (a *agenda[T]) take(now time.Time) []T {
	var due []T
	for len(a.heap) > 0 && !now.Before(a.heap[0].at) {
		item := a.heap[0].item
		a.remove(item)
		due = append(due, item)
	}
	return due
}

// next is the earliest time.
func (a *agenda[T]) next() (at time.Time, ok bool) {
	if len(a.heap) == 0 {
		return time.Time{}, false
	}
	return a.heap[0].at, true
}

// all are the items, in any order.
func (a *agenda[T]) all() []T {
	all := make([]T, len(a.heap))
	for i, known := range a.heap {
		all[i] = known.item
	}
	return all
}

// appointments implements heap.Interface, the earliest first.
type appointments[T comparable] []*appointment[T]

func (h appointments[T]) Len() int           { return len(h) }
func (h appointments[T]) Less(i, j int) bool { return h[i].at.Before(h[j].at) }

func (h appointments[T]) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *appointments[T]) Push(x any) {
	added := x.(*appointment[T])
	added.index = len(*h)
	*h = append(*h, added)
}

func (h *appointments[T]) Pop() any {
	last := len(*h) - 1
	item := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return item
}
