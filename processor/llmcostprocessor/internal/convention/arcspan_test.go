// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

func TestArcSpans(t *testing.T) {
	guide := usage.Amounts{usage.Input: 1000, usage.Output: 500}
	for name, tt := range map[string]struct {
		name    string
		attrs   attributes
		outcome Outcome
		usage   usage.Amounts
	}{
		"prompt and completion":   {"llm.call", attributes{"model": "gpt-4o", "prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500}, IsCall, guide},
		"input and output":        {"llm.call", attributes{"model": "gpt-4o", "input_tokens": 1000, "output_tokens": 500}, IsCall, guide},
		"as in exports":           {"llm.call", attributes{"model": "gpt-4o", "tokens.prompt": 1000, "tokens.completion": 500}, IsCall, guide},
		"tokens by OpenTelemetry": {"llm.call", attributes{"model": "gpt-4o", "gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 500}, IsCall, guide},
		"all by OpenTelemetry": {
			"llm.call",
			attributes{"model": "ignored", "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 500},
			IsCall, guide,
		},
		"the model alone":  {"llm.call", attributes{"model": "gpt-4o"}, NotACall, usage.Amounts{}},
		"another name":     {"tool.search", attributes{"model": "gpt-4o", "prompt_tokens": 1000, "completion_tokens": 500}, NotACall, usage.Amounts{}},
		"no model":         {"llm.call", attributes{"prompt_tokens": 1000}, NotACall, usage.Amounts{}},
		"negative numbers": {"llm.call", attributes{"model": "gpt-4o", "prompt_tokens": -1, "completion_tokens": 500}, IsCall, usage.Amounts{}},
	} {
		t.Run(name, func(t *testing.T) {
			span := newSpan(t, tt.attrs)
			span.SetName(tt.name)
			var r Reader
			var call Call
			outcome, reason := r.Span(pcommon.NewInstrumentationScope(), span, &call)
			assert.Equal(t, tt.outcome, outcome, reason)
			if outcome == IsCall {
				assert.Equal(t, "gpt-4o", call.Model)
				assert.Equal(t, tt.usage, call.Usage)
			}
		})
	}
}
