// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

// recognise says of which kind an event is. What `kind` says settles it (told),
// unless it is a word that the application uses for something else. Otherwise
// the fields do; kinds with more of them come first.
func recognise(f *fields) (kind Kind, told, ok bool) {
	if kind := f.peek(keyKind); kind.kind == Text && isKind(Kind(kind.text)) {
		return Kind(kind.text), true, true
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
		_, nested := f.peek(keyTokens).object()
		return f.has(keyModel) && (nested || f.has(keyPromptTokens) || f.has(keyCompletionTokens))
	}},
	{KindRequest, func(f *fields) bool {
		return f.has(keyMethod) && f.has(keyEndpoint) && f.has(keyStatus) && f.hasDuration()
	}},
	{KindAgentRun, func(f *fields) bool { return f.has(keyAgentName) && f.has(keyStatus) && f.hasDuration() }},
	{KindCache, func(f *fields) bool { return f.has(keyCacheType) && f.has(keyHit) }},
	{KindAppInfo, func(f *fields) bool { return f.has(keyAppInfo) }},
	{KindGauge, func(f *fields) bool {
		return f.has(keyActiveAgents) || f.has(keyActiveRequests) || f.has(keyMemoryUsageBytes)
	}},
	{KindLog, func(f *fields) bool { return f.has(keyMessage) }},
}

// isLogLine says whether a logger wrote the event.
func isLogLine(f *fields) bool {
	level := f.peek(keyLevel).kind
	return (level == Text || level == Number) && f.has(keyMessage)
}
