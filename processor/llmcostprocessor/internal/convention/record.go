// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Reader reads calls from records, one at a time. It is worth keeping for a batch,
// since records of one instrumentation are alike. Its zero value is ready.
type Reader struct{ spans, logs layout }

// MayBeCall tells whether a span with these attributes can be a call. A span that
// is none mostly fails here, at the cost of one pass over its keys.
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
// convention and the attribution.
func (r *Reader) Span(scope pcommon.InstrumentationScope, span ptrace.Span, call *Call) (Outcome, string) {
	attributes := span.Attributes()
	if !MayBeCall(attributes) {
		return NotACall, ""
	}
	var f found
	r.spans.find(&f, spans, attributes)
	c, isCall := f.follow(r.spans.plans.get(spans, &f.keys))
	if c == nil {
		return NotACall, ""
	}
	of := reading{&f, c}
	if !isCall {
		call.Convention = c.name
		of.attribution(&call.Attribution)
		return Aggregate, ""
	}
	outcome, reason := of.read(call)
	if outcome == IsCall {
		call.Status = of.status(span.Status().Code() == ptrace.StatusCodeError)
	}
	return outcome, reason
}

// Log reads a call from a log record, as Span does. The record must be an event;
// its name may be in the field for it, in the attribute event.name, or be the
// body.
func (r *Reader) Log(scope pcommon.InstrumentationScope, record plog.LogRecord, call *Call) (Outcome, string) {
	attributes := record.Attributes()
	c := logs.event(record.EventName())
	if c == nil {
		if name, ok := attributes.Get("event.name"); ok && name.Type() == pcommon.ValueTypeStr {
			c = logs.event(name.Str())
		}
	}
	if c == nil && record.Body().Type() == pcommon.ValueTypeStr {
		c = logs.event(record.Body().Str())
	}
	if c == nil {
		return NotACall, ""
	}
	return r.log(c, attributes, call)
}

// event returns the convention that has an event of the name, or nil.
func (r *reader) event(name string) *compiled {
	if name == "" {
		return nil
	}
	for i := range r.conventions {
		if slices.Contains(r.conventions[i].events, name) {
			return &r.conventions[i]
		}
	}
	return nil
}

func (r *Reader) log(c *compiled, attributes pcommon.Map, to *Call) (Outcome, string) {
	var f found
	r.logs.find(&f, logs, attributes)
	candidate := r.logs.plans.get(logs, &f.keys).candidate(c)
	if candidate == nil {
		return NotACall, ""
	}
	of := reading{&f, candidate}
	if of.judge() != call {
		return NotACall, ""
	}
	outcome, reason := of.read(to)
	if outcome == IsCall {
		to.Status = of.status(false)
		to.Duration = of.duration()
		to.Shared = c.shared
	}
	return outcome, reason
}
