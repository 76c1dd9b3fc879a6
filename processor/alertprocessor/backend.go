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
)

// recoverInterval is the time between two attempts to use a storage directory
// that could not be used.
const recoverInterval = time.Minute

// writeWait bounds the time for which metrics wait until they are written.
const writeWait = time.Second

// backend is a storage and what works on it.
type backend struct {
	store     *store
	ingest    *ingester
	evaluator *evaluator
}

// openBackend opens the configured directory, or a temporary one in its place:
// rules on what passes from now on are better than none, and the telemetry
// passes in any case. The backend is nil when that cannot be had either.
func (c *core) openBackend(running context.Context) (*backend, error) {
	logger := c.slogger()
	store, err := openStore(c.cfg.Storage, logger)
	if err == nil {
		if !store.temporary {
			c.keepState()
		}
		return c.newBackend(running, store, !store.temporary)
	}
	c.health.Set(problemDirectory, err,
		"Cannot use the storage directory. Rules are evaluated on a temporary one that starts empty.", "")
	temporary := c.cfg.Storage
	temporary.Directory = ""
	if store, err = openStore(temporary, logger); err != nil {
		c.logger.Error("Cannot use a temporary directory either. Rules are not evaluated; event rules are.", zap.Error(err))
		return nil, nil
	}
	return c.newBackend(running, store, false)
}

// newBackend loads the rules. It closes the store when that fails.
func (c *core) newBackend(running context.Context, store *store, persistent bool) (*backend, error) {
	evaluator, err := newEvaluator(running, c.cfg, store, persistent, c.slogger(), c.telemetry)
	if err != nil {
		return nil, errors.Join(err, store.close())
	}
	evaluator.done = c.evaluated
	evaluator.emit = c.emit
	if err = evaluator.load(); err != nil {
		return nil, errors.Join(err, store.close())
	}
	ingest := newIngester(store, c.cfg.ResourceAttributes, c.cfg.Storage.MaxSeries, c.counted) //nolint:contextcheck // it is stopped by close
	evaluator.settle = ingest.flush
	return &backend{store: store, ingest: ingest, evaluator: evaluator}, nil
}

// slogger is where the tsdb says, on warning level, what an operator can act on.
func (c *core) slogger() *slog.Logger {
	return slog.New(zapslog.NewHandler(c.logger.WithOptions(zap.IncreaseLevel(zap.WarnLevel)).Core()))
}

func (c *core) keepState() {
	if err := c.notifier.keep(newStateFile(c.cfg.Storage.Directory)); err != nil {
		c.logger.Error("What people were told before is not known; alerts that fire are told anew.", zap.Error(err))
	}
}

// current is the backend in use; nil for none.
func (c *core) current() *backend {
	c.using.RLock()
	defer c.using.RUnlock()
	return c.backend
}

// ingest has metrics written into the storage in use. It never fails: what
// cannot be taken is counted. A storage that outlives the process has them before
// they are acknowledged: after a kill nobody would send them again.
func (c *core) ingest(ctx context.Context, md pmetric.Metrics) error {
	c.using.RLock()
	defer c.using.RUnlock()
	if c.backend == nil {
		return nil
	}
	c.backend.ingest.consume(ctx, md)
	if c.backend.store.temporary {
		return nil
	}
	soon, cancel := context.WithTimeout(ctx, writeWait)
	defer cancel()
	_ = c.backend.ingest.flush(soon) // a storage that is slow or gone keeps no telemetry back
	return nil
}

// close closes the storage, with all in it that was consumed.
func (b *backend) close(ctx context.Context) error {
	if err := b.ingest.stop(ctx); err != nil {
		return err // something is being written, and may be for ever
	}
	b.evaluator.close()
	return b.store.close()
}

// recover uses the configured directory, if that has become possible. The rules
// keep their state, and the samples of the last minutes go with them.
func (c *core) recover(running context.Context) {
	store, err := openStore(c.cfg.Storage, slog.New(slog.DiscardHandler))
	if err != nil {
		return // it still is as the status says
	}
	next, err := c.newBackend(running, store, false)
	if err != nil {
		return // the rule files are wrong just now
	}
	c.keepState()
	c.replace(running, next)
	next.evaluator.start()
	c.health.Set(problemDirectory, nil, "", "The storage directory is used again.")
}

// replace puts a backend in the place of the last.
func (c *core) replace(running context.Context, next *backend) {
	last := c.current()
	if last == nil {
		c.using.Lock()
		c.backend = next
		c.using.Unlock()
		return
	}
	last.evaluator.stop()
	next.evaluator.inherit(last.evaluator)
	now := time.Now()
	err := copySamples(running, last.store, next.store, now.Add(-handover), now)

	c.using.Lock() // nothing is consumed meanwhile
	err = errors.Join(err, last.ingest.flush(running), copySamples(running, last.store, next.store, now.Add(time.Millisecond), now.Add(maxAhead)))
	c.backend = next
	c.using.Unlock()

	if err = errors.Join(err, last.close(context.WithoutCancel(running))); err != nil {
		c.logger.Warn("Not all that was in the temporary storage directory could be handed over.", zap.Error(err))
	}
}
