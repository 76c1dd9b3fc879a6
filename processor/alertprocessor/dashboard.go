// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/prometheus/rules"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
	"github.com/otelcol-arc/otelcol-arc/internal/routing"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/evaluate"
)

// Kinds and states of rules, as the dashboard names them.
const (
	kindAlerting  = "alerting"
	kindRecording = "recording"
	kindEvent     = "event"

	stateInactive = "inactive"
	statePending  = "pending"
	stateFiring   = "firing"
)

// dashboardSource is what the dashboard reads. The evaluations never wait for it.
type dashboardSource struct {
	core   *core
	routes *routing.Tree   // nil without routes
	reach  notify.Reach    // the notifiers that are switched on
	ctx    context.Context // of the queries that find reasons; ends with the evaluations
	graphs chan struct{}   // holds a token while a graph is evaluated

	mu      sync.Mutex
	reasons map[rules.Rule]reason // of the last evaluation
}

type reason struct {
	at   time.Time // of the evaluation
	text string
}

var _ dashboard.Alerts = (*dashboardSource)(nil)

// show shows the core on the pages of the host, and returns what hides it.
func (c *core) show(ctx context.Context) (hide func()) {
	var hides []func()
	for _, page := range dashboard.Extensions(c.host) {
		routes := c.cfg.routes()
		hides = append(hides, page.ShowAlerts(c.id, &dashboardSource{core: c, ctx: ctx, graphs: make(chan struct{}, 1), routes: routes, reach: notify.ReachOf(c.host, routes)}))
	}
	return func() {
		for _, hide := range hides {
			hide()
		}
	}
}

// RuleGroups implements dashboard.Alerts. The event rules are a group of their own.
func (b *dashboardSource) RuleGroups() []dashboard.RuleGroup {
	var groups []dashboard.RuleGroup
	b.mu.Lock()
	defer b.mu.Unlock()
	reasons := map[rules.Rule]reason{}
	if in := b.core.currentBackend(); in != nil {
		e := in.evaluator
		for _, group := range e.RuleGroups() {
			groups = append(groups, b.describeGroup(e, group, reasons))
		}
	}
	b.reasons = reasons
	if events := b.core.events.describe(b.activeEvents()); len(events) > 0 {
		for i := range events {
			b.setChannels(&events[i], labelsOfEvent(&b.core.cfg.Events[i], b.core.cfg.ExternalLabels))
		}
		groups = append(groups, dashboard.RuleGroup{Name: "events", File: evaluate.InlineRules, Rules: events})
	}
	return groups
}

func (b *dashboardSource) describeGroup(e *evaluate.Evaluator, group *rules.Group, reasons map[rules.Rule]reason) dashboard.RuleGroup {
	out := dashboard.RuleGroup{
		Name:           group.Name(),
		File:           group.File(),
		Interval:       group.Interval(),
		LastEvaluation: group.GetLastEvaluation(),
		Duration:       group.GetEvaluationTime(),
	}
	for _, rule := range group.Rules() {
		shown := dashboard.Rule{
			Kind:   kindRecording,
			Name:   rule.Name(),
			Expr:   rule.Query().String(),
			Labels: rule.Labels().Map(),
			Health: string(rule.Health()),
		}
		if err := rule.LastError(); err != nil {
			shown.LastError = err.Error()
		}
		if alerting, ok := rule.(*rules.AlertingRule); ok {
			b.describeAlerting(e, alerting, &shown)
		} else {
			shown.Value = e.RecordedValue(group, rule.Name())
		}
		if shown.State != stateFiring {
			r, ok := b.reasons[rule]
			if at := group.GetLastEvalTimestamp(); !ok || !r.at.Equal(at) {
				r = reason{at: at, text: e.Reason(b.ctx, rule, at)}
			}
			reasons[rule] = r
			shown.Reason, shown.NoData = r.text, strings.HasPrefix(r.text, evaluate.NoData)
		}
		out.Rules = append(out.Rules, shown)
	}
	return out
}

