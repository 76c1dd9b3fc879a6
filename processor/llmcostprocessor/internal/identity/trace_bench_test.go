// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"
)

// shape is how the spans of one trace hang together.
type shape string

const (
	flat  shape = "flat"  // calls within one span that is not a call
	chain shape = "chain" // each call within the one before
	fan   shape = "fan"   // calls within one call
	same  shape = "same"  // of the same span ID
	made  shape = "made"  // of one response ID, which is made up
)

// oneTrace makes n calls of one trace from a number on.
func oneTrace(s shape, n, from int) ([]Record, []Span) {
	records, spans := plain(n, from, start)
	for i := range records {
		r := &records[i]
		r.Trace = [16]byte{1}
		switch s {
		case flat:
			r.Parent = [8]byte{0xff}
		case fan:
			r.Parent = [8]byte{}
			if from+i > 0 {
				binary.BigEndian.PutUint64(r.Parent[:], 1)
			}
		case same:
			r.Span = [8]byte{1}
		case made:
			r.Response = 1
		case chain:
			binary.BigEndian.PutUint64(r.Parent[:], uint64(from+i))
		}
	}
	return records, spans[:0]
}

// BenchmarkOneTrace adds calls one by one to a trace that has so many.
func BenchmarkOneTrace(b *testing.B) {
	for _, s := range []shape{flat, fan, chain, same, made} {
		for _, size := range []int{100, 1000, 10_000} {
			b.Run(fmt.Sprintf("%s/calls=%d", s, size), func(b *testing.B) {
				c := New(Options{Records: 20*size + 100_000, Spans: size / 2, Window: time.Hour, PairByTime: true})
				for n := 0; n < size; n += 100 {
					records, spans := oneTrace(s, 100, n)
					c.Add(records, spans, start)
				}
				b.ReportAllocs()
				next := size
				for b.Loop() {
					records, spans := oneTrace(s, 1, next)
					next++
					c.Add(records, spans, start)
				}
			})
		}
	}
}
