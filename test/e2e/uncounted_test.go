// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

func callSpan(service, trace, span, model string, input, output string, more ...string) string {
	attributes := append([]string{
		stringAttribute("gen_ai.operation.name", "chat"), stringAttribute("gen_ai.provider.name", "openai"), stringAttribute("gen_ai.request.model", model),
		`{"key":"gen_ai.usage.input_tokens","value":{"intValue":"` + input + `"}}`, `{"key":"gen_ai.usage.output_tokens","value":{"intValue":"` + output + `"}}`,
	}, more...)
	now := time.Now().UnixNano()
	return fmt.Sprintf(`{"resourceSpans":[{"resource":{"attributes":[%s]},"scopeSpans":[{"scope":{"name":"app"},"spans":[{"traceId":%q,"spanId":%q,"name":"chat","kind":3,"startTimeUnixNano":"%d","endTimeUnixNano":"%d","attributes":[%s]}]}]}]}`,
		stringAttribute("service.name", service), trace, span, now-1e9, now, strings.Join(attributes, ","))
}

// Values at which a call could be overlooked: a model with a name that is too long,
// more tokens than a call can use, over OTLP and as Arc events. Each is counted as a
// call without a price on the dashboard, and by its problem in the Collector's metrics.
func TestCountingCannotBeDodged(t *testing.T) {
	p, set := quick(t)
	options, self := measured(t, collector.Options{
		Configs: []string{"config/default.yaml"},
		Set:     append(set, "exporters::prometheus::endpoint="+p.page),
	})
	process := collector.Start(t, options)
	long := strings.Repeat("m", 257)
	send := func(body string) {
		t.Helper()
		require.Equal(t, http.StatusOK, postOTLP(t, "http://"+p.http+"/v1/traces", body))
	}
	send(callSpan("app", "0102030405060708090a0b0c0d0e0f01", "0102030405060701", long, "1000", "1000"))
	send(callSpan("app", "0102030405060708090a0b0c0d0e0f02", "0102030405060702", "gpt-4o", "2000000000", "1000"))
	// At another time: two records of one time and usage can be one call.
	earlier := time.Now().Add(-5 * time.Minute).UTC().Format("2006-01-02T15:04:05.000000")
	events := postEvents(t, "http://"+p.arc, security{}, lines(
		fmt.Sprintf(`{"id":"e1","timestamp":%q,"model":%q,"prompt_tokens":70,"completion_tokens":71}`, earlier, long),
		fmt.Sprintf(`{"id":"e2","timestamp":%q,"model":"gpt-4o","prompt_tokens":2000000000,"completion_tokens":72}`, earlier),
	))
	require.Equal(t, arcResponse{Status: http.StatusOK, Accepted: 2}, events, "as over OTLP, they are accepted")
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		found := scrape(c, "http://"+p.page+"/metrics")
		assert.Equal(c, 4., found.sum("arc_llm_calls_total"))
	}, 20*time.Second, 100*time.Millisecond)
	_, shown := sendAs(t, http.MethodGet, "http://"+p.dashboard+"/", p.dashboard, "")
	text := strings.Join(strings.Fields(regexp.MustCompile(`<[^>]+>`).ReplaceAllString(shown, " ")), " ")
	assert.Contains(t, text, "no price 4 calls")
	found := scrape(t, self)
	for _, outcome := range []string{"model_too_long", "bad_tokens"} {
		n := 0.
		for series, value := range found {
			if strings.Contains(series, "otelcol_processor_llm_cost_calls") && strings.Contains(series, `outcome="`+outcome+`"`) {
				n += value
			}
		}
		assert.GreaterOrEqual(t, n, 2., outcome) // an Arc event is a span and a log record
	}
	process.Terminate(t, 20*time.Second)
}

// A record with the IDs of a call that is still to come does not take its place: not
// from another service, and from the same one only what the call does not say itself.
func TestForeignIDsFirst(t *testing.T) {
	p, set := quick(t)
	process := collector.Start(t, collector.Options{
		Configs: []string{"config/default.yaml"},
		Set:     append(set, "exporters::prometheus::endpoint="+p.page),
	})
	send := func(body string) {
		t.Helper()
		require.Equal(t, http.StatusOK, postOTLP(t, "http://"+p.http+"/v1/traces", body))
	}
	id := stringAttribute("gen_ai.response.id", "chatcmpl-1")
	const trace, span = "0102030405060708090a0b0c0d0e0f01", "0102030405060701"
	send(callSpan("stranger", trace, span, "gpt-4o", "1", "0", id))
	send(callSpan("victim", trace, span, "gpt-4o", "1000000", "0", id))
	send(callSpan("victim", "0102030405060708090a0b0c0d0e0f02", "0102030405060702", "gpt-4o", "1", "0", stringAttribute("gen_ai.response.id", "chatcmpl-2")))
	send(callSpan("victim", "0102030405060708090a0b0c0d0e0f03", "0102030405060703", "gpt-4o", "1000000", "0", stringAttribute("gen_ai.response.id", "chatcmpl-2")))
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		found := scrape(c, "http://"+p.page+"/metrics")
		// The stranger's is a call of its own; of the two of one ID the larger counts.
		assert.InDelta(c, dollars(call{input: 1}, call{input: 1_000_000}, call{input: 1_000_000}), found.sum("arc_llm_cost_dollars"), 1e-9)
		assert.Equal(c, 3., found.sum("arc_llm_calls_total"))
	}, 20*time.Second, 100*time.Millisecond)
	process.Terminate(t, 20*time.Second)
}
