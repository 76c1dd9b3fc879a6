// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"strconv"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/event"
)

// span is what a span has by the kind of event.
type span struct {
	kind     ptrace.SpanKind
	duration event.Duration
	failed   bool
	message  string // why it failed
}

// IsSpan reports whether an event becomes a span.
func IsSpan(e *event.Event) bool {
	_, ok := spanOf(e.Detail)
	return ok
}

// spanOf reports whether an event becomes a span, and which.
func spanOf(detail event.Detail) (span, bool) {
	switch d := detail.(type) {
	case *event.LLMCall:
		return span{ptrace.SpanKindClient, d.Duration, d.Outcome.Failed(), reason(d.ErrorMessage, d.Outcome)}, true
	case *event.AgentRun:
		return span{ptrace.SpanKindInternal, d.Duration, d.Outcome.Failed(), reason(d.ErrorMessage, d.Outcome)}, true
	case *event.Request:
		return span{ptrace.SpanKindServer, d.Duration, d.Status >= 500, strconv.FormatInt(d.Status, 10)}, true
	default:
		return span{}, false
	}
}

func reason(message string, outcome event.Outcome) string {
	if message == "" {
		return string(outcome)
	}
	return message
}

func spanName(detail event.Detail) string {
	switch d := detail.(type) {
	case *event.LLMCall:
		return "chat " + d.Model
	case *event.AgentRun:
		return "invoke_agent " + d.Agent
	case *event.Request:
		return d.Method + " " + d.Endpoint
	default:
		return ""
	}
}

// start is when something began that took so long and has ended at end. Time
// begins in 1970, as timestamps cannot be before it.
func start(end time.Time, took event.Duration) time.Time {
	begin := end.Add(-took.Nanoseconds())
	if epoch := time.Unix(0, 0); begin.Before(epoch) {
		return epoch
	}
	return begin
}

// putSpan makes a span of an event, which was written when the span ended.
func putSpan(to ptrace.Span, e *event.Event, at *moment, s span) {
	to.SetName(spanName(e.Detail))
	to.SetKind(s.kind)
	to.SetTraceID(pcommon.TraceID(at.trace.TraceID))
	to.SetSpanID(pcommon.SpanID(at.trace.SpanID))
	to.SetParentSpanID(pcommon.SpanID(at.trace.ParentID))
	to.SetFlags(uint32(at.trace.Flags))
	to.SetStartTimestamp(pcommon.NewTimestampFromTime(start(at.time, s.duration)))
	to.SetEndTimestamp(pcommon.NewTimestampFromTime(at.time))
	if s.failed {
		to.Status().SetCode(ptrace.StatusCodeError)
		to.Status().SetMessage(s.message)
	}
	putAttributes(to.Attributes(), e)
}
