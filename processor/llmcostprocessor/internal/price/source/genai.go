// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"time"
)

// genaiProvider is one provider of the data.json of genai-prices.
type genaiProvider struct {
	ID     string       `json:"id"`
	URLs   []string     `json:"pricing_urls"`
	Models []genaiModel `json:"models"`
}

type genaiModel struct {
	ID       string          `json:"id"`
	Match    json.RawMessage `json:"match"`
	Prices   json.RawMessage `json:"prices"`
	Variants []struct {
		When       map[string]string          `json:"when"`
		Prices     map[string]json.RawMessage `json:"prices"`
		Constraint *genaiConstraint           `json:"constraint"`
	} `json:"price_variants"`
}

type genaiConstraint struct {
	StartDate string `json:"start_date"`
	StartTime string `json:"start_time"`
	EndTime   string `json:"end_time"`
}

type genaiPrice struct {
	Constraint *genaiConstraint           `json:"constraint"`
	Prices     map[string]json.RawMessage `json:"prices"`
}

// genaiKeys are its prices per million tokens.
var genaiKeys = map[string]string{
	"input_mtok": "input", "output_mtok": "output",
	"cache_read_mtok": "cache_read", "cache_write_mtok": "cache_write", "cache_write_1h_mtok": "cache_write_1h",
	"input_audio_mtok": "audio_input", "output_audio_mtok": "audio_output", "cache_audio_read_mtok": "cached_audio",
	"input_image_mtok": "image_input", "output_image_mtok": "image_output",
	"input_video_mtok": "video_input", "output_video_mtok": "video_output",
	"output_reasoning_mtok": "reasoning",
}

// genaiFees are its other prices, with the number of units that they are for.
var genaiFees = map[string]struct {
	key   string
	units int64
}{
	"requests_kcount":         {"request", 1000},
	"web_searches_kcount":     {"web_search", 1000},
	"storage_searches_kcount": {"file_search", 1000},
	"input_document_kpages":   {"page", 1000},
	"audio_hours":             {"second", 3600},
	"input_audio_hours":       {"second", 3600},
	"input_mchars":            {"character", 1_000_000},
}

// genaiTiers are the conditions of its variants that are tiers of ours.
var genaiTiers = map[string]string{
	"processing=batch": "batch", "service_tier=flex": "flex", "service_tier=priority": "priority",
	"service_tier=fast": "fast", "speed=fast": "fast",
}

// Genai reads the data of genai-prices, in the form of its prices/data.json.
func Genai(data io.Reader) ([]Model, []Refusal, error) {
	var providers []genaiProvider
	if err := json.NewDecoder(data).Decode(&providers); err != nil {
		return nil, nil, fmt.Errorf("the data of genai-prices: %w", err)
	}
	var models []Model
	var refused []Refusal
	for _, provider := range providers {
		seller := genaiSeller(provider.ID)
		if seller == "" {
			continue
		}
		page := "genai-prices: " + provider.ID
		if len(provider.URLs) > 0 {
			page = provider.URLs[0]
		}
		for _, entry := range provider.Models {
			m := Model{Seller: seller, Source: page}
			m.addName(entry.ID)
			if bare, ok := strings.CutPrefix(entry.ID, "regional."); ok && genaiMatches(entry.Match, bare) {
				m.addName(bare) // what a call in the region names
			}
			if len(m.Names) == 0 {
				continue
			}
			switch err := m.readGenai(entry); {
			case err != nil:
				refused = append(refused, Refusal{Seller: seller, Name: entry.ID, Reason: err.Error()})
			case len(m.Prices) > 0:
				models = append(models, m)
			}
		}
	}
	return models, refused, nil
}

func (m *Model) readGenai(entry genaiModel) error {
	if err := addGenaiNames(m, entry.Match); err != nil {
		return fmt.Errorf("match: %w", err)
	}
	var err error
	if m.Prices, err = genaiPrices(entry.Prices); err != nil {
		return err
	}
	var variants []genaiVariant
	for _, variant := range entry.Variants {
		v, ok, err := readGenaiVariant(variant.When, variant.Constraint, variant.Prices)
		if err != nil {
			return err
		}
		if ok {
			variants = append(variants, v)
		}
	}
	m.addVariants(variants)
	return nil
}

