// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math/big"
	"regexp"
	"slices"
	"strings"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price/source"
)

// makers sell what they made themselves. A name without a seller means theirs.
var makers = []string{
	"openai", "anthropic", "google", "mistral", "deepseek", "xai", "cohere", "voyage", "perplexity",
	"moonshot", "zai", "minimax", "ai21", "dashscope",
}

func rank(seller string) int {
	if i := slices.Index(makers, seller); i >= 0 {
		return i
	}
	if seller == "bedrock" || seller == "vertex" || seller == "azure" {
		return len(makers)
	}
	return len(makers) + 1
}

// openWeights are names of models that anybody may serve. Without a seller such a
// name has no price: it may run on a machine of the user's own.
var openWeights = map[string]*regexp.Regexp{
	"mistral":   regexp.MustCompile(`^(open-|mistral-(7b|small|nemo|large-(2407|2411|4))|mixtral|ministral|pixtral-12b|devstral-(small|2)|magistral-small|voxtral|mathstral|codestral-(mamba|22b))`),
	"deepseek":  regexp.MustCompile(`^deepseek-(v|r|coder-|flash)`),
	"zai":       regexp.MustCompile(`^glm-`),
	"bigmodel":  regexp.MustCompile(`^glm-`),
	"moonshot":  regexp.MustCompile(`^kimi-(k|vl|linear)`),
	"minimax":   regexp.MustCompile(`^minimax-m\d`),
	"dashscope": regexp.MustCompile(`^(qwen\d?(\.\d)?-?\d*-.*\d+b|qwq-32b|qwen\d|deepseek|glm|kimi|llama)`),
	"google":    regexp.MustCompile(`^gemma`),
	"ai21":      regexp.MustCompile(`^jamba`),
	"cohere":    regexp.MustCompile(`^c4ai-`),
	"xai":       regexp.MustCompile(`^grok-1`),
}

// hostOnly reports whether the entry applies only to telemetry that names the seller.
func hostOnly(model *source.Model) bool {
	if !slices.Contains(makers, model.Seller) || strings.Contains(model.Name(), "/") {
		return true
	}
	if model.Seller == "perplexity" {
		// It hosts open models too; its own are the sonar ones.
		return !strings.HasPrefix(model.Name(), "sonar") && !strings.HasPrefix(model.Name(), "pplx-")
	}
	if weights := openWeights[model.Seller]; weights != nil {
		return weights.MatchString(model.Name()) && !strings.HasSuffix(model.Name(), "-latest")
	}
	return false
}

// shortNames gives what a host names with its maker a name without, where one entry
// of the host alone has it: telemetry writes both.
func (m *merger) shortNames() {
	tails := map[[2]string][]*source.Model{}
	for _, model := range m.models {
		if model.Seller == "bedrock" {
			continue
		}
		for _, name := range model.Names {
			if i := strings.LastIndexByte(name, '/'); i >= 0 && i+1 < len(name) && !isZoned(name) {
				key := [2]string{model.Seller, name[i+1:]}
				if !slices.Contains(tails[key], model) {
					tails[key] = append(tails[key], model)
				}
			}
		}
	}
	for key, models := range tails {
		if len(models) == 1 && m.byName[key] == nil {
			models[0].Names = append(models[0].Names, key[1])
			m.byName[key] = models[0]
		}
	}
	for _, model := range m.models {
		slices.Sort(model.Names[1:])
	}
}

// zone is a region or data zone before a name, which is part of what is sold.
var zone = regexp.MustCompile(`^(us|eu|apac|global|global-standard|us-gov|[a-z]{2}(-gov)?-[a-z]+-\d)/`)

func isZoned(name string) bool { return zone.MatchString(name) }

var (
	region  = regexp.MustCompile(`^(regional|us|eu|apac|jp|au|ca|sa|in|us-gov|global)\.`)
	vendor  = regexp.MustCompile(`^(anthropic|amazon|meta|mistral|cohere|deepseek|openai|ai21|qwen|moonshot|moonshotai|minimax|zai|nvidia|writer|xai|google|stability|twelvelabs|luma|stepfun|arcee|poolside)\.`)
	version = regexp.MustCompile(`-v\d+(:\d+)?(:\w+)?$`)
)

func cutVendor(name string) (rest string, ok bool) {
	bare := region.ReplaceAllString(name, "")
	at := vendor.FindStringIndex(bare)
	if at == nil {
		return name, false
	}
	return bare[at[1]:], true
}

// ofBedrock reports whether a name is one that Bedrock sells a model under.
func ofBedrock(name string) bool {
	if isZoned(name) {
		name = name[strings.LastIndexByte(name, '/')+1:]
	}
	_, ok := cutVendor(name)
	return ok || strings.HasPrefix(name, "claude_platform/")
}

// label is what people know a model by, without what Bedrock puts around it.
func label(model *source.Model) string {
	if model.Seller != "bedrock" {
		return model.Name()
	}
	name := model.Name()
	if i := strings.LastIndexByte(name, '/'); i >= 0 && isZoned(name) {
		name = name[i+1:]
	}
	bare, ok := cutVendor(name)
	if !ok {
		return model.Name()
	}
	return date.ReplaceAllString(version.ReplaceAllString(bare, ""), "")
}

// hourWrites gives Claude the price of one-hour cache writes where it is left out:
// Anthropic's page has twice the input, on all platforms.
func hourWrites(model *source.Model) {
	if !strings.Contains(model.Name(), "claude") {
		return
	}
	fill := func(rates source.Rates, base source.Rates) {
		write, input := rates["cache_write"], rates["input"]
		if input == nil {
			input = base["input"]
		}
		if write == nil || input == nil || rates["cache_write_1h"] != nil {
			return
		}
		if new(big.Rat).Mul(write, big.NewRat(4, 5)).Cmp(input) == 0 {
			rates["cache_write_1h"] = new(big.Rat).Mul(input, big.NewRat(2, 1))
		}
	}
	for i := range model.Prices {
		for _, tariff := range model.Prices[i].Tiers {
			fill(tariff.Rates, nil)
			for _, rates := range tariff.Steps {
				fill(rates, tariff.Rates)
			}
		}
	}
}

// imagesAlone brings the tiers of a model that puts out images alone into the form
// of its standard tariff: its output has the price of images, and no other.
func imagesAlone(model *source.Model) {
	for i := range model.Prices {
		standard := model.Prices[i].Tiers[source.Standard].Rates
		if standard["image_output"] == nil || standard["output"] != nil {
			continue
		}
		for _, tariff := range model.Prices[i].Tiers {
			if output := tariff.Rates["output"]; output != nil {
				delete(tariff.Rates, "output")
				if tariff.Rates["image_output"] == nil {
					tariff.Rates["image_output"] = output
				}
			}
		}
	}
}
