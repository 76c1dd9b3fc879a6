// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"strings"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
)

// hasUsage reports whether the record has counts or objects of them. Zeros count: they
// make an unknown record a call whose usage is unknown.
func (r *record) hasUsage() bool {
	return r.counts.given != (tally{}).given || r.has(usageObject) || r.has(usageDisjoint) || r.unreadable
}

// usage reads what the call used, and the cost that its application reports.
func (r *record) usage(out *Call) {
	if hit := r.values[cacheHit]; r.has(cacheHit) && strings.EqualFold(hit.AsString(), "true") {
		// The tokens are what the call used when it was made.
		out.HasUsage, out.Free = true, true
		return
	}
	if reported, ok := r.reportedCost(); ok && reported > 0 {
		// A tool that has no price of the model reports 0.
		out.Reported, out.HasReported = reported, true
		if r.has(costAmount) {
			out.Currency = currencyOf(r.text(costCurrency))
		}
	}
	r.readObjects()
	if r.counts.n[total] > 0 && !r.counts.has(input) && !r.counts.has(output) && isEmbedding(out.Operation) {
		r.counts.set(input, r.counts.n[total]) // nothing is put out
	}
	out.HasUsage = r.counts.has(input) || r.counts.has(output) || r.counts.others()
	if out.Status == Success && r.counts.nothing() {
		out.HasUsage = false // a stream whose usage nobody asked for, say: unknown, not zero
	}
	if r.unreadable && (!r.counts.has(input) || !r.counts.has(output)) {
		out.HasUsage, out.Problem = false, ReasonBadTokens
		return
	}
	out.Totals = Totals{Input: r.counts.n[input], Output: r.counts.n[output], All: r.counts.n[total]}
	out.Compacted = Totals{Input: r.counts.n[compactedInput], Output: r.counts.n[compactedOutput]}
	out.Region = r.region
	out.Stated = r.counts.stated()
	out.AddsStart = addsStart(r.scope)
	e := r.evidence(out)
	if e.counting.twice {
		r.countOnce()
	}
	r.counts.decide(e, out)
}

// countOnce takes cached tokens out of the input that are in there twice. The total
// is the instrumentation's own sum, and has them twice, too.
func (r *record) countOnce() {
	if once := r.counts.n[input] - r.counts.cached(); once >= r.counts.cached() {
		r.counts.set(input, once)
		r.counts.drop(total)
	}
}

// evidence is by what the reading of the counts is decided.
func (r *record) evidence(out *Call) evidence {
	e := evidence{counting: r.of.counting, rule: ByConvention, family: r.family, cost: out.HasReported}
	if r.known != nil {
		e.counting, e.rule = r.known.counting, ByScope
	}
	e.read, e.written = r.costOf(costRead), r.costOf(costWrite)
	if !r.counts.ambiguous() {
		return e
	}
	from := price.CanonicalProvider(out.Provider)
	if from == price.Bedrock {
		e.counting.ownTotal = true // instrumentations add up what leaves out the cached tokens
	}
	if from == "" && hasPrefix(out.Model, "claude") {
		from = price.Anthropic
	}
	if e.counting.cached == byProvider {
		e.rule, e.counting.cached = ByProvider, inclusive
		if from == price.Anthropic || from == price.Bedrock {
			e.counting.cached = exclusive
		}
	}
	switch adds := e.family == xai || e.counting.reasoning == byProvider && e.family == gemini; {
	case e.counting.reasoning != byProvider && e.counting.reasoning != byModel:
	case adds && r.counts.n[reasoning] > 0:
		e.rule, e.counting.reasoning = ByProvider, exclusive
	default:
		e.counting.reasoning = inclusive
	}
	if r.disjoint {
		e.counting = counting{}
		e.rule = ByObject
	}
	if r.cachedProven {
		e.counting.cached, e.proven, e.rule = r.cachedIs, true, ByObject
	}
	if r.reasoningProven {
		e.counting.reasoning, e.reasoningProven, e.rule = r.reasoningIs, true, ByObject
	}
	return e
}

// seller is the provider. OpenAI sells no Grok: where it is named, it is for its
// client, by which xAI is called.
func (r *record) seller(model string) string {
	named := r.text(provider)
	if strings.EqualFold(named, "openai") && familyOf(named, model) == xai {
		return "xai"
	}
	return named
}

// family is a family of models.
type family uint8

// The APIs of these count reasoning tokens in addition to the output.
const (
	otherFamily family = iota
	gemini
	xai
)

// familyOf goes by the model, whoever sells it: a client of OpenAI's may talk to xAI.
func familyOf(provider, model string) family {
	name := model[max(strings.LastIndexByte(model, '/'), strings.LastIndexByte(model, ':'))+1:]
	switch {
	case beginsWith(name, "gemini"):
		return gemini
	case beginsWith(name, "grok"), hasPrefix(provider, "xai"), provider == "x_ai":
		return xai
	}
	return otherFamily
}

// beginsWith compares without regard to case.
func beginsWith(name, prefix string) bool {
	return len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix)
}
