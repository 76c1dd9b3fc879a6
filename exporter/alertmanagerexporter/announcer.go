// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertmanagerexporter

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/exporter/alertmanagerexporter/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// maxTogether bounds the alerts of one request that tells again.
const maxTogether = 256

// announcer tells of alerts, and again of those that fire, and of those whose
// end a server has missed.
type announcer struct {
	cfg       *Config
	fleet     *fleet
	telemetry *metadata.TelemetryBuilder
	logger    *zap.Logger
	restored  bool // there are alerts of before the restart

	// turn is held over requests: an alert that is told again must not overtake
	// its end. It guards everything declared below.
	turn    turn
	client  *http.Client
	firing  held
	ended   map[string]ending // by fingerprint
	failing bool              // the last round was not accepted
}

// ending is the end of an alert that some servers have not taken.
type ending struct {
	alert  alertevent.Alert
	missed []bool // by server
	// until is when the alert has expired at those servers, if it ever fired there.
	until time.Time
}

func newAnnouncer(cfg *Config, f *fleet, telemetry *metadata.TelemetryBuilder, logger *zap.Logger) *announcer {
	return &announcer{
		cfg: cfg, fleet: f, telemetry: telemetry, logger: logger, turn: make(turn, 1),
		firing: held{alerts: map[string]firing{}, logger: logger}, ended: map[string]ending{},
	}
}

// turn is a lock whose wait ends with a context.
type turn chan struct{}

func (t turn) take(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t turn) give() { <-t }

// send tells all servers of an alert, and keeps in mind what is to be told again.
func (a *announcer) send(ctx context.Context, alert alertevent.Alert) error {
	if err := a.turn.take(ctx); err != nil {
		return err
	}
	defer a.turn.give()
	if alert.State == alertevent.Resolved {
		// Even if its end cannot be told yet, it does not fire any more.
		a.forget(ctx, alert.Fingerprint())
		if !a.cfg.SendResolved {
			return nil
		}
	}
	errs := a.fleet.post(ctx, a.client, newPayload([]alertevent.Alert{alert}, time.Now(), a.lifetime()))
	if err := verdict(errs); err != nil {
		return err
	}
	a.keep(ctx, alert, errs)
	return nil
}

func (a *announcer) lifetime() time.Duration { return lifetimes * a.cfg.ResendInterval }

// keep holds an alert that was accepted by one server at least.
func (a *announcer) keep(ctx context.Context, alert alertevent.Alert, errs []error) {
	id := alert.Fingerprint()
	missed, some := missedBy(errs)
	if alert.State == alertevent.Resolved && !some {
		return
	}
	delete(a.ended, id)
	_, known := a.firing.alerts[id]
	switch {
	case !known && len(a.firing.alerts)+len(a.ended) >= a.cfg.MaxFiring:
		a.telemetry.AlertmanagerExporterOverflow.Add(ctx, 1)
	case alert.State == alertevent.Resolved:
		a.ended[id] = ending{alert: alert, missed: missed, until: time.Now().Add(a.lifetime())}
	default:
		a.firing.set(ctx, id, firing{alert: alert, told: time.Now()})
		if !known {
			a.telemetry.AlertmanagerExporterFiring.Add(ctx, 1)
		}
	}
}

// missedBy are the servers that may accept later what they have not accepted.
func missedBy(errs []error) (missed []bool, some bool) {
	missed = make([]bool, len(errs))
	for i, err := range errs {
		missed[i] = err != nil && !consumererror.IsPermanent(err)
		some = some || missed[i]
	}
	return missed, some
}

func (a *announcer) forget(ctx context.Context, id string) {
	if _, ok := a.firing.alerts[id]; ok {
		a.firing.remove(ctx, id)
		a.telemetry.AlertmanagerExporterFiring.Add(ctx, -1)
	}
}

