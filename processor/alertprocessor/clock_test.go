// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"

	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/alerttest"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/ingest"
)

// slowFlagCore evaluates whether flag was 1 for a minute.
func slowFlagCore(t *testing.T, directory string) (*core, *rig) {
	t.Helper()
	cfg := testConfig(func(c *Config) {
		c.Rules = []RuleConfig{{Name: "Flag", Expr: "flag > 0", For: time.Minute}}
		c.Storage.Directory = directory
	})
	r := buildRig(t, cfg)
	c, err := newCore(cfg, r.settings)
	require.NoError(t, err)
	require.NoError(t, c.Start(t.Context(), r.host))
	return c, r
}

// flags sends a sample every 15 seconds.
func flags(t *testing.T, c *core, value float64, period time.Duration) {
	t.Helper()
	for range int(period / (15 * time.Second)) {
		_, err := c.watchMetrics(t.Context(), alerttest.Gauge("flag", time.Now(), value, "host", "a"))
		require.NoError(t, err)
		time.Sleep(15 * time.Second)
		synctest.Wait()
	}
}

// writeAhead writes what a clock that is ahead leads to.
func writeAhead(t *testing.T, store *ingest.Store, ahead time.Duration) {
	t.Helper()
	appender := store.Appender(t.Context())
	for i := range 10 {
		at := time.Now().Add(ahead - time.Duration(10-i)*15*time.Second)
		_, err := appender.Append(0, labels.FromStrings("__name__", "flag", "host", "a"), at.UnixMilli(), 0)
		require.NoError(t, err)
	}
	require.NoError(t, appender.Commit())
}

// The clock was ahead and is set back, while the process runs: rules go on, and what
// the storage had of the past is there.
func TestClockThatIsSetBack(t *testing.T) {
	for name, ahead := range map[string]time.Duration{"an hour": time.Hour, "a day": 24 * time.Hour} {
		for place, directory := range map[string]string{"temporary": "", "directory": filepath.Join(t.TempDir(), "alert")} {
			t.Run(name+", "+place, func(t *testing.T) {
				falseclock.Test(t, func(t *testing.T) {
					c, r := slowFlagCore(t, directory)
					flags(t, c, 1, 30*time.Second)
					writeAhead(t, c.currentBackend().store, ahead)
					flags(t, c, 1, 75*time.Second)
					assert.EqualValues(t, 1, c.firing.Load(), "what was seen before counts")
					flags(t, c, 0, 15*time.Second)
					assert.Zero(t, c.firing.Load())
					assert.False(t, c.currentBackend().store.FromFalseFuture(time.Now()))
					assert.Equal(t, directory == "", c.currentBackend().store.Temporary)
					assert.Equal(t, 1, r.warnings.FilterMessageSnippet("has been set back; samples").Len())
					require.NoError(t, c.Stop(t.Context()))
					require.NoError(t, c.Close(t.Context()))
				})
			})
		}
	}
}

// The clock is set back while the process does not run.
func TestClockThatIsSetBackMeanwhile(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "alert")
	falseclock.Test(t, func(t *testing.T) {
		c, _ := slowFlagCore(t, directory)
		flags(t, c, 1, 45*time.Second)
		writeAhead(t, c.currentBackend().store, 24*time.Hour)
		require.NoError(t, c.Stop(t.Context()))
		require.NoError(t, c.Close(t.Context()))

		c, r := slowFlagCore(t, directory)
		assert.Equal(t, 1, r.warnings.FilterMessageSnippet("Quarantined samples of the future").Len())
		begin, known := c.currentBackend().store.Head().AppendableMinValidTime()
		assert.True(t, known)
		assert.Less(t, begin, time.Now().UnixMilli())
		flags(t, c, 1, 90*time.Second)
		assert.EqualValues(t, 1, c.firing.Load())
		quarantined, err := filepath.Glob(filepath.Join(directory, "future-*", "wal"))
		require.NoError(t, err)
		assert.Len(t, quarantined, 1)
		require.NoError(t, c.Stop(t.Context()))
		require.NoError(t, c.Close(t.Context()))
	})
}

// Samples that all have a wrong time are a condition that is reported, and ends.
func TestAllSamplesTooOld(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		c, r := slowFlagCore(t, "")
		flags(t, c, 1, 2*time.Minute)
		assert.Empty(t, r.host.events)
		for range 12 { // of a sender whose clock is behind
			_, err := c.watchMetrics(t.Context(), alerttest.Gauge("flag", time.Now().Add(-time.Hour), 1, "host", "a"))
			require.NoError(t, err)
			time.Sleep(15 * time.Second)
		}
		synctest.Wait()
		require.Len(t, r.host.events, 1)
		assert.Equal(t, componentstatus.StatusRecoverableError, r.host.events[0].Status())
		require.ErrorContains(t, r.host.events[0].Err(), "in the last minute were too old or in the future")
		require.ErrorContains(t, r.host.events[0].Err(), `host="a"`)
		flags(t, c, 1, 3*time.Minute)
		require.Len(t, r.host.events, 2)
		assert.Equal(t, componentstatus.StatusOK, r.host.events[1].Status())
		require.NoError(t, c.Stop(t.Context()))
		require.NoError(t, c.Close(t.Context()))
	})
}
