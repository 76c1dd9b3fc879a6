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
	all := maps.Clone(alertevent.UsualSeverities)
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
