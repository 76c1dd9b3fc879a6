// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
)

// version is that of the snapshot's form. Version 1 is read too, others are refused.
const version = 2

// Snapshot is what changed in a ledger, in parts that are kept by themselves.
type Snapshot struct {
	// Totals are all totals; nil when none has changed.
	Totals []byte
	// Hours are those that changed.
	Hours map[int64][]byte
	// Known are all hours there are.
	Known []int64
}

type totalsDocument struct {
	Version int               `json:"version"`
	Totals  map[string]*Total `json:"totals"`
}

type hourDocument struct {
	Version int        `json:"version"`
	Rows    []keyedRow `json:"rows"`
}

type keyedRow struct {
	Key
	Row
	total  *Total // of its model, once a call was counted
	within bool   // the total is its own, and not that of the overflow
}

// Changes are what has changed in a ledger, copied out of it.
type Changes struct {
	ledger *Ledger
	known  []int64
	totals map[string]*Total
	hours  map[int64][]keyedRow
}

// Snapshot writes the changes out, which takes far longer than to copy them. The
// ledger takes them again if it fails.
func (c *Changes) Snapshot() (Snapshot, error) {
	s := Snapshot{Hours: map[int64][]byte{}, Known: c.known}
	var err error
	if c.totals != nil {
		s.Totals, err = json.Marshal(totalsDocument{Version: version, Totals: c.totals})
	}
	for at, rows := range c.hours {
		content, failed := json.Marshal(hourDocument{Version: version, Rows: rows})
		s.Hours[at], err = content, errors.Join(err, failed)
	}
	if err != nil {
		c.ledger.mark(c.totals != nil, maps.Keys(c.hours))
		return Snapshot{}, err
	}
	return s, nil
}

// Take returns what has changed since it was last taken. What cannot be kept
// has to be given back with Mark.
func (l *Ledger) Take() Changes {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := Changes{ledger: l, known: slices.Sorted(maps.Keys(l.hours)), hours: map[int64][]keyedRow{}}
	if l.dirty {
		c.totals = make(map[string]*Total, len(l.totals))
		for model, total := range l.totals {
			own := *total
			c.totals[model] = &own
		}
		l.dirty = false
	}
	for at, h := range l.hours {
		if h.dirty {
			c.hours[at] = h.copy()
			h.dirty = false
		}
	}
	return c
}

func (h *hour) copy() []keyedRow {
	rows := make([]keyedRow, 0, len(h.rows))
	for _, row := range h.rows {
		rows = append(rows, *row)
	}
	return rows
}

// Mark notes that a snapshot was not stored: the next one has its contents again.
func (l *Ledger) Mark(s Snapshot) {
	l.mark(s.Totals != nil, maps.Keys(s.Hours))
}

func (l *Ledger) mark(totals bool, hours iter.Seq[int64]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dirty = l.dirty || totals
	for at := range hours {
		if h, ok := l.hours[at]; ok {
			h.dirty = true
		}
	}
}

// LoadTotals adds totals that were stored.
func (l *Ledger) LoadTotals(content []byte) error {
	var document totalsDocument
	if err := json.Unmarshal(content, &document); err != nil {
		return err
	}
	if err := document.upgrade(content); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for model, loaded := range document.Totals {
		if loaded == nil {
			continue
		}
		total, _ := l.total(model, loaded.Listed, loaded.Start)
		if loaded.Start.Before(total.Start) {
			total.Start = loaded.Start
		}
		total.Add(&loaded.Row)
		total.Exported.add(&loaded.Exported)
	}
	l.dirty = false
	return nil
}

func (d *totalsDocument) upgrade(content []byte) error {
	switch d.Version {
	case version:
		return nil
	case 1:
	default:
		return errVersion(d.Version)
	}
	var raw struct{ Totals map[string]json.RawMessage }
	if err := json.Unmarshal(content, &raw); err != nil {
		return err
	}
	for model, total := range d.Totals {
		if total == nil {
			continue
		}
		if err := upgrade([]json.RawMessage{raw.Totals[model]}, []*Row{&total.Row}); err != nil {
			return err
		}
		// All of it left as counters.
		total.Exported.raise(&total.Row)
	}
	return nil
}

func errVersion(got int) error { return fmt.Errorf("version %d is none of 1 to %d", got, version) }

// LoadHour adds an hour that was stored.
func (l *Ledger) LoadHour(at int64, content []byte) error {
	var document hourDocument
	if err := json.Unmarshal(content, &document); err != nil {
		return err
	}
	if err := document.upgrade(content); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range document.Rows {
		loaded := &document.Rows[i]
		row, _ := l.row(&Call{Provider: loaded.Provider, Model: loaded.Model, Dimensions: loaded.Dimensions, Hour: at})
		row.Add(&loaded.Row)
	}
	if h, ok := l.hours[at]; ok {
		h.dirty = false
	}
	return nil
}

func (d *hourDocument) upgrade(content []byte) error {
	switch d.Version {
	case version:
		return nil
	case 1:
	default:
		return errVersion(d.Version)
	}
	var raw struct{ Rows []json.RawMessage }
	if err := json.Unmarshal(content, &raw); err != nil {
		return err
	}
	rows := make([]*Row, len(d.Rows))
	for i := range d.Rows {
		rows[i] = &d.Rows[i].Row
	}
	return upgrade(raw.Rows, rows)
}
