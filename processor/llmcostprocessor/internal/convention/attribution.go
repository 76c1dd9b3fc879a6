// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// attribution is who the call was made for: by keys of their own, or
// in the metadata that the application gave its framework.
func (r *record) attribution() Attribution {
	a := Attribution{Agent: r.text(agent), User: r.text(user), Session: r.text(session)}
	if a.Agent == "" && r.has(node) && r.isAgent() {
		a.Agent = r.text(node)
	}
	if r.has(custom) && (a.Agent == "" || a.User == "" || a.Session == "") {
		r.readCustom(&a)
	}
	return a
}

// isAgent reports whether the record is of an agent's run, as CrewAI's, which is a node
// of a graph.
func (r *record) isAgent() bool {
	return r.text(spanKind) == "AGENT"
}

// customKeys are those of metadata that have the agent, the user and the session, the
// first first. LangChain writes lc_agent_name; the others are what applications call
// them, and what the documentation of Langfuse and LangGraph has them call them.
var customKeys = [...][]string{
	{"lc_agent_name", "agent_name"},
	{"user_id", "userId", "langfuse_user_id"},
	{"session_id", "sessionId", "langfuse_session_id", "thread_id", "conversation_id"},
}

// readCustom takes from an object of metadata what is missing.
func (r *record) readCustom(a *Attribution) {
	value := r.values[custom]
	to := [...]*string{&a.Agent, &a.User, &a.Session}
	mentioned := false
	for i, keys := range customKeys {
		mentioned = mentioned || *to[i] == "" && mentions(value, keys)
	}
	if !mentioned {
		return // parsing is what costs, and most metadata has none of it
	}
	m, ok := parseMap(value)
	if !ok {
		return
	}
	for i, keys := range customKeys {
		for _, key := range keys {
			if text, ok := m[key].(string); ok && *to[i] == "" {
				*to[i] = strings.TrimSpace(text)
			}
		}
	}
}

// mentions reports whether an object may have one of the keys.
func mentions(object pcommon.Value, keys []string) bool {
	return object.Type() != pcommon.ValueTypeStr ||
		slices.ContainsFunc(keys, func(key string) bool { return strings.Contains(object.Str(), key) })
}
