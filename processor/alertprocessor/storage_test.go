// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/evaluate"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/ingest"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/metadatatest"
)

func TestTemporaryDirectoryIsRemoved(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(flagRule))
		r.flag(1, 15*time.Second)
		entries, err := os.ReadDir(temp)
		require.NoError(t, err)
		assert.Len(t, entries, 1)
		r.stop()
		entries, err = os.ReadDir(temp)
		require.NoError(t, err)
		assert.Empty(t, entries)
	})
}

// slowFlag fires after 10 minutes and looks 30 minutes back.
func slowFlag(directory string) func(c *Config) {
	return func(c *Config) {
		c.Rules = []RuleConfig{{Name: "SlowFlag", Expr: "max_over_time(flag[30m]) > 0", For: 10 * time.Minute}}
		c.Storage.Directory = directory
	}
}

func TestRestartKeepsSamplesAndClocks(t *testing.T) {
	directory := t.TempDir()
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(slowFlag(directory)))
		r.flag(1, 15*time.Second)
		r.flag(0, 8*time.Minute)
		assert.Empty(t, r.notifications())
		r.stop()

		time.Sleep(time.Minute) // the absence does not count
		r = newRig(t, testConfig(slowFlag(directory)))
		r.flag(0, time.Minute)
		assert.Empty(t, r.notifications(), "8 of 10 minutes, and 1")
		r.flag(0, 2*time.Minute)
		assert.Equal(t, []string{"firing SlowFlag"}, lines(r.notifications()))
		assert.Empty(t, r.host.events)
	})
}

func TestRestartWithoutDirectoryForgets(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(slowFlag("")))
		r.flag(1, 15*time.Second)
		r.flag(0, 8*time.Minute)
		r.stop()
		r = newRig(t, testConfig(slowFlag("")))
		r.flag(0, 15*time.Minute)
		assert.Empty(t, r.notifications())
	})
}

func TestUnusableDirectoryDegrades(t *testing.T) {
	tests := map[string]func(t *testing.T, directory string){
		"damaged": func(t *testing.T, directory string) {
			t.Helper()
			require.NoError(t, os.MkdirAll(filepath.Join(directory, "01ARZ3NDEKTSV4RRFFQ69G5FAV"), 0o750))
			require.NoError(t, os.WriteFile(filepath.Join(directory, "wal"), []byte("not a directory"), 0o600))
		},
		"a file": func(t *testing.T, directory string) {
			t.Helper()
			require.NoError(t, os.RemoveAll(directory))
			require.NoError(t, os.WriteFile(directory, nil, 0o600))
		},
		"in use": func(t *testing.T, directory string) {
			t.Helper()
			other, err := ingest.OpenStore(testConfig(func(c *Config) { c.Storage.Directory = directory }).Storage.options(), nil)
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, other.Close()) })
		},
	}
	for name, damage := range tests {
		t.Run(name, func(t *testing.T) {
			directory := filepath.Join(t.TempDir(), "alert")
			require.NoError(t, os.Mkdir(directory, 0o750))
			falseclock.Test(t, func(t *testing.T) {
				damage(t, directory)
				r := newRig(t, testConfig(func(c *Config) {
					flagRule(c)
					c.Storage.Directory = directory
				}))
				r.flag(1, time.Minute)
				assert.Equal(t, []string{"firing Flag"}, lines(r.notifications()), "alerts all the same")
				assert.Equal(t, 4, countMetrics(r.seriesOut, "flag"), "passes on")
				require.Len(t, r.host.events, 1)
				assert.Equal(t, componentstatus.StatusRecoverableError, r.host.events[0].Status())
				require.ErrorContains(t, r.host.events[0].Err(), directory)
				metadatatest.AssertEqualProcessorAlertStorageDegraded(t, r.telemetry, []metricdata.DataPoint[int64]{{Value: 1}}, metricdatatest.IgnoreTimestamp())
			})
		})
	}
}

