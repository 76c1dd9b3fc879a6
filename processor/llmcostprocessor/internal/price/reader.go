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
)

// reader walks a price file, and collects everything that is wrong with it. It
// reads the syntax tree itself, so that an error can name the key and the line
// where a decoder into structs would name a Go type and stop.
type reader struct {
	file    string
	errs    []error
	source  string    // of the price that was read last
	checked time.Time // of the price that was read last
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
