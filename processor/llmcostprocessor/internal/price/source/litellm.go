// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// litellmKeys are its prices per token.
var litellmKeys = map[string]string{ //nolint:gosec // tokens of models, and no credentials
	"input_cost_per_token": "input", "output_cost_per_token": "output",
	"cache_read_input_token_cost": "cache_read", "cache_creation_input_token_cost": "cache_write",
	"cache_creation_input_token_cost_above_1hr": "cache_write_1h", "cache_creation_input_token_cost_above_12hr": "cache_write_long",
	"input_cost_per_audio_token": "audio_input", "output_cost_per_audio_token": "audio_output",
	"cache_read_input_audio_token_cost": "cached_audio",
	"input_cost_per_image_token":        "image_input", "output_cost_per_image_token": "image_output",
	"input_cost_per_video_token": "video_input", "output_cost_per_video_token": "video_output",
	"output_cost_per_reasoning_token": "reasoning",
}

// litellmTiers are the ends of its keys that name a tier.
var litellmTiers = map[string]string{"": Standard, "_batches": "batch", "_flex": "flex", "_priority": "priority", "_ultrafast": "ultrafast"}

// litellmFees are its prices of other units, in dollars each, with the number of units
// that they are for.
var litellmFees = map[string]struct {
	key   string
	units int64
}{
	"input_cost_per_request":               {"request", 1},
	"input_cost_per_query":                 {"search", 1},
	"google_maps_grounding_cost_per_query": {"maps_search", 1},
	"file_search_cost_per_1k_calls":        {"file_search", 1000},
	"code_interpreter_cost_per_session":    {"code_session", 1},
	"input_cost_per_character":             {"character", 1},
	"ocr_cost_per_page":                    {"page", 1},
	"output_cost_per_image":                {"image", 1},
	"file_search_cost_per_gb_per_day":      {"gb_day", 1},
	"vector_store_cost_per_gb_per_day":     {"gb_day", 1},
}

// litellmSizes are the beginnings of its keys that end with the size that they are for.
var litellmSizes = map[string]string{"output_cost_per_image_": "image", "output_cost_per_second_": "second"}

// litellmSize is such an end. Others are what a price depends on besides.
var litellmSize = regexp.MustCompile(`^(\d+(\.\d+)?k|\d+p|\d+)$`)

// litellmImage are its keys of images of one size and, mostly, quality:
// PROVIDER/hd/1024-x-1024/MODEL.
var litellmImage = regexp.MustCompile(`^(?:[a-z0-9_]+/)??(?:(standard|hd|low|medium|high|xhigh|max|auto)/)?(\d{2,5})-x-(\d{2,5})/(.+)$`)

// litellmVariants adds the prices of images by size and quality to the models that they
// are of.
func litellmVariants(models []Model, keys []string, entries map[string]map[string]json.RawMessage) []Model {
	byName := map[[2]string]int{}
	for i := range models {
		for _, name := range models[i].Names {
			byName[[2]string{models[i].Seller, name}] = i
		}
	}
	for _, key := range keys {
		parts := litellmImage.FindStringSubmatch(strings.ToLower(key))
		entry := entries[key]
		seller := sellerOf(text(entry["litellm_provider"]))
		if parts == nil || seller == "" || strings.Contains(parts[4], "-steps/") {
			continue
		}
		fee := perImage(entry, parts[2], parts[3])
		if fee == nil {
			continue
		}
		id := [2]string{seller, litellmName(parts[4], seller)}
		at, known := byName[id]
		if !known {
			at = len(models)
			byName[id] = at
			m := Model{Seller: seller, Source: text(entry["source"]), Prices: []Price{{Fees: Rates{}}}}
			if !strings.HasPrefix(m.Source, "https://") {
				m.Source = "litellm: " + text(entry["litellm_provider"])
			}
			m.addName(id[1])
			models = append(models, m)
		}
		price := &models[at].Prices[len(models[at].Prices)-1]
		if price.Fees == nil {
			price.Fees = Rates{}
		}
		price.Fees["image/"+parts[1]+"/"+parts[2]+"x"+parts[3]] = fee
	}
	return models
}

