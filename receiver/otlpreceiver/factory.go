// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package otlpreceiver

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configmiddleware"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/extension/extensionmiddleware"
	"go.opentelemetry.io/collector/receiver"
	upstream "go.opentelemetry.io/collector/receiver/otlpreceiver"
	"google.golang.org/grpc"

	"github.com/otelcol-arc/otelcol-arc/internal/extensionhost"
	"github.com/otelcol-arc/otelcol-arc/internal/groupcommit"
)

// NewFactory wraps the factory of the Collector's receiver under the same type.
func NewFactory() receiver.Factory {
	wrapped := upstream.NewFactory()
	b := newBudgets()
	return receiver.NewFactory(
		wrapped.Type(),
		wrapped.CreateDefaultConfig,
		receiver.WithTraces(func(ctx context.Context, set receiver.Settings, config component.Config, next consumer.Traces) (receiver.Traces, error) {
			inner, err := wrapped.CreateTraces(ctx, set, withMiddleware(config), groupcommit.Traces(next))
			return newBounded(inner, b, set), err
		}, wrapped.TracesStability()),
		receiver.WithMetrics(func(ctx context.Context, set receiver.Settings, config component.Config, next consumer.Metrics) (receiver.Metrics, error) {
			inner, err := wrapped.CreateMetrics(ctx, set, withMiddleware(config), groupcommit.Metrics(next))
			return newBounded(inner, b, set), err
		}, wrapped.MetricsStability()),
		receiver.WithLogs(func(ctx context.Context, set receiver.Settings, config component.Config, next consumer.Logs) (receiver.Logs, error) {
			inner, err := wrapped.CreateLogs(ctx, set, withMiddleware(config), groupcommit.Logs(next))
			return newBounded(inner, b, set), err
		}, wrapped.LogsStability()),
	)
}

// middlewareID names the middleware that counts. Users do not name it.
var middlewareID = component.MustNewIDWithName("otlp", "budgets")

// withMiddleware adds the middleware to a configuration, which the receivers of all
// signals share, once.
func withMiddleware(config component.Config) component.Config {
	protocols := &config.(*upstream.Config).Protocols
	if protocols.GRPC.HasValue() {
		protocols.GRPC.Get().Middlewares = appendOnce(protocols.GRPC.Get().Middlewares)
	}
	if protocols.HTTP.HasValue() {
		server := &protocols.HTTP.Get().ServerConfig
		server.Middlewares = appendOnce(server.Middlewares)
	}
	return config
}

func appendOnce(middlewares []configmiddleware.Config) []configmiddleware.Config {
	for _, m := range middlewares {
		if m.ID == middlewareID {
			return middlewares
		}
	}
	return append(middlewares, configmiddleware.Config{ID: middlewareID})
}

// bounded is a receiver with the middleware among its extensions.
type bounded struct {
	component.Component
	budgets  *budgets
	settings component.TelemetrySettings
	stop     func() // ends the reports; nil unless it has started
}

func newBounded(inner component.Component, b *budgets, set receiver.Settings) *bounded {
	return &bounded{Component: inner, budgets: b, settings: set.TelemetrySettings}
}

// Start starts.
func (r *bounded) Start(ctx context.Context, host component.Host) (err error) {
	if r.stop, err = reportDisplaced(r.settings); err != nil {
		return err
	}
	return r.Component.Start(ctx, extensionhost.With(host, map[component.ID]component.Component{middlewareID: middleware{nil, r.budgets}}))
}

// Shutdown stops.
func (r *bounded) Shutdown(ctx context.Context) error {
	if r.stop != nil {
		r.stop()
		r.stop = nil
	}
	return r.Component.Shutdown(ctx)
}

type middleware struct {
	component.Component
	budgets *budgets
}

// GetHTTPHandler is for OTLP/HTTP.
func (m middleware) GetHTTPHandler(context.Context) (extensionmiddleware.WrapHTTPHandlerFunc, error) {
	return m.budgets.wrapHandler, nil
}

// GetGRPCServerOptions is for OTLP/gRPC.
func (m middleware) GetGRPCServerOptions(context.Context) ([]grpc.ServerOption, error) {
	return m.budgets.grpcOptions(), nil
}
