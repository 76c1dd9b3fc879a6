// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledgerstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/checkedstorage"
	"github.com/otelcol-arc/otelcol-arc/internal/groupcommit"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/calls"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/series"
)

const (
	// keyInstance has the service.instance.id of the metrics.
	keyInstance = "instance"
	// keyDamaged is put before the key of what cannot be read: it is quarantined.
	keyDamaged = "damaged/"
)

// Options are those of a store. None has a default.
type Options struct {
	// Window is how long records are remembered, and MaxRecords how many are: the journal
	// keeps twice as much.
	Window     time.Duration
	MaxRecords int
	// Counting guards what the store persists, and its journal. Save locks it.
	Counting *sync.Mutex
	Logger   *zap.Logger
	// OnDamage is called with the key of each value that is damaged, and what is wrong with it.
	OnDamage func(key string, err error)
}

// State is what a store persists.
type State struct {
	Ledger *ledger.Ledger
	Series *series.Set
	Calls  *calls.Store
}

// Store persists a ledger and its journal in a storage extension. Loads and saves
// take turns.
type Store struct {
	Options
	client   *checkedstorage.Client
	damaged  map[string][]byte // what was read and is not what was written, until it is quarantined
	obsolete []string          // keys that the next save removes: of an earlier version, or of a save that was interrupted

	// What is in the storage, as the last load or save left it.
	segments map[uint64]bool
	chunks   []chunk // of entries, the oldest first
	first    uint64  // entry of the journal
	series   storedSeries
	calls    storedCalls

	// Guarded by Counting.
	next           uint64          // entry of the journal to be written
	unwritten      [][]byte        // entries that are not in the storage
	log            groupcommit.Log // to be synced up to position; nil if writing made the entries durable
	position       uint64
	pending        []pendingEntry // since the last save
	pendingRecords int

	failing atomic.Bool // the last entries could not be written
}

// Open opens the storage of a processor. An error that is a checkedstorage.OpenError means that
// the extension is there and its storage cannot be used.
func Open(ctx context.Context, host component.Host, extension, owner component.ID, options Options) (*Store, error) {
	s := newStore(nil, options)
	var err error
	s.client, err = checkedstorage.Open(ctx, host, extension, checkedstorage.Owner{Kind: component.KindProcessor, ID: owner}, func(key string, stored []byte) { s.damaged[key] = stored })
	if err != nil {
		return nil, err
	}
	return s, nil
}

func newStore(client *checkedstorage.Client, options Options) *Store {
	return &Store{Options: options, client: client, damaged: map[string][]byte{}, segments: map[uint64]bool{}}
}

// Client is for other values of the processor. Their keys must not be any of the store's.
func (s *Store) Client() *checkedstorage.Client { return s.client }

// Read parses the value of a key, if there is one. What is damaged, or cannot be parsed, is
// quarantined and reported. An error means that the storage could not be read.
func (s *Store) Read(ctx context.Context, key string, parse func([]byte) error) error {
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
	if err := parse(content); err != nil {
		return s.quarantine(ctx, key, content, err)
	}
	return nil
}

var errChecksum = errors.New("the checksum is wrong")

// quarantine keeps what cannot be used under another key, as it is.
func (s *Store) quarantine(ctx context.Context, key string, content []byte, reason error) error {
	s.OnDamage(key, reason)
	s.Logger.Error("Part of the ledger in the storage is damaged; it was quarantined, and counting restarts without it", zap.String("key", key), zap.Error(reason))
	if err := s.client.Client.Set(ctx, keyDamaged+key, content); err != nil {
		return fmt.Errorf("storage: %s%s: %w", keyDamaged, key, err)
	}
	return nil
}

// Instance returns the service.instance.id in the storage. Where there is none, it stores the
// Collector's, unless that is empty. The Collector makes up a new one each time it starts;
// counters that continue across restarts must be the same series before and after.
func (s *Store) Instance(ctx context.Context, collectors string) (instance string, err error) {
	if err := s.Read(ctx, keyInstance, func(stored []byte) error {
		instance = string(stored)
		return nil
	}); err != nil || instance != "" || collectors == "" {
		return instance, err
	}
	return collectors, s.client.Set(ctx, keyInstance, []byte(collectors))
}

// Close closes the storage. It saves nothing.
func (s *Store) Close(ctx context.Context) error {
	if err := s.client.Close(ctx); err != nil {
		return errors.Join(errors.New("close the storage"), err)
	}
	return nil
}

// listKeys lists the keys of the storage; nil if it cannot.
func (s *Store) listKeys(ctx context.Context) ([]string, error) {
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
