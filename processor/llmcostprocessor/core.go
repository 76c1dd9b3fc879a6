// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/processor"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/health"
	"github.com/otelcol-arc/otelcol-arc/internal/period"
	"github.com/otelcol-arc/otelcol-arc/internal/sharedcore"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/budget"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/calls"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/identity"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/invoice"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledgerstore"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/pricegap"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/series"
)

// core is what the instances of one processor ID share.
type core struct {
	cfg       *Config
	id        component.ID
	logger    *zap.Logger
	resource  pcommon.Resource // of the Collector; what was counted carries it
	telemetry *metadata.TelemetryBuilder
	outcomes  *outcomeCounter
	traffic   traffic
	arrivals  arrivals
	rules     *outcomeCounter

	prices   atomic.Pointer[price.Table]
	gaps     *pricegap.Gaps // models without a price, and estimates
	sources  *metricSources
	ledger   *ledger.Ledger
	kept     *calls.Store   // single calls
	zone     *time.Location // of its days
	clock    *clock         // by which the ledger forgets
	billing  billing
	emitters sharedcore.Emitters[pmetric.Metrics]
	// callRecords is nil in tests without a factory.
	callRecords *callRecords
	lists       priceLists
	files       [sha256.Size]byte // of the price files, when they were read
	tables      [sha256.Size]byte // of those of dimensions
	settings    component.TelemetrySettings

	counting sync.Mutex      // one batch is counted at a time; guards what follows
	calls    *identity.Cache // records of calls
	known    knownCalls      // that version 1 has counted
	series   *series.Set     // of the metrics by dimension
	changes  []ledger.Change // of the last batch, whose memory is used again
	places   []ledger.Place
	inSeries []series.Place

	accounts accounts // of calls; guarded by counting

	dimensions *dimensions

	// searched is the number of names that tables before prices searched for.
	searched atomic.Int64

	// Set in Start, before anything is consumed, and not changed after.
	store  *ledgerstore.Store // nil without storage
	cancel context.CancelFunc
	hide   func() // from the pages
	done   chan struct{}

	mu       sync.Mutex     // one emission at a time; guards what follows
	rejected bool           // by a metrics pipeline, the last time
	reached  budget.Reached // thresholds of budgets

	health  *health.Health
	damages []error // found while the storage was loaded
}

// What can go wrong while telemetry passes through.
const (
	problemStorage health.Problem = "storage" // it cannot be used at all
	problemDamaged health.Problem = "damaged" // a part of what it has is lost
	problemLedger  health.Problem = "ledger"  // it cannot be written to the storage
	problemJournal health.Problem = "journal" // the same of what is counted between snapshots
	problemPrices  health.Problem = "prices"  // the files have become invalid
	problemCrowded health.Problem = "crowded" // too many records are related to each other
	problemTables  health.Problem = "tables"  // so have those of dimensions
	problemAliases health.Problem = "aliases" // aliases of the files mean models that no list has
	problemClock   health.Problem = "clock"   // it was set forward
)

var _ sharedcore.Core = (*core)(nil)

func newCore(cfg *Config, set processor.Settings) (*core, error) {
	// Before the files are read: a change in between is found by the next poll.
	files := sumFiles(cfg.Prices.Files)
	layers, err := cfg.readPriceFiles()
	if err != nil {
		return nil, fmt.Errorf("prices::files: %w", err)
	}
	prices, err := price.LoadLayers(layers)
	if err != nil {
		return nil, fmt.Errorf("prices::files: %w", err)
	}
	tables := sumFiles(tableFiles(cfg.Dimensions))
	dimensions, err := newDimensions(cfg.Dimensions)
	if err != nil {
		return nil, err
	}
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	c := &core{
		cfg:       cfg,
		id:        set.ID,
		logger:    set.Logger,
		resource:  ownResource(set.Resource),
		telemetry: telemetry,
		outcomes:  newOutcomeCounter(telemetry.ProcessorLlmCostCalls, "outcome"),
		rules:     newOutcomeCounter(telemetry.ProcessorLlmCostCachedCalls, "rule"),
		arrivals:  newArrivals(cfg.Dimensions),
		files:     files,

		tables:     tables,
		dimensions: dimensions,
		calls:      newCache(cfg),
		gaps:       pricegap.New(cfg.MaxModels),
		sources:    newMetricSources(cfg.MetricSources, time.Now()),
		ledger:     newLedger(cfg),
		kept:       newKept(cfg),
		zone:       zoneNamed(cfg.TimeZone),
		clock:      newClock(time.Now),
		series:     newSeries(cfg, dimensions.labels),
		billing:    billing{bill: invoice.NewBill(maxCharges)},
		health:     health.New(set.Logger),
		settings:   set.TelemetrySettings,
		lists: priceLists{
			sources: newPriceSources(cfg.Prices.Sources, set.BuildInfo.Command+"/"+set.BuildInfo.Version, time.Now()),
			files:   layers,
		},
	}
	c.prices.Store(prices)
	return c, nil
}

