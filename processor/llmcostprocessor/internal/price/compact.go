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

// parseCompact reads the generated table.
func parseCompact(content string) (document, error) {
	var doc document
	var sources []string
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
		model, err := compactModel(line, sources)
		if err != nil {
			return document{}, fmt.Errorf("line %d: %w", number, err)
		}
		doc.models = append(doc.models, model)
	}
	return doc, nil
}

func compactModel(line string, sources []string) (*Model, error) {
	columns := strings.Split(line, "\t")
	if len(columns) < 5 {
		return nil, fmt.Errorf("%d columns, 5 are the least", len(columns))
	}
	source, err := strconv.Atoi(columns[3])
	if err != nil || source < 0 || source >= len(sources) {
		return nil, fmt.Errorf("source %q is unknown", columns[3])
	}
	label, all, labelled := strings.Cut(columns[1], "=")
	if !labelled {
		all = label
	}
	names := strings.Split(all, "|")
	if !labelled {
		label = names[0]
	}
	m := &Model{
		Name: label, Provider: columns[0], names: names,
		hostOnly: columns[2] == "h",
		source:   sources[source],
		periods:  make([]period, 0, len(columns)-4),
	}
	for _, column := range columns[4:] {
		p, err := compactPeriod(column)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.Name, err)
		}
		if n := len(m.periods); n > 0 && !p.from.After(m.periods[n-1].from) {
			return nil, fmt.Errorf("%s: prices are not in the order of their days", m.Name)
		}
		m.periods = append(m.periods, p)
	}
	return m, nil
}

func compactPeriod(text string) (period, error) {
	var p period
	var err error
	for part := range strings.SplitSeq(text, ";") {
		name, value, named := strings.Cut(part, ":")
		switch {
		case named && name == "fee":
			err = compactFees(value, &p.fees)
		case named && TierOf(name) != Standard:
			p.tariffs[TierOf(name)], err = compactTariff(value)
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
	if p.tariffs[Standard] == nil {
		return period{}, fmt.Errorf("%q has no standard prices", text)
	}
	p.discounted()
	return p, nil
}

func compactTariff(text string) (*tariff, error) {
	base, rest, more := strings.Cut(text, ">")
	var t tariff
	var err error
	if t.rates, err = compactRates(base); err != nil {
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
		if s.rates, err = compactRates(values); err != nil {
			return nil, err
		}
		t.steps = append(t.steps, s)
	}
	return &t, nil
}

func compactRates(text string) (rates, error) {
	var r rates
	var given usage.Set
	for pair := range strings.SplitSeq(text, ",") {
		short, value, _ := strings.Cut(pair, "=")
		kind, known := compactKinds[short]
		if !known {
			return rates{}, fmt.Errorf("price %q is unknown", short)
		}
		rate, err := parseRate(value)
		if err != nil {
			return rates{}, err
		}
		r[kind] = rate
		given.Add(kind)
	}
	for _, kind := range tokenKinds {
		if required(kind) && !given.Has(kind) {
			return rates{}, fmt.Errorf("%q has no price of %s", text, kind)
		}
	}
	r.fill(given)
	return r, nil
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

func compactFees(text string, f *rates) error {
	for pair := range strings.SplitSeq(text, ",") {
		key, value, _ := strings.Cut(pair, "=")
		fee, err := parseFee(value)
		if err != nil {
			return err
		}
		kind, known := usage.Priced(key)
		if !known || kind.Info().Unit == usage.Token {
			return fmt.Errorf("fee %q is unknown", key)
		}
		f[kind] = fee
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
