// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"slices"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

// This file is the table: which conventions there are, which of their records
// are calls, and which keys report what.

// convention is one way to report a call.
type convention struct {
	name string
	// marker is the key whose value is what a record is. A value of calls is a call.
	// One of aggregates is known not to be: it is free, or repeats what the calls
	// below it used. Any other is a call if the record has usage or a cost. A value
	// that begins with a dot is compared with the end of the record's, one that ends
	// with an asterisk with its beginning.
	marker     string
	calls      []string
	aggregates []string
	// everything: whatever the marker's value is, the record is a call, but for a value of
	// ifUsed, which is one if it has usage or a cost.
	everything bool
	ifUsed     []string
	// exact: a record whose marker has a value that no list has does not follow it.
	exact bool
	// signature are keys that distinguish conventions that share a marker: one of
	// them must be there.
	signature []string
	// without, for records that have no marker: one key of each must be there.
	without [][]string
	// events are the names of log events that are calls. Conventions with events
	// are those of logs, all others are those of spans.
	events []string
	// failed: the events are those of calls that failed.
	failed bool
	// needsUsage: a successful record without usage is one of several of its call.
	needsUsage bool
	// shared: the trace context of an event is that of the span around it, an
	// agent's turn for example, and not of the call.
	shared bool
	// instant: the span is of the end of a call, and does not have its time.
	instant bool
	// byService: the resources of the spans and of the log records of a process differ.
	byService bool
	counting  counting
	rows      []row
}

// counting is what the counts of a convention or an instrumentation include.
type counting struct {
	cached    inclusion
	reasoning inclusion
	// ownTotal: the total is the instrumentation's own sum of input and output, and
	// proves nothing where it is that.
	ownTotal bool
	// twice: cached tokens are counted in the input twice.
	twice bool
}

// inclusion is whether a part is counted within its whole.
type inclusion uint8

const (
	inclusive inclusion = iota
	exclusive
	// byProvider is for instrumentations that forward what the API of the provider
	// counts.
	byProvider
	// byModel is for those that follow the conventions, but of models whose API is
	// known to leave the part out.
	byModel
)

