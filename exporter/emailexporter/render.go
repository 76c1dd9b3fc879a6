// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package emailexporter

import (
	_ "embed"
	"fmt"
	"html/template"
	"strings"
)

//go:embed message.html.tmpl
var page string

// pageTemplate escapes by context, so no label can bring markup or a script.
var pageTemplate = template.Must(template.New("message").Parse(page))

// html renders the part that most email clients show.
func (v view) html() (string, error) {
	var b strings.Builder
	if err := pageTemplate.Execute(&b, v); err != nil {
		return "", err
	}
	return b.String(), nil
}

// text renders the part for clients that show no HTML. Everything but the alerts' lines
// is indented, so that no text can look like another alert.
func (v view) text() string {
	var b strings.Builder
	for _, alert := range v.Alerts {
		b.WriteString(alert.Line + "\n")
		for line := range strings.Lines(alert.Description) {
			b.WriteString("  " + strings.TrimRight(line, "\n") + "\n")
		}
		b.WriteString("\n")
		for _, f := range alert.Fields {
			fmt.Fprintf(&b, "  %s: %s\n", f.Name, f.Value)
		}
		if alert.More != "" {
			b.WriteString("  " + alert.More + "\n")
		}
		for _, l := range alert.Links {
			fmt.Fprintf(&b, "  %s: %s\n", l.Text, l.URL)
		}
		b.WriteString("\n")
	}
	if v.More != "" {
		b.WriteString(v.More + "\n\n")
	}
	if v.All != nil {
		fmt.Fprintf(&b, "%s: %s\n\n", v.All.Text, v.All.URL)
	}
	// What marks a signature: https://www.rfc-editor.org/rfc/rfc3676#section-4.3
	b.WriteString("-- \n" + v.Footer + "\n")
	return b.String()
}
