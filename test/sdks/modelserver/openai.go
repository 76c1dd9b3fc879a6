// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package modelserver

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
)

func (s *Server) routeOpenAI() {
	for _, prefix := range []string{"/v1", "", "/openai/v1"} {
		s.post(prefix+"/chat/completions", s.chatCompletions)
		s.post(prefix+"/completions", s.completions)
		s.post(prefix+"/responses", s.responses)
		s.post(prefix+"/images/generations", s.images)
	}
	// Cohere's path is the same without a version; its body has no "input".
	for _, prefix := range []string{"/v1", "", "/openai/v1"} {
		s.post(prefix+"/embeddings", s.embeddings)
	}
	s.post("/openai/deployments/{deployment}/chat/completions", s.chatCompletions)
}

// dated is the name that OpenAI's responses have for a model.
func dated(model string) string {
	switch model {
	case "gpt-4o":
		return "gpt-4o-2024-08-06"
	case "gpt-4o-mini":
		return "gpt-4o-mini-2024-07-18"
	case "gpt-5-mini":
		return "gpt-5-mini-2025-08-07"
	}
	return model
}

func thinks(model string) bool { return strings.HasPrefix(model, "gpt-5") }

// openAITokens counts cached tokens as a part of the prompt and reasoning as a
// part of the completion, as OpenAI does.
func openAITokens(model string) func(int64) Tokens {
	return func(n int64) Tokens {
		t := Tokens{Input: 2000 + 10*n, CacheRead: 1100 + n, Output: 500 + n}
		if thinks(model) {
			t.Reasoning = 130 + n
		}
		return t
	}
}

func mistralTokens(n int64) Tokens { return Tokens{Input: 5000 + 10*n, Output: 650 + n} }

func openAIError(status int, kind string) object {
	return object{"error": object{"message": fmt.Sprintf("stand-in failure %d", status), "type": kind, "code": kind, "param": nil}}
}

func chatUsage(t Tokens, details bool) object {
	usage := object{"prompt_tokens": t.Input, "completion_tokens": t.Output, "total_tokens": t.Input + t.Output}
	if details {
		usage["prompt_tokens_details"] = object{"cached_tokens": t.CacheRead, "audio_tokens": 0}
		usage["completion_tokens_details"] = object{
			"reasoning_tokens": t.Reasoning, "audio_tokens": 0, "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0,
		}
	}
	return usage
}

func chatReported(t Tokens) map[string][]int64 {
	return map[string][]int64{
		"input": {t.Input}, "cache_read": {t.CacheRead}, "output": {t.Output}, "reasoning": {t.Reasoning},
	}
}

func (s *Server) chatCompletions(w http.ResponseWriter, r *http.Request, body object) {
	model := text(body, "model")
	if model == "" {
		model = r.PathValue("deployment")
	}
	stream := isTrue(body, "stream")
	c := &Call{API: "chat completions", Provider: "openai", Model: dated(model), Stream: stream, Status: http.StatusOK, UsageInResponse: true}
	use := openAITokens(model)
	isMistral := strings.Contains(model, "mistral")
	if isMistral {
		c.Provider, use = "mistral", mistralTokens
	}
	if r.PathValue("deployment") != "" {
		c.Provider = "azure"
	}
	conversation := asked(body)
	if s.fail(w, c, conversation, openAIError) {
		return
	}
	options, _ := body["stream_options"].(object)
	c.UsageInResponse = !stream || isMistral || isTrue(options, "include_usage")
	s.ledger.add(c, "chatcmpl-%d", use)
	c.Reported = chatReported(c.Tokens)
	usage := chatUsage(c.Tokens, !isMistral)

	message, finish := chatMessage(body, conversation, c.N)
	head := object{"id": c.ID, "created": unixNow(), "model": c.Model}
	if !isMistral {
		head["service_tier"], head["system_fingerprint"] = "default", "fp_standin"
	}
	if !stream {
		respond(w, http.StatusOK, with(head, object{
			"object": "chat.completion", "usage": usage,
			"choices": []any{object{"index": 0, "message": message, "finish_reason": finish, "logprobs": nil}},
		}))
		return
	}
	chunk := func(delta object, finish any) object {
		return with(head, object{"object": "chat.completion.chunk", "choices": []any{object{"index": 0, "delta": delta, "finish_reason": finish}}})
	}
	var events []event
	if calls, ok := message["tool_calls"].([]any); ok {
		call := with(calls[0].(object), object{"index": 0})
		events = append(events, event{data: chunk(object{"role": "assistant", "content": nil, "tool_calls": []any{call}}, nil)})
	} else {
		events = append(events, event{data: chunk(object{"role": "assistant", "content": ""}, nil)})
		for word := range strings.SplitAfterSeq(text(message, "content"), " ") {
			events = append(events, event{data: chunk(object{"content": word}, nil)})
		}
	}
	last := chunk(object{}, finish)
	switch {
	case isMistral:
		last["usage"] = usage
		events = append(events, event{data: last})
	case c.UsageInResponse:
		events = append(events, event{data: last}, event{data: with(head, object{"object": "chat.completion.chunk", "choices": []any{}, "usage": usage})})
	default:
		events = append(events, event{data: last})
	}
	streamEvents(w, events, "data: [DONE]\n\n")
}

