// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package evaluate

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/util/strutil"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// FailingRuleName is the alertname of a rule that cannot be evaluated.
const FailingRuleName = "RuleCannotBeEvaluated"

// Labels of an alert about a rule.
const (
	labelRuleGroup = "rule_group"
	labelRule      = "rule"
)

// groupState is what a group reported last.
type groupState struct {
	at        time.Time
	firing    map[string]alertevent.Alert // by fingerprint; those about rules among them
	about     []string                    // fingerprints of alerts about rules
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
			if known := s.addAbout(e.Rules.failing(group, rule, err, at), before); !known {
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
	url := e.GeneratorURL(rule)
	for _, active := range rule.ActiveAlerts() {
		alert := e.Alert(url, active)
		fingerprint := alert.Fingerprint()
		if rule.KeepFiringFor() > 0 {
			s.keep[fingerprint] = KeepFiring{For: rule.KeepFiringFor(), Since: active.KeepFiringSince}
		}
		if active.State != rules.StateFiring {
			s.pending = append(s.pending, fingerprint)
			continue
		}
		if known := s.add(fingerprint, alert, before); known {
			continue
		}
		if examples == nil {
			found := e.findExemplars(ctx, rule, s.at)
			examples = &found
		}
		examples.setTrace(&alert)
		s.firing[fingerprint] = alert
	}
}

// addTurnover records which alerts replaced others, and adds the alert about a rule
// that replaces them all the time.
func (e *Evaluator) addTurnover(s *groupState, group *rules.Group, rule *rules.AlertingRule, before *groupState) {
	active := map[uint64]labels.Labels{}
	EachActive(rule, func(a *rules.Alert) { active[a.Labels.Hash()] = a.Labels })
	var last turnover
	if before != nil {
		last = before.turnovers[ruleKey(rule)]
	}
	next := last.next(s.at, active)
	s.turnovers[ruleKey(rule)] = next
	if !next.isUnstable() {
		return
	}
	if known := s.addAbout(e.Rules.unstable(group, rule, next), before); !known {
		e.Logger.Warn("Labels of a rule change at every evaluation", "rule_group", group.Name(), "rule", rule.Name(), "labels", strings.Join(next.labels, ", "))
	}
}

// add records an alert that fires, and reports whether it did before.
func (s *groupState) add(fingerprint string, alert alertevent.Alert, before *groupState) (known bool) {
	if before != nil {
		var last alertevent.Alert
		if last, known = before.firing[fingerprint]; known {
			alert.TraceID, alert.SpanID = last.TraceID, last.SpanID
		}
	}
	s.firing[fingerprint] = alert
	return known
}

// addAbout records an alert about a rule, and reports whether it fired before.
func (s *groupState) addAbout(alert alertevent.Alert, before *groupState) (known bool) {
	fingerprint := alert.Fingerprint()
	if before != nil && alert.Name() == FailingRuleName {
		if last, ok := before.firing[fingerprint]; ok {
			alert.StartsAt = last.StartsAt
		}
	}
	s.about = append(s.about, fingerprint)
	return s.add(fingerprint, alert, before)
}

// Alert is a pending or firing alert of a rule with this generator URL.
func (e *Evaluator) Alert(generatorURL string, a *rules.Alert) alertevent.Alert {
	set := make(map[string]string, a.Labels.Len()+len(e.Rules.ExternalLabels))
	e.SetLabels(set, a)
	value := a.Value // a pointer into a would retain all of it
	return alertevent.Alert{
		Labels:       set,
		Annotations:  a.Annotations.Map(),
		State:        alertevent.Firing,
		StartsAt:     StartOf(a),
		Value:        &value,
		GeneratorURL: generatorURL,
	}
}

// EachActive visits the alerts of a rule that are pending or firing, and not the copies of them
// that ActiveAlerts makes: the rule is locked meanwhile.
func EachActive(rule *rules.AlertingRule, visit func(*rules.Alert)) {
	rule.ForEachActiveAlert(func(a *rules.Alert) {
		if a.ResolvedAt.IsZero() {
			visit(a)
		}
	})
}

// SetLabels sets the labels of an alert, external ones included, in an empty map.
func (e *Evaluator) SetLabels(set map[string]string, a *rules.Alert) {
	a.Labels.Range(func(l labels.Label) { set[l.Name] = l.Value })
	withDefaults(set, e.Rules.ExternalLabels)
}

// StartOf is since when an alert fires, or is pending.
func StartOf(a *rules.Alert) time.Time {
	if a.State == rules.StatePending {
		return a.ActiveAt
	}
	return a.FiredAt
}

// GeneratorURL leads to the expression of a rule; "" without an external URL.
func (e *Evaluator) GeneratorURL(rule rules.Rule) string { return e.Rules.generatorURL(rule) }

// failing is the alert about a rule that cannot be evaluated.
func (s RuleSet) failing(group *rules.Group, rule rules.Rule, err error, at time.Time) alertevent.Alert {
	return alertevent.Alert{
		Labels: withDefaults(map[string]string{
			alertevent.LabelName:     FailingRuleName,
			alertevent.LabelSeverity: alertevent.SeverityWarning,
			labelRuleGroup:           group.Name(),
			labelRule:                rule.Name(),
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

// Result is what an evaluation of a group has found, by fingerprint. It has nothing of alerts that
// other groups alone report.
type Result struct {
	Group  string                      // identifies the group
	Firing map[string]alertevent.Alert // since the first rule, of any group, has raised them
	// Ended are alerts that the group reported before, pending or firing, and that no rule
	// raises any more.
	Ended []string
	// Pending reports whether an alert of any group is pending. It is for the time of OnEvaluation.
	Pending func(fingerprint string) bool
	// Keep is known of the firing alerts of rules with a keep_firing_for.
	Keep map[string]KeepFiring
	// Resolved are the awaited alerts that are known not to fire.
	Resolved map[string]bool
	// Gone are those of them of whose name there is no rule any more.
	Gone map[string]bool
	// TotalFiring and TotalPending are the numbers of alerts of all groups.
	TotalFiring, TotalPending int
}

// replace records what a group reports, which is nothing when it is gone, and what that changes.
// The caller holds observing.
func (e *Evaluator) replace(key string, next *groupState, awaited map[string]Awaited) Result {
	last := e.groups.byGroup[key]
	e.mu.Lock()
	e.groups.replace(key, next)
	e.mu.Unlock()
	result := Result{
		Group:    key,
		Firing:   map[string]alertevent.Alert{},
		Pending:  func(fingerprint string) bool { return e.groups.pendingIn[fingerprint] > 0 },
		Keep:     map[string]KeepFiring{},
		Resolved: e.resolvedOf(awaited), Gone: e.goneOf(awaited), TotalFiring: len(e.groups.raisedBy), TotalPending: len(e.groups.pendingIn),
	}
	add := func(fingerprint string) (fires bool) {
		alert, fires := e.groups.firing(fingerprint)
		if !fires {
			return false
		}
		result.Firing[fingerprint] = alert
		if keep, ok := e.groups.keep(fingerprint); ok {
			result.Keep[fingerprint] = keep
		}
		return true
	}
	if next != nil {
		for fingerprint := range next.firing {
			add(fingerprint)
		}
	}
	if last == nil {
		return result
	}
	for fingerprint := range last.firing {
		if _, done := result.Firing[fingerprint]; !done && !add(fingerprint) {
			result.Ended = append(result.Ended, fingerprint)
		}
	}
	for _, fingerprint := range last.pending {
		if e.groups.pendingIn[fingerprint] == 0 && len(e.groups.raisedBy[fingerprint]) == 0 {
			result.Ended = append(result.Ended, fingerprint)
		}
	}
	return result
}

// Failures are the alerts about rules that cannot be evaluated, and whose labels are
// unstable.
func (e *Evaluator) Failures() map[string]alertevent.Alert {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := map[string]alertevent.Alert{}
	for _, group := range e.groups.byGroup {
		for _, fingerprint := range group.about {
			out[fingerprint] = group.firing[fingerprint]
		}
	}
	return out
}
