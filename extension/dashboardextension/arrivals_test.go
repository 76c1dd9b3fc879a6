// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/dashboards"
)

// newWaitingRig has a ledger without calls, and what has arrived.
func newWaitingRig(t *testing.T, arrivals dashboard.Arrivals) *rig {
	t.Helper()
	r := newEmptyRig(t)
	r.usage = &dashboards.Usage{Keys: []string{dashboard.Model}, ArrivalsOf: arrivals}
	t.Cleanup(r.server.ShowUsage(component.MustNewID("llm_cost"), r.usage))
	return r
}

const reload = `<noscript><meta http-equiv="refresh" content="10"></noscript>`

// The first visit shows what to set, what has arrived and why nothing of it is a call; once there
// is a call it shows the usage, and no longer reloads.
func TestFirstVisit(t *testing.T) {
	r := newWaitingRig(t, dashboard.Arrivals{})
	page := r.get("/").Body.String()
	for _, want := range []string{
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318", "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "curl http://localhost:8123/v1/events",
		"Waiting for the first call.", "Nothing has arrived yet", "arctool doctor", reload,
	} {
		assert.Contains(t, page, want)
	}
	r.usage.ArrivalsOf = dashboard.Arrivals{Senders: []dashboard.Sender{
		{Service: "shop", Spans: 1200, NotCalls: map[string]int64{dashboard.NoKeys: 1150, dashboard.NoMatch: 49, dashboard.BadTokens: 1}},
		{Service: "shop", Scope: "logs", LogRecords: 7, NotCalls: map[string]int64{dashboard.NoKeys: 7}},
		{Service: "shop", Scope: "metrics", DataPoints: 5, NotCalls: map[string]int64{dashboard.DataPoint: 5}},
	}}
	page = r.get("/").Body.String()
	assert.Regexp(t, `Received Spans: <b class="num">1,200</b>, Log records: <b class="num">7</b>, Data points: <b class="num">5</b>`, page)
	for reason, n := range map[string]string{dashboard.NoKeys: "1,157", dashboard.NoMatch: "49", dashboard.BadTokens: "1", dashboard.DataPoint: "5"} {
		assert.Contains(t, page, fmt.Sprintf(`<b class="num">%s</b> not a call: %s.`, n, dashboard.ReasonOf(reason).Text))
	}
	assert.NotContains(t, page, dashboard.ReasonOf(dashboard.Aggregate).Text, "none of these")
	assert.Contains(t, page, reload)
	assert.Contains(t, links(t, page), "/arrivals")

	r = newRig(t)
	page = r.get("/").Body.String()
	assert.NotContains(t, page, "Waiting for the first call")
	assert.NotContains(t, page, "http-equiv")
	assert.NotContains(t, newEmptyRig(t).get("/").Body.String(), "http-equiv", "nothing will come without a processor")
}

// senders are the names of the senders that are shown, in their order.
func senders(t *testing.T, page string) (names []string) {
	t.Helper()
	_, rows, _ := strings.Cut(page, "<tbody>")
	for _, row := range strings.Split(rows, `<th scope="row" class="what">`)[1:] {
		name, _, _ := strings.Cut(row, "<")
		names = append(names, name)
	}
	return names
}

func TestArrivals(t *testing.T) {
	r := newRig(t)
	r.usage.ArrivalsOf = dashboards.SampleArrivals(rigNow)
	page := r.get("/arrivals").Body.String()
	assert.Equal(t, []string{"support-desk", "support-desk", "billing", "billing", "research"}, senders(t, page), "by records")
	for _, want := range []string{
		"40,311: no convention knows its keys", "512: it has keys of a convention", "opentelemetry-instrumentation-cohere 0.62.4, cohere 7.3.1 (this version)",
		"<li>Calls: not sent</li>", "0.66b1", "7,200", "Not in the compatibility table",
	} {
		assert.Contains(t, page, want)
	}
	assert.Equal(t, []string{"research"}, senders(t, r.get("/arrivals?q=COHERE").Body.String()))
	assert.Equal(t, []string{"research", "billing", "billing", "support-desk", "support-desk"}, senders(t, r.get("/arrivals?sort=last").Body.String()))
	assert.Contains(t, r.get("/arrivals?q=nobody").Body.String(), "No sender has this in its name.")
	assert.Equal(t, http.StatusBadRequest, r.get("/arrivals?sort=none").Code)
	for address := range links(t, page) {
		if strings.HasPrefix(address, "/arrivals") || strings.HasPrefix(address, "/api/arrivals") {
			assert.Equal(t, http.StatusOK, r.get(address).Code, address)
		}
	}
	assert.Contains(t, newEmptyRig(t).get("/arrivals").Body.String(), "No <code>llm_cost</code> processor is running.")
}

