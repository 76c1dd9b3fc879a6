// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"crypto/rand"
	"encoding/binary"
	"math/bits"

	"github.com/cespare/xxhash/v2"
)

// Hash is the hash of a text; 0 for the empty one. It is the same in every
// process, since it is stored.
func Hash(text string) uint64 {
	if text == "" {
		return 0
	}
	return max(xxhash.Sum64String(text), 1)
}

// seed makes the hashes of a cache its own, so that no sender can make keys of the same hash.
type seed [2]uint64

func newSeed() seed {
	var random [16]byte
	_, _ = rand.Read(random[:]) // it never fails
	return seed{getUint64(random[:8]), getUint64(random[8:])}
}

// mix is the hash of two numbers, by a product of which nobody knows the factors.
func (s seed) mix(a, b uint64) uint64 {
	high, low := bits.Mul64(a^s[0], b^s[1])
	return high ^ low
}

func (s seed) trace(trace [16]byte) uint64 {
	return s.mix(s.mix(getUint64(trace[:8]), getUint64(trace[8:])), 1)
}

// inTrace is the hash of a span of a trace, by the hash of that.
func (s seed) inTrace(trace uint64, span [8]byte) uint64 { return s.mix(trace, getUint64(span[:])) }

func (s seed) span(key SpanKey) uint64 { return s.inTrace(s.trace(key.Trace), key.Span) }

// The hashes of other keys than those of spans, each of which is different from the others.
func (s seed) response(id uint64) uint64                { return s.mix(s.mix(id, 2), 3) }
func (s seed) pool(pool uint64) uint64                  { return s.mix(s.mix(pool, 4), 5) }
func (s seed) overflow(site, fingerprint uint64) uint64 { return s.mix(s.mix(site, fingerprint), 6) }

func getUint64(from []byte) uint64 { return binary.LittleEndian.Uint64(from) }

func putUint64(to []byte, n uint64) { binary.LittleEndian.PutUint64(to, n) }

// fingerprintOf is the hash of what a record reports, but for its payload: records
// that are the same in it are copies of one. So is what we have written a cost on, which
// then proves how its numbers are to be read.
func fingerprintOf(r *Record) uint64 {
	var fixed [136]byte
	copy(fixed[:], r.Trace[:])
	copy(fixed[16:], r.Span[:])
	copy(fixed[24:], r.Parent[:])
	for i, n := range [...]uint64{
		r.Content, r.Response, r.Resource, uint64(r.Model), uint64(r.Start), uint64(r.End), uint64(r.Prompt), uint64(r.Completion),
		uint64(r.Cached), uint64(r.Reasoning), r.Other, uint64(r.Stated), uint64(r.NonZero),
	} {
		putUint64(fixed[32+8*i:], n)
	}
	sum := xxhash.Sum64(fixed[:]) ^ Hash(r.Scope) ^ uint64(r.Flags&^(HasCost|Known|Proven|KnownScope))<<48
	for i, value := range r.Values.of() {
		sum = sum*31 + uint64(i) + Hash(value)
	}
	return max(sum, 1)
}
