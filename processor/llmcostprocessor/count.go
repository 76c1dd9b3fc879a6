// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"fmt"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-arc/otelcol-arc/internal/groupcommit"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/convention"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/identity"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledgerstore"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/series"
)

// maxDuration is the longest that a call can take. What is above is a mistake
// in the times, and is not in the histogram of durations.
const maxDuration = 24 * time.Hour

// settle counts the calls of a batch. It counts before the batch is
// forwarded: what the next consumer rejects and the sender repeats is recognized by
// its IDs, so it counts once in either case.
func (c *core) settle(ctx context.Context, b *batch) (err error) {
	if len(b.calls) > 0 || len(b.spans) > 0 {
		c.sources.cover(b.calls, b.at)
		b.cutPayloads()
		outcomes, records := c.count(ctx, b)
		b.annotate(outcomes)
		b.countOutcomes(outcomes)
		if c.callRecords.emits() {
			err = c.emitCallRecords(ctx, records)
		}
	}
	c.addCounts(ctx, b)
	return err
}

// addCounts adds what a batch counted to the self-telemetry.
func (c *core) addCounts(ctx context.Context, b *batch) {
	c.outcomes.add(ctx, b.outcomes)
	c.rules.add(ctx, b.rules)
}

// appraise prices a call, and makes the call of the ledger and the record to compare.
func (c *core) appraise(ctx context.Context, b *batch, d *detectedCall) {
	c.priceCall(ctx, b, d)
	c.identifySource(d.source)
	counted := extend(&b.counted)
	c.fill(counted, d)
	b.payloads = c.appendDetail(ledger.AppendCall(b.payloads, counted), d)
	b.ends = append(b.ends, len(b.payloads))
	record := extend(&b.records)
	c.identify(b, record, d)
	d.charge.adjust(counted, record)
}

// cutPayloads gives the records their payloads, which are parts of one text.
func (b *batch) cutPayloads() {
	all, begin := string(b.payloads), 0
	for i, end := range b.ends {
		b.records[i].Payload = all[begin:end]
		begin = end
	}
}

