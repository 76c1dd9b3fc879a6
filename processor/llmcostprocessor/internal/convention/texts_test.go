// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// TestTextsDoNotChangeWhatIsRead reads spans that have few different texts with one reader, as
// readers of their own read them: with counts, objects and IDs of their own, of several
// instrumentations, and of calls that failed.
func TestTextsDoNotChangeWhatIsRead(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	texts := []string{"chat", "gpt-4o", "claude-sonnet-4-5", "gemini-2.5-pro", "grok-4", "openai", "anthropic", "aws.bedrock", "", "none", " gpt-4o "}
	objects := []string{`{"service_tier": "flex", "model": "gpt-5"}`, `{"input_tokens": 10, "cache_read_input_tokens": 5}`, `{"user_id": "u1"}`}
	named := []string{
		"gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.system", "gen_ai.request.model", "gen_ai.response.model", "openai.request.service_tier",
		"gen_ai.openai.response.service_tier", "llm.system", "server.address", "cloud.region", "openinference.span.kind", "llm.model_name", "traceloop.span.kind",
	}
	counted := []string{
		"gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "gen_ai.usage.total_tokens", "gen_ai.usage.cache_read.input_tokens",
		"gen_ai.usage.reasoning.output_tokens", "llm.token_count.prompt", "llm.token_count.completion", "gen_ai.usage.cost", "logfire.level_num",
	}
	free := []string{
		"gen_ai.response.id", "gen_ai.agent.name", "user.id", "session.id", "gen_ai.conversation.id", "error.type", "metadata", "llm.invocation_parameters",
		"langfuse.observation.usage_details", "request_data", "gen_ai.usage.raw",
	}
	scopes := []pcommon.InstrumentationScope{
		newScope("", ""), newScope("app", "1"), newScope("opentelemetry.instrumentation.anthropic", "0.62.4"),
		newScope("openlit.instrumentation.google", "1.45.1"), newScope("@traceloop/instrumentation-bedrock", "0.27.0"),
		newScope("@traceloop/instrumentation-bedrock", "0.28.0"),
	}
	pick := func(from []string) string { return from[random.IntN(len(from))] }
	one, shared := Reader{}, map[*Texts][3]string{}
	again := 0
	for range 200 { // layouts
		keys := []string{"gen_ai.operation.name", "gen_ai.request.model", "gen_ai.usage.input_tokens"}
		for _, from := range [][]string{named, named, counted, counted, free} {
			keys = append(keys, from[random.IntN(len(from))])
		}
		slices.Sort(keys)
		keys = slices.Compact(keys)
		few := []string{pick(texts), pick(texts), pick(texts)}
		for range 200 {
			span := ptrace.NewSpan()
			if random.IntN(10) == 0 {
				span.Status().SetCode(ptrace.StatusCodeError)
			}
			for _, key := range keys {
				switch {
				case slices.Contains(counted, key):
					span.Attributes().PutInt(key, int64(random.IntN(5))*10-1)
					if n := random.IntN(20); n > 0 {
						span.Attributes().PutInt(key, int64(n*10))
					}
				case slices.Contains(free, key) && random.IntN(2) == 0:
					span.Attributes().PutStr(key, pick(objects))
				case slices.Contains(free, key):
					span.Attributes().PutStr(key, strconv.Itoa(random.IntN(1000)))
				default:
					span.Attributes().PutStr(key, pick(few))
				}
			}
			scope := scopes[random.IntN(len(scopes))]
			var own Reader
			var want, got Call
			wantOutcome, wantReason := own.Span(scope, span, &want)
			outcome, reason := one.Span(scope, span, &got)
			require.Equal(t, wantOutcome, outcome, "%v", span.Attributes().AsRaw())
			require.Equal(t, wantReason, reason)
			require.Equal(t, want, got, "%s: %v", scope.Name(), span.Attributes().AsRaw())
			if of := one.Texts(); of != nil {
				names := [3]string{got.Provider, got.Model, got.RequestModel}
				if before, known := shared[of]; known {
					assert.Equal(t, before, names)
					again++
				}
				shared[of] = names
			}
		}
	}
	assert.Greater(t, again, 300)
}

func newScope(name, version string) pcommon.InstrumentationScope {
	scope := pcommon.NewInstrumentationScope()
	scope.SetName(name)
	scope.SetVersion(version)
	return scope
}

// TestTextsDistinguishPriceKeys: what is derived from texts may depend on these keys.
func TestTextsDistinguishPriceKeys(t *testing.T) {
	var r Reader
	read := func(more attributes) *Texts {
		// Whatever the order of a map is, the keys have one.
		span := ptrace.NewSpan()
		attrs := with(otel, more)
		for _, key := range slices.Sorted(func(yield func(string) bool) {
			for key := range attrs {
				if !yield(key) {
					return
				}
			}
		}) {
			require.NoError(t, span.Attributes().PutEmpty(key).FromRaw(attrs[key]))
		}
		var call Call
		r.Span(anyScope, span, &call)
		return r.Texts()
	}
	base := attributes{"server.address": "a", "cloud.region": "b", "llm.system": "c", "llm.provider": "d"}
	first := read(base)
	require.NotNil(t, first)
	assert.Same(t, first, read(base))
	assert.Same(t, first, read(with(base, attributes{"gen_ai.usage.input_tokens": 7, "gen_ai.agent.name": "another"})))
	for _, key := range PriceKeys {
		assert.NotSame(t, first, read(with(base, attributes{key: "other"})), key)
		assert.Nil(t, read(with(base, attributes{key: 7})), "%s is not a text", key)
	}
	assert.Nil(t, read(with(base, attributes{"error.type": "timeout"})))
	assert.Nil(t, read(with(base, attributes{"server.address": strings.Repeat("a", maxTextBytes)})))
}

func TestTextsAreBounded(t *testing.T) {
	var r Reader
	read := func(number int) (remembered bool) {
		span := ptrace.NewSpan()
		a := span.Attributes()
		a.PutStr("gen_ai.operation.name", "chat")
		a.PutStr("gen_ai.request.model", "model-"+strconv.Itoa(number))
		a.PutInt("gen_ai.usage.input_tokens", 1)
		var call Call
		outcome, _ := r.Span(anyScope, span, &call)
		require.Equal(t, IsCall, outcome)
		require.LessOrEqual(t, len(r.shared.known), maxTexts)
		return r.Texts() != nil
	}
	for i := range 3 * maxTexts {
		read(i / 4)
	}
	require.True(t, read(3*maxTexts), "models that are called again are remembered, however many they are")
	n := 0
	for i := range 20 * maxTexts {
		if read(4*maxTexts + i) {
			n++
		}
	}
	assert.Less(t, n, 4*maxTexts, "models that are called once are mostly not")
	tries := 0
	for ; !read(0) && tries <= textsPause; tries++ {
	}
	assert.LessOrEqual(t, tries, textsPause, "later ones are remembered again")
}
