// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/checkedstorage"
	"github.com/otelcol-arc/otelcol-arc/internal/health"
	"github.com/otelcol-arc/otelcol-arc/internal/mutetime"
	"github.com/otelcol-arc/otelcol-arc/internal/notify/internal/metadata"
)

// stopTimeout bounds how long an exporter goes on sending when the collector
// stops, and stopAttempt one attempt: a vendor that hangs must not delay it.
const (
	stopTimeout = 5 * time.Second
	stopAttempt = time.Second
)

// Settings are what a notifier's factory gives to [NewExporter].
type Settings struct {
	Delivery *DeliveryConfig
	// Channels are sent every alert, each independently of the others.
	Channels []Channel
	// Outcomes counts alerts by outcome. Close releases its telemetry and anything else
	// that the exporter owns.
	Outcomes Outcomes
	Close    func()
	// ReadLegacy, if not nil, reads state of the previous version other than its
	// queue.
	ReadLegacy LegacyReader
}

// LegacyReader reads the alerts that the previous version left in a storage. The
// returned function removes them.
type LegacyReader func(ctx context.Context, host component.Host, storage component.ID) (left []plog.Logs, remove func() error, err error)

// Exporter is a notifier: it keeps what is to be notified in the state of each of
// its channels, whose workers send it.
type Exporter struct {
	Selector
	set        exporter.Settings
	outcomes   Outcomes
	workers    []*worker
	storage    *component.ID
	health     *health.Health
	telemetry  *metadata.TelemetryBuilder
	release    func()
	readLegacy LegacyReader
	started    atomic.Bool

	peers            []*Exporter // all channels of the collector, set by Start
	unacceptedLogged *rate.Sometimes

	once sync.Once
}

var _ exporter.Logs = (*Exporter)(nil)

// NewExporter makes a notifier of its channels.
func NewExporter(set exporter.Settings, s Settings) (*Exporter, error) {
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	mutes, err := mutetime.Parse("mute_time_intervals", s.Delivery.MuteTimeIntervals)
	if err != nil {
		return nil, err
	}
	s.Delivery.warnDeprecated(set.Logger)
	e := &Exporter{
		Selector:   newSelector(set.ID, s.Delivery),
		set:        set,
		outcomes:   s.Outcomes,
		storage:    s.Delivery.StorageID(),
		health:     health.New(set.Logger),
		telemetry:  telemetry,
		release:    s.Close,
		readLegacy: s.ReadLegacy,

		unacceptedLogged: newUnacceptedLog(),
	}
	for _, channel := range s.Channels {
		if channel.Receiver != "" {
			e.receivers = append(e.receivers, channel.Receiver)
		}
		if channel.SendResolved == nil {
			channel.SendResolved = &s.Delivery.SendResolved
		}
		e.workers = append(e.workers, newWorker(e, channel, mutes, backoff(s.Delivery.Retry)))
	}
	return e, errors.Join(
		telemetry.RegisterNotifierAlertsWaitingCallback(e.observeWaiting),
		telemetry.RegisterNotifierFailingDurationCallback(e.observeFailing),
		telemetry.RegisterExporterQueueSizeCallback(e.observeQueueSize),
		telemetry.RegisterExporterQueueCapacityCallback(e.observeQueueCapacity),
	)
}

// Capabilities reports that records are copied, never changed.
func (*Exporter) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

// Start restores the state and starts to send.
func (e *Exporter) Start(ctx context.Context, host component.Host) error {
	e.health.Report(host)
	var legacy []plog.Logs
	var remove []func() error
	if e.storage != nil {
		for _, w := range e.workers {
			if err := w.open(ctx, host, *e.storage); err != nil {
				return err
			}
		}
		for _, read := range []LegacyReader{e.readQueue, e.readLegacy} {
			if read == nil {
				continue
			}
			left, removeIt, err := read(ctx, host, *e.storage)
			if err != nil {
				return err
			}
			legacy, remove = append(legacy, left...), append(remove, removeIt)
		}
	}
	for _, w := range e.workers {
		if err := w.start(ctx, host); err != nil {
			return err
		}
	}
	e.peers = Channels(host)
	e.started.Store(true)
	for _, ld := range legacy {
		if err := e.ConsumeLogs(ctx, ld); err != nil {
			return err
		}
	}
	if e.health.Has(problemStorage) {
		return nil // it is read again after the next start
	}
	for _, removeIt := range remove {
		if err := removeIt(); err != nil {
			e.set.Logger.Warn("Removing the state of the version before failed", zap.Error(err))
		}
	}
	return nil
}

// errNotStarted is returned for alerts that come before Start.
var errNotStarted = errors.New("the exporter is not started")

