// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"golang.org/x/sys/unix"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/alerttest"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/notification"
)

// tinyDisk is a file system of its own, whose size is in the form of tmpfs.
func tinyDisk(t *testing.T, size string) (directory string) {
	t.Helper()
	directory = t.TempDir()
	if err := unix.Mount("tmpfs", directory, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("cannot mount a file system: %v", err)
	}
	t.Cleanup(func() { assert.NoError(t, unix.Unmount(directory, unix.MNT_DETACH)) })
	return directory
}

// TestFullDisk fills a file system, and then makes it larger.
func TestFullDisk(t *testing.T) {
	directory := tinyDisk(t, "2m")
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(func(c *Config) {
			flagRule(c)
			c.Storage.Directory = directory
		}))
		r.flag(0, time.Minute)
		for batch := 0; len(r.host.events) == 0 && batch < 1000; batch++ {
			md := pmetric.NewMetrics()
			points := alerttest.NewMetric(md, "filler").SetEmptyGauge().DataPoints()
			for i := range 100 {
				alerttest.Point(points.AppendEmpty(), time.Now(), 1, []string{"id", strconv.Itoa(batch*100 + i), "long", strings.Repeat(strconv.Itoa(i), 500)})
			}
			r.send(md)
			synctest.Wait()
		}
		require.Len(t, r.host.events, 1)
		assert.Equal(t, componentstatus.StatusRecoverableError, r.host.events[0].Status())
		require.ErrorContains(t, r.host.events[0].Err(), "no space left on device")
		passed := countMetrics(r.seriesOut, "flag")
		r.flag(1, time.Minute)
		assert.Equal(t, passed+4, countMetrics(r.seriesOut, "flag"), "passes on")

		require.NoError(t, unix.Mount("tmpfs", directory, "tmpfs", unix.MS_REMOUNT, "size=100m"))
		r.notifications()
		r.flag(0, time.Minute)
		r.flag(1, 6*time.Minute)
		last := r.host.events[len(r.host.events)-1]
		assert.Equal(t, componentstatus.StatusOK, last.Status(), "%v", last.Err())
		assert.Contains(t, lines(r.notifications()), "firing Flag")
		r.stop()

		r = newRig(t, testConfig(func(c *Config) {
			flagRule(c)
			c.Storage.Directory = directory
		}))
		r.flag(1, time.Minute)
		assert.Empty(t, r.host.events, "what was written can be read")
		assert.Empty(t, r.notifications())
	})
}

// TestDirectoryThatCannotBeWritten is about a directory that may be read only,
// as one without permission is for all but root.
func TestDirectoryThatCannotBeWritten(t *testing.T) {
	directory := tinyDisk(t, "50m")
	require.NoError(t, unix.Mount("tmpfs", directory, "tmpfs", unix.MS_REMOUNT|unix.MS_RDONLY, ""))
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(func(c *Config) {
			flagRule(c)
			c.Storage.Directory = directory
		}))
		r.flag(1, 2*time.Minute)
		assert.Equal(t, []string{"firing Flag"}, lines(r.notifications()))
		assert.Equal(t, 8, countMetrics(r.seriesOut, "flag"), "passes on")
		require.Len(t, r.host.events, 1)
		require.ErrorContains(t, r.host.events[0].Err(), "read-only file system")

		require.NoError(t, unix.Mount("tmpfs", directory, "tmpfs", unix.MS_REMOUNT, ""))
		r.flag(1, 2*time.Minute)
		require.Len(t, r.host.events, 2)
		assert.Equal(t, componentstatus.StatusOK, r.host.events[1].Status())
		assert.Empty(t, r.notifications())
	})
}

// TestJournalOnAFullDisk has a line of the journal written in part. It is written again when there is
// room, and the one after it can be read, too.
func TestJournalOnAFullDisk(t *testing.T) {
	directory := tinyDisk(t, "64k")
	require.NoError(t, os.WriteFile(filepath.Join(directory, "filler"), make([]byte, 60<<10), 0o600))
	file := newStateFile(directory)
	appendEntry := func(number uint64, size int) error {
		alert := alertevent.Alert{Labels: map[string]string{"alertname": strconv.FormatUint(number, 10), "long": strings.Repeat("x", size)}, Receiver: "r"}
		persistent := notification.Persistent{
			Log: notification.NewLog(notification.Policy{}), Gate: notification.NewGate(1), Silences: notification.NewSilences(nil), History: &notification.History{},
		}
		entry := persistent.Decision(time.Now(), alert)
		entry.Number = number
		return file.appendJournal(func() []notification.JournalEntry { return []notification.JournalEntry{entry} })
	}
	require.ErrorContains(t, appendEntry(1, 10<<10), "no space left on device")
	partial, err := os.ReadFile(filepath.Join(directory, journalName))
	require.NoError(t, err)
	require.NotEmpty(t, partial, "written in part")
	require.NoError(t, unix.Mount("tmpfs", directory, "tmpfs", unix.MS_REMOUNT, "size=10m"))
	require.NoError(t, appendEntry(2, 1))
	require.NoError(t, file.close())

	state, err := newStateFile(directory).read()
	require.NoError(t, err)
	assert.EqualValues(t, 2, state.Occurrences)
	require.Len(t, state.OutgoingBatches(), 2)
	for i, sent := range state.OutgoingBatches() {
		assert.Equal(t, strconv.Itoa(i+1), sent.Alerts[0].Name())
	}
}
