// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

// This file is the table: which conventions there are, which of their records
// are calls, and which keys say what. A key is looked for in the order of its
// row, newest first, and the first that is there counts.

// convention is one way to write a call down.
type convention struct {
	name string
	// marker is the key that says what a record is, and calls are its values
	// that say a call was made. Any other value means that the record is none:
	// it is free, or repeats what the calls below it have used. A value that
	// begins with a dot is compared with the end of what the record says.
	marker string
	calls  []string
	// signature are keys that tell apart conventions that share a marker: one of
	// them must be there.
	signature []string
	// without, for records that have no marker: one key of each must be there.
	without [][]string
	// events are the names of log events that are calls. Conventions with events
	// are those of logs, all others are those of spans.
	events []string
	// shared: the trace context of an event is that of the span around it, an
	// agent's turn for example, and not of the call.
	shared bool
	cached cached
	rows   []row
}

// cached says whether the cached tokens are counted within the input tokens.
type cached uint8

const (
	inside cached = iota
	beside
	// byProvider is for instrumentations that hand on what the API of the
	// provider says: the arithmetic decides, and then the provider.
	byProvider
	// byProviderAlone is for those among them whose total is their own sum of input
	// and output, and says nothing.
	byProviderAlone
)

// field is what a key is about.
type field uint8

const (
	provider field = iota
	model
	input
	output
	cacheRead
	cacheWrite
	cacheWrite5m
	cacheWrite1h
	thoughts   // reasoning tokens that are beside the output tokens
	toolPrompt // input tokens that are beside the input tokens
	reasoning  // output tokens that nobody reads, within the output tokens
	audioInput
	audioOutput
	imageInput
	imageOutput
	webSearches // searches that the provider made for the call
	total
	usageJSON     // an object of token counts
	inputDetails  // an object of counts within the input
	outputDetails // an object of counts within the output
	metadata      // an object of what the provider says besides
	cost
	costInput  // one part of the cost, where the whole is not said
	costOutput // the other part
	costJSON   // an object of costs
	errorType
	status
	agent
	user
	session
	operation
	responseID
	tier
	cacheHit // whether the answer is from a cache of the application, and nobody was paid
	seconds
	milliseconds
	fieldCount
)

// row is where a field is found.
type row struct {
	field field
	keys  []string
}

// The keys of the OpenTelemetry conventions, which most others fall back on.
var genAI = []row{
	{provider, []string{"gen_ai.provider.name", "gen_ai.system"}},
	{model, []string{"gen_ai.response.model", "gen_ai.request.model"}},
	{input, []string{"gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.usage.prompt_tokens"}},
	{output, []string{"gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.usage.completion_tokens"}},
	{cacheRead, []string{
		"gen_ai.usage.cache_read.input_tokens",
		"gen_ai.usage.cache_read_input_tokens",
		"gen_ai.usage.input_tokens.cached",
		"gen_ai.usage.details.cache_read_tokens",
		"gen_ai.usage.cache_read_tokens",
	}},
	{cacheWrite, []string{
		"gen_ai.usage.cache_write.input_tokens",
		"gen_ai.usage.cache_creation.input_tokens",
		"gen_ai.usage.cache_creation_input_tokens",
		"gen_ai.usage.cache_write_input_tokens",
		"gen_ai.usage.input_tokens.cache_write",
		"gen_ai.usage.details.cache_write_tokens",
		"gen_ai.usage.cache_write_tokens",
	}},
	{cacheWrite5m, []string{
		"gen_ai.usage.cache_creation.ephemeral_5m_input_tokens",
		"gen_ai.usage.details.ephemeral_5m_input_tokens",
	}},
	{cacheWrite1h, []string{
		"gen_ai.usage.cache_creation.ephemeral_1h_input_tokens",
		"gen_ai.usage.details.ephemeral_1h_input_tokens",
	}},
	{reasoning, []string{
		"gen_ai.usage.reasoning.output_tokens",
		"gen_ai.usage.output_tokens.reasoning",
		"gen_ai.usage.details.reasoning_tokens",
		"gen_ai.usage.reasoning_tokens",
		"llm.usage.reasoning_tokens",
	}},
	{audioInput, []string{"gen_ai.usage.audio.input_tokens", "gen_ai.usage.details.input_audio_tokens", "gen_ai.usage.details.audio_prompt_tokens"}},
	{audioOutput, []string{"gen_ai.usage.audio.output_tokens", "gen_ai.usage.details.output_audio_tokens", "gen_ai.usage.details.audio_candidates_tokens"}},
	{imageInput, []string{"gen_ai.usage.image.input_tokens", "gen_ai.usage.details.input_image_tokens", "gen_ai.usage.details.image_prompt_tokens"}},
	{imageOutput, []string{"gen_ai.usage.image.output_tokens", "gen_ai.usage.details.output_image_tokens", "gen_ai.usage.details.image_candidates_tokens"}},
	{webSearches, []string{"gen_ai.usage.server_tool_use.web_search_requests", "gen_ai.usage.details.web_search_requests"}},
	// arc.llm.service_tier is for those whose instrumentation does not say: set by
	// the application, or by the attributes processor for all that a service sends.
	{tier, []string{
		"openai.response.service_tier",
		"gen_ai.openai.response.service_tier",
		"gen_ai.response.service_tier",
		"arc.llm.service_tier",
		"openai.request.service_tier",
		"gen_ai.openai.request.service_tier",
		"gen_ai.request.service_tier",
	}},
	// LiteLLM's proxy, and Sentry's conventions.
	{cacheHit, []string{"litellm.cache_hit", "cache.hit"}},
	{total, []string{"gen_ai.usage.total_tokens", "llm.usage.total_tokens"}},
	{cost, []string{"gen_ai.usage.cost", "gen_ai.cost.total_cost", "litellm.cost.total", "operation.cost", "cost_dollars"}},
	{errorType, []string{"error.type"}},
	{status, []string{"status"}},
	{agent, []string{"gen_ai.agent.name"}},
	{user, []string{"user.id", "enduser.id", "langfuse.user.id", "traceloop.association.properties.user_id", "ai.telemetry.metadata.userId"}},
	{session, []string{"gen_ai.conversation.id", "session.id", "langfuse.session.id", "traceloop.association.properties.session_id", "ai.telemetry.metadata.sessionId"}},
	{operation, []string{"gen_ai.operation.name", "llm.request.type"}},
	{responseID, []string{"gen_ai.response.id", "ai.response.id"}},
	{seconds, []string{"duration_seconds"}},
}