// The API and the file have what the dashboard has.
func TestArrivalsAPI(t *testing.T) {
	r := newRig(t)
	r.usage.ArrivalsOf = dashboards.SampleArrivals(rigNow)
	list := data[arrivalsJSON](r, "/api/arrivals?q=cohere")
	require.Len(t, list.Senders, 1)
	assert.Equal(t, map[string]int64{"incomplete": 512}, list.Senders[0].NotCalls)
	assert.True(t, list.Senders[0].Measured[0].Same)
	assert.NotEmpty(t, list.Senders[0].Measured[0].Problems)
	assert.Len(t, data[arrivalsJSON](r, "/api/arrivals?limit=2&page=3").Senders, 1)
	recorder := r.get("/api/arrivals?format=csv&sort=service")
	lines, err := csv.NewReader(recorder.Body).ReadAll()
	require.NoError(t, err)
	require.Len(t, lines, 6)
	assert.Equal(t, []string{"billing", "com.anthropic.claude_code.events", "", "0", "930", "0", "3.2", "401"}, lines[1][:8])
}

// Senders beyond the limit are one entry, and a note reports it. There are as many pages as needed.
func TestArrivalsBeyondTheLimit(t *testing.T) {
	r := newRig(t)
	list := dashboard.Arrivals{Limit: 120}
	for i := range 120 {
		list.Senders = append(list.Senders, dashboard.Sender{Service: fmt.Sprintf("service-%03d", i), Spans: 1, Calls: 1, Last: rigNow})
	}
	list.Senders = append(list.Senders, dashboard.Sender{Service: dashboard.Overflow, Overflow: true, Spans: 4000, Last: rigNow})
	r.usage.ArrivalsOf = list
	page := r.get("/arrivals?sort=service").Body.String()
	assert.Contains(t, page, "120 senders have an entry of their own.")
	seen := map[string]bool{}
	for n := 1; n <= 3; n++ {
		for _, name := range senders(t, r.get(fmt.Sprintf("/arrivals?sort=service&page=%d", n)).Body.String()) {
			seen[name] = true
		}
	}
	assert.Len(t, seen, 121)
	assert.True(t, data[arrivalsJSON](r, "/api/arrivals").Senders[0].Overflow)
}

// The name of a service is hidden where a private dimension is read from it.
func TestPrivateServices(t *testing.T) {
	for dimension, hidden := range map[string]bool{"service.name": true, "app": true, "user.id": false} {
		r := newRig(t, withRoles(RolesConfig{Private: []string{dimension}, SeePrivate: []string{"ada"}, Clients: map[string]Role{"night": RoleSilence}}))
		t.Cleanup(r.server.ShowUsage(component.MustNewID("a"), passingUsage{ledgerDouble: r.usage}))
		for _, path := range []string{"/arrivals", "/api/arrivals", "/api/arrivals?format=csv"} {
			assert.Contains(t, r.as(identity{"username": "ada"}, http.MethodGet, path, "").Body.String(), "payroll", path)
			seen := r.as(identity{"username": "guest"}, http.MethodGet, path, "").Body.String()
			assert.Equal(t, !hidden, strings.Contains(seen, "payroll"), "%s of %s", path, dimension)
			assert.Equal(t, hidden, strings.Contains(seen, pseudonymPrefix), "%s of %s", path, dimension)
			assert.Equal(t, http.StatusForbidden, r.as(identity{"username": "night"}, http.MethodGet, path, "").Code)
		}
		found := r.as(identity{"username": "guest"}, http.MethodGet, "/arrivals?q=payroll", "").Body.String()
		assert.Equal(t, hidden, strings.Contains(found, "No sender has this in its name."), "a value that was guessed finds nothing")
	}
}
