// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import "strings"

// scope is an instrumentation by its scope's name, and what its counts include.
type scope struct {
	prefix string
	// from and before are the versions that count so; empty for all. One that is
	// unknown is none of them.
	from, before string
	counting     counting
}

// scopes are the instrumentations whose counts do not include what their
// convention, or the provider, would make one expect. Each is from the source of
// the package, in the version that the comment has; the first that fits counts.
var scopes = []scope{
	// Converse's inputTokens leave out cached tokens, and these forward them.
	{prefix: "opentelemetry.instrumentation.botocore", counting: counting{cached: exclusive}},                                 // 0.66b2
	{prefix: "opentelemetry.instrumentation.genai.bedrock", counting: counting{cached: exclusive}},                            // 0.1b0
	{prefix: "opentelemetry.instrumentation.bedrock", counting: counting{cached: exclusive, ownTotal: true}},                  // 0.62.4
	{prefix: "@arizeai/openinference-instrumentation-bedrock", counting: counting{cached: exclusive, ownTotal: true}},         // 0.4.17
	{prefix: "@traceloop/instrumentation-bedrock", from: "0.28.0", counting: counting{ownTotal: true}},                        // #1028
	{prefix: "@traceloop/instrumentation-bedrock", counting: counting{cached: exclusive, ownTotal: true}},                     // 0.27.0
	{prefix: "@traceloop/instrumentation-anthropic", from: "0.28.0", counting: counting{}},                                    // #1028
	{prefix: "@traceloop/instrumentation-anthropic", counting: counting{cached: exclusive, ownTotal: true}},                   // 0.27.0
	{prefix: "com.anthropic.claude_code", counting: counting{cached: exclusive}},                                              // 2.1.197
	{prefix: "opentelemetry.instrumentation.anthropic", counting: counting{}},                                                 // 0.62.4
	{prefix: "opentelemetry.instrumentation.genai.anthropic", counting: counting{}},                                           // 1.3b0
	{prefix: "com.anthropic.sdk", counting: counting{}},                                                                       // 2.14.0
	{prefix: "openlit.instrumentation.claude_agent_sdk", counting: counting{}},                                                // 1.45.0
	{prefix: "openlit.instrumentation.google", counting: counting{reasoning: exclusive, ownTotal: true}},                      // 1.45.1: candidates, and thoughts
	{prefix: "openlit.instrumentation.vertexai", counting: counting{reasoning: exclusive, ownTotal: true}},                    // 1.45.1
	{prefix: "openinference.instrumentation.vertexai", counting: counting{reasoning: exclusive}},                              // candidates alone
	{prefix: "openinference.instrumentation.google_genai", from: "0.1.12", before: "0.1.16", counting: counting{twice: true}}, // #3016
	{prefix: "@traceloop/instrumentation-google-generativeai", counting: counting{reasoning: exclusive}},                      // 0.27.0
	{prefix: "@traceloop/instrumentation-vertexai", counting: counting{reasoning: exclusive}},                                 // 0.27.0
	{prefix: "opentelemetry.instrumentation.google_generativeai", counting: counting{reasoning: exclusive}},                   // 0.62.4
	{prefix: "opentelemetry.instrumentation.vertexai", counting: counting{reasoning: exclusive}},                              // 0.62.4
	{prefix: "@openlit/instrumentation-claude-agent-sdk", counting: counting{}},                                               // 1.15.0
	{prefix: "@openlit/instrumentation-google", counting: counting{reasoning: exclusive, ownTotal: true}},                     // 1.15.0
	{prefix: "@openlit/instrumentation-vertexai", counting: counting{reasoning: exclusive, ownTotal: true}},                   // 1.15.0
	// LangChain's counts and LiteLLM's, which include cached and reasoning tokens.
	{prefix: "openlit.instrumentation.langchain", counting: counting{}},       // 1.45.1
	{prefix: "openlit.instrumentation.langgraph", counting: counting{}},       // 1.45.1
	{prefix: "openlit.instrumentation.litellm", counting: counting{}},         // 1.45.1
	{prefix: "opentelemetry.instrumentation.langchain", counting: counting{}}, // 0.62.4
	{prefix: "opentelemetry.instrumentation.litellm", counting: counting{}},   // 0.62.4
	{prefix: "@traceloop/instrumentation-langchain", counting: counting{}},    // 0.27.0
	{prefix: "@openlit/instrumentation-lang", counting: counting{}},           // 1.15.0: LangChain and LangGraph
	// Those forward what the provider's API counts, and add it up themselves.
	{prefix: "openlit.", counting: counting{cached: byProvider, reasoning: byProvider, ownTotal: true}},                                 // 1.45.1: its events have no provider
	{prefix: "@openlit/", counting: counting{cached: byProvider, reasoning: byProvider, ownTotal: true}},                                // 1.15.0
	{prefix: "org.springframework.boot", counting: counting{cached: byProvider, reasoning: byProvider, ownTotal: true}},                 // Spring AI 2.0
	{prefix: "openinference.instrumentation.agno", counting: counting{cached: byProvider, reasoning: byProvider, ownTotal: true}},       // 1.0.15
	{prefix: "openinference.instrumentation.pipecat", counting: counting{cached: byProvider, reasoning: byProvider, ownTotal: true}},    // 0.1.3
	{prefix: "opentelemetry.instrumentation.llamaindex", counting: counting{cached: byProvider, reasoning: byProvider, ownTotal: true}}, // 0.62.4
	{prefix: "pydantic-ai", counting: counting{}},                                // 2.62.0: both within
	{prefix: "opentelemetry.instrumentation.google_genai", counting: counting{}}, // adds thoughts to the output
	{prefix: "gcp.vertex.agent", counting: counting{}},                           // Google ADK: the same
	{prefix: "agent_framework", counting: counting{reasoning: byModel}},          // 1.23.0
}

// scopeOf returns the instrumentation of that name and version, or nil.
func scopeOf(name, version string) *scope {
	if name == "" {
		return nil
	}
	for i := range scopes {
		s := &scopes[i]
		if hasPrefix(name, s.prefix) &&
			(s.from == "" || version != "" && !isOlder(version, s.from)) &&
			(s.before == "" || version != "" && isOlder(version, s.before)) {
			return s
		}
	}
	return nil
}

// lastScope remembers the scope of the last record: those of a batch are of few.
type lastScope struct {
	name, version string
	known         *scope
}

func (l *lastScope) find(name, version string) *scope {
	if l.name != name || l.version != version {
		*l = lastScope{name, version, scopeOf(name, version)}
	}
	return l.known
}

// isOlder compares the numbers of versions.
func isOlder(version, than string) bool {
	for {
		var a, b int
		a, version = nextNumber(version)
		b, than = nextNumber(than)
		switch {
		case a != b:
			return a < b
		case version == "" && than == "":
			return false
		}
	}
}

// nextNumber is the number that a version begins with, and what is behind its dot.
func nextNumber(version string) (n int, rest string) {
	number, rest, _ := strings.Cut(version, ".")
	for i := 0; i < len(number) && number[i] >= '0' && number[i] <= '9' && n < 1e6; i++ {
		n = n*10 + int(number[i]-'0')
	}
	return n, rest
}

// addsStart reports whether the instrumentation adds the output tokens of the first event
// of a stream of Anthropic's to those of the last one, which includes them: OpenLLMetry
// 0.62.4 does.
func addsStart(scope string) bool {
	return hasPrefix(scope, "opentelemetry.instrumentation.anthropic")
}
