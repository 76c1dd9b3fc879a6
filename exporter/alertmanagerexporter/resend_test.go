// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertmanagerexporter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/alertmanager/api/v2/models"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configmiddleware"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/extension/extensionmiddleware"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/checkedstorage"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/alerts"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/testhost"
)

// The servers of these tests.
const (
	first  = "am-0:9093"
	second = "am-1:9093"
)

// errHang makes a server of wire silent.
var errHang = errors.New("hang")

// wire is the network to the servers, as a middleware of the HTTP client: it keeps
// what they accept.
type wire struct {
	component.StartFunc
	component.ShutdownFunc

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

// GetHTTPRoundTripper takes the place of the connection.
func (w *wire) GetHTTPRoundTripper(context.Context) (extensionmiddleware.WrapHTTPRoundTripperFunc, error) {
	return func(context.Context, http.RoundTripper) (http.RoundTripper, error) { return w, nil }, nil
}

// running runs test in a bubble with an exporter to two servers.
func running(t *testing.T, change func(*Config), test func(t *testing.T, e exporter.Logs, w *wire)) {
	t.Helper()
	falseclock.Test(t, func(t *testing.T) {
		id := component.MustNewID("wire")
		cfg := createDefaultConfig().(*Config)
		cfg.Endpoints = []string{"http://" + first, "http://" + second}
		cfg.HTTP.Middlewares = []configmiddleware.Config{{ID: id}}
		if change != nil {
			change(cfg)
		}
		w := &wire{bodies: map[string][]models.PostableAlerts{}, down: map[string]error{}}
		e, err := NewFactory().CreateLogs(t.Context(), exportertest.NewNopSettings(NewFactory().Type()), cfg)
		require.NoError(t, err)
		require.NoError(t, e.Start(t.Context(), testhost.Host{id: w}))
		test(t, e, w)
		require.NoError(t, e.Shutdown(t.Context()))
	})
}

func consume(t *testing.T, e exporter.Logs, raised ...alertevent.Alert) {
	t.Helper()
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(raised...)))
	synctest.Wait()
}

func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestFiringIsSentAgainBeforeItExpires(t *testing.T) {
	running(t, nil, func(t *testing.T, e exporter.Logs, w *wire) {
		t.Helper()
		consume(t, e, alerts.Firing())
		for round := range 10 {
			for _, host := range []string{first, second} {
				require.Len(t, w.posted(host), round+1)
				end := time.Time(w.posted(host)[round][0].EndsAt)
				assert.Equal(t, 4*time.Minute, time.Until(end))
			}
			after(time.Minute)
		}
	})
}

func TestResolvedIsTheLastThatIsSent(t *testing.T) {
	for name, sent := range map[string]bool{"sent": true, "not sent": false} {
		t.Run(name, func(t *testing.T) {
			running(t, func(cfg *Config) { cfg.SendResolved = sent }, func(t *testing.T, e exporter.Logs, w *wire) {
				t.Helper()
				consume(t, e, alerts.Firing())
				consume(t, e, alerts.Resolved())
				after(time.Hour)
				if !sent {
					assert.Len(t, w.posted(first), 1)
					return
				}
				require.Len(t, w.posted(first), 2)
				assert.True(t, alerts.Resolved().EndsAt.Equal(time.Time(w.posted(first)[1][0].EndsAt)))
			})
		})
	}
}

// A server that is down, or hangs, does not slow the other, and learns what fires
// and what was resolved when it is back; a new alert takes back what it missed.
func TestServersAreIndependent(t *testing.T) {
	for name, failure := range map[string]error{"down": errors.New("down"), "hangs": errHang} {
		t.Run(name, func(t *testing.T) {
			running(t, nil, func(t *testing.T, e exporter.Logs, w *wire) {
				t.Helper()
				consume(t, e, of(alerts.Firing(), "a"), of(alerts.Firing(), "b"))
				w.set(second, failure)
				consume(t, e, of(alerts.Resolved(), "a"), of(alerts.Resolved(), "b"))
				require.Len(t, w.posted(first), 2, "at once")
				again := of(alerts.Firing(), "b")
				again.StartsAt = again.StartsAt.Add(time.Hour)
				consume(t, e, again)
				require.Len(t, w.posted(first), 3)
				after(10 * time.Minute)
				require.Len(t, w.posted(second), 1)
				w.set(second, nil)
				after(time.Minute)
				last := map[string]bool{}
				for _, payload := range w.posted(second)[1:] {
					for _, alert := range payload {
						last[alert.Labels["instance"]] = !alerts.Resolved().EndsAt.Equal(time.Time(alert.EndsAt))
					}
				}
				assert.Equal(t, map[string]bool{"a": false, "b": true}, last)
			})
		})
	}
}

