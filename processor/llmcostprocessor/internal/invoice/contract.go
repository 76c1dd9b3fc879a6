// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package invoice

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

const (
	// contractDays are how many days a ratio must have been constant for.
	contractDays = 5
	// contractSpread is how far the ratios of the days may be apart, relatively.
	contractSpread = 0.01
)

// Contract is a price that the bill points to: the ratio of what was billed to what was
// counted was the same on several days.
type Contract struct {
	Provider string
	// Models are those that it holds for; none: all of the provider that were called.
	Models []string
	// Percent is up or down, with at most two decimals.
	Percent string
	Days    int
	From    string // the first of the days
}

// Adjustment is an entry for a price file.
func (c *Contract) Adjustment() string {
	models := ""
	if len(c.Models) > 0 {
		quoted := make([]string, len(c.Models))
		for i, model := range c.Models {
			quoted[i] = strconv.Quote(model)
		}
		models = ", models: [" + strings.Join(quoted, ", ") + "]"
	}
	return fmt.Sprintf("adjustments:\n  - {provider: %s%s, percent: %q, valid_from: %s}\n", c.Provider, models, c.Percent, c.From)
}

// ratios are those of one model.
type ratios struct {
	billed, counted float64
	least, most     float64
	days            int
	first           string
	other           bool // a day has another cause
}

// Contracts are the contract prices that the lines of a comparison point to.
func Contracts(lines []Line) []Contract {
	byModel := map[[2]string]*ratios{}
	for i := range lines {
		l := &lines[i]
		counted, billed := l.Counted.Dollars(), l.Billed.Dollars()
		if l.Model == "" || l.Cause == NotFinal || l.Cause == NotCounting || counted <= 0 && billed <= 0 {
			continue
		}
		r := byModel[[2]string{l.Provider, l.Model}]
		if r == nil {
			r = &ratios{least: math.Inf(1), first: l.Day}
			byModel[[2]string{l.Provider, l.Model}] = r
		}
		if l.Cause != OtherPrice && l.Cause != Unknown && l.Cause != Equal || counted <= 0 || billed <= 0 {
			r.other = true
			continue
		}
		r.billed, r.counted, r.days = r.billed+billed, r.counted+counted, r.days+1
		r.least, r.most = min(r.least, billed/counted), max(r.most, billed/counted)
		r.first = min(r.first, l.Day)
	}
	return merge(byModel)
}

// constant reports whether the days agree on a ratio that is not 1.
func (r *ratios) constant() bool {
	return !r.other && r.days >= contractDays && r.most-r.least <= contractSpread*r.most && math.Abs(r.billed/r.counted-1) > tolerance
}

func (r *ratios) percent() string {
	return strconv.FormatFloat(math.Round((r.billed/r.counted-1)*1e4)/1e2, 'f', -1, 64)
}

// merge makes one contract of the models of a provider that have the same ratio.
func merge(byModel map[[2]string]*ratios) []Contract {
	var contracts []Contract
	models := map[string]int{} // that were called, by provider
	for _, id := range slices.SortedFunc(maps.Keys(byModel), func(x, y [2]string) int { return slices.Compare(x[:], y[:]) }) {
		models[id[0]]++
		r := byModel[id]
		if !r.constant() {
			continue
		}
		same := slices.IndexFunc(contracts, func(c Contract) bool { return c.Provider == id[0] && c.Percent == r.percent() })
		if same < 0 {
			contracts = append(contracts, Contract{Provider: id[0], Models: []string{id[1]}, Percent: r.percent(), Days: r.days, From: r.first})
			continue
		}
		c := &contracts[same]
		c.Models, c.Days, c.From = append(c.Models, id[1]), min(c.Days, r.days), min(c.From, r.first)
	}
	for i := range contracts {
		if len(contracts[i].Models) > 1 && len(contracts[i].Models) == models[contracts[i].Provider] {
			contracts[i].Models = nil
		}
	}
	return contracts
}
