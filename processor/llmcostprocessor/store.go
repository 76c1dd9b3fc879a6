// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
)

// Keys in the storage. An hour is kept under hour/N, N being whole hours since
// 1970; the list of them stands under hours, because a storage cannot list.
const (
	// keyInstance is where the service.instance.id of the metrics stands. The
	// Collector makes up a new one each time it starts; counters that go on over
	// a restart must be the same series before and after.
	keyInstance = "instance"
	keyTotals   = "totals"
	keyHours    = "hours"
	keyHour     = "hour/"
	// keyDamaged is put before the key of what cannot be read, to keep it.
	keyDamaged = "damaged/"
)

// store keeps a ledger in a storage extension. Loads and saves take turns.
type store struct {
	client storage.Client
	logger *zap.Logger
	hours  []int64 // that are in the storage
}

func openStore(ctx context.Context, host component.Host, extension, owner component.ID, logger *zap.Logger) (*store, error) {
	found, ok := host.GetExtensions()[extension]
	if !ok {
		return nil, fmt.Errorf("storage: there is no extension %q", extension)
	}
	keeper, ok := found.(storage.Extension)
	if !ok {
		return nil, fmt.Errorf("storage: extension %q is not a storage", extension)
	}
	client, err := keeper.GetClient(ctx, component.KindProcessor, owner, "")
	if err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	return &store{client: client, logger: logger}, nil
}

// load adds what was kept to the ledger, and the instance that it was kept by to
// the resource. What is damaged is set aside, and said; the rest is loaded. An
// error means that the storage could not be read.
func (s *store) load(ctx context.Context, to *ledger.Ledger, resource pcommon.Resource) error {
	if err := s.loadInstance(ctx, resource.Attributes()); err != nil {
		return err
	}
	if err := s.read(ctx, keyTotals, to.LoadTotals); err != nil {
		return err
	}
	if err := s.read(ctx, keyHours, func(content []byte) error { return json.Unmarshal(content, &s.hours) }); err != nil {
		return err
	}
	for _, at := range s.hours {
		if err := s.read(ctx, hourKey(at), func(content []byte) error { return to.LoadHour(at, content) }); err != nil {
			return err
		}
	}
	return nil
}

func (s *store) loadInstance(ctx context.Context, attributes pcommon.Map) error {
	kept, err := s.client.Get(ctx, keyInstance)
	if err != nil {
		return fmt.Errorf("storage: %s: %w", keyInstance, err)
	}
	if kept != nil {
		attributes.PutStr(attrInstance, string(kept))
		return nil
	}
	if instance, ok := attributes.Get(attrInstance); ok {
		return s.client.Set(ctx, keyInstance, []byte(instance.AsString()))
	}
	return nil
}

func (s *store) read(ctx context.Context, key string, into func([]byte) error) error {
	content, err := s.client.Get(ctx, key)
	if err != nil {
		return fmt.Errorf("storage: %s: %w", key, err)
	}
	if content == nil {
		return nil
	}
	if err := into(content); err != nil {
		s.logger.Error("A part of the ledger in the storage is damaged. It is set aside, and counted anew.", zap.String("key", key), zap.Error(err))
		if err := s.client.Set(ctx, keyDamaged+key, content); err != nil {
			return fmt.Errorf("storage: %s%s: %w", keyDamaged, key, err)
		}
	}
	return nil
}

// save keeps what has changed, all or nothing, and drops the hours that the
// ledger has forgotten.
func (s *store) save(ctx context.Context, from *ledger.Ledger) error {
	snapshot, err := from.Take()
	if err != nil {
		return err
	}
	var operations []*storage.Operation
	if snapshot.Totals != nil {
		operations = append(operations, storage.SetOperation(keyTotals, snapshot.Totals))
	}
	for at, content := range snapshot.Hours {
		operations = append(operations, storage.SetOperation(hourKey(at), content))
	}
	if !slices.Equal(snapshot.Known, s.hours) {
		index, err := json.Marshal(snapshot.Known)
		if err != nil {
			return err
		}
		operations = append(operations, storage.SetOperation(keyHours, index))
		for _, at := range s.hours {
			if !slices.Contains(snapshot.Known, at) {
				operations = append(operations, storage.DeleteOperation(hourKey(at)))
			}
		}
	}
	if len(operations) == 0 {
		return nil
	}
	if err := s.client.Batch(ctx, operations...); err != nil {
		from.Mark(snapshot)
		return err
	}
	s.hours = snapshot.Known
	return nil
}

func (s *store) close(ctx context.Context) error {
	if err := s.client.Close(ctx); err != nil {
		return errors.Join(errors.New("close the storage"), err)
	}
	return nil
}

func hourKey(at int64) string { return keyHour + strconv.FormatInt(at, 10) }
