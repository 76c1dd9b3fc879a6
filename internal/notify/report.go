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
func (l *lane) fields(fields ...zap.Field) []zap.Field {
	if l.channel.Name != "" {
		fields = append(fields, zap.String("channel", l.channel.Name))
	}
	return fields
}

// problem is what the status of the exporter reports of the channel.
func (l *lane) problem() health.Problem { return health.Problem("notifications " + l.channel.Name) }

// reportAttempt logs what changes with an attempt, and sets the status once the
// channel has failed for a minute, or rejects everything.
func (l *lane) reportAttempt(err error, accepted bool, givenUp []*entry) {
	l.mu.Lock()
	failing, waiting, rejections := l.state.failing, l.state.waiting, l.state.rejections
	first := l.state.failing.Equal(l.state.tried)
	l.mu.Unlock()
	logger := l.owner.set.Logger
	if accepted {
		if err != nil {
			logger.Error("A notification was not accepted for some recipients", l.fields(zap.Error(err))...)
		}
		l.owner.health.Set(l.problem(), nil, "", "Sending notifications works again")
		return
	}
	switch {
	case len(givenUp) > 0:
		l.logged.Do(func() {
			logger.Error("Notifications were rejected or given up", l.fields(zap.Int("alerts", len(givenUp)), zap.Error(err))...)
		})
	case first:
		l.logged.Do(func() {
			logger.Warn("Sending a notification failed, it is tried again", l.fields(zap.Int("waiting", waiting), zap.Error(err))...)
		})
	}
	if errors.Is(err, ErrChannel) || rejections >= maxRejections || time.Since(failing) >= failingForMinutes {
		name := ""
		if l.channel.Name != "" {
			name = l.channel.Name + ": "
		}
		l.owner.health.Set(l.problem(), fmt.Errorf("%s%d alerts wait, no notification was accepted since %s: %w",
			name, waiting, failing.UTC().Format(time.RFC3339), err), "Sending notifications fails", "")
	}
}

func (l *lane) reportEvicted(n int) {
	if n > 0 {
		l.owner.health.Set("evicted notifications", fmt.Errorf("%d of the least severe alerts were evicted: more than %d wait", n, maxWaiting),
			"Notifications were evicted", "")
	}
}

func (l *lane) reportStorage(err error) {
	if err != nil {
		err = fmt.Errorf("write the notification state: %w", err)
	}
	l.owner.health.Set(problemStorage, err, "Writing the notification state failed; it is in memory", "The notification state is written again")
}

func (l *lane) attributes() metric.MeasurementOption {
	return metric.WithAttributes(attribute.String("channel", l.channel.Name), attribute.String("exporter", l.owner.set.ID.String()))
}

func (e *Exporter) observeWaiting(_ context.Context, o metric.Int64Observer) error {
	for _, l := range e.lanes {
		l.mu.Lock()
		waiting := l.state.waiting
		l.mu.Unlock()
		o.Observe(int64(waiting), l.attributes())
	}
	return nil
}

func (e *Exporter) observeFailing(_ context.Context, o metric.Float64Observer) error {
	for _, l := range e.lanes {
		l.mu.Lock()
		failing := l.state.failing
		l.mu.Unlock()
		var duration time.Duration
		if !failing.IsZero() {
			duration = time.Since(failing)
		}
		o.Observe(duration.Seconds(), l.attributes())
	}
	return nil
}
