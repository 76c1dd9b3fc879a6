// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package pagerdutyexporter

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/PagerDuty/go-pagerduty"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// Limits of the Events API v2.
// https://developer.pagerduty.com/docs/send-alert-event
// https://support.pagerduty.com/main/docs/events-api-v2-size-limits
const (
	maxSummary = 1024       // runes
	maxBody    = 512 * 1000 // bytes, the lower reading of 512 KB
	maxText    = 10_000     // runes of one detail; keeps any one text from pushing all others out
	client     = "otelcol-arc"
)

const (
	actionTrigger     = "trigger"
	actionAcknowledge = "acknowledge"
	actionResolve     = "resolve"
)

// Annotations with a meaning to PagerDuty.
const (
	// annotationAcknowledged names who or what handles the alert already: an alert that
	// has it acknowledges the PagerDuty alert that it opened before, and pages nobody.
	annotationAcknowledged = "acknowledged"
	// annotationImage is the address of a picture, such as a graph. PagerDuty
	// accepts pictures over HTTPS only.
	annotationImage = "image_url"
)

// newEvent is the PagerDuty event for an alert's state. Its dedup key is the alert's
// fingerprint, 16 hex digits of the 255 characters that are allowed. It is the same
// for the firing and the resolved alert, also across restarts.
func newEvent(alert alertevent.Alert, routingKey, defaultSource string) *pagerduty.V2Event {
	event := &pagerduty.V2Event{
		RoutingKey: routingKey,
		Action:     actionTrigger,
		DedupKey:   alert.Fingerprint(),
	}
	// Nothing else of an event that resolves or acknowledges is used.
	switch {
	case alert.State == alertevent.Resolved:
		event.Action = actionResolve
		return event
	case alert.Annotations[annotationAcknowledged] != "":
		event.Action = actionAcknowledge
		return event
	}
	event.Client = client
	event.ClientURL = notify.Address(alert.GeneratorURL)
	event.Links = links(alert)
	event.Images = images(alert)
	event.Payload = &pagerduty.V2Payload{
		Summary:   notify.Truncate(notify.Clean(summary(alert)), maxSummary),
		Source:    text(firstLabel(alert, defaultSource, "instance", "service", "service_name", "job")),
		Severity:  severity(alert),
		Timestamp: alert.StartsAt.UTC().Format(time.RFC3339),
		Component: text(firstLabel(alert, "", "component", "agent_name", "model")),
		Group:     text(firstLabel(alert, "", "group", "cluster", "namespace")),
		Class:     text(alert.Name()),
		Details:   details(alert),
	}
	return event
}

func summary(alert alertevent.Alert) string {
	if s := alert.Annotations[alertevent.AnnotationSummary]; s != "" {
		return alert.Name() + ": " + s
	}
	return alert.Name()
}

// severity is the API's severity; it has the same four. An alert without one of them
// is sent as an error.
func severity(alert alertevent.Alert) string {
	if s := alert.Severity(); slices.Contains(alertevent.Severities, s) {
		return s
	}
	return alertevent.SeverityError
}

func firstLabel(alert alertevent.Alert, otherwise string, names ...string) string {
	for _, name := range names {
		if value := alert.Labels[name]; value != "" {
			return value
		}
	}
	return otherwise
}

func text(s string) string { return notify.Truncate(notify.Clean(s), maxSummary) }

// details are what the API shows as a table: texts by name.
func details(alert alertevent.Alert) map[string]any {
	table := map[string]any{
		"labels":      texts(alert.Labels),
		"annotations": texts(alert.Annotations),
	}
	if description := alert.Annotations[alertevent.AnnotationDescription]; description != "" {
		table["description"] = notify.Truncate(notify.Clean(description), maxText)
	}
	if alert.Value != nil {
		// As text: JSON has no infinity.
		table["value"] = formatValue(*alert.Value)
	}
	if !alert.TraceID.IsEmpty() {
		table["trace_id"] = alert.TraceID.String()
	}
	return table
}

func texts(in map[string]string) map[string]string {
	out := make(map[string]string, len(in))
	for name, value := range in {
		out[text(name)] = notify.Truncate(notify.Clean(value), maxText)
	}
	return out
}

func links(alert alertevent.Alert) []any {
	var list []any
	for _, link := range notify.Links(alert) {
		list = append(list, map[string]string{"href": link.URL, "text": link.Text})
	}
	return list
}

func images(alert alertevent.Alert) []any {
	source := notify.Address(alert.Annotations[annotationImage])
	if !strings.HasPrefix(source, "https://") {
		return nil
	}
	image := map[string]string{"src": source, "alt": text(alert.Name())}
	if link := notify.Address(alert.Annotations[alertevent.AnnotationDashboard]); link != "" {
		image["href"] = link
	}
	return []any{image}
}

// encode keeps the body within the API's limit: an event that is too large has a note
// in place of its details.
func encode(event *pagerduty.V2Event) ([]byte, error) {
	body, err := json.Marshal(event)
	if err != nil || len(body) <= maxBody {
		return body, err
	}
	event.Payload.Details = map[string]any{
		"note": "The details were left out: with them the event is larger than PagerDuty accepts.",
	}
	event.Links, event.Images = nil, nil
	event.ClientURL = ""
	return json.Marshal(event)
}

func formatValue(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
