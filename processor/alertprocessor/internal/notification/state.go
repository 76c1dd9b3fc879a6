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
const stateVersion = 2

// State is what is persisted across restarts. Its JSON is for this package alone.
type State struct {
	Version  int                  `json:"version"`
	SavedAt  time.Time            `json:"saved_at,omitzero"`
	Alerts   []alertState         `json:"alerts,omitempty"`
	Groups   map[string]time.Time `json:"groups,omitempty"`   // when each may be notified next
	Gate     map[string]time.Time `json:"gate,omitempty"`     // when the cooldown of each ends
	Silences []silenceState       `json:"silences,omitempty"` // those not in the configuration
	Summary  *summaryState        `json:"summary,omitempty"`  // of the cap, while it fires
	Dropped  []droppedState       `json:"dropped,omitempty"`  // the rules of which alerts are dropped
	History  []historyState       `json:"history,omitempty"`  // the newest first
	// Outgoing are decisions that not every pipeline has accepted, the oldest first.
	Outgoing []outgoingState `json:"outgoing,omitempty"`
	// Occurrences is the number of the last journal entry, an occurrence or a decision, that
	// the state includes; later ones are in the journal.
	Occurrences uint64 `json:"occurrences,omitempty"`
}

// Outgoing is a batch of decisions on its way to the pipelines.
type Outgoing struct {
	Alerts []alertevent.Alert
	At     time.Time // of the decisions
}

type outgoingState struct {
	Alerts []historyState `json:"alerts"`
	At     time.Time      `json:"at"`
}

// historyState is an alert that recipients were notified of.
type historyState struct {
	alertState
	At     time.Time         `json:"at"`
	State  alertevent.State  `json:"state"`
	EndsAt time.Time         `json:"ends_at,omitzero"`
	Group  *alertevent.Group `json:"group,omitempty"`
	Batch  string            `json:"batch,omitempty"`
}

type summaryState struct {
	StartsAt time.Time `json:"starts_at"`
	Severity int       `json:"severity"`
	// Unnotified is set while nobody has been notified of it.
	Unnotified bool `json:"unnotified,omitempty"`
}

type droppedState struct {
	Rule     string    `json:"rule"`
	StartsAt time.Time `json:"starts_at"`
	Last     time.Time `json:"last"`
	Rank     int       `json:"rank"`
	Count    int       `json:"count"`
	Muted    bool      `json:"muted,omitempty"`
}

type alertState struct {
	Labels          map[string]string `json:"labels"`
	Receiver        string            `json:"receiver,omitempty"`
	Annotations     map[string]string `json:"annotations,omitempty"`
	StartsAt        time.Time         `json:"starts_at"`
	Value           *float64          `json:"value,omitempty"`
	GeneratorURL    string            `json:"generator_url,omitempty"`
	TraceID         pcommon.TraceID   `json:"trace_id,omitzero"`
	SpanID          pcommon.SpanID    `json:"span_id,omitzero"`
	Notified        bool              `json:"notified,omitempty"`
	NotifiedAt      time.Time         `json:"notified_at,omitzero"`
	Returned        bool              `json:"returned,omitempty"`
	SuppressedUntil time.Time         `json:"suppressed_until,omitzero"`
	Once            bool              `json:"once,omitempty"`
	// Of a rule with a keep_firing_for.
	KeepFor   time.Duration `json:"keep_for,omitempty"`
	KeepSince time.Time     `json:"keep_since,omitzero"`
	// Of an event rule: when it is resolved, whether an occurrence is to be
	// notified, and the end of the cooldown.
	Ends       time.Time `json:"ends,omitzero"`
	Pending    bool      `json:"pending,omitempty"`
	CoolsUntil time.Time `json:"cools_until,omitzero"`
}

