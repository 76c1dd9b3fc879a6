// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"math"
	"slices"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// Rule is the evidence by which a reading of the numbers was chosen, where they
// can be read in several ways.
type Rule uint8

// The rules, strongest first.
const (
	// ByNothing: the numbers can be read in one way only.
	ByNothing Rule = iota
	// ByArithmetic: the other readings are impossible: there are more cached tokens
	// than input tokens, say.
	ByArithmetic
	// ByTotal: one reading adds up to the reported total.
	ByTotal
	// ByCost: one reading costs what the record reports as its cost.
	ByCost
	// ByObject: the record has the provider's own counts, and how they are related
	// to the others shows what these include.
	ByObject
	// ByScope: the instrumentation is known to count that way.
	ByScope
	// ByProvider: the instrumentation forwards what the provider's API counts.
	ByProvider
	// ByConvention: the convention's text.
	ByConvention
)

var rules = [...]string{
	ByNothing: "", ByArithmetic: "arithmetic", ByTotal: "total", ByCost: "cost", ByObject: "object",
	ByScope: "scope", ByProvider: "provider", ByConvention: "convention",
}

func (r Rule) String() string { return rules[r] }

// Proves reports whether the record's own numbers decided.
func (r Rule) Proves() bool { return r >= ByArithmetic && r <= ByObject }

// evidence is what a record has besides its counts.
type evidence struct {
	counting counting
	rule     Rule // how the counting is known
	family   family
	// The provider's own counts prove the counting of cached and of reasoning tokens.
	proven, reasoningProven bool
	cost                    bool // the record reports one
	// Of the reported cost what reading from caches and writing to them cost.
	read, written float64
}

// decide chooses the reading of the counts of a call, by the strongest evidence.
// Where only the convention or what is known of its writer decides and the record
// has a cost, the other readings are kept for Decide.
func (t *tally) decide(e evidence, out *Call) {
	var buffer [4]reading
	possible := t.possible(e, buffer[:0])
	chosen, rule := nearest(possible, e), ByNothing
	if t.ambiguous() {
		rule = e.rule
		if len(possible) == 1 && !e.proven && !e.reasoningProven || !slices.Contains(possible, e.reading(t)) {
			rule = ByArithmetic
		}
	}
	r, byTotal := t.byTotal(possible, chosen, e)
	if byTotal {
		chosen, rule = r, ByTotal
	}
	out.Usage, out.Rule = t.amounts(chosen), rule
	if !e.cost {
		return
	}
	open := readings{split: t.written() > 0 && t.given&durations == 0}
	if t.cached() == 0 && t.n[input] > 0 {
		open.read, open.written = e.read, e.written
	}
	if rule != ByTotal && rule != ByArithmetic && rule != ByObject {
		for _, r := range possible {
			if r != chosen {
				open.others = append(open.others, t.amounts(r))
			}
		}
	}
	if open.split || len(open.others) > 0 || open.read+open.written > 0 {
		out.readings = &open
	}
}

// durations are the counts by which written tokens are divided by how long they
// are kept.
const durations = 1<<cacheWrite5m | 1<<usage.CacheWrite1h | 1<<usage.CacheWriteLong

// ambiguous reports whether the counts alone can be read in several ways.
func (t *tally) ambiguous() bool { return t.some&included != 0 }

// included are the counts that others may include or not.
const included = 1<<cacheRead | 1<<cacheWrite | 1<<reasoning | durations

// possible appends the readings that the arithmetic allows: a part is not more
// than its whole.
func (t *tally) possible(e evidence, all []reading) []reading {
	if !t.ambiguous() {
		return append(all, reading{cached: inclusive, reasoning: inclusive})
	}
	for _, cached := range [...]inclusion{inclusive, exclusive} {
		if cached == inclusive && t.cached() > t.n[input] ||
			cached == exclusive && t.cached() == 0 ||
			e.proven && t.cached() > 0 && cached != e.counting.cached {
			continue
		}
		for _, reasoned := range [...]inclusion{inclusive, exclusive} {
			if reasoned == inclusive && t.n[reasoning] > t.n[output] || reasoned == exclusive && t.n[reasoning] == 0 ||
				e.reasoningProven && t.n[reasoning] > 0 && reasoned != e.counting.reasoning {
				continue
			}
			all = append(all, reading{cached: cached, reasoning: reasoned})
		}
	}
	return all
}

// reading is the one that the counting makes.
func (e evidence) reading(t *tally) reading {
	r := reading{cached: e.counting.cached, reasoning: e.counting.reasoning}
	if t.cached() == 0 {
		r.cached = inclusive
	}
	if t.n[reasoning] == 0 {
		r.reasoning = inclusive
	}
	return r
}

// nearest is the possible reading that is most like that of the counting.
func nearest(possible []reading, e evidence) reading {
	best, most := reading{cached: exclusive, reasoning: exclusive}, -1
	for _, r := range possible {
		like := 0
		if r.cached == e.counting.cached {
			like++
		}
		if r.reasoning == e.counting.reasoning {
			like++
		}
		if like > most {
			best, most = r, like
		}
	}
	return best
}

