// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import (
	"maps"
	"slices"
	"strings"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// InhibitRule mutes the alerts that Target chooses while an
// alert fires that Source chooses and that has the same values of the labels
// in Equal, a missing one being empty. An alert that both sides choose does
// not inhibit such a one.
type InhibitRule struct {
	Source, Target Matchers
	Equal          []string
}

// Inhibitor knows which alerts inhibit others.
type Inhibitor struct {
	rules   []InhibitRule
	sources []map[string]sources // for each rule, by the values of its Equal
}

// sources are the first alerts of a rule that are chosen by its source alone,
// and by both of its sides.
type sources struct{ one, both string }

// NewInhibitor makes an inhibitor of which no alert is known to fire.
func NewInhibitor(rules []InhibitRule) *Inhibitor {
	return &Inhibitor{rules: rules, sources: make([]map[string]sources, len(rules))}
}

// Update takes all alerts that fire, by fingerprint.
func (i *Inhibitor) Update(firing map[string]alertevent.Alert) {
	if len(i.rules) == 0 {
		return
	}
	fingerprints := slices.Sorted(maps.Keys(firing))
	for n, rule := range i.rules {
		found := map[string]sources{}
		for _, fingerprint := range fingerprints {
			labels := firing[fingerprint].Labels
			if !rule.Source.Match(labels) {
				continue
			}
			values := rule.values(labels)
			s := found[values]
			switch both := rule.Target.Match(labels); {
			case both && s.both == "":
				s.both = fingerprint
			case !both && s.one == "":
				s.one = fingerprint
			}
			found[values] = s
		}
		i.sources[n] = found
	}
}

// Mutes returns the fingerprint of an alert that inhibits one with such
// labels, or "".
func (i *Inhibitor) Mutes(alert map[string]string) string {
	for n, rule := range i.rules {
		if !rule.Target.Match(alert) {
			continue
		}
		s := i.sources[n][rule.values(alert)]
		if s.one != "" {
			return s.one
		}
		if s.both != "" && !rule.Source.Match(alert) {
			return s.both
		}
	}
	return ""
}

// values are those of the labels that must be equal, as a key.
func (r InhibitRule) values(alert map[string]string) string {
	var key strings.Builder
	for _, name := range r.Equal {
		key.WriteString(alert[name])
		key.WriteByte(0xff) // is in no UTF-8
	}
	return key.String()
}