// spanConventions are in order of precedence: instrumentation that sets a more
// specific key knows more about the record than its OpenTelemetry keys do.
var spanConventions = []convention{
	{
		// Since version 6 the SDK makes one of all providers' ways to count. Processors of
		// others add their own keys to its spans, and are not as exact.
		name:       "vercel-ai",
		marker:     "ai.operationId",
		calls:      aiOperations,
		aggregates: aiAggregates,
		signature:  []string{"ai.usage.inputTokenDetails.noCacheTokens"},
		counting:   counting{ownTotal: true},
		rows:       vercelAI,
	},
	{
		// Version 5 has the counts of the APIs, Anthropic's cache writes elsewhere, and
		// adds up the total where the provider has none.
		name:       "vercel-ai",
		marker:     "ai.operationId",
		calls:      aiOperations,
		aggregates: aiAggregates,
		counting:   counting{cached: byProvider, reasoning: byProvider, ownTotal: true},
		rows:       vercelAI,
	},
	{
		name:       "langfuse",
		marker:     "langfuse.observation.type",
		calls:      []string{"generation", "embedding"},
		aggregates: []string{"span", "event", "agent", "tool", "chain", "retriever", "evaluator", "guardrail"},
		counting:   counting{cached: byProvider, reasoning: byProvider}, // its own object of counts has them disjoint
		rows:       ofLangfuse,
	},
	untypedLangfuse("langfuse.observation.model.name"),
	untypedLangfuse("langfuse.observation.usage_details"),
	{
		name:       "langsmith",
		marker:     "langsmith.span.kind",
		calls:      []string{"llm", "embedding"},
		aggregates: []string{"chain", "tool", "retriever", "prompt", "parser"},
		counting:   counting{reasoning: byModel},
		rows: []row{
			{model, []string{"gen_ai.response.model", "gen_ai.request.model", "langsmith.metadata.ls_model_name"}},
			{provider, []string{"gen_ai.provider.name", "gen_ai.system", "langsmith.metadata.ls_provider"}},
			{usageObject, []string{"langsmith.metadata.usage_metadata", "langsmith.usage_metadata"}},
			{inputDetails, []string{"gen_ai.usage.input_token_details"}},
			{outputDetails, []string{"gen_ai.usage.output_token_details"}},
		},
	},
	{
		name:       "openinference",
		marker:     "openinference.span.kind",
		calls:      []string{"LLM", "EMBEDDING", "RERANKER"},
		aggregates: []string{"CHAIN", "AGENT", "TOOL", "RETRIEVER", "GUARDRAIL", "EVALUATOR", "PROMPT"},
		counting:   counting{reasoning: byModel},
		rows: []row{
			{provider, []string{"llm.provider", "llm.system"}},
			{model, []string{"llm.response.model_name", "llm.model_name", "llm.request.model_name", "embedding.model_name", "reranker.model_name"}},
			{requestModel, []string{"llm.request.model_name"}},
			{input, []string{"llm.token_count.prompt"}},
			{output, []string{"llm.token_count.completion"}},
			{cacheRead, []string{"llm.token_count.prompt_details.cache_read", "llm.token_count.prompt_details.cache_input"}},
			{cacheWrite, []string{"llm.token_count.prompt_details.cache_write"}},
			{reasoning, []string{"llm.token_count.completion_details.reasoning"}},
			{kind(usage.AudioInput), []string{"llm.token_count.prompt_details.audio"}},
			{kind(usage.AudioOutput), []string{"llm.token_count.completion_details.audio"}},
			{kind(usage.ImageInput), []string{"llm.token_count.prompt_details.image"}},
			{total, []string{"llm.token_count.total"}},
			{cost, []string{"llm.cost.total"}},
			{costInput, []string{"llm.cost.prompt"}},
			{costOutput, []string{"llm.cost.completion"}},
			{agent, []string{"agent.name"}},
			{node, []string{"graph.node.id"}},
			{spanKind, []string{"openinference.span.kind"}},
			{custom, []string{"metadata"}},
			{parameters, []string{"llm.invocation_parameters", "input.value"}},
			{returned, []string{"output.value"}},
		},
	},
	{
		// MLflow writes its values as JSON. Its input includes what was cached, as it
		// adds it for Anthropic and Bedrock (mlflow 3.17).
		name:       "mlflow",
		marker:     "mlflow.spanType",
		calls:      []string{"LLM", "CHAT_MODEL", "EMBEDDING", "RERANKER"},
		aggregates: []string{"CHAIN", "AGENT", "TOOL", "RETRIEVER", "PARSER", "MEMORY", "WORKFLOW", "TASK", "GUARDRAIL", "EVALUATOR"},
		counting:   counting{reasoning: byProvider},
		rows: []row{
			{provider, []string{"mlflow.llm.provider"}},
			{model, []string{"mlflow.llm.model", "model"}},
			{requestModel, []string{"model"}},
			{usageObject, []string{"mlflow.chat.tokenUsage"}},
			{costJSON, []string{"mlflow.llm.cost"}},
			{parameters, []string{"mlflow.spanInputs"}},
			{returned, []string{"mlflow.spanOutputs"}},
			{user, []string{"mlflow.trace.user"}},
			{session, []string{"mlflow.trace.session"}},
		},
	},
	// The SDKs of workflows: what has this key repeats its children.
	{
		name: "traceloop", marker: "traceloop.span.kind", aggregates: []string{"*"},
		rows: []row{{node, []string{"traceloop.entity.name"}}, {spanKind, []string{"traceloop.span.kind"}}},
	},
	braintrust("braintrust.span_attributes"),
	braintrust("braintrust.span_attributes.type"),
	{
		// AgentOps forwards what the API counts.
		name:       "agentops",
		marker:     "agentops.span.kind",
		calls:      []string{"llm", "llm.call", "embedding"},
		aggregates: []string{"session", "agent*", "workflow*", "task", "operation", "tool", "team", "chain", "guardrail", "handoff", "memory"},
		counting:   counting{cached: byProvider, reasoning: byProvider, ownTotal: true},
		rows: []row{
			{agent, []string{"agent.name"}},
			{node, []string{"operation.name"}},
			{spanKind, []string{"agentops.span.kind"}},
		},
	},
	{
		// VoltAgent's core (2.9) forwards the counts of AI SDK 5. Its span of an agent has
		// the sum under keys without a namespace, which are not read.
		name:      "voltagent",
		marker:    "span.type",
		calls:     []string{"llm"},
		signature: []string{"llm.operation", "entity.type"},
		counting:  counting{cached: byProvider, reasoning: byProvider, ownTotal: true},
		rows: []row{
			{agent, []string{"subagent.name", "entity.name"}},
			{session, []string{"conversation.id"}},
		},
	},
	{
		// The requests of a session are spans; so are the turns and tools around them.
		// VoltAgent and OpenRouter have the same marker, so that what others call their spans is
		// left to them.
		name:       "claude-code",
		marker:     "span.type",
		calls:      []string{"llm_request"},
		aggregates: []string{"interaction*", "tool*", "hook*", "session*", "agent*", "turn*", "workflow*"},
		exact:      true,
		counting:   counting{cached: exclusive},
		rows: append(slices.Clone(claudeCode),
			row{user, []string{"user.id"}}, row{errorType, []string{"error"}}),
	},
	{
		// LangWatch's SDKs write the conventions' keys too, but not all of their versions do.
		name:       "langwatch",
		marker:     "langwatch.span.type",
		calls:      []string{"llm"},
		aggregates: []string{"agent", "chain", "tool", "rag", "guardrail", "evaluation", "workflow", "component", "module", "server", "client", "producer", "consumer", "task"},
		counting:   counting{reasoning: byModel},
		rows:       []row{{usageObject, []string{"langwatch.metrics"}}, {user, []string{"langwatch.user.id"}}, {session, []string{"langwatch.thread.id"}}},
	},
	{
		// Genkit's models are actions; those around them are flows, tools and the like. What
		// a model returns has the counts.
		name:       "genkit",
		marker:     "genkit:metadata:subtype",
		calls:      []string{"model", "background-model", "embedder"},
		aggregates: []string{"*"},
		counting:   counting{reasoning: byProvider},
		rows: []row{
			{model, []string{"genkit:name"}},
			{response, []string{"genkit:output"}},
			{status, []string{"genkit:state"}},
			{session, []string{"genkit:sessionId"}},
		},
	},
	{
		// The proxy counts as OpenAI does, whatever provider is behind it.
		name:       "litellm",
		marker:     "llm.request.type",
		signature:  []string{"gen_ai.cost.total_cost", "litellm.call_id", "metadata.usage_object", "hidden_params"},
		calls:      requests,
		everything: true,
		ifUsed:     liteLLMTasks,
		counting:   counting{reasoning: byModel},
		rows: []row{
			{usageObject, []string{"metadata.usage_object"}},
			{user, []string{"metadata.user_api_key_end_user_id", "metadata.user_api_key_user_id"}},
		},
	},
	{
		// OpenLLMetry adds Anthropic's cached tokens to its input tokens, in 0.33 as
		// in 0.62 of its package, and leaves those of Bedrock out.
		name:       "openllmetry",
		marker:     "llm.request.type",
		calls:      requests,
		aggregates: aggregates,
		counting:   counting{cached: byProvider, reasoning: byProvider},
	},
	{
		// Strands and what else uses the keys of before v1.37 forward what the API counts.
		name:       "otel-older",
		marker:     "gen_ai.operation.name",
		calls:      operations,
		aggregates: aggregates,
		signature:  []string{"gen_ai.usage.cache_read_input_tokens", "gen_ai.usage.cache_creation_input_tokens", "gen_ai.usage.cache_write_input_tokens"},
		counting:   counting{cached: byProvider, reasoning: byProvider},
	},
	{
		// It has the keys of today, and what the API counts under them.
		name:       "openlit",
		marker:     "gen_ai.operation.name",
		calls:      operations,
		aggregates: aggregates,
		signature:  []string{"gen_ai.sdk.version"},
		counting:   counting{cached: byProvider, reasoning: byProvider, ownTotal: true},
	},
	{
		// Pydantic AI and Logfire, Sentry and Arc's own spans, too.
		name:       "otel",
		marker:     "gen_ai.operation.name",
		calls:      operations,
		aggregates: aggregates,
		counting:   counting{reasoning: byModel},
		rows: []row{
			{parameters, []string{"request_data", "model"}},
			{returned, []string{"response_data"}}, // Logfire's
			{usageObject, []string{"gen_ai.usage.raw", "usage"}},
			{spanKind, []string{"logfire.span_type"}},
		},
	},
	// Gemini's CLI reports each call as an event, too, which has all that it used.
	{name: "gemini-cli", marker: "gen_ai.operation.name", aggregates: []string{"llm_call"}, signature: []string{"gen_ai.prompt.name"}},
	spanKinds("gen_ai.span.kind"),
	spanKinds("gen_ai.span_kind_name"),
	{
		// Codex (0.130) has a span for each event of a response, the last of which has the
		// usage. The model is that of the span codexRequest around it.
		name:      "codex",
		without:   [][]string{{"codex.usage.total_tokens", "codex.usage.reasoning_output_tokens"}},
		instant:   true,
		byService: true,
		rows: []row{
			{reasoning, []string{"codex.usage.reasoning_output_tokens"}},
			{total, []string{"codex.usage.total_tokens"}},
		},
	},
	{
		name: "otel-older",
		without: [][]string{
			{"gen_ai.request.model", "gen_ai.response.model", "gen_ai.system", "gen_ai.provider.name", "llm.model"},
		},
		aggregates: []string{"*"},
		counting:   counting{cached: byProvider, reasoning: byProvider},
	},
}

