// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package rawconf reads a configuration as maps, before it is decoded. Its functions
// return nothing where a value has another shape, which the Collector reports.
package rawconf

import "strings"

// TypeOf is the type of a component ID, TYPE or TYPE/NAME.
func TypeOf(id string) string {
	name, _, _ := strings.Cut(id, "/")
	return strings.TrimSpace(name)
}

// Section is the map that a key has.
func Section(of map[string]any, key string) map[string]any {
	s, _ := of[key].(map[string]any)
	return s
}

// List are the texts of the list that a key has.
func List(of map[string]any, key string) []string {
	var all []string
	values, _ := of[key].([]any)
	for _, value := range values {
		if text, ok := value.(string); ok {
			all = append(all, text)
		}
	}
	return all
}
