// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package series

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// chunkSize is how many slots are persisted together.
const chunkSize = 256

const version = 1

type document struct {
	Version int      `json:"version"`
	Labels  []string `json:"labels"`
	Series  []stored `json:"series"`
}

type stored struct {
	Slot          int                 `json:"slot"`
	Names         []string            `json:"names,omitempty"` // provider, model and values; none of the overflow series
	Start         time.Time           `json:"start"`
	Changed       time.Time           `json:"changed"`
	Before        money.Sum           `json:"before,omitzero"`
	Cost          money.Sum           `json:"cost"`
	ExportedCost  money.Sum           `json:"exported_cost"`
	Calls         int64               `json:"calls"`
	ExportedCalls int64               `json:"exported_calls"`
	Unpriced      int64               `json:"unpriced,omitempty"`
	Usage         map[string][2]int64 `json:"usage"` // counted and exported, by kind
}

// Changes are copies of what has changed.
type Changes struct {
	labels []string
	chunks map[int][]entryAt
	// Chunks is how many there are, changed or not; 0 if none has changed.
	Chunks int
}

type entryAt struct {
	slot int
	entry
}

// Take returns what has changed since the last Take. What cannot be kept has to be
// given back with Mark.
func (s *Set) Take() Changes {
	c := Changes{labels: s.options.Labels, chunks: map[int][]entryAt{}}
	if len(s.changed) > 0 {
		c.Chunks = (len(s.slots) + chunkSize - 1) / chunkSize
	}
	for chunk := range s.changed {
		first := chunk * chunkSize
		c.chunks[chunk] = copySlots(first, s.slots[min(first, len(s.slots)):min(first+chunkSize, len(s.slots))])
	}
	clear(s.changed)
	return c
}

// copySlots copies the series of slots. Calls wait meanwhile, so that it allocates once for all.
func copySlots(first int, slots []*entry) []entryAt {
	series, amounts := 0, 0
	for _, e := range slots {
		if e != nil {
			series, amounts = series+1, amounts+len(e.amounts)
		}
	}
	entries, all := make([]entryAt, 0, series), make([]amount, 0, amounts)
	for i, e := range slots {
		if e == nil {
			continue
		}
		own := entryAt{first + i, *e}
		begin := len(all)
		all = append(all, e.amounts...)
		own.amounts = all[begin:len(all):len(all)]
		entries = append(entries, own)
	}
	return entries
}

// Mark notes that changes were not stored: the next ones include them.
func (s *Set) Mark(c Changes) {
	for chunk := range c.chunks {
		s.changed[chunk] = true
	}
}

// MarkAll has the next changes include all series.
func (s *Set) MarkAll() {
	for chunk := range (len(s.slots) + chunkSize - 1) / chunkSize {
		s.changed[chunk] = true
	}
}

// Encode calls write with each of the changed chunks, in order, which takes longer than to copy them.
func (c *Changes) Encode(write func(chunk int, content []byte) error) error {
	for _, chunk := range slices.Sorted(maps.Keys(c.chunks)) {
		entries := c.chunks[chunk]
		d := document{Version: version, Labels: c.labels, Series: make([]stored, len(entries))}
		for i := range entries {
			d.Series[i] = entries[i].stored()
		}
		content, err := json.Marshal(d)
		if err == nil {
			err = write(chunk, content)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *entryAt) stored() stored {
	s := stored{
		Slot: e.slot, Start: e.begin, Changed: e.changed, Before: e.before, Cost: e.cost, ExportedCost: e.exportedCost,
		Calls: e.calls, ExportedCalls: e.exportedCalls, Unpriced: e.unpriced, Usage: map[string][2]int64{},
	}
	if e.slot != overflowSlot {
		provider, model, values := parseKey(e.key, nil)
		s.Names = append([]string{provider, model}, values...)
	}
	for _, a := range e.amounts {
		s.Usage[a.kind.String()] = [2]int64{a.n, a.exported}
	}
	return s
}

// Load adds a chunk that was stored. State of other dimensions is left out: its series
// have ended.
func (s *Set) Load(content []byte) error {
	var d document
	if err := json.Unmarshal(content, &d); err != nil {
		return err
	}
	if d.Version != version {
		return fmt.Errorf("version %d is not %d", d.Version, version)
	}
	if len(d.Labels) > len(s.options.Labels) || !slices.Equal(d.Labels, s.options.Labels[:len(d.Labels)]) {
		return nil
	}
	entries := make([]*entry, len(d.Series))
	for i := range d.Series {
		var err error
		if entries[i], err = d.Series[i].entry(len(d.Labels), len(s.options.Labels)); err != nil {
			return err
		}
	}
	for i, e := range entries {
		slot := d.Series[i].Slot
		for len(s.slots) <= slot {
			s.slots = append(s.slots, nil)
		}
		s.slots[slot] = e
		if slot != overflowSlot {
			s.index[e.key] = slot
		}
	}
	s.free = s.free[:0]
	for slot, e := range s.slots {
		if e == nil && slot != overflowSlot {
			s.free = append(s.free, slot)
		}
	}
	return nil
}

// maxSlots bounds what damaged state can ask for.
const maxSlots = 1_000_000

// entry is that of a series with the first of so many dimensions.
func (s *stored) entry(first, dimensions int) (*entry, error) {
	e := &entry{
		begin: s.Start, changed: s.Changed, before: s.Before, cost: s.Cost, exportedCost: s.ExportedCost,
		calls: s.Calls, exportedCalls: s.ExportedCalls, unpriced: s.Unpriced,
	}
	if s.Slot < 0 || s.Slot >= maxSlots || s.Slot != overflowSlot && len(s.Names) != 2+first {
		return nil, fmt.Errorf("slot %d has %d names", s.Slot, len(s.Names))
	}
	if s.Slot != overflowSlot {
		var key []byte
		for _, name := range s.Names {
			key = ledger.AppendKeyText(key, name)
		}
		for range dimensions - first {
			key = ledger.AppendKeyText(key, "")
		}
		e.key = string(key)
	}
	for name, n := range s.Usage {
		kind, known := usage.Named(name)
		if !known {
			return nil, fmt.Errorf("usage of the unknown kind %q", name)
		}
		e.amounts = append(e.amounts, amount{kind, n[0], n[1]})
	}
	return e, nil
}
