// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/extensiontest"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/dashboards"
)

// rigNow is a Monday.
var rigNow = time.Date(2026, 3, 16, 14, 25, 0, 0, time.UTC)

// sampleEvery is between two calls in working hours.
const sampleEvery = 4 * time.Minute

// rig is the extension with in-memory sources, called without a network.
type rig struct {
	*testing.T
	server  *dashboardServer
	handler http.Handler
	usage   *dashboards.Usage
	alerts  *dashboards.Alerts
}

// newRig has the sample data of a small team.
func newRig(t *testing.T, options ...func(*Config)) *rig {
	t.Helper()
	r := newEmptyRig(t, options...)
	r.usage, r.alerts = dashboards.SampleUsage(rigNow, 3, sampleEvery), dashboards.SampleAlerts(rigNow)
	t.Cleanup(r.server.ShowUsage(component.MustNewID("llm_cost"), r.usage))
	t.Cleanup(r.server.ShowAlerts(component.MustNewID("alert"), r.alerts))
	return r
}

// newEmptyRig has no sources.
func newEmptyRig(t *testing.T, options ...func(*Config)) *rig {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	cfg.TraceURL = "http://localhost:16686/trace/{trace_id}?uiFind={span_id}"
	for _, option := range options {
		option(cfg)
	}
	require.NoError(t, cfg.Validate())
	b := newServer(cfg, extensiontest.NewNopSettings(metadata.Type))
	b.now = func() time.Time { return rigNow }
	return &rig{T: t, server: b, handler: withHeaders(b.handler())}
}

func writable(c *Config) { c.Writable = true }

func (r *rig) do(request *http.Request) *httptest.ResponseRecorder {
	r.Helper()
	recorder := httptest.NewRecorder()
	r.handler.ServeHTTP(recorder, request)
	return recorder
}

func (r *rig) get(path string) *httptest.ResponseRecorder {
	r.Helper()
	return r.do(httptest.NewRequest(http.MethodGet, "http://localhost:8124"+path, http.NoBody))
}

func (r *rig) send(method, path, contentType, body string) *httptest.ResponseRecorder {
	r.Helper()
	request := httptest.NewRequest(method, "http://localhost:8124"+path, strings.NewReader(body))
	request.Header.Set("Content-Type", contentType)
	return r.do(request)
}

func (r *rig) post(path string, form url.Values) *httptest.ResponseRecorder {
	r.Helper()
	return r.send(http.MethodPost, path, "application/x-www-form-urlencoded", form.Encode())
}

// data is that of a successful response.
func data[T any](r *rig, path string) T {
	r.Helper()
	recorder := r.get(path)
	require.Equal(r, http.StatusOK, recorder.Code, recorder.Body.String())
	var body struct {
		Status string
		Data   T
	}
	require.NoError(r, json.Unmarshal(recorder.Body.Bytes(), &body))
	require.Equal(r, "success", body.Status)
	return body.Data
}
