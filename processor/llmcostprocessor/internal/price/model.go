// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import (
	"math/bits"
	"time"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// Tokens is what one call used. The parts are disjoint: Input holds no cached
// and no audio tokens. Output includes reasoning, but no audio.
type Tokens struct {
	Input, CacheRead, CacheWrite, CacheWrite1h, Output, AudioInput, AudioOutput int64
}

// Prompt returns all input tokens, which is what long-context thresholds count.
// It saturates, so that no count is below a threshold by wrapping around.
func (t Tokens) Prompt() int64 {
	var sum uint64
	for _, n := range [...]int64{t.Input, t.CacheRead, t.CacheWrite, t.CacheWrite1h, t.AudioInput} {
		if n <= 0 {
			continue
		}
		next, carry := bits.Add64(sum, uint64(n), 0)
		if carry != 0 || next > maxInt64 {
			return maxInt64
		}
		sum = next
	}
	return int64(sum)
}

const maxInt64 = 1<<63 - 1

// Model is one entry of a table: a model as one provider sells it. It does not
// change after the table is made.
type Model struct {
	// Name is the canonical name, such as gpt-4o.
	Name string
	// Provider is who sells it at these prices, such as openai.
	Provider string

	names    []string // name and aliases, in lower case
	hostOnly bool     // found only where Provider is named
	periods  []period // ascending
}

// period is the prices from a day on, until the next period begins.
type period struct {
	from  time.Time // midnight UTC; zero: since ever
	rates rates
	// above is how many input tokens a call must exceed to be billed at long as
	// a whole; zero: never.
	above int64
	long  rates
}

// rates is the price of one token of each kind. What the table leaves out has
// been filled in when it was loaded.
type rates struct {
	input, cacheRead, cacheWrite, cacheWrite1h, output, audioInput, audioOutput money.Pico
}

// Cost returns what the tokens cost at that time. It is false when no price was
// valid then, when a count is negative, or when the amount does not fit.
func (m *Model) Cost(tokens Tokens, at time.Time) (money.Pico, bool) {
	p := m.period(at)
	if p == nil {
		return 0, false
	}
	r := &p.rates
	if p.above > 0 && tokens.Prompt() > p.above {
		r = &p.long
	}
	return r.cost(tokens)
}

// period returns the last period that has begun.
func (m *Model) period(at time.Time) *period {
	for i := len(m.periods) - 1; i >= 0; i-- {
		if !at.Before(m.periods[i].from) {
			return &m.periods[i]
		}
	}
	return nil
}

func (r *rates) cost(tokens Tokens) (money.Pico, bool) {
	var sum money.Pico
	for _, part := range [...]struct {
		count int64
		rate  money.Pico
	}{
		{tokens.Input, r.input},
		{tokens.CacheRead, r.cacheRead},
		{tokens.CacheWrite, r.cacheWrite},
		{tokens.CacheWrite1h, r.cacheWrite1h},
		{tokens.Output, r.output},
		{tokens.AudioInput, r.audioInput},
		{tokens.AudioOutput, r.audioOutput},
	} {
		next, fits := sum.AddProduct(part.count, part.rate)
		if !fits {
			return 0, false
		}
		sum = next
	}
	return sum, true
}
