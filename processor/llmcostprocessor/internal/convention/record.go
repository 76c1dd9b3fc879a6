// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
)

// record is a record that follows a convention.
type record struct {
	facts
	values [fields]pcommon.Value // of the fields that it has
}

// facts are reset for each record.
type facts struct {
	of     *compiled
	scope  string
	known  *scope // nil: nothing is known of it
	failed bool   // the status of the span, or the kind of event
	title  string // the name of the span
	family family // of the model

	ranks  [fields]uint8 // 0: the record does not have the field
	counts tally
	// cachedIs is what the provider's own counts prove of the cached tokens, and
	// reasoningIs of the reasoning tokens.
	cachedIs        inclusion
	cachedProven    bool
	reasoningIs     inclusion
	reasoningProven bool
	// disjoint: the counts were an object of disjoint kinds.
	disjoint bool
	// objectTier is the tier in the provider's own object.
	objectTier string
	// region is where the provider's object reports that the call was served.
	region string
	// unreadable: a count of input or output tokens that cannot be one.
	unreadable bool
}

// sort sorts what was found by field. Of several keys of a field the first in
// its row counts that has a value that can be read: a senseless one loses itself
// and nothing else.
func (r *record) sort(c *candidate, values []pcommon.Value, name string, known *scope) {
	r.facts = facts{of: c.compiled, scope: name, known: known}
	for _, s := range c.steps {
		r.put(s.place, values[s.at])
	}
}

// put sets a field, unless a key before this one in its row has.
func (r *record) put(p place, value pcommon.Value) {
	if r.has(p.field) && r.ranks[p.field] <= p.rank {
		return
	}
	if value.Type() == pcommon.ValueTypeStr && isAbsent(trim(value.Str())) {
		return
	}
	if p.field < counts {
		n, ok := count(value)
		if scale := scales[p.field]; scale > 1 {
			n, ok = scaled(value, scale)
		}
		if !ok {
			r.unreadable = r.unreadable || p.field == input || p.field == output
			return
		}
		r.counts.set(p.field, n)
	}
	r.values[p.field], r.ranks[p.field] = value, p.rank
}

// isNothing reports whether a text is what is written for no value: Micrometer's none, and
// what Python and JavaScript make of theirs.
func isNothing(text string) bool {
	switch len(text) {
	case 0:
		return true
	case len("none"): // null, too
		return strings.EqualFold(text, "none") || strings.EqualFold(text, "null")
	}
	return text == "undefined"
}

// isAbsent reports whether a text stands for no value, or for one that a filter removed.
func isAbsent(text string) bool { return isNothing(text) || IsRedacted(text) }

func (r *record) has(f field) bool { return r.ranks[f] != 0 }

// text returns the text of a field, without blanks or the quotes of JSON around it.
func (r *record) text(f field) string {
	if !r.has(f) || r.values[f].Type() != pcommon.ValueTypeStr {
		return ""
	}
	return unquote(trim(r.values[f].Str()))
}

// trim takes the blanks around a text off, of which most have none.
func trim(text string) string {
	if n := len(text); n > 0 && isInk(text[0]) && isInk(text[n-1]) {
		return text
	}
	return strings.TrimSpace(text)
}

// isInk reports whether a byte is a character of ASCII that is not blank.
func isInk(b byte) bool { return b > ' ' && b < 0x7f }

// unquote takes the quotes off a JSON string, as MLflow writes all its values.
func unquote(text string) string {
	if len(text) >= 2 && text[0] == '"' && text[len(text)-1] == '"' {
		return strings.TrimSpace(text[1 : len(text)-1])
	}
	return text
}

// belongsToAnother reports whether a span that its marker makes a call is one of
// several of the same call, and not the one with its usage.
func (r *record) belongsToAnother(name string) bool {
	if r.hasUsage() || r.hasCost() {
		return false
	}
	switch {
	case name == "openclaw.model.call":
		// OpenClaw (2026.5) has the usage of a run in a span of its own.
		return r.status() == Success
	case hasPrefix(r.scope, "openinference.instrumentation.llama_index"):
		// Every method of a model's class is an LLM span (4.6.1). Those that call the
		// API have the usage, or fail.
		return !callsAPI(name[strings.LastIndexByte(name, '.')+1:])
	case hasPrefix(r.scope, "logfire."):
		// The span of the request of a stream; the usage comes in a record at its end
		// (5.4.0), and without where nobody asked for it. One that is complete has the ID
		// of the response.
		return !r.has(responseID) && r.status() == Success && r.text(spanKind) != "log"
	}
	return false
}

