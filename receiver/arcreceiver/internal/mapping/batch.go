// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	semconv "go.opentelemetry.io/otel/semconv/v1.38.0"

	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/event"
	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/metricstore"
)

// Options say how a batch is made.
type Options struct {
	Scope Scope
	// Received is when the request came: the time of events that name none.
	Received time.Time
	// Context is the trace context of the request, for events without one.
	Context event.Trace
	// Random fills a slice with random bytes, for trace and span IDs.
	Random func([]byte)
	// Logs, Traces and Metrics say which signals are wanted.
	Logs, Traces, Metrics bool
}

// Scope is the instrumentation scope of all telemetry.
type Scope struct{ Name, Version string }

func (s Scope) put(scope pcommon.InstrumentationScope) {
	scope.SetName(s.Name)
	scope.SetVersion(s.Version)
}

// Batch is the telemetry of the events of one request.
type Batch struct {
	// Logs, Traces and Changes are what the events that were added became.
	Logs    plog.Logs
	Traces  ptrace.Traces
	Changes []metricstore.Change

	options  Options
	received pcommon.Timestamp
	placed   event.Trace // of the last span
	records  perResource[plog.LogRecordSlice]
	spans    perResource[ptrace.SpanSlice]
}

// NewBatch makes an empty batch.
func NewBatch(options Options) *Batch {
	return &Batch{
		Logs:     plog.NewLogs(),
		Traces:   ptrace.NewTraces(),
		options:  options,
		received: pcommon.NewTimestampFromTime(options.Received),
		records:  perResource[plog.LogRecordSlice]{all: map[event.Resource]plog.LogRecordSlice{}},
		spans:    perResource[ptrace.SpanSlice]{all: map[event.Resource]ptrace.SpanSlice{}},
	}
}

// perResource has what a batch has of each resource. Events of one resource mostly
// follow each other, so the last is remembered.
type perResource[S any] struct {
	all  map[event.Resource]S
	of   event.Resource
	last S
}

// get returns what there is of a resource, which create makes at first.
func (p *perResource[S]) get(resource *event.Resource, create func(*event.Resource) S) S {
	if len(p.all) > 0 && p.of == *resource {
		return p.last
	}
	found, ok := p.all[*resource]
	if !ok {
		found = create(resource)
		p.all[*resource] = found
	}
	p.of, p.last = *resource, found
	return found
}

// Add turns an event into telemetry.
func (b *Batch) Add(e *event.Event) {
	s, isSpan := spanOf(e.Detail)
	at := moment{time: e.Time, trace: b.place(e, isSpan)}
	if at.time.IsZero() {
		at.time = b.options.Received
	}
	if b.options.Logs {
		putRecord(b.records.get(&e.Resource, b.newRecords).AppendEmpty(), e, &at, b.received, s)
	}
	if b.options.Traces && isSpan {
		putSpan(b.spans.get(&e.Resource, b.newSpans).AppendEmpty(), e, &at, s)
	}
	if b.options.Metrics {
		b.Changes = appendChanges(b.Changes, e)
	}
}

// moment is the time of an event and its place in a trace, both complete.
type moment struct {
	time  time.Time
	trace *event.Trace
}

func (b *Batch) newRecords(resource *event.Resource) plog.LogRecordSlice {
	rl := b.Logs.ResourceLogs().AppendEmpty()
	rl.SetSchemaUrl(semconv.SchemaURL)
	putResource(rl.Resource(), resource)
	sl := rl.ScopeLogs().AppendEmpty()
	b.options.Scope.put(sl.Scope())
	return sl.LogRecords()
}

func (b *Batch) newSpans(resource *event.Resource) ptrace.SpanSlice {
	rs := b.Traces.ResourceSpans().AppendEmpty()
	rs.SetSchemaUrl(semconv.SchemaURL)
	putResource(rs.Resource(), resource)
	ss := rs.ScopeSpans().AppendEmpty()
	b.options.Scope.put(ss.Scope())
	return ss.Spans()
}

func putResource(to pcommon.Resource, from *event.Resource) {
	putText(to.Attributes(), string(semconv.ServiceNameKey), from.Service)
	putText(to.Attributes(), string(semconv.ServiceVersionKey), from.Version)
	putText(to.Attributes(), string(semconv.DeploymentEnvironmentNameKey), from.Environment)
}

func putText(attributes pcommon.Map, key, text string) {
	if text != "" {
		attributes.PutStr(key, text)
	}
}
