// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import "encoding/json"

// recognise says of which kind an event is. What `kind` says settles it (told),
// unless it is a word that the application uses for something else. Otherwise
// the fields do; kinds with more of them come first.
func recognise(f *fields) (kind Kind, told, ok bool) {
	if name, isText := f.peek("kind").(string); isText {
		if _, known := details[Kind(name)]; known {
			return Kind(name), true, true
		}
	}
	for _, k := range signs {
		if k.shown(f) {
			return k.kind, false, true
		}
	}
	return "", false, false
}

var signs = []struct {
	kind  Kind
	shown func(*fields) bool
}{
	{KindLLMCall, func(f *fields) bool {
		_, nested := f.peek("tokens").(map[string]any)
		return f.has("model") && (nested || f.has("prompt_tokens") || f.has("completion_tokens"))
	}},
	{KindRequest, func(f *fields) bool {
		return f.has("method") && f.has("endpoint") && f.has("status") && f.hasDuration()
	}},
	{KindAgentRun, func(f *fields) bool { return f.has("agent_name") && f.has("status") && f.hasDuration() }},
	{KindCache, func(f *fields) bool { return f.has("cache_type") && f.has("hit") }},
	{KindAppInfo, func(f *fields) bool { return f.has("app_info") }},
	{KindGauge, func(f *fields) bool {
		return f.has("active_agents") || f.has("active_requests") || f.has("memory_usage_bytes")
	}},
	{KindLog, func(f *fields) bool { return f.has("message") }},
}

// isLogLine says whether a logger wrote the event.
func isLogLine(f *fields) bool {
	switch f.peek("level").(type) {
	case string, json.Number:
		return f.has("message")
	default:
		return false
	}
}
