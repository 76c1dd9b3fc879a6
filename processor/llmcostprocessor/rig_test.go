// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"errors"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/metadata"
)

// today is when the tests that have a fake clock take place. It is a Monday.
var today = time.Date(2026, 11, 23, 10, 30, 0, 0, time.UTC)

// rig is one processor ID in a pipeline of each signal.
type rig struct {
	cfg       *Config
	factory   processor.Factory
	settings  processor.Settings
	telemetry *componenttest.Telemetry
	log       *observer.ObservedLogs
	host      component.Host

	traces  processor.Traces
	logs    processor.Logs
	metrics processor.Metrics

	gotTraces  consumertest.TracesSink
	gotLogs    consumertest.LogsSink
	gotMetrics consumertest.MetricsSink
}

func newRig(t *testing.T, change func(*Config)) *rig {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	if change != nil {
		change(cfg)
	}
	require.NoError(t, cfg.Validate())
	r := &rig{cfg: cfg, factory: NewFactory(), telemetry: componenttest.NewTelemetry(), host: componenttest.NewNopHost()}
	t.Cleanup(func() { assert.NoError(t, r.telemetry.Shutdown(context.WithoutCancel(t.Context()))) })
	core, log := observer.New(zap.InfoLevel)
	r.log = log
	r.settings = processortest.NewNopSettings(metadata.Type)
	r.settings.TelemetrySettings = r.telemetry.NewTelemetrySettings()
	r.settings.Logger = zap.New(core)
	r.settings.Resource = pcommon.NewResource()
	r.settings.Resource.Attributes().PutStr("service.name", "otelcol-arc")
	r.settings.Resource.Attributes().PutStr("service.instance.id", "instance-1")
	var err error
	r.traces, err = r.factory.CreateTraces(t.Context(), r.settings, cfg, &r.gotTraces)
	require.NoError(t, err)
	r.logs, err = r.factory.CreateLogs(t.Context(), r.settings, cfg, &r.gotLogs)
	require.NoError(t, err)
	r.metrics, err = r.factory.CreateMetrics(t.Context(), r.settings, cfg, &r.gotMetrics)
	require.NoError(t, err)
	return r
}

func (r *rig) components() []component.Component {
	return []component.Component{r.metrics, r.logs, r.traces}
}

func (r *rig) start(t *testing.T) {
	t.Helper()
	for _, c := range r.components() {
		require.NoError(t, c.Start(t.Context(), r.host))
	}
}

// stop shuts down as the Collector may: the pipelines that bring calls first.
func (r *rig) stop(t *testing.T) {
	t.Helper()
	for _, c := range []component.Component{r.traces, r.logs, r.metrics} {
		require.NoError(t, c.Shutdown(t.Context()))
	}
}

// series is the newest value of each series that left, by metric name and labels.
func (r *rig) series() map[string]float64 { return seriesOf(r.gotMetrics.AllMetrics()) }

func seriesOf(all []pmetric.Metrics) map[string]float64 {
	found := map[string]float64{}
	for _, md := range all {
		for _, rm := range md.ResourceMetrics().All() {
			for _, sm := range rm.ScopeMetrics().All() {
				for _, m := range sm.Metrics().All() {
					points(m, func(name string, labels pcommon.Map, value float64) {
						found[name+labelsText(labels)] = value
					})
				}
			}
		}
	}
	return found
}

func points(m pmetric.Metric, visit func(name string, labels pcommon.Map, value float64)) {
	switch m.Type() {
	case pmetric.MetricTypeSum:
		for _, p := range m.Sum().DataPoints().All() {
			visit(m.Name(), p.Attributes(), number(p))
		}
	case pmetric.MetricTypeGauge:
		for _, p := range m.Gauge().DataPoints().All() {
			visit(m.Name(), p.Attributes(), number(p))
		}
	case pmetric.MetricTypeHistogram:
		for _, p := range m.Histogram().DataPoints().All() {
			visit(m.Name()+"_count", p.Attributes(), float64(p.Count()))
			visit(m.Name()+"_sum", p.Attributes(), p.Sum())
		}
	}
}

func number(p pmetric.NumberDataPoint) float64 {
	if p.ValueType() == pmetric.NumberDataPointValueTypeInt {
		return float64(p.IntValue())
	}
	return p.DoubleValue()
}

func labelsText(labels pcommon.Map) string {
	var text strings.Builder
	for _, key := range []string{"model", "status", "type", "budget"} {
		if value, ok := labels.Get(key); ok {
			text.WriteString(" " + value.AsString())
		}
	}
	return text.String()
}

