// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package evaluate

import (
	"context"
	"slices"

	"github.com/prometheus/prometheus/rules"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// adoption is what lets rules keep their state when their group or file is renamed:
// for Prometheus' manager, such a group is a new one. The new groups are not
// evaluated before it is done.
type adoption struct {
	keys map[string]bool // of the new groups
	done chan struct{}
}

// wait returns when a group may be evaluated.
func (a *adoption) wait(ctx context.Context, key string) {
	if a == nil || !a.keys[key] {
		return
	}
	select {
	case <-a.done:
	case <-ctx.Done():
	}
}

func groupKey(group *rules.Group) string { return rules.GroupKey(group.File(), group.Name()) }

func ruleKey(rule rules.Rule) string { return rule.Name() + rule.Labels().String() }

// newGroups are the keys of the groups that are to be loaded and are not there yet.
func (e *Evaluator) newGroups(loaded map[string]*rules.Group) map[string]bool {
	keys := map[string]bool{}
	for _, group := range loaded {
		keys[groupKey(group)] = true
	}
	for _, group := range e.Manager.RuleGroups() {
		delete(keys, groupKey(group))
	}
	return keys
}

// adopt gives the new groups the state of rules of before that are no longer where
// they were. The groups of those must have been stopped.
func (e *Evaluator) adopt(before []*rules.Group, keys map[string]bool) {
	there := map[string]bool{}
	now := e.Manager.RuleGroups()
	for _, group := range now {
		for _, rule := range group.Rules() {
			there[groupKey(group)+ruleKey(rule)] = true
		}
	}
	var orphans []rules.Rule
	states := []*groupState{}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, group := range before {
		moved := false
		for _, rule := range group.Rules() {
			if !there[groupKey(group)+ruleKey(rule)] {
				orphans, moved = append(orphans, rule), true
			}
		}
		if state := e.groups[groupKey(group)]; moved && state != nil {
			states = append(states, state)
		}
	}
	if len(orphans) == 0 {
		return
	}
	// A group that has never been evaluated, so that nothing else is copied.
	from := rules.NewGroup(rules.GroupOptions{Name: "moved", Interval: e.Rules.Interval, Rules: orphans, Opts: e.managerOptions})
	for _, group := range now {
		if !keys[groupKey(group)] {
			continue
		}
		group.CopyState(from)
		e.groups[groupKey(group)] = adoptedState(group, states)
	}
}

// adoptedState is what a group reports until its first evaluation: what its rules
// reported where they were.
func adoptedState(group *rules.Group, states []*groupState) *groupState {
	adopted := newGroupState()
	for _, state := range states {
		if state.at.After(adopted.at) {
			adopted.at = state.at
		}
		for fingerprint, alert := range state.firing {
			if hasRule(group, alert) {
				adopted.firing[fingerprint] = alert
				if keep, ok := state.keep[fingerprint]; ok {
					adopted.keep[fingerprint] = keep
				}
			}
		}
	}
	return adopted
}

func hasRule(group *rules.Group, alert alertevent.Alert) bool {
	return slices.ContainsFunc(group.Rules(), func(rule rules.Rule) bool { return rule.Name() == alert.Name() })
}
