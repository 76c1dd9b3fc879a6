// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package rawconf

import (
	"iter"
	"maps"
	"slices"
	"strconv"
)

// Texts are the values of a configuration that are text, by key (a::b::0), in the order of
// the keys.
func Texts(conf map[string]any) iter.Seq2[string, string] {
	return func(yield func(key, text string) bool) { walk("", conf, yield) }
}

// walk returns whether to go on.
func walk(key string, value any, yield func(key, text string) bool) bool {
	switch v := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if !walk(join(key, name), v[name], yield) {
				return false
			}
		}
	case []any:
		for i, entry := range v {
			if !walk(join(key, strconv.Itoa(i)), entry, yield) {
				return false
			}
		}
	case string:
		return yield(key, v)
	}
	return true
}

func join(key, name string) string {
	if key == "" {
		return name
	}
	return key + "::" + name
}
