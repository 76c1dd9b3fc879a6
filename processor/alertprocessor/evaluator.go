// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

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
	logger    *slog.Logger
	// settle waits until the samples that came before are in the storage.
	settle func(context.Context) error
	// done is called after each evaluation, never twice at once.
	done func(at time.Time, result evaluation)
	// emit is called with the series that rules wrote, at any time.
	emit func(series []seriesSample)

	mu     sync.Mutex // guards groups, and calls of done
	groups map[string]*groupState

	reading sync.RWMutex // held for reading by queries that are not of rules
	closed  bool
}

var errClosed = errors.New("the storage is closed")

// newEvaluator loads the rules that the configuration names. They end with
// ctx. The storage is persistent if it may hold the state of rules from before.
func newEvaluator(ctx context.Context, cfg *Config, store storage.Storage, persistent bool, logger *slog.Logger, telemetry *metadata.TelemetryBuilder) (*evaluator, error) {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	e := &evaluator{
		cfg:       cfg,
		logger:    logger,
		store:     store,
		telemetry: telemetry,
		groups:    map[string]*groupState{},
		settle:    func(context.Context) error { return nil },
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
		ExternalURL: cfg.externalURL(),
		QueryFunc:   rules.EngineQueryFunc(e.engine, store),
		Queryable:   store,
		Appendable:  &ruleStorage{Appendable: store, rest: func(series []seriesSample) { e.emit(series) }},
		GroupLoader: ruleLoader{inline: cfg.Rules},
		// It would say at each evaluation what is said here once.
		Logger: slog.New(slog.DiscardHandler),
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
	if _, errs := e.manager.LoadGroups(e.cfg.EvaluationInterval, external, e.cfg.ExternalURL, nil, false, files...); len(errs) > 0 {
		return errors.Join(errs...)
	}
	return e.update(files)
}

func (e *evaluator) update(files []string) error {
	return e.manager.Update(e.cfg.EvaluationInterval, files, labels.FromMap(e.cfg.ExternalLabels), e.cfg.ExternalURL, e.evaluate)
}

// start begins to evaluate what has been loaded.
func (e *evaluator) start() { go e.manager.Run() }

// inherit takes over the state of the same rules from an evaluator that has
// been stopped, before the start.
func (e *evaluator) inherit(from *evaluator) {
	groups := map[string]*rules.Group{}
	for _, group := range from.manager.RuleGroups() {
		groups[rules.GroupKey(group.File(), group.Name())] = group
	}
	e.groups = from.groups
	for _, group := range e.manager.RuleGroups() {
		if last, ok := groups[rules.GroupKey(group.File(), group.Name())]; ok {
			group.CopyState(last)
		}
	}
}

// query evaluates an expression as rules are evaluated, for whom the storage
// may be closed at any time.
func (e *evaluator) query(ctx context.Context, expr string, at time.Time) (promql.Vector, error) {
	e.reading.RLock()
	defer e.reading.RUnlock()
	if e.closed {
		return nil, errClosed
	}
	if err := e.settle(ctx); err != nil {
		return nil, err
	}
	return rules.EngineQueryFunc(e.engine, e.store)(ctx, expr, at)
}

// close waits for queries, which end with the context that newEvaluator was
// given, and lets none begin.
func (e *evaluator) close() {
	e.reading.Lock()
	defer e.reading.Unlock()
	e.closed = true
}

// stop waits for the evaluations to end, which the end of the context that
// newEvaluator was given makes them do soon.
func (e *evaluator) stop() { e.manager.Stop() }

// hasAlerts says whether any rule can raise an alert.
func (e *evaluator) hasAlerts() bool {
	return slices.ContainsFunc(e.manager.RuleGroups(), (*rules.Group).HasAlertingRules)
}

// evaluate evaluates the rules of a group as of a time.
func (e *evaluator) evaluate(ctx context.Context, group *rules.Group, at time.Time) {
	if e.settle(ctx) != nil {
		return // the rules end, or their storage does
	}
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

	e.emit(written)
	key := rules.GroupKey(group.File(), group.Name())
	e.mu.Lock()
	defer e.mu.Unlock()
	before := e.groups[key]
	if before != nil {
		if missed := int64(at.Sub(before.at)/group.Interval()) - 1; missed > 0 {
			e.telemetry.ProcessorAlertEvaluationsMissed.Add(ctx, missed, attributes)
		}
	}
	e.groups[key] = e.stateOf(ctx, group, at, before, written)
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
