// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package wal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/prometheus/prometheus/tsdb/fileutil"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

const (
	// segmentSize is the size after which the next segment is begun.
	segmentSize = 16 << 20
	// slack is what segments may hold of values that are not needed any more, in
	// addition to as much again as those that are.
	slack = 2 * segmentSize
	// maxSegments bounds the segments of a log that is opened often and written little.
	maxSegments = 32
	// lockName is the file that the process that has the log open has locked.
	lockName = "LOCK"
)

var errClosed = errors.New("the storage is closed")

// Damage is what became of something that was not as it was written.
type Damage struct {
	File    string
	Offset  int64
	Client  string // empty where it cannot be known
	Key     string
	Size    int64
	Outcome Outcome
}

// Outcome of a damage.
type Outcome string

// Outcomes.
const (
	OutcomeLost     Outcome = "lost"     // the value is lost
	OutcomeRepaired Outcome = "repaired" // nothing is lost
	OutcomeUnused   Outcome = "unused"   // the value had been replaced or deleted
	OutcomeUnknown  Outcome = "unknown"  // several bits are wrong, and what was there is unknown
)

// Options of a log.
type Options struct {
	Directory string
	// MaxSize bounds the values that are needed, in bytes. 0: no bound.
	MaxSize int64
	// OnDamage is called with what was found to be damaged. It must not call the log.
	OnDamage func(Damage)
	// OnIncomplete is called with what was not written completely when the process
	// or the machine ended, whose write was not acknowledged.
	OnIncomplete func(file string, offset, size int64)

	sync func(*os.File) error // nil: to the disk
}

// Log is an open log. It may be used by several goroutines.
type Log struct {
	options Options
	release fileutil.Releaser
	sync    func(*os.File) error // replaced in tests

	syncing  sync.Mutex    // held while the active segment is synced; before mu
	synced   atomic.Uint64 // appended bytes that are on the disk; written with syncing held
	syncs    atomic.Int64  // of files, since the log was opened
	mu       sync.Mutex
	index    map[string]map[string]location // by client and key
	segments []*segment                     // the oldest first; the last is written to
	number   uint64                         // of the last segment
	appended uint64                         // bytes, since the log was opened
	live     int64                          // bytes of the entries that the index has
	total    int64                          // bytes of the segments
	compact  []location                     // entries of the oldest segment that may be needed
	copied   uint64                         // what had been appended when none was left; 0 before
	closed   bool
	buffer   []byte
}

// location is where the newest value of a name is.
type location struct {
	client, key string
	in          *segment
	offset      int64 // of the entry
	size        int64 // of the entry
	valueSize   int
	valueSum    uint32
}

// same reports whether it is the same entry, not only the same name.
func (l *location) same(as *location) bool { return l.in == as.in && l.offset == as.offset }

// Open opens the log of a directory, which is made if there is none.
func Open(options Options) (*Log, error) {
	if err := os.MkdirAll(options.Directory, 0o700); err != nil {
		return nil, err
	}
	release, _, err := fileutil.Flock(filepath.Join(options.Directory, lockName))
	if err != nil {
		return nil, fmt.Errorf("lock %s, which another process may have open: %w", options.Directory, err)
	}
	l := &Log{options: options, release: release, sync: options.sync, index: map[string]map[string]location{}}
	if l.sync == nil {
		l.sync = fileutil.Fdatasync
	}
	if err := l.recover(); err != nil {
		return nil, errors.Join(err, l.closeFiles())
	}
	return l, nil
}

// Close ends the log. It is idempotent.
func (l *Log) Close() error {
	l.syncing.Lock()
	defer l.syncing.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	var errs []error
	if n := len(l.segments); n > 0 && !l.segments[n-1].full {
		active := l.segments[n-1]
		l.buffer = appendEntry(l.buffer[:0], active.seed, header{kind: kindEnd, count: 1}, nil)
		if _, err := active.file.WriteAt(l.buffer, active.size); err != nil {
			errs = append(errs, err)
		}
		errs = append(errs, l.syncFile(active.file))
	}
	return errors.Join(append(errs, l.closeFiles())...)
}

func (l *Log) closeFiles() error {
	var errs []error
	for _, s := range l.segments {
		errs = append(errs, s.file.Close())
	}
	return errors.Join(append(errs, l.release.Release())...)
}

// Batch executes operations of a client in order, the writes of them all or none. If
// it is durable it returns when they are on the disk; else they survive the process, and not
// necessarily the machine. What is written later is never there without what was
// written before.
func (l *Log) Batch(client string, durable bool, operations ...*storage.Operation) error {
	end, err := l.execute(client, durable, operations)
	if err != nil {
		return err
	}
	if err := l.Sync(end); durable {
		return err
	}
	return nil // of copies, which the next write syncs again
}

// Append executes operations as Batch does, and leaves it to Sync with the position that it
// returns to make them durable.
func (l *Log) Append(client string, operations ...*storage.Operation) (position uint64, err error) {
	return l.execute(client, true, operations)
}

