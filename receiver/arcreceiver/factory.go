// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package arcreceiver

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"

	"github.com/otelcol-arc/otelcol-arc/internal/sharedcore"
	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/metadata"
)

const (
	defaultEndpoint      = "localhost:8123"
	defaultHeaderTimeout = 10 * time.Second
	defaultReadTimeout   = 30 * time.Second
	defaultWriteTimeout  = time.Minute // covers reading the body and the pipelines too
	defaultMaxBodyBytes  = 20 << 20
	defaultMaxEventBytes = 1 << 20
	defaultMaxSeries     = 2000
	defaultExpiration    = 24 * time.Hour
	defaultResendWindow  = 10 * time.Minute
	defaultMaxResendIDs  = 100_000
)

// NewFactory makes the factory of the arc receiver.
func NewFactory() receiver.Factory {
	f := &factory{}
	return receiver.NewFactory(
		metadata.Type,
		createDefaultConfig,
		receiver.WithTraces(f.createTraces, metadata.TracesStability),
		receiver.WithMetrics(f.createMetrics, metadata.MetricsStability),
		receiver.WithLogs(f.createLogs, metadata.LogsStability),
	)
}

func createDefaultConfig() component.Config {
	server := confighttp.NewDefaultServerConfig()
	server.NetAddr.Endpoint = defaultEndpoint
	server.ReadHeaderTimeout = defaultHeaderTimeout
	server.ReadTimeout = defaultReadTimeout
	server.WriteTimeout = defaultWriteTimeout
	server.MaxRequestBodySize = defaultMaxBodyBytes
	return &Config{
		HTTP:             server,
		MaxEventBytes:    defaultMaxEventBytes,
		MaxSeries:        defaultMaxSeries,
		SeriesExpiration: defaultExpiration,
		ResendWindow:     defaultResendWindow,
		MaxResendIDs:     defaultMaxResendIDs,
	}
}

// factory knows the cores that are in use, so that the instances of one ID, one
// for each signal, share a server.
type factory struct {
	cores sharedcore.Map[*core]
}

func (f *factory) createTraces(_ context.Context, set receiver.Settings, cfg component.Config, next consumer.Traces) (receiver.Traces, error) {
	return f.join(set, cfg, func(c *core) { c.nextTraces = next })
}

func (f *factory) createMetrics(_ context.Context, set receiver.Settings, cfg component.Config, next consumer.Metrics) (receiver.Metrics, error) {
	return f.join(set, cfg, func(c *core) { c.nextMetrics = next })
}

func (f *factory) createLogs(_ context.Context, set receiver.Settings, cfg component.Config, next consumer.Logs) (receiver.Logs, error) {
	return f.join(set, cfg, func(c *core) { c.nextLogs = next })
}

func (f *factory) join(set receiver.Settings, cfg component.Config, connect func(*core)) (*instance, error) {
	shared, err := f.cores.Join(cfg, func() (*core, error) { return newCore(cfg.(*Config), set) })
	if err != nil {
		return nil, err
	}
	connect(shared.Core())
	return newInstance(shared), nil
}
