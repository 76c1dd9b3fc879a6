// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"slices"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

// genAI are the keys of the OpenTelemetry conventions and of those who extend
// them, newest first. Most conventions fall back on them.
var genAI = slices.Concat([]row{
	// Cloudflare's AI Gateway documents the third key of the provider. The llm.* are what VoltAgent,
	// Plano and others write who are older than the conventions.
	{provider, []string{"gen_ai.provider.name", "gen_ai.system", "gen_ai.model.provider", "llm.provider"}},
	{model, []string{"gen_ai.response.model", "gen_ai.request.model", "llm.model"}},
	// LiteLLM's proxy names its deployment before what its client asked for.
	{requestModel, []string{"litellm.provider.model", "gen_ai.request.model"}},
	// Of gen_ai.response.*, the tokens are Semantic Kernel's before it had the conventions' keys,
	// the token_counts those of Google's ADK in Go.
	{input, []string{"gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.usage.prompt_tokens", "llm.usage.input_tokens", "gen_ai.response.prompt_tokens", "gen_ai.response.prompt_token_count"}},
	{output, []string{"gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.usage.completion_tokens", "llm.usage.output_tokens", "gen_ai.response.completion_tokens", "gen_ai.response.candidates_token_count"}},
	{total, []string{"gen_ai.usage.total_tokens", "llm.usage.total_tokens", "gen_ai.response.total_token_count"}},
	{cacheRead, []string{
		"gen_ai.usage.cache_read.input_tokens",
		"gen_ai.usage.cache_read_input_tokens",
		"gen_ai.usage.input_tokens.cached",
		"gen_ai.usage.details.cache_read_tokens",
		"gen_ai.usage.cache_read_tokens",
		"gen_ai.usage.details.cache_read_input_tokens",
		"gen_ai.usage.details.cached_tokens",
		"gen_ai.usage.details.cached_content_tokens",
		"gen_ai.usage.prompt_tokens_details.cached_tokens",
		"gen_ai.usage.cached_tokens",
		"gen_ai.usage.cached_input_tokens",
		"gen_ai.usage.prompt_tokens_details.cache_read",
		"gen_ai.response.cached_content_token_count",
		"llm.usage.cached_tokens",
		"llm.usage.cached_input_tokens",
		"llm.usage.cache_read_input_tokens",
	}},
	{cacheWrite, []string{
		"gen_ai.usage.cache_write.input_tokens",
		"gen_ai.usage.cache_creation.input_tokens",
		"gen_ai.usage.cache_creation_input_tokens",
		"gen_ai.usage.cache_write_input_tokens",
		"gen_ai.usage.input_tokens.cache_write",
		"gen_ai.usage.details.cache_write_tokens",
		"gen_ai.usage.cache_write_tokens",
		"gen_ai.usage.details.cache_creation_input_tokens",
		"gen_ai.usage.prompt_tokens_details.cache_creation_tokens",
		"gen_ai.usage.cache_creation_tokens",
		"gen_ai.usage.prompt_tokens_details.cache_write",
		"llm.usage.cache_creation_tokens",
		"llm.usage.cache_creation_input_tokens",
	}},
	// Of anthropic's SDKs (2.14): the counts of a response leave out its compactions.
	{compactedInput, []string{"anthropic.usage.compaction.input_tokens"}},
	{compactedOutput, []string{"anthropic.usage.compaction.output_tokens"}},
	// Those of anthropic.* are what Anthropic's SDKs report themselves.
	{cacheWrite5m, []string{
		"gen_ai.usage.cache_creation.ephemeral_5m_input_tokens",
		"anthropic.usage.cache_creation.ephemeral_5m_input_tokens",
		"gen_ai.usage.details.ephemeral_5m_input_tokens",
		"gen_ai.usage.cache_creation.5m_input_tokens", // Mastra's
	}},
	{kind(usage.CacheWrite1h), []string{
		"gen_ai.usage.cache_creation.ephemeral_1h_input_tokens",
		"anthropic.usage.cache_creation.ephemeral_1h_input_tokens",
		"gen_ai.usage.details.ephemeral_1h_input_tokens",
		"gen_ai.usage.cache_creation.1h_input_tokens",
	}},
	{reasoning, []string{
		"gen_ai.usage.reasoning.output_tokens",
		"gen_ai.usage.output_tokens.reasoning",
		"gen_ai.usage.details.reasoning_tokens",
		"gen_ai.usage.reasoning_tokens",
		"llm.usage.reasoning_tokens",
		"gen_ai.usage.details.thoughts_tokens",
		"gen_ai.usage.completion_tokens_details.reasoning_tokens",
		"gen_ai.usage.details.thinking_tokens",
		"gen_ai.usage.thinking_tokens",
		"gen_ai.usage.thoughts_tokens",
		"gen_ai.usage.completion_tokens_details.reasoning", // OpenLIT's for Google's ADK in Node
	}},
	{kind(usage.AudioInput), []string{"gen_ai.usage.audio.input_tokens", "gen_ai.usage.input_audio_tokens", "gen_ai.usage.details.input_audio_tokens", "gen_ai.usage.details.audio_prompt_tokens"}},
	{kind(usage.CachedAudio), []string{"gen_ai.usage.audio.cache_read.input_tokens", "gen_ai.usage.details.cache_audio_read_tokens", "gen_ai.usage.details.audio_cache_tokens"}},
	{kind(usage.AudioOutput), []string{"gen_ai.usage.audio.output_tokens", "gen_ai.usage.output_audio_tokens", "gen_ai.usage.details.output_audio_tokens", "gen_ai.usage.details.audio_candidates_tokens", "gen_ai.usage.completion_tokens_details.audio_tokens", "gen_ai.usage.completion_tokens_details.audio"}},
	{kind(usage.ImageInput), []string{"gen_ai.usage.image.input_tokens", "gen_ai.usage.details.input_image_tokens", "gen_ai.usage.details.image_prompt_tokens"}},
	{kind(usage.CachedImage), []string{"gen_ai.usage.image.cache_read.input_tokens", "gen_ai.usage.details.image_cache_tokens"}},
	{kind(usage.ImageOutput), []string{"gen_ai.usage.image.output_tokens", "gen_ai.usage.details.output_image_tokens", "gen_ai.usage.details.image_candidates_tokens"}},
	{kind(usage.VideoInput), []string{"gen_ai.usage.video.input_tokens", "gen_ai.usage.details.video_prompt_tokens"}},
	{kind(usage.VideoOutput), []string{"gen_ai.usage.video.output_tokens", "gen_ai.usage.details.video_candidates_tokens"}},
	{kind(usage.Seconds), []string{"gen_ai.usage.audio_duration_seconds", "gen_ai.usage.audio_seconds"}},
	{textInput, []string{"gen_ai.usage.text.input_tokens", "gen_ai.usage.details.text_prompt_tokens"}},
	{textOutput, []string{"gen_ai.usage.text.output_tokens", "gen_ai.usage.details.text_candidates_tokens"}},
	{kind(usage.WebSearches), []string{"gen_ai.usage.server_tool_use.web_search_requests", "anthropic.usage.server_tool_use.web_search_requests", "gen_ai.usage.details.web_search_requests"}},
	{usageObject, []string{"gen_ai.usage.raw", "braintrust.metrics", "gen_ai.usage"}},
	// arc.llm.service_tier is for those whose instrumentation has none: set by
	// the application, or by the attributes processor for all that a service sends.
	{tier, []string{
		"openai.response.service_tier",
		"gen_ai.openai.response.service_tier",
		"anthropic.response.service_tier",
		"gen_ai.response.service_tier",
		"arc.llm.service_tier",
		"openai.request.service_tier",
		"gen_ai.openai.request.service_tier",
		"gen_ai.request.service_tier",
	}},
	{speed, []string{"gen_ai.request.speed", "anthropic.response.speed", "anthropic.request.speed"}},
	// LiteLLM's proxy, and Sentry's conventions.
	{cacheHit, []string{"litellm.cache_hit", "cache.hit"}},
	{cost, []string{"gen_ai.usage.cost", "gen_ai.cost.total_cost", "gen_ai.usage.total_cost", "gen_ai.usage.cost.total", "litellm.cost.total", "operation.cost", "gen_ai.usage.cost_usd", "gen_ai.cost.usd", "gen_ai.usage.total_cost_usd", "gen_ai.usage.cost.total_usd", "gen_ai.cost.total", "llm.usage.cost", "cost_dollars"}},
	// Proposed: https://github.com/open-telemetry/semantic-conventions-genai/pull/443.
	{costAmount, []string{"gen_ai.usage.cost.amount"}},
	{costCurrency, []string{"gen_ai.usage.cost.currency"}},
	{costInput, []string{"gen_ai.usage.input_cost", "gen_ai.cost.input_cost"}},
	{costOutput, []string{"gen_ai.usage.output_cost", "gen_ai.cost.output_cost"}},
	// Of the cached tokens LiteLLM's OTel v2 has the costs, and not the counts.
	{costRead, []string{"litellm.cost.cache_read"}},
	{costWrite, []string{"litellm.cost.cache_creation"}},
	{errorType, []string{"error.type"}},
	{status, []string{"status"}},
	{level, []string{"logfire.level_num"}},
	{agent, []string{
		"gen_ai.agent.name", "langsmith.metadata.lc_agent_name", "langsmith.metadata.agent_name",
		"traceloop.association.properties.lc_agent_name", "traceloop.association.properties.agent_name",
		"ai.telemetry.metadata.agentName", "langfuse.observation.metadata.lc_agent_name",
		"agent_name", // Pydantic AI writes it next to the first, and Logfire
	}},
	{user, []string{
		"user.id", "enduser.id", "enduser.pseudo.id", "langfuse.user.id", "user_id",
		"traceloop.association.properties.user_id", "traceloop.association.properties.userId",
		"ai.telemetry.metadata.userId", "ai.telemetry.metadata.user_id", "gen_ai.request.user", "gen_ai.user.id",
		"langsmith.metadata.user_id", "langsmith.metadata.userId", "langfuse.trace.metadata.user_id",
		"litellm.end_user.id", "litellm.metadata.user_api_key_end_user_id", "litellm.metadata.user_api_key_user_id", // LiteLLM's proxy since its OTel v2
	}},
	{session, []string{
		"gen_ai.conversation.id", "session.id", "langfuse.session.id", "session_id",
		"traceloop.association.properties.session_id", "traceloop.association.properties.sessionId",
		"ai.telemetry.metadata.sessionId", "ai.telemetry.metadata.session_id", "langsmith.metadata.session_id", "langsmith.metadata.thread_id",
		"langsmith.metadata.conversation_id", "langfuse.trace.metadata.session_id", "traceloop.association.properties.thread_id",
		"traceloop.association.properties.conversation_id", "ai.telemetry.metadata.threadId", "ai.telemetry.metadata.conversationId",
		"gen_ai.session.id",           // Dify's
		"gcp.vertex.agent.session_id", // Google's ADK before it had the conventions' key
	}},
	{operation, []string{"gen_ai.operation.name", "llm.request.type"}},
	{responseID, []string{"gen_ai.response.id", "ai.response.id"}},
	// Of a server such as vLLM the request has the ID of the response. Azure's agents report
	// what a run used each time its state is asked for.
	{requestID, []string{"gen_ai.request.id", "gen_ai.thread.run.id"}},
	{seconds, []string{"duration_seconds"}},
	// The first is that of the OpenTelemetry conventions. OpenLIT writes the name of their
	// metric on spans; Sentry's conventions have the third.
	{firstToken, []string{"gen_ai.response.time_to_first_chunk", "gen_ai.server.time_to_first_token", "gen_ai.response.time_to_first_token", "gen_ai.server.ttft"}},
	{firstTokenMillis, []string{"ai.response.msToFirstChunk", "ai.stream.msToFirstChunk", "ttft_ms"}},
	{parameters, []string{"request_data", "gen_ai.request.parameters"}},
}, ofEachKind())

