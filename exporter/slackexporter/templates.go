// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package slackexporter

import (
	"errors"
	"strings"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// renderer makes messages: with the user's templates, or, where one is nil, with the
// exporter's own content. pageURL is the address of the dashboard.
type renderer struct {
	receiver    string
	pageURL     string
	title, text *notify.Template
}

// newRenderer reads the templates of a configuration. The receiver is what they
// know the exporter as.
func newRenderer(c *Config, receiver string) (renderer, error) {
	d := renderer{receiver: receiver, pageURL: c.PageURL}
	err := notify.ParseTemplates(c.TemplateFiles,
		notify.TemplateSetting{Key: "title", Text: c.Title, To: &d.title},
		notify.TemplateSetting{Key: "text", Text: c.Text, To: &d.text},
	)
	return d, err
}

// titleAndBody returns the title of a message, and the body if there is a template for
// it. When a template fails for these alerts, or writes nothing, the exporter's own
// content is used, and the error is returned.
func (d renderer) titleAndBody(alerts []alertevent.Alert) (title, body string, err error) {
	title = headline(alerts)
	if d.title == nil && d.text == nil {
		return title, "", nil
	}
	data := notify.TemplateData(d.receiver, d.pageURL, alerts, escape)
	var errs []error
	if d.title != nil {
		rendered, err := d.title.Render(data)
		if rendered = strings.TrimSpace(rendered); err == nil && rendered != "" {
			title = fit(notify.Clean(rendered), maxTitle)
		}
		errs = append(errs, err)
	}
	if d.text != nil {
		rendered, err := d.text.Render(data)
		if rendered = strings.TrimSpace(rendered); err == nil && rendered != "" {
			body = fit(notify.Clean(rendered), maxText)
		}
		errs = append(errs, err)
	}
	return title, body, errors.Join(errs...)
}
