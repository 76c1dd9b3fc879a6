// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"encoding/json"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-openapi/strfmt"
	"github.com/prometheus/alertmanager/api/v2/models"
	"github.com/prometheus/alertmanager/pkg/labels"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// alertmanagerRoutes are the endpoints of Alertmanager's API v2 by which amtool and
// Grafana list alerts, and list, create and expire silences. They have no envelope.
// https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
func (b *dashboardServer) alertmanagerRoutes() []route {
	get, post, remove := http.MethodGet, http.MethodPost, http.MethodDelete
	return []route{
		{get, "/api/v2/status", b.getAlertmanagerStatus},
		{get, "/api/v2/receivers", b.getAlertmanagerReceivers},
		{get, "/api/v2/alerts", b.getAlertmanagerAlerts},
		{get, "/api/v2/alerts/groups", b.getAlertmanagerGroups},
		{get, "/api/v2/silences", b.getAlertmanagerSilences},
		{post, "/api/v2/silences", b.postAlertmanagerSilence},
		{get, "/api/v2/silence/{id}", b.getAlertmanagerSilence},
		{remove, "/api/v2/silence/{id}", b.deleteAlertmanagerSilence},
	}
}

// alertmanagerAPI makes a handler that responds as Alertmanager does: JSON without an
// envelope, and for an error a string.
func (b *dashboardServer) alertmanagerAPI(handle func(*http.Request) (response, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a, err := handle(r)
		a.contentType = "application/json"
		if err == nil && a.stream != nil {
			b.serveStream(w, r, a)
			return
		}
		if err == nil {
			a.body, err = marshal(a.data)
		}
		if err != nil {
			f := failureOf(err)
			a.status = f.kind.status
			a.body, _ = marshal(f.Error())
		}
		serve(w, r, a)
	}
}

// expectedEnd is how far ahead the end of a firing alert is: Alertmanager's
// resolve_timeout.
const expectedEnd = 5 * time.Minute

// endless is the end of a silence without one.
var endless = time.Date(9999, time.December, 31, 0, 0, 0, 0, time.UTC)

func date(t time.Time) *strfmt.DateTime {
	d := strfmt.DateTime(t.UTC())
	return &d
}

func (b *dashboardServer) getAlertmanagerStatus(*http.Request) (response, error) {
	version, empty, state := b.set.BuildInfo.Version, "", models.ClusterStatusStatusDisabled
	return response{data: &models.AlertmanagerStatus{
		Cluster: &models.ClusterStatus{Status: &state, Peers: []*models.PeerStatus{}},
		// Routes are in the collector's configuration, which is not one of Alertmanager's.
		Config: &models.AlertmanagerConfig{Original: &empty},
		Uptime: date(b.started),
		VersionInfo: &models.VersionInfo{
			Version: &version, Branch: &empty, BuildDate: &empty, BuildUser: &empty, GoVersion: &empty, Revision: &empty,
		},
	}}, nil
}

func (b *dashboardServer) getAlertmanagerReceivers(*http.Request) (response, error) {
	names := map[string]struct{}{}
	for _, shown := range b.alerts.all() {
		for _, name := range shown.asked.Receivers() {
			names[name] = struct{}{}
		}
	}
	list := []*models.Receiver{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		list = append(list, &models.Receiver{Name: &name})
	}
	return response{data: list}, nil
}

// firing are the alerts that fire and that a request asks for, each with the routes by which it is
// notified.
func (b *dashboardServer) firing(query url.Values) (iter.Seq2[*models.GettableAlert, []dashboard.Route], error) {
	filter, err := parseFilter(query)
	if err != nil {
		return nil, err
	}
	return func(yield func(*models.GettableAlert, []dashboard.Route) bool) {
		for _, shown := range b.alerts.all() {
			silences := b.activeSilences(shown.asked.Silences())
			for active := range shown.asked.Active(dashboard.ActiveFilter{State: "firing", Labels: filter.matches}).List(0) {
				routes := shown.asked.Routes(active.Labels)
				if filter.receiver != nil && !slices.ContainsFunc(routes, func(r dashboard.Route) bool { return filter.receiver.Matches(r.Receiver) }) {
					continue
				}
				alert := b.newAlertmanagerAlert(&active, routes, silencesOf(active.Labels, silences))
				if filter.wants(alert.Status) && !yield(alert, routes) {
					return
				}
			}
		}
	}, nil
}

