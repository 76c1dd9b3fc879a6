// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package modelserver

import (
	"fmt"
	"net/http"
	"strings"
)

func (s *Server) routeGemini() {
	for _, version := range []string{"", "/v1beta", "/v1alpha", "/v1beta1", "/v1"} { // LiteLLM leaves it out
		s.post(version+"/models/{model}", s.gemini)
		s.post(version+"/projects/{project}/locations/{location}/publishers/google/models/{model}", s.gemini)
	}
}

// geminiTokens has thoughts, which the API counts in addition to the candidates.
func geminiTokens(n int64) Tokens {
	return Tokens{Input: 4000 + 10*n, CacheRead: 1500 + n, Output: 600 + n + 220 + n, Reasoning: 220 + n}
}

func geminiError(status int, _ string) object {
	code := map[int]string{http.StatusBadRequest: "INVALID_ARGUMENT", http.StatusTooManyRequests: "RESOURCE_EXHAUSTED"}[status]
	if code == "" {
		code = "INTERNAL"
	}
	return object{"error": object{"code": status, "message": fmt.Sprintf("stand-in failure %d", status), "status": code}}
}

func (s *Server) gemini(w http.ResponseWriter, r *http.Request, body object) {
	model, operation, _ := strings.Cut(r.PathValue("model"), ":")
	switch operation {
	case "generateContent", "streamGenerateContent":
	case "countTokens":
		respond(w, http.StatusOK, object{"totalTokens": 10})
		return
	default:
		s.unknown(r.Method, r.URL.Path)
		respond(w, http.StatusNotFound, geminiError(http.StatusNotFound, ""))
		return
	}
	c := &Call{API: "generateContent", Provider: "gemini", Model: model, Stream: operation != "generateContent", Status: http.StatusOK, UsageInResponse: true}
	conversation := asked(body)
	if s.fail(w, c, conversation, geminiError) {
		return
	}
	s.ledger.add(c, "gemini-%d", geminiTokens)
	t := c.Tokens
	candidates := t.Output - t.Reasoning
	c.Reported = map[string][]int64{
		"input": {t.Input}, "cache_read": {t.CacheRead}, "output": {t.Output}, "reasoning": {t.Reasoning},
	}
	c.Implied = map[string][]int64{"reasoning": {candidates, t.Input + t.Output}, "output": {candidates, t.Input + t.Output}}
	usage := func(candidates int64) object {
		return object{
			"promptTokenCount": t.Input, "cachedContentTokenCount": t.CacheRead, "candidatesTokenCount": candidates, "thoughtsTokenCount": t.Reasoning,
			"totalTokenCount":     t.Input + candidates + t.Reasoning,
			"promptTokensDetails": []any{object{"modality": "TEXT", "tokenCount": t.Input}},
			"cacheTokensDetails":  []any{object{"modality": "TEXT", "tokenCount": t.CacheRead}},
		}
	}
	var declared []any
	for _, tool := range list(body, "tools") {
		entry, _ := tool.(object)
		declared = append(declared, append(list(entry, "functionDeclarations"), list(entry, "function_declarations")...)...)
	}
	part := object{"text": weatherText}
	if tool := wantsTool(toolNames(declared), conversation, `"functionResponse"`, `"function_response"`); tool != "" {
		part = object{"functionCall": object{"name": tool, "args": weatherArguments}}
	}
	chunk := func(part object, finish any, usage object) object {
		candidate := object{"content": object{"role": "model", "parts": []any{part}}, "index": 0}
		if finish != nil {
			candidate["finishReason"] = finish
		}
		return object{"candidates": []any{candidate}, "modelVersion": model, "responseId": c.ID, "usageMetadata": usage}
	}
	if !c.Stream {
		respond(w, http.StatusOK, chunk(part, "STOP", usage(candidates)))
		return
	}
	// Each chunk has the usage until then; the last one has it all.
	chunks := []object{chunk(part, nil, usage(1)), chunk(object{"text": ""}, "STOP", usage(candidates))}
	if r.URL.Query().Get("alt") != "sse" {
		respond(w, http.StatusOK, chunks)
		return
	}
	streamEvents(w, []event{{data: chunks[0]}, {data: chunks[1]}}, "")
}
