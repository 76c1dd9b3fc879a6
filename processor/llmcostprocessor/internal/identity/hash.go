// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"encoding/binary"

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
