// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/prometheus/prometheus/tsdb/fileutil"

	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/notification"
)

const (
	// stateName is the file, next to the samples, that holds the notification state.
	stateName = "notices.json"
	// journalName is the file that holds the occurrences and decisions since, one a line.
	journalName = "occurrences.jsonl"
	// maxJournal is the size from which the journal is rewritten without what the
	// state includes.
	maxJournal = 1 << 20
	// mostJournal is the size from which nothing is appended: the state has not been written for so
	// long that the disk would fill.
	mostJournal = 64 << 20
	// maxUnwritten bounds the entries that are kept while the journal cannot be written.
	maxUnwritten = 1000
)

// stateFile holds the notification state, and a journal of occurrences and decisions since
// it was written. The state is written once a second at most, the journal before telemetry
// with an occurrence is acknowledged, since after a kill nobody would send it again, and before
// a decision is sent.
type stateFile struct {
	path, journalPath string

	mu      sync.Mutex                  // guards what follows, and writes of the journal
	closed  bool                        // nothing is to be written any more
	journal *os.File                    // nil until the first append
	size    int                         // of the journal, in bytes
	recent  []notification.JournalEntry // in the journal, and not in the written state
	// unwritten could not be appended, or in part, and are with the next entries: the newest maxUnwritten.
	unwritten []notification.JournalEntry
}

func newStateFile(directory string) *stateFile {
	return &stateFile{path: filepath.Join(directory, stateName), journalPath: filepath.Join(directory, journalName)}
}

// read returns what was written last, with the occurrences of the journal. A file
// that cannot be read is quarantined, and the error names it; a file that does not
// exist is empty.
func (f *stateFile) read() (notification.State, error) {
	raw, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return f.readJournal(notification.EmptyState())
	}
	if err != nil {
		return notification.State{}, err
	}
	state, err := notification.ReadState(raw)
	if err != nil {
		quarantine := f.path + ".bad"
		return notification.State{}, errors.Join(fmt.Errorf("%s cannot be read, and is quarantined as %s: %w", f.path, quarantine, err), os.Rename(f.path, quarantine))
	}
	return f.readJournal(state)
}

// readJournal adds what the journal has. The last line is incomplete when
// the process was killed while it wrote it: nobody had been acknowledged it, or notified of it.
func (f *stateFile) readJournal(state notification.State) (notification.State, error) {
	raw, err := os.ReadFile(f.journalPath)
	if errors.Is(err, fs.ErrNotExist) {
		return state, nil
	}
	if err != nil {
		return state, err
	}
	f.size = len(raw)
	var entries []notification.JournalEntry
	for line := range bytes.Lines(raw) {
		var entry notification.JournalEntry
		if json.Unmarshal(line, &entry) == nil {
			entries = append(entries, entry)
		}
	}
	state.Apply(entries)
	return state, nil
}

// appendJournal writes the entries that take returns, and those that could not be written before. A
// call returns when the entries of calls before it have been written, too.
func (f *stateFile) appendJournal(take func() []notification.JournalEntry) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return fs.ErrClosed
	}
	entries := slices.Concat(f.unwritten, take())
	if len(entries) == 0 {
		return nil
	}
	f.unwritten = nil
	if err := f.appendEntries(entries); err != nil {
		f.unwritten = entries[max(0, len(entries)-maxUnwritten):]
		return errors.Join(err, f.closeJournal()) // so that the next entry is not appended to a part of a line
	}
	f.recent = append(f.recent, entries...)
	return nil
}

func (f *stateFile) appendEntries(entries []notification.JournalEntry) error {
	if f.size >= mostJournal {
		return fmt.Errorf("%s has %d MiB, since %s cannot be written", f.journalPath, f.size>>20, f.path)
	}
	lines, err := encodeLines(entries)
	if err != nil {
		return err
	}
	if f.journal == nil {
		if f.journal, err = os.OpenFile(f.journalPath, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err != nil {
			return err
		}
		// A process that was killed, or a full disk, may have left an incomplete line, which is not to become a part of this one.
		lines = append([]byte{'\n'}, lines...)
	}
	n, err := f.journal.Write(lines)
	f.size += n
	return err
}

func encodeLines(entries []notification.JournalEntry) ([]byte, error) {
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	for _, entry := range entries {
		if err := encoder.Encode(entry); err != nil {
			return nil, err
		}
	}
	return lines.Bytes(), nil
}

// trimJournal removes the entries that the written state includes, up to a number. A
// short journal is left as it is while it has others.
func (f *stateFile) trimJournal(included uint64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	isIncluded := func(entry notification.JournalEntry) bool { return entry.Number <= included }
	f.recent, f.unwritten = slices.DeleteFunc(f.recent, isIncluded), slices.DeleteFunc(f.unwritten, isIncluded)
	if len(f.recent) > 0 && f.size < maxJournal {
		return nil
	}
	err := f.closeJournal()
	f.size = 0
	if len(f.recent) == 0 {
		if remove := os.Remove(f.journalPath); !errors.Is(remove, fs.ErrNotExist) {
			err = errors.Join(err, remove)
		}
		return err
	}
	lines, encode := encodeLines(f.recent)
	if err = errors.Join(err, encode); err != nil {
		return err
	}
	return replaceFile(f.journalPath, lines)
}

func (f *stateFile) closeJournal() error {
	if f.journal == nil {
		return nil
	}
	err := f.journal.Close()
	f.journal = nil
	return err
}

// close closes the journal. What is still waiting to write to it does not open it again.
func (f *stateFile) close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	return f.closeJournal()
}

// write replaces the state.
func (f *stateFile) write(state notification.State) error {
	raw, err := json.Marshal(state)
	if err != nil {
		return err
	}
	return replaceFile(f.path, raw)
}

// replaceFile replaces a file so that there always is a whole one.
func replaceFile(path string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".tmp-*")
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = fileutil.Rename(file.Name(), path) // which is on the disk, too, when it returns
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}

// journal are the occurrences and decisions that have not been written yet.
type journal struct {
	last    uint64 // number of the last entry that was added
	entries []notification.JournalEntry
}

func (j *journal) add(entry notification.JournalEntry) {
	j.last++
	entry.Number = j.last
	j.entries = append(j.entries, entry)
}

func (j *journal) take() []notification.JournalEntry {
	entries := j.entries
	j.entries = nil
	return entries
}
