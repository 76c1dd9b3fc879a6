// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
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

// reader walks a price file, and collects everything that is wrong with it. It
// reads the syntax tree itself, so that an error can name the key and the line
// where a decoder into structs would name a Go type and stop.
type reader struct {
	file    string
	errs    []error
	source  string    // of the price that was read last
	checked time.Time // of the price that was read last
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

func (r *reader) root(content []byte) *yaml.Node {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	var doc yaml.Node
	if err := decoder.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("the file is empty")
		}
		r.errs = append(r.errs, fmt.Errorf("%s: %w", r.file, err))
		return nil
	}
	var second yaml.Node
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		r.errs = append(r.errs, fmt.Errorf("%s: more than one YAML document", r.file))
		return nil
	}
	return doc.Content[0]
}

func (r *reader) fail(node *yaml.Node, key, format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf("%s:%d: %s: %s", r.file, node.Line, key, fmt.Sprintf(format, args...)))
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

func (r *reader) discount(node *yaml.Node, key string) adjustment {
	fields := r.fields(node, key, "provider", "models", "percent", "valid_from")
	d := r.adjusted(node, fields, key)
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
	a := r.adjusted(node, fields, key)
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

// adjusted reads whose prices are changed, and from when on.
func (r *reader) adjusted(node *yaml.Node, fields map[string]*yaml.Node, key string) adjustment {
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

// unique checks that within one file a name means one model of a provider.
func (r *reader) unique(node *yaml.Node, model *Model, key string, seen map[string]string) {
	for _, name := range model.names {
		id := qualified(model.Provider, name)
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
	m.prices = scheduled(r.periods(node, fields["prices"], key+".prices")...)
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
	p.discounted()
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

func (r *reader) date(node *yaml.Node, key string) time.Time {
	date, err := time.Parse(time.DateOnly, r.text(node, key))
	if err != nil {
		r.fail(node, key, "%q is not a date such as 2024-10-02", node.Value)
	}
	return date
}

func (r *reader) flag(node *yaml.Node, key string) bool {
	var value bool
	if err := node.Decode(&value); err != nil {
		r.fail(node, key, "is not true or false")
	}
	return value
}

func (r *reader) name(parent, node *yaml.Node, key string) string {
	if node == nil {
		r.fail(parent, key, "is missing")
		return ""
	}
	name := strings.TrimSpace(r.text(node, key))
	if name == "" || len(name) > maxNameLength {
		r.fail(node, key, "must have 1 to %d bytes", maxNameLength)
	}
	return name
}

func (r *reader) text(node *yaml.Node, key string) string {
	if node.Kind != yaml.ScalarNode {
		r.fail(node, key, "is not a single value")
		return ""
	}
	return node.Value
}

func (r *reader) list(node *yaml.Node, key string) []*yaml.Node {
	if node == nil {
		return nil
	}
	if node.Kind != yaml.SequenceNode {
		r.fail(node, key, "is not a list")
		return nil
	}
	return node.Content
}

// fields returns the values of a mapping by key. Keys that are unknown or come
// twice are errors, since a misspelt key would otherwise change a price.
func (r *reader) fields(node *yaml.Node, key string, known ...string) map[string]*yaml.Node {
	fields := map[string]*yaml.Node{}
	if node.Kind != yaml.MappingNode {
		if key == "" {
			key = "the file"
		}
		r.fail(node, key, "is not a mapping of %s", strings.Join(known, ", "))
		return fields
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, value := node.Content[i], node.Content[i+1]
		path := strings.TrimPrefix(key+"."+name.Value, ".")
		if !slices.Contains(known, name.Value) {
			r.fail(name, path, "is unknown; known are %s", strings.Join(known, ", "))
			continue
		}
		if _, twice := fields[name.Value]; twice {
			r.fail(name, path, "comes twice")
			continue
		}
		fields[name.Value] = value
	}
	return fields
}
