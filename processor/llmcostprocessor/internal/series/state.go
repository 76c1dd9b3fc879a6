// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package series

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// chunkSize is how many slots are persisted together.
const chunkSize = 1024

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
		entries := []entryAt{}
		for slot := chunk * chunkSize; slot < min((chunk+1)*chunkSize, len(s.slots)); slot++ {
			if e := s.slots[slot]; e != nil {
				own := entryAt{slot, *e}
				own.amounts = slices.Clone(e.amounts)
				entries = append(entries, own)
			}
		}
		c.chunks[chunk] = entries
	}
	clear(s.changed)
	return c
}

// Mark notes that changes were not stored: the next ones include them.
func (s *Set) Mark(c Changes) {
	for chunk := range c.chunks {
		s.changed[chunk] = true
	}
}

// Encode writes the changed chunks out, which takes longer than to copy them.
func (c *Changes) Encode() (map[int][]byte, error) {
	out := map[int][]byte{}
	for chunk, entries := range c.chunks {
		d := document{Version: version, Labels: c.labels, Series: make([]stored, len(entries))}
		for i := range entries {
			d.Series[i] = entries[i].stored()
		}
		content, err := json.Marshal(d)
		if err != nil {
			return nil, err
		}
		out[chunk] = content
	}
	return out, nil
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
