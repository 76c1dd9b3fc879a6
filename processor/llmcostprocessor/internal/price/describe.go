// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// Source is the page or file that the newest price is from.
func (m *Model) Source() string { return m.source }

// Names are the names that mean the model, the first being that of its entry.
func (m *Model) Names() []string { return m.names }

// Describe returns the prices at that time, a line each as price files write
// them: the key, and dollars per million tokens or, of fees, dollars. What is not
// priced by itself (cached reads as input, say) has no line. It is empty
// when no price was valid then.
func (m *Model) Describe(at time.Time) []string {
	p := m.period(at)
	if p == nil {
		return nil
	}
	var lines []string
	if !p.from.IsZero() {
		lines = append(lines, "valid_from: "+p.from.Format(time.DateOnly))
	}
	for tier, t := range p.tariffs {
		if t == nil {
			continue
		}
		prefix := ""
		if Tier(tier) != Standard {
			prefix = Tier(tier).String() + "."
		}
		lines = append(lines, t.rates.describe(prefix)...)
		for _, s := range t.steps {
			lines = append(lines, s.rates.describe(fmt.Sprintf("%slong_context above %d.", prefix, s.above))...)
		}
	}
	for _, kind := range feeKinds {
		if fee := p.fees[kind]; fee != 0 {
			lines = append(lines, "fees."+kind.Info().Price+": "+decimal(fee, money.PerDollar))
		}
	}
	return lines
}

func (r *rates) describe(prefix string) []string {
	var lines []string
	for _, kind := range tokenKinds {
		if from := kind.Info().PriceFrom; from == usage.None || r[kind] != r[from] {
			lines = append(lines, prefix+kind.Info().Price+": "+decimal(r[kind], oneDollarPerMillion))
		}
	}
	return lines
}

// decimal writes an amount in units of dollars, in as many decimals as it has.
func decimal(amount money.Pico, unit int64) string {
	width := len(strconv.FormatInt(unit, 10)) - 1
	fraction := strings.TrimRight(fmt.Sprintf("%0*d", width, int64(amount)%unit), "0")
	text := strconv.FormatInt(int64(amount)/unit, 10)
	if fraction == "" {
		return text
	}
	return text + "." + fraction
}
