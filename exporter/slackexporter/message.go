// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package slackexporter

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/slack-go/slack"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// Limits, in characters. Those of Block Kit are above all of them: 3000 for the
// text of a section, ten fields of 2000, 50 blocks a message. These keep all of a
// message below what Slack folds away or refuses as too long.
// https://docs.slack.dev/reference/block-kit/blocks/section-block
// https://docs.slack.dev/messaging/formatting-message-text
const (
	maxTitle  = 500
	maxText   = 3000
	maxFields = 10
	maxName   = 100 // of a label
	maxValue  = 300 // of a label
	// Of a digest: an attachment an alert, of which Slack recommends 20 at most.
	maxAlerts     = 20
	maxDigest     = 9000
	maxDigestText = 800
)

// message is what is sent, by a webhook or a bot.
type message struct {
	text        string
	attachments []slack.Attachment
}

// render makes a message of alerts. One of a single alert shows all of it; one of
// several is a digest.
func (d renderer) render(alerts []alertevent.Alert) (message, error) {
	alerts = notify.MostSevereFirst(alerts)
	title, body, err := d.titleAndBody(alerts)
	m := message{text: title}
	switch {
	case body != "" || len(alerts) == 1:
		m.attachments = []slack.Attachment{d.single(alerts, body)}
	default:
		m.attachments = d.digest(alerts)
	}
	return m, err
}

// mentioning puts the mentions for some of the alerts before the text.
func (m message) mentioning(mentions map[string][]string, alerts []alertevent.Alert) message {
	if who := mentionMarkup(mentions, alerts); who != "" {
		m.text = who + " " + m.text
	}
	return m
}

// headline is the first line of a message.
func headline(alerts []alertevent.Alert) string {
	if len(alerts) == 1 {
		return nonEmpty(safe(alerts[0].Line(), maxTitle))
	}
	firing := 0
	name := alerts[0].Name()
	for _, alert := range alerts {
		if alert.State == alertevent.Firing {
			firing++
		}
		if alert.Name() != name {
			name = ""
		}
	}
	tag := "RESOLVED"
	if firing > 0 {
		tag = strings.ToUpper(alerts[0].Severity()) // the most severe is the first
	}
	var b strings.Builder
	if tag != "" {
		b.WriteString("[" + tag + "] ")
	}
	if name != "" {
		b.WriteString(name + ": ")
	}
	fmt.Fprintf(&b, "%d alerts", len(alerts))
	if counts := notify.SeverityCounts(alerts); counts != "" {
		b.WriteString(", " + counts)
	}
	if resolved := len(alerts) - firing; firing > 0 && resolved > 0 {
		fmt.Fprintf(&b, ", %d resolved", resolved)
	}
	if group := alerts[0].Group; group != nil {
		b.WriteString(groupText(group.Labels))
	}
	return nonEmpty(safe(b.String(), maxTitle))
}

// groupText is what the alerts of a group have in common.
func groupText(labels map[string]string) string {
	var pairs []string
	for _, name := range notify.LabelNames(alertevent.Alert{Labels: labels}) {
		pairs = append(pairs, name+"="+labels[name])
	}
	if len(pairs) == 0 {
		return ""
	}
	return " (" + strings.Join(pairs, ", ") + ")"
}

func nonEmpty(text string) string {
	if strings.TrimSpace(text) == "" {
		return "Alert"
	}
	return text
}

// single shows all of one alert, or the body that a template made of several.
func (d renderer) single(alerts []alertevent.Alert, body string) slack.Attachment {
	alert := alerts[0]
	a := slack.Attachment{Color: notify.Color(alert), Fallback: headline(alerts)}
	if body != "" {
		a.Blocks.BlockSet = append(a.Blocks.BlockSet, section(body, nil))
	} else if s := section(description(alert), fields(alert)); s != nil {
		a.Blocks.BlockSet = append(a.Blocks.BlockSet, s)
	}
	if len(alerts) == 1 {
		if buttons := d.buttons(alert); buttons != nil {
			a.Blocks.BlockSet = append(a.Blocks.BlockSet, buttons)
		}
	}
	a.Blocks.BlockSet = append(a.Blocks.BlockSet, footer(alert))
	return a
}

// section is nil when it would be empty, which Slack rejects.
func section(text string, fields []*slack.TextBlockObject) slack.Block {
	block := &slack.SectionBlock{Type: slack.MBTSection, Fields: fields}
	if strings.TrimSpace(text) != "" {
		block.Text = markup(text)
	}
	if block.Text == nil && len(fields) == 0 {
		return nil
	}
	return block
}

