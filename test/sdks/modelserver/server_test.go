// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package modelserver

import (
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func post(t *testing.T, s *Server, path, body string) *http.Response {
	t.Helper()
	recorder := httptest.NewRecorder()
	s.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body)))
	return recorder.Result()
}

func body(t *testing.T, response *http.Response) string {
	t.Helper()
	content, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return string(content)
}

func newServer(t *testing.T) *Server {
	t.Helper()
	return New(func(method, path string) { t.Errorf("unknown: %s %s", method, path) })
}

const chatHello = `{"model":"gpt-4o","messages":[{"role":"user","content":"hello"}]`

// Each API's response has the usage that the ledger has, in the API's own form.
func TestResponsesReportTheLedger(t *testing.T) {
	for name, test := range map[string]struct {
		path, body string
		want       Call
		response   []string // parts of the response
	}{
		"chat completions": {
			"/v1/chat/completions", `{"model":"gpt-5-mini","messages":[{"role":"user","content":"hello"}]}`,
			Call{API: "chat completions", Provider: "openai", Model: "gpt-5-mini-2025-08-07", Tokens: Tokens{Input: 2010, CacheRead: 1101, Output: 501, Reasoning: 131}},
			[]string{`"prompt_tokens":2010`, `"cached_tokens":1101`, `"completion_tokens":501`, `"reasoning_tokens":131`, `"total_tokens":2511`},
		},
		"chat completions streamed": {
			"/v1/chat/completions", chatHello + `,"stream":true,"stream_options":{"include_usage":true}}`,
			Call{API: "chat completions", Provider: "openai", Model: "gpt-4o-2024-08-06", Stream: true, Tokens: Tokens{Input: 2010, CacheRead: 1101, Output: 501}},
			[]string{`"prompt_tokens":2010`, "data: [DONE]"},
		},
		"responses streamed": {
			"/v1/responses", `{"model":"gpt-5-mini","input":"hello","stream":true}`,
			Call{API: "responses", Provider: "openai", Model: "gpt-5-mini-2025-08-07", Stream: true, Tokens: Tokens{Input: 2010, CacheRead: 1101, Output: 501, Reasoning: 131}},
			[]string{"event: response.completed", `"input_tokens":2010`, `"reasoning_tokens":131`},
		},
		"embeddings": {
			"/v1/embeddings", `{"model":"text-embedding-3-small","input":["a","b"]}`,
			Call{API: "embeddings", Provider: "openai", Model: "text-embedding-3-small", Tokens: Tokens{Input: 7010}},
			[]string{`"prompt_tokens":7010`, `"index":1`},
		},
		"images": {
			"/v1/images/generations", `{"model":"dall-e-3","prompt":"a sun","n":2}`,
			Call{API: "images", Provider: "openai", Model: "dall-e-3", Images: 2},
			[]string{`"url"`},
		},
		"mistral": {
			"/v1/chat/completions", `{"model":"mistral-large-latest","messages":[{"role":"user","content":"hello"}]}`,
			Call{API: "chat completions", Provider: "mistral", Model: "mistral-large-latest", Tokens: Tokens{Input: 5010, Output: 651}},
			[]string{`"prompt_tokens":5010`, `"completion_tokens":651`},
		},
		"anthropic": {
			"/v1/messages", `{"model":"claude-sonnet-4-5","messages":[{"role":"user","content":"hello"}]}`,
			Call{
				API: "messages", Provider: "anthropic", Model: "claude-sonnet-4-5-20250929",
				Tokens: Tokens{Input: 5604, CacheRead: 3001, CacheWrite: 1701, CacheWrite1h: 701, Output: 403},
			},
			[]string{`"input_tokens":201`, `"cache_read_input_tokens":3001`, `"cache_creation_input_tokens":2402`, `"ephemeral_1h_input_tokens":701`, `"output_tokens":403`},
		},
		"anthropic streamed": {
			"/v1/messages", `{"model":"claude-sonnet-4-5","stream":true,"messages":[{"role":"user","content":"hello"}]}`,
			Call{
				API: "messages", Provider: "anthropic", Model: "claude-sonnet-4-5-20250929", Stream: true,
				Tokens: Tokens{Input: 5604, CacheRead: 3001, CacheWrite: 1701, CacheWrite1h: 701, Output: 403},
			},
			[]string{"event: message_start", `"output_tokens":1,`, "event: message_delta", `"output_tokens":403`},
		},
		"gemini": {
			"/v1beta/models/gemini-2.5-flash:generateContent", `{"contents":[{"parts":[{"text":"hello"}]}]}`,
			Call{API: "generateContent", Provider: "gemini", Model: "gemini-2.5-flash", Tokens: Tokens{Input: 4010, CacheRead: 1501, Output: 822, Reasoning: 221}},
			[]string{`"promptTokenCount":4010`, `"cachedContentTokenCount":1501`, `"candidatesTokenCount":601`, `"thoughtsTokenCount":221`, `"totalTokenCount":4832`},
		},
		"bedrock converse": {
			"/model/us.anthropic.claude-sonnet-4-5-20250929-v1:0/converse", `{"messages":[{"role":"user","content":[{"text":"hello"}]}]}`,
			Call{
				API: "converse", Provider: "aws.bedrock", Model: "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
				Tokens: Tokens{Input: 5003, CacheRead: 3201, CacheWrite: 1601, Output: 451},
			},
			[]string{`"inputTokens":201`, `"cacheReadInputTokens":3201`, `"totalTokens":5454`},
		},
		"ollama": {
			"/api/chat", `{"model":"llama3.2","messages":[{"role":"user","content":"hello"}]}`,
			Call{API: "ollama chat", Provider: "ollama", Model: "llama3.2", Stream: true, Tokens: Tokens{Input: 801, Output: 921}},
			[]string{`"prompt_eval_count":801`, `"eval_count":921`},
		},
		"cohere": {
			"/v2/chat", `{"model":"command-r-plus-08-2024","messages":[{"role":"user","content":"hello"}]}`,
			Call{API: "cohere chat", Provider: "cohere", Model: "command-r-plus-08-2024", Tokens: Tokens{Input: 5510, Output: 681}},
			[]string{`"billed_units":{"input_tokens":5510,"output_tokens":681}`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			response := post(t, s, test.path, test.body)
			assert.Equal(t, http.StatusOK, response.StatusCode)
			text := body(t, response)
			for _, part := range test.response {
				assert.Contains(t, text, part)
			}
			require.Len(t, s.Calls(), 1)
			got := s.Calls()[0]
			for kind, figures := range got.Reported {
				assert.True(t, slices.ContainsFunc(append(figures, got.Implied[kind]...), func(figure int64) bool {
					return figure == 0 || strings.Contains(text, encode(figure))
				}), "%s %v is not in the response", kind, figures)
			}
			assert.Equal(t, int64(1), got.N)
			assert.True(t, got.UsageInResponse)
			got.N, got.ID, got.Status, got.Reported, got.UsageInResponse, got.Alike, got.Implied = 0, "", 0, nil, false, nil, nil
			assert.Equal(t, test.want, got)
		})
	}
}

