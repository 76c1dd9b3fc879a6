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
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledgerstore"
)

// openStore loads what was persisted. When the storage cannot be read it is not
// overwritten: the ledger is then in memory only, and telemetry passes through.
func (c *core) openStore(ctx context.Context, host component.Host) error {
	if c.cfg.Storage == nil {
		return nil
	}
	store, err := ledgerstore.Open(ctx, host, *c.cfg.Storage, c.id, ledgerstore.Options{
		Window: c.cfg.Dedup.Window, MaxRecords: c.cfg.Dedup.MaxEntries, Counting: &c.counting, Logger: c.logger, OnDamage: c.onDamage,
	})
	if _, unusable := errors.AsType[checkedstorage.OpenError](err); unusable {
		c.health.Set(problemStorage, err, "Opening the storage failed; the ledger starts empty and in memory, the storage is left unchanged", "")
		return nil
	}
	if err != nil {
		return err
	}
	if err := c.load(ctx, store); err != nil {
		c.health.Set(problemStorage, err, "Reading the ledger from the storage failed; it starts empty and in memory, the storage is left unchanged", "")
		c.ledger, c.series, c.calls, c.known = newLedger(c.cfg), newSeries(c.cfg, c.dimensions.labels), newCache(c.cfg), nil
		c.kept = newKept(c.cfg)
		return store.Close(ctx)
	}
	c.store = store
	return nil
}

// load adds what is in a storage to what was counted.
func (c *core) load(ctx context.Context, from *ledgerstore.Store) error {
	if err := c.arrangeDimensions(ctx, from); err != nil {
		return err
	}
	attributes := c.resource.Attributes()
	instance, err := from.Instance(ctx, text(attributes, attrInstance))
	if err != nil {
		return err
	}
	if instance != "" {
		attributes.PutStr(attrInstance, instance)
	}
	return from.Load(ctx, c.persisted(), loader{c, ctx})
}

// persisted is what the storage has of what was counted.
func (c *core) persisted() ledgerstore.State {
	return ledgerstore.State{Ledger: c.ledger, Series: c.series, Calls: c.kept}
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

func (l loader) Remember(e *ledgerstore.Entry) {
	changes := l.calls.Add(e.Records, e.Spans, e.At).Changes
	for i := range changes {
		if in := changes[i].In; in != nil {
			l.amend(in)
			l.kept.Remember(changes[i].Call, in.Current())
		}
	}
}

func (l loader) Count(e *ledgerstore.Entry) {
	l.AddKnown(e.Seen, e.At)
	l.record(e.Calls, e.At)
	l.record(e.Sums, e.At)
	l.addRecords(l.ctx, e.Records, e.Spans, e.At, nil)
}

func (l loader) AddKnown(ids []uint64, at time.Time) { l.known.add(ids, at.Add(l.cfg.Dedup.Window)) }