// alertStateV1 has the names of version 1 where they were others.
type alertStateV1 struct {
	alertState
	Notified        bool      `json:"told"`
	NotifiedAt      time.Time `json:"told_at"`
	SuppressedUntil time.Time `json:"held"`
	Pending         bool      `json:"news"`
}

type silenceState struct {
	ID        string    `json:"id"`
	Matchers  []string  `json:"matchers"`
	StartsAt  time.Time `json:"starts_at,omitzero"`
	EndsAt    time.Time `json:"ends_at"`
	CreatedBy string    `json:"created_by,omitempty"`
	Comment   string    `json:"comment,omitempty"`
}

// Persistent is everything of which something is persisted across restarts.
type Persistent struct {
	Log      *Log
	Gate     *Gate
	Silences *Silences
	History  *History
	Outgoing []Outgoing // is saved; Restore does not take it, and State.OutgoingBatches returns it
}

// Snapshot is what is to be persisted.
func (m Persistent) Snapshot(now time.Time) State {
	b, g, s := m.Log, m.Gate, m.Silences
	state := State{Version: stateVersion, SavedAt: now, Groups: map[string]time.Time{}, Gate: map[string]time.Time{}}
	for _, key := range slices.Sorted(maps.Keys(b.alerts)) {
		if e := b.alerts[key]; e.notified || e.once || b.isCooling(now, e) || e.event != nil && e.event.pending {
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
		state.Summary = new(b.cap.state())
	}
	for _, rule := range b.Dropping() {
		if b.dropped.rules[rule].notified {
			state.Dropped = append(state.Dropped, b.dropped.state(now, rule))
		}
	}
	for _, silence := range s.list {
		if !silence.Configured {
			state.Silences = append(state.Silences, silence.state())
		}
	}
	for _, sent := range m.History.Last(persistedHistory) {
		state.History = append(state.History, historyOf(sent))
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

// OutgoingBatches are the decisions that were on their way when the state was saved.
func (s State) OutgoingBatches() []Outgoing {
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

func historyOf(sent HistoryEntry) historyState {
	a := sent.Alert
	return historyState{alertState: stateOf(a), At: sent.At, State: a.State, EndsAt: a.EndsAt, Group: a.Group, Batch: a.Batch}
}

func (s historyState) entry() HistoryEntry {
	alert := s.alert()
	alert.State, alert.EndsAt, alert.Group, alert.Batch = s.State, s.EndsAt, s.Group, s.Batch
	return HistoryEntry{At: s.At, Alert: alert}
}

// Restore applies what was persisted. What the log knows already is newer. Only
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
			b.due.set(group, next)
		}
	}
	for key, until := range state.Gate {
		if now.Before(until) && len(g.until) < g.limit {
			g.until[key] = until
			g.noteEnd(until)
		}
	}
	if kept := state.Summary; kept != nil && b.cap.startsAt.IsZero() && kept.Severity < len(alertevent.Severities) {
		b.cap.windowStart, b.cap.startsAt, b.cap.severity, b.cap.notified = now, kept.StartsAt, kept.Severity, !kept.Unnotified
	}
	for _, kept := range state.Dropped {
		if _, known := b.dropped.rules[kept.Rule]; !known && kept.Rank < len(alertevent.Severities) {
			d := b.dropped.rule(kept.Last, kept.Rule, kept.Rank)
			d.startsAt, d.count, d.notified, d.muted = kept.StartsAt, kept.Count, true, kept.Muted
		}
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
	if ahead := state.SavedAt.Sub(now); ahead > 0 {
		m.SetBack(now, ahead)
	}
	return errors.Join(errs...)
}

// ReadState reads what Snapshot returned, from JSON, and what the version before did.
func ReadState(raw []byte) (State, error) {
	var state State
	var version struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(raw, &version); err != nil {
		return State{}, err
	}
	switch version.Version {
	case stateVersion:
		return state, json.Unmarshal(raw, &state)
	case 1:
		return readStateV1(raw)
	default:
		return State{}, fmt.Errorf("version is %d, not %d", version.Version, stateVersion)
	}
}

func readStateV1(raw []byte) (State, error) {
	var v1 struct {
		State
		Alerts []alertStateV1 `json:"alerts"`
	}
	if err := json.Unmarshal(raw, &v1); err != nil {
		return State{}, err
	}
	state := v1.State
	state.Version = stateVersion
	for _, old := range v1.Alerts {
		alert := old.alertState
		alert.Notified, alert.NotifiedAt, alert.SuppressedUntil, alert.Pending = old.Notified, old.NotifiedAt, old.SuppressedUntil, old.Pending
		state.Alerts = append(state.Alerts, alert)
	}
	return state, nil
}

func (b *Log) restore(now time.Time, kept alertState) {
	alert := kept.alert()
	base, route := alert.Fingerprint(), b.routes.to(alert.Labels, kept.Receiver)
	switch {
	case kept.Once:
		base = b.onceKey(base, route)
	case !kept.Ends.IsZero():
		base = eventPrefix + base
	}
	key := keyOf(base, route.receiver)
	if known, ok := b.alerts[key]; ok && known.live() {
		return
	}
	e := b.entry(now, base, alert, route)
	if e == nil {
		return
	}
	e.notified, e.notifiedAt, e.returned, e.suppressedUntil, e.once = kept.Notified, kept.NotifiedAt, kept.Returned, kept.SuppressedUntil, kept.Once
	e.keep = KeepFiring{For: kept.KeepFor, Since: kept.KeepSince}
	if e.keep.For > 0 && e.keep.Since.IsZero() {
		e.keep.Since = now // the expression yielded the alert until the restart
	}
	switch {
	case kept.Once:
	case !kept.Ends.IsZero():
		e.firing = kept.Notified || kept.Pending
		if e.event == nil {
			b.events++
		}
		e.event = &event{ends: kept.Ends, pending: kept.Pending, coolsUntil: kept.CoolsUntil}
	case e.notified:
		e.firing, e.graceEnds = true, now.Add(max(b.policy.Grace, e.keep.For))
		b.awaited.add(e)
	}
	if !e.live() {
		b.leave(key, e)
	}
	b.appoint(e)
}

func (e *entry) state() alertState {
	state := stateOf(e.alert)
	state.Notified, state.NotifiedAt, state.Returned, state.SuppressedUntil, state.Once = e.notified, e.notifiedAt, e.returned, e.suppressedUntil, e.once
	state.KeepFor, state.KeepSince = e.keep.For, e.keep.Since
	if e.event != nil {
		state.Ends, state.Pending, state.CoolsUntil = e.event.ends, e.event.pending, e.event.coolsUntil
	}
	return state
}

// state has no start when nothing is suppressed.
func (c *Cap) state() summaryState {
	return summaryState{StartsAt: c.startsAt, Severity: c.severity, Unnotified: !c.notified}
}

// state has no start when no alert of the rule is dropped.
func (d *dropped) state(now time.Time, rule string) droppedState {
	r, ok := d.rules[rule]
	if !ok {
		return droppedState{Rule: rule}
	}
	last := r.last
	if r.ongoing {
		last = now
	}
	return droppedState{rule, r.startsAt, last, r.rank, r.count, r.muted}
}

func stateOf(a alertevent.Alert) alertState {
	return alertState{
		Labels: a.Labels, Receiver: a.Receiver, Annotations: a.Annotations, StartsAt: a.StartsAt,
		Value: finite(a.Value), GeneratorURL: a.GeneratorURL, TraceID: a.TraceID, SpanID: a.SpanID,
	}
}

// alert is the one of the state, firing.
func (s alertState) alert() alertevent.Alert {
	return alertevent.Alert{
		Labels: s.Labels, Receiver: s.Receiver, Annotations: s.Annotations, State: alertevent.Firing, StartsAt: s.StartsAt,
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
