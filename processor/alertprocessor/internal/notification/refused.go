// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import "github.com/otelcol-arc/otelcol-arc/internal/alertevent"

// refused are the numbers of alerts that fire without a slot.
type refused struct {
	byGroup map[string]map[string]refusedAlerts // by group and rule; those with none are absent
	total   map[string]int                      // by rule
}

// refusedAlerts are those of one rule at the last observation of a group.
type refusedAlerts struct {
	n    int
	rank int // of the most severe
}

func newRefused() refused {
	return refused{byGroup: map[string]map[string]refusedAlerts{}, total: map[string]int{}}
}

// with are the alerts, and another that is not more severe.
func (r refusedAlerts) with(alert alertevent.Alert) refusedAlerts {
	if r.n == 0 {
		r.rank = alert.SeverityRank()
	}
	r.n++
	return r
}

// set records the alerts of a group. It returns by how many there are more, for each rule that
// is or was among them.
func (r *refused) set(group string, now map[string]refusedAlerts) (more map[string]int) {
	more = map[string]int{}
	before := r.byGroup[group]
	for rule, last := range before {
		more[rule] = 0
		r.add(rule, -last.n)
	}
	for rule, alerts := range now {
		more[rule] = max(alerts.n-before[rule].n, 0)
		r.add(rule, alerts.n)
	}
	if r.byGroup[group] = now; len(now) == 0 {
		delete(r.byGroup, group)
	}
	return more
}

func (r *refused) add(rule string, n int) {
	if r.total[rule] += n; r.total[rule] == 0 {
		delete(r.total, rule)
	}
}
