// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-openapi/strfmt"
	"github.com/google/uuid"
	"github.com/prometheus/alertmanager/api/v2/models"
	"github.com/prometheus/alertmanager/pkg/labels"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

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
