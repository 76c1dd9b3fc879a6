// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package slackexporter

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/slack-go/slack"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/alerts"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
)

// pageURL is where the messages of the tests lead to for a silence.
const pageURL = "https://arc.example/"

// cases are those of all notifiers, and some of a group.
func cases() map[string][]alertevent.Alert {
	all := alerts.Cases()
	group := &alertevent.Group{Key: "{}:{team=search}", Labels: map[string]string{"team": "search"}}
	var grouped []alertevent.Alert
	for i, severity := range []string{"warning", "critical", "info", "error"} {
		a := alerts.Firing()
		a.Labels["team"], a.Labels["severity"], a.Labels["instance"] = "search", severity, fmt.Sprintf("arc-%d", i)
		a.Group = group
		grouped = append(grouped, a)
	}
	resolved := alerts.Resolved()
	resolved.Labels["team"], resolved.Group = "search", group
	all["grouped"] = append(grouped, resolved)
	return all
}

// body is what is posted to a webhook, and all texts in it that are markup.
func body(t *testing.T, d renderer, raised []alertevent.Alert) (posted *slack.WebhookMessage, texts map[string]string) {
	t.Helper()
	rendered, err := d.render(raised)
	require.NoError(t, err)
	posted = &slack.WebhookMessage{Text: rendered.text, Attachments: rendered.attachments}
	content, err := json.Marshal(posted)
	require.NoError(t, err)
	require.NoError(t, double.CheckSlackMessage(content))
	texts, err = double.SlackTexts(content)
	require.NoError(t, err)
	return posted, texts
}

func TestMessages(t *testing.T) {
	for name, raised := range cases() {
		t.Run(name, func(t *testing.T) {
			posted, _ := body(t, renderer{pageURL: pageURL}, raised)
			alerts.CompareJSON(t, name, posted)
		})
	}
}

func TestColors(t *testing.T) {
	for severity, want := range map[string]string{
		"info": "#36a64f", "warning": "#ff9900", "critical": "#ff0000", "CRITICAL": "#ff0000", "error": "#808080", "": "#808080",
	} {
		a := alerts.Firing()
		a.Labels["severity"] = severity
		posted, _ := body(t, renderer{}, []alertevent.Alert{a})
		assert.Equal(t, want, posted.Attachments[0].Color, severity)
	}
	posted, _ := body(t, renderer{}, []alertevent.Alert{alerts.Resolved()})
	assert.Equal(t, "#36a64f", posted.Attachments[0].Color)
}

// The most severe alert of a storm is not left out.
func TestMostSevereIsFirst(t *testing.T) {
	storm := alerts.Cases()["storm"]
	for i := range storm {
		storm[i].Labels["severity"] = "info"
	}
	storm[40].Labels["severity"] = "critical"
	posted, texts := body(t, renderer{}, storm)
	assert.Equal(t, "[CRITICAL] HighErrorRate: 50 alerts, 1 critical, 49 info", texts["text"])
	assert.Equal(t, "#ff0000", posted.Attachments[0].Color)
	assert.Contains(t, texts["attachments.0.blocks.0.text"], "instance=arc-40")
}

func TestFit(t *testing.T) {
	for _, test := range []struct {
		text  string
		limit int
		want  string
	}{
		{"abc", 3, "abc"},
		{"abcd", 3, "ab…"},
		{"a&amp;b", 6, "a…"},
		{"a&amp;bcd", 8, "a&amp;b…"},
		{"see <https://x.example|this page>", 20, "see …"},
		{"<https://x.example|this> and more", 26, "<https://x.example|this> …"},
		{"😀😀😀", 5, "😀😀…"},
		{"😀😀😀", 4, "😀…"},
		{"éé", 3, "éé"},
		{"", 3, ""},
	} {
		assert.Equal(t, test.want, fit(test.text, test.limit), test.text)
	}
}

func FuzzFit(f *testing.F) {
	f.Add("a & b <c> 😀", 4)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		limit = 1 + limit&0xff
		got := safe(text, limit)
		assert.LessOrEqual(t, len(utf16.Encode([]rune(got))), limit)
		assert.NotContains(t, got, "<")
		assert.NotContains(t, got, ">")
		assert.NotContains(t, regexp.MustCompile("&(amp|lt|gt);").ReplaceAllString(got, ""), "&")
	})
}

// ours is the exporter's own markup: links from an alert, and the date.
var ours = regexp.MustCompile(`<(https?://[!-~]+\|(Runbook|Dashboard|Expression|Silence)|!date\^-?\d+\^\{date_num\} \{time_secs\}\|[0-9: UTC-]+)>`)

