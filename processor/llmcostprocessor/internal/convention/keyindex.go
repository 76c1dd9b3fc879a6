// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

// keyIndex finds the slot of a key. It is a hash table of fixed size with a hash
// of a few of the key's bytes, which rejects most keys by one load. A map would
// hash all of every key, and take most of the time of reading a record.
type keyIndex struct {
	entries [indexSize]indexEntry
	// shapes has a bit for each length and last byte that a key of the table has.
	// Most other keys have another, and need not be hashed.
	shapes [64]uint64
}

type indexEntry struct {
	key  string // empty: none
	slot slot
}

// indexSize is so much larger than maxSlots that chains are short.
const indexSize = 8 * maxSlots

func hashKey(key string) uint {
	n := uint(len(key))
	if n < 2 {
		return n
	}
	h := n
	h = h*31 + uint(key[n-1])
	h = h*31 + uint(key[n-2])
	h = h*31 + uint(key[n/2])
	h = h*31 + uint(key[n*3/4])
	return h ^ h>>8
}

// shapeOf returns the bit for a key's length and last byte.
func shapeOf(key string) (word int, bit uint64) {
	n := len(key)
	if n == 0 {
		return 0, 0
	}
	return n % 64, 1 << (key[n-1] % 64)
}

// find returns the entry of a key of the table, or nil.
func (x *keyIndex) find(key string) *indexEntry {
	if word, bit := shapeOf(key); x.shapes[word]&bit == 0 {
		return nil
	}
	for i := hashKey(key) % indexSize; ; i = (i + 1) % indexSize {
		entry := &x.entries[i]
		if entry.key == "" {
			return nil
		}
		if entry.key == key {
			return entry
		}
	}
}

func (x *keyIndex) insert(key string, s slot) *indexEntry {
	i := hashKey(key) % indexSize
	for x.entries[i].key != "" {
		i = (i + 1) % indexSize
	}
	x.entries[i] = indexEntry{key: key, slot: s}
	word, bit := shapeOf(key)
	x.shapes[word] |= bit
	return &x.entries[i]
}
