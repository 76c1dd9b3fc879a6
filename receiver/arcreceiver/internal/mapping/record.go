// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"fmt"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/event"
)

// EventLLMCall is the event name of an LLM call's log record.
const EventLLMCall = "arc.llm.call"

// eventNames are the event names of log records; a log line has none.
var eventNames = [event.Kinds]string{
	event.KindLLMCall:  EventLLMCall,
	event.KindAgentRun: "arc.agent.run",
	event.KindRequest:  "arc.request",
	event.KindCache:    "arc.cache",
	event.KindGauge:    "arc.gauge",
	event.KindAppInfo:  "arc.app_info",
}

// putRecord makes a log record of an event.
// If it becomes a span, that is s.
func putRecord(to plog.LogRecord, e *event.Event, at *moment, received pcommon.Timestamp, s span) {
	to.SetTimestamp(pcommon.NewTimestampFromTime(at.time))
	to.SetObservedTimestamp(received)
	to.SetEventName(eventNames[e.Kind()])
	putSeverity(to, e, s.failed)
	if e.Message.Type() == event.Null {
		to.Body().SetStr(describe(e.Detail))
	} else {
		putValue(to.Body(), e.Message)
	}
	to.SetTraceID(pcommon.TraceID(at.trace.TraceID))
	if at.trace.SpanID == (event.SpanID{}) {
		to.SetSpanID(pcommon.SpanID(at.trace.ParentID)) // a log line belongs to the span it was written in
	} else {
		to.SetSpanID(pcommon.SpanID(at.trace.SpanID))
	}
	to.SetFlags(plog.LogRecordFlags(at.trace.Flags))
	putAttributes(to.Attributes(), e)
	if s.duration.Known {
		to.Attributes().PutDouble(attrDuration, s.duration.Seconds)
	}
}

func putSeverity(to plog.LogRecord, e *event.Event, failed bool) {
	level := e.Level
	if level == (event.Level{}) {
		level = defaultLevel(e.Detail, failed)
	}
	to.SetSeverityNumber(plog.SeverityNumber(level.Severity))
	to.SetSeverityText(level.Text)
}

// defaultLevel is that of an event without a level: none for a log line.
func defaultLevel(detail event.Detail, failed bool) event.Level {
	if _, ok := detail.(event.Log); ok {
		return event.Level{}
	}
	if failed {
		return event.Level{Text: "ERROR", Severity: event.SeverityError}
	}
	return event.Level{Text: "INFO", Severity: event.SeverityInfo}
}

// describe is the body of an event without a message.
func describe(detail event.Detail) string {
	switch d := detail.(type) {
	case *event.LLMCall:
		return spanName(d) + ": " + string(d.Outcome)
	case *event.AgentRun:
		return spanName(d) + ": " + string(d.Outcome)
	case *event.Request:
		return fmt.Sprintf("%s: %d", spanName(d), d.Status)
	case *event.Cache:
		if d.Hit {
			return "cache hit: " + d.Type
		}
		return "cache miss: " + d.Type
	case *event.Gauge:
		return "gauge"
	case *event.AppInfo:
		return "application info"
	default:
		return ""
	}
}
