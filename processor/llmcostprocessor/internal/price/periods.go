// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// periods reads the prices of a model, oldest first.
func (r *reader) periods(parent, node *yaml.Node, key string) []period {
	items := r.list(node, key)
	if len(items) == 0 {
		r.fail(parent, key, "at least one is needed")
	}
	periods := make([]period, 0, len(items))
	for i, item := range items {
		at := fmt.Sprintf("%s[%d]", key, i)
		p := r.period(item, at)
		if i > 0 && !p.from.After(periods[i-1].from) {
			r.fail(item, at+".valid_from", "must be later than that of the price before")
		}
		periods = append(periods, p)
	}
	return periods
}

func (r *reader) period(node *yaml.Node, key string) period {
	known := append([]string{"valid_from", "long_context", "hours", "fees", "source", "checked"}, rateKeys...)
	known = append(known, tierNames[Batch:tiers]...)
	fields := r.fields(node, key, known...)
	r.checked = time.Time{}
	var p period
	if _, fees := fields["fees"]; !fees || hasAny(fields, append(rateKeys, "long_context", "hours")) {
		p.tariffs[Standard] = r.tariff(node, fields, key)
	}
	for tier := Batch; tier < tiers; tier++ {
		if node, ok := fields[tier.String()]; ok {
			at := key + "." + tier.String()
			p.tariffs[tier] = r.tariff(node, r.fields(node, at, append([]string{"long_context"}, rateKeys...)...), at)
		}
	}
	for i, node := range r.list(fields["hours"], key+".hours") {
		p.hours = append(p.hours, r.hours(node, fmt.Sprintf("%s.hours[%d]", key, i)))
	}
	p.completeTiers()
	if node, ok := fields["fees"]; ok {
		p.fees, p.variants = r.fees(node, key+".fees")
	}
	if from, ok := fields["valid_from"]; ok {
		p.from = r.date(from, key+".valid_from")
	}
	if checked, ok := fields["checked"]; ok {
		r.checked = r.date(checked, key+".checked")
	}
	if source, ok := fields["source"]; ok {
		r.source = r.text(source, key+".source")
	}
	return p
}

func hasAny(fields map[string]*yaml.Node, keys []string) bool {
	return slices.ContainsFunc(keys, func(key string) bool { return fields[key] != nil })
}

// weekdays are the days of files, from Monday as the first.
var weekdays = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// hours reads {days: [mon, tue], from: "01:00", to: "04:00"} and prices. Times are UTC.
func (r *reader) hours(node *yaml.Node, key string) hours {
	fields := r.fields(node, key, append([]string{"days", "from", "to", "long_context"}, rateKeys...)...)
	h := hours{tariff: r.tariff(node, fields, key)}
	for i, day := range r.list(fields["days"], key+".days") {
		n := slices.Index(weekdays, strings.ToLower(r.text(day, fmt.Sprintf("%s.days[%d]", key, i))))
		if n < 0 {
			r.fail(day, fmt.Sprintf("%s.days[%d]", key, i), "%q is none of %s", day.Value, strings.Join(weekdays, ", "))
			continue
		}
		h.days |= 1 << ((n + 1) % 7) // time.Sunday is 0
	}
	for name, to := range map[string]*int{"from": &h.from, "to": &h.to} {
		of, ok := fields[name]
		if !ok {
			r.fail(node, key+"."+name, "is missing")
			continue
		}
		minute, ok := minuteOf(strings.Replace(r.text(of, key+"."+name), ":", "", 1))
		if !ok {
			r.fail(of, key+"."+name, "%q is not a time of day in UTC, such as \"16:30\"", of.Value)
		}
		*to = minute
	}
	if h.from >= h.to {
		r.fail(node, key+".to", "must be later than from, at most \"24:00\": hours that pass midnight are two")
	}
	return h
}

func (r *reader) tariff(node *yaml.Node, fields map[string]*yaml.Node, key string) *tariff {
	t := &tariff{}
	t.rates, t.own = r.rates(node, fields, key)
	long, ok := fields["long_context"]
	if !ok {
		return t
	}
	steps := []*yaml.Node{long}
	if long.Kind == yaml.SequenceNode {
		steps = long.Content
	}
	for i, node := range steps {
		at := key + ".long_context"
		if long.Kind == yaml.SequenceNode {
			at = fmt.Sprintf("%s[%d]", at, i)
		}
		s := r.step(node, at)
		if n := len(t.steps); n > 0 && s.above <= t.steps[n-1].above {
			r.fail(node, at+".above", "must be more than that of the step before")
		}
		t.steps = append(t.steps, s)
	}
	return t
}

func (r *reader) step(node *yaml.Node, key string) step {
	fields := r.fields(node, key, append([]string{"above"}, rateKeys...)...)
	above, ok := fields["above"]
	if !ok {
		r.fail(node, key+".above", "is missing")
		return step{}
	}
	var tokens int64
	if err := above.Decode(&tokens); err != nil || tokens <= 0 {
		r.fail(above, key+".above", "%q is not a number of tokens above zero", above.Value)
	}
	s := step{above: tokens}
	s.rates, s.own = r.rates(node, fields, key)
	return s
}

// rates reads the prices per million tokens.
func (r *reader) rates(parent *yaml.Node, fields map[string]*yaml.Node, key string) (rates, usage.Set) {
	var out rates
	var own usage.Set
	for _, kind := range tokenKinds {
		name := kind.Info().Price
		if node, ok := fields[name]; ok {
			out[kind] = r.rate(node, key+"."+name)
			own.Add(kind)
		}
	}
	for _, kind := range lacking(own) {
		r.fail(parent, key+"."+kind.Info().Price, "is missing; a free one is written \"0\"")
	}
	out.fill(own)
	return out, own
}

func (r *reader) fees(node *yaml.Node, key string) (rates, []variantFee) {
	var out rates
	var variants []variantFee
	known := slices.Clone(feeKeys)
	if node.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(node.Content); i += 2 {
			name := node.Content[i]
			if !strings.Contains(name.Value, "/") {
				continue
			}
			known = append(known, name.Value)
			kind, of, err := parseVariant(name.Value)
			if err != nil {
				r.fail(name, key+"."+name.Value, "%v", err)
			}
			variants = append(variants, variantFee{kind, of, r.fee(node.Content[i+1], key+"."+name.Value)})
		}
	}
	fields := r.fields(node, key, known...)
	for _, kind := range feeKinds {
		name := kind.Info().Price
		if node, ok := fields[name]; ok {
			out[kind] = r.fee(node, key+"."+name)
		}
	}
	return out, variants
}

func (r *reader) fee(node *yaml.Node, key string) money.Pico {
	amount, err := parseFee(r.text(node, key))
	if err != nil {
		r.fail(node, key, "%v", err)
	}
	return amount
}

func (r *reader) rate(node *yaml.Node, key string) money.Pico {
	rate, err := parseRate(r.text(node, key))
	if err != nil {
		r.fail(node, key, "%v", err)
	}
	return rate
}
