// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-arc/otelcol-arc/exporter/slackexporter"
	"github.com/otelcol-arc/otelcol-arc/exporter/webhookexporter"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/ratio"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor"
)

// mostAlerts is as many as one channel has wait.
const mostAlerts = 50_000

var alertsAtOnce = []int{100, 10_000, mostAlerts}

// route is a way from rules to a receiver.
type route struct {
	name    string
	channel func(address string) (exporter.Factory, settings)
	change  func(*alertprocessor.Config)
}

func webhook(address string) (exporter.Factory, settings) {
	return webhookexporter.NewFactory(), settings{"url": address}
}

var routes = []route{
	{"to a webhook, 1,000 in a message", webhook, func(*alertprocessor.Config) {}},
	{"to a webhook, in groups of ten", webhook, func(c *alertprocessor.Config) {
		c.GroupBy, c.GroupWait, c.GroupInterval = []string{"team"}, 0, time.Millisecond
	}},
	{"to Slack, all in one message", func(address string) (exporter.Factory, settings) {
		return slackexporter.NewFactory(), settings{"webhook_url": address}
	}, func(*alertprocessor.Config) {}},
}

// overAlerts measures from the samples that raise or resolve alerts until they are delivered.
func overAlerts() growth {
	g := growth{name: "alerts", title: "An alert, by how many there are at once", x: "alerts at once", y: "CPU of an alert", unit: micros, wide: true, runs: 3}
	for _, r := range routes {
		g.lines = append(g.lines, line{r.name, alertsAtOnce, func(ctx context.Context, size int) (ratio.Measure, func() error, error) {
			s, err := newStorm(ctx, size, r.channel, r.change)
			if err != nil {
				return nil, nil, err
			}
			if err := s.flip(ctx); err != nil {
				return nil, nil, errors.Join(err, s.close()) //nolint:contextcheck // it stops whatever becomes of ctx
			}
			return func() (float64, error) {
				took, err := cpuOf(func() error { return s.flip(ctx) })
				return perItem(took, size), err
			}, s.close, nil
		}})
	}
	return g
}

// allAtOnce measures a storm of as many alerts as a channel has wait, by the clock of the wall.
func allAtOnce(ctx context.Context, out io.Writer) error {
	runtime.GOMAXPROCS(2)
	defer runtime.GOMAXPROCS(1)
	ratio.Head(out, grouped(mostAlerts)+" alerts at once, one in a hundred critical", "", "all delivered after", "all critical ones after", "messages",
		"longest wait of a metric", "of a span that raises an event", "heap before", "most")
	for _, r := range routes {
		row, err := r.measure(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		ratio.Row(out, append([]string{r.name}, row...)...)
	}
	return nil
}

func (r route) measure(ctx context.Context) (row []string, err error) {
	s, err := newStorm(ctx, mostAlerts, r.channel, func(c *alertprocessor.Config) {
		r.change(c)
		c.EvaluationInterval = 5 * time.Second
		hour, never := time.Hour, time.Duration(0)
		c.Events = []alertprocessor.EventConfig{{
			Name: "Failed", Context: "span", Condition: "status.code == 2", Severity: "warning", Cooldown: &hour, ResolveAfter: &never,
		}}
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }() //nolint:contextcheck // it stops whatever becomes of ctx
	if err := s.feed(ctx, 0); err != nil {
		return nil, err
	}
	s.awaitEvaluation()
	runtime.GC()
	before := heap()
	ended, result := make(chan struct{}), make(chan probed, 1)
	go func() { result <- s.probe(ctx, ended) }()
	began := time.Now()
	err = s.flip(ctx)
	took := time.Since(began)
	close(ended)
	found := <-result
	if err := errors.Join(err, found.err); err != nil {
		return nil, err
	}
	messages, critical := s.receiver.totals()
	return []string{
		milliseconds(inMillis(took)), milliseconds(inMillis(critical.Sub(began))), grouped(messages),
		milliseconds(inMillis(found.metric)), milliseconds(inMillis(found.span)), inMebibytes(before), inMebibytes(found.heap),
	}, nil
}

type probed struct {
	metric, span time.Duration // the longest
	heap         uint64        // the largest
	err          error
}

// probe sends a metric and a span each millisecond until something has ended.
func (s *storm) probe(ctx context.Context, ended <-chan struct{}) (found probed) {
	sample := pmetric.NewMetrics()
	metric := sample.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	metric.SetName("probe")
	point := metric.SetEmptyGauge().DataPoints().AppendEmpty()
	span := failedSpan()
	for n := 0; ; n++ {
		select {
		case <-ended:
			return found
		case <-time.After(time.Millisecond):
		}
		point.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
		before := time.Now()
		if found.err = s.metrics.ConsumeMetrics(ctx, sample); found.err != nil {
			return found
		}
		between := time.Now()
		if found.err = s.traces.ConsumeTraces(ctx, span); found.err != nil {
			return found
		}
		found.metric, found.span = max(found.metric, between.Sub(before)), max(found.span, time.Since(between))
		if n%50 == 0 {
			found.heap = max(found.heap, heap())
		}
	}
}

// heap is how much is in use, with garbage.
func heap() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapInuse
}

func inMebibytes(bytes uint64) string { return fmt.Sprintf("%d MiB", bytes>>20) }
