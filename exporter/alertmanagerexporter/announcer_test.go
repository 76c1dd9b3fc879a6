// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertmanagerexporter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
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
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/alerts"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
)

// The servers of these tests.
const (
	first  = "am-0:9093"
	second = "am-1:9093"
)

// errHang makes a server of wire silent.
var errHang = errors.New("hang")

// wire is the network to the servers: it keeps what they accept.
type wire struct {
	mu     sync.Mutex
	bodies map[string][]models.PostableAlerts // by host
	down   map[string]error                   // by host
}

// set makes a server unreachable with err, or with nil reachable.
func (w *wire) set(host string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down[host] = err
}

// posted is what a server has accepted.
func (w *wire) posted(host string) []models.PostableAlerts {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.bodies[host])
}

// RoundTrip takes a request to its server.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	var payload models.PostableAlerts
	if err := json.NewDecoder(r.Body).Decode(&payload); err != nil {
		return nil, err
	}
	w.mu.Lock()
	err := w.down[r.URL.Host]
	if err == nil {
		w.bodies[r.URL.Host] = append(w.bodies[r.URL.Host], payload)
	}
	w.mu.Unlock()
	switch {
	case errors.Is(err, errHang):
		<-r.Context().Done()
		return nil, r.Context().Err()
	case err != nil:
		return nil, err
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
}

// bubble is an announcer that tells again, in a time of its own.
type bubble struct {
	*announcer
	wire *wire
	stop context.CancelFunc
}

func (b bubble) tell(ctx context.Context, alert alertevent.Alert) error { return b.send(ctx, alert) }

// running runs test in a bubble with two servers.
func running(t *testing.T, change func(*Config), test func(t *testing.T, b bubble)) {
	t.Helper()
	falseclock.Test(t, func(t *testing.T) {
		cfg := createDefaultConfig().(*Config)
		cfg.Endpoints = []string{"http://" + first, "http://" + second}
		if change != nil {
			change(cfg)
		}
		telemetry, err := metadata.NewTelemetryBuilder(componenttest.NewNopTelemetrySettings())
		require.NoError(t, err)
		list, err := newServers(cfg.Endpoints)
		require.NoError(t, err)
		a := newAnnouncer(cfg, &fleet{servers: list, requests: telemetry.AlertmanagerExporterRequests, logger: zap.NewNop()}, telemetry, zap.NewNop())
		w := &wire{bodies: map[string][]models.PostableAlerts{}, down: map[string]error{}}
		a.client = &http.Client{Transport: w}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go a.run(ctx)
		test(t, bubble{announcer: a, wire: w, stop: cancel})
	})
}

func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestFiringIsSentAgainBeforeItExpires(t *testing.T) {
	running(t, nil, func(t *testing.T, b bubble) {
		t.Helper()
		require.NoError(t, b.tell(t.Context(), alerts.Firing()))
		for round := range 10 {
			for _, host := range []string{first, second} {
				require.Len(t, b.wire.posted(host), round+1)
				end := time.Time(b.wire.posted(host)[round][0].EndsAt)
				assert.Equal(t, 4*time.Minute, time.Until(end))
			}
			after(time.Minute)
		}
	})
}

func TestEndIsTheLastThatIsSent(t *testing.T) {
	for name, told := range map[string]bool{"told": true, "kept back": false} {
		t.Run(name, func(t *testing.T) {
			running(t, func(cfg *Config) { cfg.SendResolved = told }, func(t *testing.T, b bubble) {
				t.Helper()
				require.NoError(t, b.tell(t.Context(), alerts.Firing()))
				require.NoError(t, b.tell(t.Context(), alerts.Resolved()))
				after(time.Hour)
				if !told {
					assert.Len(t, b.wire.posted(first), 1)
					return
				}
				require.Len(t, b.wire.posted(first), 2)
				assert.True(t, alerts.Resolved().EndsAt.Equal(time.Time(b.wire.posted(first)[1][0].EndsAt)))
			})
		})
	}
}

// An outage between rounds does not lose what fires; what was never accepted is
// the retry's to send.
func TestOutage(t *testing.T) {
	running(t, nil, func(t *testing.T, b bubble) {
		t.Helper()
		require.NoError(t, b.tell(t.Context(), alerts.Firing()))
		b.wire.set(first, errors.New("down"))
		b.wire.set(second, errors.New("down"))
		other := alerts.Firing()
		other.Labels["instance"] = "other"
		require.Error(t, b.tell(t.Context(), other))
		after(3 * time.Minute)
		b.wire.set(first, nil)
		b.wire.set(second, nil)
		after(time.Minute)
		require.Len(t, b.wire.posted(first), 2)
		assert.Len(t, b.wire.posted(first)[1], 1)
	})
}

