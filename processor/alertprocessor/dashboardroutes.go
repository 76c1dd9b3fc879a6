// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"maps"
	"slices"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
	"github.com/otelcol-arc/otelcol-arc/internal/routing"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/notification"
)

// allNotifiers is the receiver of all alerts when there are no routes.
const allNotifiers = "notifiers"

// Routes implements dashboard.Alerts.
func (b *dashboardSource) Routes(labels map[string]string) []dashboard.Route {
	if b.routes == nil {
		all := slices.Contains(b.core.cfg.GroupBy, notification.ByAll) || len(b.core.cfg.GroupBy) == 0
		return []dashboard.Route{{Receiver: allNotifiers, GroupLabels: selectLabels(labels, b.core.cfg.GroupBy, all)}}
	}
	var out []dashboard.Route
	for _, r := range b.routes.Match(labels) {
		if r.Receiver != routing.Nobody {
			out = append(out, dashboard.Route{Receiver: r.Receiver, GroupLabels: selectLabels(labels, r.GroupBy, r.GroupByAll)})
		}
	}
	return out
}

// Receivers implements dashboard.Alerts.
func (b *dashboardSource) Receivers() []string {
	if b.routes == nil {
		return []string{allNotifiers}
	}
	return b.routes.Receivers()
}

func selectLabels(labels map[string]string, names []string, all bool) map[string]string {
	selected := maps.Clone(labels)
	maps.DeleteFunc(selected, func(name, _ string) bool { return !all && !slices.Contains(names, name) })
	return selected
}

// Channels implements dashboard.Alerts.
func (b *dashboardSource) Channels() []dashboard.Channel {
	var all []dashboard.Channel
	for _, s := range notify.Statuses(b.core.host) {
		channel := dashboard.Channel{Name: s.Name, Waiting: s.Waiting, Accepted: s.Accepted, Failing: s.Failing, Next: s.Next, Error: s.Error}
		for _, d := range s.Deliveries {
			channel.Deliveries = append(channel.Deliveries, dashboard.Delivery(d))
		}
		all = append(all, channel)
	}
	return all
}

// setChannels sets who may be notified of the alerts of a rule.
func (b *dashboardSource) setChannels(rule *dashboard.Rule, labels routing.Partial) {
	var deliberate bool
	rule.Channels, deliberate = b.reach.Channels(labels)
	rule.NoChannel = len(rule.Channels) == 0 && !deliberate && len(b.reach.Notifiers) > 0
}

func labelsOfEvent(config *EventConfig, external map[string]string) routing.Partial {
	return routing.LabelsOfEvent(config.Name, withNonEmpty(config.Labels, alertevent.LabelSeverity, config.Severity), config.LabelsFrom, external)
}
