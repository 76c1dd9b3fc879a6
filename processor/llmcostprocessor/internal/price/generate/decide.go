// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math/big"
	"regexp"
	"strings"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price/source"
)

// pair is an entry of ours, and the one of litellm that means the same.
type pair struct{ ours, theirs *source.Model }

// The decisions that differences.tsv names.
const (
	ofGenai   = "genai-prices"
	ofLitellm = "litellm"
)

// decideBase decides whose tariff counts where the prices of input or output
// differ: a tariff is taken as a whole. It is "" where they do not differ.
func (m *merger) decideBase(of pair, a, b source.Tariff) (winner string) {
	var differing []string
	for _, key := range [...]string{"input", "output"} {
		if x, y := a.Rates[key], b.Rates[key]; x != nil && y != nil && !near(x, y) {
			differing = append(differing, key)
		}
	}
	if len(differing) == 0 {
		return ""
	}
	winner, reason := m.choose(of, source.Standard, differing[0], a.Rates[differing[0]], b.Rates[differing[0]])
	for _, key := range differing {
		m.list(difference{
			seller: of.ours.Seller, model: of.ours.Name(), tier: source.Standard, key: key,
			genai: source.Decimal(a.Rates[key]), litellm: source.Decimal(b.Rates[key]), third: m.opinion(of.ours, key),
			decision: winner, reason: reason,
		})
	}
	return winner
}

// decide decides about a single price.
func (m *merger) decide(of pair, tier, key string, a, b *big.Rat) *big.Rat {
	winner, reason := m.choose(of, tier, key, a, b)
	write := source.Decimal
	if tier == "fees" {
		write = source.Fee
	}
	d := difference{
		seller: of.ours.Seller, model: of.ours.Name(), tier: tier, key: key,
		genai: write(a), litellm: write(b), decision: winner, reason: reason,
	}
	if tier == source.Standard {
		d.third = m.opinion(of.ours, key)
	}
	m.list(d)
	if winner == ofLitellm {
		return b
	}
	return a
}

// priceAPI is a list that a seller keeps for programs.
var priceAPI = regexp.MustCompile(`^https://(api\.|prices\.azure\.com/|pricing\.us-east-1\.amazonaws\.com/)|/v\d/(openai/)?models`)

// choose returns whose price counts, and why. The rules go from what is known about
// one seller to what applies to all.
func (m *merger) choose(of pair, tier, key string, a, b *big.Rat) (winner, reason string) {
	switch {
	case m.fromLitellm[of.ours]:
		return "the first", "two entries of litellm for one name: that with the seller's own route counts"
	case of.ours.Seller == "perplexity" && key == "request":
		return ofLitellm, "Perplexity searches with a low context if none is asked for; genai-prices has the price of a high one"
	case of.ours.Seller == "bedrock" && strings.HasPrefix(of.ours.Name(), "regional."):
		return ofGenai, "a name without a profile is called in its region, at the regional price, which is 10 % above the global one"
	case of.ours.Seller == "vertex" && strings.HasPrefix(of.theirs.Source, "https://cloud.google.com/"):
		return ofLitellm, "from Vertex's own page; genai-prices has one price for it and for the Gemini API"
	}
	if tier == source.Standard {
		switch third := m.modelsDev(of.ours, key); {
		case third == nil:
		case near(third, a):
			return ofGenai, "models.dev agrees"
		case near(third, b):
			return ofLitellm, "models.dev agrees"
		}
	}
	if p := of.ours.At(m.now); p != nil && !p.From.IsZero() {
		return ofGenai, "dated: since " + p.From.Format("2006-01-02")
	}
	if priceAPI.MatchString(of.theirs.Source) {
		return ofLitellm, "read from the seller's own list: " + of.theirs.Source
	}
	return ofGenai, "checked against the seller's page, and changes are dated; litellm names " + of.theirs.Source
}

// modelsDev is what models.dev has for the price, or nil.
func (m *merger) modelsDev(model *source.Model, key string) *big.Rat {
	for _, name := range model.Names {
		if third := m.opinions[[2]string{model.Seller, name}]; third != nil {
			return third.Prices[0].Tiers[source.Standard].Rates[key]
		}
	}
	return nil
}

func (m *merger) opinion(model *source.Model, key string) string {
	if third := m.modelsDev(model, key); third != nil {
		return source.Decimal(third)
	}
	return ""
}
