// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
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
// call, and its problem is visible on the dashboard.
func TestCountingCannotBeDodged(t *testing.T) {
	p, set := quick(t)
	process := collector.Start(t, collector.Options{
		Configs: []string{"config/default.yaml"},
		Set:     append(set, "exporters::prometheus::endpoint="+p.page),
	})
	long := strings.Repeat("m", 257)
	send := func(body string) {
		t.Helper()
		require.Equal(t, http.StatusOK, postOTLP(t, "http://"+p.http+"/v1/traces", body))
	}
	send(callSpan("app", "0102030405060708090a0b0c0d0e0f01", "0102030405060701", long, "1000", "1000"))
	send(callSpan("app", "0102030405060708090a0b0c0d0e0f02", "0102030405060702", "gpt-4o", "2000000000", "1000"))
	events := postEvents(t, "http://"+p.arc, security{}, lines(
		fmt.Sprintf(`{"id":"e1","model":%q,"prompt_tokens":1000,"completion_tokens":1000}`, long),
		`{"id":"e2","model":"gpt-4o","prompt_tokens":2000000000,"completion_tokens":1000}`,
	))
	t.Logf("events: %+v", events)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		found := scrape(c, "http://"+p.page+"/metrics")
		assert.Equal(c, 4., found.sum("arc_llm_calls_total"))
	}, 20*time.Second, 100*time.Millisecond)
	for _, path := range []string{"/api/usage", "/api/health", "/api/calls"} {
		status, body := sendAs(t, http.MethodGet, "http://"+p.dashboard+path, p.dashboard, "")
		var pretty map[string]any
		_ = json.Unmarshal([]byte(body), &pretty)
		t.Logf("%s %d %.3000s", path, status, body)
	}
	for name, value := range scrape(t, "http://"+p.page+"/metrics") {
		if strings.Contains(name, "arc_llm") {
			t.Log(name, value)
		}
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
	time.Sleep(2 * time.Second)
	for name, value := range scrape(t, "http://"+p.page+"/metrics") {
		if strings.Contains(name, "arc_llm") {
			t.Log(name, value)
		}
	}
	process.Terminate(t, 20*time.Second)
}
