// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-openapi/strfmt"
	"github.com/prometheus/alertmanager/api/v2/models"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/dashboards"
)

// get2 is a response of Alertmanager's API, which its own models read and validate.
func get2[T interface{ Validate(strfmt.Registry) error }](r *rig, path string) T {
	r.Helper()
	recorder := r.get(path)
	require.Equal(r, http.StatusOK, recorder.Code, recorder.Body.String())
	assert.Equal(r, "application/json", recorder.Header().Get("Content-Type"))
	var got T
	require.NoError(r, json.Unmarshal(recorder.Body.Bytes(), &got))
	require.NoError(r, got.Validate(strfmt.Default))
	return got
}

const newAlertmanagerSilence = `{"matchers":[{"name":"alertname","value":"A.*","isRegex":true,"isEqual":true},{"name":"env","value":"dev","isRegex":false,"isEqual":false}],
	"startsAt":"2026-03-16T14:25:00.000Z","endsAt":"2026-03-16T16:25:00.000Z","createdBy":"ines","comment":"deploy"}`

func TestAlertmanagerStatusAndReceivers(t *testing.T) {
	r := newRig(t)
	status := get2[*models.AlertmanagerStatus](r, "/api/v2/status")
	assert.Equal(t, "disabled", *status.Cluster.Status)
	var receivers []map[string]string
	require.NoError(t, json.Unmarshal(r.get("/api/v2/receivers").Body.Bytes(), &receivers))
	assert.Equal(t, []map[string]string{{"name": "slack"}}, receivers)
}

// Alerts that fire, and not those that are pending, by the filters that amtool and
// Grafana send.
func TestAlertmanagerAlerts(t *testing.T) {
	r := newEmptyRig(t)
	active := func(state, suppressed string, labels ...string) dashboard.ActiveAlert {
		a := dashboard.ActiveAlert{State: state, Suppressed: suppressed}
		a.Labels, a.StartsAt = map[string]string{}, rigNow
		for i := 0; i < len(labels); i += 2 {
			a.Labels[labels[i]] = labels[i+1]
		}
		return a
	}
	source := &dashboards.Alerts{ActiveList: dashboards.ActiveList{
		active("firing", "", "alertname", "A", "team", "x"),
		active("firing", "silence 1234", "alertname", "B"),
		active("firing", "inhibited by 0f", "alertname", "C"),
		active("firing", "mute_time_interval", "alertname", "D"),
		active("pending", "", "alertname", "E"),
		active("firing", "", "alertname", "A", "team", "y"),
	}, SilenceList: []dashboard.Silence{
		{ID: "1234", Matchers: []string{`alertname="B"`}, StartsAt: rigNow},
		{ID: "5678", Matchers: []string{`alertname="A"`}, StartsAt: rigNow.Add(time.Hour)},
	}}
	t.Cleanup(r.server.ShowAlerts(component.MustNewID("alert"), source))
	for query, want := range map[string]string{
		"":                                     "A B C D A",
		"?active=false":                        "B C D",
		"?silenced=false&inhibited=false":      "A D A",
		"?muted=false":                         "A B C A",
		`?filter=alertname%3D"A"`:              "A A",
		`?filter=alertname%3DA&filter=team!=x`: "A",
		`?filter=%7Balertname%3D~"B|C"%7D`:     "B C",
		`?filter=team%3D""`:                    "B C D",
		"?receiver=sl.*":                       "A B C D A",
		"?receiver=s":                          "",
	} {
		var names []string
		for _, alert := range get2[models.GettableAlerts](r, "/api/v2/alerts"+query) {
			names = append(names, alert.Labels["alertname"])
		}
		assert.Equal(t, want, strings.Join(names, " "), query)
	}
	alerts := get2[models.GettableAlerts](r, "/api/v2/alerts")
	assert.Equal(t, []string{"1234"}, alerts[1].Status.SilencedBy)
	assert.Equal(t, []string{"0f"}, alerts[2].Status.InhibitedBy)
	assert.Equal(t, "suppressed", *alerts[3].Status.State)
	assert.Equal(t, "slack", *alerts[0].Receivers[0].Name)
	assert.Equal(t, source.ActiveList[0].Fingerprint(), *alerts[0].Fingerprint)

	groups := get2[models.AlertGroups](r, "/api/v2/alerts/groups?active=true&silenced=false&inhibited=false")
	require.Len(t, groups, 2)
	assert.Equal(t, models.LabelSet{"alertname": "A"}, groups[0].Labels)
	assert.Len(t, groups[0].Alerts, 2)
	for _, path := range []string{"/api/v2/alerts?filter=%3D", "/api/v2/alerts?active=perhaps", "/api/v2/alerts/groups?receiver=("} {
		recorder := r.get(path)
		assert.Equal(t, http.StatusBadRequest, recorder.Code)
		var text string
		assert.NoError(t, json.Unmarshal(recorder.Body.Bytes(), &text), "an error is a string, as Alertmanager's")
	}
	assert.Equal(t, http.StatusMethodNotAllowed, r.send(http.MethodPost, "/api/v2/alerts", "application/json", "[]").Code)
}

