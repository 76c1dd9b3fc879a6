// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

type pricesJSON struct {
	Version string            `json:"version"`
	Date    time.Time         `json:"date"`
	Models  int               `json:"models"`
	Files   []string          `json:"files"`
	Sources []priceSourceJSON `json:"sources"`
}

type priceSourceJSON struct {
	URL     string     `json:"url"`
	Version string     `json:"version"`
	Models  int        `json:"models"`
	Fetched *time.Time `json:"fetched"`
	Tried   *time.Time `json:"tried"`
	Error   string     `json:"error"`
}

func newPricesJSON(prices *dashboard.PriceTable) pricesJSON {
	out := pricesJSON{
		Version: prices.Version, Date: prices.Date.UTC(), Models: prices.Models,
		Files: append([]string{}, prices.Files...), Sources: []priceSourceJSON{},
	}
	for _, s := range prices.Sources {
		out.Sources = append(out.Sources, priceSourceJSON{
			URL: s.URL, Version: s.Version, Models: s.Models, Fetched: knownTime(s.Fetched), Tried: knownTime(s.Tried), Error: s.Err,
		})
	}
	return out
}

// usedPricesJSON is the table with the entries in use.
type usedPricesJSON struct {
	pricesJSON
	InUse []usedPriceJSON `json:"in_use"`
}

type usedPriceJSON struct {
	Model    string     `json:"model"`
	Provider string     `json:"provider"`
	List     string     `json:"list"`
	Source   string     `json:"source"`
	Checked  *time.Time `json:"checked"`
	AgeDays  *int       `json:"age_days"`
}

func newUsedPricesJSON(prices *dashboard.PriceTable, now time.Time) usedPricesJSON {
	out := usedPricesJSON{newPricesJSON(prices), []usedPriceJSON{}}
	for _, p := range prices.InUse {
		each := usedPriceJSON{Model: p.Model, Provider: p.Provider, List: p.List, Source: p.Source, Checked: knownTime(p.Checked)}
		if each.Checked != nil {
			days := int(now.Sub(p.Checked) / (24 * time.Hour))
			each.AgeDays = &days
		}
		out.InUse = append(out.InUse, each)
	}
	return out
}
