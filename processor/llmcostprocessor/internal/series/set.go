// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package series

import (
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// Options bound a set.
type Options struct {
	// Max is how many series there may be besides the overflow series.
	Max int
	// Labels are those of the dimensions. State is continued that has the same, or the first of
	// them.
	Labels []string
	// Idle is the time after which a series that does not change ends.
	Idle time.Duration
}

// Place is where a call was counted.
type Place uint8

// Where a call may have been counted.
const (
	InOwn Place = iota
	InOverflow
)

// overflowSlot is that of the overflow series, which is always there.
const overflowSlot = 0

// Set is not safe for concurrent use.
//
// The most expensive series are kept. One that is replaced ends, and one that takes its
// place starts from zero: what was counted in the overflow series remains there. So the
// increases of all series, from their start times on, add up to what was counted, and none
// of them ever decreases.
type Set struct {
	options Options
	slots   []*entry
	free    []int // slots without a series
	index   map[string]int
	// outside is what the calls cost that have no series of their own, by key.
	outside map[string]money.Sum
	changed map[int]bool // chunks that the next Take copies
	key     []byte       // scratch
}

// New returns an empty set.
func New(options Options) *Set {
	return &Set{options: options, slots: []*entry{nil}, index: map[string]int{}, outside: map[string]money.Sum{}, changed: map[int]bool{}}
}

// Len is how many series there are besides the overflow series.
func (s *Set) Len() int { return len(s.index) }

// Empty reports whether nothing was counted.
func (s *Set) Empty() bool { return len(s.index) == 0 && s.slots[overflowSlot] == nil }

// Add counts a call.
func (s *Set) Add(c *ledger.Call, now time.Time) Place {
	if e := s.ofAccount(c.Account); e != nil {
		s.changed[c.Account.Slot/chunkSize] = true
		e.add(c, now)
		return InOwn
	}
	s.key = ledger.AppendKey(s.key[:0], c, len(s.options.Labels))
	at, known := s.index[string(s.key)]
	if !known && (len(s.index) >= s.options.Max || c.Model == ledger.Overflow) {
		s.addOutside(c)
		s.entry(overflowSlot, now).add(c, now)
		return InOverflow
	}
	if !known {
		at = s.start(string(s.key), now)
	}
	if c.Account != nil {
		c.Account.Slot = at
	}
	s.entry(at, now).add(c, now)
	return InOwn
}

// ofAccount is the series of an account, or nil when it is not known.
func (s *Set) ofAccount(a *ledger.Account) *entry {
	if a == nil || a.Slot == 0 || a.Slot >= len(s.slots) {
		return nil
	}
	if e := s.slots[a.Slot]; e != nil && e.key == a.Key {
		return e
	}
	return nil
}

// Remove takes out a call that was added.
func (s *Set) Remove(c *ledger.Call, place Place, now time.Time) {
	s.key = ledger.AppendKey(s.key[:0], c, len(s.options.Labels))
	at, known := s.index[string(s.key)]
	if !known || place == InOverflow {
		// Or its series has ended: what the overflow series counts next is less by it.
		at = overflowSlot
		if cost, counted := s.outside[string(s.key)]; counted {
			cost.Subtract(money.SumOf(c.Cost))
			s.outside[string(s.key)] = cost
		}
	}
	s.entry(at, now).remove(c, now)
}

// entry is that of a slot, which is about to change.
func (s *Set) entry(slot int, now time.Time) *entry {
	s.changed[slot/chunkSize] = true
	if slot == overflowSlot && s.slots[slot] == nil {
		s.slots[slot] = newEntry("", now)
	}
	return s.slots[slot]
}

// start starts a series.
func (s *Set) start(key string, now time.Time) (slot int) {
	if n := len(s.free); n > 0 {
		slot, s.free = s.free[n-1], s.free[:n-1]
	} else {
		slot = len(s.slots)
		s.slots = append(s.slots, nil)
	}
	e := newEntry(key, now)
	e.before = s.outside[key]
	delete(s.outside, key)
	s.slots[slot], s.index[key] = e, slot
	s.changed[slot/chunkSize] = true
	return slot
}

// end ends a series. What did not leave yet is counted in the overflow series, and so is
// what left and was corrected.
func (s *Set) end(slot int, now time.Time) {
	if e := s.slots[slot]; !e.isExported() {
		s.entry(overflowSlot, now).addRest(e)
	}
	delete(s.index, s.slots[slot].key)
	s.slots[slot] = nil
	s.free = append(s.free, slot)
	s.changed[slot/chunkSize] = true
}

// minOutside is how many keys without a series are remembered, at least.
const minOutside = 1000

func (s *Set) addOutside(c *ledger.Call) {
	cost, known := s.outside[string(s.key)]
	if !known && len(s.outside) >= max(minOutside, s.options.Max) {
		s.forgetCheapest()
	}
	cost.Add(c.Cost)
	s.outside[string(s.key)] = cost
}

// forgetCheapest forgets half of the keys that have no series.
func (s *Set) forgetCheapest() {
	all := s.allOutside()
	slices.SortFunc(all, mostExpensiveFirst)
	for _, each := range all[len(all)/2:] {
		delete(s.outside, each.key)
	}
}

// Rebalance ends series that are idle, and has the most expensive keys have series.
func (s *Set) Rebalance(now time.Time) {
	for slot, e := range s.slots {
		if slot != overflowSlot && e != nil && e.changed.Before(now.Add(-s.options.Idle)) {
			s.end(slot, now)
		}
	}
	if len(s.outside) == 0 && len(s.index) <= s.options.Max {
		return
	}
	// Few are replaced as a rule, and calls wait meanwhile: the others are not sorted.
	inside, outside := newRanking(s.allInside(), cheapestFirst), newRanking(s.allOutside(), mostExpensiveFirst)
	for len(s.index) > s.options.Max { // the limit was lowered
		s.replace(inside.next(), nil, now)
	}
	for outside.Len() > 0 {
		switch {
		case len(s.index) < s.options.Max:
			s.start(outside.next().key, now)
		case inside.Len() == 0 || !inside.all[0].cost.Less(outside.all[0].cost):
			return
		default:
			by := outside.next()
			s.replace(inside.next(), &by, now)
		}
	}
}

func (s *Set) replace(old ranked, by *ranked, now time.Time) {
	s.end(old.slot, now)
	if by != nil {
		s.start(by.key, now)
	}
	if len(s.outside) < max(minOutside, s.options.Max) {
		s.outside[old.key] = old.cost
	}
}