// Silences are listed, created, replaced and expired, in all alert processors.
func TestAlertmanagerSilences(t *testing.T) {
	r := newRig(t, writable)
	other := dashboards.SampleAlerts(rigNow)
	other.SilenceList = nil
	t.Cleanup(r.server.ShowAlerts(component.MustNewIDWithName("alert", "other"), other))
	before := get2[models.GettableSilences](r, "/api/v2/silences")
	recorder := r.send(http.MethodPost, "/api/v2/silences", "application/json", newAlertmanagerSilence)
	require.Equal(t, http.StatusOK, recorder.Code, recorder.Body.String())
	var created struct {
		SilenceID string `json:"silenceID"`
	}
	require.NoError(t, json.Unmarshal(recorder.Body.Bytes(), &created))
	require.Len(t, other.SilenceList, 1)
	assert.Equal(t, []string{`alertname=~"A.*"`, `env!="dev"`}, other.SilenceList[0].Matchers)

	all := get2[models.GettableSilences](r, "/api/v2/silences")
	assert.Len(t, all, len(before)+1, "once, though both have it")
	found := get2[models.GettableSilences](r, "/api/v2/silences?filter=env%3Ddev")
	require.Len(t, found, 1)
	assert.Equal(t, created.SilenceID, *found[0].ID)
	one := get2[*models.GettableSilence](r, "/api/v2/silence/"+created.SilenceID)
	assert.Equal(t, "active", *one.Status.State)
	assert.Equal(t, "deploy", *one.Comment)
	assert.True(t, *one.Matchers[0].IsRegex)
	assert.False(t, *one.Matchers[1].IsEqual)

	assert.Equal(t, http.StatusOK, r.send(http.MethodDelete, "/api/v2/silence/"+created.SilenceID, "", "").Code)
	assert.Equal(t, "expired", *get2[*models.GettableSilence](r, "/api/v2/silence/"+created.SilenceID).Status.State)
	assert.Equal(t, rigNow, other.SilenceList[0].EndsAt)
}

