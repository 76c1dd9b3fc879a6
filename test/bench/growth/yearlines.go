// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/ratio"
	"github.com/otelcol-arc/otelcol-arc/test/bench/traffic"
)

// rowsOfYears are the sizes of ledgers.
var rowsOfYears = []int{100, 10_000, 1_000_000}

func overRows(d *yearsDirectory) growth {
	requests := func(path string) func(context.Context, *year) ratio.Measure {
		return func(ctx context.Context, y *year) ratio.Measure {
			return func() (float64, error) {
				// Small ones are too short for the clock of the CPU.
				times := max(1, 1000/y.days/y.users)
				took, err := cpuOf(func() error {
					for range times {
						if _, err := y.get(ctx, path); err != nil {
							return err
						}
					}
					return nil
				})
				return perItem(took, times*y.size), err
			}
		}
	}
	open := func(measure func(context.Context, *year) ratio.Measure) func(context.Context, int) (ratio.Measure, func() error, error) {
		return func(ctx context.Context, size int) (ratio.Measure, func() error, error) {
			y, err := d.open(ctx, size)
			if err != nil {
				return nil, nil, err
			}
			return measure(ctx, y), y.stop, nil
		}
	}
	return growth{
		name: "rows", title: "A ledger, by its rows", x: "rows", y: "CPU of a row", unit: micros, wide: true,
		lines: []line{
			{"a call of a row that is there", rowsOfYears, open(knownRows)},
			{"a call that adds a row", rowsOfYears, open(newRows)},
			{"a start", rowsOfYears, d.starts},
			{"a snapshot, all rows of which are new", rowsOfYears, d.saves},
			{"the API: all days by user", rowsOfYears, open(requests(allByUser))},
			{"the API: the first page of a result a row, by cost", rowsOfYears, open(requests(fmt.Sprintf(pageOfAll, 1)))},
			{"the dashboard: all days by user", rowsOfYears, open(requests(dashboard))},
		},
	}
}

func perItem(took time.Duration, items int) float64 {
	return float64(took) / float64(time.Microsecond) / float64(items)
}

func knownRows(ctx context.Context, y *year) ratio.Measure {
	return calls(ctx, y, func(i int) string { return userName(i % y.users) })
}

func newRows(ctx context.Context, y *year) ratio.Measure {
	n := 0
	return calls(ctx, y, func(int) string {
		n++
		return fmt.Sprint("newcomer-", n)
	})
}

// calls measures calls of today, by users.
func calls(ctx context.Context, y *year, user func(i int) string) ratio.Measure {
	const batches = 10
	return func() (float64, error) {
		td := traffic.Spans(callsInBatch, 100, 1)
		var took time.Duration
		for batch := range batches {
			now := time.Now()
			for i, span := range td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
				y.describe(span, i%(y.users*yearModels), now)
				call(span, "user.id", user(batch*callsInBatch+i))
			}
			each, err := cpuOf(func() error { return y.send(ctx, td) })
			if err != nil {
				return 0, err
			}
			took += each
		}
		return perItem(took, batches*callsInBatch), nil
	}
}

// starts measures the start with a ledger.
func (d *yearsDirectory) starts(ctx context.Context, size int) (ratio.Measure, func() error, error) {
	y, err := d.open(ctx, size) // it is filled
	if err != nil {
		return nil, nil, err
	}
	measure := func() (float64, error) {
		if err := y.stop(); err != nil { //nolint:contextcheck // it stops whatever becomes of ctx
			return 0, err
		}
		took, err := cpuOf(func() (err error) {
			y, err = d.open(ctx, size)
			return err
		})
		return perItem(took, size), err
	}
	return measure, func() error { return y.stop() }, nil //nolint:contextcheck // it stops whatever becomes of ctx
}

// saves measures snapshots of ledgers that were never saved.
func (d *yearsDirectory) saves(ctx context.Context, size int) (ratio.Measure, func() error, error) {
	measure := func() (cost float64, err error) {
		directory, err := os.MkdirTemp(d.path, "new")
		if err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(directory)) }()
		y := newYear(size)
		if err := y.start(ctx, directory); err != nil {
			return 0, err
		}
		if err := y.fill(ctx); err != nil {
			return 0, errors.Join(err, y.stop()) //nolint:contextcheck // it stops whatever becomes of ctx
		}
		took, err := cpuOf(func() error { return y.save(ctx) })
		return perItem(took, size), errors.Join(err, y.stop()) //nolint:contextcheck // it stops whatever becomes of ctx
	}
	return measure, func() error { return nil }, nil
}

