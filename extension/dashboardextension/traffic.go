// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// trafficMinutes is how many minutes are kept.
const trafficMinutes = 15

// traffic is what has passed in the last minutes. The zero value has none.
type traffic struct {
	mu      sync.Mutex
	last    dashboard.Traffic // the sum at the end of the last minute
	started bool
	minutes []trafficMinute // the newest last
}

type trafficMinute struct {
	end    time.Time
	passed dashboard.Traffic
}

// record ends a minute, and returns what has passed in it. The first call begins
// the first minute.
func (t *traffic) record(now time.Time, sum dashboard.Traffic) dashboard.Traffic {
	t.mu.Lock()
	defer t.mu.Unlock()
	passed := addTraffic(sum, t.last, -1)
	t.last = sum
	if !t.started {
		t.started = true
		return dashboard.Traffic{}
	}
	t.minutes = append(t.minutes, trafficMinute{now, passed})
	if len(t.minutes) > trafficMinutes {
		t.minutes = slices.Clone(t.minutes[len(t.minutes)-trafficMinutes:])
	}
	return passed
}

// current has the minutes that have ended and the one that has not.
func (t *traffic) current(now time.Time, sum dashboard.Traffic) []trafficMinute {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append(slices.Clone(t.minutes), trafficMinute{now, addTraffic(sum, t.last, -1)})
}

// addTraffic adds b, times a sign, to a.
func addTraffic(a, b dashboard.Traffic, sign int64) dashboard.Traffic {
	sum := dashboard.Traffic{
		Spans: a.Spans + sign*b.Spans, LogRecords: a.LogRecords + sign*b.LogRecords, DataPoints: a.DataPoints + sign*b.DataPoints,
		Outcomes: maps.Clone(a.Outcomes),
	}
	if sum.Outcomes == nil {
		sum.Outcomes = map[string]int64{}
	}
	for outcome, n := range b.Outcomes {
		if sum.Outcomes[outcome] += sign * n; sum.Outcomes[outcome] == 0 {
			delete(sum.Outcomes, outcome)
		}
	}
	return sum
}

type trafficJSON struct {
	Minutes []trafficMinuteJSON `json:"minutes"`
}

type trafficMinuteJSON struct {
	End        time.Time        `json:"end"`
	Spans      int64            `json:"spans"`
	LogRecords int64            `json:"log_records"`
	DataPoints int64            `json:"data_points"`
	Outcomes   map[string]int64 `json:"outcomes"`
}

func (b *dashboardServer) getTraffic(r *http.Request) (response, error) {
	if err := newParams(r.URL.Query()).err(); err != nil {
		return response{}, err
	}
	var minutes trafficJSON
	for _, minute := range b.traffic.current(b.now(), b.trafficSinceStart()) {
		minutes.Minutes = append(minutes.Minutes, trafficMinuteJSON{
			minute.end.UTC(), minute.passed.Spans, minute.passed.LogRecords, minute.passed.DataPoints, minute.passed.Outcomes,
		})
	}
	return response{data: minutes}, nil
}
