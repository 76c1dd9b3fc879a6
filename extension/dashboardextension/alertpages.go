// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

const historyShown = 100

// alertView is an alert as the dashboard shows it.
type alertView struct {
	Name, Severity, State, Text string
	Class                       string // critical, warning or info
	Labels                      []string
	Since                       time.Time
	Ago                         string
	Value                       string
	Suppressed                  string
	Runbook, Dashboard, Trace   string
	SilenceURL                  string
}

func (b *dashboardServer) newAlertView(active *dashboard.ActiveAlert) alertView {
	view := b.alertViewOf(&active.Alert)
	view.State, view.Suppressed = active.State, active.Suppressed
	if len(b.silenceable()) > 0 {
		view.SilenceURL = "/alerts?silence=" + active.Fingerprint() + "#new"
	}
	return view
}

func (b *dashboardServer) alertViewOf(a *alertevent.Alert) alertView {
	view := alertView{
		Name: a.Name(), Severity: a.Severity(), State: string(a.State), Class: severityClass(a.Severity()),
		Since: a.StartsAt, Ago: text.Ago(b.now().Sub(a.StartsAt)), Value: number(a.Value),
		Runbook: webLink(a.Annotations[alertevent.AnnotationRunbook]), Dashboard: webLink(a.Annotations[alertevent.AnnotationDashboard]),
		Trace: b.exampleURL(a),
	}
	view.Text = a.Annotations[alertevent.AnnotationDescription]
	if view.Text == "" {
		view.Text = a.Annotations[alertevent.AnnotationSummary]
	}
	view.Text = text.Cut(view.Text, 500)
	for _, name := range slices.Sorted(maps.Keys(a.Labels)) {
		if name != alertevent.LabelName && name != alertevent.LabelSeverity {
			view.Labels = append(view.Labels, text.Cut(name+"="+a.Labels[name], shownDimRunes))
		}
	}
	return view
}

func severityClass(severity string) string {
	switch severity {
	case alertevent.SeverityCritical, alertevent.SeverityError:
		return "critical"
	case alertevent.SeverityWarning:
		return "warning"
	default:
		return "info"
	}
}

func number(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'g', 4, 64)
}

// alertsView is the view of alerts, notifications and silences.
type alertsView struct {
	shell
	NoSource bool
	Active   []alertView
	History  []historyView
	Silences []silenceView
	Form     silenceForm
}

type historyView struct {
	alertView
	At time.Time
}

type silenceView struct {
	dashboard.Silence
	State     string
	Ends      string
	CanExpire bool
}

// silenceForm is the input of the form, and its error.
type silenceForm struct {
	Source                              string // the alert processor
	Matchers, Hours, CreatedBy, Comment string
	Error                               string
	Open                                bool
	Sources                             []string
	HourChoices                         []hourChoice
}

type hourChoice struct{ Value, Label string }

var hourChoices = []hourChoice{{"1", "1 hour"}, {"4", "4 hours"}, {"24", "1 day"}, {"168", "1 week"}}

func (b *dashboardServer) alertsPage(r *http.Request) (content, error) {
	p := newParams(r.URL.Query())
	fingerprint := p.text("silence")
	if err := p.err(); err != nil {
		return content{}, err
	}
	form := silenceForm{Hours: hourChoices[1].Value}
	for _, shown := range b.alerts.all() {
		for _, active := range shown.asked.Active() {
			if fingerprint != "" && active.Fingerprint() == fingerprint {
				form.Matchers, form.Source, form.Open = matchersOf(active.Labels), shown.id.String(), true
			}
		}
	}
	return b.alertsContent(form), nil
}

// matchersOf are matchers for these labels, one a line.
func matchersOf(labels map[string]string) string {
	var matchers []string
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		matchers = append(matchers, name+"="+strconv.Quote(labels[name]))
	}
	return strings.Join(matchers, "\n")
}

func (b *dashboardServer) alertsContent(form silenceForm) content {
	form.HourChoices, form.Sources = hourChoices, b.silenceable()
	view := alertsView{shell: b.newShell("Alerts", "alerts"), NoSource: len(b.alerts.all()) == 0, Form: form}
	for _, active := range b.activeAlerts() {
		view.Active = append(view.Active, b.newAlertView(&active))
	}
	for _, entry := range b.history(historyShown) {
		view.History = append(view.History, historyView{b.alertViewOf(&entry.Alert), entry.At})
	}
	now := b.now()
	for _, s := range b.silences() {
		shown := silenceView{Silence: s, State: silenceState(&s, now)}
		switch {
		case s.EndsAt.IsZero():
			shown.Ends = "never"
		case shown.State == "expired":
			shown.Ends = text.Ago(now.Sub(s.EndsAt)) + " ago"
		default:
			shown.Ends = "in " + text.Ago(s.EndsAt.Sub(now))
		}
		shown.CanExpire = !view.Read && !s.Configured && shown.State != "expired"
		view.Silences = append(view.Silences, shown)
	}
	return content{template: "alerts.html", data: view}
}

func (b *dashboardServer) createSilence(r *http.Request) (content, error) {
	if err := r.ParseForm(); err != nil {
		return content{}, &failure{badData, err}
	}
	form := silenceForm{
		Matchers: r.PostForm.Get("matchers"), Hours: r.PostForm.Get("hours"), CreatedBy: r.PostForm.Get("created_by"),
		Comment: r.PostForm.Get("comment"), Source: r.PostForm.Get("source"), Open: true,
	}
	err := b.silenceOf(form)
	if err == nil {
		return content{redirect: "/alerts#silences"}, nil
	}
	f := failureOf(err)
	if f.kind != badData {
		return content{}, err
	}
	form.Error = f.Error()
	again := b.alertsContent(form)
	again.status = f.kind.status
	return again, nil
}

func (b *dashboardServer) silenceOf(form silenceForm) error {
	hours, err := strconv.Atoi(form.Hours)
	if err != nil || hours < 1 || hours > maxHours {
		return &failure{badData, fmt.Errorf("duration: must be a whole number of hours from 1 to %d, is %q", maxHours, form.Hours)}
	}
	var matchers []string
	for line := range strings.Lines(form.Matchers) {
		if line = strings.TrimSpace(line); line != "" {
			matchers = append(matchers, line)
		}
	}
	now := b.now()
	_, err = b.silence(form.Source, dashboard.Silence{
		Matchers: matchers, StartsAt: now, EndsAt: now.Add(time.Duration(hours) * time.Hour), CreatedBy: form.CreatedBy, Comment: form.Comment,
	})
	return err
}

func (b *dashboardServer) expireSilence(r *http.Request) (content, error) {
	if err := r.ParseForm(); err != nil {
		return content{}, &failure{badData, err}
	}
	return content{redirect: "/alerts#silences"}, b.expire(r.PostForm.Get("id"))
}
