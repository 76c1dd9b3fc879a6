// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// MaxDimensions is how many dimensions there may be.
const MaxDimensions = 12

// Dimensions are values in the order of the configuration; "" for none.
type Dimensions [MaxDimensions]string

// known returns the values up to the last that is not empty.
func (d *Dimensions) known() []string {
	n := len(d)
	for n > 0 && d[n-1] == "" {
		n--
	}
	return d[:n]
}

// Overflow stands for the models and dimensions beyond a limit.
const Overflow = dashboard.Overflow

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

// Key names a row within its hour.
type Key struct {
	// Provider is as calls name it; "" where they do not, and in rows that a version
	// before has stored.
	Provider   string     `json:"provider,omitempty"`
	Model      string     `json:"model"`
	Dimensions Dimensions `json:"dimensions"`
}

// overflowKey is that of the one row of an hour that does not count toward the
// limit. No other row is of the model Overflow.
var overflowKey = Key{Model: Overflow}

// Total is what a model's calls add up to since Start.
type Total struct {
	// Start is when counting began: before the first call was counted.
	Start time.Time `json:"start"`
	// Listed models are in the price table, which bounds them.
	Listed bool `json:"listed,omitempty"`
	Row
	// Exported is what left as counters: these never decrease, so what a correction
	// takes away is worked off against what comes next.
	Exported Marks `json:"exported,omitzero"`
	// Examples are the newest calls of each bucket of the durations; they are not
	// persisted across restarts.
	Examples [len(Bounds) + 1]Example `json:"-"`
}

// Example is a call that stands for others.
type Example struct {
	Trace    [16]byte // zero: there is none
	Span     [8]byte
	End      int64 // nanoseconds since 1970
	Duration time.Duration
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

func (c *Call) key() Key {
	key := Key{Provider: Shorten(c.Provider), Model: c.Model, Dimensions: c.Dimensions}
	for i, value := range key.Dimensions {
		key.Dimensions[i] = Shorten(value)
	}
	return key
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

func (l *Ledger) total(model string, listed bool, start time.Time) (total *Total, within bool) {
	l.dirty = true
	if total, ok := l.totals[model]; ok {
		return total, model != Overflow
	}
	// The overflow itself is not one of the models that the limit is about: not
	// when it is loaded, and not when an application calls its model so.
	within = model != Overflow && (listed || l.free < l.limits.Models)
	if !within {
		model = Overflow
		if total, ok := l.totals[model]; ok {
			return total, false
		}
	}
	total = &Total{Start: start, Listed: listed}
	l.totals[strings.Clone(model)] = total
	if !listed && within {
		l.free++
	}
	return total, within
}

// count adds a call, and keeps it as the example of its bucket.
func (t *Total) count(f *Figures, took timing) {
	t.add(f, took)
	if f.Timed && f.Trace != [16]byte{} {
		t.Examples[took.bucket] = Example{Trace: f.Trace, Span: f.Span, End: f.End, Duration: f.Duration}
	}
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

// clone copies the texts out of the telemetry that they are parts of.
func (k Key) clone() Key {
	k.Provider, k.Model = strings.Clone(k.Provider), strings.Clone(k.Model)
	for i, value := range k.Dimensions {
		k.Dimensions[i] = strings.Clone(value)
	}
	return k
}

// MaxValueBytes bounds the value of a dimension.
const MaxValueBytes = 256

// Shorten cuts a value that is longer, between two characters.
func Shorten(value string) string {
	if len(value) <= MaxValueBytes {
		return value
	}
	end := MaxValueBytes
	for end > 0 && !utf8.RuneStart(value[end]) {
		end--
	}
	return value[:end]
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

// Totals are copies of the totals, by model.
func (l *Ledger) Totals() map[string]Total {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make(map[string]Total, len(l.totals))
	for model, total := range l.totals {
		out[model] = *total
	}
	return out
}

// Export returns copies of the totals, by model, after what leaves as counters was
// noted: it never decreases.
func (l *Ledger) Export() map[string]Total {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make(map[string]Total, len(l.totals))
	for model, total := range l.totals {
		before := total.Exported
		total.Exported.raise(&total.Row)
		if total.Exported != before {
			l.dirty = true
		}
		out[model] = *total
	}
	return out
}

// Hour adds up the rows of an hour, by model.
func (l *Ledger) Hour(at int64) map[string]Row {
	out := map[string]Row{}
	for _, group := range l.Sum(Query{First: at, Last: at, By: []int{Model}}) {
		out[group.Values[0]] = group.Row
	}
	return out
}

// Cost adds up the costs of the hours from first to last, both included, of the rows
// whose columns have these values.
func (l *Ledger) Cost(first, last int64, where map[int]string) (sum money.Sum) {
	for _, group := range l.Sum(Query{First: first, Last: last, Where: where}) {
		sum.AddSum(group.Row.Cost)
	}
	return sum
}
