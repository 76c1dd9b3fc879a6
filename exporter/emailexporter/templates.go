// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package emailexporter

import (
	"errors"
	"fmt"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// content is the text of a message.
type content struct{ subject, text, html string }

// renderer makes the content of messages: with the user's templates, or for parts
// without one with the exporter's own.
type renderer struct {
	receiver, pageURL   string // pageURL is the address of the dashboard
	subject, text, html *notify.Template
}

// newRenderer reads the templates of a configuration. The receiver is what they
// know the exporter as.
func newRenderer(c *Config, receiver string) (renderer, error) {
	d := renderer{receiver: receiver, pageURL: c.PageURL}
	err := notify.ParseTemplates(c.TemplateFiles,
		notify.TemplateSetting{Key: "subject", Text: c.Subject, To: &d.subject},
		notify.TemplateSetting{Key: "text", Text: c.Text, To: &d.text},
		notify.TemplateSetting{Key: "html", Text: c.HTML, HTML: true, To: &d.html},
	)
	return d, err
}

// render makes the content of a message. When a template fails for these alerts, its
// part has the exporter's own content, and the template's error is returned.
func (d renderer) render(alerts []alertevent.Alert) (content, error) {
	v := newView(alerts, d.pageURL)
	page, err := v.html()
	if err != nil {
		return content{}, err
	}
	c := content{subject: v.Subject, text: v.text(), html: page}
	if d.subject == nil && d.text == nil && d.html == nil {
		return c, nil
	}
	data := notify.TemplateData(d.receiver, d.pageURL, alerts, nil)
	var errs []error
	for _, part := range []struct {
		key      string
		template *notify.Template
		to       *string
	}{{"subject", d.subject, &c.subject}, {"text", d.text, &c.text}, {"html", d.html, &c.html}} {
		if part.template == nil {
			continue
		}
		text, err := part.template.Render(data)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", part.key, err))
			continue
		}
		*part.to = text
	}
	c.subject = oneLine(c.subject, maxSubject)
	return c, errors.Join(errs...)
}
