// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// route is an endpoint of the JSON API.
type route struct {
	method, path string
	handle       func(*http.Request) (response, error)
}

// apiRoutes are all endpoints of the JSON API; assets/openapi.yaml describes them.
func (b *dashboardServer) apiRoutes() []route {
	get, post, remove := http.MethodGet, http.MethodPost, http.MethodDelete
	return []route{
		{get, "/api/sources", b.getSources},
		{get, "/api/health", b.getHealth},
		{get, "/api/traffic", b.getTraffic},
		{get, "/api/usage", b.getUsage},
		{get, "/api/usage/summary", b.getSummary},
		{get, "/api/usage/hourly", b.getHourly},
		{get, "/api/usage/models", b.getModels},
		{get, "/api/usage/groups", b.getGroups},
		{get, "/api/usage/budgets", b.getBudgets},
		{get, "/api/usage/unpriced", b.getUnpriced},
		{get, "/api/usage/disagreements", b.getDisagreements},
		{get, "/api/usage/estimates", b.getEstimates},
		{get, "/api/usage/prices", b.getPrices},
		{get, "/api/usage/billing", b.getBilling},
		{get, "/api/usage/costs", b.getCosts},
		{get, "/api/usage/focus", b.getFocus},
		{get, "/api/calls", b.getCalls},
		{get, "/api/calls/export", b.exportCalls},
		{get, "/api/alerts", b.getAlerts},
		{get, "/api/alerts/history", b.getHistory},
		{get, "/api/rules", b.getRules},
		{get, "/api/rules/graph", b.getRuleGraph},
		{get, "/api/channels", b.getChannels},
		{get, "/api/silences", b.getSilences},
		{post, "/api/silences", b.postSilence},
		{remove, "/api/silences/{id}", b.deleteSilence},
		{get, "/api/openapi.yaml", b.getOpenAPI},
	}
}

// handler handles all requests to the server.
func (b *dashboardServer) handler() http.Handler { return b.guard(b.byRole(&b.cfg.Roles)) }

// routes handles all requests alike.
func (b *dashboardServer) routes() http.Handler {
	mux := http.NewServeMux()
	allowed := map[string][]string{}
	for _, route := range b.apiRoutes() {
		mux.Handle(route.method+" "+route.path, b.api(route.handle))
		allowed[route.path] = append(allowed[route.path], route.method)
	}
	for _, route := range b.alertmanagerRoutes() {
		mux.Handle(route.method+" "+route.path, b.alertmanagerAPI(route.handle))
		allowed[route.path] = append(allowed[route.path], route.method)
	}
	for _, path := range slices.Sorted(maps.Keys(allowed)) {
		methods := strings.Join(allowed[path], ", ")
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Allow", methods)
			b.fail(w, &failure{notAllowed, fmt.Errorf("method %s is not allowed, %s is", r.Method, methods)})
		})
	}
	mux.HandleFunc("/api/", func(w http.ResponseWriter, _ *http.Request) {
		b.fail(w, &failure{notFound, errors.New("there is no such path; /api/openapi.yaml describes those there are")})
	})
	b.addPages(mux)
	return mux
}
