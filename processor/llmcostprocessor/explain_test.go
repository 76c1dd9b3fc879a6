// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// otlpAttribute writes an attribute of OTLP JSON.
func otlpAttribute(key, value string) string {
	return `{"key":"` + key + `","value":` + value + `}`
}

func explainedSpan(scope string, attributes ...string) string {
	return `{"resourceSpans":[{"scopeSpans":[{"scope":{"name":"` + scope + `","version":"1.2"},"spans":[{"name":"chat","traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","endTimeUnixNano":"1795429801000000000","attributes":[` +
		strings.Join(attributes, ",") + `]}]}]}]}`
}

var explainedCall = []string{
	otlpAttribute("gen_ai.operation.name", `{"stringValue":"chat"}`),
	otlpAttribute("gen_ai.provider.name", `{"stringValue":"anthropic"}`),
	otlpAttribute("gen_ai.response.model", `{"stringValue":"claude-sonnet-4-5"}`),
	otlpAttribute("gen_ai.usage.input_tokens", `{"intValue":"1000"}`),
	otlpAttribute("gen_ai.usage.output_tokens", `{"intValue":"300"}`),
	otlpAttribute("gen_ai.usage.cache_read.input_tokens", `{"intValue":"600"}`),
	otlpAttribute("gen_ai.response.id", `{"stringValue":"msg_1"}`),
	otlpAttribute("gen_ai.agent.name", `{"stringValue":"weatherman"}`),
}

