// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

const (
	// storedVersion is the version of the stored form.
	storedVersion = 1
	// keySlots is the key of the number of slots. Each alert has a slot, whose key is
	// its number, since a storage cannot list its keys.
	keySlots = "slots"
	// maxSlots bounds what a damaged number of slots can ask for.
	maxSlots = 4 * (maxWaiting + maxSettled)
	// loadChunk is how many slots are read at once.
	loadChunk = 1000
)

// stored is the form of an entry in the storage.
type stored struct {
	Version  int       `json:"v"`
	Key      string    `json:"key"`
	Target   string    `json:"target,omitempty"`
	Base     string    `json:"base,omitempty"`
	Record   []byte    `json:"record,omitempty"` // OTLP logs of one record
	Stamp    stamp     `json:"stamp"`
	Settled  stamp     `json:"settled"`
	Severity int       `json:"severity"`
	Group    string    `json:"group,omitempty"`
	Known    bool      `json:"known,omitempty"`
	Evicted  bool      `json:"evicted,omitempty"`
	Since    time.Time `json:"since"`
}

// store keeps the notification state in a storage extension. Operations are
// collected under the lock of the state and written by flush, in one batch; what
// cannot be written is tried again with the next.
type store struct {
	client storage.Client // nil: nothing is kept

	dirty map[string]*storage.Operation // guarded by the lock of the state
	slots int
	free  []int

	writing sync.Mutex // held while a batch is written
}

func newStore() *store { return &store{dirty: map[string]*storage.Operation{}} }

// put schedules the writing of entries, and the deletion of freed slots.
func (st *store) put(s *state, entries ...*entry) error {
	if st.client == nil {
		s.freed = nil
		return nil
	}
	var errs []error
	for _, e := range entries {
		if s.entries[e.key] != e {
			continue // was removed
		}
		if e.slot < 0 {
			e.slot = st.allocate()
		}
		value, err := json.Marshal(stored{
			Version: storedVersion, Key: e.key, Target: e.target, Base: e.base, Record: e.encoded, Stamp: e.stamp, Settled: e.settled,
			Severity: e.severity, Group: e.group, Known: e.known, Evicted: e.evicted, Since: e.since,
		})
		if err != nil {
			errs = append(errs, err)
			continue
		}
		key := strconv.Itoa(e.slot)
		st.dirty[key] = storage.SetOperation(key, value)
	}
	for _, slot := range s.freed {
		key := strconv.Itoa(slot)
		st.dirty[key] = storage.DeleteOperation(key)
		st.free = append(st.free, slot)
	}
	s.freed = nil
	return errors.Join(errs...)
}

func (st *store) allocate() int {
	if n := len(st.free); n > 0 {
		slot := st.free[n-1]
		st.free = st.free[:n-1]
		return slot
	}
	st.slots++
	st.dirty[keySlots] = storage.SetOperation(keySlots, []byte(strconv.Itoa(st.slots)))
	return st.slots - 1
}

// flush writes what has changed. When it returns without an error, all that was
// put before the call is written.
func (st *store) flush(ctx context.Context, mu sync.Locker) error {
	if st.client == nil {
		return nil
	}
	st.writing.Lock()
	defer st.writing.Unlock()
	mu.Lock()
	operations := st.dirty
	st.dirty = map[string]*storage.Operation{}
	mu.Unlock()
	if len(operations) == 0 {
		return nil
	}
	batch := make([]*storage.Operation, 0, len(operations))
	for _, operation := range operations {
		batch = append(batch, operation)
	}
	err := st.client.Batch(ctx, batch...)
	if err == nil {
		return nil
	}
	mu.Lock()
	defer mu.Unlock()
	for key, operation := range operations {
		if _, newer := st.dirty[key]; !newer {
			st.dirty[key] = operation
		}
	}
	return err
}

// load reads the entries of the storage, in the order in which they began to
// wait. Those that cannot be read are left out, and named by the error damaged. keys
// are those of the storage, if it can list them: then the number of slots may be lost.
func (st *store) load(ctx context.Context, keys []string) (entries []*entry, damaged, err error) {
	content, err := st.client.Get(ctx, keySlots)
	if err != nil {
		return nil, nil, err
	}
	var bad []error
	if content != nil {
		if st.slots, err = strconv.Atoi(string(content)); err != nil || st.slots < 0 || st.slots > maxSlots {
			st.slots = 0
			bad = append(bad, fmt.Errorf("%s: %q", keySlots, content))
		}
	}
	for _, key := range keys {
		if slot, err := strconv.Atoi(key); err == nil && slot >= st.slots && slot < maxSlots {
			st.slots = slot + 1
			st.dirty[keySlots] = storage.SetOperation(keySlots, []byte(strconv.Itoa(st.slots)))
		}
	}
	for from := 0; from < st.slots; from += loadChunk {
		var reads []*storage.Operation
		for slot := from; slot < min(from+loadChunk, st.slots); slot++ {
			reads = append(reads, storage.GetOperation(strconv.Itoa(slot)))
		}
		if err := st.client.Batch(ctx, reads...); err != nil {
			return nil, nil, err
		}
		for i, read := range reads {
			slot := from + i
			if read.Value == nil {
				st.free = append(st.free, slot)
				continue
			}
			e, err := parseStored(read.Value)
			if err != nil {
				bad = append(bad, fmt.Errorf("slot %d: %w", slot, err))
				st.free = append(st.free, slot)
				continue
			}
			e.slot = slot
			entries = append(entries, e)
		}
	}
	slices.SortStableFunc(entries, func(a, b *entry) int { return a.since.Compare(b.since) })
	return entries, joinSome(bad), nil
}

func parseStored(value []byte) (*entry, error) {
	var from stored
	if err := json.Unmarshal(value, &from); err != nil {
		return nil, err
	}
	if from.Version != storedVersion {
		return nil, fmt.Errorf("version %d is unknown", from.Version)
	}
	e := &entry{
		key: from.Key, target: from.Target, base: from.Base, stamp: from.Stamp, group: from.Group, encoded: from.Record,
		severity: min(max(from.Severity, 0), ranks/3-1),
		settled:  from.Settled, known: from.Known, evicted: from.Evicted, since: from.Since,
	}
	if e.key == "" {
		return nil, errors.New("no key")
	}
	if e.waits() || len(from.Record) > 0 {
		if _, err := decode(from.Record); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// restore takes the entries of the storage. What was about to be sent when the
// process ended may have been sent.
func (s *state) restore(now time.Time, entries []*entry) {
	for _, e := range entries {
		if s.entries[e.key] != nil {
			s.freed = append(s.freed, e.slot)
			continue
		}
		s.entries[e.key] = e
		if s.isQuiet(e) {
			e.settled = e.stamp // the configuration has changed
		}
		if e.waits() {
			e.known = true
			s.waiting++
			s.queue(e)
			continue
		}
		s.waiting++ // finish takes it back
		if s.resend > 0 && e.known && !e.evicted && e.stamp.State == alertevent.Firing {
			// It may be about to expire.
			e.settled = stamp{}
			s.queue(e)
			continue
		}
		s.finish(now, e)
	}
}
