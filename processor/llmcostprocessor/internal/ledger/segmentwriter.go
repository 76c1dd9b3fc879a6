// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// segmentWriter writes a segment whose rows come in order.
type segmentWriter struct {
	first, end int64
	texts      []string // sorted, without ""
	content    []byte   // the rows
	rows       int

	dimmed, hasOverflow bool
	total               Row
}

// write appends a row, unless nothing is left of it.
func (w *segmentWriter) write(key *ids, row *Row) {
	if *row == (Row{}) {
		return
	}
	w.rows++
	w.total.Add(row)
	to := binary.AppendUvarint(w.content, uint64(key[columnProvider]))
	to = binary.AppendUvarint(to, uint64(key[columnModel]))
	var dimensions uint64
	for i := firstDimension; i < columns; i++ {
		if key[i] != 0 {
			dimensions |= 1 << (i - firstDimension)
		}
	}
	to = binary.AppendUvarint(to, dimensions)
	for i := firstDimension; i < columns; i++ {
		if key[i] != 0 {
			to = binary.AppendUvarint(to, uint64(key[i]))
			w.dimmed = w.dimmed || w.texts[key[i]-1] != Overflow
		}
	}
	w.hasOverflow = w.hasOverflow || dimensions == 0 && key[columnProvider] == 0 && key[columnModel] != 0 && w.texts[key[columnModel]-1] == Overflow
	w.content = appendFigures(to, row)
}

func appendFigures(to []byte, row *Row) []byte {
	var mask uint64
	for i, n := range row.Calls {
		if n != 0 {
			mask |= 1 << i
		}
	}
	set := func(bit uint64, is bool) {
		if is {
			mask |= bit
		}
	}
	set(hasUnpriced, row.Unpriced != 0)
	set(hasCost, !row.Cost.IsZero())
	set(hasSaved, !row.Saved.IsZero())
	set(hasCompared, row.Compared != (Compared{}))
	set(hasEstimates, row.Estimates != (Estimates{}))
	set(hasTimes, row.Elapsed != (Elapsed{}) || row.Durations != [len(Bounds) + 1]uint64{})
	set(hasUsage, row.Usage != (Usage{}))
	to = binary.AppendUvarint(to, mask)
	for _, n := range row.Calls {
		if n != 0 {
			to = binary.AppendVarint(to, n)
		}
	}
	if mask&hasUnpriced != 0 {
		to = binary.AppendVarint(to, row.Unpriced)
	}
	if mask&hasCost != 0 {
		to = money.AppendSum(to, row.Cost)
	}
	if mask&hasSaved != 0 {
		to = money.AppendSum(to, row.Saved)
	}
	if mask&hasCompared != 0 {
		to = binary.AppendVarint(to, row.Compared.Calls)
		to = money.AppendSum(to, row.Compared.Reported)
		to = money.AppendSum(to, row.Compared.Computed)
	}
	if mask&hasEstimates != 0 {
		to = binary.AppendVarint(to, row.Estimates.Calls)
		to = money.AppendSum(to, row.Estimates.Cost)
	}
	if mask&hasTimes != 0 {
		to = appendTimes(to, row)
	}
	if mask&hasUsage != 0 {
		to = appendUsage(to, &row.Usage)
	}
	return to
}

func appendTimes(to []byte, row *Row) []byte {
	to = binary.AppendVarint(to, int64(row.Elapsed.Seconds))
	to = binary.AppendUvarint(to, row.Elapsed.Nanos)
	buckets := uint64(0)
	for i, n := range row.Durations {
		if n != 0 {
			buckets |= 1 << i
		}
	}
	to = binary.AppendUvarint(to, buckets)
	for _, n := range row.Durations {
		if n != 0 {
			to = binary.AppendVarint(to, int64(n))
		}
	}
	return to
}

// segment returns what was written; nil when there are no rows.
func (w *segmentWriter) segment(id uint64) *Segment {
	if w.rows == 0 {
		return nil
	}
	head := []byte{segmentVersion}
	head = binary.AppendUvarint(head, uint64(w.first))
	head = binary.AppendUvarint(head, uint64(w.end-w.first))
	head = binary.AppendUvarint(head, uint64(w.rows))
	head = AppendKinds(head)
	head = binary.AppendUvarint(head, uint64(len(w.texts)))
	for _, text := range w.texts {
		head = AppendText(head, text)
	}
	s, err := openSegment(id, string(append(head, w.content...)))
	if err != nil {
		panic(fmt.Sprintf("a segment that was written %v", err))
	}
	s.dimmed, s.hasOverflow, s.total = w.dimmed, w.hasOverflow, w.total
	return s
}

// numberTexts returns the texts of keys, and the numbers by which a segment has them.
func numberTexts(rows map[Key]*keyedRow) (texts []string, numbers map[string]uint32) {
	numbers = map[string]uint32{}
	for _, row := range rows {
		numbers[row.Provider], numbers[row.Model] = 0, 0
		for _, value := range row.Dimensions {
			if value != "" {
				numbers[value] = 0
			}
		}
	}
	delete(numbers, "")
	texts = make([]string, 0, len(numbers))
	for text := range numbers {
		texts = append(texts, text)
	}
	slices.Sort(texts)
	for i, text := range texts {
		numbers[text] = uint32(i + 1)
	}
	return texts, numbers
}

// idsOf is a key by the numbers of its texts.
func (k *Key) idsOf(numbers map[string]uint32) (key ids) {
	key[columnProvider], key[columnModel] = numbers[k.Provider], numbers[k.Model]
	for i, value := range k.Dimensions {
		if value != "" {
			key[firstDimension+i] = numbers[value]
		}
	}
	return key
}

// pack makes a segment of rows.
func pack(id uint64, first, end int64, rows map[Key]*keyedRow) *Segment {
	w := segmentWriter{first: first, end: end}
	var numbers map[string]uint32
	w.texts, numbers = numberTexts(rows)
	type numbered struct {
		key ids
		row *Row
	}
	sorted := make([]numbered, 0, len(rows))
	for _, row := range rows {
		sorted = append(sorted, numbered{row.idsOf(numbers), &row.Row})
	}
	slices.SortFunc(sorted, func(a, b numbered) int { return compareIDs(&a.key, &b.key) })
	for i := range sorted {
		w.write(&sorted[i].key, sorted[i].row)
	}
	return w.segment(id)
}

func compareIDs(a, b *ids) int {
	for i := range a {
		if a[i] != b[i] {
			if a[i] < b[i] {
				return -1
			}
			return 1
		}
	}
	return 0
}
