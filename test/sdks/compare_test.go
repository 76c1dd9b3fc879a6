// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package sdks

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/test/sdks/modelserver"
)

// trueCall is the n-th call to gpt-4o: 1000 tokens and n read, 600 of them from a cache, 100 and n written.
func trueCall(n int64) modelserver.Call {
	t := modelserver.Tokens{Input: 1000 + n, CacheRead: 600 + n, Output: 100 + n}
	return modelserver.Call{
		N: n, Model: "gpt-4o", Status: 200, ID: fmt.Sprintf("id-%d", n), Tokens: t, UsageInResponse: true, ByAgent: true,
		Reported: map[string][]int64{"input": {t.Input}, "cache_read": {t.CacheRead}, "output": {t.Output}},
	}
}

// traceID is of all that sending sends.
const traceID = "5b8efff798038103d269b633813fc60c"

func foundCall(call modelserver.Call) Found {
	cost, _ := call.Cost()
	return Found{
		TraceID: traceID, Status: "success", Cost: &cost, Values: map[string]string{"gen_ai.agent.name": Agent},
		Tokens: map[string]int64{"input": call.Tokens.Input, "cache_read": call.Tokens.CacheRead, "output": call.Tokens.Output},
	}
}

// sending is the telemetry of spans, each with the given numbers, texts and errors.
func sending(t *testing.T, spans ...[]any) *Capture {
	t.Helper()
	var encoded []string
	for _, span := range spans {
		var attributes []string
		for i, value := range span {
			key, kind := fmt.Sprintf("k%d", i), "stringValue"
			switch value.(type) {
			case int:
				kind = "intValue"
			case error:
				key = "error.type"
			}
			attributes = append(attributes, fmt.Sprintf(`{"key":%q,"value":{%q:"%v"}}`, key, kind, value))
		}
		encoded = append(encoded, `{"traceId":"`+traceID+`","attributes":[`+strings.Join(attributes, ",")+`]}`)
	}
	c, err := parseCapture(strings.NewReader(`{"resourceSpans":[{"scopeSpans":[{"spans":[` + strings.Join(encoded, ",") + `]}]}]}` + "\n"))
	require.NoError(t, err)
	return c
}

func failedCall(retried bool) modelserver.Call {
	return modelserver.Call{Model: "gpt-4o", Status: 500, Retried: retried, UsageInResponse: true}
}

