// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import (
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// Awaited is an alert from before a restart that has not been found to fire.
type Awaited struct {
	alertevent.Alert
	KeepFiringSince time.Time // see [KeepFiring]
}

// awaited finds the entries of alerts from before a restart, of which nothing is known
// yet: those whose graceEnds is set.
type awaited struct {
	byBase  map[string][]*entry            // by the key of the alert; one for each receiver
	byName  map[string]map[string]struct{} // keys of alerts, by their name
	overdue *agenda[*entry]                // when one that nobody reports is resolved
}

func newAwaited() awaited {
	return awaited{byBase: map[string][]*entry{}, byName: map[string]map[string]struct{}{}, overdue: newAgenda[*entry]()}
}

func (a *awaited) add(e *entry) {
	a.byBase[e.base] = append(a.byBase[e.base], e)
	name := e.alert.Name()
	if a.byName[name] == nil {
		a.byName[name] = map[string]struct{}{}
	}
	a.byName[name][e.base] = struct{}{}
	a.overdue.set(e, e.awaitedUntil())
}

// remove removes an entry of which something is known now, or which is forgotten.
func (a *awaited) remove(e *entry) {
	if e.graceEnds.IsZero() {
		return
	}
	e.graceEnds = time.Time{}
	a.overdue.remove(e)
	rest := slices.DeleteFunc(a.byBase[e.base], func(other *entry) bool { return other == e })
	if len(rest) > 0 {
		a.byBase[e.base] = rest
		return
	}
	delete(a.byBase, e.base)
	name := e.alert.Name()
	delete(a.byName[name], e.base)
	if len(a.byName[name]) == 0 {
		delete(a.byName, name)
	}
}

// of are the entries of an alert.
func (a *awaited) of(base string) []*entry { return slices.Clone(a.byBase[base]) }

// awaitedUntil is when an alert that nobody reports is resolved.
func (e *entry) awaitedUntil() time.Time { return later(e.graceEnds, e.keepEnds()) }

// keepEnds is until when the rule's keep_firing_for keeps the alert.
func (e *entry) keepEnds() time.Time {
	if e.keep.For == 0 {
		return time.Time{}
	}
	return e.keep.Since.Add(e.keep.For)
}

// missing reports whether an alert from before a restart that does not fire may
// still be found to.
func (e *entry) missing(now time.Time, o *Observation) bool {
	switch {
	case e.graceEnds.IsZero(), o.Gone[e.base]:
		return false
	case now.Before(e.keepEnds()):
		return true
	case o.isPending(e.base):
		return true
	default:
		return !o.Resolved[e.base] && now.Before(e.graceEnds)
	}
}

// AwaitedAlerts are the alerts of some names from before a restart that have not been found to
// fire, by fingerprint.
func (b *Log) AwaitedAlerts(isOf func(name string) bool) map[string]Awaited {
	out := map[string]Awaited{}
	for name, bases := range b.awaited.byName {
		if !isOf(name) {
			continue
		}
		for base := range bases {
			e := b.awaited.byBase[base][0]
			out[base] = Awaited{e.alert, e.keep.Since}
		}
	}
	return out
}
