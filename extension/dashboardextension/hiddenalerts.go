// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"context"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// hiddenAlerts is a source of alerts with pseudonyms.
type hiddenAlerts struct {
	of dashboard.Alerts
	*pseudonyms
}

func (p *pseudonyms) hideAlerts(of dashboard.Alerts) dashboard.Alerts { return hiddenAlerts{of, p} }

func (h hiddenAlerts) alert(a alertevent.Alert) alertevent.Alert {
	annotations := maps.Clone(a.Annotations)
	for name, text := range annotations {
		annotations[name] = h.hideText(text, a.Labels)
	}
	a.Labels, a.Annotations = h.hideLabels(a.Labels), annotations
	return a
}

// hiddenActive are active alerts with pseudonyms.
type hiddenActive struct {
	dashboard.ActiveAlerts
	in hiddenAlerts
}

// List hides labels, and their values in texts.
func (h hiddenActive) List(limit int) iter.Seq[dashboard.ActiveAlert] {
	return func(yield func(dashboard.ActiveAlert) bool) {
		for active := range h.ActiveAlerts.List(limit) {
			active.Alert = h.in.alert(active.Alert)
			if !yield(active) {
				return
			}
		}
	}
}

// Active are chosen by their hidden labels.
func (h hiddenAlerts) Active(filter dashboard.ActiveFilter) dashboard.ActiveAlerts {
	if choose := filter.Labels; choose != nil {
		filter.Labels = func(labels map[string]string) bool { return choose(h.hideLabels(labels)) }
	}
	return hiddenActive{h.of.Active(filter), h}
}

// RuleGroups hides those of active alerts, and errors, which may name any.
func (h hiddenAlerts) RuleGroups() []dashboard.RuleGroup {
	groups := slices.Clone(h.of.RuleGroups())
	for i := range groups {
		groups[i].Rules = slices.Clone(groups[i].Rules)
		for k := range groups[i].Rules {
			rule := &groups[i].Rules[k]
			if rule.Active != nil {
				rule.Active = hiddenActive{rule.Active, h}
			}
			if rule.LastError != "" {
				rule.LastError = "The error may name private values."
			}
		}
	}
	return groups
}

// History hides as Active does.
func (h hiddenAlerts) History(limit int) []dashboard.HistoryEntry {
	entries := slices.Clone(h.of.History(limit))
	for i := range entries {
		entries[i].Alert = h.alert(entries[i].Alert)
	}
	return entries
}

// Graph hides the labels of series.
func (h hiddenAlerts) Graph(ctx context.Context, expr string, from, to time.Time) (dashboard.Graph, error) {
	g, err := h.of.Graph(ctx, expr, from, to)
	g.Series = slices.Clone(g.Series)
	for i := range g.Series {
		g.Series[i].Labels = h.hideLabels(g.Series[i].Labels)
	}
	return g, err
}

// Intervals hides the labels of alerts.
func (h hiddenAlerts) Intervals(ctx context.Context, rule *dashboard.Rule, from, to time.Time) ([]dashboard.StateInterval, error) {
	intervals, err := h.of.Intervals(ctx, rule, from, to)
	intervals = slices.Clone(intervals)
	for i := range intervals {
		intervals[i].Labels = h.hideLabels(intervals[i].Labels)
	}
	return intervals, err
}

// Routes are those of the clear labels.
func (h hiddenAlerts) Routes(labels map[string]string) []dashboard.Route {
	revealed := maps.Clone(labels)
	for name, value := range labels {
		revealed[name] = h.reveal(value)
	}
	routes := slices.Clone(h.of.Routes(revealed))
	for i := range routes {
		routes[i].GroupLabels = h.hideLabels(routes[i].GroupLabels)
	}
	return routes
}

// Channels hides errors of messages, which may repeat them.
func (h hiddenAlerts) Channels() []dashboard.Channel {
	channels := slices.Clone(h.of.Channels())
	hidden := func(text string) string {
		if text == "" {
			return ""
		}
		return "The response may name private values."
	}
	for i := range channels {
		c := &channels[i]
		c.Error, c.Deliveries = hidden(c.Error), slices.Clone(c.Deliveries)
		for k := range c.Deliveries {
			c.Deliveries[k].Error = hidden(c.Deliveries[k].Error)
		}
	}
	return channels
}

// matcher is one in Alertmanager's syntax.
var matcher = regexp.MustCompile(`^\s*"?([^"=!~]+?)"?\s*(=~|!~|!=|=)\s*(.*?)\s*$`)

// Silences hides what matchers compare private labels with, and comments, which may name it.
func (h hiddenAlerts) Silences() []dashboard.Silence {
	silences := slices.Clone(h.of.Silences())
	for i := range silences {
		s := &silences[i]
		s.Matchers = slices.Clone(s.Matchers)
		for k, text := range s.Matchers {
			parts := matcher.FindStringSubmatch(text)
			if parts == nil || !h.labels[parts[1]] {
				continue
			}
			value := strings.Trim(parts[3], `"`)
			if strings.HasSuffix(parts[2], "~") {
				value = strings.TrimSuffix(pseudonymPrefix, "-")
			} else {
				value = h.hide(value)
			}
			s.Matchers[k] = parts[1] + parts[2] + `"` + value + `"`
			s.Comment = ""
		}
	}
	return silences
}

// Silence adds one of the clear labels.
func (h hiddenAlerts) Silence(s dashboard.Silence) (string, error) {
	s.Matchers = slices.Clone(s.Matchers)
	for i := range s.Matchers {
		s.Matchers[i] = h.reveal(s.Matchers[i])
	}
	return h.of.Silence(s)
}

// What follows has no labels.

func (h hiddenAlerts) Receivers() []string    { return h.of.Receivers() }
func (h hiddenAlerts) CanSilence() bool       { return h.of.CanSilence() }
func (h hiddenAlerts) Expire(id string) error { return h.of.Expire(id) }
