// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package slackexporter

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/alerts"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/notifier"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/testhost"
)

// The webhook's URL must not be an attribute of the Collector's own spans.
func TestSpansHoldNoSecret(t *testing.T) {
	inbox := double.NewSlack(t)
	cfg := createDefaultConfig().(*Config)
	cfg.WebhookURL = configopaque.String(inbox.URL)
	recorder := tracetest.NewSpanRecorder()
	set := exportertest.NewNopSettings(NewFactory().Type())
	set.TracerProvider = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))
	e, err := NewFactory().CreateLogs(t.Context(), set, cfg)
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
	require.Eventually(t, func() bool { return len(inbox.Bodies()) == 1 }, 5*time.Second, time.Millisecond)
	require.NoError(t, e.Shutdown(t.Context()))
	for _, span := range recorder.Ended() {
		assert.NotContains(t, fmt.Sprint(span.Name(), span.Attributes(), span.Events(), span.Status()), secret)
	}
}

// A redirect must carry neither message nor, as referrer, the URL elsewhere.
func TestRedirectIsNotFollowed(t *testing.T) {
	var mu sync.Mutex
	var got []string
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, r.Method+" referer="+r.Referer())
		fmt.Fprint(w, "ok")
	}))
	defer elsewhere.Close()
	hook := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer hook.Close()
	cfg := createDefaultConfig().(*Config)
	cfg.WebhookURL = configopaque.String(hook.URL + "/services/SECRET")
	e := notifier.Start(t, NewFactory(), cfg)
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
	require.NoError(t, e.Shutdown(t.Context()))
	mu.Lock()
	defer mu.Unlock()
	assert.Empty(t, got)
}

// After a restart, what was resolved meanwhile is not reported as firing.
func TestLastWordAfterRestart(t *testing.T) {
	inbox := double.NewSlack(t)
	tried := make(chan struct{}, 1000)
	down := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		tried <- struct{}{}
	}))
	defer down.Close()
	dir := t.TempDir()
	set := exportertest.NewNopSettings(NewFactory().Type())
	set.ID = component.MustNewIDWithName("slack", "x")
	run := func(url string, do func(e exporter.Logs)) {
		testhost.WithStorage(t, dir, func(host component.Host, storage component.ID) {
			cfg := createDefaultConfig().(*Config)
			cfg.WebhookURL = configopaque.String(url)
			cfg.Storage = &storage
			e, err := NewFactory().CreateLogs(t.Context(), set, cfg)
			require.NoError(t, err)
			require.NoError(t, e.Start(t.Context(), host))
			do(e)
			require.NoError(t, e.Shutdown(t.Context()))
		})
	}
	run(down.URL+"/services/SECRET", func(e exporter.Logs) {
		require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
		<-tried
		require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Resolved())))
	})
	run(inbox.URL, func(e exporter.Logs) {
		require.Eventually(t, func() bool { return e.(*notify.Exporter).Waiting() == 0 }, 10*time.Second, time.Millisecond)
	})
	require.Len(t, inbox.Bodies(), 1)
	assert.Contains(t, attachment(t, inbox, 0)["fallback"], "RESOLVED")
}

// Shutdown with a full queue and a silent vendor takes about one timeout, not one a message.
func TestShutdownIsBounded(t *testing.T) {
	release := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer silent.Close()
	defer close(release)
	cfg := createDefaultConfig().(*Config)
	cfg.WebhookURL = configopaque.String(silent.URL + "/services/SECRET")
	cfg.HTTP.Timeout = 300 * time.Millisecond
	e := notifier.Start(t, NewFactory(), cfg)
	for i := range 100 { // 30s, were each tried
		a := alerts.Firing()
		a.Labels["i"] = strconv.Itoa(i)
		require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(a)))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	began := time.Now()
	_ = e.Shutdown(ctx)
	assert.Less(t, time.Since(began), 10*time.Second, "context of Shutdown ended after 500ms")
}

func TestConfig(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.HTTP.Timeout = 0
	assert.Error(t, cfg.Validate(), "timeout 0: a silent server blocks for ever")
}

// A link from an annotation must not make the message too large for Slack.
func TestLinksAreBounded(t *testing.T) {
	a := alerts.Firing()
	a.Annotations["runbook_url"] = "https://x.example/" + strings.Repeat("a", 1<<20)
	long := alerts.Firing()
	long.Annotations["runbook_url"] = "https://x.example/" + strings.Repeat("a", 1900)
	raised := []alertevent.Alert{a}
	for range 30 {
		raised = append(raised, long)
	}
	posted, _ := body(t, renderer{pageURL: pageURL}, raised)
	content, err := json.Marshal(posted)
	require.NoError(t, err)
	assert.Less(t, len(content), 40_000)
}
