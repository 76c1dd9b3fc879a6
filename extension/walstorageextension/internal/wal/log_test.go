// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package wal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// reports are the reports of a log.
type reports struct {
	damages    []Damage
	incomplete int
}

func open(tb testing.TB, directory string) (*Log, *reports) {
	tb.Helper()
	r := &reports{}
	l, err := Open(Options{
		Directory:    directory,
		OnDamage:     func(d Damage) { r.damages = append(r.damages, d) },
		OnIncomplete: func(string, int64, int64) { r.incomplete++ },
		sync:         func(*os.File) error { return nil }, // that a test takes no time
	})
	require.NoError(tb, err)
	tb.Cleanup(func() { assert.NoError(tb, l.Close()) })
	return l, r
}

func set(tb testing.TB, l *Log, client, key string, value []byte) {
	tb.Helper()
	require.NoError(tb, l.Batch(client, true, storage.SetOperation(key, value)))
}

func get(tb testing.TB, l *Log, client, key string) []byte {
	tb.Helper()
	o := storage.GetOperation(key)
	require.NoError(tb, l.Batch(client, false, o))
	return o.Value
}

// content is everything in a log, by client and key.
func content(tb testing.TB, l *Log, clients ...string) map[string]string {
	tb.Helper()
	all := map[string]string{}
	for _, client := range clients {
		for _, key := range l.Keys(client) {
			all[client+"/"+key] = string(get(tb, l, client, key))
		}
	}
	return all
}

// abandon leaves a log as a process that is killed does.
func abandon(tb testing.TB, l *Log) {
	tb.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	require.NoError(tb, l.closeFiles())
}

func TestValuesOutliveTheProcess(t *testing.T) {
	for name, end := range map[string]func(*Log){
		"closed": func(l *Log) { require.NoError(t, l.Close()) },
		"killed": func(l *Log) { abandon(t, l) },
	} {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			l, _ := open(t, directory)
			set(t, l, "a", "1", []byte("one"))
			set(t, l, "b", "1", []byte("of another client"))
			set(t, l, "a", "empty", nil)
			require.NoError(t, l.Batch("a", false, storage.SetOperation("2", []byte("two")), storage.DeleteOperation("1"), storage.SetOperation("3", []byte("three"))))
			end(l)
			l, r := open(t, directory)
			assert.Equal(t, map[string]string{"a/2": "two", "a/3": "three", "a/empty": "", "b/1": "of another client"}, content(t, l, "a", "b"))
			assert.NotNil(t, get(t, l, "a", "empty"))
			assert.Nil(t, get(t, l, "a", "1"))
			assert.Equal(t, &reports{}, r)
		})
	}
}

func TestOperationsOfABatchAreInOrder(t *testing.T) {
	l, _ := open(t, t.TempDir())
	set(t, l, "a", "k", []byte("before"))
	first, second, third := storage.GetOperation("k"), storage.GetOperation("k"), storage.GetOperation("k")
	require.NoError(t, l.Batch("a", false, first, storage.SetOperation("k", []byte("new")), second, storage.DeleteOperation("k"), third))
	assert.Equal(t, "before", string(first.Value))
	assert.Equal(t, "new", string(second.Value))
	assert.Nil(t, third.Value)
	require.Error(t, l.Batch("a", false, storage.SetOperation("x", nil), &storage.Operation{Type: 99}))
	assert.Nil(t, get(t, l, "a", "x"), "all or none")
	require.Error(t, l.Batch("a", false, storage.SetOperation(string(make([]byte, 1<<16)), nil)))
}

func TestOneProcessAtATime(t *testing.T) {
	directory := t.TempDir()
	l, _ := open(t, directory)
	_, err := Open(Options{Directory: directory})
	require.ErrorContains(t, err, "another process")
	require.NoError(t, l.Close())
	require.NoError(t, l.Close())
	assert.Error(t, l.Batch("a", true, storage.SetOperation("k", nil)))
	open(t, directory)
}

// history writes random batches, and returns the state after each, and the size of the file.
func history(t *testing.T, l *Log, r *rand.Rand, batches int) (states []map[string]string, sizes []int64) {
	t.Helper()
	state := map[string]string{}
	states, sizes = append(states, maps.Clone(state)), append(sizes, 0)
	for range batches {
		var operations []*storage.Operation
		for range 1 + r.IntN(4) {
			key := strconv.Itoa(r.IntN(8))
			if r.IntN(3) == 0 {
				operations = append(operations, storage.DeleteOperation(key))
				delete(state, "a/"+key)
				continue
			}
			value := make([]byte, r.IntN(60))
			for i := range value {
				value[i] = byte(r.Uint32())
			}
			operations = append(operations, storage.SetOperation(key, value))
			state["a/"+key] = string(value)
		}
		require.NoError(t, l.Batch("a", false, operations...))
		states, sizes = append(states, maps.Clone(state)), append(sizes, l.appendedBytes())
	}
	return states, sizes
}

