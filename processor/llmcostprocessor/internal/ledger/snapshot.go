// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// version is that of the snapshot's form. A snapshot of another is refused.
const version = 1

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
}

// Take returns what has changed since it was last taken. What cannot be kept
// has to be given back with Mark.
func (l *Ledger) Take() (Snapshot, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := Snapshot{Hours: map[int64][]byte{}, Known: slices.Sorted(maps.Keys(l.hours))}
	if l.dirty {
		var err error
		if s.Totals, err = json.Marshal(totalsDocument{Version: version, Totals: l.totals}); err != nil {
			return Snapshot{}, err
		}
	}
	for at, h := range l.hours {
		if !h.dirty {
			continue
		}
		document := hourDocument{Version: version, Rows: make([]keyedRow, 0, len(h.rows))}
		for key, row := range h.rows {
			document.Rows = append(document.Rows, keyedRow{Key: key, Row: *row})
		}
		var err error
		if s.Hours[at], err = json.Marshal(document); err != nil {
			return Snapshot{}, err
		}
	}
	l.dirty = false
	for at := range s.Hours {
		l.hours[at].dirty = false
	}
	return s, nil
}

// Mark says that a snapshot was not kept: what it holds is taken again.
func (l *Ledger) Mark(s Snapshot) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dirty = l.dirty || s.Totals != nil
	for at := range s.Hours {
		if h, ok := l.hours[at]; ok {
			h.dirty = true
		}
	}
}

// LoadTotals adds totals that were kept.
func (l *Ledger) LoadTotals(content []byte) error {
	var document totalsDocument
	if err := json.Unmarshal(content, &document); err != nil {
		return err
	}
	if document.Version != version {
		return fmt.Errorf("version %d is not %d", document.Version, version)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for model, kept := range document.Totals {
		if kept == nil {
			continue
		}
		total, _ := l.total(model, kept.Listed, kept.Start)
		if kept.Start.Before(total.Start) {
			total.Start = kept.Start
		}
		total.Add(&kept.Row)
	}
	l.dirty = false
	return nil
}

// LoadHour adds an hour that was kept.
func (l *Ledger) LoadHour(at int64, content []byte) error {
	var document hourDocument
	if err := json.Unmarshal(content, &document); err != nil {
		return err
	}
	if document.Version != version {
		return fmt.Errorf("version %d is not %d", document.Version, version)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range document.Rows {
		kept := &document.Rows[i]
		row, _ := l.row(&Call{Hour: at, Model: kept.Model, Dimensions: kept.Dimensions})
		row.Add(&kept.Row)
	}
	if h, ok := l.hours[at]; ok {
		h.dirty = false
	}
	return nil
}