// liteLLMTasks are the types of calls of LiteLLM (1.110) that call no model, with and without
// async. Some of them are billed all the same: a batch has its usage when it is retrieved.
var liteLLMTasks = withAsync(
	"file_*", "create_file", "create_batch", "create_fine_tuning_job", "create_assistants", "create_thread", "add_message", "_add_message", // a_add_message
	"create_container*", "create_skill*", "create_eval*", "get_*", "list_*", "retrieve_*", "delete_*", "cancel_*", "update_*",
	"vector_store_*", "video_retrieve*", "video_content", "video_list", "video_delete", "video_get_*",
	"call_mcp_tool", "search", "count_tokens",
)

// withAsync adds the names that Python's asynchronous functions have by LiteLLM's custom.
func withAsync(names ...string) []string {
	all := slices.Clone(names)
	for _, name := range names {
		all = append(all, "a"+name)
	}
	return all
}

var aiOperations = []string{".doGenerate", ".doStream", ".doEmbed", ".doRerank"}

// aiAggregates repeat the usage of all their steps.
var aiAggregates = []string{
	"ai.generateText", "ai.streamText", "ai.generateObject", "ai.streamObject", "ai.embed", "ai.embedMany",
	"ai.rerank", "ai.toolCall", "ai.generateImage", "ai.agent*", "ai.streamText.*", "ai.generateText.*",
}

