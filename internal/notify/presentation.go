// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// Footer is below every message, as in the Arc guide.
const Footer = "Arc Monitoring"

// The colors of the Arc guide.
const (
	colorInfo     = "#36a64f"
	colorWarning  = "#ff9900"
	colorCritical = "#ff0000"
	// ColorOther is that of what has no severity.
	ColorOther = "#808080"
)

// Color is that of an alert's severity; what is resolved is green.
func Color(alert alertevent.Alert) string {
	if alert.State == alertevent.Resolved {
		return colorInfo
	}
	switch alert.Severity() {
	case alertevent.SeverityInfo:
		return colorInfo
	case alertevent.SeverityWarning:
		return colorWarning
	case alertevent.SeverityCritical:
		return colorCritical
	default:
		return ColorOther
	}
}

// MostSevereFirst are the alerts in the order in which they are shown: what fires
// before what is resolved, and the most severe first.
func MostSevereFirst(alerts []alertevent.Alert) []alertevent.Alert {
	return slices.SortedStableFunc(slices.Values(alerts), func(a, b alertevent.Alert) int { return rank(b) - rank(a) })
}

func rank(alert alertevent.Alert) int {
	if alert.State == alertevent.Resolved {
		return -2
	}
	return slices.Index(alertevent.Severities, alert.Severity())
}

// SeverityCounts is how many of the alerts fire, by severity, as "2 critical, 1
// warning"; "" when all that fire have the same.
func SeverityCounts(alerts []alertevent.Alert) string {
	counts := map[string]int{}
	for _, alert := range alerts {
		if alert.State == alertevent.Firing {
			counts[alert.Severity()]++
		}
	}
	if len(counts) < 2 {
		return ""
	}
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(slices.Index(alertevent.Severities, b)-slices.Index(alertevent.Severities, a), cmp.Compare(a, b))
	})
	var parts []string
	for _, name := range names {
		parts = append(parts, fmt.Sprintf("%d %s", counts[name], cmp.Or(name, "without severity")))
	}
	return strings.Join(parts, ", ")
}

// LabelNames are the labels that an alert's line does not have, sorted.
func LabelNames(alert alertevent.Alert) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(alert.Labels)), func(name string) bool {
		return name == alertevent.LabelName || name == alertevent.LabelSeverity
	})
}

// Link is a link that may be shown; its URL is an [Address].
type Link struct{ Text, URL string }

// Links lead to what helps: runbook, dashboard and expression, as far as the
// alert has them.
func Links(alert alertevent.Alert) []Link {
	return slices.DeleteFunc([]Link{
		{"Runbook", Address(alert.Annotations[alertevent.AnnotationRunbook])},
		{"Dashboard", Address(alert.Annotations[alertevent.AnnotationDashboard])},
		{"Expression", Address(alert.GeneratorURL)},
	}, func(link Link) bool { return link.URL == "" })
}

// LinksWith are Links, and one to the dashboard at an address, where the alert can be
// silenced while it fires; "" is no dashboard.
func LinksWith(page string, alert alertevent.Alert) []Link {
	links := Links(alert)
	if page = pageOf(page); page != "" && alert.State == alertevent.Firing {
		links = append(links, Link{"Silence", page + "/alerts?silence=" + alert.Fingerprint() + "#new"})
	}
	return links
}

// AllAlerts leads to the alerts on the dashboard at an address; its URL is "" without one.
func AllAlerts(page string) Link {
	if page = pageOf(page); page != "" {
		page += "/alerts"
	}
	return Link{"All alerts", page}
}

func pageOf(address string) string { return strings.TrimSuffix(Address(address), "/") }

// More is the text for n items that were left out.
func More(n int) string { return fmt.Sprintf("… %d more", n) }
