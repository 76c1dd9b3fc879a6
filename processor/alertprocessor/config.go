// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-arc/otelcol-arc/internal/routing"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/evaluate"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/ingest"
)

// Config specifies which rules are evaluated, how often, and when recipients are
// notified.
type Config struct {
	// RuleFiles are paths of rule files in Prometheus' format, or patterns in
	// the syntax of filepath.Match. Relative ones start from the directory of the
	// configuration file that has them. Default: none.
	RuleFiles []string `mapstructure:"rule_files"`

	// Rules are alerting rules written here instead of in a file. Default: none.
	Rules []RuleConfig `mapstructure:"rules"`

	// Events are conditions on single spans and log records. Default: none.
	Events []EventConfig `mapstructure:"events"`

	// EvaluationInterval is the time between two evaluations of a rule group
	// that has no interval of its own. Default: 15s.
	EvaluationInterval time.Duration `mapstructure:"evaluation_interval"`

	// ExternalLabels are added to every alert that has no such label yet, and
	// are known to templates as $externalLabels. Default: none.
	ExternalLabels map[string]string `mapstructure:"external_labels"`

	// ExternalURL is a page that shows expressions, such as that of a Prometheus
	// that has the same series. Alerts link there, and it is known to templates
	// as $externalURL. Default: "", no links.
	ExternalURL string `mapstructure:"external_url"`

	// ResourceAttributes are keys of resource attributes that become labels of
	// the series, as otlp.promote_resource_attributes of Prometheus. Default:
	// none; service.name and service.instance.id are job and instance anyway.
	ResourceAttributes []string `mapstructure:"resource_attributes"`

	// Cooldown bounds how often an alert that flaps notifies. When it fires again
	// within this time after its last firing notification, it is notified, and its
	// next resolution is held back until the cooldown has passed. 0 switches the
	// cooldown off. Default: 5m.
	Cooldown time.Duration `mapstructure:"cooldown"`

	// RepeatInterval is the time after which an alert that still fires is
	// re-notified. 0 means never. Default: 4h.
	RepeatInterval time.Duration `mapstructure:"repeat_interval"`

	// GroupBy are labels: alerts with the same values of them are grouped into one
	// notification. "..." stands for all labels. Default: none, each alert is sent
	// individually, at once.
	GroupBy []string `mapstructure:"group_by"`

	// GroupWait is the time from the first alert of a group to its first
	// notification. Default: 30s.
	GroupWait time.Duration `mapstructure:"group_wait"`

	// GroupInterval is the least time between two notifications of a group.
	// Default: 5m.
	GroupInterval time.Duration `mapstructure:"group_interval"`

	// Route is a routing tree in Alertmanager's shape, which chooses the notifiers
	// and their targets in place of their own severities and filters. Default: none,
	// every notifier is given every alert.
	Route *routing.Config `mapstructure:"route"`

	// TimeIntervals are times that routes name. Default: none.
	TimeIntervals []routing.TimeIntervalConfig `mapstructure:"time_intervals"`

	// MaxAlertsPerMinute is the number of notifications of firing alerts in a
	// minute, of which one may be a group, above which a single alert stands
	// for the rest. 0 is no limit. Default: 0.
	MaxAlertsPerMinute int `mapstructure:"max_alerts_per_minute"`

	// InhibitRules mute alerts while others fire. Default: none.
	InhibitRules []InhibitRuleConfig `mapstructure:"inhibit_rules"`

	// Silences mute alerts for a time. Default: none.
	Silences []SilenceConfig `mapstructure:"silences"`

	// SilencesFromDashboard lets the dashboard and its API add and expire
	// silences. Default: false.
	SilencesFromDashboard bool `mapstructure:"silences_from_dashboard"`

	// SilencesFromPage is the former name of silences_from_dashboard, which still
	// works for this release, with a warning. Default: not set.
	SilencesFromPage *bool `mapstructure:"silences_from_page"`

	// Storage is where the samples live that rules are evaluated on.
	Storage StorageConfig `mapstructure:"storage"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// RuleConfig is one alerting rule.
type RuleConfig struct {
	// Name is the alertname. Required.
	Name string `mapstructure:"name"`

	// Expr is a PromQL expression; each series it yields is an alert. Required.
	Expr string `mapstructure:"expr"`

	// For is how long the expression must yield a series before it fires. Default: 0.
	For time.Duration `mapstructure:"for"`

	// Severity is the value of the severity label: info, warning, error,
	// critical or a word of your own. Default: no such label.
	Severity string `mapstructure:"severity"`

	// Summary is the annotation of that name, a template. Default: none.
	Summary string `mapstructure:"summary"`

	// Description is the annotation of that name, a template. Default: none.
	Description string `mapstructure:"description"`

	// Labels are added to the alert; the values are templates. Default: none.
	Labels map[string]string `mapstructure:"labels"`

	// Annotations are further texts of the alert, templates. Default: none.
	Annotations map[string]string `mapstructure:"annotations"`

	// Cooldown is that of alerts of this name. Default: the cooldown of the
	// processor.
	Cooldown *time.Duration `mapstructure:"cooldown"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// EventConfig raises an alert for every span or log record that meets a condition.
type EventConfig struct {
	// Name is the alertname. Required, and unique among the event rules.
	Name string `mapstructure:"name"`

	// Context is what the condition is about: span or log. Required.
	Context EventContext `mapstructure:"context"`

	// Condition is an OTTL condition on a span or log record. Required.
	Condition string `mapstructure:"condition"`

	// Severity is the value of the severity label: info, warning, error,
	// critical or a word of your own. Default: no such label.
	Severity string `mapstructure:"severity"`

	// Labels are added to the alert. Default: none.
	Labels map[string]string `mapstructure:"labels"`

	// LabelsFrom are keys of attributes of the span or record, or else of its
	// resource, that become labels, dots written as underscores. Labels identify
	// an alert: the cooldown runs for each set of them. Default: none.
	LabelsFrom []string `mapstructure:"labels_from"`

	// Summary is the annotation of that name, a template. Default: none.
	Summary string `mapstructure:"summary"`

	// Description is the annotation of that name, a template. Default: none.
	Description string `mapstructure:"description"`

	// Annotations are further texts of the alert, templates. Default: none.
	Annotations map[string]string `mapstructure:"annotations"`

	// Cooldown is the time after a firing notification within which the same labels
	// cause no other while the alert is active. Default: the cooldown of the processor.
	Cooldown *time.Duration `mapstructure:"cooldown"`

	// ResolveAfter is the time after which an alert is resolved when nothing has
	// met the condition again. 0 is never: the alert is notified once, without a
	// resolution. Default: 5 minutes.
	ResolveAfter *time.Duration `mapstructure:"resolve_after"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// InhibitRuleConfig mutes alerts while others fire, as in Alertmanager. All matchers of a list must match.
type InhibitRuleConfig struct {
	// SourceMatchers choose the alerts that inhibit others. Required.
	SourceMatchers []string `mapstructure:"source_matchers"`

	// TargetMatchers choose the alerts that are inhibited. Required.
	TargetMatchers []string `mapstructure:"target_matchers"`

	// Equal are labels that must have the same value in both; a missing one is
	// empty. Default: none.
	Equal []string `mapstructure:"equal"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// SilenceConfig mutes alerts for a time.
type SilenceConfig struct {
	// Matchers choose the alerts, in Alertmanager's syntax; all must match. Required.
	Matchers []string `mapstructure:"matchers"`

	// StartsAt is when it begins. Default: it has begun.
	StartsAt time.Time `mapstructure:"starts_at"`

	// EndsAt is when it ends. Default: never.
	EndsAt time.Time `mapstructure:"ends_at"`

	// Comment is the reason. Default: none.
	Comment string `mapstructure:"comment"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// StorageConfig bounds the samples that rules are evaluated on.
type StorageConfig struct {
	// Directory persists samples, the state of rules and the notification state
	// across restarts. It belongs to this processor alone. Default: "", a temporary
	// directory that is removed at shutdown.
	Directory string `mapstructure:"directory"`

	// Retention is how long samples are kept, at least. Default: 26h, so that
	// a rule can look at a whole day.
	Retention time.Duration `mapstructure:"retention"`

	// MaxSeries is the number of series in memory above which new ones are
	// dropped and counted. Default: 100000.
	MaxSeries int `mapstructure:"max_series"`

	// MaxBytes limits the samples on the disk, above which the oldest are dropped.
	// Those of the last hours, which are not in blocks yet, stay. 0 is no limit.
	// Default: 2147483648 (2 GiB).
	MaxBytes int64 `mapstructure:"max_bytes"`

	// OutOfOrderWindow is how much older than the newest sample of its series
	// a sample may be. 0 accepts samples in order only. Default: 10m.
	OutOfOrderWindow time.Duration `mapstructure:"out_of_order_window"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// EventContext is what the condition of an event rule is about.
type EventContext string

// The contexts of an event rule.
const (
	EventContextSpan EventContext = "span"
	EventContextLog  EventContext = "log"
)

var _ confmap.Validator = (*Config)(nil)

// Validate reads the rule files too. It names everything that is wrong.
func (c *Config) Validate() error {
	errs := []error{
		atLeast("evaluation_interval", c.EvaluationInterval, time.Millisecond),
		atLeast("cooldown", c.Cooldown, 0),
		atLeast("repeat_interval", c.RepeatInterval, 0),
		validateLabels("external_labels", c.ExternalLabels),
		c.validateNotifications(),
		validateURL("external_url", c.ExternalURL),
		validateAttributes("resource_attributes", c.ResourceAttributes),
		c.Storage.validate(),
		evaluate.ValidateFiles(c.RuleFiles),
		validateRules(c.Rules),
		validateEvents(c.Events),
	}
	return errors.Join(errs...)
}

func (c *StorageConfig) options() ingest.StoreOptions {
	return ingest.StoreOptions{
		Directory:        c.Directory,
		Retention:        c.Retention,
		MaxSeries:        c.MaxSeries,
		MaxBytes:         c.MaxBytes,
		OutOfOrderWindow: c.OutOfOrderWindow,
	}
}

func (c *StorageConfig) validate() error {
	errs := []error{
		atLeast("storage::retention", c.Retention, time.Minute),
		atLeast("storage::out_of_order_window", c.OutOfOrderWindow, 0),
	}
	if c.MaxSeries <= 0 {
		errs = append(errs, fmt.Errorf("storage::max_series: must be above 0, is %d", c.MaxSeries))
	}
	if c.MaxBytes < 0 {
		errs = append(errs, fmt.Errorf("storage::max_bytes: must not be negative, is %d", c.MaxBytes))
	}
	return errors.Join(errs...)
}

func atLeast(key string, got, least time.Duration) error {
	if got < least {
		return fmt.Errorf("%s: must be %v or more, is %v", key, least, got)
	}
	return nil
}

func validateLabels(key string, labels map[string]string) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if !model.UTF8Validation.IsValidLabelName(name) || name == model.MetricNameLabel {
			errs = append(errs, fmt.Errorf("%s: invalid label name %q", key, name))
		}
		if !model.LabelValue(labels[name]).IsValid() {
			errs = append(errs, fmt.Errorf("%s: value of %q is not valid UTF-8", key, name))
		}
	}
	return errors.Join(errs...)
}

func validateURL(key, text string) error {
	if text == "" {
		return nil
	}
	parsed, err := url.Parse(text)
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	if parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Host == "" {
		return fmt.Errorf("%s: must be an http or https URL, is %q", key, text)
	}
	return nil
}

func validateAttributes(key string, attributes []string) error {
	var errs []error
	for i, attribute := range attributes {
		if _, err := routing.LabelName(attribute); err != nil {
			errs = append(errs, fmt.Errorf("%s::%d: %w", key, i, err))
		}
	}
	return errors.Join(errs...)
}
