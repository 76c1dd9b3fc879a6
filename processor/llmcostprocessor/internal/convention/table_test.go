// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

// TestTableIsNamespaced holds the table to what FromSpan relies on: a span can
// only be a call by a key in one of the namespaces.
func TestTableIsNamespaced(t *testing.T) {
	for _, c := range spanConventions {
		if c.marker != "" {
			assert.True(t, namespaced(c.marker), c.marker)
			continue
		}
		require.NotEmpty(t, c.without, "%s has neither marker nor needed keys", c.name)
		assert.True(t, slices.ContainsFunc(c.without[0], namespaced), c.name)
	}
}

// TestTableHasNoKeyTwice finds keys that can never be reached.
func TestTableHasNoKeyTwice(t *testing.T) {
	for _, table := range [][]convention{spanConventions, logConventions} {
		for _, c := range table {
			seen := map[field]map[string]bool{}
			for _, row := range c.rows {
				if seen[row.field] == nil {
					seen[row.field] = map[string]bool{}
				}
				for _, key := range row.keys {
					assert.False(t, seen[row.field][key], "%s: %s", c.name, key)
					seen[row.field][key] = true
				}
			}
		}
	}
}

// TestEveryMarkerDecides checks each value of each marker against the reader. What
// no list has is a call if it has usage.
func TestEveryMarkerDecides(t *testing.T) {
	value := func(pattern string) string {
		if pattern[0] == '.' {
			return "ai" + pattern
		}
		return strings.Replace(pattern, "*", "something", 1)
	}
	for _, c := range spanConventions {
		if c.marker == "" {
			continue
		}
		unused := attributes{"gen_ai.response.model": "m", "gen_ai.usage.prompt_tokens": nil, "gen_ai.usage.completion_tokens": nil}
		for _, key := range append(c.signature, "") {
			if key != "" && c.marker != "ai.operationId" {
				unused[key] = "x"
			}
		}
		for _, kind := range c.calls {
			span := newSpan(t, with(with(older, unused), attributes{c.marker: value(kind)}))
			_, outcome, reason := FromSpan(span)
			assert.Equal(t, IsCall, outcome, "%s=%s without usage: %s", c.marker, kind, reason)
		}
		for _, kind := range c.aggregates {
			signed := attributes{c.marker: value(kind), "gen_ai.response.model": "m"}
			if len(c.calls) == 0 && len(c.signature) > 0 {
				signed[c.signature[0]] = "x"
			}
			span := newSpan(t, with(older, signed))
			_, outcome, _ := FromSpan(span)
			assert.Equal(t, Aggregate, outcome, "%s=%s with usage", c.marker, kind)
		}
		if !slices.Contains(c.aggregates, "*") {
			span := newSpan(t, with(older, attributes{c.marker: "something else", "gen_ai.response.model": "m"}))
			_, outcome, _ := FromSpan(span)
			assert.Equal(t, IsCall, outcome, c.marker)
		}
	}
}

func FuzzFromSpan(f *testing.F) {
	for _, attrs := range []attributes{otel, older, other} {
		seed, err := json.Marshal(attrs)
		require.NoError(f, err)
		f.Add(seed)
	}
	f.Add([]byte(`{"langfuse.observation.type":"generation","langfuse.observation.model.name":"m","langfuse.observation.usage_details":"{\"input\":1,\"output\":null}"}`))
	f.Add([]byte(`{"openinference.span.kind":"LLM","llm.model_name":"m","llm.token_count.prompt":1e9,"llm.token_count.prompt_details.audio":9,"llm.token_count.prompt_details.cache_read":8}`))
	f.Add([]byte(`{"event.name":"gemini_cli.api_response","model":"m","input_token_count":4,"cached_content_token_count":"5","tool_token_count":6}`))
	f.Add([]byte(`{"braintrust.span_attributes":"{\"type\":\"llm\"}","braintrust.metadata":"{\"model\":\"m\"}","braintrust.metrics":"{\"prompt_tokens\":3}","gen_ai.span.kind":"LLM"}`))
	f.Add([]byte(`{"openinference.span.kind":"LLM","llm.model_name":"m","llm.token_count.prompt":1,"output.value":"{\"service_tier\": \"flex\"}","codex.usage.total_tokens":4,"agentops.span.kind":"x"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var attrs attributes
		if json.Unmarshal(data, &attrs) != nil {
			t.Skip()
		}
		span := newSpan(t, attrs)
		check(t)(FromSpan(span))
		record := plog.NewLogRecord()
		span.Attributes().CopyTo(record.Attributes())
		check(t)(FromLog(record))
	})
}

// check holds for whatever is read.
func check(t *testing.T) func(Call, Outcome, string) {
	t.Helper()
	return func(call Call, outcome Outcome, reason string) {
		t.Helper()
		assert.Equal(t, outcome == Invalid, reason != "", "a reason comes with what is invalid, only")
		if outcome != IsCall {
			want := Call{Convention: call.Convention, Attribution: call.Attribution}
			if outcome == Aggregate {
				want.Model, want.Provider = call.Model, call.Provider
			}
			assert.Equal(t, want, call)
			return
		}
		assert.NotEmpty(t, call.Model)
		assert.LessOrEqual(t, len(call.Model), MaxModelLength)
		assert.NotEmpty(t, call.Convention)
		assert.Contains(t, []Status{Success, Error, Timeout}, call.Status)
		assert.GreaterOrEqual(t, call.Reported, 0.0)
		assert.GreaterOrEqual(t, call.Duration, time.Duration(0))
		for kind, n := range call.Usage {
			assert.GreaterOrEqual(t, n, int64(0), usage.Kind(kind))
			assert.LessOrEqual(t, n, int64(3*maxTokens), usage.Kind(kind)) // three keys at most add up
		}
	}
}
