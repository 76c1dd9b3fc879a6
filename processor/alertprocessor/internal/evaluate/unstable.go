// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package evaluate

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/rules"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

const (
	// UnstableLabelsName is the alertname of what reports a rule whose alerts are
	// others at every evaluation.
	UnstableLabelsName = "AlertLabelsUnstable"
	// unstableAfter is the number of evaluations in a row after which a rule is
	// reported: pods that are replaced replace their alerts, but not so often.
	unstableAfter = 3
)

// turnover is how the alerts of a rule replace each other. Labels identify an alert,
// so a label with {{ $value }} makes another one of it whenever the value changes: it
// is resolved and fires at every evaluation, or never fires because of its for.
type turnover struct {
	active map[uint64]labels.Labels // by their hash, at the last evaluation
	streak int                      // evaluations in a row that replaced at least half
	since  time.Time                // of the streak
	labels []string                 // names of those that changed at the last
}

// next is the turnover after another evaluation.
func (t turnover) next(at time.Time, active map[uint64]labels.Labels) turnover {
	out := turnover{active: active}
	added, gone := missingIn(active, t.active), missingIn(t.active, active)
	if len(added) == 0 || len(gone) == 0 || 2*len(added) < len(active) || 2*len(gone) < len(t.active) {
		return out
	}
	out.streak, out.since = t.streak+1, t.since
	if t.streak == 0 {
		out.since = at
	}
	out.labels = differingLabels(added, gone)
	return out
}

func (t turnover) isUnstable() bool { return t.streak >= unstableAfter }

func missingIn(these, those map[uint64]labels.Labels) []labels.Labels {
	var out []labels.Labels
	for hash, set := range these {
		if _, ok := those[hash]; !ok {
			out = append(out, set)
		}
	}
	return out
}

// differingLabels are the names of labels none of whose values stayed.
func differingLabels(added, gone []labels.Labels) []string {
	values := map[labels.Label]bool{}
	names := map[string]bool{}
	for _, set := range gone {
		set.Range(func(l labels.Label) {
			values[l] = true
			names[l.Name] = true
		})
	}
	for _, set := range added {
		set.Range(func(l labels.Label) {
			if values[l] {
				delete(names, l.Name)
			}
		})
	}
	return slices.Sorted(maps.Keys(names))
}

// unstable is the alert about a rule whose alerts are others at every evaluation.
func (s RuleSet) unstable(group *rules.Group, rule rules.Rule, t turnover) alertevent.Alert {
	changed := strings.Join(t.labels, ", ")
	return alertevent.Alert{
		Labels: withDefaults(map[string]string{
			alertevent.LabelName:     UnstableLabelsName,
			alertevent.LabelSeverity: alertevent.SeverityWarning,
			labelRuleGroup:           group.Name(),
			labelRule:                rule.Name(),
		}, s.ExternalLabels),
		Annotations: map[string]string{
			alertevent.AnnotationSummary:     fmt.Sprintf("Labels of rule %s of group %s change at every evaluation", rule.Name(), group.Name()),
			alertevent.AnnotationDescription: fmt.Sprintf("Changing labels: %s. Each value is another alert, which fires once and is resolved at the next evaluation. Move {{ $value }} from the labels to the annotations, or aggregate such labels away in the expression.", changed),
		},
		State:        alertevent.Firing,
		StartsAt:     t.since,
		GeneratorURL: s.generatorURL(rule),
	}
}
