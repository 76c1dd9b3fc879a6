// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/ratio"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor"
	"github.com/otelcol-arc/otelcol-arc/test/bench/traffic"
)

func overSets() growth {
	return growth{
		name: "sets", title: "A call and a sample, by label sets", x: "label sets", y: shareOfUnmarshalling, unit: share,
		lines: []line{overUsers(), {"a sample of alert: series in its storage", []int{100, 10_000, 100_000, 1_000_000}, appended}},
	}
}

func overRules() growth {
	return growth{
		name: "rules", title: "A rule's evaluation, by rules", x: "rules", y: "time of a rule", unit: micros,
		lines: []line{{"rules over one series each, of 10,000", []int{100, 1000, 10_000}, evaluated}},
	}
}

// watching is the alert processor with its own metrics.
type watching struct {
	processor.Metrics
	telemetry *componenttest.Telemetry
	directory string
}

func startWatching(ctx context.Context, change func(*alertprocessor.Config)) (w *watching, err error) {
	w = &watching{telemetry: componenttest.NewTelemetry()}
	if w.directory, err = os.MkdirTemp("", "growth"); err != nil {
		return nil, err
	}
	factory := alertprocessor.NewFactory()
	cfg := factory.CreateDefaultConfig().(*alertprocessor.Config)
	cfg.Storage.Directory = w.directory
	cfg.Storage.MaxSeries = 2_000_000
	change(cfg)
	set := processortest.NewNopSettings(factory.Type())
	set.TelemetrySettings = w.telemetry.NewTelemetrySettings()
	if w.Metrics, err = factory.CreateMetrics(ctx, set, cfg, consumertest.NewNop()); err != nil {
		return nil, err
	}
	return w, w.Start(ctx, componenttest.NewNopHost())
}

func (w *watching) close() error {
	ctx := context.Background()
	return errors.Join(w.Shutdown(ctx), w.telemetry.Shutdown(ctx), os.RemoveAll(w.directory))
}

// appendedSoFar is the number of samples in the storage.
func (w *watching) appendedSoFar() (total int64) {
	m, err := w.telemetry.GetMetric("otelcol_processor_alert_samples_appended")
	if err != nil {
		return 0
	}
	for _, p := range m.Data.(metricdata.Sum[int64]).DataPoints {
		total += p.Value
	}
	return total
}

// evaluations are the number of evaluations of rule groups, and the seconds that
// they took.
func (w *watching) evaluations() (count uint64, seconds float64) {
	m, err := w.telemetry.GetMetric("otelcol_processor_alert_evaluation_duration")
	if err != nil {
		return 0, 0
	}
	for _, p := range m.Data.(metricdata.Histogram[float64]).DataPoints {
		count += p.Count
		seconds += p.Sum
	}
	return count, seconds
}

// feed sends requests, ten at a time, and waits until they have been written, so
// that none is dropped.
func (w *watching) feed(ctx context.Context, bodies [][]byte) error {
	want := w.appendedSoFar()
	for i, body := range bodies {
		request := pmetricotlp.NewExportRequest()
		if err := request.UnmarshalProto(body); err != nil {
			return err
		}
		want += int64(request.Metrics().DataPointCount())
		if err := w.ConsumeMetrics(ctx, request.Metrics()); err != nil {
			return err
		}
		for (i%10 == 9 || i == len(bodies)-1) && w.appendedSoFar() < want {
			time.Sleep(100 * time.Microsecond)
		}
	}
	return nil
}

// appended measures samples of so many series, a sample of each a round, or more
// where they are few.
func appended(ctx context.Context, size int) (ratio.Measure, func() error, error) {
	w, err := startWatching(ctx, func(*alertprocessor.Config) {})
	if err != nil {
		return nil, nil, err
	}
	start := time.Now().Add(-9 * time.Minute)
	at := start
	const least = 200_000 // samples of a measurement
	round := func() (bodies [][]byte, err error) {
		for samples := 0; samples < max(size, least); samples += size {
			at = at.Add(20 * time.Millisecond)
			some, err := traffic.Counters(size, start, at)
			if err != nil {
				return nil, err
			}
			bodies = append(bodies, some...)
		}
		return bodies, nil
	}
	first, err := traffic.Counters(size, start, start)
	if err == nil {
		err = w.feed(ctx, first)
	}
	if err != nil {
		return nil, nil, errors.Join(err, w.close()) //nolint:contextcheck // it stops whatever becomes of ctx
	}
	measure := func() (float64, error) {
		bodies, err := round()
		if err != nil {
			return 0, err
		}
		all, err := cpuOf(func() error { return w.feed(ctx, bodies) })
		if err != nil {
			return 0, err
		}
		floor, err := cpuOf(func() error {
			for _, body := range bodies {
				if err := pmetricotlp.NewExportRequest().UnmarshalProto(body); err != nil {
					return err
				}
			}
			return nil
		})
		return float64(all-floor) / float64(floor), err
	}
	return measure, w.close, nil
}

// evaluated measures rules, each of which looks at one series.
func evaluated(ctx context.Context, size int) (ratio.Measure, func() error, error) {
	const series = 10_000
	w, err := startWatching(ctx, func(c *alertprocessor.Config) {
		c.EvaluationInterval = max(200*time.Millisecond, time.Duration(size)*100*time.Microsecond)
		for i := range size {
			c.Rules = append(c.Rules, alertprocessor.RuleConfig{
				Name: fmt.Sprintf("R%d", i),
				Expr: fmt.Sprintf(`http_requests_total{path="/path/%d"} > 1e12`, i%series),
			})
		}
	})
	if err != nil {
		return nil, nil, err
	}
	measure := func() (float64, error) {
		now := time.Now()
		bodies, err := traffic.Counters(series, now.Add(-time.Minute), now)
		if err != nil {
			return 0, err
		}
		if err := w.feed(ctx, bodies); err != nil {
			return 0, err
		}
		count, seconds := w.evaluations()
		for {
			time.Sleep(100 * time.Millisecond)
			if n, s := w.evaluations(); n >= count+3 {
				return (s - seconds) * 1e6 / float64(n-count) / float64(size), nil
			}
		}
	}
	return measure, w.close, nil
}
