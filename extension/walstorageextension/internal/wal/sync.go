// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package wal

import (
	"errors"
	"os"

	"github.com/prometheus/prometheus/tsdb/fileutil"
)

// Sync returns when what had been appended at a position is on the disk. Those who wait for each
// other share a sync.
func (l *Log) Sync(position uint64) error {
	if l.synced.Load() >= position {
		return nil
	}
	l.syncing.Lock()
	defer l.syncing.Unlock()
	if l.synced.Load() >= position {
		return nil
	}
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return errClosed
	}
	err := l.rewriteSuspect()
	active, appended := l.segments[len(l.segments)-1], l.appended
	l.mu.Unlock()
	if err != nil {
		return err
	}
	if err := l.syncFile(active.file); err != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		active.full, active.suspect = true, true
		return err
	}
	l.synced.Store(appended)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.removeCopied()
	return nil
}

// rewriteSuspect appends again what is needed of segments that could not be synced: after a
// failure the next sync of the same file succeeds though the data is gone.
func (l *Log) rewriteSuspect() error {
	for _, s := range l.segments {
		if !s.suspect {
			continue
		}
		for _, at := range l.neededOf(s) {
			if err := l.copyEntry(at); err != nil {
				return err
			}
		}
		s.suspect = false
	}
	if active := l.segments[len(l.segments)-1]; active.full {
		// Nothing of it was needed. A delete that did not reach the disk is one more value.
		if _, err := l.active(0); err != nil {
			return err
		}
	}
	return nil
}

func syncDirectory(path string, sync func(*os.File) error) error {
	directory, err := fileutil.OpenDir(path)
	if err != nil {
		return err
	}
	return errors.Join(ignoreUnsupported(sync(directory)), directory.Close())
}

// ignoreUnsupported: a directory cannot be synced on every file system.
func ignoreUnsupported(err error) error {
	if errors.Is(err, os.ErrInvalid) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}