// Failures are what the words ask for, and a call that is tried again is known.
func TestFailures(t *testing.T) {
	s := newServer(t)
	for word, status := range map[string]int{"FAIL400": 400, "FAIL429": 429, "FAIL500": 500} {
		response := post(t, s, "/v1/chat/completions", `{"model":"gpt-4o","messages":[{"role":"user","content":"`+word+`"}]}`)
		assert.Contains(t, body(t, response), "stand-in failure")
		assert.Equal(t, status, response.StatusCode)
	}
	flaky := `{"model":"gpt-4o","messages":[{"role":"user","content":"FLAKY"}]}`
	first := post(t, s, "/v1/chat/completions", flaky)
	second := post(t, s, "/v1/chat/completions", flaky)
	assert.NotEmpty(t, body(t, first)+body(t, second))
	assert.Equal(t, [2]int{500, 200}, [2]int{first.StatusCode, second.StatusCode})
	calls := s.Calls()
	require.Len(t, calls, 5)
	assert.True(t, calls[3].Retried)
	assert.False(t, calls[0].Retried)
	assert.Zero(t, calls[0].Tokens)
	assert.Equal(t, int64(2050), calls[4].Tokens.Input)
}

// A stream whose client does not ask for the usage does not have it.
func TestStreamWithoutUsage(t *testing.T) {
	s := newServer(t)
	text := body(t, post(t, s, "/v1/chat/completions", chatHello+`,"stream":true}`))
	assert.NotContains(t, text, "usage")
	assert.False(t, s.Calls()[0].UsageInResponse)
	assert.Equal(t, int64(2010), s.Calls()[0].Tokens.Input)
}

