// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"encoding/binary"
	"math/bits"
	"time"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/identity"
)

// knownCalls are the calls that version 1 has counted, with the time when they are
// forgotten. Version 1 persisted the hashes of their IDs, and no records: a call is recognized
// when it is sent again, and cannot be corrected.
type knownCalls map[uint64]time.Time

// add remembers calls.
func (k *knownCalls) add(ids []uint64, until time.Time) {
	if *k == nil && len(ids) > 0 {
		*k = knownCalls{}
	}
	for _, id := range ids {
		(*k)[id] = until
	}
}

// mark marks the records that version 1 has counted.
func (k *knownCalls) mark(b *batch) {
	if len(*k) == 0 {
		return // nothing is left of version 1, as a rule
	}
	for i := range b.records {
		r := &b.records[i]
		trace, span := b.calls[i].trace, b.calls[i].span
		if trace.IsEmpty() || span.IsEmpty() {
			continue
		}
		id := id1(trace, span)
		if b.calls[i].call.Shared {
			id ^= uint64(r.End) ^ uint64(r.Prompt)<<32 ^ uint64(r.Completion)
		}
		if until, known := (*k)[id]; known && b.at.Before(until) {
			r.Flags |= identity.Known
		}
	}
	for id, until := range *k {
		if !b.at.Before(until) {
			delete(*k, id)
		}
	}
	if len(*k) == 0 {
		*k = nil
	}
}

// id1 is the hash by which version 1 knew a span.
func id1(trace [16]byte, span [8]byte) uint64 {
	const a, b, c = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
	h := binary.LittleEndian.Uint64(trace[:8]) * a
	h = (bits.RotateLeft64(h, 31) ^ binary.LittleEndian.Uint64(trace[8:])) * b
	h = (bits.RotateLeft64(h, 29) ^ binary.LittleEndian.Uint64(span[:])) * c
	h = (h ^ h>>33) * 0xFF51AFD7ED558CCD
	h = (h ^ h>>33) * 0xC4CEB9FE1A85EC53
	return max(h^h>>33, 1)
}