// ConsumeLogs adds the alerts among the records to the state, persists it, and
// returns. It never waits for a vendor, and an error means that no alert was added.
func (e *Exporter) ConsumeLogs(ctx context.Context, ld plog.Logs) error {
	if !e.started.Load() {
		return errNotStarted
	}
	changes := e.readChanges(ctx, ld)
	if len(changes) == 0 {
		return nil
	}
	for _, w := range e.workers {
		if own := changes[w.channel.Receiver]; len(own) > 0 {
			w.offer(ctx, own)
		}
	}
	return nil
}

// readChanges reads the alert records that are for this notifier, by the receivers
// of its channels.
func (e *Exporter) readChanges(ctx context.Context, ld plog.Logs) map[string][]change {
	changes := map[string][]change{}
	var filtered, malformed int64
	for record := range alertevent.Records(ld) {
		alert, err := alertevent.Read(record)
		if err != nil {
			malformed++
			continue
		}
		e.severities.apply(&alert)
		if !e.pass(alert) {
			filtered++
			e.reportUnaccepted(ctx, alert)
			continue
		}
		c, err := newChange(record, alert, "")
		if err != nil {
			malformed++
			continue
		}
		receiver := e.channelOf(alert.Receiver)
		changes[receiver] = append(changes[receiver], c)
	}
	e.count(ctx, filtered, outcomeFiltered)
	e.count(ctx, malformed, outcomeMalformed)
	return changes
}

// Waiting is how many notifications are not accepted yet.
func (e *Exporter) Waiting() (n int) {
	for _, w := range e.workers {
		w.mu.Lock()
		n += w.state.waiting
		w.mu.Unlock()
	}
	return n
}

// Result is the outcome of an alert that was sent with [Exporter.SendNow].
type Result struct {
	// Channel is the channel's name; "" when there is one.
	Channel string
	// Filtered is set when the channel's filter excludes the alert.
	Filtered bool
	// Err is why it was not accepted.
	Err error
	// Took is how long the attempt took.
	Took time.Duration
}

// SendNow sends one alert through every channel, in one attempt each. It neither
// reads nor changes the notification state.
func (e *Exporter) SendNow(ctx context.Context, alert alertevent.Alert) []Result {
	e.severities.apply(&alert)
	var results []Result
	for _, w := range e.workers {
		alert.Receiver = w.channel.Receiver
		if !e.pass(alert) || alert.State == alertevent.Resolved && w.state.quiet {
			results = append(results, Result{Channel: w.channel.Name, Filtered: true})
			continue
		}
		began := time.Now()
		err := w.deliver(ctx, Message{ID: rand.Text(), Alerts: []alertevent.Alert{alert}})
		results = append(results, Result{Channel: w.channel.Name, Err: err, Took: time.Since(began)})
	}
	return results
}

// Shutdown may be called more than once, and without Start. Without a storage what
// waits is sent as long as the vendor takes it, but no longer than stopTimeout;
// with one it stays there.
func (e *Exporter) Shutdown(ctx context.Context) error {
	e.once.Do(func() {
		e.started.Store(false)
		var wg sync.WaitGroup
		for _, w := range e.workers {
			wg.Go(func() { w.stop(ctx) })
		}
		wg.Wait()
		e.telemetry.Shutdown()
		if e.release != nil {
			e.release()
		}
	})
	return nil
}

// Resent is how many firing alerts are held to be sent again, and how many are not
// because too many are held, over all channels.
func (e *Exporter) Resent() (firing, overflow int) {
	for _, w := range e.workers {
		w.mu.Lock()
		overflow += w.state.overflow
		n := 0
		for _, entry := range w.state.entries {
			if entry.known && entry.stamp.State == alertevent.Firing {
				n++
			}
		}
		w.mu.Unlock()
		firing = max(firing, n)
	}
	return firing, overflow
}

// readQueue reads what a queue of the version before has left.
func (e *Exporter) readQueue(ctx context.Context, host component.Host, storage component.ID) ([]plog.Logs, func() error, error) {
	client, err := checkedstorage.Open(ctx, host, storage, checkedstorage.Owner{Kind: component.KindExporter, ID: e.set.ID, Name: legacyQueueName}, func(string, []byte) {}) // it had no checksums
	if err != nil {
		return nil, nil, err
	}
	left, remove, damaged, err := readLegacyQueue(ctx, client)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("read the queue of the version before: %w", err), client.Close(ctx))
	}
	if damaged != nil {
		e.set.Logger.Error("Requests of the queue of the version before are damaged and dropped", zap.Error(damaged))
	}
	if len(left) > 0 {
		e.set.Logger.Info("Read the queue of the version before", zap.Int("requests", len(left)))
	}
	return left, func() error { return errors.Join(remove(), client.Close(ctx)) }, nil
}
