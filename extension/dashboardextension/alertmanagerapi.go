// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-openapi/strfmt"
	"github.com/google/uuid"
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

// silencesByID are those of all alert processors; one that several have is there
// once.
func (b *dashboardServer) silencesByID() map[string]dashboard.Silence {
	all := map[string]dashboard.Silence{}
	for _, s := range b.silences() {
		all[s.ID] = s
	}
	return all
}

func (b *dashboardServer) getAlertmanagerSilences(r *http.Request) (response, error) {
	filter, err := parseFilter(r.URL.Query())
	if err != nil {
		return response{}, err
	}
	list := models.GettableSilences{}
	for _, s := range b.silencesByID() {
		shown, err := b.newAlertmanagerSilence(&s)
		if err != nil {
			return response{}, err
		}
		values := map[string]string{}
		for _, m := range shown.Matchers {
			values[*m.Name] = *m.Value
		}
		if filter.matches(values) {
			list = append(list, shown)
		}
	}
	order := map[string]int{"active": 0, "pending": 1, "expired": 2} // as in Alertmanager
	slices.SortFunc(list, func(x, y *models.GettableSilence) int {
		return cmp.Or(cmp.Compare(order[*x.Status.State], order[*y.Status.State]),
			time.Time(*x.EndsAt).Compare(time.Time(*y.EndsAt)), cmp.Compare(*x.ID, *y.ID))
	})
	return response{data: list}, nil
}

func (b *dashboardServer) newAlertmanagerSilence(s *dashboard.Silence) (*models.GettableSilence, error) {
	state, endsAt := silenceState(s, b.now()), s.EndsAt
	if endsAt.IsZero() {
		endsAt = endless
	}
	shown := &models.GettableSilence{ID: &s.ID, Status: &models.SilenceStatus{State: &state}, UpdatedAt: date(s.StartsAt)}
	shown.StartsAt, shown.EndsAt, shown.CreatedBy, shown.Comment = date(s.StartsAt), date(endsAt), &s.CreatedBy, &s.Comment
	matchers, err := parseMatchers(s.Matchers)
	if err != nil {
		return nil, err
	}
	for _, m := range matchers {
		isRegex := m.Type == labels.MatchRegexp || m.Type == labels.MatchNotRegexp
		isEqual := m.Type == labels.MatchEqual || m.Type == labels.MatchRegexp
		shown.Matchers = append(shown.Matchers, &models.Matcher{Name: &m.Name, Value: &m.Value, IsRegex: &isRegex, IsEqual: &isEqual})
	}
	return shown, nil
}

func (b *dashboardServer) getAlertmanagerSilence(r *http.Request) (response, error) {
	s, ok := b.silencesByID()[r.PathValue("id")]
	if !ok {
		return response{}, errNoSilence(r.PathValue("id"))
	}
	shown, err := b.newAlertmanagerSilence(&s)
	return response{data: shown}, err
}

func errNoSilence(id string) error {
	return &failure{notFound, fmt.Errorf("there is no silence %q", id)}
}

// postAlertmanagerSilence adds a silence to all alert processors that accept one
// from here, or replaces the one with its ID.
func (b *dashboardServer) postAlertmanagerSilence(r *http.Request) (response, error) {
	if contentType, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); strings.TrimSpace(contentType) != "application/json" {
		return response{}, &failure{badData, fmt.Errorf("content type must be application/json, is %q", contentType)}
	}
	var posted models.PostableSilence
	if err := json.NewDecoder(r.Body).Decode(&posted); err != nil {
		return response{}, &failure{badData, fmt.Errorf("body: %w", err)}
	}
	if err := posted.Validate(strfmt.Default); err != nil {
		return response{}, &failure{badData, err}
	}
	matchers, err := writeMatchers(posted.Matchers)
	if err != nil {
		return response{}, &failure{badData, err}
	}
	if posted.ID == "" {
		posted.ID = uuid.NewString()
	} else if _, known := b.silencesByID()[posted.ID]; !known {
		return response{}, errNoSilence(posted.ID)
	}
	ids := b.silenceable()
	if len(ids) == 0 {
		return response{}, dashboard.ErrReadOnly
	}
	for _, source := range ids {
		_, err := b.silence(source, dashboard.Silence{
			ID: posted.ID, Matchers: matchers, StartsAt: time.Time(*posted.StartsAt), EndsAt: time.Time(*posted.EndsAt),
			CreatedBy: *posted.CreatedBy, Comment: *posted.Comment,
		})
		if err != nil {
			return response{}, err
		}
	}
	return response{data: map[string]string{"silenceID": posted.ID}}, nil
}

// writeMatchers writes matchers in Alertmanager's syntax.
func writeMatchers(posted models.Matchers) ([]string, error) {
	var all []string
	for i, m := range posted {
		kind := labels.MatchEqual
		isEqual := m.IsEqual == nil || *m.IsEqual
		switch {
		case *m.IsRegex && isEqual:
			kind = labels.MatchRegexp
		case *m.IsRegex:
			kind = labels.MatchNotRegexp
		case !isEqual:
			kind = labels.MatchNotEqual
		}
		matcher, err := labels.NewMatcher(kind, *m.Name, *m.Value)
		if err != nil {
			return nil, fmt.Errorf("matchers::%d: %w", i, err)
		}
		all = append(all, matcher.String())
	}
	return all, nil
}

// deleteAlertmanagerSilence expires a silence in all alert processors that have it.
func (b *dashboardServer) deleteAlertmanagerSilence(r *http.Request) (response, error) {
	id := r.PathValue("id")
	if !b.cfg.Writable {
		return response{}, dashboard.ErrReadOnly
	}
	s, ok := b.silencesByID()[id]
	switch {
	case !ok:
		return response{}, errNoSilence(id)
	case s.Configured:
		return response{}, &failure{forbidden, errors.New("the silence is set in the configuration")}
	}
	for _, shown := range b.alerts.all() {
		has := func(s dashboard.Silence) bool { return s.ID == id }
		if !slices.ContainsFunc(shown.asked.Silences(), has) {
			continue
		}
		if err := shown.asked.Expire(id); err != nil {
			return response{}, err
		}
	}
	return response{data: struct{}{}}, nil
}
