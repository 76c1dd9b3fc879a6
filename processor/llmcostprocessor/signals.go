// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/convention"
)

func (c *core) priceTraces(ctx context.Context, td ptrace.Traces) (ptrace.Traces, error) {
	b := batches.Get().(*batch)
	defer b.free()
	resources := td.ResourceSpans()
	for i := range resources.Len() {
		resource := resources.At(i).Resource().Attributes()
		scopes := resources.At(i).ScopeSpans()
		for j := range scopes.Len() {
			spans := scopes.At(j).Spans()
			for k := range spans.Len() {
				span := spans.At(k)
				call, outcome, reason := convention.FromSpan(span)
				switch outcome {
				case convention.NotACall:
				case convention.Invalid:
					b.count(call.Convention, reason)
				case convention.IsCall:
					b.calls = append(b.calls, sighting{
						call:       call,
						attributes: span.Attributes(),
						resource:   resource,
						trace:      span.TraceID(),
						span:       span.SpanID(),
						parent:     span.ParentSpanID(),
						start:      span.StartTimestamp(),
						end:        span.EndTimestamp(),
					})
				}
			}
		}
	}
	c.settle(ctx, b)
	return td, nil
}

func (c *core) priceLogs(ctx context.Context, ld plog.Logs) (plog.Logs, error) {
	b := batches.Get().(*batch)
	defer b.free()
	resources := ld.ResourceLogs()
	for i := range resources.Len() {
		resource := resources.At(i).Resource().Attributes()
		scopes := resources.At(i).ScopeLogs()
		for j := range scopes.Len() {
			records := scopes.At(j).LogRecords()
			for k := range records.Len() {
				record := records.At(k)
				call, outcome, reason := convention.FromLog(record)
				switch outcome {
				case convention.NotACall:
				case convention.Invalid:
					b.count(call.Convention, reason)
				case convention.IsCall:
					end := record.Timestamp()
					if end == 0 {
						end = record.ObservedTimestamp()
					}
					b.calls = append(b.calls, sighting{
						call:       call,
						attributes: record.Attributes(),
						resource:   resource,
						trace:      record.TraceID(),
						span:       record.SpanID(),
						end:        end,
					})
				}
			}
		}
	}
	c.settle(ctx, b)
	return ld, nil
}
