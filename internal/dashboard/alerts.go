// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboard

import (
	"context"
	"iter"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// Alerts has the state of rules, and the alerts that they raised.
type Alerts interface {
	// RuleGroups are the groups in the order of their evaluation.
	RuleGroups() []RuleGroup
	// Graph evaluates an expression of one of the rules over a time, and Intervals are when
	// alerts of a rule were pending or firing in it, by alert and time.
	Graph(ctx context.Context, expr string, from, to time.Time) (Graph, error)
	Intervals(ctx context.Context, rule *Rule, from, to time.Time) ([]StateInterval, error)
	// Active are the alerts that are pending or firing and that a filter chooses.
	Active(filter ActiveFilter) ActiveAlerts
	// History are the last notifications, the newest first; limit 0 is all that are kept.
	History(limit int) []HistoryEntry
	// Routes are where an alert with such labels is notified, and Receivers all that
	// alerts can have. Without routes there is one, for all notifiers.
	Routes(labels map[string]string) []Route
	Receivers() []string
	// Channels are those that are switched on, of all notifiers of the collector.
	Channels() []Channel
	// Silences are all that have not been forgotten, the ones that end last first.
	Silences() []Silence
	// CanSilence reports whether the configuration allows silences from here.
	CanSilence() bool
	// Silence adds one, or replaces the one of the same ID, and returns the ID.
	// The error is ErrReadOnly, or describes what is wrong with the silence.
	Silence(s Silence) (id string, err error)
	// Expire ends a silence now.
	Expire(id string) error
}

// RuleGroup is a group of rules that are evaluated together.
type RuleGroup struct {
	Name, File     string
	Interval       time.Duration
	LastEvaluation time.Time // zero: none yet
	Duration       time.Duration
	Rules          []Rule
}

// Rule is an alerting, recording or event rule.
type Rule struct {
	ID          string // the same as long as the rule is
	Kind        string // alerting, recording or event
	Name        string
	Expr        string // PromQL; OTTL for an event rule
	For         time.Duration
	Labels      map[string]string
	Annotations map[string]string
	State       string // inactive, pending or firing; "" for recording rules
	Health      string // ok, err or unknown, as in Prometheus
	LastError   string
	// Value is that of the expression at the last evaluation, of the series
	// with the largest one; nil when it had no series.
	Value *float64
	// Reason is a sentence about why the rule does not fire.
	Reason string
	NoData bool // that is because there are no series
	// Channels are the notifiers that may be notified of its alerts, and NoChannel is
	// set when there are none although some are switched on.
	Channels  []string
	NoChannel bool
	Active    ActiveAlerts // nil: none
}

// ActiveFilter chooses active alerts. The zero value chooses all.
type ActiveFilter struct {
	State string // pending or firing; "" is both
	// Labels reports whether an alert with such labels is chosen; nil chooses all. The map
	// is valid during the call only.
	Labels func(labels map[string]string) bool
}

// ActiveAlerts are alerts that are pending or firing. There may be 100,000: to count them is
// cheap, and each is built when it is listed.
type ActiveAlerts interface {
	// Count is how many there are in each state.
	Count() (pending, firing int)
	// List are the most severe, and of these the oldest first; at most limit, 0 is all.
	List(limit int) iter.Seq[ActiveAlert]
}

// ActiveAlert is a pending or firing alert.
type ActiveAlert struct {
	alertevent.Alert
	State  string // pending or firing
	RuleID string // of the rule that raised it; "" when it is about a rule
	// Suppressed names what suppresses its notifications: silence ID, inhibiting
	// alert or cooldown; "" when nothing does.
	Suppressed string
}

// Channel is one way to notify, and how it is now.
type Channel struct {
	Name    string // the ID of the notifier, with the name of the channel where it has several
	Waiting int    // alerts whose notification is not accepted yet
	// Accepted is when a notification was last accepted; zero: none since the start.
	Accepted time.Time
	// Failing is since when every attempt fails; zero when the last was accepted. Error is
	// that of the last attempt, and Next when the channel is tried again, if later.
	Failing, Next time.Time
	Error         string
	// Deliveries are the last messages, the newest first; with a storage those before the start, too.
	Deliveries []Delivery
}

// Delivery is a message of a channel and what became of it.
type Delivery struct {
	// First is when it was tried first, At when last, and Took how long that took.
	First, At time.Time
	Took      time.Duration
	Attempts  int
	// Alerts are some names of its alerts; Firing and Resolved count all.
	Alerts           []string
	Firing, Resolved int
	Target           string // the recipient, where the channel has several
	// Outcome is accepted, partly accepted, failed or rejected.
	Outcome string
	Status  int // of HTTP; 0: none
	Error   string
}

// Graph is what a rule's expression compares, over time.
type Graph struct {
	Expr string
	From time.Time
	Step time.Duration
	// Series have a value for each step, NaN where there is none; More are left out.
	Series []GraphSeries
	More   int
	// Limit is what the values are compared with, by Operator; Operator is "" without.
	Limit    float64
	Operator string
}

// GraphSeries is a series over time.
type GraphSeries struct {
	Labels map[string]string
	Values []float64
}

// StateInterval is a time in which an alert was in one state.
type StateInterval struct {
	Labels map[string]string // of the alert
	State  string            // pending or firing
	From   time.Time
	// To is the first evaluation that no longer found it so, or the last that did.
	To   time.Time
	Open bool // the last evaluation found it so
}

// HistoryEntry is a notification that was sent.
type HistoryEntry struct {
	At    time.Time
	Alert alertevent.Alert
}

// Route is where an alert is notified, and with which others.
type Route struct {
	Receiver string
	// GroupLabels are those that the alerts of its group share.
	GroupLabels map[string]string
}

// Silence suppresses notifications about the alerts that its matchers match.
type Silence struct {
	ID string
	// Matchers are in Alertmanager's syntax: severity=~"warning|info".
	Matchers         []string
	StartsAt, EndsAt time.Time
	CreatedBy        string
	Comment          string
	// Configured is set for one of the configuration, which cannot be ended.
	Configured bool
}
