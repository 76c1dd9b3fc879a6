// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertmanagerexporter

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/alertmanager/api/v2/models"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/exporter/alertmanagerexporter/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/alerts"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
)

// wire keeps what is posted, and answers with err.
type wire struct {
	mu     sync.Mutex
	bodies []models.PostableAlerts
	err    error
}

// answer forgets what was posted, and answers with err from now on.
func (w *wire) answer(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bodies, w.err = nil, err
}

func (w *wire) posted() []models.PostableAlerts {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.bodies)
}

func (w *wire) post(_ context.Context, _ *http.Client, body []byte) error {
	var payload models.PostableAlerts
	if err := json.Unmarshal(body, &payload); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bodies = append(w.bodies, payload)
	return w.err
}

// running runs test in a bubble of its own time with an announcer that tells again.
func running(t *testing.T, change func(*Config), test func(t *testing.T, a *announcer, w *wire)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cfg := createDefaultConfig().(*Config)
		if change != nil {
			change(cfg)
		}
		telemetry, err := metadata.NewTelemetryBuilder(componenttest.NewNopTelemetrySettings())
		require.NoError(t, err)
		w := &wire{}
		a := newAnnouncer(cfg, w.post, telemetry, zap.NewNop())
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go a.run(ctx)
		test(t, a, w)
	})
}

func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestFiringIsSentAgainBeforeItExpires(t *testing.T) {
	running(t, nil, func(t *testing.T, a *announcer, w *wire) {
		t.Helper()
		require.NoError(t, a.send(t.Context(), nil, []alertevent.Alert{alerts.Firing()}))
		for round := range 10 {
			require.Len(t, w.posted(), round+1)
			end := time.Time(w.posted()[round][0].EndsAt)
			assert.Equal(t, 4*time.Minute, time.Until(end))
			after(time.Minute)
		}
	})
}

func TestEndIsTheLastThatIsSent(t *testing.T) {
	for name, told := range map[string]bool{"told": true, "kept back": false} {
		t.Run(name, func(t *testing.T) {
			running(t, func(cfg *Config) { cfg.SendResolved = told }, func(t *testing.T, a *announcer, w *wire) {
				t.Helper()
				require.NoError(t, a.send(t.Context(), nil, []alertevent.Alert{alerts.Firing()}))
				require.NoError(t, a.send(t.Context(), nil, []alertevent.Alert{alerts.Resolved()}))
				after(time.Hour)
				if !told {
					assert.Len(t, w.posted(), 1)
					return
				}
				require.Len(t, w.posted(), 2)
				assert.True(t, alerts.Resolved().EndsAt.Equal(time.Time(w.posted()[1][0].EndsAt)))
			})
		})
	}
}

// An outage between rounds does not lose what fires; what was never accepted is
// the retry's to send.
func TestOutage(t *testing.T) {
	running(t, nil, func(t *testing.T, a *announcer, w *wire) {
		t.Helper()
		require.NoError(t, a.send(t.Context(), nil, []alertevent.Alert{alerts.Firing()}))
		w.answer(errors.New("down"))
		other := alerts.Firing()
		other.Labels["instance"] = "other"
		require.Error(t, a.send(t.Context(), nil, []alertevent.Alert{other}))
		after(3 * time.Minute)
		w.answer(nil)
		after(time.Minute)
		require.Len(t, w.posted(), 1)
		assert.Len(t, w.posted()[0], 1)
	})
}

func TestHeldAlertsAreBounded(t *testing.T) {
	running(t, func(cfg *Config) { cfg.MaxFiring = 2 }, func(t *testing.T, a *announcer, w *wire) {
		t.Helper()
		for _, instance := range []string{"a", "b", "c"} {
			alert := alerts.Firing()
			alert.Labels["instance"] = instance
			require.NoError(t, a.send(t.Context(), nil, []alertevent.Alert{alert}))
		}
		require.Len(t, w.posted(), 3, "told once, each")
		after(time.Minute)
		assert.Len(t, w.posted()[3], 2)
	})
}

func TestPayloads(t *testing.T) {
	for name, raised := range alerts.Cases() {
		t.Run(name, func(t *testing.T) {
			payload := newPayload(raised, alerts.Start.Add(time.Minute), 4*time.Minute)
			body, err := json.Marshal(payload)
			require.NoError(t, err)
			require.NoError(t, double.CheckAlerts(body))
			alerts.CompareJSON(t, name, payload)
		})
	}
}
