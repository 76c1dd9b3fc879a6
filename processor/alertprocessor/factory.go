// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processorhelper"

	"github.com/otelcol-arc/otelcol-arc/internal/sharedcore"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/evaluate"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/metadata"
)

const (
	defaultEvaluationInterval = 15 * time.Second
	defaultCooldown           = 5 * time.Minute
	defaultRepeatInterval     = 4 * time.Hour    // as in Alertmanager
	defaultGroupWait          = 30 * time.Second // as in Alertmanager
	defaultGroupInterval      = 5 * time.Minute  // as in Alertmanager
	defaultResolveAfter       = 5 * time.Minute  // of an event rule; as Alertmanager's resolve_timeout
	defaultRetention          = 26 * time.Hour
	defaultMaxSeries          = 100_000
	defaultMaxBytes           = 2 << 30
	defaultOutOfOrderWindow   = 10 * time.Minute
)

// NewFactory makes the factory of the alert processor.
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
		EvaluationInterval: defaultEvaluationInterval,
		Cooldown:           defaultCooldown,
		RepeatInterval:     defaultRepeatInterval,
		GroupWait:          defaultGroupWait,
		GroupInterval:      defaultGroupInterval,
		Storage: StorageConfig{
			Retention:        defaultRetention,
			MaxSeries:        defaultMaxSeries,
			MaxBytes:         defaultMaxBytes,
			OutOfOrderWindow: defaultOutOfOrderWindow,
		},
	}
}

// factory knows the cores that are in use, so that the instances of one ID, one
// for each pipeline, evaluate the rules together.
type factory struct {
	cores sharedcore.Map[*core]
}

func (f *factory) createTraces(ctx context.Context, set processor.Settings, cfg component.Config, next consumer.Traces) (processor.Traces, error) {
	instance, err := f.join(set, cfg)
	if err != nil {
		return nil, err
	}
	c := instance.Core()
	return processorhelper.NewTraces(ctx, set, cfg, next, sharedcore.WhenReady(instance, c.watchTraces), options(instance, nil)...)
}

func (f *factory) createMetrics(ctx context.Context, set processor.Settings, cfg component.Config, next consumer.Metrics) (processor.Metrics, error) {
	instance, err := f.join(set, cfg)
	if err != nil {
		return nil, err
	}
	c := instance.Core()
	out := newEmitter(emitterOptions[[]evaluate.Sample, pmetric.Metrics]{
		consume:   next.ConsumeMetrics,
		build:     evaluate.ToMetrics,
		limit:     maxPendingSeries,
		compact:   dropOldest[[]evaluate.Sample],
		retry:     c.cfg.EvaluationInterval,
		onResult:  func(error) {},
		telemetry: c.telemetry,
	})
	c.addMetricsEmitter(out)
	return processorhelper.NewMetrics(ctx, set, cfg, next, sharedcore.WhenReady(instance, c.watchMetrics), options(instance, out)...)
}

func (f *factory) createLogs(ctx context.Context, set processor.Settings, cfg component.Config, next consumer.Logs) (processor.Logs, error) {
	instance, err := f.join(set, cfg)
	if err != nil {
		return nil, err
	}
	c := instance.Core()
	out := c.addLogsEmitter(next.ConsumeLogs)
	return processorhelper.NewLogs(ctx, set, cfg, next, sharedcore.WhenReady(instance, c.watchLogs), options(instance, out)...)
}

func (f *factory) join(set processor.Settings, cfg component.Config) (*sharedcore.Instance[*core], error) {
	return f.cores.Join(cfg, func() (*core, error) { return newCore(cfg.(*Config), set) })
}

// lifecycle is an emitter of any signal.
type lifecycle interface {
	start(ctx context.Context)
	stop(ctx context.Context) error
}

// options are the life of an instance, with its emitter on the pipeline, if any: it
// is started when the components after it have been, and stopped, flushed, while
// they still run.
func options(instance *sharedcore.Instance[*core], out lifecycle) []processorhelper.Option {
	start := instance.Start
	var stop func(context.Context) error
	if out != nil {
		stop = out.stop
		start = func(ctx context.Context, host component.Host) error {
			if err := instance.Start(ctx, host); err != nil {
				return err
			}
			out.start(ctx)
			return nil
		}
	}
	return []processorhelper.Option{
		processorhelper.WithCapabilities(consumer.Capabilities{MutatesData: false}),
		processorhelper.WithStart(start),
		processorhelper.WithShutdown(func(ctx context.Context) error { return instance.Shutdown(ctx, stop) }),
	}
}

type (
	logsEmitter    = emitter[decision, plog.Logs]
	metricsEmitter = emitter[[]evaluate.Sample, pmetric.Metrics]
)
