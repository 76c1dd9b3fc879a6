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

	"github.com/otelcol-arc/otelcol-arc/internal/health"
	"github.com/otelcol-arc/otelcol-arc/internal/sharedcore"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/seen"
)

// core is what the instances of one processor ID share.
type core struct {
	cfg       *Config
	id        component.ID
	logger    *zap.Logger
	resource  pcommon.Resource // of the Collector; what was counted carries it
	telemetry *metadata.TelemetryBuilder
	outcomes  *tallies
	rules     *tallies

	prices   atomic.Pointer[price.Table]
	seen     *seen.Memory
	unpriced *unpricedModels
	sources  *metricSources
	ledger   *ledger.Ledger
	outlets  sharedcore.Outlets[pmetric.Metrics]
	files    [sha256.Size]byte // of the price files, when they were read
	// searched is the number of names that tables before prices searched for.
	searched atomic.Int64

	// Set in Start, before anything is consumed, and not changed after.
	store  *store // nil without storage
	cancel context.CancelFunc
	hide   func() // from the pages
	done   chan struct{}

	mu      sync.Mutex // one letting out at a time; guards what follows
	refused bool       // a metrics pipeline, the last time

	health *health.Health
}

// What can go wrong while telemetry passes on.
const (
	problemStorage health.Problem = "storage" // it cannot be used at all
	problemLedger  health.Problem = "ledger"  // it cannot be written to the storage
	problemJournal health.Problem = "journal" // the same of what is counted between
	problemPrices  health.Problem = "prices"  // the files have become wrong
)

var _ sharedcore.Core = (*core)(nil)

func newCore(cfg *Config, set processor.Settings) (*core, error) {
	// Before the files are read: a change in between is found by the next look.
	files := sumFiles(cfg.Prices.Files)
	prices, err := price.Load(cfg.Prices.Files)
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
		outcomes:  newTallies(telemetry.ProcessorLlmCostCalls, "outcome"),
		rules:     newTallies(telemetry.ProcessorLlmCostCachedCalls, "rule"),
		files:     files,
		seen:      newMemory(cfg),
		unpriced:  newUnpricedModels(cfg.MaxModels),
		sources:   newMetricSources(cfg.MetricSources, time.Now()),
		ledger:    newLedger(cfg),
		health:    health.New(set.Logger),
	}
	c.prices.Store(prices)
	return c, nil
}

func newMemory(cfg *Config) *seen.Memory { return seen.New(cfg.Dedup.MaxEntries, cfg.Dedup.Window) }

func newLedger(cfg *Config) *ledger.Ledger {
	return ledger.New(ledger.Limits{
		Rows:   cfg.MaxRows,
		Models: cfg.MaxModels,
		Hours:  int64(cfg.Retention / time.Hour),
		Calls:  cfg.Calls.MaxEntries,
	})
}

// Start loads what was kept, and begins to let out what is counted.
func (c *core) Start(ctx context.Context, host component.Host) error {
	c.health.Report(host)
	if err := c.openStore(ctx, host); err != nil {
		return err
	}
	if err := c.observe(); err != nil {
		return err
	}
	if c.outlets.Len() == 0 {
		c.logger.Warn("No metrics pipeline names this processor: calls are priced, but what they add up to does not leave.")
	}
	c.hide = c.show(host)
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c.cancel, c.done = cancel, make(chan struct{})
	go func() {
		defer close(c.done)
		var tasks sync.WaitGroup
		tasks.Go(func() { c.run(running) })
		tasks.Go(func() { c.watchPrices(running, c.files) })
		tasks.Wait()
	}()
	return nil
}

// openStore loads what was kept. What cannot be read because the storage fails
// is not written over: then the ledger is in memory alone, and telemetry passes.
func (c *core) openStore(ctx context.Context, host component.Host) error {
	if c.cfg.Storage == nil {
		return nil
	}
	store, err := openStore(ctx, host, *c.cfg.Storage, c.id, c.cfg.Dedup, c.logger)
	if _, unusable := errors.AsType[errClient](err); unusable {
		c.health.Set(problemStorage, err, "Cannot open the storage. The ledger begins anew, in memory; what is in the storage stays as it is.", "")
		return nil
	}
	if err != nil {
		return err
	}
	if err := store.load(ctx, c.ledger, c.seen, c.resource); err != nil {
		c.health.Set(problemStorage, err, "Cannot read the ledger from the storage. It begins anew, in memory; what is in the storage stays as it is.", "")
		c.ledger, c.seen = newLedger(c.cfg), newMemory(c.cfg)
		return store.close(ctx)
	}
	c.store = store
	return nil
}

