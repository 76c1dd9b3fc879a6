// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

// recognise says of which kind an event is. What `kind` says settles it (told),
// unless it is a word that the application uses for something else. Otherwise
// the fields do; kinds with more of them come first.
func recognise(f *fields) (kind Kind, told, ok bool) {
	if f.kind(keyKind) == Text {
		if kind, ok := kindOf(f.peek(keyKind).text); ok {
			return kind, true, true
		}
	}
	present := f.present
	if _, nested := f.peek(keyTokens).object(); !nested {
		present &^= setOf(keyTokens)
	}
	for i := range signs {
		if s := &signs[i]; present&s.all == s.all && (s.some == 0 || present&s.some != 0) {
			return s.kind, false, true
		}
	}
	return 0, false, false
}

// signs say which fields an event of a kind has: all of some, and one at least of others.
var signs = []struct {
	kind      Kind
	all, some keySet
}{
	{KindLLMCall, setOf(keyModel), setOf(keyPromptTokens, keyCompletionTokens, keyTokens)},
	{KindRequest, setOf(keyMethod, keyEndpoint, keyStatus), durationKeys},
	{KindAgentRun, setOf(keyAgentName, keyStatus), durationKeys},
	{KindCache, setOf(keyCacheType, keyHit), 0},
	{KindAppInfo, setOf(keyAppInfo), 0},
	{KindGauge, 0, setOf(keyActiveAgents, keyActiveRequests, keyMemoryUsageBytes)},
	{KindLog, setOf(keyMessage), 0},
}

// isLogLine says whether a logger wrote the event.
func isLogLine(f *fields) bool {
	level := f.kind(keyLevel)
	return (level == Text || level == Number) && f.has(keyMessage)
}
