// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"encoding/binary"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/convention"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/seen"
)

// What is written on a span or record. The cost is in US dollars.
const (
	attrCost     = "gen_ai.usage.cost"
	attrStatus   = "arc.llm.cost.status"
	attrReported = "arc.llm.cost.reported"

	statusPriced   = "priced"
	statusUnpriced = "unpriced"
)

const (
	// maxAhead is how far a sender's clock may be ahead before its time is taken
	// to be wrong.
	maxAhead = 10 * time.Minute
	// maxDuration is the longest that a call can take. What is above is a mistake
	// in the times, and is not in the histogram of durations.
	maxDuration = 24 * time.Hour
)

// sighting is one record that is a call.
type sighting struct {
	call       convention.Call
	attributes pcommon.Map
	resource   pcommon.Map
	trace      pcommon.TraceID
	span       pcommon.SpanID
	parent     pcommon.SpanID
	start, end pcommon.Timestamp // start is 0 for log records
	wrapper    bool
}

// batch is what is found in the telemetry of one Consume.
type batch struct {
	calls  []sighting
	counts map[tally]int64
}

func (b *batch) count(conv, outcome string) {
	if b.counts == nil {
		b.counts = map[tally]int64{}
	}
	b.counts[tally{convention: conv, outcome: outcome}]++
}

// settle prices and counts the calls of a batch. It counts before the batch
// goes on: what is refused further on and sent again is known by its IDs then,
// so it counts once in either case.
func (c *core) settle(ctx context.Context, b *batch) {
	if len(b.calls) > 0 {
		markWrappers(b.calls)
		now := time.Now()
		entries := make([]ledger.Call, 0, len(b.calls))
		for i := range b.calls {
			s := &b.calls[i]
			if s.wrapper {
				write(s, 0, outcomeWrapper)
				c.first(s, now) // it may come again without the call that it repeats
				b.count(s.call.Convention, outcomeWrapper)
				continue
			}
			at := c.timeOf(ctx, s, now)
			name, listed, cost, outcome := c.price(&s.call, at)
			write(s, cost, outcome)
			if !c.first(s, now) {
				b.count(s.call.Convention, outcomeDuplicate)
				continue
			}
			b.count(s.call.Convention, outcome)
			entries = append(entries, c.entry(s, name, listed, cost, outcome, at))
		}
		recorded := c.ledger.Record(entries, now)
		if recorded.Overflowed > 0 {
			c.telemetry.ProcessorLlmCostLedgerOverflow.Add(ctx, recorded.Overflowed)
		}
		if recorded.Late > 0 {
			c.telemetry.ProcessorLlmCostLedgerLate.Add(ctx, recorded.Late)
		}
	}
	c.tally.add(ctx, b.counts)
}

// timeOf is when the call was made: its end, which every kind of record has.
func (c *core) timeOf(ctx context.Context, s *sighting, now time.Time) time.Time {
	if s.end == 0 {
		return now
	}
	at := s.end.AsTime()
	// What is beyond 2262 wraps around to before 1970.
	if at.Sub(now) > maxAhead || at.Unix() < 0 {
		c.telemetry.ProcessorLlmCostClampedTimes.Add(ctx, 1)
		return now
	}
	return at
}

// price finds the model's name in the table, or as written, and the cost.
func (c *core) price(call *convention.Call, at time.Time) (name string, listed bool, cost money.Pico, outcome string) {
	model, found := c.prices.Load().Find(call.Provider, call.Model)
	name = call.Model
	if listed = found && model.Name != ""; listed {
		name = model.Name
	}
	if !call.HasTokens && call.Status != convention.Success && call.Reported == 0 {
		return name, listed, 0, outcomeFree
	}
	if !found || !call.HasTokens {
		return name, listed, 0, outcomeUnpriced
	}
	cost, ok := model.Cost(&call.Tokens, call.Tier, at)
	if !ok {
		return name, listed, 0, outcomeUnpriced
	}
	return name, listed, cost, outcomePriced
}

// write puts the cost on the span or record, and sets aside what the application
// reported, so that the cost that is there is the one that was counted. Where
// another of our instances has been, nothing is left to do.
func write(s *sighting, cost money.Pico, outcome string) {
	if _, done := s.attributes.Get(attrStatus); done {
		return
	}
	s.attributes.EnsureCapacity(s.attributes.Len() + 3)
	if s.call.HasReported {
		s.attributes.PutDouble(attrReported, s.call.Reported)
	}
	if outcome == outcomePriced {
		s.attributes.PutDouble(attrCost, cost.Dollars())
		s.attributes.PutStr(attrStatus, statusPriced)
		return
	}
	s.attributes.Remove(attrCost)
	if outcome == outcomeUnpriced {
		s.attributes.PutStr(attrStatus, statusUnpriced)
	}
}

