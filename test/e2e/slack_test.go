// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
)

// The Collector stops while an alert fires, and is started again: with the variables of
// a bot and the production configuration, the resolution is posted to the thread of the
// firing message.
func TestSlackThreadOverARestart(t *testing.T) {
	const botToken, channel = "xoxb-0000-a-token-of-a-bot", "#alerts"
	s := newSite(t)
	api := double.NewSlackAPI(t, botToken, channel)
	options := s.options
	options.Set = append(options.Set, "exporters::slack::endpoint="+api.URL)
	options.Env = append(options.Env, "SLACK_BOT_TOKEN="+botToken, "SLACK_CHANNEL="+channel)
	send := func(bytes, agents int) {
		t.Helper()
		got := postEvents(t, s.arcURL(), s.security, lines(
			fmt.Sprintf(`{"cache_type":"llm","hit":true,"size_bytes":%d}`, bytes),
			fmt.Sprintf(`{"active_agents":%d}`, agents),
		))
		require.Equal(t, arcResponse{Status: 200, Accepted: 2}, got)
	}
	messages := func(n int) {
		t.Helper()
		require.Eventually(t, func() bool { return len(api.Messages()) >= n }, 30*time.Second, 50*time.Millisecond)
	}

	process := collector.Start(t, options)
	send(5000, 1)
	messages(1)
	process.Terminate(t, 20*time.Second)

	process = collector.Start(t, options)
	// It still fires, and is not notified again; the other alert proves that the rules
	// were evaluated.
	send(5000, 1000)
	messages(2)
	send(10, 1000)
	messages(3)
	process.Terminate(t, 20*time.Second)

	posted := api.Messages()
	require.Len(t, posted, 3)
	firing, marker, resolved := posted[0], posted[1], posted[2]
	assert.Contains(t, marker.Text, "Marker")
	assert.Empty(t, marker.ThreadTS)
	assert.Equal(t, 1, firing.Edits)
	assert.Equal(t, []string{"#36a64f"}, firing.Colors)
	for _, message := range []double.SlackMessage{firing, resolved} {
		assert.True(t, strings.HasPrefix(message.Text, "[RESOLVED] CacheTooLarge: "), message.Text)
	}
	assert.Equal(t, firing.TS, resolved.ThreadTS)
	assert.Empty(t, s.slack.Bodies(), "the bot posts in place of the webhook")
	assert.NotContains(t, process.Output(), botToken)
}
