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
		{get, "/api/arrivals", b.getArrivals},
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
		{get, "/api/calls/{id}", b.getCall},
		{get, "/api/sessions", b.getGroupsOf(sessionGrouping)},
		{get, "/api/traces", b.getGroupsOf(traceGrouping)},
		{get, "/api/traces/{id}", b.getTrace},
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
	paths := map[string]methods{}
	add := func(routes []route, handler func(func(*http.Request) (response, error)) http.HandlerFunc) {
		for _, route := range routes {
			if paths[route.path] == nil {
				paths[route.path] = methods{}
			}
			paths[route.path][route.method] = handler(route.handle)
		}
	}
	add(b.apiRoutes(), b.api)
	add(b.alertmanagerRoutes(), b.alertmanagerAPI)
	for path, handlers := range paths {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { b.serveMethod(handlers, w, r) })
	}
	mux.HandleFunc("/api/", func(w http.ResponseWriter, _ *http.Request) {
		b.fail(w, &failure{notFound, errors.New("there is no such path; /api/openapi.yaml describes those there are")})
	})
	b.addPages(mux)
	return mux
}

// methods are the handlers of a path. They are not patterns of the mux, to which a path without a
// variable and one with conflict where their methods differ.
type methods map[string]http.HandlerFunc

func (b *dashboardServer) serveMethod(handlers methods, w http.ResponseWriter, r *http.Request) {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	handle, ok := handlers[method]
	if !ok {
		allowed := strings.Join(slices.Sorted(maps.Keys(handlers)), ", ")
		w.Header().Set("Allow", allowed)
		b.fail(w, &failure{notAllowed, fmt.Errorf("method %s is not allowed, %s is", r.Method, allowed)})
		return
	}
	handle(w, r)
}
