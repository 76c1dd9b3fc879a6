// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// The user and the session that only a span of no convention has, as a web framework's
// around the calls, are those of the calls within it, and that span is not a call.
func TestOwnerOfSpansAround(t *testing.T) {
	owners := testConfig(func(c *Config) { c.Dimensions = dimensionsOf("user.id", "session.id") })
	for name, tt := range map[string]struct {
		server, middle, call, resource map[string]any
		want                           []string
	}{
		"enduser.id":                   {server: map[string]any{"enduser.id": "ada", "http.request.method": "POST", "http.route": "/ask"}, want: []string{"ada", ""}},
		"a pseudonym":                  {server: map[string]any{"enduser.pseudo.id": "p-1"}, want: []string{"p-1", ""}},
		"the ID before the pseudonym":  {server: map[string]any{"enduser.pseudo.id": "p-1", "enduser.id": "ada"}, want: []string{"ada", ""}},
		"user.id before others":        {server: map[string]any{"enduser.id": "eve", "user_id": "bob", "user.id": "ada"}, want: []string{"ada", ""}},
		"a number":                     {server: map[string]any{"enduser.id": 42}, want: []string{"42", ""}},
		"a number on the call":         {call: map[string]any{"enduser.id": 42, "session_id": 7}, want: []string{"42", "7"}},
		"a session":                    {server: map[string]any{"session.id": "s-1"}, want: []string{"", "s-1"}},
		"without a namespace":          {server: map[string]any{"user_id": "ada", "session_id": "s-1"}, want: []string{"ada", "s-1"}},
		"baggage of Langfuse":          {server: map[string]any{"langfuse.user.id": "ada", "langfuse.session.id": "s-1"}, want: []string{"ada", "s-1"}},
		"the nearest":                  {server: map[string]any{"enduser.id": "eve"}, middle: map[string]any{"enduser.id": "ada"}, want: []string{"ada", ""}},
		"one of each":                  {server: map[string]any{"enduser.id": "ada"}, middle: map[string]any{"session.id": "s-1"}, want: []string{"ada", "s-1"}},
		"the call's own":               {server: map[string]any{"enduser.id": "eve"}, call: map[string]any{"user.id": "ada"}, want: []string{"ada", ""}},
		"its conversation":             {server: map[string]any{"session.id": "web"}, call: map[string]any{"gen_ai.conversation.id": "c-1"}, want: []string{"", "c-1"}},
		"of the resource":              {resource: map[string]any{"enduser.id": "ada", "session_id": "s-1"}, want: []string{"ada", "s-1"}},
		"the resource last":            {resource: map[string]any{"enduser.id": "eve"}, server: map[string]any{"enduser.id": "ada"}, want: []string{"ada", ""}},
		"nothing is no user":           {server: map[string]any{"enduser.id": "None", "user_id": ""}, middle: map[string]any{"enduser.id": "null"}, want: []string{"", ""}},
		"others that end in an ID":     {server: map[string]any{"order.id": "7", "cloud.account.id": "4711", "user": "x"}, want: []string{"", ""}},
		"a tool of MCP around a call":  {middle: map[string]any{"mcp.method.name": "tools/call", "enduser.id": "ada"}, want: []string{"ada", ""}},
		"a list is no user":            {server: map[string]any{"enduser.id": []any{"ada"}}, want: []string{"", ""}},
		"a quoted one, as MLflow's is": {server: map[string]any{"enduser.id": `"ada"`}, want: []string{"ada", ""}},
	} {
		spans := func() []ptrace.Traces {
			var all []ptrace.Traces
			for i, attributes := range []map[string]any{tt.server, tt.middle, tt.call} {
				td := callSpan()
				span := firstSpan(td)
				if i < 2 {
					span.SetName("span")
					span.Attributes().Clear()
				}
				span.SetTraceID(pcommon.TraceID{1})
				span.SetSpanID(pcommon.SpanID{byte(i + 1)})
				if i > 0 {
					span.SetParentSpanID(pcommon.SpanID{byte(i)})
				}
				putAll(t, span.Attributes(), attributes)
				if i == 0 {
					td.ResourceSpans().At(0).Resource().Attributes().PutStr("service.name", "web")
				} else {
					putAll(t, td.ResourceSpans().At(0).Resource().Attributes(), tt.resource)
				}
				all = append(all, td)
			}
			return all
		}
		for _, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
			t.Run(fmt.Sprintf("%s %v", name, order), func(t *testing.T) {
				r := newRig(t, owners)
				all := spans()
				for _, i := range order {
					r.price(all[i])
				}
				assert.Equal(t, tt.want, r.valuesCounted())
				assert.Equal(t, 1., r.totals()["arc_llm_calls_total{model=gpt-4o,status=success}"])
			})
		}
	}
}
