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
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/otelcol-arc/otelcol-arc/internal/groupcommit"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor"
	"github.com/otelcol-arc/otelcol-arc/test/bench/traffic"
)

// yearModels is how many models each user calls a day.
const yearModels = 5

// year is llm_cost with a storage and the dashboard, as they run in the binary.
type year struct {
	surroundings
	size    int // rows
	users   int
	days    int
	traces  processor.Traces
	metrics processor.Metrics
	began   time.Duration // of the start of llm_cost
	number  uint64
}

// newYear has a row for each user, model and day: hours of the last 35 days, and days before.
func newYear(size int) *year {
	y := &year{size: size, users: max(2, min(2000, size/500))}
	y.days = size / y.users / yearModels
	return y
}

// start starts everything in a directory.
func (y *year) start(ctx context.Context, directory string) (err error) {
	if y.surroundings, err = startSurroundings(ctx, directory); err != nil {
		return err
	}
	host := y.host
	factory := llmcostprocessor.NewFactory()
	cfg := factory.CreateDefaultConfig()
	if err := confmap.NewFromStringMap(settings{
		"dimensions": []any{"service.name", "user.id"}, "storage": "wal_storage", "max_rows": 2_000_000,
		"metrics_interval": "24h", // the ledger is saved when this asks for it
	}).Unmarshal(cfg); err != nil {
		return err
	}
	set := processortest.NewNopSettings(factory.Type())
	set.ID = component.NewID(factory.Type())
	if y.traces, err = factory.CreateTraces(ctx, set, cfg, consumertest.NewNop()); err != nil {
		return err
	}
	if y.metrics, err = factory.CreateMetrics(ctx, set, cfg, consumertest.NewNop()); err != nil {
		return err
	}
	before := time.Now()
	err = errors.Join(y.traces.Start(ctx, host), y.metrics.Start(ctx, host))
	y.began = time.Since(before)
	return err
}

// save writes what is new to the storage: the instance of the metrics pipeline does so when it
// shuts down, and that of the traces pipeline goes on counting.
func (y *year) save(ctx context.Context) error {
	metrics := y.metrics
	y.metrics = nil
	return metrics.Shutdown(ctx)
}

func (y *year) stop() error {
	ctx := context.Background()
	var errs []error
	for _, c := range []component.Component{y.metrics, y.traces} {
		if c != nil {
			errs = append(errs, c.Shutdown(ctx))
		}
	}
	return errors.Join(append(errs, y.surroundings.stop(ctx))...)
}

// callsInBatch is how many calls of the year come at once.
const callsInBatch = 1000

// fill has each user call each model once a day.
func (y *year) fill(ctx context.Context) error {
	total := y.users * yearModels * y.days
	td := traffic.Spans(min(callsInBatch, total), 100, 1)
	now := time.Now()
	for at := 0; at < total; {
		for _, span := range td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
			y.describe(span, at%total, now)
			at++
		}
		if err := y.send(ctx, td); err != nil {
			return err
		}
	}
	return nil
}

// describe has a span report the call of a row: by user, by model, by day.
func (y *year) describe(span ptrace.Span, row int, now time.Time) {
	user, model, day := row%y.users, row/y.users%yearModels, row/y.users/yearModels
	call(span, "gen_ai.request.model", traffic.Models[model])
	call(span, "user.id", userName(user))
	end := now.Add(-time.Duration(day)*24*time.Hour - time.Minute)
	span.SetStartTimestamp(pcommon.NewTimestampFromTime(end.Add(-time.Second)))
	span.SetEndTimestamp(pcommon.NewTimestampFromTime(end))
}

func userName(user int) string { return fmt.Sprintf("%08x@example.com", user*2654435761) }

func (y *year) send(ctx context.Context, td ptrace.Traces) error {
	y.number++
	traffic.Renumber(td, y.number)
	own := ptrace.NewTraces()
	td.CopyTo(own)
	return groupcommit.Traces(y.traces).ConsumeTraces(ctx, own) // as the receiver does
}

// Requests for a month by user, for pages of rows, of which there are as many as in the ledger
// where a step is a day, and for the dashboard.
var (
	monthByUser = "/api/usage?from=" + daysAgo(30) + "&by=user.id&limit=0"
	allByUser   = "/api/usage?from=" + daysAgo(400) + "&by=user.id&limit=0"
	pageOfAll   = "/api/usage?from=" + daysAgo(400) + "&by=user.id&by=model&step=day&sort=-cost&limit=100&page=%d"
	dashboard   = "/?from=" + daysAgo(400) + "&by=user.id"
)

func daysAgo(days int) string { return time.Now().UTC().AddDate(0, 0, -days).Format(time.DateOnly) }

// yearsDirectory has the ledgers that were filled, by size, so that each is once.
type yearsDirectory struct{ path string }

// open starts a ledger of so many rows.
func (d *yearsDirectory) open(ctx context.Context, size int) (*year, error) {
	y, directory := newYear(size), filepath.Join(d.path, strconv.Itoa(size))
	if _, err := os.Stat(directory); errors.Is(err, os.ErrNotExist) {
		first := newYear(size)
		if err := first.start(ctx, directory); err != nil {
			return nil, err
		}
		if err := errors.Join(first.fill(ctx), first.stop()); err != nil { //nolint:contextcheck // it stops whatever becomes of ctx
			return nil, err
		}
	}
	y.number = 1 << 32 // no call of before
	return y, y.start(ctx, directory)
}
