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

type scopeID [16]byte // the hash of a resource, and the name and version of a scope

// counted is what a source counts: the calls of an operation.
type counted struct {
	source *convention.MetricSource
	of     convention.MetricOperation
}

// rival is a source whose tokens of an operation a scope sends, and when they came first and last.
type rival struct {
	counted
	first, last time.Time
}

type rivals []rival

// rivalsIn are the sources whose tokens a scope sends, now or lately.
func (m *metricSources) rivalsIn(from *origin, metrics pmetric.MetricSlice, now time.Time) rivals {
	var present []counted
	relevant := false
	for _, metric := range metrics.All() {
		for _, source := range m.sources[metric.Name()] {
			relevant = true
			if !source.CountsTokens(metric.Name()) {
				continue
			}
			eachPoint(metric, func(p point) {
				if one := (counted{source, convention.OperationOf(p.attributes)}); !slices.Contains(present, one) {
					present = append(present, one)
				}
			})
		}
	}
	if !relevant {
		return nil
	}
	both := from.attributes()
	both.PutStr("scope version", from.version) // another release may count in another source
	id := scopeID(pdatautil.MapHash(both))
	m.mu.Lock()
	defer m.mu.Unlock()
	known, remembered := m.rivals[id]
	all := known.with(present, now)
	if len(all) > 0 && (remembered || len(m.rivals) < m.limits) {
		m.rivals[id] = all
	}
	return all
}

// with adds what has come, and drops what has not come for long.
func (r rivals) with(present []counted, now time.Time) (all rivals) {
	for _, known := range r {
		if now.Sub(known.last) < rivalsFor {
			all = append(all, known)
		}
	}
	for _, one := range present {
		i := all.index(one)
		if i < 0 {
			i = len(all)
			all = append(all, rival{counted: one, first: now})
		}
		all[i].last = now
	}
	return all
}

func (r rivals) index(of counted) int {
	return slices.IndexFunc(r, func(known rival) bool { return known.counted == of })
}

// giveWay reports whether another source counts the same calls, and is to count: one whose tokens came
// earlier than those of a source that is new, or whose own have not come, or one that goes before.
func (r rivals) giveWay(one counted, now time.Time) bool {
	i := r.index(one)
	for j, other := range r {
		if i == j || other.of != one.of || !one.source.CountsAs(other.source, one.of) {
			continue
		}
		switch {
		case i < 0, other.first.Before(r[i].first) && now.Sub(r[i].first) < newRivalFor:
			return true
		case r[i].first.Before(other.first) && now.Sub(other.first) < newRivalFor: // it does not count yet
		case other.source.Precedes(one.source, one.of):
			return true
		}
	}
	return false
}

// forgetRivals must be called with mu held.
func (m *metricSources) forgetRivals(now time.Time) {
	maps.DeleteFunc(m.rivals, func(_ scopeID, all rivals) bool { return len(all.with(nil, now)) == 0 })
}
