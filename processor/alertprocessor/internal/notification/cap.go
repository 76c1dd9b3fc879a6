// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

const (
	// SummaryName is the alertname of what stands for the suppressed alerts.
	SummaryName = "TooManyAlerts"
	// window is what the cap counts by.
	window = time.Minute
	// maxNames bounds the alert names that a summary lists.
	maxNames = 10
)

// Cap bounds the notifications of firing alerts in a minute, and makes one alert
// that stands for the rest of the minute. That one fires until a minute passes in
// which nothing is suppressed.
type Cap struct {
	limit int

	windowStart time.Time // of the window; zero when there is none
	allowed     int       // in the window
	suppressed  map[string]int
	total       int

	// Of the summary, while it fires.
	startsAt time.Time
	severity int
	notified bool // recipients believe that it fires
}

// Allow reports whether a notification may leave, and counts it.
func (c *Cap) Allow(now time.Time, alerts []*entry) bool {
	if c.limit <= 0 {
		return true
	}
	if c.windowStart.IsZero() {
		c.windowStart = now
	}
	if c.allowed < c.limit {
		c.allowed++
		return true
	}
	if c.suppressed == nil {
		c.suppressed = map[string]int{}
	}
	for _, e := range alerts {
		name := e.alert.Name()
		if _, known := c.suppressed[name]; !known && len(c.suppressed) >= maxNames {
			name = "others"
		}
		c.suppressed[name]++
		c.total++
		if c.startsAt.IsZero() {
			c.startsAt, c.severity = now, e.alert.SeverityRank()
		}
	}
	return false
}

// WindowEnd is when the window ends, if there is one.
func (c *Cap) WindowEnd() (time.Time, bool) {
	return c.windowStart.Add(window), !c.windowStart.IsZero()
}

// Summary is the alert that is due when the window has ended, if any; a new window
// starts.
func (c *Cap) Summary(now time.Time, external map[string]string) (alertevent.Alert, bool) {
	if end, open := c.WindowEnd(); !open || now.Before(end) {
		return alertevent.Alert{}, false
	}
	cut, total, firing := c.suppressed, c.total, !c.startsAt.IsZero()
	c.suppressed, c.total, c.allowed, c.windowStart = nil, 0, 0, time.Time{}
	if !firing {
		return alertevent.Alert{}, false
	}
	value := float64(total)
	summary := alertevent.Alert{
		Labels:   maps.Clone(external),
		State:    alertevent.Firing,
		StartsAt: c.startsAt,
		Value:    &value,
		Annotations: map[string]string{
			alertevent.AnnotationSummary:     fmt.Sprintf("%d more alerts in a minute than max_alerts_per_minute allows", total),
			alertevent.AnnotationDescription: fmt.Sprintf("max_alerts_per_minute is %d. Suppressed alerts: %s.", c.limit, describeSuppressed(cut)),
		},
	}
	if summary.Labels == nil {
		summary.Labels = map[string]string{}
	}
	summary.Labels[alertevent.LabelName] = SummaryName
	if c.severity >= 0 {
		summary.Labels[alertevent.LabelSeverity] = alertevent.Severities[c.severity]
	}
	if total > 0 {
		c.windowStart = now // to find out whether it goes on
		return summary, true
	}
	summary.State, summary.EndsAt, summary.Value = alertevent.Resolved, now, nil
	summary.Annotations = map[string]string{alertevent.AnnotationSummary: "All alerts are notified again"}
	c.startsAt = time.Time{}
	return summary, true
}

// isNotified decides whether recipients are notified of a summary: unless it is muted, or is the
// resolution of one that they were not notified of. Of one that they were notified of, they are.
func (c *Cap) isNotified(summary alertevent.Alert, muted bool) bool {
	if summary.State == alertevent.Resolved {
		notified := c.notified
		c.notified = false
		return notified
	}
	c.notified = c.notified || !muted
	return !muted
}

// describeSuppressed returns "30 HighErrorRate, 7 QueueIsLong", the most frequent first.
func describeSuppressed(cut map[string]int) string {
	names := slices.SortedFunc(maps.Keys(cut), func(a, b string) int {
		return cmp.Or(cmp.Compare(cut[b], cut[a]), cmp.Compare(a, b))
	})
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = fmt.Sprintf("%d %s", cut[name], name)
	}
	return strings.Join(parts, ", ")
}
