// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package invoice

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

func dollars(t *testing.T, amount float64) money.Sum {
	t.Helper()
	pico, ok := money.FromDollars(amount)
	require.True(t, ok)
	return money.SumOf(pico)
}

var period = Period{Final: "2026-11-27", Counting: "2026-11-03"}

// Each cause follows from the figures of its line.
func TestCauses(t *testing.T) {
	tokens := usage.Amounts{usage.Input: 700, usage.CacheRead: 200, usage.Output: 100}
	more := usage.Amounts{usage.Input: 900, usage.CacheRead: 200, usage.Output: 100}
	uncached := usage.Amounts{usage.Input: 900, usage.Output: 100}
	type sides struct {
		billed, counted          float64
		billedTokens, callTokens usage.Amounts
		noReport, item           bool
		calls, unpriced          int64
		tiers                    []string
		day                      string
		provider                 string
	}
	for _, tt := range []struct {
		name string
		of   sides
		want Cause
	}{
		{"equal", sides{billed: 10, counted: 10.05, calls: 5, billedTokens: tokens, callTokens: tokens}, Equal},
		{"nothing at all", sides{calls: 0, noReport: true}, Equal},
		{"a day that is not final", sides{billed: 1, counted: 10, calls: 5, day: "2026-11-27"}, NotFinal},
		{"a day before counting began", sides{billed: 10, counted: 1, calls: 5, day: "2026-11-02"}, NotCounting},
		{"nothing was counted", sides{billed: 10, billedTokens: tokens}, Uncounted},
		{"more tokens than counted", sides{billed: 12, counted: 10, calls: 5, billedTokens: more, callTokens: tokens}, Uncounted},
		{"fewer tokens than counted", sides{billed: 10, counted: 12, calls: 5, billedTokens: tokens, callTokens: more}, NotBilled},
		{"counted and not billed", sides{counted: 12, calls: 5, noReport: true}, NotBilled},
		{"others of the tokens from a cache", sides{billed: 8, counted: 10, calls: 5, billedTokens: tokens, callTokens: uncached}, CachedTokens},
		{"a provider without cached tokens in its report", sides{billed: 8, counted: 10, calls: 5, billedTokens: uncached, callTokens: tokens, provider: "openrouter"}, OtherPrice},
		{"another tier", sides{billed: 20, counted: 10, calls: 5, billedTokens: tokens, callTokens: tokens, tiers: []string{"priority"}}, Tier},
		{"the same usage at another price", sides{billed: 8.5, counted: 10, calls: 5, billedTokens: tokens, callTokens: tokens}, OtherPrice},
		{"an item that is no model", sides{billed: 3, item: true, noReport: true}, Fees},
		{"calls without a price", sides{billed: 10, counted: 0, calls: 5, unpriced: 5, billedTokens: tokens, callTokens: tokens}, UnpricedModels},
		{"no usage report", sides{billed: 8.5, counted: 10, calls: 5, noReport: true, callTokens: tokens}, Unknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			of := tt.of
			if of.day == "" {
				of.day = "2026-11-20"
			}
			if of.provider == "" {
				of.provider = "openai"
			}
			bill := Line{Day: of.day, Provider: of.provider, Model: "m", Billed: dollars(t, of.billed), BilledUsage: !of.noReport, BilledAmounts: of.billedTokens, Tiers: of.tiers}
			if of.item {
				bill.Model, bill.Item = "", "web_search"
			}
			var counted []Line
			if of.calls > 0 {
				counted = append(counted, Line{Day: of.day, Provider: of.provider, Model: "m", Counted: dollars(t, of.counted), CountedAmounts: of.callTokens, Calls: of.calls, Unpriced: of.unpriced})
			}
			lines := Compare([]Line{bill}, counted, period)
			require.Len(t, lines, 1)
			assert.Equal(t, tt.want, lines[0].Cause)
		})
	}
}

