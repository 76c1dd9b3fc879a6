// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package evaluate

import (
	"context"
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
		} else if alert.Labels[labelRuleGroup] == group.Name() {
			failing[alert.Labels[labelRule]] = append(failing[alert.Labels[labelRule]], fingerprint)
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

// ruleIndex finds rules.
type ruleIndex struct {
	groupsOf map[string][]string // keys of groups, by the name of an alerting rule
	inGroups map[inGroup]bool    // rules of all kinds
}

// inGroup are the names of a rule and its group.
type inGroup struct{ group, rule string }

func newRuleIndex(groups []*rules.Group) ruleIndex {
	x := ruleIndex{groupsOf: map[string][]string{}, inGroups: map[inGroup]bool{}}
	for _, group := range groups {
		for _, rule := range group.Rules() {
			x.inGroups[inGroup{group.Name(), rule.Name()}] = true
			if _, ok := rule.(*rules.AlertingRule); ok {
				x.groupsOf[rule.Name()] = append(x.groupsOf[rule.Name()], groupKey(group))
			}
		}
	}
	return x
}

// mayBeGone reports whether there is no rule of the name of an alert, or whether it is about a rule.
func (x ruleIndex) mayBeGone(name string) bool {
	return isAboutRule(name) || len(x.groupsOf[name]) == 0
}

func isAboutRule(name string) bool { return name == FailingRuleName || name == UnstableLabelsName }

// indexRules notes which rules there are.
func (e *Evaluator) indexRules() {
	index := newRuleIndex(e.Manager.RuleGroups())
	e.observing.Lock()
	defer e.observing.Unlock()
	e.index = index
}

// awaitedBy are the alerts from before a restart of which an evaluation of a group may find
// something out: those of its rules, and of rules that no longer exist.
func (e *Evaluator) awaitedBy(group *rules.Group) map[string]Awaited {
	own := map[string]bool{}
	for _, rule := range group.Rules() {
		own[rule.Name()] = true
	}
	e.observing.Lock()
	index := e.index
	e.observing.Unlock()
	return e.Awaited(func(name string) bool { return own[name] || index.mayBeGone(name) })
}

// goneOf are the alerts of whose name there is no rule any more.
func (e *Evaluator) goneOf(awaited map[string]Awaited) map[string]bool {
	gone := map[string]bool{}
	for fingerprint, alert := range awaited {
		if name := alert.Name(); !isAboutRule(name) && len(e.index.groupsOf[name]) == 0 {
			gone[fingerprint] = true
		}
	}
	return gone
}

// resolvedOf joins what the groups know: an alert is resolved if all groups that have
// a rule of its name know that, or none has such a rule any more.
func (e *Evaluator) resolvedOf(awaited map[string]Awaited) map[string]bool {
	resolved := map[string]bool{}
	for fingerprint, alert := range awaited {
		var known bool
		if isAboutRule(alert.Name()) {
			known = !e.index.inGroups[inGroup{alert.Labels[labelRuleGroup], alert.Labels[labelRule]}]
			for _, state := range e.groups.byGroup {
				known = known || state.resolved[fingerprint]
			}
		} else {
			known = true
			for _, key := range e.index.groupsOf[alert.Name()] {
				state := e.groups.byGroup[key]
				known = known && state != nil && state.resolved[fingerprint]
			}
		}
		if known {
			resolved[fingerprint] = true
		}
	}
	return resolved
}
