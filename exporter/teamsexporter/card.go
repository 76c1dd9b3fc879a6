// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package teamsexporter

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// maxBody is the size in bytes of the largest message that Teams accepts, with a little for what it
// adds.
// https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
const maxBody = 27 * 1024

// Limits, in runes. With them a card of usual texts is smaller than maxBody; see [encode].
const (
	maxTitle  = 200
	maxLine   = 300
	maxText   = 3000
	maxFields = 10
	maxField  = 200
	maxAlerts = 20
)

// Colors of the Adaptive Card schema.
const (
	colorGood      = "Good"
	colorWarning   = "Warning"
	colorAttention = "Attention"
	colorDefault   = "Default"
)

// element is one of an Adaptive Card, of those that are used.
// https://adaptivecards.io/explorer/
type element struct {
	Type    string `json:"type"`
	Text    string `json:"text,omitempty"`
	Size    string `json:"size,omitempty"`
	Weight  string `json:"weight,omitempty"`
	Color   string `json:"color,omitempty"`
	Wrap    bool   `json:"wrap,omitempty"`
	Spacing string `json:"spacing,omitempty"`
	Subtle  bool   `json:"isSubtle,omitempty"`
	// Inlines are the runs of a RichTextBlock, in which Teams sees no Markdown.
	Inlines []element `json:"inlines,omitempty"`
	// Title and URL are those of an Action.OpenUrl.
	Title string `json:"title,omitempty"`
	URL   string `json:"url,omitempty"`
}

type card struct {
	Schema  string            `json:"$schema"`
	Type    string            `json:"type"`
	Version string            `json:"version"`
	Body    []element         `json:"body"`
	Actions []element         `json:"actions,omitempty"`
	Teams   map[string]string `json:"msteams"`
}

// payload is what the trigger of a workflow takes.
// https://support.microsoft.com/office/create-incoming-webhooks-with-workflows-for-microsoft-teams-8ae491c7-0394-4861-ba59-055e33f75498
type payload struct {
	Type        string       `json:"type"`
	Attachments []attachment `json:"attachments"`
}

type attachment struct {
	ContentType string `json:"contentType"`
	Content     card   `json:"content"`
}

// renderer makes cards. A template that is nil is the exporter's own.
type renderer struct {
	receiver, pageURL string
	title, text       *notify.Template
}

// newRenderer reads the templates of a configuration. The receiver is what they
// know the exporter as.
func newRenderer(c *Config, receiver string) (renderer, error) {
	r := renderer{receiver: receiver, pageURL: strings.TrimSuffix(notify.Address(c.PageURL), "/")}
	err := notify.ParseTemplates(c.TemplateFiles,
		notify.TemplateSetting{Key: "title", Text: c.Title, To: &r.title},
		notify.TemplateSetting{Key: "text", Text: c.Text, To: &r.text},
	)
	return r, err
}

// render makes a card of alerts, of one all, of several a line each. A template that
// fails is left out, and named by the error.
func (r renderer) render(alerts []alertevent.Alert) (payload, error) {
	alerts = notify.MostSevereFirst(alerts)
	title, text, err := r.texts(alerts)
	body := []element{rich(run(title, colorOf(alerts[0])), "Large", "Bolder")}
	var actions []element
	switch {
	case text != "":
		body = append(body, element{Type: "TextBlock", Text: text, Wrap: true})
	case len(alerts) == 1:
		body = append(body, single(alerts[0])...)
	default:
		body = append(body, digest(alerts)...)
	}
	if len(alerts) == 1 {
		for _, link := range notify.Links(alerts[0]) {
			actions = append(actions, openURL(link.Text, link.URL))
		}
	}
	if all := notify.AllAlerts(r.pageURL); all.URL != "" {
		actions = append(actions, openURL(all.Text, all.URL))
	}
	body = append(body, element{Type: "TextBlock", Text: notify.Footer, Size: "Small", Subtle: true})
	return payload{Type: "message", Attachments: []attachment{{
		ContentType: "application/vnd.microsoft.card.adaptive",
		Content: card{
			Schema: "http://adaptivecards.io/schemas/adaptive-card.json", Type: "AdaptiveCard", Version: "1.4",
			Body: body, Actions: actions, Teams: map[string]string{"width": "Full"},
		},
	}}}, err
}