// chatMessage is what the model writes, in the forms that some frameworks ask for.
func chatMessage(body object, conversation string, n int64) (message object, finish string) {
	tools := toolNames(list(body, "tools"), "function")
	tool, arguments := wantsTool(tools, conversation, `"role":"tool"`), weatherArguments
	if tool == "" && slices.Contains(tools, "final_answer") {
		tool, arguments = "final_answer", object{"answer": weatherText}
	}
	if tool != "" {
		return object{"role": "assistant", "content": nil, "tool_calls": []any{object{
			"id": fmt.Sprintf("call_%d", n), "type": "function", "function": object{"name": tool, "arguments": encode(arguments)},
		}}}, "tool_calls"
	}
	content := weatherText
	switch {
	case strings.Contains(conversation, "[[ ## "): // DSPy's form
		content = "[[ ## reasoning ## ]]\nx\n\n[[ ## answer ## ]]\n" + weatherText + "\n\n[[ ## completed ## ]]"
	case strings.Contains(conversation, "Final Answer"): // CrewAI's
		content = "Thought: I now can give a great answer\nFinal Answer: " + weatherText
	}
	return object{"role": "assistant", "content": content}, "stop"
}

func (s *Server) completions(w http.ResponseWriter, _ *http.Request, body object) {
	model := text(body, "model")
	c := &Call{API: "completions", Provider: "openai", Model: model, Status: http.StatusOK, UsageInResponse: true}
	if s.fail(w, c, asked(body), openAIError) {
		return
	}
	s.ledger.add(c, "cmpl-%d", func(n int64) Tokens { return Tokens{Input: 2000 + 10*n, Output: 500 + n} })
	c.Reported = chatReported(c.Tokens)
	respond(w, http.StatusOK, object{
		"id": c.ID, "object": "text_completion", "created": unixNow(), "model": c.Model, "usage": chatUsage(c.Tokens, false),
		"choices": []any{object{"index": 0, "text": weatherText, "finish_reason": "stop", "logprobs": nil}},
	})
}