// first says whether the call was not counted before. A record without IDs
// cannot be told from another, and counts.
func (c *core) first(s *sighting, now time.Time) bool {
	if s.trace.IsEmpty() || s.span.IsEmpty() {
		return true
	}
	var id seen.ID
	copy(id[:16], s.trace[:])
	copy(id[16:], s.span[:])
	if s.call.Shared {
		// Other calls have the same IDs: the time and what was used tell them apart.
		n := binary.NativeEndian.Uint64(id[16:]) ^ uint64(s.end) ^ uint64(s.call.Tokens.Prompt())<<32 ^ uint64(s.call.Tokens.Output)
		binary.NativeEndian.PutUint64(id[16:], n)
	}
	return c.seen.Add(id, now)
}

func (c *core) entry(s *sighting, name string, listed bool, cost money.Pico, outcome string, at time.Time) ledger.Call {
	tokens := s.call.Tokens
	took, timed := duration(s)
	return ledger.Call{
		Hour:       ledger.HourOf(at),
		Model:      name,
		Listed:     listed,
		Dimensions: c.dimensions(s),
		Status:     statusOf(s.call.Status),
		Prompt:     tokens.Prompt(),
		Completion: tokens.Completion(),
		CacheRead:  tokens.CacheRead,
		CacheWrite: tokens.CacheWrite + tokens.CacheWrite1h,
		Cost:       cost,
		Unpriced:   outcome == outcomeUnpriced,
		Duration:   took,
		Timed:      timed,
	}
}

func (c *core) dimensions(s *sighting) ledger.Dimensions {
	var values ledger.Dimensions
	for i, key := range c.cfg.Dimensions {
		value, ok := s.attributes.Get(key)
		if !ok {
			value, ok = s.resource.Get(key)
		}
		if ok {
			values[i] = value.AsString()
		}
	}
	return values
}

func statusOf(status convention.Status) ledger.Status {
	switch status {
	case convention.Error:
		return ledger.Error
	case convention.Timeout:
		return ledger.Timeout
	default:
		return ledger.Success
	}
}

// duration is that of the span, or what the record says, when it makes sense.
func duration(s *sighting) (took time.Duration, known bool) {
	if s.start == 0 {
		return s.call.Duration, s.call.Duration > 0 && s.call.Duration <= maxDuration
	}
	if s.end < s.start || s.end-s.start > pcommon.Timestamp(maxDuration) {
		return 0, false
	}
	return time.Duration(s.end - s.start), true
}

// markWrappers finds calls that repeat the call inside them, as a framework's
// instrumentation around an SDK's does: parent and child of one trace, of the
// same use, the child within the parent's time. The inner one counts.
//
// A span that is its own parent, or its parent's parent, wraps nothing.
func markWrappers(calls []sighting) {
	if len(calls) < 2 {
		return
	}
	byID := make(map[uint64]int, len(calls))
	for i := range calls {
		if calls[i].start != 0 && !calls[i].span.IsEmpty() {
			byID[binary.NativeEndian.Uint64(calls[i].span[:])] = i
		}
	}
	for i := range calls {
		inner := &calls[i]
		if inner.parent.IsEmpty() {
			continue
		}
		at, ok := byID[binary.NativeEndian.Uint64(inner.parent[:])]
		if ok && calls[at].parent != inner.span && wraps(&calls[at], inner) {
			calls[at].wrapper = true
		}
	}
}

func wraps(outer, inner *sighting) bool {
	return outer.trace == inner.trace &&
		outer.start <= inner.start && inner.end <= outer.end &&
		sameUse(&outer.call, &inner.call)
}

// sameUse says whether two nested calls used the same. The model need not be
// called the same: a gateway has names of its own. Where no tokens tell, as when
// both failed, what is left to tell by is the model and how they ended.
func sameUse(outer, inner *convention.Call) bool {
	if outer.HasTokens != inner.HasTokens || outer.Tokens != inner.Tokens {
		return false
	}
	return outer.Tokens != price.Tokens{} || outer.Model == inner.Model && outer.Status == inner.Status
}
