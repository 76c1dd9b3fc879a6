// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

const (
	historyShown = 100
	// activeShown bounds the active alerts that a page lists: in a storm there may be 100,000.
	activeShown = 200
)

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
	RuleURL                     string
}

// newAlertViews are the first active alerts.
func (b *dashboardServer) newAlertViews(active []dashboard.ActiveAlert) (views []alertView) {
	for i := range active {
		views = append(views, b.newAlertView(&active[i]))
	}
	return views
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
	More     int // active alerts that are not listed
	History  []historyView
	Silences []silenceView
	Channels []channelView
	// Deliveries are the messages that channels sent last, and Failed how many of them were
	// not accepted.
	Deliveries []deliveryView
	Failed     int
	Form       silenceForm
}

// channelView is a channel as the dashboard shows it.
type channelView struct {
	dashboard.Channel
	AcceptedText, FailingText, NextText string
}

// channels are those of the collector, by name; all alert processors know the same.
func (b *dashboardServer) channels() []channelView {
	var views []channelView
	now := b.now()
	for _, shown := range b.alerts.all() {
		for _, c := range shown.asked.Channels() {
			if slices.ContainsFunc(views, func(v channelView) bool { return v.Name == c.Name }) {
				continue
			}
			view := channelView{Channel: c, AcceptedText: "not since the start"}
			if !c.Accepted.IsZero() {
				view.AcceptedText = text.Ago(now.Sub(c.Accepted)) + " ago"
			}
			if !c.Failing.IsZero() {
				view.FailingText = "fails since " + text.Ago(now.Sub(c.Failing))
			}
			if c.Next.After(now) {
				view.NextText = "next attempt in " + text.Ago(c.Next.Sub(now))
			}
			views = append(views, view)
		}
	}
	return views
}

type historyView struct {
	alertView
	At time.Time
}

type silenceView struct {
	dashboard.Silence
	State string
	Ends  string
	// CanChange is set for one that can be extended and expired, and CanCopy where
	// another like it can be made.
	CanChange, CanCopy bool
}

func (b *dashboardServer) alertsContent(form silenceForm) content {
	form.HourChoices, form.Sources = hourChoices, b.silenceable()
	view := alertsView{shell: b.newShell("Alerts", "alerts"), NoSource: len(b.alerts.all()) == 0, Form: form, Channels: b.channels()}
	view.Deliveries, view.Failed = newDeliveryViews(view.Channels)
	active := b.mostSevere(dashboard.ActiveFilter{}, activeShown)
	view.Active = b.newAlertViews(active)
	for i := range active {
		if id := active[i].RuleID; id != "" {
			view.Active[i].RuleURL = rulePageOf(id)
		}
	}
	pending, firing := b.countActive()
	view.More = max(0, pending+firing-len(active)) // one can begin in between
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
		shown.CanChange = !view.Read && !s.Configured && shown.State != "expired"
		shown.CanCopy = !view.Read
		view.Silences = append(view.Silences, shown)
	}
	return content{template: "alerts.html", data: view}
}

func (b *dashboardServer) expireSilence(r *http.Request) (content, error) {
	if err := r.ParseForm(); err != nil {
		return content{}, &failure{badData, err}
	}
	return content{redirect: "/alerts#silences"}, b.expire(r.PostForm.Get("id"))
}