// open makes ready what tells again: of what fired before the restart, too, when
// there is a storage.
func (a *announcer) open(ctx context.Context, host component.Host, owner component.ID) error {
	if !a.cfg.Queue.HasValue() || a.cfg.Queue.Get().StorageID == nil {
		return nil
	}
	client, err := notify.OpenStorage(ctx, host, *a.cfg.Queue.Get().StorageID, owner, storageName)
	if err != nil {
		return err
	}
	a.firing.storage = client
	if err := a.firing.load(ctx, a.cfg.filter().Pass, a.cfg.MaxFiring); err != nil {
		return err
	}
	a.restored = len(a.firing.alerts) > 0
	a.telemetry.AlertmanagerExporterFiring.Add(ctx, int64(len(a.firing.alerts)))
	return nil
}

// run tells again of what fires, until ctx ends: at once of what fired before
// the restart, because it may be about to expire.
func (a *announcer) run(ctx context.Context) {
	if a.restored {
		a.resend(ctx)
	}
	ticker := time.NewTicker(a.cfg.ResendInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			a.resend(ctx)
		}
	}
}

// resend tells again of what fires, and of the ends that were missed. What is
// not accepted has its turn in the next round, and three more rounds until it
// expires. Between requests others may have their turn.
func (a *announcer) resend(ctx context.Context) {
	if a.turn.take(ctx) != nil {
		return
	}
	a.forgetUnconfirmed(ctx)
	firing, ended := slices.Sorted(maps.Keys(a.firing.alerts)), slices.Sorted(maps.Keys(a.ended))
	a.turn.give()
	var failed error
	for ids := range slices.Chunk(firing, maxTogether) {
		if err := a.again(ctx, ids); err != nil {
			failed = err
		}
	}
	for i := range a.fleet.servers {
		for ids := range slices.Chunk(ended, maxTogether) {
			a.endAgain(ctx, i, ids)
		}
	}
	if ctx.Err() != nil {
		return
	}
	if failed != nil && !a.failing {
		a.logger.Warn("Firing alerts could not be sent again, and expire if that lasts", zap.Error(failed))
	}
	a.failing = failed != nil
}

// forgetUnconfirmed lets alerts of before the restart expire that have not been
// told anew.
func (a *announcer) forgetUnconfirmed(ctx context.Context) {
	n := 0
	for id, f := range a.firing.alerts {
		if f.unconfirmed(time.Now()) {
			a.forget(ctx, id)
			n++
		}
	}
	if n > 0 {
		a.logger.Warn("Alerts that fired before the restart were not told again since, and expire", zap.Int("alerts", n))
	}
}

// again tells of those that still fire; others may have ended since.
func (a *announcer) again(ctx context.Context, ids []string) error {
	if err := a.turn.take(ctx); err != nil {
		return err
	}
	defer a.turn.give()
	var alerts []alertevent.Alert
	for _, id := range ids {
		if f, ok := a.firing.alerts[id]; ok {
			alerts = append(alerts, f.alert)
		}
	}
	if len(alerts) == 0 {
		return nil
	}
	return verdict(a.fleet.post(ctx, a.client, newPayload(alerts, time.Now(), a.lifetime())))
}

// endAgain tells one server of the ends that it has missed, and forgets those
// that nobody misses any more.
func (a *announcer) endAgain(ctx context.Context, to int, ids []string) {
	if a.turn.take(ctx) != nil {
		return
	}
	defer a.turn.give()
	var alerts []alertevent.Alert
	for _, id := range ids {
		switch end, ok := a.ended[id]; {
		case !ok || !end.missed[to]:
		case time.Now().After(end.until):
			delete(a.ended, id)
		default:
			alerts = append(alerts, end.alert)
		}
	}
	if len(alerts) == 0 {
		return
	}
	err := a.fleet.postTo(ctx, a.client, a.fleet.servers[to], newPayload(alerts, time.Now(), a.lifetime()))
	if err != nil && !consumererror.IsPermanent(err) {
		return
	}
	for _, alert := range alerts {
		end := a.ended[alert.Fingerprint()]
		end.missed[to] = false
		if !slices.Contains(end.missed, true) {
			delete(a.ended, alert.Fingerprint())
		}
	}
}
