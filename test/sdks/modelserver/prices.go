// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package modelserver

import (
	"math/big"
	"strings"
)

// price is in dollars per million tokens.
type price struct {
	input, cacheRead, cacheWrite, cacheWrite1h, output string
}

// prices are list prices of November 2026, listed here a second time: a ledger
// that took them from the table under test could not find an error in it. They were
// not compared with the vendors' pages. A dated name has the price of
// the name before the date.
var prices = map[string]price{
	"gpt-4o":                         {"2.5", "1.25", "0", "0", "10"},
	"gpt-4o-mini":                    {"0.15", "0.075", "0", "0", "0.6"},
	"gpt-5-mini":                     {"0.25", "0.025", "0", "0", "2"},
	"text-embedding-3-small":         {"0.02", "0", "0", "0", "0"},
	"claude-sonnet-4-5":              {"3", "0.3", "3.75", "6", "15"},
	"claude-haiku-4-5":               {"1", "0.1", "1.25", "2", "5"},
	"gemini-2.5-flash":               {"0.3", "0.03", "0", "0", "2.5"},
	"gemini-2.5-pro":                 {"1.25", "0.125", "0", "0", "10"},
	"mistral-large-latest":           {"0.5", "0", "0", "0", "1.5"},
	"command-r-plus-08-2024":         {"2.5", "0", "0", "0", "10"},
	"us.anthropic.claude-sonnet-4-5": {"3.3", "0.33", "4.125", "6.6", "16.5"},
	"amazon.nova-lite-v1:0":          {"0.06", "0", "0", "0", "0.24"},
}

// imagePrices are in dollars per image of 1024 by 1024 pixels in standard quality.
var imagePrices = map[string]string{
	"dall-e-3": "0.04",
}

// free are the models that run on one's own machine.
var free = map[string]bool{"llama3.2": true, "nomic-embed-text": true}

// Cost is what a call costs in dollars, and whether there is a price for it.
func (c *Call) Cost() (float64, bool) {
	if c.Failed() || free[c.Model] {
		return 0, true
	}
	if image, ok := imagePrices[c.Model]; ok {
		dollars, _ := product(image, c.Images).Float64()
		return dollars, true
	}
	p, ok := prices[undated(c.Model)]
	if !ok {
		return 0, false
	}
	t := c.Tokens
	sum := new(big.Rat)
	for _, part := range []struct {
		price string
		n     int64
	}{
		{p.input, t.Input - t.CacheRead - t.CacheWrite - t.CacheWrite1h},
		{p.cacheRead, t.CacheRead},
		{p.cacheWrite, t.CacheWrite},
		{p.cacheWrite1h, t.CacheWrite1h},
		{p.output, t.Output},
	} {
		sum.Add(sum, product(part.price, part.n))
	}
	dollars, _ := sum.Quo(sum, big.NewRat(1_000_000, 1)).Float64()
	return dollars, true
}

func product(decimal string, n int64) *big.Rat {
	r, ok := new(big.Rat).SetString(decimal)
	if !ok {
		panic("price " + decimal)
	}
	return r.Mul(r, new(big.Rat).SetInt64(n))
}

// undated cuts the date and what follows it: gpt-4o-2024-08-06,
// us.anthropic.claude-sonnet-4-5-20250929-v1:0.
func undated(model string) string {
	for _, mark := range []string{"-2024-", "-2025-", "-2026-", "-20250929", "-20251001"} {
		if before, _, found := strings.Cut(model, mark); found {
			return before
		}
	}
	return model
}

// PricedRegion is the part of a model's name that its price depends on.
func (c *Call) PricedRegion() string {
	if strings.HasPrefix(c.Model, "us.") {
		return "us.anthropic."
	}
	return ""
}
