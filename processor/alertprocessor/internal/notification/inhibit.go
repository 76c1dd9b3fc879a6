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
	rules       []InhibitRule
	inhibitions []map[string]*inhibition // for each rule, by the values of its Equal
	of          map[string][]*inhibition // in which an alert is a source or a target, by its fingerprint
}

// inhibition are the alerts of a rule with the same values of Equal, by fingerprint.
type inhibition struct {
	rule          int
	values        string
	one, both     sources
	targets       map[string]struct{} // the sources that both sides choose among them
	sourcesChange bool                // in the update that is made
}

// sources are alerts that fire and that the source of a rule chooses alone, or both of its sides.
type sources struct {
	all   map[string]struct{}
	first string // the one that is reported as inhibiting; "" for none
}

// NewInhibitor makes an inhibitor of which no alert is known to fire.
func NewInhibitor(rules []InhibitRule) *Inhibitor {
	i := &Inhibitor{rules: rules, of: map[string][]*inhibition{}}
	for range rules {
		i.inhibitions = append(i.inhibitions, map[string]*inhibition{})
	}
	return i
}

// Update takes alerts that fire, and those that do no longer. It returns the alerts of which
// others are inhibited by another alert than before, or by none.
func (i *Inhibitor) Update(firing map[string]alertevent.Alert, ended []string) (changed []string) {
	var touched []*inhibition
	touch := func(in *inhibition) {
		if !in.sourcesChange {
			in.sourcesChange = true
			touched = append(touched, in)
		}
	}
	for _, fingerprint := range ended {
		for _, in := range i.of[fingerprint] {
			if in.one.remove(fingerprint) || in.both.remove(fingerprint) {
				touch(in)
			}
			delete(in.targets, fingerprint)
			if len(in.one.all)+len(in.both.all)+len(in.targets) == 0 {
				delete(i.inhibitions[in.rule], in.values)
			}
		}
		delete(i.of, fingerprint)
	}
	for fingerprint, alert := range firing {
		if _, known := i.of[fingerprint]; known {
			continue
		}
		for n, rule := range i.rules {
			isSource, isTarget := rule.Source.Match(alert.Labels), rule.Target.Match(alert.Labels)
			if !isSource && !isTarget {
				continue
			}
			in := i.inhibition(n, rule.values(alert.Labels))
			i.of[fingerprint] = append(i.of[fingerprint], in)
			switch {
			case isSource && isTarget:
				in.both.all[fingerprint] = struct{}{}
				touch(in)
			case isSource:
				in.one.all[fingerprint] = struct{}{}
				touch(in)
			}
			if isTarget {
				in.targets[fingerprint] = struct{}{}
			}
		}
	}
	for _, in := range touched {
		in.sourcesChange = false
		one, both := in.one.choose(), in.both.choose()
		if one || both {
			changed = slices.AppendSeq(changed, maps.Keys(in.targets))
		}
	}
	return changed
}

func (i *Inhibitor) inhibition(rule int, values string) *inhibition {
	in, ok := i.inhibitions[rule][values]
	if !ok {
		in = &inhibition{
			rule: rule, values: values,
			one: sources{all: map[string]struct{}{}}, both: sources{all: map[string]struct{}{}}, targets: map[string]struct{}{},
		}
		i.inhibitions[rule][values] = in
	}
	return in
}

func (s *sources) remove(fingerprint string) bool {
	_, ok := s.all[fingerprint]
	delete(s.all, fingerprint)
	return ok
}

// choose chooses the first, which stays for as long as it fires, and reports whether it is another.
func (s *sources) choose() (changed bool) {
	if _, fires := s.all[s.first]; fires {
		return false
	}
	before := s.first
	s.first = ""
	for fingerprint := range s.all {
		if s.first == "" || fingerprint < s.first {
			s.first = fingerprint
		}
	}
	return s.first != before
}

// Mutes returns the fingerprint of an alert that inhibits one with such
// labels, or "".
func (i *Inhibitor) Mutes(alert map[string]string) string {
	for n, rule := range i.rules {
		if !rule.Target.Match(alert) {
			continue
		}
		in := i.inhibitions[n][rule.values(alert)]
		if in == nil {
			continue
		}
		if in.one.first != "" {
			return in.one.first
		}
		if in.both.first != "" && !rule.Source.Match(alert) {
			return in.both.first
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
