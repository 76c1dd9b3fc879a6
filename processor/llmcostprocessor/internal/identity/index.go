// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

// window are the numbers of what is remembered: it is numbered in the order of arrival,
// and forgotten in that order.
type window struct{ first, next uint64 }

// has reports whether what has that number, of which the lower 32 bits are known, is
// remembered.
func (w window) has(at uint32) bool {
	age := uint32(w.next) - at
	return age != 0 && uint64(age) <= w.next-w.first
}

// number is all of a number that has been found.
func (w window) number(at uint32) uint64 { return w.next - uint64(uint32(w.next)-at) }

// index finds what has a key, the newest first: an entry has the hash of the key and the
// number of the newest, which has the number of the one before it. Different keys may
// have the same hash, so what is found is to be compared. There are no pointers, and
// nothing is deleted: an entry of what is forgotten is overwritten.
type index struct {
	buckets []bucket
	// overflow has what finds no place in its bucket, and spilled a bit for each such bucket.
	overflow map[uint32]uint32
	spilled  []uint64
	swept    int // the length of overflow after it was swept
}

// bucket is a line of the processor's cache.
type bucket [8]entry

type entry struct{ hash, at uint32 }

// find returns the newest of a hash.
func (x *index) find(hash uint32, w window) (at uint32, ok bool) {
	if len(x.buckets) == 0 {
		return 0, false
	}
	b := &x.buckets[int(hash)&(len(x.buckets)-1)]
	for i := range b {
		if b[i].hash == hash && w.has(b[i].at) {
			return b[i].at, true
		}
	}
	if !x.hasSpilled(hash) {
		return 0, false
	}
	at, ok = x.overflow[hash]
	return at, ok && w.has(at)
}

// hasSpilled reports whether something of the bucket of a hash may be in overflow.
func (x *index) hasSpilled(hash uint32) bool {
	n := int(hash) & (len(x.buckets) - 1)
	return len(x.spilled) > 0 && x.spilled[n/64]&(1<<(n%64)) != 0
}

// spill puts an element into overflow.
func (x *index) spill(hash, at uint32) {
	x.overflow[hash] = at
	n := int(hash) & (len(x.buckets) - 1)
	x.spilled[n/64] |= 1 << (n % 64)
}

// set replaces the newest of a hash that was found.
func (x *index) set(hash, at uint32, w window) {
	b := &x.buckets[int(hash)&(len(x.buckets)-1)]
	for i := range b {
		if b[i].hash == hash && w.has(b[i].at) {
			b[i].at = at
			return
		}
	}
	if _, ok := x.overflow[hash]; ok {
		x.overflow[hash] = at
	}
}

// put makes an element the newest of its hash, and returns the one before it.
func (x *index) put(hash, at uint32, w window) (before uint32) {
	if n := len(x.buckets); uint64(n*len(bucket{})/2) <= w.next-w.first {
		x.grow(max(16, 2*n), w)
	}
	b := &x.buckets[int(hash)&(len(x.buckets)-1)]
	free := -1
	for i := range b {
		switch {
		case !w.has(b[i].at):
			free = i
		case b[i].hash == hash:
			before, b[i].at = b[i].at, at
			return before
		}
	}
	if x.hasSpilled(hash) {
		if other, ok := x.overflow[hash]; ok {
			if x.overflow[hash] = at; w.has(other) {
				return other
			}
			return 0
		}
	}
	if free >= 0 {
		b[free] = entry{hash, at}
		return 0
	}
	x.overflowing(hash, at, w)
	return 0
}

// overflowing adds what finds no place, and drops what is forgotten once it has doubled.
func (x *index) overflowing(hash, at uint32, w window) {
	if x.overflow == nil {
		x.overflow, x.spilled = map[uint32]uint32{}, make([]uint64, (len(x.buckets)+63)/64)
	}
	x.spill(hash, at)
	if len(x.overflow) < 2*x.swept+64 {
		return
	}
	clear(x.spilled)
	for hash, at := range x.overflow {
		if w.has(at) {
			x.spill(hash, at)
		} else {
			delete(x.overflow, hash)
		}
	}
	x.swept = len(x.overflow)
}

func (x *index) grow(size int, w window) {
	old, overflow := x.buckets, x.overflow
	x.buckets, x.overflow, x.spilled, x.swept = make([]bucket, size), nil, nil, 0
	put := func(e entry) {
		if !w.has(e.at) {
			return
		}
		b := &x.buckets[int(e.hash)&(size-1)]
		for i := range b {
			if !w.has(b[i].at) {
				b[i] = e
				return
			}
		}
		x.overflowing(e.hash, e.at, w)
	}
	for i := range old {
		for _, e := range old[i] {
			put(e)
		}
	}
	for hash, at := range overflow {
		put(entry{hash, at})
	}
}
