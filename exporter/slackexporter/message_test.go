// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package slackexporter

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/alerts"
)

func TestMessages(t *testing.T) {
	for name, raised := range alerts.Cases() {
		t.Run(name, func(t *testing.T) { alerts.CompareJSON(t, name, newMessage(raised)) })
	}
}

func TestColours(t *testing.T) {
	for severity, want := range map[string]string{
		"info": "#36a64f", "warning": "#ff9900", "critical": "#ff0000", "CRITICAL": "#ff0000", "error": "#808080", "": "#808080",
	} {
		a := alerts.Firing()
		a.Labels["severity"] = severity
		assert.Equal(t, want, newMessage([]alertevent.Alert{a}).Attachments[0].Color, severity)
	}
	assert.Equal(t, "#36a64f", newMessage([]alertevent.Alert{alerts.Resolved()}).Attachments[0].Color)
}

// Whatever a label holds, the message encodes, stays small, and has no markup
// of Slack's but the links that we made.
func FuzzMessage(f *testing.F) {
	f.Add("team", "<!channel>", "summary", "https://runbooks.example")
	f.Fuzz(func(t *testing.T, name, value, summary, runbook string) {
		a := alerts.Firing()
		a.Labels[name] = value
		a.Annotations = map[string]string{"summary": summary, "description": value, "runbook_url": runbook}
		a.GeneratorURL = ""
		body, err := json.Marshal(newMessage([]alertevent.Alert{a}))
		require.NoError(t, err)
		assert.Less(t, len(body), 64<<10)
		var message struct {
			Attachments []struct{ Text, Fallback string }
		}
		require.NoError(t, json.Unmarshal(body, &message))
		text := message.Attachments[0].Text
		assert.LessOrEqual(t, strings.Count(text, "<"), 1, "the link to the runbook alone")
		assert.NotContains(t, text, "<!")
		assert.NotContains(t, text, "<@")
		assert.NotContains(t, message.Attachments[0].Fallback, "<")
	})
}
