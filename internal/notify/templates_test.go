// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	promalert "github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

func several() []alertevent.Alert {
	began := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	first := alertevent.Alert{
		Labels:       map[string]string{"alertname": "HighErrorRate", "severity": "critical", "instance": "arc-1", "team": "search"},
		Annotations:  map[string]string{"summary": "High error rate", "runbook_url": "https://runbooks.example"},
		State:        alertevent.Firing,
		StartsAt:     began,
		GeneratorURL: "https://prometheus.example/graph?a=1&b=2",
		Group:        &alertevent.Group{Key: "k", Labels: map[string]string{"alertname": "HighErrorRate"}},
	}
	second := first
	second.Labels = map[string]string{"alertname": "HighErrorRate", "severity": "critical", "instance": "arc-2", "region": "eu"}
	second.Annotations = map[string]string{"summary": "High error rate"}
	second.State, second.EndsAt = alertevent.Resolved, began.Add(time.Minute)
	return []alertevent.Alert{first, second}
}

// The data is what Alertmanager's own code makes of the same alerts.
func TestDataIsAlertmanagers(t *testing.T) {
	theirs, err := template.New()
	require.NoError(t, err)
	theirs.ExternalURL, err = url.Parse("https://arc.example")
	require.NoError(t, err)
	var alerts []*promalert.Alert
	for _, a := range several() {
		set := func(from map[string]string) model.LabelSet {
			to := model.LabelSet{}
			for name, value := range from {
				to[model.LabelName(name)] = model.LabelValue(value)
			}
			return to
		}
		alerts = append(alerts, &promalert.Alert{
			Labels: set(a.Labels), Annotations: set(a.Annotations),
			StartsAt: a.StartsAt, EndsAt: a.EndsAt, GeneratorURL: a.GeneratorURL,
		})
	}
	want := theirs.Data("slack", model.LabelSet{"alertname": "HighErrorRate"}, nil, "", alerts...)
	assert.Equal(t, want, TemplateData("slack", "https://arc.example", several(), nil))
}

func TestTemplates(t *testing.T) {
	templates, err := loadTemplates([]string{"testdata/*.tmpl"})
	require.NoError(t, err)
	data := TemplateData("slack", "https://arc.example", several(), nil)
	for text, want := range map[string]string{
		``:                                       "",
		`{{ template "team.title" . }}`:          "[FIRING:1] HighErrorRate",
		`{{ template "slack.default.title" . }}`: "[FIRING:1] HighErrorRate (critical)",
		`{{ .CommonLabels.SortedPairs }}`:        "alertname=HighErrorRate, severity=critical",
		`{{ .CommonLabels.nothing }}.`:           ".",
		`{{ .CommonLabels.Names | join "," }}`:   "alertname,severity",
		`{{ (.CommonLabels.Remove .GroupLabels.Names).Values | join "" }}`:                                              "critical",
		`{{ .CommonAnnotations.summary | title }}`:                                                                      "High Error Rate",
		`{{ range .Alerts.Resolved }}{{ .Labels.instance }} {{ .EndsAt | tz "Europe/Berlin" | date "15:04" }}{{ end }}`: "arc-2 11:01",
		`{{ (index .Alerts 0).GeneratorURL }}`:                                                                          "https://prometheus.example/graph?a=1&b=2",
		`{{ reReplaceAll "arc-(.)" "$1" (index .Alerts 0).Labels.instance }}`:                                           "1",
		`{{ .Receiver }} {{ .ExternalURL }} {{ .Status }}`:                                                              "slack https://arc.example firing",
		`{{ (index .Alerts 0).Fingerprint }}`:                                                                           several()[0].Fingerprint(),
	} {
		t.Run(text, func(t *testing.T) {
			parsed, err := templates.Text(text)
			require.NoError(t, err)
			got, err := parsed.Render(data)
			require.NoError(t, err)
			assert.Equal(t, want, got)
		})
	}
}