// fill makes the call of the ledger; to is zero.
func (c *core) fill(to *ledger.Call, d *detectedCall) {
	q := &d.charge
	c.fillCharge(to, q)
	to.Provider, to.Convention, to.Reading = d.call.Provider, d.call.Convention, d.call.Rule.String()
	if len(to.Provider) > convention.MaxModelLength {
		to.Provider = ""
	}
	to.Dimensions = d.source.dimensions
	to.Hour, to.End = ledger.HourOf(d.at), d.at.UnixNano()
	to.Status = statusOf(d.call.Status)
	to.Usage = ledger.Usage(d.call.Usage)
	to.Duration, to.Timed = duration(d)
	to.Trace, to.Span = d.trace, d.span
	if d.call.HasReported {
		to.Reported, to.HasReported = money.FromDollars(d.call.Reported)
	}
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

// duration is that of the span, or of the record, when it makes sense.
func duration(d *detectedCall) (took time.Duration, known bool) {
	if !d.isSpan || d.start == 0 {
		return d.call.Duration, d.call.Duration > 0 && d.call.Duration <= maxDuration
	}
	if d.call.Instant || d.end < d.start || d.end-d.start > pcommon.Timestamp(maxDuration) {
		return 0, false
	}
	return time.Duration(d.end - d.start), true
}

// count decides which records report the same call, corrects the ledger, and with a
// storage writes both down before the batch is acknowledged. A storage that fails
// holds no telemetry back.
func (c *core) count(ctx context.Context, b *batch) (outcomes []identity.Outcome, records plog.Logs) {
	c.counting.Lock()
	defer c.counting.Unlock()
	c.known.mark(b)
	e := ledgerstore.Entry{At: b.at}
	first := c.firstOfTraces(b)
	result := c.addRecords(ctx, b.records, b.spans, b.at, b.counted)
	if c.store != nil {
		e.Records = make([]identity.Record, 0, len(b.records))
		for i := range b.records {
			if !result.Outcomes[i].Copy {
				e.Records = append(e.Records, b.records[i])
			}
		}
		e.Spans = c.linksOf(b, first)
		c.journal(ctx, &e)
	}
	c.kept.AddSteps(b.steps)
	c.countMerged(ctx, &result)
	c.reportCrowding()
	if c.callRecords.emits() {
		records = c.buildCallRecords(b, &result)
	}
	b.taken = append(b.taken[:0], result.Outcomes...)
	return b.taken, records
}

// reportCrowding reports that records are related to too many others to be compared, as
// long as some of them are remembered. It must be called with counting held.
func (c *core) reportCrowding() {
	var err error
	if n := c.calls.Crowding().Remembered; n > 0 {
		err = fmt.Errorf("%d records of calls are related to more than 1,000 others, by one response ID, one span ID or calls within calls: they are no longer compared", n)
	}
	c.health.Set(problemCrowded, err, "Too many records of calls are related to each other; they are no longer compared",
		"No more records of calls are related to too many others")
}

// addRecords adds records to the cache of calls, and applies what changes to the
// ledger. Counted are the calls of the records; nil to have them parsed. It must be
// called with counting held.
func (c *core) addRecords(ctx context.Context, records []identity.Record, spans []identity.Span, at time.Time, counted []ledger.Call) identity.Result {
	result := c.calls.Add(records, spans, at)
	at = c.clock.before(at)
	clear(c.changes)
	changes, places := c.changes[:0], slices.Grow(c.places[:0], len(result.Changes))[:len(result.Changes)]
	clear(places)
	inSeries := slices.Grow(c.inSeries[:0], len(result.Changes))[:len(result.Changes)]
	clear(inSeries)
	for i := range result.Changes {
		change := &result.Changes[i]
		if change.In == change.Out {
			c.keep(change, nil)
			continue
		}
		to := ledger.Change{Place: &places[i]}
		if change.Out != nil {
			places[i] = ledger.Place(change.Out.Place & placeInLedger)
			to.Out = parseCounted(change.Out)
			c.series.Remove(to.Out, series.Place(change.Out.Place>>placeInSeries), at)
			c.gaps.Remove(to.Out)
		}
		if change.In != nil {
			c.amend(change.In)
			if change.Record >= 0 && counted != nil && change.In.Amended == "" {
				call := &counted[change.Record]
				overlay(&call.Dimensions, change.In.Values())
				call.Account = c.accounts.of(call, len(c.dimensions.all))
				to.In = call.Adjusted()
			} else {
				to.In = parseCounted(change.In)
			}
			c.gaps.Add(to.In)
			inSeries[i] = c.series.Add(to.In, at)
		}
		c.keep(change, to.In)
		changes = append(changes, to)
	}
	if c.changes, c.places, c.inSeries = changes, places, inSeries; cap(changes) > maxReused {
		c.changes, c.places, c.inSeries = nil, nil, nil
	}
	recorded := c.ledger.Apply(changes, at)
	for i := range result.Changes {
		place := uint8(places[i]) | uint8(inSeries[i])<<placeInSeries
		if change := &result.Changes[i]; (place != 0 || change.Out != nil) && change.In != nil && change.In != change.Out {
			c.calls.SetPlace(change, place)
		}
	}
	c.countRecorded(ctx, recorded)
	return result
}

// The bits of where a call was counted.
const (
	placeInLedger = 0b1
	placeInSeries = 1 // how far it is shifted
)

// record adds calls that are never corrected. It must be called with counting held.
func (c *core) record(calls []ledger.Call, at time.Time) ledger.Recorded {
	at = c.clock.before(at)
	for i := range calls {
		c.series.Add(&calls[i], at)
	}
	return c.ledger.Record(calls, at)
}

// firstOfTraces are the traces of which the batch has the first calls.
func (c *core) firstOfTraces(b *batch) map[[16]byte]bool {
	if c.store == nil {
		return nil
	}
	first := map[[16]byte]bool{}
	for i := range b.records {
		if trace := b.records[i].Trace; trace != [16]byte{} && !c.calls.HasCalls(trace) {
			first[trace] = true
		}
	}
	return first
}

// linksOf returns the spans to persist: those of traces that have calls. The earlier
// spans of a trace come with its first call.
func (c *core) linksOf(b *batch, first map[[16]byte]bool) (spans []identity.Span) {
	for trace := range first {
		c.calls.Links(trace, func(s identity.Span) { spans = append(spans, s) })
	}
	for i := range b.spans {
		if trace := b.spans[i].Trace; !first[trace] && c.calls.HasCalls(trace) {
			spans = append(spans, b.spans[i])
		}
	}
	return spans
}

// journalLinks persists the spans of traces that have no calls so far. It is called
// when the process stops: a call that is sent after a restart finds the spans around it.
func (c *core) journalLinks(ctx context.Context) {
	c.counting.Lock()
	defer c.counting.Unlock()
	e := ledgerstore.Entry{At: time.Now()}
	c.calls.LinksWithoutCalls(func(s identity.Span) { e.Spans = append(e.Spans, s) })
	c.journal(ctx, &e)
}

// recordSums adds sums of calls, which metric sources report.
func (c *core) recordSums(ctx context.Context, b *batch) {
	c.counting.Lock()
	defer c.counting.Unlock()
	c.countRecorded(ctx, c.record(b.sums, b.at))
	if c.store != nil {
		c.journal(ctx, &ledgerstore.Entry{At: b.at, Sums: b.sums})
	}
}

// journal adds an entry to the journal. In a group the entry is written when the request was
// accepted and before it is acknowledged; else at once. It must be called with counting held.
func (c *core) journal(ctx context.Context, e *ledgerstore.Entry) {
	c.store.Add(e)
	// What was counted is written although the sender may have gone.
	ctx = context.WithoutCancel(ctx)
	// Also for a request that adds nothing: what it repeats may have been rejected, and not be
	// written so far.
	if group := groupcommit.Of(ctx); group.BeforeSync(func() { c.writeJournal(ctx, group) }) {
		return
	}
	log, position, err := c.store.Write(ctx)
	if err == nil && log != nil {
		err = log.Sync(position)
	}
	c.countJournalError(ctx, err)
}

// writeJournal writes the entries that are not in the storage, and has a group sync them. A
// storage that fails holds no telemetry back.
func (c *core) writeJournal(ctx context.Context, group *groupcommit.Group) {
	c.counting.Lock()
	log, position, err := c.store.Write(ctx)
	c.counting.Unlock()
	if err != nil || log == nil || !group.Append(log, position, func(err error) { c.countJournalError(ctx, err) }) {
		c.countJournalError(ctx, err)
	}
}

// countJournalError counts and reports whether the journal could be written. That a request with
// nothing to write had no error does not make a storage that fails work again.
func (c *core) countJournalError(ctx context.Context, err error) {
	if err == nil && c.store.Failing() {
		return
	}
	if err != nil {
		c.telemetry.ProcessorLlmCostJournalFailures.Add(ctx, 1)
		err = fmt.Errorf("write the journal to the storage: %w", err)
	}
	c.reportJournal(err)
}

// reportJournal reports whether the journal could be written.
func (c *core) reportJournal(err error) {
	c.health.Set(problemJournal, err,
		"Writing the journal to the storage failed; calls since the last snapshot are lost if the process is killed",
		"Writing the journal to the storage works again")
}

func (c *core) countRecorded(ctx context.Context, recorded ledger.Recorded) {
	if recorded.Overflowed > 0 {
		c.telemetry.ProcessorLlmCostLedgerOverflow.Add(ctx, recorded.Overflowed)
	}
	if recorded.Late > 0 {
		c.telemetry.ProcessorLlmCostLedgerLate.Add(ctx, recorded.Late)
	}
}

// countMerged counts the records that belong to a call that another record represents,
// and the corrections of calls that were counted before.
func (c *core) countMerged(ctx context.Context, result *identity.Result) {
	for rule, n := range result.Merged {
		c.telemetry.ProcessorLlmCostMergedRecords.Add(ctx, n, metric.WithAttributes(attribute.String("rule", string(rule))))
	}
	var corrections int64
	for i := range result.Changes {
		if change := &result.Changes[i]; change.Out != nil && change.Out != change.In {
			corrections++
		}
	}
	if corrections > 0 {
		c.telemetry.ProcessorLlmCostCorrections.Add(ctx, corrections)
	}
}

// countOutcomes counts the records by outcome.
func (b *batch) countOutcomes(outcomes []identity.Outcome) {
	for i := range b.calls {
		d := &b.calls[i]
		outcome := d.charge.outcome
		switch o := outcomes[i]; {
		case o.Rule == identity.Aggregate:
			outcome = outcomeAggregate
		case o.Copy, o.Rule == identity.SameSpan:
			outcome = outcomeDuplicate
		case o.Rule != identity.Alone:
			outcome = outcomeWrapper
		default:
			b.countRule(&d.call)
		}
		b.outcomes.add(d.call.Convention, outcome)
	}
}

// countRule notes by which evidence the usage of a call was read.
func (b *batch) countRule(call *convention.Call) {
	if call.Rule != convention.ByNothing {
		b.rules.add(call.Convention, call.Rule.String())
	}
}
