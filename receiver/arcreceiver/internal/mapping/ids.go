// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"crypto/sha256"

	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/event"
)

// place completes the place of an event in a trace. An event that becomes a span
// gets a span ID of its own; its log record has the same.
//
// An event that names itself (ID) and no trace gets IDs that are worked out from
// its name, whatever the request's context, so that it is the same call when it
// is sent again.
//
// The place is good until the next.
func (b *Batch) place(e *event.Event, isSpan bool) *event.Trace {
	if isSpan {
		b.placed = b.placeSpan(e)
		return &b.placed
	}
	if e.Trace.TraceID == (event.TraceID{}) {
		return &b.options.Context
	}
	return &e.Trace
}

func (b *Batch) placeSpan(e *event.Event) event.Trace {
	t := e.Trace
	named := namedIDs(e)
	if t.TraceID == (event.TraceID{}) {
		switch {
		case e.ID != "":
			t.TraceID = named.TraceID
		case b.options.Context.TraceID != event.TraceID{}:
			t = b.options.Context
		default:
			b.options.Random(t.TraceID[:])
		}
	}
	if t.SpanID == (event.SpanID{}) {
		if e.ID != "" {
			t.SpanID = named.SpanID
		} else {
			b.options.Random(t.SpanID[:])
		}
	}
	return t
}

// namedIDs derives IDs from an event's name. Two applications may use one name.
func namedIDs(e *event.Event) event.Trace {
	var t event.Trace
	if e.ID == "" {
		return t
	}
	sum := sha256.Sum256([]byte(e.Kind().String() + "\x00" + e.Resource.Service + "\x00" + e.ID))
	n := copy(t.TraceID[:], sum[:])
	copy(t.SpanID[:], sum[n:])
	return t
}
