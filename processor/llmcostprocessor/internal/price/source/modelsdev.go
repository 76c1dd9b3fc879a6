// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
)

// modelsDevKeys are its prices per million tokens.
var modelsDevKeys = map[string]string{
	"input": "input", "output": "output", "reasoning": "reasoning",
	"cache_read": "cache_read", "cache_write": "cache_write",
	"input_audio": "audio_input", "output_audio": "audio_output",
}

type modelsDevProvider struct {
	Models map[string]struct {
		Cost map[string]json.RawMessage `json:"cost"`
	} `json:"models"`
}

// ModelsDev reads the data of models.dev, in the form of its api.json.
func ModelsDev(data io.Reader) ([]Model, []Refusal, error) {
	var providers map[string]modelsDevProvider
	if err := json.NewDecoder(data).Decode(&providers); err != nil {
		return nil, nil, fmt.Errorf("the data of models.dev: %w", err)
	}
	var models []Model
	var refused []Refusal
	for _, id := range slices.Sorted(maps.Keys(providers)) {
		seller := sellerOf(id)
		if seller == "" || planned[seller] || planned[id] {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(providers[id].Models)) {
			m := Model{Seller: seller, Source: "models.dev: " + id}
			m.addName(name)
			tariff, err := modelsDevTariff(providers[id].Models[name].Cost)
			switch {
			case err != nil:
				refused = append(refused, Refusal{Seller: seller, Name: name, Reason: err.Error()})
			case len(m.Names) > 0 && len(tariff.Rates) > 0:
				m.Prices = []Price{{Tiers: map[string]Tariff{Standard: tariff}}}
				models = append(models, m)
			}
		}
	}
	return models, refused, nil
}

func modelsDevTariff(cost map[string]json.RawMessage) (Tariff, error) {
	tariff := Tariff{Rates: Rates{}}
	for field, raw := range cost {
		key, known := modelsDevKeys[field]
		if !known || !isNumber(raw) {
			continue
		}
		rate, err := number(json.Number(raw))
		if err != nil {
			return tariff, fmt.Errorf("%s: %w", field, err)
		}
		tariff.Rates[key] = rate
	}
	if tariff.Rates["input"] == nil && tariff.Rates["output"] == nil {
		return Tariff{}, nil
	}
	var long map[string]json.RawMessage
	if raw := cost["context_over_200k"]; len(raw) > 0 {
		if err := json.Unmarshal(raw, &long); err != nil {
			return tariff, fmt.Errorf("context_over_200k: %w", err)
		}
	}
	for field, raw := range long {
		if key, known := modelsDevKeys[field]; known && isNumber(raw) {
			rate, err := number(json.Number(raw))
			if err != nil {
				return tariff, fmt.Errorf("context_over_200k: %s: %w", field, err)
			}
			tariff.setStep(200_000, key, rate)
		}
	}
	return tariff.whole(), nil
}