// outcomes are what became of calls, as the processor's own telemetry counts it.
func (r *rig) outcomes(t *testing.T) map[string]int64 {
	t.Helper()
	counts := map[string]int64{}
	m, err := r.telemetry.GetMetric("otelcol_processor_llm_cost_calls")
	if err != nil {
		return counts
	}
	for _, point := range m.Data.(metricdata.Sum[int64]).DataPoints {
		outcome, _ := point.Attributes.Value(attribute.Key("outcome"))
		counts[outcome.AsString()] += point.Value
	}
	return counts
}

// span is what one call of gpt-4o looks like that ended at a time, unless
// changed: 1000 tokens in, 500 out, $0.0075, two seconds.
type span struct {
	model         string
	input, output any
	at            time.Time
	id            byte
	attributes    map[string]any
}

func traces(t *testing.T, spans ...span) ptrace.Traces {
	t.Helper()
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "research")
	ss := rs.ScopeSpans().AppendEmpty()
	for _, s := range spans {
		raw := map[string]any{
			"gen_ai.operation.name":      "chat",
			"gen_ai.provider.name":       "openai",
			"gen_ai.request.model":       "gpt-4o",
			"gen_ai.usage.input_tokens":  1000,
			"gen_ai.usage.output_tokens": 500,
		}
		if s.model != "" {
			raw["gen_ai.request.model"] = s.model
		}
		if s.input != nil {
			raw["gen_ai.usage.input_tokens"] = s.input
		}
		if s.output != nil {
			raw["gen_ai.usage.output_tokens"] = s.output
		}
		maps.Copy(raw, s.attributes)
		one := ss.Spans().AppendEmpty()
		require.NoError(t, one.Attributes().FromRaw(raw))
		at := s.at
		if at.IsZero() {
			at = time.Now()
		}
		one.SetStartTimestamp(pcommon.NewTimestampFromTime(at.Add(-2 * time.Second)))
		one.SetEndTimestamp(pcommon.NewTimestampFromTime(at))
		if s.id != 0 {
			one.SetTraceID(pcommon.TraceID{1})
			one.SetSpanID(pcommon.SpanID{s.id})
		}
	}
	return td
}

// arcLog is the record that the arc receiver makes of the same call.
func arcLog(t *testing.T, id byte) plog.Logs {
	t.Helper()
	ld := plog.NewLogs()
	record := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	record.SetEventName("arc.llm.call")
	record.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
	record.SetTraceID(pcommon.TraceID{1})
	record.SetSpanID(pcommon.SpanID{id})
	require.NoError(t, record.Attributes().FromRaw(map[string]any{
		"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "status": "success",
		"gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 500, "duration_seconds": 2.0,
	}))
	return ld
}

// disk is a storage extension in memory, which outlives the hosts that have it.
type disk struct {
	component.StartFunc
	component.ShutdownFunc

	mu      sync.Mutex
	content map[string][]byte
	full    bool
	open    int
}

var errFull = errors.New("no space left")

func (d *disk) GetClient(context.Context, component.Kind, component.ID, string) (storage.Client, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open++
	if d.content == nil {
		d.content = map[string][]byte{}
	}
	return d, nil
}

func (d *disk) fill(full bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.full = full
}

func (d *disk) read(key string) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.content[key]
}

func (d *disk) Get(ctx context.Context, key string) ([]byte, error) {
	operation := storage.GetOperation(key)
	err := d.Batch(ctx, operation)
	return operation.Value, err
}

func (d *disk) Set(ctx context.Context, key string, value []byte) error {
	return d.Batch(ctx, storage.SetOperation(key, value))
}

func (d *disk) Delete(ctx context.Context, key string) error {
	return d.Batch(ctx, storage.DeleteOperation(key))
}

func (d *disk) Batch(_ context.Context, operations ...*storage.Operation) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, operation := range operations {
		switch operation.Type {
		case storage.Get:
			operation.Value = d.content[operation.Key]
		case storage.Set:
			if d.full {
				return errFull
			}
			d.content[operation.Key] = operation.Value
		case storage.Delete:
			delete(d.content, operation.Key)
		}
	}
	return nil
}

func (d *disk) Close(context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open--
	return nil
}

type host struct {
	component.Host
	extensions map[component.ID]component.Component
}

func (h host) GetExtensions() map[component.ID]component.Component { return h.extensions }

var storageID = component.MustNewID("file_storage")

// on gives the rig a disk.
func (r *rig) on(d *disk) *rig {
	r.host = host{Host: componenttest.NewNopHost(), extensions: map[component.ID]component.Component{storageID: d}}
	return r
}