// parsedSilence is an active silence.
type parsedSilence struct {
	id       string
	matchers labels.Matchers
}

func (b *dashboardServer) activeSilences(silences []dashboard.Silence) (active []parsedSilence) {
	for _, s := range silences {
		if silenceState(&s, b.now()) != "active" {
			continue
		}
		if matchers, err := parseMatchers(s.Matchers); err == nil {
			active = append(active, parsedSilence{s.ID, matchers})
		}
	}
	return active
}

// silencesOf are the IDs of the active silences that an alert with the labels meets.
// They suppress what is not notified yet, and repetitions.
func silencesOf(alert map[string]string, silences []parsedSilence) []string {
	ids := []string{}
	for _, s := range silences {
		if matchAll(s.matchers, alert) {
			ids = append(ids, s.id)
		}
	}
	return ids
}

func (b *dashboardServer) newAlertmanagerAlert(active *dashboard.ActiveAlert, routes []dashboard.Route, silencedBy []string) *models.GettableAlert {
	fingerprint, state := active.Fingerprint(), models.AlertStatusStateActive
	status := &models.AlertStatus{State: &state, SilencedBy: silencedBy, InhibitedBy: []string{}, MutedBy: []string{}}
	if by, ok := strings.CutPrefix(active.Suppressed, "inhibited by "); ok {
		status.InhibitedBy = []string{by}
	} else if active.Suppressed != "" && !strings.HasPrefix(active.Suppressed, "silence ") {
		status.MutedBy = []string{active.Suppressed}
	}
	if len(status.SilencedBy)+len(status.InhibitedBy)+len(status.MutedBy) > 0 {
		state = models.AlertStatusStateSuppressed
	}
	receivers := []*models.ReceiverReference{}
	for _, route := range routes {
		receivers = append(receivers, &models.ReceiverReference{Name: &route.Receiver})
	}
	alert := &models.GettableAlert{
		Annotations: orEmpty(active.Annotations), EndsAt: date(b.now().Add(expectedEnd)), Fingerprint: &fingerprint,
		Receivers: receivers, StartsAt: date(active.StartsAt), Status: status, UpdatedAt: date(b.now()),
	}
	alert.Labels = orEmpty(active.Labels)
	if strfmt.Default.Validates("uri", active.GeneratorURL) {
		alert.GeneratorURL = strfmt.URI(active.GeneratorURL)
	}
	return alert
}

func (b *dashboardServer) getAlertmanagerAlerts(r *http.Request) (response, error) {
	firing, err := b.firing(r.URL.Query())
	if err != nil {
		return response{}, err
	}
	return response{stream: streamArray(func(yield func(any, error) bool) {
		for alert := range firing {
			if !yield(alert, nil) {
				return
			}
		}
	})}, nil
}

// getAlertmanagerGroups has the alerts by receiver and group.
func (b *dashboardServer) getAlertmanagerGroups(r *http.Request) (response, error) {
	firing, err := b.firing(r.URL.Query())
	if err != nil {
		return response{}, err
	}
	groups := map[string]*models.AlertGroup{}
	for alert, routes := range firing {
		for _, route := range routes {
			names, _ := json.Marshal(route.GroupLabels) // its keys are sorted
			key := route.Receiver + " " + string(names)
			if groups[key] == nil {
				groups[key] = &models.AlertGroup{Labels: orEmpty(route.GroupLabels), RouteLabels: models.LabelSet{}, Receiver: &models.ReceiverReference{Name: &route.Receiver}}
			}
			groups[key].Alerts = append(groups[key].Alerts, alert)
		}
	}
	return response{stream: streamArray(func(yield func(any, error) bool) {
		for _, key := range slices.Sorted(maps.Keys(groups)) {
			if !yield(groups[key], nil) {
				return
			}
		}
	})}, nil
}