func TestHTMLIsEscaped(t *testing.T) {
	templates, err := loadTemplates(nil)
	require.NoError(t, err)
	parsed, err := templates.HTML(`<p title="{{ .CommonLabels.team }}">{{ .CommonAnnotations.summary }}</p>`)
	require.NoError(t, err)
	alerts := several()[:1]
	alerts[0].Labels["team"] = `"><script>`
	alerts[0].Annotations["summary"] = "<b>"
	got, err := parsed.Render(TemplateData("email", "", alerts, nil))
	require.NoError(t, err)
	assert.Equal(t, `<p title="&#34;&gt;&lt;script&gt;">&lt;b&gt;</p>`, got)
}

// Mistakes show when the collector starts, not with the first notification.
func TestTemplateMistakes(t *testing.T) {
	templates, err := loadTemplates(nil)
	require.NoError(t, err)
	for name, text := range map[string]string{
		"not closed":        `{{ .Status `,
		"unknown function":  `{{ env "HOME" }}`,
		"unknown field":     `{{ .CommonLabel.team }}`,
		"unknown template":  `{{ template "team.title" . }}`,
		"wrong expression":  `{{ reReplaceAll "(" "" .Status }}`,
		"endless recursion": `{{ define "x" }}{{ template "x" . }}{{ end }}{{ template "x" . }}`,
		"no such alert":     `{{ (index .Alerts 7).Status }}`,
	} {
		_, err := templates.Text(text)
		require.Error(t, err, name)
		_, err = templates.HTML(text)
		require.Error(t, err, name)
	}
	_, err = loadTemplates([]string{"testdata/team.tmpl", "testdata/missing.tmpl", "testdata/[", "testdata"})
	for _, key := range []string{"template_files::1", "template_files::2", "template_files::3"} {
		require.ErrorContains(t, err, key)
	}
	assert.NotContains(t, err.Error(), "template_files::0")
}

// Whatever a template repeats, its output is truncated and ends in an ellipsis.
func TestTemplateIsBounded(t *testing.T) {
	templates, err := loadTemplates(nil)
	require.NoError(t, err)
	const endless = `{{ range 1000000000 }}{{ $.Status }}ü{{ end }}`
	parsed, err := templates.Text(endless)
	require.NoError(t, err)
	got, err := parsed.Render(TemplateData("", "", several(), nil))
	require.NoError(t, err)
	assert.LessOrEqual(t, len(got), maxRendered+len(ellipsis))
	assert.True(t, strings.HasSuffix(got, ellipsis))
	assert.True(t, utf8.ValidString(got))
	_, err = templates.HTML(endless)
	require.ErrorIs(t, err, errTooLong, "half a page is no page")
}

// Label values cannot become markup, and are truncated.
func TestDataIsSafe(t *testing.T) {
	alerts := several()[:1]
	alerts[0].Labels["x<y"] = "<!channel>\x1b" + strings.Repeat("a", 1<<20)
	alerts[0].Group.Labels["team"] = "<@U1>"
	data := TemplateData("", "", alerts, func(text string) string { return strings.ReplaceAll(text, "<", "&lt;") })
	assert.True(t, strings.HasPrefix(data.CommonLabels["x&lt;y"], "&lt;!channel>�aaa"))
	assert.LessOrEqual(t, len(data.CommonLabels["x&lt;y"]), maxValue+10)
	assert.Equal(t, "&lt;@U1>", data.GroupLabels["team"])
	assert.Equal(t, "<!channel>", alerts[0].Labels["x<y"][:10], "the alert itself stays as it is")
}

func FuzzTemplate(f *testing.F) {
	f.Add(`{{ range .Alerts }}{{ .Labels.SortedPairs }}{{ end }}`, "value")
	f.Add(`{{ .CommonAnnotations.summary | toJson | title | urlquery }}`, "\xff<")
	templates, err := loadTemplates([]string{"testdata/*.tmpl"})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, text, value string) {
		if strings.Contains(text, "range") && strings.ContainsAny(text, "0123456789") {
			t.Skip("may count for long without writing")
		}
		alerts := several()
		alerts[0].Labels["alertname"] = value
		for _, parse := range []func(string) (*Template, error){templates.Text, templates.HTML} {
			parsed, err := parse(text)
			if err != nil {
				continue
			}
			got, _ := parsed.Render(TemplateData(value, value, alerts, nil))
			assert.LessOrEqual(t, len(got), maxRendered+len(ellipsis))
		}
	})
}
