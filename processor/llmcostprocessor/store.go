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
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/checkedstorage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/series"
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
	client   *checkedstorage.Client
	logger   *zap.Logger
	damaged  map[string][]byte // what was read and is not what was written, until it is quarantined
	onDamage func(key string, err error)
	window   time.Duration // for which records are remembered
	limit    int           // how many of them are
	hours    []int64       // that are in the storage
	chunks   []chunk       // that are in the storage, the oldest first
	first    uint64        // entry of the journal that is in the storage
	obsolete []string      // keys of an earlier version, which the next save removes

	seriesChunks int // that are in the storage

	counting       *sync.Mutex    // the core's, which guards what follows
	next           uint64         // entry of the journal to be written
	pending        []pendingEntry // since the last save
	pendingRecords int
}

// errClient is that a storage, which there is, cannot be used: its file is damaged, say.
type errClient struct{ error }

func (e errClient) Error() string { return "storage: " + e.error.Error() }

func (e errClient) Unwrap() error { return e.error }

func openStore(ctx context.Context, host component.Host, extension, owner component.ID, dedup DedupConfig, counting *sync.Mutex, logger *zap.Logger, onDamage func(key string, err error)) (*store, error) {
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
	s := &store{logger: logger, window: dedup.Window, limit: dedup.MaxEntries, counting: counting, damaged: map[string][]byte{}, onDamage: onDamage}
	s.client = checkedstorage.New(client, func(key string, stored []byte) { s.damaged[key] = stored })
	return s, nil
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
func (s *store) load(ctx context.Context, to *ledger.Ledger, by *series.Set, calls state, resource pcommon.Resource) error {
	if err := s.loadInstance(ctx, resource.Attributes()); err != nil {
		return err
	}
	if err := s.read(ctx, keyTotals, to.LoadTotals); err != nil {
		return err
	}
	if err := s.read(ctx, keyHours, func(content []byte) error { return json.Unmarshal(content, &s.hours) }); err != nil {
		return err
	}
	keys, err := s.list(ctx)
	if err != nil {
		return err
	}
	if s.hours == nil { // the index is lost, or there are none
		s.hours = numbersOf[int64](keys, keyHour)
	}
	for _, at := range s.hours {
		if err := s.read(ctx, hourKey(at), func(content []byte) error { return to.LoadHour(at, content) }); err != nil {
			return err
		}
	}
	if err := s.loadSeries(ctx, keys, by); err != nil {
		return err
	}
	if err := s.loadSeen1(ctx, calls.addKnown); err != nil {
		return err
	}
	if err := s.loadChunks(ctx, keys, calls.remember); err != nil {
		return err
	}
	return s.replay(ctx, keys, calls.count)
}

func (s *store) loadChunks(ctx context.Context, keys []string, remember func(*entry)) error {
	if err := s.read(ctx, keyCalls, func(content []byte) error { return json.Unmarshal(content, &s.chunks) }); err != nil {
		return err
	}
	if s.chunks == nil { // the index is lost, or there are none
		for _, number := range numbersOf[uint64](keys, keyChunk) {
			s.chunks = append(s.chunks, chunk{Number: number})
		}
	}
	for i := range s.chunks {
		c := &s.chunks[i]
		records := 0
		if err := s.read(ctx, chunkKey(c.Number), func(content []byte) error {
			return parseChunk(content, func(e *entry) {
				records += len(e.records)
				if c.At.Before(e.at) {
					c.At = e.at
				}
				remember(e)
			})
		}); err != nil {
			return err
		}
		c.Records = max(c.Records, records)
	}
	return nil
}

// list lists the keys of the storage; nil if it cannot.
func (s *store) list(ctx context.Context) ([]string, error) {
	keys, _, err := s.client.Keys(ctx)
	if err != nil {
		return nil, fmt.Errorf("storage: list the keys: %w", err)
	}
	return keys, nil
}

// numbersOf returns the numbers of the keys with the prefix, in order.
func numbersOf[T int64 | uint64](keys []string, prefix string) (numbers []T) {
	for _, key := range keys {
		rest, ok := strings.CutPrefix(key, prefix)
		if number, err := strconv.ParseInt(rest, 10, 64); ok && err == nil {
			numbers = append(numbers, T(number))
		}
	}
	slices.Sort(numbers)
	return numbers
}

func (s *store) loadInstance(ctx context.Context, attributes pcommon.Map) error {
	loaded := false
	if err := s.read(ctx, keyInstance, func(stored []byte) error {
		attributes.PutStr(attrInstance, string(stored))
		loaded = true
		return nil
	}); err != nil || loaded {
		return err
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
	if stored, ok := s.damaged[key]; ok {
		delete(s.damaged, key)
		return s.quarantine(ctx, key, stored, errChecksum)
	}
	if content == nil {
		return nil
	}
	return s.parse(ctx, key, content, into)
}

var errChecksum = errors.New("the checksum is wrong")

// parse parses what was read; what is damaged is quarantined.
func (s *store) parse(ctx context.Context, key string, content []byte, into func([]byte) error) error {
	if err := into(content); err != nil {
		return s.quarantine(ctx, key, content, err)
	}
	return nil
}

// quarantine keeps what cannot be used under another key, as it is.
func (s *store) quarantine(ctx context.Context, key string, content []byte, reason error) error {
	s.onDamage(key, reason)
	s.logger.Error("Part of the ledger in the storage is damaged; it was quarantined, and counting restarts without it", zap.String("key", key), zap.Error(reason))
	if err := s.client.Client.Set(ctx, keyDamaged+key, content); err != nil {
		return fmt.Errorf("storage: %s%s: %w", keyDamaged, key, err)
	}
	return nil
}

// save persists what has changed, all or nothing, and drops the hours that the
// ledger has forgotten and the entries of the journal that it holds.
func (s *store) save(ctx context.Context, from *ledger.Ledger, by *series.Set, now time.Time) error {
	s.counting.Lock()
	changes, next, pending := from.Take(), s.next, s.pending
	inSeries := by.Take()
	s.pending, s.pendingRecords = nil, 0
	s.counting.Unlock()
	undo := func() {
		s.counting.Lock()
		by.Mark(inSeries)
		s.counting.Unlock()
		s.giveBack(pending)
	}
	snapshot, err := changes.Snapshot()
	if err != nil {
		undo()
		return err
	}
	operations, err := s.ledgerOperations(&snapshot)
	if err == nil {
		operations, err = s.seriesOperations(operations, &inSeries)
	}
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
		undo()
		return err
	}
	if len(operations) > 0 {
		s.obsolete = nil
	}
	s.hours, s.chunks, s.first, s.seriesChunks = snapshot.Known, chunks, next, max(s.seriesChunks, inSeries.Chunks)
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
