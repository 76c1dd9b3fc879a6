// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package spend

import (
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// Stack is a measure over time, one series for each of the largest groups.
type Stack struct {
	Starts []time.Time
	// Groups are those of the series, the largest first, the sum of the others last.
	Groups []Group
	// Usage is by series, then by start.
	Usage [][]dashboard.Totals
}

// NewStack arranges rows by steps that begin at starts, with a series for each of the
// n largest groups.
func NewStack(rows []dashboard.Row, starts []time.Time, m Measure, n int) Stack {
	s := Stack{Starts: starts}
	at := map[int64]int{}
	for i, start := range starts {
		at[start.Unix()] = i
	}
	s.Groups = Top(Rank(rows, m), n)
	position := positions(s.Groups)
	s.Usage = make([][]dashboard.Totals, len(s.Groups))
	for i := range s.Groups {
		s.Usage[i] = make([]dashboard.Totals, len(s.Starts))
	}
	for i := range rows {
		slot, ok := at[rows[i].Start.Unix()]
		if !ok {
			continue
		}
		Add(&s.Usage[position(rows[i].Group)][slot], &rows[i].Usage)
	}
	return s
}

// Slot sums the series at a start.
func (s Stack) Slot(i int) dashboard.Totals {
	var sum dashboard.Totals
	for series := range s.Usage {
		Add(&sum, &s.Usage[series][i])
	}
	return sum
}

// Whole sums all series.
func (s Stack) Whole() dashboard.Totals {
	var sum dashboard.Totals
	for i := range s.Starts {
		slot := s.Slot(i)
		Add(&sum, &slot)
	}
	return sum
}
