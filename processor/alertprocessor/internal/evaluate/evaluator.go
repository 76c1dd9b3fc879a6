// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package evaluate

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/rulecheck"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/metadata"
)

// The figures of Prometheus' command line defaults.
const (
	maxQuerySamples = 50_000_000
	queryTimeout    = 2 * time.Minute
	// outageTolerance is the longest absence over which the clocks of rules are kept.
	outageTolerance = time.Hour
)

// Evaluator has Prometheus' rule manager evaluate the rule groups, each in a
// goroutine of its own, and gathers what they raise.
type Evaluator struct {
	Options
	Manager        *rules.Manager
	managerOptions *rules.ManagerOptions
	engine         *promql.Engine
	started        time.Time

	// loading is held for writing while rules are loaded, so that those who read
	// groups find them complete. Evaluations do not take it.
	loading  sync.RWMutex
	adoption atomic.Pointer[adoption]

	observing sync.Mutex // guards what follows, and calls of OnEvaluation
	index     ruleIndex

	// mu is not held while alerts are decided on, so that those who read groups do not wait for it.
	// Who changes groups holds observing, too.
	mu     sync.Mutex
	groups states

	reading sync.RWMutex // held for reading by queries that are not of rules
	closed  bool
}

// ErrClosed is the error of queries after Close.
var ErrClosed = errors.New("the storage is closed")

// Options are what an evaluator works on, and whom it notifies.
type Options struct {
	Rules      RuleSet
	Store      storage.Storage
	Persistent bool // the store may hold the state of rules from before a restart
	// WaitForData returns when the samples that were ingested before are in the
	// store; nil when they are at once.
	WaitForData func(context.Context) error
	// OnEvaluation is called after each evaluation, never concurrently; or nil.
	OnEvaluation func(at time.Time, result Result)
	// OnSeries is called with the series that rules wrote, at any time; or nil.
	OnSeries func(series []Sample)
	// Awaited are the alerts of some names from before a restart that have not been found to
	// fire, by fingerprint; or nil.
	Awaited   func(isOf func(name string) bool) map[string]Awaited
	Logger    *slog.Logger // or nil
	Telemetry *metadata.TelemetryBuilder
}

// Awaited is an alert from before a restart.
type Awaited struct {
	alertevent.Alert
	// KeepFiringSince is since when a rule with keep_firing_for has not yielded it; zero
	// when it has, or its rule has none.
	KeepFiringSince time.Time
}

// RuleSet is what the configuration specifies about rules.
type RuleSet struct {
	Files          []string       // paths or patterns
	Inline         []rulefmt.Rule // evaluated as one group
	Interval       time.Duration  // of groups that set none
	ExternalLabels map[string]string
	ExternalURL    string // "" is none
}

// url is the parsed externalURL; nil for none.
func (s RuleSet) url() *url.URL {
	parsed, err := url.Parse(s.ExternalURL)
	if err != nil || s.ExternalURL == "" {
		return nil
	}
	return parsed
}

