// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ruletest

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
)

// Result is the result of a file of tests.
type Result struct {
	Tests    int      // in the file
	Warnings []string // patterns that match no rule file
	// Failures are all expectations that were not met, and the errors that prevented a
	// test from running. Without failures the tests pass.
	Failures []error
}

// Run runs all tests of a file.
func Run(ctx context.Context, path string) Result {
	f, warnings, err := readFile(path)
	result := Result{Warnings: warnings}
	if err != nil {
		result.Failures = []error{err}
		return result
	}
	order, err := evaluationOrder(f.GroupEvalOrder)
	if err != nil {
		result.Failures = []error{err}
		return result
	}
	result.Tests = len(f.Tests)
	for i := range f.Tests {
		for _, err := range runTest(ctx, f, &f.Tests[i], order) {
			result.Failures = append(result.Failures, fmt.Errorf("%s: %w", f.Tests[i].title(i), err))
		}
	}
	return result
}

func (t *test) title(index int) string {
	if t.Name == "" {
		return fmt.Sprintf("test %d", index+1)
	}
	return fmt.Sprintf("test %d, %q", index+1, t.Name)
}

// evaluationOrder is the place of each group, by name.
func evaluationOrder(names []string) (map[string]int, error) {
	order := map[string]int{}
	for i, name := range names {
		if _, ok := order[name]; ok {
			return nil, fmt.Errorf("group_eval_order: group %q is repeated", name)
		}
		order[name] = i
	}
	return order, nil
}

// testRun is a running test: the rules, and the series up to the current time.
type testRun struct {
	*promqltest.LazyLoader
	start  time.Time
	groups []*rules.Group
	fuzzy  bool
}

func runTest(ctx context.Context, f *file, t *test, order map[string]int) (failures []error) {
	for _, a := range t.AlertRuleTests {
		if a.Alertname == "" {
			return []error{fmt.Errorf("alert_rule_test at %v: alertname must be set", a.EvalTime)}
		}
	}
	series, err := promqltest.NewLazyLoader(t.load(), promqltest.LazyLoaderOpts{
		EnableAtModifier:     true,
		EnableNegativeOffset: true,
		StartTime:            t.StartTimestamp.Time,
	})
	if err != nil {
		return []error{fmt.Errorf("input_series: %w", err)}
	}
	defer func() {
		if err := series.Close(); err != nil {
			failures = append(failures, err)
		}
	}()
	series.SubqueryInterval = time.Duration(f.EvaluationInterval)
	s := &testRun{LazyLoader: series, start: t.start(), fuzzy: f.FuzzyCompare}
	if errs := s.loadRules(t, f.RuleFiles, order); len(errs) > 0 {
		return errs
	}
	failures, ok := s.evaluate(ctx, t, time.Duration(f.EvaluationInterval))
	if !ok {
		return failures
	}
	for _, p := range t.PromQLTests {
		if err := s.checkExpr(ctx, p); err != nil {
			failures = append(failures, fmt.Errorf("expr %q at %v: %w", p.Expr, p.EvalTime, err))
		}
	}
	return failures
}

// load is a load command in promqltest's notation.
func (t *test) load() string {
	var out strings.Builder
	fmt.Fprintf(&out, "load %dms\n", time.Duration(t.Interval).Milliseconds())
	for _, s := range t.InputSeries {
		fmt.Fprintf(&out, "  %s %s\n", s.Series, s.Values)
	}
	return out.String()
}

func (s *testRun) loadRules(t *test, files []string, order map[string]int) []error {
	manager := rules.NewManager(&rules.ManagerOptions{
		QueryFunc:  rules.EngineQueryFunc(s.QueryEngine(), s.Storage()),
		Queryable:  s.Storage(),
		Appendable: s.Storage(),
		Context:    s.Context(),
		NotifyFunc: func(context.Context, string, ...*rules.Alert) {},
		Logger:     slog.New(slog.DiscardHandler),
	})
	groups, errs := manager.LoadGroups(time.Duration(t.Interval), t.ExternalLabels, t.ExternalURL, nil, false, files...)
	if len(errs) > 0 {
		return errs
	}
	// Groups without a place in the order come with the first one, as in
	// promtool; there in any order, here in that of their files and names.
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		s.groups = append(s.groups, groups[key])
	}
	slices.SortStableFunc(s.groups, func(a, b *rules.Group) int { return cmp.Compare(order[a.Name()], order[b.Name()]) })
	for _, rule := range s.alertingRules("") {
		rule.SetRestored(true) // otherwise it would not write its series
	}
	return nil
}

// alertingRules are those of a name, or all if that is empty.
func (s *testRun) alertingRules(name string) []*rules.AlertingRule {
	var found []*rules.AlertingRule
	for _, group := range s.groups {
		for _, rule := range group.AlertingRules() {
			if name == "" || rule.Name() == name {
				found = append(found, rule)
			}
		}
	}
	return found
}

// evaluate advances the time to the last expectation, and checks the expected alerts on
// the way. It reports whether all rules could be evaluated.
func (s *testRun) evaluate(ctx context.Context, t *test, interval time.Duration) (failures []error, ok bool) {
	pending := slices.Clone(t.AlertRuleTests)
	slices.SortStableFunc(pending, func(a, b alertTest) int { return cmp.Compare(a.EvalTime, b.EvalTime) })
	end := s.start.Add(t.length())
	for now := s.start; !now.After(end); now = now.Add(interval) {
		if ctx.Err() != nil {
			return append(failures, ctx.Err()), false
		}
		passed := model.Duration(now.Sub(s.start))
		failed, loaded := s.step(ctx, now)
		if loaded != nil {
			failures = append(failures, fmt.Errorf("input_series at %v: %w", passed, loaded))
		}
		if len(failed) > 0 {
			for _, err := range failed {
				failures = append(failures, fmt.Errorf("evaluation at %v: %w", passed, err))
			}
			return failures, false
		}
		// What is expected between two evaluations is what the first one reported.
		next := now.Add(interval).Sub(s.start)
		for len(pending) > 0 && time.Duration(pending[0].EvalTime) < next {
			if err := s.checkAlerts(pending[0]); err != nil {
				failures = append(failures, fmt.Errorf("alert %q at %v: %w", pending[0].Alertname, pending[0].EvalTime, err))
			}
			pending = pending[1:]
		}
	}
	return failures, true
}

// length is the time of the last expectation.
func (t *test) length() time.Duration {
	var last model.Duration
	for _, a := range t.AlertRuleTests {
		last = max(last, a.EvalTime)
	}
	for _, p := range t.PromQLTests {
		last = max(last, p.EvalTime)
	}
	return time.Duration(last)
}

// step loads the samples up to a time and evaluates all groups then.
func (s *testRun) step(ctx context.Context, at time.Time) (failed []error, loaded error) {
	s.WithSamplesTill(at, func(err error) {
		if err != nil {
			loaded = err
			return
		}
		for _, group := range s.groups {
			group.Eval(ctx, at)
			for _, rule := range group.Rules() {
				if err := rule.LastError(); err != nil {
					failed = append(failed, fmt.Errorf("group %q, rule %q: %w", group.Name(), rule.Name(), err))
				}
			}
		}
	})
	return failed, loaded
}
