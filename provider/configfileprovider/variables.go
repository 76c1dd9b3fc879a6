// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package configfileprovider

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
)

// variable is a variable of the environment that the value of a key has.
type variable struct{ key, name string }

// reference is ${env:NAME} or ${NAME}; with a default, :-, or escaped, $${, it is none.
var reference = regexp.MustCompile(`(?:^|[^$])\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)\}`)

// unsetVariables are the variables without a default that are not set, by key. An
// exporter or receiver without its address is what usually comes of them.
func unsetVariables(value any, lookup func(string) (string, bool)) []variable {
	var unset []variable
	var walk func(key string, value any)
	walk = func(key string, value any) {
		switch v := value.(type) {
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				walk(join(key, name), v[name])
			}
		case []any:
			for i, entry := range v {
				walk(join(key, strconv.Itoa(i)), entry)
			}
		case string:
			for _, match := range reference.FindAllStringSubmatch(v, -1) {
				if _, ok := lookup(match[1]); !ok {
					unset = append(unset, variable{key, match[1]})
				}
			}
		}
	}
	walk("", value)
	return unset
}

func join(key, name string) string {
	if key == "" {
		return name
	}
	return key + "::" + name
}
