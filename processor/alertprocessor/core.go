// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/client"
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

	mu              sync.Mutex // guards the lists of emitters
	logsEmitters    []*logsEmitter
	metricsEmitters []*metricsEmitter

	// Set in Start, before anything is consumed, and not changed after.
	host   component.Host
	delta  processor.Metrics
	loaded [sha256.Size]byte // sum of the rule files
	hide   func()            // removes the core from the dashboards
	cancel context.CancelFunc
	done   chan struct{} // closed when the evaluations have stopped

	backendMu sync.RWMutex // held for reading while something is consumed
	backend   *backend     // nil when not even a temporary directory is available

	dispatcher *dispatcher
	persisting persister // of occurrences
	health     *health.Health

	times           sampleTimes
	dropping        []string // rules of which alerts are dropped
	warnSeriesLimit sync.Once
	// warnReceivedRecords warns of alert records of others.
	warnReceivedRecords sync.Once
	pending, firing     atomic.Int64
}

var _ sharedcore.Core = (*core)(nil)

// What can go wrong while telemetry passes through.
const (
	problemDirectory  health.Problem = "storage directory" // it is not in use
	problemSamples    health.Problem = "samples"           // they cannot be written
	problemState      health.Problem = "state"             // the notification state cannot be written
	problemRules      health.Problem = "rules"             // the files are wrong; the previous rules stay active
	problemClock      health.Problem = "clock"             // no sample is of now
	problemAlertLimit health.Problem = "alert limit"       // alerts are dropped
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
		health:     health.New(set.Logger),
		persisting: newPersister(),
		writeTo:    func(store storage.Appendable) storage.Appendable { return store },
	}
	if cfg.SilencesFromPage != nil {
		c.logger.Warn("silences_from_page is deprecated, set silences_from_dashboard")
	}
	c.dispatcher = newDispatcher(cfg, telemetry, c, c.onStateSaved, c.onDrop)
	c.events, err = newEventRules(cfg, set.TelemetrySettings, telemetry, c.dispatcher.raise)
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (c *core) addLogsEmitter(consume func(context.Context, plog.Logs) error) *logsEmitter {
	c.mu.Lock()
	defer c.mu.Unlock()
	pipeline := len(c.logsEmitters) + 1
	out := newEmitter(emitterOptions[decision, plog.Logs]{
		consume:   consume,
		build:     decisionsToLogs(c.resource),
		limit:     maxPendingRecords,
		compact:   compactDecisions,
		retry:     c.cfg.EvaluationInterval,
		onResult:  func(err error) { c.onDelivery(pipeline, err) },
		telemetry: c.telemetry,
	})
	c.logsEmitters = append(c.logsEmitters, out)
	return out
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
	if err := c.cfg.checkReceivers(host); err != nil {
		close(c.done)
		return err
	}
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
	if c.backend != nil {
		c.reportRules("Loaded rules")
		c.backend.evaluator.Prune()
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
		c.logger.Warn("No logs pipeline names this processor: alerts of rules leave as the series ALERTS only, alerts of event rules not at all")
	}
}

// Stop stops the evaluations. Notifications that are due leave when the logs
// pipelines close.
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
	c.dispatcher.save() //nolint:contextcheck // what is counted is counted
	errs = append(errs, c.dispatcher.close())
	c.backendMu.Lock()
	defer c.backendMu.Unlock()
	if c.backend != nil {
		errs = append(errs, c.backend.close(ctx))
		c.backend = nil
	}
	return errors.Join(errs...)
}

func (c *core) watchTraces(ctx context.Context, td ptrace.Traces) (ptrace.Traces, error) {
	c.persistRaised(ctx, func() { c.events.watchTraces(ctx, td) })
	return td, nil
}

// watchLogs also keeps alert records of others from the notifiers after it: whoever
// reaches a receiver can send a record that looks like ours.
func (c *core) watchLogs(ctx context.Context, ld plog.Logs) (plog.Logs, error) {
	c.persistRaised(ctx, func() { c.events.watchLogs(ctx, ld) })
	ld, received := alertevent.Rename(ld)
	if received > 0 {
		c.telemetry.ProcessorAlertRecordsRenamed.Add(ctx, int64(received))
		c.warnReceivedRecords.Do(func() {
			fields := []zap.Field{zap.Int("records", received), zap.String("event_name", alertevent.ReceivedEventName)}
			if address := client.FromContext(ctx).Addr; address != nil {
				fields = append(fields, zap.String("address", address.String()))
			}
			c.logger.Warn("Received alert records; they are passed on under another name, and notifiers ignore them; further ones are counted only", fields...)
		})
	}
	return ld, nil
}

