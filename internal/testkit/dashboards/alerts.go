// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboards

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// Alerts is a source of alerts made of lists.
type Alerts struct {
	Groups      []dashboard.RuleGroup
	ActiveList  ActiveList
	HistoryList []dashboard.HistoryEntry
	SilenceList []dashboard.Silence
	ChannelList []dashboard.Channel
	Now         func() time.Time
	ReadOnly    bool
	// GraphOf and IntervalList are those of every rule.
	GraphOf      dashboard.Graph
	IntervalList []dashboard.StateInterval
	Err          error
}

var _ dashboard.Alerts = (*Alerts)(nil)

// RuleGroups is the list, with the IDs of rules.
func (a *Alerts) RuleGroups() []dashboard.RuleGroup {
	groups := slices.Clone(a.Groups)
	for g := range groups {
		groups[g].Rules = slices.Clone(groups[g].Rules)
		for i := range groups[g].Rules {
			groups[g].Rules[i].ID = dashboard.RuleID(&groups[g], &groups[g].Rules[i])
		}
	}
	return groups
}

// Graph is that of every expression.
func (a *Alerts) Graph(context.Context, string, time.Time, time.Time) (dashboard.Graph, error) {
	return a.GraphOf, a.Err
}

// Intervals is the list.
func (a *Alerts) Intervals(context.Context, *dashboard.Rule, time.Time, time.Time) ([]dashboard.StateInterval, error) {
	return a.IntervalList, a.Err
}

// Active are those of the list that the filter chooses. They have the ID of the rule of their name.
func (a *Alerts) Active(filter dashboard.ActiveFilter) dashboard.ActiveAlerts {
	var chosen ActiveList
	groups := a.RuleGroups()
	for _, active := range a.ActiveList {
		if filter.State != "" && filter.State != active.State || filter.Labels != nil && !filter.Labels(active.Labels) {
			continue
		}
		for _, group := range groups {
			for i := range group.Rules {
				if group.Rules[i].Name == active.Name() {
					active.RuleID = group.Rules[i].ID
				}
			}
		}
		chosen = append(chosen, active)
	}
	return chosen
}

// ActiveList is a list of active alerts, the most severe first.
type ActiveList []dashboard.ActiveAlert

// Count counts them.
func (l ActiveList) Count() (pending, firing int) {
	for i := range l {
		if l[i].State == "firing" {
			firing++
		} else {
			pending++
		}
	}
	return pending, firing
}

// List is the list, as far as asked for.
func (l ActiveList) List(limit int) iter.Seq[dashboard.ActiveAlert] {
	if limit > 0 && limit < len(l) {
		l = l[:limit]
	}
	return slices.Values(l)
}

// History is the list, as far as asked for.
func (a *Alerts) History(limit int) []dashboard.HistoryEntry {
	if limit == 0 || limit > len(a.HistoryList) {
		return a.HistoryList
	}
	return a.HistoryList[:limit]
}

// Silences is the list.
func (a *Alerts) Silences() []dashboard.Silence { return a.SilenceList }

// Channels is the list.
func (a *Alerts) Channels() []dashboard.Channel { return a.ChannelList }

// CanSilence is the inverse of ReadOnly.
func (a *Alerts) CanSilence() bool { return !a.ReadOnly }

// Silence adds to the list.
func (a *Alerts) Silence(s dashboard.Silence) (string, error) {
	if s.ID == "" {
		s.ID = "silence-" + s.StartsAt.UTC().Format("150405")
	}
	a.SilenceList = append(a.SilenceList, s)
	return s.ID, nil
}

// Expire ends one of the list.
func (a *Alerts) Expire(id string) error {
	for i := range a.SilenceList {
		if a.SilenceList[i].ID == id {
			a.SilenceList[i].EndsAt = a.Now()
		}
	}
	return nil
}

// Routes has one receiver, and the alertname as the label of groups.
func (*Alerts) Routes(labels map[string]string) []dashboard.Route {
	return []dashboard.Route{{Receiver: "slack", GroupLabels: map[string]string{"alertname": labels["alertname"]}}}
}

// Receivers is that one.
func (*Alerts) Receivers() []string { return []string{"slack"} }
