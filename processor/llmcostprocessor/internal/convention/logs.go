// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"slices"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

// claudeCode are the keys of Claude Code's events and spans (2.1). Those of how long written
// tokens are kept are of its events since 2.1.332 or before.
var claudeCode = []row{
	{provider, []string{"provider", "gen_ai.system"}},
	{model, []string{"model", "gen_ai.request.model"}},
	{input, []string{"input_tokens"}},
	{output, []string{"output_tokens"}},
	{cacheRead, []string{"cache_read_tokens"}},
	{cacheWrite, []string{"cache_creation_tokens"}},
	{cacheWrite5m, []string{"cache_creation_5m_tokens"}},
	{kind(usage.CacheWrite1h), []string{"cache_creation_1h_tokens"}},
	{cost, []string{"cost_usd"}},
	{speed, []string{"speed"}},
	{milliseconds, []string{"duration_ms"}},
	{success, []string{"success"}},
	{responseID, []string{"request_id", "gen_ai.response.id"}},
	{session, []string{"session.id"}},
}

// geminiCLI are the keys of the events of Gemini CLI, and of Qwen Code, which is made of it. They count thoughts in addition to
// the output, and what tools put into the prompt in addition to the input.
var geminiCLI = []row{
	{model, []string{"model", "model_name"}},
	{input, []string{"input_token_count"}},
	{output, []string{"output_token_count"}},
	{cacheRead, []string{"cached_content_token_count"}},
	{thoughts, []string{"thoughts_token_count"}},
	{toolPrompt, []string{"tool_token_count"}},
	{total, []string{"total_token_count"}},
	{milliseconds, []string{"duration_ms"}},
	{responseID, []string{"response_id", "gen_ai.response.id"}},
	{errorType, []string{"error.type", "error_type"}},
	{session, []string{"session.id"}},
}

// codex are the keys of Codex' events. Its tool_token_count is the total, and its
// reasoning is within the output.
var codex = []row{
	{model, []string{"model", "slug"}},
	{input, []string{"input_token_count"}},
	{output, []string{"output_token_count"}},
	{cacheRead, []string{"cached_token_count"}},
	{cacheWrite, []string{"cache_write_token_count"}},
	{reasoning, []string{"reasoning_token_count"}},
	{milliseconds, []string{"duration_ms"}},
	{errorType, []string{"error.type", "error.message"}},
	{session, []string{"conversation.id"}},
}

// logConventions are found by the name of the event. Of events with usage what is behind the last
// dot is enough: there are CLIs that are made of those here, and have a name of their own.
var logConventions = []convention{
	{
		name:   "arc",
		events: []string{"arc.llm.call"},
	},
	{
		// Gemini's CLI reports each call twice, and here without what it thought and
		// had cached: none of the operations is a call.
		name:       "gemini-cli",
		events:     []string{operationDetails},
		marker:     "gen_ai.operation.name",
		aggregates: []string{"*"},
		signature:  []string{"installation.id"},
	},
	{
		name:       "otel",
		events:     []string{operationDetails},
		marker:     "gen_ai.operation.name",
		calls:      operations,
		aggregates: aggregates,
		counting:   counting{reasoning: byModel},
	},
	{
		// Google's ADK (2.13) leaves out the operation and the model, which are on the
		// span that the event is written in.
		name:       "otel",
		events:     []string{operationDetails},
		without:    [][]string{{"gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"}},
		needsUsage: true,
		counting:   counting{reasoning: byModel},
	},
	{
		// What instrumentations may give the attributes of the span that failed.
		name:       "otel",
		events:     []string{"gen_ai.client.operation.exception"},
		marker:     "gen_ai.operation.name",
		calls:      operations,
		aggregates: aggregates,
		failed:     true,
		counting:   counting{reasoning: byModel},
		rows:       []row{{errorType, []string{"error.type", "exception.type"}}},
	},
	{
		// The plugin of opencode writes the events of Claude Code. Its output leaves out the
		// reasoning tokens.
		name:      "opencode",
		events:    []string{"api_request", "opencode.api_request"},
		shared:    true,
		signature: []string{"reasoning_tokens"},
		counting:  counting{cached: exclusive, reasoning: exclusive},
		rows:      append(slices.Clone(claudeCode), row{reasoning, []string{"reasoning_tokens"}}),
	},
	{
		// The short name alone could be anybody's.
		name:      "claude-code",
		events:    []string{"claude_code.api_request", "api_request"},
		shared:    true,
		signature: []string{"cost_usd", "input_tokens", "cache_read_tokens"},
		counting:  counting{cached: exclusive},
		rows:      claudeCode,
	},
	{
		name:      "claude-code",
		events:    []string{"claude_code.api_error", "api_error"},
		shared:    true,
		failed:    true,
		signature: []string{"model", "attempt", "status_code"},
		rows:      append(slices.Clone(claudeCode), row{errorType, []string{"error.type", "error"}}),
	},
	{
		name:   "gemini-cli",
		events: []string{"gemini_cli.api_response", "qwen-code.api_response"},
		shared: true,
		rows:   geminiCLI,
	},
	{
		// CLIs that are made of Gemini's have names of their own before the dot.
		name:      "gemini-cli",
		events:    []string{"api_response"},
		shared:    true,
		signature: []string{"input_token_count"},
		rows:      geminiCLI,
	},
	{
		name:   "gemini-cli",
		events: []string{"gemini_cli.api_error", "qwen-code.api_error"},
		shared: true,
		failed: true,
		rows:   geminiCLI,
	},
	{
		// Codex 0.171 sends response.completed twice: with the duration, and with the
		// usage.
		name:       "codex",
		byService:  true,
		events:     []string{"codex.sse_event", "codex.websocket_event", "sse_event", "websocket_event"},
		shared:     true,
		marker:     "event.kind",
		calls:      []string{"response.completed"},
		aggregates: []string{"*"},
		needsUsage: true,
		rows:       codex,
	},
	{
		// An attempt that the API refused.
		name:       "codex",
		byService:  true,
		events:     []string{"codex.api_request", "codex.websocket_request"},
		shared:     true,
		signature:  []string{"error.message"},
		failed:     true,
		needsUsage: true,
		rows:       codex,
	},
}

const operationDetails = "gen_ai.client.inference.operation.details"
