// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package series

import (
	"cmp"
	"container/heap"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// ranked is a key with what its calls cost, and its slot if it has a series.
type ranked struct {
	key  string
	slot int
	cost money.Sum
}

func mostExpensiveFirst(a, b ranked) int {
	return cmp.Or(compare(b.cost, a.cost), cmp.Compare(a.key, b.key))
}

func cheapestFirst(a, b ranked) int {
	return cmp.Or(compare(a.cost, b.cost), cmp.Compare(a.key, b.key))
}

func compare(a, b money.Sum) int {
	switch {
	case a.Less(b):
		return -1
	case b.Less(a):
		return 1
	}
	return 0
}

// allOutside are the keys that have no series, in no order.
func (s *Set) allOutside() []ranked {
	out := make([]ranked, 0, len(s.outside))
	for key, cost := range s.outside {
		out = append(out, ranked{key: key, cost: cost})
	}
	return out
}

// allInside are the series, in no order.
func (s *Set) allInside() []ranked {
	out := make([]ranked, 0, len(s.index))
	for key, slot := range s.index {
		out = append(out, ranked{key, slot, s.slots[slot].rank()})
	}
	return out
}

// ranking gives one after the other in an order, the first few without sorting them all.
type ranking struct {
	all   []ranked // a heap
	order func(a, b ranked) int
}

func newRanking(all []ranked, order func(a, b ranked) int) *ranking {
	r := &ranking{all, order}
	heap.Init(r)
	return r
}

func (r *ranking) next() ranked { return heap.Pop(r).(ranked) }

func (r *ranking) Len() int           { return len(r.all) }
func (r *ranking) Less(i, j int) bool { return r.order(r.all[i], r.all[j]) < 0 }
func (r *ranking) Swap(i, j int)      { r.all[i], r.all[j] = r.all[j], r.all[i] }
func (r *ranking) Push(x any)         { r.all = append(r.all, x.(ranked)) }
func (r *ranking) Pop() any {
	last := r.all[len(r.all)-1]
	r.all = r.all[:len(r.all)-1]
	return last
}
