// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-arc/otelcol-arc/internal/sharedcore"
)

// metricsInstance forwards metrics, and is an emitter of the core.
type metricsInstance struct {
	consumer.Metrics
	instance *sharedcore.Instance[*core]
	emitter  *sharedcore.Emitter[pmetric.Metrics]
}

// Capabilities: the metrics are not changed.
func (*metricsInstance) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

// ConsumeMetrics counts what metric sources report, and forwards the metrics.
func (i *metricsInstance) ConsumeMetrics(ctx context.Context, md pmetric.Metrics) error {
	if err := i.instance.Ready(); err != nil {
		return err
	}
	c := i.instance.Core()
	c.readBilled(md)
	c.traffic.dataPoints.Add(int64(md.DataPointCount()))
	c.arrivals.noteMetrics(md, time.Now())
	if len(c.sources.sources) > 0 {
		c.countMetrics(ctx, md)
	}
	return i.Metrics.ConsumeMetrics(ctx, md)
}

// Start opens the emitter: the next consumer has started.
func (i *metricsInstance) Start(ctx context.Context, host component.Host) error {
	if err := i.instance.Start(ctx, host); err != nil {
		return err
	}
	i.emitter.Open()
	return nil
}

// Shutdown emits what was counted until now, and closes the emitter.
func (i *metricsInstance) Shutdown(ctx context.Context) error {
	return i.instance.Shutdown(ctx, func(ctx context.Context) error {
		return i.instance.Core().close(ctx, i.emitter)
	})
}
