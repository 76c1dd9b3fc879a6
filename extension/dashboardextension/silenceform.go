// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// maxPreview bounds the alerts that a preview lists.
const maxPreview = 20

// silenceForm is the input of the form, and its error or preview.
type silenceForm struct {
	ID                                  string // of the silence that is extended; "" for a new one
	Source                              string // the alert processor
	Matchers, Hours, CreatedBy, Comment string
	Error                               string
	Preview                             *silencePreview
	Open                                bool
	Sources                             []string
	HourChoices                         []hourChoice
}

// silencePreview is what a silence would match now.
type silencePreview struct {
	Total, Of int // alerts that match, of those that are active
	Alerts    []alertView
	More      int
}

type hourChoice struct{ Value, Label string }

var hourChoices = []hourChoice{{"1", "1 hour"}, {"4", "4 hours"}, {"24", "1 day"}, {"168", "1 week"}}

func (b *dashboardServer) alertsPage(r *http.Request) (content, error) {
	p := newParams(r.URL.Query())
	fingerprint, copied, extended := p.text("silence"), p.text("copy"), p.text("extend")
	if err := p.err(); err != nil {
		return content{}, err
	}
	form := silenceForm{Hours: hourChoices[1].Value}
	if fingerprint == "" && copied == "" && extended == "" {
		return b.alertsContent(form), nil
	}
	hasFingerprint := func(labels map[string]string) bool {
		return alertevent.Alert{Labels: labels}.Fingerprint() == fingerprint
	}
	for _, shown := range b.alerts.all() {
		if fingerprint != "" {
			for active := range shown.asked.Active(dashboard.ActiveFilter{Labels: hasFingerprint}).List(1) {
				form.Matchers, form.Source, form.Open = matchersOf(active.Labels), shown.id.String(), true
			}
		}
		for _, s := range shown.asked.Silences() {
			if s.ID != "" && (s.ID == copied || s.ID == extended) {
				form.Matchers, form.Source, form.Open = strings.Join(s.Matchers, "\n"), shown.id.String(), true
				form.CreatedBy, form.Comment = s.CreatedBy, s.Comment
				if s.ID == extended && !s.Configured {
					form.ID = s.ID
				}
			}
		}
	}
	return b.alertsContent(form), nil
}

// matchersOf are matchers for these labels, one a line.
func matchersOf(set map[string]string) string {
	var matchers []string
	for _, name := range slices.Sorted(maps.Keys(set)) {
		matchers = append(matchers, name+"="+strconv.Quote(set[name]))
	}
	return strings.Join(matchers, "\n")
}

// createSilence adds or extends the silence of a form, or shows what it would match.
func (b *dashboardServer) createSilence(r *http.Request) (content, error) {
	if err := r.ParseForm(); err != nil {
		return content{}, &failure{badData, err}
	}
	form := silenceForm{
		ID: r.PostForm.Get("id"), Matchers: r.PostForm.Get("matchers"), Hours: r.PostForm.Get("hours"), CreatedBy: r.PostForm.Get("created_by"),
		Comment: r.PostForm.Get("comment"), Source: r.PostForm.Get("source"), Open: true,
	}
	matchers, err := form.parse()
	switch {
	case err != nil:
	case r.PostForm.Get("preview") != "":
		form.Preview = b.previewOf(form.Source, matchers)
		return b.alertsContent(form), nil
	default:
		if err = b.silenceOf(form, matchers); err == nil {
			return content{redirect: "/alerts#silences"}, nil
		}
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

// parse reads the matchers. Its error names each line that is wrong.
func (f *silenceForm) parse() (labels.Matchers, error) {
	var all labels.Matchers
	var errs []error
	number := 0
	for line := range strings.Lines(f.Matchers) {
		number++
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		some, err := parseMatchers([]string{line})
		if err != nil || len(some) == 0 {
			errs = append(errs, fmt.Errorf("line %d, %q, is not a matcher: write NAME=\"VALUE\", or !=, =~ or !~ in place of =", number, text.Cut(line, shownDimRunes)))
		}
		all = append(all, some...)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, &failure{badData, err}
	}
	if len(all) == 0 {
		return nil, &failure{badData, errors.New("matchers: must not be empty")}
	}
	if matchAll(all, nil) {
		return nil, &failure{badData, errors.New("these matchers choose every alert: at least one must require a value, such as alertname=\"HighLLMCost\"")}
	}
	return all, nil
}

// previewOf is what matchers choose of the active alerts of a source.
func (b *dashboardServer) previewOf(source string, matchers labels.Matchers) *silencePreview {
	preview := &silencePreview{}
	alerts, ok := b.alerts.byID(source)
	if !ok {
		return preview
	}
	count := func(active dashboard.ActiveAlerts) int {
		pending, firing := active.Count()
		return pending + firing
	}
	matching := alerts.Active(dashboard.ActiveFilter{Labels: func(labels map[string]string) bool { return matchAll(matchers, labels) }})
	preview.Of, preview.Total = count(alerts.Active(dashboard.ActiveFilter{})), count(matching)
	preview.Alerts = b.newAlertViews(slices.Collect(matching.List(maxPreview)))
	preview.More = max(0, preview.Total-len(preview.Alerts))
	return preview
}

func (b *dashboardServer) silenceOf(form silenceForm, matchers labels.Matchers) error {
	hours, err := strconv.Atoi(form.Hours)
	if err != nil || hours < 1 || hours > maxHours {
		return &failure{badData, fmt.Errorf("duration: must be a whole number of hours from 1 to %d, is %q", maxHours, form.Hours)}
	}
	now := b.now()
	s := dashboard.Silence{ID: form.ID, StartsAt: now, EndsAt: now.Add(time.Duration(hours) * time.Hour), CreatedBy: form.CreatedBy, Comment: form.Comment}
	for _, m := range matchers {
		s.Matchers = append(s.Matchers, m.String())
	}
	if form.ID != "" {
		known, ok := b.silencesByID()[form.ID]
		if !ok {
			return errNoSilence(form.ID)
		}
		s.StartsAt = known.StartsAt
	}
	_, err = b.silence(form.Source, s)
	return err
}
