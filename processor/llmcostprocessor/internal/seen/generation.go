// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package seen

import (
	"hash/maphash"
	"math/bits"
)

// generation is what is known of spans. It is a hash table without removal, of
// slots in one array: looking spans up takes most of the time of counting a call
// once, and an ID is hashed already.
type generation struct {
	slots []slot // a power of two; at most half of them are taken
	shift int    // leaves as many bits as number the slots
	seed  uint64 // so that no sender can have all IDs meet in one slot
	taken int
	calls int
}

// slot is what is known of a span. It is small, since there are many.
type slot struct {
	id ID // 0: free
	// call is the use of the call that the span is; noUse, if the call inside it
	// counted or nothing repeats it; 0, if no call was seen.
	call uint32
	// inner is the use of the call inside it; 0: none.
	inner uint32
}

func (s *slot) isCall() bool { return s.call != 0 }

// noUse is the use of a call that no other repeats.
const noUse = 1

// fold makes a use short. That two nested calls of different use have the same
// is a matter of one in four billion.
func fold(use uint64) uint32 { return max(uint32(use>>32)^uint32(use), noUse+1) }

const fewestSlots = 1 << 8

// find returns what is known of a span.
func (g *generation) find(id ID) slot {
	if g.taken == 0 {
		return slot{}
	}
	return *g.probe(id)
}

// at returns what is known of a span, to be changed until the next call of at.
func (g *generation) at(id ID) *slot {
	if 2*g.taken >= len(g.slots) {
		g.grow()
	}
	s := g.probe(id)
	if s.id == 0 {
		s.id = id
		g.taken++
	}
	return s
}

// probe returns the slot that has the ID, or the free one in which it belongs.
func (g *generation) probe(id ID) *slot {
	mask := len(g.slots) - 1
	for i := int(uint64(id) * g.seed >> g.shift); ; i++ {
		if s := &g.slots[i&mask]; s.id == id || s.id == 0 {
			return s
		}
	}
}

// peek is the ID in the slot where the ID's own begin to be looked for.
func (g *generation) peek(id ID) ID {
	if g.taken == 0 {
		return 0
	}
	return g.slots[int(uint64(id)*g.seed>>g.shift)&(len(g.slots)-1)].id
}

// forget makes room: for as many as there were, since as many are to come.
func (g *generation) forget() {
	clear(g.slots)
	g.taken, g.calls = 0, 0
}

func (g *generation) grow() {
	old := g.slots
	g.slots = make([]slot, max(fewestSlots, 2*len(old)))
	g.shift = bits.LeadingZeros64(uint64(len(g.slots) - 1))
	if g.seed == 0 {
		g.seed = maphash.Bytes(maphash.MakeSeed(), nil) | 1
	}
	for i := range old {
		if old[i].id != 0 {
			*g.probe(old[i].id) = old[i]
		}
	}
}