func TestCompare(t *testing.T) {
	one, two := trueCall(1), trueCall(2)
	all := sending(t, []any{1001, 601, 101, Agent}, []any{1002, 602, 102})
	misread := foundCall(one)
	misread.Tokens = map[string]int64{"input": 1602, "cache_read": 601, "output": 101} // cached tokens in addition
	cheap := foundCall(one)
	cheap.Cost = new(float64)
	anonymous := foundCall(one)
	anonymous.Values = nil
	elsewhere := anonymous
	elsewhere.TraceID = "6b8efff798038103d269b633813fc60c"
	hidden := one
	hidden.UsageInResponse = false
	for name, test := range map[string]struct {
		calls   []modelserver.Call
		found   []Found
		capture *Capture
		want    map[string]Cell
	}{
		"all right": {
			[]modelserver.Call{one, two},
			[]Found{foundCall(two), foundCall(one)},
			all,
			map[string]Cell{
				"calls": {Right, "2"}, "failed": {State: None}, "input": {Right, "2"}, "cache_read": {Right, "2"}, "cache_write": {State: None},
				"output": {Right, "2"}, "reasoning": {State: None}, "cost": {Right, "2"}, "agent": {Right, "2"}, "user": {State: None},
			},
		},
		"counted twice": {
			[]modelserver.Call{one},
			[]Found{foundCall(one), foundCall(one)},
			all,
			map[string]Cell{"calls": {Wrong, "1 of 1, and 1 more"}, "input": {Wrong, "1 of 1, and 1 more"}, "cost": {Wrong, "1 of 1, and 1 more"}, "reasoning": {State: None}},
		},
		"lost": {
			[]modelserver.Call{one, two},
			[]Found{foundCall(one)},
			all,
			map[string]Cell{"calls": {Wrong, "1 of 2"}, "input": {Wrong, "1 of 2"}, "cost": {Wrong, "1 of 2"}},
		},
		"never sent": {
			[]modelserver.Call{one, two},
			[]Found{foundCall(one)},
			sending(t, []any{1001, 601, 101, Agent}),
			map[string]Cell{"calls": {NotSent, "1 of 2"}, "input": {NotSent, "1 of 2"}, "cost": {NotSent, "1 of 2"}},
		},
		"sent without tokens": {
			[]modelserver.Call{one},
			nil, sending(t, []any{"id-1"}),
			map[string]Cell{"calls": {Wrong, "0 of 1"}, "input": {NotSent, "0 of 1"}},
		},
		"misread": {
			[]modelserver.Call{one},
			[]Found{misread},
			all,
			map[string]Cell{"calls": {Right, "1"}, "input": {Wrong, "0 of 1"}, "output": {Right, "1"}, "cache_read": {Right, "1"}},
		},
		"cached tokens not sent": {
			[]modelserver.Call{one},
			[]Found{{Status: "success", Tokens: map[string]int64{"input": 1001, "output": 101}}},
			sending(t, []any{1001, 101}),
			map[string]Cell{"calls": {Right, "1"}, "cache_read": {NotSent, "0 of 1"}, "cost": {NotSent, "0 of 1"}},
		},
		"usage that nobody has": {
			[]modelserver.Call{hidden},
			[]Found{{Status: "success", Tokens: map[string]int64{}}},
			sending(t, []any{"id-1"}),
			map[string]Cell{"calls": {Right, "1"}, "input": {NotSent, "0 of 1"}, "cost": {NotSent, "0 of 1"}},
		},
		"wrong price": {
			[]modelserver.Call{one},
			[]Found{cheap},
			all,
			map[string]Cell{"input": {Right, "1"}, "cost": {Wrong, "0 of 1"}},
		},
		"agent lost":                  {[]modelserver.Call{one}, []Found{anonymous}, all, map[string]Cell{"agent": {Wrong, "0 of 1"}}},
		"agent sent in another trace": {[]modelserver.Call{one}, []Found{elsewhere}, all, map[string]Cell{"agent": {NotSent, "0 of 1"}}},
		"agent not sent":              {[]modelserver.Call{one}, []Found{anonymous}, sending(t, []any{1001, 601, 101}), map[string]Cell{"agent": {NotSent, "0 of 1"}}},
		"failures": {
			[]modelserver.Call{failedCall(false), failedCall(true)},
			[]Found{{Status: "error"}, {Status: "error"}},
			all,
			map[string]Cell{"failed": {Right, "2"}, "calls": {State: None}},
		},
		"failure that was tried again, and is not reported": {
			[]modelserver.Call{failedCall(true), one}, []Found{foundCall(one)}, all, map[string]Cell{"failed": {Right, "0"}},
		},
		"failure not sent": {[]modelserver.Call{failedCall(false)}, nil, all, map[string]Cell{"failed": {NotSent, "0 of 1"}}},
		"failure lost":     {[]modelserver.Call{failedCall(false)}, nil, sending(t, []any{io.EOF}), map[string]Cell{"failed": {Wrong, "0 of 1"}}},
		"one failure sent": {
			[]modelserver.Call{failedCall(false), failedCall(false)},
			[]Found{{Status: "error"}},
			sending(t, []any{io.EOF}),
			map[string]Cell{"failed": {NotSent, "1 of 2"}},
		},
		"failure twice": {
			[]modelserver.Call{failedCall(false)}, []Found{{Status: "error"}, {Status: "timeout"}}, all, map[string]Cell{"failed": {Wrong, "2 of 1"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := Compare(test.calls, test.found, test.capture)
			for column, cell := range test.want {
				assert.Equal(t, cell, got[column], column)
			}
		})
	}
}

// What counts as sent: numbers and texts of attributes and bodies, in JSON and Python literals too; not
// recorded content, and not IDs or times.
func TestCapture(t *testing.T) {
	c, err := parseCapture(strings.NewReader(`
{"resourceSpans":[{"resource":{"attributes":[{"key":"n","value":{"intValue":"11"}}]},"scopeSpans":[{"spans":[
 {"traceId":"5","startTimeUnixNano":"12","droppedAttributesCount":13,"attributes":[{"key":"a","value":{"intValue":"21"}},{"key":"b","value":{"doubleValue":22}},
 {"key":"c","value":{"stringValue":"{'cached': 23}"}},{"key":"output.value","value":{"stringValue":"24"}}],"events":[{"attributes":[{"key":"d","value":{"stringValue":"25"}}]}],
 "status":{"code":2}}]}]}]}
{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"kvlistValue":{"values":[{"key":"e","value":{"intValue":"26"}}]}}}]}]}]}
{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"sum":{"dataPoints":[{"attributes":[{"key":"f","value":{"intValue":"27"}}]}]}}]}]}]}
`[1:]))
	require.Error(t, err, "a request is one line")
	assert.Nil(t, c)
	c, err = parseCapture(strings.NewReader(`{"resourceSpans":[{"resource":{"attributes":[{"key":"n","value":{"intValue":"11"}}]},"scopeSpans":[{"spans":[` +
		`{"traceId":"5","startTimeUnixNano":"12","droppedAttributesCount":13,"attributes":[{"key":"a","value":{"intValue":"21"}},{"key":"b","value":{"doubleValue":22}},` +
		`{"key":"c","value":{"stringValue":"{'cached': 23}"}},{"key":"output.value","value":{"stringValue":"24"}}],"events":[{"attributes":[{"key":"d","value":{"stringValue":"25"}}]}],` +
		`"status":{"code":2}}]}]}]}` + "\n" +
		`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"kvlistValue":{"values":[{"key":"e","value":{"intValue":"26"}}]}}}]}]}]}` + "\n" +
		`{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"sum":{"dataPoints":[{"attributes":[{"key":"f","value":{"intValue":"27"}}]}]}}]}]}]}`))
	require.NoError(t, err)
	for _, n := range []int64{21, 22, 23, 25, 26} {
		assert.True(t, c.HasNumber(n), n)
	}
	for _, n := range []int64{0, 5, 11, 12, 13, 24, 27} {
		assert.False(t, c.HasNumber(n), n)
	}
	assert.True(t, c.HasTextWith("cached", 21))
	assert.False(t, c.HasTextWith("cached", 26))
	assert.Equal(t, 1, c.Errors())
	assert.Len(t, c.Requests, 3)
}