// perImage is the price of an image, be it by the pixel: rounded to the hundredth of a
// cent, as vendors publish it. It is nil where there is none.
func perImage(entry map[string]json.RawMessage, width, height string) *big.Rat {
	for _, field := range [...]string{"output_cost_per_image", "input_cost_per_image"} {
		if isNumber(entry[field]) {
			if fee, err := number(json.Number(entry[field])); err == nil && fee.Sign() > 0 {
				return fee
			}
		}
	}
	for _, field := range [...]string{"output_cost_per_pixel", "input_cost_per_pixel"} {
		if !isNumber(entry[field]) {
			continue
		}
		w, errW := strconv.ParseInt(width, 10, 64)
		h, errH := strconv.ParseInt(height, 10, 64)
		fee, err := number(json.Number(entry[field]))
		if errW != nil || errH != nil || err != nil || fee.Sign() <= 0 {
			continue
		}
		rounded, ok := new(big.Rat).SetString(fee.Mul(fee, new(big.Rat).SetInt64(w*h)).FloatString(4))
		if ok && rounded.Sign() > 0 {
			return rounded
		}
	}
	return nil
}

// Litellm reads the data of litellm, in the form of its model_prices_and_context_window.json.
func Litellm(data io.Reader) ([]Model, []Refusal, error) {
	var entries map[string]map[string]json.RawMessage
	if err := json.NewDecoder(data).Decode(&entries); err != nil {
		return nil, nil, fmt.Errorf("the data of litellm: %w", err)
	}
	var refused []Refusal
	keys := make([]string, 0, len(entries))
	for key := range entries {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	var models []Model
	byKey := map[string]int{}
	for _, key := range keys {
		if litellmImage.MatchString(strings.ToLower(key)) {
			continue // it is a price of another entry
		}
		m, ok, err := litellmModel(key, entries[key])
		if err != nil {
			refused = append(refused, Refusal{Seller: sellerOf(text(entries[key]["litellm_provider"])), Name: key, Reason: err.Error()})
			continue
		}
		if ok {
			byKey[key] = len(models)
			models = append(models, m)
		}
	}
	for _, key := range keys {
		// A name for another entry, at the seller that the name's route names.
		if of, known := byKey[text(entries[key]["alias_of"])]; known {
			models[of].addName(litellmName(key, models[of].Seller))
		}
	}
	return litellmVariants(models, keys, entries), refused, nil
}

func text(raw json.RawMessage) string {
	var value string
	_ = json.Unmarshal(raw, &value) // not a text: none
	return value
}

// commitment is a price by the hour, for capacity that was bought in advance.
var commitment = regexp.MustCompile(`-month-commitment/|/provisioned/`)

func litellmModel(key string, entry map[string]json.RawMessage) (Model, bool, error) {
	provider := text(entry["litellm_provider"])
	seller := sellerOf(provider)
	if key == "sample_spec" || provider == "" || seller == "" || planned[provider] || planned[seller] || commitment.MatchString(key) {
		return Model{}, false, nil
	}
	m := Model{Seller: seller, Source: text(entry["source"])}
	if !strings.HasPrefix(m.Source, "https://") {
		m.Source = "litellm: " + provider
	}
	m.addName(litellmName(key, seller))
	if len(m.Names) == 0 {
		return Model{}, false, nil
	}
	p, err := litellmPrice(entry)
	if err != nil {
		return Model{}, false, err
	}
	if err := litellmFee(&p, seller, entry); err != nil {
		return Model{}, false, err
	}
	if len(p.Tiers) == 0 && len(p.Fees) == 0 {
		return Model{}, false, nil
	}
	m.Prices = []Price{p}
	if err := litellmUplifts(&m, entry); err != nil {
		return Model{}, false, err
	}
	return m, true, nil
}

// litellmName cuts the seller's own route off a key.
func litellmName(key, seller string) string {
	if head, tail, ok := strings.Cut(strings.ToLower(key), "/"); ok && sellerOf(head) == seller {
		return tail
	}
	return strings.ToLower(key)
}

func litellmPrice(entry map[string]json.RawMessage) (Price, error) {
	p := Price{Tiers: map[string]Tariff{}, Fees: Rates{}}
	for field, raw := range entry {
		key, above, tier, ok := litellmField(field)
		if !ok || !isNumber(raw) {
			continue
		}
		rate, err := perMillion(raw)
		if err != nil {
			return p, fmt.Errorf("%s: %w", field, err)
		}
		tariff := p.Tiers[tier]
		if tariff.Rates == nil {
			tariff.Rates = Rates{}
		}
		if above > 0 {
			tariff.setStep(above, key, rate)
		} else {
			tariff.Rates[key] = rate
		}
		p.Tiers[tier] = tariff
	}
	if err := litellmTiered(&p, entry["tiered_pricing"]); err != nil {
		return p, fmt.Errorf("tiered_pricing: %w", err)
	}
	standard := p.Tiers[Standard]
	if standard.Rates["input"] == nil && standard.Rates["output"] == nil {
		p.Tiers = nil
		return p, nil
	}
	for tier, tariff := range p.Tiers {
		if tariff.Rates["input"] == nil && tariff.Rates["output"] == nil {
			delete(p.Tiers, tier) // a price of cached tokens alone
			continue
		}
		if tier != Standard && (tariff.Rates["input"] == nil || tariff.Rates["output"] == nil) {
			// One half of a tier is no tier, but where the other costs nothing at all.
			for _, key := range [...]string{"input", "output"} {
				if tariff.Rates[key] == nil && standard.Rates[key] != nil && standard.Rates[key].Sign() != 0 {
					delete(p.Tiers, tier)
				}
			}
			if p.Tiers[tier].Rates == nil {
				continue
			}
		}
		p.Tiers[tier] = tariff.whole()
	}
	return p, litellmHours(&p, entry["off_peak_pricing"])
}

// litellmField takes a key apart: the price, the number of input tokens above
// which it holds, the tier.
func litellmField(field string) (key string, above int64, tier string, ok bool) {
	for suffix, name := range litellmTiers {
		if suffix != "" && strings.HasSuffix(field, suffix) {
			field, tier = strings.TrimSuffix(field, suffix), name
		}
	}
	if tier == "" {
		tier = Standard
	}
	if key, ok = litellmKeys[field]; ok {
		return key, 0, tier, true
	}
	if i := strings.LastIndex(field, "_above_"); i >= 0 && strings.HasSuffix(field, "k_tokens") {
		thousands, err := strconv.ParseInt(strings.TrimSuffix(field[i+len("_above_"):], "k_tokens"), 10, 32)
		if key, ok = litellmKeys[field[:i]]; ok && err == nil {
			return key, thousands * 1000, tier, true
		}
	}
	return "", 0, "", false
}

// litellmTiered reads prices by the range of input tokens that a call is in.
func litellmTiered(p *Price, raw json.RawMessage) error {
	if len(raw) == 0 {
		return nil
	}
	var items []map[string]json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return err
	}
	tariff := Tariff{Rates: Rates{}}
	for _, item := range items {
		var bounds []json.Number
		if err := json.Unmarshal(item["range"], &bounds); err != nil || len(bounds) == 0 {
			return errors.New("an item without a range")
		}
		lower, err := bounds[0].Float64()
		if err != nil || lower < 0 {
			return fmt.Errorf("range: %q is not a number of tokens", bounds[0])
		}
		for field, raw := range item {
			key, known := litellmKeys[field]
			if !known || !isNumber(raw) {
				continue
			}
			rate, err := perMillion(raw)
			if err != nil {
				return fmt.Errorf("%s: %w", field, err)
			}
			if lower == 0 {
				tariff.Rates[key] = rate
			} else {
				tariff.setStep(int64(lower), key, rate)
			}
		}
	}
	if _, known := p.Tiers[Standard]; !known && tariff.Rates["input"] != nil {
		p.Tiers[Standard] = tariff
	}
	return nil
}

