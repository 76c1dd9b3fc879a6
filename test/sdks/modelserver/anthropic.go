// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package modelserver

import (
	"fmt"
	"net/http"
)

func (s *Server) routeAnthropic() {
	s.post("/v1/messages", s.messages)
	s.post("/messages", s.messages)
	s.post("/v1/messages/count_tokens", func(w http.ResponseWriter, _ *http.Request, _ object) {
		respond(w, http.StatusOK, object{"input_tokens": 10})
	})
}

// anthropicTokens has more cached tokens than others in every second call, so
// that a reader who takes the cached ones for a part of the input is found out
// both where that is impossible and where it is not.
func anthropicTokens(n int64) Tokens {
	fresh := 9000 + n
	if n%2 == 1 {
		fresh = 200 + n
	}
	t := Tokens{CacheRead: 3000 + n, CacheWrite: 1700 + n, CacheWrite1h: 700 + n, Output: 400 + 3*n}
	t.Input = fresh + t.CacheRead + t.CacheWrite + t.CacheWrite1h
	return t
}

func fresh(t Tokens) int64 { return t.Input - t.CacheRead - t.CacheWrite - t.CacheWrite1h }

func anthropicReported(t Tokens) map[string][]int64 {
	return map[string][]int64{
		"input": {t.Input}, "cache_read": {t.CacheRead}, "cache_write": {t.CacheWrite + t.CacheWrite1h},
		"cache_write_1h": {t.CacheWrite1h, t.CacheWrite}, "output": {t.Output},
	}
}

// impliedInput are the counts that only together are what was read.
func impliedInput(t Tokens) map[string][]int64 {
	parts := []int64{fresh(t)}
	for _, n := range []int64{t.CacheRead, t.CacheWrite + t.CacheWrite1h} {
		if n > 0 {
			parts = append(parts, n)
		}
	}
	return map[string][]int64{"input": parts}
}

func anthropicModel(model string) string {
	switch model {
	case "claude-sonnet-4-5":
		return "claude-sonnet-4-5-20250929"
	case "claude-haiku-4-5":
		return "claude-haiku-4-5-20251001"
	}
	return model
}

func anthropicError(status int, kind string) object {
	return object{"type": "error", "error": object{"type": kind, "message": fmt.Sprintf("stand-in failure %d", status)}, "request_id": "req_standin"}
}

func anthropicUsage(t Tokens) object {
	return object{
		"input_tokens": fresh(t), "cache_creation_input_tokens": t.CacheWrite + t.CacheWrite1h, "cache_read_input_tokens": t.CacheRead,
		"cache_creation": object{"ephemeral_5m_input_tokens": t.CacheWrite, "ephemeral_1h_input_tokens": t.CacheWrite1h},
		"output_tokens":  t.Output, "service_tier": "standard",
	}
}

func (s *Server) messages(w http.ResponseWriter, _ *http.Request, body object) {
	stream := isTrue(body, "stream")
	c := &Call{API: "messages", Provider: "anthropic", Model: anthropicModel(text(body, "model")), Stream: stream, Status: http.StatusOK, UsageInResponse: true}
	conversation := asked(body)
	if s.fail(w, c, conversation, anthropicError) {
		return
	}
	s.ledger.add(c, "msg_%d", anthropicTokens)
	c.Reported = anthropicReported(c.Tokens)
	c.Implied = impliedInput(c.Tokens)
	if stream {
		c.Alike = []int64{c.Tokens.Output + firstOutput}
	}
	content, stop := anthropicContent(body, conversation, c.N)
	message := anthropicMessage(c, content, stop)
	if !stream {
		respond(w, http.StatusOK, message)
		return
	}
	parts := anthropicStream(message, content, stop, c.Tokens)
	events := make([]event, len(parts))
	for i, part := range parts {
		events[i] = event{name: text(part, "type"), data: part}
	}
	streamEvents(w, events, "")
}

func anthropicContent(body object, conversation string, n int64) (content object, stop string) {
	if tool := wantsTool(toolNames(list(body, "tools")), conversation, `"type":"tool_result"`); tool != "" {
		return object{"type": "tool_use", "id": fmt.Sprintf("toolu_%d", n), "name": tool, "input": weatherArguments}, "tool_use"
	}
	return object{"type": "text", "text": weatherText}, "end_turn"
}

func anthropicMessage(c *Call, content object, stop string) object {
	return object{
		"id": c.ID, "type": "message", "role": "assistant", "model": c.Model, "content": []any{content},
		"stop_reason": stop, "stop_sequence": nil, "usage": anthropicUsage(c.Tokens),
	}
}

// firstOutput is the output that a stream's first event reports. It is part of
// what the last one reports, and some instrumentations add the two.
const firstOutput = 1

// anthropicStream reports the input at the start, and the output at the end.
func anthropicStream(message, content object, stop string, t Tokens) []object {
	parts := []object{{"type": "message_start", "message": with(message, object{
		"content": []any{}, "stop_reason": nil, "usage": with(anthropicUsage(t), object{"output_tokens": firstOutput}),
	})}}
	if content["type"] == "tool_use" {
		parts = append(parts,
			object{"type": "content_block_start", "index": 0, "content_block": with(content, object{"input": object{}})},
			object{"type": "content_block_delta", "index": 0, "delta": object{"type": "input_json_delta", "partial_json": encode(content["input"])}},
		)
	} else {
		parts = append(parts,
			object{"type": "content_block_start", "index": 0, "content_block": object{"type": "text", "text": ""}},
			object{"type": "content_block_delta", "index": 0, "delta": object{"type": "text_delta", "text": weatherText}},
		)
	}
	usage := anthropicUsage(t)
	delete(usage, "cache_creation")
	delete(usage, "service_tier")
	return append(parts,
		object{"type": "content_block_stop", "index": 0},
		object{"type": "message_delta", "delta": object{"stop_reason": stop, "stop_sequence": nil}, "usage": usage},
		object{"type": "message_stop"},
	)
}
