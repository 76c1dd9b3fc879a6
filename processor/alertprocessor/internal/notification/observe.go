// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// Observation is what the evaluation of a group of rules has found, by fingerprint.
type Observation struct {
	Group string // identifies the group
	// Firing are the alerts that its rules raise.
	Firing map[string]alertevent.Alert
	// Ended are alerts that its rules reported before, and that no rule raises any more.
	Ended []string
	// Pending reports whether an alert does not fire yet; nil if none is.
	Pending func(fingerprint string) bool
	// Resolved are alerts of AwaitedAlerts that are known not to fire.
	Resolved map[string]bool
	// Gone are those of them that no rule raises any more, so that no keep_firing_for keeps them.
	Gone map[string]bool
	// Keep is what is known of alerts whose rule has a keep_firing_for.
	Keep map[string]KeepFiring
}

func (o *Observation) isPending(fingerprint string) bool {
	return o.Pending != nil && o.Pending(fingerprint)
}

// Observe records what the rules of a group report.
func (b *Log) Observe(now time.Time, o Observation, mutes func(alertevent.Alert) Mute) Counts {
	counts := Counts{}
	refused := map[string]refusedAlerts{}
	swept := false
	for _, key := range mostSevereFirst(o.Firing) {
		alert := o.Firing[key]
		mute, dropped := mutes(alert), false
		for _, route := range b.routes.of(alert.Labels) {
			e := b.entry(now, key, alert, route)
			if e == nil && !swept {
				swept = true
				b.forgetCooling()
				e = b.entry(now, key, alert, route)
			}
			if e == nil {
				dropped = true
				continue
			}
			b.observeFiring(e, mute, o.Keep[key], counts)
		}
		if dropped {
			refused[alert.Name()] = refused[alert.Name()].with(alert)
		}
		for _, e := range b.awaited.of(key) {
			b.resolve(now, e.key(), e, counts) // the alert has another receiver now
		}
	}
	b.observeEnded(now, &o, counts)
	for rule, more := range b.refused.set(o.Group, refused) {
		counts[Limit] += more
		b.dropped.set(now, rule, b.refused.total[rule], refused[rule].rank)
	}
	if counts[Limit] == 0 {
		delete(counts, Limit)
	}
	return counts
}

// observeFiring records that an alert of a rule fires.
func (b *Log) observeFiring(e *entry, mute Mute, keep KeepFiring, counts Counts) {
	switch {
	case e.held:
		counts[Cooldown]++ // the resolution that was held back is obsolete
	case !e.notified && mute.Reason != "" && (!e.firing || e.mute.Reason != mute.Reason):
		counts[mute.Reason]++
	}
	changed := !e.firing || e.mute.Reason != mute.Reason || !e.graceEnds.IsZero()
	b.awaited.remove(e)
	e.firing, e.held, e.mute, e.keep = true, false, mute, keep
	if changed {
		b.touch(e)
	}
}

// observeEnded resolves alerts that do not fire, but for those that may be found to.
func (b *Log) observeEnded(now time.Time, o *Observation, counts Counts) {
	check := func(e *entry) {
		if e.firing && e.event == nil && !e.missing(now, o) {
			b.resolve(now, e.key(), e, counts)
		}
	}
	for _, base := range o.Ended {
		for e := range b.ofAlert(base) {
			check(e)
		}
		for _, e := range b.awaited.of(base) {
			check(e)
		}
	}
	for base := range o.Resolved {
		for _, e := range b.awaited.of(base) {
			check(e)
		}
	}
	for _, e := range b.awaited.overdue.take(now) {
		check(e)
	}
}

// resolve records that an alert does not fire.
func (b *Log) resolve(now time.Time, key string, e *entry, counts Counts) {
	if e.firing && !e.notified && e.event == nil {
		counts[NeverNotified]++
	}
	b.awaited.remove(e)
	e.firing, e.mute = false, Mute{}
	if !e.notified && !b.isCooling(now, e) {
		b.forget(key, e)
		return
	}
	e.held = b.holdsBack(now, e)
	b.touch(e)
}

// Remute applies mutes that have changed, to all alerts.
func (b *Log) Remute(mutes func(alertevent.Alert) Mute) Counts {
	counts := Counts{}
	for _, e := range b.alerts {
		b.remute(e, mutes, counts)
	}
	return counts
}

// RemuteAlerts applies mutes that have changed, to alerts of some fingerprints.
func (b *Log) RemuteAlerts(fingerprints []string, mutes func(alertevent.Alert) Mute) Counts {
	counts := Counts{}
	for _, fingerprint := range fingerprints {
		for e := range b.ofAlert(fingerprint) {
			b.remute(e, mutes, counts)
		}
	}
	return counts
}

func (b *Log) remute(e *entry, mutes func(alertevent.Alert) Mute, counts Counts) {
	if !e.firing || e.event != nil { // an occurrence that was muted is not notified later
		return
	}
	mute := mutes(e.alert)
	changed := e.mute.Reason != mute.Reason
	if changed && !e.notified && mute.Reason != "" {
		counts[mute.Reason]++
	}
	e.mute = mute
	if changed {
		b.touch(e)
	}
}

func mostSevereFirst(alerts map[string]alertevent.Alert) []string {
	keys := slices.Collect(maps.Keys(alerts))
	ranks := make(map[string]int, len(keys))
	for key, alert := range alerts {
		ranks[key] = alert.SeverityRank()
	}
	slices.SortFunc(keys, func(a, b string) int {
		return cmp.Or(cmp.Compare(ranks[b], ranks[a]), cmp.Compare(a, b))
	})
	return keys
}
