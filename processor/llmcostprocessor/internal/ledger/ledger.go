// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"sync"
	"sync/atomic"
	"time"
)

// Limits bound a ledger.
type Limits struct {
	// Rows is how many rows the hours may have besides one overflow row an hour, and HourRows
	// how many an hour may have; 0: as many. What has changed since it was last packed takes
	// some twenty times the memory of the rest.
	Rows, HourRows int
	// DayRows is how many rows the days may have. Beyond, the oldest days keep providers and
	// models alone.
	DayRows int
	// Models is how many models that no price table bounds have totals besides
	// the overflow total.
	Models int
	// Hours is for how many hours rows are kept.
	Hours int64
	// DayOf is the day of an hour: its first hour, and that of the next day. Hours that are older
	// than the limit are then added up by day. nil: they are dropped.
	DayOf func(hour int64) (first, end int64)
	// DayHours is for how many hours days are kept.
	DayHours int64
}

// Ledger may be used by several goroutines.
type Ledger struct {
	limits Limits

	lastID atomic.Uint64 // of a segment

	mu      sync.Mutex
	hours   map[int64]*span
	days    map[int64]*span // by their first hours
	rows    int             // of hours
	dayRows int
	folded  int // days that keep providers and models alone since the start
	totals  map[string]*Total
	free    int  // models in totals that count toward the limit
	dirty   bool // totals changed since they were taken
}

// New returns an empty ledger.
func New(limits Limits) *Ledger {
	if limits.HourRows == 0 {
		limits.HourRows = limits.Rows
	}
	return &Ledger{limits: limits, hours: map[int64]*span{}, days: map[int64]*span{}, totals: map[string]*Total{}}
}

// HourOf is the hour that a time is in.
func HourOf(t time.Time) int64 { return t.Unix() / 3600 }

// Recorded is how calls were counted.
type Recorded struct {
	// Overflowed is how many are in an overflow row or total.
	Overflowed int64
	// Late is how many are older than the hours that are kept: they are in the
	// totals alone.
	Late int64
}

// Change replaces what is counted for a call.
type Change struct {
	// Out was counted before, In is to be counted; nil for nothing.
	Out, In *Call
	// Place is where Out was counted; Apply sets it to where In was.
	Place *Place
}

// Place is where a call was counted.
type Place uint8

// InOverflow is the overflow row of the hour, although the call has a row of its own
// by now.
const InOverflow Place = 1

// Record adds calls that are never corrected.
func (l *Ledger) Record(calls []Call, now time.Time) Recorded {
	l.mu.Lock()
	defer l.mu.Unlock()
	var r Recorded
	for i := range calls {
		l.add(&calls[i], now, &r)
	}
	return r
}

// Apply counts and corrects calls.
func (l *Ledger) Apply(changes []Change, now time.Time) Recorded {
	l.mu.Lock()
	defer l.mu.Unlock()
	var r Recorded
	for i := range changes {
		c := &changes[i]
		if c.Out != nil {
			l.remove(c.Out, *c.Place)
		}
		if c.In != nil {
			*c.Place = l.add(c.In, now, &r)
		}
	}
	return r
}

// add counts a call.
func (l *Ledger) add(c *Call, now time.Time, r *Recorded) Place {
	took := c.timing()
	at, kept := l.spanFor(c.Hour, now)
	if !kept {
		// A row would be dropped before long, and calls of made-up times would
		// make as many hours as they like until then.
		total, within := l.total(c.Model, c.Listed, now.Add(-time.Millisecond))
		total.count(&c.Figures, took)
		r.Late++
		if !within {
			r.Overflowed++
		}
		return 0
	}
	row, within := c.Account.rowIn(at), true
	if row == nil {
		if row, within = l.row(at, c.key()); within {
			c.Account.remember(row, at)
		}
	}
	if row.total == nil || row.Model == Overflow {
		// Before the first point of a new series, so that its first value is seen
		// as an increase from zero.
		row.total, row.within = l.total(c.Model, c.Listed, now.Add(-time.Millisecond))
	}
	l.dirty = true
	row.total.count(&c.Figures, took)
	row.add(&c.Figures, took)
	if !within || !row.within {
		r.Overflowed++
	}
	if !within {
		return InOverflow
	}
	return 0
}

// remove takes a call out that was added.
func (l *Ledger) remove(c *Call, place Place) {
	took := c.timing()
	total := l.totals[c.Model]
	if total == nil {
		total = l.totals[Overflow]
	}
	if total != nil { // or they were damaged in the storage
		l.dirty = true
		total.subtract(&c.Figures, took)
	}
	at := l.spanOf(c.Hour)
	if at == nil {
		return // it is forgotten by now, or was late
	}
	before := at.count
	defer func() { *l.rowsOf(at) += at.count - before }() // once they are counted
	key := c.key()
	if !at.has(key) {
		key.Provider = "" // a version before may have stored the row
	}
	if place == InOverflow || !at.has(key) {
		key = overflowKey
	}
	if at.has(key) {
		at.change(key).subtract(&c.Figures, took)
	}
}

// oldest is the first hour that is kept.
func (l *Ledger) oldest(now time.Time) int64 { return HourOf(now) - l.limits.Hours }

// spanFor is where a call of an hour is counted, if it is not too old.
func (l *Ledger) spanFor(at int64, now time.Time) (s *span, kept bool) {
	if at >= l.oldest(now) {
		return l.hour(at), true
	}
	if l.limits.DayOf == nil || at < HourOf(now)-l.limits.DayHours {
		return nil, false
	}
	return l.day(at), true
}

func (l *Ledger) hour(at int64) *span {
	s, ok := l.hours[at]
	if !ok {
		s = &span{first: at, end: at + 1}
		l.hours[at] = s
	}
	return s
}

func (l *Ledger) day(at int64) *span {
	first, end := l.limits.DayOf(at)
	s, ok := l.days[first]
	if !ok {
		s = &span{first: first, end: end, isDay: true}
		l.days[first] = s
	}
	return s
}

// spanOf is where a call of an hour was counted, or nil.
func (l *Ledger) spanOf(at int64) *span {
	if s, ok := l.hours[at]; ok {
		return s
	}
	if l.limits.DayOf == nil {
		return nil
	}
	first, _ := l.limits.DayOf(at)
	return l.days[first]
}

// row is that of a key, or the overflow's.
func (l *Ledger) row(at *span, key Key) (row *keyedRow, within bool) {
	if row, ok := at.open[key]; ok {
		return row, key != overflowKey
	}
	before := at.count
	within = key.Model != Overflow && (at.has(key) || l.mayGrow(at))
	if !within {
		key = overflowKey
	}
	row = at.change(key)
	*l.rowsOf(at) += at.count - before
	return row, within
}

// mayGrow reports whether there may be one row more. Days are made to fit when they are packed.
func (l *Ledger) mayGrow(at *span) bool {
	return at.isDay && len(at.open) < l.limits.HourRows || !at.isDay && l.rows < l.limits.Rows && at.count < l.limits.HourRows
}

func (l *Ledger) rowsOf(at *span) *int {
	if at.isDay {
		return &l.dayRows
	}
	return &l.rows
}

// Forget drops what is older than the limit: hours, unless they are added up by day, and days.
func (l *Ledger) Forget(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.limits.DayOf == nil {
		l.drop(l.hours, l.oldest(now))
	}
	l.drop(l.days, HourOf(now)-l.limits.DayHours)
}

func (l *Ledger) drop(spans map[int64]*span, oldest int64) {
	for first, s := range spans {
		if s.end <= oldest {
			*l.rowsOf(s) -= s.count
			delete(spans, first)
		}
	}
}
