// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"math/bits"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

// read makes a call of what was found. It leaves what spans and log records say
// in ways of their own.
func (r reading) read(out *Call) (Outcome, string) {
	out.Convention = r.name
	name := r.text(model)
	switch {
	case name == "":
		return Invalid, ReasonEmptyModel
	case len(name) > MaxModelLength:
		return Invalid, ReasonModelTooLong
	}
	out.Provider = r.text(provider)
	if !r.tokens(out) {
		*out = Call{Convention: r.name}
		return Invalid, ReasonBadTokens
	}
	out.Model = name
	if hit, given := r.first(cacheHit); given && hit.AsString() == "true" {
		// What is said of tokens is what the call used when it was made.
		out.Usage, out.HasUsage, out.Free = usage.Amounts{}, true, true
	}
	out.Tier = price.TierOf(r.text(tier))
	r.attribution(&out.Attribution)
	out.Operation, out.ResponseID = r.text(operation), r.text(responseID)
	out.Stated = out.Usage.Stated()
	if reported, said := r.reported(); said {
		out.Reported, out.HasReported = reported, true
	}
	return IsCall, ""
}

// attribution reads who the record was written for.
func (r reading) attribution(to *Attribution) {
	*to = Attribution{Agent: r.text(agent), User: r.text(user), Session: r.text(session)}
}

// tokens reads what the call used, and how that was read; false when it makes no
// sense.
func (r reading) tokens(out *Call) bool {
	if value, given := r.first(usageJSON); given {
		tokens, said, ok := object(value)
		if !ok || said {
			out.Usage, out.HasUsage, out.Rule = tokens, said, ByObject
			return ok
		}
	}
	var counts counts
	said, ok := r.counts(&counts)
	if !ok {
		return false
	}
	out.HasUsage = said
	out.Totals = Totals{Input: counts[input], Output: counts[output], All: counts[total]}
	out.Rule = counts.split(&out.Usage, r.cached, out.Provider)
	return true
}

// counts are the counts as they are written, which overlap.
type counts [total + 1]int64

// counts reads the fields that are counts: false when one makes no sense.
func (r reading) counts(n *counts) (said, ok bool) {
	for left := r.fields & (1<<(total+1) - 1) &^ (1<<input - 1); left != 0; left &= left - 1 {
		field := field(bits.TrailingZeros64(uint64(left)))
		value, _ := r.first(field)
		if n[field], ok = count(value); !ok {
			return false, false
		}
		said = said || field == input || field == output
	}
	for _, of := range [...]field{inputDetails, outputDetails, metadata} {
		if value, given := r.first(of); given {
			n.detail(of, value)
		}
	}
	return said, true
}

// split makes the counts disjoint.
func (n *counts) split(t *usage.Amounts, policy cached, from string) Rule {
	write := max(n[cacheWrite], n[cacheWrite5m]+n[cacheWrite1h])
	write1h := min(n[cacheWrite1h], write)
	*t = usage.Amounts{
		usage.Input:        n[input],
		usage.CacheRead:    n[cacheRead],
		usage.CacheWrite:   write - write1h,
		usage.CacheWrite1h: write1h,
		usage.Output:       n[output],
	}
	rule := ByNothing
	if all := n[cacheRead] + write; all > 0 {
		var within bool
		within, rule = n.cachedWithin(all, policy, from)
		if within {
			t[usage.Input] -= all
		}
	}
	// Where the total has no room for them, thoughts and the prompts of tools are
	// counted in the output and input already.
	if n[total] == 0 || n[total] != n[input]+n[output] {
		t[usage.Output] += n[thoughts]
		t[usage.Input] += n[toolPrompt]
	}
	// Audio is part of the input, of which some may be cached: never more than is left.
	t[usage.AudioInput] = min(n[audioInput], t[usage.Input])
	t[usage.Input] -= t[usage.AudioInput]
	t[usage.ImageInput] = min(n[imageInput], t[usage.Input])
	t[usage.Input] -= t[usage.ImageInput]
	t[usage.AudioOutput] = min(n[audioOutput], t[usage.Output])
	t[usage.Output] -= t[usage.AudioOutput]
	t[usage.ImageOutput] = min(n[imageOutput], t[usage.Output])
	t[usage.Output] -= t[usage.ImageOutput]
	t[usage.Reasoning] = min(n[reasoning]+n[thoughts], t[usage.Output])
	t[usage.Output] -= t[usage.Reasoning]
	t[usage.WebSearches] = n[webSearches]
	return rule
}

// cachedWithin decides whether all the cached tokens are within the input
// tokens, and says by which rule.
func (n *counts) cachedWithin(all int64, policy cached, from string) (bool, Rule) {
	if all > n[input] {
		return false, ByArithmetic // whatever the convention says, they cannot be
	}
	if policy == inside || policy == beside {
		return policy == inside, ByConvention
	}
	from = price.CanonicalProvider(from)
	if policy == byProviderAlone {
		return from != price.Anthropic && from != price.Bedrock, ByProvider
	}
	switch n[total] {
	case 0:
	case n[input] + all + n[output]:
		return false, ByTotal
	case n[input] + n[output]:
		// Says nothing at Bedrock, where instrumentations add up what is beside
		// the cached tokens and call it the total.
		if from != price.Bedrock {
			return true, ByTotal
		}
	}
	return from != price.Anthropic && from != price.Bedrock, ByProvider
}

// reported returns the cost that the application says. What is no amount of
// money is no reason to lose the call.
func (r reading) reported() (float64, bool) {
	if value, given := r.first(cost); given {
		return amount(value)
	}
	if value, given := r.first(costJSON); given {
		return dollars(value)
	}
	var sum float64
	var said bool
	for _, part := range [...]field{costInput, costOutput} {
		value, given := r.first(part)
		if !given {
			continue
		}
		n, ok := amount(value)
		if !ok {
			return 0, false
		}
		sum, said = sum+n, true
	}
	return sum, said
}

// status says how the call ended. A timeout is an error that has a name of its
// own, wherever it is said.
func (r reading) status(failed bool) Status {
	if r.fields&(1<<errorType|1<<status) == 0 {
		if failed {
			return Error
		}
		return Success
	}
	kind, said := r.text(errorType), r.text(status)
	switch {
	case isTimeout(kind), isTimeout(said):
		return Timeout
	case failed, kind != "", isError(said):
		return Error
	}
	return Success
}

// isTimeout knows APITimeoutError, ReadTimeout, DEADLINE_EXCEEDED and the like.
func isTimeout(text string) bool {
	return containsFold(text, "timeout") || containsFold(text, "deadline")
}

func isError(text string) bool {
	return strings.EqualFold(text, "error") || strings.EqualFold(text, "failure") || strings.EqualFold(text, "failed")
}

// containsFold tells whether text contains part, in whatever case.
func containsFold(text, part string) bool {
	for i := 0; i+len(part) <= len(text); i++ {
		if strings.EqualFold(text[i:i+len(part)], part) {
			return true
		}
	}
	return false
}

func (r reading) duration() time.Duration {
	if value, given := r.first(seconds); given {
		return duration(value, time.Second)
	}
	if value, given := r.first(milliseconds); given {
		return duration(value, time.Millisecond)
	}
	return 0
}
