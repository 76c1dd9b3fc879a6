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
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/checkedstorage"
	"github.com/otelcol-arc/otelcol-arc/internal/health"
	"github.com/otelcol-arc/otelcol-arc/internal/period"
	"github.com/otelcol-arc/otelcol-arc/internal/sharedcore"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/calls"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/identity"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/invoice"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
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
	senders   *senders
	rules     *outcomeCounter

	prices   atomic.Pointer[price.Table]
	unpriced *unpricedModels
	// estimates are by reason.
	estimates *estimates
	sources   *metricSources
	ledger    *ledger.Ledger
	kept      *calls.Store   // single calls
	zone      *time.Location // of its days
	clock     *clock         // by which the ledger forgets
	billing   billing
	emitters  sharedcore.Emitters[pmetric.Metrics]
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
	store  *store // nil without storage
	cancel context.CancelFunc
	hide   func() // from the pages
	done   chan struct{}

	mu       sync.Mutex // one emission at a time; guards what follows
	rejected bool       // by a metrics pipeline, the last time
	reached  reached    // thresholds of budgets

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
		senders:   newSenders(cfg),
		files:     files,

		tables:     tables,
		dimensions: dimensions,
		calls:      newCache(cfg),
		unpriced:   newUnpricedModels(cfg.MaxModels),
		estimates:  newEstimates(cfg.MaxModels),
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

// openStore loads what was persisted. When the storage cannot be read it is not
// overwritten: the ledger is then in memory only, and telemetry passes through.
func (c *core) openStore(ctx context.Context, host component.Host) error {
	if c.cfg.Storage == nil {
		return nil
	}
	store, err := openStore(ctx, host, *c.cfg.Storage, c.id, c.cfg.Dedup, &c.counting, c.logger, c.onDamage)
	if _, unusable := errors.AsType[checkedstorage.OpenError](err); unusable {
		c.health.Set(problemStorage, err, "Opening the storage failed; the ledger starts empty and in memory, the storage is left unchanged", "")
		return nil
	}
	if err != nil {
		return err
	}
	err = c.arrangeDimensions(ctx, store)
	if err == nil {
		err = store.load(ctx, c.ledger, c.series, c.kept, loader{c, ctx}, c.resource)
	}
	if err != nil {
		c.health.Set(problemStorage, err, "Reading the ledger from the storage failed; it starts empty and in memory, the storage is left unchanged", "")
		c.ledger, c.series, c.calls, c.known = newLedger(c.cfg), newSeries(c.cfg, c.dimensions.labels), newCache(c.cfg), nil
		c.kept = newKept(c.cfg)
		return store.close(ctx)
	}
	c.store = store
	return nil
}

// onDamage reports a value of the storage that is lost. The problem lasts: so does the loss.
func (c *core) onDamage(key string, err error) {
	c.telemetry.ProcessorLlmCostDamagedValues.Add(context.Background(), 1)
	c.damages = append(c.damages, fmt.Errorf("%s in the storage is damaged: %w", key, err))
	if len(c.damages) <= maxNamedDamages {
		c.health.Set(problemDamaged, errors.Join(c.damages...), "", "")
	}
}

// maxNamedDamages bounds what the status names.
const maxNamedDamages = 10

// loader adds what a store loads to a core.
type loader struct {
	*core
	ctx context.Context //nolint:containedctx // of Start
}

func (l loader) remember(e *entry) {
	changes := l.calls.Add(e.records, e.spans, e.at).Changes
	for i := range changes {
		if in := changes[i].In; in != nil {
			l.amend(in)
			l.kept.Remember(changes[i].Call, in.Current())
		}
	}
}

func (l loader) count(e *entry) {
	l.addKnown(e.seen, e.at)
	l.record(e.calls, e.at)
	l.record(e.sums, e.at)
	l.addRecords(l.ctx, e.records, e.spans, e.at, nil)
}

func (l loader) addKnown(ids []uint64, at time.Time) { l.known.add(ids, at.Add(l.cfg.Dedup.Window)) }

