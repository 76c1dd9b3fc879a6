// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ingest

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
)

// cachedSeries is a series as the storage knows it.
type cachedSeries struct {
	labels labels.Labels
	// What follows belongs to the one who writes.
	ref storage.SeriesRef // 0 when not known
	// zeroed is the start time, in milliseconds, whose zero has been dealt with.
	zeroed int64
}

// cacheGeneration is the time after which what has not been seen for as long again is
// forgotten.
const cacheGeneration = time.Hour

// seriesCache knows the series that data points become, so that the labels of
// each are made once. It holds two generations: when the young one is full, or
// has been filled for a while, it becomes the old one, and what the old one held
// and nobody asked for is forgotten.
type seriesCache struct {
	limit int // of a generation, in data points
	seeds [2]maphash.Seed

	mu         sync.RWMutex
	young, old map[identity][]cachedSeries
	rotated    time.Time
}

func newSeriesCache(limit int) *seriesCache {
	return &seriesCache{limit: limit, seeds: newSeeds(), young: map[identity][]cachedSeries{}, rotated: time.Now()}
}

// get returns the series of a data point. Those that are ageing should be put
// again, to be there longer. The caller holds mu for reading.
func (c *seriesCache) get(id identity) (series []cachedSeries, known, ageing bool) {
	if series, known = c.young[id]; known {
		return series, true, false
	}
	series, known = c.old[id]
	return series, known, known
}

// put keeps series. Where another was faster, its stay.
func (c *seriesCache) put(all map[identity][]cachedSeries) {
	if len(all) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	for id, series := range all {
		if _, known := c.young[id]; known {
			continue
		}
		if len(c.young) >= c.limit || now.Sub(c.rotated) > cacheGeneration {
			c.old, c.young, c.rotated = c.young, make(map[identity][]cachedSeries, len(c.young)), now
		}
		c.young[id] = series
	}
}
