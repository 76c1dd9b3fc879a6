// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package emailexporter

import (
	"cmp"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// Limits of one message, within the 102 KB that mail readers show of it. Beyond
// them it says how much more there is.
const (
	maxAlerts    = 20
	maxFields    = 20
	maxSubject   = 200  // runes
	maxLine      = 500  // runes
	maxText      = 3000 // runes
	maxFieldText = 300  // runes
)

// The reference's colours and footer.
const (
	colourInfo     template.CSS = "#36a64f"
	colourWarning  template.CSS = "#ff9900"
	colourCritical template.CSS = "#ff0000"
	colourOther    template.CSS = "#808080"
	footer                      = "Arc Monitoring"
)

// view is what both parts of a message show. Its texts are safe to show, and
// not escaped.
type view struct {
	Subject string
	Alerts  []alertView
	// More says how many alerts are left out; "" when none.
	More   string
	Footer string
}

type alertView struct {
	Colour      template.CSS
	Line        string
	Description string
	Fields      []field
	// More says how many labels are left out; "" when none.
	More  string
	Links []link
}

type field struct{ Name, Value string }

type link struct{ Text, URL string }

// newView lays out alerts that were raised together, in the order given.
func newView(alerts []alertevent.Alert) view {
	v := view{Subject: subject(alerts), Footer: footer}
	for i, alert := range alerts {
		if i == maxAlerts {
			v.More = more(len(alerts) - i)
			break
		}
		v.Alerts = append(v.Alerts, newAlertView(alert))
	}
	return v
}

func newAlertView(alert alertevent.Alert) alertView {
	v := alertView{Colour: colour(alert), Line: oneLine(alert.Line(), maxLine), Links: links(alert)}
	if alert.Annotations[alertevent.AnnotationSummary] != "" {
		v.Description = notify.Truncate(notify.Clean(alert.Annotations[alertevent.AnnotationDescription]), maxText)
	}
	v.Fields, v.More = fields(alert)
	return v
}

// subject is the line of the most severe alert that fires, or of the first when
// all are over, and how many more there are.
func subject(alerts []alertevent.Alert) string {
	lead := slices.MaxFunc(alerts, func(a, b alertevent.Alert) int { return cmp.Compare(rank(a), rank(b)) })
	text := oneLine(lead.Line(), maxSubject)
	if others := len(alerts) - 1; others > 0 {
		text += fmt.Sprintf(" (+%d more)", others)
	}
	return text
}

// rank orders alerts by how much they matter.
func rank(alert alertevent.Alert) int {
	if alert.State == alertevent.Resolved {
		return -1
	}
	return 1 + slices.Index([]string{
		alertevent.SeverityInfo, alertevent.SeverityWarning, alertevent.SeverityError, alertevent.SeverityCritical,
	}, alert.Severity())
}

func colour(alert alertevent.Alert) template.CSS {
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
		return colourOther
	}
}

// fields are when the alert began and ended, its value, and the labels that the
// line does not tell, by name.
func fields(alert alertevent.Alert) (list []field, left string) {
	list = append(list, field{"Began", stamp(alert.StartsAt)})
	if alert.State == alertevent.Resolved {
		list = append(list, field{"Ended", stamp(alert.EndsAt)})
	}
	if alert.Value != nil {
		list = append(list, field{"Value", strconv.FormatFloat(*alert.Value, 'g', -1, 64)})
	}
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(alert.Labels)), func(name string) bool {
		return name == alertevent.LabelName || name == alertevent.LabelSeverity
	})
	for i, name := range names {
		if i == maxFields {
			return list, more(len(names) - i)
		}
		list = append(list, field{oneLine(name, maxFieldText), oneLine(alert.Labels[name], maxFieldText)})
	}
	return list, ""
}

// links lead to what helps.
func links(alert alertevent.Alert) []link {
	var list []link
	for _, l := range []link{
		{"Runbook", alert.Annotations[alertevent.AnnotationRunbook]},
		{"Dashboard", alert.Annotations[alertevent.AnnotationDashboard]},
		{"Expression", alert.GeneratorURL},
	} {
		if notify.IsLink(l.URL) {
			list = append(list, link{l.Text, oneLine(l.URL, len(l.URL))})
		}
	}
	return list
}

// oneLine makes a text from telemetry safe and short enough to show, on one
// line: a line break in a subject would begin another header.
func oneLine(text string, limit int) string {
	return notify.Truncate(strings.Join(strings.Fields(notify.Clean(text)), " "), limit)
}

func stamp(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05 UTC") }

func more(n int) string { return fmt.Sprintf("… %d more", n) }
