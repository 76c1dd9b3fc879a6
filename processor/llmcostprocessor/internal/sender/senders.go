// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package sender

import (
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

const (
	// Limit bounds the senders that are listed. Others are counted as one.
	Limit = 1000
	// maxName bounds each part of a sender's name, in bytes.
	maxName = 200
	// idle is how long a sender without telemetry keeps its entry where others need it.
	idle = 24 * time.Hour
	// rateMinutes are those of which the rate is the average.
	rateMinutes = 15
)

// ID names a sender: the name of its service, and name and version of its instrumentation scope.
type ID struct{ Service, Scope, Version string }

// sender is what one has sent.
type sender struct {
	Tally

	first, last time.Time
	recent      [rateMinutes]int64 // records, by the minute modulo the length
	minute      int64              // of the newest of recent
}

// Senders are those of the telemetry that passed since the start. They are safe for concurrent use.
type Senders struct {
	serviceIn []string

	mu       sync.Mutex
	all      map[ID]*sender
	overflow sender
	searched time.Time // for idle ones
}

// New returns an empty list. serviceIn are the dimensions that show the service of a call.
func New(serviceIn []string) *Senders {
	return &Senders{serviceIn: serviceIn, all: map[ID]*sender{}}
}

// Add adds what arrived of a sender.
func (s *Senders) Add(id ID, arrived *Tally, now time.Time) {
	id = ID{cutName(id.Service), cutName(id.Scope), cutName(id.Version)}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.of(id, now).note(arrived, now)
}

// of must be called with mu held.
func (s *Senders) of(id ID, now time.Time) *sender {
	if known := s.all[id]; known != nil {
		return known
	}
	if len(s.all) >= Limit && now.Sub(s.searched) >= time.Minute {
		s.searched = now
		maps.DeleteFunc(s.all, func(_ ID, one *sender) bool { return now.Sub(one.last) > idle })
	}
	if len(s.all) >= Limit {
		return &s.overflow
	}
	added := &sender{}
	s.all[ID{strings.Clone(id.Service), strings.Clone(id.Scope), strings.Clone(id.Version)}] = added
	return added
}

// Len is the number of senders that are listed.
func (s *Senders) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.all)
}

// Unlisted is the number of records of senders beyond the limit.
func (s *Senders) Unlisted() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.overflow.records()
}

func (s *sender) note(t *Tally, now time.Time) {
	if s.first.IsZero() {
		s.first = now
	}
	s.last = now
	s.Spans += t.Spans
	s.LogRecords += t.LogRecords
	s.DataPoints += t.DataPoints
	s.calls += t.calls
	for _, one := range t.notCalls {
		s.Add(one.reason, one.n)
	}
	s.advance(now)
	s.recent[s.minute%rateMinutes] += t.records()
}

// advance drops what is older than the minutes that count.
func (s *sender) advance(now time.Time) {
	minute := now.Unix() / 60
	for range min(minute-s.minute, rateMinutes) {
		s.minute++
		s.recent[s.minute%rateMinutes] = 0
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
	return float64(sum) / min(max(now.Sub(s.first).Minutes(), 1), rateMinutes)
}

// shown is the entry of the dashboard.
func (s *sender) shown(id ID, now time.Time) dashboard.Sender {
	shown := dashboard.Sender{
		Service: id.Service, Scope: id.Scope, Version: id.Version, Spans: s.Spans, LogRecords: s.LogRecords, DataPoints: s.DataPoints,
		Calls: s.calls, NotCalls: map[string]int64{}, PerMinute: s.rate(now), Last: s.last,
	}
	for _, one := range s.notCalls {
		shown.NotCalls[one.reason] = one.n
	}
	return shown
}

// Arrivals lists the senders, in no order, and those beyond the limit as one.
func (s *Senders) Arrivals(now time.Time) dashboard.Arrivals {
	s.mu.Lock()
	defer s.mu.Unlock()
	arrivals := dashboard.Arrivals{Limit: Limit, ServiceIn: s.serviceIn}
	for id, one := range s.all {
		arrivals.Senders = append(arrivals.Senders, one.shown(id, now))
	}
	if s.overflow.records() > 0 {
		others := s.overflow.shown(ID{Service: dashboard.Overflow}, now)
		others.Overflow = true
		arrivals.Senders = append(arrivals.Senders, others)
	}
	return arrivals
}

// cutName bounds a name.
func cutName(name string) string {
	if len(name) <= maxName {
		return name
	}
	return strings.ToValidUTF8(name[:maxName], "")
}