// Every counted and billed dollar of a provider with a bill is in exactly one line, and
// providers without a bill are left out.
func TestCompareHasEveryDollarOnce(t *testing.T) {
	billed := []Line{
		{Day: "2026-11-20", Provider: "openai", Model: "a", Billed: dollars(t, 1)},
		{Day: "2026-11-20", Provider: "openai", Item: "storage", Billed: dollars(t, 2)},
		{Day: "2026-11-21", Provider: "openai", Model: "a", Billed: dollars(t, 3)},
	}
	counted := []Line{
		{Day: "2026-11-20", Provider: "openai", Model: "a", Counted: dollars(t, 1), Calls: 1},
		{Day: "2026-11-20", Provider: "openai", Model: "b", Counted: dollars(t, 5), Calls: 1},
		{Day: "2026-11-20", Provider: "mistral", Model: "c", Counted: dollars(t, 7), Calls: 1},
	}
	lines := Compare(billed, counted, period)
	assert.Len(t, lines, 4)
	var b, c money.Sum
	for i := range lines {
		b.AddSum(lines[i].Billed)
		c.AddSum(lines[i].Counted)
		assert.NotEqual(t, "mistral", lines[i].Provider)
	}
	assert.InDelta(t, 6.0, b.Dollars(), 0)
	assert.InDelta(t, 6.0, c.Dollars(), 0)
	assert.Equal(t, "2026-11-21", lines[0].Day, "the newest day first")
}

// A contract price is suggested where the ratio is constant, and nowhere else.
func TestContracts(t *testing.T) {
	constant := func(model string, ratio float64, days int) (lines []Line) {
		for i := range days {
			counted := float64(10 * (i + 1))
			lines = append(lines, Line{
				Day: fmt.Sprintf("2026-11-%02d", 10+i), Provider: "openai", Model: model,
				Counted: dollars(t, counted), Billed: dollars(t, counted*ratio), Calls: 1, Cause: OtherPrice,
			})
		}
		return lines
	}
	both := append(constant("a", 0.85, 6), constant("b", 0.85, 5)...)
	contracts := Contracts(both)
	require.Len(t, contracts, 1)
	assert.Equal(t, Contract{Provider: "openai", Percent: "-15", Days: 5, From: "2026-11-10"}, contracts[0])
	assert.Equal(t, "adjustments:\n  - {provider: openai, percent: \"-15\", valid_from: 2026-11-10}\n", contracts[0].Adjustment())

	contracts = Contracts(append(constant("a", 1.2, 6), constant("b", 1, 6)...))
	require.Len(t, contracts, 1)
	assert.Equal(t, "adjustments:\n  - {provider: openai, models: [\"a\"], percent: \"20\", valid_from: 2026-11-10}\n", contracts[0].Adjustment())

	assert.Empty(t, Contracts(constant("a", 0.85, 4)), "too few days")
	assert.Empty(t, Contracts(constant("a", 1, 9)), "no difference")
	changing := constant("a", 0.85, 6)
	changing[3].Billed = dollars(t, 40)
	assert.Empty(t, Contracts(changing), "not constant")
	traffic := constant("a", 0.85, 6)
	traffic[3].Cause = Uncounted
	assert.Empty(t, Contracts(traffic), "a day has another cause")
}

// A bill counts a report once however often it is read, and is the same after it was stored.
func TestBill(t *testing.T) {
	b := NewBill(3)
	charge := Charge{Provider: "openai", Account: "acme", Item: "gpt", Day: "2026-11-20"}
	for range 3 {
		assert.True(t, b.SetCost(charge, 5))
	}
	assert.True(t, b.SetUsage(Consumption{Charge: charge, Kind: "input", Tier: "batch"}, 7))
	assert.True(t, b.SetUsage(Consumption{Charge: charge, Kind: "requests"}, 2))
	for i, day := range []string{"", "today", "2026-13-01"} {
		assert.False(t, b.SetCost(Charge{Item: strconv.Itoa(i), Day: day}, 1), day)
	}
	other := charge
	other.Project = "p"
	assert.True(t, b.SetCost(other, 4))
	other.Project = "q"
	assert.True(t, b.SetCost(other, 4))
	other.Project = "r"
	assert.False(t, b.SetCost(other, 4), "full")
	assert.True(t, b.SetCost(charge, 6), "a name that is there has room")

	content, err := b.Take()
	require.NoError(t, err)
	again, err := b.Take()
	require.NoError(t, err)
	assert.Nil(t, again, "nothing has changed")
	loaded := NewBill(3)
	require.NoError(t, loaded.Load(content))
	name := func(_, item string) string { return item }
	lines := loaded.Lines("2026-11-20", "2026-11-21", name)
	assert.Equal(t, b.Lines("2026-11-20", "2026-11-21", name), lines)
	require.Len(t, lines, 1)
	assert.Equal(t, money.SumOf(14), lines[0].Billed)
	assert.Equal(t, int64(7), lines[0].BilledAmounts[usage.Input])
	assert.Equal(t, int64(2), lines[0].BilledRequests)
	assert.Equal(t, []string{"batch"}, lines[0].Tiers)
	loaded.Forget("2026-11-21")
	assert.True(t, loaded.IsEmpty())
	require.Error(t, loaded.Load([]byte("[")))
}