func (s *Server) responses(w http.ResponseWriter, _ *http.Request, body object) {
	model := text(body, "model")
	stream := isTrue(body, "stream")
	c := &Call{API: "responses", Provider: "openai", Model: dated(model), Stream: stream, Status: http.StatusOK, UsageInResponse: true}
	conversation := asked(body)
	if s.fail(w, c, conversation, openAIError) {
		return
	}
	s.ledger.add(c, "resp_%d", openAITokens(model))
	c.Reported = chatReported(c.Tokens)
	t := c.Tokens
	var output object
	if tool := wantsTool(toolNames(list(body, "tools")), conversation, `"type":"function_call_output"`); tool != "" {
		output = object{
			"type": "function_call", "id": fmt.Sprintf("fc_%d", c.N), "call_id": fmt.Sprintf("call_%d", c.N),
			"name": tool, "arguments": encode(weatherArguments), "status": "completed",
		}
	} else {
		output = object{"type": "message", "id": fmt.Sprintf("msg_%d", c.N), "status": "completed", "role": "assistant", "content": []any{
			object{"type": "output_text", "text": weatherText, "annotations": []any{}, "logprobs": []any{}},
		}}
	}
	tools := list(body, "tools")
	if tools == nil {
		tools = []any{}
	}
	response := object{
		"id": c.ID, "object": "response", "created_at": unixNow(), "status": "completed", "error": nil,
		"incomplete_details": nil, "instructions": body["instructions"], "max_output_tokens": nil, "model": c.Model, "output": []any{output},
		"parallel_tool_calls": true, "previous_response_id": nil, "reasoning": object{"effort": nil, "summary": nil}, "store": true,
		"temperature": 1.0, "text": object{"format": object{"type": "text"}}, "tool_choice": "auto", "tools": tools, "top_p": 1.0,
		"truncation": "disabled", "user": nil, "metadata": object{}, "service_tier": "default",
		"usage": object{
			"input_tokens": t.Input, "input_tokens_details": object{"cached_tokens": t.CacheRead, "cache_write_tokens": 0}, "output_tokens": t.Output,
			"output_tokens_details": object{"reasoning_tokens": t.Reasoning}, "total_tokens": t.Input + t.Output,
		},
	}
	if !stream {
		respond(w, http.StatusOK, response)
		return
	}
	begun := with(response, object{"status": "in_progress", "output": []any{}, "usage": nil})
	parts := []object{{"type": "response.created", "response": begun}, {"type": "response.in_progress", "response": begun}}
	id := output["id"]
	if output["type"] == "function_call" {
		parts = append(parts,
			object{"type": "response.output_item.added", "output_index": 0, "item": with(output, object{"arguments": "", "status": "in_progress"})},
			object{"type": "response.function_call_arguments.delta", "item_id": id, "output_index": 0, "delta": output["arguments"]},
			object{"type": "response.function_call_arguments.done", "item_id": id, "output_index": 0, "arguments": output["arguments"], "name": output["name"]},
		)
	} else {
		part := output["content"].([]any)[0].(object)
		at := object{"item_id": id, "output_index": 0, "content_index": 0}
		parts = append(parts,
			object{"type": "response.output_item.added", "output_index": 0, "item": with(output, object{"content": []any{}, "status": "in_progress"})},
			with(at, object{"type": "response.content_part.added", "part": with(part, object{"text": ""})}),
			with(at, object{"type": "response.output_text.delta", "delta": weatherText, "logprobs": []any{}}),
			with(at, object{"type": "response.output_text.done", "text": weatherText, "logprobs": []any{}}),
			with(at, object{"type": "response.content_part.done", "part": part}),
		)
	}
	parts = append(parts,
		object{"type": "response.output_item.done", "output_index": 0, "item": output},
		object{"type": "response.completed", "response": response},
	)
	events := make([]event, len(parts))
	for i, part := range parts {
		part["sequence_number"] = i
		events[i] = event{name: text(part, "type"), data: part}
	}
	streamEvents(w, events, "")
}

func (s *Server) embeddings(w http.ResponseWriter, _ *http.Request, body object) {
	c := &Call{API: "embeddings", Provider: "openai", Model: text(body, "model"), Status: http.StatusOK, UsageInResponse: true}
	if strings.Contains(c.Model, "mistral") {
		c.Provider = "mistral"
	}
	if s.fail(w, c, asked(body), openAIError) {
		return
	}
	s.ledger.add(c, "", func(n int64) Tokens { return Tokens{Input: 7000 + 10*n} })
	c.Reported = map[string][]int64{"input": {c.Tokens.Input}}
	count := 1
	if inputs := list(body, "input"); len(inputs) > 0 {
		if _, isToken := inputs[0].(float64); !isToken {
			count = len(inputs)
		}
	}
	vector := make([]float32, 8)
	packed := make([]byte, 0, 4*len(vector))
	for i := range vector {
		vector[i] = 0.1
		packed = binary.LittleEndian.AppendUint32(packed, math.Float32bits(vector[i]))
	}
	var embedding any = vector
	if text(body, "encoding_format") == "base64" {
		embedding = base64.StdEncoding.EncodeToString(packed)
	}
	data := make([]any, count)
	for i := range data {
		data[i] = object{"object": "embedding", "index": i, "embedding": embedding}
	}
	respond(w, http.StatusOK, object{
		"object": "list", "model": c.Model, "data": data,
		"usage": object{"prompt_tokens": c.Tokens.Input, "total_tokens": c.Tokens.Input},
	})
}

func (s *Server) images(w http.ResponseWriter, _ *http.Request, body object) {
	c := &Call{API: "images", Provider: "openai", Model: text(body, "model"), Status: http.StatusOK, UsageInResponse: true, Images: 1}
	if n, ok := body["n"].(float64); ok {
		c.Images = int64(n)
	}
	if s.fail(w, c, asked(body), openAIError) {
		return
	}
	s.ledger.add(c, "", nil)
	data := make([]any, c.Images)
	for i := range data {
		data[i] = object{"url": "http://localhost/image.png", "revised_prompt": "a sun"}
	}
	respond(w, http.StatusOK, object{"created": unixNow(), "data": data})
}

// with is a copy of o with the entries of others.
func with(o object, others ...object) object {
	sum := make(object, len(o)+4)
	for _, part := range append([]object{o}, others...) {
		maps.Copy(sum, part)
	}
	return sum
}