// execute executes operations, and returns the position that is to be synced, 0 for none: how much
// has been appended, or else of what need not be durable the copies by which the oldest segment waits to
// be removed. A queue that empties itself deletes, and no write that is durable may ever come.
func (l *Log) execute(client string, durable bool, operations []*storage.Operation) (end uint64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return 0, errClosed
	}
	b := batch{client: client}
	for _, o := range operations {
		switch o.Type {
		case storage.Get:
			if value, ok := b.written(o.Key); ok {
				o.Value = value
			} else if o.Value, err = l.read(client, o.Key); err != nil {
				return 0, err
			}
		case storage.Set, storage.Delete:
			if err := b.add(o); err != nil {
				return 0, err
			}
		default:
			return 0, fmt.Errorf("operation type %d is unknown", o.Type)
		}
	}
	if len(b.writes) == 0 {
		return 0, nil
	}
	if durable && l.options.MaxSize > 0 && b.size > 0 && l.live+b.size > l.options.MaxSize {
		return 0, storage.ErrStorageFull
	}
	if err := l.append(&b); err != nil {
		return 0, err
	}
	l.compactSome(2 * b.size)
	if !durable {
		return l.copied, nil
	}
	return l.appended, nil
}

// append appends a batch to the active segment, and changes the index.
func (l *Log) append(b *batch) error {
	active, err := l.active(b.size)
	if err != nil {
		return err
	}
	l.buffer = l.buffer[:0]
	locations := make([]location, len(b.writes))
	for i, o := range b.writes {
		h := header{kind: kindSet, name: b.client + "\x00" + o.Key, index: uint32(i), count: uint32(len(b.writes))}
		value := o.Value
		if o.Type == storage.Delete {
			h.kind, value = kindDelete, nil
		}
		start := len(l.buffer)
		l.buffer = appendEntry(l.buffer, active.seed, h, value)
		locations[i] = location{
			client: b.client, key: o.Key, in: active, offset: active.size + int64(start), size: int64(len(l.buffer) - start),
			valueSize: len(value), valueSum: checksum(value),
		}
	}
	if _, err := active.file.WriteAt(l.buffer, active.size); err != nil {
		// A part may be there. It is overwritten by what comes next, or else it is the end
		// of its segment.
		if truncated := active.file.Truncate(active.size); truncated != nil {
			active.full = true
		}
		return err
	}
	active.size += int64(len(l.buffer))
	l.total += int64(len(l.buffer))
	l.appended += uint64(len(l.buffer))
	for i, o := range b.writes {
		if o.Type == storage.Set {
			l.put(locations[i])
		} else {
			l.remove(b.client, o.Key)
		}
	}
	if cap(l.buffer) > segmentSize {
		l.buffer = nil
	}
	return nil
}

// active returns the segment to append so many bytes to.
func (l *Log) active(size int64) (*segment, error) {
	if n := len(l.segments); n > 0 {
		last := l.segments[n-1]
		if !last.full && (last.size == 0 || last.size+size <= segmentSize) {
			return last, nil
		}
		if !last.full {
			// From here on only the new segment is synced.
			if err := l.syncFile(last.file); err != nil {
				last.full, last.suspect = true, true
				return nil, err
			}
			last.full = true
		}
	}
	s, err := createSegment(l.options.Directory, l.number+1, l.syncFile)
	if err != nil {
		return nil, err
	}
	l.number++
	l.segments = append(l.segments, s)
	return s, nil
}

func (l *Log) put(at location) {
	l.remove(at.client, at.key)
	keys := l.index[at.client]
	if keys == nil {
		keys = map[string]location{}
		l.index[at.client] = keys
	}
	keys[at.key] = at
	l.live += at.size
}

func (l *Log) remove(client, key string) {
	if old, ok := l.index[client][key]; ok {
		l.live -= old.size
		delete(l.index[client], key)
	}
}

// read reads a value; nil if there is none, or it is damaged.
func (l *Log) read(client, key string) ([]byte, error) {
	at, ok := l.index[client][key]
	if !ok {
		return nil, nil
	}
	value := make([]byte, at.valueSize)
	if _, err := at.in.file.ReadAt(value, at.offset+at.size-int64(at.valueSize)); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if checksum(value) != at.valueSum {
		l.lose(at)
		return nil, nil
	}
	return value, nil
}

// lose reports a value that is damaged, and forgets it.
func (l *Log) lose(at location) {
	l.report(Damage{File: at.in.path, Offset: at.offset, Client: at.client, Key: at.key, Size: at.size, Outcome: OutcomeLost})
	// If this fails it is found, and reported, again.
	b := batch{client: at.client}
	if err := b.add(storage.DeleteOperation(at.key)); err == nil && l.append(&b) == nil {
		return
	}
	l.remove(at.client, at.key)
}

func (l *Log) report(d Damage) {
	if l.options.OnDamage != nil {
		l.options.OnDamage(d)
	}
}

// Has reports whether a client has any value.
func (l *Log) Has(client string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.index[client]) > 0
}

// Keys returns the keys of a client, in no order.
func (l *Log) Keys(client string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	keys := make([]string, 0, len(l.index[client]))
	for key := range l.index[client] {
		keys = append(keys, key)
	}
	return keys
}

func (l *Log) syncFile(file *os.File) error {
	l.syncs.Add(1)
	return l.sync(file)
}

// Syncs returns how many syncs to the disk there were since the log was opened.
func (l *Log) Syncs() int64 { return l.syncs.Load() }

// Size returns the bytes that are needed, and those of the files.
func (l *Log) Size() (live, total int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.live, l.total
}
