// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package emailexporter

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// Limits of one message, within the 102 KB that email clients show. Beyond them the
// message has the number of alerts and labels that are left out.
const (
	maxAlerts    = 20
	maxFields    = 20
	maxSubject   = 200  // runes
	maxLine      = 500  // runes
	maxText      = 3000 // runes
	maxFieldText = 300  // runes
)

// view is what both parts of a message show. Its texts are safe to show, and
// not escaped.
type view struct {
	Subject string
	Alerts  []alertView
	// More is the number of alerts that are left out, as text; "" for none.
	More string
	// All leads to all alerts on the dashboard; nil for none.
	All    *notify.Link
	Footer string
}

type alertView struct {
	Color       template.CSS
	Line        string
	Description string
	Fields      []field
	// More is the number of labels that are left out, as text; "" for none.
	More  string
	Links []notify.Link
}

type field struct{ Name, Value string }

// newView makes the view of alerts that are sent together, the most severe first. page is
// the address of the dashboard.
func newView(alerts []alertevent.Alert, page string) view {
	alerts = notify.MostSevereFirst(alerts)
	v := view{Subject: subject(alerts), Footer: notify.Footer}
	if all := notify.AllAlerts(page); all.URL != "" {
		v.All = &all
	}
	for i, alert := range alerts {
		if i == maxAlerts {
			v.More = notify.More(len(alerts) - i)
			break
		}
		v.Alerts = append(v.Alerts, newAlertView(alert, page))
	}
	return v
}

func newAlertView(alert alertevent.Alert, page string) alertView {
	v := alertView{
		Color: template.CSS(notify.Color(alert)), //nolint:gosec // one of four constants
		Line:  oneLine(alert.Line(), maxLine),
		Links: notify.LinksWith(page, alert),
	}
	if alert.Annotations[alertevent.AnnotationSummary] != "" {
		v.Description = notify.Truncate(notify.Clean(alert.Annotations[alertevent.AnnotationDescription]), maxText)
	}
	v.Fields, v.More = fields(alert)
	return v
}

// subject is the line of the first alert, how many more there are, and how many
// fire by severity.
func subject(alerts []alertevent.Alert) string {
	text := oneLine(alerts[0].Line(), maxSubject)
	others := len(alerts) - 1
	if others == 0 {
		return text
	}
	if counts := notify.SeverityCounts(alerts); counts != "" {
		return fmt.Sprintf("%s (+%d more: %s)", text, others, oneLine(counts, maxSubject))
	}
	return fmt.Sprintf("%s (+%d more)", text, others)
}

// fields are when the alert fired and was resolved, its value, and the labels that
// the line does not have, by name.
func fields(alert alertevent.Alert) (list []field, left string) {
	list = append(list, field{"Fired", stamp(alert.StartsAt)})
	if alert.State == alertevent.Resolved {
		list = append(list, field{"Resolved", stamp(alert.EndsAt)})
	}
	if alert.Value != nil {
		list = append(list, field{"Value", strconv.FormatFloat(*alert.Value, 'g', -1, 64)})
	}
	names := notify.LabelNames(alert)
	for i, name := range names {
		if i == maxFields {
			return list, notify.More(len(names) - i)
		}
		list = append(list, field{oneLine(name, maxFieldText), oneLine(alert.Labels[name], maxFieldText)})
	}
	return list, ""
}

// oneLine makes a text from telemetry safe and short enough to show, on one
// line: a line break in a subject would begin another header.
func oneLine(text string, limit int) string {
	return notify.Truncate(strings.Join(strings.Fields(notify.Clean(text)), " "), limit)
}

func stamp(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05 UTC") }
