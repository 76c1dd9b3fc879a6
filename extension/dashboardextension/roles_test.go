// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/dashboards"
)

// identity is an authenticated client.
type identity map[string]any

func (i identity) GetAttribute(name string) any { return i[name] }

func (i identity) GetAttributeNames() (names []string) {
	for name := range i {
		names = append(names, name)
	}
	return names
}

func withRoles(roles RolesConfig) func(*Config) {
	return func(c *Config) {
		c.Writable = true
		c.HTTP.Auth = configoptional.Some(confighttp.AuthConfig{Config: configauth.Config{AuthenticatorID: component.MustNewID("basicauth")}})
		c.Roles = roles
	}
}

// as does a request for an authenticated client.
func (r *rig) as(who identity, method, path, body string) *httptest.ResponseRecorder {
	r.Helper()
	request := httptest.NewRequest(method, "http://localhost:8124"+path, strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	return r.do(request.WithContext(client.NewContext(context.Background(), client.Info{Auth: who})))
}

func TestRoles(t *testing.T) {
	r := newRig(t, withRoles(RolesConfig{Default: RoleRead, Clients: map[string]Role{"ada": RoleFull, "oncall": RoleSilence}}))
	silence := `{"matchers":["alertname=\"HighLLMCost\""],"endsAt":"2026-03-17T00:00:00Z","createdBy":"x","comment":"y"}`
	for name, want := range map[string]map[string]int{
		"ada":    {"GET /": 200, "GET /money": 200, "GET /alerts": 200, "GET /api/usage": 200, "POST /api/silences": 200, "DELETE /api/silences/0b4c": 204, "GET /api/calls/export": 200},
		"oncall": {"GET /": 303, "GET /money": 403, "GET /alerts": 200, "GET /api/usage": 403, "POST /api/silences": 200, "GET /api/v2/alerts": 200, "GET /api/calls/export": 403, "GET /rules": 200, "GET /api/usage/../alerts": 403, "GET /api/none": 403},
		"guest":  {"GET /": 200, "GET /money": 200, "GET /alerts": 200, "GET /api/usage": 200, "POST /api/silences": 403, "DELETE /api/silences/0b4c": 403},
	} {
		for route, status := range want {
			method, path, _ := strings.Cut(route, " ")
			body := ""
			if method == http.MethodPost {
				body = silence
			}
			assert.Equal(t, status, r.as(identity{"username": name}, method, path, body).Code, "%s: %s", name, route)
		}
	}
	ofAlertmanager := `{"matchers":[{"name":"alertname","value":"HighLLMCost","isRegex":false}],"startsAt":"2026-03-16T00:00:00Z","endsAt":"2026-03-17T00:00:00Z","createdBy":"x","comment":"y"}`
	assert.Equal(t, http.StatusForbidden, r.as(identity{"username": "guest"}, http.MethodPost, "/api/v2/silences", ofAlertmanager).Code)
	assert.Equal(t, http.StatusOK, r.as(identity{"username": "oncall"}, http.MethodPost, "/api/v2/silences", ofAlertmanager).Code)
	assert.NotContains(t, r.as(identity{"username": "guest"}, http.MethodGet, "/alerts", "").Body.String(), `<form class="form"`)
	assert.Contains(t, r.as(identity{"username": "oncall"}, http.MethodGet, "/alerts", "").Body.String(), `<form class="form"`)
}

func TestNamesOfClients(t *testing.T) {
	roles := RolesConfig{Clients: map[string]Role{"ada": RoleRead, "finops": RoleFull, "sre": RoleSilence}, Private: []string{"user.id"}, SeePrivate: []string{"finops"}}
	of := func(who client.AuthData) viewer {
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		return roles.viewerOf(r.WithContext(client.NewContext(t.Context(), client.Info{Auth: who})))
	}
	assert.Equal(t, viewer{RoleRead, false}, of(identity{"subject": "ada"}))
	assert.Equal(t, viewer{RoleFull, false}, of(nil), "the default")
	assert.Equal(t, viewer{RoleFull, false}, of(identity{"username": 7}))
	roles.Attribute = "membership"
	assert.Equal(t, viewer{RoleFull, true}, of(identity{"membership": []string{"sre", "finops"}}), "the highest")
	assert.Equal(t, viewer{RoleSilence, false}, of(identity{"membership": []string{"sre", "others"}, "username": "ada"}))
	roles.Default = RoleSilence
	assert.Equal(t, viewer{RoleSilence, false}, of(identity{"username": "ada"}))
}

func TestMistakesInRolesAreNamed(t *testing.T) {
	for want, cfg := range map[string]*Config{
		"roles: requires auth":              {Roles: RolesConfig{Default: RoleRead}},
		"roles::default":                    {Roles: RolesConfig{Default: "root"}},
		"roles::clients::ada":               {Roles: RolesConfig{Clients: map[string]Role{"ada": ""}}},
		"roles::private::0":                 {Roles: RolesConfig{Private: []string{" "}}},
		"roles::see_private: nothing is pr": {Roles: RolesConfig{SeePrivate: []string{"ada"}}},
	} {
		require.ErrorContains(t, cfg.Validate(), want)
	}
}

// passingUsage is a source that counts the telemetry that passes through.
type passingUsage struct{ *ledgerDouble }

// ledgerDouble has another name than its method Usage.
type ledgerDouble = dashboards.Usage

// Arrivals are of one service.
func (passingUsage) Arrivals() dashboard.Arrivals {
	return dashboard.Arrivals{ServiceIn: []string{"app"}, Senders: []dashboard.Sender{{Service: "payroll", Spans: 1, Last: rigNow}}}
}

// Traffic has passed.
func (passingUsage) Traffic() dashboard.Traffic { return dashboard.Traffic{Spans: 4711} }

// Who may not see users sees pseudonyms wherever a user is named: on pages, in the API, in CSV, JSON
// and FOCUS files, in alerts and silences; and can follow links that they are in.
func TestPrivateValues(t *testing.T) {
	r := newRig(t, withRoles(RolesConfig{Private: []string{"user.id"}, SeePrivate: []string{"ada"}}))
	user := regexp.MustCompile(`\buser-[1-9]\b`)
	alert := alertevent.Alert{
		Labels:      map[string]string{"alertname": "LLMBudget", "user_id": "user-1"},
		Annotations: map[string]string{"description": "used by user user-1"}, State: alertevent.Firing, StartsAt: rigNow,
	}
	active := dashboard.ActiveAlert{Alert: alert, State: "firing"}
	r.alerts.ActiveList = append(r.alerts.ActiveList, active)
	r.alerts.HistoryList = append(r.alerts.HistoryList, dashboard.HistoryEntry{At: rigNow, Alert: alert})
	r.alerts.Groups[0].Rules[0].Active = append(r.alerts.Groups[0].Rules[0].Active.(dashboards.ActiveList), active)
	r.alerts.Groups[0].Rules[1].LastError = "series of user-1"
	r.alerts.GraphOf.Series[0].Labels = map[string]string{"user_id": "user-2"}
	r.alerts.IntervalList[0].Labels = map[string]string{"exported_user_id": "user-3"}
	r.alerts.ChannelList[0].Error, r.alerts.ChannelList[0].Deliveries[0].Error = "rejected user-1", "rejected user-1"
	r.alerts.SilenceList = append(r.alerts.SilenceList,
		dashboard.Silence{ID: "u", Matchers: []string{`user_id="user-4"`, `user_id=~"user-5|user-6"`}, EndsAt: rigNow.Add(1e12), Comment: "user-4 tests"})
	paths := []string{
		"/", "/?range=30d&by=user.id&by=model", "/money", "/alerts", "/rules", r.ruleAddress("HighLLMCost"),
		"/api/usage?by=user.id", "/api/usage?by=user.id&format=csv", "/api/usage/hourly?by=user.id", "/api/usage/groups?by=user.id", "/api/usage/budgets",
		"/calls", "/calls/0000000000000001", "/sessions", "/traces", "/latency?by=user.id", "/api/calls/0000000000000001", "/api/sessions",
		"/api/calls", "/api/calls/export", "/api/usage/focus?from=2026-03-15", "/api/alerts", "/api/alerts/history", "/api/rules",
		"/api/rules/graph?" + r.ruleAddress("HighLLMCost")[len("/rule?"):], "/api/channels", "/api/silences", "/api/v2/alerts", "/api/v2/alerts/groups", "/api/v2/silences",
	}
	for _, path := range paths {
		seen := r.as(identity{"username": "ada"}, http.MethodGet, path, "")
		require.Equal(t, http.StatusOK, seen.Code, path)
		hidden := r.as(identity{"username": "guest"}, http.MethodGet, path, "")
		require.Equal(t, http.StatusOK, hidden.Code, path)
		assert.Empty(t, user.FindAllString(hidden.Body.String(), -1), path)
		if path != "/rules" && path != "/api/channels" {
			assert.Regexp(t, user, seen.Body.String(), path)
			assert.Regexp(t, pseudonymForm, hidden.Body.String(), path)
		}
	}

	// A pseudonym is a filter, and a user whom somebody guesses is not.
	guest := identity{"username": "guest"}
	pseudonym := pseudonymForm.FindString(r.as(guest, http.MethodGet, "/api/usage?by=user.id", "").Body.String())
	calls := func(where string) string {
		return r.as(guest, http.MethodGet, "/api/calls?where="+url.QueryEscape(where), "").Body.String()
	}
	assert.Contains(t, calls("user.id="+pseudonym), pseudonym)
	assert.NotContains(t, calls("user.id=user-1"), `"trace_id"`)
	assert.NotContains(t, calls("user.id=hidden-0123456789abcdef"), `"trace_id"`)
	for _, query := range []string{"find=user-1", "user=user-1"} {
		assert.NotContains(t, r.as(guest, http.MethodGet, "/api/calls?"+query, "").Body.String(), `"trace_id"`, query)
	}
	assert.Contains(t, r.as(guest, http.MethodGet, "/api/calls?user="+pseudonym, "").Body.String(), `"trace_id"`)

	t.Cleanup(r.server.ShowUsage(component.MustNewID("passing"), passingUsage{ledgerDouble: r.usage}))
	var traffic, seen struct{ Data any }
	require.NoError(t, json.Unmarshal(r.as(guest, http.MethodGet, "/api/traffic", "").Body.Bytes(), &traffic))
	require.NoError(t, json.Unmarshal(r.as(identity{"username": "ada"}, http.MethodGet, "/api/traffic", "").Body.Bytes(), &seen))
	assert.Equal(t, seen, traffic)
	assert.Contains(t, fmt.Sprint(traffic), "4711")

	// A silence of an alert of a pseudonym is one of the user.
	matcher := pseudonymForm.FindString(r.as(guest, http.MethodGet, "/api/alerts", "").Body.String())
	alerts := func(user string) string {
		return r.as(guest, http.MethodGet, "/api/v2/alerts?filter="+url.QueryEscape(`user_id="`+user+`"`), "").Body.String()
	}
	assert.Contains(t, alerts(matcher), "LLMBudget", "a pseudonym is a filter of alerts")
	assert.NotContains(t, alerts("user-1"), "LLMBudget")
	fingerprint := alertevent.Alert{Labels: map[string]string{"alertname": "LLMBudget", "user_id": matcher}}.Fingerprint()
	assert.Contains(t, r.as(guest, http.MethodGet, "/alerts?silence="+fingerprint, "").Body.String(), "user_id=&#34;"+matcher+"&#34;</textarea>")
	response := r.as(guest, http.MethodPost, "/api/silences", `{"matchers":["user_id=\"`+matcher+`\""],"endsAt":"2026-03-17T00:00:00Z","createdBy":"x","comment":"y"}`)
	require.Equal(t, http.StatusOK, response.Code, response.Body.String())
	assert.Equal(t, []string{`user_id="user-1"`}, r.alerts.SilenceList[len(r.alerts.SilenceList)-1].Matchers)
}

// A dimension has other names in metrics, in rules over events, and where a server has the label already.
func TestPseudonymsHideEachLabelOfADimension(t *testing.T) {
	p := newPseudonyms([]string{"2nd.user", "model", "über"})
	for _, label := range []string{"2nd.user", "_2nd_user", "key_2nd_user", "exported__2nd_user", "exported_model", "model", "_ber"} {
		assert.True(t, p.labels[label], label)
	}
}

func TestPseudonymsAreBounded(t *testing.T) {
	p := newPseudonyms([]string{"user.id"})
	first := p.hide("ada")
	assert.Equal(t, "ada", p.reveal(first))
	assert.NotEqual(t, first, newPseudonyms(nil).hide("ada"), "of another start")
	for i := range maxPseudonyms + 1 {
		p.hide("bomb-" + string(rune(i)) + strings.Repeat("x", i%7))
	}
	assert.LessOrEqual(t, len(p.values), maxPseudonyms)
	assert.Empty(t, p.hide(""))
	assert.Equal(t, dashboard.Overflow, p.hide(dashboard.Overflow))
	usage := &dashboards.Usage{Keys: []string{dashboard.Model, "user.id"}}
	assert.Equal(t, usage.Keys, p.hideUsage(usage).Dimensions())
}
