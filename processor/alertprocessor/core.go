// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/prometheus/prometheus/storage"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/health"
	"github.com/otelcol-arc/otelcol-arc/internal/sharedcore"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/evaluate"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/ingest"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/notification"
)

// core is what the instances of one processor ID share.
type core struct {
	id        component.ID
	cfg       *Config
	logger    *zap.Logger
	resource  pcommon.Resource // of the Collector; alert records carry it
	telemetry *metadata.TelemetryBuilder
	events    *eventRules
	// writeTo is what ingested samples are written to: the store, or a double of
	// a disk that fails on top of it.
	writeTo func(storage.Appendable) storage.Appendable

	mu              sync.Mutex // guards the lists of sinks
	logsEmitters    []*logsEmitter
	metricsEmitters []*metricsEmitter

	// Set in Start, before anything is consumed, and not changed after.
	host   component.Host
	delta  processor.Metrics
	loaded [sha256.Size]byte // sum of the rule files
	hide   func()            // takes the core off the pages
	cancel context.CancelFunc
	done   chan struct{} // closed when the evaluations have ended

	backendMu sync.RWMutex // held for reading while something is consumed
	backend   *backend     // nil when not even a temporary directory could be had

	dispatcher *dispatcher
	health     *health.Health

	warnSeriesLimit sync.Once
	pending, firing atomic.Int64
}

var _ sharedcore.Core = (*core)(nil)

// What can go wrong while the telemetry passes on.
const (
	problemDirectory health.Problem = "storage directory" // it is not in use
	problemSamples   health.Problem = "samples"           // they cannot be written
	problemState     health.Problem = "state"             // what people were told cannot be written
	problemRules     health.Problem = "rules"             // the files have become wrong; the rules are those from before
)

func newCore(cfg *Config, set processor.Settings) (*core, error) {
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	c := &core{
		id:         set.ID,
		cfg:        cfg,
		logger:     set.Logger,
		resource:   set.Resource,
		telemetry:  telemetry,
		dispatcher: newDispatcher(cfg, telemetry),
		health:     health.New(set.Logger),
		writeTo:    func(store storage.Appendable) storage.Appendable { return store },
	}
	c.dispatcher.send = c.enqueueNotification
	c.dispatcher.outgoing = c.undelivered
	c.dispatcher.onSave = c.onStateSaved
	c.events, err = newEventRules(cfg, set.TelemetrySettings, telemetry, c.dispatcher.raise)
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (c *core) addLogsEmitter(s *logsEmitter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.logsEmitters = append(c.logsEmitters, s)
}

func (c *core) addMetricsEmitter(s *metricsEmitter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.metricsEmitters = append(c.metricsEmitters, s)
}

// Start opens the storage, loads the rules and begins to evaluate.
func (c *core) Start(ctx context.Context, host component.Host) error {
	c.host = host
	c.health.Report(host)
	c.done = make(chan struct{})
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c.cancel = cancel
	c.hide = func() {}
	if err := c.prepare(ctx, running); err != nil {
		close(c.done)
		return err
	}
	if c.backend != nil {
		c.backend.evaluator.Start()
	}
	go func() {
		defer close(c.done)
		var work sync.WaitGroup
		work.Go(func() { c.dispatcher.run(running) })
		c.maintain(running, c.loaded)
		if c.backend != nil {
			c.backend.evaluator.Stop()
		}
		work.Wait()
	}()
	c.hide = c.show(running)
	return nil
}

// prepare makes what evaluates, unless there is no storage to evaluate on.
func (c *core) prepare(ctx, running context.Context) error {
	if err := c.observe(); err != nil {
		return err
	}
	next, err := consumer.NewMetrics(c.ingest)
	if err != nil {
		return err
	}
	if c.delta, err = ingest.NewDeltaToCumulative(ctx, c.cfg.Storage.MaxSeries, next); err != nil {
		return err
	}
	if err = c.delta.Start(ctx, c.host); err != nil {
		return err
	}
	c.loaded = evaluate.ChecksumFiles(c.cfg.RuleFiles)
	if c.backend, err = c.openBackend(running); err != nil {
		return err
	}
	c.warnWithoutLogs()
	return nil
}

func (c *core) warnWithoutLogs() {
	c.mu.Lock()
	none := len(c.logsEmitters) == 0
	c.mu.Unlock()
	rules := c.backend != nil && c.backend.evaluator.HasAlertingRules()
	if none && (rules || len(c.cfg.Events) > 0) {
		c.logger.Warn("No logs pipeline names this processor: alerts of rules leave as the series ALERTS only, alerts of event rules not at all.")
	}
}

// Stop ends the evaluations. What has been decided to be told leaves with the
// logs pipelines, when they close.
func (c *core) Stop(ctx context.Context) error {
	c.hide()
	c.cancel()
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close closes the storage.
func (c *core) Close(ctx context.Context) error {
	var errs []error
	if c.delta != nil {
		errs = append(errs, c.delta.Shutdown(ctx))
	}
	c.telemetry.Shutdown()
	c.dispatcher.save()
	c.backendMu.Lock()
	defer c.backendMu.Unlock()
	if c.backend != nil {
		errs = append(errs, c.backend.close(ctx))
		c.backend = nil
	}
	return errors.Join(errs...)
}

func (c *core) watchTraces(ctx context.Context, td ptrace.Traces) (ptrace.Traces, error) {
	c.persistRaised(func() { c.events.watchTraces(ctx, td) })
	return td, nil
}

func (c *core) watchLogs(ctx context.Context, ld plog.Logs) (plog.Logs, error) {
	c.persistRaised(func() { c.events.watchLogs(ctx, ld) })
	return ld, nil
}

// persistRaised writes down what was raised before the batch is acknowledged: after
// a kill nobody would send it again. Most batches raise nothing.
func (c *core) persistRaised(watch func()) {
	before := c.dispatcher.raised.Load()
	watch()
	if c.dispatcher.raised.Load() != before {
		c.dispatcher.save()
	}
}

func (c *core) watchMetrics(ctx context.Context, md pmetric.Metrics) (pmetric.Metrics, error) {
	// Neither of these fails: what cannot be taken is counted, and passed on.
	if ingest.HasDelta(md) {
		return md, c.takeDelta(ctx, md)
	}
	return md, c.ingest(ctx, md)
}

func (c *core) takeDelta(ctx context.Context, md pmetric.Metrics) error {
	own := pmetric.NewMetrics() // the conversion changes what it is given
	md.CopyTo(own)
	err := c.delta.ConsumeMetrics(ctx, own)
	if dropped := md.DataPointCount() - own.DataPointCount(); dropped > 0 {
		c.recordIngestion(ctx, ingest.Counts{Dropped: map[string]int64{ingest.DropDelta: int64(dropped)}})
	}
	return err
}

// recordIngestion tells of what became of samples.
func (c *core) recordIngestion(ctx context.Context, counts ingest.Counts) {
	c.telemetry.ProcessorAlertSamplesAppended.Add(ctx, counts.Appended)
	for reason, n := range counts.Dropped {
		c.telemetry.ProcessorAlertSamplesDropped.Add(ctx, n, metric.WithAttributes(attribute.String("reason", reason)))
	}
	if counts.Dropped[ingest.DropSeriesLimit] > 0 {
		c.warnSeriesLimit.Do(func() {
			c.logger.Warn("The storage of the rules is full: new series are left out of the rules, though they are passed on.",
				zap.Int("storage::max_series", c.cfg.Storage.MaxSeries))
		})
	}
	c.health.Set(problemSamples, counts.Err,
		"Cannot write samples to the storage. Rules are evaluated without them; they are passed on.",
		"Samples are written to the storage again.")
}

// onStateSaved tells whether what people were told could be kept.
func (c *core) onStateSaved(err error) {
	c.health.Set(problemState, err,
		"Cannot keep what people were told. After a restart, alerts that fire would be told anew.",
		"What people were told is kept again.")
}

// onEvaluation takes how the rules stand after an evaluation.
func (c *core) onEvaluation(_ time.Time, result evaluate.Result) {
	c.pending.Store(int64(len(result.Pending)))
	c.firing.Store(int64(len(result.Firing)))
	c.dispatcher.observe(result)
}

// emitSeries hands series of rules to every metrics pipeline. It does not block.
func (c *core) emitSeries(all []evaluate.Sample) {
	series := make([]evaluate.Sample, 0, len(all))
	for _, s := range all {
		if evaluate.Expressible(s) {
			series = append(series, s)
		}
	}
	if left := len(all) - len(series); left > 0 {
		c.telemetry.ProcessorAlertDeliveryDropped.Add(context.Background(), int64(left),
			metric.WithAttributes(attribute.String("reason", "inexpressible")))
	}
	if len(series) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, out := range c.metricsEmitters {
		out.enqueue(series)
	}
}

// outgoing is what people are told at a time.
type outgoing = notification.Outgoing

// enqueueNotification hands a notification to every logs pipeline. It does not block.
func (c *core) enqueueNotification(n outgoing) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, out := range c.logsEmitters {
		out.enqueue(n)
	}
}

// undelivered is what not every pipeline has taken yet. All are told the same, so
// what the slowest has yet to take is all.
func (c *core) undelivered() (all []outgoing) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, out := range c.logsEmitters {
		if waiting := out.undelivered(); len(waiting) > len(all) {
			all = waiting
		}
	}
	return all
}

