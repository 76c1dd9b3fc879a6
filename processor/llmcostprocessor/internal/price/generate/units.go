// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price/source"
)

const (
	// maxRatio is how many times the price of other sellers a price may be. What is
	// above is a slip of the unit: per thousand for per million, a credit for a dollar.
	maxRatio = 20
	// maxTokens and maxEmbedding bound dollars per million tokens where no other
	// seller has a price to compare: the most expensive model costs 600, embeddings 1.
	maxTokens, maxEmbedding = 1000, 20
)

// plausible leaves out entries whose price cannot be of its unit, and lists them.
func (m *merger) plausible(models, others []source.Model) []source.Model {
	hosts := map[string][]*big.Rat{}
	for _, list := range [][]source.Model{models, others} {
		for i := range list {
			if rate := m.input(&list[i]); rate != nil && rate.Sign() > 0 {
				hosts[weights(list[i].Name())] = append(hosts[weights(list[i].Name())], rate)
			}
		}
	}
	return slices.DeleteFunc(models, func(model source.Model) bool {
		reason := m.implausible(&model, hosts[weights(model.Name())])
		if reason != "" {
			m.refuse(model.Seller, model.Name(), reason)
		}
		return reason != ""
	})
}

func (m *merger) implausible(model *source.Model, hosts []*big.Rat) string {
	p := model.At(m.now)
	if p == nil {
		return ""
	}
	rates := p.Tiers[source.Standard].Rates
	most := int64(maxTokens)
	if rates["output"] != nil && rates["output"].Sign() == 0 && rates["image_output"] == nil && rates["audio_output"] == nil && rates["video_output"] == nil {
		most = maxEmbedding
	}
	for key, rate := range rates {
		if rate.Cmp(new(big.Rat).SetInt64(most)) > 0 {
			return fmt.Sprintf("unit: %s $%s per million tokens is above %d", key, source.Decimal(rate), most)
		}
	}
	input := rates["input"]
	if input == nil || input.Sign() == 0 || len(hosts) < 3 {
		return ""
	}
	slices.SortFunc(hosts, func(a, b *big.Rat) int { return a.Cmp(b) })
	middle := hosts[len(hosts)/2]
	if input.Cmp(new(big.Rat).Mul(middle, new(big.Rat).SetInt64(maxRatio))) > 0 {
		return fmt.Sprintf("unit: input $%s is more than %d times the price of other sellers, $%s", source.Decimal(input), maxRatio, source.Decimal(middle))
	}
	if middle.Cmp(new(big.Rat).Mul(input, new(big.Rat).SetInt64(maxRatio))) > 0 {
		return fmt.Sprintf("unit: input $%s is less than a %dth of the price of other sellers, $%s", source.Decimal(input), maxRatio, source.Decimal(middle))
	}
	return ""
}

func (m *merger) input(model *source.Model) *big.Rat {
	if p := model.At(m.now); p != nil {
		return p.Tiers[source.Standard].Rates["input"]
	}
	return nil
}

var around = regexp.MustCompile(`-v\d+(:\d+)?$|[-@](20\d{6}|20\d\d-\d\d-\d\d)$|:[a-z]+$|-maas$`)

// weights is what the names of a model at several sellers have in common.
func weights(name string) string {
	name = name[strings.LastIndexByte(name, '/')+1:]
	if tail, ok := cutVendor(name); ok {
		name = tail
	}
	return strings.ReplaceAll(around.ReplaceAllString(name, ""), ".", "-")
}
