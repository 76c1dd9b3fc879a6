// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package configfileprovider

import (
	"regexp"

	"github.com/otelcol-arc/otelcol-arc/internal/rawconf"
)

// variable is a variable of the environment that the value of a key has.
type variable struct{ key, name string }

// reference is ${env:NAME} or ${NAME}; with a default, :-, or escaped, $${, it is none.
var reference = regexp.MustCompile(`(?:^|[^$])\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)\}`)

// unsetVariables are the variables without a default that are not set, by key. An
// exporter or receiver without its address is what usually comes of them.
func unsetVariables(conf map[string]any, lookup func(string) (string, bool)) []variable {
	var unset []variable
	for key, text := range rawconf.Texts(conf) {
		for _, match := range reference.FindAllStringSubmatch(text, -1) {
			if _, ok := lookup(match[1]); !ok {
				unset = append(unset, variable{key, match[1]})
			}
		}
	}
	return unset
}