func explain(t *testing.T, in string) (string, Explained) {
	t.Helper()
	var out bytes.Buffer
	found, err := Explain(&out, strings.NewReader(in), nil, time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	return out.String(), found
}

// The whole of it for one call: 400 × 3 + 600 × 0.3 + 300 × 15 = 5880 millionths.
func TestExplainCall(t *testing.T) {
	got, found := explain(t, explainedSpan("com.anthropic.sdk.python", explainedCall...))
	assert.Equal(t, Explained{Records: 1, Reports: 1, Calls: 1}, found)
	for _, want := range []string{
		`span "chat" trace 4bf92f3577b34da6a3ce929d0e0e4736 span 00f067aa0ba902b7 scope com.anthropic.sdk.python 1.2`,
		"call:         convention otel, operation chat, success",
		"model:        claude-sonnet-4-5, provider anthropic",
		"attribution:  agent weatherman",
		"response ID:  msg_1",
		"reported:     input 1000, output 300, total (none)",
		"usage:        input 400, cache_read 600, output 300",
		"evidence:     scope",
		"price:        entry claude-sonnet-4-5 of anthropic, tier standard, source https://",
		"input                     400  $0.0012",
		"cache_read                600  $0.00018",
		"output                    300  $0.0045",
		"cost:         $0.00588",
	} {
		assert.Contains(t, got, want)
	}
}

func TestExplainOtherRecords(t *testing.T) {
	for name, tt := range map[string]struct {
		in   string
		want []string
	}{
		"an agent": {
			explainedSpan("x", otlpAttribute("gen_ai.operation.name", `{"stringValue":"invoke_agent"}`), otlpAttribute("gen_ai.agent.name", `{"stringValue":"a"}`)),
			[]string{"not a call:   convention otel: an aggregate", "attribution:  agent a"},
		},
		"another span": {explainedSpan("net/http", otlpAttribute("http.request.method", `{"stringValue":"GET"}`)), []string{"no convention knows its keys"}},
		"a model without a price": {
			explainedSpan("x", append(explainedCall[3:5:5], otlpAttribute("gen_ai.operation.name", `{"stringValue":"chat"}`), otlpAttribute("gen_ai.request.model", `{"stringValue":"house-1"}`))...),
			[]string{"cost:         unpriced: the price table has no such model"},
		},
		"unknown usage":     {explainedSpan("x", explainedCall[:3]...), []string{"usage:        unknown", "cost:         unpriced: what it used is unknown"}},
		"a failure":         {explainedSpan("x", append(explainedCall[:3:3], otlpAttribute("error.type", `{"stringValue":"429"}`))...), []string{"operation chat, error", "cost:         $0, free"}},
		"a senseless count": {explainedSpan("x", append(explainedCall[:3:3], otlpAttribute("gen_ai.usage.input_tokens", `{"intValue":"-1"}`))...), []string{"problem:      bad_tokens"}},
		"decided by the cost": {
			explainedSpan("x", append(slices.Clip(explainedCall), otlpAttribute("gen_ai.usage.cost", `{"doubleValue":0.00768}`))...),
			[]string{"usage:        input 1000, cache_read 600, output 300", "evidence:     cost", "reported cost: $0.00768", "cost:         $0.00768"},
		},
		"a log record": {
			`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1795429801000000000","attributes":[` + strings.Join([]string{
				otlpAttribute("event.name", `{"stringValue":"api_request"}`), otlpAttribute("model", `{"stringValue":"claude-sonnet-4-5"}`), otlpAttribute("input_tokens", `{"stringValue":"1000"}`),
				otlpAttribute("output_tokens", `{"intValue":"300"}`), otlpAttribute("cost_usd", `{"doubleValue":0.0075}`),
			}, ",") + `]}]}]}]}`,
			[]string{`log record "api_request"`, "convention claude-code", "cost:         $0.0075"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, found := explain(t, tt.in)
			assert.Equal(t, 1, found.Records)
			for _, want := range tt.want {
				assert.Contains(t, got, want)
			}
		})
	}
}

// The file exporter writes a request a line.
func TestExplainSeveralRequests(t *testing.T) {
	around := strings.Replace(explainedSpan("framework", explainedCall[:5]...), "00f067aa0ba902b7", "00f067aa0ba902b6", 1)
	inner := strings.Replace(explainedSpan("sdk", explainedCall...), `"spanId"`, `"parentSpanId":"00f067aa0ba902b6","spanId"`, 1)
	got, found := explain(t, around+"\n"+inner+"\n")
	assert.Equal(t, Explained{Records: 2, Reports: 2, Calls: 1}, found)
	assert.Contains(t, got, "counted:      as call 1, by span 00f067aa0ba902b7 of trace 4bf92f3577b34da6a3ce929d0e0e4736 of scope sdk, which reports more")
	assert.Contains(t, got, "merged by:    nested: one span is around the other")
	assert.Contains(t, got, "merged with:  span 00f067aa0ba902b6 of trace 4bf92f3577b34da6a3ce929d0e0e4736 of scope framework, nested: one span is around the other")
	assert.Contains(t, got, "counted for:  gen_ai.agent.name weatherman")
}

// An application's call is its own, though its gateway reports more.
func TestExplainWhoMadeTheCall(t *testing.T) {
	of := func(service, text string) string {
		return strings.Replace(text, `{"scopeSpans"`, `{"resource":{"attributes":[`+otlpAttribute("service.name", `{"stringValue":"`+service+`"}`)+`]},"scopeSpans"`, 1)
	}
	around := strings.Replace(explainedSpan("sdk", explainedCall[:5]...), "00f067aa0ba902b7", "00f067aa0ba902b6", 1)
	around = strings.Replace(around, `"endTimeUnixNano"`, `"startTimeUnixNano":"1795429800000000000","endTimeUnixNano"`, 1)
	inner := strings.Replace(explainedSpan("litellm", explainedCall...), `"spanId"`, `"parentSpanId":"00f067aa0ba902b6","startTimeUnixNano":"1795429800500000000","spanId"`, 1)
	got, found := explain(t, of("shop", around)+"\n"+of("gateway", inner))
	assert.Equal(t, 1, found.Calls)
	assert.Contains(t, got, "made by:      service.name shop: the record of another resource that lasted longest")
}

// A span around a call names its model, and the call has the price of that.
func TestExplainModelOfAnother(t *testing.T) {
	around := strings.Replace(explainedSpan("codex_cli_rs", otlpAttribute("model", `{"stringValue":"gpt-4o"}`)), "00f067aa0ba902b7", "00f067aa0ba902b6", 1)
	around = strings.Replace(around, `"name":"chat"`, `"name":"try_run_sampling_request"`, 1)
	inner := strings.Replace(explainedSpan("codex_cli_rs", append(explainedCall[3:5:5], otlpAttribute("codex.usage.total_tokens", `{"intValue":"1300"}`))...), `"spanId"`, `"parentSpanId":"00f067aa0ba902b6","spanId"`, 1)
	got, found := explain(t, inner+"\n"+around)
	assert.Equal(t, Explained{Records: 2, Reports: 1, Calls: 1}, found)
	assert.Contains(t, got, "counted as:   model gpt-4o, which the record does not name: $0.0055")
}

func TestExplainWhatIsNotOTLP(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":1}`:                "request 1: has neither resourceSpans nor resourceLogs",
		`{"resourceMetrics":[]}`: "request 1: has metrics",
		`[1]`:                    "request 1: ",
		explainedSpan("x", explainedCall...) + `{"r`: "request 2: ",
	} {
		_, err := Explain(&bytes.Buffer{}, strings.NewReader(in), nil, time.Now())
		assert.ErrorContains(t, err, want)
	}
	_, err := Explain(&bytes.Buffer{}, strings.NewReader("{}"), []string{"/no/such/file"}, time.Now())
	assert.Error(t, err)
}
