// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// maxErrors is how many refusals of one batch an error shows.
const maxErrors = 3

// errStillDown is what is left at shutdown is not tried with, once the vendor
// has failed to take an alert.
var errStillDown = errors.New("not tried: the vendor does not answer and the collector is shutting down")

// Channel is one way to tell people, as its exporter describes it.
type Channel struct {
	// Filter chooses the alerts that are told.
	Filter Filter
	// Apart says that each alert is told, and tried again, by itself. Otherwise
	// those of a batch that share their group, or have none, are told together.
	Apart bool
	// Place, when there is one, says where an alert is told: those with different
	// places are told, and tried again, apart.
	Place func(alert alertevent.Alert) string
	// Secrets are texts that no error may hold, whoever repeats them. What HTTP
	// sends in its headers is added.
	Secrets []string
	// HTTP, Retry and Queue are the user's settings.
	HTTP  confighttp.ClientConfig
	Retry configretry.BackOffConfig
	Queue configoptional.Optional[exporterhelper.QueueBatchConfig]
	// Send tells of alerts, one or several that were raised together, by a
	// client made of HTTP. Its error says by its kind whether to try again.
	Send func(ctx context.Context, client *http.Client, alerts []alertevent.Alert) error
	// Start makes ready what Send or Tell needs; nil when that is nothing.
	Start component.StartFunc
	// Connected is given the client that Send will be given, once it is made; nil
	// when nothing else sends.
	Connected func(client *http.Client)
	// Tell takes the place of HTTP and Send where the vendor speaks another
	// protocol. It ends with its context, which has no time limit, and its error
	// is as that of Send.
	Tell func(ctx context.Context, alerts []alertevent.Alert) error
	// Outcomes counts, and Close releases what it counts on.
	Outcomes Outcomes
	Close    func()
}

// NewExporter puts a channel behind a queue, retry and filter.
func NewExporter(ctx context.Context, set exporter.Settings, cfg component.Config, channel Channel) (exporter.Logs, error) {
	memory, err := newMemory()
	if err != nil {
		return nil, err
	}
	channel.Secrets = append(slices.Clone(channel.Secrets), clientSecrets(channel.HTTP)...)
	if channel.Tell == nil {
		channel.overHTTP(set.TelemetrySettings)
	}
	s := &sender{channel: channel, set: set.TelemetrySettings, memory: memory, secrets: newRedactor(channel.Secrets)}
	s.lifetime, s.end = context.WithCancel(context.Background())
	next, err := exporterhelper.NewLogs(ctx, set, cfg, s.send,
		exporterhelper.WithStart(channel.Start),
		exporterhelper.WithShutdown(s.shutdown),
		exporterhelper.WithCapabilities(consumer.Capabilities{MutatesData: false}),
		// The HTTP client, or Tell, has the time limit.
		exporterhelper.WithTimeout(exporterhelper.TimeoutConfig{Timeout: 0}),
		exporterhelper.WithRetry(channel.Retry),
		exporterhelper.WithQueue(channel.Queue),
	)
	if err != nil {
		s.end()
		return nil, err
	}
	return &selecting{Logs: next, filter: channel.Filter, outcomes: channel.Outcomes, sender: s}, nil
}

type sender struct {
	channel Channel
	set     component.TelemetrySettings
	memory  memory
	secrets *strings.Replacer

	// lifetime ends when the context of Shutdown does, and with it the request
	// that is under way.
	lifetime  context.Context
	end       context.CancelFunc
	stopping  atomic.Bool
	stillDown atomic.Bool // an alert was not taken while stopping
}

// overHTTP makes Tell of HTTP and Send, and has Start make the client. The
// client's requests are no spans, because a span has the address, which can be a
// secret, as an attribute. It follows no redirect, because that would carry the
// message, and the address as referrer, to another host.
func (c *Channel) overHTTP(set component.TelemetrySettings) {
	set.TracerProvider = noop.NewTracerProvider()
	settings, send, start, connected, secrets := c.HTTP, c.Send, c.Start, c.Connected, c.Secrets
	var client *http.Client
	c.Start = func(ctx context.Context, host component.Host) error {
		if err := start.Start(ctx, host); err != nil {
			return err
		}
		made, err := settings.ToClient(ctx, host.GetExtensions(), set)
		if err != nil {
			return err
		}
		made.Transport = redacting{next: made.Transport, secrets: secrets}
		made.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		client = made
		if connected != nil {
			connected(client)
		}
		return nil
	}
	c.Tell = func(ctx context.Context, alerts []alertevent.Alert) error { return send(ctx, client, alerts) }
}

