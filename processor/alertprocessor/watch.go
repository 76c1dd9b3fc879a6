// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/ingest"
)

func (c *core) watchTraces(ctx context.Context, td ptrace.Traces) (ptrace.Traces, error) {
	c.persistRaised(ctx, func() { c.events.watchTraces(ctx, td) })
	return td, nil
}

// watchLogs also keeps alert records of others from the notifiers after it: whoever
// reaches a receiver can send a record that looks like ours.
func (c *core) watchLogs(ctx context.Context, ld plog.Logs) (plog.Logs, error) {
	c.persistRaised(ctx, func() { c.events.watchLogs(ctx, ld) })
	ld, received := alertevent.Rename(ld)
	if received > 0 {
		c.telemetry.ProcessorAlertRecordsRenamed.Add(ctx, int64(received))
		c.warnReceivedRecords.Do(func() {
			fields := []zap.Field{zap.Int("records", received), zap.String("event_name", alertevent.ReceivedEventName)}
			if address := client.FromContext(ctx).Addr; address != nil {
				fields = append(fields, zap.String("address", address.String()))
			}
			c.logger.Warn("Received alert records; they are passed on under another name, and notifiers ignore them; further ones are counted only", fields...)
		})
	}
	return ld, nil
}

// persistRaised persists what was raised before the telemetry is acknowledged: after a
// kill nobody would send it again. Most telemetry raises nothing. What it raises takes
// an append to a file, and no longer than maxPersistWait.
func (c *core) persistRaised(ctx context.Context, watch func()) {
	before := c.dispatcher.raised.Load()
	watch()
	if c.dispatcher.raised.Load() == before || !c.dispatcher.isFiled.Load() {
		return
	}
	start := time.Now()
	if err := c.persisting.persist(maxPersistWait, c.dispatcher.persistRaised); err != nil {
		c.onStateSaved(err)
	}
	c.recordPersistWait(ctx, "occurrences", start)
}

// recordPersistWait records for how long an acknowledgement waited for the disk.
func (c *core) recordPersistWait(ctx context.Context, data string, start time.Time) {
	c.telemetry.ProcessorAlertPersistDuration.Record(context.WithoutCancel(ctx), time.Since(start).Seconds(),
		metric.WithAttributes(attribute.String("data", data)))
}

func (c *core) watchMetrics(ctx context.Context, md pmetric.Metrics) (pmetric.Metrics, error) {
	// Neither of these fails: what cannot be ingested is counted, and passed on.
	if ingest.HasDelta(md) {
		return md, c.takeDelta(ctx, md)
	}
	return md, c.ingest(ctx, md)
}

func (c *core) takeDelta(ctx context.Context, md pmetric.Metrics) error {
	own := pmetric.NewMetrics() // the conversion changes what it is given
	md.CopyTo(own)
	err := c.delta.ConsumeMetrics(ctx, own)
	if dropped := md.DataPointCount() - own.DataPointCount(); dropped > 0 {
		c.recordIngestion(ctx, ingest.Counts{Dropped: map[string]int64{ingest.DropDelta: int64(dropped)}})
	}
	return err
}

// recordIngestion records what became of samples.
func (c *core) recordIngestion(ctx context.Context, counts ingest.Counts) {
	c.telemetry.ProcessorAlertSamplesAppended.Add(ctx, counts.Appended)
	c.times.add(counts)
	for reason, n := range counts.Dropped {
		c.telemetry.ProcessorAlertSamplesDropped.Add(ctx, n, metric.WithAttributes(attribute.String("reason", reason)))
	}
	if counts.Dropped[ingest.DropSeriesLimit] > 0 {
		c.warnSeriesLimit.Do(func() {
			c.logger.Warn("Series limit of the rules reached: new series are passed on, but rules do not see them",
				zap.Int("storage::max_series", c.cfg.Storage.MaxSeries))
		})
	}
	c.health.Set(problemSamples, counts.Err,
		"Writing samples to the storage failed; they are passed on, and rules are evaluated without them",
		"Samples are written to the storage again")
}
