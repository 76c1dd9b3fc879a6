// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package routing

import (
	"strings"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"
	"github.com/prometheus/otlptranslator"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// Partial are the labels of an alert as far as they are known before it fires.
type Partial struct {
	// Values are those that are known.
	Values map[string]string
	// IsOpen reports whether the label, which is not in Values, may have any value; nil
	// when no label may: those not in Values are missing.
	IsOpen func(name string) bool
}

// LabelsOfRule are the labels of the alerts of a rule. Those that its expression or a
// template makes may have any value. The label severity is missing when neither the
// rule nor, by that name, its expression has it.
func LabelsOfRule(name, expr string, set, external map[string]string) Partial {
	p := Partial{Values: map[string]string{}}
	templates := map[string]bool{}
	for _, from := range []map[string]string{external, set, {model.AlertNameLabel: name}} {
		for label, value := range from {
			delete(p.Values, label)
			if templates[label] = strings.Contains(value, "{{"); !templates[label] {
				p.Values[label] = value
			}
		}
	}
	p.IsOpen = func(label string) bool {
		return templates[label] || label != alertevent.LabelSeverity || strings.Contains(expr, alertevent.LabelSeverity)
	}
	return p
}

// LabelsOfEvent are the labels of the alerts of an event rule: those that come from
// attributes may have any value, and no others are there.
func LabelsOfEvent(name string, set map[string]string, attributes []string, external map[string]string) Partial {
	p := LabelsOfRule(name, "", set, external)
	from := map[string]bool{}
	for _, attribute := range attributes {
		if label, err := LabelName(attribute); err == nil {
			from[label] = true
		}
	}
	isTemplate := p.IsOpen
	p.IsOpen = func(label string) bool { return from[label] || set[label] != "" && isTemplate(label) }
	return p
}

// LabelName is the label that an attribute becomes, named as in metrics.
func LabelName(attribute string) (string, error) {
	namer := otlptranslator.LabelNamer{}
	return namer.Build(attribute)
}

// match reports whether an alert may meet a matcher, and whether it does for certain.
func (p Partial) match(m *labels.Matcher) (may, certain bool) {
	value, known := p.Values[m.Name]
	if !known && p.IsOpen != nil && p.IsOpen(m.Name) {
		return true, false
	}
	matches := m.Matches(value)
	return matches, matches
}

// Match reports whether an alert may meet all matchers, and whether it does for certain.
func (p Partial) Match(all labels.Matchers) (may, certain bool) {
	certain = true
	for _, m := range all {
		mayMatch, isCertain := p.match(m)
		if !mayMatch {
			return false, false
		}
		certain = certain && isCertain
	}
	return true, certain
}

// MayMatch returns the receivers that may be notified of an alert, each once. For labels
// that are all known they are those of [Tree.Match].
func (t *Tree) MayMatch(p Partial) []string {
	found, _ := t.root.mayMatch(p, nil)
	known := map[string]bool{}
	var receivers []string
	for _, r := range found {
		if !known[r.Receiver] {
			known[r.Receiver] = true
			receivers = append(receivers, r.Receiver)
		}
	}
	return receivers
}

// mayMatch appends the routes by which an alert may be notified, and reports whether it
// matches this one for certain.
func (r *Route) mayMatch(p Partial, found []*Route) (_ []*Route, certain bool) {
	may, certain := p.Match(r.Matchers)
	if !may {
		return found, false
	}
	below := false // one of the routes below matches for certain
	for _, child := range r.Routes {
		var matches bool
		if found, matches = child.mayMatch(p, found); matches {
			below = true
			if !child.Continue {
				break
			}
		}
	}
	if !below {
		found = append(found, r)
	}
	return found, certain
}