// description is the annotation, unless the headline has it already.
func description(alert alertevent.Alert) string {
	if alert.Annotations[alertevent.AnnotationSummary] == "" {
		return ""
	}
	return safe(alert.Annotations[alertevent.AnnotationDescription], maxText)
}

// fields are the labels that the headline does not have, by name.
func fields(alert alertevent.Alert) []*slack.TextBlockObject {
	names := notify.LabelNames(alert)
	var list []*slack.TextBlockObject
	for i, name := range names {
		if i == maxFields-1 && len(names) > maxFields {
			return append(list, markup(notify.More(len(names)-i)))
		}
		list = append(list, markup("*"+safe(name, maxName)+"*\n"+safe(alert.Labels[name], maxValue)))
	}
	return list
}

// buttons open the links of an alert; nil when it has none.
func (d renderer) buttons(alert alertevent.Alert) slack.Block {
	var list []slack.BlockElement
	for _, place := range notify.LinksWith(d.pageURL, alert) {
		list = append(list, &slack.ButtonBlockElement{
			Type:     slack.METButton,
			Text:     &slack.TextBlockObject{Type: slack.PlainTextType, Text: place.Text},
			ActionID: "open_" + strings.ToLower(place.Text),
			URL:      place.URL,
		})
	}
	if len(list) == 0 {
		return nil
	}
	return slack.NewActionBlock("", list...)
}

// footer has the name and the time at which the alert fired, or was resolved, in the
// reader's own time zone.
func footer(alert alertevent.Alert) slack.Block {
	at := changedAt(alert).UTC()
	return slack.NewContextBlock("", markup(fmt.Sprintf("%s  |  <!date^%d^{date_num} {time_secs}|%s>",
		notify.Footer, at.Unix(), at.Format(time.DateTime+" MST"))))
}

// digest has an attachment for each alert, as many as there is space for, and
// reports how many more there are.
func (d renderer) digest(alerts []alertevent.Alert) []slack.Attachment {
	var list []slack.Attachment
	available := maxDigest
	for i, alert := range alerts {
		text := d.line(alert)
		available -= len(utf16.Encode([]rune(text)))
		if i == maxAlerts || available < 0 {
			more := notify.More(len(alerts) - i)
			list = append(list, slack.Attachment{
				Color: notify.ColorOther, Fallback: more,
				Blocks: slack.Blocks{BlockSet: []slack.Block{section(more, nil)}},
			})
			break
		}
		list = append(list, slack.Attachment{
			Color: notify.Color(alert), Fallback: headline(alerts[i : i+1]),
			Blocks: slack.Blocks{BlockSet: []slack.Block{section(text, nil)}},
		})
	}
	last := &list[len(list)-1]
	if all := notify.AllAlerts(d.pageURL); all.URL != "" {
		last.Blocks.BlockSet = append(last.Blocks.BlockSet, section(link(all.URL, all.Text), nil))
	}
	last.Blocks.BlockSet = append(last.Blocks.BlockSet, footer(newest(alerts)))
	return list
}

// line is one of several alerts: what it is, the labels that it does not share with
// its group, and its links.
func (d renderer) line(alert alertevent.Alert) string {
	lines := []string{nonEmpty(safe(alert.Line(), maxDigestText/2))}
	var pairs []string
	for _, name := range notify.LabelNames(alert) {
		if alert.Group == nil || alert.Group.Labels[name] != alert.Labels[name] {
			pairs = append(pairs, name+"="+alert.Labels[name])
		}
	}
	if len(pairs) > 0 {
		lines = append(lines, safe(strings.Join(pairs, ", "), maxDigestText/2))
	}
	var links []string
	for _, place := range notify.LinksWith(d.pageURL, alert) {
		links = append(links, link(place.URL, place.Text))
	}
	text := strings.Join(lines, "\n")
	if shown := strings.Join(links, " · "); shown != "" && len(text)+len(shown) < maxText {
		text += "\n" + shown
	}
	return text
}

// newest is the alert that changed last.
func newest(alerts []alertevent.Alert) alertevent.Alert {
	return slices.MaxFunc(alerts, func(a, b alertevent.Alert) int { return changedAt(a).Compare(changedAt(b)) })
}

// changedAt is when the alert fired, or was resolved.
func changedAt(alert alertevent.Alert) time.Time {
	if alert.State == alertevent.Resolved {
		return alert.EndsAt
	}
	return alert.StartsAt
}
