// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl/contexts/ottllog"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl/contexts/ottlspan"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
	"github.com/otelcol-arc/otelcol-arc/internal/routing"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/metadata"
)

// eventRules raises alerts for single spans and log records.
type eventRules struct {
	spans     []eventRule[*ottlspan.TransformContext]
	logs      []eventRule[*ottllog.TransformContext]
	configs   []EventConfig
	telemetry *metadata.TelemetryBuilder
	raise     func(raisedAlert)

	mu      sync.Mutex           // guards lastMet
	lastMet map[string]time.Time // by the name of the rule
}

type eventRule[K any] struct {
	*eventRuleBase
	condition *ottl.Condition[K]
}

// eventRuleBase is what an event rule is in any context.
type eventRuleBase struct {
	name        string
	labels      map[string]string // the fixed ones
	labelsFrom  map[string]string // label by attribute
	external    map[string]string
	annotations map[string]string
	cooldown    time.Duration
	resolve     time.Duration // 0 is never
	attributes  metric.MeasurementOption
}

func newEventRules(cfg *Config, set component.TelemetrySettings, telemetry *metadata.TelemetryBuilder, raise func(raisedAlert)) (*eventRules, error) {
	e := &eventRules{
		configs:   cfg.Events,
		telemetry: telemetry,
		raise:     raise,
		lastMet:   map[string]time.Time{},
	}
	for i := range cfg.Events {
		config := &cfg.Events[i]
		rule, err := newEventRuleBase(config, cfg)
		if err != nil {
			return nil, err
		}
		switch config.Context {
		case EventContextSpan:
			condition, err := parseSpanCondition(config.Condition, set)
			if err != nil {
				return nil, err
			}
			e.spans = append(e.spans, eventRule[*ottlspan.TransformContext]{rule, condition})
		case EventContextLog:
			condition, err := parseLogCondition(config.Condition, set)
			if err != nil {
				return nil, err
			}
			e.logs = append(e.logs, eventRule[*ottllog.TransformContext]{rule, condition})
		}
	}
	return e, nil
}

func newEventRuleBase(c *EventConfig, cfg *Config) (*eventRuleBase, error) {
	rule := &eventRuleBase{
		name:        c.Name,
		labels:      withNonEmpty(c.Labels, alertevent.LabelSeverity, c.Severity),
		labelsFrom:  make(map[string]string, len(c.LabelsFrom)),
		external:    cfg.ExternalLabels,
		annotations: c.annotations(),
		cooldown:    cfg.Cooldown,
		resolve:     defaultResolveAfter,
		attributes:  metric.WithAttributeSet(attribute.NewSet(attribute.String("rule", c.Name))),
	}
	rule.labels[alertevent.LabelName] = c.Name
	if c.Cooldown != nil {
		rule.cooldown = *c.Cooldown
	}
	if c.ResolveAfter != nil {
		rule.resolve = *c.ResolveAfter
	}
	for _, key := range c.LabelsFrom {
		label, err := routing.LabelName(key)
		if err != nil {
			return nil, err
		}
		rule.labelsFrom[key] = label
	}
	return rule, nil
}

// watchTraces raises an alert for every span that meets a condition.
func (e *eventRules) watchTraces(ctx context.Context, td ptrace.Traces) {
	if len(e.spans) == 0 {
		return
	}
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				e.watchSpan(ctx, rs, ss, span)
			}
		}
	}
}

func (e *eventRules) watchSpan(ctx context.Context, rs ptrace.ResourceSpans, ss ptrace.ScopeSpans, span ptrace.Span) {
	tCtx := ottlspan.NewTransformContextPtr(rs, ss, span)
	defer tCtx.Close()
	for _, rule := range e.spans {
		if meets(ctx, e, rule, tCtx) {
			e.raiseAlert(ctx, rule.eventRuleBase, occurrence{
				attributes: span.Attributes(),
				resource:   rs.Resource().Attributes(),
				traceID:    span.TraceID(),
				spanID:     span.SpanID(),
				timestamp:  span.EndTimestamp(),
			})
		}
	}
}

// watchLogs raises an alert for every record that meets a condition. It passes
// over alert records, which would raise alerts without end where a pipeline
// leads back.
func (e *eventRules) watchLogs(ctx context.Context, ld plog.Logs) {
	if len(e.logs) == 0 {
		return
	}
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			if name := sl.Scope().Name(); name == alertevent.ScopeName || name == alertevent.ReceivedScopeName {
				continue
			}
			for _, record := range sl.LogRecords().All() {
				e.watchRecord(ctx, rl, sl, record)
			}
		}
	}
}

