// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/convention"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
)

// Explainer explains records by a price table.
type Explainer struct {
	prices *price.Table
	reader convention.Reader
	out    io.Writer
	now    time.Time
	found  Found
}

// Found is how many records there were, and how many are calls.
type Found struct{ Records, Calls int }

// New returns an explainer that writes to out. The price files override the
// built-in table; now is the time of records that have none.
func New(out io.Writer, files []string, now time.Time) (*Explainer, error) {
	prices, err := price.Load(files)
	if err != nil {
		return nil, err
	}
	return &Explainer{prices: prices, out: out, now: now}, nil
}

// Explain explains the spans and log records of OTLP JSON: one request, or several
// behind each other, as the file exporter writes them.
func (e *Explainer) Explain(in io.Reader) (Found, error) {
	decoder := json.NewDecoder(in)
	for number := 1; ; number++ {
		var request json.RawMessage
		err := decoder.Decode(&request)
		if errors.Is(err, io.EOF) {
			return e.found, nil
		}
		if err == nil {
			err = e.request(request)
		}
		if err != nil {
			return e.found, fmt.Errorf("request %d: %w", number, err)
		}
	}
}

func (e *Explainer) request(request []byte) error {
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

func (e *Explainer) traces(request []byte) error {
	td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(request)
	if err != nil {
		return err
	}
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				r := record{
					kind: "span", name: span.Name(), scope: ss.Scope(), trace: span.TraceID(), span: span.SpanID(),
					attributes: span.Attributes(), resource: rs.Resource().Attributes(), at: span.EndTimestamp(),
				}
				r.outcome, r.reason = e.reader.Span(r.scope, span, &r.call)
				e.write(&r)
			}
		}
	}
	return nil
}

func (e *Explainer) logs(request []byte) error {
	ld, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(request)
	if err != nil {
		return err
	}
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, log := range sl.LogRecords().All() {
				r := record{
					kind: "log record", name: eventName(log), scope: sl.Scope(), trace: log.TraceID(), span: log.SpanID(),
					attributes: log.Attributes(), resource: rl.Resource().Attributes(), at: log.Timestamp(),
				}
				if r.at == 0 {
					r.at = log.ObservedTimestamp()
				}
				r.outcome, r.reason = e.reader.Log(r.scope, log, &r.call)
				e.write(&r)
			}
		}
	}
	return nil
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

// record is one span or log record, and what it was read as.
type record struct {
	kind, name           string
	scope                pcommon.InstrumentationScope
	trace                pcommon.TraceID
	span                 pcommon.SpanID
	attributes, resource pcommon.Map
	at                   pcommon.Timestamp
	call                 convention.Call
	outcome              convention.Outcome
	reason               string
}