func (c *core) observe() error {
	number := func(get func() int64) metric.Int64Callback {
		return func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(get())
			return nil
		}
	}
	counting := func(get func() int64) metric.Int64Callback { // with the lock held
		return number(func() int64 {
			c.counting.Lock()
			defer c.counting.Unlock()
			return get()
		})
	}
	return errors.Join(
		c.telemetry.RegisterProcessorLlmCostDedupRecordsCallback(counting(func() int64 { return int64(c.calls.Len()) })),
		c.telemetry.RegisterProcessorLlmCostDedupEvictionsCallback(counting(c.calls.Evicted)),
		c.telemetry.RegisterProcessorLlmCostCrowdedRecordsCallback(counting(func() int64 { return c.calls.Crowding().Total })),
		c.telemetry.RegisterProcessorLlmCostLedgerRowsLimitCallback(number(func() int64 { return int64(c.cfg.MaxRows) })),
		c.telemetry.RegisterProcessorLlmCostLedgerDayRowsLimitCallback(number(func() int64 { return int64(c.cfg.MaxDayRows) })),
		c.telemetry.RegisterProcessorLlmCostLedgerDayRowsCallback(number(func() int64 { return int64(c.ledger.Extent().DayRows) })),
		c.telemetry.RegisterProcessorLlmCostLedgerFoldedDaysCallback(number(func() int64 { return int64(c.ledger.Extent().Folded) })),
		c.telemetry.RegisterProcessorLlmCostLedgerRowsCallback(number(func() int64 { return int64(c.ledger.Rows()) })),
		c.telemetry.RegisterProcessorLlmCostKeptCallsCallback(number(func() int64 {
			extent := c.kept.Extent()
			return int64(extent.Newest + extent.MostExpensive)
		})),
		c.telemetry.RegisterProcessorLlmCostDroppedCallsCallback(number(func() int64 { return c.kept.Extent().Dropped })),
		c.telemetry.RegisterProcessorLlmCostSendersCallback(number(func() int64 { return int64(c.senders.len()) })),
		c.telemetry.RegisterProcessorLlmCostUnlistedRecordsCallback(number(c.senders.unlisted)),
		c.telemetry.RegisterProcessorLlmCostSeriesCallback(counting(func() int64 { return int64(c.series.Len()) })),
		c.telemetry.RegisterProcessorLlmCostSeriesLimitCallback(number(func() int64 { return int64(c.cfg.MaxSeries) })),
		c.telemetry.RegisterProcessorLlmCostPriceModelsCallback(func(_ context.Context, o metric.Int64Observer) error {
			table := c.prices.Load()
			o.Observe(int64(table.Len()), metric.WithAttributes(attribute.String("version", table.Version())))
			return nil
		}),
		c.telemetry.RegisterProcessorLlmCostPriceAgeCallback(func(_ context.Context, o metric.Float64Observer) error {
			if age, known := c.priceAge(time.Now()); known {
				o.Observe(age.Seconds())
			}
			return nil
		}),
		c.telemetry.RegisterProcessorLlmCostPriceSourceAgeCallback(func(_ context.Context, o metric.Float64Observer) error {
			c.lists.mu.Lock()
			defer c.lists.mu.Unlock()
			for _, s := range c.lists.sources {
				since := s.state.Confirmed
				if since.IsZero() {
					since = s.since
				}
				o.Observe(time.Since(since).Seconds(), metric.WithAttributes(attribute.String("source", s.name)))
			}
			return nil
		}),
		c.telemetry.RegisterProcessorLlmCostPriceResolutionsCallback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(c.searched.Load() + c.prices.Load().Resolutions())
			return nil
		}),
	)
}

// run emits and persists what was counted, and forgets what is too old.
func (c *core) run(ctx context.Context) {
	ticker := time.NewTicker(c.cfg.MetricsInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			c.emit(ctx)
		}
	}
}

// emit sends what was counted through every open emitter.
func (c *core) emit(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	md := c.persistMetrics(ctx)
	if md.MetricCount() == 0 {
		return
	}
	_, err := c.emitters.Send(ctx, func() pmetric.Metrics {
		own := pmetric.NewMetrics() // the next consumer may change it
		md.CopyTo(own)
		return own
	})
	if ctx.Err() != nil {
		return // we are shutting down: what is left is emitted then
	}
	if err != nil {
		c.telemetry.ProcessorLlmCostMetricsFailures.Add(ctx, 1)
	}
	if rejected := err != nil; rejected != c.rejected {
		c.rejected = rejected
		if rejected {
			c.logger.Warn("A metrics pipeline rejected usage metrics; the next ones include them", zap.Error(err))
		} else {
			c.logger.Info("The metrics pipelines accept usage metrics again")
		}
	}
}

