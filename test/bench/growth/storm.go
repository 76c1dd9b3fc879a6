// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor"
)

// storm is the alert processor with its state on disk, the dashboard, and maybe a notifier, as they
// run in the binary; with a series for each alert that there may be.
type storm struct {
	surroundings
	size      int
	directory string
	channel   func(address string) (exporter.Factory, settings) // nil: no notifier
	change    func(*alertprocessor.Config)

	telemetry *componenttest.Telemetry
	metrics   processor.Metrics
	traces    processor.Traces
	logs      processor.Logs
	notifier  exporter.Logs
	receiver  *receiver
	firing    bool
}

// Labels of the series: one in a hundred raises a critical alert, ten are of one team, and each
// shard has a quarter of them.
const (
	severityLabel = "level"
	shards        = 4
)

// newStorm has rules by which each series raises an alert while its value is 1.
func newStorm(ctx context.Context, size int, channel func(address string) (exporter.Factory, settings), change func(*alertprocessor.Config)) (*storm, error) {
	directory, err := os.MkdirTemp("", "storm")
	if err != nil {
		return nil, err
	}
	s := &storm{size: size, directory: directory, channel: channel, change: change}
	if channel != nil {
		if s.receiver, err = newReceiver(ctx); err != nil {
			return nil, err
		}
	}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, s.close()) //nolint:contextcheck // it stops whatever becomes of ctx
	}
	return s, nil
}

func (s *storm) start(ctx context.Context) (err error) {
	s.telemetry = componenttest.NewTelemetry()
	if s.surroundings, err = startSurroundings(ctx, filepath.Join(s.directory, "storage")); err != nil {
		return err
	}
	host := s.host
	if err := s.startNotifier(ctx, host); err != nil {
		return err
	}
	factory := alertprocessor.NewFactory()
	cfg := factory.CreateDefaultConfig().(*alertprocessor.Config)
	cfg.Storage.Directory, cfg.Storage.MaxSeries = filepath.Join(s.directory, "alert"), 1_000_000
	cfg.EvaluationInterval = max(200*time.Millisecond, time.Duration(s.size)*100*time.Microsecond)
	cfg.Cooldown = 0 // so that they may fire again
	for shard := range shards {
		for _, level := range []string{"warning", "critical"} {
			cfg.Rules = append(cfg.Rules, alertprocessor.RuleConfig{
				Name: fmt.Sprintf("Storm_%d_%s", shard, level), Severity: level,
				Expr: fmt.Sprintf(`storm{shard="%d",level="%s"} > 0`, shard, level),
			})
		}
	}
	s.change(cfg)
	set := processortest.NewNopSettings(factory.Type())
	set.ID, set.TelemetrySettings = component.NewID(factory.Type()), s.telemetry.NewTelemetrySettings()
	if s.metrics, err = factory.CreateMetrics(ctx, set, cfg, consumertest.NewNop()); err != nil {
		return err
	}
	if s.traces, err = factory.CreateTraces(ctx, set, cfg, consumertest.NewNop()); err != nil {
		return err
	}
	var next consumer.Logs = consumertest.NewNop()
	if s.notifier != nil {
		next = s.notifier
	}
	if s.logs, err = factory.CreateLogs(ctx, set, cfg, next); err != nil {
		return err
	}
	return errors.Join(s.logs.Start(ctx, host), s.traces.Start(ctx, host), s.metrics.Start(ctx, host))
}

func (s *storm) startNotifier(ctx context.Context, host component.Host) (err error) {
	if s.channel == nil {
		return nil
	}
	factory, config := s.channel(s.receiver.url)
	cfg := factory.CreateDefaultConfig()
	config["storage"] = "wal_storage"
	if err := confmap.NewFromStringMap(config).Unmarshal(cfg); err != nil {
		return err
	}
	set := exportertest.NewNopSettings(factory.Type())
	set.ID, set.TelemetrySettings = component.NewID(factory.Type()), s.telemetry.NewTelemetrySettings()
	if s.notifier, err = factory.CreateLogs(ctx, set, cfg); err != nil {
		return err
	}
	return s.notifier.Start(ctx, host)
}

