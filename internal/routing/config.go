// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package routing

import (
	"time"

	"github.com/prometheus/common/model"
)

// Config is a route, as Alertmanager's configuration has it. The first one is the
// root, which every alert matches.
type Config struct {
	// Receiver is the ID of a notifier, such as slack, or a name that notifiers
	// have under receivers; null, in quotes, notifies nobody. Required for the root.
	// Default: that of the route above.
	Receiver string `mapstructure:"receiver"`

	// Matchers are conditions on labels in Alertmanager's syntax, such as
	// team="payments" or severity=~"critical|page", all of which must hold.
	// Default: none, every alert.
	Matchers []string `mapstructure:"matchers"`

	// Match and MatchRE are Alertmanager's deprecated forms of matchers: labels, and
	// their values or regular expressions. Default: none.
	Match   map[string]string `mapstructure:"match"`
	MatchRE map[string]string `mapstructure:"match_re"`

	// GroupBy are labels: alerts with the same values of them are one notification.
	// "..." stands for all labels. Default: those of the route above; of the root,
	// group_by of the processor. Without any, all alerts of the route are one group.
	GroupBy []string `mapstructure:"group_by"`

	// GroupWait, GroupInterval and RepeatInterval are those of the groups of this
	// route, such as 30s, 4h or 1d. Default: those of the route above; of the root,
	// those of the processor.
	GroupWait      *Duration `mapstructure:"group_wait"`
	GroupInterval  *Duration `mapstructure:"group_interval"`
	RepeatInterval *Duration `mapstructure:"repeat_interval"`

	// Continue sets whether an alert that matches this route is matched against the
	// ones after it, too. Default: false.
	Continue bool `mapstructure:"continue"`

	// MuteTimeIntervals and ActiveTimeIntervals are names of time_intervals, during
	// which, or outside of which, nothing is notified. The routes below do not have
	// them. Default: none.
	MuteTimeIntervals   []string `mapstructure:"mute_time_intervals"`
	ActiveTimeIntervals []string `mapstructure:"active_time_intervals"`

	// Routes are matched in their order. An alert that none of them matches is
	// notified by this route. Default: none.
	Routes []Config `mapstructure:"routes"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// TimeIntervalConfig names times for routes.
type TimeIntervalConfig struct {
	// Name is what routes name it by. Required.
	Name string `mapstructure:"name"`

	// TimeIntervals are the times, in Alertmanager's syntax: each has any of times,
	// weekdays, days_of_month, months, years and location. Required.
	// https://prometheus.io/docs/alerting/latest/configuration/#time_interval
	TimeIntervals []map[string]any `mapstructure:"time_intervals"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// Duration is written as in Prometheus' configuration files (1d, 4h), or as Go
// writes it (1.5h).
type Duration time.Duration

// UnmarshalText reads either form.
func (d *Duration) UnmarshalText(text []byte) error {
	if parsed, err := model.ParseDuration(string(text)); err == nil {
		*d = Duration(parsed)
		return nil
	}
	parsed, err := time.ParseDuration(string(text))
	*d = Duration(parsed)
	return err
}
