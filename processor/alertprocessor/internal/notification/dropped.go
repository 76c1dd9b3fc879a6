// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

const (
	// DroppedName is the alertname of what reports that alerts of a rule are
	// dropped because there are too many.
	DroppedName = "AlertsDropped"
	// LabelRule is its label with the name of the rule.
	LabelRule = "rule"
)

// dropped are the rules of which alerts were dropped of late.
type dropped struct {
	rules map[string]*droppedRule
}

type droppedRule struct {
	startsAt, last time.Time // of the drops
	count          int       // at the last observations, or of occurrences
	ongoing        bool      // alerts of the rule fire without a slot
	rank           int       // of the most severe alert that was dropped when it started
	notified       bool
	muted          bool // when it was to be notified: nobody is notified of its resolution either
}

// set records that so many alerts of a rule fire without a slot, the most severe of rank.
func (d *dropped) set(now time.Time, rule string, n, rank int) {
	if n > 0 {
		r := d.rule(now, rule, rank)
		r.count, r.ongoing = n, true
	} else if r, ok := d.rules[rule]; ok {
		r.ongoing = false
	}
}

// add records that an occurrence of an event rule was dropped.
func (d *dropped) add(now time.Time, rule string, rank int) { d.rule(now, rule, rank).count++ }

func (d *dropped) rule(now time.Time, rule string, rank int) *droppedRule {
	if d.rules == nil {
		d.rules = map[string]*droppedRule{}
	}
	r, ok := d.rules[rule]
	if !ok {
		r = &droppedRule{startsAt: now, rank: rank}
		d.rules[rule] = r
	}
	r.last = now
	if !r.notified {
		r.rank = max(r.rank, rank)
	}
	return r
}

// flush returns the alerts that are due: one for each rule of which alerts have
// begun to be dropped, unless it is muted, and its resolution after a [window] without.
func (d *dropped) flush(now time.Time, external map[string]string, isMuted func(alertevent.Alert) bool) []alertevent.Alert {
	var out []alertevent.Alert
	for _, rule := range slices.Sorted(maps.Keys(d.rules)) {
		r := d.rules[rule]
		switch {
		case !r.notified:
			alert := r.alert(rule, external)
			r.notified, r.muted = true, isMuted(alert)
			if !r.muted {
				out = append(out, alert)
			}
		case !r.ongoing && now.Sub(r.last) >= window:
			alert := r.alert(rule, external)
			alert.State, alert.EndsAt, alert.Value = alertevent.Resolved, now, nil
			alert.Annotations = map[string]string{
				alertevent.AnnotationSummary: fmt.Sprintf("All alerts of rule %s are tracked again", rule),
			}
			if !r.muted {
				out = append(out, alert)
			}
			delete(d.rules, rule)
		}
	}
	return out
}

func (r *droppedRule) alert(rule string, external map[string]string) alertevent.Alert {
	value := float64(r.count)
	alert := alertevent.Alert{
		Labels:   map[string]string{},
		State:    alertevent.Firing,
		StartsAt: r.startsAt,
		Value:    &value,
		Annotations: map[string]string{
			alertevent.AnnotationSummary:     fmt.Sprintf("%d alerts of rule %s are dropped, because it raises too many", r.count, rule),
			alertevent.AnnotationDescription: "The least severe are dropped first; resolutions are never dropped. Aggregate the rule's expression, for example with sum by (…), so that it raises fewer alerts.",
		},
	}
	maps.Copy(alert.Labels, external)
	alert.Labels[alertevent.LabelName], alert.Labels[LabelRule] = DroppedName, rule
	alert.Labels[alertevent.LabelSeverity] = alertevent.Severities[max(r.rank, 1)] // warning at least
	return alert
}

// next is when the first resolution may be due.
func (d *dropped) next() (next time.Time, ok bool) {
	for _, r := range d.rules {
		if end := r.last.Add(window); !r.ongoing && (!ok || end.Before(next)) {
			next, ok = end, true
		}
	}
	return next, ok
}

// Dropping are the names of the rules of which alerts are being dropped.
func (b *Log) Dropping() []string { return slices.Sorted(maps.Keys(b.dropped.rules)) }
