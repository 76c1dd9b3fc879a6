// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/health"
)

// fields adds the name of the channel.
func (w *worker) fields(fields ...zap.Field) []zap.Field {
	if w.channel.Name != "" {
		fields = append(fields, zap.String("channel", w.channel.Name))
	}
	return fields
}

// problem is what the status of the exporter reports of the channel.
func (w *worker) problem() health.Problem { return health.Problem("notifications " + w.channel.Name) }

// reportAttempt logs what changes with an attempt, and sets the status once the
// channel has failed for a minute, or rejects everything.
func (w *worker) reportAttempt(err error, accepted bool, givenUp []*entry) {
	w.mu.Lock()
	failing, waiting, rejections := w.state.failing, w.state.waiting, w.state.rejections
	first := w.state.failing.Equal(w.state.tried)
	w.mu.Unlock()
	logger := w.owner.set.Logger
	if accepted {
		if err != nil {
			logger.Error("A notification was not accepted for some recipients", w.fields(zap.Error(err))...)
		}
		w.owner.health.Set(w.problem(), nil, "", "Sending notifications works again")
		return
	}
	switch {
	case len(givenUp) > 0:
		w.logged.Do(func() {
			logger.Error("Notifications were rejected or given up", w.fields(zap.Int("alerts", len(givenUp)), zap.Error(err))...)
		})
	case first:
		w.logged.Do(func() {
			logger.Warn("Sending a notification failed, it is tried again", w.fields(zap.Int("waiting", waiting), zap.Error(err))...)
		})
	}
	if errors.Is(err, ErrChannel) || rejections >= maxRejections || time.Since(failing) >= reportFailingAfter {
		name := ""
		if w.channel.Name != "" {
			name = w.channel.Name + ": "
		}
		w.owner.health.Set(w.problem(), fmt.Errorf("%s%d alerts wait, no notification was accepted since %s: %w",
			name, waiting, failing.UTC().Format(time.RFC3339), err), "Sending notifications fails", "")
	}
}

func (w *worker) reportEvicted(n int) {
	if n > 0 {
		w.owner.health.Set("evicted notifications", fmt.Errorf("%d of the least severe alerts were evicted: more than %d wait", n, maxWaiting),
			"Notifications were evicted", "")
	}
}

func (w *worker) reportStorage(err error) {
	if err != nil {
		err = fmt.Errorf("write the notification state: %w", err)
	}
	w.owner.health.Set(problemStorage, err, "Writing the notification state failed; it is in memory", "The notification state is written again")
}

func (w *worker) attributes() metric.MeasurementOption {
	return metric.WithAttributes(attribute.String("channel", w.channel.Name), attribute.String("exporter", w.owner.set.ID.String()))
}

func (e *Exporter) observeWaiting(_ context.Context, o metric.Int64Observer) error {
	for _, w := range e.workers {
		w.mu.Lock()
		waiting := w.state.waiting
		w.mu.Unlock()
		o.Observe(int64(waiting), w.attributes())
	}
	return nil
}

func (e *Exporter) observeFailing(_ context.Context, o metric.Float64Observer) error {
	for _, w := range e.workers {
		w.mu.Lock()
		failing := w.state.failing
		w.mu.Unlock()
		var duration time.Duration
		if !failing.IsZero() {
			duration = time.Since(failing)
		}
		o.Observe(duration.Seconds(), w.attributes())
	}
	return nil
}