func (e *eventRules) watchRecord(ctx context.Context, rl plog.ResourceLogs, sl plog.ScopeLogs, record plog.LogRecord) {
	tCtx := ottllog.NewTransformContextPtr(rl, sl, record)
	defer tCtx.Close()
	for _, rule := range e.logs {
		if meets(ctx, e, rule, tCtx) {
			timestamp := record.Timestamp()
			if timestamp == 0 {
				timestamp = record.ObservedTimestamp()
			}
			e.raiseAlert(ctx, rule.eventRuleBase, occurrence{
				attributes: record.Attributes(),
				resource:   rl.Resource().Attributes(),
				traceID:    record.TraceID(),
				spanID:     record.SpanID(),
				timestamp:  timestamp,
			})
		}
	}
}

// meets evaluates a condition. One that fails is not met, and counted.
func meets[K any](ctx context.Context, e *eventRules, rule eventRule[K], tCtx K) bool {
	ok, err := rule.condition.Eval(ctx, tCtx)
	if err != nil {
		e.telemetry.ProcessorAlertEventFailures.Add(ctx, 1, rule.attributes)
		return false
	}
	return ok
}

// occurrence is a span or log record that met a condition.
type occurrence struct {
	attributes, resource pcommon.Map
	traceID              pcommon.TraceID
	spanID               pcommon.SpanID
	timestamp            pcommon.Timestamp // zero when not known
}

// maxOccurrenceAge is how old a record may be to raise an alert. A file of calls of
// last month is for the ledger. It is more than time zones differ: applications write
// local times without the zone.
const maxOccurrenceAge = 24 * time.Hour

// tooOld counts records that did not raise an alert because of their age.
var tooOld = metric.WithAttributeSet(attribute.NewSet(attribute.String("reason", "too_old")))

// raiseAlert raises the alert, unless its record is too old to be news.
func (e *eventRules) raiseAlert(ctx context.Context, rule *eventRuleBase, o occurrence) {
	now := time.Now()
	if o.timestamp != 0 && now.Sub(o.timestamp.AsTime()) > maxOccurrenceAge {
		e.telemetry.ProcessorAlertNoticesSuppressed.Add(ctx, 1, tooOld)
		return
	}
	alert := alertevent.Alert{
		Labels:   rule.labelsOf(o),
		State:    alertevent.Firing,
		StartsAt: now,
		TraceID:  o.traceID,
		SpanID:   o.spanID,
	}
	if at := o.timestamp.AsTime(); o.timestamp != 0 && at.Before(now) {
		alert.StartsAt = at // a clock that is ahead, or a local time without its zone, does not fire in the future
	}
	e.mu.Lock()
	e.lastMet[rule.name] = now
	e.mu.Unlock()
	e.raise(raisedAlert{
		alert:    alert,
		rule:     rule.name,
		cooldown: rule.cooldown,
		resolve:  rule.resolve,
		annotate: func() map[string]string { return rule.annotationsOf(ctx, alert.Labels, o) },
	})
}

// Bounds of what telemetry adds to an alert, in runes. Alerts are remembered by the thousand, here
// and by every notifier, and a value can be a whole prompt.
const (
	maxLabel      = 1000
	maxAnnotation = 10_000
)

func (r *eventRuleBase) labelsOf(o occurrence) map[string]string {
	labels := make(map[string]string, len(r.labels)+len(r.labelsFrom)+len(r.external))
	maps.Copy(labels, r.external)
	for key, label := range r.labelsFrom {
		value, ok := o.attributes.Get(key)
		if !ok {
			value, ok = o.resource.Get(key)
		}
		if ok {
			labels[label] = notify.Truncate(value.AsString(), maxLabel)
		}
	}
	maps.Copy(labels, r.labels)
	return labels
}

func (r *eventRuleBase) annotationsOf(ctx context.Context, labels map[string]string, o occurrence) map[string]string {
	data := eventData{Labels: labels, Attributes: o.attributes.AsRaw(), Resource: o.resource.AsRaw()}
	annotations := make(map[string]string, len(r.annotations))
	for name, text := range r.annotations {
		annotations[name] = notify.Truncate(expandTemplate(ctx, r.name, text, data), maxAnnotation)
	}
	return annotations
}
