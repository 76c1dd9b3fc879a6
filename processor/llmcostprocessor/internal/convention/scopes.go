// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

// scope is an instrumentation by its scope's name, and what its counts include.
type scope struct {
	prefix   string
	counting counting
}

// scopes are the instrumentations whose counts do not include what their
// convention, or the provider, would make one expect. Each is from the source of
// the package, in the version that the comment has.
var scopes = []scope{
	// Converse's inputTokens leave out cached tokens, and these forward them.
	{"opentelemetry.instrumentation.botocore", counting{cached: exclusive}},                // 0.66b2
	{"opentelemetry.instrumentation.genai.bedrock", counting{cached: exclusive}},           // 0.1b0
	{"opentelemetry.instrumentation.bedrock", counting{cached: exclusive, ownTotal: true}}, // 0.62.4
	{"@traceloop/instrumentation-bedrock", counting{cached: exclusive, ownTotal: true}},    // 0.27.0
	{"@traceloop/instrumentation-anthropic", counting{cached: exclusive, ownTotal: true}},  // 0.27.0
	{"com.anthropic.claude_code", counting{cached: exclusive}},                             // 2.1.197
	{"opentelemetry.instrumentation.anthropic", counting{}},                                // 0.62.4
	{"opentelemetry.instrumentation.genai.anthropic", counting{}},                          // 1.3b0
	{"com.anthropic.sdk", counting{}},                                                      // 2.14.0
	{"openlit.instrumentation.claude_agent_sdk", counting{}},                               // 1.45.0
	{"openlit.instrumentation.langchain", counting{}},                                      // 1.45.1: LangChain's counts
	{"openlit.instrumentation.langgraph", counting{}},                                      // 1.45.1: the same
	{"openlit.instrumentation.google", counting{reasoning: exclusive, ownTotal: true}},     // 1.45.1: candidates, and thoughts
	{"openlit.instrumentation.vertexai", counting{reasoning: exclusive, ownTotal: true}},   // 1.45.1
	{"openlit.", counting{cached: byProvider, reasoning: byProvider, ownTotal: true}},      // 1.45.1: its events have no provider
	{"openinference.instrumentation.vertexai", counting{reasoning: exclusive}},             // candidates alone
	{"@traceloop/instrumentation-google-generativeai", counting{reasoning: exclusive}},     // 0.27.0
	{"@traceloop/instrumentation-vertexai", counting{reasoning: exclusive}},                // 0.27.0
	{"opentelemetry.instrumentation.google_generativeai", counting{reasoning: exclusive}},  // 0.62.4
	{"opentelemetry.instrumentation.vertexai", counting{reasoning: exclusive}},             // 0.62.4
	{"pydantic-ai", counting{}},                                // 2.62.0: both within
	{"opentelemetry.instrumentation.google_genai", counting{}}, // adds thoughts to the output
	{"gcp.vertex.agent", counting{}},                           // Google ADK: the same
	{"agent_framework", counting{reasoning: byModel}},          // 1.23.0
}

// scopeOf returns the instrumentation of that name, or nil.
func scopeOf(name string) *scope {
	if name == "" {
		return nil
	}
	for i := range scopes {
		if hasPrefix(name, scopes[i].prefix) {
			return &scopes[i]
		}
	}
	return nil
}
