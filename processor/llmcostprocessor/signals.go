// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

func (c *core) priceTraces(ctx context.Context, td ptrace.Traces) (ptrace.Traces, error) {
	b := newBatch()
	defer b.free()
	resources := td.ResourceSpans()
	for i := range resources.Len() {
		resource := resources.At(i).Resource().Attributes()
		scopes := resources.At(i).ScopeSpans()
		for j := range scopes.Len() {
			scope, spans := scopes.At(j).Scope(), scopes.At(j).Spans()
			for k := range spans.Len() {
				span := spans.At(k)
				found := room(&b.calls)
				outcome, reason := b.reader.Span(scope, span, &found.call)
				if !b.keep(found, outcome, reason) {
					continue
				}
				found.attributes, found.resource = span.Attributes(), resource
				found.trace, found.span, found.parent = span.TraceID(), span.SpanID(), span.ParentSpanID()
				found.start, found.end = span.StartTimestamp(), span.EndTimestamp()
			}
		}
	}
	c.settle(ctx, b)
	return td, nil
}

func (c *core) priceLogs(ctx context.Context, ld plog.Logs) (plog.Logs, error) {
	b := newBatch()
	defer b.free()
	resources := ld.ResourceLogs()
	for i := range resources.Len() {
		resource := resources.At(i).Resource().Attributes()
		scopes := resources.At(i).ScopeLogs()
		for j := range scopes.Len() {
			scope, records := scopes.At(j).Scope(), scopes.At(j).LogRecords()
			for k := range records.Len() {
				record := records.At(k)
				found := room(&b.calls)
				outcome, reason := b.reader.Log(scope, record, &found.call)
				if !b.keep(found, outcome, reason) {
					continue
				}
				found.attributes, found.resource = record.Attributes(), resource
				found.trace, found.span = record.TraceID(), record.SpanID()
				found.end = record.Timestamp()
				if found.end == 0 {
					found.end = record.ObservedTimestamp()
				}
			}
		}
	}
	c.settle(ctx, b)
	return ld, nil
}
