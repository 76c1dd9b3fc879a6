// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/extensiontest"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/dashboards"
)

// Whatever the query of a request or the body of a silence holds, the response is JSON
// or HTML, and never 5xx.
func FuzzRequests(f *testing.F) {
	f.Add("hours=24&by=model&where=model%3Dgpt-4o&limit=3", `{"matchers": ["a=b"], "endsAt": "2030-01-01T00:00:00Z"}`)
	f.Add("where=%3D&where=model&hours=-1&format=csv&x[]=%zz&source=llm_cost", `{"matchers": [""], "startsAt": "9999-12-31T23:59:59Z"}`)
	f.Add("range=7d&show=tokens&by=user.id&silence=0", "[]")
	f.Add("find=x&trace_id=zz&status=failed&min_cost=NaN&max_cost=-1&csort=-cost&cpage=9&model=gpt-4o", "{}")
	cfg := createDefaultConfig().(*Config)
	cfg.Writable = true
	b := newServer(cfg, extensiontest.NewNopSettings(metadata.Type))
	b.ShowUsage(component.MustNewID("llm_cost"), dashboards.SampleUsage(rigNow, 1, 8*sampleEvery))
	b.ShowAlerts(component.MustNewID("alert"), dashboards.SampleAlerts(rigNow))
	handler := b.handler()
	good := []int{http.StatusOK, http.StatusBadRequest, http.StatusNotFound}
	f.Fuzz(func(t *testing.T, query, body string) {
		for _, path := range []string{"/", "/alerts", "/calls", "/calls/0000000000000001", "/sessions", "/latency", "/traces", "/api/traces", "/api/usage/hourly", "/api/usage/groups", "/api/calls", "/api/silences"} {
			request := httptest.NewRequest(http.MethodGet, "http://localhost"+path, http.NoBody)
			if path == "/api/silences" {
				request = httptest.NewRequest(http.MethodPost, "http://localhost"+path, strings.NewReader(body))
				request.Header.Set("Content-Type", "application/json")
			}
			request.URL.RawQuery = query
			recorder := httptest.NewRecorder()
			handler.ServeHTTP(recorder, request)
			if !slices.Contains(good, recorder.Code) {
				t.Errorf("%s?%s: %d", path, query, recorder.Code)
			}
			if recorder.Header().Get("Content-Type") == "application/json" && !json.Valid(recorder.Body.Bytes()) {
				t.Errorf("%s?%s: no JSON: %s", path, query, recorder.Body)
			}
		}
	})
}
