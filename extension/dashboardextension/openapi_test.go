// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/dashboards"
)

func loadOpenAPI(t *testing.T) (*openapi3.T, routers.Router) {
	t.Helper()
	content, err := assets.ReadFile("assets/openapi.yaml")
	require.NoError(t, err)
	document, err := openapi3.NewLoader().LoadFromData(content)
	require.NoError(t, err)
	require.NoError(t, document.Validate(t.Context()))
	router, err := gorillamux.NewRouter(document)
	require.NoError(t, err)
	return document, router
}

// The document has every route, and no other.
func TestOpenAPINamesEveryRoute(t *testing.T) {
	document, _ := loadOpenAPI(t)
	var described, served []string
	for path, item := range document.Paths.Map() {
		for method := range item.Operations() {
			described = append(described, method+" "+path)
		}
	}
	for _, route := range newEmptyRig(t).server.apiRoutes() {
		served = append(served, route.method+" "+route.path)
	}
	assert.ElementsMatch(t, served, described)
}

// Every response, of success or failure, is as the document describes.
func TestResponsesAreAsDescribed(t *testing.T) {
	_, router := loadOpenAPI(t)
	silence := `{"matchers": ["alertname=\"A\""], "endsAt": "2026-03-17T00:00:00Z"}`
	for _, test := range []struct {
		method, path, body string
		status             int
	}{
		{"GET", "/api/sources", "", 200},
		{"GET", "/api/health", "", 200},
		{"GET", "/api/traffic", "", 200},
		{"GET", "/api/arrivals", "", 200},
		{"GET", "/api/arrivals?q=open&sort=-calls&limit=2&page=1&format=json&source=llm_cost", "", 200},
		{"GET", "/api/usage/summary", "", 200},
		{"GET", "/api/usage/summary?where=model%3Dgpt-4o", "", 200},
		{"GET", "/api/usage/summary?where=model%3Dnone", "", 200},
		{"GET", "/api/usage?from=2026-03-15&to=2026-03-16&tz=Europe%2FBerlin&step=day&by=model&by=user.id&where=service.name%3Dresearch&sort=-cost&sort=model&limit=5&page=2", "", 200},
		{"GET", "/api/usage", "", 200},
		{"GET", "/api/usage/summary?tz=Asia%2FKolkata", "", 200},
		{"GET", "/api/usage/hourly?hours=24", "", 200},
		{"GET", "/api/usage/hourly?from=2026-03&by=model&page=2", "", 200},
		{"GET", "/api/calls?from=2026-03-15T10:00&to=now&tz=Europe%2FBerlin&sort=-cost&page=2", "", 200},
		{"GET", "/api/calls/export?from=2026-03-16&sort=model&limit=3&page=1", "", 200},
		{"GET", "/api/usage/hourly?hours=72&by=model&by=user.id&limit=5&measure=tokens", "", 200},
		{"GET", "/api/usage/models?hours=720&limit=2", "", 200},
		{"GET", "/api/usage/groups?by=service.name", "", 200},
		{"GET", "/api/usage/budgets", "", 200},
		{"GET", "/api/usage/unpriced", "", 200},
		{"GET", "/api/usage/disagreements", "", 200},
		{"GET", "/api/usage/prices", "", 200},
		{"GET", "/api/usage/estimates", "", 200},
		{"GET", "/api/usage/billing?from=2026-03&format=json", "", 200},
		{"GET", "/api/usage/costs?month=2026-03", "", 200},
		{"GET", "/api/usage/costs?month=2026-13", "", 400},
		{"GET", "/api/usage/focus?from=2026-03-15&to=2026-03-16&step=hour&where=service.name%3Dresearch&account=acme", "", 200},
		{"GET", "/api/usage/focus", "", 400},
		{"GET", "/api/calls?order=most_expensive&limit=3", "", 200},
		{"GET", "/api/calls/export", "", 200},
		{"GET", "/api/calls?find=user-1&status=failed&cost_status=priced&min_cost=0.0001&max_cost=5&error_type=x&user=a&session=b&agent=c&response_id=d", "", 200},
		{"GET", "/api/calls?trace_id=00000000000000000000000000000001", "", 200},
		{"GET", "/api/calls/0000000000000001", "", 200},
		{"GET", "/api/calls/none", "", 404},
		{"GET", "/api/sessions?order=duration&limit=3&page=2&user=user-1&from=2026-03", "", 200},
		{"GET", "/api/traces?status=failed", "", 200},
		{"GET", "/api/traces/none", "", 404},
		{"GET", "/api/alerts", "", 200},
		{"GET", "/api/alerts/history", "", 200},
		{"GET", "/api/rules", "", 200},
		{"GET", "/api/rules/graph?id=none", "", 404},
		{"GET", "/api/channels", "", 200},
		{"GET", "/api/silences", "", 200},
		{"POST", "/api/silences", silence, 200},
		{"DELETE", "/api/silences/0b4c", "", 204},
		{"DELETE", "/api/silences/night", "", 403},
		{"DELETE", "/api/silences/none", "", 404},
		{"GET", "/api/usage/summary?source=llm_cost%2Fnone", "", 404},
	} {
		t.Run(test.method+" "+test.path, func(t *testing.T) {
			r := newRig(t, writable)
			r.usage.ArrivalsOf = dashboards.SampleArrivals(rigNow)
			request := httptest.NewRequest(test.method, "http://localhost:8124"+test.path, strings.NewReader(test.body))
			if test.body != "" {
				request.Header.Set("Content-Type", "application/json")
			}
			route, parameters, err := router.FindRoute(withoutHost(request))
			require.NoError(t, err)
			input := &openapi3filter.RequestValidationInput{Request: request, PathParams: parameters, Route: route}
			require.NoError(t, openapi3filter.ValidateRequest(t.Context(), input))
			request.Body = io.NopCloser(strings.NewReader(test.body))
			recorder := r.do(request)
			require.Equal(t, test.status, recorder.Code, recorder.Body.String())
			require.NoError(t, openapi3filter.ValidateResponse(t.Context(), &openapi3filter.ResponseValidationInput{
				RequestValidationInput: input, Status: recorder.Code, Header: recorder.Header(),
				Body: io.NopCloser(bytes.NewReader(recorder.Body.Bytes())),
			}))
		})
	}
}

// withoutHost is the request as the document's relative server has it.
func withoutHost(r *http.Request) *http.Request {
	relative := r.Clone(r.Context())
	relative.URL.Scheme, relative.URL.Host = "", ""
	return relative
}