func (c *core) notificationsToLogs(notifications ...outgoing) plog.Logs {
	ld, records := alertevent.NewLogs(c.resource)
	for _, n := range notifications {
		for _, alert := range n.Alerts {
			alertevent.Write(records.AppendEmpty(), alert, n.At)
		}
	}
	return ld
}

// observe registers what the Collector reads off the core.
func (c *core) observe() error {
	pending := metric.WithAttributeSet(attribute.NewSet(attribute.String("state", "pending")))
	firing := metric.WithAttributeSet(attribute.NewSet(attribute.String("state", "firing")))
	return errors.Join(
		c.telemetry.RegisterProcessorAlertAlertsCallback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(c.pending.Load(), pending)
			o.Observe(c.firing.Load(), firing)
			return nil
		}),
		c.telemetry.RegisterProcessorAlertSeriesCallback(func(_ context.Context, o metric.Int64Observer) error {
			if b := c.currentBackend(); b != nil {
				o.Observe(b.store.SeriesCount())
			}
			return nil
		}),
		c.telemetry.RegisterProcessorAlertStorageSizeCallback(func(_ context.Context, o metric.Int64Observer) error {
			if b := c.currentBackend(); b != nil {
				o.Observe(b.store.Size())
			}
			return nil
		}),
		c.telemetry.RegisterProcessorAlertStorageDegradedCallback(c.observeProblem(problemDirectory)),
		c.telemetry.RegisterProcessorAlertRulesOutdatedCallback(c.observeProblem(problemRules)),
	)
}

// observeProblem is 1 while there is the problem.
func (c *core) observeProblem(p health.Problem) metric.Int64Callback {
	return func(_ context.Context, o metric.Int64Observer) error {
		var is int64
		if c.health.Has(p) {
			is = 1
		}
		o.Observe(is)
		return nil
	}
}
