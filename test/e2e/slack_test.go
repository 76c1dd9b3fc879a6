// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
)

// The collector ends while an alert fires, and is started again: with the
// variables of a bot and the production configuration, the end is told where the
// beginning was.
func TestSlackThreadOverARestart(t *testing.T) {
	const botToken, channel = "xoxb-0000-a-token-of-a-bot", "#alerts"
	s := newSite(t)
	api := double.NewSlackAPI(t, botToken, channel)
	options := s.options
	options.Set = append(options.Set, "exporters::slack::endpoint="+api.URL)
	options.Env = append(options.Env, "SLACK_BOT_TOKEN="+botToken, "SLACK_CHANNEL="+channel)
	size := func(body string) {
		t.Helper()
		require.Equal(t, answer{Status: 200, Accepted: 1}, postEvents(t, s.arcURL(), s.security, body))
	}
	messages := func(n int) {
		t.Helper()
		require.Eventually(t, func() bool { return len(api.Messages()) >= n }, 30*time.Second, 50*time.Millisecond)
	}

	process := collector.Start(t, options)
	size(`{"cache_type":"llm","hit":true,"size_bytes":5000}`)
	messages(1)
	process.Terminate(t, 20*time.Second)

	process = collector.Start(t, options)
	size(`{"cache_type":"llm","hit":true,"size_bytes":10}`)
	messages(2)
	process.Terminate(t, 20*time.Second)

	told := api.Messages()
	require.Len(t, told, 2)
	assert.Equal(t, 1, told[0].Edits)
	assert.Equal(t, []string{"#36a64f"}, told[0].Colours)
	for _, message := range told {
		assert.True(t, strings.HasPrefix(message.Text, "[RESOLVED] CacheTooLarge: "), message.Text)
	}
	assert.Equal(t, told[0].TS, told[1].ThreadTS)
	assert.Empty(t, s.slack.Bodies(), "the bot posts in place of the webhook")
	assert.NotContains(t, process.Output(), botToken)
}
