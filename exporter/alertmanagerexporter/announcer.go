// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertmanagerexporter

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/exporter/alertmanagerexporter/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// maxTogether bounds the alerts of one request that tells again.
const maxTogether = 256

// announcer tells of alerts, and again of those that fire.
type announcer struct {
	cfg       *Config
	post      func(ctx context.Context, client *http.Client, body []byte) error
	telemetry *metadata.TelemetryBuilder
	logger    *zap.Logger

	// mu is held over requests: an alert that is told again must not overtake
	// its end.
	mu      sync.Mutex
	client  *http.Client
	firing  map[string]alertevent.Alert // by fingerprint
	failing bool                        // the last round was not accepted
}

func newAnnouncer(cfg *Config, post func(context.Context, *http.Client, []byte) error, telemetry *metadata.TelemetryBuilder, logger *zap.Logger) *announcer {
	return &announcer{cfg: cfg, post: post, telemetry: telemetry, logger: logger, firing: map[string]alertevent.Alert{}}
}

// send tells of alerts, and keeps in mind those that fire and were accepted.
func (a *announcer) send(ctx context.Context, client *http.Client, alerts []alertevent.Alert) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.client = client
	tell := make([]alertevent.Alert, 0, len(alerts))
	for _, alert := range alerts {
		if alert.State == alertevent.Resolved {
			// Even if its end cannot be told yet, it does not fire any more.
			a.forget(ctx, alert.Fingerprint())
			if !a.cfg.SendResolved {
				continue
			}
		}
		tell = append(tell, alert)
	}
	if len(tell) == 0 {
		return nil
	}
	if err := a.tell(ctx, tell); err != nil {
		return err
	}
	for _, alert := range tell {
		if alert.State == alertevent.Firing {
			a.keep(ctx, alert)
		}
	}
	return nil
}

func (a *announcer) tell(ctx context.Context, alerts []alertevent.Alert) error {
	body, err := json.Marshal(newPayload(alerts, time.Now(), lifetimes*a.cfg.ResendInterval))
	if err != nil {
		return consumererror.NewPermanent(fmt.Errorf("encode alerts: %w", err))
	}
	return a.post(ctx, a.client, body)
}

func (a *announcer) keep(ctx context.Context, alert alertevent.Alert) {
	id := alert.Fingerprint()
	if _, ok := a.firing[id]; !ok {
		if len(a.firing) >= a.cfg.MaxFiring {
			a.telemetry.AlertmanagerExporterOverflow.Add(ctx, 1)
			return
		}
		a.telemetry.AlertmanagerExporterFiring.Add(ctx, 1)
	}
	a.firing[id] = alert
}

func (a *announcer) forget(ctx context.Context, id string) {
	if _, ok := a.firing[id]; ok {
		delete(a.firing, id)
		a.telemetry.AlertmanagerExporterFiring.Add(ctx, -1)
	}
}

// run tells again of what fires, until ctx ends.
func (a *announcer) run(ctx context.Context) {
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

// resend tells again of what fires. What is not accepted has its turn in the
// next round, and three more rounds until it expires.
func (a *announcer) resend(ctx context.Context) {
	a.mu.Lock()
	ids := slices.Sorted(maps.Keys(a.firing))
	a.mu.Unlock()
	var failed error
	for some := range slices.Chunk(ids, maxTogether) {
		if err := a.again(ctx, some); err != nil {
			failed = err
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

// again tells of those that still fire; others may have ended since.
func (a *announcer) again(ctx context.Context, ids []string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	var alerts []alertevent.Alert
	for _, id := range ids {
		if alert, ok := a.firing[id]; ok {
			alerts = append(alerts, alert)
		}
	}
	if len(alerts) == 0 || ctx.Err() != nil {
		return nil
	}
	return a.tell(ctx, alerts)
}
