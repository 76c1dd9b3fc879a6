// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"
)

// Changes are what has changed in a ledger, set apart from what changes from now on.
type Changes struct {
	ledger *Ledger
	now    time.Time
	totals map[string]*Total
}

// Snapshot is what a ledger holds. Segments that were stored before are not to be stored again.
type Snapshot struct {
	// Totals are all totals; nil when none has changed.
	Totals   []byte
	Segments []*Segment
}

// Take sets apart what has changed. It takes no longer when there are many rows, so calls do
// not wait for it. The changes are to be packed before others are taken.
func (l *Ledger) Take(now time.Time) Changes {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := Changes{ledger: l, now: now}
	if l.dirty {
		c.totals = make(map[string]*Total, len(l.totals))
		for model, total := range l.totals {
			own := *total
			c.totals[model] = &own
		}
		l.dirty = false
	}
	for _, spans := range []map[int64]*span{l.hours, l.days} {
		for _, s := range spans {
			if len(s.open) > 0 {
				s.frozen, s.open = s.open, nil
				s.opened++
			}
		}
	}
	return c
}

// Pack packs the changes while the ledger counts, adds up hours by day that have become older
// than the limit, and returns all that the ledger holds of before the changes were taken.
func (c *Changes) Pack() (Snapshot, error) {
	var snapshot Snapshot
	var err error
	if c.totals != nil {
		snapshot.Totals, err = json.Marshal(totalsDocument{Version: totalsVersion, Totals: c.totals})
		if err != nil {
			c.ledger.MarkTotals()
		}
	}
	l := c.ledger
	for _, s := range l.spans(func(s *span) bool {
		return len(s.frozen) > 0 || s.end <= HourOf(c.now) && (len(s.segments) > 1 && !s.merged || s.keys != nil)
	}) {
		l.pack(s, s.end <= HourOf(c.now))
	}
	l.addUpDays(c.now)
	l.Forget(c.now)
	l.foldDays()
	for _, s := range l.spans(func(*span) bool { return true }) {
		snapshot.Segments = append(snapshot.Segments, s.segments...)
	}
	return snapshot, err
}

// MarkTotals has the next snapshot contain the totals: the last could not be stored.
func (l *Ledger) MarkTotals() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dirty = true
}

// spans are those that are chosen, in order. Segments and what is frozen change in Pack alone.
func (l *Ledger) spans(chosen func(*span) bool) (all []*span) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, spans := range []map[int64]*span{l.days, l.hours} {
		for _, s := range spans {
			if chosen(s) {
				all = append(all, s)
			}
		}
	}
	slices.SortFunc(all, func(a, b *span) int { return cmp.Compare(a.first, b.first) })
	return all
}

func (l *Ledger) newID() uint64 { return l.lastID.Add(1) }

// pack makes segments of what is frozen. A segment is merged with the one before unless that is
// much larger, so that each row is written a few times at most; once a span is over, all of its
// segments are merged.
func (l *Ledger) pack(s *span, over bool) {
	segments := slices.Clone(s.segments)
	packed := pack(l.newID(), s.first, s.end, s.frozen)
	if packed != nil {
		segments = append(segments, packed)
	}
	for n := len(segments); !over && n > 1; n-- {
		last, before := segments[n-1], segments[n-2]
		if before.Rows > 2*last.Rows || before.Rows+last.Rows > maxSegmentRows {
			break
		}
		segments = append(segments[:n-2], merge(l.newID, s.first, s.end, segments[n-2:], false)...)
		if len(segments) != n-1 {
			break
		}
	}
	if over && len(segments) > 1 && (packed != nil || !s.merged) {
		segments = merge(l.newID, s.first, s.end, segments, false)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s.segments, s.frozen, s.merged = segments, nil, over
	if over && len(s.open) == 0 {
		l.recount(s)
	}
}

// recount corrects the number of rows once each key is there once.
func (l *Ledger) recount(s *span) {
	rows := l.rowsOf(s)
	*rows -= s.count
	s.recount()
	*rows += s.count
}

// addUpDays makes days of the hours that are older than the limit, once all of a day are.
func (l *Ledger) addUpDays(now time.Time) {
	if l.limits.DayOf == nil {
		return
	}
	oldest := l.oldest(now)
	byDay := map[int64][]*span{}
	for _, s := range l.spans(func(s *span) bool { return !s.isDay && s.first < oldest && len(s.open) == 0 }) {
		if first, end := l.limits.DayOf(s.first); end <= oldest {
			byDay[first] = append(byDay[first], s)
		}
	}
	for _, hours := range byDay {
		l.mu.Lock()
		day := l.day(hours[0].first)
		segments := slices.Clone(day.segments)
		l.mu.Unlock()
		for _, s := range hours {
			segments = append(segments, s.segments...)
		}
		segments = merge(l.newID, day.first, day.end, segments, false)
		l.mu.Lock()
		day.segments, day.merged = segments, true
		before := day.count
		for _, s := range hours {
			for key, row := range s.open { // a late correction came meanwhile
				day.change(key).Add(&row.Row)
			}
			l.rows -= s.count
			delete(l.hours, s.first)
		}
		l.dayRows += day.count - before
		if len(day.open) == 0 {
			l.recount(day)
		}
		l.mu.Unlock()
	}
}

// foldDays makes the days fit: the oldest lose the values of dimensions, and are dropped where
// that is not enough.
func (l *Ledger) foldDays() {
	for _, drop := range []bool{false, true} {
		for _, s := range l.spans(func(s *span) bool { return s.isDay }) {
			l.mu.Lock()
			fits := l.dayRows <= l.limits.DayRows
			l.mu.Unlock()
			if fits {
				return
			}
			if !drop && !slices.ContainsFunc(s.segments, func(segment *Segment) bool { return segment.dimmed }) {
				continue
			}
			segments := []*Segment(nil)
			if !drop {
				segments = merge(l.newID, s.first, s.end, s.segments, true)
			}
			l.mu.Lock()
			s.segments, s.merged = segments, true
			l.folded++
			if len(s.open) == 0 {
				l.recount(s)
			}
			if drop && len(s.open) == 0 {
				delete(l.days, s.first)
			}
			l.mu.Unlock()
		}
	}
}

// Load adds a segment that was stored.
func (l *Ledger) Load(s *Segment) {
	l.Reserve(s.ID)
	l.mu.Lock()
	defer l.mu.Unlock()
	spans, isDay := l.hours, s.End-s.First > 1
	if isDay {
		spans = l.days
	}
	at, ok := spans[s.First]
	if !ok {
		at = &span{first: s.First, end: s.End, isDay: isDay}
		spans[s.First] = at
	}
	if isDay {
		at.end = max(at.end, s.End)
	}
	at.segments = append(at.segments, s)
	l.recount(at)
}

// Reserve has new segments get IDs above one that is in use. It must not be called while the
// ledger is packed.
func (l *Ledger) Reserve(id uint64) {
	l.lastID.Store(max(l.lastID.Load(), id))
}
