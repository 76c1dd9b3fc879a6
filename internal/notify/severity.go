// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// usualSeverities maps the words that Prometheus', PagerDuty's, Opsgenie's and
// syslog's users write, in lower case.
var usualSeverities = map[string]string{
	"page": alertevent.SeverityCritical, "p1": alertevent.SeverityCritical, "p2": alertevent.SeverityCritical,
	"fatal": alertevent.SeverityCritical, "emergency": alertevent.SeverityCritical, "emerg": alertevent.SeverityCritical,
	"alert": alertevent.SeverityCritical, "crit": alertevent.SeverityCritical, "sev1": alertevent.SeverityCritical,

	"high": alertevent.SeverityError, "err": alertevent.SeverityError, "p3": alertevent.SeverityError,
	"sev2": alertevent.SeverityError, "major": alertevent.SeverityError,

	"warn": alertevent.SeverityWarning, "medium": alertevent.SeverityWarning, "p4": alertevent.SeverityWarning,
	"sev3": alertevent.SeverityWarning, "minor": alertevent.SeverityWarning,

	"none": alertevent.SeverityInfo, "low": alertevent.SeverityInfo, "notice": alertevent.SeverityInfo,
	"informational": alertevent.SeverityInfo, "debug": alertevent.SeverityInfo, "p5": alertevent.SeverityInfo,
	"sev4": alertevent.SeverityInfo,
}

func validateSeverityMap(own map[string]string) []error {
	var errs []error
	for _, word := range slices.Sorted(maps.Keys(own)) {
		if !slices.Contains(alertevent.Severities, own[word]) {
			errs = append(errs, fmt.Errorf("severity_map::%s: %q is none of %v", word, own[word], alertevent.Severities))
		}
	}
	return errs
}

// severities maps the words of the label severity.
type severities map[string]string

// newSeverities joins the usual words with those of a configuration, which take precedence.
func newSeverities(own map[string]string) severities {
	all := maps.Clone(usualSeverities)
	for word, severity := range own {
		all[strings.ToLower(word)] = severity
	}
	return all
}

// apply sets the severity of an alert. Its labels, which identify it, stay.
func (s severities) apply(alert *alertevent.Alert) {
	word := strings.ToLower(strings.TrimSpace(alert.Labels[alertevent.LabelSeverity]))
	if severity, ok := s[word]; ok {
		alert.MappedSeverity = severity
	}
}
