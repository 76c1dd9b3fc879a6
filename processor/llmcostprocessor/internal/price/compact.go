// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// modelsTSV is what generate/generate.py makes, which describes the format: it
// is read in a fraction of the time that YAML takes.
//
//go:embed models.tsv
var modelsTSV string

// parseCompact reads the generated table, but for the prices, which are read when they are
// asked for.
func parseCompact(content string) (document, error) {
	var doc document
	var sources []string
	lines := strings.Count(content, "\n") + 1
	models, schedules := make([]Model, 0, lines), make([]schedule, 0, lines)
	number := 0
	for line := range strings.Lines(content) {
		number++
		line = strings.TrimSuffix(line, "\n")
		if comment, ok := strings.CutPrefix(line, "#"); ok {
			key, value, _ := strings.Cut(comment, "\t")
			switch key {
			case "version":
				doc.version = value
			case "source":
				sources = append(sources, value)
			}
			continue
		}
		model, prices, err := compactModel(line, sources)
		if err != nil {
			return document{}, fmt.Errorf("line %d: %w", number, err)
		}
		schedules = append(schedules, schedule{text: prices})
		model.prices = &schedules[len(schedules)-1]
		models = append(models, model)
		doc.models = append(doc.models, &models[len(models)-1])
	}
	return doc, nil
}

// compactModel reads a line up to its prices.
func compactModel(line string, sources []string) (m Model, prices string, err error) {
	columns := strings.SplitN(line, "\t", 5)
	if len(columns) < 5 {
		return Model{}, "", fmt.Errorf("%d columns, 5 are the least", len(columns))
	}
	source, err := strconv.Atoi(columns[3])
	if err != nil || source < 0 || source >= len(sources) {
		return Model{}, "", fmt.Errorf("source %q is unknown", columns[3])
	}
	label, all, labelled := strings.Cut(columns[1], "=")
	if !labelled {
		all = label
	}
	names := strings.Split(all, "|")
	if !labelled {
		label = names[0]
	}
	m = Model{Name: label, Provider: columns[0], names: names, source: sources[source]}
	if err := m.compactFlags(columns[2]); err != nil {
		return Model{}, "", fmt.Errorf("%s: %w", m.Name, err)
	}
	return m, columns[4], nil
}

// compactFlags reads "h", and REGION*FACTOR for what a region costs more.
func (m *Model) compactFlags(text string) error {
	for flag := range strings.SplitSeq(text, ",") {
		region, factor, uplift := strings.Cut(flag, "*")
		switch {
		case flag == "":
		case flag == "h":
			m.hostOnly = true
		case uplift:
			rate, err := parseRate(factor) // millionths, as prices are
			if err != nil {
				return fmt.Errorf("flag %q: %w", flag, err)
			}
			if m.uplifts == nil {
				m.uplifts = map[string]money.Pico{}
			}
			m.uplifts[region] = rate
		default:
			return fmt.Errorf("flag %q is unknown", flag)
		}
	}
	return nil
}

func compactPeriod(text string) (period, error) {
	var p period
	var err error
	for part := range strings.SplitSeq(text, ";") {
		name, value, named := strings.Cut(part, ":")
		tier, known := tierNamed(name)
		switch {
		case named && name == "fee":
			err = compactFees(value, &p)
		case named && strings.HasPrefix(name, "@"):
			err = p.compactHours(name[1:], value)
		case named && known:
			p.tariffs[tier], err = compactTariff(value)
		case named:
			err = fmt.Errorf("tier %q is unknown", name)
		case !strings.Contains(part, "="):
			p.from, err = time.Parse(time.DateOnly, part)
		default:
			p.tariffs[Standard], err = compactTariff(part)
		}
		if err != nil {
			return period{}, err
		}
	}
	if p.tariffs[Standard] == nil && (p.fees == rates{} && len(p.variants) == 0 || p.tariffs != [tiers]*tariff{}) {
		return period{}, fmt.Errorf("%q has no standard prices", text)
	}
	p.completeTiers()
	return p, nil
}

// tierNamed returns the tier that files have under that name.
func tierNamed(name string) (Tier, bool) {
	for tier := Batch; tier < tiers; tier++ {
		if tierNames[tier] == name {
			return tier, true
		}
	}
	return Standard, false
}

