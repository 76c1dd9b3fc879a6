// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"strings"
	"sync"
	"time"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// MaxDimensions is how many dimensions there may be.
const MaxDimensions = 6

// Dimensions are values in the order of the configuration; "" for none.
type Dimensions [MaxDimensions]string

// Overflow stands for the models and dimensions beyond a limit.
const Overflow = "otel.metric.overflow"

// Limits bound a ledger.
type Limits struct {
	// Rows is how many rows there may be besides one overflow row an hour.
	Rows int
	// Models is how many models have totals besides the overflow total.
	Models int
	// Hours is for how many hours rows are kept.
	Hours int64
}

// Key names a row within its hour.
type Key struct {
	Model      string     `json:"model"`
	Dimensions Dimensions `json:"dimensions"`
}

// Total is what a model's calls add up to since Start.
type Total struct {
	// Start is when counting began: before the first call was counted.
	Start time.Time `json:"start"`
	Row
}

// Ledger may be used by several goroutines.
type Ledger struct {
	limits Limits

	mu     sync.Mutex
	hours  map[int64]*hour
	rows   int
	totals map[string]*Total
	dirty  bool // totals changed since they were taken
}

type hour struct {
	rows  map[Key]*Row
	dirty bool // changed since it was taken
}

// New returns an empty ledger.
func New(limits Limits) *Ledger {
	return &Ledger{limits: limits, hours: map[int64]*hour{}, totals: map[string]*Total{}}
}

// HourOf is the hour that a time is in.
func HourOf(t time.Time) int64 { return t.Unix() / 3600 }

// Record adds calls, and says how many of them are in an overflow row.
func (l *Ledger) Record(calls []Call, now time.Time) (overflowed int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range calls {
		c := &calls[i]
		total, within := l.total(c.Model, now)
		row, known := l.row(c)
		if !within || !known {
			overflowed++
		}
		total.add(c)
		row.add(c)
	}
	return overflowed
}

func (l *Ledger) total(model string, now time.Time) (total *Total, within bool) {
	if total, ok := l.totals[model]; ok {
		l.dirty = true
		return total, true
	}
	within = len(l.totals) < l.limits.Models
	if !within {
		model = Overflow
	}
	total, ok := l.totals[model]
	if !ok {
		// Before the first point of the series, so that its first value is seen
		// as an increase from zero.
		total = &Total{Start: now.Add(-time.Millisecond)}
		l.totals[strings.Clone(model)] = total
	}
	l.dirty = true
	return total, within
}

func (l *Ledger) row(c *Call) (row *Row, known bool) {
	h, ok := l.hours[c.Hour]
	if !ok {
		h = &hour{rows: map[Key]*Row{}}
		l.hours[c.Hour] = h
	}
	h.dirty = true
	key := Key{Model: c.Model, Dimensions: c.Dimensions}
	if row, ok := h.rows[key]; ok {
		return row, true
	}
	known = l.rows < l.limits.Rows
	if known {
		l.rows++
		key = key.clone()
	} else {
		key = Key{Model: Overflow}
		if row, ok := h.rows[key]; ok {
			return row, false
		}
	}
	row = &Row{}
	h.rows[key] = row
	return row, known
}

// clone copies the texts out of the telemetry that they are parts of.
func (k Key) clone() Key {
	k.Model = strings.Clone(k.Model)
	for i, value := range k.Dimensions {
		k.Dimensions[i] = strings.Clone(value)
	}
	return k
}

// Forget drops the hours that are older than the limit.
func (l *Ledger) Forget(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	oldest := HourOf(now) - l.limits.Hours
	for at, h := range l.hours {
		if at < oldest {
			l.rows -= h.counted()
			delete(l.hours, at)
		}
	}
}

// counted is how many rows of the hour count towards the limit.
func (h *hour) counted() int {
	n := len(h.rows)
	if _, ok := h.rows[Key{Model: Overflow}]; ok {
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
		sum.Add(row)
		out[key.Model] = sum
	}
	return out
}

// Cost adds up what the calls of the hours from first to last cost, both included.
func (l *Ledger) Cost(first, last int64) money.Sum {
	l.mu.Lock()
	defer l.mu.Unlock()
	var sum money.Sum
	for at, h := range l.hours {
		if at < first || at > last {
			continue
		}
		for _, row := range h.rows {
			sum.AddSum(row.Cost)
		}
	}
	return sum
}
