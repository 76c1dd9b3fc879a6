// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package metricguardprocessor

import (
	"context"
	"slices"

	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processorhelper"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/provenance"
	"github.com/otelcol-arc/otelcol-arc/processor/metricguardprocessor/internal/guard"
	"github.com/otelcol-arc/otelcol-arc/processor/metricguardprocessor/internal/metadata"
)

type guardProcessor struct {
	jobs      []string // that may bring the Collector's own metrics
	limits    guard.Limits
	telemetry *metadata.TelemetryBuilder
	logger    *zap.Logger
	reported  reported
}

func newGuardProcessor(cfg *Config, set processor.Settings) (*guardProcessor, error) {
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	return &guardProcessor{
		jobs:      cfg.CollectorJobs,
		limits:    guard.Limits{Buckets: cfg.MaxBuckets, Attributes: cfg.MaxAttributes},
		telemetry: telemetry,
		logger:    set.Logger,
	}, nil
}

func (p *guardProcessor) shutdown(context.Context) error {
	p.telemetry.Shutdown()
	return nil
}

// processMetrics drops and repairs points, and drops what is empty then.
func (p *guardProcessor) processMetrics(ctx context.Context, md pmetric.Metrics) (pmetric.Metrics, error) {
	md.ResourceMetrics().RemoveIf(func(rm pmetric.ResourceMetrics) bool {
		found, from := guard.Findings{}, p.sourceOf(ctx, rm.Resource())
		rm.ScopeMetrics().RemoveIf(func(sm pmetric.ScopeMetrics) bool {
			sm.Metrics().RemoveIf(func(m pmetric.Metric) bool {
				return !guard.Metric(m, from, p.limits, &found)
			})
			return sm.Metrics().Len() == 0
		})
		p.report(ctx, rm.Resource(), &found)
		return rm.ScopeMetrics().Len() == 0
	})
	if md.ResourceMetrics().Len() == 0 {
		return md, processorhelper.ErrSkipProcessingData
	}
	return md, nil
}

// report counts what was found, and names the sender in the log the first time.
func (p *guardProcessor) report(ctx context.Context, resource pcommon.Resource, found *guard.Findings) {
	for repair, points := range found.Repaired() {
		p.telemetry.ProcessorMetricGuardRepairedPoints.Add(ctx, points, metric.WithAttributes(attribute.String("repair", string(repair))))
	}
	for reason, points := range found.Dropped() {
		p.telemetry.ProcessorMetricGuardDroppedPoints.Add(ctx, points, metric.WithAttributes(attribute.String("reason", string(reason))))
		sender := senderOf(ctx, resource)
		if p.reported.first(sender, reason) {
			p.logger.Warn("Dropped metric points; further ones of this sender and reason are counted only",
				zap.String("reason", string(reason)), zap.String("metric", found.Example(reason)),
				zap.String("service", sender.service), zap.String("address", sender.address))
		}
	}
}

// sourceOf reports which labels the Prometheus exporter makes of a resource, and
// whether it may bring the Collector's own metrics.
func (p *guardProcessor) sourceOf(ctx context.Context, resource pcommon.Resource) guard.Source {
	// A scrape is configured by whoever runs the Collector, has no client, and has
	// the name of its job from the configuration. Applications are scraped, too, and
	// what they push can come by way of a queue, without a client.
	pushed := client.FromContext(ctx).Addr != nil
	name, job := resource.Attributes().Get("service.name")
	_, instance := resource.Attributes().Get("service.instance.id")
	collector := !pushed && job && slices.Contains(p.jobs, name.AsString())
	return guard.Source{Collector: collector, Billing: provenance.IsBilling(ctx), Job: job, Instance: instance}
}

func senderOf(ctx context.Context, resource pcommon.Resource) sender {
	var s sender
	if name, ok := resource.Attributes().Get("service.name"); ok {
		s.service = name.AsString()
	}
	if address := client.FromContext(ctx).Addr; address != nil {
		s.address = hostOf(address.String())
	}
	return s
}
