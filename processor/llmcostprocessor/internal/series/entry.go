// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package series

import (
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// entry is one series.
type entry struct {
	key string // "" is the overflow series
	// begin is when counting began: before the first call was counted.
	begin   time.Time
	changed time.Time
	// before is what calls of the key cost before, which other series have counted.
	before money.Sum
	// What was counted, and the largest of it that left as counters: these never decrease,
	// so what a correction takes away is worked off against what comes next.
	cost, exportedCost   money.Sum
	calls, exportedCalls int64
	unpriced             int64
	amounts              []amount
	example              Example
	wasAhead             bool
}

type amount struct {
	kind        usage.Kind
	n, exported int64
}

// Example is the newest call of a series.
type Example struct {
	Trace [16]byte // zero: there is none
	Span  [8]byte
	End   int64 // nanoseconds since 1970
	Cost  money.Pico
}

// newEntry has a start before now, so that the first value is seen as an increase from zero.
func newEntry(key string, now time.Time) *entry {
	return &entry{key: key, begin: now.Add(-time.Millisecond), changed: now}
}

// rank is what all calls of the key cost.
func (e *entry) rank() money.Sum {
	sum := e.before
	sum.AddSum(e.cost)
	return sum
}

func (e *entry) add(c *ledger.Call, now time.Time) {
	e.changed = now
	e.cost.Add(c.Cost)
	e.addCalls(c, 1)
	if c.Trace != [16]byte{} && c.End >= e.example.End {
		e.example = Example{Trace: c.Trace, Span: c.Span, End: c.End, Cost: c.Cost}
	}
}

func (e *entry) remove(c *ledger.Call, now time.Time) {
	e.changed = now
	e.cost.Subtract(money.SumOf(c.Cost))
	e.addCalls(c, -1)
}

func (e *entry) addCalls(c *ledger.Call, sign int64) {
	n := sign * c.NumCalls()
	e.calls += n
	if c.Unpriced {
		e.unpriced += n
	}
	for kind, used := range c.Usage {
		if used != 0 {
			e.amount(usage.Kind(kind)).n += sign * used
		}
	}
}

// amount is the one of a kind. A series has few kinds.
func (e *entry) amount(kind usage.Kind) *amount {
	for i := range e.amounts {
		if e.amounts[i].kind == kind {
			return &e.amounts[i]
		}
	}
	e.amounts = append(e.amounts, amount{kind: kind})
	return &e.amounts[len(e.amounts)-1]
}

// export raises what left as counters, and reports whether it did.
func (e *entry) export() (raised bool) {
	if e.exportedCost.Less(e.cost) {
		e.exportedCost, raised = e.cost, true
	}
	if e.exportedCalls < e.calls {
		e.exportedCalls, raised = e.calls, true
	}
	for i := range e.amounts {
		if a := &e.amounts[i]; a.exported < a.n {
			a.exported, raised = a.n, true
		}
	}
	return raised
}

// isExported reports whether what was counted is what left.
func (e *entry) isExported() bool {
	for _, a := range e.amounts {
		if a.n != a.exported {
			return false
		}
	}
	return e.cost == e.exportedCost && e.calls == e.exportedCalls
}

// addRest adds what was counted of another series and did not leave.
func (e *entry) addRest(o *entry) {
	e.cost.AddSum(o.cost)
	e.cost.Subtract(o.exportedCost)
	e.calls += o.calls - o.exportedCalls
	for _, a := range o.amounts {
		e.amount(a.kind).n += a.n - a.exported
	}
}

// Point is what leaves of a series.
type Point struct {
	Overflow        bool
	Provider, Model string
	Values          []string // of the dimensions
	Start           time.Time
	Calls           int64
	Cost            money.Sum
	Priced          bool // without, the cost is unknown, and not 0
	Usage           [usage.Count]int64
	// Ahead is how much Cost is above what the ledger has.
	Ahead money.Sum
	// WasAhead: it has been above since the process started.
	WasAhead bool
	Example  Example
}

// exportedTogether is how many slots are exported at once.
const exportedTogether = 256

// Export calls visit with the series of some slots from first on, and returns the slot to go on
// with; 0 after the last. Calls may be counted between. The point is reused.
func (s *Set) Export(first int, visit func(*Point)) (next int) {
	var p Point
	if next = first + exportedTogether; next >= len(s.slots) {
		next = 0
	}
	for slot := first; slot < min(first+exportedTogether, len(s.slots)); slot++ {
		e := s.slots[slot]
		if e == nil {
			continue
		}
		if e.export() {
			s.changed[slot/chunkSize] = true
		}
		p = Point{
			Start: e.begin, Calls: e.exportedCalls, Cost: e.exportedCost, Priced: e.calls > e.unpriced || !e.exportedCost.IsZero(),
			Ahead: e.exportedCost, Example: e.example, Values: p.Values[:0],
		}
		p.Ahead.Subtract(e.cost)
		e.wasAhead = e.wasAhead || !p.Ahead.IsZero()
		p.WasAhead = e.wasAhead
		for _, a := range e.amounts {
			p.Usage[a.kind] = a.exported
		}
		if p.Overflow = slot == overflowSlot; p.Overflow {
			p.Provider, p.Model = ledger.Overflow, ledger.Overflow
		} else {
			p.Provider, p.Model, p.Values = parseKey(e.key, p.Values)
		}
		visit(&p)
		e.example = Example{} // an exemplar is sent once
	}
	return next
}

// parseKey reads what ledger.AppendKey has written.
func parseKey(key string, values []string) (provider, model string, dimensions []string) {
	for n := 0; key != ""; n++ {
		length, size := int(key[0]), 1
		if key[0] >= 0x80 { // texts are no longer than two bytes can have
			length, size = int(key[0]&0x7f)|int(key[1])<<7, 2
		}
		text := key[size : size+length]
		key = key[size+length:]
		switch n {
		case 0:
			provider = text
		case 1:
			model = text
		default:
			values = append(values, text)
		}
	}
	return provider, model, values
}
