// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import "math/bits"

// nodeTable numbers keys, which are not 0. It is a map that is asked once whether a key is known or
// new, which is most of what it takes to group rows: it halves the time.
type nodeTable struct {
	slots []nodeSlot // a power of two of them, at most half of which are in use
	used  int
}

type nodeSlot struct {
	key  uint64 // 0: the slot is free
	node uint32
}

// minSlots is how many slots a table has at first.
const minSlots = 64

func (t *nodeTable) clear() {
	clear(t.slots)
	t.used = 0
}

// at is the slot of a key, or the free one where it belongs.
func (t *nodeTable) at(key uint64) *nodeSlot {
	if 2*t.used >= len(t.slots) {
		t.grow()
	}
	mask := uint64(len(t.slots) - 1)
	high, low := bits.Mul64(key, 0x9E3779B97F4A7C15) // 2^64 divided by the golden ratio
	for i := (high ^ low) & mask; ; i = (i + 1) & mask {
		if s := &t.slots[i]; s.key == key || s.key == 0 {
			return s
		}
	}
}

// set fills a free slot, which at has returned.
func (t *nodeTable) set(s *nodeSlot, key uint64, node uint32) {
	*s = nodeSlot{key, node}
	t.used++
}

func (t *nodeTable) grow() {
	before := t.slots
	t.slots = make([]nodeSlot, max(minSlots, 2*len(before)))
	t.used = 0
	for _, s := range before {
		if s.key != 0 {
			t.set(t.at(s.key), s.key, s.node)
		}
	}
}
