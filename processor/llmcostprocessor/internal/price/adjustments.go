// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// adjustment multiplies prices of the tables below: a discount, a surcharge, a contract.
type adjustment struct {
	provider string
	models   []string   // in lower case; empty: all of the provider
	factor   money.Pico // in millionths
	from     time.Time
	until    time.Time // the day after the last; zero: no end
	regions  []string  // the only ones that it applies to; empty: all
	tiers    []Tier    // the only ones that it applies to; empty: all
	// conditions are the values of dimensions that calls must have.
	conditions []Condition
	where      string // in its file, for errors
}

func (r *reader) discount(node *yaml.Node, key string) adjustment {
	fields := r.fields(node, key, "provider", "models", "percent", "valid_from")
	d := r.readAdjustment(node, fields, key)
	off, ok := r.percent(node, fields, key)
	if ok && (off < 0 || off > million) {
		r.fail(fields["percent"], key+".percent", "%q is not a number of 0 to 100 with at most four decimals", fields["percent"].Value)
	}
	d.factor = money.Pico(million - off)
	return d
}

// adjustment reads a percentage up or down, and what it holds for.
func (r *reader) adjustment(node *yaml.Node, key string) adjustment {
	fields := r.fields(node, key, "provider", "models", "regions", "tiers", "dimensions", "percent", "valid_from", "valid_until")
	a := r.readAdjustment(node, fields, key)
	a.where = fmt.Sprintf("%s:%d: %s", r.file, node.Line, key)
	if dimensions, ok := fields["dimensions"]; ok {
		a.conditions = r.conditions(dimensions, key+".dimensions")
	}
	percent, ok := r.percent(node, fields, key)
	if ok && (percent < -million || percent > 9*million) {
		r.fail(fields["percent"], key+".percent", "%q is not a number of -100 to 900 with at most four decimals", fields["percent"].Value)
	}
	a.factor = money.Pico(million + percent)
	if until, ok := fields["valid_until"]; ok {
		a.until = r.date(until, key+".valid_until").AddDate(0, 0, 1)
		if !a.until.After(a.from) {
			r.fail(until, key+".valid_until", "must not be before valid_from")
		}
	}
	for i, region := range r.list(fields["regions"], key+".regions") {
		a.regions = append(a.regions, strings.ToLower(r.name(region, region, fmt.Sprintf("%s.regions[%d]", key, i))))
	}
	for i, node := range r.list(fields["tiers"], key+".tiers") {
		name := r.text(node, fmt.Sprintf("%s.tiers[%d]", key, i))
		tier := slices.Index(tierNames[:tiers], name)
		if tier < 0 {
			r.fail(node, fmt.Sprintf("%s.tiers[%d]", key, i), "%q is none of %s", name, strings.Join(tierNames[:tiers], ", "))
			continue
		}
		a.tiers = append(a.tiers, Tier(tier))
	}
	if len(a.regions) > 0 && (len(a.tiers) > 0 || fields["valid_from"] != nil || fields["valid_until"] != nil) {
		r.fail(node, key+".regions", "cannot be with tiers, valid_from or valid_until")
	}
	if len(a.regions) > 0 && len(a.conditions) > 0 {
		r.fail(node, key+".regions", "cannot be with dimensions")
	}
	return a
}

// conditions reads values of dimensions: {team: research}.
func (r *reader) conditions(node *yaml.Node, key string) []Condition {
	if node.Kind != yaml.MappingNode || len(node.Content) == 0 {
		r.fail(node, key, "is not a mapping of dimensions to their values, such as {team: research}")
		return nil
	}
	var conditions []Condition
	for i := 0; i+1 < len(node.Content); i += 2 {
		name := r.name(node.Content[i], node.Content[i], key)
		if slices.ContainsFunc(conditions, func(c Condition) bool { return c.Dimension == name }) {
			r.fail(node.Content[i], key+"."+name, "comes twice")
		}
		conditions = append(conditions, Condition{name, r.name(node, node.Content[i+1], key+"."+name)})
	}
	return conditions
}

// readAdjustment reads whose prices are changed, and from when on.
func (r *reader) readAdjustment(node *yaml.Node, fields map[string]*yaml.Node, key string) adjustment {
	var a adjustment
	if fields["provider"] != nil || fields["dimensions"] == nil { // those of dimensions may be for all providers
		a.provider = sellerNamed(r.name(node, fields["provider"], key+".provider"))
	}
	for i, model := range r.list(fields["models"], key+".models") {
		a.models = append(a.models, strings.ToLower(r.name(model, model, fmt.Sprintf("%s.models[%d]", key, i))))
	}
	if from, ok := fields["valid_from"]; ok {
		a.from = r.date(from, key+".valid_from")
	}
	return a
}

// percent reads a percentage in millionths of the whole.
func (r *reader) percent(node *yaml.Node, fields map[string]*yaml.Node, key string) (int64, bool) {
	percent, ok := fields["percent"]
	if !ok {
		r.fail(node, key+".percent", "is missing")
		return 0, false
	}
	text := r.text(percent, key+".percent")
	digits, negative := strings.CutPrefix(text, "-")
	rate, err := parseRate(strings.TrimPrefix(digits, "+"))
	if err != nil || rate%100 != 0 {
		r.fail(percent, key+".percent", "%q is not a number of percent with at most four decimals", percent.Value)
		return 0, false
	}
	if negative {
		return -int64(rate) / 100, true
	}
	return int64(rate) / 100, true
}
