// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package notifier runs an exporter that sends notifications of alerts against a
// double of its vendor.
package notifier

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/alerts"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
)

// Running is a started exporter, with all it logs and counts.
type Running struct {
	exporter.Logs
	Log *observer.ObservedLogs

	telemetry *componenttest.Telemetry
	metric    string // what the names of its metrics begin with
}

// Impatient shortens the intervals between attempts.
func Impatient(retry *configretry.BackOffConfig) {
	retry.InitialInterval = time.Millisecond
	retry.MaxInterval = time.Millisecond
}

// Start starts an exporter with a valid configuration.
func Start(t *testing.T, factory exporter.Factory, cfg component.Config) Running {
	t.Helper()
	require.NoError(t, confmap.Validate(cfg))
	telemetry := componenttest.NewTelemetry()
	t.Cleanup(func() { assert.NoError(t, telemetry.Shutdown(context.WithoutCancel(t.Context()))) })
	core, log := observer.New(zap.DebugLevel)
	set := exportertest.NewNopSettings(factory.Type())
	set.TelemetrySettings = telemetry.NewTelemetrySettings()
	set.Logger = zap.New(core)
	e, err := factory.CreateLogs(t.Context(), set, cfg)
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	return Running{Logs: e, Log: log, telemetry: telemetry, metric: fmt.Sprintf("otelcol_%s_exporter_", factory.Type())}
}

// Deliver gives the exporter alerts of one evaluation, and waits until nothing is
// left to be sent.
func (r Running) Deliver(t *testing.T, raised ...alertevent.Alert) {
	t.Helper()
	require.NoError(t, r.ConsumeLogs(t.Context(), alerts.Logs(raised...)))
	require.Eventually(t, func() bool { return r.Logs.(*notify.Exporter).Waiting() == 0 }, 10*time.Second, time.Millisecond)
}

// Finish waits until the double has this number of bodies, stops the exporter, and
// checks that there are no more and that no log line holds the secret.
func (r Running) Finish(t *testing.T, inbox *double.Inbox, bodies int, secret string) {
	t.Helper()
	require.Eventually(t, func() bool { return len(inbox.Bodies()) >= bodies }, 10*time.Second, time.Millisecond)
	require.NoError(t, r.Shutdown(t.Context()))
	require.NoError(t, r.Shutdown(t.Context()), "twice")
	require.Len(t, inbox.Bodies(), bodies)
	for _, entry := range r.Log.All() {
		assert.NotContains(t, fmt.Sprint(entry.Message, entry.ContextMap()), secret)
	}
}

// Count is how many alerts had the outcome.
func (r Running) Count(t *testing.T, outcome string) int64 {
	t.Helper()
	return r.Metric(t, "alerts", attribute.String("outcome", outcome))
}

// Metric is the value of one of the exporter's own counters, by what is
// after its type in the name; 0 when nothing was counted.
func (r Running) Metric(t *testing.T, name string, attributes ...attribute.KeyValue) int64 {
	t.Helper()
	m, err := r.telemetry.GetMetric(r.metric + name)
	if err != nil {
		return 0
	}
	want := attribute.NewSet(attributes...)
	for _, point := range m.Data.(metricdata.Sum[int64]).DataPoints {
		if point.Attributes.Equals(&want) {
			return point.Value
		}
	}
	return 0
}

// ReadmeExamples are the configurations that the README beside the test shows
// for the exporter, each on top of a default one.
func ReadmeExamples(t *testing.T, factory exporter.Factory) []component.Config {
	t.Helper()
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	var configs []component.Config
	name := factory.Type().String()
	for _, example := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(readme, -1) {
		var parsed struct {
			Exporters map[string]map[string]any
		}
		// No variable is set.
		text := regexp.MustCompile(`\$\{env:\w+:-\}`).ReplaceAll(example[1], nil)
		require.NoError(t, yaml.Unmarshal(text, &parsed))
		cfg := factory.CreateDefaultConfig()
		for id, settings := range parsed.Exporters {
			require.Equal(t, name, strings.SplitN(id, "/", 2)[0])
			require.NoError(t, confmap.NewFromStringMap(settings).Unmarshal(cfg))
		}
		require.NoError(t, confmap.Validate(cfg))
		configs = append(configs, cfg)
	}
	return configs
}
