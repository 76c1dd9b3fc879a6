// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/pdatautil"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/convention"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/seen"
)

// What is written on a span or record. The cost is in US dollars.
const (
	attrCost     = "gen_ai.usage.cost"
	attrStatus   = "arc.llm.cost.status"
	attrReason   = "arc.llm.cost.reason"
	attrReported = "arc.llm.cost.reported"
)

const (
	// maxAhead is how far a sender's clock may be ahead before its time is taken
	// to be wrong.
	maxAhead = 10 * time.Minute
	// firstCalls is the second in which 2020 began, the year in which the first model was sold by the call. A
	// time before is that of a clock that was never set.
	firstCalls = 1577836800
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
	alone      bool // the span around it is in the batch, and is another call
}

// batch is what is found in the telemetry of one Consume, and what it adds.
type batch struct {
	reader    convention.Reader
	calls     []sighting
	spans     spanSet
	byID      map[uint64]int // calls, by their spans
	sightings []seen.Sighting
	verdicts  []seen.Verdict // of the sightings
	models    models
	resource  pcommon.Map       // the one looked at last
	values    ledger.Dimensions // what it says
	outcomes  counts            // of the calls
	rules     counts            // by which cached tokens were told from the others
	adds      entry
}

// spare are batches to be used again, since what is found in a thousand spans
// takes half a megabyte. A sync.Pool would drop them at every other collection.
var spare = make(chan *batch, 4)

func newBatch() *batch {
	select {
	case b := <-spare:
		return b
	default:
		return &batch{byID: map[uint64]int{}}
	}
}

// maxSpare bounds the batches that are used again, in calls.
const maxSpare = 10_000

func (b *batch) free() {
	if cap(b.calls) > maxSpare {
		return
	}
	// What is in the telemetry must not be kept.
	clear(b.calls)
	clear(b.adds.calls)
	clear(b.byID)
	b.models.forget()
	b.reader.Forget()
	b.resource, b.values = pcommon.Map{}, ledger.Dimensions{}
	b.calls, b.adds.calls, b.adds.seen = b.calls[:0], b.adds.calls[:0], b.adds.seen[:0]
	b.outcomes, b.rules = b.outcomes[:0], b.rules[:0]
	b.sightings, b.verdicts = b.sightings[:0], b.verdicts[:0]
	select {
	case spare <- b:
	default:
	}
}

// room makes room for one more, which is zero: free has seen to it.
func room[T any](in *[]T) *T {
	n := len(*in)
	if n == cap(*in) {
		*in = append(*in, *new(T))
	} else {
		*in = (*in)[:n+1]
	}
	return &(*in)[n]
}

// keep keeps the call that room was made for if it is a call, and says so.
func (b *batch) keep(found *sighting, outcome convention.Outcome, reason string) bool {
	if outcome == convention.IsCall {
		return true
	}
	if outcome == convention.Invalid {
		b.outcomes.add(found.call.Convention, reason)
	}
	if outcome != convention.NotACall {
		*found = sighting{}
	}
	b.calls = b.calls[:len(b.calls)-1]
	return false
}

// settle prices and counts the calls of a batch. It counts before the batch
// goes on: what is refused further on and sent again is known by its IDs then,
// so it counts once in either case.
func (c *core) settle(ctx context.Context, b *batch) {
	if len(b.calls) > 0 {
		b.adds.at = time.Now()
		b.models.table = c.prices.Load()
		b.decideReadings()
		b.markWrappers()
		for i := range b.calls {
			b.sightings = append(b.sightings, identity(&b.calls[i]))
		}
		b.verdicts = c.seen.Add(b.verdicts, b.sightings, b.adds.at)
		for i := range b.calls {
			c.settleCall(ctx, b, i)
		}
		c.record(ctx, &b.adds)
	}
	c.tally(ctx, b)
}

// tally adds what a batch counted to the self-telemetry.
func (c *core) tally(ctx context.Context, b *batch) {
	c.outcomes.add(ctx, b.outcomes)
	c.rules.add(ctx, b.rules)
}

// settleCall prices a call, and adds it to the entry if it counts.
func (c *core) settleCall(ctx context.Context, b *batch, i int) {
	s, verdict, e := &b.calls[i], b.verdicts[i], &b.adds
	if id := b.sightings[i]; id.ID != 0 && verdict != seen.Known {
		e.seen = append(e.seen, id)
	}
	if s.wrapper || verdict == seen.Repeat {
		write(s, &charge{outcome: outcomeWrapper})
		b.outcomes.add(s.call.Convention, outcomeWrapper)
		return
	}
	at := c.timeOf(ctx, s.end, e.at)
	v := priceCall(&s.call, b.models.find(s), false, at)
	write(s, &v)
	if verdict == seen.Known {
		b.outcomes.add(s.call.Convention, outcomeDuplicate)
		return
	}
	b.outcomes.add(s.call.Convention, v.outcome)
	b.ruled(&s.call)
	if v.unknown {
		c.unpriced.add(&s.call, at)
	}
	c.fill(room(&e.calls), s, b.valuesOf(c.cfg.Dimensions, s.resource), &v, at)
}

