// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// attribute writes an attribute of OTLP JSON.
func attribute(key, value string) string {
	return `{"key":"` + key + `","value":` + value + `}`
}

func spans(scope string, attributes ...string) string {
	return `{"resourceSpans":[{"scopeSpans":[{"scope":{"name":"` + scope + `","version":"1.2"},"spans":[{"name":"chat","traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","endTimeUnixNano":"1795429801000000000","attributes":[` +
		strings.Join(attributes, ",") + `]}]}]}]}`
}

var call = []string{
	attribute("gen_ai.operation.name", `{"stringValue":"chat"}`),
	attribute("gen_ai.provider.name", `{"stringValue":"anthropic"}`),
	attribute("gen_ai.response.model", `{"stringValue":"claude-sonnet-4-5"}`),
	attribute("gen_ai.usage.input_tokens", `{"intValue":"1000"}`),
	attribute("gen_ai.usage.output_tokens", `{"intValue":"300"}`),
	attribute("gen_ai.usage.cache_read.input_tokens", `{"intValue":"600"}`),
	attribute("gen_ai.response.id", `{"stringValue":"msg_1"}`),
	attribute("gen_ai.agent.name", `{"stringValue":"weatherman"}`),
}

func explain(t *testing.T, in string) (string, Found) {
	t.Helper()
	var out bytes.Buffer
	e, err := New(&out, nil, time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	found, err := e.Explain(strings.NewReader(in))
	require.NoError(t, err)
	return out.String(), found
}

// The whole of it for one call: 400 × 3 + 600 × 0.3 + 300 × 15 = 5880 millionths.
func TestCall(t *testing.T) {
	got, found := explain(t, spans("com.anthropic.sdk.python", call...))
	assert.Equal(t, Found{Records: 1, Calls: 1}, found)
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

func TestOtherRecords(t *testing.T) {
	for name, tt := range map[string]struct {
		in   string
		want []string
	}{
		"an agent": {
			spans("x", attribute("gen_ai.operation.name", `{"stringValue":"invoke_agent"}`), attribute("gen_ai.agent.name", `{"stringValue":"a"}`)),
			[]string{"not a call:   convention otel: an aggregate", "attribution:  agent a"},
		},
		"another span": {spans("net/http", attribute("http.request.method", `{"stringValue":"GET"}`)), []string{"no convention knows its keys"}},
		"a model without a price": {
			spans("x", append(call[3:5:5], attribute("gen_ai.operation.name", `{"stringValue":"chat"}`), attribute("gen_ai.request.model", `{"stringValue":"house-1"}`))...),
			[]string{"cost:         unpriced: the price table has no such model"},
		},
		"unknown usage":     {spans("x", call[:3]...), []string{"usage:        unknown", "cost:         unpriced: what it used is unknown"}},
		"a failure":         {spans("x", append(call[:3:3], attribute("error.type", `{"stringValue":"429"}`))...), []string{"operation chat, error", "cost:         $0, free"}},
		"a senseless count": {spans("x", append(call[:3:3], attribute("gen_ai.usage.input_tokens", `{"intValue":"-1"}`))...), []string{"problem:      bad_tokens"}},
		"decided by the cost": {
			spans("x", append(slices.Clip(call), attribute("gen_ai.usage.cost", `{"doubleValue":0.00768}`))...),
			[]string{"usage:        input 1000, cache_read 600, output 300", "evidence:     cost", "reported cost: $0.00768", "cost:         $0.00768"},
		},
		"a log record": {
			`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1795429801000000000","attributes":[` + strings.Join([]string{
				attribute("event.name", `{"stringValue":"api_request"}`), attribute("model", `{"stringValue":"claude-sonnet-4-5"}`), attribute("input_tokens", `{"stringValue":"1000"}`),
				attribute("output_tokens", `{"intValue":"300"}`), attribute("cost_usd", `{"doubleValue":0.0075}`),
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
func TestSeveralRequests(t *testing.T) {
	_, found := explain(t, spans("x", call...)+"\n"+spans("y", call...)+"\n")
	assert.Equal(t, Found{Records: 2, Calls: 2}, found)
}

func TestWhatIsNotOTLP(t *testing.T) {
	e, err := New(&bytes.Buffer{}, nil, time.Now())
	require.NoError(t, err)
	for in, want := range map[string]string{
		`{"a":1}`:                   "request 1: has neither resourceSpans nor resourceLogs",
		`{"resourceMetrics":[]}`:    "request 1: has metrics",
		`[1]`:                       "request 1: ",
		spans("x", call...) + `{"r`: "request 2: ",
	} {
		_, err := e.Explain(strings.NewReader(in))
		assert.ErrorContains(t, err, want)
	}
	_, err = New(nil, []string{"/no/such/file"}, time.Now())
	assert.Error(t, err)
}
