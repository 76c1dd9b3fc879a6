// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"hash/maphash"
)

// span is the rows of an hour or a day. They are sums, so a key may have several: what has
// changed since the span was last packed, and before. A correction that takes away leaves
// figures below zero in the newer part.
type span struct {
	first, end int64 // hours
	isDay      bool

	open   map[Key]*keyedRow // what changed since it was packed
	opened int               // how often open was replaced
	// frozen is what is being packed. It does not change.
	frozen   map[Key]*keyedRow
	segments []*Segment
	merged   bool // since the span was over: the segments hold each key once

	// keys are hashes of those that there are, once one was looked for.
	keys  map[uint64]struct{}
	count int // of keys but the overflow's
}

// keyedRow is what has changed in a row.
type keyedRow struct {
	*Key
	Row
	total  *Total // of its model, once a call was counted
	within bool   // the total is its own, and not that of the overflow
}

var seed = maphash.MakeSeed()

func hashOf(key *Key) uint64 { return maphash.Comparable(seed, *key) }

// has reports whether there is a row of a key.
func (s *span) has(key Key) bool {
	if _, ok := s.open[key]; ok {
		return true
	}
	s.index()
	_, ok := s.keys[hashOf(&key)]
	return ok
}

// index collects the keys.
func (s *span) index() {
	if s.keys != nil {
		return
	}
	s.keys, s.count = map[uint64]struct{}{}, 0
	for _, segment := range s.segments {
		for c := segment.rows(); c.next(); c.skip() {
			key := c.named()
			s.add(&key)
		}
	}
	for _, rows := range []map[Key]*keyedRow{s.frozen, s.open} {
		for key := range rows {
			s.add(&key)
		}
	}
}

// add notes that there is a row of a key.
func (s *span) add(key *Key) {
	hash := hashOf(key)
	if _, known := s.keys[hash]; known {
		return
	}
	s.keys[hash] = struct{}{}
	if *key != overflowKey {
		s.count++
	}
}

// named is the key by its texts.
func (c *cursor) named() (key Key) {
	c.name(&key)
	return key
}

func (c *cursor) name(key *Key) {
	key.Provider, key.Model = c.texts[c.key[columnProvider]], c.texts[c.key[columnModel]]
	for i := range key.Dimensions {
		key.Dimensions[i] = c.texts[c.key[firstDimension+i]]
	}
}

// change is the row of a key that takes changes.
func (s *span) change(key Key) *keyedRow {
	if row, ok := s.open[key]; ok {
		return row
	}
	own := key.clone()
	s.index()
	s.add(&own)
	row := &keyedRow{Key: &own}
	if s.open == nil {
		s.open = map[Key]*keyedRow{}
	}
	s.open[own] = row
	return row
}

// recount counts the rows of segments that hold each key once.
func (s *span) recount() {
	s.keys, s.count = nil, 0
	for _, segment := range s.segments {
		s.count += segment.Rows
		if segment.hasOverflow {
			s.count--
		}
	}
}
