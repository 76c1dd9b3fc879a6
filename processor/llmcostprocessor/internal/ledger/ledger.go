// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"strings"
	"sync"
	"time"
	"unicode/utf8"

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
const Overflow = "otel.metric.overflow"

// Limits bound a ledger.
type Limits struct {
	// Rows is how many rows there may be besides one overflow row an hour.
	Rows int
	// Models is how many models that no price table bounds have totals besides
	// the overflow total.
	Models int
	// Hours is for how many hours rows are kept.
	Hours int64
	// Calls is how many single calls are remembered, the newest ones.
	Calls int
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

	mu     sync.Mutex
	hours  map[int64]*hour
	rows   int
	totals map[string]*Total
	free   int  // models in totals that count toward the limit
	dirty  bool // totals changed since they were taken
	recent ring
}

type hour struct {
	rows  map[Key]*keyedRow
	dirty bool // changed since it was taken
}

// New returns an empty ledger.
func New(limits Limits) *Ledger {
	return &Ledger{limits: limits, hours: map[int64]*hour{}, totals: map[string]*Total{}, recent: ring{limit: limits.Calls}}
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
	// ID is that of the call: the same for all its changes.
	ID uint64
	// Out was counted before, In is to be counted; nil for nothing.
	Out, In *Call
	// Place is where Out was counted; Apply sets it to where In was.
	Place *Place
	Detail
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
		if c.In == nil {
			l.recent.remove(c.ID)
			continue
		}
		key, place := l.add(c.In, now, &r)
		*c.Place = place
		switch key {
		case nil:
			l.recent.remove(c.ID)
		default:
			l.recent.set(c.ID, key, c.In, c.Detail)
		}
	}
	return r
}

// Describe replaces what is known of a call that is remembered by itself.
func (l *Ledger) Describe(id uint64, detail Detail) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.recent.describe(id, detail)
}

// add counts a call, and returns the key of its row: nil for a late one.
func (l *Ledger) add(c *Call, now time.Time, r *Recorded) (*Key, Place) {
	took := c.timing()
	if c.Hour < l.oldest(now) {
		// A row would be dropped before long, and calls of made-up times would
		// make as many hours as they like until then.
		total, within := l.total(c.Model, c.Listed, now.Add(-time.Millisecond))
		total.count(&c.Figures, took)
		r.Late++
		if !within {
			r.Overflowed++
		}
		return nil, 0
	}
	row, within := l.row(c)
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
		return &row.Key, InOverflow
	}
	return &row.Key, 0
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
	h, ok := l.hours[c.Hour]
	if !ok {
		return // it is forgotten by now, or was late
	}
	key := c.key()
	row, ok := h.rows[key]
	if !ok {
		key.Provider = "" // a version before may have stored the row
		row, ok = h.rows[key]
	}
	if !ok || place == InOverflow {
		row, ok = h.rows[overflowKey]
	}
	if ok {
		h.dirty = true
		row.subtract(&c.Figures, took)
	}
}

func (c *Call) key() Key {
	key := Key{Provider: shorten(c.Provider), Model: c.Model, Dimensions: c.Dimensions}
	for i, value := range key.Dimensions {
		key.Dimensions[i] = shorten(value)
	}
	return key
}

// oldest is the first hour that is kept.
func (l *Ledger) oldest(now time.Time) int64 { return HourOf(now) - l.limits.Hours }

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

func (l *Ledger) row(c *Call) (row *keyedRow, known bool) {
	h, ok := l.hours[c.Hour]
	if !ok {
		h = &hour{rows: map[Key]*keyedRow{}}
		l.hours[c.Hour] = h
	}
	h.dirty = true
	key := c.key()
	if row, ok := h.rows[key]; ok {
		return row, key != overflowKey
	}
	known = key.Model != Overflow && l.rows < l.limits.Rows
	if known {
		l.rows++
		key = key.clone()
	} else {
		key = overflowKey
		if row, ok := h.rows[key]; ok {
			return row, false
		}
	}
	row = &keyedRow{Key: key}
	h.rows[key] = row
	return row, known
}

// clone copies the texts out of the telemetry that they are parts of.
func (k Key) clone() Key {
	k.Provider, k.Model = strings.Clone(k.Provider), strings.Clone(k.Model)
	for i, value := range k.Dimensions {
		k.Dimensions[i] = strings.Clone(value)
	}
	return k
}

// maxValueBytes bounds the value of a dimension; longer ones are cut, between
// two characters.
const maxValueBytes = 256

func shorten(value string) string {
	if len(value) <= maxValueBytes {
		return value
	}
	end := maxValueBytes
	for end > 0 && !utf8.RuneStart(value[end]) {
		end--
	}
	return value[:end]
}

// Forget drops the hours that are older than the limit.
func (l *Ledger) Forget(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	oldest := l.oldest(now)
	for at, h := range l.hours {
		if at < oldest {
			l.rows -= h.countRows()
			delete(l.hours, at)
		}
	}
}

// countRows returns how many rows of the hour count toward the limit.
func (h *hour) countRows() int {
	n := len(h.rows)
	if _, ok := h.rows[overflowKey]; ok {
		n--
	}
	return n
}

// Rows is the number of rows.
func (l *Ledger) Rows() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rows
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
	l.mu.Lock()
	defer l.mu.Unlock()
	out := map[string]Row{}
	h, ok := l.hours[at]
	if !ok {
		return out
	}
	for key, row := range h.rows {
		sum := out[key.Model]
		sum.Add(&row.Row)
		out[key.Model] = sum
	}
	return out
}

// Visit calls see with every row of the hours from first to last, both included.
// Calls that come meanwhile wait for one hour's rows at most. The row must not
// be kept or changed.
func (l *Ledger) Visit(first, last int64, see func(hour int64, key *Key, row *Row)) {
	for _, at := range l.known(first, last) {
		l.visitHour(at, see)
	}
}

// known are the hours that there are from first to last.
func (l *Ledger) known(first, last int64) []int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	var hours []int64
	for at := range l.hours {
		if at >= first && at <= last {
			hours = append(hours, at)
		}
	}
	return hours
}

func (l *Ledger) visitHour(at int64, see func(hour int64, key *Key, row *Row)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h, ok := l.hours[at]
	if !ok {
		return
	}
	for _, row := range h.rows {
		see(at, &row.Key, &row.Row)
	}
}

// Cost adds up the costs of the hours from first to last, both included, of the
// rows that matches accepts, or of all when it is nil.
func (l *Ledger) Cost(first, last int64, matches func(*Key) bool) money.Sum {
	var sum money.Sum
	l.Visit(first, last, func(_ int64, key *Key, row *Row) {
		if matches == nil || matches(key) {
			sum.AddSum(row.Cost)
		}
	})
	return sum
}
