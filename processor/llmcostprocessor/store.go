// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/checkedstorage"
	"github.com/otelcol-arc/otelcol-arc/internal/groupcommit"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/calls"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/series"
)

// Keys in the storage. A segment of the ledger is under segment/ID; the list of them is under
// segments, because a storage need not be able to list.
const (
	// keyInstance has the service.instance.id of the metrics. The Collector makes
	// up a new one each time it starts; counters that continue across restarts
	// must be the same series before and after.
	keyInstance = "instance"
	keyTotals   = "totals"
	keySegments = "segments"
	keySegment  = "segment/"
	// keyHours is the list of the hours that versions before have stored, N being whole hours
	// since 1970, and keyHour is before each. They become segments with the first save.
	keyHours = "hours"
	keyHour  = "hour/"
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
	window   time.Duration   // for which records are remembered
	limit    int             // how many of them are
	segments map[uint64]bool // those in the list in the storage
	chunks   []chunk         // that are in the storage, the oldest first
	first    uint64          // entry of the journal that is in the storage
	obsolete []string        // keys that the next save removes: of an earlier version, or of a save that was interrupted

	series storedChunks

	keptChunks map[uint64]bool // single calls that are in the storage
	keptDays   map[int64]bool
	keptSteps  map[uint64]bool
	keptIndex  []byte
	keptNext   calls.Encoded // that is being written

	counting       *sync.Mutex     // the core's, which guards what follows
	next           uint64          // entry of the journal to be written
	unwritten      [][]byte        // entries that are not in the storage
	log            groupcommit.Log // to be synced up to position; nil if writing made the entries durable
	position       uint64
	failing        atomic.Bool    // the last entries could not be written; read without the lock
	pending        []pendingEntry // since the last save
	pendingRecords int
}

