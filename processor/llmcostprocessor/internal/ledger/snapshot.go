// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"encoding/json"
	"fmt"
)

// totalsVersion is that of totals, and hours were stored in the same until segments were.
// Version 1 is read too, others are refused.
const totalsVersion = 2

type totalsDocument struct {
	Version int               `json:"version"`
	Totals  map[string]*Total `json:"totals"`
}

type hourDocument struct {
	Version int        `json:"version"`
	Rows    []keyedRow `json:"rows"`
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
	case totalsVersion:
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

func errVersion(got int) error {
	return fmt.Errorf("version %d is none of 1 to %d", got, totalsVersion)
}

// LoadHour adds an hour that a version before has stored.
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
		if loaded.Key != nil {
			row, _ := l.row(l.hour(at), *loaded.Key)
			row.Add(&loaded.Row)
		}
	}
	return nil
}

func (d *hourDocument) upgrade(content []byte) error {
	switch d.Version {
	case totalsVersion:
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
