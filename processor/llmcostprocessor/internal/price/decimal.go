// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import (
	"fmt"
	"strings"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// decimals is how many decimals a price per million tokens may have, so that
// the price of one token is a whole number of picodollars.
const decimals = 6

// million is how many tokens a price is for.
const million = 1_000_000

// oneDollarPerMillion is the price of a token that costs a dollar per million.
const oneDollarPerMillion = money.PerDollar / million

// maxDollars bounds a price per million tokens at one dollar per token. What is
// above is a slip of the decimal point, and would overflow long calls.
const maxDollars = 1_000_000

// parseRate reads a price in dollars per million tokens, such as 2.50, as the
// price of one token. It never passes through a float.
func parseRate(text string) (money.Pico, error) {
	whole, fraction, point := strings.Cut(text, ".")
	if whole == "" || (point && fraction == "") || !digits(whole) || !digits(fraction) {
		return 0, fmt.Errorf("%q is not a decimal number of dollars per million tokens, such as \"2.50\"", text)
	}
	if kept := strings.TrimRight(fraction, "0"); len(kept) > decimals {
		return 0, fmt.Errorf("%q has %d decimals: %d are the most, a picodollar per token", text, len(kept), decimals)
	}
	var rate money.Pico
	for _, digit := range whole {
		rate = rate*10 + money.Pico(digit-'0')
		if rate > maxDollars {
			return 0, fmt.Errorf("%q is more than %d dollars per million tokens", text, maxDollars)
		}
	}
	for i := range decimals {
		rate *= 10
		if i < len(fraction) {
			rate += money.Pico(fraction[i] - '0')
		}
	}
	return rate, nil
}

// digits reports whether text has nothing but decimal digits.
func digits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}
