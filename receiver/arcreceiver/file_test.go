// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package arcreceiver

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/testhost"
	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/metadatatest"
)

// following is a logs pipeline behind a receiver that follows files.
type following struct {
	dir, state    string
	maxEventBytes int // if it is set

	mu      sync.Mutex
	refuse  bool
	refused int
	bodies  []string

	tail   *tail
	during func() // is called while lines are accepted
}

func newFollowing(t *testing.T) *following {
	t.Helper()
	return &following{dir: t.TempDir(), state: t.TempDir()}
}

func (f *following) take(_ context.Context, ld plog.Logs) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuse {
		f.refused++
		return errBusy
	}
	for _, rl := range ld.ResourceLogs().All() {
		for _, record := range rl.ScopeLogs().At(0).LogRecords().All() {
			f.bodies = append(f.bodies, record.Body().AsString())
		}
	}
	if f.during != nil {
		f.during()
	}
	return nil
}

func (f *following) got() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.bodies)
}

// waitFor waits until as many records have come, and none too many.
func (f *following) waitFor(t *testing.T, want ...string) {
	t.Helper()
	require.Eventually(t, func() bool { return len(f.got()) >= len(want) }, 20*time.Second, 5*time.Millisecond)
	assert.Equal(t, want, f.got())
}

// waitForAll waits until these records have come, in this order, and others between them
// that are repetitions.
func (f *following) waitForAll(t *testing.T, want ...string) {
	t.Helper()
	require.Eventually(t, func() bool {
		rest := want
		for _, body := range f.got() {
			if len(rest) > 0 && body == rest[0] {
				rest = rest[1:]
			}
		}
		return len(rest) == 0
	}, 60*time.Second, 5*time.Millisecond)
	assert.Subset(t, want, f.got())
}

// start starts a receiver with its storage and returns what stops both.
func (f *following) start(t *testing.T, set receiver.Settings) (stop func()) {
	t.Helper()
	with, stopStorage := testhost.StartStorage(t, f.state)
	cfg := configAt("localhost:0")
	cfg.File = &FileConfig{Include: []string{filepath.Join(f.dir, "*.jsonl")}, PollInterval: 5 * time.Millisecond}
	cfg.Storage = &testhost.StorageID
	if f.maxEventBytes > 0 {
		cfg.MaxEventBytes = f.maxEventBytes
	}
	require.NoError(t, cfg.Validate())
	next, err := consumer.NewLogs(f.take)
	require.NoError(t, err)
	set.ID = component.NewID(metadata.Type)
	logs, err := NewFactory().CreateLogs(t.Context(), set, cfg, next)
	require.NoError(t, err)
	require.NoError(t, logs.Start(t.Context(), with))
	f.tail = logs.(*instance).shared.Core().tail
	return func() {
		require.NoError(t, logs.Shutdown(t.Context()))
		stopStorage()
	}
}

func (f *following) write(t *testing.T, file, text string) {
	t.Helper()
	to, err := os.OpenFile(filepath.Join(f.dir, file), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	_, err = to.WriteString(text)
	require.NoError(t, err)
	require.NoError(t, to.Close())
}

func lineOf(message string) string { return fmt.Sprintf("{\"message\":%q}\n", message) }

func nopSettings() receiver.Settings { return receivertest.NewNopSettings(metadata.Type) }

func TestFilesAreFollowed(t *testing.T) {
	f := newFollowing(t)
	f.write(t, "a.jsonl", lineOf("1")+lineOf("2"))
	stop := f.start(t, nopSettings())
	defer stop()
	f.waitFor(t, "1", "2")

	f.write(t, "a.jsonl", `{"message":`)
	f.write(t, "b.jsonl", lineOf("3"))
	f.waitFor(t, "1", "2", "3") // the line that is being written has to wait
	f.write(t, "a.jsonl", "\"4\"}\n")
	f.waitFor(t, "1", "2", "3", "4")

	f.write(t, "a.jsonl", lineOf("5"))
	require.NoError(t, os.Rename(filepath.Join(f.dir, "a.jsonl"), filepath.Join(f.dir, "a.jsonl.1")))
	f.waitFor(t, "1", "2", "3", "4", "5")
	f.write(t, "a.jsonl", lineOf("new 6"))
	f.waitFor(t, "1", "2", "3", "4", "5", "new 6")

	require.NoError(t, os.Truncate(filepath.Join(f.dir, "b.jsonl"), 0))
	f.write(t, "b.jsonl", lineOf("after truncation 7"))
	f.waitFor(t, "1", "2", "3", "4", "5", "new 6", "after truncation 7")
}

// A file with a byte order mark; one that is truncated while its writer continues at
// its old place; and one that is copied and truncated, and begins as it did before. A
// line that is written while a file is checked that was truncated may be read twice.
func TestOddFilesAreFollowed(t *testing.T) {
	f := newFollowing(t)
	stop := f.start(t, nopSettings())
	f.write(t, "mark.jsonl", "\ufeff"+lineOf("after a mark"))
	f.waitForAll(t, "after a mark")

	file, err := os.Create(filepath.Join(f.dir, "continued.jsonl"))
	require.NoError(t, err)
	_, err = file.WriteString(lineOf("before"))
	require.NoError(t, err)
	f.waitForAll(t, "after a mark", "before")
	require.NoError(t, os.Truncate(file.Name(), 0))
	_, err = file.WriteString(lineOf("padded")) // with zero bytes before it
	require.NoError(t, err)
	require.NoError(t, file.Close())
	f.waitForAll(t, "after a mark", "before", "padded")

	banner := strings.Repeat("=", 2000)
	equal := filepath.Join(f.dir, "equal.jsonl")
	require.NoError(t, os.WriteFile(equal, []byte(lineOf(banner)+lineOf("one")), 0o600))
	f.waitForAll(t, "after a mark", "before", "padded", banner, "one")
	require.NoError(t, os.WriteFile(equal, []byte(lineOf(banner)+lineOf("two")+lineOf("three")), 0o600)) // truncates
	f.waitForAll(t, "after a mark", "before", "padded", banner, "one", banner, "two", "three")
	stop()
}

func TestRestartNeitherLosesNorDoubles(t *testing.T) {
	f := newFollowing(t)
	var want []string
	write := func(from, to int) {
		for n := from; n < to; n++ {
			want = append(want, strconv.Itoa(n))
			f.write(t, "a.jsonl", lineOf(want[n]))
		}
	}
	write(0, 250)
	stop := f.start(t, nopSettings())
	f.waitFor(t, want...)
	stop()
	write(250, 300) // while nobody reads
	stop = f.start(t, nopSettings())
	f.waitFor(t, want...)

	f.mu.Lock()
	f.refuse = true
	f.mu.Unlock()
	write(300, 350)
	require.Eventually(t, func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.refused > 0
	}, 20*time.Second, time.Millisecond)
	stop() // while the pipeline refuses
	assert.Equal(t, want[:300], f.got())
	f.refuse = false
	stop = f.start(t, nopSettings())
	f.waitFor(t, want...)
	stop()
	stop = f.start(t, nopSettings())
	write(350, 351)
	f.waitFor(t, want...)
	stop()
}

