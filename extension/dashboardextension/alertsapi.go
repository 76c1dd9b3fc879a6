// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

const maxHistory = 1000

// alertJSON is an alert; values are written as Prometheus' API writes them.
type alertJSON struct {
	Fingerprint  string            `json:"fingerprint"`
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	State        string            `json:"state"`
	ActiveAt     time.Time         `json:"activeAt"`
	EndsAt       *time.Time        `json:"endsAt,omitempty"`
	Value        *string           `json:"value"`
	GeneratorURL string            `json:"generatorURL,omitempty"`
	TraceURL     string            `json:"traceURL,omitempty"`
	Suppressed   string            `json:"suppressed,omitempty"`
}

type historyJSON struct {
	At    time.Time `json:"at"`
	Alert alertJSON `json:"alert"`
}

// ruleGroupJSON is followed by the rules.
type ruleGroupJSON struct {
	Name           string     `json:"name"`
	File           string     `json:"file"`
	Interval       float64    `json:"interval"`
	LastEvaluation *time.Time `json:"lastEvaluation"`
	EvaluationTime float64    `json:"evaluationTime"`
}

// ruleJSON is followed by the alerts.
type ruleJSON struct {
	ID          string            `json:"id"`
	Type        string            `json:"type"`
	Name        string            `json:"name"`
	Query       string            `json:"query"`
	Duration    float64           `json:"duration"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	State       string            `json:"state,omitempty"`
	Health      string            `json:"health"`
	LastError   string            `json:"lastError,omitempty"`
	Value       *string           `json:"value"`
	Reason      string            `json:"reason,omitempty"`
	Channels    []string          `json:"channels"`
	NoChannel   bool              `json:"noChannel,omitempty"`
}

type silenceJSON struct {
	ID         string     `json:"id"`
	Matchers   []string   `json:"matchers"`
	StartsAt   time.Time  `json:"startsAt"`
	EndsAt     *time.Time `json:"endsAt"` // null: it does not end
	CreatedBy  string     `json:"createdBy"`
	Comment    string     `json:"comment"`
	Configured bool       `json:"configured"`
	State      string     `json:"state"`
}

func (b *dashboardServer) newAlertJSON(a *alertevent.Alert, state, suppressed string) alertJSON {
	j := alertJSON{
		Fingerprint: a.Fingerprint(), Labels: orEmpty(a.Labels), Annotations: orEmpty(a.Annotations), State: state,
		ActiveAt: a.StartsAt.UTC(), Value: sample(a.Value), GeneratorURL: a.GeneratorURL, Suppressed: suppressed,
		TraceURL: b.exampleURL(a),
	}
	j.EndsAt = timeOrNil(a.EndsAt)
	return j
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// exampleURL is the address of the trace of an alert's example.
func (b *dashboardServer) exampleURL(a *alertevent.Alert) string {
	if a.TraceID.IsEmpty() {
		return ""
	}
	return traceURL(b.cfg.TraceURL, a.TraceID.String(), a.SpanID.String())
}

// sample writes a value as Prometheus' API does; JSON has no NaN.
func sample(v *float64) *string {
	if v == nil {
		return nil
	}
	text := strconv.FormatFloat(*v, 'f', -1, 64)
	if math.IsInf(*v, 1) {
		text = "+Inf"
	}
	return &text
}

// countActive counts the active alerts of all sources.
func (b *dashboardServer) countActive() (pending, firing int) {
	for _, shown := range b.alerts.all() {
		p, f := shown.asked.Active(dashboard.ActiveFilter{}).Count()
		pending, firing = pending+p, firing+f
	}
	return pending, firing
}

// mostSevere are the most severe active alerts of all sources, at most limit.
func (b *dashboardServer) mostSevere(filter dashboard.ActiveFilter, limit int) []dashboard.ActiveAlert {
	return merge(b.alerts.all(), limit,
		func(a dashboard.Alerts) []dashboard.ActiveAlert { return slices.Collect(a.Active(filter).List(limit)) },
		func(x, y dashboard.ActiveAlert) int { return cmp.Compare(y.SeverityRank(), x.SeverityRank()) })
}

func (b *dashboardServer) getAlerts(r *http.Request) (response, error) {
	p := newParams(r.URL.Query())
	if err := p.err(); err != nil {
		return response{}, err
	}
	alerts := func(yield func(any, error) bool) {
		for _, shown := range b.alerts.all() {
			for alert, err := range b.alertList(shown.asked.Active(dashboard.ActiveFilter{})) {
				if !yield(alert, err) {
					return
				}
			}
		}
	}
	return response{contentType: "application/json", stream: streamJSON(member{"alerts", list(alerts)})}, nil
}

// alertList has each alert made when it is written: there may be 100,000.
func (b *dashboardServer) alertList(alerts dashboard.ActiveAlerts) list {
	return func(yield func(any, error) bool) {
		if alerts == nil {
			return
		}
		for active := range alerts.List(0) {
			if !yield(b.newAlertJSON(&active.Alert, active.State, active.Suppressed), nil) {
				return
			}
		}
	}
}

// history are the last notifications of all sources, the newest first.
func (b *dashboardServer) history(limit int) []dashboard.HistoryEntry {
	return merge(b.alerts.all(), limit,
		func(a dashboard.Alerts) []dashboard.HistoryEntry { return a.History(limit) },
		func(x, y dashboard.HistoryEntry) int { return y.At.Compare(x.At) })
}

func (b *dashboardServer) getHistory(r *http.Request) (response, error) {
	p := newParams(r.URL.Query())
	limit := p.number("limit", 100, maxHistory)
	if err := p.err(); err != nil {
		return response{}, err
	}
	list := []historyJSON{}
	for _, entry := range b.history(limit) {
		list = append(list, historyJSON{At: entry.At.UTC(), Alert: b.newAlertJSON(&entry.Alert, string(entry.Alert.State), "")})
	}
	return response{data: list}, nil
}

func (b *dashboardServer) getRules(r *http.Request) (response, error) {
	p := newParams(r.URL.Query())
	if err := p.err(); err != nil {
		return response{}, err
	}
	groups := func(yield func(any, error) bool) {
		for _, shown := range b.alerts.all() {
			for _, group := range shown.asked.RuleGroups() {
				if !yield(extended{newRuleGroupJSON(&group), member{"rules", b.ruleList(group.Rules)}}, nil) {
					return
				}
			}
		}
	}
	return response{contentType: "application/json", stream: streamJSON(member{"groups", list(groups)})}, nil
}

func newRuleGroupJSON(group *dashboard.RuleGroup) ruleGroupJSON {
	return ruleGroupJSON{
		Name: group.Name, File: group.File, Interval: group.Interval.Seconds(),
		LastEvaluation: timeOrNil(group.LastEvaluation), EvaluationTime: group.Duration.Seconds(),
	}
}

func (b *dashboardServer) ruleList(rules []dashboard.Rule) list {
	return func(yield func(any, error) bool) {
		for i := range rules {
			rule := &rules[i]
			shown := ruleJSON{
				ID: rule.ID, Type: rule.Kind, Name: rule.Name, Query: rule.Expr, Duration: rule.For.Seconds(),
				Labels: orEmpty(rule.Labels), Annotations: orEmpty(rule.Annotations), State: rule.State,
				Health: rule.Health, LastError: rule.LastError, Value: sample(rule.Value), Reason: rule.Reason,
				Channels: append([]string{}, rule.Channels...), NoChannel: rule.NoChannel,
			}
			if !yield(extended{shown, member{"alerts", b.alertList(rule.Active)}}, nil) {
				return
			}
		}
	}
}

func (b *dashboardServer) silences() []dashboard.Silence {
	return merge(b.alerts.all(), 0,
		func(a dashboard.Alerts) []dashboard.Silence { return a.Silences() },
		func(x, y dashboard.Silence) int { return y.EndsAt.Compare(x.EndsAt) })
}

// silenceable are the IDs of the alert processors that accept silences from here.
func (b *dashboardServer) silenceable() []string {
	var ids []string
	for _, shown := range b.alerts.all() {
		if b.cfg.Writable && shown.asked.CanSilence() {
			ids = append(ids, shown.id.String())
		}
	}
	return ids
}

// silenceState is pending, active or expired, as in Alertmanager.
func silenceState(s *dashboard.Silence, now time.Time) string {
	switch {
	case now.Before(s.StartsAt):
		return "pending"
	case s.EndsAt.IsZero() || now.Before(s.EndsAt):
		return "active"
	default:
		return "expired"
	}
}

func (b *dashboardServer) getSilences(r *http.Request) (response, error) {
	p := newParams(r.URL.Query())
	if err := p.err(); err != nil {
		return response{}, err
	}
	list := []silenceJSON{}
	for _, s := range b.silences() {
		list = append(list, silenceJSON{
			ID: s.ID, Matchers: append([]string{}, s.Matchers...), StartsAt: s.StartsAt.UTC(), EndsAt: timeOrNil(s.EndsAt),
			CreatedBy: s.CreatedBy, Comment: s.Comment, Configured: s.Configured, State: silenceState(&s, b.now()),
		})
	}
	return response{data: list}, nil
}

// newSilence is the body of POST /api/silences.
type newSilence struct {
	ID        string    `json:"id"`
	Matchers  []string  `json:"matchers"`
	StartsAt  time.Time `json:"startsAt"`
	EndsAt    time.Time `json:"endsAt"`
	CreatedBy string    `json:"createdBy"`
	Comment   string    `json:"comment"`
}

func (b *dashboardServer) postSilence(r *http.Request) (response, error) {
	p := newParams(r.URL.Query())
	source := p.text("source")
	if err := p.err(); err != nil {
		return response{}, err
	}
	if contentType, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); strings.TrimSpace(contentType) != "application/json" {
		return response{}, &failure{badData, fmt.Errorf("content type must be application/json, is %q", contentType)}
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return response{}, &failure{badData, err}
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	var s newSilence
	if err := decoder.Decode(&s); err != nil {
		return response{}, &failure{badData, fmt.Errorf("body: %w", err)}
	}
	id, err := b.silence(source, dashboard.Silence{
		ID: s.ID, Matchers: s.Matchers, StartsAt: s.StartsAt, EndsAt: s.EndsAt, CreatedBy: s.CreatedBy, Comment: s.Comment,
	})
	if err != nil {
		return response{}, err
	}
	return response{data: map[string]string{"id": id}}, nil
}

// silence adds a silence to the source with an ID; "" is the first source.
func (b *dashboardServer) silence(source string, s dashboard.Silence) (id string, err error) {
	if !b.cfg.Writable {
		return "", dashboard.ErrReadOnly
	}
	alerts, ok := b.alerts.byID(source)
	if !ok {
		return "", &failure{notFound, errors.New("there is no such alert processor")}
	}
	if s.StartsAt.IsZero() {
		s.StartsAt = b.now()
	}
	if len(s.Matchers) == 0 {
		return "", &failure{badData, errors.New("matchers: must not be empty")}
	}
	if !s.EndsAt.After(s.StartsAt) {
		return "", &failure{badData, errors.New("endsAt: must be after startsAt")}
	}
	id, err = alerts.Silence(s)
	if err != nil && !errors.Is(err, dashboard.ErrReadOnly) {
		return "", &failure{badData, err}
	}
	return id, err
}

func (b *dashboardServer) deleteSilence(r *http.Request) (response, error) {
	p := newParams(r.URL.Query())
	if err := p.err(); err != nil {
		return response{}, err
	}
	if err := b.expire(r.PathValue("id")); err != nil {
		return response{}, err
	}
	return response{status: http.StatusNoContent}, nil
}

// expire ends the silence with an ID in the source that has it.
func (b *dashboardServer) expire(id string) error {
	if !b.cfg.Writable {
		return dashboard.ErrReadOnly
	}
	for _, shown := range b.alerts.all() {
		for _, s := range shown.asked.Silences() {
			if s.ID != id {
				continue
			}
			if s.Configured {
				return &failure{forbidden, errors.New("the silence is set in the configuration")}
			}
			return shown.asked.Expire(id)
		}
	}
	return &failure{notFound, fmt.Errorf("there is no silence %q", id)}
}
