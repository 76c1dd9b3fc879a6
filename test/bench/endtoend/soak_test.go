// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"io"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTrend(t *testing.T) {
	minutes := make([]float64, 80)
	line := func(slope, noise float64) []float64 {
		y := make([]float64, len(minutes))
		for i := range y {
			minutes[i] = float64(i) / 2
			y[i] = 100 + slope*minutes[i] + noise*float64(i%7-3)
		}
		return y
	}
	climbing := trendOf(minutes, line(0.5, 2))
	assert.InDelta(t, 19.75, climbing.growth, 1)
	assert.True(t, climbing.climbs())
	steep := trendOf(minutes, line(1, 0))
	assert.InDelta(t, 100, steep.first, 1e-9)
	assert.InDelta(t, 0, steep.doubt, 1e-9)
	assert.False(t, trendOf(minutes, line(0, 3)).climbs(), "noise")
	assert.False(t, trendOf(minutes, line(0.05, 0)).climbs(), "2 % in 40 minutes")
	assert.False(t, trendOf(minutes, line(-1, 0)).climbs())
}

func TestFloorsLeaveGarbageOut(t *testing.T) {
	minutes := []float64{1, 2, 3, 4, 5, 6, 7}
	middles, least := floors(minutes, []float64{9, 1, 5, 3, 8, 2, 0}, 3)
	assert.Equal(t, []float64{2, 5}, middles)
	assert.Equal(t, []float64{1, 2}, least)

	s := soaked{}
	for i := range 120 {
		s.minutes = append(s.minutes, float64(i)/2)
		garbage := float64(i * 7919 % 97)
		for q := range s.values {
			s.values[q] = append(s.values[q], 150+garbage)
		}
		s.values[soakLive][i] += float64(i) / 4 // half a MiB a minute
	}
	var out bytes.Buffer
	require.ErrorContains(t, s.writeQuantities(&out), "live heap: climbs")
	assert.Contains(t, out.String(), "| open file descriptors | 150 |")
	for i := range s.values[soakLive] {
		s.values[soakLive][i] -= float64(i) / 4
	}
	require.NoError(t, s.writeQuantities(io.Discard))
}

func TestValueOf(t *testing.T) {
	page := "# HELP a_b b\na_b{x=\"a b\"} 1\na_b{x=\"c\"} 2.5\na_b_c 7\na 1e3\n"
	assert.Equal(t, "3.5", valueOf(page, "a_b"))
	assert.Equal(t, "1000", valueOf(page, "a"))
	assert.Equal(t, "0", valueOf(page, "c"))
	assert.Equal(t, "4", valueOf(page, ""))
}

func TestMemoryStatistic(t *testing.T) {
	profile := "heap profile: 1: 2 [3: 4]\n\n# runtime.MemStats\n# Alloc = 1\n# HeapAlloc = 1048576\n# NextGC = 8388608\n"
	assert.InDelta(t, 1, memoryStatistic(profile, "HeapAlloc"), 1e-9)
	assert.InDelta(t, 8, memoryStatistic(profile, "NextGC"), 1e-9)
	assert.Zero(t, memoryStatistic(profile, "Frees"))
}

func TestSoakConfig(t *testing.T) {
	c, err := soakConfig(filepath.Join("..", "..", ".."), "/var/state", "http://localhost/slack")
	require.NoError(t, err)
	assert.Equal(t, "/var/state/storage", part(c, "extensions", "wal_storage")["directory"])
	assert.Equal(t, "/var/state/alert", part(c, "processors", "alert", "storage")["directory"])
	assert.Equal(t, soakSamples, part(c, "processors", "alert", "storage")["max_series"])
	assert.Contains(t, part(c, "service")["extensions"], "wal_storage")
	assert.Contains(t, part(c, "service")["extensions"], "pprof")
	assert.Len(t, part(c, "processors", "llm_cost")["budgets"], 2)
}
