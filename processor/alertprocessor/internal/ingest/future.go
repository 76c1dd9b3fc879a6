// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/prometheus/tsdb"
)

// quarantine is the prefix of the directory, in that of the store, of samples of a
// false future.
const quarantine = "future-"

// Ahead is by how much the newest sample is later than now. More than MaxAhead is not
// accepted: the clock was ahead when the sample came, and has been set back. Next to
// such a sample those of the present are too old.
func (s *Store) Ahead(now time.Time) time.Duration {
	newest := s.Head().MaxTime() // math.MinInt64 without a sample
	for _, block := range s.Blocks() {
		newest = max(newest, block.MaxTime()-1) // exclusive
	}
	if newest == math.MinInt64 {
		return 0
	}
	return time.UnixMilli(newest).Sub(now)
}

// FromFalseFuture reports whether the store has samples that keep out those of now.
func (s *Store) FromFalseFuture(now time.Time) bool { return s.Ahead(now) > MaxAhead }

// openPast opens a store whose directory has samples of a false future. It quarantines what has
// them, and keeps the samples up to now.
func openPast(directory string, options *tsdb.Options, now time.Time) error {
	aside := filepath.Join(directory, quarantine+now.UTC().Format("20060102T150405Z"))
	if err := errors.Join(removeQuarantined(directory), os.Mkdir(aside, 0o750)); err != nil {
		return err
	}
	if err := moveFuture(directory, aside, now); err != nil {
		return err
	}
	// Series follow each other when they are copied, so that their samples are out of order.
	wide := *options
	wide.OutOfOrderTimeWindow = max(options.RetentionDuration, options.OutOfOrderTimeWindow)
	from, err := tsdb.Open(aside, slog.New(slog.DiscardHandler), nil, &wide, nil)
	if err != nil {
		return err
	}
	to, err := tsdb.Open(directory, slog.New(slog.DiscardHandler), nil, &wide, nil)
	if err != nil {
		return errors.Join(err, from.Close())
	}
	retention := time.Duration(options.RetentionDuration) * time.Millisecond
	err = CopySamples(context.Background(), &Store{DB: from}, &Store{DB: to}, now.Add(-retention), now)
	return errors.Join(err, from.Close(), to.Close())
}

// moveFuture moves the head of a store, and the blocks that end after now.
func moveFuture(directory, aside string, now time.Time) error {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := entry.Name()
		switch {
		case name == "wal", name == "wbl", name == "chunks_head":
		case isFutureBlock(filepath.Join(directory, name), now):
		default:
			continue
		}
		if err = os.Rename(filepath.Join(directory, name), filepath.Join(aside, name)); err != nil {
			return err
		}
	}
	return nil
}

func isFutureBlock(directory string, now time.Time) bool {
	block, err := tsdb.OpenBlock(slog.New(slog.DiscardHandler), directory, nil, nil)
	if err != nil {
		return false // not a block
	}
	future := block.MaxTime() > now.UnixMilli()
	return block.Close() == nil && future
}

// removeQuarantined removes what was quarantined before: a clock that goes ahead again and again
// is not to fill the disk.
func removeQuarantined(directory string) error {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), quarantine) {
			if err = os.RemoveAll(filepath.Join(directory, entry.Name())); err != nil {
				return fmt.Errorf("remove samples that were quarantined: %w", err)
			}
		}
	}
	return nil
}
