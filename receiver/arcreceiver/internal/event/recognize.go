// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

// recognize returns the kind of an event. The field `kind` decides (explicit),
// unless it is a word that the application uses for something else. Otherwise
// the fields do; kinds with more of them come first.
func recognize(f *fields) (kind Kind, explicit, ok bool) {
	if v := f.peek(keyKind); v.kind == Text {
		if kind, ok := kindOf(v.text); ok {
			return kind, true, true
		}
	}
	present := f.present
	if _, nested := f.peek(keyTokens).object(); !nested {
		present &^= setOf(keyTokens)
	}
	if !f.hasUsage() {
		present &^= setOf(keyUsage)
	}
	if present&signKeys != 0 {
		for i := range signs {
			if s := &signs[i]; present&s.all == s.all && (s.some == 0 || present&s.some != 0) {
				return s.kind, false, true
			}
		}
	}
	return KindLog, false, f.has(keyMessage)
}

// signs say which fields an event of a kind has: all of some, and one at least of
// others. Without any of them it is a log line.
var signs = []struct {
	kind      Kind
	all, some keySet
}{
	{KindLLMCall, setOf(keyModel), setOf(keyPromptTokens, keyCompletionTokens, keyTokens, keyUsage)},
	{KindRequest, setOf(keyMethod, keyEndpoint, keyStatus), durationKeys},
	{KindAgentRun, setOf(keyAgentName, keyStatus), durationKeys},
	{KindCache, setOf(keyCacheType, keyHit), 0},
	{KindAppInfo, setOf(keyAppInfo), 0},
	{KindGauge, 0, setOf(keyActiveAgents, keyActiveRequests, keyMemoryUsageBytes)},
}

// signKeys are all fields of signs.
var signKeys = func() (all keySet) {
	for _, s := range signs {
		all |= s.all | s.some
	}
	return all
}()

// isLogLine reports whether a logger wrote the event.
func isLogLine(f *fields) bool {
	level := f.kind(keyLevel)
	return (level == Text || level == Number) && f.has(keyMessage)
}
