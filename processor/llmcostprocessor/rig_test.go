// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/metadata"
)

// rig is the processor in one pipeline of each signal, with what leaves. Tests
// that wait for metrics run it inside synctest.Test, where time is a fake clock
// that moves when every goroutine waits.
type rig struct {
	t          *testing.T
	traces     processor.Traces
	logs       processor.Logs
	metrics    processor.Metrics
	tracesOut  *consumertest.TracesSink
	logsOut    *consumertest.LogsSink
	metricsOut *consumertest.MetricsSink
	telemetry  *componenttest.Telemetry
	warnings   *observer.ObservedLogs
	host       *testHost
	settings   processor.Settings
	factory    processor.Factory
	stopped    bool
}

// morning is when tests with a fake clock begin.
var morning = time.Date(2026, 11, 23, 10, 30, 0, 0, time.UTC)

// wakeUp turns the fake clock of a synctest bubble to the morning.
func wakeUp() { time.Sleep(time.Until(morning)) }

// instanceID is what the Collector would make up at each start.
var instanceID = 0

func newRig(t *testing.T, cfg *Config, extensions ...extension) *rig {
	t.Helper()
	r := buildRig(t, cfg, extensions...)
	// Each instance has a host of its own, as in the Collector.
	hosts := []component.Host{r.host, &testHost{Host: r.host.Host, extensions: r.host.extensions}, &testHost{Host: r.host.Host, extensions: r.host.extensions}}
	for i, c := range r.components() {
		require.NoError(t, c.Start(t.Context(), hosts[i]))
	}
	t.Cleanup(r.stop)
	return r
}

func buildRig(t *testing.T, cfg *Config, extensions ...extension) *rig {
	t.Helper()
	require.NoError(t, cfg.Validate())
	logged, warnings := observer.New(zapcore.WarnLevel)
	telemetry := componenttest.NewTelemetry()
	t.Cleanup(func() { require.NoError(t, telemetry.Shutdown(context.Background())) })
	set := processortest.NewNopSettings(metadata.Type)
	set.ID = component.NewID(metadata.Type)
	set.TelemetrySettings = telemetry.NewTelemetrySettings()
	set.Logger = zap.New(logged)
	instanceID++
	set.Resource = pcommon.NewResource()
	set.Resource.Attributes().PutStr("service.name", "collector")
	set.Resource.Attributes().PutStr("service.instance.id", fmt.Sprint("instance-", instanceID))
	r := &rig{
		t:          t,
		tracesOut:  new(consumertest.TracesSink),
		logsOut:    new(consumertest.LogsSink),
		metricsOut: new(consumertest.MetricsSink),
		telemetry:  telemetry,
		warnings:   warnings,
		host:       &testHost{Host: componenttest.NewNopHost(), extensions: map[component.ID]component.Component{}},
		settings:   set,
	}
	for _, e := range extensions {
		r.host.extensions[e.id] = e.component
	}
	factory := NewFactory()
	r.factory = factory
	var err error
	r.traces, err = factory.CreateTraces(t.Context(), set, cfg, r.tracesOut)
	require.NoError(t, err)
	r.logs, err = factory.CreateLogs(t.Context(), set, cfg, r.logsOut)
	require.NoError(t, err)
	r.metrics, err = factory.CreateMetrics(t.Context(), set, cfg, r.metricsOut)
	require.NoError(t, err)
	return r
}

func (r *rig) components() []component.Component {
	return []component.Component{r.traces, r.logs, r.metrics}
}

func (r *rig) stop() {
	if r.stopped {
		return
	}
	r.stopped = true
	for _, c := range r.components() {
		assert.NoError(r.t, c.Shutdown(context.Background()))
	}
}

// price passes spans, and returns them as they leave.
func (r *rig) price(td ptrace.Traces) ptrace.Traces {
	r.t.Helper()
	require.NoError(r.t, r.traces.ConsumeTraces(r.t.Context(), td))
	all := r.tracesOut.AllTraces()
	return all[len(all)-1]
}

func (r *rig) priceLogs(ld plog.Logs) plog.Logs {
	r.t.Helper()
	require.NoError(r.t, r.logs.ConsumeLogs(r.t.Context(), ld))
	all := r.logsOut.AllLogs()
	return all[len(all)-1]
}

// totals stops the rig, and returns what left last.
func (r *rig) totals() readings {
	r.t.Helper()
	r.stop()
	return latest(r.metricsOut)
}

// readings map a series, written as in Prometheus, to its value.
type readings map[string]float64

// latest are the series of the newest metrics; those of histograms are _count,
// _sum and _bucket, which are cumulative.
func latest(sink *consumertest.MetricsSink) readings {
	all := sink.AllMetrics()
	if len(all) == 0 {
		return nil
	}
	return read(all[len(all)-1])
}

