// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configoptional"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/prometheussource"
)

// queryAPI is a double of Prometheus' API: two gateways have counted for two teams since an hour
// ago. With a status it fails.
type queryAPI struct {
	*httptest.Server
	status atomic.Int64
}

func newQueryAPI(t *testing.T) *queryAPI {
	t.Helper()
	api := &queryAPI{}
	api.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if status := api.status.Load(); status != 0 {
			w.WriteHeader(int(status))
			return
		}
		assert.Equal(t, "tenant-1", r.Header.Get("X-Scope-OrgID"))
		query := r.FormValue("query")
		kind, result := "vector", ""
		switch {
		case r.URL.Path == "/prometheus/api/v1/query_range":
			kind = "matrix"
			at := rigNow.Truncate(time.Hour).Unix()
			switch {
			case strings.HasPrefix(query, "count("):
				result = fmt.Sprintf(`{"metric":{},"values":[[%d,"4"]]}`, at-3000)
			case r.FormValue("end") == strconv.FormatInt(at, 10):
				result = series(query, at)
			}
		case strings.Contains(query, "arc_llm_budget_limit_dollars"):
			result = `{"metric":{"budget":"month","instance":"gateway-0"},"value":[1,"100"]}`
		case strings.HasPrefix(query, "budget:"):
			result = `{"metric":{"budget":"month"},"value":[1,"1.25"]}`
		case strings.HasSuffix(query, "[3600s]"):
			kind = "matrix"
		}
		w.Header().Set("Content-Type", "application/json")
		_, err := fmt.Fprintf(w, `{"status":"success","data":{"resultType":%q,"result":[%s]}}`, kind, result)
		assert.NoError(t, err)
	}))
	t.Cleanup(api.Close)
	return api
}

// series are those of a query at a time, for both gateways.
func series(query string, at int64) string {
	values := map[string]float64{"arc_llm_usage_calls{}": 20, "arc_llm_usage_cost_dollars{}": 7.5}
	var all []string
	for _, gateway := range []string{"gateway-0", "gateway-1"} {
		for _, team := range []string{"search", "shop"} {
			for metric, value := range values {
				if strings.Contains(query, "last_over_time("+metric) {
					all = append(all, fmt.Sprintf(`{"metric":{"model":"gpt-4o","provider":"openai","team":%q,"instance":%q},"values":[[%d,"%g"]]}`, team, gateway, at, value))
				}
			}
		}
		if strings.Contains(query, `arc_llm_calls_total{status!="success"}`) {
			all = append(all, fmt.Sprintf(`{"metric":{"model":"gpt-4o","status":"error","instance":%q},"values":[[%d,"4"]]}`, gateway, at))
		}
	}
	return strings.Join(all, ",")
}

func newRemoteRig(t *testing.T, options ...func(*Config)) (*rig, *queryAPI) {
	t.Helper()
	api := newQueryAPI(t)
	r := newRig(t, append([]func(*Config){func(c *Config) {
		remote := prometheussource.NewDefaultConfig()
		remote.Endpoint, remote.Dimensions = api.URL+"/prometheus", []string{"team"}
		remote.Headers.Set("X-Scope-OrgID", "tenant-1")
		c.Source.Prometheus = configoptional.Some(remote)
	}}, options...)...)
	require.NoError(t, r.server.remote.Start(t.Context(), componenttest.NewNopHost(), componenttest.NewNopTelemetrySettings()))
	t.Cleanup(r.server.remote.Shutdown)
	return r, api
}

// The pages have what all collectors counted, and say in a sentence what this source does not have.
func TestPagesOfSeveralCollectors(t *testing.T) {
	r, _ := newRemoteRig(t)
	const sentence = "they are on the dashboard of each collector."
	for path, want := range map[string][]string{
		"/":                           {"$30.00", "gpt-4o", "gateway-0", "Top Collectors", "10%", "prometheus", "llm_cost"},
		"/?by=team":                   {"$15.00", "search", "Errors and durations are known by model and collector alone"},
		"/?where=collector=gateway-0": {"$15.00", "Collector: <b>gateway-0"},
		"/latency":                    {"gpt-4o", "10%"},
		"/latency?by=team":            {"Errors and durations are known by"},
		"/calls":                      {},
		"/sessions":                   {},
		"/traces":                     {},
		"/money":                      {"Budget “month”", "125%", "$30.00"},
	} {
		response := r.get(path)
		require.Equal(t, http.StatusOK, response.Code, path)
		body := response.Body.String()
		for _, text := range append(want, sentence) {
			assert.Contains(t, body, text, path)
		}
		assert.Equal(t, 1, strings.Count(body, sentence), path)
		assert.NotContains(t, body, "Caching saved", path)
	}
	for _, path := range []string{"/?by=team", "/?where=team=shop"} {
		body := r.get(path).Body.String()
		for _, unknown := range []string{"data-stay>p95<", "Error rate", "0 errors", "<dt>p95<"} {
			assert.NotContains(t, body, unknown, "%s: 0 would be wrong", path)
		}
	}
	assert.Contains(t, r.get("/?source=llm_cost").Body.String(), `id="prices"`, "the ledger is there, too")

	assert.Contains(t, r.get("/api/usage?by=team&format=csv").Body.String(), "start,team,calls,errors,timeouts,unpriced,input_tokens,output_tokens,cache_read_tokens,cache_write_tokens,reasoning_tokens,cost_dollars,cache_saved_dollars\r\n,search,40,,,0,0,0,0,0,0,15,\r\n")
	usage := data[struct {
		NotAvailable []string `json:"not_available"`
	}](r, "/api/usage?by=team")
	assert.Contains(t, usage.NotAvailable, "errors")
	response := r.get("/api/usage/focus?from=2026-03-01")
	assert.Equal(t, http.StatusBadRequest, response.Code)
	assert.Contains(t, response.Body.String(), "FOCUS needs the prices of a ledger")
}

// Without the server, pages report it, and all else works.
func TestTheServerOfSeveralCollectorsIsAway(t *testing.T) {
	r, api := newRemoteRig(t)
	api.status.Store(http.StatusUnauthorized)
	for _, path := range []string{"/", "/latency", "/money"} {
		response := r.get(path)
		assert.Equal(t, http.StatusServiceUnavailable, response.Code, path)
		assert.Contains(t, response.Body.String(), "Prometheus: the server rejects the credentials (401)", path)
		assert.Contains(t, response.Body.String(), `href="/?source=llm_cost"`, path)
	}
	for _, path := range []string{"/api/usage", "/api/usage/budgets", "/api/usage/costs"} {
		assert.Contains(t, r.get(path).Body.String(), "the server rejects the credentials", path)
	}
	for _, path := range []string{"/?source=llm_cost", "/alerts", "/rules", "/calls?source=llm_cost", "/api/sources"} {
		assert.Equal(t, http.StatusOK, r.get(path).Code, path)
	}
}

// Values of private dimensions are pseudonyms here, too.
func TestPseudonymsOfSeveralCollectors(t *testing.T) {
	r, _ := newRemoteRig(t, withRoles(RolesConfig{Private: []string{"team"}}))
	body := r.get("/?by=team").Body.String()
	assert.Contains(t, body, "hidden-")
	assert.NotContains(t, body, ">search</a>")
	assert.NotContains(t, body, "team%3Dshop")
}
