// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/otelcol-arc/otelcol-arc/internal/rawconf"
	"github.com/otelcol-arc/otelcol-arc/internal/spelling"
)

var (
	componentError = regexp.MustCompile(`^'(\w+)' error reading configuration for "([^"]+)"`)
	invalidKeys    = regexp.MustCompile(`^'([^']*)' has invalid keys: (.+)$`)
	unknownType    = regexp.MustCompile(`^'(\w+)' unknown type: "([^"]+)"`)
	sectionError   = regexp.MustCompile(`^'(receivers|processors|exporters|connectors|extensions)' decoding failed`)
	invalidValue   = regexp.MustCompile(`^'([^']+)' (.+)$`)
)

// maxPlaces bounds the places that a hint names.
const maxPlaces = 3

// suggest returns a line for each unknown key or component and each value of a wrong
// type in an error message of the Collector, with the whole key.
func (k keys) suggest(message string) []string {
	var hints []string
	at := place{prefix: "service", tree: k.serviceTree()}
	for line := range strings.Lines(message) {
		line = strings.TrimSpace(line)
		if match := componentError.FindStringSubmatch(line); match != nil {
			at = place{match[1] + "::" + match[2], k.treeOf(match[1], rawconf.TypeOf(match[2]))}
			continue
		}
		if match := sectionError.FindStringSubmatch(line); match != nil {
			at = place{prefix: match[1]}
			continue
		}
		if match := unknownType.FindStringSubmatch(line); match != nil {
			hints = append(hints, k.unknownComponent(match[1], match[2]))
			continue
		}
		if match := invalidKeys.FindStringSubmatch(line); match != nil {
			for key := range strings.SplitSeq(match[2], ", ") {
				if match[1] == "otelcol.configSettings" {
					hints = append(hints, unknownName("the section", key, sections))
				} else {
					hints = append(hints, at.unknownKey(match[1], key))
				}
			}
			continue
		}
		match := invalidValue.FindStringSubmatch(line)
		if match == nil || strings.HasPrefix(match[2], "decoding failed") {
			continue
		}
		if at.prefix != "service" {
			hints = append(hints, at.invalidValue(match[1], match[2]))
		} else if key, ok := strings.CutPrefix(match[1], "service."); ok {
			hints = append(hints, at.invalidValue(key, match[2]))
		}
	}
	return hints
}

// unknownComponent names a component that a section cannot have.
func (k keys) unknownComponent(section, name string) string {
	for _, other := range slices.Sorted(maps.Keys(k.components)) {
		if _, ok := k.components[other][name]; ok {
			return fmt.Sprintf("%s: the component %q belongs under %s", section, name, other)
		}
	}
	return unknownName(section+": the component", name, slices.Sorted(maps.Keys(k.components[section])))
}

// place is the part of a configuration that the lines of an error are about.
type place struct {
	prefix string // its key
	tree   tree
}

// unknownKey names a key that a map does not have. Owner is the map, as the Collector
// names it: the end of its path, or the Go type it is decoded into. The hint has the whole
// path unless several maps are named so.
func (p place) unknownKey(owner, key string) string {
	owner = strings.TrimPrefix(strings.TrimPrefix(owner, "service"), ".")
	found := p.tree.find(owner)
	if owner == "" && len(found) > 0 {
		found = found[:1]
	}
	var path, known []string
	for _, b := range found {
		known = append(known, b.keys...)
	}
	if len(found) == 1 {
		path = found[0].path
		if !slices.Contains(found[0].types, owner) { // with the numbers of lists and the names in maps
			path = slices.Concat(path[:len(path)-len(mapPath(owner))], keyPath(owner))
		}
	}
	what := strings.Join(append([]string{p.prefix}, path...), "::") + ": the key"
	if places := p.tree.under(key); len(places) > 0 && spelling.Nearest(key, known) == "" {
		return fmt.Sprintf("%s %q is unknown; it belongs under %s", what, key, strings.Join(places[:min(len(places), maxPlaces)], ", "))
	}
	return unknownName(what, key, known)
}

// invalidValue names a value that could not be decoded.
func (p place) invalidValue(key, problem string) string {
	if strings.HasPrefix(problem, "time: ") {
		problem += "; write a duration as 500ms, 10s, 5m or 1h30m"
	}
	return strings.Join(append([]string{p.prefix}, keyPath(key)...), "::") + ": " + problem
}

func unknownName(what, word string, known []string) string {
	return fmt.Sprintf("%s %q is unknown%s", what, word, spelling.Suggestion(word, known))
}

var index = regexp.MustCompile(`\[([^\]]*)\]`)

// mapPath is a path without the numbers of lists and the names in maps: a.b[0] is a, b.
func mapPath(path string) []string { return keyPath(index.ReplaceAllString(path, "")) }

// keyPath splits a path as a decoder writes it: a.b[0] is a, b, 0.
func keyPath(path string) []string {
	return strings.FieldsFunc(index.ReplaceAllString(path, ".$1"), func(r rune) bool { return r == '.' })
}