// genaiSeller returns "" for those that sell no tokens of their own: plans of
// editors, and Hugging Face's router, which names the host behind it in the model.
func genaiSeller(id string) string {
	switch {
	case strings.HasPrefix(id, "huggingface_"), id == "cursor", id == "github-copilot", id == "openai-decisions":
		return ""
	}
	return sellerOf(id)
}

// plainPattern is a pattern that is a name with a date or version behind it,
// which the resolver cuts off itself.
var plainPattern = regexp.MustCompile(`^[a-z0-9.:/_-]+$`)

// addGenaiNames adds the names of a match that are names. Beginnings and parts of
// names are not: what begins like a known name can be another model.
func addGenaiNames(m *Model, match json.RawMessage) error {
	if len(match) == 0 {
		return nil
	}
	var clause map[string]json.RawMessage
	if err := json.Unmarshal(match, &clause); err != nil {
		return err
	}
	if raw, ok := clause["or"]; ok {
		var clauses []json.RawMessage
		if err := json.Unmarshal(raw, &clauses); err != nil {
			return err
		}
		for _, each := range clauses {
			if err := addGenaiNames(m, each); err != nil {
				return err
			}
		}
	}
	for _, kind := range [...]string{"equals", "ends_with", "contains", "starts_with"} {
		raw, ok := clause[kind]
		if !ok {
			continue
		}
		var name string
		if err := json.Unmarshal(raw, &name); err != nil {
			return err
		}
		switch {
		case kind == "equals" && (m.Seller != "bedrock" || strings.Contains(name, ".")):
			// Without vendor and region a name of Bedrock does not name its price.
			m.addName(name)
		case !plainPattern.MatchString(name) || strings.HasSuffix(name, "-"):
		case m.Seller == "bedrock":
			if strings.Contains(name, ".") {
				m.addName(name) // a name without its version: us.anthropic.claude-opus-5-5-v1
			}
		case strings.HasSuffix(name, "-2025"):
		case strings.ContainsAny(name, "0123456789") && isClaude(name):
			m.addName(name) // another order of the words: claude-4-5-opus
		}
	}
	return nil
}

// genaiMatches reports whether a match clause accepts the name. An unknown kind of
// clause accepts none.
func genaiMatches(match json.RawMessage, name string) bool {
	var clause map[string]json.RawMessage
	if json.Unmarshal(match, &clause) != nil {
		return false
	}
	for kind, raw := range clause {
		var clauses []json.RawMessage
		_ = json.Unmarshal(raw, &clauses) // of "or" and "and"
		value := text(raw)
		switch kind {
		case "or":
			return slices.ContainsFunc(clauses, func(each json.RawMessage) bool { return genaiMatches(each, name) })
		case "and":
			return !slices.ContainsFunc(clauses, func(each json.RawMessage) bool { return !genaiMatches(each, name) })
		case "equals":
			return name == value
		case "starts_with":
			return strings.HasPrefix(name, value)
		case "ends_with":
			return strings.HasSuffix(name, value)
		case "contains":
			return strings.Contains(name, value)
		}
	}
	return false
}

func isClaude(name string) bool { return strings.HasPrefix(name, "claude-") }

func genaiPrices(raw json.RawMessage) ([]Price, error) {
	var items []genaiPrice
	if trimmed := strings.TrimSpace(string(raw)); strings.HasPrefix(trimmed, "[") {
		if err := json.Unmarshal(raw, &items); err != nil {
			return nil, err
		}
	} else {
		var one genaiPrice
		if err := json.Unmarshal(raw, &one.Prices); err != nil {
			return nil, err
		}
		items = []genaiPrice{one}
	}
	var prices []Price
	for _, item := range items {
		tariff, fees, err := genaiTariff(item.Prices)
		if err != nil {
			return nil, err
		}
		switch c := item.Constraint; {
		case c != nil && c.StartTime != "":
			// Hours follow the price whose days they are in.
			if len(prices) == 0 {
				return nil, errors.New("hours without a price before them")
			}
			hours, err := genaiHours(c, tariff)
			if err != nil {
				return nil, err
			}
			last := &prices[len(prices)-1]
			last.Hours = append(last.Hours, hours...)
		default:
			p := Price{Fees: fees}
			if len(tariff.Rates) > 0 {
				p.Tiers = map[string]Tariff{Standard: tariff}
			}
			if c != nil {
				if p.From, err = time.Parse(time.DateOnly, c.StartDate); err != nil {
					return nil, err
				}
			}
			if len(p.Tiers) == 0 && len(p.Fees) == 0 {
				continue
			}
			prices = append(prices, p)
		}
	}
	return sortByDay(prices), nil
}

