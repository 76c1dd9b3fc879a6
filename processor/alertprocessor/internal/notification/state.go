// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// stateVersion is that of the form below. A form that cannot be read as it is
// gets another number.
const stateVersion = 1

// State is what is kept over a restart. Its form in JSON is for this package alone.
type State struct {
	Version  int                  `json:"version"`
	Alerts   []alertState         `json:"alerts,omitempty"`
	Groups   map[string]time.Time `json:"groups,omitempty"`   // when each may be told next
	Gate     map[string]time.Time `json:"gate,omitempty"`     // when the cooldown of each ends
	Silences []silenceState       `json:"silences,omitempty"` // those not in the configuration
	Summary  *summaryState        `json:"summary,omitempty"`  // of the cap, while it fires
	History  []historyState       `json:"history,omitempty"`  // the newest first
	// Outgoing is what is told above, and not every pipeline has taken, the oldest first.
	Outgoing []outgoingState `json:"outgoing,omitempty"`
}

type outgoingState struct {
	Alerts []historyState `json:"alerts"`
	At     time.Time      `json:"at"`
}

// historyState is what people were told of an alert.
type historyState struct {
	alertState
	At     time.Time         `json:"at"`
	State  alertevent.State  `json:"state"`
	EndsAt time.Time         `json:"ends_at,omitzero"`
	Group  *alertevent.Group `json:"group,omitempty"`
}

type summaryState struct {
	StartsAt time.Time `json:"starts_at"`
	Severity int       `json:"severity"`
}

type alertState struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations,omitempty"`
	StartsAt     time.Time         `json:"starts_at"`
	Value        *float64          `json:"value,omitempty"`
	GeneratorURL string            `json:"generator_url,omitempty"`
	TraceID      pcommon.TraceID   `json:"trace_id,omitzero"`
	SpanID       pcommon.SpanID    `json:"span_id,omitzero"`
	Told         bool              `json:"told,omitempty"`
	ToldAt       time.Time         `json:"told_at,omitzero"`
	Held         time.Time         `json:"held,omitzero"`
	Once         bool              `json:"once,omitempty"`
	// Of what happens: when it is over, and whether it is still to be told.
	Ends time.Time `json:"ends,omitzero"`
	News bool      `json:"news,omitempty"`
}

type silenceState struct {
	ID        string    `json:"id"`
	Matchers  []string  `json:"matchers"`
	StartsAt  time.Time `json:"starts_at,omitzero"`
	EndsAt    time.Time `json:"ends_at"`
	CreatedBy string    `json:"created_by,omitempty"`
	Comment   string    `json:"comment,omitempty"`
}

// Persistent is all that knows something that is kept over a restart.
type Persistent struct {
	Log      *Log
	Gate     *Gate
	Silences *Silences
	History  *History
	Outgoing []Outgoing // is saved; Restore does not take it, and State.Sends returns it
}

// Snapshot is what is to be kept.
func (m Persistent) Snapshot(now time.Time) State {
	b, g, s := m.Log, m.Gate, m.Silences
	state := State{Version: stateVersion, Groups: map[string]time.Time{}, Gate: map[string]time.Time{}}
	for _, key := range slices.Sorted(maps.Keys(b.alerts)) {
		if e := b.alerts[key]; e.notified || e.once || b.cooling(now, e) || e.event != nil && e.event.pending {
			state.Alerts = append(state.Alerts, e.state())
		}
	}
	for key, group := range b.groups {
		if group.shared != nil {
			state.Groups[key] = group.next
		}
	}
	for key, until := range g.until {
		if now.Before(until) {
			state.Gate[key] = until
		}
	}
	if !b.cap.startsAt.IsZero() {
		state.Summary = &summaryState{StartsAt: b.cap.startsAt, Severity: b.cap.severity}
	}
	for _, silence := range s.list {
		if !silence.Configured {
			state.Silences = append(state.Silences, silence.state())
		}
	}
	for _, told := range m.History.Last(persistedHistory) {
		state.History = append(state.History, historyOf(told))
	}
	for _, outgoing := range m.Outgoing {
		kept := outgoingState{At: outgoing.At}
		for _, alert := range outgoing.Alerts {
			kept.Alerts = append(kept.Alerts, historyOf(HistoryEntry{At: outgoing.At, Alert: alert}))
		}
		state.Outgoing = append(state.Outgoing, kept)
	}
	return state
}

// Undelivered are the notifications that were on their way when the state was saved.
func (s State) Undelivered() []Outgoing {
	var all []Outgoing
	for _, kept := range s.Outgoing {
		outgoing := Outgoing{At: kept.At}
		for _, alert := range kept.Alerts {
			outgoing.Alerts = append(outgoing.Alerts, alert.entry().Alert)
		}
		all = append(all, outgoing)
	}
	return all
}