// persistMetrics saves what was counted, and returns it as metrics. Emitted counters
// must not be ahead of the saved ones: after a kill they would decrease, and a reader
// would take that for a counter reset and count everything again.
func (c *core) persistMetrics(ctx context.Context) pmetric.Metrics {
	c.checkClock()
	c.ledger.Forget(c.clock.now())
	c.sources.forget(time.Now())
	c.kept.Forget(c.clock.now())
	md := c.buildMetrics()
	c.save(ctx)
	return md
}

// close emits what was counted until now, and closes an emitter.
func (c *core) close(ctx context.Context, emitter *sharedcore.Emitter[pmetric.Metrics]) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	md := c.persistMetrics(ctx)
	if md.MetricCount() == 0 {
		return emitter.Close(ctx, nil)
	}
	return emitter.Close(ctx, func() pmetric.Metrics { return md })
}

// save must be called with mu held.
func (c *core) save(ctx context.Context) {
	defer c.forgetAccounts()
	if c.store == nil {
		changes := c.ledger.Take(c.clock.now())
		_, _ = changes.Pack() // to be compact
		c.kept.Discard()
		return
	}
	err := c.persist(ctx)
	if err != nil && ctx.Err() != nil {
		return // we are shutting down, and save once more then
	}
	if err != nil {
		c.telemetry.ProcessorLlmCostSnapshotFailures.Add(ctx, 1)
		err = fmt.Errorf("write the ledger to the storage: %w", err)
	} else {
		c.reportJournal(nil) // the ledger holds what the journal does not
	}
	c.health.Set(problemLedger, err,
		"Writing the ledger to the storage failed; it is retried at each metrics interval",
		"Writing the ledger to the storage works again")
}

// forgetAccounts drops what refers to rows of the ledger that it has packed.
func (c *core) forgetAccounts() {
	c.counting.Lock()
	defer c.counting.Unlock()
	c.accounts.known = nil
}

// persist writes what has changed to the storage. It must be called with mu held.
func (c *core) persist(ctx context.Context) error {
	err := errors.Join(c.store.save(ctx, c.ledger, c.series, c.kept, time.Now(), c.clock.now()), c.saveBill(ctx))
	if err != nil {
		return err
	}
	return errors.Join(c.saveClock(ctx), c.saveReached(ctx))
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
	return errors.Join(c.persist(ctx), c.store.close(ctx))
}

// metricsInstance forwards metrics, and is an emitter of the core.
type metricsInstance struct {
	consumer.Metrics
	instance *sharedcore.Instance[*core]
	emitter  *sharedcore.Emitter[pmetric.Metrics]
}

// Capabilities: the metrics are not changed.
func (*metricsInstance) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

// ConsumeMetrics counts what metric sources report, and forwards the metrics.
func (i *metricsInstance) ConsumeMetrics(ctx context.Context, md pmetric.Metrics) error {
	if err := i.instance.Ready(); err != nil {
		return err
	}
	c := i.instance.Core()
	c.readBilled(md)
	c.traffic.dataPoints.Add(int64(md.DataPointCount()))
	c.noteMetrics(md, time.Now())
	if len(c.sources.sources) > 0 {
		c.countMetrics(ctx, md)
	}
	return i.Metrics.ConsumeMetrics(ctx, md)
}

// Start opens the emitter: the next consumer has started.
func (i *metricsInstance) Start(ctx context.Context, host component.Host) error {
	if err := i.instance.Start(ctx, host); err != nil {
		return err
	}
	i.emitter.Open()
	return nil
}

// Shutdown emits what was counted until now, and closes the emitter.
func (i *metricsInstance) Shutdown(ctx context.Context) error {
	return i.instance.Shutdown(ctx, func(ctx context.Context) error {
		return i.instance.Core().close(ctx, i.emitter)
	})
}