// TestDirectoryThatCanBeUsedAgain is about a Collector that starts while the one
// before has not ended, or whose directory is put right while it runs.
func TestDirectoryThatCanBeUsedAgain(t *testing.T) {
	for name, temporary := range map[string]string{"a temporary one in its place": t.TempDir(), "none": filepath.Join(t.TempDir(), "missing")} {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			t.Setenv("TMPDIR", temporary)
			config := func(c *Config) {
				flagRule(c)
				c.Rules = append(c.Rules, RuleConfig{Name: "Slow", Expr: "flag > 0", For: 3 * time.Minute})
				c.Storage.Directory = directory
			}
			falseclock.Test(t, func(t *testing.T) {
				other, err := ingest.OpenStore(testConfig(config).Storage.options(), nil)
				require.NoError(t, err)
				r := newRig(t, testConfig(config))
				r.flag(1, 2*time.Minute)
				sent := lines(r.notifications())
				require.Len(t, r.host.events, 1)
				require.NoError(t, other.Close())
				r.flag(1, 3*time.Minute)
				sent = append(sent, lines(r.notifications())...)
				if name == "none" {
					r.flag(1, 2*time.Minute)
					sent = append(sent, lines(r.notifications())...)
				}
				assert.Equal(t, []string{"firing Flag", "firing Slow"}, sent, "each once, and clocks ran on")
				require.Len(t, r.host.events, 2)
				assert.Equal(t, componentstatus.StatusOK, r.host.events[1].Status())
				metadatatest.AssertEqualProcessorAlertStorageDegraded(t, r.telemetry, []metricdata.DataPoint[int64]{{Value: 0}}, metricdatatest.IgnoreTimestamp())
				left, err := filepath.Glob(filepath.Join(temporary, "*"))
				require.NoError(t, err)
				assert.Empty(t, left, "the temporary one is gone")
				assert.Equal(t, "ok", r.host.page.alerts.RuleGroups()[0].Rules[0].Health)
				r.stop()

				r = newRig(t, testConfig(config))
				r.flag(1, 5*time.Minute)
				assert.Empty(t, r.notifications(), "it is kept from then on")
				assert.Empty(t, r.host.events)
			})
		})
	}
}

func TestQueriesOfThePageEndWithTheStorage(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(flagRule))
		r.flag(0, time.Minute)
		alerts := r.host.page.alerts
		evaluator := alerts.(*dashboardSource).core.backend.evaluator
		r.stop()
		_, err := evaluator.Query(t.Context(), "flag", time.Now())
		require.ErrorIs(t, err, evaluate.ErrClosed)
		assert.Empty(t, alerts.RuleGroups(), "a page that still asks")
		assert.Empty(t, listActive(alerts))
	})
}

func TestNoDirectoryAtAll(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(flagRule))
		r.flag(1, time.Minute)
		assert.Empty(t, r.notifications())
		assert.Equal(t, 4, countMetrics(r.seriesOut, "flag"), "passes on")
		metadatatest.AssertEqualProcessorAlertStorageDegraded(t, r.telemetry, []metricdata.DataPoint[int64]{{Value: 1}}, metricdatatest.IgnoreTimestamp())
	})
}

func TestTruncatedLogIsRepaired(t *testing.T) {
	directory := t.TempDir()
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(slowFlag(directory)))
		r.flag(1, 8*time.Minute)
		r.stop()
		segments, err := filepath.Glob(filepath.Join(directory, "wal", "0*"))
		require.NoError(t, err)
		require.NotEmpty(t, segments)
		info, err := os.Stat(segments[0])
		require.NoError(t, err)
		require.NoError(t, os.Truncate(segments[0], info.Size()/2))
		r = newRig(t, testConfig(slowFlag(directory)))
		r.flag(1, 15*time.Minute)
		assert.Equal(t, []string{"firing SlowFlag"}, lines(r.notifications()))
	})
}
