// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

// arcSpan is the name of the span that the Arc guide's tracing snippets make around a
// call. They set its attributes without a namespace, which mean this on no other span.
const arcSpan = "llm.call"

// arcSpans read such a span. Keys of the OpenTelemetry conventions go first: a span
// that has their model is not read here.
var arcSpans = compile([]convention{{
	name: "arc",
	without: [][]string{
		{"model"},
		{"prompt_tokens", "completion_tokens", "input_tokens", "output_tokens", "tokens.prompt", "tokens.completion", "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"},
	},
	needsUsage: true,
	rows: []row{
		{model, []string{"model"}},
		{provider, []string{"provider"}},
		{input, []string{"prompt_tokens", "input_tokens", "tokens.prompt"}},
		{output, []string{"completion_tokens", "output_tokens", "tokens.completion"}},
		{total, []string{"total_tokens", "tokens.total"}},
		{cost, []string{"cost", "cost_dollars"}},
		{agent, []string{"agent_name", "agent.name"}},
	},
}})
