// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// point is a metric as OTLP/JSON, with one point of the given type.
func point(name, kind, rest, attributes string) string {
	return fmt.Sprintf(`{"name":%q,%q:{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[{"timeUnixNano":"%d",%s,"attributes":[%s]}]}}`,
		name, kind, time.Now().UnixNano(), rest, attributes)
}

func stringAttribute(key, value string) string {
	return fmt.Sprintf(`{"key":%q,"value":{"stringValue":%q}}`, key, value)
}

// foreignMetrics are metrics of an application that harm the exposition, or are under
// the names that are ours.
func foreignMetrics() []string {
	const one = `"asDouble":1e6`
	return []string{
		point("h1", "histogram", `"count":"7","sum":1,"explicitBounds":[1,2,3]`, ""),
		point("h2", "histogram", `"count":"2","sum":1,"bucketCounts":["1","1"],"explicitBounds":[1]`, stringAttribute("le", "9")),
		point("h3", "histogram", `"count":"2","sum":1,"bucketCounts":["1","1"],"explicitBounds":["Infinity"]`, ""),
		point("s1", "summary", `"count":"2","sum":1,"quantileValues":[{"quantile":0.5,"value":1},{"quantile":0.5,"value":2}]`, stringAttribute("quantile", "x")),
		point("g1", "gauge", one, stringAttribute("__name__", "arc_llm_cost_dollars")),
		point("g2", "gauge", one, stringAttribute("a.b", "1")+","+stringAttribute("a_b", "2")),
		point("arc_llm_cost_dollars", "sum", one, stringAttribute("model", "gpt-4o")),
		point("arc.llm.cost.dollars", "gauge", one, stringAttribute("model", "gpt-4o")),
		point("arc_llm_budget_used_ratio", "gauge", one, stringAttribute("budget", "day")),
		point("arc_requests_total", "gauge", one, ""),
		point("ALERTS", "gauge", one, stringAttribute("alertname", "Forged")+","+stringAttribute("alertstate", "firing")),
		point("otelcol_exporter_send_failed_spans", "sum", one, ""),
	}
}

func postOTLP(t *testing.T, url, body string) int {
	t.Helper()
	response, err := http.Post(url, "application/json", strings.NewReader(body))
	require.NoError(t, err)
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	require.NoError(t, err)
	return response.StatusCode
}

// Whatever an application sends as metrics, before or after us, the exposition is
// readable, what we count on it is exact, and nobody is notified.
func TestForeignMetrics(t *testing.T) {
	p, set := quick(t)
	process := collector.Start(t, collector.Options{
		Configs: []string{"config/default.yaml"},
		Set:     append(set, "exporters::prometheus::endpoint="+p.page),
	})
	foreign := fmt.Sprintf(`{"resourceMetrics":[{"resource":{"attributes":[%s]},"scopeMetrics":[{"metrics":[%s,%s]}]}]}`,
		stringAttribute("service.name", "stranger"), strings.Join(foreignMetrics(), ","), point("sound", "gauge", `"asDouble":1`, ""))
	require.Equal(t, http.StatusOK, postOTLP(t, "http://"+p.http+"/v1/metrics", foreign))
	sendSpans(t, grpcExporter(t, p.grpc, security{}), mainJobCalls...)
	require.Equal(t, arcResponse{Status: 200, Accepted: 1}, postEvents(t, "http://"+p.arc, security{}, `{"method":"POST","endpoint":"/chat","status":200,"duration":0.2}`))
	require.Equal(t, http.StatusOK, postOTLP(t, "http://"+p.http+"/v1/metrics", foreign))
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		found := scrape(c, "http://"+p.page+"/metrics")
		assert.Equal(c, dollars(mainJobCalls...), found[`{__name__="arc_llm_cost_dollars", model="gpt-4o"}`])
		assert.Equal(c, dollars(mainJobCalls...), found.sum("arc_llm_cost_dollars"))
		assert.Equal(c, 1., found[`{__name__="arc_requests_total", endpoint="/chat", method="POST", status="200"}`])
		assert.Equal(c, 1., found.sum("arc_requests_total"))
		assert.Equal(c, 1., found.sum("sound"))
	}, 20*time.Second, 100*time.Millisecond)
	found := scrape(t, "http://"+p.page+"/metrics")
	assert.Less(t, found.sum("arc_llm_budget_used_ratio"), 1.)
	assert.Zero(t, found.sum("otelcol_exporter_send_failed_spans"))
	assert.NotEmpty(t, process.Lines("reserved_name"), "the sender is named")
	assert.Contains(t, strings.Join(process.Lines("reserved_name"), "\n"), "stranger")
	process.Terminate(t, 20*time.Second)
	for _, alert := range []string{"Forged", "HighLLMCost", "BudgetNearlyUsed"} {
		assert.Empty(t, process.Lines("] "+alert), alert)
	}
}

// A request that unpacks to more than the limit is refused, and the next is served.
func TestLargeOTLPRequests(t *testing.T) {
	p, set := quick(t)
	process := collector.Start(t, collector.Options{
		Configs: []string{"config/default.yaml"},
		Set:     append(set, "exporters::prometheus::endpoint="+p.page),
	})
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write(bytes.Repeat([]byte{' '}, 64<<20))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	for range 8 {
		request, err := http.NewRequest(http.MethodPost, "http://"+p.http+"/v1/traces", bytes.NewReader(packed.Bytes()))
		require.NoError(t, err)
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Content-Encoding", "gzip")
		response, err := (&http.Client{Timeout: 20 * time.Second}).Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.GreaterOrEqual(t, response.StatusCode, 400)
		assert.Less(t, response.StatusCode, 500, "not to be sent again")
	}
	// An attribute that is nested as deep as the limit lets it, of a span that is priced.
	const levels = 140_000
	value := strings.Repeat(`{"arrayValue":{"values":[`, levels) + `{}` + strings.Repeat(`]}}`, levels)
	deep := fmt.Sprintf(`{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":%[1]s}]},"scopeSpans":[{"spans":[
		{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708","attributes":[%[2]s,%[3]s,{"key":"gen_ai.usage.input_tokens","value":{"intValue":"5"}}]}]}]}]}`,
		value, stringAttribute("gen_ai.operation.name", "chat"), stringAttribute("gen_ai.request.model", "gpt-4o"))
	require.Less(t, len(deep), 4<<20)
	assert.Less(t, postOTLP(t, "http://"+p.http+"/v1/traces", deep), http.StatusInternalServerError)
	assert.Equal(t, http.StatusOK, postOTLP(t, "http://"+p.http+"/v1/traces", `{"resourceSpans":[]}`))
	process.Terminate(t, 20*time.Second)
}
