// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import (
	"math"
	"math/bits"
	"strings"
)

// Tokens is what one call used. The parts are disjoint: Input holds no cached,
// audio or image tokens, Output no reasoning, audio or image tokens.
type Tokens struct {
	Input, CacheRead, CacheWrite, CacheWrite1h, AudioInput, ImageInput int64

	Output, Reasoning, AudioOutput, ImageOutput int64

	// WebSearches are no tokens, but searches that the provider made for the call.
	WebSearches int64
}

// Prompt returns all input tokens, which is what long-context thresholds count.
// It saturates, so that no count is below a threshold by wrapping around.
func (t *Tokens) Prompt() int64 {
	return total(t.Input, t.CacheRead, t.CacheWrite, t.CacheWrite1h, t.AudioInput, t.ImageInput)
}

// Completion returns all output tokens. It saturates.
func (t *Tokens) Completion() int64 {
	return total(t.Output, t.Reasoning, t.AudioOutput, t.ImageOutput)
}

func total(counts ...int64) int64 {
	var sum uint64
	for _, n := range counts {
		if n <= 0 {
			continue
		}
		next, carry := bits.Add64(sum, uint64(n), 0)
		if carry != 0 || next > math.MaxInt64 {
			return math.MaxInt64
		}
		sum = next
	}
	return int64(sum)
}

// Tier is how a provider was asked to serve a call, which can change its price.
type Tier uint8

// The tiers that have prices of their own.
const (
	Standard Tier = iota
	Batch
	Flex
	Priority
	tiers
)

var tierNames = [tiers]string{Standard: "standard", Batch: "batch", Flex: "flex", Priority: "priority"}

func (t Tier) String() string { return tierNames[t] }

// TierOf reads a tier as providers write it. What is not known, auto and
// default among it, is the standard tier.
func TierOf(name string) Tier {
	for tier := Batch; tier < tiers; tier++ {
		if strings.EqualFold(name, tierNames[tier]) {
			return tier
		}
	}
	return Standard
}