func (l *Log) appendedBytes() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int64(l.appended)
}

// A file that ends anywhere holds the batches before that place, whole, and no part of
// the one that it is in.
func TestCutAnywhere(t *testing.T) {
	directory := t.TempDir()
	l, _ := open(t, directory)
	states, sizes := history(t, l, rand.New(rand.NewPCG(1, 2)), 25)
	path := l.segments[0].path
	abandon(t, l)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	for size := range whole {
		cut := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(cut, filepath.Base(path)), whole[:size], 0o600))
		l, r := open(t, cut)
		n, complete := slices.BinarySearch(sizes, int64(size))
		if !complete {
			n--
		}
		require.Equal(t, states[n], content(t, l, "a"), "cut at %d", size)
		require.Empty(t, r.damages)
		require.Equal(t, !complete, r.incomplete == 1)
		require.NoError(t, l.Close())
		_, r = open(t, cut)
		require.Equal(t, &reports{}, r, "it is reported once")
	}
}

// Each bit of a log is flipped: the value that it is in is lost, or nothing is, and it is
// reported by name.
func TestEachBitFlipped(t *testing.T) {
	directory := t.TempDir()
	l, _ := open(t, directory)
	states, _ := history(t, l, rand.New(rand.NewPCG(3, 4)), 4)
	want := states[len(states)-1]
	path := l.segments[0].path
	require.NoError(t, l.Close())
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	outcomes := map[Outcome]int{}
	for at := range whole {
		for bit := range 8 {
			flipped := bytes.Clone(whole)
			flipped[at] ^= 1 << bit
			damaged := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(damaged, filepath.Base(path)), flipped, 0o600))
			l, r := open(t, damaged)
			require.Len(t, r.damages, 1, "byte %d", at)
			damage := r.damages[0]
			outcomes[damage.Outcome]++
			left := maps.Clone(want)
			if damage.Outcome == OutcomeLost {
				delete(left, damage.Client+"/"+damage.Key)
				require.Len(t, left, len(want)-1)
			}
			require.Equal(t, left, content(t, l, "a"))
			require.NoError(t, l.Close())
			l, r = open(t, damaged)
			require.Equal(t, left, content(t, l, "a"))
			if damage.Outcome == OutcomeLost {
				require.NotContains(t, fmt.Sprint(r.damages), OutcomeLost, "it is reported once")
			}
			require.NoError(t, l.Close())
		}
	}
	assert.Positive(t, outcomes[OutcomeLost])
	assert.Positive(t, outcomes[OutcomeRepaired])
	assert.Positive(t, outcomes[OutcomeUnused])
	assert.Zero(t, outcomes[OutcomeUnknown])
}

// Where more than a bit is wrong, what can be found is found, and nothing is read
// as a value that is not one.
func TestGarbageInTheMiddle(t *testing.T) {
	directory := t.TempDir()
	l, _ := open(t, directory)
	for i := range 10 {
		set(t, l, "a", strconv.Itoa(i), []byte("value "+strconv.Itoa(i)))
	}
	s := l.segments[0]
	// A stranger sends what is an entry of the log but for the seed, which is not known outside.
	set(t, l, "a", "forged", appendEntry(nil, s.seed+1, header{kind: kindSet, name: "a\x005", count: 1}, []byte("forged")))
	set(t, l, "a", "last", []byte("value"))
	forged := l.index["a"]["forged"]
	third := l.index["a"]["3"]
	require.NoError(t, l.Close())
	file, err := os.OpenFile(s.path, os.O_RDWR, 0)
	require.NoError(t, err)
	for _, at := range []int64{third.offset, forged.offset} {
		_, err = file.WriteAt(bytes.Repeat([]byte{0x55}, 20), at)
		require.NoError(t, err)
	}
	require.NoError(t, file.Close())
	l, r := open(t, directory)
	require.Len(t, r.damages, 2)
	assert.Equal(t, OutcomeUnknown, r.damages[0].Outcome)
	assert.Equal(t, third.offset, r.damages[0].Offset)
	assert.Nil(t, get(t, l, "a", "3"))
	assert.Equal(t, "value 5", string(get(t, l, "a", "5")))
	assert.Equal(t, "value", string(get(t, l, "a", "last")))
	assert.Len(t, l.Keys("a"), 10)
}

