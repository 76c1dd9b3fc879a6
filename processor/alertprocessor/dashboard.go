// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"fmt"
	"maps"
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
	if len(b.core.cfg.Events) > 0 {
		groups = append(groups, b.describeEvents())
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
		shown := newRule(rule, kindRecording)
		if alerting, ok := rule.(*rules.AlertingRule); ok {
			shown.Kind = kindAlerting
			b.describeAlerting(&activeRule{evaluator: e, group: group, AlertingRule: alerting}, &shown)
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
		shown.ID = dashboard.RuleID(&out, &shown)
		out.Rules = append(out.Rules, shown)
	}
	return out
}

// newRule describes what rules of all kinds have.
func newRule(rule rules.Rule, kind string) dashboard.Rule {
	shown := dashboard.Rule{
		Kind:   kind,
		Name:   rule.Name(),
		Expr:   rule.Query().String(),
		Labels: rule.Labels().Map(),
		Health: string(rule.Health()),
	}
	if err := rule.LastError(); err != nil {
		shown.LastError = err.Error()
	}
	return shown
}

func (b *dashboardSource) describeAlerting(rule *activeRule, shown *dashboard.Rule) {
	shown.For = rule.HoldDuration()
	shown.Annotations = rule.Annotations().Map()
	shown.State = stateInactive
	b.setChannels(shown, routing.LabelsOfRule(rule.Name(), shown.Expr, shown.Labels, b.core.cfg.ExternalLabels))
	evaluate.EachActive(rule.AlertingRule, func(active *rules.Alert) {
		if shown.Value == nil || active.Value > *shown.Value {
			shown.Value = new(active.Value)
		}
		if shown.State != stateFiring {
			shown.State = stateOfAlert(active)
		}
	})
	if shown.State != stateInactive {
		shown.Active = &activeAlerts{source: b, rules: []*activeRule{rule}}
	}
}

// activeEvents are the active alerts of the event rules.
func (b *dashboardSource) activeEvents() []dashboard.ActiveAlert {
	events := b.core.dispatcher.activeEvents()
	if len(events) == 0 {
		return nil
	}
	ids := map[string]string{} // by the name of the rule
	for i := range b.core.cfg.Events {
		ids[b.core.cfg.Events[i].Name] = dashboard.RuleID(&eventGroup, new(newEventRule(&b.core.cfg.Events[i])))
	}
	out := make([]dashboard.ActiveAlert, len(events))
	for i, event := range events {
		out[i] = dashboard.ActiveAlert{Alert: event.Alert, State: stateFiring, RuleID: ids[event.Alert.Name()], Suppressed: muteText(event.Mute)}
	}
	return out
}

// History implements dashboard.Alerts.
func (b *dashboardSource) History(limit int) []dashboard.HistoryEntry {
	var out []dashboard.HistoryEntry
	for _, sent := range b.core.dispatcher.lastNotifications(limit) {
		out = append(out, dashboard.HistoryEntry{At: sent.At, Alert: sent.Alert})
	}
	return out
}

// eventGroup is the group of the event rules, without them.
var eventGroup = dashboard.RuleGroup{Name: "events", File: evaluate.InlineRules}

// newEventRule describes what the configuration of an event rule specifies.
func newEventRule(config *EventConfig) dashboard.Rule {
	return dashboard.Rule{
		Kind:        kindEvent,
		Name:        config.Name,
		Expr:        config.Condition,
		Labels:      maps.Clone(withNonEmpty(config.Labels, alertevent.LabelSeverity, config.Severity)),
		Annotations: config.annotations(),
		State:       stateInactive,
		Health:      string(rules.HealthGood),
	}
}

func (b *dashboardSource) describeEvents() dashboard.RuleGroup {
	active := map[string][]dashboard.ActiveAlert{} // by rule
	for _, alert := range b.activeEvents() {
		active[alert.Name()] = append(active[alert.Name()], alert)
	}
	group := eventGroup
	for i := range b.core.cfg.Events {
		config := &b.core.cfg.Events[i]
		rule := newEventRule(config)
		rule.ID = dashboard.RuleID(&group, &rule)
		if own := active[config.Name]; len(own) > 0 {
			rule.State, rule.Active = stateFiring, &activeAlerts{source: b, built: own}
		} else {
			rule.Reason = b.core.events.reasonOf(config)
		}
		b.setChannels(&rule, labelsOfEvent(config, b.core.cfg.ExternalLabels))
		group.Rules = append(group.Rules, rule)
	}
	return group
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