// spanConventions are in order of precedence: whoever sets a more special key
// knows more of the record than the OpenTelemetry keys beside it say.
var spanConventions = []convention{
	{
		name:   "langfuse",
		marker: "langfuse.observation.type",
		calls:  []string{"generation", "embedding"},
		cached: byProvider, // its own object of counts has them beside, always
		rows: []row{
			{model, []string{"langfuse.observation.model.name"}},
			{usageJSON, []string{"langfuse.observation.usage_details"}},
			{costJSON, []string{"langfuse.observation.cost_details"}},
		},
	},
	{
		name:   "langsmith",
		marker: "langsmith.span.kind",
		calls:  []string{"llm"},
		cached: inside,
		rows: []row{
			{inputDetails, []string{"gen_ai.usage.input_token_details"}},
			{outputDetails, []string{"gen_ai.usage.output_token_details"}},
		},
	},
	{
		name:   "openinference",
		marker: "openinference.span.kind",
		calls:  []string{"LLM", "EMBEDDING", "RERANKER"},
		cached: inside,
		rows: []row{
			{provider, []string{"llm.provider", "llm.system"}},
			{model, []string{"llm.response.model_name", "llm.model_name", "llm.request.model_name", "embedding.model_name", "reranker.model_name"}},
			{input, []string{"llm.token_count.prompt"}},
			{output, []string{"llm.token_count.completion"}},
			{cacheRead, []string{"llm.token_count.prompt_details.cache_read", "llm.token_count.prompt_details.cache_input"}},
			{cacheWrite, []string{"llm.token_count.prompt_details.cache_write"}},
			{reasoning, []string{"llm.token_count.completion_details.reasoning"}},
			{audioInput, []string{"llm.token_count.prompt_details.audio"}},
			{audioOutput, []string{"llm.token_count.completion_details.audio"}},
			{total, []string{"llm.token_count.total"}},
			{cost, []string{"llm.cost.total"}},
			{costInput, []string{"llm.cost.prompt"}},
			{costOutput, []string{"llm.cost.completion"}},
			{agent, []string{"agent.name"}},
		},
	},
	{
		// Since version 6 the SDK makes one of all providers' ways to count.
		name:      "vercel-ai",
		marker:    "ai.operationId",
		calls:     aiOperations,
		signature: []string{"ai.usage.inputTokenDetails.noCacheTokens"},
		cached:    inside,
		rows:      vercelAI,
	},
	{
		// Version 5 has the counts of the APIs, Anthropic's cache writes elsewhere.
		name:   "vercel-ai",
		marker: "ai.operationId",
		calls:  aiOperations,
		cached: byProviderAlone,
		rows:   append(vercelAI, row{metadata, []string{"ai.response.providerMetadata"}}),
	},
	// The SDKs of workflows: what has this key repeats its children.
	{name: "traceloop", marker: "traceloop.span.kind"},
	{
		// The proxy counts as OpenAI does, whatever provider is behind it.
		name:      "litellm",
		marker:    "llm.request.type",
		signature: []string{"gen_ai.cost.total_cost", "litellm.call_id"},
		calls:     requests,
		cached:    inside,
	},
	{
		// OpenLLMetry adds Anthropic's cached tokens to its input tokens, in 0.33 as
		// in 0.62 of its package, and leaves those of Bedrock's Converse beside.
		name:   "openllmetry",
		marker: "llm.request.type",
		calls:  requests,
		cached: byProvider,
	},
	{
		// Strands and what else uses the keys of before v1.37 hand on what the API says.
		name:      "otel-older",
		marker:    "gen_ai.operation.name",
		calls:     operations,
		signature: []string{"gen_ai.usage.cache_read_input_tokens", "gen_ai.usage.cache_creation_input_tokens", "gen_ai.usage.cache_write_input_tokens"},
		cached:    byProvider,
	},
	{
		// It has the keys of today, and what the API says under them.
		name:      "openlit",
		marker:    "gen_ai.operation.name",
		calls:     operations,
		signature: []string{"gen_ai.sdk.version"},
		cached:    byProviderAlone,
	},
	{
		// Pydantic AI and Logfire, Sentry and Arc's own spans, too.
		name:   "otel",
		marker: "gen_ai.operation.name",
		calls:  operations,
		cached: inside,
	},
	{
		name: "otel-older",
		without: [][]string{
			{"gen_ai.system", "gen_ai.provider.name"},
			{"gen_ai.request.model", "gen_ai.response.model"},
			{
				"gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens",
				"gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens",
			},
		},
		cached: byProvider,
	},
}

