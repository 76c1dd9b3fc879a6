// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package arcreceiver

import (
	"context"
	"errors"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-arc/otelcol-arc/internal/groupcommit"
	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/mapping"
	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/metricstore"
)

// deliver passes a batch to the pipelines, one after the other. The sender has to
// repeat the request after a retryable error, so the others are then not called: what
// they accepted would be sent twice. Metrics come last, because they are counted here.
// A permanent error of one pipeline does not keep the others from their parts, as the
// sender will not retry.
func (c *core) deliver(ctx context.Context, batch *mapping.Batch) error {
	var permanent []error
	err := groupcommit.Run(ctx, func(ctx context.Context) error {
		for _, send := range []func(context.Context, *mapping.Batch) error{c.sendLogs, c.sendTraces, c.sendMetrics} {
			err := send(ctx, batch)
			if err != nil && !isPermanent(err) {
				return err
			}
			permanent = append(permanent, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return errors.Join(permanent...)
}

func (c *core) sendLogs(ctx context.Context, batch *mapping.Batch) error {
	n := batch.Logs.LogRecordCount()
	if n == 0 {
		return nil
	}
	ctx = c.obsreport.StartLogsOp(ctx)
	err := c.nextLogs.ConsumeLogs(ctx, batch.Logs)
	c.obsreport.EndLogsOp(ctx, metadata.Type.String(), n, err)
	return err
}

func (c *core) sendTraces(ctx context.Context, batch *mapping.Batch) error {
	n := batch.Traces.SpanCount()
	if n == 0 {
		return nil
	}
	ctx = c.obsreport.StartTracesOp(ctx)
	err := c.nextTraces.ConsumeTraces(ctx, batch.Traces)
	c.obsreport.EndTracesOp(ctx, metadata.Type.String(), n, err)
	return err
}

func (c *core) sendMetrics(ctx context.Context, batch *mapping.Batch) error {
	if len(batch.Changes) == 0 {
		return nil
	}
	send := func(series []metricstore.Series, now pcommon.Timestamp) error {
		metrics := mapping.Metrics(series, c.scope, c.instance, now)
		ctx := c.obsreport.StartMetricsOp(ctx)
		n := metrics.DataPointCount() // the pipeline may take the metrics apart
		err := c.nextMetrics.ConsumeMetrics(ctx, metrics)
		c.obsreport.EndMetricsOp(ctx, metadata.Type.String(), n, err)
		return err
	}
	overflowed, err := c.counts.add(ctx, batch.Changes, c.now(), send)
	c.telemetry.countOverflow(ctx, overflowed)
	return err
}
