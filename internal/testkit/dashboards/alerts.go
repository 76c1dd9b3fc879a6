// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboards

import (
	"context"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// Alerts is a source of alerts made of lists.
type Alerts struct {
	Groups      []dashboard.RuleGroup
	ActiveList  []dashboard.ActiveAlert
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

// RuleGroups is the list.
func (a *Alerts) RuleGroups() []dashboard.RuleGroup { return a.Groups }

// Graph is that of every expression.
func (a *Alerts) Graph(context.Context, string, time.Time, time.Time) (dashboard.Graph, error) {
	return a.GraphOf, a.Err
}

// Intervals is the list.
func (a *Alerts) Intervals(context.Context, *dashboard.Rule, time.Time, time.Time) ([]dashboard.StateInterval, error) {
	return a.IntervalList, a.Err
}

// Active is the list.
func (a *Alerts) Active() []dashboard.ActiveAlert { return a.ActiveList }

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
