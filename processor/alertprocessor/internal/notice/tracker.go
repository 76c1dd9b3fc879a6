// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package notice decides when people are told of an alert. It knows no clock
// and no delivery: times come in, decisions go out.
package notice

import (
	"maps"
	"slices"
	"time"
)

// Kind says what a notice tells.
type Kind int

// The kinds of notices.
const (
	Fire    Kind = iota // the alert has begun to fire, as far as people know
	Repeat              // it still fires
	Resolve             // it no longer fires
)

// Reason says why a change of an alert is not told.
type Reason string

// The reasons to suppress.
const (
	// Cooldown: the alert fires again, too soon after the last firing notice.
	Cooldown Reason = "cooldown"
	// Untold: the alert is over, but nobody was told that it fires.
	Untold Reason = "untold"
	// Limit: more alerts fire at once than are tracked.
	Limit Reason = "limit"
)

// Notice is a decision to tell people of an alert.
type Notice[A any] struct {
	Key   string
	Kind  Kind
	Alert A // as it was last seen firing
}

// Report is what follows from an observation.
type Report[A any] struct {
	Notices    []Notice[A] // of what fires, then of what is over, each ordered by key
	Suppressed map[Reason]int
}

// Policy says how often people are told.
type Policy struct {
	// Cooldown is the time after a firing notice within which there is no
	// other for the same alert.
	Cooldown time.Duration
	// Repeat is the time after a firing notice after which there is another
	// when the alert still fires; 0 means none. The cooldown is its least value.
	Repeat time.Duration
	// Limit is the number of alerts tracked at once.
	Limit int
}

// Tracker remembers what people have been told. An alert goes through
//
//	             fires                        is over
//	unknown ───────────────► told ───────────────────────► cooling ──┐
//	   ▲        (Fire)       │  ▲          (Resolve)          │ ▲    │ cooldown ends
//	   │                     └──┘ still fires: Repeat   fires │ │    │
//	   │                                                      ▼ │ is over
//	   └────────────────────── suppressed ◄───────────────────┴─┘
//	                             │ cooldown ends: Fire, told
//
// An alert that fires again within the cooldown is not told until the cooldown
// ends, and then only if it still fires. It is not safe for concurrent use.
type Tracker[A any] struct {
	policy Policy
	alerts map[string]*entry[A]
}

type entry[A any] struct {
	alert  A
	firing bool      // at the last observation
	told   bool      // people think that it fires
	toldAt time.Time // when the last firing notice was decided on; zero if never
}

// NewTracker makes a tracker that knows no alerts.
func NewTracker[A any](policy Policy) *Tracker[A] {
	return &Tracker[A]{policy: policy, alerts: map[string]*entry[A]{}}
}

// Observe takes all alerts that fire at a time, which must not go backwards,
// and says what to tell.
func (t *Tracker[A]) Observe(now time.Time, firing map[string]A) Report[A] {
	report := Report[A]{Suppressed: map[Reason]int{}}
	for _, key := range slices.Sorted(maps.Keys(firing)) {
		e, known := t.alerts[key]
		if !known {
			if len(t.alerts) >= t.policy.Limit {
				report.Suppressed[Limit]++
				continue
			}
			e = &entry[A]{}
			t.alerts[key] = e
		}
		began := !e.firing
		e.alert, e.firing = firing[key], true
		switch kind, reason := t.decide(now, e); {
		case reason == "":
			e.told, e.toldAt = true, now
			report.Notices = append(report.Notices, Notice[A]{Key: key, Kind: kind, Alert: e.alert})
		case reason == Cooldown && began:
			report.Suppressed[reason]++
		}
	}
	for _, key := range slices.Sorted(maps.Keys(t.alerts)) {
		if _, ok := firing[key]; !ok {
			t.over(now, key, &report)
		}
	}
	return report
}

// known is the reason not to tell what people know already; it is not counted.
const known Reason = "known"

func (t *Tracker[A]) decide(now time.Time, e *entry[A]) (Kind, Reason) {
	since := now.Sub(e.toldAt)
	cooling := !e.toldAt.IsZero() && since < t.policy.Cooldown
	switch {
	case e.told && (cooling || t.policy.Repeat == 0 || since < t.policy.Repeat):
		return 0, known
	case e.told:
		return Repeat, ""
	case cooling:
		return 0, Cooldown
	default:
		return Fire, ""
	}
}

func (t *Tracker[A]) over(now time.Time, key string, report *Report[A]) {
	e := t.alerts[key]
	switch {
	case e.told:
		report.Notices = append(report.Notices, Notice[A]{Key: key, Kind: Resolve, Alert: e.alert})
	case e.firing:
		report.Suppressed[Untold]++
	}
	e.firing, e.told = false, false
	if now.Sub(e.toldAt) >= t.policy.Cooldown {
		delete(t.alerts, key) // nothing is left to remember
	}
}