// Lines that a pipeline accepts while the receiver is stopped are not read again.
func TestStoppedWhileLinesAreAccepted(t *testing.T) {
	f := newFollowing(t)
	stop := f.start(t, nopSettings())
	stopped := make(chan struct{})
	f.during = func() {
		f.during = nil
		go func() {
			defer close(stopped)
			stop()
		}()
		<-f.tail.stopping
	}
	f.write(t, "a.jsonl", lineOf("1")+lineOf("2"))
	<-stopped
	defer f.start(t, nopSettings())()
	f.write(t, "a.jsonl", lineOf("3"))
	f.waitFor(t, "1", "2", "3")
}

// A line that is too long is counted as often as it has pieces, and what follows is read.
func TestTooLongLinesAreCountedInPieces(t *testing.T) {
	set, tel := telemetrySettings(t)
	f := newFollowing(t)
	f.maxEventBytes = 1000
	f.write(t, "a.jsonl", lineOf("1")+strings.Repeat("x", 2500)+"\n"+lineOf("2"))
	defer f.start(t, set)()
	f.waitFor(t, "1", "2")
	metadatatest.AssertEqualArcReceiverEventsRejected(t, tel,
		[]metricdata.DataPoint[int64]{{Value: 3, Attributes: attribute.NewSet(attribute.String("reason", "syntax"))}}, metricdatatest.IgnoreTimestamp())
}

func TestBadLinesAreCountedAndNamed(t *testing.T) {
	set, tel := telemetrySettings(t)
	core, logged := observer.New(zap.WarnLevel)
	set.Logger = zap.New(core)
	f := newFollowing(t)
	f.write(t, "a.jsonl", lineOf("1")+"\n"+"secret text\n"+`{"model":"m","prompt_tokens":-1,"prompt_preview":"secret"}`+"\n"+lineOf("2"))
	stop := f.start(t, set)
	f.waitFor(t, "1", "2")
	defer stop()
	rejected := func(reason string) metricdata.DataPoint[int64] {
		return metricdata.DataPoint[int64]{Value: 1, Attributes: attribute.NewSet(attribute.String("reason", reason))}
	}
	metadatatest.AssertEqualArcReceiverEventsRejected(t, tel,
		[]metricdata.DataPoint[int64]{rejected("syntax"), rejected("invalid_field")}, metricdatatest.IgnoreTimestamp())
	warnings := logged.FilterMessageSnippet("not an event").All()
	require.Len(t, warnings, 1, "not a log line for each")
	assert.Equal(t, filepath.Join(f.dir, "a.jsonl")+":3", warnings[0].ContextMap()["line"])
	for _, entry := range logged.All() {
		assert.NotContains(t, fmt.Sprint(entry.Message, entry.ContextMap()), "secret")
	}
}

func TestFilesWithoutTheirStorage(t *testing.T) {
	cfg := configAt("localhost:0")
	cfg.File = &FileConfig{Include: []string{filepath.Join(t.TempDir(), "*")}}
	cfg.Storage = &testhost.StorageID
	three := newTrio(t, NewFactory(), cfg)
	require.ErrorContains(t, three.members[0].Start(t.Context(), componenttest.NewNopHost()), "storage: storage extension 'file_storage' not found")
	three.shutdown(t)
}

func TestFileConfig(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.File = &FileConfig{StartAt: "middle", PollInterval: -1}
	assert.EqualError(t, cfg.Validate(), "file::include: must name a file\n"+
		"file::start_at: must be beginning or end, is \"middle\"\n"+
		"file::poll_interval: must not be negative, is -1ns")
	cfg.File, cfg.Storage = nil, &testhost.StorageID
	assert.EqualError(t, cfg.Validate(), "storage: is of no use without file")
}