func historyOf(told HistoryEntry) historyState {
	a := told.Alert
	return historyState{alertState: stateOf(a), At: told.At, State: a.State, EndsAt: a.EndsAt, Group: a.Group}
}

func (s historyState) entry() HistoryEntry {
	alert := s.alert()
	alert.State, alert.EndsAt, alert.Group = s.State, s.EndsAt, s.Group
	return HistoryEntry{At: s.At, Alert: alert}
}

// Restore takes what was kept. What the book knows goes before it. Only
// silences that cannot be read are left out, with an error.
func (m Persistent) Restore(now time.Time, state State) error {
	b, g, s := m.Log, m.Gate, m.Silences
	fresh := len(m.History.entries) == 0
	for _, kept := range slices.Backward(state.History) {
		if !fresh {
			break // what is older cannot come after
		}
		m.History.Add(kept.entry())
	}
	for _, kept := range state.Alerts {
		b.restore(now, kept)
	}
	for key, next := range state.Groups {
		if group, ok := b.groups[key]; ok {
			group.next = next
		}
	}
	for key, until := range state.Gate {
		if now.Before(until) && len(g.until) < g.limit {
			g.until[key] = until
			g.noteEnd(until)
		}
	}
	if kept := state.Summary; kept != nil && b.cap.startsAt.IsZero() && kept.Severity < len(severities) {
		b.cap.windowStart, b.cap.startsAt, b.cap.severity = now, kept.StartsAt, kept.Severity
	}
	var errs []error
	for _, kept := range state.Silences {
		matchers, err := ParseMatchers(kept.Matchers, "matchers::")
		if err != nil {
			errs = append(errs, fmt.Errorf("silence %q: %w", kept.ID, err))
			continue
		}
		s.list = append(s.list, Silence{
			ID: kept.ID, Matchers: matchers, StartsAt: kept.StartsAt, EndsAt: kept.EndsAt,
			CreatedBy: kept.CreatedBy, Comment: kept.Comment,
		})
	}
	s.purge(now)
	return errors.Join(errs...)
}

// ReadState reads what Save returned, from JSON.
func ReadState(raw []byte) (State, error) {
	var state State
	if err := json.Unmarshal(raw, &state); err != nil {
		return State{}, err
	}
	if state.Version != stateVersion {
		return State{}, fmt.Errorf("version is %d, not %d", state.Version, stateVersion)
	}
	return state, nil
}

func (b *Log) restore(now time.Time, kept alertState) {
	alert := kept.alert()
	key := alert.Fingerprint()
	switch {
	case kept.Once:
		key = "once " + key
	case !kept.Ends.IsZero():
		key = eventPrefix + key
	}
	if known, ok := b.alerts[key]; ok && known.live() {
		return
	}
	e := b.entry(now, key, alert)
	if e == nil {
		return
	}
	e.notified, e.notifiedAt, e.suppressedUntil, e.once = kept.Told, kept.ToldAt, kept.Held, kept.Once
	switch {
	case kept.Once:
	case !kept.Ends.IsZero():
		e.firing = true
		if e.event == nil {
			b.events++
		}
		e.event = &event{ends: kept.Ends, pending: kept.News}
	case e.notified:
		e.firing, e.graceEnds = true, now.Add(b.policy.Grace)
	}
	if !e.live() {
		b.leave(key, e)
	}
}

func (e *entry) state() alertState {
	state := stateOf(e.alert)
	state.Told, state.ToldAt, state.Held, state.Once = e.notified, e.notifiedAt, e.suppressedUntil, e.once
	if e.event != nil {
		state.Ends, state.News = e.event.ends, e.event.pending
	}
	return state
}

func stateOf(a alertevent.Alert) alertState {
	return alertState{
		Labels: a.Labels, Annotations: a.Annotations, StartsAt: a.StartsAt,
		Value: finite(a.Value), GeneratorURL: a.GeneratorURL, TraceID: a.TraceID, SpanID: a.SpanID,
	}
}

// alert is the one of the state, firing.
func (s alertState) alert() alertevent.Alert {
	return alertevent.Alert{
		Labels: s.Labels, Annotations: s.Annotations, State: alertevent.Firing, StartsAt: s.StartsAt,
		Value: s.Value, GeneratorURL: s.GeneratorURL, TraceID: s.TraceID, SpanID: s.SpanID,
	}
}

// finite leaves out what JSON has no number for.
func finite(v *float64) *float64 {
	if v == nil || math.IsNaN(*v) || math.IsInf(*v, 0) {
		return nil
	}
	return v
}

func (s Silence) state() silenceState {
	return silenceState{
		ID: s.ID, Matchers: s.Matchers.Strings(), StartsAt: s.StartsAt, EndsAt: s.EndsAt, CreatedBy: s.CreatedBy, Comment: s.Comment,
	}
}
