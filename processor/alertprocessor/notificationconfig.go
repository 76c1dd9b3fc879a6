// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"go.opentelemetry.io/collector/component"

	"github.com/otelcol-arc/otelcol-arc/internal/notify"
	"github.com/otelcol-arc/otelcol-arc/internal/routing"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/notification"
)

// validateNotifications returns everything that is wrong with the settings of notifications.
func (c *Config) validateNotifications() error {
	errs := []error{
		atLeast("group_wait", c.GroupWait, 0),
		atLeast("group_interval", c.GroupInterval, time.Second),
		validateNames("group_by", c.GroupBy, notification.ByAll),
	}
	if c.Route != nil {
		_, err := c.compileRoutes()
		errs = append(errs, err)
	} else if len(c.TimeIntervals) > 0 {
		errs = append(errs, errors.New("time_intervals: are for routes, and there is no route"))
	}
	if c.MaxAlertsPerMinute < 0 {
		errs = append(errs, fmt.Errorf("max_alerts_per_minute: must not be negative, is %d", c.MaxAlertsPerMinute))
	}
	for i, rule := range c.InhibitRules {
		key := fmt.Sprintf("inhibit_rules::%d::", i)
		errs = append(errs,
			validateMatchers(key+"source_matchers", rule.SourceMatchers),
			validateMatchers(key+"target_matchers", rule.TargetMatchers),
			validateNames(key+"equal", rule.Equal))
	}
	for i, silence := range c.Silences {
		key := fmt.Sprintf("silences::%d::", i)
		err := validateMatchers(key+"matchers", silence.Matchers)
		if err == nil {
			err = silence.silence(i).Validate(key)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (c *Config) compileRoutes() (*routing.Tree, error) {
	return routing.Compile("route", c.Route, c.TimeIntervals, routing.Defaults{
		GroupBy: c.GroupBy, GroupWait: c.GroupWait, GroupInterval: c.GroupInterval, RepeatInterval: c.RepeatInterval,
	})
}

// routes are those of a valid configuration; nil when it has none.
func (c *Config) routes() *routing.Tree {
	if c.Route == nil {
		return nil
	}
	tree, _ := c.compileRoutes()
	return tree
}

// checkReceivers reports the receivers of routes that no notifier has: their alerts
// would be lost. A notifier that is switched off has its receivers, too.
func (c *Config) checkReceivers(host component.Host) error {
	names, known := notify.Receivers(host)
	if c.Route == nil || !known {
		return nil
	}
	var errs []error
	for _, receiver := range c.routes().Receivers() {
		if !slices.Contains(names, receiver) {
			errs = append(errs, fmt.Errorf("route: no notifier has the receiver %q: it must be the ID of a notifier, a name under receivers of one, or %q, which is nobody; there are %q",
				receiver, routing.Nobody, names))
		}
	}
	return errors.Join(errs...)
}

func validateNames(key string, names []string, special ...string) error {
	var errs []error
	for i, name := range names {
		if !model.UTF8Validation.IsValidLabelName(name) && !slices.Contains(special, name) {
			errs = append(errs, fmt.Errorf("%s::%d: invalid label name %q", key, i, name))
		}
		if slices.Index(names, name) < i {
			errs = append(errs, fmt.Errorf("%s::%d: %q is there twice", key, i, name))
		}
	}
	return errors.Join(errs...)
}

func validateMatchers(key string, texts []string) error {
	if len(texts) == 0 {
		return fmt.Errorf("%s: must be set", key)
	}
	_, err := notification.ParseMatchers(texts, key+"::")
	return err
}

// inhibitRules are those of a valid configuration.
func (c *Config) inhibitRules() []notification.InhibitRule {
	out := make([]notification.InhibitRule, len(c.InhibitRules))
	for i, rule := range c.InhibitRules {
		out[i].Equal = rule.Equal
		out[i].Source, _ = notification.ParseMatchers(rule.SourceMatchers, "")
		out[i].Target, _ = notification.ParseMatchers(rule.TargetMatchers, "")
	}
	return out
}

// silences are those of a valid configuration.
func (c *Config) silences() []notification.Silence {
	out := make([]notification.Silence, len(c.Silences))
	for i, silence := range c.Silences {
		out[i] = silence.silence(i)
	}
	return out
}

func (s SilenceConfig) silence(i int) notification.Silence {
	matchers, _ := notification.ParseMatchers(s.Matchers, "")
	return notification.Silence{
		ID:         fmt.Sprintf("silences::%d", i),
		Matchers:   matchers,
		StartsAt:   s.StartsAt,
		EndsAt:     s.EndsAt,
		Comment:    s.Comment,
		Configured: true,
	}
}
