// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package modelserver

import (
	"io"
	"net/http"
)

func (s *Server) routeOllama() {
	s.post("/api/{operation}", s.ollama)
}

func (s *Server) ollama(w http.ResponseWriter, r *http.Request, body object) {
	operation := r.PathValue("operation")
	c := &Call{API: "ollama " + operation, Provider: "ollama", Model: text(body, "model"), Status: http.StatusOK, UsageInResponse: true}
	if s.fail(w, c, asked(body), func(int, string) object { return object{"error": "stand-in failure"} }) {
		return
	}
	embeds := operation == "embed" || operation == "embeddings"
	switch {
	case embeds:
		s.ledger.add(c, "", func(n int64) Tokens { return Tokens{Input: 7000 + 10*n} })
	case operation == "chat" || operation == "generate":
		c.Stream = body["stream"] != false // the API streams by default
		s.ledger.add(c, "", func(n int64) Tokens { return Tokens{Input: 800 + n, Output: 920 + n} })
	case operation == "show":
		respond(w, http.StatusOK, object{"capabilities": []any{"completion", "tools"}, "details": object{}, "model_info": object{}})
		return
	default:
		s.unknown(r.Method, r.URL.Path)
		respond(w, http.StatusNotFound, object{"error": "unknown operation"})
		return
	}
	t := c.Tokens
	c.Reported = map[string][]int64{"input": {t.Input}, "output": {t.Output}}
	if embeds {
		vector := []float64{0.1, 0.1, 0.1, 0.1}
		respond(w, http.StatusOK, object{
			"model": c.Model, "embeddings": []any{vector}, "embedding": vector, "total_duration": 1, "load_duration": 1, "prompt_eval_count": t.Input,
		})
		return
	}
	head := object{"model": c.Model, "created_at": "2026-01-01T00:00:00Z"}
	part := func(content string) object {
		if operation == "chat" {
			return with(head, object{"message": object{"role": "assistant", "content": content}, "done": false})
		}
		return with(head, object{"response": content, "done": false})
	}
	end := object{
		"done": true, "done_reason": "stop", "total_duration": 1_000_000, "load_duration": 1, "prompt_eval_count": t.Input,
		"prompt_eval_duration": 1, "eval_count": t.Output, "eval_duration": 1,
	}
	if !c.Stream {
		respond(w, http.StatusOK, with(part(weatherText), end))
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	_, _ = io.WriteString(w, encode(part("It is "))+"\n"+encode(with(part("sunny."), end))+"\n")
}