// texts are the title, and what a template makes of the alerts.
func (r renderer) texts(alerts []alertevent.Alert) (title, text string, err error) {
	title = headline(alerts)
	data := notify.TemplateData(r.receiver, r.pageURL, alerts, escapeMarkdown)
	var errs []error
	if r.title != nil {
		rendered, err := r.title.Render(notify.TemplateData(r.receiver, r.pageURL, alerts, nil))
		if rendered = clean(rendered, maxTitle); err == nil && rendered != "" {
			title = rendered
		}
		errs = append(errs, err)
	}
	if r.text != nil {
		rendered, err := r.text.Render(data)
		if err == nil {
			text = notify.Truncate(notify.Clean(strings.TrimSpace(rendered)), maxText)
		}
		errs = append(errs, err)
	}
	return title, text, errors.Join(errs...)
}

// headline is the line of one alert, and of several how many there are.
func headline(alerts []alertevent.Alert) string {
	if len(alerts) == 1 {
		return clean(alerts[0].Line(), maxTitle)
	}
	text := fmt.Sprintf("%s (+%d more)", clean(alerts[0].Line(), maxTitle), len(alerts)-1)
	if counts := notify.SeverityCounts(alerts); counts != "" {
		text += ": " + counts
	}
	return text
}

// single shows all of an alert.
func single(alert alertevent.Alert) []element {
	var body []element
	if text := clean(alert.Annotations[alertevent.AnnotationDescription], maxText); text != "" {
		body = append(body, rich(run(text, ""), "", ""))
	}
	fields := [][2]string{{"Fired", alert.StartsAt.UTC().Format(time.RFC3339)}}
	if alert.State == alertevent.Resolved {
		fields = append(fields, [2]string{"Resolved", alert.EndsAt.UTC().Format(time.RFC3339)})
	}
	names := notify.LabelNames(alert)
	for i, name := range names {
		if i == maxFields {
			fields = append(fields, [2]string{notify.More(len(names) - i), ""})
			break
		}
		fields = append(fields, [2]string{name, alert.Labels[name]})
	}
	for _, field := range fields {
		name := run(clean(field[0], maxField), "")
		name.Weight = "Bolder"
		block := rich(name, "", "")
		block.Spacing = "Small"
		if field[1] != "" {
			block.Inlines = append(block.Inlines, run("  "+clean(field[1], maxField), ""))
		}
		body = append(body, block)
	}
	return body
}

// digest has a line for each alert, as many as there is space for.
func digest(alerts []alertevent.Alert) []element {
	var body []element
	for i, alert := range alerts {
		if i == maxAlerts {
			return append(body, rich(run(notify.More(len(alerts)-i), ""), "", ""))
		}
		body = append(body, rich(run(clean(alert.Line(), maxLine), colorOf(alert)), "", ""))
	}
	return body
}

func rich(text element, size, weight string) element {
	text.Size, text.Weight = size, weight
	return element{Type: "RichTextBlock", Inlines: []element{text}}
}

func run(text, color string) element {
	if text == "" {
		text = "Alert"
	}
	return element{Type: "TextRun", Text: text, Color: color}
}

func openURL(title, address string) element {
	return element{Type: "Action.OpenUrl", Title: title, URL: address}
}

func colorOf(alert alertevent.Alert) string {
	switch {
	case alert.State == alertevent.Resolved:
		return colorGood
	case alert.Severity() == alertevent.SeverityCritical, alert.Severity() == alertevent.SeverityError:
		return colorAttention
	case alert.Severity() == alertevent.SeverityWarning:
		return colorWarning
	default:
		return colorDefault
	}
}

func clean(text string, limit int) string {
	return notify.Truncate(strings.TrimSpace(notify.Clean(text)), limit)
}

var markdown = strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "`", "\\`", "<", "&lt;", ">", "&gt;", "#", `\#`)

// escapeMarkdown keeps a label from being markup in a template's text.
func escapeMarkdown(text string) string { return markdown.Replace(text) }
