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
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/seen"
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

// store keeps a ledger and its journal in a storage extension. Loads and saves
// take turns.
type store struct {
	client storage.Client
	logger *zap.Logger
	window time.Duration // for which calls seen are remembered
	limit  int           // how many of them are
	hours  []int64       // that are in the storage
	chunks []seenChunk   // that are in the storage, the oldest first
	first  uint64        // entry of the journal that is in the storage

	counting sync.Mutex      // guards what follows, and is held while a batch is counted
	next     uint64          // entry of the journal to be written
	seen     []seen.Sighting // since the last save
	scratch  []byte
}

// errClient is that a storage, which there is, cannot be used: its file is damaged, say.
type errClient struct{ error }

func (e errClient) Error() string { return "storage: " + e.error.Error() }

func (e errClient) Unwrap() error { return e.error }

func openStore(ctx context.Context, host component.Host, extension, owner component.ID, dedup DedupConfig, logger *zap.Logger) (*store, error) {
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
		return nil, errClient{err}
	}
	return &store{client: client, logger: logger, window: dedup.Window, limit: dedup.MaxEntries}, nil
}

// load adds what was kept to the ledger, and the instance that it was kept by to
// the resource. What is damaged is set aside, and said; the rest is loaded. An
// error means that the storage could not be read.
func (s *store) load(ctx context.Context, to *ledger.Ledger, memory *seen.Memory, resource pcommon.Resource) error {
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
	if err := s.loadSeen(ctx, memory); err != nil {
		return err
	}
	return s.replay(ctx, func(e entry) {
		memory.Add(nil, e.seen, e.at)
		to.Record(e.calls, e.at)
	})
}

func (s *store) loadSeen(ctx context.Context, memory *seen.Memory) error {
	if err := s.read(ctx, keySeen, func(content []byte) error { return json.Unmarshal(content, &s.chunks) }); err != nil {
		return err
	}
	for _, chunk := range s.chunks {
		if err := s.read(ctx, seenKey(chunk.Number), func(content []byte) error {
			sightings, _, err := parseSightings(content)
			memory.Add(nil, sightings, chunk.At)
			return err
		}); err != nil {
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
	return s.take(ctx, key, content, into)
}

// take hands over what was read; what is damaged is set aside.
func (s *store) take(ctx context.Context, key string, content []byte, into func([]byte) error) error {
	if err := into(content); err != nil {
		s.logger.Error("A part of the ledger in the storage is damaged. It is set aside, and counted anew.", zap.String("key", key), zap.Error(err))
		if err := s.client.Set(ctx, keyDamaged+key, content); err != nil {
			return fmt.Errorf("storage: %s%s: %w", keyDamaged, key, err)
		}
	}
	return nil
}

// save keeps what has changed, all or nothing, and drops the hours that the
// ledger has forgotten and the entries of the journal that it holds.
func (s *store) save(ctx context.Context, from *ledger.Ledger, now time.Time) error {
	s.counting.Lock()
	changes, next, seen := from.Take(), s.next, newest(s.seen, s.limit)
	s.seen = nil
	s.counting.Unlock()
	snapshot, err := changes.Snapshot()
	if err != nil {
		s.giveBack(seen)
		return err
	}
	operations, err := s.ledgerOperations(&snapshot)
	keep, chunks := s.keepSeen(seen, now)
	operations = append(operations, keep...)
	if len(keep) > 0 && err == nil {
		var index []byte
		index, err = json.Marshal(chunks)
		operations = append(operations, storage.SetOperation(keySeen, index))
	}
	if next != s.first {
		operations = append(operations, storage.SetOperation(keyJournal, []byte(strconv.FormatUint(next, 10))))
		for number := s.first; number < next; number++ {
			operations = append(operations, storage.DeleteOperation(entryKey(number)))
		}
	}
	if err == nil && len(operations) > 0 {
		err = s.client.Batch(ctx, operations...)
	}
	if err != nil {
		from.Mark(snapshot)
		s.giveBack(seen)
		return err
	}
	s.hours, s.chunks, s.first = snapshot.Known, chunks, next
	return nil
}

// giveBack has what was seen kept with the next save.
func (s *store) giveBack(sightings []seen.Sighting) {
	s.counting.Lock()
	defer s.counting.Unlock()
	s.seen = newest(append(sightings, s.seen...), s.limit)
}

// saw notes what was seen, for the next save: no more than is remembered.
func (s *store) saw(sightings []seen.Sighting) {
	s.seen = append(s.seen, sightings...)
	if len(s.seen) > 2*s.limit {
		s.seen = slices.Clone(newest(s.seen, s.limit))
	}
}

func newest(sightings []seen.Sighting, n int) []seen.Sighting {
	return sightings[max(0, len(sightings)-n):]
}

func (s *store) ledgerOperations(snapshot *ledger.Snapshot) ([]*storage.Operation, error) {
	var operations []*storage.Operation
	if snapshot.Totals != nil {
		operations = append(operations, storage.SetOperation(keyTotals, snapshot.Totals))
	}
	for at, content := range snapshot.Hours {
		operations = append(operations, storage.SetOperation(hourKey(at), content))
	}
	if slices.Equal(snapshot.Known, s.hours) {
		return operations, nil
	}
	index, err := json.Marshal(snapshot.Known)
	if err != nil {
		return nil, err
	}
	operations = append(operations, storage.SetOperation(keyHours, index))
	for _, at := range s.hours {
		if !slices.Contains(snapshot.Known, at) {
			operations = append(operations, storage.DeleteOperation(hourKey(at)))
		}
	}
	return operations, nil
}

func (s *store) close(ctx context.Context) error {
	if err := s.client.Close(ctx); err != nil {
		return errors.Join(errors.New("close the storage"), err)
	}
	return nil
}

func hourKey(at int64) string { return keyHour + strconv.FormatInt(at, 10) }
