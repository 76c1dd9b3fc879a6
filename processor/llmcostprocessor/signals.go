// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/convention"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/identity"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/sender"
)

func (c *core) priceTraces(ctx context.Context, td ptrace.Traces) (ptrace.Traces, error) {
	b := c.newBatch()
	defer b.free()
	c.traffic.spans.Add(int64(td.SpanCount()))
	resources := td.ResourceSpans()
	for i := range resources.Len() {
		from := newSource(resources.At(i).Resource().Attributes())
		scopes := resources.At(i).ScopeSpans()
		for j := range scopes.Len() {
			scope, spans := scopes.At(j).Scope(), scopes.At(j).Spans()
			arrived := sender.Tally{Spans: int64(spans.Len())}
			for k := range spans.Len() {
				arrived.Add(c.detectSpan(ctx, b, from, scope, spans.At(k)), 1)
			}
			c.arrivals.note(from.attributes, scope, &arrived, b.at)
		}
	}
	if b.foreignCosts > 0 {
		c.telemetry.ProcessorLlmCostForeignCosts.Add(ctx, b.foreignCosts)
	}
	return td, c.settle(ctx, b)
}

// detectSpan returns why the span is not a call; "" if it is.
func (c *core) detectSpan(ctx context.Context, b *batch, from *source, scope pcommon.InstrumentationScope, span ptrace.Span) string {
	found := extend(&b.calls)
	outcome, reason := b.reader.Span(scope, span, &found.call)
	if outcome == convention.IsCall {
		found.attributes, found.source, found.scope = span.Attributes(), from, scope.Name()
		found.trace, found.span, found.parent = span.TraceID(), span.SpanID(), span.ParentSpanID()
		found.start, found.end, found.isSpan = span.StartTimestamp(), span.EndTimestamp(), true
		c.appraise(ctx, b, found)
		return ""
	}
	if outcome == convention.Invalid {
		b.outcomes.add(found.call.Convention, reason)
	}
	if (outcome == convention.Aggregate || b.reader.Known()) && disownCost(span.Attributes()) {
		b.foreignCosts++
	}
	if outcome == convention.Aggregate {
		c.noteStep(b, found, span)
	}
	model := ""
	if outcome == convention.Aggregate && found.call.Model != "" {
		model = joinModel(found.call.Provider, found.call.Model)
	}
	attribution := found.call.Attribution
	if outcome == convention.NotACall {
		attribution = c.dimensions.ownerOf(span.Attributes())
	}
	values := c.values(b, &attribution, model, span.Attributes())
	if !span.TraceID().IsEmpty() && !span.SpanID().IsEmpty() && (!span.ParentSpanID().IsEmpty() || values != nil) {
		b.spans = append(b.spans, identity.Span{
			Trace: span.TraceID(), Span: span.SpanID(), Parent: span.ParentSpanID(), Values: values,
		})
	}
	why := whyNot(outcome, reason, b.reader.Known())
	b.discard(found, outcome)
	return why
}

// discard takes back what turned out not to be a call.
func (b *batch) discard(found *detectedCall, outcome convention.Outcome) {
	if outcome != convention.NotACall {
		*found = detectedCall{}
	}
	b.calls = b.calls[:len(b.calls)-1]
}

func (c *core) priceLogs(ctx context.Context, ld plog.Logs) (plog.Logs, error) {
	b := c.newBatch()
	defer b.free()
	c.traffic.logRecords.Add(int64(ld.LogRecordCount()))
	resources := ld.ResourceLogs()
	for i := range resources.Len() {
		from := newSource(resources.At(i).Resource().Attributes())
		scopes := resources.At(i).ScopeLogs()
		for j := range scopes.Len() {
			scope, records := scopes.At(j).Scope(), scopes.At(j).LogRecords()
			arrived := sender.Tally{LogRecords: int64(records.Len())}
			for k := range records.Len() {
				arrived.Add(c.detectLog(ctx, b, from, scope, records.At(k)), 1)
			}
			c.arrivals.note(from.attributes, scope, &arrived, b.at)
		}
	}
	return ld, c.settle(ctx, b)
}

// detectLog returns why the log record is not a call; "" if it is.
func (c *core) detectLog(ctx context.Context, b *batch, from *source, scope pcommon.InstrumentationScope, record plog.LogRecord) string {
	found := extend(&b.calls)
	outcome, reason := b.reader.Log(scope, record, &found.call)
	if outcome != convention.IsCall {
		if outcome == convention.Invalid {
			b.outcomes.add(found.call.Convention, reason)
		}
		why := whyNot(outcome, reason, b.reader.Known())
		b.discard(found, outcome)
		return why
	}
	found.attributes, found.source, found.scope = record.Attributes(), from, scope.Name()
	found.trace, found.span, found.end = record.TraceID(), record.SpanID(), timestamp(record)
	c.appraise(ctx, b, found)
	return ""
}

// timestamp is when a log record was written. Coding agents have it in an attribute.
func timestamp(record plog.LogRecord) pcommon.Timestamp {
	if at := record.Timestamp(); at != 0 {
		return at
	}
	if text, ok := record.Attributes().Get("event.timestamp"); ok {
		if at, err := time.Parse(time.RFC3339Nano, text.AsString()); err == nil {
			return pcommon.NewTimestampFromTime(at)
		}
	}
	return record.ObservedTimestamp()
}
