// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/service"

	"github.com/otelcol-arc/otelcol-arc/internal/rawconf"
)

// keys are the keys that a configuration can have.
type keys struct {
	// components are those of each component, at any depth, by kind (receivers) and type.
	components map[string]map[string][]string
	service    []string
}

// sections are the keys of the whole.
var sections = []string{"connectors", "exporters", "extensions", "processors", "receivers", "service"}

// readKeys collects the keys of the components in the program.
func readKeys(factories func() (otelcol.Factories, error)) (keys, error) {
	all, err := factories()
	if err != nil {
		return keys{}, err
	}
	known := keys{components: map[string]map[string][]string{
		"receivers": keysOf(all.Receivers), "processors": keysOf(all.Processors), "exporters": keysOf(all.Exporters),
		"connectors": keysOf(all.Connectors), "extensions": keysOf(all.Extensions),
	}}
	set := map[string]bool{}
	collectKeys(reflect.TypeFor[service.Config](), set, map[reflect.Type]bool{})
	if all.Telemetry != nil {
		collectKeys(reflect.TypeOf(all.Telemetry.CreateDefaultConfig()), set, map[reflect.Type]bool{})
	}
	known.service = slices.Sorted(maps.Keys(set))
	return known, nil
}

func keysOf[F component.Factory](factories map[component.Type]F) map[string][]string {
	all := map[string][]string{}
	for name, factory := range factories {
		set := map[string]bool{}
		collectKeys(reflect.TypeOf(factory.CreateDefaultConfig()), set, map[reflect.Type]bool{})
		all[name.String()] = slices.Sorted(maps.Keys(set))
	}
	return all
}

// collectKeys adds the names of a type's fields and of the types of its fields.
func collectKeys(t reflect.Type, set map[string]bool, visited map[reflect.Type]bool) {
	if t == nil || visited[t] {
		return
	}
	visited[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		collectKeys(t.Elem(), set, visited)
	case reflect.Struct:
		for field := range t.Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("mapstructure"), ",")
			if name != "" && name != "-" {
				set[name] = true
			}
			collectKeys(field.Type, set, visited)
		}
	}
}

var (
	componentError = regexp.MustCompile(`'(\w+)' error reading configuration for "([^"]+)"`)
	invalidKeys    = regexp.MustCompile(`'([^']*)' has invalid keys: (.+)$`)
	unknownType    = regexp.MustCompile(`'(\w+)' unknown type: "([^"]+)"`)
)

// suggest returns the known key or component next to each unknown one of an error
// message of the Collector.
func (k keys) suggest(message string) []string {
	var hints []string
	var kind, id string // of the component that the lines are about
	add := func(what, key string, known []string) {
		if near := nearest(key, known); near != "" {
			hints = append(hints, fmt.Sprintf("%s %q is unknown; did you mean %q?", what, key, near))
		}
	}
	for line := range strings.Lines(message) {
		line = strings.TrimSpace(line)
		if match := componentError.FindStringSubmatch(line); match != nil {
			kind, id = match[1], match[2]
		}
		if match := unknownType.FindStringSubmatch(line); match != nil {
			add(match[1]+": the component", match[2], slices.Sorted(maps.Keys(k.components[match[1]])))
		}
		match := invalidKeys.FindStringSubmatch(line)
		if match == nil {
			continue
		}
		for key := range strings.SplitSeq(match[2], ", ") {
			switch {
			case kind != "":
				add(kind+"::"+id+": the key", key, k.components[kind][rawconf.TypeOf(id)])
			case match[1] == "otelcol.configSettings":
				add("the section", key, sections)
			default:
				add("service: the key", key, k.service)
			}
		}
	}
	return hints
}

// nearest returns the word that differs least, "" when all differ too much to be meant.
func nearest(word string, known []string) string {
	best, found := max(2, len(word)/3)+1, ""
	for _, k := range known {
		if d := distance(word, k); d < best {
			best, found = d, k
		}
	}
	return found
}

// distance is the number of characters to insert, remove or replace (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
