// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package evaluate

import (
	"context"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/rules"
)

// resume gives the rules the alerts that fired before a restart. Prometheus' manager
// restores since when an alert is pending, and nothing of alerts that fire: they would
// be new ones, and those that keep_firing_for keeps would be resolved. An alert that its
// rule does not yield at the first evaluation is inactive then, as any other.
func (e *Evaluator) resume(ctx context.Context, awaited map[string]Awaited) {
	if len(awaited) == 0 {
		return
	}
	byName := map[string][]Awaited{}
	for _, alert := range awaited {
		byName[alert.Name()] = append(byName[alert.Name()], alert)
	}
	for _, group := range e.Manager.RuleGroups() {
		var restored []rules.Rule
		for _, rule := range group.Rules() {
			alerting, ok := rule.(*rules.AlertingRule)
			if !ok || len(byName[rule.Name()]) == 0 {
				continue
			}
			if with := e.withAlerts(ctx, alerting, byName[rule.Name()]); with != nil {
				restored = append(restored, with)
			}
		}
		if len(restored) > 0 {
			group.CopyState(rules.NewGroup(rules.GroupOptions{Name: "restored", Interval: group.Interval(), Rules: restored, Opts: e.managerOptions}))
		}
	}
}

// withAlerts is a rule like another, for which those of the alerts fire that the other
// may have raised; nil when there are none. An AlertingRule gets alerts by evaluation
// alone.
func (e *Evaluator) withAlerts(ctx context.Context, rule *rules.AlertingRule, awaited []Awaited) *rules.AlertingRule {
	expr := rule.Query().String()
	var series promql.Vector
	byFingerprint := map[string]Awaited{}
	for _, alert := range awaited {
		if metric, ok := e.seriesOf(rule, alert.Labels); ok {
			sample := promql.Sample{Metric: metric}
			if alert.Value != nil {
				sample.F = *alert.Value // for templates in labels
			}
			series = append(series, sample)
			byFingerprint[alert.Fingerprint()] = alert
		}
	}
	if len(series) == 0 {
		return nil
	}
	query := func(_ context.Context, asked string, _ time.Time) (promql.Vector, error) {
		if asked == expr {
			return series, nil
		}
		return nil, nil // a template asks
	}
	from := rules.NewAlertingRule(rule.Name(), rule.Query(), 0, 0, rule.Labels(), labels.EmptyLabels(),
		labels.FromMap(e.Rules.ExternalLabels), e.Rules.ExternalURL, true, e.Logger)
	if _, err := from.Eval(ctx, 0, time.Now(), query, e.Rules.url(), 0); err != nil {
		return nil // two alerts have the same labels: one of them is not of this rule
	}
	from.ForEachActiveAlert(func(a *rules.Alert) {
		alert, ok := byFingerprint[e.Alert("", a).Fingerprint()]
		if !ok {
			// A template in a label has made another alert of it.
			a.State, a.ResolvedAt = rules.StateInactive, time.Now()
			return
		}
		a.State, a.FiredAt, a.ActiveAt = rules.StateFiring, alert.StartsAt, alert.StartsAt.Add(-rule.HoldDuration())
		a.Annotations, a.KeepFiringSince = labels.FromMap(alert.Annotations), alert.KeepFiringSince
	})
	return from
}

// seriesOf are the labels of the series of which a rule makes an alert with these labels;
// ok is false when it cannot make it of any.
func (e *Evaluator) seriesOf(rule *rules.AlertingRule, alert map[string]string) (metric labels.Labels, ok bool) {
	set := map[string]string{}
	for name, value := range alert {
		if own := rule.Labels().Get(name); name != model.AlertNameLabel && own == "" && e.Rules.ExternalLabels[name] != value {
			set[name] = value
		}
	}
	ok = true
	rule.Labels().Range(func(l labels.Label) {
		if !strings.Contains(l.Value, "{{") && alert[l.Name] != l.Value {
			ok = false
		}
	})
	return labels.FromMap(set), ok
}
