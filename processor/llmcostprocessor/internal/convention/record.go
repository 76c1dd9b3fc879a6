// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// FromSpan reads a call from a span. The string is the reason when the outcome
// is Invalid, one of the Reason constants; the call then has no more than its
// convention. A span that is no call costs one pass over its attributes' keys.
func FromSpan(span ptrace.Span) (Call, Outcome, string) {
	attributes := span.Attributes()
	if !mayFollow(attributes) {
		return Call{}, NotACall, ""
	}
	return fromSpan(span, attributes)
}

// mayFollow tells whether a key is of any convention.
func mayFollow(attributes pcommon.Map) bool {
	may := false
	attributes.Range(func(key string, _ pcommon.Value) bool {
		may = namespaced(key)
		return !may
	})
	return may
}

func fromSpan(span ptrace.Span, attributes pcommon.Map) (Call, Outcome, string) {
	var f found
	f.read(spans, attributes)
	c := spans.follow(&f)
	if c == nil {
		return Call{}, NotACall, ""
	}
	call, outcome, reason := c.read(&f)
	if outcome == IsCall {
		call.Status = c.status(&f, span.Status().Code() == ptrace.StatusCodeError)
	}
	return call, outcome, reason
}

// FromLog reads a call from a log record, as FromSpan does. The record must be
// an event; its name may be in the field for it, in the attribute event.name, or
// be the body.
func FromLog(record plog.LogRecord) (Call, Outcome, string) {
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
		return Call{}, NotACall, ""
	}
	return c.fromLog(attributes)
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

func (c *compiled) fromLog(attributes pcommon.Map) (Call, Outcome, string) {
	var f found
	f.read(logs, attributes)
	if c.judge(&f) != call {
		return Call{}, NotACall, ""
	}
	call, outcome, reason := c.read(&f)
	if outcome == IsCall {
		call.Status = c.status(&f, false)
		call.Duration = c.duration(&f)
		call.Shared = c.shared
	}
	return call, outcome, reason
}
