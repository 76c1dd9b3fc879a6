// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

// ofLiteLLM is a call as LiteLLM's proxy has it with its OTel v2 (2026-11): the input includes
// the cached tokens, of which it has the costs alone.
func ofLiteLLM(more attributes) attributes {
	return chat("anthropic", "claude-sonnet-4-5", with(attributes{
		"gen_ai.request.model": "our-best", "litellm.provider.model": "anthropic/claude-sonnet-4-5-20250929", "litellm.call_id": "c-1",
	}, more))
}

func TestCachedTokensByTheirCosts(t *testing.T) {
	dollars := func(a usage.Amounts) float64 {
		amount, _ := sonnet(&a)
		return amount.Dollars()
	}
	read := usage.Amounts{usage.Input: 400, usage.CacheRead: 600, usage.Output: 300}
	written := usage.Amounts{usage.Input: 900, usage.CacheWrite: 100, usage.Output: 300}
	none := usage.Amounts{usage.Input: 1000, usage.Output: 300}
	for _, tt := range []struct {
		name string
		more attributes
		want usage.Amounts
		rule Rule
	}{
		{"read and written", attributes{"litellm.cost.total": dollars(within), "litellm.cost.cache_read": 0.00018, "litellm.cost.cache_creation": 0.000375}, within, ByCost},
		{"read", attributes{"litellm.cost.total": dollars(read), "litellm.cost.cache_read": 0.00018}, read, ByCost},
		{"written", attributes{"litellm.cost.total": dollars(written), "litellm.cost.cache_creation": "0.000375", "litellm.cost.cache_read": 0}, written, ByCost},
		{"all of the input", attributes{"litellm.cost.total": 0.0003 + 0.0045, "litellm.cost.cache_read": 0.0003}, usage.Amounts{usage.CacheRead: 1000, usage.Output: 300}, ByCost},
		{"nothing was cached", attributes{"litellm.cost.total": dollars(none), "litellm.cost.cache_read": 0, "litellm.cost.cache_creation": 0}, none, ByNothing},
		{"with a margin, which the parts do not have", attributes{"litellm.cost.total": dollars(within) * 1.1, "litellm.cost.cache_read": 0.00018, "litellm.cost.cache_creation": 0.000375}, none, ByNothing},
		{"more than the input", attributes{"litellm.cost.total": dollars(read), "litellm.cost.cache_read": 0.18}, none, ByNothing},
		{"no amount", attributes{"litellm.cost.total": dollars(read), "litellm.cost.cache_read": "much"}, none, ByNothing},
		{"the counts are there", with(cached, attributes{"litellm.cost.total": dollars(within), "litellm.cost.cache_read": 0.00018}), within, ByCost},
	} {
		t.Run(tt.name, func(t *testing.T) {
			call := readAs(t, "litellm", ofLiteLLM(tt.more))
			call.Decide(sonnet)
			assert.False(t, call.Undecided())
			assert.Equal(t, tt.want, call.Usage)
			assert.Equal(t, tt.rule.String(), call.Rule.String())
			assert.Equal(t, tt.want[usage.CacheRead] > 0, call.Stated.Has(usage.CacheRead) && tt.want[usage.CacheRead] > 0)
		})
	}
}

// What is called is the deployment, and not the name by which the client asks for it.
func TestDeploymentOfLiteLLM(t *testing.T) {
	call := readAs(t, "litellm", ofLiteLLM(attributes{"litellm.metadata.user_api_key_user_id": "ada", "litellm.end_user.id": "guest"}))
	assert.Equal(t, []any{"claude-sonnet-4-5", "anthropic/claude-sonnet-4-5-20250929", "guest"}, []any{call.Model, call.RequestModel, call.Attribution.User})
	call = readAs(t, "litellm", with(ofLiteLLM(nil), attributes{"gen_ai.response.model": nil, "error.type": "RateLimitError", "gen_ai.usage.input_tokens": nil, "gen_ai.usage.output_tokens": nil}))
	assert.Equal(t, []any{"our-best", "anthropic/claude-sonnet-4-5-20250929", Error}, []any{call.Model, call.RequestModel, call.Status})
}

// The proxy writes the model and its client on the spans of its databases and guardrails too.
func TestBaggageOfLiteLLMIsNoCall(t *testing.T) {
	for name, more := range map[string]attributes{
		"of a guardrail":   {"litellm.guardrail.name": "pii", "litellm.guardrail.status": "success"},
		"of a database":    {"db.system.name": "postgresql", "db.operation.name": "get_key_object"},
		"of what failed":   {"litellm.service.name": "redis", "error.type": "ConnectionError"},
		"of a tool of MCP": {"gen_ai.operation.name": "execute_tool", "mcp.method.name": "tools/call", "litellm.cost.total": 0.01},
	} {
		var r Reader
		var call Call
		span := newSpan(t, with(attributes{
			"gen_ai.request.model": "our-best", "litellm.provider.model": "anthropic/claude-sonnet-4-5", "litellm.team.id": "t", "litellm.api_key.hash": "h",
		}, more))
		outcome, reason := r.Span(pcommon.NewInstrumentationScope(), span, &call)
		require.Equal(t, Aggregate, outcome, name+reason)
	}
}
