// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import "slices"

// maxSegmentRows bounds a segment, so that no single value of the storage is large: some 3 MB.
const maxSegmentRows = 50_000

// merging is a cursor of a merge, by the numbers that texts have in its result.
type merging struct {
	*cursor
	numbers []uint32
	key     ids
	done    bool
}

func (m *merging) advance() {
	if m.done = !m.next(); m.done {
		return
	}
	for i, id := range m.cursor.key {
		m.key[i] = m.numbers[id]
	}
}

// merge adds segments up into others, which span from first to end, without holding more than
// a row of each. Where fold is set, all values of dimensions become the overflow's: what is
// left is by provider and model.
func merge(newID func() uint64, first, end int64, segments []*Segment, fold bool) (merged []*Segment) {
	sources, texts := openAll(segments, fold)
	overflow := numberOf(texts, Overflow)
	w := segmentWriter{first: first, end: end, texts: texts}
	flush := func() {
		if s := w.segment(newID()); s != nil {
			merged = append(merged, s)
		}
		w = segmentWriter{first: first, end: end, texts: texts}
	}
	var key ids
	var row Row
	for some := false; ; {
		least := (*merging)(nil)
		for _, m := range sources {
			if !m.done && (least == nil || compareIDs(&m.key, &least.key) < 0) {
				least = m
			}
		}
		if least == nil {
			if some {
				w.write(&key, &row)
			}
			break
		}
		next := least.key
		if fold {
			next.fold(overflow)
		}
		if some && next != key {
			if w.write(&key, &row); w.rows == maxSegmentRows {
				flush()
			}
			row = Row{}
		}
		key, some = next, true
		least.add(&row)
		least.advance()
	}
	flush()
	return merged
}

// openAll begins to read segments, whose keys it has by the numbers of texts that are common to all. Where
// fold is set the overflow's is among these.
func openAll(segments []*Segment, fold bool) (sources []*merging, texts []string) {
	sources = make([]*merging, len(segments))
	for i, s := range segments {
		sources[i] = &merging{cursor: s.rows()}
		texts = append(texts, sources[i].texts[1:]...)
	}
	if fold {
		texts = append(texts, Overflow)
	}
	slices.Sort(texts)
	texts = slices.Compact(texts)
	for _, m := range sources {
		m.numbers = make([]uint32, len(m.texts))
		for i, text := range m.texts[1:] {
			m.numbers[i+1] = numberOf(texts, text)
		}
		m.advance()
	}
	return sources, texts
}

// numberOf is the number by which a segment of these texts has one of them.
func numberOf(texts []string, text string) uint32 {
	at, _ := slices.BinarySearch(texts, text)
	return uint32(at + 1)
}

// fold replaces the values of dimensions, but for those of the row that stands for the models
// beyond the limit.
func (k *ids) fold(overflow uint32) {
	by := overflow
	if k[columnModel] == overflow {
		by = 0
	}
	for i := firstDimension; i < columns; i++ {
		k[i] = by
	}
}
