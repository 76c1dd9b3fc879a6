// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package logfilesexporter

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/exporter/logfilesexporter/internal/metadata"
)

func record(text string) plog.Logs {
	ld := plog.NewLogs()
	r := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	r.Body().SetStr(text)
	r.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
	return ld
}

func start(t *testing.T, config *Config) exporter.Logs {
	t.Helper()
	require.NoError(t, config.Validate())
	e, err := NewFactory().CreateLogs(t.Context(), exportertest.NewNopSettings(metadata.Type), config)
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	return e
}

func list(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// What was written is gone after its time, though nothing is written any more; what others
// have put next to it stays.
func TestRecordsAreRemovedWhileNothingIsWritten(t *testing.T) {
	dir := t.TempDir()
	config := createDefaultConfig().(*Config)
	config.Path, config.MaxAge = filepath.Join(dir, "debug.jsonl"), time.Second
	for _, name := range []string{"debug-notes.jsonl", "debugger-2026-01-01T00-00-00.000-size.jsonl", "debug-2026-01-01T00-00-00.000-size.txt"} {
		other := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(other, nil, 0o600))
		require.NoError(t, os.Chtimes(other, time.Unix(0, 0), time.Unix(0, 0)))
	}
	e := start(t, config)
	require.NoError(t, e.ConsumeLogs(t.Context(), record("of a quiet service")))
	content, err := os.ReadFile(config.Path)
	require.NoError(t, err)
	assert.Contains(t, string(content), "of a quiet service")
	require.Eventually(t, func() bool {
		for _, name := range list(t, dir) {
			content, err := os.ReadFile(filepath.Join(dir, name))
			if err == nil && strings.Contains(string(content), "of a quiet service") {
				return false
			}
		}
		return true
	}, 60*time.Second, 50*time.Millisecond)
	require.NoError(t, e.ConsumeLogs(t.Context(), record("later")))
	content, err = os.ReadFile(config.Path)
	require.NoError(t, err)
	assert.Contains(t, string(content), "later")
	require.NoError(t, e.Shutdown(t.Context()))
	assert.Subset(t, list(t, dir), []string{"debug-notes.jsonl", "debugger-2026-01-01T00-00-00.000-size.jsonl", "debug-2026-01-01T00-00-00.000-size.txt"})
}

// At each moment, the lines of the last max_age are there, and none that are older than 1.25 of it, also
// after restarts.
func TestAgeOfWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	config := createDefaultConfig().(*Config)
	config.Path, config.MaxAge = filepath.Join(dir, "logs", "info.jsonl"), 24*time.Hour
	began := time.Now().Add(-80 * time.Hour)
	open := func() *files {
		f := &files{config: config, log: zap.NewNop()}
		require.NoError(t, f.open())
		return f
	}
	f := open()
	now := began
	for hour := range 80 {
		now = began.Add(time.Duration(hour) * time.Hour)
		f.now = func() time.Time { return now }
		ld := record(fmt.Sprintf("hour %02d", hour))
		ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).SetTimestamp(pcommon.NewTimestampFromTime(now))
		require.NoError(t, f.write(t.Context(), ld))
		require.NoError(t, os.Chtimes(config.Path, now, now))
		time.Sleep(2 * time.Millisecond) // the names of rotated files have milliseconds
		require.NoError(t, f.remove(now))
		if hour%3 == 2 { // a restart
			require.NoError(t, f.active.Close())
			f = open()
		}
		var lines strings.Builder
		for _, name := range list(t, filepath.Dir(config.Path)) {
			content, err := os.ReadFile(filepath.Join(dir, "logs", name))
			require.NoError(t, err)
			lines.Write(content)
		}
		for before := range hour + 1 {
			age := hour - before
			is := strings.Contains(lines.String(), fmt.Sprintf("hour %02d", before))
			if age < 24 {
				assert.True(t, is, "hour %d at %d", before, hour)
			}
			if age > 30 {
				assert.False(t, is, "hour %d at %d", before, hour)
			}
		}
	}
	require.NoError(t, f.active.Close())
}

// A file is rotated at its size, and the oldest are removed.
func TestSize(t *testing.T) {
	dir := t.TempDir()
	config := createDefaultConfig().(*Config)
	config.Path, config.MaxMegabytes, config.MaxFiles = filepath.Join(dir, "info.jsonl"), 1, 2
	e := start(t, config)
	for range 6 {
		require.NoError(t, e.ConsumeLogs(t.Context(), record(strings.Repeat("x", 600<<10))))
		time.Sleep(2 * time.Millisecond) // the names of rotated files have milliseconds
	}
	require.NoError(t, e.Shutdown(t.Context()))
	assert.Len(t, list(t, dir), 3)
}

func TestStartReportsWhatCannotBeWritten(t *testing.T) {
	config := createDefaultConfig().(*Config)
	config.Path = t.TempDir() // a directory
	e, err := NewFactory().CreateLogs(t.Context(), exportertest.NewNopSettings(metadata.Type), config)
	require.NoError(t, err)
	require.Error(t, e.Start(t.Context(), componenttest.NewNopHost()))
	require.NoError(t, e.Shutdown(t.Context()))
}

func TestConfigErrors(t *testing.T) {
	err := confmap.Validate(&Config{MaxAge: time.Millisecond, MaxFiles: -1})
	for _, key := range []string{"path:", "max_age:", "max_megabytes:", "max_files:"} {
		assert.ErrorContains(t, err, key)
	}
}
