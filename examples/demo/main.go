// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Demo starts a collector, sends it the telemetry of a small team's agents over two
// days, and shows the result: the spend by model, the alert that the most expensive
// call raised, and a dashboard with data of today and yesterday.
//
//	make demo
//
// The collector that it starts has ports of its own, so that the invented data does not
// reach one that is already running. Without a binary it sends to -otlp and -arc.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"
	"time"
)

// patience bounds the wait for the collector's results.
const patience = 50 * time.Second

func main() {
	var d demo
	flag.StringVar(&d.binary, "collector", "bin/otelcol-arc", "the collector's binary; empty: send to one that is already running")
	flag.StringVar(&d.config, "config", "config/default.yaml", "its configuration")
	flag.StringVar(&d.otlp, "otlp", "localhost:4317", "without -collector: where to send OTLP over gRPC")
	flag.StringVar(&d.arc, "arc", "localhost:8123", "without -collector: where to send Arc events")
	flag.BoolVar(&d.stay, "stay", false, "keep sending until interrupted, to see the dashboard at work")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := d.run(ctx)
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

type demo struct {
	binary, config, otlp, arc string
	stay                      bool
}

func (d *demo) run(ctx context.Context) (err error) {
	if d.binary == "" {
		return d.fill(ctx)
	}
	at, err := freePorts(ctx)
	if err != nil {
		return err
	}
	collector, err := startCollector(ctx, d.binary, d.config, &at)
	if err != nil {
		return err
	}
	d.otlp, d.arc = at.otlp, at.arc
	defer func() { err = errors.Join(err, collector.stop()) }()
	if err := d.fill(ctx); err != nil {
		return err
	}
	if err := show(ctx, collector, at.metrics); err != nil {
		return err
	}
	fmt.Printf("The dashboard with spend and alerts: http://%s\n", at.dashboard)
	if d.stay {
		fmt.Println("Sending calls until Ctrl-C.")
		return d.goOn(ctx)
	}
	return nil
}

// fill sends two days.
func (d *demo) fill(ctx context.Context) error {
	fmt.Printf("Sending the spans of two days to %s and Arc events to http://%s/v1/events …\n", d.otlp, d.arc)
	now := time.Now()
	calls, err := sendSpans(ctx, d.otlp, now.Add(-48*time.Hour), now, time.Minute)
	if err != nil {
		return fmt.Errorf("OTLP: %w", err)
	}
	if err := sendEvents(ctx, d.arc, 400); err != nil {
		return fmt.Errorf("arc events: %w", err)
	}
	fmt.Printf("%d LLM calls in spans and 400 events were acknowledged in %s.\n", calls, time.Since(now).Round(time.Millisecond))
	return nil
}

// goOn keeps sending calls in real time, until ctx is done.
func (d *demo) goOn(ctx context.Context) error {
	const pause = 3 * time.Second
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-time.After(pause):
			_, err := sendSpans(ctx, d.otlp, now.Add(-pause), now, pause)
			if err == nil {
				err = sendEvents(ctx, d.arc, 5)
			}
			if err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}

// show prints the collector's metrics and alerts.
func show(ctx context.Context, collector *collector, metrics string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	series, err := waitFor(ctx, func() ([]string, error) { return arcSeries(ctx, metrics) })
	if err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	fmt.Printf("\nOn http://%s/metrics:\n\n  %s\n", metrics, strings.Join(series, "\n  "))
	alerts, err := waitFor(ctx, func() ([]string, error) { return collector.alerts(), nil })
	if err != nil {
		return fmt.Errorf("alerts: %w", err)
	}
	fmt.Printf("\nAlerts, which go to Slack and PagerDuty when SLACK_WEBHOOK_URL and PAGERDUTY_API_KEY are set:\n\n  %s\n\n", strings.Join(alerts, "\n  "))
	return nil
}

// waitFor polls until there is something to show.
func waitFor(ctx context.Context, ask func() ([]string, error)) ([]string, error) {
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for {
		found, err := ask()
		if len(found) > 0 || err != nil {
			return found, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("nothing came: %w", ctx.Err())
		case <-ticker.C:
		}
	}
}
