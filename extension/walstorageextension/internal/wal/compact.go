// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package wal

import (
	"errors"
	"os"

	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// compactSome compacts the oldest segment if the log is larger than it needs to be: it appends
// again up to so many bytes of what is needed of it, and removes it when nothing is. It
// is part of each write, so that no write waits for a whole segment.
//
// A delete needs not be kept: what it deletes is in the same segment or an older one,
// and there is none older.
func (l *Log) compactSome(budget int64) {
	if len(l.segments) < 2 || (l.total <= 2*l.live+slack && len(l.segments) <= maxSegments) {
		return
	}
	oldest := l.segments[0]
	if l.compact == nil {
		l.compact = append(l.neededOf(oldest), location{}) // not nil when it is empty
	}
	for len(l.compact) > 1 {
		last := len(l.compact) - 2
		at := l.compact[last]
		if budget < 0 {
			return
		}
		if now := l.index[at.client][at.key]; now.same(&at) {
			if l.copyEntry(at) != nil {
				return // the disk is full, for one; the next write tries again
			}
			budget -= at.size
		}
		l.compact[last] = location{}
		l.compact = l.compact[:last+1]
	}
	if l.copied == 0 {
		l.copied = l.appended
	}
	l.removeCopied()
}

// neededOf returns the entries of a segment that the index has.
func (l *Log) neededOf(s *segment) []location {
	var needed []location
	for _, keys := range l.index {
		for _, at := range keys {
			if at.in == s {
				needed = append(needed, at)
			}
		}
	}
	return needed
}

// copyEntry appends an entry again.
func (l *Log) copyEntry(at location) error {
	value, err := l.read(at.client, at.key)
	if err != nil || value == nil {
		return err // it was damaged, which was reported
	}
	b := batch{client: at.client}
	if err := b.add(storage.SetOperation(at.key, value)); err != nil {
		return err
	}
	return l.append(&b)
}

// removeCopied removes the oldest segment if nothing of it is needed, once the copies of what was are on
// the disk. Whoever syncs does so without the lock, which would hold those who write.
func (l *Log) removeCopied() {
	if l.copied == 0 || l.synced.Load() < l.copied || l.closed {
		return
	}
	oldest := l.segments[0]
	_ = oldest.file.Close() // again, where the last time it could not be removed
	if err := os.Remove(oldest.path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return
	}
	l.total -= oldest.size
	l.segments = l.segments[1:]
	l.compact, l.copied = nil, 0
}
