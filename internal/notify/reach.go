// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"slices"

	"go.opentelemetry.io/collector/component"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/routing"
)

// Selector decides of which alerts a notifier notifies: of those that a route sends to
// one of its receivers, and of those without a receiver by severity and filter.
type Selector struct {
	id         string
	filter     Filter
	severities severities
	receivers  []string // the names that routes can address it by
}

// newSelector is the selector of a notifier that has these receivers in addition to its ID.
func newSelector(id component.ID, cfg *DeliveryConfig, receivers ...string) Selector {
	return Selector{
		id: id.String(), filter: cfg.filter(), severities: newSeverities(cfg.SeverityMap),
		receivers: append([]string{id.String()}, receivers...),
	}
}

// pass reports whether the notifier is for an alert. A route decides in place of
// severities and filters.
func (s *Selector) pass(alert alertevent.Alert) bool {
	if alert.Receiver == "" {
		return s.filter.Pass(alert)
	}
	return slices.Contains(s.receivers, alert.Receiver)
}

// Takes reports whether the notifier is notified of a firing alert with these labels that
// no route addresses.
func (s *Selector) Takes(labels map[string]string) bool {
	alert := alertevent.Alert{Labels: labels, State: alertevent.Firing}
	s.severities.apply(&alert)
	return s.filter.Pass(alert)
}

// mayPass reports whether the notifier may be for an alert without a receiver.
func (s *Selector) mayPass(p routing.Partial) bool {
	if may, _ := p.Match(s.filter.Matchers); !may {
		return false
	}
	severity, known := p.Values[alertevent.LabelSeverity]
	if !known && p.IsOpen != nil && p.IsOpen(alertevent.LabelSeverity) {
		return true
	}
	alert := alertevent.Alert{Labels: map[string]string{alertevent.LabelSeverity: severity}, State: alertevent.Firing}
	s.severities.apply(&alert)
	return Filter{Severities: s.filter.Severities}.Pass(alert)
}

// Reach is which notifiers of a collector are notified of an alert.
type Reach struct {
	// Notifiers are those that are switched on.
	Notifiers []Selector
	// Routes are those of the alert processor; nil when it has none.
	Routes *routing.Tree
}

// ReachOf is the reach of the alerts of a processor with these routes.
func ReachOf(host component.Host, routes *routing.Tree) Reach {
	r := Reach{Routes: routes}
	for _, e := range Channels(host) {
		r.Notifiers = append(r.Notifiers, e.Selector)
	}
	return r
}

// Channels are the notifiers that may be notified of an alert: IDs, with the name of the
// receiver where a route addresses one that is not the notifier itself. An alert may
// deliberately have none, by a route to [routing.Nobody].
func (r Reach) Channels(p routing.Partial) (names []string, deliberate bool) {
	if r.Routes == nil {
		for _, s := range r.Notifiers {
			if s.mayPass(p) {
				names = append(names, s.id)
			}
		}
		return names, false
	}
	for _, receiver := range r.Routes.MayMatch(p) {
		if receiver == routing.Nobody {
			deliberate = true
			continue
		}
		for _, s := range r.Notifiers {
			switch {
			case receiver == s.id:
				names = append(names, s.id)
			case slices.Contains(s.receivers, receiver):
				names = append(names, s.id+" "+receiver)
			}
		}
	}
	return names, deliberate
}