// A storm is posted in requests of 256 alerts, and again each minute.
func TestStorm(t *testing.T) {
	running(t, nil, func(t *testing.T, e exporter.Logs, w *wire) {
		t.Helper()
		var storm []alertevent.Alert
		for i := range 1000 {
			storm = append(storm, of(alerts.Firing(), strconv.Itoa(i)))
		}
		consume(t, e, storm...)
		require.Len(t, w.posted(first), 4)
		for _, payload := range w.posted(first) {
			assert.LessOrEqual(t, len(payload), maxTogether)
		}
		after(time.Minute)
		assert.Len(t, w.posted(first), 8)
	})
}

func TestHeldAlertsAreBounded(t *testing.T) {
	running(t, func(cfg *Config) { cfg.MaxFiring = 2 }, func(t *testing.T, e exporter.Logs, w *wire) {
		t.Helper()
		consume(t, e, of(alerts.Firing(), "a"), of(alerts.Firing(), "b"), of(alerts.Firing(), "c"))
		require.Len(t, w.posted(first), 1, "all of them once")
		require.Len(t, w.posted(first)[0], 3)
		after(time.Minute)
		assert.Len(t, w.posted(first)[1], 2)
		_, overflow := e.(*notify.Exporter).Resent()
		assert.Equal(t, 2, overflow, "one for each server")
	})
}

// of is an alert of an instance.
func of(alert alertevent.Alert, instance string) alertevent.Alert {
	alert.Labels = maps.Clone(alert.Labels)
	alert.Labels["instance"] = instance
	return alert
}

// After a restart what fires is sent again at once, though nobody reports it again,
// and what is resolved is not; also what the version before had in its storage.
func TestFiringOverRestart(t *testing.T) {
	inbox := double.NewAlertmanager(t)
	dir := t.TempDir()
	posted := 0
	run := func(again int, raised ...alertevent.Alert) {
		testhost.WithStorage(t, dir, func(host component.Host, extension component.ID) {
			cfg := createDefaultConfig().(*Config)
			cfg.Endpoints, cfg.Storage = []string{inbox.URL}, &extension
			set := exportertest.NewNopSettings(NewFactory().Type())
			set.ID = component.NewID(NewFactory().Type())
			e, err := NewFactory().CreateLogs(t.Context(), set, cfg)
			require.NoError(t, err)
			require.NoError(t, e.Start(t.Context(), host))
			settle := func() {
				require.Eventually(t, func() bool { return e.(*notify.Exporter).Waiting() == 0 }, 10*time.Second, time.Millisecond)
			}
			settle()
			for _, alert := range raised {
				require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alert)))
				settle()
			}
			posted += again + len(raised)
			require.Eventually(t, func() bool { return len(inbox.Bodies()) >= posted }, 10*time.Second, time.Millisecond, "%v", len(inbox.Bodies()))
			require.NoError(t, e.Shutdown(t.Context()))
			require.Len(t, inbox.Bodies(), posted)
		})
	}
	old, records := alertevent.NewLogs(pcommon.NewResource())
	legacy := of(alerts.Firing(), "legacy")
	alertevent.Write(records.AppendEmpty(), legacy, alerts.Start)
	content, err := (&plog.ProtoMarshaler{}).MarshalLogs(old)
	require.NoError(t, err)
	testhost.WithStorage(t, dir, func(host component.Host, extension component.ID) {
		client, err := checkedstorage.Open(t.Context(), host, extension, checkedstorage.Owner{Kind: component.KindExporter, ID: component.NewID(NewFactory().Type()), Name: legacyName}, func(string, []byte) {})
		require.NoError(t, err)
		require.NoError(t, client.Set(t.Context(), legacy.Fingerprint()[:2], content))
		require.NoError(t, client.Close(t.Context()))
	})
	run(1, of(alerts.Firing(), "a"), of(alerts.Firing(), "b"), of(alerts.Resolved(), "b"))
	assert.Equal(t, "legacy", inbox.Bodies()[0]["labels"].(map[string]any)["instance"])
	run(2)
	for _, body := range inbox.Bodies()[4:] {
		end, err := time.Parse(time.RFC3339, body["endsAt"].(string))
		require.NoError(t, err)
		assert.InDelta(t, 4*time.Minute, time.Until(end), float64(time.Minute))
	}
	run(2, of(alerts.Resolved(), "a"), of(alerts.Resolved(), "legacy"))
	run(0)
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