// New makes an evaluator without rules: load adds them. The rules stop
// with ctx.
func New(ctx context.Context, options Options) (*Evaluator, error) {
	e := &Evaluator{Options: options, groups: newStates(), started: time.Now()}
	if e.Logger == nil {
		e.Logger = slog.New(slog.DiscardHandler)
	}
	if e.WaitForData == nil {
		e.WaitForData = func(context.Context) error { return nil }
	}
	if e.OnEvaluation == nil {
		e.OnEvaluation = func(time.Time, Result) {}
	}
	if e.Awaited == nil {
		e.Awaited = func(func(string) bool) map[string]Awaited { return nil }
	}
	if e.OnSeries == nil {
		e.OnSeries = func([]Sample) {}
	}
	e.engine = promql.NewEngine(promql.EngineOpts{
		Logger:                   e.Logger,
		MaxSamples:               maxQuerySamples,
		Timeout:                  queryTimeout,
		EnableAtModifier:         true,
		EnableNegativeOffset:     true,
		NoStepSubqueryIntervalFn: func(int64) int64 { return e.Rules.Interval.Milliseconds() },
	})
	e.managerOptions = &rules.ManagerOptions{
		Context:     ctx,
		ExternalURL: e.Rules.url(),
		QueryFunc:   rules.EngineQueryFunc(e.engine, e.Store),
		Queryable:   e.Store,
		Appendable:  &ruleStorage{Appendable: e.Store, onOther: e.OnSeries},
		GroupLoader: ruleLoader{inline: e.Rules.Inline},
		// It would log at each evaluation what is logged here once.
		Logger: slog.New(slog.DiscardHandler),
		// What fires is read from the rules after each evaluation.
		NotifyFunc:      func(context.Context, string, ...*rules.Alert) {},
		OutageTolerance: outageTolerance,
	}
	e.Manager = rules.NewManager(e.managerOptions)
	if !e.Persistent {
		// The manager looks for the state of rules at its first update. With
		// nothing to be found, the rules need not wait for it.
		if err := e.update(nil); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// Load reads the rule files and the rules of the configuration. Its error names
// everything that is wrong with them; then the previous groups stay active.
func (e *Evaluator) Load(ctx context.Context) error {
	files, err := rulecheck.ExpandFiles(e.Rules.Files)
	if err != nil {
		return err
	}
	if len(e.Rules.Inline) > 0 {
		files = append(files, InlineRules)
	}
	external := labels.FromMap(e.Rules.ExternalLabels)
	_, errs := e.Manager.LoadGroups(e.Rules.Interval, external, e.Rules.ExternalURL, nil, false, files...)
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	e.loading.Lock()
	defer e.loading.Unlock()
	before := e.Manager.RuleGroups()
	a := newAdoption(before)
	e.adoption.Store(a)
	defer close(a.done)
	if err := e.update(files); err != nil {
		return err
	}
	e.indexRules()
	e.adopt(before)
	if e.Persistent && len(before) == 0 {
		e.resume(ctx, e.Awaited(func(string) bool { return true }))
	}
	return nil
}

// RuleGroups are the groups in the order of their evaluation.
func (e *Evaluator) RuleGroups() []*rules.Group {
	e.loading.RLock()
	defer e.loading.RUnlock()
	return e.Manager.RuleGroups()
}

func (e *Evaluator) update(files []string) error {
	return e.Manager.Update(e.Rules.Interval, files, labels.FromMap(e.Rules.ExternalLabels), e.Rules.ExternalURL, e.Evaluate)
}

// Start begins to evaluate what has been loaded.
func (e *Evaluator) Start() { go e.Manager.Run() }

// CopyState copies the state of the same rules from an evaluator that has
// been stopped, before the start.
func (e *Evaluator) CopyState(from *Evaluator) {
	groups := map[string]*rules.Group{}
	for _, group := range from.Manager.RuleGroups() {
		groups[groupKey(group)] = group
	}
	e.mu.Lock()
	for key, state := range from.groups.byGroup {
		e.groups.replace(key, state)
	}
	e.mu.Unlock()
	for _, group := range e.Manager.RuleGroups() {
		if last, ok := groups[groupKey(group)]; ok {
			group.CopyState(last)
		}
	}
}

// SetBack takes the times of alerts by a clock that was ahead: what is later than now was that much
// earlier. It is for the time before the start.
func (e *Evaluator) SetBack(now time.Time, by time.Duration) {
	correct := func(times ...*time.Time) {
		for _, t := range times {
			if t.After(now) {
				*t = t.Add(-by)
			}
		}
	}
	for _, rule := range e.Manager.AlertingRules() {
		rule.ForEachActiveAlert(func(a *rules.Alert) {
			correct(&a.ActiveAt, &a.FiredAt, &a.ResolvedAt, &a.LastSentAt, &a.ValidUntil, &a.KeepFiringSince)
		})
	}
	e.observing.Lock()
	defer e.observing.Unlock()
	for _, state := range e.groups.byGroup {
		correct(&state.at)
	}
}

// AlertingRules are those of all groups.
func (e *Evaluator) AlertingRules() []*rules.AlertingRule {
	e.loading.RLock()
	defer e.loading.RUnlock()
	return e.Manager.AlertingRules()
}

// Query evaluates an expression as rules are evaluated, for whom the storage
// may be closed at any time.
func (e *Evaluator) Query(ctx context.Context, expr string, at time.Time) (promql.Vector, error) {
	e.reading.RLock()
	defer e.reading.RUnlock()
	if e.closed {
		return nil, ErrClosed
	}
	if err := e.WaitForData(ctx); err != nil {
		return nil, err
	}
	return rules.EngineQueryFunc(e.engine, e.Store)(ctx, expr, at)
}

// Close waits for queries, which end with the context that newEvaluator was
// given, and lets none begin.
func (e *Evaluator) Close() {
	e.reading.Lock()
	defer e.reading.Unlock()
	e.closed = true
}

// Stop waits for the evaluations to end, which the end of the context that
// newEvaluator was given makes them do soon.
func (e *Evaluator) Stop() { e.Manager.Stop() }

// HasAlertingRules reports whether any rule can raise an alert.
func (e *Evaluator) HasAlertingRules() bool {
	return slices.ContainsFunc(e.Manager.RuleGroups(), (*rules.Group).HasAlertingRules)
}

// Evaluate evaluates the rules of a group as of a time.
func (e *Evaluator) Evaluate(ctx context.Context, group *rules.Group, at time.Time) {
	key := groupKey(group)
	e.adoption.Load().wait(ctx, group)
	if e.WaitForData(ctx) != nil {
		return // the rules stop, or their storage does
	}
	start := time.Now()
	var written []Sample
	rules.DefaultEvalIterationFunc(collectSeries(ctx, &written), group, at)
	if ctx.Err() != nil {
		return // rules that were interrupted keep the state they had
	}
	attributes := metric.WithAttributeSet(attribute.NewSet(attribute.String("rule_group", group.Name())))
	e.Telemetry.ProcessorAlertEvaluations.Add(ctx, 1, attributes)
	e.Telemetry.ProcessorAlertEvaluationDuration.Record(ctx, time.Since(start).Seconds(), attributes)
	for _, rule := range group.Rules() {
		if rule.LastError() != nil {
			e.Telemetry.ProcessorAlertEvaluationFailures.Add(ctx, 1, attributes)
		}
	}

	e.OnSeries(written)
	var resolved map[string]bool
	awaited := e.awaitedBy(group)
	if len(awaited) > 0 {
		resolved = e.findResolved(ctx, group, at, awaited)
	}
	e.observing.Lock()
	defer e.observing.Unlock()
	before := e.groups.byGroup[key]
	if before != nil {
		if missed := int64(at.Sub(before.at)/group.Interval()) - 1; missed > 0 {
			e.Telemetry.ProcessorAlertEvaluationsMissed.Add(ctx, missed, attributes)
		}
	}
	state := e.stateOf(ctx, group, at, before, written)
	state.resolved = resolved
	e.OnEvaluation(at, e.replace(key, state, awaited))
}

// Prune drops what groups reported that no longer exist, which resolves their alerts. It also resolves
// awaited alerts whose rules no longer exist.
func (e *Evaluator) Prune() {
	there := map[string]bool{}
	for _, group := range e.Manager.RuleGroups() {
		there[groupKey(group)] = true
	}
	e.observing.Lock()
	defer e.observing.Unlock()
	for _, key := range slices.Collect(maps.Keys(e.groups.byGroup)) {
		if !there[key] {
			e.OnEvaluation(time.Now(), e.replace(key, nil, nil))
		}
	}
	if awaited := e.Awaited(e.index.mayBeGone); len(awaited) > 0 {
		e.OnEvaluation(time.Now(), e.replace("", nil, awaited))
	}
}
