// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"slices"
	"strings"
)

// layout is what a table makes of the keys of a record, whatever their values are.
type layout struct {
	table *table
	keys  []string // of the record, in their order
	// following are the conventions that the record follows.
	following []candidate
	texts     []int  // the places of those that records have in common
	id        uint64 // 0 for one that is not remembered
}

// candidate is a convention that a record follows.
type candidate struct {
	*compiled
	markedAt int // the place of the marker's key in the record; -1: it has no marker
	steps    []step
	rest     []step // those that the texts in common do not decide
}

// step is a place in the record whose value reports a field.
type step struct {
	at int
	place
}

// describe makes the layout of keys, but for the keys themselves.
func describe(t *table, keys []string) *layout {
	l := &layout{table: t}
	numbers, has := make([]int, len(keys)), numberSet{}
	for i, key := range keys {
		n, known := t.keys[key]
		if numbers[i] = n; known {
			has.add(n)
		} else {
			numbers[i] = -1
		}
	}
	for i := range t.conventions {
		c := &t.conventions[i]
		if !c.follows(&has) {
			continue
		}
		found := candidate{compiled: c, markedAt: -1}
		if c.marker >= 0 {
			found.markedAt = slices.Index(numbers, c.marker)
		}
		for at, n := range numbers {
			if n < 0 {
				if f, ok := fieldOfKey(keys[at]); ok {
					found.steps = append(found.steps, step{at, place{f, lastRank}})
				}
				continue
			}
			for _, p := range c.places[n] {
				found.steps = append(found.steps, step{at, p})
			}
		}
		l.following = append(l.following, found)
	}
	l.findTexts(numbers)
	return l
}

// layouts are those of records that were read before: an instrumentation writes few
// different ones.
type layouts struct {
	known [64]knownLayout
	last  uint64 // the ID that was given last
}

type knownLayout struct {
	*layout
	misses uint8 // since a record had it
}

const (
	maxLayoutKeys  = 64
	maxLayoutBytes = 4096 // of all keys
	// maxLayoutMisses is after how many other records a layout is replaced: records that all
	// have keys of their own are not worth remembering.
	maxLayoutMisses = 8
)

// of is the layout of keys.
func (l *layouts) of(t *table, keys []string) *layout {
	hash, size := uint(len(keys)), 0
	for _, key := range keys {
		hash, size = hash*31+uint(len(key)), size+len(key)
	}
	known := &l.known[hash%uint(len(l.known))]
	if known.layout != nil && known.table == t && slices.Equal(known.keys, keys) {
		known.misses = 0
		return known.layout
	}
	fresh := describe(t, keys)
	if known.misses++; known.layout != nil && known.misses < maxLayoutMisses || len(keys) > maxLayoutKeys || size > maxLayoutBytes {
		return fresh
	}
	fresh.keys = make([]string, len(keys))
	for i, key := range keys {
		fresh.keys[i] = strings.Clone(key) // not the telemetry
	}
	l.last++
	fresh.id = l.last
	*known = knownLayout{layout: fresh}
	return fresh
}
