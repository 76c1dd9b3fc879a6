// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"encoding/binary"
	"math/bits"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// reader reads numbers and texts. What is not there reads as zero, and sets bad.
type reader struct {
	from string
	bad  bool
}

func (r *reader) uvarint() uint64 {
	if len(r.from) > 0 && r.from[0] < 0x80 {
		n := uint64(r.from[0])
		r.from = r.from[1:]
		return n
	}
	return r.longUvarint()
}

func (r *reader) longUvarint() uint64 {
	var n uint64
	for i := 0; i < len(r.from) && i < binary.MaxVarintLen64; i++ {
		b := r.from[i]
		n |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			r.from = r.from[i+1:]
			return n
		}
	}
	r.bad, r.from = true, ""
	return 0
}

func (r *reader) varint() int64 {
	n := r.uvarint()
	return int64(n>>1) ^ -int64(n&1)
}

func (r *reader) text() string {
	n := r.uvarint()
	if n > uint64(len(r.from)) {
		r.bad, r.from = true, ""
		return ""
	}
	text := r.from[:n]
	r.from = r.from[n:]
	return text
}

func (r *reader) sum() money.Sum {
	s, size := money.ReadSum(r.from)
	if size == 0 {
		r.bad, r.from = true, ""
		return s
	}
	r.from = r.from[size:]
	return s
}

// cursor goes through the rows of a segment.
type cursor struct {
	reader
	kinds []usage.Kind
	texts []string // by number; the first is ""
	left  int
	key   ids
	mask  uint64
}

// rows returns a cursor before the first row.
func (s *Segment) rows() *cursor {
	c := &cursor{left: s.Rows}
	c.from = s.texts
	kinds := c.uvarint()
	if kinds > uint64(len(s.texts)) {
		c.bad = true
		return c
	}
	for range kinds {
		kind, known := usage.Named(c.text())
		if !known {
			kind = usage.None
		}
		c.kinds = append(c.kinds, kind)
	}
	n := c.uvarint()
	if n > uint64(len(s.texts)) {
		c.bad = true
		return c
	}
	c.texts = make([]string, n+1)
	for i := range n {
		c.texts[i+1] = c.text()
		c.bad = c.bad || c.texts[i+1] <= c.texts[i]
	}
	return c
}

// next reads the key of the next row. Its figures are to be read by add or skip.
func (c *cursor) next() bool {
	if c.left == 0 || c.bad {
		c.bad = c.bad || c.from != ""
		return false
	}
	c.left--
	c.key = ids{columnProvider: c.id(), columnModel: c.id()}
	dimensions := c.uvarint()
	if dimensions >= 1<<MaxDimensions {
		c.bad = true
	}
	for i := firstDimension; dimensions != 0 && i < columns; i++ {
		if dimensions&1 != 0 {
			c.key[i] = c.id()
		}
		dimensions >>= 1
	}
	c.mask = c.uvarint()
	return !c.bad
}

func (c *cursor) id() uint32 {
	n := c.uvarint()
	if n >= uint64(len(c.texts)) {
		c.bad = true
		return 0
	}
	return uint32(n)
}

// add adds the figures of the row to another.
func (c *cursor) add(to *Row) { c.addParts(to, allParts) }

// addParts adds some of the figures of the row to another, and leaves the others out.
func (c *cursor) addParts(to *Row, parts Parts) {
	if parts&PartCalls != 0 {
		for i := range to.Calls {
			if c.mask&(1<<i) != 0 {
				to.Calls[i] += c.varint()
			}
		}
		if c.mask&hasUnpriced != 0 {
			to.Unpriced += c.varint()
		}
	} else {
		c.skipNumbers(bits.OnesCount64(c.mask & (hasUnpriced<<1 - 1)))
	}
	if c.wants(hasCost, parts&PartCost, 1) {
		to.Cost.AddSum(c.sum())
	}
	if c.wants(hasSaved, parts&PartSaved, 1) {
		to.Saved.AddSum(c.sum())
	}
	if c.wants(hasCompared, parts&partCompared, 3) {
		to.Compared.Calls += c.varint()
		to.Compared.Reported.AddSum(c.sum())
		to.Compared.Computed.AddSum(c.sum())
	}
	if c.wants(hasEstimates, parts&PartEstimates, 2) {
		to.Estimates.Calls += c.varint()
		to.Estimates.Cost.AddSum(c.sum())
	}
	switch {
	case c.mask&hasTimes == 0:
	case parts&PartTimes == 0:
		c.skipTimes()
	default:
		to.Elapsed.add(Elapsed{Seconds: uint64(c.varint()), Nanos: c.uvarint()})
		buckets := c.uvarint()
		for i := range to.Durations {
			if buckets&(1<<i) != 0 {
				to.Durations[i] += uint64(c.varint())
			}
		}
	}
	switch {
	case c.mask&hasUsage == 0:
	case parts&PartUsage == 0:
		c.skipUsage()
	default:
		c.addUsage(&to.Usage)
	}
}

// wants reports whether figures that the row has are wanted, and skips them otherwise.
func (c *cursor) wants(has uint64, wanted Parts, numbers int) bool {
	if c.mask&has != 0 && wanted == 0 {
		c.skipNumbers(numbers)
	}
	return c.mask&has != 0 && wanted != 0
}

func (c *cursor) addUsage(to *Usage) {
	for range c.uvarint() {
		kind := c.uvarint()
		amount := c.varint()
		if c.bad || kind >= uint64(len(c.kinds)) || c.kinds[kind] == usage.None {
			c.bad = true
			return
		}
		to[c.kinds[kind]] += amount
	}
}

func (c *cursor) skipTimes() {
	c.skipNumbers(2)
	c.skipNumbers(bits.OnesCount64(c.uvarint())) // buckets
}

func (c *cursor) skipUsage() { c.skipNumbers(int(2 * min(c.uvarint(), uint64(usage.Count)))) }

// skip leaves the figures of the row out.
func (c *cursor) skip() {
	n := 0
	for i := range int(statuses) + 1 {
		if c.mask&(1<<i) != 0 {
			n++
		}
	}
	for _, part := range [...]struct {
		has uint64
		n   int
	}{{hasCost, 1}, {hasSaved, 1}, {hasCompared, 3}, {hasEstimates, 2}} {
		if c.mask&part.has != 0 {
			n += part.n
		}
	}
	c.skipNumbers(n)
	if c.mask&hasTimes != 0 {
		c.skipTimes()
	}
	if c.mask&hasUsage != 0 {
		c.skipUsage()
	}
}

// skipNumbers skips numbers of any size.
func (c *cursor) skipNumbers(n int) {
	for i := 0; i < len(c.from) && n > 0; i++ {
		if c.from[i] < 0x80 {
			if n--; n == 0 {
				c.from = c.from[i+1:]
				return
			}
		}
	}
	if n > 0 {
		c.bad, c.from = true, ""
	}
}
