// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"
)

// timeout bounds one request.
const timeout = 10 * time.Second

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

// ValidateDelivery names what is wrong with the settings that all HTTP channels have.
func ValidateDelivery(client confighttp.ClientConfig, retry configretry.BackOffConfig, queue configoptional.Optional[exporterhelper.QueueBatchConfig]) []error {
	var errs []error
	if client.Timeout <= 0 {
		errs = append(errs, fmt.Errorf("http::timeout: must be more than 0, or a silent server would hold up every alert; is %s", client.Timeout))
	}
	return append(errs, ValidateQueue(retry, queue)...)
}

// ValidateQueue names what is wrong with the settings that all channels have.
func ValidateQueue(retry configretry.BackOffConfig, queue configoptional.Optional[exporterhelper.QueueBatchConfig]) []error {
	var errs []error
	if queue.HasValue() && queue.Get().NumConsumers > 1 {
		errs = append(errs, fmt.Errorf("sending_queue::num_consumers: must be 1, so that the end of an alert does not overtake its beginning; is %d", queue.Get().NumConsumers))
	}
	waits := !queue.HasValue() || queue.Get().WaitForResult
	if waits && retry.Enabled && retry.MaxElapsedTime == 0 {
		errs = append(errs, errors.New("retry_on_failure::max_elapsed_time: must be more than 0 when pipelines wait for the answer (sending_queue off, or wait_for_result)"))
	}
	return errs
}

// NewClientConfig is the default client of a notifier. It keeps no connection:
// alerts are rare, and whether a message was taken is unknown when a kept
// connection turns out to be closed.
func NewClientConfig() confighttp.ClientConfig {
	client := confighttp.NewDefaultClientConfig()
	client.Timeout = timeout
	client.Keepalive = configoptional.Default(confighttp.NewDefaultKeepaliveClientConfig())
	return client
}

// selecting hands on the alerts that pass the filter, before they take room in
// the queue, and nothing else.
type selecting struct {
	exporter.Logs
	filter   Filter
	outcomes Outcomes
	sender   *sender

	once sync.Once
	err  error
}

// Capabilities: the input is copied from, never changed.
func (*selecting) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

// ConsumeLogs hands on the alerts among the records.
func (s *selecting) ConsumeLogs(ctx context.Context, ld plog.Logs) error {
	selection := s.filter.Select(ld)
	if selection.N > 0 {
		// All or none is queued: what is refused will be offered again whole.
		if err := s.Logs.ConsumeLogs(ctx, selection.Passed); err != nil {
			return err
		}
	}
	s.outcomes.Selected(ctx, selection)
	return nil
}

// Shutdown may be called more than once; exporterhelper's may not. It tells what
// a queue in memory still holds as long as the vendor takes it, and no longer
// than ctx; what a queue on disk holds stays there.
func (s *selecting) Shutdown(ctx context.Context) error {
	s.once.Do(func() {
		s.sender.stopping.Store(true)
		defer context.AfterFunc(ctx, s.sender.end)()
		s.err = s.Logs.Shutdown(ctx)
		s.sender.end()
	})
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
