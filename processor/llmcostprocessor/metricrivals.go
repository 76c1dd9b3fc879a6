// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"maps"
	"slices"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/pdatautil"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/convention"
)

// A scope may count the same calls in the metrics of several sources, of which one must count.
// Its metrics may come in several requests, because batches are split, so that the sources
// of a scope are remembered.

const (
	// rivalsFor is for how long a source is remembered without its tokens.
	rivalsFor = 5 * time.Minute
	// newRivalFor is for how long a source does not count that comes later than another:
	// what it adds up first is what the other has counted in a request before.
	newRivalFor = 30 * time.Second
)

type scopeID [16]byte // the hash of a resource and the name of a scope

// rival is a source whose tokens a scope sends, and when they came first and last.
type rival struct {
	source      *convention.MetricSource
	first, last time.Time
}

type rivals []rival

// rivalsIn are the sources whose tokens a scope sends, now or lately.
func (m *metricSources) rivalsIn(from *origin, metrics pmetric.MetricSlice, now time.Time) rivals {
	var present []*convention.MetricSource
	relevant := false
	for _, metric := range metrics.All() {
		for _, source := range m.sources[metric.Name()] {
			relevant = true
			if source.CountsTokens(metric.Name()) && !slices.Contains(present, source) {
				present = append(present, source)
			}
		}
	}
	if !relevant {
		return nil
	}
	id := scopeID(pdatautil.MapHash(from.attributes()))
	m.mu.Lock()
	defer m.mu.Unlock()
	known, remembered := m.rivals[id]
	all := known.with(present, now)
	if len(all) > 0 && (remembered || len(m.rivals) < m.limits) {
		m.rivals[id] = all
	}
	return all
}

// with adds sources that have come, and drops those that have not come for long.
func (r rivals) with(present []*convention.MetricSource, now time.Time) (all rivals) {
	for _, known := range r {
		if now.Sub(known.last) < rivalsFor {
			all = append(all, known)
		}
	}
	for _, source := range present {
		i := slices.IndexFunc(all, func(known rival) bool { return known.source == source })
		if i < 0 {
			i = len(all)
			all = append(all, rival{source: source, first: now})
		}
		all[i].last = now
	}
	return all
}

// of divides the others by whether they have come earlier than a source that is new, or whose
// own tokens have not come.
func (r rivals) of(source *convention.MetricSource, now time.Time) (earlier, others []*convention.MetricSource) {
	i := slices.IndexFunc(r, func(known rival) bool { return known.source == source })
	for j, other := range r {
		switch {
		case i == j:
		case i < 0, other.first.Before(r[i].first) && now.Sub(r[i].first) < newRivalFor:
			earlier = append(earlier, other.source)
		case r[i].first.Before(other.first) && now.Sub(other.first) < newRivalFor: // it does not count yet
		default:
			others = append(others, other.source)
		}
	}
	return earlier, others
}

// forgetRivals must be called with mu held.
func (m *metricSources) forgetRivals(now time.Time) {
	maps.DeleteFunc(m.rivals, func(_ scopeID, all rivals) bool { return len(all.with(nil, now)) == 0 })
}