// sortByDay sorts prices by their days; of two of a day the later counts.
func sortByDay(prices []Price) []Price {
	slices.SortStableFunc(prices, func(a, b Price) int { return a.From.Compare(b.From) })
	var out []Price
	for _, p := range prices {
		if n := len(out); n > 0 && out[n-1].From.Equal(p.From) {
			out[n-1] = p
			continue
		}
		out = append(out, p)
	}
	return out
}

func genaiTariff(fields map[string]json.RawMessage) (Tariff, Rates, error) {
	tariff, fees := Tariff{Rates: Rates{}}, Rates{}
	for field, raw := range fields {
		if fee, ok := genaiFees[field]; ok {
			amount, _, err := genaiAmount(raw)
			if err != nil {
				return tariff, nil, fmt.Errorf("%s: %w", field, err)
			}
			if amount != nil {
				fees[fee.key] = amount.Quo(amount, new(big.Rat).SetInt64(fee.units))
			}
			continue
		}
		key, ok := genaiKeys[field]
		if !ok {
			continue
		}
		base, tiers, err := genaiAmount(raw)
		if err != nil {
			return tariff, nil, fmt.Errorf("%s: %w", field, err)
		}
		if base == nil {
			continue
		}
		tariff.Rates[key] = base
		for above, rate := range tiers {
			tariff.setStep(above, key, rate)
		}
	}
	if tariff.Rates["input"] == nil && tariff.Rates["output"] == nil {
		return Tariff{}, fees, nil
	}
	return tariff.whole(), fees, nil
}

// whole gives a tariff the price of input or output that it lacks: an embedding
// has no output, and speech that is paid by its output no input. The output of a
// model that makes images alone has no other price than theirs.
func (t Tariff) whole() Tariff {
	if t.Rates["input"] == nil {
		t.Rates["input"] = new(big.Rat)
	}
	if t.Rates["output"] == nil && t.Rates["image_output"] == nil && t.Rates["audio_output"] == nil && t.Rates["video_output"] == nil {
		t.Rates["output"] = new(big.Rat)
	}
	return t
}

// genaiAmount reads a number, or a base with tiers by the length of the call.
func genaiAmount(raw json.RawMessage) (*big.Rat, map[int64]*big.Rat, error) {
	if string(raw) == "null" {
		return nil, nil, nil
	}
	var tiered struct {
		Base  json.Number `json:"base"`
		Tiers []struct {
			Start int64       `json:"start"`
			Price json.Number `json:"price"`
		} `json:"tiers"`
	}
	if strings.HasPrefix(string(raw), "{") {
		if err := json.Unmarshal(raw, &tiered); err != nil {
			return nil, nil, err
		}
	} else {
		tiered.Base = json.Number(strings.Trim(string(raw), `"`))
	}
	base, err := number(tiered.Base)
	if err != nil {
		return nil, nil, err
	}
	steps := map[int64]*big.Rat{}
	for _, tier := range tiered.Tiers {
		if steps[tier.Start], err = number(tier.Price); err != nil {
			return nil, nil, err
		}
	}
	return base, steps, nil
}

// number reads a decimal exactly. A price below zero is refused.
func number(text json.Number) (*big.Rat, error) {
	// An exponent of some thousands would take memory without end.
	if len(text) > 40 || strings.Contains(string(text), "/") {
		return nil, fmt.Errorf("%q is not a price", text)
	}
	if _, exponent, ok := strings.Cut(strings.ToLower(string(text)), "e"); ok && len(exponent) > 3 {
		return nil, fmt.Errorf("%q is not a price", text)
	}
	value, ok := new(big.Rat).SetString(string(text))
	if !ok || value.Sign() < 0 {
		return nil, fmt.Errorf("%q is not a price", text)
	}
	return value, nil
}

