// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"fmt"
	"maps"
	"slices"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// Footer stands under every notice, as in the reference.
const Footer = "Arc Monitoring"

// The reference's colours.
const (
	colourInfo     = "#36a64f"
	colourWarning  = "#ff9900"
	colourCritical = "#ff0000"
	// ColourOther is that of what has no severity.
	ColourOther = "#808080"
)

// Colour is that of an alert's severity; what is over is green.
func Colour(alert alertevent.Alert) string {
	if alert.State == alertevent.Resolved {
		return colourInfo
	}
	switch alert.Severity() {
	case alertevent.SeverityInfo:
		return colourInfo
	case alertevent.SeverityWarning:
		return colourWarning
	case alertevent.SeverityCritical:
		return colourCritical
	default:
		return ColourOther
	}
}

// LabelNames are the labels that an alert's line does not tell, in order.
func LabelNames(alert alertevent.Alert) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(alert.Labels)), func(name string) bool {
		return name == alertevent.LabelName || name == alertevent.LabelSeverity
	})
}

// Link is one that may be shown; see [IsLink].
type Link struct{ Text, URL string }

// Links lead to what helps: runbook, dashboard and expression, as far as the
// alert has them.
func Links(alert alertevent.Alert) []Link {
	return slices.DeleteFunc([]Link{
		{"Runbook", alert.Annotations[alertevent.AnnotationRunbook]},
		{"Dashboard", alert.Annotations[alertevent.AnnotationDashboard]},
		{"Expression", alert.GeneratorURL},
	}, func(link Link) bool { return !IsLink(link.URL) })
}

// More says how much was left out.
func More(n int) string { return fmt.Sprintf("… %d more", n) }
