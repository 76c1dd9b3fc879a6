// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	_ "embed"
	"math/big"
	"slices"
	"strings"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price/source"
)

// decided are the differences to models.dev that no rule explains, with what was decided
// by hand: seller, model, decision, reason.
//
//go:embed decisions.tsv
var decided string

// inYuan are sellers whose prices are in CNY: each list converts them at a rate of its own.
var inYuan = []string{"volcengine", "bigmodel", "dashscope"}

// compareThird lists where models.dev differs from the price that was decided, if the
// reason is known. It has no say in what counts here: decide has asked it already.
func (m *merger) compareThird() {
	byHand := decisions()
	for _, theirs := range m.opinions {
		ours := m.counterpart(theirs)
		if ours == nil {
			continue
		}
		x, y := ours.At(m.now), theirs.At(m.now)
		if x == nil || y == nil {
			continue
		}
		a, b := tariffAt(x, m.now).Rates, y.Tiers[source.Standard].Rates
		decision, reason := explainThird(ours, a, b)
		if hand, ok := byHand[[2]string{theirs.Seller, theirs.Name()}]; ok {
			decision, reason = hand[0], hand[1]
		}
		if reason == "" {
			continue // make prices-check reports it
		}
		for _, key := range [...]string{"input", "output"} {
			if a[key] != nil && b[key] != nil && !near(a[key], b[key]) {
				m.list(difference{
					seller: theirs.Seller, model: theirs.Name(), tier: source.Standard, key: key,
					genai: ofList(m.genai, theirs, key, m), litellm: ofList(m.litellm, theirs, key, m), third: source.Decimal(b[key]),
					decision: decision, reason: reason,
				})
			}
		}
	}
}

// explainThird returns why models.dev has other prices than those that count here.
func explainThird(ours *source.Model, a, b source.Rates) (decision, reason string) {
	const here = "kept"
	output := b["output"]
	for _, kind := range [...]struct{ key, what string }{{"image_output", "images"}, {"video_output", "videos"}} {
		if rate := a[kind.key]; output != nil && rate != nil && near(rate, output) {
			return here, "models.dev has the price of the tokens of " + kind.what + " as that of all output; here each has its own"
		}
	}
	if priceAPI.MatchString(ours.Source) {
		return here, "read from the seller's own list: " + ours.Source
	}
	for i := range ours.Prices[:len(ours.Prices)-1] {
		if same := ours.Prices[i].Tiers[source.Standard].Rates; sameRates(same, b) {
			return here, "dated: models.dev has the price until " + ours.Prices[i+1].From.Format("2006-01-02")
		}
	}
	if slices.Contains(inYuan, ours.Seller) && isConverted(a, b) {
		return here, "the seller's prices are in CNY, and models.dev converts them at another rate of exchange"
	}
	return "", ""
}

func sameRates(a, b source.Rates) bool {
	for _, key := range [...]string{"input", "output"} {
		if b[key] != nil && (a[key] == nil || !near(a[key], b[key])) {
			return false
		}
	}
	return true
}

// isConverted reports whether input and output differ by one factor, of at most 10 %.
func isConverted(a, b source.Rates) bool {
	if a["input"] == nil || b["input"] == nil || a["output"] == nil || b["output"] == nil || a["input"].Sign() == 0 || b["input"].Sign() == 0 {
		return false
	}
	factor := new(big.Rat).Quo(b["input"], a["input"])
	if factor.Cmp(big.NewRat(9, 10)) < 0 || factor.Cmp(big.NewRat(11, 10)) > 0 {
		return false
	}
	return near(new(big.Rat).Mul(a["output"], factor), b["output"])
}

// ofList is the price that a list has under the name, as written in differences.tsv.
func ofList(models []source.Model, theirs *source.Model, key string, m *merger) string {
	for i := range models {
		if models[i].Seller == theirs.Seller && slices.Contains(models[i].Names, theirs.Name()) {
			if p := models[i].At(m.now); p != nil {
				return rateOf(tariffAt(p, m.now), key)
			}
		}
	}
	return ""
}

// decisions reads decisions.tsv.
func decisions() map[[2]string][2]string {
	out := map[[2]string][2]string{}
	for line := range strings.Lines(decided) {
		if fields := strings.Split(strings.TrimSpace(line), "\t"); len(fields) == 4 && fields[0] != "seller" {
			out[[2]string{fields[0], fields[1]}] = [2]string{fields[2], fields[3]}
		}
	}
	return out
}
