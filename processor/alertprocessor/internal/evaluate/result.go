// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package evaluate

import (
	"context"
	"fmt"
	"maps"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/util/strutil"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// FailingRuleName is the alertname of a rule that cannot be evaluated.
const FailingRuleName = "RuleCannotBeEvaluated"

// groupState is what a group reported last.
type groupState struct {
	at        time.Time
	firing    map[string]alertevent.Alert // by fingerprint; rules that fail among them
	pending   []string                    // fingerprints
	keep      map[string]KeepFiring       // by fingerprint, of rules with a keep_firing_for
	resolved  map[string]bool             // alerts from before a restart that do not fire
	turnovers map[string]turnover         // by ruleKey
	values    map[string]float64          // the largest that each recording rule wrote, by its name
}

func newGroupState() *groupState {
	return &groupState{
		firing:    map[string]alertevent.Alert{},
		keep:      map[string]KeepFiring{},
		turnovers: map[string]turnover{},
		values:    map[string]float64{},
	}
}

// KeepFiring is the keep_firing_for of an alert's rule.
type KeepFiring struct {
	For   time.Duration
	Since time.Time // the expression has not yielded the alert since; zero while it does
}

// stateOf is what a group reports after an evaluation. Since when a rule fails, and the
// trace of an alert, stay.
func (e *Evaluator) stateOf(ctx context.Context, group *rules.Group, at time.Time, before *groupState, written []Sample) *groupState {
	s := newGroupState()
	s.at = at
	for _, rule := range group.Rules() {
		if err := rule.LastError(); err != nil {
			if known := s.add(e.Rules.failing(group, rule, err, at), before); !known {
				e.Logger.Warn("Evaluating a rule failed", "rule_group", group.Name(), "rule", rule.Name(), "error", err)
			}
		}
		if alerting, ok := rule.(*rules.AlertingRule); ok {
			e.addAlerts(ctx, s, alerting, before)
			e.addTurnover(s, group, alerting, before)
		}
	}
	for _, sample := range written {
		if sample.histogram != nil {
			continue
		}
		name := sample.series.Get(model.MetricNameLabel)
		if value, ok := s.values[name]; !math.IsNaN(sample.value) && (!ok || sample.value > value) {
			s.values[name] = sample.value
		}
	}
	return s
}

func (e *Evaluator) addAlerts(ctx context.Context, s *groupState, rule *rules.AlertingRule, before *groupState) {
	var examples *exemplars // looked up for the first that begins to fire
	for _, active := range rule.ActiveAlerts() {
		alert := e.Alert(rule, active)
		if rule.KeepFiringFor() > 0 {
			s.keep[alert.Fingerprint()] = KeepFiring{For: rule.KeepFiringFor(), Since: active.KeepFiringSince}
		}
		if active.State != rules.StateFiring {
			s.pending = append(s.pending, alert.Fingerprint())
			continue
		}
		if known := s.add(alert, before); known {
			continue
		}
		if examples == nil {
			found := e.findExemplars(ctx, rule, s.at)
			examples = &found
		}
		examples.setTrace(&alert)
		s.firing[alert.Fingerprint()] = alert
	}
}

// addTurnover records which alerts replaced others, and adds the alert about a rule
// that replaces them all the time.
func (e *Evaluator) addTurnover(s *groupState, group *rules.Group, rule *rules.AlertingRule, before *groupState) {
	active := map[string]map[string]string{}
	for _, a := range rule.ActiveAlerts() {
		labels := a.Labels.Map()
		active[strconv.FormatUint(a.Labels.Hash(), 16)] = labels
	}
	var last turnover
	if before != nil {
		last = before.turnovers[ruleKey(rule)]
	}
	next := last.next(s.at, active)
	s.turnovers[ruleKey(rule)] = next
	if !next.isUnstable() {
		return
	}
	if known := s.add(e.Rules.unstable(group, rule, next), before); !known {
		e.Logger.Warn("Labels of a rule change at every evaluation", "rule_group", group.Name(), "rule", rule.Name(), "labels", strings.Join(next.labels, ", "))
	}
}

// add records an alert that fires, and reports whether it did before.
func (s *groupState) add(alert alertevent.Alert, before *groupState) (known bool) {
	fingerprint := alert.Fingerprint()
	if before != nil {
		var last alertevent.Alert
		if last, known = before.firing[fingerprint]; known {
			alert.TraceID, alert.SpanID = last.TraceID, last.SpanID
			if alert.Name() == FailingRuleName {
				alert.StartsAt = last.StartsAt
			}
		}
	}
	s.firing[fingerprint] = alert
	return known
}

// Alert is a pending or firing alert of a rule.
func (e *Evaluator) Alert(rule *rules.AlertingRule, a *rules.Alert) alertevent.Alert {
	alert := alertevent.Alert{
		Labels:       withDefaults(a.Labels.Map(), e.Rules.ExternalLabels),
		Annotations:  a.Annotations.Map(),
		State:        alertevent.Firing,
		StartsAt:     a.FiredAt,
		Value:        &a.Value,
		GeneratorURL: e.Rules.generatorURL(rule),
	}
	if a.State == rules.StatePending {
		alert.StartsAt = a.ActiveAt
	}
	return alert
}

// failing is the alert about a rule that cannot be evaluated.
func (s RuleSet) failing(group *rules.Group, rule rules.Rule, err error, at time.Time) alertevent.Alert {
	return alertevent.Alert{
		Labels: withDefaults(map[string]string{
			alertevent.LabelName:     FailingRuleName,
			alertevent.LabelSeverity: alertevent.SeverityWarning,
			"rule_group":             group.Name(),
			"rule":                   rule.Name(),
		}, s.ExternalLabels),
		Annotations: map[string]string{
			alertevent.AnnotationSummary:     fmt.Sprintf("Rule %s of group %s cannot be evaluated", rule.Name(), group.Name()),
			alertevent.AnnotationDescription: err.Error(),
		},
		State:        alertevent.Firing,
		StartsAt:     at,
		GeneratorURL: s.generatorURL(rule),
	}
}

// generatorURL leads to the expression of a rule, as Prometheus' links do.
func (s RuleSet) generatorURL(rule rules.Rule) string {
	if s.ExternalURL == "" {
		return ""
	}
	return strings.TrimSuffix(s.ExternalURL, "/") + strutil.TableLinkForExpression(rule.Query().String())
}

// withDefaults adds to set what it lacks.
func withDefaults(set, defaults map[string]string) map[string]string {
	for name, value := range defaults {
		if _, ok := set[name]; !ok {
			set[name] = value
		}
	}
	return set
}

// Result is what the rules of all groups report.
type Result struct {
	Firing  map[string]alertevent.Alert // by fingerprint
	Pending map[string]bool             // fingerprints of alerts that do not fire yet
	// Keep is known of the firing alerts of rules with a keep_firing_for.
	Keep map[string]KeepFiring
	// Resolved are the awaited alerts that are known not to fire.
	Resolved map[string]bool
}

// result joins all groups, because two rules may raise an alert with the same labels:
// it fires while one of them does, since the first did.
func (e *Evaluator) result() Result {
	result := Result{Firing: map[string]alertevent.Alert{}, Pending: map[string]bool{}, Keep: map[string]KeepFiring{}}
	for _, group := range e.groups {
		for _, fingerprint := range group.pending {
			result.Pending[fingerprint] = true
		}
		for fingerprint, alert := range group.firing {
			if first, taken := result.Firing[fingerprint]; !taken || alert.StartsAt.Before(first.StartsAt) {
				result.Firing[fingerprint] = alert
			}
		}
		maps.Copy(result.Keep, group.keep)
	}
	result.Resolved = e.resolvedOf(e.Awaited())
	return result
}

// Failures are the alerts about rules that cannot be evaluated, and whose labels are
// unstable.
func (e *Evaluator) Failures() map[string]alertevent.Alert {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := map[string]alertevent.Alert{}
	for _, group := range e.groups {
		for fingerprint, alert := range group.firing {
			if alert.Name() == FailingRuleName || alert.Name() == UnstableLabelsName {
				out[fingerprint] = alert
			}
		}
	}
	return out
}
