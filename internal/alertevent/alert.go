// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertevent

import (
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// State is whether an alert fires.
type State string

// The states of an alert record.
const (
	Firing   State = "firing"
	Resolved State = "resolved"
)

// Label and annotation names with a meaning, as Prometheus users write them.
const (
	LabelName             = model.AlertNameLabel
	LabelSeverity         = "severity"
	AnnotationSummary     = "summary"
	AnnotationDescription = "description"
	AnnotationRunbook     = "runbook_url"
	AnnotationDashboard   = "dashboard_url"
)

// Severities in rising order. Any other word is allowed and is treated as unknown.
const (
	SeverityInfo     = "info"
	SeverityWarning  = "warning"
	SeverityError    = "error"
	SeverityCritical = "critical"
)

// Severities are all of these, in rising order.
var Severities = []string{SeverityInfo, SeverityWarning, SeverityError, SeverityCritical}

// Alert is one alert at one change of its state.
type Alert struct {
	// Labels identify the alert. alertname is always among them, severity usually.
	Labels map[string]string
	// Annotations are rendered texts: summary, description, runbook_url, dashboard_url, ….
	Annotations map[string]string
	State       State
	StartsAt    time.Time
	// EndsAt is zero while the alert fires.
	EndsAt time.Time
	// Value is that of the rule's expression; nil when the alert has none.
	Value *float64
	// GeneratorURL leads to the expression that raised the alert, when there is a page for it.
	GeneratorURL string
	// TraceID and SpanID are those of an example, when one is known.
	TraceID pcommon.TraceID
	SpanID  pcommon.SpanID
	// MappedSeverity is the severity that a channel's configuration maps the label
	// to; "" when it maps none. It is not in the record.
	MappedSeverity string
	// Receiver is the name of the receiver that a route chose; "" without routes,
	// which is every channel. Two records of an alert can have different ones.
	Receiver string
	// Group is what alerts that are notified together share; nil when the alert is
	// sent individually.
	Group *Group
	// Batch identifies the alerts of one evaluation: the records of a batch are emitted
	// together, and those that are not grouped are one digest.
	Batch string
}

// Group is a set of alerts that are notified together, as Alertmanager groups them.
type Group struct {
	// Key identifies the group over time.
	Key string
	// Labels are those that its alerts have in common by configuration.
	Labels map[string]string
}

// Name is the alertname label.
func (a Alert) Name() string { return a.Labels[LabelName] }

// Severity is the severity that the label is mapped to, or else the label in
// lower case; "" when there is none.
func (a Alert) Severity() string {
	if a.MappedSeverity != "" {
		return a.MappedSeverity
	}
	return strings.ToLower(a.Labels[LabelSeverity])
}

// Fingerprint identifies the label set, as Prometheus and Alertmanager compute it: 16 hex digits.
func (a Alert) Fingerprint() string {
	return model.Fingerprint(model.LabelsToSignature(a.Labels)).String()
}

// Line is a one-line text: state or severity, name, and the summary, or else the
// description.
func (a Alert) Line() string {
	tag := strings.ToUpper(a.Severity())
	if a.State == Resolved {
		tag = "RESOLVED"
	}
	text := a.Annotations[AnnotationSummary]
	if text == "" {
		text = a.Annotations[AnnotationDescription]
	}
	line := a.Name()
	if tag != "" {
		line = fmt.Sprintf("[%s] %s", tag, line)
	}
	if text != "" {
		line += ": " + text
	}
	return line
}

// severityNumber maps the severity label to the log data model's number, as
// its appendix B maps syslog's severities.
// https://opentelemetry.io/docs/specs/otel/logs/data-model-appendix/#appendix-b-severitynumber-example-mappings
func severityNumber(severity string) plog.SeverityNumber {
	switch severity {
	case SeverityInfo:
		return plog.SeverityNumberInfo
	case SeverityWarning:
		return plog.SeverityNumberWarn
	case SeverityError:
		return plog.SeverityNumberError
	case SeverityCritical:
		return plog.SeverityNumberError2
	default:
		return plog.SeverityNumberUnspecified
	}
}
