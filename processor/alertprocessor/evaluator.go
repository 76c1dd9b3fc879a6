// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/metadata"
)

// The figures of Prometheus' command line defaults.
const (
	maxQuerySamples = 50_000_000
	queryTimeout    = 2 * time.Minute
	// outageTolerance is the longest absence over which the clocks of rules are kept.
	outageTolerance = time.Hour
)

// evaluator evaluates rule groups, each when it is due, one after the other.
type evaluator struct {
	groups     []*ruleGroup
	series     *ruleStorage
	external   map[string]string
	persistent bool // the storage may hold the state of rules from before
	telemetry  *metadata.TelemetryBuilder
	// done is called after each evaluation.
	done func(at time.Time, result evaluation)
}

// evaluation is how things stand after the evaluation of a group.
type evaluation struct {
	firing  map[string]alertevent.Alert // by fingerprint; of all groups
	pending int                         // alerts of all groups that do not fire yet
	series  []seriesSample              // what the rules of the group wrote
}

type ruleGroup struct {
	*rules.Group
	due         time.Time
	evaluations int
	attributes  metric.MeasurementOption
}

// newEvaluator loads the rules that the configuration names. They end with ctx.
func newEvaluator(ctx context.Context, cfg *Config, store storage.Storage, persistent bool, logger *slog.Logger, telemetry *metadata.TelemetryBuilder) (*evaluator, error) {
	e := &evaluator{
		series:     &ruleStorage{Appendable: store},
		external:   cfg.ExternalLabels,
		persistent: persistent,
		telemetry:  telemetry,
	}
	engine := promql.NewEngine(promql.EngineOpts{
		Logger:                   logger,
		MaxSamples:               maxQuerySamples,
		Timeout:                  queryTimeout,
		EnableAtModifier:         true,
		EnableNegativeOffset:     true,
		NoStepSubqueryIntervalFn: func(int64) int64 { return cfg.EvaluationInterval.Milliseconds() },
	})
	manager := rules.NewManager(&rules.ManagerOptions{
		Context:     ctx,
		QueryFunc:   rules.EngineQueryFunc(engine, store),
		Queryable:   store,
		Appendable:  e.series,
		GroupLoader: ruleLoader{inline: cfg.Rules},
		Logger:      logger,
		// What fires is read from the rules after each evaluation.
		NotifyFunc:      func(context.Context, string, ...*rules.Alert) {},
		OutageTolerance: outageTolerance,
	})
	files, err := expandRuleFiles(cfg.RuleFiles)
	if err != nil {
		return nil, err
	}
	if len(cfg.Rules) > 0 {
		files = append(files, inlineRules)
	}
	for _, file := range files { // one at a time, because the groups come as a map
		if err := e.load(manager, cfg, file); err != nil {
			return nil, err
		}
	}
	return e, nil
}

func (e *evaluator) load(manager *rules.Manager, cfg *Config, file string) error {
	groups, errs := manager.LoadGroups(cfg.EvaluationInterval, labels.FromMap(cfg.ExternalLabels), "", nil, false, file)
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		group := groups[key]
		if !e.persistent {
			markRestored(group)
		}
		e.groups = append(e.groups, &ruleGroup{
			Group:      group,
			attributes: metric.WithAttributeSet(attribute.NewSet(attribute.String("rule_group", group.Name()))),
		})
	}
	return nil
}

// markRestored lets the alerting rules write their series from the first
// evaluation on: there is nothing to restore.
func markRestored(group *rules.Group) {
	for _, rule := range group.Rules() {
		if alerting, ok := rule.(*rules.AlertingRule); ok {
			alerting.SetRestored(true)
		}
	}
}

// hasAlerts says whether any rule can raise an alert.
func (e *evaluator) hasAlerts() bool {
	for _, group := range e.groups {
		if group.HasAlertingRules() {
			return true
		}
	}
	return false
}

// run evaluates until ctx is done.
func (e *evaluator) run(ctx context.Context) {
	if len(e.groups) == 0 {
		return
	}
	now := time.Now()
	for _, group := range e.groups {
		group.due = group.after(now)
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		next := e.next()
		timer.Reset(time.Until(next.due))
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		e.evaluate(ctx, next, next.due)
		e.schedule(ctx, next)
	}
}

// next is the group that is due first.
func (e *evaluator) next() *ruleGroup {
	first := e.groups[0]
	for _, group := range e.groups[1:] {
		if group.due.Before(first.due) {
			first = group
		}
	}
	return first
}

// after is the first of a group's times of evaluation after a time. They are
// an interval apart, and groups are spread over the interval.
func (g *ruleGroup) after(t time.Time) time.Time {
	return g.EvalTimestamp(t.UnixNano()).Add(g.Interval())
}

// schedule sets when a group is due again. Times that have passed meanwhile
// are left out, but for the latest.
func (e *evaluator) schedule(ctx context.Context, group *ruleGroup) {
	group.due = group.due.Add(group.Interval())
	if missed := int64(time.Since(group.due) / group.Interval()); missed > 0 {
		group.due = group.due.Add(time.Duration(missed) * group.Interval())
		e.telemetry.ProcessorAlertEvaluationsMissed.Add(ctx, missed, group.attributes)
	}
}

// evaluate evaluates the rules of a group as of a time.
func (e *evaluator) evaluate(ctx context.Context, group *ruleGroup, at time.Time) {
	start := time.Now()
	group.Eval(ctx, at)
	if ctx.Err() != nil {
		return // rules that were interrupted keep the state they had
	}
	group.evaluations++
	if e.persistent && group.evaluations == 2 {
		// The second evaluation, as in Prometheus: by now there were samples,
		// and rules that build on recorded series have seen them.
		group.RestoreForState(at)
	}
	e.telemetry.ProcessorAlertEvaluations.Add(ctx, 1, group.attributes)
	e.telemetry.ProcessorAlertEvaluationDuration.Record(ctx, time.Since(start).Seconds(), group.attributes)
	for _, rule := range group.Rules() {
		if rule.LastError() != nil {
			e.telemetry.ProcessorAlertEvaluationFailures.Add(ctx, 1, group.attributes)
		}
	}
	result := e.alerts()
	result.series = e.series.take()
	e.done(at, result)
}

// alerts looks at all groups, because two rules may raise an alert with the
// same labels, which then fires as long as one of them says so.
func (e *evaluator) alerts() evaluation {
	result := evaluation{firing: map[string]alertevent.Alert{}}
	for _, group := range e.groups {
		for _, rule := range group.Rules() {
			alerting, ok := rule.(*rules.AlertingRule)
			if !ok {
				continue
			}
			for _, active := range alerting.ActiveAlerts() {
				if active.State != rules.StateFiring {
					result.pending++
					continue
				}
				alert := newAlert(active, e.external)
				if _, taken := result.firing[alert.Fingerprint()]; !taken {
					result.firing[alert.Fingerprint()] = alert
				}
			}
		}
	}
	return result
}

func newAlert(a *rules.Alert, external map[string]string) alertevent.Alert {
	return alertevent.Alert{
		Labels:      withDefaults(a.Labels.Map(), external),
		Annotations: a.Annotations.Map(),
		State:       alertevent.Firing,
		StartsAt:    a.FiredAt,
		Value:       &a.Value,
	}
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