var ofLangfuse = []row{
	{model, []string{"langfuse.observation.model.name"}},
	{usageDisjoint, []string{"langfuse.observation.usage_details"}},
	{costJSON, []string{"langfuse.observation.cost_details"}},
	{parameters, []string{"langfuse.observation.model.parameters"}},
	{level, []string{"langfuse.observation.level"}},
	{user, []string{"langfuse.user.id", "user.id"}},
	{session, []string{"langfuse.session.id", "session.id"}},
}

// untypedLangfuse is of spans without a type: to Langfuse a span that names a model or has
// usage is a generation.
func untypedLangfuse(marker string) convention {
	return convention{
		name:     "langfuse",
		marker:   marker,
		calls:    []string{"*"},
		counting: counting{cached: byProvider, reasoning: byProvider},
		rows:     ofLangfuse,
	}
}

// braintrust is of Braintrust's SDKs for Go, Java, Ruby and .NET, which have keys of their own
// alone. Their input includes what was cached. The counts are an object under
// braintrust.metrics, as those of other conventions.
func braintrust(marker string) convention {
	return convention{
		name:       "braintrust",
		marker:     marker,
		calls:      []string{"llm"},
		aggregates: []string{"task", "function", "tool", "score", "eval", "automation", "facet", "preprocessor", "review"},
		counting:   counting{reasoning: byProvider},
		rows:       []row{{parameters, []string{"braintrust.metadata"}}},
	}
}