func (c *core) observe() error {
	return errors.Join(
		c.telemetry.RegisterProcessorLlmCostLedgerRowsLimitCallback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(int64(c.cfg.MaxRows))
			return nil
		}),
		c.telemetry.RegisterProcessorLlmCostLedgerRowsCallback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(int64(c.ledger.Rows()))
			return nil
		}),
		c.telemetry.RegisterProcessorLlmCostPriceModelsCallback(func(_ context.Context, o metric.Int64Observer) error {
			table := c.prices.Load()
			o.Observe(int64(table.Len()), metric.WithAttributes(attribute.String("version", table.Version())))
			return nil
		}),
		c.telemetry.RegisterProcessorLlmCostPriceAgeCallback(func(_ context.Context, o metric.Float64Observer) error {
			o.Observe(time.Since(c.prices.Load().Date()).Seconds())
			return nil
		}),
		c.telemetry.RegisterProcessorLlmCostPriceResolutionsCallback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(c.searched.Load() + c.prices.Load().Resolutions())
			return nil
		}),
	)
}

// run lets out what was counted, keeps it, and forgets what is too old.
func (c *core) run(ctx context.Context) {
	ticker := time.NewTicker(c.cfg.MetricsInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			c.letOut(ctx)
		}
	}
}

// letOut sends what was counted through every open outlet.
func (c *core) letOut(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	md := c.kept(ctx)
	if md.MetricCount() == 0 {
		return
	}
	_, err := c.outlets.Send(ctx, func() pmetric.Metrics {
		own := pmetric.NewMetrics() // what stands behind an outlet may change it
		md.CopyTo(own)
		return own
	})
	if ctx.Err() != nil {
		return // we are shutting down: the outlets are given what is left
	}
	if err != nil {
		c.telemetry.ProcessorLlmCostMetricsFailures.Add(ctx, 1)
	}
	if refused := err != nil; refused != c.refused {
		c.refused = refused
		if refused {
			c.logger.Warn("A metrics pipeline refuses what was counted. The next totals hold it too.", zap.Error(err))
		} else {
			c.logger.Info("The metrics pipelines take what was counted again.")
		}
	}
}

// kept is what was counted, as metrics, after it was saved. What leaves must not
// be ahead of what is saved: after a kill the counters would go back, and whoever
// reads them would take that for a restart and count everything again.
func (c *core) kept(ctx context.Context) pmetric.Metrics {
	c.ledger.Forget(time.Now())
	c.sources.forget(time.Now())
	md := c.counted()
	c.save(ctx)
	return md
}

// close lets out what was counted to the end, and closes an outlet.
func (c *core) close(ctx context.Context, outlet *sharedcore.Outlet[pmetric.Metrics]) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	md := c.kept(ctx)
	if md.MetricCount() == 0 {
		return outlet.Close(ctx, nil)
	}
	return outlet.Close(ctx, func() pmetric.Metrics { return md })
}

// save must be called with mu held.
func (c *core) save(ctx context.Context) {
	if c.store == nil {
		return
	}
	err := c.store.save(ctx, c.ledger, time.Now())
	if err != nil && ctx.Err() != nil {
		return // we are shutting down, and save once more then
	}
	if err != nil {
		c.telemetry.ProcessorLlmCostSnapshotFailures.Add(ctx, 1)
		err = fmt.Errorf("write the ledger to the storage: %w", err)
	} else {
		c.journaled(nil) // the ledger holds what the journal does not
	}
	c.health.Set(problemLedger, err,
		"Cannot write the ledger to the storage. It is tried again each time.",
		"The ledger is written to the storage again.")
}

// Stop ends the letting out. The instances in metrics pipelines let out what is
// left when they shut down.
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

// Close keeps what was counted.
func (c *core) Close(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.telemetry.Shutdown()
	if c.store == nil {
		return nil
	}
	return errors.Join(c.store.save(ctx, c.ledger, time.Now()), c.store.close(ctx))
}

// metricsInstance passes metrics on, and is an outlet of the core.
type metricsInstance struct {
	consumer.Metrics
	instance *sharedcore.Instance[*core]
	outlet   *sharedcore.Outlet[pmetric.Metrics]
}

// Capabilities: what passes is not changed.
func (*metricsInstance) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

// ConsumeMetrics counts what metric sources say, and passes the metrics on.
func (i *metricsInstance) ConsumeMetrics(ctx context.Context, md pmetric.Metrics) error {
	if err := i.instance.Ready(); err != nil {
		return err
	}
	if c := i.instance.Core(); len(c.sources.sources) > 0 {
		c.countMetrics(ctx, md)
	}
	return i.Metrics.ConsumeMetrics(ctx, md)
}

// Start opens the outlet: what stands behind it has started.
func (i *metricsInstance) Start(ctx context.Context, host component.Host) error {
	if err := i.instance.Start(ctx, host); err != nil {
		return err
	}
	i.outlet.Open()
	return nil
}

// Shutdown lets out what was counted to the end, and closes the outlet.
func (i *metricsInstance) Shutdown(ctx context.Context) error {
	return i.instance.Shutdown(ctx, func(ctx context.Context) error {
		return i.instance.Core().close(ctx, i.outlet)
	})
}
