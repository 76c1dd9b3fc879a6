// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// maxAppLabels bounds the entries of `app_info`.
const maxAppLabels = 32

// details takes the fields that are special to a kind.
var details = map[Kind]func(*fields) Detail{
	KindLog:      decodeLog,
	KindLLMCall:  decodeLLMCall,
	KindAgentRun: decodeAgentRun,
	KindRequest:  decodeRequest,
	KindCache:    decodeCache,
	KindGauge:    decodeGauge,
	KindAppInfo:  decodeAppInfo,
}

func decodeLog(f *fields) Detail {
	if !f.has("message") {
		f.fail("message", "is missing")
	}
	return Log{}
}

func decodeLLMCall(f *fields) Detail {
	call := LLMCall{
		Model:        f.required("model"),
		Provider:     f.text("provider"),
		Duration:     f.duration(),
		ErrorType:    f.text("error_type"),
		ErrorMessage: f.text("error_message", "error"),
		Agent:        f.text("agent_name"),
	}
	call.PromptTokens, call.CompletionTokens = decodeTokens(f)
	call.Outcome = decodeOutcome(f, call.ErrorMessage)
	call.Cost.Dollars, call.Cost.Known = f.amount("cost_dollars", maxAmount)
	return call
}

// decodeTokens takes `prompt_tokens` and `completion_tokens`, or those of
// `tokens`. One of the two may be missing, and counts as 0. The other members
// of `tokens` stay with the context.
func decodeTokens(f *fields) (prompt, completion int64) {
	prompt, hasPrompt := f.count("prompt_tokens")
	completion, hasCompletion := f.count("completion_tokens")
	if tokens, ok := f.peek("tokens").(map[string]any); ok {
		inner := nested(tokens, "tokens.")
		nestedPrompt, nestedHasPrompt := inner.count("prompt")
		nestedCompletion, nestedHasCompletion := inner.count("completion")
		if !hasPrompt {
			prompt, hasPrompt = nestedPrompt, nestedHasPrompt
		}
		if !hasCompletion {
			completion, hasCompletion = nestedCompletion, nestedHasCompletion
		}
		f.problems = append(f.problems, inner.problems...)
		f.leave("tokens", inner.rest())
	}
	if !hasPrompt && !hasCompletion && len(f.problems) == 0 {
		f.fail("prompt_tokens", "is missing, and so are completion_tokens, tokens.prompt and tokens.completion")
	}
	return prompt, completion
}

// decodeOutcome reads the status of an LLM call, which may be absent.
func decodeOutcome(f *fields, errorMessage string) Outcome {
	if !f.has("status") {
		if errorMessage != "" {
			return Failure
		}
		return Success
	}
	outcome := Outcome(strings.ToLower(f.text("status")))
	if outcome != Success && !outcome.Failed() {
		f.fail("status", "must be success, error or timeout")
	}
	return outcome
}

func decodeAgentRun(f *fields) Detail {
	run := AgentRun{
		Agent:        f.required("agent_name"),
		Outcome:      Outcome(f.required("status")),
		ErrorType:    f.text("error_type"),
		ErrorMessage: f.text("error_message", "error"),
	}
	run.Duration = f.requiredDuration()
	return run
}

func decodeRequest(f *fields) Detail {
	request := Request{
		Method:   f.required("method"),
		Endpoint: f.required("endpoint"),
		Duration: f.requiredDuration(),
		Active:   f.measure("active_requests"),
	}
	status, known := f.count("status")
	switch {
	case known && status >= 100 && status <= 599:
		request.Status = status
	case !f.has("status"):
		f.fail("status", "is missing")
	case known:
		f.fail("status", "must be an HTTP status code, is %d", status)
	}
	return request
}

func decodeCache(f *fields) Detail {
	hit, ok := f.peek("hit").(bool)
	f.use("hit")
	if !ok {
		f.fail("hit", "must be true or false")
	}
	return Cache{Type: f.required("cache_type"), Hit: hit, Size: f.measure("size_bytes")}
}

func decodeGauge(f *fields) Detail {
	g := Gauge{
		ActiveAgents:   f.measure("active_agents"),
		ActiveRequests: f.measure("active_requests"),
		MemoryUsage:    f.measure("memory_usage_bytes"),
	}
	if g == (Gauge{}) && len(f.problems) == 0 {
		f.fail("active_agents", "is missing, and so are active_requests and memory_usage_bytes")
	}
	return g
}

func decodeAppInfo(f *fields) Detail {
	f.use("app_info")
	info, ok := f.peek("app_info").(map[string]any)
	if !ok {
		f.fail("app_info", "must be an object")
		return AppInfo{}
	}
	if len(info) > maxAppLabels {
		f.fail("app_info", "must have at most %d members, has %d", maxAppLabels, len(info))
		return AppInfo{}
	}
	labels := make(map[string]string, len(info))
	for _, key := range slices.Sorted(maps.Keys(info)) {
		switch v := info[key].(type) {
		case nil:
		case string:
			labels[key] = v
		case bool:
			labels[key] = strconv.FormatBool(v)
		case json.Number:
			labels[key] = v.String()
		default:
			f.fail("app_info."+key, "must be a text, a number, true or false")
		}
	}
	return AppInfo{Labels: labels}
}

// resource completes r by what the application says of itself.
func (a AppInfo) resource(r Resource) Resource {
	if r.Version == "" {
		r.Version = a.Labels["version"]
	}
	if r.Environment == "" {
		r.Environment = a.Labels["environment"]
	}
	return r
}
