// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

// Rows is the number of rows of hours.
func (l *Ledger) Rows() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rows
}

// Extent is what a ledger holds.
type Extent struct {
	// First is the first hour that there are rows of, FirstHour the first that has rows of its
	// own; before it there are days. Both are 0 when there are none.
	First, FirstHour int64
	// Rows are those of hours, DayRows those of days.
	Rows, DayRows int
	// Folded is how many days were left with providers and models alone since the start.
	Folded int
	// Bytes is the size of what was packed.
	Bytes int
}

// Extent returns what the ledger holds.
func (l *Ledger) Extent() Extent {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := Extent{Rows: l.rows, DayRows: l.dayRows, Folded: l.folded}
	for _, spans := range []map[int64]*span{l.hours, l.days} {
		for first, s := range spans {
			if e.First == 0 || first < e.First {
				e.First = first
			}
			if !s.isDay && (e.FirstHour == 0 || first < e.FirstHour) {
				e.FirstHour = first
			}
			for _, segment := range s.segments {
				e.Bytes += segment.Size()
			}
		}
	}
	return e
}
