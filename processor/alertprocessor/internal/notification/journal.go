// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import "time"

// JournalEntry is an occurrence as the state would have it. Its JSON is for this
// package alone.
type JournalEntry struct {
	Number uint64     `json:"number"`
	Alert  alertState `json:"alert"`
	// Gate is the end of the cooldown of the alert; zero if it does not cool.
	Gate time.Time `json:"gate,omitzero"`
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

// Apply adds the entries of the journal that the state does not include yet.
func (s *State) Apply(entries []JournalEntry) {
	events := map[string]int{} // index of the alert of an event rule
	for i, known := range s.Alerts {
		if !known.Ends.IsZero() {
			events[keyOf(known.alert().Fingerprint(), known.Receiver)] = i
		}
	}
	if s.Gate == nil {
		s.Gate = map[string]time.Time{}
	}
	for _, entry := range entries {
		if entry.Number <= s.Occurrences {
			continue
		}
		s.Occurrences = entry.Number
		fingerprint := entry.Alert.alert().Fingerprint()
		if !entry.Gate.IsZero() {
			s.Gate[fingerprint] = entry.Gate
		}
		key := keyOf(fingerprint, entry.Alert.Receiver)
		if i, known := events[key]; known && !entry.Alert.Once {
			s.Alerts[i] = entry.Alert
			continue
		}
		if !entry.Alert.Once {
			events[key] = len(s.Alerts)
		}
		s.Alerts = append(s.Alerts, entry.Alert)
	}
}
