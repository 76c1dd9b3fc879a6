// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package evaluate

import (
	"context"
	"maps"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
)

// findResolved returns which alerts from before a restart are known not to fire,
// by the rules of a group: the data of their rule has been reported again, with
// series of their labels, and the rule does not raise them. Without data, nothing is
// known.
func (e *Evaluator) findResolved(ctx context.Context, group *rules.Group, at time.Time, awaited map[string]Awaited) map[string]bool {
	resolved := map[string]bool{}
	byName, failing := map[string][]string{}, map[string][]string{} // fingerprints; of failing rules by the rule
	for fingerprint, alert := range awaited {
		if name := alert.Name(); name != FailingRuleName {
			byName[name] = append(byName[name], fingerprint)
		} else if alert.Labels["rule_group"] == group.Name() {
			failing[alert.Labels["rule"]] = append(failing[alert.Labels["rule"]], fingerprint)
		}
	}
	for _, rule := range group.Rules() {
		if rule.LastError() != nil {
			continue
		}
		for _, fingerprint := range failing[rule.Name()] {
			resolved[fingerprint] = true
		}
		alerting, ok := rule.(*rules.AlertingRule)
		if !ok || len(byName[rule.Name()]) == 0 {
			continue
		}
		isCovered := e.coverageOf(ctx, alerting, at)
		for _, fingerprint := range byName[rule.Name()] {
			if isCovered(awaited[fingerprint].Labels) {
				resolved[fingerprint] = true
			}
		}
	}
	return resolved
}

// coverage reports whether an expression has data for an alert with such labels.
type coverage func(alert map[string]string) bool

func covers(yes bool) coverage { return func(map[string]string) bool { return yes } }

// coverageOf reports for which alerts of a rule there are series that have been
// reported since the start.
func (e *Evaluator) coverageOf(ctx context.Context, rule *rules.AlertingRule, at time.Time) coverage {
	x := newCoverageQuery(func(expr string) (promql.Vector, error) { return e.Query(ctx, expr, at) }, rule.Labels())
	has, fresh := x.of(rule.Query()), x.freshSince(rule.Query(), e.started)
	if x.err != nil {
		return covers(false)
	}
	return func(alert map[string]string) bool { return has(alert) && fresh(alert) }
}

type coverageQuery struct {
	query func(expr string) (promql.Vector, error)
	own   labels.Labels // of the rule: the series do not have them
	err   error         // the first
}

func newCoverageQuery(query func(string) (promql.Vector, error), own labels.Labels) *coverageQuery {
	return &coverageQuery{query: query, own: own}
}

// of is the coverage of what an expression filters: of a comparison, its sides.
func (x *coverageQuery) of(expr parser.Expr) coverage {
	switch e := unwrap(expr).(type) {
	case *parser.BinaryExpr:
		switch {
		case e.Op == parser.LAND:
			return both(x.of(e.LHS), x.of(e.RHS))
		case e.Op == parser.LUNLESS:
			return x.of(e.LHS)
		case e.Op == parser.LOR:
			left, right := x.of(e.LHS), x.of(e.RHS)
			return func(alert map[string]string) bool { return left(alert) || right(alert) }
		case e.Op.IsComparisonOperator() && !e.ReturnBool:
			return both(x.of(e.LHS), x.of(e.RHS))
		}
	case *parser.Call:
		if e.Func.Name == "absent" || e.Func.Name == "absent_over_time" {
			result, err := x.ask(e.String())
			return covers(err == nil && len(result) == 0) // there is data
		}
	}
	if expr.Type() == parser.ValueTypeScalar {
		return covers(true)
	}
	result, _ := x.ask(expr.String())
	return x.matching(result)
}

// freshSince is the coverage of samples of all selectors that are newer than a time.
func (x *coverageQuery) freshSince(expr parser.Expr, start time.Time) coverage {
	fresh := covers(true)
	parser.Inspect(expr, func(node parser.Node, path []parser.Node) error {
		selector, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		for _, parent := range path {
			if call, ok := parent.(*parser.Call); ok && (call.Func.Name == "absent" || call.Func.Name == "absent_over_time") {
				return nil // its coverage is data itself
			}
		}
		if selector.OriginalOffset > 0 {
			return nil // data of the past does not become fresh
		}
		bare := *selector
		bare.Timestamp, bare.StartOrEnd, bare.OriginalOffset, bare.Offset = nil, 0, 0, 0
		times, _ := x.ask("timestamp(" + bare.String() + ")")
		var recent promql.Vector
		for _, sample := range times {
			if sample.F >= float64(start.UnixMilli())/1000 {
				recent = append(recent, sample)
			}
		}
		fresh = both(fresh, x.matching(recent))
		return nil
	})
	return fresh
}

func (x *coverageQuery) ask(expr string) (promql.Vector, error) {
	result, err := x.query(expr)
	if x.err == nil {
		x.err = err
	}
	return result, err
}

// matching is the coverage of series: one of them has no other values for the labels
// that it has in common with the alert.
func (x *coverageQuery) matching(series promql.Vector) coverage {
	related := newRelatedSeries(x.own)
	for i := range series {
		related.add(i, series[i].Metric)
	}
	return related.any
}

func both(a, b coverage) coverage {
	return func(alert map[string]string) bool { return a(alert) && b(alert) }
}

// indexRules notes which groups have an alerting rule of a name.
func (e *Evaluator) indexRules() {
	groupsOf := map[string][]string{}
	for _, group := range e.Manager.RuleGroups() {
		for _, rule := range group.Rules() {
			if _, ok := rule.(*rules.AlertingRule); ok {
				groupsOf[rule.Name()] = append(groupsOf[rule.Name()], groupKey(group))
			}
		}
	}
	e.observing.Lock()
	defer e.observing.Unlock()
	e.groupsOf = groupsOf
}

// resolvedOf joins what the groups know: an alert is resolved if all groups that have
// a rule of its name know that, or none has such a rule any more.
func (e *Evaluator) resolvedOf(awaited map[string]Awaited) map[string]bool {
	resolved := map[string]bool{}
	if len(awaited) == 0 {
		return resolved
	}
	for fingerprint, alert := range awaited {
		if alert.Name() == FailingRuleName || alert.Name() == UnstableLabelsName {
			for _, state := range e.groups {
				resolved[fingerprint] = resolved[fingerprint] || state.resolved[fingerprint]
			}
			continue
		}
		known := true
		for _, key := range e.groupsOf[alert.Name()] {
			state := e.groups[key]
			known = known && state != nil && state.resolved[fingerprint]
		}
		resolved[fingerprint] = known
	}
	maps.DeleteFunc(resolved, func(_ string, known bool) bool { return !known })
	return resolved
}
