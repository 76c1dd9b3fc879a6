// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
)

// spend is what the dashboard reports: the calls of each hour, and those of the exported total.
type spend struct {
	hours map[string]int64
	total float64
}

func spendOf(t require.TestingT, p ports) spend {
	s := spend{hours: map[string]int64{}, total: scrape(t, "http://"+p.page+"/metrics").sum("arc_llm_calls_total")}
	var hourly struct {
		Data struct {
			Rows []struct {
				Start time.Time `json:"start"`
				Calls int64     `json:"calls"`
			} `json:"rows"`
		} `json:"data"`
	}
	require.NoError(t, json.Unmarshal([]byte(get(t, "http://"+p.dashboard+"/api/usage/hourly?hours=24")), &hourly))
	for _, hour := range hourly.Data.Rows {
		if hour.Calls > 0 {
			s.hours[hour.Start.Format(time.RFC3339)] += hour.Calls
		}
	}
	return s
}

// One bit of the storage of the shipped configuration is flipped, anywhere, while the collector is
// down. It starts, each sum is what it was or is lost as a whole, no more than one is lost, and
// what is lost is in the log, the metric and the status that the dashboard shows.
//
// ARC_FLIPS is how often: 5, or 1000 for docs/reliability.md.
func TestFlippedBitInTheStorage(t *testing.T) {
	flips := numberFrom(t, "ARC_FLIPS", 5)
	state := t.TempDir()
	pagerduty := double.NewPagerDuty(t, routingKey)
	p, set := quick(t)
	options := collector.Options{
		Configs: []string{"config/default.yaml", "config/policies/state.yaml"},
		Set: append(set,
			"exporters::prometheus::endpoint="+p.page,
			"exporters::pagerduty::endpoint="+pagerduty.URL,
			"processors::alert::rule_files=[test/e2e/testdata/rules.yml]",
			"processors::llm_cost::metrics_interval=100ms",
		),
		Env: []string{"OTELCOL_ARC_STATE=" + state, "PAGERDUTY_API_KEY=" + routingKey},
	}
	process := collector.Start(t, options)
	const hours, calls = 12, 5
	now := time.Now()
	for hour := range hours {
		require.True(t, postTraces(t.Context(), "http://"+p.http+"/v1/traces", callBatchAt(t, uint32(hour), calls+hour, now.Add(-time.Duration(hour)*time.Hour))))
	}
	require.Equal(t, 200, postEvents(t, "http://"+p.arc, security{}, `{"cache_type":"llm","hit":true,"size_bytes":5000}`).Status)
	require.Eventually(t, func() bool { return len(pagerduty.Bodies()) > 0 }, 30*time.Second, 50*time.Millisecond)
	var want spend
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		want = spendOf(c, p)
		assert.Len(c, want.hours, hours)
		sum := int64(0)
		for _, calls := range want.hours {
			sum += calls
		}
		assert.InDelta(c, want.total, sum, 0, "exported, too")
	}, 30*time.Second, 100*time.Millisecond)
	process.Terminate(t, 20*time.Second)
	good := filepath.Join(t.TempDir(), "state")
	require.NoError(t, os.CopyFS(good, os.DirFS(state)))

	random := rand.New(rand.NewPCG(23, uint64(flips)))
	lost, repaired := 0, 0
	for flip := range flips {
		require.NoError(t, os.RemoveAll(filepath.Join(state, "storage")))
		require.NoError(t, os.CopyFS(filepath.Join(state, "storage"), os.DirFS(filepath.Join(good, "storage"))))
		where, bit := flipBit(t, filepath.Join(state, "storage"), random)
		process := collector.Start(t, options)
		var found spend
		require.EventuallyWithT(t, func(c *assert.CollectT) {
			found = spendOf(c, p)
			assert.True(c, found.total == want.total || isLost(process, "totals"), found)
		}, 30*time.Second, 20*time.Millisecond, "flip %d, %s bit %d", flip, where, bit)
		reported := len(process.Lines("A value in the storage is damaged and lost")) > 0
		different := 0
		for hour, calls := range want.hours {
			if found.hours[hour] != calls {
				different++
				assert.Zero(t, found.hours[hour], "flip %d, %s bit %d: hour %s has another sum", flip, where, bit, hour)
			}
		}
		for hour := range found.hours {
			assert.Contains(t, want.hours, hour)
		}
		if found.total != want.total {
			different++
			assert.Zero(t, found.total, "flip %d, %s bit %d: the total is another", flip, where, bit)
		}
		assert.LessOrEqual(t, different, 1, "flip %d, %s bit %d", flip, where, bit)
		assert.False(t, different > 0 && !reported, "flip %d, %s bit %d: lost and not reported", flip, where, bit)
		if reported {
			lost++
			assert.Contains(t, get(t, "http://"+p.dashboard+"/api/health"), "a stored value is damaged and lost", where)
		}
		if len(process.Lines("flipped bit in the storage was repaired")) > 0 {
			repaired++
		}
		process.Kill()
		if t.Failed() {
			return
		}
	}
	t.Logf("%d flips: %d values were lost and reported, %d bits were repaired, and the others were in values no longer needed", flips, lost, repaired)
}

// isLost reports whether the storage has reported a value as lost, rather than as repaired.
func isLost(process *collector.Process, key string) bool {
	return slices.ContainsFunc(process.Lines(fmt.Sprintf("%q: %q", "key", key)), func(line string) bool {
		return strings.Contains(line, "damaged and lost")
	})
}

// flipBit flips a bit of a file of the directory, each as likely as it is large.
func flipBit(t *testing.T, directory string, random *rand.Rand) (path string, bit int64) {
	t.Helper()
	var paths []string
	var sizes []int64
	var total int64
	entries, err := os.ReadDir(directory)
	require.NoError(t, err)
	for _, entry := range entries {
		info, err := entry.Info()
		require.NoError(t, err)
		paths, sizes, total = append(paths, filepath.Join(directory, entry.Name())), append(sizes, info.Size()), total+info.Size()
	}
	at := random.Int64N(total)
	for i, path := range paths {
		if at >= sizes[i] {
			at -= sizes[i]
			continue
		}
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		bit := random.IntN(8)
		content[at] ^= 1 << bit
		require.NoError(t, os.WriteFile(path, content, 0o600))
		return path, at*8 + int64(bit)
	}
	t.Fatal("no file")
	return "", 0
}
