// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package invoice

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// Cause is why what was counted and what was billed differ, as far as the figures show.
type Cause string

// The causes. Equal is that there is no difference worth a word.
const (
	Equal          Cause = ""
	NotFinal       Cause = "not_final"         // the provider's report of the day may still change
	NotCounting    Cause = "not_counting"      // counting began later
	Uncounted      Cause = "uncounted_traffic" // more was used than was counted
	NotBilled      Cause = "not_billed"        // more was counted than was billed
	CachedTokens   Cause = "cached_tokens"     //nolint:gosec // as many tokens, but others of them from a cache
	Tier           Cause = "tier"              // as many tokens, some in another service tier
	Fees           Cause = "fees"              // an item that is not a model: searches, storage, sessions
	UnpricedModels Cause = "unpriced_models"   // counted, but without a price
	OtherPrice     Cause = "other_price"       // the same usage at another price
	Unknown        Cause = "unknown"           // the provider reports no usage to compare
)

// tolerance is the relative difference of costs and of tokens that counts as equal:
// rounding, and calls around midnight.
const tolerance = 0.01

// Line is what a provider billed for a model or another item on a day, and what was counted.
type Line struct {
	Day, Provider string
	// Model is as calls are counted; "" for another Item of the bill.
	Model, Item string

	Billed         money.Sum
	BilledUsage    bool // a usage report has the model
	BilledAmounts  usage.Amounts
	BilledRequests int64
	Tiers          []string // of the billed usage, other than standard

	Counted        money.Sum
	CountedAmounts usage.Amounts
	Calls          int64
	Unpriced       int64

	Cause Cause
}

// Difference is what was billed less what was counted, in dollars.
func (l *Line) Difference() float64 { return l.Billed.Dollars() - l.Counted.Dollars() }

// Ratio is the difference as a part of the larger of both; 0 where both are nothing.
func (l *Line) Ratio() float64 { return relative(l.Billed.Dollars(), l.Counted.Dollars()) }

func relative(billed, counted float64) float64 {
	largest := max(math.Abs(billed), math.Abs(counted))
	if largest == 0 {
		return 0
	}
	return (billed - counted) / largest
}

// Period is what bounds a comparison in time, as days.
type Period struct {
	// Final is the first day whose report may still change.
	Final string
	// Counting is the first day that was counted whole.
	Counting string
}

// Compare brings the lines of the bill and of what was counted together. Both have at most
// one line for a day, provider and model. Providers of which no bill is known are left out.
func Compare(billed, counted []Line, of Period) []Line {
	type key struct{ day, provider, model string }
	known := map[string]bool{}
	at := map[key]int{}
	var lines []Line
	for i := range billed {
		known[billed[i].Provider] = true
		if billed[i].Model != "" {
			at[key{billed[i].Day, billed[i].Provider, billed[i].Model}] = len(lines)
		}
		lines = append(lines, billed[i])
	}
	for i := range counted {
		c := &counted[i]
		if !known[c.Provider] {
			continue
		}
		place, also := at[key{c.Day, c.Provider, c.Model}]
		if !also {
			lines = append(lines, *c)
			continue
		}
		line := &lines[place]
		line.Counted, line.CountedAmounts, line.Calls, line.Unpriced = c.Counted, c.CountedAmounts, c.Calls, c.Unpriced
	}
	for i := range lines {
		lines[i].Cause = lines[i].cause(of)
	}
	slices.SortFunc(lines, func(x, y Line) int {
		return cmp.Or(strings.Compare(y.Day, x.Day), strings.Compare(x.Provider, y.Provider), strings.Compare(x.Model, y.Model), strings.Compare(x.Item, y.Item))
	})
	return lines
}

func (l *Line) cause(of Period) Cause {
	switch {
	case math.Abs(l.Ratio()) <= tolerance && l.Unpriced == 0:
		return Equal
	case l.Day >= of.Final:
		return NotFinal
	case l.Day < of.Counting:
		return NotCounting
	case l.Model == "":
		return Fees
	case l.Calls == 0:
		return Uncounted
	case l.Unpriced > 0 && l.Difference() > 0:
		return UnpricedModels
	case l.Billed.IsZero() && !l.BilledUsage:
		return NotBilled
	case math.Abs(l.Ratio()) <= tolerance:
		return Equal
	case !l.BilledUsage:
		return Unknown
	}
	return l.causeByUsage()
}

// causeByUsage compares the usage: only the same usage can differ by its price.
func (l *Line) causeByUsage() Cause {
	used, counted := float64(l.BilledAmounts.Tokens()), float64(l.CountedAmounts.Tokens())
	switch difference := relative(used, counted); {
	case difference > tolerance:
		return Uncounted
	case difference < -tolerance:
		return NotBilled
	}
	cached := func(a *usage.Amounts) float64 { return float64(a.CacheReads() + a.CacheWrites()) }
	if billed := cached(&l.BilledAmounts); l.reportsCaches() && math.Abs(billed-cached(&l.CountedAmounts)) > tolerance*used {
		return CachedTokens
	}
	if len(l.Tiers) > 0 {
		return Tier
	}
	return OtherPrice
}

// reportsCaches reports whether the provider's usage report distinguishes cached tokens.
func (l *Line) reportsCaches() bool { return l.Provider != "openrouter" }
