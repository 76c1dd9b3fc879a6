// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import (
	"slices"
	"time"

	"github.com/prometheus/common/model"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// ByAll in Grouping.By stands for all labels, as in Alertmanager: each alert
// is a group by itself, that waits like any group.
const ByAll = "..."

// Grouping is which alerts are grouped into one notification.
type Grouping struct {
	// By are the labels whose values alerts of a group share. Without any,
	// each alert is sent individually, at once, unless Always is set.
	By []string
	// Always makes one group of all alerts when there are no labels.
	Always bool
	// Wait is the time from the first alert of a group to its first
	// notification, for others to join.
	Wait time.Duration
	// Interval is the least time from one notification of a group to the next.
	Interval time.Duration
}

func (g Grouping) on() bool { return g.Always || len(g.By) > 0 }

// group is a set of alerts that are notified together.
type group struct {
	key     string
	route   *route
	shared  *alertevent.Group // nil for an alert by itself
	members map[string]struct{}
	next    time.Time // before this it is not due
}

// stamp marks an alert as one of the group.
func (g *group) stamp(a alertevent.Alert) alertevent.Alert {
	a.Group = g.shared
	return a
}

// join adds an alert to its group, which begins with it if there is none.
func (b *Log) join(now time.Time, key string, labels map[string]string, route *route) *group {
	groupKey, shared := key, (*alertevent.Group)(nil)
	if route.grouping.on() {
		shared = route.groupOf(labels)
		groupKey = keyOf(shared.Key, route.receiver)
	}
	g, ok := b.groups[groupKey]
	if !ok {
		g = &group{key: groupKey, route: route, shared: shared, members: map[string]struct{}{}}
		if shared != nil {
			g.next = now.Add(route.grouping.Wait)
		}
		b.groups[groupKey] = g
		b.due.set(g, g.next)
	}
	g.members[key] = struct{}{}
	return g
}

// leave takes an alert out of its group, which ends with the last.
func (b *Log) leave(key string, e *entry) {
	if e.group == nil {
		return
	}
	delete(e.group.members, key)
	if len(e.group.members) == 0 {
		delete(b.groups, e.group.key)
		b.due.remove(e.group)
	}
	e.group = nil
}

// groupOf is the group of an alert. Its key is made as Alertmanager makes it.
func (r *route) groupOf(alert map[string]string) *alertevent.Group {
	labels := map[string]string{}
	set := model.LabelSet{}
	for name, value := range alert {
		if slices.Contains(r.grouping.By, name) || slices.Contains(r.grouping.By, ByAll) {
			labels[name] = value
			set[model.LabelName(name)] = model.LabelValue(value)
		}
	}
	return &alertevent.Group{Key: r.key + ":" + set.String(), Labels: labels}
}

// ReleaseOccurrences makes the groups due that hold occurrences which have not been
// notified: nobody would report them again.
func (b *Log) ReleaseOccurrences() {
	for _, e := range b.alerts {
		if e.once || e.event != nil && e.event.pending {
			e.group.next = time.Time{}
			b.due.set(e.group, e.group.next)
		}
	}
}
