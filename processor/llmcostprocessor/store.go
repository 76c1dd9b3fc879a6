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
)

// Keys in the storage. An hour is under hour/N, N being whole hours since
// 1970; the list of them is under hours, because a storage cannot list.
const (
	// keyInstance has the service.instance.id of the metrics. The Collector makes
	// up a new one each time it starts; counters that continue across restarts
	// must be the same series before and after.
	keyInstance = "instance"
	keyTotals   = "totals"
	keyHours    = "hours"
	keyHour     = "hour/"
	// keyDamaged is put before the key of what cannot be read: it is quarantined.
	keyDamaged = "damaged/"
)

// store persists a ledger and its journal in a storage extension. Loads and saves
// take turns.
type store struct {
	client   storage.Client
	logger   *zap.Logger
	window   time.Duration // for which records are remembered
	limit    int           // how many of them are
	hours    []int64       // that are in the storage
	chunks   []chunk       // that are in the storage, the oldest first
	first    uint64        // entry of the journal that is in the storage
	obsolete []string      // keys of an earlier version, which the next save removes

	counting       *sync.Mutex    // the core's, which guards what follows
	next           uint64         // entry of the journal to be written
	pending        []pendingEntry // since the last save
	pendingRecords int
}

// errClient is that a storage, which there is, cannot be used: its file is damaged, say.
type errClient struct{ error }

func (e errClient) Error() string { return "storage: " + e.error.Error() }

func (e errClient) Unwrap() error { return e.error }

func openStore(ctx context.Context, host component.Host, extension, owner component.ID, dedup DedupConfig, counting *sync.Mutex, logger *zap.Logger) (*store, error) {
	found, ok := host.GetExtensions()[extension]
	if !ok {
		return nil, fmt.Errorf("storage: there is no extension %q", extension)
	}
	provider, ok := found.(storage.Extension)
	if !ok {
		return nil, fmt.Errorf("storage: extension %q is not a storage", extension)
	}
	client, err := provider.GetClient(ctx, component.KindProcessor, owner, "")
	if err != nil {
		return nil, errClient{err}
	}
	return &store{client: client, logger: logger, window: dedup.Window, limit: dedup.MaxEntries, counting: counting}, nil
}

// state is what a store loads into.
type state interface {
	// remember adds records that the ledger holds.
	remember(e *entry)
	// count adds records to the ledger.
	count(e *entry)
	// addKnown adds calls that version 1 has counted.
	addKnown(ids []uint64, at time.Time)
}

// load adds what is in the storage to the ledger and the state, and the instance that
// it is of to the resource. What is damaged is quarantined and reported; the rest is
// loaded. An error means that the storage could not be read.
func (s *store) load(ctx context.Context, to *ledger.Ledger, calls state, resource pcommon.Resource) error {
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
	if err := s.loadSeen1(ctx, calls.addKnown); err != nil {
		return err
	}
	if err := s.loadChunks(ctx, calls.remember); err != nil {
		return err
	}
	return s.replay(ctx, calls.count)
}

func (s *store) loadChunks(ctx context.Context, remember func(*entry)) error {
	if err := s.read(ctx, keyCalls, func(content []byte) error { return json.Unmarshal(content, &s.chunks) }); err != nil {
		return err
	}
	for _, chunk := range s.chunks {
		if err := s.read(ctx, chunkKey(chunk.Number), func(content []byte) error { return parseChunk(content, remember) }); err != nil {
			return err
		}
	}
	return nil
}

func (s *store) loadInstance(ctx context.Context, attributes pcommon.Map) error {
	stored, err := s.client.Get(ctx, keyInstance)
	if err != nil {
		return fmt.Errorf("storage: %s: %w", keyInstance, err)
	}
	if stored != nil {
		attributes.PutStr(attrInstance, string(stored))
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
	return s.parse(ctx, key, content, into)
}

// parse parses what was read; what is damaged is quarantined.
func (s *store) parse(ctx context.Context, key string, content []byte, into func([]byte) error) error {
	if err := into(content); err != nil {
		s.logger.Error("Part of the ledger in the storage is damaged; it was quarantined, and counting restarts without it", zap.String("key", key), zap.Error(err))
		if err := s.client.Set(ctx, keyDamaged+key, content); err != nil {
			return fmt.Errorf("storage: %s%s: %w", keyDamaged, key, err)
		}
	}
	return nil
}

// save persists what has changed, all or nothing, and drops the hours that the
// ledger has forgotten and the entries of the journal that it holds.
func (s *store) save(ctx context.Context, from *ledger.Ledger, now time.Time) error {
	s.counting.Lock()
	changes, next, pending := from.Take(), s.next, s.pending
	s.pending, s.pendingRecords = nil, 0
	s.counting.Unlock()
	snapshot, err := changes.Snapshot()
	if err != nil {
		s.giveBack(pending)
		return err
	}
	operations, err := s.ledgerOperations(&snapshot)
	entries, chunks := s.persistEntries(pending, now)
	operations = append(operations, entries...)
	if len(entries) > 0 && err == nil {
		var index []byte
		index, err = json.Marshal(chunks)
		operations = append(operations, storage.SetOperation(keyCalls, index))
	}
	if next != s.first {
		operations = append(operations, storage.SetOperation(keyJournal, []byte(strconv.FormatUint(next, 10))))
		for number := s.first; number < next; number++ {
			operations = append(operations, storage.DeleteOperation(entryKey(number)))
		}
	}
	if err == nil && len(operations) > 0 {
		for _, key := range s.obsolete {
			operations = append(operations, storage.DeleteOperation(key))
		}
		err = s.client.Batch(ctx, operations...)
	}
	if err != nil {
		from.Mark(snapshot)
		s.giveBack(pending)
		return err
	}
	if len(operations) > 0 {
		s.obsolete = nil
	}
	s.hours, s.chunks, s.first = snapshot.Known, chunks, next
	return nil
}

// giveBack has entries persisted with the next save.
func (s *store) giveBack(entries []pendingEntry) {
	s.counting.Lock()
	defer s.counting.Unlock()
	later := s.pending
	s.pending, s.pendingRecords = nil, 0
	for _, e := range append(entries, later...) {
		s.remember(e.content, e.records)
	}
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