var aiOperations = []string{".doGenerate", ".doStream", ".doEmbed"}

var vercelAI = []row{
	{provider, []string{"ai.model.provider"}},
	{model, []string{"ai.response.model", "ai.model.id"}},
	{input, []string{"ai.usage.inputTokens", "ai.usage.promptTokens", "ai.usage.tokens"}},
	{output, []string{"ai.usage.outputTokens", "ai.usage.completionTokens"}},
	{cacheRead, []string{"ai.usage.inputTokenDetails.cacheReadTokens", "ai.usage.cachedInputTokens"}},
	{cacheWrite, []string{"ai.usage.inputTokenDetails.cacheWriteTokens"}},
	{reasoning, []string{"ai.usage.outputTokenDetails.reasoningTokens", "ai.usage.reasoningTokens"}},
	{total, []string{"ai.usage.totalTokens"}},
}

// operations are the values of gen_ai.operation.name that are calls: those of the
// conventions, and the LiteLLM proxy's. invoke_agent, create_agent,
// invoke_workflow, execute_tool and retrieval are none.
var operations = append([]string{"generate_content", "embeddings"}, requests...)

// requests are the values of llm.request.type that are calls: those of
// OpenLLMetry, and the LiteLLM proxy's.
var requests = []string{
	"chat", "completion", "embedding", "rerank",
	"acompletion", "text_completion", "atext_completion", "aembedding", "responses", "aresponses",
	"anthropic_messages",
}

// logConventions are found by the name of the event.
var logConventions = []convention{
	{
		name:   "arc",
		events: []string{"arc.llm.call"},
		cached: inside,
	},
	{
		// Gemini's CLI tells each call twice, and here without what it thought and
		// had cached: none of the kinds is a call.
		name:      "gemini-cli",
		events:    []string{"gen_ai.client.inference.operation.details"},
		marker:    "gen_ai.operation.name",
		signature: []string{"installation.id"},
	},
	{
		name:   "otel",
		events: []string{"gen_ai.client.inference.operation.details"},
		marker: "gen_ai.operation.name",
		calls:  operations,
		cached: inside,
	},
	{
		// The short name alone could be anybody's.
		name:      "claude-code",
		events:    []string{"claude_code.api_request", "api_request"},
		shared:    true,
		signature: []string{"cost_usd", "input_tokens", "cache_read_tokens"},
		cached:    beside,
		rows: []row{
			{provider, []string{"provider"}},
			{model, []string{"model"}},
			{input, []string{"input_tokens"}},
			{output, []string{"output_tokens"}},
			{cacheRead, []string{"cache_read_tokens"}},
			{cacheWrite, []string{"cache_creation_tokens"}},
			{cost, []string{"cost_usd"}},
			{milliseconds, []string{"duration_ms"}},
		},
	},
	{
		// Gemini counts thoughts beside the output, and what tools put into the
		// prompt beside the input.
		name:   "gemini-cli",
		events: []string{"gemini_cli.api_response"},
		shared: true,
		cached: inside,
		rows: []row{
			{model, []string{"model"}},
			{input, []string{"input_token_count"}},
			{output, []string{"output_token_count"}},
			{cacheRead, []string{"cached_content_token_count"}},
			{thoughts, []string{"thoughts_token_count"}},
			{toolPrompt, []string{"tool_token_count"}},
			{total, []string{"total_token_count"}},
			{milliseconds, []string{"duration_ms"}},
		},
	},
	{
		// Its tool_token_count is the total, and its reasoning is within the output.
		name:   "codex",
		events: []string{"codex.sse_event"},
		shared: true,
		marker: "event.kind",
		calls:  []string{"response.completed"},
		cached: inside,
		rows: []row{
			{model, []string{"model"}},
			{input, []string{"input_token_count"}},
			{output, []string{"output_token_count"}},
			{cacheRead, []string{"cached_token_count"}},
			{reasoning, []string{"reasoning_token_count"}},
			{milliseconds, []string{"duration_ms"}},
		},
	},
}