// An alert's end reaches the server that was down when it came, once, and not
// the other again.
func TestEndReachesTheServerThatWasDown(t *testing.T) {
	running(t, nil, func(t *testing.T, b bubble) {
		t.Helper()
		require.NoError(t, b.tell(t.Context(), alerts.Firing()))
		b.wire.set(second, errors.New("down"))
		require.NoError(t, b.tell(t.Context(), alerts.Resolved()))
		after(150 * time.Second)
		require.Len(t, b.wire.posted(second), 1)
		b.wire.set(second, nil)
		after(time.Hour)
		require.Len(t, b.wire.posted(second), 2)
		end := b.wire.posted(second)[1][0]
		assert.True(t, alerts.Resolved().EndsAt.Equal(time.Time(end.EndsAt)))
		assert.Len(t, b.wire.posted(first), 2)
		assert.Empty(t, b.ended)
	})
}

// A server that stays away longer than an alert lives without being sent again
// has ended it by itself.
func TestMissedEndExpires(t *testing.T) {
	running(t, nil, func(t *testing.T, b bubble) {
		t.Helper()
		require.NoError(t, b.tell(t.Context(), alerts.Firing()))
		b.wire.set(second, errors.New("down"))
		require.NoError(t, b.tell(t.Context(), alerts.Resolved()))
		after(10 * time.Minute)
		assert.Empty(t, b.ended)
		b.wire.set(second, nil)
		after(time.Hour)
		assert.Len(t, b.wire.posted(second), 1)
	})
}

// An alert that begins anew is not ended by the end that was missed before.
func TestNewBeginningTakesBackTheMissedEnd(t *testing.T) {
	running(t, nil, func(t *testing.T, b bubble) {
		t.Helper()
		require.NoError(t, b.tell(t.Context(), alerts.Firing()))
		b.wire.set(second, errors.New("down"))
		require.NoError(t, b.tell(t.Context(), alerts.Resolved()))
		again := alerts.Firing()
		again.StartsAt = again.StartsAt.Add(time.Hour)
		require.NoError(t, b.tell(t.Context(), again))
		b.wire.set(second, nil)
		after(time.Minute)
		require.Len(t, b.wire.posted(second), 2)
		assert.True(t, time.Now().Before(time.Time(b.wire.posted(second)[1][0].EndsAt)))
	})
}

func TestHeldAlertsAreBounded(t *testing.T) {
	running(t, func(cfg *Config) { cfg.MaxFiring = 2 }, func(t *testing.T, b bubble) {
		t.Helper()
		for _, instance := range []string{"a", "b", "c"} {
			alert := alerts.Firing()
			alert.Labels["instance"] = instance
			require.NoError(t, b.tell(t.Context(), alert))
		}
		require.Len(t, b.wire.posted(first), 3, "told once, each")
		after(time.Minute)
		assert.Len(t, b.wire.posted(first)[3], 2)
	})
}

// Who waits while a round hangs at a silent server gives up with its context.
func TestWaitEndsWithItsContext(t *testing.T) {
	running(t, nil, func(t *testing.T, b bubble) {
		t.Helper()
		require.NoError(t, b.tell(t.Context(), alerts.Firing()))
		b.wire.set(first, errHang)
		after(time.Minute) // a round is under way
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		require.ErrorIs(t, b.tell(ctx, alerts.Resolved()), context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(began))
		b.stop() // and so does the round
		synctest.Wait()
		b.wire.set(first, nil)
		assert.NoError(t, b.tell(t.Context(), alerts.Resolved()))
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

func TestEscapedNames(t *testing.T) {
	for _, test := range []struct{ set, want models.LabelSet }{
		{models.LabelSet{"a": "1"}, models.LabelSet{"a": "1"}},
		{models.LabelSet{"service.name": "arc", "研究": "x", "0day": "y", "a:b": "z"}, models.LabelSet{"service_name": "arc", "__": "x", "_day": "y", "a_b": "z"}},
		{models.LabelSet{"a.b": "dot", "a_b": "itself"}, models.LabelSet{"a_b": "itself"}},
		{models.LabelSet{"a.b": "2", "a-b": "1"}, models.LabelSet{"a_b": "1"}},
	} {
		for range 10 { // whatever the order of the map
			got, differs := escapeNames(test.set)
			assert.Equal(t, test.want, got)
			assert.Equal(t, fmt.Sprint(test.set) != fmt.Sprint(test.want), differs)
		}
	}
}

// Whatever a label holds, Alertmanager takes the alert; and an old one takes it escaped.
func FuzzPayload(f *testing.F) {
	f.Add("service.name", "arc", "https://prometheus.example/graph")
	f.Add("\xff", "\x00", "%zz")
	f.Fuzz(func(t *testing.T, name, value, url string) {
		a := alerts.Firing()
		a.Labels[name] = value
		a.Labels["alertname"] = "Fuzz"
		a.Annotations[name] = value
		a.GeneratorURL = url
		payload := newPayload([]alertevent.Alert{a}, alerts.Start, time.Minute)
		body, err := json.Marshal(payload)
		require.NoError(t, err)
		require.NoError(t, double.CheckAlerts(body))
		escaped, _ := escape(payload)
		body, err = json.Marshal(escaped)
		require.NoError(t, err)
		require.NoError(t, double.CheckClassicAlerts(body))
	})
}
