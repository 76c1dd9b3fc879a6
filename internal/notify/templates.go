// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"bytes"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io"
	"strings"
	texttemplate "text/template"
	"time"
	"unicode/utf8"

	"github.com/prometheus/alertmanager/template"

	"github.com/otelcol-arc/otelcol-arc/internal/configfile"
)

// Limits of one execution of a template. The time is checked on each write: a
// template cannot be stopped in between.
const (
	maxRendered   = 256 << 10 // bytes
	maxRenderTime = 5 * time.Second
)

// Templates hold what Alertmanager's own templates and those of the user's files
// define, for the templates in the settings to call.
type Templates struct {
	text *texttemplate.Template
	html *htmltemplate.Template
}

// maxTemplateFile is the size in bytes of the largest file of templates.
const maxTemplateFile = 1 << 20

// loadTemplates reads files named by globs, as Alertmanager does, except that a
// glob without a file is an error. The errors name the index of the glob.
func loadTemplates(globs []string) (*Templates, error) {
	t := &Templates{}
	base, err := template.FromGlobs(nil, func(text *texttemplate.Template, html *htmltemplate.Template) {
		t.text, t.html = text, html
	})
	if err != nil {
		return nil, err
	}
	var errs []error
	for i, glob := range globs {
		files, err := configfile.Glob(glob)
		if err == nil && len(files) == 0 {
			err = errors.New("there is no such file")
		}
		for _, file := range files {
			if _, unreadable := configfile.ReadFile(file, maxTemplateFile); unreadable != nil {
				err = errors.Join(err, unreadable)
			}
		}
		if err == nil {
			err = base.FromGlob(glob)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("template_files::%d: %q: %w", i, glob, err))
		}
	}
	return t, errors.Join(errs...)
}

// TemplateSetting is a template in the settings of a notifier.
type TemplateSetting struct {
	// Key and Text are the setting; "" leaves To as it is.
	Key, Text string
	// HTML escapes values, and Exact does not truncate long output.
	HTML, Exact bool
	// Secret keeps the text out of errors.
	Secret bool
	To     **Template
}

// ParseTemplates loads the files and parses the settings, with all their errors.
func ParseTemplates(globs []string, settings ...TemplateSetting) error {
	templates, err := loadTemplates(globs)
	if err != nil {
		return err
	}
	var errs []error
	for _, setting := range settings {
		if setting.Text == "" {
			continue
		}
		parse := templates.Text
		if setting.HTML {
			parse = templates.HTML
		}
		parsed, err := parse(setting.Text)
		switch {
		case err != nil && setting.Secret:
			errs = append(errs, fmt.Errorf("%s: must be a template that works for a sample alert", setting.Key))
		case err != nil:
			errs = append(errs, fmt.Errorf("%s: %w", setting.Key, err))
		default:
			parsed.cut = parsed.cut && !setting.Exact
		}
		*setting.To = parsed
	}
	return errors.Join(errs...)
}

// Check calls f with the output of the template for sample alerts, until an error.
func (t *Template) Check(f func(rendered string) error) error {
	for _, sample := range samples() {
		rendered, err := t.Render(sample)
		if err != nil {
			return err
		}
		if err := f(rendered); err != nil {
			return err
		}
	}
	return nil
}

// Template is one that was parsed, and tried with sample alerts.
type Template struct {
	execute func(io.Writer, any) error
	// cut allows truncating output that is too long.
	cut bool
}

// Text makes a template that renders text. It fails when the text cannot be
// parsed, or the template does not work for sample alerts.
func (t *Templates) Text(text string) (*Template, error) {
	all, err := t.text.Clone()
	if err != nil {
		return nil, err
	}
	parsed, err := all.New("").Option("missingkey=zero").Parse(text)
	if err != nil {
		return nil, err
	}
	return try(&Template{execute: parsed.Execute, cut: true})
}

// HTML makes a template that renders HTML. It escapes values for the context in
// which they appear.
func (t *Templates) HTML(text string) (*Template, error) {
	all, err := t.html.Clone()
	if err != nil {
		return nil, err
	}
	parsed, err := all.New("").Option("missingkey=zero").Parse(text)
	if err != nil {
		return nil, err
	}
	return try(&Template{execute: parsed.Execute})
}

// try renders samples: a firing alert, a resolved one, both, and ones without
// annotations, so that a mistake shows when the collector starts and not with the
// first notification.
func try(t *Template) (*Template, error) {
	for _, sample := range samples() {
		if _, err := t.Render(sample); err != nil {
			return nil, fmt.Errorf("does not work for a sample alert: %w", err)
		}
	}
	return t, nil
}

// Render executes the template. Text that is too long, 256 KiB, ends in an
// ellipsis; HTML that is too long is an error, as is what takes too long.
func (t *Template) Render(data *template.Data) (string, error) {
	out := &bounded{deadline: time.Now().Add(maxRenderTime)}
	err := t.execute(out, data)
	if errors.Is(err, errTooLong) && t.cut {
		return strings.ToValidUTF8(out.buffer.String(), "") + ellipsis, nil
	}
	if err != nil {
		return "", err
	}
	return out.buffer.String(), nil
}

var (
	errTooLong = fmt.Errorf("writes more than %d bytes", maxRendered)
	errTooSlow = fmt.Errorf("takes longer than %s", maxRenderTime)
)

// bounded buffers the output of a template, up to a size and a time.
type bounded struct {
	buffer   bytes.Buffer
	deadline time.Time
}

func (b *bounded) Write(p []byte) (int, error) {
	if time.Now().After(b.deadline) {
		return 0, errTooSlow
	}
	free := maxRendered - b.buffer.Len()
	if len(p) <= free {
		return b.buffer.Write(p)
	}
	for free > 0 && !utf8.RuneStart(p[free]) {
		free--
	}
	n, _ := b.buffer.Write(p[:free])
	return n, errTooLong
}
