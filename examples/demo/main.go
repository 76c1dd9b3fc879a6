// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Demo starts a collector, sends it what a small team's agents send in a few
// minutes, and shows what came of it: the spend by model, and the alert that
// the costliest call raised.
//
//	make demo
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

// patience bounds the wait for what the collector makes of the traffic.
const patience = 50 * time.Second

func main() {
	binary := flag.String("collector", "bin/otelcol-arc", "the collector's binary")
	config := flag.String("config", "config/default.yaml", "its configuration")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *binary, *config)
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, binary, config string) (err error) {
	collector, err := startCollector(ctx, binary, config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, collector.stop()) }()

	fmt.Println("Sending OTLP spans to localhost:4317 and Arc events to http://localhost:8123/v1/events …")
	if err := sendSpans(ctx); err != nil {
		return fmt.Errorf("OTLP: %w", err)
	}
	if err := sendEvents(ctx); err != nil {
		return fmt.Errorf("arc events: %w", err)
	}

	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	series, err := waitFor(ctx, func() ([]string, error) { return arcSeries(ctx) })
	if err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	fmt.Printf("\nOn http://localhost:9464/metrics:\n\n  %s\n", strings.Join(series, "\n  "))
	alerts, err := waitFor(ctx, func() ([]string, error) { return collector.alerts(), nil })
	if err != nil {
		return fmt.Errorf("alerts: %w", err)
	}
	fmt.Printf("\nAlerts, which go to Slack and PagerDuty when SLACK_WEBHOOK_URL and PAGERDUTY_API_KEY are set:\n\n  %s\n\n", strings.Join(alerts, "\n  "))
	return nil
}

// waitFor asks until there is something to show.
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
