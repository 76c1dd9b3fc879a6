// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package gatewaysexporter

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/otlpexporter"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/otelcol-arc/otelcol-arc/exporter/gatewaysexporter/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/internal/health"
)

// gateway is one of the gateways, for one signal.
type gateway[T any] struct {
	*signal[T]
	endpoint string
	logger   *zap.Logger
	health   *health.Health
	metrics  *metadata.TelemetryBuilder
	queue    component.Component // what is given to the gateway, then sent by otlp
	otlp     component.Component
	tries    context.Context // is canceled when the exporter has to stop
	refused  atomic.Bool     // whether the queue was full when something was added last
}

// newGateway creates the exporters of a gateway. Its ID, and so the name of its queue on disk
// and the label of its metrics, is that of the exporter and the address.
func (r *router[T]) newGateway(ctx context.Context, endpoint string, telemetry *metadata.TelemetryBuilder) (*gateway[T], error) {
	set, name := r.set, endpoint
	if set.ID.Name() != "" {
		name = set.ID.Name() + "/" + endpoint
	}
	set.ID = component.NewIDWithName(set.ID.Type(), name)
	set.Logger = set.Logger.With(zap.String("gateway", endpoint))
	g := &gateway[T]{signal: r.signal, endpoint: endpoint, logger: set.Logger, health: r.health, metrics: telemetry}

	factory := otlpexporter.NewFactory()
	inner := factory.CreateDefaultConfig().(*otlpexporter.Config)
	inner.ClientConfig = r.config.Client
	inner.ClientConfig.Endpoint = endpoint
	inner.TimeoutConfig = r.config.TimeoutConfig
	inner.QueueConfig = configoptional.None[exporterhelper.QueueBatchConfig]()
	inner.RetryConfig.Enabled = false
	// Its metrics and log entries would repeat those of the queue.
	quiet := set
	quiet.ID = component.NewIDWithName(factory.Type(), name)
	quiet.MeterProvider, quiet.TracerProvider, quiet.Logger = metricnoop.NewMeterProvider(), tracenoop.NewTracerProvider(), zap.NewNop()
	var err error
	if g.otlp, err = r.newOTLP(ctx, quiet, inner); err != nil {
		return nil, err
	}
	g.queue, err = r.newQueue(ctx, set, r.config, g.push,
		exporterhelper.WithCapabilities(consumer.Capabilities{MutatesData: false}),
		exporterhelper.WithTimeout(exporterhelper.TimeoutConfig{}), // otlp has it, for each request
		exporterhelper.WithRetry(r.config.Retry),
		exporterhelper.WithQueue(r.config.Queue),
		exporterhelper.WithStart(g.otlp.Start),
		exporterhelper.WithShutdown(g.otlp.Shutdown),
	)
	return g, err
}

// push sends once. What the gateway permanently rejects is divided until the item is
// found that it rejects, so that no others are lost with it.
func (g *gateway[T]) push(ctx context.Context, all T) error {
	err := g.try(ctx, all)
	g.reportRefusal(err)
	switch {
	case err == nil || !isRefusal(err) && !consumererror.IsPermanent(err):
		return err
	case isRefusal(err):
		return g.failed(errors.New(err.Error()), all) // not permanent, after which it would be dropped
	case g.count(all) < 2:
		g.logger.Error("The gateway permanently rejects an item, it is dropped", zap.Error(err))
		g.metrics.ExporterGatewaysRejectedItems.Add(ctx, 1, metric.WithAttributes(attribute.String("gateway", g.endpoint)))
		return err
	}
	first, second := g.halve(all)
	// After a permanent error of the first half all that could be was done for it.
	if err = g.push(ctx, first); err != nil && !consumererror.IsPermanent(err) {
		return g.failed(err, all) // the gateway recognizes what it is sent again
	}
	if err = g.push(ctx, second); err != nil && !consumererror.IsPermanent(err) {
		return g.failed(err, second)
	}
	return nil
}

func (g *gateway[T]) try(ctx context.Context, all T) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(g.tries, cancel)() //nolint:contextcheck // that of the exporter's life
	return g.consume(ctx, g.otlp, all)
}

// refusal is a problem with the configuration of agent or gateway, in the time it takes
// to correct which nothing is to be lost.
const refusal health.Problem = "refused"

func isRefusal(err error) bool {
	switch status.Code(err) {
	case codes.Unauthenticated, codes.PermissionDenied, codes.Unimplemented:
		return true
	default:
		return false
	}
}

func (g *gateway[T]) reportRefusal(err error) {
	problem := refusal + health.Problem(" by "+g.endpoint)
	if err == nil {
		g.health.Set(problem, nil, "", "The gateway "+g.endpoint+" accepts telemetry again")
	} else if isRefusal(err) {
		g.health.Set(problem, fmt.Errorf("gateway %s: %w", g.endpoint, err),
			"The gateway refuses what this collector sends; check token, certificates and the pipelines of the gateway. Telemetry waits in the queue", "")
	}
}
