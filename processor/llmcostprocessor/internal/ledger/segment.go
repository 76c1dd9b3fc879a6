// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// Segment has rows of an hour or a day, as they are stored and queried: sorted by key, with
// each text once, and numbers in as few bytes as they need. It does not change.
//
// It is the version, the first hour, the number of hours and of rows, the names of the kinds
// of usage, and the texts in order; then the rows. A row is its key, as numbers of texts from
// 1 on and 0 for "", a mask of the figures that are not zero, and these.
type Segment struct {
	// ID is its own in the storage.
	ID uint64
	// First and End are the hours that its rows are of; End is exclusive.
	First, End int64
	// Rows is their number.
	Rows int

	texts   string // the texts and rows
	content string
	// dimmed: it has values of dimensions other than the overflow's; hasOverflow: the
	// overflow's row.
	dimmed, hasOverflow bool
	total               Row // of all rows
}

const segmentVersion = 3

// columns of a key: provider, model and dimensions.
const (
	columnProvider = iota
	columnModel
	firstDimension
	columns = firstDimension + MaxDimensions
)

// ids are a key as numbers of texts of a segment.
type ids [columns]uint32

var errSegment = errors.New("is no segment of the ledger")

// Figures that a row may have, by their bits in its mask.
const (
	hasUnpriced = 1 << (iota + int(statuses))
	hasCost
	hasSaved
	hasCompared
	hasEstimates
	hasTimes
	hasUsage
)

// Content is what ParseSegment reads.
func (s *Segment) Content() []byte { return []byte(s.content) }

// Size is the number of its bytes.
func (s *Segment) Size() int { return len(s.content) }

// ParseSegment reads a segment, and makes sure that all of it can be read.
func ParseSegment(id uint64, content []byte) (*Segment, error) {
	s, err := openSegment(id, string(content))
	if err != nil {
		return nil, err
	}
	c := s.rows()
	for c.next() {
		c.add(&s.total)
		s.hasOverflow = s.hasOverflow || c.named() == overflowKey
		for column := firstDimension; column < columns; column++ {
			if at := c.key[column]; at != 0 && c.texts[at] != Overflow {
				s.dimmed = true
			}
		}
	}
	if c.bad {
		return nil, errSegment
	}
	return s, nil
}

func openSegment(id uint64, content string) (*Segment, error) {
	if content == "" || content[0] != segmentVersion {
		return nil, errSegment
	}
	r := reader{from: content[1:]}
	s := &Segment{ID: id, content: content, First: int64(r.uvarint())}
	s.End, s.Rows = s.First+int64(r.uvarint()), int(r.uvarint())
	s.texts = r.from
	if r.bad || s.First < 0 || s.End <= s.First || s.Rows < 0 || s.Rows > len(content) {
		return nil, errSegment
	}
	return s, nil
}

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
