// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl/contexts/ottllog"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl/contexts/ottlspan"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl/ottlfuncs"
	"github.com/prometheus/common/model"
	"go.opentelemetry.io/collector/component"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/routing"
)

type (
	spanCondition = ottl.Condition[*ottlspan.TransformContext]
	logCondition  = ottl.Condition[*ottllog.TransformContext]
)

// validateEvents returns everything that is wrong with the event rules.
func validateEvents(configs []EventConfig) error {
	var errs []error
	var names []string
	for i, config := range configs {
		key := fmt.Sprintf("events::%d", i)
		switch {
		case config.Name == "":
			errs = append(errs, fmt.Errorf("%s::name: must be set", key))
		case slices.Contains(names, config.Name):
			errs = append(errs, fmt.Errorf("%s::name: %q is taken by another event rule", key, config.Name))
		default:
			key += fmt.Sprintf(" (%s)", config.Name)
			names = append(names, config.Name)
		}
		errs = append(errs, config.validate(key))
	}
	return errors.Join(errs...)
}

func (c *EventConfig) validate(key string) error {
	errs := []error{
		c.validateCondition(key),
		validateLabels(key+"::labels", c.Labels),
	}
	for i, attribute := range c.LabelsFrom {
		if _, err := routing.LabelName(attribute); err != nil {
			errs = append(errs, fmt.Errorf("%s::labels_from::%d: %w", key, i, err))
		}
	}
	annotations := c.annotations()
	for _, name := range slices.Sorted(maps.Keys(annotations)) {
		if !model.UTF8Validation.IsValidLabelName(name) {
			errs = append(errs, fmt.Errorf("%s::annotations: invalid name %q", key, name))
		}
		if err := newTemplate(context.Background(), c.Name, annotations[name], eventData{}).ParseTest(); err != nil {
			errs = append(errs, fmt.Errorf("%s::%s: %w", key, name, err))
		}
	}
	if c.Cooldown != nil {
		errs = append(errs, atLeast(key+"::cooldown", *c.Cooldown, 0))
	}
	if c.ResolveAfter != nil {
		errs = append(errs, atLeast(key+"::resolve_after", *c.ResolveAfter, 0))
	}
	return errors.Join(errs...)
}

func (c *EventConfig) validateCondition(key string) error {
	if c.Condition == "" {
		return fmt.Errorf("%s::condition: must be set", key)
	}
	set := component.TelemetrySettings{Logger: zap.NewNop()}
	var err error
	switch c.Context {
	case EventContextSpan:
		_, err = parseSpanCondition(c.Condition, set)
	case EventContextLog:
		_, err = parseLogCondition(c.Condition, set)
	default:
		return fmt.Errorf("%s::context: must be %q or %q, is %q", key, EventContextSpan, EventContextLog, c.Context)
	}
	if err != nil {
		return fmt.Errorf("%s::condition: %w", key, err)
	}
	return nil
}

func (c *EventConfig) annotations() map[string]string {
	return withNonEmpty(withNonEmpty(c.Annotations, alertevent.AnnotationSummary, c.Summary), alertevent.AnnotationDescription, c.Description)
}

func parseSpanCondition(condition string, set component.TelemetrySettings) (*spanCondition, error) {
	parser, err := ottlspan.NewParser(ottlfuncs.StandardConverters[*ottlspan.TransformContext](), set, ottlspan.EnablePathContextNames())
	if err != nil {
		return nil, err
	}
	return parseCondition(condition, ottlspan.ContextName, &parser, set)
}

func parseLogCondition(condition string, set component.TelemetrySettings) (*logCondition, error) {
	parser, err := ottllog.NewParser(ottlfuncs.StandardConverters[*ottllog.TransformContext](), set, ottllog.EnablePathContextNames())
	if err != nil {
		return nil, err
	}
	return parseCondition(condition, ottllog.ContextName, &parser, set)
}

// parseCondition takes a condition with or without the name of its context
// before paths: span.attributes["x"] and attributes["x"] are the same.
func parseCondition[K any](condition, context string, parser *ottl.Parser[K], set component.TelemetrySettings) (*ottl.Condition[K], error) {
	first := func(_ *ottl.ParserCollection[*ottl.Condition[K]], _ ottl.ConditionsGetter, parsed []*ottl.Condition[K]) (*ottl.Condition[K], error) {
		return parsed[0], nil
	}
	collection, err := ottl.NewParserCollection(set,
		ottl.WithParserCollectionContext(context, parser, ottl.WithConditionConverter(first)))
	if err != nil {
		return nil, err
	}
	return collection.ParseConditionsWithContext(context, ottl.NewConditionsGetter([]string{condition}), true)
}
