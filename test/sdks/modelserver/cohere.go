// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package modelserver

import (
	"fmt"
	"net/http"
)

func (s *Server) routeCohere() {
	s.post("/v1/chat", s.cohereChat)
	s.post("/v2/chat", s.cohereChat)
	for _, version := range []string{"/v1", "/v2"} {
		s.post(version+"/embed", s.cohereEmbed)
		s.post(version+"/rerank", s.cohereRerank)
	}
}

func cohereError(status int, _ string) object {
	return object{"message": fmt.Sprintf("stand-in failure %d", status)}
}

// cohereChat bills fewer tokens than it counts, as Cohere does: its own
// instructions are free.
func (s *Server) cohereChat(w http.ResponseWriter, r *http.Request, body object) {
	c := &Call{API: "cohere chat", Provider: "cohere", Model: text(body, "model"), Stream: isTrue(body, "stream"), Status: http.StatusOK, UsageInResponse: true}
	if s.fail(w, c, asked(body), cohereError) {
		return
	}
	s.ledger.add(c, "cohere-%d", func(n int64) Tokens { return Tokens{Input: 5500 + 10*n, Output: 680 + n} })
	t := c.Tokens
	c.Reported = map[string][]int64{"input": {t.Input}, "output": {t.Output}}
	c.Alike = []int64{t.Input + 1000, t.Output + 100}
	usage := object{
		"billed_units": object{"input_tokens": t.Input, "output_tokens": t.Output},
		"tokens":       object{"input_tokens": c.Alike[0], "output_tokens": c.Alike[1]},
	}
	if r.URL.Path == "/v1/chat" {
		respond(w, http.StatusOK, object{
			"response_id": c.ID, "generation_id": c.ID, "text": weatherText, "finish_reason": "COMPLETE", "chat_history": []any{},
			"meta": with(usage, object{"api_version": object{"version": "1"}}),
		})
		return
	}
	if !c.Stream {
		respond(w, http.StatusOK, object{
			"id": c.ID, "finish_reason": "COMPLETE", "usage": usage,
			"message": object{"role": "assistant", "content": []any{object{"type": "text", "text": weatherText}}},
		})
		return
	}
	parts := []object{
		{"type": "message-start", "id": c.ID, "delta": object{"message": object{"role": "assistant", "content": []any{}, "tool_plan": "", "tool_calls": []any{}, "citations": []any{}}}},
		{"type": "content-start", "index": 0, "delta": object{"message": object{"content": object{"type": "text", "text": ""}}}},
		{"type": "content-delta", "index": 0, "delta": object{"message": object{"content": object{"text": weatherText}}}},
		{"type": "content-end", "index": 0},
		{"type": "message-end", "id": c.ID, "delta": object{"finish_reason": "COMPLETE", "usage": usage}},
	}
	events := make([]event, len(parts))
	for i, part := range parts {
		events[i] = event{name: text(part, "type"), data: part}
	}
	streamEvents(w, events, "")
}

func (s *Server) cohereEmbed(w http.ResponseWriter, _ *http.Request, body object) {
	c := &Call{API: "cohere embed", Provider: "cohere", Model: text(body, "model"), Status: http.StatusOK, UsageInResponse: true}
	if s.fail(w, c, asked(body), cohereError) {
		return
	}
	s.ledger.add(c, "cohere-%d", func(n int64) Tokens { return Tokens{Input: 7000 + 10*n} })
	c.Reported = map[string][]int64{"input": {c.Tokens.Input}}
	respond(w, http.StatusOK, object{
		"id": c.ID, "texts": []any{"a"}, "embeddings": object{"float": []any{[]float64{0.1, 0.1}}}, "response_type": "embeddings_by_type",
		"meta": object{"api_version": object{"version": "2"}, "billed_units": object{"input_tokens": c.Tokens.Input}},
	})
}

// cohereRerank is billed by search, and has no tokens.
func (s *Server) cohereRerank(w http.ResponseWriter, _ *http.Request, body object) {
	c := &Call{API: "cohere rerank", Provider: "cohere", Model: text(body, "model"), Status: http.StatusOK, UsageInResponse: true}
	if s.fail(w, c, text(body, "query"), cohereError) {
		return
	}
	s.ledger.add(c, "cohere-%d", nil)
	respond(w, http.StatusOK, object{
		"id": c.ID, "results": []any{object{"index": 0, "relevance_score": 0.9}},
		"meta": object{"api_version": object{"version": "2"}, "billed_units": object{"search_units": 1}},
	})
}
