// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

func TestKeysMadeOfNamesOfAPIs(t *testing.T) {
	for key, want := range map[string]field{
		"gen_ai.response.input_tokens":                                       input,
		"gen_ai.response.candidatesTokenCount":                               output,
		"gen_ai.usage.input_tokens_details.cached":                           cacheRead,
		"gen_ai.usage.input_tokens_details.cached_tokens":                    cacheRead,
		"gen_ai.usage.input_tokens.cache_creation":                           cacheWrite,
		"gen_ai.usage.prompt_token_details.cached_read_tokens":               cacheRead,
		"gen_ai.usage.prompt_token_details.cached_write_tokens_1h":           kind(usage.CacheWrite1h),
		"gen_ai.usage.prompt_token_details.audio_tokens":                     kind(usage.AudioInput),
		"gen_ai.usage.completion_token_details.audio_tokens":                 kind(usage.AudioOutput),
		"gen_ai.usage.output_tokens_details.reasoning":                       reasoning,
		"gen_ai.usage.details.cache_creation_5m_input_tokens":                cacheWrite5m,
		"llm.token_count.prompt_details.cache_write_1h":                      kind(usage.CacheWrite1h),
		"llm.usage.cache_read_tokens":                                        cacheRead,
		"gen_ai.usage.input_tokens_details":                                  inputDetails,
		"gen_ai.usage.completion_tokens_details":                             outputDetails,
		"gen_ai.usage.prompt_tokens_details.cached_tokens_details.audio":     kind(usage.CachedAudio),
		"gen_ai.usage.input_token_details.cachedTokensDetails.image_tokens":  kind(usage.CachedImage),
		"gen_ai.usage.cache_creation_input_tokens_details.ephemeral_1h_test": fields,
		// What is not a count of the call.
		"gen_ai.usage.cost.total":              fields,
		"gen_ai.usage.session.input_tokens":    fields,
		"gen_ai.usage.session_total.output":    fields,
		"gen_ai.response.output":               fields,
		"gen_ai.response.id":                   fields,
		"gen_ai.usage.":                        fields,
		"gen_ai.usage.input_tokens.":           fields,
		"gen_ai.request.input_tokens":          fields,
		"gen_ai.usage.details.accepted_tokens": fields,
		"llm.token_count.prompt_details":       inputDetails,
	} {
		got, ok := fieldOfKey(key)
		if !ok {
			got = fields
		}
		assert.Equal(t, want, got, key)
	}
}

// A key of the table counts before one that is made of such names.
func TestKnownKeysComeFirst(t *testing.T) {
	span := newSpan(t, attributes{
		"gen_ai.usage.details.input_tokens": 201, "gen_ai.usage.input_tokens": 4701, "gen_ai.usage.details.cache_read_tokens": 4500,
		"gen_ai.response.model": "claude-sonnet-4-5", "gen_ai.operation.name": "chat", "gen_ai.usage.output_tokens": 5,
	})
	call, outcome, reason := FromSpan(span)
	assert.Equal(t, IsCall, outcome, reason)
	assert.EqualValues(t, 201, call.Usage[usage.Input])
	assert.EqualValues(t, 4500, call.Usage[usage.CacheRead])
}