// stop stops everything but the receiver.
func (s *storm) stop() error {
	ctx := context.Background()
	var errs []error
	for _, c := range []component.Component{s.metrics, s.traces, s.logs, s.notifier} {
		if c != nil {
			errs = append(errs, c.Shutdown(ctx))
		}
	}
	errs = append(errs, s.surroundings.stop(ctx))
	s.metrics, s.traces, s.logs, s.notifier = nil, nil, nil, nil
	return errors.Join(append(errs, s.telemetry.Shutdown(ctx))...)
}

func (s *storm) close() error {
	err := s.stop()
	if s.receiver != nil {
		s.receiver.close()
	}
	return errors.Join(err, os.RemoveAll(s.directory))
}

// seriesInRequest is how many series come at once.
const seriesInRequest = 1000

// feed sends a sample of each series.
func (s *storm) feed(ctx context.Context, value float64) error {
	now := pcommon.NewTimestampFromTime(time.Now())
	for first := 0; first < s.size; first += seriesInRequest {
		md := pmetric.NewMetrics()
		metric := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
		metric.SetName("storm")
		points := metric.SetEmptyGauge().DataPoints()
		for i := first; i < min(first+seriesInRequest, s.size); i++ {
			point := points.AppendEmpty()
			point.SetTimestamp(now)
			point.SetDoubleValue(value)
			point.Attributes().PutStr("id", fmt.Sprintf("series-%06d", i))
			point.Attributes().PutStr("team", strconv.Itoa(i/10))
			point.Attributes().PutStr("shard", strconv.Itoa(i%shards))
			level := "warning"
			if i%100 == 0 {
				level = "critical"
			}
			point.Attributes().PutStr(severityLabel, level)
		}
		if err := s.metrics.ConsumeMetrics(ctx, md); err != nil {
			return err
		}
	}
	return nil
}

// flip has all alerts fire, or all be resolved, and waits until that was delivered.
func (s *storm) flip(ctx context.Context) error {
	want := s.sent() + int64(s.size)
	s.firing = !s.firing
	value := 0.0
	if s.firing {
		value = 1
	}
	if err := s.feed(ctx, value); err != nil {
		return err
	}
	for deadline := time.Now().Add(15 * time.Minute); s.sent() < want; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("%d alerts were not delivered", want-s.sent())
		}
	}
	return nil
}

// sent is how many changes of alerts the notifier has sent.
func (s *storm) sent() (total int64) {
	for _, name := range []string{"otelcol_webhook_exporter_alerts", "otelcol_slack_exporter_alerts"} {
		m, err := s.telemetry.GetMetric(name)
		if err != nil {
			continue
		}
		for _, p := range m.Data.(metricdata.Sum[int64]).DataPoints {
			if outcome, _ := p.Attributes.Value("outcome"); outcome.AsString() == "sent" {
				total += p.Value
			}
		}
	}
	return total
}

// evaluated is how many evaluations of the rules there were.
func (s *storm) evaluated() int64 { return s.total("otelcol_processor_alert_evaluations") }

// total is the sum of a counter over its attributes; 0 before it counts.
func (s *storm) total(counter string) (total int64) {
	m, err := s.telemetry.GetMetric(counter)
	if err != nil {
		return 0
	}
	for _, p := range m.Data.(metricdata.Sum[int64]).DataPoints {
		total += p.Value
	}
	return total
}

// awaitEvaluation waits for one evaluation more.
func (s *storm) awaitEvaluation() {
	for before := s.evaluated(); s.evaluated() == before; {
		time.Sleep(5 * time.Millisecond)
	}
}

// active is how many alerts there are in a state.
func (s *storm) active(state string) int64 {
	m, err := s.telemetry.GetMetric("otelcol_processor_alert_alerts")
	if err != nil {
		return 0
	}
	for _, p := range m.Data.(metricdata.Gauge[int64]).DataPoints {
		if found, _ := p.Attributes.Value("state"); found.AsString() == state {
			return p.Value
		}
	}
	return 0
}

// awaitActive waits until all alerts are in a state.
func (s *storm) awaitActive(state string) error {
	for deadline := time.Now().Add(15 * time.Minute); s.active(state) != int64(s.size); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("%d alerts are %s", s.active(state), state)
		}
	}
	return nil
}

// failedSpan raises an event, which has happened before.
func failedSpan() ptrace.Traces {
	td := ptrace.NewTraces()
	span := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	span.Status().SetCode(ptrace.StatusCodeError)
	return td
}
