// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package evaluate

import (
	"context"
	"maps"
	"slices"

	"github.com/prometheus/prometheus/rules"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// adoption is what lets rules keep their state when they are in another group or file,
// or their group is renamed: Prometheus' manager keeps it within a group alone. Groups
// that are new or have changed are not evaluated before it is done.
type adoption struct {
	unchanged map[*rules.Group]bool
	done      chan struct{}
}

// wait returns when a group may be evaluated. A group that is replaced is not held up,
// since the manager waits for its evaluation to end.
func (a *adoption) wait(ctx context.Context, group *rules.Group) {
	if a == nil || a.unchanged[group] {
		return
	}
	select {
	case <-a.done:
	case <-ctx.Done():
	}
}

func groupKey(group *rules.Group) string { return rules.GroupKey(group.File(), group.Name()) }

func ruleKey(rule rules.Rule) string { return rule.Name() + rule.Labels().String() }

// newAdoption is one for groups that are about to be replaced.
func newAdoption(before []*rules.Group) *adoption {
	a := &adoption{unchanged: map[*rules.Group]bool{}, done: make(chan struct{})}
	for _, group := range before {
		a.unchanged[group] = true
	}
	return a
}

// missingRules are the rules of one group that another, which may be nil, lacks.
func missingRules(of, in *rules.Group) []rules.Rule {
	there := map[string]int{}
	if in != nil {
		for _, rule := range in.Rules() {
			there[ruleKey(rule)]++
		}
	}
	var missing []rules.Rule
	for _, rule := range of.Rules() {
		if there[ruleKey(rule)]--; there[ruleKey(rule)] < 0 {
			missing = append(missing, rule)
		}
	}
	return missing
}

// adopt gives rules that are new in their group the state of rules of before that are no
// longer where they were. The groups of those have been stopped.
func (e *Evaluator) adopt(before []*rules.Group) {
	last, now := map[string]*rules.Group{}, map[string]*rules.Group{}
	for _, group := range before {
		last[groupKey(group)] = group
	}
	for _, group := range e.Manager.RuleGroups() {
		now[groupKey(group)] = group
	}
	orphans := map[string][]rules.Rule{}
	var states []*groupState // of the groups that they were in
	e.observing.Lock()
	defer e.observing.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, group := range before {
		missing := missingRules(group, now[groupKey(group)])
		for _, rule := range missing {
			orphans[ruleKey(rule)] = append(orphans[ruleKey(rule)], rule)
		}
		if state := e.groups.byGroup[groupKey(group)]; len(missing) > 0 && state != nil {
			states = append(states, state)
		}
	}
	adopted := map[string]*groupState{}
	for key, group := range now {
		var moved []rules.Rule
		for _, rule := range missingRules(group, last[key]) {
			if from := orphans[ruleKey(rule)]; len(from) > 0 {
				moved, orphans[ruleKey(rule)] = append(moved, from[0]), from[1:]
			}
		}
		if len(moved) > 0 {
			e.copyMoved(group, last[key], moved)
			adopted[key] = adoptedState(e.groups.byGroup[key], moved, states)
		}
	}
	for key, state := range adopted {
		e.groups.replace(key, state)
	}
}

// copyMoved copies the state of rules that were elsewhere to a group, which may have been
// there before: then it has the state of its own rules, which stays.
func (e *Evaluator) copyMoved(group, last *rules.Group, moved []rules.Rule) {
	all := moved
	if last != nil {
		all = slices.Concat(last.Rules(), moved)
	}
	// A group that has never been evaluated, so that nothing else is copied.
	from := rules.NewGroup(rules.GroupOptions{Name: "moved", Interval: group.Interval(), Rules: all, Opts: e.managerOptions})
	if last != nil {
		from.CopyState(last)
	}
	group.CopyState(from)
}

// adoptedState is what a group reports until its next evaluation: what it reported, if it
// was there, and what the moved rules reported where they were.
func adoptedState(own *groupState, moved []rules.Rule, states []*groupState) *groupState {
	adopted := newGroupState()
	if own != nil {
		*adopted = *own
		adopted.firing, adopted.keep, adopted.pending = maps.Clone(own.firing), maps.Clone(own.keep), slices.Clone(own.pending)
	}
	pending := map[string]bool{}
	for _, fingerprint := range adopted.pending {
		pending[fingerprint] = true
	}
	for _, state := range states {
		if own == nil && state.at.After(adopted.at) {
			adopted.at = state.at
		}
		for fingerprint, alert := range state.firing {
			if !hasRule(moved, alert) {
				continue
			}
			adopted.firing[fingerprint] = alert
			if keep, ok := state.keep[fingerprint]; ok {
				adopted.keep[fingerprint] = keep
			}
		}
		for _, fingerprint := range state.pending {
			if !pending[fingerprint] {
				pending[fingerprint] = true
				adopted.pending = append(adopted.pending, fingerprint)
			}
		}
	}
	return adopted
}

func hasRule(all []rules.Rule, alert alertevent.Alert) bool {
	return slices.ContainsFunc(all, func(rule rules.Rule) bool { return rule.Name() == alert.Name() })
}
