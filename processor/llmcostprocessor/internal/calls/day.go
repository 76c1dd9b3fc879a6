// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package calls

import (
	"container/heap"
	"slices"
	"strings"
)

// day is the most expensive calls of a day that lost their place: a heap, the least
// expensive first.
type day struct {
	at      int64 // a time of the day
	calls   []kept
	changed bool
}

func (d *day) Len() int           { return len(d.calls) }
func (d *day) Less(i, j int) bool { return d.calls[i].Cost < d.calls[j].Cost }
func (d *day) Swap(i, j int)      { d.calls[i], d.calls[j] = d.calls[j], d.calls[i] }
func (d *day) Push(x any)         { d.calls = append(d.calls, x.(kept)) }

func (d *day) Pop() any {
	last := d.calls[len(d.calls)-1]
	d.calls[len(d.calls)-1] = kept{}
	d.calls = d.calls[:len(d.calls)-1]
	return last
}

func (d *day) index(number uint64) int {
	return slices.IndexFunc(d.calls, func(k kept) bool { return k.number == number })
}

func (d *day) remove(index int) {
	heap.Remove(d, index)
	d.changed = true
}

// dayOf is the day that a call ended in.
func (s *Store) dayOf(end int64) (number int64) {
	if t := &s.today; end < t.begin || end >= t.end {
		t.number, t.begin, t.end = s.limits.DayOf(end)
	}
	return s.today.number
}

func (s *Store) dayWith(number uint64) *day {
	if at, known := s.inDays[number]; known {
		return s.days[at]
	}
	return nil
}

// offer keeps a call that has lost its place, if it is among the most expensive of its
// day.
func (s *Store) offer(k kept) {
	number := s.dayOf(k.End)
	d := s.days[number]
	switch {
	case s.limits.MostExpensive == 0:
		s.dropped++
		return
	case d == nil:
		d = &day{at: k.End}
		s.days[number] = d
	case len(d.calls) >= s.limits.MostExpensive:
		s.dropped++
		if k.Cost <= d.calls[0].Cost {
			return
		}
		delete(s.inDays, d.calls[0].number)
		heap.Pop(d)
	}
	k.Payload = strings.Clone(k.Payload) // which would keep its whole batch
	heap.Push(d, k)
	s.inDays[k.number] = number
	d.changed = true
}

// replaceInDays replaces what is known of a call that has no place any more.
func (s *Store) replaceInDays(number uint64, c *Call) {
	if d := s.dayWith(number); d != nil {
		index := d.index(number)
		if c.ID == 0 {
			c.ID = d.calls[index].ID
		}
		delete(s.inDays, number)
		d.remove(index)
	} else {
		s.dropped-- // it was counted when it lost its place
	}
	s.offer(kept{number, s.named(c)})
}
