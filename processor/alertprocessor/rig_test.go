// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/metadata"
)

// rig is the processor in one pipeline of each signal, with what it emits.
// Tests run it inside synctest.Test: there, time is a fake clock that moves
// when every goroutine waits, the tsdb's and the rules' among them.
type rig struct {
	t         *testing.T
	traces    processor.Traces
	metrics   processor.Metrics
	logs      processor.Logs
	tracesOut *consumertest.TracesSink
	seriesOut *consumertest.MetricsSink
	logsOut   *consumertest.LogsSink
	full      atomic.Bool            // the next consumer of the logs pipeline rejects
	onLogs    atomic.Pointer[func()] // called before the next consumer gets logs; nil for none
	telemetry *componenttest.Telemetry
	warnings  *observer.ObservedLogs
	host      *statusHost
	settings  processor.Settings
	stopped   bool
}

// newRig builds and starts the processor. The test ends with its shutdown.
func newRig(t *testing.T, cfg *Config) *rig {
	t.Helper()
	r := buildRig(t, cfg)
	for _, c := range r.components() {
		require.NoError(t, c.Start(t.Context(), r.host))
	}
	t.Cleanup(r.stop)
	return r
}

func buildRig(t *testing.T, cfg *Config) *rig {
	t.Helper()
	require.NoError(t, cfg.Validate())
	core, warnings := observer.New(zapcore.WarnLevel)
	telemetry := componenttest.NewTelemetry()
	t.Cleanup(func() { require.NoError(t, telemetry.Shutdown(context.Background())) })
	set := processortest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = telemetry.NewTelemetrySettings()
	set.Logger = zap.New(core)
	set.Resource.Attributes().PutStr("service.name", "collector")
	r := &rig{
		t:         t,
		tracesOut: new(consumertest.TracesSink),
		seriesOut: new(consumertest.MetricsSink),
		logsOut:   new(consumertest.LogsSink),
		telemetry: telemetry,
		warnings:  warnings,
		host:      &statusHost{Host: componenttest.NewNopHost()},
		settings:  set,
	}
	factory := NewFactory()
	var err error
	r.traces, err = factory.CreateTraces(t.Context(), set, cfg, r.tracesOut)
	require.NoError(t, err)
	r.metrics, err = factory.CreateMetrics(t.Context(), set, cfg, r.seriesOut)
	require.NoError(t, err)
	next, err := consumer.NewLogs(func(ctx context.Context, ld plog.Logs) error {
		if r.full.Load() {
			return errors.New("the queue is full")
		}
		if onLogs := r.onLogs.Load(); onLogs != nil {
			(*onLogs)()
		}
		return r.logsOut.ConsumeLogs(ctx, ld)
	})
	require.NoError(t, err)
	r.logs, err = factory.CreateLogs(t.Context(), set, cfg, next)
	require.NoError(t, err)
	return r
}

func (r *rig) components() []component.Component {
	return []component.Component{r.traces, r.metrics, r.logs}
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

// send passes metrics, which the processor must not change.
func (r *rig) send(md pmetric.Metrics) {
	r.t.Helper()
	md.MarkReadOnly()
	require.NoError(r.t, r.metrics.ConsumeMetrics(r.t.Context(), md))
}

// series are the points of a metric that have left.
func (r *rig) series(name string) []pmetric.NumberDataPoint {
	var out []pmetric.NumberDataPoint
	for _, md := range r.seriesOut.AllMetrics() {
		for _, rm := range md.ResourceMetrics().All() {
			for _, m := range rm.ScopeMetrics().At(0).Metrics().All() {
				if m.Name() == name {
					for _, p := range m.Gauge().DataPoints().All() {
						out = append(out, p)
					}
				}
			}
		}
	}
	return out
}

// notifications takes the alerts that were sent since the last call.
func (r *rig) notifications() []alertevent.Alert {
	r.t.Helper()
	alerts := readAlerts(r.t, r.logsOut.AllLogs())
	r.logsOut.Reset()
	return alerts
}

func readAlerts(t *testing.T, all []plog.Logs) []alertevent.Alert {
	t.Helper()
	var alerts []alertevent.Alert
	for _, ld := range all {
		for record := range alertevent.Records(ld) {
			alert, err := alertevent.Read(record)
			require.NoError(t, err)
			alerts = append(alerts, alert)
		}
	}
	return alerts
}

// active are the active alerts that the dashboard lists.
func (r *rig) active() []dashboard.ActiveAlert { return listActive(r.host.page.alerts) }

func listActive(source dashboard.Alerts) []dashboard.ActiveAlert {
	return slices.Collect(source.Active(dashboard.ActiveFilter{}).List(0))
}

// lines are the alerts in short: "firing Name", "resolved Name".
func lines(alerts []alertevent.Alert) []string {
	var out []string
	for _, a := range alerts {
		out = append(out, string(a.State)+" "+a.Name())
	}
	return out
}

// statusHost remembers the status that a component reports.
type statusHost struct {
	component.Host
	events []*componentstatus.Event
	page   dashboardDouble
}

// GetExtensions implements component.Host: there is a page, among others.
func (h *statusHost) GetExtensions() map[component.ID]component.Component {
	return map[component.ID]component.Component{
		component.MustNewID("dashboard"): &h.page,
		component.MustNewID("other"):     nil,
	}
}

// dashboardDouble is a board that holds what it is shown.
type dashboardDouble struct {
	component.StartFunc
	component.ShutdownFunc
	ids    []component.ID
	alerts dashboard.Alerts // nil when hidden
}

func (*dashboardDouble) ShowUsage(component.ID, dashboard.Usage) func() { panic("not usage") }

func (p *dashboardDouble) ShowAlerts(id component.ID, source dashboard.Alerts) func() {
	p.ids = append(p.ids, id)
	p.alerts = source
	return func() { p.alerts = nil }
}

// Report implements componentstatus.Reporter. Each of the three instances reports the
// same event.
func (h *statusHost) Report(event *componentstatus.Event) {
	if n := len(h.events); n == 0 || h.events[n-1] != event {
		h.events = append(h.events, event)
	}
}

func testConfig(change func(*Config)) *Config {
	cfg := createDefaultConfig().(*Config)
	change(cfg)
	return cfg
}