// litellmHours reads the hours in which a price is lower.
func litellmHours(p *Price, raw json.RawMessage) error {
	if len(raw) == 0 {
		return nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return fmt.Errorf("off_peak_pricing: %w", err)
	}
	tariff := Tariff{Rates: Rates{}}
	for field, raw := range fields {
		if key, known := litellmKeys[field]; known && isNumber(raw) {
			rate, err := perMillion(raw)
			if err != nil {
				return fmt.Errorf("off_peak_pricing: %s: %w", field, err)
			}
			tariff.Rates[key] = rate
		}
	}
	if tariff.Rates["input"] == nil {
		return nil
	}
	tariff = tariff.whole()
	var windows []struct {
		Hours    json.RawMessage `json:"hours_utc"`
		Weekdays []int           `json:"weekdays"`
	}
	if err := json.Unmarshal(fields["windows"], &windows); err != nil {
		return fmt.Errorf("off_peak_pricing: windows: %w", err)
	}
	for _, window := range windows {
		var spans []string
		if one := text(window.Hours); one != "" {
			spans = []string{one}
		} else if err := json.Unmarshal(window.Hours, &spans); err != nil {
			return fmt.Errorf("off_peak_pricing: hours_utc: %w", err)
		}
		for _, day := range window.Weekdays {
			if day < 1 || day > 7 {
				return fmt.Errorf("off_peak_pricing: weekdays: %d is none", day)
			}
		}
		for _, span := range spans {
			begin, end, _ := strings.Cut(span, "-")
			from, err := minutes(begin)
			if err != nil {
				return fmt.Errorf("off_peak_pricing: %w", err)
			}
			to, err := minutes(end)
			if err != nil {
				return fmt.Errorf("off_peak_pricing: %w", err)
			}
			p.Hours = append(p.Hours, between(slices.Clone(window.Weekdays), from, to, tariff)...)
		}
	}
	return nil
}