func openStore(ctx context.Context, host component.Host, extension, owner component.ID, dedup DedupConfig, counting *sync.Mutex, logger *zap.Logger, onDamage func(key string, err error)) (*store, error) {
	s := &store{logger: logger, window: dedup.Window, limit: dedup.MaxEntries, counting: counting, damaged: map[string][]byte{}, onDamage: onDamage, segments: map[uint64]bool{}}
	var err error
	s.client, err = checkedstorage.Open(ctx, host, extension, checkedstorage.Owner{Kind: component.KindProcessor, ID: owner}, func(key string, stored []byte) { s.damaged[key] = stored })
	if err != nil {
		return nil, err
	}
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
func (s *store) load(ctx context.Context, to *ledger.Ledger, by *series.Set, kept *calls.Store, into state, resource pcommon.Resource) error {
	if err := s.loadInstance(ctx, resource.Attributes()); err != nil {
		return err
	}
	if err := s.read(ctx, keyTotals, to.LoadTotals); err != nil {
		return err
	}
	keys, err := s.list(ctx)
	if err != nil {
		return err
	}
	if err := s.loadSegments(ctx, keys, to); err != nil {
		return err
	}
	if err := s.loadHours(ctx, keys, to); err != nil {
		return err
	}
	if err := s.loadSeries(ctx, keys, by); err != nil {
		return err
	}
	if err := s.loadKept(ctx, keys, kept); err != nil {
		return err
	}
	if err := s.loadSeen1(ctx, into.addKnown); err != nil {
		return err
	}
	if err := s.loadChunks(ctx, keys, into.remember); err != nil {
		return err
	}
	kept.EndRemembering()
	defer kept.EndLoading()
	return s.replay(ctx, keys, into.count)
}

// loadSegments loads the segments of the list. What else is there was written by a save that
// was interrupted before it wrote the list: the journal has it too.
func (s *store) loadSegments(ctx context.Context, keys []string, to *ledger.Ledger) error {
	var listed []uint64
	if err := s.read(ctx, keySegments, func(content []byte) error { return json.Unmarshal(content, &listed) }); err != nil {
		return err
	}
	there := numbersOf[uint64](keys, keySegment)
	if listed == nil { // the list is lost, or there are none
		listed = there
	}
	for _, id := range listed {
		if err := s.read(ctx, segmentKey(id), func(content []byte) error {
			segment, err := ledger.ParseSegment(id, content)
			if err == nil {
				to.Load(segment)
			}
			return err
		}); err != nil {
			return err
		}
		s.segments[id] = true
	}
	for _, id := range there {
		to.Reserve(id)
		if !s.segments[id] {
			s.obsolete = append(s.obsolete, segmentKey(id))
		}
	}
	return nil
}

// loadHours loads what versions before have stored.
func (s *store) loadHours(ctx context.Context, keys []string, to *ledger.Ledger) error {
	var hours []int64
	if err := s.read(ctx, keyHours, func(content []byte) error { return json.Unmarshal(content, &hours) }); err != nil {
		return err
	}
	if hours == nil { // the list is lost, or there are none
		hours = numbersOf[int64](keys, keyHour)
	}
	for _, at := range hours {
		if err := s.read(ctx, hourKey(at), func(content []byte) error { return to.LoadHour(at, content) }); err != nil {
			return err
		}
		s.obsolete = append(s.obsolete, hourKey(at))
	}
	if len(hours) > 0 {
		s.obsolete = append(s.obsolete, keyHours)
	}
	return nil
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

// save persists what has changed. What need not be written at once is written first, in parts; the
// lists with which it counts are written with all the rest at once. What the lists then leave out is
// removed with them, and so are the entries of the journal that the ledger holds. cutoff is the time by
// which the ledger forgets.
func (s *store) save(ctx context.Context, from *ledger.Ledger, by *series.Set, kept *calls.Store, now, cutoff time.Time) error {
	s.counting.Lock()
	// What is taken must not be written later, as something that the snapshot does not hold. An
	// error makes no difference: the snapshot holds it.
	_, _, _ = s.write(ctx)
	changes, next, pending := from.Take(cutoff), s.next, s.pending
	inSeries, inKept := by.Take(), kept.Take()
	s.pending, s.pendingRecords = nil, 0
	s.counting.Unlock()
	snapshot, err := changes.Pack()
	ahead := &parts{client: s.client}
	if err == nil {
		err = s.writeSegments(ctx, ahead, snapshot.Segments)
	}
	operations, failed := s.ledgerOperations(&snapshot)
	err = errors.Join(err, failed)
	seriesNext := s.series
	if err == nil {
		operations, seriesNext, err = s.writeSeries(ctx, ahead, operations, &inSeries)
	}
	if err == nil {
		operations, err = s.writeKept(ctx, ahead, operations, &inKept)
	}
	chunks := s.chunks
	if err == nil {
		operations, chunks, err = s.writeEntries(ctx, ahead, operations, pending, now)
	}
	if err == nil {
		err = ahead.flush(ctx)
	}
	var later []*storage.Operation
	if next != s.first {
		operations = append(operations, storage.SetOperation(keyJournal, []byte(strconv.FormatUint(next, 10))))
		for number := s.first; number < next; number++ {
			later = append(later, storage.DeleteOperation(entryKey(number)))
		}
		some := min(len(later), maxDeleted)
		operations, later = append(operations, later[:some]...), later[some:]
	}
	if err == nil && len(operations) > 0 {
		for _, key := range s.obsolete {
			operations = append(operations, storage.DeleteOperation(key))
		}
		err = s.client.Batch(ctx, operations...)
	}
	if err != nil {
		if snapshot.Totals != nil {
			from.MarkTotals()
		}
		s.giveBack(pending)
		s.giveBackSeries(seriesNext)
		kept.Mark(&inKept)
		s.counting.Lock()
		by.Mark(inSeries)
		s.counting.Unlock()
		return err
	}
	if len(operations) > 0 {
		s.obsolete = nil
	}
	s.endKept()
	s.segments = map[uint64]bool{}
	for _, segment := range snapshot.Segments {
		s.segments[segment.ID] = true
	}
	s.chunks, s.first, s.series = chunks, next, seriesNext
	s.deleteEntries(ctx, later)
	return nil
}

// maxDeleted is how many entries of the journal are deleted at once.
const maxDeleted = 1000

// deleteEntries deletes entries of the journal that the ledger holds, which therefore do not count
// any more. Those that cannot be deleted are deleted with the next save.
func (s *store) deleteEntries(ctx context.Context, operations []*storage.Operation) {
	for some := range slices.Chunk(operations, maxDeleted) {
		if s.client.Batch(ctx, some...) != nil {
			for _, o := range some {
				s.obsolete = append(s.obsolete, o.Key)
			}
		}
	}
}

// writeSegments writes those that are not in the storage.
func (s *store) writeSegments(ctx context.Context, parts *parts, segments []*ledger.Segment) error {
	if len(s.segments) == 0 && len(segments) > 0 {
		if err := parts.setEmptyList(ctx, keySegments); err != nil {
			return err
		}
	}
	for _, segment := range segments {
		if s.segments[segment.ID] {
			continue
		}
		if err := parts.set(ctx, segmentKey(segment.ID), segment.Content()); err != nil {
			return err
		}
	}
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
	listed := make([]uint64, 0, len(snapshot.Segments))
	removed := maps.Clone(s.segments)
	changed := len(snapshot.Segments) != len(s.segments)
	for _, segment := range snapshot.Segments {
		listed = append(listed, segment.ID)
		changed = changed || !s.segments[segment.ID]
		delete(removed, segment.ID)
	}
	if !changed {
		return operations, nil
	}
	index, err := json.Marshal(listed)
	operations = append(operations, storage.SetOperation(keySegments, index))
	for _, id := range slices.Sorted(maps.Keys(removed)) {
		operations = append(operations, storage.DeleteOperation(segmentKey(id)))
	}
	return operations, err
}

func (s *store) close(ctx context.Context) error {
	if err := s.client.Close(ctx); err != nil {
		return errors.Join(errors.New("close the storage"), err)
	}
	return nil
}

func segmentKey(id uint64) string { return keySegment + strconv.FormatUint(id, 10) }

func hourKey(at int64) string { return keyHour + strconv.FormatInt(at, 10) }
