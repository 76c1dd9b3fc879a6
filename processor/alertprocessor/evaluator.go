// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/common/model"
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

// evaluator has Prometheus' rule manager evaluate the rule groups, each in a
// goroutine of its own, and gathers what they raise.
type evaluator struct {
	cfg       *Config
	manager   *rules.Manager
	engine    *promql.Engine
	store     storage.Storage
	telemetry *metadata.TelemetryBuilder
	// done is called after each evaluation, never twice at once.
	done func(at time.Time, result evaluation)
	// emit is called with the series that rules wrote, at any time.
	emit func(series []seriesSample)

	mu     sync.Mutex // guards groups, and calls of done
	groups map[string]*groupState
}

// evaluation is how things stand after the evaluation of a group.
type evaluation struct {
	firing  map[string]alertevent.Alert // by fingerprint; of all groups
	pending map[string]bool             // fingerprints of alerts that do not fire yet; of all groups
}

// groupState is what a group has said last.
type groupState struct {
	at      time.Time
	firing  []alertevent.Alert
	pending []string           // fingerprints
	values  map[string]float64 // the largest that each recording rule wrote, by its name
}

// newEvaluator loads the rules that the configuration names. They end with
// ctx. The storage is persistent if it may hold the state of rules from before.
func newEvaluator(ctx context.Context, cfg *Config, store storage.Storage, persistent bool, logger *slog.Logger, telemetry *metadata.TelemetryBuilder) (*evaluator, error) {
	e := &evaluator{
		cfg:       cfg,
		store:     store,
		telemetry: telemetry,
		groups:    map[string]*groupState{},
		done:      func(time.Time, evaluation) {},
		emit:      func([]seriesSample) {},
		engine: promql.NewEngine(promql.EngineOpts{
			Logger:                   logger,
			MaxSamples:               maxQuerySamples,
			Timeout:                  queryTimeout,
			EnableAtModifier:         true,
			EnableNegativeOffset:     true,
			NoStepSubqueryIntervalFn: func(int64) int64 { return cfg.EvaluationInterval.Milliseconds() },
		}),
	}
	e.manager = rules.NewManager(&rules.ManagerOptions{
		Context:     ctx,
		QueryFunc:   rules.EngineQueryFunc(e.engine, store),
		Queryable:   store,
		Appendable:  &ruleStorage{Appendable: store, rest: func(series []seriesSample) { e.emit(series) }},
		GroupLoader: ruleLoader{inline: cfg.Rules},
		Logger:      logger,
		// What fires is read from the rules after each evaluation.
		NotifyFunc:      func(context.Context, string, ...*rules.Alert) {},
		OutageTolerance: outageTolerance,
	})
	if !persistent {
		// The manager looks for the state of rules at its first update. With
		// nothing to be found, the rules need not wait for it.
		if err := e.update(nil); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// load reads the rule files and the rules of the configuration. It says
// everything that is wrong with them; then the groups are those from before.
func (e *evaluator) load() error {
	files, err := expandRuleFiles(e.cfg.RuleFiles)
	if err != nil {
		return err
	}
	if len(e.cfg.Rules) > 0 {
		files = append(files, inlineRules)
	}
	external := labels.FromMap(e.cfg.ExternalLabels)
	if _, errs := e.manager.LoadGroups(e.cfg.EvaluationInterval, external, "", nil, false, files...); len(errs) > 0 {
		return errors.Join(errs...)
	}
	return e.update(files)
}

func (e *evaluator) update(files []string) error {
	return e.manager.Update(e.cfg.EvaluationInterval, files, labels.FromMap(e.cfg.ExternalLabels), "", e.evaluate)
}

// start begins to evaluate what has been loaded.
func (e *evaluator) start() { go e.manager.Run() }

// stop waits for the evaluations to end, which the end of the context that
// newEvaluator was given makes them do soon.
func (e *evaluator) stop() { e.manager.Stop() }

// hasAlerts says whether any rule can raise an alert.
func (e *evaluator) hasAlerts() bool {
	return slices.ContainsFunc(e.manager.RuleGroups(), (*rules.Group).HasAlertingRules)
}

// evaluate evaluates the rules of a group as of a time.
func (e *evaluator) evaluate(ctx context.Context, group *rules.Group, at time.Time) {
	start := time.Now()
	var written []seriesSample
	rules.DefaultEvalIterationFunc(collectSeries(ctx, &written), group, at)
	if ctx.Err() != nil {
		return // rules that were interrupted keep the state they had
	}
	attributes := metric.WithAttributeSet(attribute.NewSet(attribute.String("rule_group", group.Name())))
	e.telemetry.ProcessorAlertEvaluations.Add(ctx, 1, attributes)
	e.telemetry.ProcessorAlertEvaluationDuration.Record(ctx, time.Since(start).Seconds(), attributes)
	for _, rule := range group.Rules() {
		if rule.LastError() != nil {
			e.telemetry.ProcessorAlertEvaluationFailures.Add(ctx, 1, attributes)
		}
	}

	if len(written) > 0 {
		e.emit(written)
	}
	state := newGroupState(group, at, e.cfg.ExternalLabels, written)
	key := rules.GroupKey(group.File(), group.Name())
	e.mu.Lock()
	defer e.mu.Unlock()
	if before, ok := e.groups[key]; ok {
		if missed := int64(at.Sub(before.at)/group.Interval()) - 1; missed > 0 {
			e.telemetry.ProcessorAlertEvaluationsMissed.Add(ctx, missed, attributes)
		}
	}
	e.groups[key] = state
	e.done(at, e.alerts())
}

// forget drops what was said by groups that are no longer there, which ends
// their alerts.
func (e *evaluator) forget() {
	there := map[string]bool{}
	for _, group := range e.manager.RuleGroups() {
		there[rules.GroupKey(group.File(), group.Name())] = true
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for key := range e.groups {
		if !there[key] {
			delete(e.groups, key)
		}
	}
	e.done(time.Now(), e.alerts())
}

func newGroupState(group *rules.Group, at time.Time, external map[string]string, written []seriesSample) *groupState {
	s := &groupState{at: at, values: map[string]float64{}}
	for _, rule := range group.AlertingRules() {
		for _, active := range rule.ActiveAlerts() {
			if alert := newAlert(active, external); active.State == rules.StateFiring {
				s.firing = append(s.firing, alert)
			} else {
				s.pending = append(s.pending, alert.Fingerprint())
			}
		}
	}
	for _, sample := range written {
		name := sample.series.Get(model.MetricNameLabel)
		if value, ok := s.values[name]; !math.IsNaN(sample.value) && (!ok || sample.value > value) {
			s.values[name] = sample.value
		}
	}
	return s
}

// alerts looks at all groups, because two rules may raise an alert with the
// same labels, which then fires as long as one of them says so.
func (e *evaluator) alerts() evaluation {
	result := evaluation{firing: map[string]alertevent.Alert{}, pending: map[string]bool{}}
	for _, group := range e.groups {
		for _, fingerprint := range group.pending {
			result.pending[fingerprint] = true
		}
		for _, alert := range group.firing {
			fingerprint := alert.Fingerprint()
			if first, taken := result.firing[fingerprint]; !taken || alert.StartsAt.Before(first.StartsAt) {
				result.firing[fingerprint] = alert
			}
		}
	}
	return result
}

func newAlert(a *rules.Alert, external map[string]string) alertevent.Alert {
	alert := alertevent.Alert{
		Labels:      withDefaults(a.Labels.Map(), external),
		Annotations: a.Annotations.Map(),
		State:       alertevent.Firing,
		StartsAt:    a.FiredAt,
		Value:       &a.Value,
	}
	if a.State == rules.StatePending {
		alert.StartsAt = a.ActiveAt
	}
	return alert
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
