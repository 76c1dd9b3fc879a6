// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/extension"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/prometheussource"
)

const (
	defaultEndpoint     = "localhost:8124"
	defaultReadTimeout  = 10 * time.Second
	defaultMaxBodyBytes = 64 << 10
)

// NewFactory makes the factory of the dashboard extension.
func NewFactory() extension.Factory {
	return extension.NewFactory(metadata.Type, createDefaultConfig, create, metadata.ExtensionStability)
}

func createDefaultConfig() component.Config {
	server := confighttp.NewDefaultServerConfig()
	server.NetAddr.Endpoint = defaultEndpoint
	server.ReadHeaderTimeout = defaultReadTimeout
	server.ReadTimeout = defaultReadTimeout
	server.MaxRequestBodySize = defaultMaxBodyBytes
	return &Config{HTTP: server, Source: SourceConfig{Prometheus: configoptional.Default(prometheussource.NewDefaultConfig())}}
}

func create(_ context.Context, set extension.Settings, cfg component.Config) (extension.Extension, error) {
	return newServer(cfg.(*Config), set), nil
}