func read(md pmetric.Metrics) readings {
	out := readings{}
	eachMetric(md, func(m pmetric.Metric) {
		switch m.Type() {
		case pmetric.MetricTypeSum:
			readPoints(out, m.Name(), m.Sum().DataPoints())
		case pmetric.MetricTypeGauge:
			readPoints(out, m.Name(), m.Gauge().DataPoints())
		case pmetric.MetricTypeHistogram:
			for _, p := range m.Histogram().DataPoints().All() {
				out[m.Name()+"_count"+labelsOf(p.Attributes())] = float64(p.Count())
				out[m.Name()+"_sum"+labelsOf(p.Attributes())] = p.Sum()
				var below uint64
				for i, bound := range p.ExplicitBounds().All() {
					below += p.BucketCounts().At(i)
					out[fmt.Sprintf("%s_bucket%s le=%v", m.Name(), labelsOf(p.Attributes()), bound)] = float64(below)
				}
			}
		}
	})
	return out
}

func readPoints(out readings, name string, points pmetric.NumberDataPointSlice) {
	for _, p := range points.All() {
		value := p.DoubleValue()
		if p.ValueType() == pmetric.NumberDataPointValueTypeInt {
			value = float64(p.IntValue())
		}
		out[name+labelsOf(p.Attributes())] = value
	}
}

func eachMetric(md pmetric.Metrics, f func(pmetric.Metric)) {
	for _, rm := range md.ResourceMetrics().All() {
		for _, sm := range rm.ScopeMetrics().All() {
			for _, m := range sm.Metrics().All() {
				f(m)
			}
		}
	}
}

func labelsOf(attributes pcommon.Map) string {
	var labels []string
	for key, value := range attributes.All() {
		labels = append(labels, key+"="+value.AsString())
	}
	sort.Strings(labels)
	return "{" + strings.Join(labels, ",") + "}"
}

// testHost has extensions, and remembers the status that a component reports.
type testHost struct {
	component.Host
	extensions map[component.ID]component.Component

	mu     sync.Mutex
	events []*componentstatus.Event
}

type extension struct {
	id        component.ID
	component component.Component
}

func (h *testHost) GetExtensions() map[component.ID]component.Component { return h.extensions }

func (h *testHost) Report(event *componentstatus.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, event)
}

// reported are the events so far.
func (h *testHost) reported() []*componentstatus.Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.events)
}

func testConfig(change func(*Config)) *Config {
	cfg := createDefaultConfig().(*Config)
	if change != nil {
		change(cfg)
	}
	return cfg
}

// dimensionsOf are dimensions that are read from keys of their names.
func dimensionsOf(names ...string) []DimensionConfig {
	out := make([]DimensionConfig, len(names))
	for i, name := range names {
		out[i] = DimensionConfig{Name: name}
	}
	return out
}

// spanIDs makes the IDs of calls: no two have the same.
var spanIDs uint64

// callSpan makes a span of a call of gpt-4o that ends now: 1000 tokens in, 500
// out, which is $0.0075 since October 2024.
func callSpan(change ...func(ptrace.Span)) ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "shop")
	addCall(rs.ScopeSpans().AppendEmpty().Spans(), change...)
	return td
}

func addCall(to ptrace.SpanSlice, change ...func(ptrace.Span)) {
	span := to.AppendEmpty()
	spanIDs++
	var id pcommon.SpanID
	binary.BigEndian.PutUint64(id[:], spanIDs)
	span.SetName("chat gpt-4o")
	span.SetKind(ptrace.SpanKindClient)
	span.SetTraceID(pcommon.TraceID{15: 1})
	span.SetSpanID(id)
	span.SetStartTimestamp(pcommon.NewTimestampFromTime(time.Now().Add(-1500 * time.Millisecond)))
	span.SetEndTimestamp(pcommon.NewTimestampFromTime(time.Now()))
	a := span.Attributes()
	a.PutStr("gen_ai.operation.name", "chat")
	a.PutStr("gen_ai.provider.name", "openai")
	a.PutStr("gen_ai.request.model", "gpt-4o")
	a.PutInt("gen_ai.usage.input_tokens", 1000)
	a.PutInt("gen_ai.usage.output_tokens", 500)
	for _, f := range change {
		f(span)
	}
}

func put(key string, value any) func(ptrace.Span) {
	return func(span ptrace.Span) {
		if value == nil {
			span.Attributes().Remove(key)
			return
		}
		if err := span.Attributes().PutEmpty(key).FromRaw(value); err != nil {
			panic(err)
		}
	}
}

func firstSpan(td ptrace.Traces) ptrace.Span {
	return td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
}

// written is what the processor writes, of the attributes.
func written(attributes pcommon.Map) map[string]any {
	out := map[string]any{}
	for _, key := range []string{attrCost, attrStatus, attrReported} {
		if value, ok := attributes.Get(key); ok {
			out[key] = value.AsRaw()
		}
	}
	return out
}

// core is what the instances share.
func (r *rig) core() *core { return r.metrics.(*metricsInstance).instance.Core() }

func writeFile(t *testing.T, name, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(name, []byte(content), 0o600))
}

// persistMetrics does what the ticker does, and returns the metrics.
func (r *rig) persistMetrics() pmetric.Metrics {
	c := r.core()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.persistMetrics(r.t.Context())
}

func (r *rig) billingTotals(now time.Time) []providerTotal {
	c := r.core()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.billingTotals(now)
}
