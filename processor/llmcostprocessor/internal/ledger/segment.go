// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"errors"
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