// callsAPI reports whether that is a method of LlamaIndex by which a model is called:
// chat, acomplete, astream_chat, get_text_embedding and the like.
func callsAPI(method string) bool {
	method = strings.TrimPrefix(strings.TrimPrefix(method, "a"), "stream_")
	return method == "chat" || method == "complete" || method == "generate" || strings.HasPrefix(method, "get_") && strings.Contains(method, "embedding")
}

// read makes a call of the record. It leaves what is only of log records.
func (r *record) read(v recordKind, out *Call) (Outcome, string) {
	out.Convention = r.of.name
	out.Attribution = r.attribution()
	out.Status = r.status()
	inferred := v == undecided && r.isCall(out.Status)
	if inferred {
		v = call
	}
	if v != call {
		out.Status = Success
		if out.Model = cmp.Or(r.text(model), r.text(requestModel)); len(out.Model) > MaxModelLength {
			out.Model = ""
		}
		if out.Model != "" {
			out.Provider = r.seller(out.Model)
		}
		return Aggregate, ""
	}
	if !r.name(out) {
		*out = Call{Convention: r.of.name}
		return Invalid, ReasonEmptyModel
	}
	out.Inferred = inferred
	out.Provider, out.Operation, out.ResponseID = r.seller(out.Model), r.text(operation), r.responseID(out.Status)
	r.family = familyOf(out.Provider, out.Model)
	r.usage(out)
	out.ServiceTier = r.serviceTier()
	if out.Status != Success {
		out.ErrorType = r.text(errorType)
	}
	out.FirstToken = r.firstToken()
	out.Tier = price.TierOf(out.ServiceTier)
	return IsCall, ""
}

// responseID is the ID of the response, or else of the request, if it ended well: attempts that
// failed may have the same one.
func (r *record) responseID(ended Status) string {
	if id := r.text(responseID); id != "" || ended != Success {
		return id
	}
	return r.text(requestID)
}

// isCall decides for records whose marker does not: one that names a model, or
// whose it is, and has usage, a cost or an error.
func (r *record) isCall(s Status) bool {
	if r.hasUsage() || r.hasCost() {
		return r.has(model) || r.of.marker >= 0
	}
	return s != Success && r.has(model) && (r.has(provider) || r.isNamedAsCall())
}

// isNamedAsCall reports whether the name of the span is the operation and the model, as the
// conventions have it.
func (r *record) isNamedAsCall() bool {
	operation, of, _ := strings.Cut(r.title, " ")
	return of != "" && of == r.text(model) && slices.Contains(operations, operation)
}

// name reads the model. It is false for a record that has none, and nothing else
// by which it must be seen.
func (r *record) name(out *Call) bool {
	out.Model, out.RequestModel = r.text(model), r.text(requestModel)
	if out.RequestModel == out.Model {
		out.RequestModel = ""
	}
	if out.Model == "" {
		out.Model = r.requestedModel()
	}
	switch {
	case out.Model == "" && out.Status == Success && !r.hasUsage() && !r.hasCost():
		return false
	case out.Model == "":
		out.Model, out.ModelUnknown = UnknownModel, true
		if out.Status == Success {
			out.Problem = ReasonEmptyModel
		}
	case len(out.Model) > MaxModelLength:
		out.Model, out.Problem = truncate(out.Model), ReasonModelTooLong
	}
	if len(out.RequestModel) > MaxModelLength {
		out.RequestModel = ""
	}
	return true
}

// truncate shortens a name to MaxModelLength, at the boundary of a character.
func truncate(name string) string {
	const mark = "…"
	return strings.ToValidUTF8(name[:MaxModelLength-len(mark)], "") + mark
}

func (r *record) firstToken() time.Duration {
	if r.has(firstToken) {
		return duration(r.values[firstToken], time.Second)
	}
	if r.has(firstTokenMillis) {
		return duration(r.values[firstTokenMillis], time.Millisecond)
	}
	return 0
}

func (r *record) duration() time.Duration {
	if r.has(seconds) {
		return duration(r.values[seconds], time.Second)
	}
	if r.has(milliseconds) {
		return duration(r.values[milliseconds], time.Millisecond)
	}
	return 0
}