var vercelAI = []row{
	{provider, []string{"ai.model.provider"}},
	{model, []string{"ai.response.model", "ai.model.id"}},
	{requestModel, []string{"ai.model.id"}},
	{input, []string{"ai.usage.inputTokens", "ai.usage.promptTokens", "ai.usage.tokens"}},
	{output, []string{"ai.usage.outputTokens", "ai.usage.completionTokens"}},
	{cacheRead, []string{"ai.usage.inputTokenDetails.cacheReadTokens", "ai.usage.cachedInputTokens"}},
	{cacheWrite, []string{"ai.usage.inputTokenDetails.cacheWriteTokens"}},
	{reasoning, []string{"ai.usage.outputTokenDetails.reasoningTokens", "ai.usage.reasoningTokens"}},
	{total, []string{"ai.usage.totalTokens"}},
	{metadata, []string{"ai.response.providerMetadata"}},
	{agent, []string{"gen_ai.agent.name", "ai.telemetry.metadata.agentName", "ai.telemetry.functionId"}},
}

// operations are the values of gen_ai.operation.name that are calls.
var operations = append([]string{
	"generate_content", "embeddings", "realtime_inference",
	// OpenLIT's of images, and those of others that are like it.
	"image", "image_generation", "image_edit", "image_variation", "video_generation",
	"audio", "audio_generation", "speech", "text_to_speech", "speech_to_text", "transcription",
}, requests...)

// spanKinds is of spans that have their kind in addition to the name of the operation, or
// without: those of Alibaba's LoongSuite, AgentScope and Dify.
func spanKinds(marker string) convention {
	return convention{
		name:   "otel",
		marker: marker,
		calls:  []string{"LLM", "EMBEDDING", "RERANKER"},
		aggregates: []string{
			"CHAIN", "AGENT", "TOOL", "RETRIEVER", "TASK", "ENTRY", "STEP", "WORKFLOW", "MEMORY", "GUARDRAIL", "EVALUATOR", "PROMPT", "PARSER", "SKILL",
		},
		counting: counting{reasoning: byModel},
	}
}

// requests are the values of llm.request.type that are calls.
var requests = []string{
	"chat", "completion", "embedding", "rerank", "text_completion", "responses",
	// LiteLLM's, which writes them under gen_ai.operation.name too.
	"acompletion", "atext_completion", "aembedding", "aresponses", "anthropic_messages",
}

// aggregates are the operations that are known not to be calls: those of the
// conventions' list (semantic-conventions-genai, 2026-11), and those of OpenLIT
// and others who have their own.
var aggregates = []string{
	"invoke_agent", "create_agent", "invoke_workflow", "execute_tool", "plan", "fetch_response",
	"retrieval", "retrieve", "create_memory*", "delete_memory*", "search_memory", "update_memory", "upsert_memory",
	"agent", "agent_run", "workflow", "task", "execute_task", "execution", "tool", "tool_coordination", "chain", "graph", "handoff", "guardrail",
	"conversation", // AG2's
	"user_prompt_processing", "vectordb", "memory*", "search", "mcp*", "browser*", "crawl*", "scrape*", "extract*", "map",
	"invoke_*", "create_*", "execute_*", "orchestrate*", "handle_*", "user_speech",
	"unknown", // OpenLLMetry's, of what is not a call of a model
}
