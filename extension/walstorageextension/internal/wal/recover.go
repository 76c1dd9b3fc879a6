// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package wal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// recover reads the segments, in order, into the index. What is damaged is reported, and taken out, so
// that it is reported once.
func (l *Log) recover() error {
	names, err := os.ReadDir(l.options.Directory) // sorted, and so are numbers of one width
	if err != nil {
		return err
	}
	lost := map[location]Damage{}
	var repaired []location
	for i, name := range names {
		number, seed, ok := parseSegmentName(name.Name())
		if !ok || !name.Type().IsRegular() {
			continue
		}
		last := !slices.ContainsFunc(names[i+1:], func(later os.DirEntry) bool {
			_, _, ok := parseSegmentName(later.Name())
			return ok
		})
		s, entries, err := l.openSegment(filepath.Join(l.options.Directory, name.Name()), seed, last)
		if err != nil {
			return fmt.Errorf("%s: %w", name.Name(), err)
		}
		l.number = number
		l.segments = append(l.segments, s)
		l.total += s.size
		for i := range entries {
			l.recoverEntry(s, &entries[i], lost, &repaired)
		}
	}
	return l.heal(lost, repaired)
}

// openSegment reads a segment. What is not complete at the end of the last is cut off.
func (l *Log) openSegment(path string, seed uint32, last bool) (*segment, []found, error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, nil, err
	}
	content, err := readAll(file)
	if err == nil && last {
		// What a process that was killed wrote is not necessarily on the disk yet.
		err = l.syncFile(file)
	}
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	s := &segment{file: file, path: path, seed: seed, size: int64(len(content)), full: true}
	entries, gaps := scan(content, seed)
	for _, g := range gaps {
		if !g.incomplete {
			l.report(Damage{File: path, Offset: g.offset, Size: g.size, Outcome: OutcomeUnknown})
			continue
		}
		if l.options.OnIncomplete != nil && last {
			l.options.OnIncomplete(path, g.offset, g.size)
		}
		if last {
			if err := file.Truncate(g.offset); err != nil {
				return nil, nil, errors.Join(err, file.Close())
			}
			s.size = g.offset
		}
	}
	return s, entries, nil
}

func readAll(file *os.File) ([]byte, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	content := make([]byte, info.Size())
	_, err = io.ReadFull(file, content)
	return content, err
}

// recoverEntry adds an entry to the index.
func (l *Log) recoverEntry(s *segment, e *found, lost map[location]Damage, repaired *[]location) {
	client, key, _ := strings.Cut(e.name, "\x00")
	at := location{client: client, key: key, in: s, offset: e.offset, size: int64(e.size()), valueSize: e.valueSize, valueSum: e.valueSum}
	damage := Damage{File: s.path, Offset: e.offset, Client: client, Key: key, Size: at.size, Outcome: OutcomeUnused}
	switch e.kind {
	case kindSet:
		l.put(at)
	case kindDelete:
		l.remove(client, key)
	case kindEnd:
	}
	switch {
	case e.damaged && e.kind == kindSet:
		lost[at] = damage
	case e.repaired:
		damage.Outcome = OutcomeRepaired
		l.report(damage)
		if e.kind == kindSet {
			*repaired = append(*repaired, at)
		}
	}
}

// heal deletes the values that are lost, and writes what was repaired again.
func (l *Log) heal(lost map[location]Damage, repaired []location) error {
	for at, damage := range lost {
		if now := l.index[at.client][at.key]; !now.same(&at) {
			l.report(damage)
			continue
		}
		damage.Outcome = OutcomeLost
		l.report(damage)
		b := batch{client: at.client}
		if err := b.add(storage.DeleteOperation(at.key)); err != nil {
			return err
		}
		if err := l.append(&b); err != nil {
			l.remove(at.client, at.key) // it is found, and reported, at the next start too
		}
	}
	for _, at := range repaired {
		if now := l.index[at.client][at.key]; now.same(&at) {
			_ = l.copyEntry(at) // if it fails it is repaired at the next start too
		}
	}
	return nil
}
