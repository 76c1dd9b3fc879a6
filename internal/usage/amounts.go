// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package usage

import (
	"math"
	"math/bits"
)

// Amounts is what was consumed, by kind. Amounts are disjoint: Input has no
// cached, audio, image or video tokens, CacheRead no cached audio or images, and Output no
// reasoning, audio, image or video tokens. They are in the units of the table, or
// in parts of them where the table has a Scale.
type Amounts [Count]int64

// Prompt returns all input tokens, which is what long-context thresholds count.
// It saturates, so that no count is below a threshold by wrapping around.
func (a *Amounts) Prompt() int64 { return a.tokens(In) }

// Completion returns all output tokens. It saturates.
func (a *Amounts) Completion() int64 { return a.tokens(Out) }

// Tokens returns all tokens. It saturates.
func (a *Amounts) Tokens() int64 { return saturate(a.Prompt(), a.Completion()) }

// Sum returns what several kinds add up to. It saturates.
func (a *Amounts) Sum(kinds ...Kind) int64 {
	var sum int64
	for _, kind := range kinds {
		if n := a[kind]; n > 0 { // few are
			sum = saturate(sum, n)
		}
	}
	return sum
}

// CacheWrites returns all tokens written to a cache, for however long.
func (a *Amounts) CacheWrites() int64 { return a.Sum(CacheWrite, CacheWrite1h, CacheWriteLong) }

// CacheReads returns all tokens read from a cache.
func (a *Amounts) CacheReads() int64 { return a.Sum(CacheRead, CachedAudio, CachedImage) }

// Add adds other amounts, kind by kind. It saturates.
func (a *Amounts) Add(other *Amounts) {
	for kind, n := range other {
		if n > 0 {
			a[kind] = saturate(a[kind], n)
		}
	}
}

// IsZero reports whether nothing was consumed.
func (a *Amounts) IsZero() bool { return *a == Amounts{} }

// Stated returns the kinds that are not zero.
func (a *Amounts) Stated() Set {
	var set Set
	for kind, n := range a {
		if n != 0 {
			set.Add(Kind(kind))
		}
	}
	return set
}

// sides has the kinds of tokens on a side.
var sides = func() (sides [Out + 1][]Kind) {
	for _, kind := range Kinds() {
		if table[kind].Unit == Token {
			sides[table[kind].Side] = append(sides[table[kind].Side], kind)
		}
	}
	return sides
}()

func (a *Amounts) tokens(side Side) int64 { return a.Sum(sides[side]...) }

// saturate returns the sum of two counts; what is negative counts as none.
func saturate(a, b int64) int64 {
	sum, carry := bits.Add64(uint64(max(a, 0)), uint64(max(b, 0)), 0)
	if carry != 0 || sum > math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(sum)
}

// Set is a set of kinds.
type Set uint64

// A set has a bit for each kind.
var _ [64 - Count]struct{}

// Add adds a kind.
func (s *Set) Add(k Kind) { *s |= 1 << k }

// SetOf returns a set of kinds.
func SetOf(kinds ...Kind) (s Set) {
	for _, k := range kinds {
		s.Add(k)
	}
	return s
}

// Kinds yields the kinds of the set, in the order of the table.
func (s Set) Kinds(yield func(Kind) bool) {
	for ; s != 0; s &= s - 1 {
		if !yield(Kind(bits.TrailingZeros64(uint64(s)))) {
			return
		}
	}
}

// Has reports whether the kind is in the set.
func (s Set) Has(k Kind) bool { return s&(1<<k) != 0 }
