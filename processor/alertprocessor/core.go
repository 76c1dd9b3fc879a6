// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor"
	"go.uber.org/zap"

	"github.com/prometheus/prometheus/storage"

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

// onStateSaved records whether the notification state could be written.
func (c *core) onStateSaved(err error) {
	c.health.Set(problemState, err,
		"Writing the notification state failed; after a restart, alerts that fire would be re-notified",
		"The notification state is written again")
}
