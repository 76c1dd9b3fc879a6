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

// details are those of the decoder's event, by its kind.
type details struct {
	call    LLMCall
	run     AgentRun
	request Request
	cache   Cache
	gauge   Gauge
	info    AppInfo
}

// of takes the fields that are special to a kind.
func (d *details) of(k Kind, f *fields) Detail {
	switch k {
	case KindLLMCall:
		d.call = decodeLLMCall(f)
		return &d.call
	case KindAgentRun:
		d.run = decodeAgentRun(f)
		return &d.run
	case KindRequest:
		d.request = decodeRequest(f)
		return &d.request
	case KindCache:
		d.cache = decodeCache(f)
		return &d.cache
	case KindGauge:
		d.gauge = decodeGauge(f)
		return &d.gauge
	case KindAppInfo:
		d.info = decodeAppInfo(f)
		return &d.info
	default:
		if !f.has(keyMessage) {
			f.fail(keyMessage, "is missing")
		}
		return Log{}
	}
}

func decodeLLMCall(f *fields) LLMCall {
	call := LLMCall{
		Model:        f.required(keyModel),
		Provider:     f.take(keyProvider),
		Duration:     f.duration(),
		ErrorType:    f.take(keyErrorType),
		ErrorMessage: f.takeFirst(keyErrorMessage, keyError),
		Agent:        f.take(keyAgentName),
	}
	call.Usage = decodeUsage(f)
	call.PromptTokens, call.CompletionTokens = decodeTokens(f, len(call.Usage) > 0)
	call.Outcome = decodeOutcome(f, call.ErrorMessage)
	call.Cost.Dollars, call.Cost.Known = f.amount(keyCostDollars, maxAmount)
	return call
}

// decodeTokens takes `prompt_tokens` and `completion_tokens`, or those of
// `tokens`. One of the two may be missing, and counts as 0. The other members
// of `tokens` stay with the context. Both may be missing where something else was used.
func decodeTokens(f *fields, used bool) (prompt, completion int64) {
	prompt, hasPrompt := f.count(keyPromptTokens)
	completion, hasCompletion := f.count(keyCompletionTokens)
	if tokens, ok := f.peek(keyTokens).object(); ok {
		inner := nestedFields(tokens, "tokens.")
		nestedPrompt, nestedHasPrompt := inner.count(keyPrompt)
		nestedCompletion, nestedHasCompletion := inner.count(keyCompletion)
		if !hasPrompt {
			prompt, hasPrompt = nestedPrompt, nestedHasPrompt
		}
		if !hasCompletion {
			completion, hasCompletion = nestedCompletion, nestedHasCompletion
		}
		f.leave(keyTokens, inner)
	}
	if !hasPrompt && !hasCompletion && !used && len(f.problems) == 0 {
		f.fail(keyPromptTokens, "is missing, and so are completion_tokens, tokens.prompt, tokens.completion and usage")
	}
	return prompt, completion
}

// decodeOutcome reads the status of an LLM call, which may be absent.
func decodeOutcome(f *fields, errorMessage string) Outcome {
	if !f.has(keyStatus) {
		if errorMessage != "" {
			return Failure
		}
		return Success
	}
	outcome := Outcome(strings.ToLower(f.take(keyStatus)))
	if outcome != Success && !outcome.Failed() {
		f.fail(keyStatus, "must be success, error or timeout")
	}
	return outcome
}

func decodeAgentRun(f *fields) AgentRun {
	run := AgentRun{
		Agent:        f.required(keyAgentName),
		Outcome:      Outcome(f.required(keyStatus)),
		ErrorType:    f.take(keyErrorType),
		ErrorMessage: f.takeFirst(keyErrorMessage, keyError),
	}
	run.Duration = f.requiredDuration()
	return run
}

func decodeRequest(f *fields) Request {
	request := Request{
		Method:   f.required(keyMethod),
		Endpoint: f.required(keyEndpoint),
		Duration: f.requiredDuration(),
		Active:   f.measure(keyActiveRequests),
	}
	status, known := f.count(keyStatus)
	switch {
	case known && status >= 100 && status <= 599:
		request.Status = status
	case !f.has(keyStatus):
		f.fail(keyStatus, "is missing")
	case known:
		f.fail(keyStatus, "must be an HTTP status code, is %d", status)
	}
	return request
}

func decodeCache(f *fields) Cache {
	hit := f.peek(keyHit)
	f.use(keyHit)
	if hit.kind != Bool {
		f.fail(keyHit, "must be true or false")
	}
	return Cache{Type: f.required(keyCacheType), Hit: hit.Bool(), Size: f.measure(keySizeBytes)}
}

func decodeGauge(f *fields) Gauge {
	g := Gauge{
		ActiveAgents:   f.measure(keyActiveAgents),
		ActiveRequests: f.measure(keyActiveRequests),
		MemoryUsage:    f.measure(keyMemoryUsageBytes),
	}
	if g == (Gauge{}) && len(f.problems) == 0 {
		f.fail(keyActiveAgents, "is missing, and so are active_requests and memory_usage_bytes")
	}
	return g
}

func decodeAppInfo(f *fields) AppInfo {
	f.use(keyAppInfo)
	info, ok := f.peek(keyAppInfo).object()
	if !ok {
		f.fail(keyAppInfo, "must be an object")
		return AppInfo{}
	}
	if len(info) > maxAppLabels {
		f.fail(keyAppInfo, "must have at most %d members, has %d", maxAppLabels, len(info))
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
			f.failNamed("app_info."+key, "must be a text, a number, true or false")
		}
	}
	return AppInfo{Labels: labels}
}

// resource completes r by what the application reports about itself.
func (a *AppInfo) resource(r Resource) Resource {
	if r.Version == "" {
		r.Version = a.Labels["version"]
	}
	if r.Environment == "" {
		r.Environment = a.Labels["environment"]
	}
	return r
}
