// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/template"
)

// eventData is what a template of an event rule sees.
type eventData struct {
	Labels     map[string]string
	Attributes map[string]any // of the span or log record
	Resource   map[string]any // attributes of its resource
}

// The short names are those of rule files, as far as they have a meaning here.
const eventTemplatePrelude = "{{$labels := .Labels}}{{$attributes := .Attributes}}{{$resource := .Resource}}"

var errNoQuery = errors.New("an event rule cannot query")

// newTemplate makes a template with the functions that Prometheus' templates have.
func newTemplate(ctx context.Context, name, text string, data eventData) *template.Expander {
	query := func(context.Context, string, time.Time) (promql.Vector, error) { return nil, errNoQuery }
	return template.NewTemplateExpander(ctx, eventTemplatePrelude+text, name, data, model.Now(), query, nil, nil)
}

// expandTemplate returns the text, or what is wrong with it in its place:
// an alert with a bad description is better than none.
func expandTemplate(ctx context.Context, name, text string, data eventData) string {
	if !strings.Contains(text, "{{") {
		return text
	}
	out, err := newTemplate(ctx, name, text, data).Expand()
	if err != nil {
		return fmt.Sprintf("<error expanding template: %s>", err)
	}
	// An attribute that is missing leaves no trace.
	return strings.ReplaceAll(out, "<no value>", "")
}