// What is wrong, or not allowed, changes nothing.
func TestAlertmanagerSilencesRejected(t *testing.T) {
	const path = "/api/v2/silences"
	change := func(from, to string) string { return strings.Replace(newAlertmanagerSilence, from, to, 1) }
	for name, test := range map[string]struct {
		method, path, contentType, body string
		readOnly                        bool
		want                            int
	}{
		"not writable":           {http.MethodPost, path, "application/json", newAlertmanagerSilence, true, http.StatusForbidden},
		"expiry of not writable": {http.MethodDelete, "/api/v2/silence/0b4c", "", "", true, http.StatusForbidden},
		"a form":                 {http.MethodPost, path, "application/x-www-form-urlencoded", newAlertmanagerSilence, false, http.StatusBadRequest},
		"not JSON":               {http.MethodPost, path, "application/json", "{", false, http.StatusBadRequest},
		"no matchers":            {http.MethodPost, path, "application/json", `{"startsAt":"2026-03-16T14:25:00Z","endsAt":"2026-03-16T16:25:00Z","createdBy":"i","comment":"c"}`, false, http.StatusBadRequest},
		"a regular expression":   {http.MethodPost, path, "application/json", change("A.*", "("), false, http.StatusBadRequest},
		"no end":                 {http.MethodPost, path, "application/json", change(`"endsAt":"2026-03-16T16:25:00.000Z",`, ""), false, http.StatusBadRequest},
		"it ends before":         {http.MethodPost, path, "application/json", change("16:25:00", "11:25:00"), false, http.StatusBadRequest},
		"an unknown ID":          {http.MethodPost, path, "application/json", change(`{"matchers"`, `{"id":"nothing","matchers"`), false, http.StatusNotFound},
		"expiry of an unknown":   {http.MethodDelete, "/api/v2/silence/nothing", "", "", false, http.StatusNotFound},
		"an unknown one":         {http.MethodGet, "/api/v2/silence/nothing", "", "", false, http.StatusNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(c *Config) { c.Writable = !test.readOnly })
			before := len(r.alerts.SilenceList)
			recorder := r.send(test.method, test.path, test.contentType, test.body)
			assert.Equal(t, test.want, recorder.Code, recorder.Body.String())
			assert.Len(t, r.alerts.SilenceList, before)
			var text string
			assert.NoError(t, json.Unmarshal(recorder.Body.Bytes(), &text))
		})
	}
	r := newRig(t, writable)
	for _, s := range r.alerts.SilenceList {
		if s.Configured {
			assert.Equal(t, http.StatusForbidden, r.send(http.MethodDelete, "/api/v2/silence/"+s.ID, "", "").Code)
		}
	}
	request := httptest.NewRequest(http.MethodPost, "http://localhost:8124"+path, strings.NewReader(newAlertmanagerSilence))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Origin", "https://evil.example")
	assert.Equal(t, http.StatusForbidden, r.do(request).Code, "another site")
}

// What Grafana's Alertmanager data source asks for, with the implementation Prometheus. Its
// health check takes a response to the first path for a Mimir or Cortex.
// https://github.com/grafana/grafana/blob/main/public/app/plugins/datasource/alertmanager/DataSource.ts
func TestGrafanaDataSource(t *testing.T) {
	r := newRig(t, writable)
	assert.Equal(t, http.StatusNotFound, r.get("/alertmanager/api/v2/status").Code)
	status := get2[*models.AlertmanagerStatus](r, "/api/v2/status")
	assert.NotEmpty(t, *status.VersionInfo.Version)
	assert.NotNil(t, status.Config.Original)

	// Alert groups, and the instances that a silence being edited would affect.
	groups := get2[models.AlertGroups](r, "/api/v2/alerts/groups")
	require.NotEmpty(t, groups)
	alert := groups[0].Alerts[0]
	assert.Equal(t, "slack", *groups[0].Receiver.Name)
	assert.NotEmpty(t, *alert.Fingerprint)
	name := alert.Labels["alertname"]
	matching := get2[models.GettableAlerts](r, "/api/v2/alerts?filter=alertname%3D%22"+name+"%22&silenced=true&active=true&inhibited=true")
	require.NotEmpty(t, matching)
	for _, one := range matching {
		assert.Equal(t, name, one.Labels["alertname"])
	}
	var receivers []map[string]string
	require.NoError(t, json.Unmarshal(r.get("/api/v2/receivers").Body.Bytes(), &receivers))
	assert.Equal(t, []map[string]string{{"name": "slack"}}, receivers)

	// A silence is created, edited under its ID, and expired.
	var created struct{ SilenceID string }
	body := r.send(http.MethodPost, "/api/v2/silences", "application/json", newAlertmanagerSilence)
	require.Equal(t, http.StatusOK, body.Code, body.Body.String())
	require.NoError(t, json.Unmarshal(body.Body.Bytes(), &created))
	silence := get2[*models.GettableSilence](r, "/api/v2/silence/"+created.SilenceID)
	assert.Equal(t, "active", *silence.Status.State)
	require.NotEmpty(t, get2[models.GettableSilences](r, "/api/v2/silences"))
	assert.Equal(t, http.StatusOK, r.send(http.MethodDelete, "/api/v2/silence/"+created.SilenceID, "", "").Code)
}
