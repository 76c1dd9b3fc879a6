// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmbillingreceiver

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/scraper"
	"go.opentelemetry.io/collector/scraper/scraperhelper"

	"github.com/otelcol-arc/otelcol-arc/internal/provenance"
	"github.com/otelcol-arc/otelcol-arc/receiver/llmbillingreceiver/internal/metadata"
)

// NewFactory makes the factory of the llm_billing receiver.
func NewFactory() receiver.Factory {
	return receiver.NewFactory(metadata.Type, createDefaultConfig, receiver.WithMetrics(createMetrics, metadata.MetricsStability))
}

func createDefaultConfig() component.Config {
	controller := scraperhelper.NewDefaultControllerConfig()
	controller.InitialDelay = time.Second
	return &Config{
		ControllerConfig: controller,
		Days:             defaultDays,
		MaxItems:         defaultMaxItems,
	}
}

func createMetrics(_ context.Context, set receiver.Settings, config component.Config, next consumer.Metrics) (receiver.Metrics, error) {
	cfg := config.(*Config)
	b, err := newBilling(cfg, set)
	if err != nil {
		return nil, err
	}
	s, err := scraper.NewMetrics(b.scrape, scraper.WithStart(b.start), scraper.WithShutdown(b.shutdown))
	if err != nil {
		return nil, err
	}
	return scraperhelper.NewMetricsController(&cfg.ControllerConfig, set, provenance.Billing(next), scraperhelper.AddMetricsScraper(metadata.Type, s))
}
