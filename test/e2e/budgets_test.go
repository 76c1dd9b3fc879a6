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
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
)

// callOf is a request of one call of ada, $0.0075, or $0.00625 once a record reports that its
// input was cached.
func callOf(t *testing.T, id byte, cached int64) []byte {
	t.Helper()
	td := ptrace.NewTraces()
	span := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	span.SetTraceID(pcommon.TraceID{id, 1})
	span.SetSpanID(pcommon.SpanID{id, byte(cached >> 4), 1})
	span.SetStartTimestamp(pcommon.NewTimestampFromTime(time.Now().Add(-time.Second)))
	span.SetEndTimestamp(pcommon.NewTimestampFromTime(time.Now()))
	require.NoError(t, span.Attributes().FromRaw(map[string]any{
		"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o", "user.id": "ada",
		"gen_ai.response.id": fmt.Sprint("chatcmpl-", id), "gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 500,
	}))
	if cached > 0 {
		span.Attributes().PutInt("gen_ai.usage.cache_read.input_tokens", cached)
	}
	body, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
	require.NoError(t, err)
	return body
}

// The thresholds of a budget are those of its configuration. Each is notified once, although a
// correction takes the budget below it, a call above it again, and the Collector is restarted.
func TestThresholdsAreNotifiedOnce(t *testing.T) {
	t.Parallel()
	slack := double.NewSlack(t)
	p, set := quick(t)
	options := collector.Options{
		Configs: []string{"config/default.yaml", "config/policies/usage.yaml", "config/policies/state.yaml"},
		Set: append(set, "exporters::prometheus::endpoint="+p.page,
			"processors::alert::rule_files=[config/rules/usage/usage.yml]",
			"processors::llm_cost::budgets=[{name: user, window: 30d, by: [user.id], limit: 0.0125, thresholds: [60, 90]}]"),
		Env: []string{"SLACK_WEBHOOK_URL=" + slack.URL, "OTELCOL_ARC_STATE=" + t.TempDir()},
	}
	process := collector.Start(t, options)
	send := func(body []byte, ratio float64) {
		t.Helper()
		require.True(t, postTraces(t.Context(), "http://"+p.http+"/v1/traces", body))
		require.EventuallyWithT(t, func(c *assert.CollectT) {
			assert.InDelta(c, ratio, scrape(c, "http://"+p.page+"/metrics").sum("arc_llm_budget_used_ratio"), 1e-9)
		}, 60*time.Second, 100*time.Millisecond)
	}
	notified := func(threshold string) (n int) {
		for _, body := range slack.Bodies() {
			n += strings.Count(fmt.Sprint(body["text"]), threshold+"% of an LLM budget is used")
		}
		return n
	}
	wait := func(threshold string) {
		t.Helper()
		require.Eventually(t, func() bool { return notified(threshold) > 0 }, 60*time.Second, 50*time.Millisecond)
	}
	send(callOf(t, 1, 0), 0.6)
	wait("60")
	send(callOf(t, 1, 1000), 0.5)
	process.Terminate(t, 20*time.Second)

	process = collector.Start(t, options)
	send(callOf(t, 2, 0), 1.1)
	wait("90")
	send(callOf(t, 2, 1000), 1)
	process.Terminate(t, 20*time.Second)
	assert.Equal(t, []int{1, 1, 0}, []int{notified("60"), notified("90"), notified("100")}, "%v", slack.Bodies())
	assert.NotContains(t, fmt.Sprint(slack.Bodies()), "RESOLVED")
	assert.Contains(t, fmt.Sprint(slack.Bodies()), "60% of the budget user is used by user ada")
}