// What is damaged at the end is distinguished from a write that was not completed, and stays.
func TestGarbageAtTheEnd(t *testing.T) {
	for name, c := range map[string]struct {
		end      string
		damages  int
		reported int
	}{
		"garbage": {"garbage that is longer than the header of an entry is, by far", 1, 0},
		"zeros":   {string(make([]byte, 5000)), 0, 1},
		"header":  {string(appendEntry(nil, 1, header{kind: kindSet, name: "n", count: 1}, nil)[:10]), 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			l, _ := open(t, directory)
			set(t, l, "a", "k", []byte("value"))
			path, size := l.segments[0].path, l.segments[0].size
			abandon(t, l)
			file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			require.NoError(t, err)
			_, err = file.WriteString(c.end)
			require.NoError(t, errors.Join(err, file.Close()))
			l, r := open(t, directory)
			assert.Len(t, r.damages, c.damages)
			assert.Equal(t, c.reported, r.incomplete)
			assert.Equal(t, "value", string(get(t, l, "a", "k")))
			info, err := os.Stat(path)
			require.NoError(t, err)
			assert.Equal(t, c.damages == 0, info.Size() == size)
		})
	}
}

// A value that becomes damaged while the log is open is not returned.
func TestDamagedWhileOpen(t *testing.T) {
	directory := t.TempDir()
	l, r := open(t, directory)
	set(t, l, "a", "k", []byte("value"))
	at := l.index["a"]["k"]
	_, err := at.in.file.WriteAt([]byte("x"), at.offset+at.size-1)
	require.NoError(t, err)
	assert.Nil(t, get(t, l, "a", "k"))
	require.Len(t, r.damages, 1)
	assert.Equal(t, Damage{File: at.in.path, Offset: at.offset, Client: "a", Key: "k", Size: at.size, Outcome: OutcomeLost}, r.damages[0])
	assert.Nil(t, get(t, l, "a", "k"))
	assert.Len(t, r.damages, 1)
}

// A queue that runs for long takes no more space than what is needed allows, and what is
// needed stays through any number of compactions.
func TestSizeIsBounded(t *testing.T) {
	directory := t.TempDir()
	l, _ := open(t, directory)
	value := make([]byte, 64<<10)
	for i := range 20 {
		set(t, l, "ledger", strconv.Itoa(i), []byte(strconv.Itoa(i)))
	}
	for i := range 2500 {
		key := strconv.Itoa(i)
		require.NoError(t, l.Batch("queue", false, storage.SetOperation(key, value)))
		if i >= 10 {
			require.NoError(t, l.Batch("queue", false, storage.DeleteOperation(strconv.Itoa(i-10))))
		}
		live, total := l.Size()
		require.LessOrEqual(t, total, 2*live+slack+2*segmentSize)
	}
	abandon(t, l)
	files, err := filepath.Glob(filepath.Join(directory, "*.wal"))
	require.NoError(t, err)
	assert.LessOrEqual(t, len(files), 6)
	l, r := open(t, directory)
	assert.Empty(t, r.damages)
	assert.Len(t, l.Keys("queue"), 10)
	require.Len(t, l.Keys("ledger"), 20)
	for i := range 20 {
		assert.Equal(t, strconv.Itoa(i), string(get(t, l, "ledger", strconv.Itoa(i))))
	}
}

// A log that is opened again and again has not a file for each time.
func TestSegmentsAreBounded(t *testing.T) {
	directory := t.TempDir()
	for i := range 3 * maxSegments {
		l, _ := open(t, directory)
		set(t, l, "a", strconv.Itoa(i), []byte("value"))
		require.Len(t, l.Keys("a"), i+1)
		require.LessOrEqual(t, len(l.segments), maxSegments+2)
		require.NoError(t, l.Close())
	}
}

func TestMaxSize(t *testing.T) {
	l, err := Open(Options{Directory: t.TempDir(), MaxSize: 1000})
	require.NoError(t, err)
	defer func() { assert.NoError(t, l.Close()) }()
	set(t, l, "a", "1", make([]byte, 800))
	require.ErrorIs(t, l.Batch("a", true, storage.SetOperation("2", make([]byte, 200))), storage.ErrStorageFull)
	require.NoError(t, l.Batch("a", false, storage.DeleteOperation("1")))
	set(t, l, "a", "2", make([]byte, 200))
}

// Those who write at the same time share a sync, and what is acknowledged is written.
func TestGroupCommit(t *testing.T) {
	l, _ := open(t, t.TempDir())
	set(t, l, "a", "first", nil)
	var syncs atomic.Int64
	release := make(chan struct{})
	l.sync = func(f *os.File) error {
		if syncs.Add(1) == 1 {
			<-release
		}
		return f.Sync()
	}
	var writers sync.WaitGroup
	for i := range 50 {
		writers.Go(func() { assert.NoError(t, l.Batch("a", true, storage.SetOperation(strconv.Itoa(i), []byte("value")))) })
	}
	require.Eventually(t, func() bool { return len(l.Keys("a")) == 51 }, waitLimit, tick)
	close(release)
	writers.Wait()
	assert.LessOrEqual(t, syncs.Load(), int64(2))
}

