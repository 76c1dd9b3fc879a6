// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/sharedcore"
)

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
	err := errors.Join(c.store.Save(ctx, c.persisted(), time.Now(), c.clock.now()), c.saveBill(ctx))
	if err != nil {
		return err
	}
	return errors.Join(c.saveClock(ctx), c.saveReached(ctx))
}