// aims measures what has a limit at a million rows, by the clock of the wall.
func (d *yearsDirectory) aims(ctx context.Context, out io.Writer) (err error) {
	runtime.GOMAXPROCS(2)
	defer runtime.GOMAXPROCS(1)
	const size = 1_000_000
	var starts ratio.Series
	for range ratio.Runs {
		y, err := d.open(ctx, size)
		if err != nil {
			return err
		}
		starts = append(starts, inMillis(y.began))
		if err := y.stop(); err != nil { //nolint:contextcheck // it stops whatever becomes of ctx
			return err
		}
	}
	ratio.Head(out, "A ledger of "+grouped(size)+" rows", "", "median", "99th percentile", "aim")
	line := func(what string, times ratio.Series, aim string) {
		sorted := times.Sample()
		ratio.Row(out, what, milliseconds(sorted.Median()), milliseconds(sorted[(len(sorted)-1)*99/100]), aim)
	}
	line("start of `llm_cost`", starts, "1 s")
	y, err := d.open(ctx, size)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, y.stop()) }() //nolint:contextcheck // it stops whatever becomes of ctx
	for _, request := range []struct {
		what, path string
		times      int
		aim        string
	}{
		{"the API: a month by user", monthByUser, 100, "p99 300 ms"},
		{"the API: all days by user", allByUser, 30, ""},
		{"the API: the first of a million results, by user, model and day, sorted by cost", fmt.Sprintf(pageOfAll, 1), ratio.Runs, "300 ms"},
		{"the API: the last of them", fmt.Sprintf(pageOfAll, size/100), ratio.Runs, "1 s"},
		{"the dashboard, as it opens", "/", 30, "300 ms"},
		{"the dashboard: a month by user", "/?from=" + daysAgo(30) + "&by=user.id", 30, "1 s"},
		{"the dashboard: all days by user", dashboard, 30, "1 s"},
	} {
		var times ratio.Series
		for range request.times {
			before := time.Now()
			if _, err := y.get(ctx, request.path); err != nil {
				return err
			}
			times = append(times, inMillis(time.Since(before)))
		}
		line(request.what, times, request.aim)
	}
	return d.pauses(ctx, out, size)
}

// pauses measures how long a call waits while a snapshot of so many new rows is written, and for
// as long after it.
func (d *yearsDirectory) pauses(ctx context.Context, out io.Writer, size int) error {
	var writing, longest, after ratio.Series
	for range 3 {
		directory, err := os.MkdirTemp(d.path, "new")
		if err != nil {
			return err
		}
		y := newYear(size)
		if err := y.start(ctx, directory); err != nil {
			return err
		}
		if err := y.fill(ctx); err != nil {
			return errors.Join(err, y.stop()) //nolint:contextcheck // it stops whatever becomes of ctx
		}
		runtime.GC()
		saved := make(chan error, 1)
		began := time.Now()
		go func() { saved <- y.save(ctx) }()
		waited, err := y.probe(ctx, saved)
		if err != nil {
			return errors.Join(err, y.stop()) //nolint:contextcheck // it stops whatever becomes of ctx
		}
		took := time.Since(began)
		idle := make(chan error, 1)
		time.AfterFunc(took, func() { idle <- nil })
		quiet, err := y.probe(ctx, idle)
		if err := errors.Join(err, y.stop(), os.RemoveAll(directory)); err != nil { //nolint:contextcheck // it stops whatever becomes of ctx
			return err
		}
		writing, longest, after = append(writing, inMillis(took)), append(longest, inMillis(waited)), append(after, inMillis(quiet))
	}
	ratio.Head(out, "A snapshot of "+grouped(size)+" new rows, three times", "", "median", "most", "aim")
	for _, l := range []struct {
		what  string
		times ratio.Series
		aim   string
	}{
		{"written in", writing, ""},
		{"the longest that a request of one call waits meanwhile", longest, "50 ms"},
		{"the longest for as long after it", after, ""},
	} {
		sorted := l.times.Sample()
		ratio.Row(out, l.what, milliseconds(sorted.Median()), milliseconds(slices.Max(sorted)), l.aim)
	}
	return nil
}

// probe sends a call each millisecond until something has ended, and returns the longest time
// that one took.
func (y *year) probe(ctx context.Context, ended <-chan error) (longest time.Duration, err error) {
	td := traffic.Spans(1, 100, 1)
	for {
		select {
		case err := <-ended:
			return longest, err
		case <-time.After(time.Millisecond):
		}
		before := time.Now()
		if err := y.send(ctx, td); err != nil {
			return 0, err
		}
		longest = max(longest, time.Since(before))
	}
}

// temporaryYears are in a directory that is removed.
func temporaryYears() (d *yearsDirectory, remove func() error, err error) {
	path, err := os.MkdirTemp("", "years")
	return &yearsDirectory{filepath.Clean(path)}, func() error { return os.RemoveAll(path) }, err
}

func inMillis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func milliseconds(v float64) string { return fmt.Sprintf("%.0f ms", v) }
