// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"cmp"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/rules"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/evaluate"
)

// activeAlerts are the active alerts of some rules that a filter chooses. The alerts of alerting
// rules are chosen and sorted by what Prometheus has of them, and built when they are listed.
type activeAlerts struct {
	source *dashboardSource
	filter dashboard.ActiveFilter
	rules  []*activeRule
	built  []dashboard.ActiveAlert // of event rules, and about rules
}

// activeRule is an alerting rule.
type activeRule struct {
	evaluator *evaluate.Evaluator
	group     *rules.Group
	*rules.AlertingRule

	describe         sync.Once // sets what follows
	id, generatorURL string
}

// candidate is an active alert that may be listed: what it is sorted by, and what it is built from.
type candidate struct {
	rank     int
	startsAt time.Time
	name     string
	labels   labels.Labels // without external labels
	of       *activeRule   // nil: built is set
	alert    *rules.Alert
	built    *dashboard.ActiveAlert
}

// compareCandidates puts the most severe and then the oldest first.
func compareCandidates(a, b candidate) int {
	return cmp.Or(
		cmp.Compare(b.rank, a.rank),
		a.startsAt.Compare(b.startsAt),
		cmp.Compare(a.name, b.name),
		labels.Compare(a.labels, b.labels),
	)
}

// leastHeld is how many candidates are held before they are sorted to keep the first ones.
const leastHeld = 1000

// Active implements dashboard.Alerts.
func (b *dashboardSource) Active(filter dashboard.ActiveFilter) dashboard.ActiveAlerts {
	all := &activeAlerts{source: b, filter: filter, built: b.activeEvents()}
	in := b.core.currentBackend()
	if in == nil {
		return all
	}
	for _, group := range in.evaluator.RuleGroups() {
		for _, rule := range group.Rules() {
			if alerting, ok := rule.(*rules.AlertingRule); ok {
				all.rules = append(all.rules, &activeRule{evaluator: in.evaluator, group: group, AlertingRule: alerting})
			}
		}
	}
	for _, about := range in.evaluator.Failures() {
		all.built = append(all.built, dashboard.ActiveAlert{
			Alert: about, State: stateFiring, Suppressed: muteText(b.core.dispatcher.muteOf(about.Fingerprint())),
		})
	}
	return all
}

// Count implements dashboard.ActiveAlerts.
func (a *activeAlerts) Count() (pending, firing int) {
	count := func(state string) {
		switch {
		case a.filter.State != "" && a.filter.State != state:
		case state == statePending:
			pending++
		default:
			firing++
		}
	}
	for active := range a.chosenBuilt() {
		count(active.State)
	}
	for _, rule := range a.rules {
		if a.filter.Labels != nil {
			for active := range a.chosen(rule) {
				count(stateOfAlert(active))
			}
			continue
		}
		evaluate.EachActive(rule.AlertingRule, func(active *rules.Alert) { count(stateOfAlert(active)) })
	}
	return pending, firing
}

// List implements dashboard.ActiveAlerts.
func (a *activeAlerts) List(limit int) iter.Seq[dashboard.ActiveAlert] {
	return func(yield func(dashboard.ActiveAlert) bool) {
		for _, c := range a.candidates(limit) {
			if !yield(a.build(&c)) {
				return
			}
		}
	}
}

// candidates are the first candidates in order.
func (a *activeAlerts) candidates(limit int) []candidate {
	var first []candidate
	clip := func() {
		slices.SortFunc(first, compareCandidates)
		if limit > 0 && len(first) > limit {
			clear(first[limit:])
			first = first[:limit]
		}
	}
	add := func(c candidate) {
		first = append(first, c)
		if limit > 0 && len(first) >= max(2*limit, leastHeld) {
			clip()
		}
	}
	for active := range a.chosenBuilt() {
		add(candidate{
			rank: active.SeverityRank(), startsAt: active.StartsAt, name: active.Name(), labels: labels.FromMap(active.Labels), built: active,
		})
	}
	external := a.source.core.cfg.ExternalLabels[alertevent.LabelSeverity]
	for _, rule := range a.rules {
		for active := range a.chosen(rule) {
			severity := cmp.Or(active.Labels.Get(alertevent.LabelSeverity), external)
			add(candidate{
				rank: alertevent.RankOf(severity), startsAt: evaluate.StartOf(active), name: rule.Name(), labels: active.Labels, of: rule, alert: active,
			})
		}
	}
	clip()
	return first
}

// chosenBuilt are those of the built alerts that the filter chooses.
func (a *activeAlerts) chosenBuilt() iter.Seq[*dashboard.ActiveAlert] {
	return func(yield func(*dashboard.ActiveAlert) bool) {
		for i := range a.built {
			active := &a.built[i]
			if a.filter.State != "" && a.filter.State != active.State || a.filter.Labels != nil && !a.filter.Labels(active.Labels) {
				continue
			}
			if !yield(active) {
				return
			}
		}
	}
}

// chosen are the active alerts of a rule that the filter chooses.
func (a *activeAlerts) chosen(rule *activeRule) iter.Seq[*rules.Alert] {
	return func(yield func(*rules.Alert) bool) {
		set := map[string]string{}
		for _, active := range rule.ActiveAlerts() {
			if a.filter.State != "" && a.filter.State != stateOfAlert(active) {
				continue
			}
			if a.filter.Labels != nil {
				clear(set)
				rule.evaluator.SetLabels(set, active)
				if !a.filter.Labels(set) {
					continue
				}
			}
			if !yield(active) {
				return
			}
		}
	}
}

func (a *activeAlerts) build(c *candidate) dashboard.ActiveAlert {
	if c.built != nil {
		return *c.built
	}
	c.of.describe.Do(func() {
		group := dashboard.RuleGroup{Name: c.of.group.Name(), File: c.of.group.File()}
		c.of.id = dashboard.RuleID(&group, new(newRule(c.of.AlertingRule, kindAlerting)))
		c.of.generatorURL = c.of.evaluator.GeneratorURL(c.of.AlertingRule)
	})
	shown := dashboard.ActiveAlert{
		Alert: c.of.evaluator.Alert(c.of.generatorURL, c.alert), State: stateOfAlert(c.alert), RuleID: c.of.id,
	}
	if shown.State == stateFiring {
		shown.Suppressed = muteText(a.source.core.dispatcher.muteOf(shown.Fingerprint()))
	}
	return shown
}

func stateOfAlert(active *rules.Alert) string {
	if active.State == rules.StatePending {
		return statePending
	}
	return stateFiring
}
