// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package evaluate

import (
	"slices"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// states are what the groups reported last, and which of them raise an alert: two rules may raise
// one with the same labels. It fires while one of them does, since the first did.
type states struct {
	byGroup   map[string]*groupState   // by groupKey
	raisedBy  map[string][]*groupState // by the fingerprint of a firing alert
	pendingIn map[string]int           // rules in which an alert is pending, by its fingerprint
}

func newStates() states {
	return states{byGroup: map[string]*groupState{}, raisedBy: map[string][]*groupState{}, pendingIn: map[string]int{}}
}

// replace replaces what a group reported; next is nil for a group that is gone.
func (s *states) replace(key string, next *groupState) {
	last := s.byGroup[key]
	delete(s.byGroup, key)
	if next != nil {
		s.byGroup[key] = next
		for fingerprint := range next.firing {
			s.raisedBy[fingerprint] = append(s.raisedBy[fingerprint], next)
		}
		for _, fingerprint := range next.pending {
			s.pendingIn[fingerprint]++
		}
	}
	if last == nil {
		return
	}
	for fingerprint := range last.firing {
		rest := slices.DeleteFunc(s.raisedBy[fingerprint], func(state *groupState) bool { return state == last })
		if s.raisedBy[fingerprint] = rest; len(rest) == 0 {
			delete(s.raisedBy, fingerprint)
		}
	}
	for _, fingerprint := range last.pending {
		if s.pendingIn[fingerprint]--; s.pendingIn[fingerprint] == 0 {
			delete(s.pendingIn, fingerprint)
		}
	}
}

// firing is an alert that fires, since the first rule has raised it; ok is false if none does.
func (s *states) firing(fingerprint string) (alert alertevent.Alert, ok bool) {
	for _, state := range s.raisedBy[fingerprint] {
		if own := state.firing[fingerprint]; !ok || own.StartsAt.Before(alert.StartsAt) {
			alert, ok = own, true
		}
	}
	return alert, ok
}

// keep is the keep_firing_for of one of the rules that raise an alert.
func (s *states) keep(fingerprint string) (keep KeepFiring, ok bool) {
	for _, state := range s.raisedBy[fingerprint] {
		if keep, ok = state.keep[fingerprint]; ok {
			return keep, true
		}
	}
	return KeepFiring{}, false
}