// litellmFee reads the fees of an entry.
func litellmFee(p *Price, seller string, entry map[string]json.RawMessage) error {
	for field, fee := range litellmFees {
		if err := p.setFee(fee.key, field, entry[field], fee.units); err != nil {
			return err
		}
	}
	for field, raw := range entry {
		for prefix, unit := range litellmSizes {
			end, ok := strings.CutPrefix(strings.ToLower(field), prefix)
			if !ok || !litellmSize.MatchString(end) {
				continue
			}
			if err := p.setFee(unit+"//"+end, field, raw, 1); err != nil {
				return err
			}
		}
	}
	// By the second on whichever side has a price; of both that of the input.
	for _, field := range [...]string{"output_cost_per_second", "input_cost_per_second"} {
		if err := p.setFee("second", field, entry[field], 1); err != nil {
			return err
		}
	}
	return litellmSearchFee(p, seller, entry)
}

// setFee sets a fee to the number of a field, which is the price of some units. What is not above
// zero, or no number, is no fee.
func (p *Price) setFee(key, field string, raw json.RawMessage, units int64) error {
	if !isNumber(raw) {
		return nil
	}
	amount, err := number(json.Number(raw))
	if err != nil {
		return fmt.Errorf("%s: %w", field, err)
	}
	if amount.Sign() > 0 {
		p.Fees[key] = amount.Quo(amount, new(big.Rat).SetInt64(units))
	}
	return nil
}

// litellmSearchFee reads what a web search costs.
func litellmSearchFee(p *Price, seller string, entry map[string]json.RawMessage) error {
	var search map[string]json.RawMessage
	if raw := entry["search_context_cost_per_query"]; len(raw) > 0 {
		if err := json.Unmarshal(raw, &search); err != nil {
			return fmt.Errorf("search_context_cost_per_query: %w", err)
		}
	}
	// What a search costs depends on the size of its context. Perplexity searches for
	// each request, with a low size if none is asked for; others take a medium one.
	size, key := "search_context_size_medium", "web_search"
	if seller == "perplexity" {
		size, key = "search_context_size_low", "request"
	}
	return p.setFee(key, "search_context_cost_per_query", search[size], 1)
}

// litellmUplifts reads what a region costs more, and how much more the fast mode does.
func litellmUplifts(m *Model, entry map[string]json.RawMessage) error {
	factors := map[string]json.RawMessage{}
	_ = json.Unmarshal(entry["provider_specific_entry"], &factors) // of other providers it is of another form
	regions := map[string]json.RawMessage{
		"us": factors["us"], "regional": entry["regional_endpoint_uplift_multiplier"],
		"eu": entry["regional_processing_uplift_multiplier_eu"],
	}
	if raw := entry["regional_processing_uplift_multiplier_us"]; len(raw) > 0 {
		regions["us"] = raw
	}
	if m.Seller == "bedrock" {
		delete(regions, "us") // is in the names there
	}
	for region, raw := range regions {
		if !isNumber(raw) {
			continue
		}
		factor, err := number(json.Number(raw))
		if err != nil {
			return err
		}
		if m.Uplifts == nil {
			m.Uplifts = map[string]*big.Rat{}
		}
		m.Uplifts[region] = factor
	}
	if raw := factors["fast"]; isNumber(raw) && m.Seller == "anthropic" {
		factor, err := number(json.Number(raw))
		if err != nil {
			return err
		}
		for i := range m.Prices {
			if standard, ok := m.Prices[i].Tiers[Standard]; ok {
				m.Prices[i].Tiers["fast"] = standard.times(factor)
			}
		}
	}
	return nil
}

func isNumber(raw json.RawMessage) bool {
	return len(raw) > 0 && (raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9')
}

var million = new(big.Rat).SetInt64(1_000_000)

// perMillion reads a price per token.
func perMillion(raw json.RawMessage) (*big.Rat, error) {
	rate, err := number(json.Number(raw))
	if err != nil {
		return nil, err
	}
	return rate.Mul(rate, million), nil
}
