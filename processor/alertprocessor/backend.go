// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.uber.org/zap"
	"go.uber.org/zap/exp/zapslog"

	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/evaluate"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/ingest"
)

// recoverInterval is how often the storage directory is tried again after a failure.
const recoverInterval = time.Minute

// maxPersistWait bounds how long an acknowledgment waits until the data that it
// acknowledges has been written.
const maxPersistWait = time.Second

// copiedHistory is how many recent samples are copied to another store: as far as most
// rules look back.
const copiedHistory = 2 * ingest.Lookback

// backend is a storage, with what writes to it and what evaluates rules on it.
type backend struct {
	store     *ingest.Store
	ingest    *ingest.Ingester
	evaluator *evaluate.Evaluator
}

// openBackend opens the configured directory, or a temporary one in its place: rules
// are then evaluated on telemetry from now on. The telemetry passes through in any
// case. The backend is nil when no temporary directory is available either.
func (c *core) openBackend(running context.Context) (*backend, error) {
	logger := c.slogger()
	store, err := ingest.OpenStore(c.cfg.Storage.options(), logger) //nolint:contextcheck // samples are moved whole or not at all
	if err == nil {
		if !store.Temporary {
			c.restoreState()
		}
		return c.newBackend(running, store, !store.Temporary)
	}
	c.health.Set(problemDirectory, err,
		"Cannot use the storage directory. Rules are evaluated on a temporary one that starts empty.", "")
	temporary := c.cfg.Storage
	temporary.Directory = ""
	if store, err = ingest.OpenStore(temporary.options(), logger); err != nil { //nolint:contextcheck // samples are moved whole or not at all
		c.logger.Error("Cannot use a temporary directory either. Rules are not evaluated; event rules are.", zap.Error(err))
		return nil, nil
	}
	return c.newBackend(running, store, false)
}

// newBackend loads the rules. It closes the store when that fails.
func (c *core) newBackend(running context.Context, store *ingest.Store, persistent bool) (*backend, error) {
	b := &backend{store: store}
	b.ingest = ingest.New(c.writeTo(store), c.cfg.ResourceAttributes, c.cfg.Storage.MaxSeries, c.recordIngestion) //nolint:contextcheck // it is stopped by close
	evaluator, err := evaluate.New(running, evaluate.Options{
		Rules:        c.cfg.ruleSet(),
		Store:        store,
		Persistent:   persistent,
		WaitForData:  b.ingest.Flush,
		OnEvaluation: c.onEvaluation,
		OnSeries:     c.emitSeries,
		Awaited:      c.dispatcher.awaitedAlerts,
		Logger:       c.slogger(),
		Telemetry:    c.telemetry,
	})
	if err == nil {
		err = evaluator.Load(running)
	}
	if err != nil {
		return nil, errors.Join(err, b.ingest.Stop(running), store.Close())
	}
	b.evaluator = evaluator
	return b, nil
}

// slogger is the logger of the tsdb, for warnings that an operator can act on.
func (c *core) slogger() *slog.Logger {
	return slog.New(zapslog.NewHandler(c.logger.WithOptions(zap.IncreaseLevel(zap.WarnLevel)).Core()))
}

func (c *core) restoreState() {
	if err := c.dispatcher.persistIn(newStateFile(c.cfg.Storage.Directory)); err != nil {
		c.logger.Error("Reading the notification state failed; alerts that fire are re-notified", zap.Error(err))
	}
}

// currentBackend is the backend in use; nil for none.
func (c *core) currentBackend() *backend {
	c.backendMu.RLock()
	defer c.backendMu.RUnlock()
	return c.backend
}

// ingest writes metrics to the storage in use. It never fails: what cannot be ingested
// is counted. A persistent storage has them before they are acknowledged: after a kill
// no sender would repeat them.
func (c *core) ingest(ctx context.Context, md pmetric.Metrics) error {
	c.backendMu.RLock()
	defer c.backendMu.RUnlock()
	if c.backend == nil {
		return nil
	}
	c.backend.ingest.Consume(ctx, md)
	if c.backend.store.Temporary {
		return nil
	}
	start := time.Now()
	soon, cancel := context.WithTimeout(ctx, maxPersistWait)
	defer cancel()
	_ = c.backend.ingest.Flush(soon) // a storage that is slow or gone does not delay telemetry further
	c.recordPersistWait(ctx, "samples", start)
	return nil
}

// close writes what was consumed, and closes the storage.
func (b *backend) close(ctx context.Context) error {
	if err := b.ingest.Stop(ctx); err != nil {
		return err // a write is in progress, and may never end
	}
	b.evaluator.Close()
	return b.store.Close()
}

// reopenStorage switches to the configured directory, if it can be used now. The rules
// keep their state, and the samples of the last minutes are copied.
func (c *core) reopenStorage(running context.Context) {
	store, err := ingest.OpenStore(c.cfg.Storage.options(), slog.New(slog.DiscardHandler)) //nolint:contextcheck // samples are moved whole or not at all
	if err != nil {
		return // the status is still true
	}
	next, err := c.newBackend(running, store, false)
	if err != nil {
		return // the rule files are invalid at the moment
	}
	if !c.dispatcher.isPersistent() {
		c.restoreState()
	}
	c.replace(running, next)
	next.evaluator.Start()
	c.health.Set(problemDirectory, nil, "", "The storage directory is used again.")
}

// replace replaces the backend in use.
func (c *core) replace(running context.Context, next *backend) {
	last := c.currentBackend()
	if last == nil {
		c.backendMu.Lock()
		c.backend = next
		c.backendMu.Unlock()
		return
	}
	last.evaluator.Stop()
	next.evaluator.CopyState(last.evaluator)
	now := time.Now()
	err := ingest.CopySamples(running, last.store, next.store, now.Add(-copiedHistory), now)

	c.backendMu.Lock() // nothing is consumed meanwhile
	err = errors.Join(err, last.ingest.Flush(running), ingest.CopySamples(running, last.store, next.store, now.Add(time.Millisecond), now.Add(ingest.MaxAhead)))
	c.backend = next
	c.backendMu.Unlock()

	if err = errors.Join(err, last.close(context.WithoutCancel(running))); err != nil {
		c.logger.Warn("Not all that was in the temporary storage directory could be handed over.", zap.Error(err))
	}
}
