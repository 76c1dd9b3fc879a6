// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"fmt"
	"slices"

	"github.com/prometheus/alertmanager/pkg/labels"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// Filter chooses the alerts that a channel notifies of.
type Filter struct {
	// Severities are those that pass; none means all.
	Severities []string
	// Matchers are what the labels have to match, all of them; none means any.
	// See [FilterConfig].
	Matchers labels.Matchers
}

// Validate names every severity that is not one of alertevent's.
func (f Filter) Validate() []error {
	var errs []error
	for i, severity := range f.Severities {
		if !slices.Contains(alertevent.Severities, severity) {
			errs = append(errs, fmt.Errorf("severities::%d: %q is none of %v", i, severity, alertevent.Severities))
		}
	}
	return errs
}

// Pass reports whether the channel notifies of the alert.
func (f Filter) Pass(alert alertevent.Alert) bool {
	if len(f.Severities) > 0 && !slices.Contains(f.Severities, alert.Severity()) {
		return false
	}
	return !slices.ContainsFunc(f.Matchers, func(m *labels.Matcher) bool { return !m.Matches(alert.Labels[m.Name]) })
}
