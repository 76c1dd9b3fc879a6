// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/datapoint"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/convention"
)

const (
	// maxSenders bounds the senders that are listed.
	maxSenders = 1000
	// maxSenderName bounds each part of a sender's name, in bytes.
	maxSenderName = 200
	// senderIdle is how long a sender without telemetry keeps its entry where others need it.
	senderIdle = 24 * time.Hour
	// senderMinutes are those of which the rate is the average.
	senderMinutes = 15
	// hiddenService stands for services that are not to be known.
	hiddenService = "(hidden)"
)

// whyNot is why a record is not a call; "" if it is one. known: it has a key of a convention.
func whyNot(outcome convention.Outcome, reason string, known bool) string {
	switch outcome {
	case convention.IsCall:
		return ""
	case convention.Aggregate:
		return dashboard.Aggregate
	case convention.Invalid:
		return reason
	}
	if known {
		return dashboard.NoMatch
	}
	return dashboard.NoKeys
}

// tally is what a scope of a batch has.
type tally struct {
	spans, logRecords, dataPoints, calls int64
	notCalls                             []reasonCount // there are few
}

type reasonCount struct {
	reason string
	n      int64
}

// add counts a record that is not a call for a reason; "": it is one.
func (t *tally) add(why string) { t.addTo(why, 1) }

func (t *tally) addTo(why string, n int64) {
	if why == "" {
		t.calls += n
		return
	}
	for i := range t.notCalls {
		if t.notCalls[i].reason == why {
			t.notCalls[i].n += n
			return
		}
	}
	t.notCalls = append(t.notCalls, reasonCount{why, n})
}

// senderID names a sender.
type senderID struct{ service, scope, version string }

// sender is what one has sent.
type sender struct {
	tally

	first, last time.Time
	recent      [senderMinutes]int64 // records, by the minute modulo the length
	minute      int64                // of the newest of recent
}

// senders are those of the telemetry that passed since the start.
type senders struct {
	serviceIn   []string // dimensions
	hideService bool

	mu       sync.Mutex
	all      map[senderID]*sender
	overflow sender
	searched time.Time // for idle ones
}

func newSenders(cfg *Config) *senders {
	s := &senders{all: map[senderID]*sender{}}
	for i := range cfg.Dimensions {
		if d := &cfg.Dimensions[i]; slices.Contains(d.keys(), attrService) {
			s.serviceIn = append(s.serviceIn, d.String())
			s.hideService = s.hideService || d.hides()
		}
	}
	return s
}

func (s *senders) add(resource pcommon.Map, scope pcommon.InstrumentationScope, t *tally, now time.Time) {
	id := senderID{service: hiddenService, scope: cutName(scope.Name()), version: cutName(scope.Version())}
	if !s.hideService {
		id.service = cutName(text(resource, attrService))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.of(id, now).add(t, now)
}

// of must be called with mu held.
func (s *senders) of(id senderID, now time.Time) *sender {
	if known := s.all[id]; known != nil {
		return known
	}
	if len(s.all) >= maxSenders && now.Sub(s.searched) >= time.Minute {
		s.searched = now
		maps.DeleteFunc(s.all, func(_ senderID, one *sender) bool { return now.Sub(one.last) > senderIdle })
	}
	if len(s.all) >= maxSenders {
		return &s.overflow
	}
	added := &sender{}
	s.all[senderID{strings.Clone(id.service), strings.Clone(id.scope), strings.Clone(id.version)}] = added
	return added
}

func (s *senders) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.all)
}

// unlisted are the records of senders beyond the limit.
func (s *senders) unlisted() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.overflow.records()
}

func (t *tally) records() int64 { return t.spans + t.logRecords + t.dataPoints }

func (s *sender) add(t *tally, now time.Time) {
	if s.first.IsZero() {
		s.first = now
	}
	s.last = now
	s.spans += t.spans
	s.logRecords += t.logRecords
	s.dataPoints += t.dataPoints
	s.calls += t.calls
	for _, one := range t.notCalls {
		s.addTo(one.reason, one.n)
	}
	s.advance(now)
	s.recent[s.minute%senderMinutes] += t.records()
}

// advance drops what is older than the minutes that count.
func (s *sender) advance(now time.Time) {
	minute := now.Unix() / 60
	for range min(minute-s.minute, senderMinutes) {
		s.minute++
		s.recent[s.minute%senderMinutes] = 0
	}
	s.minute = max(s.minute, minute)
}

// rate is in records per minute.
func (s *sender) rate(now time.Time) float64 {
	s.advance(now)
	sum := int64(0)
	for _, n := range s.recent {
		sum += n
	}
	return float64(sum) / min(max(now.Sub(s.first).Minutes(), 1), senderMinutes)
}

// shown is the entry of the dashboard.
func (s *sender) shown(id senderID, now time.Time) dashboard.Sender {
	shown := dashboard.Sender{
		Service: id.service, Scope: id.scope, Version: id.version, Spans: s.spans, LogRecords: s.logRecords, DataPoints: s.dataPoints,
		Calls: s.calls, NotCalls: map[string]int64{}, PerMinute: s.rate(now), Last: s.last,
	}
	for _, one := range s.notCalls {
		shown.NotCalls[one.reason] = one.n
	}
	return shown
}

func (s *senders) arrivals(now time.Time) dashboard.Arrivals {
	s.mu.Lock()
	defer s.mu.Unlock()
	arrivals := dashboard.Arrivals{Limit: maxSenders, ServiceIn: s.serviceIn}
	for id, one := range s.all {
		arrivals.Senders = append(arrivals.Senders, one.shown(id, now))
	}
	if s.overflow.records() > 0 {
		others := s.overflow.shown(senderID{service: dashboard.Overflow}, now)
		others.Overflow = true
		arrivals.Senders = append(arrivals.Senders, others)
	}
	return arrivals
}

// Arrivals are the senders since the start.
func (b usageSource) Arrivals() dashboard.Arrivals { return b.senders.arrivals(time.Now()) }

// noteMetrics notes who sends metrics.
func (c *core) noteMetrics(md pmetric.Metrics, now time.Time) {
	for _, resource := range md.ResourceMetrics().All() {
		for _, scope := range resource.ScopeMetrics().All() {
			var arrived tally
			for _, m := range scope.Metrics().All() {
				arrived.dataPoints += int64(datapoint.Count(m))
			}
			arrived.addTo(dashboard.DataPoint, arrived.dataPoints)
			c.senders.add(resource.Resource().Attributes(), scope.Scope(), &arrived, now)
		}
	}
}

// cutName bounds a name.
func cutName(name string) string {
	if len(name) <= maxSenderName {
		return name
	}
	return strings.ToValidUTF8(name[:maxSenderName], "")
}
