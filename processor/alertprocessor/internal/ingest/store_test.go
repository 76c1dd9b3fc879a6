// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ingest

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/alerttest"
)

func TestLeftoversOfKilledProcessesAreRemoved(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	long := time.Now().Add(-2 * leftoverAge)
	for _, name := range []string{temporaryPrefix + "killed", temporaryPrefix + "young", "of-another"} {
		require.NoError(t, os.MkdirAll(filepath.Join(temp, name, "chunks_head"), 0o750))
		if name != temporaryPrefix+"young" {
			require.NoError(t, os.Chtimes(filepath.Join(temp, name), long, long))
		}
	}
	running, err := OpenStore(testStoreOptions, nil)
	require.NoError(t, err)
	require.NoError(t, os.Chtimes(running.directory, long, long))
	next, err := OpenStore(testStoreOptions, nil)
	require.NoError(t, err)
	assert.NoDirExists(t, filepath.Join(temp, temporaryPrefix+"killed"))
	assert.DirExists(t, filepath.Join(temp, temporaryPrefix+"young"))
	assert.DirExists(t, filepath.Join(temp, "of-another"))
	assert.DirExists(t, running.directory, "it is in use")
	require.NoError(t, next.Close())
	require.NoError(t, running.Close())
}

// TestMaxBytes lets samples pass for 12 hours. Those of the first go into blocks.
func TestMaxBytes(t *testing.T) {
	falseclock.Long(t)
	for name, test := range map[string]struct {
		most int64
		kept bool
	}{"none": {0, true}, "enough": {100 << 20, true}, "little": {1, false}} {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			falseclock.Test(t, func(t *testing.T) {
				s := newFixtureOn(t, StoreOptions{
					Directory:        directory,
					Retention:        26 * time.Hour,
					MaxSeries:        100,
					MaxBytes:         test.most,
					OutOfOrderWindow: 10 * time.Minute,
				})
				start := time.Now()
				for time.Since(start) < 12*time.Hour {
					s.send(alerttest.Gauge("g", time.Now(), 1))
					time.Sleep(4 * time.Minute)
				}
				synctest.Wait()
				kept := s.query("g", start.Add(4*time.Minute))
				assert.Equal(t, test.kept, len(kept) > 0, "%v", kept)
				assert.NotEmpty(t, s.query("g", time.Now()), "the last hours stay")
				assert.Positive(t, s.store.Size())
			})
		})
	}
}
