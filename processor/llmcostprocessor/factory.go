// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processorhelper"

	"github.com/otelcol-arc/otelcol-arc/internal/sharedcore"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/metadata"
)

const (
	defaultMetricsInterval = 15 * time.Second
	defaultRetention       = 35 * 24 * time.Hour
	defaultDailyRetention  = 400 * 24 * time.Hour
	defaultMaxRows         = 1_000_000
	defaultMaxDayRows      = 4_000_000
	defaultMaxModels       = 1000
	defaultDedupEntries    = 100_000
	defaultMaxSeries       = 5_000
	defaultCalls           = 50_000
	defaultExpensiveCalls  = 1_000
	defaultDedupWindow     = 10 * time.Minute
)

// NewFactory makes the factory of the llm_cost processor.
func NewFactory() processor.Factory {
	f := &factory{}
	return processor.NewFactory(
		metadata.Type,
		createDefaultConfig,
		processor.WithTraces(f.createTraces, metadata.TracesStability),
		processor.WithMetrics(f.createMetrics, metadata.MetricsStability),
		processor.WithLogs(f.createLogs, metadata.LogsStability),
	)
}

func createDefaultConfig() component.Config {
	return &Config{
		ReportedCost:    []string{reportedUnpriced},
		MetricsInterval: defaultMetricsInterval,
		Dimensions:      []DimensionConfig{{Name: attrService, From: []string{attrService}}, {Name: attrAgent, From: []string{attrAgent}}},
		Retention:       defaultRetention,
		DailyRetention:  defaultDailyRetention,
		MaxRows:         defaultMaxRows,
		MaxDayRows:      defaultMaxDayRows,
		MaxModels:       defaultMaxModels,
		MaxSeries:       defaultMaxSeries,
		Exemplars:       true,
		Calls:           CallsConfig{MaxEntries: defaultCalls, MostExpensivePerDay: defaultExpensiveCalls},
		Dedup:           DedupConfig{MaxEntries: defaultDedupEntries, Window: defaultDedupWindow, PairByTime: true},
	}
}

// factory knows the cores that are in use, so that the instances of one ID, one
// for each pipeline, count together.
type factory struct {
	cores sharedcore.Map[*core]

	mu          sync.Mutex
	callRecords map[component.ID]*callRecords
}

func (f *factory) createTraces(ctx context.Context, set processor.Settings, cfg component.Config, next consumer.Traces) (processor.Traces, error) {
	instance, err := f.join(set, cfg)
	if err != nil {
		return nil, err
	}
	return processorhelper.NewTraces(ctx, set, cfg, next, sharedcore.WhenReady(instance, instance.Core().priceTraces),
		processorhelper.WithCapabilities(consumer.Capabilities{MutatesData: true}),
		processorhelper.WithStart(instance.Start),
		processorhelper.WithShutdown(func(ctx context.Context) error { return instance.Shutdown(ctx, nil) }),
	)
}

func (f *factory) createLogs(ctx context.Context, set processor.Settings, cfg component.Config, next consumer.Logs) (processor.Logs, error) {
	if of := cfg.(*Config).CallsOf; of != nil {
		records := f.callRecordsOf(*of)
		return &callRecordsInstance{Logs: next, of: *of, records: records, emitter: records.Add(next.ConsumeLogs)}, nil
	}
	instance, err := f.join(set, cfg)
	if err != nil {
		return nil, err
	}
	return processorhelper.NewLogs(ctx, set, cfg, next, sharedcore.WhenReady(instance, instance.Core().priceLogs),
		processorhelper.WithCapabilities(consumer.Capabilities{MutatesData: true}),
		processorhelper.WithStart(instance.Start),
		processorhelper.WithShutdown(func(ctx context.Context) error { return instance.Shutdown(ctx, nil) }),
	)
}

// createMetrics makes an instance that forwards metrics as they are, and emits what
// was counted.
func (f *factory) createMetrics(_ context.Context, set processor.Settings, cfg component.Config, next consumer.Metrics) (processor.Metrics, error) {
	instance, err := f.join(set, cfg)
	if err != nil {
		return nil, err
	}
	c := instance.Core()
	return &metricsInstance{Metrics: next, instance: instance, emitter: c.emitters.Add(next.ConsumeMetrics)}, nil
}

func (f *factory) join(set processor.Settings, cfg component.Config) (*sharedcore.Instance[*core], error) {
	if cfg.(*Config).CallsOf != nil {
		return nil, errors.New("calls_of: is for pipelines of logs alone")
	}
	return f.cores.Join(cfg, func() (*core, error) {
		c, err := newCore(cfg.(*Config), set)
		if err != nil {
			return nil, err
		}
		c.callRecords = f.callRecordsOf(set.ID)
		c.callRecords.used = true
		return c, nil
	})
}
