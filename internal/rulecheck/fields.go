// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package rulecheck

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// finding is something wrong at a node.
type finding struct {
	node *yaml.Node
	err  error
}

// field is a field of a mapping.
type field struct{ key, value *yaml.Node }

// maxMerges is how deep merge keys may be nested; one that merges itself has
// no end.
const maxMerges = 10

// read fills a struct of rulefmt from a mapping, as far as it can be read, and
// returns the fields by name. Unlike the library, which ends at the first
// value it cannot read, it finds all that is wrong. Lists of groups and of
// rules are left to the caller.
func read(mapping *yaml.Node, into any) (map[string]field, []finding) {
	r := reader{into: reflect.ValueOf(into).Elem(), found: map[string]field{}}
	r.mapping(mapping, 0)
	return r.found, r.wrong
}

type reader struct {
	into  reflect.Value // a struct
	found map[string]field
	wrong []finding
}

func (r *reader) report(at *yaml.Node, err error) { r.wrong = append(r.wrong, finding{at, err}) }

func (r *reader) mapping(node *yaml.Node, merges int) {
	node = follow(node)
	switch {
	case isNull(node):
		return
	case node.Kind != yaml.MappingNode:
		r.report(node, fmt.Errorf("must be a mapping with the fields %s", r.names()))
		return
	case merges > maxMerges:
		r.report(node, errors.New("merge keys are nested too deep"))
		return
	}
	for i := 0; i+1 < len(node.Content); i += 2 { // the mapping's own fields override merged ones
		if node.Content[i].Tag == "!!merge" {
			for _, from := range mergedMappings(node.Content[i+1]) {
				r.mapping(from, merges+1)
			}
		}
	}
	own := map[string]*yaml.Node{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if key.Tag == "!!merge" {
			continue
		}
		if before, ok := own[key.Value]; ok {
			r.report(key, fmt.Errorf("field %q is repeated, line %d has it too", key.Value, before.Line))
			continue
		}
		own[key.Value] = key
		r.field(key, value)
	}
}

func (r *reader) field(key, value *yaml.Node) {
	to, known := r.lookup(key.Value)
	if !known {
		r.report(key, fmt.Errorf("unknown field %q, there are %s", key.Value, r.names()))
		return
	}
	r.found[key.Value] = field{key: key, value: value}
	if to.Kind() == reflect.Slice {
		if list := follow(value); list.Kind != yaml.SequenceNode && !isNull(list) {
			r.report(value, fmt.Errorf("field %q: must be a list", key.Value))
		}
		return
	}
	if err := value.Decode(to.Addr().Interface()); err != nil {
		r.report(value, fmt.Errorf("field %q: %w", key.Value, withoutLine(err)))
	}
}

// withoutLine removes the position from an error of the library; it is reported
// separately.
func withoutLine(err error) error {
	var many *yaml.TypeError
	if !errors.As(err, &many) {
		return err
	}
	var texts []string
	for _, text := range many.Errors {
		if _, after, ok := strings.Cut(text, ": "); ok && strings.HasPrefix(text, "line ") {
			text = after
		}
		texts = append(texts, text)
	}
	return errors.New(strings.Join(texts, "; "))
}

// lookup is the field of the struct that YAML knows by a name.
func (r *reader) lookup(name string) (reflect.Value, bool) {
	for i := range r.into.NumField() {
		if yamlName(r.into.Type().Field(i)) == name {
			return r.into.Field(i), true
		}
	}
	return reflect.Value{}, false
}

func (r *reader) names() string {
	var all []string
	for i := range r.into.NumField() {
		all = append(all, yamlName(r.into.Type().Field(i)))
	}
	return strings.Join(all, ", ")
}

func yamlName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	return name
}

// mergedMappings are the mappings that a merge key names, the weakest first.
func mergedMappings(value *yaml.Node) []*yaml.Node {
	value = follow(value)
	if value.Kind != yaml.SequenceNode {
		return []*yaml.Node{value}
	}
	var all []*yaml.Node
	for _, from := range value.Content {
		all = append([]*yaml.Node{from}, all...)
	}
	return all
}

// items are the nodes of the list that a field holds.
func items(f field) []*yaml.Node {
	if f.value == nil {
		return nil
	}
	list := follow(f.value)
	if list.Kind != yaml.SequenceNode {
		return nil
	}
	return list.Content
}

// keyOf is the key of an entry in the mapping that a field holds, or the field
// itself if there is no such entry.
func keyOf(f field, name string) *yaml.Node {
	if mapping := follow(f.value); mapping.Kind == yaml.MappingNode {
		for i := 0; i < len(mapping.Content); i += 2 {
			if mapping.Content[i].Value == name {
				return mapping.Content[i]
			}
		}
	}
	return f.value
}

// follow is the node that an alias stands for.
func follow(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool { return n.Kind == 0 || n.Tag == "!!null" }
