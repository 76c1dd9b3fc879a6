// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"fmt"
	"slices"

	"github.com/prometheus/alertmanager/pkg/labels"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// Filter chooses the alerts that a channel is for.
type Filter struct {
	// Severities are those that pass; none means all.
	Severities []string
	// Matchers are what the labels have to match, all of them; none means any.
	// See [FilterConfig].
	Matchers labels.Matchers
	// Resolved says whether the end of an alert is told.
	Resolved bool
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

// Pass says whether the channel is for the alert.
func (f Filter) Pass(alert alertevent.Alert) bool {
	if alert.State == alertevent.Resolved && !f.Resolved {
		return false
	}
	if len(f.Severities) > 0 && !slices.Contains(f.Severities, alert.Severity()) {
		return false
	}
	return !slices.ContainsFunc(f.Matchers, func(m *labels.Matcher) bool { return !m.Matches(alert.Labels[m.Name]) })
}

// Selection is what a filter makes of a batch of logs.
type Selection struct {
	// Passed holds the records that pass and nothing else, N of them. It is not
	// valid when there are none.
	Passed plog.Logs
	N      int
	// Filtered and Malformed count the alert records that do not pass, and
	// those that cannot be read.
	Filtered, Malformed int64
}

// Select copies the alert records that pass. Records in a scope that is not the
// alert processor's are not looked at.
func (f Filter) Select(ld plog.Logs) Selection {
	var s Selection
	var to plog.LogRecordSlice
	for record := range alertevent.Records(ld) {
		alert, err := alertevent.Read(record)
		if err != nil {
			s.Malformed++
			continue
		}
		if !f.Pass(alert) {
			s.Filtered++
			continue
		}
		if s.N == 0 {
			s.Passed, to = alertevent.NewLogs(pcommon.NewResource())
		}
		record.CopyTo(to.AppendEmpty())
		s.N++
	}
	return s
}
