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

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/ratio"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor"
)

// activeSeries is how many series the rules yield.
var activeSeries = []int{100, 10_000, 100_000}

func overActive() growth {
	firing := func(*alertprocessor.Config) {}
	pending := func(c *alertprocessor.Config) {
		for i := range c.Rules {
			c.Rules[i].For = 24 * time.Hour
		}
	}
	in := func(state string, change func(*alertprocessor.Config), measure func(context.Context, *storm) (float64, error)) func(context.Context, int) (ratio.Measure, func() error, error) {
		return func(ctx context.Context, size int) (ratio.Measure, func() error, error) {
			s, err := newStorm(ctx, size, nil, change)
			if err != nil {
				return nil, nil, err
			}
			if err := errors.Join(s.feed(ctx, 1), s.awaitActive(state)); err != nil {
				return nil, nil, errors.Join(err, s.close()) //nolint:contextcheck // it stops whatever becomes of ctx
			}
			return func() (float64, error) {
				if err := s.feed(ctx, 1); err != nil { // or they would be stale after some minutes
					return 0, err
				}
				s.awaitEvaluation()
				cost, err := measure(ctx, s)
				return cost / float64(size), errors.Join(err, s.awaitActive(state))
			}, s.close, nil
		}
	}
	return growth{
		name: "active", title: "An active series of rules, by how many there are", x: "active series", y: "CPU of a series", unit: micros, wide: true, runs: 3,
		lines: []line{
			{"an evaluation, all pending", activeSeries, in("pending", pending, evaluation)},
			{"an evaluation, all firing", activeSeries, in("firing", firing, evaluation)},
			{"a restart, all pending", activeSeries, in("pending", pending, restart("pending"))},
			{"a restart, all firing", activeSeries, in("firing", firing, restart("firing"))},
			{"the dashboard: alerts", activeSeries, in("firing", firing, page("/alerts"))},
			{"the dashboard: rules", activeSeries, in("firing", firing, page("/rules"))},
		},
	}
}

// evaluation is the CPU of an evaluation of the rules, with what is decided and saved after it.
func evaluation(_ context.Context, s *storm) (float64, error) {
	took, err := cpuOf(func() error {
		s.awaitEvaluation()
		return nil
	})
	return perItem(took, 1), err
}

// restart is the CPU of saving the state and of continuing with it, up to the first evaluation.
func restart(state string) func(ctx context.Context, s *storm) (float64, error) {
	return func(ctx context.Context, s *storm) (float64, error) {
		took, err := cpuOf(func() error {
			if err := errors.Join(s.stop(), s.start(ctx)); err != nil { //nolint:contextcheck // it stops whatever becomes of ctx
				return err
			}
			return s.awaitActive(state)
		})
		return perItem(took, 1), err
	}
}

// page is the CPU of a page of the dashboard.
func page(path string) func(ctx context.Context, s *storm) (float64, error) {
	return func(ctx context.Context, s *storm) (float64, error) {
		times := max(1, 1000/s.size)
		took, err := cpuOf(func() error {
			for range times {
				if _, err := s.get(ctx, path); err != nil {
					return err
				}
			}
			return nil
		})
		return perItem(took, times), err
	}
}

// allActive measures as many active series as rules may have, by the clock of the wall.
func allActive(ctx context.Context, out io.Writer) (err error) {
	runtime.GOMAXPROCS(2)
	defer runtime.GOMAXPROCS(1)
	size := activeSeries[len(activeSeries)-1]
	s, err := newStorm(ctx, size, nil, func(*alertprocessor.Config) {})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }() //nolint:contextcheck // it stops whatever becomes of ctx
	if err := errors.Join(s.feed(ctx, 1), s.awaitActive("firing")); err != nil {
		return err
	}
	s.awaitEvaluation()
	ratio.Head(out, grouped(size)+" firing series", "", "takes", "size")
	for _, path := range []string{"/alerts", "/rules", "/api/alerts", "/api/v2/alerts"} {
		var times ratio.Series
		var length int64
		for range ratio.Runs {
			before := time.Now()
			if length, err = s.get(ctx, path); err != nil {
				return err
			}
			times = append(times, inMillis(time.Since(before)))
		}
		ratio.Row(out, "the dashboard: "+path, milliseconds(times.Sample().Median()), grouped(int(length)>>10)+" KiB")
	}
	before := time.Now()
	if err := s.stop(); err != nil { //nolint:contextcheck // it stops whatever becomes of ctx
		return err
	}
	ratio.Row(out, "stopping", milliseconds(inMillis(time.Since(before))), "")
	before = time.Now()
	if err := s.start(ctx); err != nil {
		return err
	}
	ratio.Row(out, "starting, until it is ready", milliseconds(inMillis(time.Since(before))), "")
	if err := s.awaitActive("firing"); err != nil {
		return err
	}
	ratio.Row(out, "starting, until all fire again", milliseconds(inMillis(time.Since(before))), "")
	s.awaitEvaluation()
	if again := s.total("otelcol_processor_alert_notices_emitted"); again > 0 {
		return fmt.Errorf("%d alerts were notified again after a restart", again)
	}
	return nil
}
