// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Reader reads calls from records, one at a time. Its zero value is ready. It uses
// its memory again for the next record, so a batch has one.
type Reader struct {
	found  found
	record record
	scope  lastScope
	known  bool
	shared shared
	texts  *Texts
}

// Known reports whether the span that was read last had a key of a convention, or the log
// record was an event of one.
func (r *Reader) Known() bool { return r.known }

// Texts are what the call that was read last has in common with others; nil when that is not known.
func (r *Reader) Texts() *Texts { return r.texts }

// Forget drops what the reader has of the telemetry that it read last.
func (r *Reader) Forget() {
	r.found.forget()
	r.record, r.scope, r.texts = record{}, lastScope{}, nil
}

// MayBeCall reports whether a span with these attributes can be a call. A span that
// is not mostly fails here, at the cost of one pass over its keys.
func MayBeCall(attributes pcommon.Map) bool {
	may := false
	attributes.Range(func(key string, _ pcommon.Value) bool {
		may = namespaced(key)
		return !may
	})
	return may
}

// Span reads a call from a span into call, whose value must be zero. The string
// is the reason when the outcome is Invalid, one of the Reason constants; the call
// then has no more than its convention. Of an Aggregate it has no more than the
// convention, the attribution, the model and its provider.
func (r *Reader) Span(of pcommon.InstrumentationScope, span ptrace.Span, into *Call) (Outcome, string) {
	attributes := span.Attributes()
	r.known, r.texts = MayBeCall(attributes), nil
	table := spans
	if span.Name() == arcSpan && !hasModel(attributes) {
		table = arcSpans
	}
	if !r.known && table == spans {
		if span.Status().Code() != ptrace.StatusCodeError {
			return readCodexRequest(span, into)
		}
		return readName(of, span, into)
	}
	r.found.collect(table, attributes)
	rec, failed := &r.record, span.Status().Code() == ptrace.StatusCodeError
	texts := r.shared.find(r.found.layout, r.found.values, of)
	if texts != nil && rec.readAs(texts, r.found.values, of.Name(), failed, into) {
		r.texts = texts
		return IsCall, ""
	}
	c, v := r.found.match()
	if c == nil {
		return NotACall, ""
	}
	rec.sort(c, r.found.values, of.Name(), r.scope.find(of.Name(), of.Version()))
	rec.failed = failed || endedInException(span) && !rec.hasUsage()
	rec.title = span.Name()
	if v == call && rec.belongsToAnother(span.Name()) {
		v = aggregate
	}
	outcome, reason := rec.read(v, into)
	if outcome != IsCall {
		return outcome, reason
	}
	into.Instant, into.ByService = c.instant, c.byService
	if texts == nil {
		r.texts = r.shared.remember(c, rec, into)
	}
	return outcome, reason
}

// endedInException reports whether an exception was recorded on a span whose status nobody
// has set, as Quarkus does.
func endedInException(span ptrace.Span) bool {
	if span.Status().Code() != ptrace.StatusCodeUnset {
		return false
	}
	for _, event := range span.Events().All() {
		if event.Name() == "exception" {
			return true
		}
	}
	return false
}

// hasModel reports whether a span has the model under a key of the OpenTelemetry
// conventions.
func hasModel(attributes pcommon.Map) bool {
	return firstText(attributes, genAIModel) != ""
}

// Log reads a call from a log record, as Span does. The record must be an event;
// its name may be in the field for it, in the attribute event.name, or be the
// body.
func (r *Reader) Log(of pcommon.InstrumentationScope, record plog.LogRecord, into *Call) (Outcome, string) {
	conventions := eventOf(record)
	r.known, r.texts = len(conventions) > 0, nil
	if len(conventions) == 0 {
		return NotACall, ""
	}
	r.found.collect(logs, record.Attributes())
	for _, wanted := range conventions {
		i := slices.IndexFunc(r.found.following, func(c candidate) bool { return c.compiled == wanted })
		if i < 0 {
			continue
		}
		c := &r.found.following[i]
		rec := &r.record
		rec.sort(c, r.found.values, of.Name(), r.scope.find(of.Name(), of.Version()))
		rec.failed = c.failed
		v := c.classify(r.found.values)
		if v == call && c.needsUsage && !rec.hasUsage() && !rec.hasFailed() {
			return NotACall, ""
		}
		outcome, reason := rec.read(v, into)
		if outcome == IsCall {
			into.Duration, into.Shared, into.ByService, into.OfFailures = rec.duration(), c.shared, c.byService, c.failed
		}
		return outcome, reason
	}
	return NotACall, ""
}

func byName(event string) []*compiled {
	if found := logs.events[event]; found != nil {
		return found
	}
	switch end := event[strings.LastIndexByte(event, '.')+1:]; end {
	case "api_request", "api_response", "sse_event", "websocket_event":
		return logs.events[end]
	}
	return nil
}

// eventOf returns the conventions that have an event of the record's name.
func eventOf(record plog.LogRecord) []*compiled {
	if found := byName(record.EventName()); found != nil {
		return found
	}
	if name, ok := record.Attributes().Get("event.name"); ok && name.Type() == pcommon.ValueTypeStr {
		if found := byName(name.Str()); found != nil {
			return found
		}
	}
	if record.Body().Type() == pcommon.ValueTypeStr {
		return logs.events[record.Body().Str()]
	}
	return nil
}