func (s *sender) shutdown(context.Context) error {
	s.channel.Close()
	return nil
}

// notice is an alert that waits to be told, and the record it came in.
type notice struct {
	alert  alertevent.Alert
	id     string // the alert's fingerprint
	at     time.Time
	record plog.LogRecord
}

// notices are the alerts of a batch, the oldest first.
func notices(ld plog.Logs) []notice {
	var all []notice
	for record := range alertevent.Records(ld) {
		// What cannot be read was left out before the queue.
		if alert, err := alertevent.Read(record); err == nil {
			all = append(all, notice{alert: alert, id: alert.Fingerprint(), at: record.Timestamp().AsTime(), record: record})
		}
	}
	slices.SortStableFunc(all, func(a, b notice) int { return a.at.Compare(b.at) })
	return all
}

// send tells of a batch. Its error, unless permanent, holds the alerts that are
// left, so that no one is told twice.
func (s *sender) send(ctx context.Context, ld plog.Logs) error {
	if s.stopping.Load() && s.stillDown.Load() {
		return errStillDown
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.lifetime, cancel)() //nolint:contextcheck // the request ends with either context

	var refusals []error
	for rest := notices(ld); len(rest) > 0; {
		var bundle []notice
		bundle, rest = s.next(ctx, rest)
		if len(bundle) == 0 {
			continue
		}
		err := s.tell(ctx, bundle)
		switch {
		case err == nil:
		case consumererror.IsPermanent(err):
			refusals = append(refusals, err)
		default:
			// A permanent error among others would make all of them permanent, so
			// what was refused is said here, and the rest goes back.
			if len(refusals) > 0 {
				s.set.Logger.Error("Alerts were refused and are dropped", zap.Int("alerts", len(refusals)), zap.Error(joinSome(refusals)))
			}
			return consumererror.NewLogs(err, logsOf(append(bundle, rest...)))
		}
	}
	return joinSome(refusals)
}

// next takes what the next message tells of, without what people know already:
// the oldest, and all that belong with it, up to where one of them changes again.
func (s *sender) next(ctx context.Context, all []notice) (bundle, rest []notice) {
	told := map[string]bool{}
	changed := false
	for i, n := range all {
		if len(bundle) > 0 && (changed || !s.together(bundle[0], n)) {
			rest = append(rest, n)
			continue
		}
		if !s.memory.needs(n) {
			s.channel.Outcomes.Known(ctx)
			continue
		}
		if told[n.id] {
			changed = true
			rest = append(rest, n)
			continue
		}
		told[n.id] = true
		bundle = append(bundle, n)
		if s.channel.Apart {
			return bundle, all[i+1:]
		}
	}
	return bundle, rest
}

// together says whether one message tells of both.
func (s *sender) together(a, b notice) bool {
	return groupKey(a.alert) == groupKey(b.alert) && s.place(a) == s.place(b)
}

func groupKey(alert alertevent.Alert) string {
	if alert.Group == nil {
		return ""
	}
	return alert.Group.Key
}

func (s *sender) place(n notice) string {
	if s.channel.Place == nil {
		return ""
	}
	return s.channel.Place(n.alert)
}

// tell sends one message, counts what came of it, and remembers what is settled.
func (s *sender) tell(ctx context.Context, bundle []notice) error {
	alerts := make([]alertevent.Alert, len(bundle))
	for i, n := range bundle {
		alerts[i] = n.alert
	}
	err := s.channel.Tell(ctx, alerts)
	s.channel.Outcomes.Sent(ctx, len(alerts), err)
	if err != nil && !consumererror.IsPermanent(err) {
		if s.stopping.Load() {
			s.stillDown.Store(true)
		}
		return &redactedError{text: s.secrets.Replace(err.Error()), error: err}
	}
	for _, n := range bundle {
		s.memory.add(n)
	}
	if err != nil {
		return &redactedError{text: s.secrets.Replace(err.Error()), error: err}
	}
	return nil
}

// redactedError shows an error without secrets; to errors.As it is what it was.
type redactedError struct {
	error
	text string
}

func (e *redactedError) Error() string { return e.text }

func (e *redactedError) Unwrap() error { return e.error }

func logsOf(left []notice) plog.Logs {
	ld, records := alertevent.NewLogs(pcommon.NewResource())
	for _, n := range left {
		n.record.CopyTo(records.AppendEmpty())
	}
	return ld
}

// joinSome joins the first of errs and says how many more there are.
func joinSome(errs []error) error {
	if more := len(errs) - maxErrors; more > 0 {
		errs = append(slices.Clone(errs[:maxErrors]), fmt.Errorf("… %d more", more))
	}
	return errors.Join(errs...)
}
