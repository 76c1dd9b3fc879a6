// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import (
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// JournalEntry is an occurrence as the state would have it, or a decision. Its JSON is for this
// package alone.
type JournalEntry struct {
	Number uint64     `json:"number"`
	Alert  alertState `json:"alert,omitzero"`
	// Gate is the end of the cooldown of the alert; zero if it does not cool.
	Gate time.Time `json:"gate,omitzero"`
	// Decision is an alert that recipients are notified of, and Alerts is what is known of it
	// after that: of a rule, of an event rule, or nothing.
	Decision *historyState `json:"decision,omitempty"`
	Alerts   []alertState  `json:"alerts,omitempty"`
	// Summary and Dropped are what is known after the decision of an alert that the log raises
	// itself: without a start when it is resolved.
	Summary *summaryState `json:"summary,omitempty"`
	Dropped *droppedState `json:"dropped,omitempty"`
}

// Decision is the journal entry of an alert that recipients are notified of.
func (m Persistent) Decision(at time.Time, alert alertevent.Alert) JournalEntry {
	decision := historyOf(HistoryEntry{At: at, Alert: alert})
	entry := JournalEntry{Decision: &decision}
	fingerprint := alert.Fingerprint()
	for _, base := range []string{fingerprint, eventPrefix + fingerprint} {
		if e, known := m.Log.alerts[keyOf(base, alert.Receiver)]; known {
			entry.Alerts = append(entry.Alerts, e.state())
		}
	}
	switch alert.Name() {
	case SummaryName:
		entry.Summary = new(m.Log.cap.state())
	case DroppedName:
		entry.Dropped = new(m.Log.dropped.state(at, alert.Labels[LabelRule]))
	}
	return entry
}

// Occurrence are the journal entries of an occurrence, once or with a resolution:
// one for each receiver.
func (m Persistent) Occurrence(fingerprint string, o Occurrence, once bool) []JournalEntry {
	var entries []JournalEntry
	for _, route := range m.Log.routes.of(o.Alert.Labels) {
		entry := JournalEntry{Alert: stateOf(o.Alert), Gate: m.Gate.until[fingerprint]}
		entry.Alert.Receiver = route.receiver
		e, known := m.Log.alerts[keyOf(eventPrefix+fingerprint, route.receiver)]
		switch {
		case once:
			entry.Alert.Once = true
		case known:
			entry.Alert = e.state()
		default:
			entry.Alert.Ends, entry.Alert.CoolsUntil, entry.Alert.Pending = o.Ends, o.CoolsUntil, o.Mute.Reason == ""
		}
		entries = append(entries, entry)
	}
	return entries
}

// EmptyState is one in which nothing is known.
func EmptyState() State {
	return State{Version: stateVersion, Groups: map[string]time.Time{}, Gate: map[string]time.Time{}}
}

// Apply adds the entries of the journal that the state does not include yet. Nothing is known of
// whether pipelines have accepted their decisions.
func (s *State) Apply(entries []JournalEntry) {
	if s.Gate == nil {
		s.Gate = map[string]time.Time{}
	}
	alerts := newAlertStates(s.Alerts)
	for _, entry := range entries {
		if entry.Number <= s.Occurrences {
			continue
		}
		s.Occurrences = entry.Number
		if entry.Decision != nil {
			alerts.decide(entry)
			s.decideOwn(entry)
			s.addOutgoing(*entry.Decision)
			s.History = slices.Insert(s.History, 0, *entry.Decision)
			s.History = s.History[:min(len(s.History), persistedHistory)]
			continue
		}
		if !entry.Gate.IsZero() {
			s.Gate[entry.Alert.alert().Fingerprint()] = entry.Gate
		}
		alerts.set(entry.Alert)
	}
	s.Alerts = alerts.list()
}

// decideOwn applies a decision about an alert that the log raises itself.
func (s *State) decideOwn(entry JournalEntry) {
	if entry.Summary != nil {
		s.Summary = entry.Summary
		if s.Summary.StartsAt.IsZero() {
			s.Summary = nil
		}
	}
	if entry.Dropped != nil {
		s.Dropped = slices.DeleteFunc(s.Dropped, func(known droppedState) bool { return known.Rule == entry.Dropped.Rule })
		if !entry.Dropped.StartsAt.IsZero() {
			s.Dropped = append(s.Dropped, *entry.Dropped)
		}
	}
}

func (s *State) addOutgoing(decision historyState) {
	if last := len(s.Outgoing) - 1; last < 0 || !s.Outgoing[last].At.Equal(decision.At) {
		s.Outgoing = append(s.Outgoing, outgoingState{At: decision.At})
	}
	batch := &s.Outgoing[len(s.Outgoing)-1]
	batch.Alerts = append(batch.Alerts, decision)
}

// alertStates are what is known of alerts, each once.
type alertStates struct {
	all     []*alertState           // nil for those that are gone
	indices map[alertStateKey][]int // of all
}

type alertStateKey struct {
	alert string // fingerprint and receiver
	kind  alertKind
}

type alertKind int

const (
	kindRule alertKind = iota
	kindEvent
	kindOnce
)

func newAlertStates(known []alertState) *alertStates {
	a := &alertStates{indices: map[alertStateKey][]int{}}
	for i := range known {
		a.add(known[i])
	}
	return a
}

func (s *alertState) key() alertStateKey {
	key := alertStateKey{alert: keyOf(s.alert().Fingerprint(), s.Receiver)}
	switch {
	case s.Once:
		key.kind = kindOnce
	case !s.Ends.IsZero():
		key.kind = kindEvent
	}
	return key
}

func (a *alertStates) add(state alertState) {
	key := state.key()
	a.indices[key] = append(a.indices[key], len(a.all))
	a.all = append(a.all, &state)
}

// set adds an alert in the place of the one that it is, but for occurrences that are notified once.
func (a *alertStates) set(state alertState) {
	if key := state.key(); key.kind != kindOnce {
		a.remove(key)
	}
	a.add(state)
}

func (a *alertStates) remove(key alertStateKey) {
	for _, i := range a.indices[key] {
		a.all[i] = nil
	}
	delete(a.indices, key)
}

// decide applies a decision. It has no occurrence left that is notified once.
func (a *alertStates) decide(entry JournalEntry) {
	key := entry.Decision.key()
	for _, key.kind = range []alertKind{kindRule, kindEvent, kindOnce} {
		a.remove(key)
	}
	for _, state := range entry.Alerts {
		a.add(state)
	}
}

func (a *alertStates) list() (list []alertState) {
	for _, state := range a.all {
		if state != nil {
			list = append(list, *state)
		}
	}
	return list
}