// byTotal finds the one reading that adds up to the total. What the total of a
// Gemini or Grok model has more than the rest are reasoning tokens that the
// instrumentation leaves out.
func (t *tally) byTotal(possible []reading, chosen reading, e evidence) (reading, bool) {
	if !t.has(total) || t.n[total] == 0 {
		return reading{}, false
	}
	fit, fits := reading{}, 0
	for _, r := range possible {
		sum := t.sum(r)
		if sum == t.n[input]+t.n[output] && e.counting.ownTotal {
			continue // proves nothing
		}
		if sum == t.n[total] || sum+t.n[thoughts]+t.n[toolPrompt] == t.n[total] {
			fit, fits = r, fits+1
		}
	}
	if fits == 1 && t.ambiguous() {
		return fit, len(possible) > 1
	}
	rest := t.n[total] - t.sum(chosen) - t.n[toolPrompt]
	if fits == 0 && rest > 0 && e.family != otherFamily && t.n[reasoning] == 0 && t.n[thoughts] == 0 && t.n[output] > 0 {
		chosen.residual = rest
		return chosen, true
	}
	return reading{}, false
}

// readings are what Decide chooses from.
type readings struct {
	others []usage.Amounts
	// split: nobody knows for how long the written tokens are kept.
	split bool
	// What the cached tokens cost that are in the input, of which nobody has the counts.
	read, written float64
}

// Undecided reports whether the choice depends on what each reading would cost.
func (c *Call) Undecided() bool { return c.readings != nil }

// Decide takes the reading whose cost is the reported one. It changes nothing
// when there is none, or more than one. It must come before the usage of calls is
// compared.
func (c *Call) Decide(cost func(*usage.Amounts) (money.Pico, bool)) {
	open := c.readings
	c.readings = nil
	if open == nil || !c.HasReported {
		return
	}
	dollars := func(a *usage.Amounts) (float64, bool) {
		amount, ok := cost(a)
		return amount.Dollars(), ok
	}
	if open.read+open.written > 0 {
		if a, ok := divideInput(c.Usage, open, c.Reported, dollars); ok {
			c.Usage, c.Rule = a, ByCost
			c.Stated |= a.Stated()
			return
		}
	}
	if open.split {
		if a, ok := divideWritten(c.Usage, c.Reported, dollars); ok {
			c.Usage, c.Rule = a, ByCost
			return
		}
	}
	var fit []usage.Amounts
	for _, a := range append([]usage.Amounts{c.Usage}, open.others...) {
		if d, ok := dollars(&a); ok && math.Abs(d-c.Reported) <= tolerance(c.Reported) {
			fit = append(fit, a)
		}
	}
	if len(fit) == 1 && len(open.others) > 0 {
		c.Usage, c.Rule = fit[0], ByCost
		return
	}
	if len(fit) > 0 || !open.split {
		return
	}
	for _, a := range open.others {
		if divided, ok := divideWritten(a, c.Reported, dollars); ok {
			fit = append(fit, divided)
		}
	}
	if len(fit) == 1 {
		c.Usage, c.Rule = fit[0], ByCost
	}
}

// tolerance is how far a reported cost may be from the same: applications round,
// mostly to millionths of a dollar.
func tolerance(reported float64) float64 { return max(5e-7, reported/1000) }

// exact is how far a cost that was not rounded may be off.
func exact(reported float64) float64 { return max(2e-9, reported/1e9) }

// divideInput finds how many of the input tokens were read from a cache and written to
// one, by what these cost: whole numbers with which the call costs what it is reported to.
func divideInput(a usage.Amounts, open *readings, reported float64, cost func(*usage.Amounts) (float64, bool)) (usage.Amounts, bool) {
	divided := a
	for _, part := range [...]struct {
		kind usage.Kind
		cost float64
	}{{usage.CacheRead, open.read}, {usage.CacheWrite, open.written}} {
		if part.cost <= 0 {
			continue
		}
		// The price may depend on the length of the call.
		var all usage.Amounts
		all[part.kind] = a[usage.Input]
		dollars, ok := cost(&all)
		if !ok || dollars <= 0 {
			return a, false
		}
		n := math.Round(part.cost / dollars * float64(a[usage.Input]))
		if n < 1 || n > float64(divided[usage.Input]) {
			return a, false
		}
		divided[usage.Input] -= int64(n)
		divided[part.kind] = int64(n)
	}
	total, ok := cost(&divided)
	return divided, ok && math.Abs(total-reported) <= exact(reported)
}

// divideWritten finds how many of the written tokens are kept for an hour, where
// the reported cost lies between that of none and of all, and is exactly that of a
// whole number of them.
func divideWritten(a usage.Amounts, reported float64, cost func(*usage.Amounts) (float64, bool)) (usage.Amounts, bool) {
	written := a[usage.CacheWrite]
	none, ok := cost(&a)
	if !ok || reported <= none+exact(reported) {
		return a, false
	}
	hour := func(n int64) *usage.Amounts {
		divided := a
		divided[usage.CacheWrite], divided[usage.CacheWrite1h] = written-n, n
		return &divided
	}
	all, ok := cost(hour(written))
	if !ok || all <= none || reported > all+exact(reported) {
		return a, false
	}
	n := int64(math.Round(float64(written) * (reported - none) / (all - none)))
	divided := hour(n)
	if d, ok := cost(divided); !ok || math.Abs(d-reported) > exact(reported) {
		return a, false
	}
	return *divided, true
}