func (b *dashboardSource) describeAlerting(e *evaluate.Evaluator, rule *rules.AlertingRule, shown *dashboard.Rule) {
	shown.Kind = kindAlerting
	shown.For = rule.HoldDuration()
	shown.Annotations = rule.Annotations().Map()
	shown.State = stateInactive
	b.setChannels(shown, routing.LabelsOfRule(rule.Name(), shown.Expr, shown.Labels, b.core.cfg.ExternalLabels))
	for _, active := range b.activeAlerts(e, rule) {
		shown.Active = append(shown.Active, active)
		if shown.Value == nil || *active.Value > *shown.Value {
			shown.Value = active.Value
		}
		if active.State == stateFiring || shown.State == stateInactive {
			shown.State = active.State
		}
	}
	slices.SortFunc(shown.Active, mostSevere)
}

func (b *dashboardSource) activeAlerts(e *evaluate.Evaluator, rule *rules.AlertingRule) []dashboard.ActiveAlert {
	var out []dashboard.ActiveAlert
	for _, active := range rule.ActiveAlerts() {
		shown := dashboard.ActiveAlert{Alert: e.Alert(rule, active), State: stateFiring}
		if active.State == rules.StatePending {
			shown.State = statePending
		} else {
			shown.Suppressed = suppressed(b.core.dispatcher.muteOf(shown.Fingerprint()))
		}
		out = append(out, shown)
	}
	return out
}

// Active implements dashboard.Alerts.
func (b *dashboardSource) Active() []dashboard.ActiveAlert {
	out := b.activeEvents()
	if in := b.core.currentBackend(); in != nil {
		for _, rule := range in.evaluator.AlertingRules() {
			out = append(out, b.activeAlerts(in.evaluator, rule)...)
		}
		for _, failing := range in.evaluator.Failures() {
			out = append(out, dashboard.ActiveAlert{
				Alert: failing, State: stateFiring, Suppressed: suppressed(b.core.dispatcher.muteOf(failing.Fingerprint())),
			})
		}
	}
	slices.SortFunc(out, mostSevere)
	return out
}

// activeEvents are the active alerts of the event rules.
func (b *dashboardSource) activeEvents() []dashboard.ActiveAlert {
	var out []dashboard.ActiveAlert
	for _, event := range b.core.dispatcher.activeEvents() {
		out = append(out, dashboard.ActiveAlert{Alert: event.Alert, State: stateFiring, Suppressed: suppressed(event.Mute)})
	}
	return out
}

// mostSevere puts the most severe and then the oldest first.
func mostSevere(a, b dashboard.ActiveAlert) int {
	return cmp.Or(
		cmp.Compare(b.SeverityRank(), a.SeverityRank()),
		a.StartsAt.Compare(b.StartsAt),
		cmp.Compare(a.Name(), b.Name()),
		cmp.Compare(a.Fingerprint(), b.Fingerprint()),
	)
}

// History implements dashboard.Alerts.
func (b *dashboardSource) History(limit int) []dashboard.HistoryEntry {
	var out []dashboard.HistoryEntry
	for _, sent := range b.core.dispatcher.lastNotified(limit) {
		out = append(out, dashboard.HistoryEntry{At: sent.At, Alert: sent.Alert})
	}
	return out
}

// describe describes the event rules, of which some alerts are active.
func (e *eventRules) describe(active []dashboard.ActiveAlert) []dashboard.Rule {
	var out []dashboard.Rule
	for i := range e.configs {
		config := &e.configs[i]
		rule := dashboard.Rule{
			Kind:        kindEvent,
			Name:        config.Name,
			Expr:        config.Condition,
			Labels:      maps.Clone(withNonEmpty(config.Labels, alertevent.LabelSeverity, config.Severity)),
			Annotations: config.annotations(),
			State:       stateInactive,
			Health:      string(rules.HealthGood),
		}
		for _, alert := range active {
			if alert.Name() == config.Name {
				rule.Active = append(rule.Active, alert)
			}
		}
		if len(rule.Active) > 0 {
			rule.State = stateFiring
			slices.SortFunc(rule.Active, mostSevere)
		} else {
			rule.Reason = e.reasonOf(config)
		}
		out = append(out, rule)
	}
	return out
}

func (e *eventRules) reasonOf(config *EventConfig) string {
	e.mu.Lock()
	last, ok := e.lastMet[config.Name]
	e.mu.Unlock()
	if !ok {
		return fmt.Sprintf("No %s has met the condition since the start.", config.Context)
	}
	return fmt.Sprintf("A %s met the condition last at %s.", config.Context, last.UTC().Format(time.DateTime+" MST"))
}
