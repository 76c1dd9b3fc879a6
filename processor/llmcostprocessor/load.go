// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"

	"github.com/otelcol-arc/otelcol-arc/internal/checkedstorage"
)

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
