//go:build e2e

// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// teamBatch is a trace of calls of several models and teams.
func teamBatch(t *testing.T, number uint32, random *rand.Rand) []byte {
	t.Helper()
	td := ptrace.NewTraces()
	for n := range 6 {
		resource := td.ResourceSpans().AppendEmpty()
		resource.Resource().Attributes().PutStr("team.id", []string{"search", "shop", "ops"}[random.IntN(3)])
		span := resource.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
		var trace pcommon.TraceID
		binary.BigEndian.PutUint32(trace[:], number+1)
		span.SetTraceID(trace)
		span.SetSpanID(pcommon.SpanID{7: byte(n + 1)})
		span.SetStartTimestamp(pcommon.NewTimestampFromTime(time.Now().Add(-time.Second)))
		span.SetEndTimestamp(pcommon.NewTimestampFromTime(time.Now()))
		span.Attributes().PutStr("gen_ai.operation.name", "chat")
		span.Attributes().PutStr("gen_ai.provider.name", "openai")
		span.Attributes().PutStr("gen_ai.request.model", []string{"gpt-4o", "gpt-4o-mini"}[random.IntN(2)])
		span.Attributes().PutInt("gen_ai.usage.input_tokens", random.Int64N(100_000))
		span.Attributes().PutInt("gen_ai.usage.output_tokens", random.Int64N(10_000))
		if random.IntN(10) == 0 {
			span.Status().SetCode(ptrace.StatusCodeError)
		}
	}
	body, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
	require.NoError(t, err)
	return body
}

// usageSums are what a dashboard has of a day, by the values of dimensions.
func usageSums(t require.TestingT, address, by string) map[string]float64 {
	sums := map[string]float64{}
	status, body := fetch(t, "http://"+address+"/api/usage?hours=24&"+by)
	require.Equal(t, http.StatusOK, status, body)
	var response struct {
		Data struct {
			Rows []struct {
				Group  map[string]string
				Cost   float64 `json:"cost_dollars"`
				Calls  float64
				Errors float64
				Tokens struct{ Input, Output float64 }
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(body), &response))
	for _, row := range response.Data.Rows {
		key := row.Group["model"] + " " + row.Group["team"]
		sums[key+" cost"] += row.Cost
		sums[key+" calls"] += row.Calls
		sums[key+" input"] += row.Tokens.Input
		sums[key+" output"] += row.Tokens.Output
		if by == "by=model" { // failed calls have no team in the metrics
			sums[key+" errors"] += row.Errors
		}
	}
	maps.DeleteFunc(sums, func(_ string, sum float64) bool { return sum == 0 })
	return sums
}

// The shipped dashboard of several collectors, on a real Prometheus: its figures by model and team
// are the sum of the ledgers of three gateways, also after one was restarted and one killed.
func TestRealDashboardOfGateways(t *testing.T) {
	gateways := startGateways(t, 3, nil)
	var pages []string
	for _, g := range gateways {
		g.process.Terminate(t, 20*time.Second)
		g.options.Set = append(g.options.Set, "processors::llm_cost::dimensions=[service.name, {name: team, from: [team.id, team]}]",
			"processors::llm_cost::budgets=[{name: month, window: month, limit: 1000}]")
		g.process = collector.Start(t, g.options)
		pages = append(pages, g.ports.page)
	}
	agent := newAgent(t, "config/scale/agent.yaml", sendsTo(addressesOf(gateways)...)).ports
	prometheus := startPrometheus(t, pages...)
	shown := collector.FreeAddress(t)
	collector.Start(t, collector.Options{
		Configs: []string{"config/scale/dashboard.yaml"},
		Env:     []string{"PROMETHEUS_URL=" + prometheus, "OTELCOL_ARC_DIMENSIONS=[service.name, team]"},
		Set:     []string{"extensions::dashboard::endpoint=" + shown},
	})

	random := rand.New(rand.NewPCG(26, 8))
	sent := uint32(0)
	send := func() {
		for range 40 {
			body := teamBatch(t, sent, random)
			sent++
			require.Eventually(t, func() bool { return postTraces(t.Context(), "http://"+agent.http+"/v1/traces", body) }, 30*time.Second, 20*time.Millisecond)
		}
	}
	requireEqual := func() {
		require.EventuallyWithT(t, func(c *assert.CollectT) {
			for _, by := range []string{"by=model&by=team", "by=model"} {
				want := map[string]float64{}
				for _, g := range gateways {
					for key, sum := range usageSums(c, g.ports.dashboard, by) {
						want[key] += sum
					}
				}
				got := usageSums(c, shown, by)
				assert.InDeltaMapValues(c, want, got, 1e-9)
				calls := 0.0
				for _, team := range []string{"", "search", "shop", "ops"} {
					calls += got["gpt-4o "+team+" calls"] + got["gpt-4o-mini "+team+" calls"]
				}
				assert.EqualValues(c, sent*6, calls)
			}
		}, 90*time.Second, time.Second)
	}
	send()
	requireEqual()
	gateways[1].process.Terminate(t, 20*time.Second)
	gateways[1].process = collector.Start(t, gateways[1].options)
	send()
	gateways[2].process.Kill()
	gateways[2].process = collector.Start(t, gateways[2].options)
	send()
	requireEqual()

	total := 0.0
	for _, g := range gateways {
		for key, sum := range usageSums(t, g.ports.dashboard, "by=model") {
			if key == "gpt-4o  cost" || key == "gpt-4o-mini  cost" {
				total += sum
			}
		}
	}
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		status, body := fetch(c, "http://"+shown+"/?by=team")
		assert.Equal(c, http.StatusOK, status)
		assert.Contains(c, body, fmt.Sprintf("$%.2f", total))
		for _, text := range []string{"search", "shop", "ops", "gateway-0", "gateway-1", "gateway-2", "they are on the dashboard of each collector", "Budget “month”"} {
			assert.Contains(c, body, text)
		}
	}, 60*time.Second, time.Second)
}