// compactHours reads [DAYS ]HHMM-HHMM, and the prices of these hours.
func (p *period) compactHours(when, value string) error {
	var h hours
	if list, rest, ok := strings.Cut(when, " "); ok {
		for _, day := range list {
			if day < '1' || day > '7' {
				return fmt.Errorf("hours %q: days are 1 to 7", when)
			}
			h.days |= 1 << ((day - '0') % 7) // time.Sunday is 0
		}
		when = rest
	}
	from, to, _ := strings.Cut(when, "-")
	var ok1, ok2 bool
	h.from, ok1 = minuteOf(from)
	h.to, ok2 = minuteOf(to)
	if !ok1 || !ok2 || h.from >= h.to {
		return fmt.Errorf("hours %q are not a time of day", when)
	}
	var err error
	if h.tariff, err = compactTariff(value); err == nil {
		p.hours = append(p.hours, h)
	}
	return err
}

// minuteOf reads HHMM, which may be 2400.
func minuteOf(text string) (int, bool) {
	if len(text) != 4 || !digits(text) {
		return 0, false
	}
	n, _ := strconv.Atoi(text)
	hour, minute := n/100, n%100
	return hour*60 + minute, minute < 60 && hour*60+minute <= 24*60
}

func compactTariff(text string) (*tariff, error) {
	base, rest, more := strings.Cut(text, ">")
	var t tariff
	var err error
	if t.rates, t.own, err = compactRates(base); err != nil {
		return nil, err
	}
	for more {
		var part string
		part, rest, more = strings.Cut(rest, ">")
		threshold, values, _ := strings.Cut(part, " ")
		s := step{}
		if s.above, err = strconv.ParseInt(threshold, 10, 64); err != nil {
			return nil, err
		}
		if s.rates, s.own, err = compactRates(values); err != nil {
			return nil, err
		}
		t.steps = append(t.steps, s)
	}
	return &t, nil
}

func compactRates(text string) (rates, usage.Set, error) {
	var r rates
	var own usage.Set
	for pair := range strings.SplitSeq(text, ",") {
		short, value, _ := strings.Cut(pair, "=")
		kind, known := compactKinds[short]
		if !known {
			return rates{}, 0, fmt.Errorf("price %q is unknown", short)
		}
		rate, err := parseRate(value)
		if err != nil {
			return rates{}, 0, err
		}
		r[kind] = rate
		own.Add(kind)
	}
	if missing := lacking(own); len(missing) > 0 {
		return rates{}, 0, fmt.Errorf("%q has no price of %s", text, missing[0])
	}
	r.fill(own)
	return r, own, nil
}

// compactKinds are the kinds of tokens by their names in the generated table: a
// short one for those that are frequent, or the key of price files.
var compactKinds = func() map[string]usage.Kind {
	kinds := map[string]usage.Kind{
		"i": usage.Input, "cr": usage.CacheRead, "cw": usage.CacheWrite, "cw1": usage.CacheWrite1h,
		"ai": usage.AudioInput, "ii": usage.ImageInput,
		"o": usage.Output, "re": usage.Reasoning, "ao": usage.AudioOutput, "io": usage.ImageOutput,
	}
	for _, kind := range tokenKinds {
		kinds[kind.Info().Price] = kind
	}
	return kinds
}()

func compactFees(text string, p *period) error {
	for pair := range strings.SplitSeq(text, ",") {
		key, value, _ := strings.Cut(pair, "=")
		fee, err := parseFee(value)
		if err != nil {
			return err
		}
		if strings.Contains(key, "/") {
			kind, of, err := parseVariant(key)
			if err != nil {
				return fmt.Errorf("fee %q %w", key, err)
			}
			p.variants = append(p.variants, variantFee{kind, of, fee})
			continue
		}
		kind, known := usage.Priced(key)
		if !known || kind.Info().Unit == usage.Token {
			return fmt.Errorf("fee %q is unknown", key)
		}
		p.fees[kind] = fee
	}
	return nil
}

// parseFee reads an amount in dollars, such as 0.01, of at most 12 decimals.
func parseFee(text string) (money.Pico, error) {
	whole, fraction, point := strings.Cut(text, ".")
	fraction = strings.TrimRight(fraction, "0")
	if whole == "" || !digits(whole) || !digits(fraction) || len(fraction) > 12 || len(whole) > 4 || (point && text[len(text)-1] == '.') {
		return 0, fmt.Errorf("%q is not a decimal number of dollars, such as \"0.01\"", text)
	}
	n, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", 12-len(fraction)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not an amount of dollars: %w", text, err)
	}
	return money.Pico(n), nil
}
