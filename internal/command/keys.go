// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/service"
)

// keys are the types that a configuration is decoded into, whose fields are its keys.
type keys struct {
	components map[string]map[string]reflect.Type // by kind (receivers) and type
	telemetry  reflect.Type
}

// sections are the keys of the whole.
var sections = []string{"connectors", "exporters", "extensions", "processors", "receivers", "service"}

// tree is a configuration's maps, those that hold others first.
type tree []branch

// branch is a map of a configuration.
type branch struct {
	path  []string // without the numbers of lists and the names in maps
	types []string // the Go types with its keys, by which some errors name it
	keys  []string
}

// readKeys finds the types of the components in the program.
func readKeys(factories func() (otelcol.Factories, error)) (keys, error) {
	all, err := factories()
	if err != nil {
		return keys{}, err
	}
	known := keys{components: map[string]map[string]reflect.Type{
		"receivers": typesOf(all.Receivers), "processors": typesOf(all.Processors), "exporters": typesOf(all.Exporters),
		"connectors": typesOf(all.Connectors), "extensions": typesOf(all.Extensions),
	}}
	if all.Telemetry != nil {
		known.telemetry = reflect.TypeOf(all.Telemetry.CreateDefaultConfig())
	}
	return known, nil
}

func typesOf[F component.Factory](factories map[component.Type]F) map[string]reflect.Type {
	all := map[string]reflect.Type{}
	for name, factory := range factories {
		all[name.String()] = reflect.TypeOf(factory.CreateDefaultConfig())
	}
	return all
}

func (k keys) treeOf(kind, componentType string) tree {
	return newTree(k.components[kind][componentType])
}

func (k keys) serviceTree() tree {
	all := newTree(reflect.TypeFor[service.Config]())
	for _, b := range newTree(k.telemetry) {
		b.path = append([]string{"telemetry"}, b.path...)
		all = append(all, b)
	}
	return all
}

// newTree lists the maps that a type is decoded from, breadth first.
func newTree(t reflect.Type) tree {
	type place struct {
		t      reflect.Type
		path   []string
		within []reflect.Type // a type that has itself ends there
	}
	var found tree
	for open := []place{{t: t}}; len(open) > 0; open = open[1:] {
		at := open[0]
		t := elem(at.t)
		if t == nil || slices.Contains(at.within, t) {
			continue
		}
		fields, types := map[string]reflect.Type{}, map[reflect.Type]bool{}
		collectFields(t, fields, types)
		if len(fields) == 0 {
			continue
		}
		b := branch{path: at.path, keys: slices.Sorted(maps.Keys(fields))}
		for t := range types {
			b.types = append(b.types, t.String())
		}
		found = append(found, b)
		for _, key := range b.keys {
			open = append(open, place{fields[key], append(slices.Clone(at.path), key), append(slices.Clone(at.within), t)})
		}
	}
	return found
}

// elem is what pointers, lists and maps of a type hold.
func elem(t reflect.Type) reflect.Type {
	for t != nil && slices.Contains([]reflect.Kind{reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map}, t.Kind()) {
		t = t.Elem()
	}
	return t
}

// collectFields adds the named fields of a struct, and those of its fields without a
// name: embedded structs, and the value of an optional section.
func collectFields(t reflect.Type, fields map[string]reflect.Type, visited map[reflect.Type]bool) {
	if t = elem(t); t == nil || t.Kind() != reflect.Struct || visited[t] {
		return
	}
	visited[t] = true
	for field := range t.Fields() {
		switch name, _, _ := strings.Cut(field.Tag.Get("mapstructure"), ","); name {
		case "-":
		case "":
			collectFields(field.Type, fields, visited)
		default:
			fields[name] = field.Type
		}
	}
}

// find returns the maps that an error names, by their Go type or by the end of their path.
func (t tree) find(name string) tree {
	path := mapPath(name)
	var byType, byPath tree
	for _, b := range t {
		if slices.Contains(b.types, name) {
			byType = append(byType, b)
		}
		if endsWith(b.path, path) {
			byPath = append(byPath, b)
		}
	}
	if len(byType) > 0 {
		return byType
	}
	return byPath
}

// under returns the paths of the maps that have a key.
func (t tree) under(key string) []string {
	var paths []string
	for i := range t {
		if slices.Contains(t[i].keys, key) && len(t[i].path) > 0 {
			paths = append(paths, strings.Join(t[i].path, "::"))
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

func endsWith(path, end []string) bool {
	return len(end) <= len(path) && slices.Equal(path[len(path)-len(end):], end)
}
