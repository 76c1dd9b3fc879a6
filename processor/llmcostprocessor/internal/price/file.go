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

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// maxNameLength bounds names in files and look-ups, in bytes.
const maxNameLength = 256

// document is a price file after it has been checked.
type document struct {
	version string
	models  []*Model
}

// reader walks a price file, and collects everything that is wrong with it. It
// reads the syntax tree itself, so that an error can name the key and the line
// where a decoder into structs would name a Go type and stop.
type reader struct {
	file string
	errs []error
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
	fields := r.fields(root, "", "version", "models")
	if node, ok := fields["version"]; ok {
		doc.version = r.text(node, "version")
	}
	models, ok := fields["models"]
	if !ok {
		r.fail(root, "models", "is missing")
	}
	for i, node := range r.list(models, "models") {
		model := r.model(node, fmt.Sprintf("models[%d]", i))
		if model == nil {
			continue
		}
		doc.models = append(doc.models, model)
		r.unique(node, model, fmt.Sprintf("models[%d]", i), seen)
	}
	return doc
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
	fields := r.fields(node, key, "name", "provider", "aliases", "host_only", "prices")
	if named, ok := fields["name"]; ok && named.Kind == yaml.ScalarNode && named.Value != "" {
		key += " (" + named.Value + ")" // what a person looks for
	}
	var m Model
	m.Name = r.name(node, fields["name"], key+".name")
	if provider, ok := fields["provider"]; ok {
		m.Provider = CanonicalProvider(r.name(provider, provider, key+".provider"))
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
	m.periods = r.periods(node, fields["prices"], key+".prices")
	if len(r.errs) > before {
		return nil
	}
	return &m
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

var rateKeys = []string{
	"input", "cache_read", "cache_write", "cache_write_1h", "output", "audio_input", "audio_output",
}

func (r *reader) period(node *yaml.Node, key string) period {
	known := append([]string{"valid_from", "long_context", "source", "checked"}, rateKeys...)
	fields := r.fields(node, key, known...)
	p := period{rates: r.rates(node, fields, key)}
	if from, ok := fields["valid_from"]; ok {
		p.from = r.date(from, key+".valid_from")
	}
	if checked, ok := fields["checked"]; ok {
		r.date(checked, key+".checked")
	}
	if source, ok := fields["source"]; ok {
		r.text(source, key+".source")
	}
	if long, ok := fields["long_context"]; ok {
		p.above, p.long = r.longContext(long, key+".long_context")
	}
	return p
}

func (r *reader) longContext(node *yaml.Node, key string) (int64, rates) {
	fields := r.fields(node, key, append([]string{"above"}, rateKeys...)...)
	above, ok := fields["above"]
	if !ok {
		r.fail(node, key+".above", "is missing")
		return 0, rates{}
	}
	var tokens int64
	if err := above.Decode(&tokens); err != nil || tokens <= 0 {
		r.fail(above, key+".above", "%q is not a number of tokens above zero", above.Value)
	}
	return tokens, r.rates(node, fields, key)
}

// rates reads the prices per million tokens. A cached or audio token without a
// price of its own is billed as an ordinary one, never for nothing; a one-hour
// cache write as a cache write.
func (r *reader) rates(parent *yaml.Node, fields map[string]*yaml.Node, key string) rates {
	var out rates
	for _, part := range []struct {
		key      string
		rate     *money.Pico
		fallback *money.Pico
	}{
		{"input", &out.input, nil},
		{"output", &out.output, nil},
		{"cache_read", &out.cacheRead, &out.input},
		{"cache_write", &out.cacheWrite, &out.input},
		{"cache_write_1h", &out.cacheWrite1h, &out.cacheWrite},
		{"audio_input", &out.audioInput, &out.input},
		{"audio_output", &out.audioOutput, &out.output},
	} {
		node, ok := fields[part.key]
		switch {
		case ok:
			*part.rate = r.rate(node, key+"."+part.key)
		case part.fallback != nil:
			*part.rate = *part.fallback
		default:
			r.fail(parent, key+"."+part.key, "is missing; a free one is written \"0\"")
		}
	}
	return out
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
