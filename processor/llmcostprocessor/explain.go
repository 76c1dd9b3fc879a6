// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
	noopmetric "go.opentelemetry.io/otel/metric/noop"
	nooptrace "go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/convention"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/identity"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/metadata"
)

// Explained is how many records there were, how many of them report calls, and
// how many calls these are.
type Explained struct{ Records, Reports, Calls int }

// Explain writes for each span and log record of OTLP JSON what the processor with
// its default configuration makes of it: one request, or several behind each other,
// as the file exporter writes them. The price files override the built-in table;
// now is when everything arrives.
func Explain(out io.Writer, in io.Reader, files []string, now time.Time) (Explained, error) {
	e, err := newExplainer(files, now)
	if err != nil {
		return Explained{}, err
	}
	defer e.core.telemetry.Shutdown()
	err = e.read(in)
	return e.write(out), err
}

// explainer counts the calls of records, and remembers what each was read as.
type explainer struct {
	core    *core
	now     time.Time
	reader  convention.Reader
	records []*explained
}

// explained is one span or log record.
type explained struct {
	kind, name string
	scope      pcommon.InstrumentationScope
	trace      pcommon.TraceID
	span       pcommon.SpanID
	outcome    convention.Outcome
	reason     string
	why        string // it is not a call
	// call is what was read; of records that are not calls it has the convention and
	// the attribution alone.
	call convention.Call
	// found and record are those of a call.
	found  detectedCall
	record identity.Record
}

// maxExplained is how many records of calls are compared with each other: far more
// than a file has that somebody reads.
const maxExplained = 1 << 20

func newExplainer(files []string, now time.Time) (*explainer, error) {
	cfg := createDefaultConfig().(*Config)
	cfg.Prices.Files = files
	cfg.Dedup.MaxEntries = maxExplained
	set := processor.Settings{ID: component.NewID(metadata.Type)}
	set.Logger, set.Resource = zap.NewNop(), pcommon.NewResource()
	set.MeterProvider, set.TracerProvider = noopmetric.NewMeterProvider(), nooptrace.NewTracerProvider()
	c, err := newCore(cfg, set)
	if err != nil {
		return nil, err
	}
	return &explainer{core: c, now: now}, nil
}

func (e *explainer) read(in io.Reader) error {
	decoder := json.NewDecoder(in)
	for number := 1; ; number++ {
		var request json.RawMessage
		err := decoder.Decode(&request)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = e.request(request)
		}
		if err != nil {
			return fmt.Errorf("request %d: %w", number, err)
		}
	}
}

func (e *explainer) request(request []byte) error {
	var of struct {
		Spans   json.RawMessage `json:"resourceSpans"`
		Logs    json.RawMessage `json:"resourceLogs"`
		Metrics json.RawMessage `json:"resourceMetrics"`
	}
	if err := json.NewDecoder(bytes.NewReader(request)).Decode(&of); err != nil {
		return err
	}
	switch {
	case of.Spans != nil:
		return e.traces(request)
	case of.Logs != nil:
		return e.logs(request)
	case of.Metrics != nil:
		return errors.New("has metrics: only spans and log records are explained")
	}
	return errors.New("has neither resourceSpans nor resourceLogs: it is not OTLP JSON")
}

func (e *explainer) traces(request []byte) error {
	td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(request)
	if err != nil {
		return err
	}
	b := &batch{at: e.now, prices: e.core.prices.Load()}
	first := len(e.records)
	for _, rs := range td.ResourceSpans().All() {
		from := newSource(rs.Resource().Attributes())
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				r := &explained{kind: "span", name: span.Name(), scope: ss.Scope(), trace: span.TraceID(), span: span.SpanID()}
				r.outcome, r.reason = e.reader.Span(r.scope, span, &r.call)
				r.why = whyNot(r.outcome, r.reason, e.reader.Known())
				e.records = append(e.records, r)
				e.core.detectSpan(context.Background(), b, from, r.scope, span)
			}
		}
	}
	e.count(b, e.records[first:])
	return nil
}

func (e *explainer) logs(request []byte) error {
	ld, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(request)
	if err != nil {
		return err
	}
	b := &batch{at: e.now, prices: e.core.prices.Load()}
	first := len(e.records)
	for _, rl := range ld.ResourceLogs().All() {
		from := newSource(rl.Resource().Attributes())
		for _, sl := range rl.ScopeLogs().All() {
			for _, log := range sl.LogRecords().All() {
				r := &explained{kind: "log record", name: eventName(log), scope: sl.Scope(), trace: log.TraceID(), span: log.SpanID()}
				r.outcome, r.reason = e.reader.Log(r.scope, log, &r.call)
				r.why = whyNot(r.outcome, r.reason, e.reader.Known())
				e.records = append(e.records, r)
				e.core.detectLog(context.Background(), b, from, r.scope, log)
			}
		}
	}
	e.count(b, e.records[first:])
	return nil
}

// count counts what a request has, as settle does.
func (e *explainer) count(b *batch, records []*explained) {
	ctx := context.Background()
	b.cutPayloads()
	i := 0
	for _, r := range records {
		if r.outcome == convention.IsCall {
			r.found, r.record = b.calls[i], b.records[i]
			i++
		}
	}
	e.core.counting.Lock()
	defer e.core.counting.Unlock()
	e.core.addRecords(ctx, b.records, b.spans, b.at, b.counted)
}

func eventName(log plog.LogRecord) string {
	if log.EventName() != "" {
		return log.EventName()
	}
	if name, ok := log.Attributes().Get("event.name"); ok {
		return name.AsString()
	}
	return ""
}
