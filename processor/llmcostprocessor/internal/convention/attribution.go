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
	a := Attribution{Agent: r.text(agent), User: r.id(user), Session: r.id(session)}
	if a.Agent == "" && r.has(node) && r.isAgent() {
		a.Agent = r.text(node)
	}
	if r.has(custom) && (a.Agent == "" || a.User == "" || a.Session == "") {
		r.readCustom(&a)
	}
	return a
}

// id returns a text or, as an application may have it, a whole number.
func (r *record) id(f field) string {
	if !r.has(f) {
		return ""
	}
	return idOf(r.values[f])
}

func idOf(value pcommon.Value) string {
	switch value.Type() {
	case pcommon.ValueTypeStr:
		return unquote(trim(value.Str()))
	case pcommon.ValueTypeInt:
		return value.AsString()
	}
	return ""
}

// owners has for each key of a user or session what it is and its rank: the first of its
// row counts.
var owners = func() map[string]place {
	keys := map[string]place{}
	for _, row := range genAI {
		if row.field != user && row.field != session {
			continue
		}
		for i, key := range row.keys {
			keys[key] = place{row.field, uint8(i + 1)}
		}
	}
	return keys
}()

// OwnerOf returns the user and session that a span of no convention, or a resource, has: a
// web framework's server span around calls, for example.
func OwnerOf(attributes pcommon.Map) (a Attribution) {
	var userRank, sessionRank uint8
	attributes.Range(func(key string, value pcommon.Value) bool {
		if !mayBeOwner(key) {
			return true
		}
		at, known := owners[key]
		if !known {
			return true
		}
		to, rank := &a.User, &userRank
		if at.field == session {
			to, rank = &a.Session, &sessionRank
		}
		if id := idOf(value); (*rank == 0 || at.rank < *rank) && !isAbsent(id) {
			*to, *rank = id, at.rank
		}
		return true
	})
	return a
}

// mayBeOwner reports whether a key ends as those of users and sessions do. Most keys of most
// spans fail here.
func mayBeOwner(key string) bool {
	n := len(key)
	if n < len("user.id") {
		return false
	}
	return key[n-1] == 'd' && (key[n-2] == 'i' || key[n-2] == 'I') || key[n-1] == 'r' && key[n-2] == 'e'
}

// isAgent reports whether the record is of an agent's run, as CrewAI's, which is a node
// of a graph, and that of a function that Traceloop's SDK has marked as one.
func (r *record) isAgent() bool {
	return strings.EqualFold(r.text(spanKind), "agent")
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
			text, _ := m[key].(string)
			if text = strings.TrimSpace(text); *to[i] == "" && !IsRedacted(text) {
				*to[i] = text
			}
		}
	}
}

// mentions reports whether an object may have one of the keys.
func mentions(object pcommon.Value, keys []string) bool {
	return object.Type() != pcommon.ValueTypeStr ||
		slices.ContainsFunc(keys, func(key string) bool { return strings.Contains(object.Str(), key) })
}
