// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"context"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"
)

// NewQueueConfig is the default queue of a notifier: one consumer, because the
// end of an alert must not overtake its beginning.
func NewQueueConfig() configoptional.Optional[exporterhelper.QueueBatchConfig] {
	queue := exporterhelper.NewDefaultQueueConfig()
	queue.NumConsumers = 1
	return configoptional.Some(queue)
}

// NewRetryConfig is the default retry of a notifier. It never gives up: an
// alert that was not told because the vendor was down for longer than the
// usual five minutes is what alerts must not be.
func NewRetryConfig() configretry.BackOffConfig {
	retry := configretry.NewDefaultBackOffConfig()
	retry.MaxElapsedTime = 0
	return retry
}

// selecting hands on the alerts that pass the filter, before they take room in
// the queue, and nothing else.
type selecting struct {
	exporter.Logs
	filter   Filter
	apart    bool
	outcomes Outcomes

	once sync.Once
	err  error
}

// Capabilities: the input is copied from, never changed.
func (*selecting) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

// ConsumeLogs hands on the alerts among the records.
func (s *selecting) ConsumeLogs(ctx context.Context, ld plog.Logs) error {
	selection := s.filter.Select(ld, s.apart)
	for _, message := range selection.Messages {
		if err := s.Logs.ConsumeLogs(ctx, message); err != nil {
			return err
		}
	}
	s.outcomes.Selected(ctx, selection)
	return nil
}

// Shutdown may be called more than once; exporterhelper's may not.
func (s *selecting) Shutdown(ctx context.Context) error {
	s.once.Do(func() { s.err = s.Logs.Shutdown(ctx) })
	return s.err
}

// off is the exporter of a channel that is switched off.
type off struct {
	component.ShutdownFunc
	logger *zap.Logger
	key    string
}

// Off returns an exporter that says once that the channel is off because key
// is empty, and drops what it is given.
func Off(logger *zap.Logger, key string) exporter.Logs { return off{logger: logger, key: key} }

// Start says so.
func (o off) Start(context.Context, component.Host) error {
	o.logger.Info("Switched off: "+o.key+" is empty", zap.String("key", o.key))
	return nil
}

// Capabilities: nothing is changed.
func (off) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

// ConsumeLogs drops.
func (off) ConsumeLogs(context.Context, plog.Logs) error { return nil }
