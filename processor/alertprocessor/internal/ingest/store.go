// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ingest

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"github.com/prometheus/prometheus/util/compression"
)

// errSeriesLimit refuses a series above storeOptions.maxSeries.
var errSeriesLimit = errors.New("too many series")

// Lookback is how far PromQL looks back for the sample of an instant.
const Lookback = 5 * time.Minute

// maxExemplars bounds those in the store; the oldest are evicted.
const maxExemplars = 10_000

// stripes is over how many maps the series in memory are spread. The storage's
// default of 16384, for millions of series, takes 4.5 MB before the first sample.
const stripes = 1024

// StoreOptions specify where samples are stored, how long and how many.
type StoreOptions struct {
	Directory        string // "" is a new temporary one
	Retention        time.Duration
	MaxSeries        int
	MaxBytes         int64 // 0 is no limit
	OutOfOrderWindow time.Duration
}

// Store is the embedded Prometheus tsdb.
type Store struct {
	*tsdb.DB
	directory string
	Temporary bool // to be removed in close
	limit     *seriesLimit
}

// OpenStore opens the tsdb in the configured directory, or in a new temporary
// one. That has no write-ahead log, because nothing will be read from it again.
func OpenStore(cfg StoreOptions, logger *slog.Logger) (*Store, error) {
	s := &Store{directory: cfg.Directory, limit: &seriesLimit{most: uint64(cfg.MaxSeries)}}
	options := tsdb.DefaultOptions()
	options.RetentionDuration = cfg.Retention.Milliseconds()
	options.MaxBytes = cfg.MaxBytes
	options.EnableExemplarStorage = true
	options.MaxExemplars = maxExemplars
	options.OutOfOrderTimeWindow = cfg.OutOfOrderWindow.Milliseconds()
	options.WALCompression = compression.Snappy
	options.StripeSize = stripes
	options.SeriesLifecycleCallback = s.limit
	if cfg.Directory == "" {
		removeLeftovers()
		directory, err := os.MkdirTemp("", temporaryPrefix)
		if err != nil {
			return nil, fmt.Errorf("temporary storage directory: %w", err)
		}
		s.directory, s.Temporary = directory, true
		options.WALSegmentSize = -1
	}
	if err := os.MkdirAll(s.directory, 0o750); err != nil { // tsdb would let everybody in
		return nil, fmt.Errorf("storage directory: %w", err)
	}
	db, err := tsdb.Open(s.directory, logger, nil, options, nil)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("storage directory %q: %w", s.directory, err), s.remove())
	}
	s.DB = db
	if now := time.Now(); s.FromFalseFuture(now) {
		ahead := s.Ahead(now)
		if err = errors.Join(db.Close(), openPast(s.directory, options, now)); err != nil {
			return nil, fmt.Errorf("quarantine samples of the future in %q: %w", s.directory, err)
		}
		logger.Warn("Quarantined samples of the future: the clock of this host was ahead and has been set back", "ahead", ahead, "directory", s.directory)
		if s.DB, err = tsdb.Open(s.directory, logger, nil, options, nil); err != nil {
			return nil, errors.Join(fmt.Errorf("storage directory %q: %w", s.directory, err), s.remove())
		}
	}
	s.limit.head.Store(s.Head())
	return s, nil
}

const (
	temporaryPrefix = "otelcol-arc-alert-"
	// leftoverAge is how old a temporary directory must be to be checked: one
	// that has just been made is not locked yet.
	leftoverAge = time.Hour
)

// removeLeftovers removes the temporary directories of processes that were
// killed: they are locked no longer.
func removeLeftovers() {
	directories, err := filepath.Glob(filepath.Join(os.TempDir(), temporaryPrefix+"*"))
	if err != nil {
		return
	}
	for _, directory := range directories {
		info, err := os.Stat(directory)
		if err != nil || time.Since(info.ModTime()) < leftoverAge {
			continue
		}
		locker, err := tsdbutil.NewDirLocker(directory, "tsdb", slog.New(slog.DiscardHandler), nil)
		if err != nil || locker.Lock() != nil {
			continue
		}
		_ = locker.Release()
		_ = os.RemoveAll(directory) // what cannot be removed now may be the next time
	}
}

// Close closes the tsdb, and removes a temporary directory.
func (s *Store) Close() error {
	return errors.Join(s.DB.Close(), s.remove())
}

func (s *Store) remove() error {
	if !s.Temporary {
		return nil
	}
	return os.RemoveAll(s.directory)
}

// seriesLimit lets the tsdb create series up to a number. The alerts' own
// series are let through: there are as many as alerts, and the clocks of their
// rules depend on them.
type seriesLimit struct {
	most uint64
	head atomic.Pointer[tsdb.Head] // nil while the log is replayed, when all is let through
}

// PreCreation implements tsdb.SeriesLifecycleCallback.
func (l *seriesLimit) PreCreation(series labels.Labels) error {
	head := l.head.Load()
	if head == nil || head.NumSeries() < l.most || IsAlertSeries(series.Get(model.MetricNameLabel)) {
		return nil
	}
	return errSeriesLimit
}

// PostCreation implements tsdb.SeriesLifecycleCallback.
func (*seriesLimit) PostCreation(labels.Labels) {}

// PostDeletion implements tsdb.SeriesLifecycleCallback.
func (*seriesLimit) PostDeletion(map[chunks.HeadSeriesRef]labels.Labels) {}

// IsAlertSeries reports whether a series is one that Prometheus writes about alerts.
func IsAlertSeries(name string) bool { return name == "ALERTS" || name == "ALERTS_FOR_STATE" }

// SeriesCount is the number of series in memory.
func (s *Store) SeriesCount() int64 {
	return int64(min(s.Head().NumSeries(), math.MaxInt64))
}

// Size is what the samples take on the disk.
func (s *Store) Size() int64 {
	size := s.Head().Size()
	for _, block := range s.Blocks() {
		size += block.Size()
	}
	return size
}

var _ tsdb.SeriesLifecycleCallback = (*seriesLimit)(nil)

// MaxAhead is how far a sample may lie in the future, as on Prometheus' own
// receiving endpoints. One that lies further would make the tsdb refuse what
// comes at the right time.
const MaxAhead = 10 * time.Minute
