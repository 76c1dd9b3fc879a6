// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

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
	tally     *tallies

	prices  *price.Table
	seen    *seen.Memory
	ledger  *ledger.Ledger
	outlets sharedcore.Outlets[pmetric.Metrics]

	// Set in Start, before anything is consumed, and not changed after.
	store  *store // nil without storage
	cancel context.CancelFunc
	done   chan struct{}
}

var _ sharedcore.Core = (*core)(nil)

func newCore(cfg *Config, set processor.Settings) (*core, error) {
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
		resource:  pcommon.NewResource(),
		telemetry: telemetry,
		tally:     newTallies(telemetry.ProcessorLlmCostCalls),
		prices:    prices,
		seen:      seen.New(cfg.Dedup.MaxEntries, cfg.Dedup.Window),
		ledger: ledger.New(ledger.Limits{
			Rows:   cfg.MaxRows,
			Models: cfg.MaxModels,
			Hours:  int64(cfg.Retention / time.Hour),
		}),
	}
	set.Resource.CopyTo(c.resource)
	if _, ok := c.resource.Attributes().Get(attrService); !ok {
		c.resource.Attributes().PutStr(attrService, defaultService)
	}
	return c, nil
}

// Start loads what was kept, and begins to let out what is counted.
func (c *core) Start(ctx context.Context, host component.Host) error {
	if err := c.observe(); err != nil {
		return err
	}
	if c.cfg.Storage != nil {
		store, err := openStore(ctx, host, *c.cfg.Storage, c.id, c.logger)
		if err != nil {
			return err
		}
		c.store = store
		c.store.load(ctx, c.ledger)
		if own, ok := c.resource.Attributes().Get(attrInstance); ok {
			own.SetStr(c.store.instance(ctx, own.AsString()))
		}
	}
	if c.outlets.Len() == 0 {
		c.logger.Warn("No metrics pipeline names this processor: calls are priced, but what they add up to does not leave.")
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c.cancel, c.done = cancel, make(chan struct{})
	go func() {
		defer close(c.done)
		c.run(running)
	}()
	return nil
}

func (c *core) observe() error {
	return errors.Join(
		c.telemetry.RegisterProcessorLlmCostLedgerRowsCallback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(int64(c.ledger.Rows()))
			return nil
		}),
		c.telemetry.RegisterProcessorLlmCostPriceModelsCallback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(int64(c.prices.Len()))
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
			now := time.Now()
			c.ledger.Forget(now)
			c.save(ctx)
			if _, err := c.outlets.Send(ctx, c.counted); err != nil {
				// The next totals hold these too, so nothing is lost.
				c.logger.Debug("A metrics pipeline did not take what was counted", zap.Error(err))
			}
		}
	}
}

func (c *core) save(ctx context.Context) {
	if c.store == nil {
		return
	}
	if err := c.store.save(ctx, c.ledger); err != nil {
		c.telemetry.ProcessorLlmCostSnapshotFailures.Add(ctx, 1)
		c.logger.Warn("Cannot write the ledger to the storage; it is tried again with the next", zap.Error(err))
	}
}

// Stop ends the letting out. The instances in metrics pipelines let out what is
// left when they shut down.
func (c *core) Stop(ctx context.Context) error {
	if c.cancel == nil {
		return nil
	}
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
	c.telemetry.Shutdown()
	if c.store == nil {
		return nil
	}
	return errors.Join(c.store.save(ctx, c.ledger), c.store.close(ctx))
}

// metricsInstance passes metrics on, and is an outlet of the core.
type metricsInstance struct {
	consumer.Metrics
	instance *sharedcore.Instance[*core]
	outlet   *sharedcore.Outlet[pmetric.Metrics]
}

// Capabilities: what passes is not changed.
func (*metricsInstance) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

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
		return i.outlet.Close(ctx, i.instance.Core().counted)
	})
}