// genaiHours turns times of the day into hours; those that pass midnight are two.
func genaiHours(c *genaiConstraint, tariff Tariff) ([]Hours, error) {
	from, err := minutes(c.StartTime)
	if err != nil {
		return nil, err
	}
	to, err := minutes(c.EndTime)
	if err != nil {
		return nil, err
	}
	return between(nil, from, to, tariff), nil
}

// between are the hours from one minute of the day to another, which may be of the
// next day.
func between(days []int, from, to int, tariff Tariff) []Hours {
	if to == 0 {
		to = 24 * 60
	}
	if from < to {
		return []Hours{{Days: days, From: from, To: to, Tariff: tariff}}
	}
	next := make([]int, len(days))
	for i, day := range days {
		next[i] = day%7 + 1
	}
	return []Hours{{Days: days, From: from, To: 24 * 60, Tariff: tariff}, {Days: next, From: 0, To: to, Tariff: tariff}}
}

// minutes reads a time of day in UTC: 00:30:00Z, 16:30.
func minutes(text string) (int, error) {
	text = strings.TrimSuffix(strings.TrimSuffix(text, "Z"), "+00:00")
	for _, layout := range [...]string{"15:04:05", "15:04"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.Hour()*60 + at.Minute(), nil
		}
	}
	return 0, fmt.Errorf("%q is not a time of day in UTC", text)
}

// genaiVariant is the prices of a tier since a day.
type genaiVariant struct {
	tier   string
	from   time.Time
	tariff Tariff
}

func readGenaiVariant(when map[string]string, constraint *genaiConstraint, fields map[string]json.RawMessage) (genaiVariant, bool, error) {
	if len(when) != 1 || len(fields) == 0 {
		return genaiVariant{}, false, nil
	}
	var condition string
	for key, value := range when {
		condition = key + "=" + value
	}
	v := genaiVariant{tier: genaiTiers[condition]}
	if v.tier == "" {
		return v, false, nil
	}
	var err error
	if v.tariff, _, err = genaiTariff(fields); err != nil {
		return v, false, fmt.Errorf("%s: %w", condition, err)
	}
	if constraint != nil && constraint.StartDate != "" {
		if v.from, err = time.Parse(time.DateOnly, constraint.StartDate); err != nil {
			return v, false, fmt.Errorf("%s: %w", condition, err)
		}
	}
	return v, len(v.tariff.Rates) > 0, nil
}

// addVariants gives each period the tiers that hold in it. The first day of a tier
// is that on which the list took it up, so it holds in the whole of that period;
// a later day is a change, from which on there is a period of its own. A tier of
// tomorrow is not one of today.
func (m *Model) addVariants(variants []genaiVariant) {
	first := map[string]time.Time{}
	for _, v := range variants {
		if known, ok := first[v.tier]; !ok || v.from.Before(known) {
			first[v.tier] = v.from
		}
	}
	for _, v := range variants {
		if v.from.After(first[v.tier]) {
			m.cut(v.from)
		}
	}
	for i := range m.Prices {
		p := &m.Prices[i]
		if p.Tiers == nil {
			continue
		}
		for _, v := range variants { // the first that holds counts, as in genai-prices
			if _, taken := p.Tiers[v.tier]; !taken && !v.from.After(p.From) {
				p.Tiers[v.tier] = v.tariff
			}
		}
		for _, v := range variants {
			begun := i+1 == len(m.Prices) || first[v.tier].Before(m.Prices[i+1].From)
			if _, taken := p.Tiers[v.tier]; !taken && begun && v.from.Equal(first[v.tier]) {
				p.Tiers[v.tier] = v.tariff
			}
		}
	}
}

// cut begins a period on that day, with the prices that hold before it.
func (m *Model) cut(day time.Time) {
	for i, p := range slices.Backward(m.Prices) {
		if p.From.Equal(day) {
			return
		}
		if p.From.Before(day) {
			p.From, p.Tiers = day, maps.Clone(p.Tiers)
			m.Prices = slices.Insert(m.Prices, i+1, p)
			return
		}
	}
}