// ofEachKind are the keys that every kind of usage has by its name, so that a new
// one is read without a row here.
func ofEachKind() []row {
	rows := make([]row, 0, usage.Count)
	for _, k := range usage.Kinds() {
		keys := []string{"arc.llm.usage." + k.String(), "gen_ai.usage.details." + k.String(), "gen_ai.usage." + k.String()}
		if k.Info().Unit == usage.Token {
			keys = append(keys, "gen_ai.usage."+k.String()+"_tokens") // Mastra's, AgentScope's
		}
		rows = append(rows, row{kind(k), keys})
	}
	return rows
}

// namespaced reports whether a span's key is in a namespace of one of the
// conventions. Most keys of most spans fail at their first byte.
func namespaced(key string) bool {
	if len(key) < 4 {
		return false
	}
	switch key[0] {
	case 'g':
		return hasPrefix(key, "gen_ai.") || hasPrefix(key, "genkit:")
	case 'l':
		return hasPrefix(key, "llm.") || hasPrefix(key, "langfuse.") || hasPrefix(key, "langsmith.") || hasPrefix(key, "langwatch.")
	case 'a':
		return hasPrefix(key, "ai.") || hasPrefix(key, "agentops.")
	case 'b':
		return hasPrefix(key, "braintrust.")
	case 'c':
		return hasPrefix(key, "codex.usage.")
	case 'm':
		return hasPrefix(key, "mlflow.")
	case 'o':
		return hasPrefix(key, "openinference.")
	case 's':
		return key == "span.type" // Claude Code's
	case 't':
		return hasPrefix(key, "traceloop.")
	}
	return false
}

func hasPrefix(key, prefix string) bool {
	return len(key) >= len(prefix) && key[:len(prefix)] == prefix
}