// A tool is asked for twice, and not where none is offered.
func TestToolLoop(t *testing.T) {
	s := newServer(t)
	const tools = `,"tools":[{"type":"function","function":{"name":"get_weather"}}]`
	conversation := `{"role":"user","content":"USE-TOOL AS-AGENT"}`
	for range 2 {
		text := body(t, post(t, s, "/v1/chat/completions", `{"model":"gpt-4o","messages":[`+conversation+`]`+tools+`}`))
		assert.Contains(t, text, `"finish_reason":"tool_calls"`)
		conversation += `,{"role":"tool","content":"sunny"}`
	}
	text := body(t, post(t, s, "/v1/chat/completions", `{"model":"gpt-4o","messages":[`+conversation+`]`+tools+`}`))
	assert.Contains(t, text, `"finish_reason":"stop"`)
	text = body(t, post(t, s, "/v1/chat/completions", `{"model":"gpt-4o","messages":[{"role":"user","content":"USE-TOOL"}]}`))
	assert.Contains(t, text, `"finish_reason":"stop"`)
	calls := s.Calls()
	assert.True(t, calls[0].ByAgent)
	assert.False(t, calls[3].ByAgent)
}

func TestUnknownPath(t *testing.T) {
	var unknown []string
	s := New(func(method, path string) { unknown = append(unknown, method+" "+path) })
	response := post(t, s, "/v9/none", "{}")
	assert.Contains(t, body(t, response), "/v9/none")
	assert.Equal(t, http.StatusNotFound, response.StatusCode)
	assert.Equal(t, []string{"POST /v9/none"}, unknown)
	response = post(t, s, "/v1/messages", "{")
	assert.NotEmpty(t, body(t, response))
	assert.Equal(t, http.StatusBadRequest, response.StatusCode)
	assert.Empty(t, s.Calls())
}

// The costs are worked out by hand.
func TestCost(t *testing.T) {
	for _, test := range []struct {
		call   Call
		want   float64
		priced bool
	}{
		// 200 × 3 + 3000 × 0.3 + 1300 × 3.75 + 700 × 6 + 400 × 15, per million
		{Call{Model: "claude-sonnet-4-5-20250929", Tokens: Tokens{Input: 5200, CacheRead: 3000, CacheWrite: 1300, CacheWrite1h: 700, Output: 400}}, 0.016575, true},
		// (2000 − 1000) × 2.5 + 1000 × 1.25 + 500 × 10
		{Call{Model: "gpt-4o-2024-08-06", Tokens: Tokens{Input: 2000, CacheRead: 1000, Output: 500}}, 0.00875, true},
		// 800 × 3.3 + 100 × 16.5
		{Call{Model: "us.anthropic.claude-sonnet-4-5-20250929-v1:0", Tokens: Tokens{Input: 800, Output: 100}}, 0.00429, true},
		{Call{Model: "dall-e-3", Images: 2}, 0.08, true},
		{Call{Model: "llama3.2", Tokens: Tokens{Input: 800, Output: 100}}, 0, true},
		{Call{Model: "gpt-4o-2024-08-06", Status: 429}, 0, true},
		{Call{Model: "nobody-knows", Tokens: Tokens{Input: 1}}, 0, false},
	} {
		got, priced := test.call.Cost()
		assert.Equal(t, test.priced, priced, test.call.Model)
		assert.InDelta(t, test.want, got, 1e-15, test.call.Model)
	}
}

// A message of an event stream has the lengths and checksums that AWS documents.
func TestEventStreamMessage(t *testing.T) {
	message := eventStreamMessage("metadata", object{"usage": object{"inputTokens": 5}})
	assert.Equal(t, uint32(len(message)), binary.BigEndian.Uint32(message))
	assert.Equal(t, crc32.ChecksumIEEE(message[:8]), binary.BigEndian.Uint32(message[8:]))
	assert.Equal(t, crc32.ChecksumIEEE(message[:len(message)-4]), binary.BigEndian.Uint32(message[len(message)-4:]))
	headers := binary.BigEndian.Uint32(message[4:])
	assert.Contains(t, string(message[12:12+headers]), ":event-type\x07\x00\x08metadata")
	var payload map[string]map[string]int
	require.NoError(t, json.Unmarshal(message[12+headers:len(message)-4], &payload))
	assert.Equal(t, 5, payload["usage"]["inputTokens"])
}
