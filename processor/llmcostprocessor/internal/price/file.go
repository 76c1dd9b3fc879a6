// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// maxNameLength bounds names in files and lookups, in bytes.
const maxNameLength = 256

// document is a price file after it has been checked.
type document struct {
	version string
	models  []*Model
	aliases []alias
	// adjustments are those of discounts and of adjustments, in the order of the file.
	adjustments []adjustment
	free        []string // providers
	// exchange are rates by currency, ascending.
	exchange map[string][]exchangeRate
}

// date is that of the version of the built-in files, which is a day.
func (d document) date() time.Time {
	date, _ := time.Parse(time.DateOnly, d.version)
	return date
}

// alias is a name that stands for a model of the tables below.
type alias struct {
	provider, name, model string
	where                 string // in its file, for errors
}

// parse reads a price file. The error holds all that is wrong with it.
func parse(file string, content []byte) (document, error) {
	r := &reader{file: file}
	var doc document
	if root := r.root(content); root != nil {
		doc = r.document(root)
	}
	if len(r.errs) > 0 {
		return document{}, errors.Join(r.errs...)
	}
	return doc, nil
}

func (r *reader) document(root *yaml.Node) document {
	var doc document
	seen := map[string]string{}
	fields := r.fields(root, "", "version", "currency", "models", "aliases", "discounts", "adjustments", "free_providers", "exchange_rates")
	if node, ok := fields["version"]; ok {
		doc.version = r.text(node, "version")
	}
	currency := ""
	if node, ok := fields["currency"]; ok {
		currency = r.currency(node, "currency")
	}
	content := []string{"models", "aliases", "discounts", "adjustments", "free_providers", "exchange_rates"}
	if !slices.ContainsFunc(content, func(key string) bool { return fields[key] != nil }) {
		r.fail(root, "models", "is missing, and so are aliases, discounts, adjustments, free_providers and exchange_rates")
	}
	doc.exchange = r.exchange(fields["exchange_rates"], "exchange_rates")
	for i, node := range r.list(fields["models"], "models") {
		model := r.model(node, fmt.Sprintf("models[%d]", i))
		if model == nil {
			continue
		}
		model.currency = currency
		doc.models = append(doc.models, model)
		r.unique(node, model, fmt.Sprintf("models[%d]", i), seen)
	}
	doc.models = append(vertexToo(doc.models), doc.models...)
	for i, node := range r.list(fields["aliases"], "aliases") {
		doc.aliases = append(doc.aliases, r.alias(node, fmt.Sprintf("aliases[%d]", i)))
	}
	for i, node := range r.list(fields["discounts"], "discounts") {
		doc.adjustments = append(doc.adjustments, r.discount(node, fmt.Sprintf("discounts[%d]", i)))
	}
	for i, node := range r.list(fields["adjustments"], "adjustments") {
		doc.adjustments = append(doc.adjustments, r.adjustment(node, fmt.Sprintf("adjustments[%d]", i)))
	}
	for i, node := range r.list(fields["free_providers"], "free_providers") {
		doc.free = append(doc.free, sellerNamed(r.name(node, node, fmt.Sprintf("free_providers[%d]", i))))
	}
	return doc
}

// sellerNamed is the identifier of a seller, however a file writes it.
func sellerNamed(name string) string {
	id, _ := SellerOf(name)
	return id
}

// vertexToo are the models of the provider google as Vertex sells them: earlier
// releases had one provider for both, and files that use it keep their meaning. A
// file's own entries for vertex override them.
func vertexToo(models []*Model) []*Model {
	var out []*Model
	for _, m := range models {
		if m.Provider == Google {
			vertex := *m
			vertex.Provider, vertex.hostOnly = Vertex, true
			out = append(out, &vertex)
		}
	}
	return out
}

func (r *reader) alias(node *yaml.Node, key string) alias {
	fields := r.fields(node, key, "name", "provider", "model")
	a := alias{
		name:  strings.ToLower(r.name(node, fields["name"], key+".name")),
		model: strings.ToLower(r.name(node, fields["model"], key+".model")),
		where: fmt.Sprintf("%s:%d: %s", r.file, node.Line, key),
	}
	if provider, ok := fields["provider"]; ok {
		a.provider = sellerNamed(r.name(provider, provider, key+".provider"))
	}
	return a
}

// unique checks that within one file a name means one model of a provider.
func (r *reader) unique(node *yaml.Node, model *Model, key string, seen map[string]string) {
	for _, name := range model.names {
		id := qualify(model.Provider, name)
		if first, taken := seen[id]; taken {
			r.fail(node, key, "%q already means %s", name, first)
			continue
		}
		seen[id] = key
	}
}

func (r *reader) model(node *yaml.Node, key string) *Model {
	before := len(r.errs)
	fields := r.fields(node, key, "name", "provider", "aliases", "host_only", "regions", "prices")
	if named, ok := fields["name"]; ok && named.Kind == yaml.ScalarNode && named.Value != "" {
		key += " (" + named.Value + ")" // what a person looks for
	}
	var m Model
	m.Name = r.name(node, fields["name"], key+".name")
	if provider, ok := fields["provider"]; ok {
		m.Provider = sellerNamed(r.name(provider, provider, key+".provider"))
	}
	m.names = append(m.names, strings.ToLower(m.Name))
	for i, alias := range r.list(fields["aliases"], key+".aliases") {
		m.names = append(m.names, strings.ToLower(r.name(alias, alias, fmt.Sprintf("%s.aliases[%d]", key, i))))
	}
	if hostOnly, ok := fields["host_only"]; ok {
		m.hostOnly = r.flag(hostOnly, key+".host_only")
		if m.hostOnly && m.Provider == "" {
			r.fail(hostOnly, key+".host_only", "needs a provider")
		}
	}
	if regions, ok := fields["regions"]; ok {
		m.uplifts = r.regions(regions, key+".regions")
	}
	m.source = r.file
	m.prices = newSchedule(r.periods(node, fields["prices"], key+".prices")...)
	if r.source != "" {
		m.source, r.source = r.source, ""
	}
	m.checked, r.checked = r.checked, time.Time{}
	if len(r.errs) > before {
		return nil
	}
	return &m
}

// regions reads what prices are multiplied by where a region is asked for: {eu: "1.1"}.
func (r *reader) regions(node *yaml.Node, key string) map[string]money.Pico {
	if node.Kind != yaml.MappingNode {
		r.fail(node, key, "is not a mapping of regions to factors")
		return nil
	}
	factors := map[string]money.Pico{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		region, value := strings.ToLower(node.Content[i].Value), node.Content[i+1]
		factor, err := parseRate(r.text(value, key+"."+region))
		if err != nil || factor == 0 || factor > 100*million {
			r.fail(value, key+"."+region, "%q is not a factor of up to 100, such as \"1.1\"", value.Value)
		}
		factors[region] = factor
	}
	return factors
}
