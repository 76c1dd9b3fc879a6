// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package slackexporter

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/slack-go/slack"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// Limits of one message. Slack folds an attachment's text after some hundred
// characters and refuses a message that is too large; beyond these it says how
// much more there is.
// https://docs.slack.dev/messaging/formatting-message-text
// https://docs.slack.dev/legacy/legacy-messaging/legacy-secondary-message-attachments
const (
	maxAlerts    = 20 // attachments a message, Slack's recommendation
	maxFields    = 10
	maxLine      = 500  // runes
	maxText      = 3000 // runes
	maxFieldText = 300  // runes
)

// newMessage renders alerts that were raised together as one message, an
// attachment each, in the order given.
func newMessage(alerts []alertevent.Alert) *slack.WebhookMessage {
	message := &slack.WebhookMessage{}
	for i, alert := range alerts {
		if i == maxAlerts {
			message.Attachments = append(message.Attachments, slack.Attachment{
				Color:    notify.ColourOther,
				Fallback: notify.More(len(alerts) - i),
				Text:     notify.More(len(alerts) - i),
			})
			break
		}
		message.Attachments = append(message.Attachments, newAttachment(alert))
	}
	return message
}

func newAttachment(alert alertevent.Alert) slack.Attachment {
	line := safe(alert.Line(), maxLine)
	text := line
	if description := alert.Annotations[alertevent.AnnotationDescription]; description != "" && alert.Annotations[alertevent.AnnotationSummary] != "" {
		text += "\n" + safe(description, maxText)
	}
	if links := links(alert); links != "" {
		text += "\n" + links
	}
	at := alert.StartsAt
	if alert.State == alertevent.Resolved {
		at = alert.EndsAt
	}
	return slack.Attachment{
		Color:    notify.Colour(alert),
		Fallback: line,
		Text:     text,
		Fields:   fields(alert),
		Footer:   notify.Footer,
		Ts:       json.Number(strconv.FormatInt(at.Unix(), 10)),
	}
}

// fields are the labels that the line does not tell, by name.
func fields(alert alertevent.Alert) []slack.AttachmentField {
	names := notify.LabelNames(alert)
	var list []slack.AttachmentField
	for i, name := range names {
		if i == maxFields {
			list = append(list, slack.AttachmentField{Value: notify.More(len(names) - i)})
			break
		}
		list = append(list, slack.AttachmentField{
			Title: safe(name, maxFieldText),
			Value: safe(alert.Labels[name], maxFieldText),
			Short: true,
		})
	}
	return list
}

// links lead to what helps: a line of Slack's own link markup.
func links(alert alertevent.Alert) string {
	var list []string
	for _, link := range notify.Links(alert) {
		list = append(list, fmt.Sprintf("<%s|%s>", escape(strings.ReplaceAll(link.URL, "|", "%7C")), link.Text))
	}
	return strings.Join(list, " · ")
}

// safe makes a text from telemetry safe and short enough to show.
func safe(text string, limit int) string { return escape(notify.Truncate(notify.Clean(text), limit)) }

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// escape takes Slack's three control characters their meaning, so that no label
// can mention a channel or pass off a link as another.
// https://docs.slack.dev/messaging/formatting-message-text#escaping
func escape(text string) string { return escaper.Replace(text) }
