// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price/source"
)

// compact writes the table: a line for each model, columns between tabs.
//
//	seller
//	names between "|"; the first is canonical; LABEL=NAME where people know the model by another
//	flags between ",": "h" where only telemetry that names the seller means it, and
//	    REGION*FACTOR for what a region costs more
//	the number of the source
//	prices, oldest first: [DATE;]TARIFF[;TARIFF…]
//
// A TARIFF is [TIER:]RATES[>TOKENS RATES]…, in dollars per million tokens; one at
// some hours is @[DAYS ]FROM-TO:RATES, with days from 1 for Monday and times in UTC;
// fees are a tariff "fee:", in dollars each.
func compact(models []*source.Model, day, data string) []byte {
	numbers := map[string]int{}
	for _, m := range models {
		numbers[m.Source] = 0
	}
	sources := slices.Sorted(maps.Keys(numbers))
	var out bytes.Buffer
	fmt.Fprintf(&out, "#version\t%s\n#data\t%s; made by generate/main.go\n", day, data)
	for i, text := range sources {
		numbers[text] = i
		fmt.Fprintf(&out, "#source\t%s\n", strings.ReplaceAll(text, "\t", " "))
	}
	for _, m := range models {
		names := strings.Join(m.Names, "|")
		if l := label(m); l != m.Name() {
			names = l + "=" + names
		}
		columns := []string{m.Seller, names, flags(m), strconv.Itoa(numbers[m.Source])}
		for i := range m.Prices {
			columns = append(columns, periodText(&m.Prices[i]))
		}
		out.WriteString(strings.Join(columns, "\t") + "\n")
	}
	return out.Bytes()
}

func flags(m *source.Model) string {
	var flags []string
	if hostOnly(m) {
		flags = append(flags, "h")
	}
	for _, region := range slices.Sorted(maps.Keys(m.Uplifts)) {
		flags = append(flags, region+"*"+source.Decimal(m.Uplifts[region]))
	}
	return strings.Join(flags, ",")
}

func periodText(p *source.Price) string {
	var parts []string
	if !p.From.IsZero() {
		parts = append(parts, p.From.Format(time.DateOnly))
	}
	for _, tier := range source.Tiers {
		if tariff, ok := p.Tiers[tier]; ok {
			prefix := tier + ":"
			if tier == source.Standard {
				prefix = ""
			}
			parts = append(parts, prefix+tariffText(tariff))
		}
	}
	for _, h := range p.Hours {
		var days []byte
		for _, day := range h.Days {
			days = strconv.AppendInt(days, int64(day), 10)
		}
		if len(days) > 0 {
			days = append(days, ' ')
		}
		parts = append(parts, fmt.Sprintf("@%s%02d%02d-%02d%02d:%s", days, h.From/60, h.From%60, h.To/60, h.To%60, tariffText(h.Tariff)))
	}
	if len(p.Fees) > 0 {
		var fees []string
		for _, key := range slices.Sorted(maps.Keys(p.Fees)) {
			fees = append(fees, key+"="+source.Fee(p.Fees[key]))
		}
		parts = append(parts, "fee:"+strings.Join(fees, ","))
	}
	return strings.Join(parts, ";")
}

func tariffText(t source.Tariff) string {
	text := []string{ratesText(t.Rates)}
	last := t.Rates
	for _, above := range slices.Sorted(maps.Keys(t.Steps)) {
		// A step has what differs from the one before it.
		merged := maps.Clone(last)
		maps.Copy(merged, t.Steps[above])
		text = append(text, fmt.Sprintf("%d %s", above, ratesText(merged)))
		last = merged
	}
	return strings.Join(text, ">")
}

// short are the names of the most frequent keys.
var short = map[string]string{
	"input": "i", "output": "o", "cache_read": "cr", "cache_write": "cw", "cache_write_1h": "cw1",
	"audio_input": "ai", "audio_output": "ao", "image_input": "ii", "image_output": "io", "reasoning": "re",
}

func ratesText(rates source.Rates) string {
	var parts []string
	for _, key := range slices.SortedFunc(maps.Keys(rates), byWeight) {
		name := key
		if s := short[key]; s != "" {
			name = s
		}
		parts = append(parts, name+"="+source.Decimal(rates[key]))
	}
	return strings.Join(parts, ",")
}

// order is that of the keys in a line.
var order = []string{"input", "output", "cache_read", "cache_write", "cache_write_1h", "cache_write_long", "audio_input", "cached_audio", "audio_output", "image_input", "image_output", "video_input", "video_output", "reasoning"}

func byWeight(a, b string) int { return slices.Index(order, a) - slices.Index(order, b) }