// What is appended is as durable as what another client syncs after it, without a sync of
// its own.
func TestAppendSharesTheSyncOfAnother(t *testing.T) {
	directory := t.TempDir()
	l, _ := open(t, directory)
	set(t, l, "a", "first", nil)
	syncs := 0
	l.sync = func(*os.File) error {
		syncs++
		return nil
	}
	position, err := l.Append("a", storage.SetOperation("journal", []byte("value")))
	require.NoError(t, err)
	assert.Zero(t, syncs)
	set(t, l, "b", "request", []byte("value"))
	require.NoError(t, l.Sync(position))
	assert.Equal(t, 1, syncs)

	position, err = l.Append("a", storage.SetOperation("alone", []byte("value")))
	require.NoError(t, err)
	require.NoError(t, l.Sync(position))
	require.NoError(t, l.Sync(position))
	assert.Equal(t, 2, syncs)
	abandon(t, l)
	l, _ = open(t, directory)
	assert.ElementsMatch(t, []string{"first", "journal", "alone"}, l.Keys("a"))
}

// After a sync that failed nothing is acknowledged before what was needed of its
// segment is written, and synced, elsewhere.
func TestFailedSync(t *testing.T) {
	directory := t.TempDir()
	l, _ := open(t, directory)
	set(t, l, "a", "before", []byte("value"))
	working := l.sync
	l.sync = func(*os.File) error { return errors.New("no") }
	require.ErrorContains(t, l.Batch("a", true, storage.SetOperation("failed", []byte("value"))), "no")
	failed := l.segments[0].path
	l.sync = working
	set(t, l, "a", "after", []byte("value"))
	require.NoError(t, l.Close())
	require.NoError(t, os.Remove(failed))
	l, _ = open(t, directory)
	assert.ElementsMatch(t, []string{"before", "failed", "after"}, l.Keys("a"))
}

// A write that fails leaves what was there, and the next one works.
func TestFailedWrite(t *testing.T) {
	directory := t.TempDir()
	l, _ := open(t, directory)
	set(t, l, "a", "before", []byte("value"))
	s := l.segments[0]
	readOnly, err := os.Open(s.path)
	require.NoError(t, err)
	writable := s.file
	s.file = readOnly
	require.Error(t, l.Batch("a", true, storage.SetOperation("failed", []byte("value"))))
	s.file = writable
	require.NoError(t, readOnly.Close())
	set(t, l, "a", "after", []byte("value"))
	require.NoError(t, l.Close())
	l, r := open(t, directory)
	assert.ElementsMatch(t, []string{"before", "after"}, l.Keys("a"))
	assert.Equal(t, &reports{}, r)
}

// Whatever a file holds, it is read without a panic, and what is found in it is in it.
func FuzzScan(f *testing.F) {
	entry := appendEntry(nil, 7, header{kind: kindSet, name: "a\x00k", count: 1}, []byte("value"))
	f.Add(entry)
	f.Add(append(bytes.Clone(entry), entry[:20]...))
	f.Add(append([]byte("garbage"), entry...))
	f.Add(appendEntry(bytes.Clone(entry), 7, header{kind: kindSet, name: "a\x00l", index: 1, count: 3}, nil))
	f.Fuzz(func(t *testing.T, content []byte) {
		size := int64(len(content))
		entries, gaps := scan(content, 7)
		var covered int64
		for _, e := range entries {
			covered += int64(e.size())
			if e.offset+int64(e.size()) > size {
				t.Fatalf("entry at %d of %d bytes in %d", e.offset, e.size(), size)
			}
		}
		for _, g := range gaps {
			covered += g.size
		}
		if covered != size {
			t.Fatalf("%d bytes are covered of %d", covered, size)
		}
	})
}

func BenchmarkQueue(b *testing.B) {
	l, err := Open(Options{Directory: b.TempDir()})
	require.NoError(b, err)
	b.Cleanup(func() { assert.NoError(b, l.Close()) })
	value, metadata := make([]byte, 2000), make([]byte, 40)
	for i := 0; b.Loop(); i++ {
		key := strconv.Itoa(i)
		require.NoError(b, l.Batch("q", true, storage.SetOperation("qmv0", metadata), storage.SetOperation(key, value)))
		require.NoError(b, l.Batch("q", false, storage.SetOperation("qmv0", metadata), storage.GetOperation(key)))
		require.NoError(b, l.Batch("q", false, storage.SetOperation("qmv0", metadata), storage.DeleteOperation(key)))
	}
}

var _ io.Closer = (*Log)(nil)

const (
	waitLimit = 60 * time.Second
	tick      = time.Millisecond
)