// Whatever a label holds, the message is one that Slack documents, stays small, and has
// no markup but the exporter's own.
func FuzzMessage(f *testing.F) {
	f.Add("team", "<!channel>", "summary", "https://runbooks.example")
	f.Add("a", "@here #general *x* http://x.example", "", "https://x.example/>|<!here>")
	f.Add("severity", "\x00\u202e", "&lt;", "http://[::1]/\u202e?q= x")
	f.Add("a", "b", "c", `https://"`)
	f.Add("a", "b", "c", "Http://[::0]#  ")
	f.Fuzz(func(t *testing.T, name, value, summary, runbook string) {
		a := alerts.Firing()
		a.Labels[name] = value
		a.Annotations = map[string]string{"summary": summary, "description": value, "runbook_url": runbook}
		a.GeneratorURL = runbook
		for _, raised := range [][]alertevent.Alert{{a}, {a, alerts.Resolved()}} {
			posted, texts := body(t, renderer{pageURL: pageURL}, raised)
			content, err := json.Marshal(posted)
			require.NoError(t, err)
			assert.Less(t, len(content), 64<<10)
			for at, text := range texts {
				assert.NotContains(t, ours.ReplaceAllString(strings.ReplaceAll(text, "<"+strings.TrimSuffix(pageURL, "/")+"/alerts|All alerts>", ""), ""), "<", at)
				assert.NotRegexp(t, "[\\x00-\\x08\u202a-\u202e\u2066-\u2069]", text, at)
			}
		}
	})
}

// The output of a template is bounded, and labels cannot mention anybody.
func TestTemplates(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.Title = `{{ .Status | toUpper }}: {{ .CommonLabels.alertname }}`
	cfg.Text = `{{ range .Alerts }}<{{ .Annotations.runbook_url }}|{{ .Labels.mention }}> {{ end }}{{ .ExternalURL }}`
	cfg.PageURL = pageURL
	d, err := newRenderer(cfg, "slack")
	require.NoError(t, err)
	a := alerts.Firing()
	a.Labels["mention"] = "<!channel>"
	_, texts := body(t, d, []alertevent.Alert{a, a})
	assert.Equal(t, "FIRING: HighErrorRate", texts["text"])
	link := "<https://runbooks.example/high-error-rate|&lt;!channel&gt;>"
	assert.Equal(t, link+" "+link+" "+pageURL, texts["attachments.0.blocks.0.text"])

	cfg.Text = `{{ range .Alerts }}{{ .Annotations.description }}{{ end }}`
	d, err = newRenderer(cfg, "slack")
	require.NoError(t, err)
	_, texts = body(t, d, alerts.Cases()["long"])
	assert.True(t, strings.HasSuffix(texts["attachments.0.blocks.0.text"], "d…"))
}

// The notification is sent even if a template fails.
func TestTemplateThatFails(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.Title = `{{ if gt (len .Alerts) 2 }}{{ index .CommonLabels.alertname 1000 }}{{ end }}title`
	d, err := newRenderer(cfg, "slack")
	require.NoError(t, err)
	rendered, err := d.render(alerts.Cases()["storm"])
	require.Error(t, err)
	assert.Contains(t, rendered.text, "50 alerts")
}

func TestMentions(t *testing.T) {
	mentions := map[string][]string{"critical": {"here", "U012AB3CD"}, "warning": {"S0614TZR7", "here"}, "info": {"channel"}}
	warning := alerts.Firing()
	warning.Labels["severity"] = "warning"
	for want, raised := range map[string][]alertevent.Alert{
		"<!here> <@U012AB3CD>":                      {alerts.Firing()},
		"<!here> <@U012AB3CD> <!subteam^S0614TZR7>": {warning, alerts.Firing()},
		"<!subteam^S0614TZR7> <!here>":              {warning, alerts.Resolved()},
		"":                                          {alerts.Resolved()},
	} {
		assert.Equal(t, want, mentionMarkup(mentions, raised))
	}
}

// The time in the footer is that of the last change.
func TestFooter(t *testing.T) {
	later := alerts.Firing()
	later.StartsAt = alerts.Start.Add(time.Hour)
	_, texts := body(t, renderer{}, []alertevent.Alert{alerts.Firing(), later, alerts.Resolved()})
	assert.Contains(t, texts["attachments.2.blocks.1.elements.0"], fmt.Sprintf("<!date^%d^", later.StartsAt.Unix()))
}