// ruled notes how the cached tokens of a call that counts were told from the others.
func (b *batch) ruled(call *convention.Call) {
	if call.Rule != convention.ByNothing {
		b.rules.add(call.Convention, call.Rule.String())
	}
}

// record counts what a batch adds, and with a storage writes it down before the
// batch is acknowledged. A storage that fails keeps no telemetry back.
func (c *core) record(ctx context.Context, e *entry) {
	var recorded ledger.Recorded
	count := func() { recorded = c.ledger.Record(e.calls, e.at) }
	if c.store == nil {
		count()
	} else {
		// What was counted is written although the sender may have gone.
		err := c.store.journal(context.WithoutCancel(ctx), e, count)
		if err != nil {
			c.telemetry.ProcessorLlmCostJournalFailures.Add(ctx, 1)
			err = fmt.Errorf("write what is counted to the storage: %w", err)
		}
		c.journaled(err)
	}
	if recorded.Overflowed > 0 {
		c.telemetry.ProcessorLlmCostLedgerOverflow.Add(ctx, recorded.Overflowed)
	}
	if recorded.Late > 0 {
		c.telemetry.ProcessorLlmCostLedgerLate.Add(ctx, recorded.Late)
	}
}

// journaled says whether what was counted could be written as it came.
func (c *core) journaled(err error) {
	c.health.Set(problemJournal, err,
		"Cannot write what is counted to the storage as it comes: if the process is killed, calls since the ledger was last written are lost.",
		"What is counted is written to the storage as it comes again.")
}

// timeOf is when the call was made: its end, which every kind of record has. A
// time that cannot be is taken for now, and counted.
func (c *core) timeOf(ctx context.Context, end pcommon.Timestamp, now time.Time) time.Time {
	at, clamped := clampTime(end, now)
	if clamped {
		c.telemetry.ProcessorLlmCostClampedTimes.Add(ctx, 1)
	}
	return at
}

func clampTime(end pcommon.Timestamp, now time.Time) (at time.Time, clamped bool) {
	switch {
	case end == 0:
		return now, false
	case end < firstCalls*1e9, end > pcommon.NewTimestampFromTime(now)+pcommon.Timestamp(maxAhead):
		return now, true
	}
	return time.Unix(0, int64(end)), false
}

// identity is what the call is known by; its ID is 0 for one that cannot be told
// from others.
func identity(s *sighting) seen.Sighting {
	if s.trace.IsEmpty() || s.span.IsEmpty() {
		return seen.Sighting{ID: idOfContent(s)}
	}
	id := seen.Sighting{ID: seen.IDOf(s.trace, s.span), Wrapper: s.wrapper}
	if s.call.Shared {
		// Other calls have the same IDs: the time and what was used tell them apart.
		id.ID ^= seen.ID(uint64(s.end) ^ uint64(s.call.Usage.Prompt())<<32 ^ uint64(s.call.Usage.Completion()))
		return id
	}
	if s.start == 0 {
		return id // of a log record, whose parent is not known
	}
	id.Use = useOf(&s.call)
	if !s.parent.IsEmpty() && !s.alone {
		id.Parent = seen.IDOf(s.trace, s.parent)
	}
	return id
}

// idOfContent is that of a log record without IDs, as Claude Code writes them. It
// is the same record when it says the same of the same time, and comes from the
// same source. Without a time, calls that are alike cannot be told apart.
func idOfContent(s *sighting) seen.ID {
	if s.start != 0 || s.end == 0 {
		return 0
	}
	content, source := pdatautil.MapHash(s.attributes), pdatautil.MapHash(s.resource)
	var span [8]byte
	binary.LittleEndian.PutUint64(span[:], uint64(s.end))
	for i := range content {
		content[i] ^= source[(i+1)%len(source)] // or equal maps would cancel each other
	}
	return seen.IDOf(content, span)
}

const fnvPrime = 0x100000001B3

