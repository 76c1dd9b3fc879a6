// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// weekdays are those of price files.
var weekdays = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// Write writes models as a price file.
func Write(out io.Writer, version string, models []Model) error {
	var file strings.Builder
	fmt.Fprintf(&file, "version: %s\nmodels:\n", strconv.Quote(version))
	for i := range models {
		models[i].write(&file)
	}
	_, err := io.WriteString(out, file.String())
	return err
}

func (m *Model) write(file *strings.Builder) {
	provider := m.Seller
	if provider == "google" && !m.OfGoogle() {
		provider = "vertex"
	}
	fmt.Fprintf(file, "  - name: %s\n    provider: %s\n", strconv.Quote(m.Name()), strconv.Quote(provider))
	if len(m.Names) > 1 {
		quoted := make([]string, 0, len(m.Names)-1)
		for _, name := range m.Names[1:] {
			quoted = append(quoted, strconv.Quote(name))
		}
		fmt.Fprintf(file, "    aliases: [%s]\n", strings.Join(quoted, ", "))
	}
	file.WriteString("    host_only: true\n")
	if len(m.Uplifts) > 0 {
		var factors []string
		for _, region := range slices.Sorted(maps.Keys(m.Uplifts)) {
			factors = append(factors, region+": "+strconv.Quote(Decimal(m.Uplifts[region])))
		}
		fmt.Fprintf(file, "    regions: {%s}\n", strings.Join(factors, ", "))
	}
	file.WriteString("    prices:\n")
	for i := range m.Prices {
		m.Prices[i].write(file, m.Source)
	}
}

func (p *Price) write(file *strings.Builder, page string) {
	fmt.Fprintf(file, "      - source: %s\n", strconv.Quote(page))
	if !p.From.IsZero() {
		fmt.Fprintf(file, "        valid_from: %s\n", p.From.Format(time.DateOnly))
	}
	for _, tier := range Tiers {
		tariff, ok := p.Tiers[tier]
		switch {
		case !ok:
		case tier == Standard:
			for _, pair := range tariff.pairs() {
				fmt.Fprintf(file, "        %s\n", pair)
			}
		default:
			fmt.Fprintf(file, "        %s: {%s}\n", tier, strings.Join(tariff.pairs(), ", "))
		}
	}
	if len(p.Hours) > 0 {
		file.WriteString("        hours:\n")
		for _, h := range p.Hours {
			pairs := []string{fmt.Sprintf(`from: "%02d:%02d"`, h.From/60, h.From%60), fmt.Sprintf(`to: "%02d:%02d"`, h.To/60, h.To%60)}
			if len(h.Days) > 0 {
				var days []string
				for _, day := range h.Days {
					days = append(days, weekdays[day-1])
				}
				pairs = append(pairs, "days: ["+strings.Join(days, ", ")+"]")
			}
			fmt.Fprintf(file, "          - {%s}\n", strings.Join(append(pairs, h.Tariff.pairs()...), ", "))
		}
	}
	if len(p.Fees) > 0 {
		var fees []string
		for _, key := range slices.Sorted(maps.Keys(p.Fees)) {
			fees = append(fees, key+": "+strconv.Quote(Fee(p.Fees[key])))
		}
		fmt.Fprintf(file, "        fees: {%s}\n", strings.Join(fees, ", "))
	}
}

// pairs are the keys and prices of a tariff. A step has what differs from the one
// before it, and is written as a whole.
func (t *Tariff) pairs() []string {
	pairs := t.Rates.pairs()
	var steps []string
	last := t.Rates
	for _, above := range slices.Sorted(maps.Keys(t.Steps)) {
		merged := maps.Clone(last)
		maps.Copy(merged, t.Steps[above])
		steps = append(steps, fmt.Sprintf("{above: %d, %s}", above, strings.Join(merged.pairs(), ", ")))
		last = merged
	}
	if len(steps) > 0 {
		pairs = append(pairs, "long_context: ["+strings.Join(steps, ", ")+"]")
	}
	return pairs
}

func (r Rates) pairs() []string {
	pairs := make([]string, 0, len(r))
	for _, key := range slices.Sorted(maps.Keys(r)) {
		pairs = append(pairs, key+": "+strconv.Quote(Decimal(r[key])))
	}
	return pairs
}