// persistRaised persists what was raised before the telemetry is acknowledged: after a
// kill nobody would send it again. Most telemetry raises nothing. What it raises takes
// an append to a file, and no longer than maxPersistWait.
func (c *core) persistRaised(ctx context.Context, watch func()) {
	before := c.dispatcher.raised.Load()
	watch()
	if c.dispatcher.raised.Load() == before || !c.dispatcher.isFiled.Load() {
		return
	}
	start := time.Now()
	if err := c.persisting.persist(maxPersistWait, c.dispatcher.persistRaised); err != nil {
		c.onStateSaved(err)
	}
	c.recordPersistWait(ctx, "occurrences", start)
}

// recordPersistWait records for how long an acknowledgement waited for the disk.
func (c *core) recordPersistWait(ctx context.Context, data string, start time.Time) {
	c.telemetry.ProcessorAlertPersistDuration.Record(context.WithoutCancel(ctx), time.Since(start).Seconds(),
		metric.WithAttributes(attribute.String("data", data)))
}

func (c *core) watchMetrics(ctx context.Context, md pmetric.Metrics) (pmetric.Metrics, error) {
	// Neither of these fails: what cannot be ingested is counted, and passed on.
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

// recordIngestion records what became of samples.
func (c *core) recordIngestion(ctx context.Context, counts ingest.Counts) {
	c.telemetry.ProcessorAlertSamplesAppended.Add(ctx, counts.Appended)
	c.times.add(counts)
	for reason, n := range counts.Dropped {
		c.telemetry.ProcessorAlertSamplesDropped.Add(ctx, n, metric.WithAttributes(attribute.String("reason", reason)))
	}
	if counts.Dropped[ingest.DropSeriesLimit] > 0 {
		c.warnSeriesLimit.Do(func() {
			c.logger.Warn("Series limit of the rules reached: new series are passed on, but rules do not see them",
				zap.Int("storage::max_series", c.cfg.Storage.MaxSeries))
		})
	}
	c.health.Set(problemSamples, counts.Err,
		"Writing samples to the storage failed; they are passed on, and rules are evaluated without them",
		"Samples are written to the storage again")
}

// onStateSaved records whether the notification state could be written.
func (c *core) onStateSaved(err error) {
	c.health.Set(problemState, err,
		"Writing the notification state failed; after a restart, alerts that fire would be re-notified",
		"The notification state is written again")
}

// onEvaluation takes the result of an evaluation.
func (c *core) onEvaluation(_ time.Time, result evaluate.Result) {
	c.pending.Store(int64(result.TotalPending))
	c.firing.Store(int64(result.TotalFiring))
	c.dispatcher.observe(result)
}

// emitSeries has series of rules sent to every metrics pipeline. It does not block.
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

// enqueue implements outbox.
func (c *core) enqueue(decisions []decision) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, out := range c.logsEmitters {
		out.enqueue(decisions...)
	}
}

// undeliveredDecisions implements outbox. Every pipeline is sent the same, so what the slowest
// has not accepted is all.
func (c *core) undeliveredDecisions() (all []decision) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, out := range c.logsEmitters {
		if out.backlog() > len(all) {
			all = out.undeliveredItems()
		}
	}
	return all
}

// backlog implements outbox.
func (c *core) backlog() (most int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, out := range c.logsEmitters {
		most = max(most, out.backlog())
	}
	return most
}

// onDelivery records the result of sending alert records to the logs pipeline of a
// number.
func (c *core) onDelivery(pipeline int, err error) {
	c.health.Set(health.Problem(fmt.Sprintf("alert records of logs pipeline %d", pipeline)), err,
		"Sending alert records to a logs pipeline failed; they are sent again with the next evaluation",
		"Alert records are accepted by the logs pipeline again")
	c.dispatcher.wakeUp()
}

// onDrop reports of which rules alerts are dropped. It is never called concurrently.
func (c *core) onDrop(rules []string) {
	var err error
	if len(rules) > 0 {
		err = fmt.Errorf("too many alerts, so that some are dropped, of rules: %s", strings.Join(rules, ", "))
	}
	for _, rule := range rules {
		if !slices.Contains(c.dropping, rule) {
			c.logger.Error("Dropping alerts, because the rule raises too many", zap.String("rule", rule))
		}
	}
	c.dropping = rules
	c.health.Set(problemAlertLimit, err, "", "Alerts are no longer dropped")
}

// observe registers what the Collector observes of the core.
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