// useOf is the same for calls that sameUse takes for one.
func useOf(call *convention.Call) uint64 {
	use := uint64(0xCBF29CE484222325)
	t := &call.Usage
	for i, n := range t {
		if n != 0 { // most are
			use = (use ^ uint64(n) ^ uint64(i)<<56) * fnvPrime
		}
	}
	if *t == (usage.Amounts{}) {
		for i := range len(call.Model) {
			use = (use ^ uint64(call.Model[i])) * fnvPrime
		}
		use = (use ^ uint64(call.Status)) * fnvPrime
	}
	if call.HasUsage {
		use ^= 1 << 63
	}
	return max(use, 1)
}

// fill writes down the call for the ledger; to is zero.
func (c *core) fill(to *ledger.Call, s *sighting, resource *ledger.Dimensions, v *charge, at time.Time) {
	tokens := &s.call.Usage
	to.Model, to.Listed = v.name, v.listed
	c.dimensions(&to.Dimensions, s, resource)
	to.Hour, to.End = ledger.HourOf(at), at.UnixNano()
	to.Status = statusOf(s.call.Status)
	to.Prompt, to.Completion = tokens.Prompt(), tokens.Completion()
	to.CacheRead, to.CacheWrite = tokens.CacheReads(), tokens.CacheWrites()
	to.Reasoning = tokens[usage.Reasoning]
	to.Cost, to.Saved, to.Unpriced = v.cost, v.saved, v.outcome == outcomeUnpriced
	to.Duration, to.Timed = duration(s)
	to.Trace, to.Span = s.trace, s.span
	if s.call.HasReported {
		to.Reported, to.HasReported = money.FromDollars(s.call.Reported)
	}
}

// attrAgent is the dimension for which conventions have keys of their own.
const attrAgent = "gen_ai.agent.name"

// dimensions are what the call says, and where it says nothing, its resource.
func (c *core) dimensions(to *ledger.Dimensions, s *sighting, resource *ledger.Dimensions) {
	for i, key := range c.cfg.Dimensions {
		if key == attrAgent && s.call.Attribution.Agent != "" {
			to[i] = s.call.Attribution.Agent
		} else if value, ok := s.attributes.Get(key); ok {
			to[i] = value.AsString()
		} else {
			to[i] = resource[i]
		}
	}
}

// valuesOf are what the attributes of a resource say of the dimensions. Calls that
// follow each other are mostly of one resource.
func (b *batch) valuesOf(dimensions []string, resource pcommon.Map) *ledger.Dimensions {
	if b.resource != resource {
		b.resource, b.values = resource, ledger.Dimensions{}
		for i, key := range dimensions {
			if value, ok := resource.Get(key); ok {
				b.values[i] = value.AsString()
			}
		}
	}
	return &b.values
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
func (b *batch) markWrappers() {
	calls, byID := b.calls, b.byID
	if !b.nested() {
		return
	}
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
		switch {
		case !ok || calls[at].trace != inner.trace:
		case calls[at].parent != inner.span && wraps(&calls[at], inner):
			calls[at].wrapper = true
		default:
			inner.alone = true
		}
	}
}

// nested tells whether a call may be within another. Mostly there is none, and
// no need for a map.
func (b *batch) nested() bool {
	if len(b.calls) < 2 {
		return false
	}
	clear(b.spans[:])
	for i := range b.calls {
		b.spans.add(b.calls[i].span)
	}
	for i := range b.calls {
		if parent := b.calls[i].parent; !parent.IsEmpty() && b.spans.mayHave(parent) {
			return true
		}
	}
	return false
}

// spanSet is a set of span IDs with a bit for each, which several share.
type spanSet [512]uint64

func spanBit(id pcommon.SpanID) (word, bit uint64) {
	h := binary.NativeEndian.Uint64(id[:]) * 0x9E3779B97F4A7C15 // odd, so that each bit counts
	return h >> 55, 1 << (h >> 49 & 63)
}

func (s *spanSet) add(id pcommon.SpanID) {
	word, bit := spanBit(id)
	s[word] |= bit
}

func (s *spanSet) mayHave(id pcommon.SpanID) bool {
	word, bit := spanBit(id)
	return s[word]&bit != 0
}

func wraps(outer, inner *sighting) bool {
	return outer.start <= inner.start && inner.end <= outer.end &&
		sameUse(&outer.call, &inner.call)
}

// sameUse says whether two nested calls used the same. The model need not be
// called the same: a gateway has names of its own. Where no tokens tell, as when
// both failed, what is left to tell by is the model and how they ended.
func sameUse(outer, inner *convention.Call) bool {
	if outer.HasUsage != inner.HasUsage || outer.Usage != inner.Usage {
		return false
	}
	return outer.Usage != usage.Amounts{} || outer.Model == inner.Model && outer.Status == inner.Status
}
