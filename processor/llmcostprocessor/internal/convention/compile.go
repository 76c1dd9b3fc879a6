// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import "slices"

// slot is where a key's value is kept while a record is read.
type slot uint8

// maxSlots bounds the keys of all conventions. A table that outgrows it fails
// when the program starts, and so in every test.
const maxSlots = 192

// slotSet is the slots of some keys, in the order in which they count.
type slotSet struct {
	slots []slot
	mask  slotMask
}

// slotMask has a bit for each slot.
type slotMask [maxSlots / 64]uint64

func (m *slotMask) set(s slot) { m[s/64] |= 1 << (s % 64) }

func (m *slotMask) has(s slot) bool { return m[s/64]&(1<<(s%64)) != 0 }

// meets tells whether the two have a slot in common.
func (m *slotMask) meets(o *slotMask) bool {
	for i := range m {
		if m[i]&o[i] != 0 {
			return true
		}
	}
	return false
}

// compiled is a convention with its keys replaced by slots.
type compiled struct {
	*convention
	marker    slot // only where the convention has a marker
	signature slotSet
	without   []slotSet
	rows      [fieldCount]slotSet
}

// reader is a set of conventions, ready to be read by.
type reader struct {
	index       keyIndex
	used        int // slots
	conventions []compiled
}

var (
	spans = compile(spanConventions)
	logs  = compile(logConventions)
)

func compile(table []convention) *reader {
	r := &reader{}
	for i := range table {
		c := &table[i]
		into := compiled{
			convention: c,
			signature:  r.keep(c.signature),
		}
		if c.marker != "" {
			into.marker = r.keep([]string{c.marker}).slots[0]
		}
		for _, keys := range c.without {
			into.without = append(into.without, r.keep(keys))
		}
		// A convention's own keys come first: it says what it means by them.
		for _, row := range slices.Concat(c.rows, genAI) {
			into.rows[row.field].add(r.keep(row.keys))
		}
		r.conventions = append(r.conventions, into)
	}
	return r
}

// keep returns the slots of keys, new ones where they have none.
func (r *reader) keep(keys []string) slotSet {
	var set slotSet
	for _, key := range keys {
		entry := r.index.find(key)
		if entry == nil {
			if r.used == maxSlots {
				panic("convention: the table has more keys than maxSlots")
			}
			entry = r.index.insert(key, slot(r.used))
			r.used++
		}
		set.slots = append(set.slots, entry.slot)
		set.mask.set(entry.slot)
	}
	return set
}

func (s *slotSet) add(more slotSet) {
	for _, slot := range more.slots {
		s.slots = append(s.slots, slot)
		s.mask.set(slot)
	}
}

// namespaced tells whether a span's key is in a namespace of one of the
// conventions. Most keys of most spans fail at their first byte.
func namespaced(key string) bool {
	if len(key) < 4 {
		return false
	}
	switch key[0] {
	case 'g':
		return hasPrefix(key, "gen_ai.")
	case 'l':
		return hasPrefix(key, "llm.") || hasPrefix(key, "langfuse.") || hasPrefix(key, "langsmith.")
	case 'a':
		return hasPrefix(key, "ai.")
	case 'o':
		return hasPrefix(key, "openinference.")
	case 't':
		return hasPrefix(key, "traceloop.")
	}
	return false
}

func hasPrefix(key, prefix string) bool {
	return len(key) >= len(prefix) && key[:len(prefix)] == prefix
}