func newCache(cfg *Config) *identity.Cache {
	return identity.New(identity.Options{
		Records: cfg.Dedup.MaxEntries, Spans: cfg.Dedup.MaxEntries / 2, Window: cfg.Dedup.Window, PairByTime: cfg.Dedup.PairByTime,
	})
}

// maxHourRows bounds the memory of what changes: a row takes some 1 KB until it is packed.
const maxHourRows = 100_000

func newLedger(cfg *Config) *ledger.Ledger {
	limits := ledger.Limits{
		Rows:     cfg.MaxRows,
		HourRows: min(cfg.MaxRows, maxHourRows),
		DayRows:  cfg.MaxDayRows,
		Models:   cfg.MaxModels,
		Hours:    int64(cfg.Retention / time.Hour),
	}
	if cfg.DailyRetention > cfg.Retention {
		limits.DayOf, limits.DayHours = ledgerDays(zoneNamed(cfg.TimeZone)), int64(cfg.DailyRetention/time.Hour)
	}
	return ledger.New(limits)
}

// zoneNamed is a time zone of the configuration.
func zoneNamed(name string) *time.Location {
	zone, err := period.LoadZone(name)
	if err != nil {
		return time.UTC // Validate has seen to it
	}
	return zone
}

// ledgerDays returns the function that finds the day of an hour. An hour in which a day begins belongs
// to that day.
func ledgerDays(zone *time.Location) func(hour int64) (first, end int64) {
	return func(hour int64) (first, end int64) {
		last := time.Unix(hour*3600+3599, 0).In(zone)
		return ledger.HourOf(period.Day.Floor(last)), ledger.HourOf(period.Day.Next(last))
	}
}

func newSeries(cfg *Config, labels []string) *series.Set {
	return series.New(series.Options{Max: cfg.MaxSeries, Labels: labels, Idle: cfg.Retention})
}

// Start loads what was persisted, and begins to emit metrics.
func (c *core) Start(ctx context.Context, host component.Host) error {
	c.health.Report(host)
	if err := c.openStore(ctx, host); err != nil {
		return err
	}
	if err := c.loadBill(ctx); err != nil {
		c.logger.Error("Reading what was billed from the storage failed; the next report replaces it", zap.Error(err))
	}
	if err := errors.Join(c.loadClock(ctx), c.loadReached(ctx)); err != nil {
		c.logger.Error("Reading the time and the thresholds of budgets from the storage failed; thresholds that are reached are notified once more", zap.Error(err))
	}
	if err := c.startSources(ctx, host, c.settings); err != nil {
		return err
	}
	if err := c.observe(); err != nil {
		return err
	}
	if c.emitters.Len() == 0 {
		c.logger.Warn("No metrics pipeline has this processor; calls are priced, but no usage metrics are emitted")
	}
	c.hide = c.show(host)
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c.cancel, c.done = cancel, make(chan struct{})
	go func() {
		defer close(c.done)
		var tasks sync.WaitGroup
		tasks.Go(func() { c.run(running) })
		tasks.Go(func() { watchFiles(running, c.cfg.Prices.Files, c.files, c.reloadPrices) })
		tasks.Go(func() { watchFiles(running, tableFiles(c.cfg.Dimensions), c.tables, c.reloadTables) })
		for _, source := range c.lists.sources {
			tasks.Go(func() { c.watchSource(running, source) })
		}
		tasks.Wait()
	}()
	return nil
}

// Stop ends the emission. The instances in metrics pipelines emit what is left when
// they shut down.
func (c *core) Stop(ctx context.Context) error {
	if c.cancel == nil {
		return nil
	}
	c.hide()
	c.cancel()
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close persists what was counted.
func (c *core) Close(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.telemetry.Shutdown()
	if c.store == nil {
		return nil
	}
	c.journalLinks(ctx)
	return errors.Join(c.persist(ctx), c.store.Close(ctx))
}
