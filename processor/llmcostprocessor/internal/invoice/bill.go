// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package invoice

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// Charge names an amount of a bill.
type Charge struct {
	Provider string `json:"provider"`
	Account  string `json:"account,omitempty"`
	Project  string `json:"project,omitempty"`
	// Item is the model as the provider names it, or another item.
	Item string `json:"item"`
	Day  string `json:"day"` // 2026-11-28, in UTC
}

// Consumption names an amount of billed usage.
type Consumption struct {
	Charge
	Kind string `json:"kind"` // of the usage table, or requests
	Tier string `json:"tier,omitempty"`
}

// Bill is what providers reported. A later amount of a name replaces an earlier one, so it
// does not matter how often a report is read. It is safe for concurrent use.
type Bill struct {
	limit int

	mu      sync.Mutex // guards what follows
	costs   map[Charge]money.Pico
	usage   map[Consumption]int64
	changed bool // since the last Take
}

// NewBill returns an empty bill. The limit bounds its names.
func NewBill(limit int) *Bill {
	return &Bill{limit: limit, costs: map[Charge]money.Pico{}, usage: map[Consumption]int64{}}
}

// SetCost records an amount. It is false where the bill is full, or the charge has no day.
func (b *Bill) SetCost(of Charge, amount money.Pico) bool {
	if !isDay(of.Day) {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return set(b, b.costs, of, amount)
}

// SetUsage records an amount of usage. It is false where the bill is full, or it has no day.
func (b *Bill) SetUsage(of Consumption, amount int64) bool {
	if !isDay(of.Day) {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return set(b, b.usage, of, amount)
}

func set[K, V comparable](b *Bill, to map[K]V, key K, value V) bool {
	before, known := to[key]
	switch {
	case !known && len(to) >= b.limit:
		return false
	case !known || before != value:
		to[key] = value
		b.changed = true
	}
	return true
}

func isDay(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return err == nil
}

// Forget removes the days before one.
func (b *Bill) Forget(before string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	size := len(b.costs) + len(b.usage)
	maps.DeleteFunc(b.costs, func(c Charge, _ money.Pico) bool { return c.Day < before })
	maps.DeleteFunc(b.usage, func(c Consumption, _ int64) bool { return c.Day < before })
	b.changed = b.changed || len(b.costs)+len(b.usage) != size
}

// stored is the form of a bill in the storage.
type stored struct {
	Costs []storedCost  `json:"costs"`
	Usage []storedUsage `json:"usage,omitempty"`
}

type storedCost struct {
	Charge
	Amount money.Pico `json:"picodollars"`
}

type storedUsage struct {
	Consumption
	Amount int64 `json:"amount"`
}

// Take returns the bill as it is stored, or nil if it has not changed since the last Take.
func (b *Bill) Take() ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.changed {
		return nil, nil
	}
	s := stored{Costs: make([]storedCost, 0, len(b.costs))}
	for charge, amount := range b.costs {
		s.Costs = append(s.Costs, storedCost{charge, amount})
	}
	for of, amount := range b.usage {
		s.Usage = append(s.Usage, storedUsage{of, amount})
	}
	content, err := json.Marshal(s)
	b.changed = err != nil
	return content, err
}

// GiveBack makes the next Take return the bill: it could not be written.
func (b *Bill) GiveBack() {
	b.mu.Lock()
	b.changed = true
	b.mu.Unlock()
}

// Load adds what Take has returned.
func (b *Bill) Load(content []byte) error {
	var s stored
	if err := json.Unmarshal(content, &s); err != nil {
		return err
	}
	for i := range s.Costs {
		b.SetCost(s.Costs[i].Charge, s.Costs[i].Amount)
	}
	for i := range s.Usage {
		b.SetUsage(s.Usage[i].Consumption, s.Usage[i].Amount)
	}
	return nil
}

// IsEmpty reports whether nothing was billed, as far as is known.
func (b *Bill) IsEmpty() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.costs) == 0
}

// Names of the usage that is not of a kind.
const requests = "requests"

// Lines adds the bill up by day, provider and model, from one day to another, which is not
// included. model returns the name that calls of the item are counted under; "" for an item
// that is not a model.
func (b *Bill) Lines(from, to string, model func(provider, item string) string) []Line {
	b.mu.Lock()
	defer b.mu.Unlock()
	type key struct{ day, provider, name string }
	lines := map[key]*Line{}
	of := func(c Charge) *Line {
		name := model(c.Provider, c.Item)
		line := Line{Day: c.Day, Provider: c.Provider, Model: name}
		if name == "" {
			line.Item, name = c.Item, "\x00"+c.Item
		}
		at := key{c.Day, c.Provider, name}
		if lines[at] == nil {
			lines[at] = &line
		}
		return lines[at]
	}
	for charge, amount := range b.costs {
		if charge.Day >= from && charge.Day < to {
			of(charge).Billed.Add(amount)
		}
	}
	for each, amount := range b.usage {
		if each.Day < from || each.Day >= to {
			continue
		}
		line := of(each.Charge)
		line.BilledUsage = true
		if each.Kind == requests {
			line.BilledRequests += amount
		} else if kind, known := usage.Named(each.Kind); known {
			line.BilledAmounts[kind] += amount
		}
		if each.Tier != "" && each.Tier != standard && amount > 0 && !slices.Contains(line.Tiers, each.Tier) {
			line.Tiers = append(line.Tiers, each.Tier)
			slices.Sort(line.Tiers)
		}
	}
	out := make([]Line, 0, len(lines))
	for _, line := range lines {
		out = append(out, *line)
	}
	slices.SortFunc(out, func(x, y Line) int {
		return strings.Compare(x.Day+"\x00"+x.Provider+"\x00"+x.Model+x.Item, y.Day+"\x00"+y.Provider+"\x00"+y.Model+y.Item)
	})
	return out
}

const standard = "standard"
